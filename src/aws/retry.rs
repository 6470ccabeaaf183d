//! Retry by class: what a repeated call does.
//!
//! A reply can be lost after the call was applied. Whether the call may then be
//! sent again depends on what it does the second time, and that is AWS's to
//! say: it is written down here, once, for every operation this program calls.
//! `resend` acts on it. An operation that is not in the table is not sent.

/// What happens when a call is applied twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nothing: it only reads.
    Read,
    /// Nothing: the second call finds what the first one made.
    Idempotent,
    /// The second call is refused: a name is taken, a permission is there, an
    /// entry is gone. Whoever sent it has to look.
    UniqueKey,
    /// Nothing, as long as the second call carries the first one's token.
    Token,
    /// A second thing comes about.
    Duplicates,
}

impl Class {
    /// Whether a call whose reply was lost may be sent again blindly.
    pub fn may_repeat(self) -> bool {
        matches!(self, Self::Read | Self::Idempotent | Self::Token)
    }
}

/// Every operation, by class.
pub const TABLE: &[(Class, &[&str])] = &[
    // `Describe…`, `Get…`, `List…`, `Head…` and `Simulate…` change nothing in any service used here.
    (
        Class::Read,
        &[
            "DescribeAccountLimits",
            "DescribeCertificate",
            "DescribeListenerCertificates",
            "DescribeListeners",
            "DescribeLoadBalancerAttributes",
            "DescribeLoadBalancers",
            "DescribeManagedPrefixLists",
            "DescribeNetworkInterfaces",
            "DescribeRules",
            "DescribeSSLPolicies",
            "DescribeSecurityGroups",
            "DescribeSubnets",
            "DescribeTags",
            "DescribeTargetGroupAttributes",
            "DescribeTargetGroups",
            "DescribeTargetHealth",
            "DescribeVpcAttribute",
            "DescribeVpcEndpointServices",
            "DescribeVpcEndpoints",
            "DescribeVpcs",
            "GetAccount",
            "GetAuthorizers",
            "GetBasePathMappings",
            "GetBucketEncryption",
            "GetBucketPolicy",
            "GetCallerIdentity",
            "GetChange",
            "GetDeployment",
            "GetDeployments",
            "GetDomainNames",
            "GetExport",
            "GetFunction",
            "GetGatewayResponses",
            "GetHostedZone",
            "GetModels",
            "GetPolicy",
            "GetPublicAccessBlock",
            "GetRequestValidators",
            "GetResources",
            "GetRestApi",
            "GetRestApis",
            "GetRole",
            "GetStage",
            "GetStages",
            "HeadBucket",
            "HeadObject",
            "ListHostedZonesByName",
            "ListHostedZonesByVPC",
            "ListResourceRecordSets",
            "ListServiceQuotas",
            "SimulatePrincipalPolicy",
        ],
    ),
    // EC2 API reference, "Ensuring idempotency": tags, attribute changes and deletions.
    (
        Class::Idempotent,
        &[
            "CreateTags",
            "DeleteSecurityGroup",
            "DeleteTags",
            "DeleteVpcEndpoints",
            "ModifyVpcEndpoint",
        ],
    ),
    // ELBv2 API reference: "this operation is idempotent" stands at the creates ("if you attempt to
    // create multiple … with the same settings, each call succeeds") and at the deletes of balancer,
    // listener and group; the others set a state. DeleteRule: not found is taken for done.
    (
        Class::Idempotent,
        &[
            "AddListenerCertificates",
            "AddTags",
            "CreateListener",
            "CreateLoadBalancer",
            "CreateTargetGroup",
            "DeleteListener",
            "DeleteLoadBalancer",
            "DeleteRule",
            "DeleteTargetGroup",
            "DeregisterTargets",
            "ModifyListener",
            "ModifyLoadBalancerAttributes",
            "ModifyRule",
            "ModifyTargetGroup",
            "ModifyTargetGroupAttributes",
            "RegisterTargets",
            "RemoveListenerCertificates",
            "RemoveTags",
            "SetIpAddressType",
            "SetRulePriorities",
            "SetSecurityGroups",
            "SetSubnets",
        ],
    ),
    // API Gateway API reference: PutRestApi overwrites the whole body; the patches are all
    // `replace`; a deletion's NotFoundException is taken for done.
    (
        Class::Idempotent,
        &[
            "DeleteBasePathMapping",
            "DeleteDeployment",
            "DeleteDomainName",
            "DeleteRestApi",
            "DeleteStage",
            "PutRestApi",
            "TagResource",
            "UntagResource",
            "UpdateBasePathMapping",
            "UpdateDomainName",
            "UpdateStage",
        ],
    ),
    // Lambda API reference: ResourceNotFoundException at the second call is taken for done.
    (Class::Idempotent, &["RemovePermission"]),
    // S3 API reference: the policy is set or taken away whole.
    (
        Class::Idempotent,
        &["DeleteBucketPolicy", "PutBucketPolicy"],
    ),
    // EC2 API reference: InvalidGroup.Duplicate, InvalidPermission.Duplicate and
    // InvalidPermission.NotFound.
    (
        Class::UniqueKey,
        &[
            "AuthorizeSecurityGroupEgress",
            "AuthorizeSecurityGroupIngress",
            "CreateSecurityGroup",
            "RevokeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
        ],
    ),
    // API Gateway API reference: ConflictException. UpdateRestApi adds endpoints to a list and
    // takes them out of it; nobody documents what it says the second time (assumption: no).
    (
        Class::UniqueKey,
        &[
            "CreateBasePathMapping",
            "CreateDomainName",
            "CreateStage",
            "UpdateRestApi",
        ],
    ),
    // Lambda API reference: ResourceConflictException for a statement id that exists.
    (Class::UniqueKey, &["AddPermission"]),
    // Route 53 API reference: InvalidChangeBatch for a CREATE of what is there and for a DELETE
    // of what is not.
    (Class::UniqueKey, &["ChangeResourceRecordSets"]),
    // The self-test's VPC. Ranges may not overlap within a VPC (`InvalidSubnet.Conflict`); nothing
    // keeps two VPCs from having the same. A deletion's NotFound is taken for done.
    (Class::Duplicates, &["CreateVpc"]),
    (Class::UniqueKey, &["CreateSubnet"]),
    (Class::Idempotent, &["DeleteSubnet", "DeleteVpc"]),
    // EC2 API reference, "Ensuring idempotency": ClientToken. The SDK does not fill it in here.
    (Class::Token, &["CreateVpcEndpoint"]),
    // API Gateway: no unique name, no token; two APIs were made by one lost reply (measured).
    // ELBv2: two rules may have the same conditions at different priorities.
    (
        Class::Duplicates,
        &["CreateDeployment", "CreateRestApi", "CreateRule"],
    ),
];

