//! TLS policies.

use serde_json::{Value, json};

use super::list::page;
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// The policy of listeners that name none (ELB user guide, "Security policies": other than in the console).
pub const DEFAULT: &str = "ELBSecurityPolicy-2016-08";

/// The names, by the oldest protocol (1.x) they allow and the newest.
///
/// ELB user guide, "Security policies for your Application Load Balancer"; the FIPS ones as remembered.
const POLICIES: &[(&str, u8, u8)] = &[
    ("ELBSecurityPolicy-2016-08", 0, 2),
    ("ELBSecurityPolicy-FS-1-1-2019-08", 1, 2),
    ("ELBSecurityPolicy-FS-1-2-2019-08", 2, 2),
    ("ELBSecurityPolicy-FS-1-2-Res-2019-08", 2, 2),
    ("ELBSecurityPolicy-FS-1-2-Res-2020-10", 2, 2),
    ("ELBSecurityPolicy-FS-2018-06", 0, 2),
    ("ELBSecurityPolicy-TLS-1-1-2017-01", 1, 2),
    ("ELBSecurityPolicy-TLS-1-2-2017-01", 2, 2),
    ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", 2, 2),
    ("ELBSecurityPolicy-TLS13-1-0-2021-06", 0, 3),
    ("ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04", 0, 3),
    ("ELBSecurityPolicy-TLS13-1-0-FIPS-PQ-2025-09", 0, 3),
    ("ELBSecurityPolicy-TLS13-1-0-PQ-2025-09", 0, 3),
    ("ELBSecurityPolicy-TLS13-1-1-2021-06", 1, 3),
    ("ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04", 1, 3),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-PQ-2025-09", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-PQ-2025-09", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-PQ-2025-09", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-FIPS-PQ-2025-09", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-PQ-2025-09", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-3-2021-06", 3, 3),
    ("ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04", 3, 3),
    ("ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09", 3, 3),
    ("ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", 3, 3),
];

/// Ciphers of TLS 1.3 and of what comes before. Not each policy's own list (assumption: nobody here reads it).
const CIPHERS: [&[&str]; 2] = [
    &[
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    ],
    &[
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
    ],
];

/// Refuses a policy that does not exist (`ELBv2` API reference: `SSLPolicyNotFound`).
pub fn check(name: &str) -> Result<(), Refusal> {
    if POLICIES.iter().any(|(known, ..)| *known == name) {
        return Ok(());
    }
    let text = format!("SSL policy '{name}' not found");
    Err(Refusal::new("SSLPolicyNotFound", text))
}

/// `DescribeSSLPolicies`.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let names = input.texts("Names");
    for name in &names {
        check(name)?;
    }
    let wanted = |(name, ..): &&(&str, u8, u8)| {
        names.is_empty() || names.iter().any(|wanted| wanted == name)
    };
    let found = POLICIES.iter().filter(wanted).collect();
    let (found, next) = page(ctx, found, input)?;
    let items: Value = found.into_iter().map(item).collect();
    ok(json!({"NextMarker": next, "SslPolicies": items}))
}

fn item((name, oldest, newest): &(&str, u8, u8)) -> Value {
    let protocol = |minor: u8| match minor {
        0 => "TLSv1".to_owned(),
        minor => format!("TLSv1.{minor}"),
    };
    let protocols: Vec<String> = (*oldest..=*newest).rev().map(protocol).collect();
    let modern = CIPHERS[0].iter().filter(|_| *newest == 3);
    let older = CIPHERS[1].iter().filter(|_| *oldest < 3);
    let ciphers: Value = modern
        .chain(older)
        .enumerate()
        .map(|(place, name)| json!({"Name": name, "Priority": place + 1}))
        .collect();
    json!({
        "Ciphers": ciphers,
        "Name": name,
        "SslProtocols": protocols,
        "SupportedLoadBalancerTypes": ["application", "network"],
    })
}
