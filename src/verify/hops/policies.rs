//! `endpoint-policy`, `api-policy`, `bucket-policy`: what the policies that AWS
//! really has say to a request of the load balancer, which has no credentials.

use crate::{
    aws::Partition,
    checks::{
        Check, Code, Finding,
        codes::{
            API_POLICY_DENIES, API_POLICY_MISSING, API_POLICY_SILENT, API_POLICY_UNCLEAR,
            BUCKET_POLICY_DENIES, BUCKET_POLICY_SILENT, BUCKET_POLICY_UNCLEAR,
            ENDPOINT_POLICY_DENIES, ENDPOINT_POLICY_SILENT, ENDPOINT_POLICY_UNCLEAR,
        },
    },
    error::Result,
    policy::{Answer, Policy, Request, Through},
    resources::vpc_endpoint,
    verify::{
        hops::{UP, api::is_there, site::is_elsewhere},
        scene::{Behind, Scene, Way},
    },
};

/// How a kind of policy is spoken of.
struct Codes {
    denies: Code,
    silent: Code,
    unclear: Code,
}

const OF_ENDPOINT: Codes = Codes {
    denies: ENDPOINT_POLICY_DENIES,
    silent: ENDPOINT_POLICY_SILENT,
    unclear: ENDPOINT_POLICY_UNCLEAR,
};
const OF_API: Codes = Codes {
    denies: API_POLICY_DENIES,
    silent: API_POLICY_SILENT,
    unclear: API_POLICY_UNCLEAR,
};
const OF_BUCKET: Codes = Codes {
    denies: BUCKET_POLICY_DENIES,
    silent: BUCKET_POLICY_SILENT,
    unclear: BUCKET_POLICY_UNCLEAR,
};

/// `endpoint-policy`: a finding for each route through an endpoint.
pub fn of_endpoint(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for way in scene.once_a_route() {
        let Some(endpoint) = scene.endpoint_of(&way.route.behind) else {
            continue;
        };
        let finding = match endpoint {
            Err(error) => Finding::unseen(Check::EndpointPolicy, error),
            Ok(None) => Finding::skipped(Check::EndpointPolicy, "there is no endpoint"),
            Ok(Some(endpoint)) => match asked(scene, way, endpoint) {
                None => Finding::skipped(Check::EndpointPolicy, "no API is known for the route"),
                Some(request) => {
                    let remedy = "run `hybridgw up`; the policy of a borrowed endpoint is its owner's: add what `hybridgw outputs` prints, or set `endpoint.manage = true`";
                    let whose = format!("the policy of {}", endpoint.id);
                    let answer = Policy::of_endpoint(&endpoint.policy_text).judge(&request);
                    judged(&answer, &OF_ENDPOINT, &whose, remedy)
                }
            },
        };
        findings.push(finding.on_route(&way.route.path));
    }
    findings
}

/// What a request to a route asks of the endpoint.
fn asked(scene: &Scene<'_>, way: &Way, endpoint: &vpc_endpoint::Actual) -> Option<Request> {
    let through = through(endpoint);
    match &way.route.behind {
        Behind::Function(_) => None,
        Behind::Site { bucket, index } => Some(object(scene, bucket, index, &through)),
        Behind::Api { .. } => {
            let (api, stage) = way.api()?;
            Some(invocation(scene, &api, &stage, &through))
        }
    }
}

fn through(endpoint: &vpc_endpoint::Actual) -> Through<'_> {
    Through {
        endpoint: Some(&endpoint.id),
        vpc: &endpoint.vpc,
        from: &[],
    }
}

/// A request for whatever the stage has.
fn invocation(scene: &Scene<'_>, api: &str, stage: &str, through: &Through<'_>) -> Request {
    let api = format!("{}:{api}", scene.execute_api_arn());
    Request::invoke(&api, Some(stage), None, None, through)
}

fn object(scene: &Scene<'_>, bucket: &str, index: &str, through: &Through<'_>) -> Request {
    let partition = Partition::of(&scene.reads.region).id();
    Request::read(partition, bucket, Some(index), through)
}