/// The class of an operation; none if it is not in the table.
pub fn class(operation: &str) -> Option<Class> {
    TABLE
        .iter()
        .find(|(_, operations)| operations.contains(&operation))
        .map(|(class, _)| *class)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;
    use crate::aws::read::Query;

    /// The names in `.called("…")` of every source file below a folder.
    fn called(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("it can be read").path();
            let is_test = path.file_stem().is_some_and(|name| name == "tests");
            if is_test {
                continue;
            }
            if path.is_dir() {
                called(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).expect("sources are text");
                let text = text
                    .split("#[cfg(test)]\nmod tests {")
                    .next()
                    .unwrap_or_default();
                let calls = text.split(".called(\"").skip(1);
                let names = calls.filter_map(|rest| rest.split_once('"'));
                found.extend(names.map(|(name, _)| name.to_owned()));
            }
        }
    }

    #[test]
    fn every_call_in_the_sources_has_one_class_and_nothing_else_has() {
        // The accessors of `read` take their names from there.
        let queries = Query::ALL.iter().map(|query| query.name().to_owned());
        let mut calls: BTreeSet<String> = queries.collect();
        called(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut calls,
        );
        let rows = TABLE.iter().flat_map(|(_, operations)| *operations);
        let rows: Vec<String> = rows.map(|name| (*name).to_owned()).collect();
        let table: BTreeSet<String> = rows.iter().cloned().collect();
        assert_eq!(rows.len(), table.len(), "an operation has two classes");
        let missing: Vec<_> = calls.difference(&table).collect();
        assert!(missing.is_empty(), "not classified: {missing:?}");
        let idle: BTreeSet<String> = table.difference(&calls).cloned().collect();
        assert!(idle.is_empty(), "classified and never called: {idle:?}");
    }

    #[test]
    fn what_is_made_twice_or_refused_the_second_time_is_not_repeated_blindly() {
        for name in ["CreateRestApi", "CreateRule", "CreateSecurityGroup"] {
            assert!(!class(name).expect("it is there").may_repeat(), "{name}");
        }
        for name in ["GetRestApis", "PutRestApi", "CreateVpcEndpoint"] {
            assert!(class(name).expect("it is there").may_repeat(), "{name}");
        }
        assert_eq!(class("RunInstances"), None);
    }
}
