//! What a file needs: every operation that `up`, `sync` and `down` may call for
//! it, with what it is called on.

use std::collections::{BTreeMap, BTreeSet};

use super::place::{On, Place, functions};
use crate::{
    aws::permissions,
    config::{ApiSource, Client, Config, is_zone_id},
    graph::Owned,
};

/// An operation that the file needs.
struct Row {
    operations: &'static [&'static str],
    /// What it is called on.
    on: On,
    /// Whether hybridgw does without where it is not allowed.
    optional: bool,
}

const fn row(operations: &'static [&'static str], on: On) -> Row {
    Row {
        operations,
        on,
        optional: false,
    }
}

const fn optional(operations: &'static [&'static str], on: On) -> Row {
    Row {
        operations,
        on,
        optional: true,
    }
}

/// What every stack needs.
const ALWAYS: &[Row] = &[
    row(
        &[
            "DescribeNetworkInterfaces",
            "DescribeSecurityGroups",
            "DescribeSubnets",
            "DescribeVpcEndpointServices",
            "DescribeVpcEndpoints",
            "DescribeVpcs",
            "DescribeListenerCertificates",
            "DescribeListeners",
            "DescribeLoadBalancerAttributes",
            "DescribeLoadBalancers",
            "DescribeRules",
            "DescribeSSLPolicies",
            "DescribeTags",
            "DescribeTargetGroupAttributes",
            "DescribeTargetGroups",
            "DescribeTargetHealth",
        ],
        On::Any,
    ),
    row(
        &[
            "AuthorizeSecurityGroupEgress",
            "AuthorizeSecurityGroupIngress",
            "CreateSecurityGroup",
            "CreateTags",
            "DeleteSecurityGroup",
            "DeleteTags",
            "RevokeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
        ],
        On::Groups,
    ),
    row(
        &[
            "AddTags",
            "CreateListener",
            "CreateLoadBalancer",
            "DeleteLoadBalancer",
            "ModifyLoadBalancerAttributes",
            "RemoveTags",
            "SetIpAddressType",
            "SetSecurityGroups",
            "SetSubnets",
        ],
        On::Balancers,
    ),
    row(
        &[
            "AddListenerCertificates",
            "CreateRule",
            "DeleteListener",
            "ModifyListener",
            "RemoveListenerCertificates",
        ],
        On::Listeners,
    ),
    row(
        &["DeleteRule", "ModifyRule", "SetRulePriorities"],
        On::Rules,
    ),
    row(
        &[
            "CreateTargetGroup",
            "DeleteTargetGroup",
            "DeregisterTargets",
            "ModifyTargetGroup",
            "ModifyTargetGroupAttributes",
            "RegisterTargets",
        ],
        On::TargetGroups,
    ),
    row(&["DescribeCertificate"], On::Certificates),
    row(
        &["ChangeResourceRecordSets", "ListResourceRecordSets"],
        On::Zones,
    ),
    row(&["GetChange"], On::Changes),
    // What is left of a stack that had APIs is looked for by every run.
    row(&["GetRestApis"], On::Apis),
    row(&["GetDomainNames"], On::Domains),
    // Asked only for more rules or certificates than AWS gives by itself.
    optional(&["DescribeAccountLimits"], On::Any),
    optional(&["ListHostedZonesByVPC", "ListServiceQuotas"], On::Any),
];

const OWN_ENDPOINT: &[Row] = &[
    row(
        &[
            "CreateVpcEndpoint",
            "DeleteVpcEndpoints",
            "ModifyVpcEndpoint",
        ],
        On::Endpoints,
    ),
    // AWS makes the interfaces, and `up` and `sync` tag them.
    row(&["CreateTags"], On::Interfaces),
];

const LENT_ENDPOINT: &[Row] = &[row(&["ModifyVpcEndpoint"], On::Endpoints)];

const APIS: &[Row] = &[
    row(
        &[
            "CreateRestApi",
            "DeleteRestApi",
            "GetAuthorizers",
            "GetGatewayResponses",
            "GetModels",
            "GetRequestValidators",
            "GetResources",
            "GetRestApi",
            "PutRestApi",
            "UpdateRestApi",
        ],
        On::Apis,
    ),
    row(&["TagResource", "UntagResource"], On::GatewayTags),
    row(
        &[
            "CreateDeployment",
            "DeleteDeployment",
            "GetDeployment",
            "GetDeployments",
        ],
        On::Deployments,
    ),
    row(
        &[
            "CreateStage",
            "DeleteStage",
            "GetStage",
            "GetStages",
            "UpdateStage",
        ],
        On::Stages,
    ),
    row(
        &["CreateDomainName", "DeleteDomainName", "UpdateDomainName"],
        On::Domains,
    ),
    row(
        &[
            "CreateBasePathMapping",
            "DeleteBasePathMapping",
            "GetBasePathMappings",
            "UpdateBasePathMapping",
        ],
        On::Mappings,
    ),
];

const FUNCTIONS: &[Row] = &[row(
    &[
        "AddPermission",
        "GetFunction",
        "GetPolicy",
        "RemovePermission",
    ],
    On::Functions,
)];

const SITES: &[Row] = &[
    row(&["HeadBucket"], On::SiteBuckets),
    optional(
        &[
            "GetBucketEncryption",
            "GetBucketPolicy",
            "GetPublicAccessBlock",
        ],
        On::SiteBuckets,
    ),
    optional(&["HeadObject"], On::SiteObjects),
];

const MANAGED_BUCKETS: &[Row] = &[row(
    &["DeleteBucketPolicy", "GetBucketPolicy", "PutBucketPolicy"],
    On::SiteBuckets,
)];

