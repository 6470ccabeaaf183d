//! What a refused permission means, and what lifts it.
//!
//! AWS calls operations by one name and the permissions for them by another:
//! nobody can allow `CreateRestApi`, only `apigateway:POST`. One table says
//! which, for every operation that is called; and AWS's own words say which
//! policy was in the way (IAM user guide, "Troubleshoot access denied error
//! messages").

use crate::text;

/// How a service names its permissions (Service Authorization Reference).
#[derive(Clone, Copy)]
enum Names {
    /// Like the operation.
    Alike(&'static str),
    /// By this name.
    As(&'static str),
}

/// The permission that each operation needs.
const TABLE: &[(Names, &[&str])] = &[
    (Names::Alike("acm"), &["DescribeCertificate"]),
    // API Gateway's permissions are HTTP methods on paths ("Actions, resources, and condition keys
    // for Amazon API Gateway Management").
    (
        Names::As("apigateway:GET"),
        &[
            "GetAccount",
            "GetAuthorizers",
            "GetBasePathMappings",
            "GetDeployment",
            "GetDeployments",
            "GetDomainNames",
            "GetExport",
            "GetGatewayResponses",
            "GetModels",
            "GetRequestValidators",
            "GetResources",
            "GetRestApi",
            "GetRestApis",
            "GetStage",
            "GetStages",
        ],
    ),
    (
        Names::As("apigateway:POST"),
        &[
            "CreateBasePathMapping",
            "CreateDeployment",
            "CreateDomainName",
            "CreateRestApi",
            "CreateStage",
        ],
    ),
    (Names::As("apigateway:PUT"), &["PutRestApi", "TagResource"]),
    (
        Names::As("apigateway:PATCH"),
        &[
            "UpdateBasePathMapping",
            "UpdateDomainName",
            "UpdateRestApi",
            "UpdateStage",
        ],
    ),
    (
        Names::As("apigateway:DELETE"),
        &[
            "DeleteBasePathMapping",
            "DeleteDeployment",
            "DeleteDomainName",
            "DeleteRestApi",
            "DeleteStage",
            "UntagResource",
        ],
    ),
    (
        Names::Alike("ec2"),
        &[
            "AuthorizeSecurityGroupEgress",
            "AuthorizeSecurityGroupIngress",
            "CreateSecurityGroup",
            "CreateSubnet",
            "CreateTags",
            "CreateVpc",
            "CreateVpcEndpoint",
            "DeleteSecurityGroup",
            "DeleteSubnet",
            "DeleteTags",
            "DeleteVpc",
            "DeleteVpcEndpoints",
            "DescribeManagedPrefixLists",
            "DescribeNetworkInterfaces",
            "DescribeSecurityGroups",
            "DescribeSubnets",
            "DescribeVpcAttribute",
            "DescribeVpcEndpointServices",
            "DescribeVpcEndpoints",
            "DescribeVpcs",
            "ModifyVpcEndpoint",
            "RevokeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
        ],
    ),
    (
        Names::Alike("elasticloadbalancing"),
        &[
            "AddListenerCertificates",
            "AddTags",
            "CreateListener",
            "CreateLoadBalancer",
            "CreateRule",
            "CreateTargetGroup",
            "DeleteListener",
            "DeleteLoadBalancer",
            "DeleteRule",
            "DeleteTargetGroup",
            "DeregisterTargets",
            "DescribeAccountLimits",
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
    (Names::Alike("iam"), &["GetRole", "SimulatePrincipalPolicy"]),
    (
        Names::Alike("lambda"),
        &[
            "AddPermission",
            "GetFunction",
            "GetPolicy",
            "RemovePermission",
        ],
    ),
    (
        Names::Alike("route53"),
        &[
            "ChangeResourceRecordSets",
            "GetChange",
            "GetHostedZone",
            "ListHostedZonesByName",
            "ListHostedZonesByVPC",
            "ListResourceRecordSets",
        ],
    ),
    // S3 API reference: the permissions section of each operation.
    (
        Names::Alike("s3"),
        &["DeleteBucketPolicy", "GetBucketPolicy", "PutBucketPolicy"],
    ),
    (
        Names::As("s3:GetEncryptionConfiguration"),
        &["GetBucketEncryption"],
    ),
    (
        Names::As("s3:GetBucketPublicAccessBlock"),
        &["GetPublicAccessBlock"],
    ),
    (Names::As("s3:GetObject"), &["HeadObject"]),
    (Names::As("s3:ListBucket"), &["HeadBucket"]),
    (Names::Alike("servicequotas"), &["ListServiceQuotas"]),
    (Names::Alike("sts"), &["GetCallerIdentity"]),
];

/// What else some calls need, since they set tags, policies or private names in
/// one go (Service Authorization Reference, "dependent actions").
const BESIDES: &[(&str, &[&str])] = &[
    ("CreateDomainName", &["apigateway:PUT (its tags)"]),
    (
        "CreateRestApi",
        &[
            "apigateway:PUT (its tags)",
            "apigateway:UpdateRestApiPolicy",
        ],
    ),
    ("CreateStage", &["apigateway:PUT (its tags)"]),
    ("PutRestApi", &["apigateway:UpdateRestApiPolicy"]),
    ("UpdateRestApi", &["apigateway:UpdateRestApiPolicy"]),
    ("AuthorizeSecurityGroupEgress", &["ec2:CreateTags"]),
    ("AuthorizeSecurityGroupIngress", &["ec2:CreateTags"]),
    ("CreateSecurityGroup", &["ec2:CreateTags"]),
    ("CreateVpcEndpoint", &["ec2:CreateTags"]),
    ("CreateListener", &["elasticloadbalancing:AddTags"]),
    ("CreateLoadBalancer", &["elasticloadbalancing:AddTags"]),
    ("CreateRule", &["elasticloadbalancing:AddTags"]),
    ("CreateTargetGroup", &["elasticloadbalancing:AddTags"]),
    ("ListHostedZonesByVPC", &["ec2:DescribeVpcs"]),
];

/// The permissions that an operation needs, the first one always; none of an
/// operation that is not in the table.
pub fn actions(operation: &str) -> Vec<String> {
    let row = TABLE.iter().find(|(_, all)| all.contains(&operation));
    let first = row.map(|(names, _)| match names {
        Names::Alike(service) => format!("{service}:{operation}"),
        Names::As(action) => (*action).to_owned(),
    });
    let besides = BESIDES.iter().filter(|(name, _)| *name == operation);
    let besides = besides.flat_map(|(_, all)| all.iter().map(|one| (*one).to_owned()));
    first.into_iter().chain(besides).collect()
}

/// The permissions that an operation needs, as IAM spells them.
pub fn permissions(operation: &str) -> Vec<String> {
    let bare = |action: String| {
        let name = action.split(' ').next();
        name.unwrap_or_default().to_owned()
    };
    actions(operation).into_iter().map(bare).collect()
}

/// A kind of policy, as AWS's messages call it, and what to do about it.
struct Gate {
    /// In AWS's words.
    name: &'static str,
    /// What is to be done if it does not allow.
    silent: &'static str,
    /// What is to be done if it denies.
    denying: &'static str,
}

const GATES: &[Gate] = &[
    Gate {
        name: "service control policy",
        silent: "a service control policy of the organisation does not allow it: only who administers the organisation can, no policy of this account",
        denying: "a service control policy of the organisation denies it: only who administers the organisation can change that; an Allow in this account does not help",
    },
    Gate {
        name: "resource control policy",
        silent: "a resource control policy of the organisation does not allow it: only who administers the organisation can",
        denying: "a resource control policy of the organisation denies it: only who administers the organisation can change that; an Allow in this account does not help",
    },
    Gate {
        name: "permissions boundary",
        silent: "the caller's permissions boundary does not allow it: who has set the boundary has to add it there; another policy of the caller does not help",
        denying: "the caller's permissions boundary denies it: who has set the boundary has to take the statement out",
    },
    Gate {
        name: "session policy",
        silent: "the policy that the session was made with does not allow it: sign in without one, or with a wider one",
        denying: "the policy that the session was made with denies it: sign in without one, or with a wider one",
    },
    Gate {
        name: "VPC endpoint policy",
        silent: "the policy of the VPC endpoint that the call went through does not allow it: its owner has to add it",
        denying: "the policy of the VPC endpoint that the call went through denies it: its owner has to take the statement out",
    },
    Gate {
        name: "resource-based policy",
        silent: "the policy of the thing itself does not admit the caller: its owner has to add it",
        denying: "the policy of the thing itself denies it: its owner has to take the statement out; an Allow for the caller does not help",
    },
    Gate {
        name: "identity-based policy",
        silent: "",
        denying: "a policy of the caller denies it: take that statement out or narrow it; another Allow does not help",
    },
];

/// AWS's sentence about a refused permission, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
struct Words<'a> {
    action: Option<&'a str>,
    resource: Option<&'a str>,
    /// The policy's ARN, where AWS names it.
    policy: Option<&'a str>,
}

fn between<'a>(text: &'a str, start: &str, ends: &[&str]) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    let end = ends.iter().filter_map(|end| rest.find(end)).min();
    let found = rest[..end.unwrap_or(rest.len())].trim();
    let found = found.trim_end_matches(['.', ':', ',']);
    (!found.is_empty()).then_some(found)
}

fn words_of(text: &str) -> Words<'_> {
    let ends = [
        " because ",
        " with an explicit deny",
        ". Encoded authorization",
    ];
    let [because, deny, encoded] = ends;
    let policy = between(text, "with an explicit deny in ", &[encoded]);
    Words {
        action: between(
            text,
            "perform: ",
            &[" on resource", because, deny, encoded, " "],
        ),
        resource: between(text, "on resource: ", &ends),
        policy: policy.and_then(|rest| Some(&rest[rest.find("arn:")?..])),
    }
}

