//! The buckets of sites: there, in the region, and readable without credentials
//! through the S3 endpoint.

use std::collections::BTreeMap;

use aws_sdk_s3::types::ServerSideEncryption;
use futures_util::future::join_all;

use super::{
    TO_COME,
    finding::{Finding, Problem, Problems, Warning, failed, problem, unanswered, wrong},
    own_endpoint,
    passage::{Outcome, Passage},
};
use crate::{
    aws::{
        Partition,
        read::{Bucket, Object, Reads},
    },
    checks::{Code, codes},
    config::{Config, Route, Site},
    error::{ErrorKind, Result},
    policy::{self, Policy, Request, statements},
    resource::{Key, Kind},
};

/// Checks the bucket of every site. Returns warnings.
pub(super) async fn check(config: &Config, reads: &Reads) -> Finding<Vec<Warning>> {
    if !config.has_site() {
        return Ok(Vec::new());
    }
    let endpoint = own_endpoint(reads, Kind::SiteEndpoint)
        .await
        .map_err(failed)?;
    let endpoint = endpoint.map(|found| found.id);
    let passage = Passage::of(config, reads, endpoint).await;
    // Two routes may share a bucket, but hardly an index.
    let mut buckets: BTreeMap<&str, Vec<(&Route, &Site)>> = BTreeMap::new();
    for (route, site) in config.sites() {
        buckets.entry(&site.bucket).or_default().push((route, site));
    }
    let checks = buckets
        .iter()
        .map(|(bucket, sites)| check_one(bucket, sites, &passage, reads));
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
    passage: &Passage,
    reads: &Reads,
) -> Finding<Vec<Warning>> {
    let place = place(sites);
    check_region(bucket, &place, reads).await?;
    let indexes = join_all(
        sites
            .iter()
            .map(|(route, site)| check_index(route, site, reads)),
    );
    let (indexes, encryption, policy) = tokio::join!(
        indexes,
        check_encryption(bucket, &place, reads),
        check_policy(bucket, sites, passage, reads),
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
async fn check_region(bucket: &str, place: &str, reads: &Reads) -> Finding<()> {
    let here = &reads.region;
    match &*reads.bucket(bucket).await.map_err(failed)? {
        Bucket::Here => Ok(()),
        Bucket::Missing => wrong(
            codes::CONFIG_BUCKET_MISSING,
            place,
            format!("the bucket {bucket} does not exist"),
            "check the name and the account",
        ),
        Bucket::In(region) => wrong(
            codes::CONFIG_BUCKET_ELSEWHERE,
            place,
            format!("the bucket {bucket} is in {region}, not in {here}"),
            "use a bucket in the stack's region: its S3 endpoint leads to no other",
        ),
        Bucket::Refused => {
            let mut refused = problem(
                codes::CONFIG_BUCKET_REFUSED,
                place,
                format!("the bucket {bucket} may not be looked at"),
                "use one of this account, and allow the caller s3:ListBucket on it",
            );
            refused.error.kind = ErrorKind::Denied;
            Err(vec![refused])
        }
    }
}

/// The answer to a look that the check can do without: what is not allowed is
/// said, and stands in nobody's way.
pub(super) fn optional<T>(
    answer: Result<T>,
    code: Code,
    place: &str,
    what: &str,
) -> std::result::Result<T, Unseen> {
    answer.map_err(|error| match error.kind {
        ErrorKind::Denied => {
            let found = format!("{place}: {what} could not be looked at: {error}");
            Unseen::Warning(Box::new(Warning::bare(code, found)))
        }
        _ => Unseen::Failure(Box::new(unanswered(error))),
    })
}

pub(super) enum Unseen {
    Warning(Box<Warning>),
    Failure(Box<Problem>),
}

impl From<Unseen> for Finding<Option<Warning>> {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::Warning(warning) => Ok(Some(*warning)),
            Unseen::Failure(problem) => Err(vec![*problem]),
        }
    }
}

