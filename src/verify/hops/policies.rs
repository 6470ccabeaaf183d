//! `endpoint-policy`, `api-policy`, `bucket-policy`: what the policies that AWS
//! really has say to a request of the load balancer, which has no credentials.

use crate::{
    aws::Partition,
    checks::{
        Check, Code, Finding,
        codes::{
            API_POLICY_DENIES, API_POLICY_MISSING, API_POLICY_NOT_DEPLOYED, API_POLICY_SILENT,
            API_POLICY_UNCLEAR, BUCKET_POLICY_DENIES, BUCKET_POLICY_SILENT, BUCKET_POLICY_UNCLEAR,
            ENDPOINT_POLICY_DENIES, ENDPOINT_POLICY_SILENT, ENDPOINT_POLICY_UNCLEAR,
        },
    },
    error::Result,
    policy::{self, Answer, Authorization, Gate, Policy, Request, Through},
    resources::vpc_endpoint::Actual,
    verify::{
        hops::{
            UP,
            api::{deployed, is_there, lacks_stage, methods_of},
            site::is_elsewhere,
        },
        scene::{Behind, Scene, Way},
    },
};

/// The codes of a policy that refuses, that says nothing, and that depends.
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

/// What passes of all that may be asked.
enum Passes {
    All,
    Some {
        yes: usize,
        /// Which the policy leaves to how their methods authorize.
        left: usize,
        all: usize,
    },
    None(Answer),
    Unclear(Answer),
}

/// Everything that may be asked at once, and one by one.
struct Asked {
    every: Request,
    each: Vec<(Request, Authorization)>,
}

/// Asks for everything at once, and one by one where that is no plain answer.
/// `judge` says whether the policy lets a request through, or leaves it to the
/// method (none).
fn passes(
    policy: &Policy,
    asked: &Asked,
    judge: impl Fn(&Request, Authorization) -> Option<Answer>,
) -> Passes {
    let whole = policy.judge(&asked.every);
    if whole.is_yes() {
        return Passes::All;
    }
    if asked.each.is_empty() && whole.is_no() {
        return Passes::None(whole);
    }
    let each = asked.each.iter();
    let answers: Vec<Option<Answer>> = each.map(|(one, how)| judge(one, *how)).collect();
    let yes = answers.iter().flatten().filter(|one| one.is_yes()).count();
    let left = answers.iter().filter(|one| one.is_none()).count();
    let all = answers.len();
    if yes == all && yes > 0 {
        return Passes::All;
    }
    if yes + left > 0 {
        return Passes::Some { yes, left, all };
    }
    match answers.into_iter().flatten().find(Answer::is_no) {
        // What is said of all is said better.
        Some(_) if whole.is_no() => Passes::None(whole),
        Some(no) => Passes::None(no),
        None => Passes::Unclear(whole),
    }
}

/// An endpoint's policy, or a bucket's: what depends on nothing but who has signed
/// a request is up to whom the method lets in.
fn filters(policy: &Policy, asked: &Asked) -> Passes {
    passes(policy, asked, |request, how| {
        let answer = policy.judge(request);
        let is_of_caller = |on: &String| {
            let on = on.to_ascii_lowercase();
            on.starts_with("aws:principal") || on == "who has signed it"
        };
        match &answer {
            Answer::Depends { on, .. }
                if how == Authorization::Iam && on.iter().all(is_of_caller) =>
            {
                None
            }
            _ => Some(answer),
        }
    })
}

/// An API's policy, with how its methods authorize ([`policy::reach`]). The
/// endpoint's has a check of its own.
fn admits(policy: &Policy, asked: &Asked) -> Passes {
    let open = Policy::of_endpoint("");
    passes(policy, asked, |request, how| {
        let reach = policy::reach(&open, policy, how, request);
        (reach.gate != Gate::Method).then_some(reach.answer)
    })
}

fn finding(passes: &Passes, codes: &Codes, whose: &str, remedy: &str) -> Finding {
    let check = codes.denies.check;
    match passes {
        Passes::All => Finding::ok(check, format!("{whose} lets requests through")),
        Passes::Some { yes, left, all } => {
            let found = match (yes, left) {
                (yes, 0) => format!("{whose} lets {yes} of {all} methods through"),
                (0, left) if left == all => {
                    format!("{whose} leaves requests to how the methods authorize")
                }
                (yes, left) => format!(
                    "{whose} lets {yes} of {all} methods through, and leaves {left} to how they authorize"
                ),
            };
            Finding::ok(check, found)
        }
        Passes::None(answer) => {
            let (code, remedy) = if answer.is_denied() {
                let remedy = format!(
                    "no further Allow helps: narrow the statement that denies it; then {remedy}"
                );
                (codes.denies, remedy)
            } else {
                (codes.silent, remedy.to_owned())
            };
            let cause = "requests of the load balancer have no credentials, and come through this endpoint: 403 Access Denied";
            Finding::failed(code, format!("{whose}: {answer}"), cause, remedy)
        }
        Passes::Unclear(answer) => {
            let cause = "whether a request passes is told only by the request itself";
            let remedy = "look at the `request` check; make the statement plainer if that fails";
            Finding::warning(codes.unclear, format!("{whose}: {answer}"), cause, remedy)
        }
    }
}