/// What to do about a refused permission: a line each.
pub fn remedies(operation: &str, message: &str) -> Vec<String> {
    let Words {
        action,
        resource,
        policy,
    } = words_of(message);
    let known = actions(operation);
    // What AWS names may be one of those that the call needs besides.
    let wanted = match action {
        Some(action) => text::line(action),
        None if known.is_empty() => operation.to_owned(),
        None => known.join(" and "),
    };
    let on = resource.map(|one| format!(" on {}", text::line(one)));
    let on = on.unwrap_or_default();
    let mut hints = vec![match gate(message) {
        Some((gate, true)) => {
            let named = policy.map(|arn| format!(" ({})", text::line(arn)));
            let named = named.unwrap_or_default();
            format!("{wanted}{on}: {}{named}", gate.denying)
        }
        Some((gate, false)) if !gate.silent.is_empty() => {
            format!("{wanted}{on}: {}", gate.silent)
        }
        None if message.contains("explicit deny") => format!(
            "{wanted}{on}: a policy denies it; find that statement, another Allow does not help"
        ),
        _ => format!("allow the caller {wanted}{on}"),
    }];
    if action.is_none() && message.contains(ENCODED) {
        hints.push(
            "`aws sts decode-authorization-message --encoded-message …` shows which policy refused it (it needs sts:DecodeAuthorizationMessage)"
                .to_owned(),
        );
    }
    hints
}