fn judged(answer: &Answer, codes: &Codes, whose: &str, remedy: &str) -> Finding {
    let found = format!("{whose}: {answer}");
    let cause = "requests of the load balancer have no credentials, and come through the stack's endpoint: 403 Access Denied";
    match answer {
        Answer::Yes(_) => Finding::ok(codes.denies.check, found),
        Answer::No(_) if answer.is_denied() => {
            let remedy = format!(
                "no further Allow helps: narrow the statement that denies it; then {remedy}"
            );
            Finding::failed(codes.denies, found, cause, remedy)
        }
        Answer::No(_) => Finding::failed(codes.silent, found, cause, remedy),
        Answer::Depends { .. } => {
            let cause = "some requests pass, and others may not";
            Finding::warning(codes.unclear, found, cause, remedy)
        }
    }
}

/// `api-policy`: a finding for each API.
pub fn of_apis(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for way in scene.once_a_route() {
        if way.route.is_api() {
            let judged = of_api(scene, way);
            let finding = judged.unwrap_or_else(|error| Finding::unseen(Check::ApiPolicy, &error));
            findings.push(finding.on_route(&way.route.path));
        }
    }
    findings
}

fn of_api(scene: &Scene<'_>, way: &Way) -> Result<Finding> {
    let (Some((api, stage)), Ok(Some(endpoint))) = (way.api(), &scene.endpoint) else {
        let why = "the API or the endpoint is not there";
        return Ok(Finding::skipped(Check::ApiPolicy, why));
    };
    if !is_there(scene, &api)? {
        return Ok(Finding::skipped(
            Check::ApiPolicy,
            format!("there is no API {api}"),
        ));
    }
    let apis = scene.apis.as_ref().map_err(Clone::clone)?;
    let known = apis.iter().find(|one| one.id() == Some(&api));
    let text = known.and_then(|one| one.policy()).unwrap_or_default();
    let remedy = match &way.route.behind {
        Behind::Api {
            borrowed: Some(_), ..
        } => format!(
            "let the API's team admit {} (`aws:SourceVpce`) in its policy, and deploy the API",
            endpoint.id
        ),
        _ => UP.to_owned(),
    };
    if text.is_empty() {
        let found = format!("{api} has no policy");
        let cause = "a private API without a policy admits nobody: 403 Access Denied";
        return Ok(Finding::failed(API_POLICY_MISSING, found, cause, remedy));
    }
    let request = invocation(scene, &api, &stage, &through(endpoint));
    let arn = format!("{}:{api}", scene.execute_api_arn());
    let answer = Policy::of_api(text, &arn).judge(&request);
    let whose = format!("the policy of {api}");
    Ok(judged(&answer, &OF_API, &whose, &remedy))
}

/// `bucket-policy`: a finding for each site.
pub async fn of_buckets(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for way in scene.once_a_route() {
        if let Behind::Site { bucket, index } = &way.route.behind {
            let judged = of_bucket(scene, bucket, index).await;
            let finding =
                judged.unwrap_or_else(|error| Finding::unseen(Check::BucketPolicy, &error));
            findings.push(finding.on_route(&way.route.path));
        }
    }
    findings
}

async fn of_bucket(scene: &Scene<'_>, bucket: &str, index: &str) -> Result<Finding> {
    let endpoint = scene.site_endpoint.as_ref().map_err(Clone::clone)?;
    let Some(endpoint) = endpoint else {
        let why = "there is no endpoint for S3 that it could admit";
        return Ok(Finding::skipped(Check::BucketPolicy, why));
    };
    if is_elsewhere(scene, bucket).await {
        let why = format!("there is no bucket {bucket} here");
        return Ok(Finding::skipped(Check::BucketPolicy, why));
    }
    let text = scene.reads.bucket_policy(bucket).await?;
    let request = object(scene, bucket, index, &through(endpoint));
    let answer = Policy::of_bucket(text.as_deref().unwrap_or_default()).judge(&request);
    let remedy = "set the route's `manage_policy = true` and run `hybridgw up`, or add the statement that `hybridgw outputs` prints";
    let whose = format!("the policy of the bucket {bucket}");
    Ok(judged(&answer, &OF_BUCKET, &whose, remedy))
}
