//! The buckets of sites: there, in the region, and readable without credentials
//! through the S3 endpoint.

use std::collections::BTreeMap;

use aws_sdk_s3::{error::SdkError, types::ServerSideEncryption};
use futures_util::future::join_all;

use super::{
    TO_COME,
    finding::{Finding, Problems, failed, wrong},
    own_endpoint,
};
use crate::{
    aws::{Called, Partition, error::none_if_missing},
    config::{Config, Route, Site},
    error::{Error, ErrorKind, Result},
    look::Look,
    policy::{self, Request, statements},
    resource::{Key, Kind},
};

/// Checks the bucket of every site. Returns warnings.
pub(super) async fn check(config: &Config, look: &Look) -> Finding<Vec<String>> {
    if !config.has_site() {
        return Ok(Vec::new());
    }
    let endpoint = own_endpoint(look, Kind::SiteEndpoint)
        .await
        .map_err(failed)?;
    let endpoint = endpoint.map(|found| found.id);
    // Two routes may share a bucket, but hardly an index.
    let mut buckets: BTreeMap<&str, Vec<(&Route, &Site)>> = BTreeMap::new();
    for (route, site) in config.sites() {
        buckets.entry(&site.bucket).or_default().push((route, site));
    }
    let checks = buckets.iter().map(|(bucket, sites)| {
        let vpc = &config.network.vpc;
        check_one(bucket, sites, endpoint.as_deref(), vpc, look)
    });
    let mut problems = Problems::default();
    let mut warnings = Vec::new();
    for finding in join_all(checks).await {
        warnings.extend(problems.take(finding).unwrap_or_default());
    }
    problems.or(warnings)
}

async fn check_one(
    bucket: &str,
    sites: &[(&Route, &Site)],
    endpoint: Option<&str>,
    vpc: &str,
    look: &Look,
) -> Finding<Vec<String>> {
    let place = place(sites);
    check_region(bucket, &place, look).await?;
    let indexes = join_all(
        sites
            .iter()
            .map(|(route, site)| check_index(route, site, look)),
    );
    let (indexes, encryption, policy) = tokio::join!(
        indexes,
        check_encryption(bucket, &place, look),
        check_policy(bucket, sites, endpoint, vpc, look),
    );
    let mut problems = Problems::default();
    let mut warnings = Vec::new();
    for finding in indexes.into_iter().chain([encryption, policy]) {
        warnings.extend(problems.take(finding).flatten());
    }
    problems.or(warnings)
}

fn place(sites: &[(&Route, &Site)]) -> String {
    let route = sites.first().map_or("/", |(route, _)| &route.path);
    format!("route {route}")
}

/// Whether the bucket is there and in the stack's region: an S3 endpoint leads
/// to the buckets of its own region only (`PrivateLink` guide, "`PrivateLink` for
/// Amazon S3").
///
/// The answer has no body, whatever it is; but every answer about a bucket that
/// exists names its region in a header (S3 API reference, `HeadBucket`).
async fn check_region(bucket: &str, place: &str, look: &Look) -> Finding<()> {
    let answer = look.aws.s3.head_bucket().bucket(bucket).send().await;
    let (status, region) = match &answer {
        Ok(answer) => (200, answer.bucket_region().map(str::to_owned)),
        Err(SdkError::ServiceError(refused)) => {
            let region = refused.raw().headers().get("x-amz-bucket-region");
            (refused.raw().status().as_u16(), region.map(str::to_owned))
        }
        Err(_) => (0, None),
    };
    let here = &look.aws.region;
    match (status, region) {
        (404, _) => wrong(
            place,
            format!("the bucket {bucket} does not exist"),
            "check the name and the account",
        ),
        (_, Some(region)) if region != *here => wrong(
            place,
            format!("the bucket {bucket} is in {region}, not in {here}"),
            "use a bucket in the stack's region: its S3 endpoint leads to no other",
        ),
        (403, _) => wrong(
            place,
            format!("the bucket {bucket} may not be looked at"),
            "use one of this account, and allow the caller s3:ListBucket on it",
        ),
        _ => answer.called("HeadBucket").map(drop).map_err(failed),
    }
}

/// The answer to a look that the check can do without: what is not allowed is
/// said, and stands in nobody's way.
fn optional<T>(answer: Result<T>, place: &str, what: &str) -> std::result::Result<T, Unseen> {
    answer.map_err(|error| match error.kind {
        ErrorKind::Denied => {
            Unseen::Warning(format!("{place}: {what} could not be looked at: {error}"))
        }
        _ => Unseen::Failure(error),
    })
}

enum Unseen {
    Warning(String),
    Failure(Error),
}

impl From<Unseen> for Finding<Option<String>> {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::Warning(warning) => Ok(Some(warning)),
            Unseen::Failure(error) => Err(failed(error)),
        }
    }
}