/// EC2 tells the reason to those only who may decode it (STS API reference,
/// `DecodeAuthorizationMessage`).
const ENCODED: &str = "Encoded authorization failure message";

/// The kind of policy that refused, and whether it denies or just does not
/// allow.
fn gate(message: &str) -> Option<(&'static Gate, bool)> {
    GATES.iter().find_map(|gate| {
        let named = |before: &str| message.contains(&format!("{before} {}", gate.name));
        if named("explicit deny in a") || named("explicit deny in an") {
            Some((gate, true))
        } else if named("because no") {
            Some((gate, false))
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::aws::retry;

    #[test]
    fn every_operation_that_is_called_has_the_permission_that_it_needs() {
        let called = retry::TABLE.iter().flat_map(|(_, all)| *all);
        let called: BTreeSet<&str> = called.copied().collect();
        let rows: Vec<&str> = TABLE.iter().flat_map(|(_, all)| *all).copied().collect();
        let table: BTreeSet<&str> = rows.iter().copied().collect();
        assert_eq!(rows.len(), table.len(), "an operation has two permissions");
        let missing: Vec<_> = called.difference(&table).collect();
        assert!(
            missing.is_empty(),
            "no permission in the table: {missing:?}"
        );
        let idle: Vec<_> = table.difference(&called).collect();
        assert!(idle.is_empty(), "in the table and never called: {idle:?}");
        let besides = BESIDES.iter().all(|(name, _)| table.contains(name));
        assert!(besides, "one needs more and is never called");
    }

    fn hint(operation: &str, message: &str) -> String {
        remedies(operation, message).join("\n")
    }

    #[test]
    fn a_missing_allow_names_the_permission_and_not_the_operation() {
        let said = "User: arn:aws:iam::111122223333:user/ops is not authorized to perform: apigateway:POST on resource: arn:aws:apigateway:eu-central-1::/restapis because no identity-based policy allows the apigateway:POST action";
        assert_eq!(
            hint("CreateRestApi", said),
            "allow the caller apigateway:POST on arn:aws:apigateway:eu-central-1::/restapis"
        );
        assert_eq!(
            hint("CreateRule", "no message"),
            "allow the caller elasticloadbalancing:CreateRule and elasticloadbalancing:AddTags"
        );
        assert_eq!(hint("HeadBucket", ""), "allow the caller s3:ListBucket");
        assert_eq!(
            hint("GetBucketEncryption", "Access Denied"),
            "allow the caller s3:GetEncryptionConfiguration"
        );
    }

    #[test]
    fn a_policy_that_an_allow_cannot_help_against_is_told_from_a_missing_allow() {
        let about = "User: arn:aws:sts::111122223333:assumed-role/ops/me is not authorized to perform: ec2:CreateVpcEndpoint on resource: arn:aws:ec2:eu-central-1:111122223333:vpc-endpoint/*";
        for (words, says) in [
            (
                "with an explicit deny in a service control policy: arn:aws:organizations::999988887777:policy/o-a/service_control_policy/p-b",
                "denies it: only who administers the organisation can change that; an Allow in this account does not help (arn:aws:organizations::999988887777:policy/o-a/service_control_policy/p-b)",
            ),
            (
                "because no service control policy allows the ec2:CreateVpcEndpoint action",
                "no policy of this account",
            ),
            (
                "because no permissions boundary allows the ec2:CreateVpcEndpoint action",
                "permissions boundary does not allow it",
            ),
            (
                "with an explicit deny in a permissions boundary",
                "permissions boundary denies it",
            ),
            (
                "with an explicit deny in an identity-based policy",
                "a policy of the caller denies it",
            ),
            (
                "with an explicit deny in a resource-based policy",
                "the policy of the thing itself denies it",
            ),
            (
                "because no resource-based policy allows the ec2:CreateVpcEndpoint action",
                "does not admit the caller",
            ),
            (
                "because no session policy allows the ec2:CreateVpcEndpoint action",
                "the session was made with does not allow",
            ),
            (
                "with an explicit deny in a VPC endpoint policy",
                "VPC endpoint that the call went through denies",
            ),
            ("with an explicit deny", "find that statement"),
        ] {
            let said = hint("CreateVpcEndpoint", &format!("{about} {words}"));
            let on =
                "ec2:CreateVpcEndpoint on arn:aws:ec2:eu-central-1:111122223333:vpc-endpoint/*: ";
            assert!(said.starts_with(on), "{words}: {said}");
            assert!(said.contains(says), "{words}: {said}");
            assert!(!said.contains("allow the caller"), "{words}: {said}");
        }
    }

    #[test]
    fn what_ec2_has_encoded_is_named_with_how_to_read_it() {
        let said = hint(
            "AuthorizeSecurityGroupIngress",
            "You are not authorized to perform this operation. Encoded authorization failure message: mR08NOyRPj",
        );
        assert!(
            said.starts_with(
                "allow the caller ec2:AuthorizeSecurityGroupIngress and ec2:CreateTags\n"
            ),
            "{said}"
        );
        assert!(
            said.contains("aws sts decode-authorization-message"),
            "{said}"
        );
        let both = hint(
            "CreateVpcEndpoint",
            "You are not authorized to perform this operation. User: arn:aws:iam::1:user/a is not authorized to perform: ec2:CreateTags on resource: arn:aws:ec2:r:1:vpc-endpoint/* because no permissions boundary allows the ec2:CreateTags action. Encoded authorization failure message: mR08NOyRPj",
        );
        assert!(
            both.starts_with("ec2:CreateTags on arn:aws:ec2:r:1:vpc-endpoint/*: "),
            "{both}"
        );
        assert!(!both.contains("decode"), "the reason is there: {both}");
    }
}