const LOGS: &[Row] = &[
    row(&["HeadBucket"], On::LogBuckets),
    optional(&["GetBucketEncryption", "GetBucketPolicy"], On::LogBuckets),
];

const ACCESS_LOGS: &[Row] = &[optional(&["GetAccount"], On::GatewayAccount)];

const BORROWED_APIS: &[Row] = &[optional(&["GetExport"], On::Exports)];

const PRIVATE_DNS: &[Row] = &[row(&["DescribeVpcAttribute"], On::Any)];

const PREFIX_LISTS: &[Row] = &[row(&["DescribeManagedPrefixLists"], On::Any)];

const BY_NAME: &[Row] = &[row(&["ListHostedZonesByName"], On::Any)];

const BY_ID: &[Row] = &[row(&["GetHostedZone"], On::Zones)];

/// An action on the resources that it is needed for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    /// IAM's name.
    pub action: String,
    /// Whether hybridgw does without.
    pub optional: bool,
}

/// What a file needs: actions by the resources that they are needed on, each
/// asked of IAM with one call.
pub(super) type Needs = BTreeMap<Vec<String>, BTreeSet<Need>>;

/// What a file needs in an account and region; `zones` are the hosted zones of
/// its names, `owned` is what exists of the stack.
pub(super) fn of(
    config: &Config,
    account: &str,
    region: &str,
    zones: &BTreeSet<String>,
    owned: &[Owned],
) -> Needs {
    let place = Place::new(config, account, region, zones, owned);
    let mut needs = Needs::new();
    for row in rows(config) {
        for operation in row.operations {
            for action in permissions(operation) {
                // Setting tags while something is made is a PUT of its tags.
                let tags = action == "apigateway:PUT" && *operation != "PutRestApi";
                let on = if tags { On::GatewayTags } else { row.on };
                let resources = place.resources(&action, on);
                if resources.is_empty() {
                    continue;
                }
                let need = Need {
                    action,
                    optional: row.optional,
                };
                needs.entry(resources).or_default().insert(need);
            }
        }
    }
    // What is needed once needs no second word that it could be done without.
    for all in needs.values_mut() {
        let required: BTreeSet<String> = all
            .iter()
            .filter(|one| !one.optional)
            .map(|one| one.action.clone())
            .collect();
        all.retain(|one| !one.optional || !required.contains(&one.action));
    }
    needs
}

/// Every operation that a file may need, as AWS calls them.
pub(in crate::doctor) fn operations(config: &Config) -> BTreeSet<&'static str> {
    let rows = rows(config).into_iter();
    rows.flat_map(|row| row.operations).copied().collect()
}

fn rows(config: &Config) -> Vec<&'static Row> {
    let own = config.has_site()
        || (config.has_api() && config.endpoint.id.is_none() && !config.endpoint.foreign);
    let lent = config.endpoint.id.is_some() && config.endpoint.manage;
    let is_list = |one: &Client| matches!(one, Client::PrefixList(_));
    let apis = || config.routes.iter().filter_map(|route| route.api());
    let by_name = config.hosts().iter().any(|host| !is_zone_id(host.zone));
    let by_id = config.hosts().iter().any(|host| is_zone_id(host.zone));
    let logs = config.load_balancer.logs();
    let groups: [(bool, &'static [Row]); 14] = [
        (true, ALWAYS),
        (own, OWN_ENDPOINT),
        (lent && !own, LENT_ENDPOINT),
        (config.has_api(), APIS),
        (apis().any(|api| api.access_logs.is_some()), ACCESS_LOGS),
        (
            apis().any(|api| matches!(api.source, ApiSource::Borrowed(_))),
            BORROWED_APIS,
        ),
        (!functions(config).is_empty(), FUNCTIONS),
        (config.has_site(), SITES),
        (
            config.sites().any(|(_, site)| site.manage_policy),
            MANAGED_BUCKETS,
        ),
        (logs.iter().any(|(_, logs)| logs.is_some()), LOGS),
        (config.endpoint.private_dns, PRIVATE_DNS),
        (config.network.clients.iter().any(is_list), PREFIX_LISTS),
        (by_name, BY_NAME),
        (by_id, BY_ID),
    ];
    let wanted = groups.into_iter().filter(|(wanted, _)| *wanted);
    wanted.flat_map(|(_, rows)| rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::retry;

    /// What `selftest` makes for itself, and what looks at the caller.
    const NOT_ASKED: [&str; 7] = [
        "CreateSubnet",
        "CreateVpc",
        "DeleteSubnet",
        "DeleteVpc",
        "GetCallerIdentity",
        "GetRole",
        "SimulatePrincipalPolicy",
    ];

    #[test]
    fn every_operation_that_is_called_is_asked_about_for_some_file() {
        let groups = [
            ALWAYS,
            OWN_ENDPOINT,
            LENT_ENDPOINT,
            APIS,
            ACCESS_LOGS,
            BORROWED_APIS,
            FUNCTIONS,
            SITES,
            MANAGED_BUCKETS,
            LOGS,
            PRIVATE_DNS,
            PREFIX_LISTS,
            BY_NAME,
            BY_ID,
        ];
        let asked = groups.into_iter().flatten().flat_map(|row| row.operations);
        let asked: BTreeSet<&str> = asked.copied().collect();
        let called = retry::TABLE.iter().flat_map(|(_, all)| *all).copied();
        let missing: Vec<&str> = called
            .filter(|one| !asked.contains(one) && !NOT_ASKED.contains(one))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
