//! Whether a load balancer can write its logs.

use super::arn::invalid;
use super::state::Pairs;
use crate::codec::Refusal;
use crate::policy::{Question, Verdict, Who, judge_for};
use crate::s3::{self, Bucket};
use crate::world::Ctx;

/// The kinds of logs, and the file that a load balancer writes to see whether it can.
///
/// ELB user guide, "Enable access logs" and "Enable connection logs": the files'
/// names. That of the health checks' is by analogy (assumption).
const KINDS: &[(&str, &str)] = &[
    ("access_logs", "ELBAccessLogTestFile"),
    ("connection_logs", "ELBConnectionLogTestFile"),
    ("health_check_logs", "ELBHealthCheckLogTestFile"),
];

/// The service that delivers logs (ELB user guide, "Enable access logs", step 2).
const DELIVERY: &str = "logdelivery.elasticloadbalancing.amazonaws.com";

/// The accounts that deliver logs in the regions that were there before August
/// 2022: policies of before name them (ELB user guide, "Enable access logs").
const ACCOUNTS: &[(&str, &str)] = &[
    ("af-south-1", "098369216593"),
    ("ap-east-1", "754344448648"),
    ("ap-northeast-1", "582318560864"),
    ("ap-northeast-2", "600734575887"),
    ("ap-northeast-3", "383597477331"),
    ("ap-south-1", "718504428378"),
    ("ap-southeast-1", "114774131450"),
    ("ap-southeast-2", "783225319266"),
    ("ap-southeast-3", "589379963580"),
    ("ca-central-1", "985666609251"),
    ("cn-north-1", "638102146993"),
    ("cn-northwest-1", "037604701340"),
    ("eu-central-1", "054676820928"),
    ("eu-north-1", "897822967062"),
    ("eu-south-1", "635631232127"),
    ("eu-west-1", "156460612806"),
    ("eu-west-2", "652711504416"),
    ("eu-west-3", "009996457667"),
    ("me-south-1", "076674570225"),
    ("sa-east-1", "507241528517"),
    ("us-east-1", "127311923021"),
    ("us-east-2", "033677994240"),
    ("us-gov-east-1", "190560391635"),
    ("us-gov-west-1", "048591011584"),
    ("us-west-1", "027434742980"),
    ("us-west-2", "797873946194"),
];

/// Checks the logs that are on: each has a bucket, and the load balancer can write to it.
pub fn check(ctx: &Ctx<'_>, balancer: &str, has: &Pairs) -> Result<(), Refusal> {
    for (kind, file) in KINDS {
        let value = |name: &str| {
            let found = has.get(&format!("{kind}.s3.{name}"));
            found.map_or("", String::as_str)
        };
        if value("enabled") != "true" {
            continue;
        }
        let (bucket, prefix) = (value("bucket"), value("prefix"));
        if bucket.is_empty() {
            // ELBv2 API reference, `LoadBalancerAttribute`: required; the code is an assumption.
            let text = format!(
                "The attribute '{kind}.s3.bucket' is required when '{kind}.s3.enabled' is true"
            );
            return Err(Refusal::new("InvalidConfigurationRequest", text));
        }
        // ELB user guide, "Bucket requirements"; the code is an assumption.
        if prefix.contains("AWSLogs") {
            return Err(invalid(format!(
                "The prefix '{prefix}' must not contain AWSLogs"
            )));
        }
        let folder = if prefix.is_empty() {
            String::new()
        } else {
            format!("{}/", prefix.trim_matches('/'))
        };
        let key = format!("{folder}AWSLogs/{}/{file}", ctx.account);
        deliver(ctx, balancer, bucket, &key)?;
    }
    Ok(())
}

/// Whether a log can be written: the bucket is there, in this region, encrypted
/// by S3's own keys, and its policy admits the delivery.
///
/// ELB user guide, "Bucket requirements": the region, SSE-S3 alone, the policy.
/// The words are observed for a bucket that does not admit it; those for one
/// that is not there or elsewhere are an assumption.
fn deliver(ctx: &Ctx<'_>, balancer: &str, bucket: &str, key: &str) -> Result<(), Refusal> {
    let refused = |text: String| Err(Refusal::new("InvalidConfigurationRequest", text));
    let denied = || {
        refused(format!(
            "Access Denied for bucket: {bucket}. Please check S3bucket permission"
        ))
    };
    // What another account's bucket admits is not known here: its owner has to.
    if let Some(region) = s3::foreign(ctx, bucket) {
        return if region == ctx.region {
            Ok(())
        } else {
            elsewhere(bucket)
        };
    }
    let Some(found) = ctx.global.s3.buckets.get(bucket) else {
        return refused(format!("S3bucket: {bucket} could not be found"));
    };
    if found.region != ctx.region {
        return elsewhere(bucket);
    }
    if encrypted_by_kms(found) || !admits(ctx, found, balancer, bucket, key) {
        return denied();
    }
    Ok(())
}

/// ELB user guide, "Access logs": the bucket is in the region of the load balancer (the code and
/// the words are observed).
fn elsewhere(bucket: &str) -> Result<(), Refusal> {
    let text = format!(
        "S3bucket: {bucket} is not located in the same region with ELB. Please use S3bucket in the same region with ELB"
    );
    Err(Refusal::new("InvalidConfigurationRequest", text))
}

fn encrypted_by_kms(bucket: &Bucket) -> bool {
    let set = bucket.encryption.as_ref();
    set.is_some_and(|set| set.algorithm.starts_with("aws:kms"))
}

fn admits(ctx: &Ctx<'_>, found: &Bucket, balancer: &str, bucket: &str, key: &str) -> bool {
    let account = ACCOUNTS.iter().find(|(region, _)| *region == ctx.region);
    let who = Who::Service {
        name: DELIVERY,
        account: account.map(|(_, account)| *account),
    };
    let resource = format!("arn:{}:s3:::{bucket}/{key}", ctx.partition());
    // ELB user guide, "Enable access logs": `aws:SourceArn` with the load balancer's ARN.
    let keys = [
        ("aws:SourceArn", balancer.to_owned()),
        ("aws:SourceAccount", ctx.account.to_owned()),
        ("aws:SecureTransport", "true".to_owned()),
        ("s3:x-amz-acl", "bucket-owner-full-control".to_owned()),
    ];
    let question = Question {
        action: "s3:PutObject",
        resource: &resource,
        keys: &keys,
    };
    let policy = found.policy.as_deref().unwrap_or_default();
    judge_for(policy, &question, who) == Verdict::Allowed
}