/// Requests without credentials cannot use a KMS key: such objects are refused
/// to them (S3 user guide, "Protecting data with SSE-KMS").
async fn check_index(route: &Route, site: &Site, reads: &Reads) -> Finding<Option<Warning>> {
    let Site { bucket, index, .. } = site;
    let place = format!("route {}", route.path);
    let encryption = match &*reads.object(bucket, index).await.map_err(failed)? {
        Object::There(encryption) => encryption.clone(),
        Object::Refused => {
            let found = format!(
                "{place}: {index} of the bucket {bucket} may not be looked at (s3:GetObject)"
            );
            return Ok(Some(Warning::bare(codes::CONFIG_UNSEEN, found)));
        }
        Object::Missing => {
            return Ok(Some(Warning::new(
                codes::CONFIG_INDEX_MISSING,
                format!("{place}: the bucket {bucket} has no {index} yet"),
                "upload it: until then people get an error of S3",
            )));
        }
    };
    if encryption.as_ref().is_some_and(is_kms) {
        return wrong(
            codes::CONFIG_KMS,
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

/// Whether a bucket encrypts new objects with a KMS key.
pub(super) async fn encrypts_with_kms(
    bucket: &str,
    code: Code,
    place: &str,
    reads: &Reads,
) -> std::result::Result<bool, Unseen> {
    let answer = reads.bucket_encryption(bucket).await;
    let what = format!("the encryption of the bucket {bucket}");
    let answer = match optional(answer, code, place, &what) {
        Err(Unseen::Failure(problem)) if problem.error.code() == Some(NO_ENCRYPTION) => {
            return Ok(false);
        }
        answer => answer?,
    };
    let rules = answer.as_ref().as_ref();
    let rules = rules.map(|rules| rules.rules()).unwrap_or_default().iter();
    let mut defaults = rules.filter_map(|rule| rule.apply_server_side_encryption_by_default());
    Ok(defaults.any(|default| is_kms(default.sse_algorithm())))
}

async fn check_encryption(bucket: &str, place: &str, reads: &Reads) -> Finding<Option<Warning>> {
    let kms = match encrypts_with_kms(bucket, codes::CONFIG_UNSEEN, place, reads).await {
        Ok(kms) => kms,
        Err(unseen) => return unseen.into(),
    };
    Ok(kms.then(|| {
        Warning::new(
            codes::CONFIG_KMS,
            format!("{place}: the bucket {bucket} encrypts new objects with a KMS key"),
            "they cannot be read without credentials, so upload with SSE-S3 (AES256) or change the default",
        )
    }))
}

/// Buckets from before January 2023 in places where S3 has not given them one.
const NO_ENCRYPTION: &str = "ServerSideEncryptionConfigurationNotFoundError";

/// A warning if the bucket's policy does not let anonymous reads through the
/// stack's endpoint: with the statement, or with what stands in its way even if
/// hybridgw adds that.
async fn check_policy(
    bucket: &str,
    sites: &[(&Route, &Site)],
    passage: &Passage,
    reads: &Reads,
) -> Finding<Option<Warning>> {
    let place = place(sites);
    let answer = reads.bucket_policy(bucket).await;
    let what = format!("the policy of the bucket {bucket}");
    let answer = match optional(answer, codes::POLICY_UNSEEN, &place, &what) {
        Ok(answer) => answer,
        Err(unseen) => return unseen.into(),
    };
    // What the stack has added itself goes when it may not be added any more, and
    // comes anew where it may.
    let text = answer.as_deref().unwrap_or_default().to_owned();
    let text = sites.iter().fold(text, |text, (route, _)| {
        let key = Key::of_route(Kind::BucketPolicy, &route.path);
        let theirs = statements::without(&text, &statements::sid(&reads.stack, &key));
        theirs.map(|left| left.to_string()).unwrap_or_default()
    });
    let partition = Partition::of(&reads.region).id();
    let through = passage.through();
    // Index and assets: a policy that names single objects is not enough.
    let indexes = sites.iter().map(|(_, site)| site.index.as_str());
    let keys = indexes.chain(["hybridgw/any.asset"]);
    let requests: Vec<Request> = keys
        .map(|key| Request::read(partition, bucket, Some(key), &through))
        .collect();
    let endpoint = passage.endpoint.as_deref().unwrap_or(TO_COME);
    let statement = policy::read_through(endpoint, bucket, partition);
    let asked = policy::read_through(through.id(), bucket, partition);
    let outcome = Outcome::of(&text, &asked, Policy::of_bucket, &requests);
    let except = format!("its owner has to except reads through {endpoint} from it");
    // One statement serves all routes to the bucket.
    let managed = sites.iter().any(|(_, site)| site.manage_policy);
    Ok(if managed {
        outcome.vain(&place, &what, &except)
    } else if outcome.now.is_yes() {
        None
    } else {
        let may = if outcome.now.is_no() { "does" } else { "may" };
        let add = format!("add this statement, or set `manage_policy = true`: {statement}");
        let found = format!(
            "{place}: {what} {may} not admit this stack's S3 endpoint{}: {}",
            passage.yet(),
            outcome.now,
        );
        Some(Warning::new(
            outcome.code(),
            found,
            outcome.remedy(&except, &add),
        ))
    })
}
