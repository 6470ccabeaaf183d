//! `policy`: what S3 blocks of public access, where a site is read without
//! credentials.

use std::collections::BTreeSet;

use aws_sdk_s3::types::PublicAccessBlockConfiguration;

use super::Patient;
use crate::{
    aws::Partition,
    checks::{Check, Finding, codes::POLICY_PUBLIC_BLOCKED},
    error::Result,
    policy::{Policy, Request, Through},
};

/// Each bucket that blocks public access and whose policy is public besides.
pub(super) async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let sites = patient.config.sites();
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for (route, site) in sites {
        if !seen.insert(&site.bucket) {
            continue;
        }
        match one(patient, &site.bucket).await {
            Ok(finding) => findings.extend(finding.map(|one| one.on_route(&route.path))),
            Err(error) => {
                findings.push(Finding::unseen(Check::Policy, &error).on_route(&route.path));
            }
        }
    }
    if findings.is_empty() {
        let words = "nothing stands in the way of the stack's requests";
        findings.push(Finding::ok(Check::Policy, words));
    }
    findings
}

/// S3 user guide, "Blocking public access": with `RestrictPublicBuckets` only
/// AWS's services and the account's own users get into a bucket whose policy is
/// public; with `BlockPublicPolicy` a policy that is public cannot be set. A
/// statement that admits one endpoint is not public.
async fn one(patient: &Patient<'_>, bucket: &str) -> Result<Option<Finding>> {
    let reads = patient.reads;
    let block = reads.public_access_block(bucket).await?;
    let Some(block) = block.as_ref() else {
        return Ok(None);
    };
    let policy = reads.bucket_policy(bucket).await?;
    let partition = Partition::of(&reads.region).id();
    // Whoever comes from nowhere in particular.
    let anybody = Through {
        endpoint: Some("vpce-00000000000000000"),
        vpc: "vpc-00000000000000000",
        from: &[],
    };
    let request = Request::read(partition, bucket, Some("hybridgw/any.asset"), &anybody);
    let text = policy.as_deref().unwrap_or_default();
    let is_public = !text.is_empty() && Policy::of_bucket(text).judge(&request).is_yes();
    Ok(is_public.then(|| judge(block, bucket)).flatten())
}

fn judge(block: &PublicAccessBlockConfiguration, bucket: &str) -> Option<Finding> {
    let restricts = block.restrict_public_buckets() == Some(true);
    let blocks = block.block_public_policy() == Some(true);
    let remedy = format!(
        "narrow the policy of {bucket}: take the statement out that admits everybody (`manage_policy = true` adds one for this stack's endpoint)"
    );
    let found = format!("{bucket} blocks public access, and its policy admits everybody");
    if restricts {
        let cause = "S3 then lets nobody in without credentials, the stack's site neither";
        return Some(Finding::failed(POLICY_PUBLIC_BLOCKED, found, cause, remedy));
    }
    blocks.then(|| {
        let cause = "S3 then refuses to change the policy as long as it is public";
        Finding::warning(POLICY_PUBLIC_BLOCKED, found, cause, remedy)
    })
}