/// Requests without credentials cannot use a KMS key: such objects are refused
/// to them (S3 user guide, "Protecting data with SSE-KMS").
async fn check_index(route: &Route, site: &Site, look: &Look) -> Finding<Option<String>> {
    let Site { bucket, index, .. } = site;
    let place = format!("route {}", route.path);
    let call = look.aws.s3.head_object().bucket(bucket).key(index);
    let answer = match call.send().await {
        // Without a body there is no code: a 403 is a refusal.
        Err(SdkError::ServiceError(refused)) if refused.raw().status().as_u16() == 403 => {
            return Ok(Some(format!(
                "{place}: {index} of the bucket {bucket} may not be looked at (s3:GetObject)"
            )));
        }
        answer => none_if_missing(answer.called("HeadObject")).map_err(failed)?,
    };
    let Some(object) = answer else {
        return Ok(Some(format!(
            "{place}: the bucket {bucket} has no {index} yet; until it has, people get an error of S3"
        )));
    };
    if object.server_side_encryption().is_some_and(is_kms) {
        return wrong(
            &place,
            format!(
                "{index} of the bucket {bucket} is encrypted with a KMS key, so that it cannot be read without credentials"
            ),
            "encrypt the objects with SSE-S3 (AES256): change the bucket's default, and copy them over themselves",
        );
    }
    Ok(None)
}

fn is_kms(encryption: &ServerSideEncryption) -> bool {
    encryption.as_str().starts_with("aws:kms")
}

async fn check_encryption(bucket: &str, place: &str, look: &Look) -> Finding<Option<String>> {
    let call = look.aws.s3.get_bucket_encryption().bucket(bucket);
    let answer = call.send().await.called("GetBucketEncryption");
    let what = format!("the encryption of the bucket {bucket}");
    let answer = match optional(answer, place, &what) {
        Ok(answer) => answer,
        Err(Unseen::Failure(error)) if error.code() == Some(NO_ENCRYPTION) => return Ok(None),
        Err(unseen) => return unseen.into(),
    };
    let rules = answer.server_side_encryption_configuration();
    let rules = rules.map(|rules| rules.rules()).unwrap_or_default().iter();
    let mut defaults = rules.filter_map(|rule| rule.apply_server_side_encryption_by_default());
    let kms = defaults.any(|default| is_kms(default.sse_algorithm()));
    Ok(kms.then(|| {
        format!(
            "{place}: the bucket {bucket} encrypts new objects with a KMS key; they cannot be read without credentials, so upload with SSE-S3 (AES256) or change the default"
        )
    }))
}

/// Buckets from before January 2023 in places where S3 has not given them one.
const NO_ENCRYPTION: &str = "ServerSideEncryptionConfigurationNotFoundError";

/// A warning with the statement if the bucket's policy does not let anonymous
/// reads through the stack's endpoint, and hybridgw may not change it.
async fn check_policy(
    bucket: &str,
    sites: &[(&Route, &Site)],
    endpoint: Option<&str>,
    vpc: &str,
    look: &Look,
) -> Finding<Option<String>> {
    let left_alone: Vec<(&Route, &Site)> = sites
        .iter()
        .copied()
        .filter(|(_, site)| !site.manage_policy)
        .collect();
    // One statement serves all routes to the bucket.
    if left_alone.len() < sites.len() {
        return Ok(None);
    }
    let place = place(&left_alone);
    let call = look.aws.s3.get_bucket_policy().bucket(bucket);
    let answer = none_if_missing(call.send().await.called("GetBucketPolicy"));
    let what = format!("the policy of the bucket {bucket}");
    let answer = match optional(answer, &place, &what) {
        Ok(answer) => answer,
        Err(unseen) => return unseen.into(),
    };
    // What the stack has added itself goes when it may not be added any more.
    let text = answer.and_then(|answer| answer.policy).unwrap_or_default();
    let text = left_alone.iter().fold(text, |text, (route, _)| {
        let key = Key::of_route(Kind::BucketPolicy, &route.path);
        let theirs = statements::without(&text, &statements::sid(&look.stack, &key));
        theirs.map(|left| left.to_string()).unwrap_or_default()
    });
    let partition = Partition::of(&look.aws.region).id();
    let policy = policy::parse(&text);
    let index = sites.first().map_or("", |(_, site)| &site.index);
    // Index and assets: a policy that names single objects is not enough.
    let readable = [index, "hybridgw/any.asset"].into_iter().all(|key| {
        policy::lets_through(
            &policy,
            Request {
                action: "s3:GetObject",
                resource: &format!("arn:{partition}:s3:::{bucket}/{key}"),
                endpoint: endpoint.unwrap_or("vpce-none"),
                vpc,
            },
        )
    });
    if readable {
        return Ok(None);
    }
    let yet = if endpoint.is_some() {
        ""
    } else {
        " yet (it does not exist)"
    };
    let statement = policy::read_through(endpoint.unwrap_or(TO_COME), bucket, partition);
    Ok(Some(format!(
        "{place}: the policy of the bucket {bucket} does not admit this stack's S3 endpoint{yet}; add this statement, or set `manage_policy = true`: {statement}"
    )))
}
