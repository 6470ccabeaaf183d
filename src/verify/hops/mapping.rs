//! `mapping`: from each host and path to a private API, or to a bucket.

use aws_sdk_apigateway::types::{DomainName, DomainNameStatus, EndpointType, RestApi};

use crate::{
    aws::read::Bucket,
    checks::{
        Check, Code, Finding,
        codes::{
            MAPPING_DOMAIN_NOT_AVAILABLE, MAPPING_MISSING, MAPPING_NO_API, MAPPING_NO_BUCKET,
            MAPPING_NO_DOMAIN, MAPPING_NOT_PRIVATE, MAPPING_OTHER_API, MAPPING_OTHER_STAGE,
            MAPPING_STRICT,
        },
    },
    error::Result,
    verify::{
        hops::UP,
        scene::{Behind, Scene, Way, path_of},
    },
};

/// A finding for each host and route to an API or a site.
pub async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for way in &scene.ways {
        let judged = match &way.route.behind {
            Behind::Function(_) => continue,
            Behind::Api { .. } => to_api(scene, way).await,
            Behind::Site { bucket, .. } => to_bucket(scene, bucket).await,
        };
        let finding = judged.unwrap_or_else(|error| Finding::unseen(Check::Mapping, &error));
        findings.push(finding.on_host(&way.host).on_route(&way.route.path));
    }
    findings
}

async fn to_api(scene: &Scene<'_>, way: &Way) -> Result<Finding> {
    let failed = |code: Code, found: String, cause: &str, remedy: &str| {
        Ok(Finding::failed(code, found, cause, remedy))
    };
    let domains = scene.domains.as_ref().map_err(Clone::clone)?;
    let Some(domain) = domains
        .iter()
        .find(|one| one.domain_name() == Some(&way.host))
    else {
        let found = "API Gateway knows no domain of this name in the region".to_owned();
        let cause = "it answers 403 Forbidden: the Host header finds no API";
        return failed(MAPPING_NO_DOMAIN, found, cause, UP);
    };
    if is_strict(domain) {
        let found = "the domain's endpoint access mode is STRICT".to_owned();
        let cause = "it asks for the name in SNI, which load balancers do not send to targets: 403 Forbidden";
        let remedy = "set the domain's endpoint access mode to BASIC in API Gateway";
        return failed(MAPPING_STRICT, found, cause, remedy);
    }
    let status = domain.domain_name_status();
    let serves = matches!(
        status,
        None | Some(DomainNameStatus::Available | DomainNameStatus::Updating)
    );
    if !serves {
        let word = status.map_or("?", |one| one.as_str());
        let words = domain
            .domain_name_status_message()
            .unwrap_or("AWS has not finished with it");
        let remedy = "wait for it (`hybridgw verify --wait 15m`)";
        return failed(
            MAPPING_DOMAIN_NOT_AVAILABLE,
            format!("the domain is {word}"),
            words,
            remedy,
        );
    }
    let mappings = scene.mappings(&way.host).await?;
    let Some(mapping) = mappings.iter().find(|one| path_of(one) == way.route.path) else {
        let others: Vec<String> = mappings.iter().map(path_of).collect();
        let found = match others.as_slice() {
            [] => "the domain has no mapping".to_owned(),
            others => format!(
                "the domain maps {}, not {}",
                others.join(", "),
                way.route.path
            ),
        };
        let cause = "it answers 403 Forbidden: the path finds no API";
        return failed(MAPPING_MISSING, found, cause, UP);
    };
    let (api, stage) = (
        mapping.rest_api_id().unwrap_or("?"),
        mapping.stage().unwrap_or("?"),
    );
    let found = format!("leads to {api} stage {stage}");
    let (wanted_api, wanted_stage) = &way.wanted;
    if let Some(wanted) = wanted_api.as_ref().filter(|one| *one != api) {
        let cause = format!("the route's API is {wanted}");
        return failed(MAPPING_OTHER_API, found, &cause, UP);
    }
    if let Some(wanted) = wanted_stage.as_ref().filter(|one| *one != stage) {
        let cause = format!("the route's stage is {wanted}");
        return failed(MAPPING_OTHER_STAGE, found, &cause, UP);
    }
    let apis = scene.apis.as_ref().map_err(Clone::clone)?;
    let Some(known) = apis.iter().find(|one| one.id() == Some(api)) else {
        let cause = "there is no API of this id in the account and region";
        return failed(MAPPING_NO_API, found, cause, UP);
    };
    if !is_private(known) {
        let found = format!("{found}, which is not private");
        let cause = "an API that is not PRIVATE is not reached through an endpoint: 403 Forbidden";
        let remedy = "let its team make it PRIVATE and deploy it, or name another API";
        return failed(MAPPING_NOT_PRIVATE, found, cause, remedy);
    }
    Ok(Finding::ok(Check::Mapping, found))
}

fn is_private(api: &RestApi) -> bool {
    let types = api.endpoint_configuration().map(|one| one.types());
    types.unwrap_or_default().contains(&EndpointType::Private)
}

fn is_strict(domain: &DomainName) -> bool {
    let mode = domain.endpoint_access_mode();
    mode.is_some_and(|mode| mode.as_str() == "STRICT")
}

/// S3 finds a bucket by the host that the rule writes.
async fn to_bucket(scene: &Scene<'_>, bucket: &str) -> Result<Finding> {
    let remedy = "name a bucket of the stack's region in the route's `site`";
    let seen = scene.reads.bucket(bucket).await?;
    let (found, cause) = match &*seen {
        Bucket::Here => {
            return Ok(Finding::ok(
                Check::Mapping,
                format!("leads to the bucket {bucket}"),
            ));
        }
        Bucket::Refused => {
            let why = format!("the caller may not look at the bucket {bucket} (s3:ListBucket)");
            let finding = Finding::skipped(Check::Mapping, why);
            return Ok(Finding {
                remedy: Some("allow the caller s3:ListBucket".to_owned()),
                ..finding
            });
        }
        Bucket::Missing => (
            format!("there is no bucket {bucket}"),
            "S3 answers 404 NoSuchBucket",
        ),
        Bucket::In(region) => (
            format!("the bucket {bucket} is in {region}"),
            "an endpoint reaches the buckets of its own region: S3 answers 301",
        ),
    };
    Ok(Finding::failed(MAPPING_NO_BUCKET, found, cause, remedy))
}
