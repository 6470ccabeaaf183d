//! The APIs that routes borrow.

use aws_sdk_apigateway::types::Resource;
use futures_util::future::join_all;

use super::{
    TO_COME,
    finding::{Finding, Problems, Warning, failed, problem, wrong},
    own_endpoint,
    passage::{Outcome, Passage},
};
use crate::{
    aws::{Partition, read::Reads},
    checks::codes,
    config::{ApiSource, Config, Route},
    policy::{self, Authorization, Gate, Policy, Request, statements},
    resource::Kind,
};

/// Checks every borrowed API. Returns warnings.
pub(super) async fn check(config: &Config, reads: &Reads) -> Finding<Vec<Warning>> {
    let borrowed = config.routes.iter().filter_map(|route| {
        let api = route.api()?;
        match &api.source {
            ApiSource::Borrowed(id) => Some((route, id, &api.stage)),
            ApiSource::OpenApi(_) | ApiSource::Lambda(_) | ApiSource::Placeholder => None,
        }
    });
    let checks = borrowed.map(|(route, id, stage)| check_one(route, id, stage, config, reads));
    let mut problems = Problems::default();
    let mut warnings = Vec::new();
    for finding in join_all(checks).await {
        warnings.extend(problems.take(finding).flatten());
    }
    problems.or(warnings)
}

/// Checks that the API can be reached through an endpoint, at this stage.
async fn check_one(
    route: &Route,
    id: &str,
    stage_name: &str,
    config: &Config,
    reads: &Reads,
) -> Finding<Option<Warning>> {
    let place = format!("route {}", route.path);
    let (api, stage) = tokio::join!(reads.rest_api(id), reads.stage(id, stage_name));
    let (api, stage) = (api.map_err(failed)?, stage.map_err(failed)?);
    let Some(api) = api.as_ref() else {
        return wrong(
            codes::CONFIG_API_MISSING,
            &place,
            format!("the API {id} does not exist in {}", reads.region),
            "check the id, the region and the account",
        );
    };
    let mut problems = Vec::new();
    let types = api
        .endpoint_configuration()
        .map(|one| one.types())
        .unwrap_or_default();
    if !types.iter().any(|kind| kind.as_str() == "PRIVATE") {
        problems.push(problem(
            codes::CONFIG_API_NOT_PRIVATE,
            &place,
            format!("the API {id} is not PRIVATE: an endpoint cannot reach it"),
            "let its team change the endpoint type to PRIVATE",
        ));
    }
    if stage.is_none() {
        problems.push(problem(
            codes::CONFIG_STAGE_MISSING,
            &place,
            format!("the API {id} has no stage {stage_name}"),
            "name a stage that is deployed",
        ));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let policy = api.policy().unwrap_or_default();
    admission(route, id, stage_name, policy, config, reads).await
}

/// A warning if the API's policy does not admit the stack's requests to the
/// stage: that is for the API's team to change.
async fn admission(
    route: &Route,
    id: &str,
    stage: &str,
    policy: &str,
    config: &Config,
    reads: &Reads,
) -> Finding<Option<Warning>> {
    if config.endpoint.foreign && config.endpoint.id.is_none() {
        // Which endpoint it is, nobody here knows.
        let found = format!(
            "route {}: whether the policy of the API {id} admits the endpoint cannot be told without `endpoint.id`",
            route.path
        );
        return Ok(Some(Warning::bare(codes::POLICY_UNCLEAR, found)));
    }
    let endpoint = match &config.endpoint.id {
        Some(borrowed) => Some(borrowed.clone()),
        None => own_endpoint(reads, Kind::VpcEndpoint)
            .await
            .map_err(failed)?
            .map(|found| found.id),
    };
    let account = reads.account().await.map_err(failed)?;
    let partition = Partition::of(&reads.region).id();
    let arn = policy::api_arn(partition, &reads.region, &account, id);
    let passage = Passage::of(config, reads, endpoint).await;
    let through = passage.through();
    let read = |text: &str| Policy::of_api(text, &arn);
    let every = Request::invoke(&arn, Some(stage), None, None, &through);
    if read(policy).judge(&every).is_yes() {
        return Ok(None);
    }
    // What there is beside the policy decides too: the methods that the API has,
    // and how they authorize.
    let resources = reads.resources(id).await.map_err(failed)?;
    let methods = methods(&resources);
    let closed: Vec<(String, Request)> = methods
        .iter()
        .filter_map(|one| {
            let (verb, path) = (one.verb.as_deref(), Some(one.path.as_str()));
            let request = Request::invoke(&arn, Some(stage), verb, path, &through);
            let request = request.for_method(one.authorization);
            let (endpoint, api) = (Policy::of_endpoint(""), read(policy));
            let reach = policy::reach(&endpoint, &api, one.authorization, &request);
            let open = reach.answer.is_yes() || reach.gate == Gate::Method;
            (!open).then(|| (one.name(), request))
        })
        .collect();
    if closed.is_empty() && !methods.is_empty() {
        return Ok(None);
    }
    let what = match closed.as_slice() {
        some if some.len() == methods.len() => String::new(),
        [(one, _)] => format!(" to {one}"),
        [(one, _), rest @ ..] => format!(" to {one} and {} other methods", rest.len()),
        [] => String::new(),
    };
    let mut requests: Vec<Request> = closed.into_iter().map(|(_, request)| request).collect();
    if requests.is_empty() {
        requests.push(every);
    }
    let of = passage.endpoint.as_deref().unwrap_or(TO_COME);
    let statement = statements::invoke_through(of, stage);
    let outcome = Outcome::of(policy, &statement, read, &requests);
    let may = if outcome.now.is_no() { "does" } else { "may" };
    let except = format!("its team has to except requests through {of} from it and deploy again");
    let add = format!("its team has to add this and deploy again: {statement}");
    let found = format!(
        "route {}: the policy of the API {id} {may} not admit this stack's endpoint{what}{}: {}",
        route.path,
        passage.yet(),
        outcome.now,
    );
    let remedy = outcome.remedy(&except, &add);
    Ok(Some(Warning::new(outcome.code(), found, remedy)))
}

/// A method of an API.
struct Method {
    /// None of `ANY`.
    verb: Option<String>,
    path: String,
    authorization: Authorization,
}

impl Method {
    fn name(&self) -> String {
        format!("{} {}", self.verb.as_deref().unwrap_or("ANY"), self.path)
    }
}

fn methods(resources: &[Resource]) -> Vec<Method> {
    let methods = resources.iter().flat_map(|resource| {
        let path = resource.path().unwrap_or_default();
        let methods = resource.resource_methods().into_iter().flatten();
        methods.map(move |(verb, method)| {
            let word = method.authorization_type().unwrap_or_default();
            Method {
                verb: (verb != "ANY").then(|| verb.clone()),
                path: path.to_owned(),
                authorization: Authorization::of(word).unwrap_or(Authorization::None),
            }
        })
    });
    let mut methods: Vec<Method> = methods.collect();
    methods.sort_by_key(Method::name);
    methods
}