/// What may be asked of an API through an endpoint: everything, and each method.
async fn invocations(
    scene: &Scene<'_>,
    endpoint: &Actual,
    api: &str,
    stage: &str,
) -> (String, Asked) {
    let arn = format!("{}:{api}", scene.execute_api_arn());
    let through = through(endpoint);
    let every = Request::invoke(&arn, Some(stage), None, None, &through);
    let resources = scene.reads.resources(api).await.unwrap_or_default();
    let each = methods_of(&resources).into_iter().map(|method| {
        let verb = (method.verb != "ANY").then_some(method.verb.as_str());
        let request = Request::invoke(&arn, Some(stage), verb, Some(&method.path), &through);
        let how = Authorization::of(&method.authorization).unwrap_or(Authorization::None);
        (request.for_method(how), how)
    });
    let each = each.collect();
    (arn, Asked { every, each })
}

fn through(endpoint: &Actual) -> Through<'_> {
    Through {
        endpoint: Some(&endpoint.id),
        vpc: &endpoint.vpc,
        from: &[],
    }
}

/// `endpoint-policy`: a finding for each route through an endpoint.
pub async fn of_endpoint(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for way in scene.once_a_route() {
        let Some(endpoint) = scene.endpoint_of(&way.route.behind) else {
            continue;
        };
        let finding = match endpoint {
            Err(error) => Finding::unseen(Check::EndpointPolicy, error),
            Ok(None) => Finding::skipped(Check::EndpointPolicy, "there is no endpoint"),
            Ok(Some(endpoint)) => through_endpoint(scene, way, endpoint).await,
        };
        findings.push(finding.on_route(&way.route.path));
    }
    findings
}

async fn through_endpoint(scene: &Scene<'_>, way: &Way, endpoint: &Actual) -> Finding {
    let asked = match (&way.route.behind, way.api()) {
        (Behind::Site { bucket, index }, _) => reads(scene, endpoint, bucket, index),
        (_, Some((api, stage))) => {
            let (_, asked) = invocations(scene, endpoint, &api, &stage).await;
            asked
        }
        _ => return Finding::skipped(Check::EndpointPolicy, "no API is known for the route"),
    };
    let remedy = "run `hybridgw up`; to the policy of a borrowed endpoint its owner adds what `hybridgw outputs` prints, or `endpoint.manage = true` lets hybridgw do it";
    let policy = Policy::of_endpoint(&endpoint.policy_text);
    let whose = format!("the policy of {}", endpoint.id);
    finding(&filters(&policy, &asked), &OF_ENDPOINT, &whose, remedy)
}

fn reads(scene: &Scene<'_>, endpoint: &Actual, bucket: &str, index: &str) -> Asked {
    let partition = Partition::of(&scene.reads.region).id();
    let through = through(endpoint);
    let every = Request::read(partition, bucket, None, &through);
    let one = Request::read(partition, bucket, Some(index), &through);
    let each = vec![(one, Authorization::None)];
    Asked { every, each }
}

/// `api-policy`: a finding for each API.
pub async fn of_apis(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for way in scene.once_a_route() {
        if way.route.is_api() {
            let judged = of_api(scene, way).await;
            let finding = judged.unwrap_or_else(|error| Finding::unseen(Check::ApiPolicy, &error));
            findings.push(finding.on_route(&way.route.path));
        }
    }
    findings
}

async fn of_api(scene: &Scene<'_>, way: &Way) -> Result<Finding> {
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
    let borrowed = way.route.is_borrowed_api();
    let remedy = if borrowed {
        format!(
            "let the API's team admit {} (`aws:SourceVpce`) in its policy, and deploy the API",
            endpoint.id
        )
    } else {
        UP.to_owned()
    };
    let (arn, asked) = invocations(scene, endpoint, &api, &stage).await;
    let now = admits(&Policy::of_api(text, &arn), &asked);
    let works = |passes: &Passes| matches!(passes, Passes::All | Passes::Some { .. });
    let live = deployed(scene, &api, &stage).await?;
    let live = live.and_then(|live| live.policy);
    let whose = format!("the policy of {api}");
    let Some(live) = live else {
        if text.is_empty() {
            let found = format!("{api} has no policy");
            let cause = "a private API without a policy admits nobody: 403 Access Denied";
            return Ok(Finding::failed(API_POLICY_MISSING, found, cause, remedy));
        }
        let judged = finding(&now, &OF_API, &whose, &remedy);
        if works(&now) && lacks_stage(scene, &api, &stage).await {
            let why = "nothing is deployed: the stage is not there";
            return Ok(Finding::skipped(Check::ApiPolicy, judged.found).because(why));
        }
        return Ok(judged);
    };
    let served = admits(&Policy::of_api(&live, &arn), &asked);
    if works(&now) && matches!(served, Passes::None(_)) {
        let found = format!("{whose} lets requests through, the one that is deployed does not");
        let cause = "a policy counts from the next deployment on: 403 Access Denied until then";
        let remedy = if borrowed {
            "let the API's team deploy it again"
        } else {
            UP
        };
        return Ok(Finding::failed(
            API_POLICY_NOT_DEPLOYED,
            found,
            cause,
            remedy,
        ));
    }
    Ok(finding(
        &served,
        &OF_API,
        &format!("{whose}, as deployed"),
        &remedy,
    ))
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
    let policy = Policy::of_bucket(text.as_deref().unwrap_or_default());
    let asked = reads(scene, endpoint, bucket, index);
    let remedy = "set the route's `manage_policy = true` and run `hybridgw up`, or add the statement that `hybridgw outputs` prints";
    let whose = format!("the policy of the bucket {bucket}");
    Ok(finding(
        &filters(&policy, &asked),
        &OF_BUCKET,
        &whose,
        remedy,
    ))
}
