//! The buckets that the load balancer's logs go to.
//!
//! ELBv2 tries the bucket when logs are switched on, and refuses with "Access
//! Denied for bucket" whatever is wrong with it, long after the first write.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    bucket::{Unseen, encrypts_with_kms, optional},
    finding::{Finding, Problems, Warning, failed, problem, wrong},
};
use crate::{
    aws::{
        Partition,
        read::{Bucket, Reads},
    },
    checks::codes,
    config::{Config, S3Location},
    policy::{
        Answer, Refusal,
        delivery::{self, Delivery},
    },
};

/// Checks the bucket of every kind of logs. Returns warnings.
pub(super) async fn check(config: &Config, reads: &Reads, account: &str) -> Finding<Vec<Warning>> {
    let logs = config.load_balancer.logs().into_iter();
    // Kinds that share a place are said once.
    let mut places: BTreeMap<String, (&S3Location, Vec<&str>)> = BTreeMap::new();
    for (kind, location) in logs.filter_map(|(kind, logs)| Some((kind, logs?))) {
        let entry = places.entry(location.to_string());
        entry.or_insert((location, Vec::new())).1.push(kind);
    }
    let checks = places.values().map(|(location, kinds)| async move {
        let keys = kinds.iter().map(|kind| format!("load_balancer.{kind}"));
        let place = keys.collect::<Vec<_>>().join(" and ");
        check_one(location, &place, reads, account).await
    });
    let mut problems = Problems::default();
    let mut warnings = Vec::new();
    for finding in join_all(checks).await {
        warnings.extend(problems.take(finding).unwrap_or_default());
    }
    problems.or(warnings)
}

async fn check_one(
    location: &S3Location,
    place: &str,
    reads: &Reads,
    account: &str,
) -> Finding<Vec<Warning>> {
    let S3Location { bucket, prefix } = location;
    let here = &reads.region;
    let partition = Partition::of(here).id();
    let prefix = match prefix.as_str() {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    let folder = format!("arn:{partition}:s3:::{bucket}/{prefix}AWSLogs/{account}");
    let statement = statement(&folder);
    if let Some(unseen) = check_bucket(bucket, place, reads, &statement).await? {
        return Ok(vec![unseen]);
    }
    let (encryption, policy) = tokio::join!(
        encrypts_with_kms(bucket, codes::LOGS_UNSEEN, place, reads),
        reads.bucket_policy(bucket)
    );
    let mut problems = Problems::default();
    let mut warnings = Vec::new();
    match encryption {
        // ELB user guide, "Enable access logs", "Enable connection logs" and "Enable health check
        // logs": SSE-S3 is the only encryption that is supported.
        Ok(true) => problems.note(problem(
            codes::LOGS_KMS,
            place,
            format!("the bucket {bucket} encrypts new objects with a KMS key, and a load balancer delivers logs with SSE-S3 (AES256) only"),
            "set the bucket's default encryption to SSE-S3, or name another bucket",
        )),
        Ok(false) => {}
        Err(unseen) => {
            let seen: Finding<Option<Warning>> = unseen.into();
            warnings.extend(problems.take(seen).flatten());
        }
    }
    let what = format!("the policy of the bucket {bucket}");
    let policy = match optional(policy, codes::LOGS_UNSEEN, place, &what) {
        Ok(policy) => policy.as_deref().unwrap_or_default().to_owned(),
        Err(Unseen::Warning(said)) => {
            let needs = format!("it needs this statement: {statement}");
            warnings.push(Warning::new(said.code, said.found, needs));
            return problems.or(warnings);
        }
        Err(Unseen::Failure(problem)) => {
            problems.note(*problem);
            return problems.or(warnings);
        }
    };
    let asked = Delivery {
        region: here,
        partition,
        account,
        balancer: &reads.stack,
        folder: &folder,
    };
    match delivery::judge(&policy, &asked) {
        Answer::Yes(_) => {}
        Answer::No(Refusal::Denied { by, .. }) => problems.note(problem(
            codes::LOGS_DENIED,
            place,
            format!("{by} of the policy of the bucket {bucket} denies the delivery of logs"),
            "except logdelivery.elasticloadbalancing.amazonaws.com from that statement: an Allow does not help against it",
        )),
        Answer::No(_) => problems.note(problem(
            codes::LOGS_DENIED,
            place,
            format!("the policy of the bucket {bucket} does not let the load balancer deliver logs"),
            &format!("add this statement: {statement}"),
        )),
        open @ Answer::Depends { .. } => warnings.push(Warning::new(
            codes::LOGS_UNCLEAR,
            format!(
                "{place}: whether the policy of the bucket {bucket} lets the load balancer deliver logs is not plain: {open}"
            ),
            format!("this statement would: {statement}"),
        )),
    }
    problems.or(warnings)
}

/// Whether the bucket is there, in the region. A warning if it may not be looked
/// at.
async fn check_bucket(
    bucket: &str,
    place: &str,
    reads: &Reads,
    statement: &Value,
) -> Finding<Option<Warning>> {
    let here = &reads.region;
    match &*reads.bucket(bucket).await.map_err(failed)? {
        Bucket::Here => Ok(None),
        Bucket::Missing => wrong(
            codes::LOGS_BUCKET_MISSING,
            place,
            format!("the bucket {bucket} does not exist"),
            "make it first, or check the name",
        ),
        Bucket::In(region) => wrong(
            codes::LOGS_BUCKET_ELSEWHERE,
            place,
            format!("the bucket {bucket} is in {region}, not in {here}"),
            "name a bucket in the stack's region: a load balancer delivers to no other",
        ),
        // It may be of another account (ELB user guide, "Enable access logs").
        Bucket::Refused => Ok(Some(Warning::new(
            codes::LOGS_UNSEEN,
            format!("{place}: the bucket {bucket} may not be looked at"),
            format!(
                "if it is of another account, its owner has to see that it is encrypted with SSE-S3 and that its policy has this statement: {statement}"
            ),
        ))),
    }
}

/// What the bucket's policy needs (ELB user guide, "Enable access logs": the
/// same for all three kinds).
fn statement(folder: &str) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": { "Service": delivery::SERVICE },
        "Action": "s3:PutObject",
        "Resource": format!("{folder}/*"),
    })
}
