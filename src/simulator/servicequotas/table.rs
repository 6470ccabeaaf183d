//! The quotas that are known here, with AWS's defaults.
//!
//! Codes, names and defaults: the links of the quotas' tables in the ELB user
//! guide, the VPC user guide and the API Gateway developer guide, and lists of
//! `list-aws-default-service-quotas` that people have published.

/// One quota.
#[derive(Debug)]
pub struct Quota {
    /// `service/code`.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// AWS's value.
    pub default: u64,
    /// Whether it can be raised.
    pub adjustable: bool,
}

const fn quota(key: &'static str, name: &'static str, default: u64, adjustable: bool) -> Quota {
    Quota {
        key,
        name,
        default,
        adjustable,
    }
}

/// The services, and what they are called.
pub const SERVICES: &[(&str, &str)] = &[
    ("acm", "AWS Certificate Manager (ACM)"),
    ("apigateway", "Amazon API Gateway"),
    ("elasticloadbalancing", "Elastic Load Balancing (ELB)"),
    ("vpc", "Amazon Virtual Private Cloud (Amazon VPC)"),
];

/// The quotas, by service and code.
#[rustfmt::skip]
pub const QUOTAS: &[Quota] = &[
    quota("acm/L-F141DD1D", "ACM certificates", 2500, true),
    quota("acm/L-FB94F0B0", "Domain names per ACM certificate", 10, true),
    quota("apigateway/L-01C8A9E0", "Resources/Routes per REST/WebSocket API", 300, true),
    quota("apigateway/L-24E7E662", "Private Custom Domain Names", 50, true),
    quota("apigateway/L-379E48B0", "Stages per API", 10, true),
    quota("apigateway/L-4D98A8A5", "Domain name access associations", 100, true),
    quota("apigateway/L-8B81B02C", "Maximum resource policy size in bytes", 8192, true),
    quota("apigateway/L-A93447B8", "Custom Domain Names", 120, true),
    quota("apigateway/L-A966AB5C", "Private APIs", 600, false),
    quota("apigateway/L-AA0FF27B", "Regional APIs", 600, false),
    quota("apigateway/L-B97207D0", "Edge-optimized APIs", 120, false),
    quota("apigateway/L-E5AE38E3", "Maximum integration timeout in milliseconds", 29_000, true),
    quota("elasticloadbalancing/L-53DA6B97", "Application Load Balancers per Region", 50, true),
    quota("elasticloadbalancing/L-7E6692B2", "Targets per Application Load Balancer", 1000, true),
    quota("elasticloadbalancing/L-7EED9B64", "Rules per Application Load Balancer", 100, true),
    quota("elasticloadbalancing/L-822D1B1B", "Target Groups per Application Load Balancer", 100, false),
    quota("elasticloadbalancing/L-9365A611", "Certificates per Application Load Balancer", 25, true),
    quota("elasticloadbalancing/L-A0D0B863", "Targets per Target Group per Region", 1000, true),
    quota("elasticloadbalancing/L-B22855CB", "Target Groups per Region", 3000, true),
    quota("elasticloadbalancing/L-B6DF7632", "Listeners per Application Load Balancer", 50, true),
    quota("vpc/L-0EA8095F", "Inbound or outbound rules per security group", 60, true),
    quota("vpc/L-29B6F2EB", "Interface VPC endpoints per VPC", 50, true),
    quota("vpc/L-2AFB9258", "Security groups per network interface", 5, true),
    quota("vpc/L-3248932A", "Characters per VPC endpoint policy", 20_480, false),
    quota("vpc/L-E79EC296", "VPC security groups per Region", 2500, true),
    quota("vpc/L-F678F1CE", "VPCs per Region", 5, true),
];

/// Returns a quota by `service/code`.
pub fn find(key: &str) -> Option<&'static Quota> {
    QUOTAS.iter().find(|quota| quota.key == key)
}
