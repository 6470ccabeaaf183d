//! Request quotas as token buckets, with the codes that AWS answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clock::Time;
use super::codec::Refusal;
use super::pattern;

/// Whose tokens a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Each operation has a bucket of its own; only the first fitting row counts.
    Each,
    /// All fitting operations share one bucket, on top of their own.
    Shared,
}

/// One row of the table.
struct Quota {
    operations: &'static str,
    scope: Scope,
    burst: f64,
    per_second: f64,
}

const fn each(operations: &'static str, burst: f64, per_second: f64) -> Quota {
    Quota {
        operations,
        scope: Scope::Each,
        burst,
        per_second,
    }
}

const fn shared(operations: &'static str, burst: f64, per_second: f64) -> Quota {
    Quota {
        operations,
        scope: Scope::Shared,
        burst,
        per_second,
    }
}

/// The quotas, per account and region, special rows before general ones.
///
/// Figures marked "research" were looked up; the others are as remembered
/// from the pages named, and stand to be corrected.
const TABLE: &[Quota] = &[
    // EC2 developer guide, "Request throttling": a bucket for each API. 100 and 20/s for reads and
    // 50 and 5/s for writes are its categories; the figures of single operations are its table's,
    // as remembered (assumption: not looked up again).
    each("ec2:CreateVpcEndpoint", 4.0, 0.3),
    each("ec2:ModifyVpcEndpoint", 4.0, 0.3),
    each("ec2:DeleteVpcEndpoints", 4.0, 0.3),
    each("ec2:*Tags", 100.0, 10.0),
    each("ec2:Describe*", 100.0, 20.0),
    each("ec2:*", 50.0, 5.0),
    // ELB user guide, "Request throttling": non-mutating 40 and 10/s. The rest is an assumption.
    shared("elasticloadbalancing:Describe*", 40.0, 10.0),
    shared("elasticloadbalancing:*Targets", 20.0, 4.0),
    each("elasticloadbalancing:Describe*", 40.0, 10.0),
    each("elasticloadbalancing:*", 20.0, 3.0),
    // API Gateway developer guide, "Quotas": control plane, per account, not raisable
    // (research: peers §3.7). A burst of one: the guide names none for single operations.
    shared("apigateway:*", 40.0, 10.0),
    each("apigateway:CreateRestApi", 1.0, 1.0 / 3.0),
    each("apigateway:ImportRestApi", 1.0, 1.0 / 3.0),
    each("apigateway:PutRestApi", 1.0, 1.0),
    each("apigateway:DeleteRestApi", 1.0, 1.0 / 30.0),
    each("apigateway:CreateDeployment", 1.0, 1.0 / 5.0),
    each("apigateway:CreateResource", 5.0, 5.0),
    each("apigateway:GetResources", 5.0, 2.5),
    each("apigateway:CreateDomainName", 1.0, 1.0 / 30.0),
    each("apigateway:UpdateDomainName", 1.0, 1.0 / 30.0),
    each("apigateway:DeleteDomainName", 1.0, 1.0 / 30.0),
    each("apigateway:UpdateAccount", 1.0, 1.0 / 20.0),
    // Route 53 developer guide, "Throttling": 10/s refill, burst 50, for the account (research: reliability §2.1).
    shared("route53:*", 50.0, 10.0),
    // Each operation has a bucket of its own besides (the figures are an assumption).
    each("route53:ChangeResourceRecordSets", 50.0, 10.0),
    each("route53:ListResourceRecordSets", 50.0, 10.0),
    each("route53:*", 25.0, 5.0),
    // ACM user guide, "Quotas": RequestCertificate 5/s, DeleteCertificate 10/s, the rest about 10/s.
    each("acm:RequestCertificate", 5.0, 5.0),
    each("acm:*", 10.0, 10.0),
    // Lambda developer guide, "Quotas": the rest of the control plane 15/s for the account.
    shared("lambda:*", 15.0, 15.0),
    // STS: 600/s for the account (IAM user guide, "Quotas").
    shared("sts:*", 600.0, 600.0),
];

/// How each service says that it was asked too often.
fn refusal(service: &str) -> Refusal {
    match service {
        // EC2 API reference, "Error codes".
        "ec2" => Refusal::new("RequestLimitExceeded", "Request limit exceeded.").status(503),
        // ELB API reference, "Common errors": Throttling, status 400.
        "elasticloadbalancing" | "route53" | "sts" => Refusal::new("Throttling", "Rate exceeded"),
        // API Gateway and Lambda API references: TooManyRequestsException, status 429.
        "apigateway" | "lambda" => {
            Refusal::new("TooManyRequestsException", "Too Many Requests").status(429)
        }
        "s3" => Refusal::new("SlowDown", "Please reduce your request rate.").status(503),
        _ => Refusal::new("ThrottlingException", "Rate exceeded"),
    }
}

/// One bucket's level.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Bucket {
    tokens: f64,
    at: Time,
}

/// The buckets of one region of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Buckets(BTreeMap<String, Bucket>);

impl Buckets {
    /// Takes a token for a call from every bucket it falls under, or from none and refuses.
    pub fn take(&mut self, service: &str, operation: &str, now: Time) -> Result<(), Refusal> {
        let name = format!("{service}:{operation}");
        let fits = |quota: &&Quota| pattern::matches(quota.operations, &name);
        let own = TABLE
            .iter()
            .filter(|quota| quota.scope == Scope::Each)
            .find(fits);
        let common = TABLE
            .iter()
            .filter(|quota| quota.scope == Scope::Shared)
            .filter(fits);
        let mut levels = Vec::new();
        for quota in own.into_iter().chain(common) {
            let key = if quota.scope == Scope::Each {
                &name
            } else {
                quota.operations
            };
            let tokens = self.level(key, quota, now);
            if tokens < 1.0 {
                return Err(refusal(service));
            }
            levels.push((
                key.to_owned(),
                Bucket {
                    tokens: tokens - 1.0,
                    at: now,
                },
            ));
        }
        self.0.extend(levels);
        Ok(())
    }

    fn level(&self, key: &str, quota: &Quota, now: Time) -> f64 {
        self.0.get(key).map_or(quota.burst, |bucket| {
            let refilled = now.since(bucket.at).as_secs_f64() * quota.per_second;
            // A hair of tolerance: a call exactly 30 s after the last one is in time.
            (bucket.tokens + refilled + 1e-9).min(quota.burst)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_domain_name_in_thirty_seconds() {
        let mut buckets = Buckets::default();
        let mut ask = |after| {
            buckets.take(
                "apigateway",
                "CreateDomainName",
                Time::START + Duration::from_secs(after),
            )
        };
        assert!(ask(0).is_ok());
        let refused = ask(29).unwrap_err();
        assert_eq!(
            (refused.code.as_ref(), refused.status),
            ("TooManyRequestsException", 429)
        );
        assert!(ask(30).is_ok());
    }

    #[test]
    fn a_burst_of_endpoints_is_refused_with_ec2s_code() {
        let mut buckets = Buckets::default();
        let mut ask = || buckets.take("ec2", "CreateVpcEndpoint", Time::START);
        for _ in 0..4 {
            ask().unwrap();
        }
        let refused = ask().unwrap_err();
        assert_eq!(
            (refused.code.as_ref(), refused.status),
            ("RequestLimitExceeded", 503)
        );
        assert!(
            buckets.take("ec2", "DescribeVpcs", Time::START).is_ok(),
            "other operations have their own bucket"
        );
    }
}
