//! From the endpoint for execute-api to what answers a method.

use serde_json::Value;

use super::answer::{Answer, Hop, Kind, Seen};
use super::entrance::Entrance;
use super::passed::{Passed, Stop, bare, through};
use super::policy::{Question, Verdict, judge};
use crate::apigateway::{
    Integration, Mapped, Method, Operations, Parts, Snapshot, deployed, mapping_for,
};
use crate::lambda;
use crate::world::Ctx;

const INVOKE: &str = "execute-api:Invoke";

/// Follows a request that came to the endpoint.
pub fn answer(ctx: &Ctx<'_>, entrance: &Entrance<'_>, passed: &Passed<'_>) -> Result<Answer, Stop> {
    let (path, query) = passed.path();
    // API Gateway developer guide, "Important notes": reserved for service
    // health; neither policy has a say (assumption, as in the health checks).
    if matches!(path, "/ping" | "/sping") {
        let why = format!("API Gateway itself answers {path}");
        return Ok(through(200, why, passed.seen(Kind::Api)));
    }
    let mapped = mapped(ctx, entrance, passed, path)?;
    let arn = resource(ctx, passed, &mapped, &mapped.rest);
    endpoint_policy(entrance, &arn)?;
    let snapshot = staged(ctx, &mapped)?;
    let silent = api_policy(entrance, snapshot, &arn)?;
    let (resource_path, method) = method(passed, snapshot, &mapped, silent)?;
    let (status, why) = integrated(ctx, passed, &mapped, resource_path, method)?;
    let seen = Seen {
        api: Some(mapped.api),
        stage: Some(mapped.stage),
        path: format!("{}{query}", mapped.rest),
        ..passed.seen(Kind::Api)
    };
    Ok(through(status, why, seen))
}

fn forbidden(why: impl Into<String>) -> Stop {
    Stop::at(Hop::Mapping, 403, why)
}

/// Which API and stage a request means.
///
/// API Gateway developer guide, "Invoke a private API": by the header
/// `x-apigw-api-id`, or by the API's own host name, with the endpoint's id in it
/// or without; the stage is in the path then. Else the host is a custom domain
/// name. That the header comes first is an assumption.
fn mapped(
    ctx: &Ctx<'_>,
    entrance: &Entrance<'_>,
    passed: &Passed<'_>,
    path: &str,
) -> Result<Mapped, Stop> {
    let host = bare(&passed.host);
    let header = passed.ask.header("x-apigw-api-id").map(str::to_owned);
    let named = match header {
        Some(api) => Some(api),
        None => own_name(entrance, &host)?,
    };
    let Some(api) = named else {
        return by_domain(ctx, &host, path);
    };
    if !ctx.here.apigateway.apis.contains_key(&api) {
        return Err(forbidden(format!("there is no API {api}")));
    }
    let inside = path.trim_start_matches('/');
    let (stage, rest) = inside.split_once('/').unwrap_or((inside, ""));
    let mapped = Mapped {
        api,
        stage: stage.to_owned(),
        rest: format!("/{rest}"),
    };
    // API Gateway developer guide, "Disable the default endpoint": 403 once that is deployed.
    let off = deployed(ctx, &mapped.api, stage)
        .is_some_and(|snapshot| snapshot.content.default_endpoint_off);
    if off {
        return Err(forbidden(format!(
            "the default endpoint of the API {} is off",
            mapped.api
        )));
    }
    Ok(mapped)
}

/// The API of `{api}.execute-api.…` and `{api}-{vpce}.execute-api.…`.
fn own_name(entrance: &Entrance<'_>, host: &str) -> Result<Option<String>, Stop> {
    let Some((label, _)) = host.split_once(".execute-api.") else {
        return Ok(None);
    };
    if label.starts_with("vpce-") {
        return Err(forbidden("the endpoint's own name names no API"));
    }
    match label.split_once("-vpce-") {
        Some((_, other)) if format!("vpce-{other}") != entrance.id => Err(forbidden(format!(
            "the host names another endpoint than {}",
            entrance.id
        ))),
        Some((api, _)) => Ok(Some(api.to_owned())),
        None => Ok(Some(label.to_owned())),
    }
}

/// API Gateway developer guide, "Security policies": endpoint access mode STRICT
/// wants the host in SNI too, which load balancers do not send (research; DESIGN §9).
fn by_domain(ctx: &Ctx<'_>, host: &str, path: &str) -> Result<Mapped, Stop> {
    let domain = ctx.here.apigateway.domains.get(host);
    let strict = domain.is_some_and(|one| {
        one.settings
            .get("endpointAccessMode")
            .and_then(Value::as_str)
            == Some("STRICT")
    });
    if strict {
        return Err(forbidden(format!(
            "{host} has the endpoint access mode STRICT, and the load balancer sends no SNI"
        )));
    }
    mapping_for(ctx, host, path)
        .ok_or_else(|| forbidden(format!("no base path mapping of {host} takes {path}")))
}

/// The ARN that policies are asked about (API Gateway developer guide, "Control access for invoking an API").
fn resource(ctx: &Ctx<'_>, passed: &Passed<'_>, mapped: &Mapped, path: &str) -> String {
    let Mapped { api, stage, .. } = mapped;
    ctx.arn(
        "execute-api",
        &format!("{api}/{stage}/{}{path}", passed.ask.method),
    )
}

fn judged(entrance: &Entrance<'_>, policy: &str, arn: &str) -> Verdict {
    let question = Question {
        action: INVOKE,
        resource: arn,
        keys: &entrance.keys(),
    };
    judge(policy, &question)
}

/// API Gateway developer guide, "Use VPC endpoint policies for private APIs": callers without signatures are anonymous.
fn endpoint_policy(entrance: &Entrance<'_>, arn: &str) -> Result<(), Stop> {
    match judged(entrance, &entrance.endpoint.policy, arn) {
        Verdict::Allowed => Ok(()),
        verdict => {
            let text = format!(
                "{INVOKE} on {arn}: the policy of the endpoint {} {}",
                entrance.id,
                verdict.words()
            );
            Err(Stop::at(Hop::EndpointPolicy, 403, text))
        }
    }
}

/// Without the stage, and for an API that is not private, API Gateway says 403 "Forbidden".
fn staged<'a>(ctx: &'a Ctx<'_>, mapped: &Mapped) -> Result<&'a Snapshot, Stop> {
    let Mapped { api, stage, .. } = mapped;
    let snapshot = deployed(ctx, api, stage).ok_or_else(|| {
        let text = format!("the API {api} has no stage \"{stage}\"");
        Stop::at(Hop::Stage, 403, text)
    })?;
    // API Gateway developer guide, "Private REST APIs": public APIs are not reached through an endpoint.
    if snapshot.content.kind != "PRIVATE" {
        return Err(forbidden(format!("the API {api} is not private")));
    }
    Ok(snapshot)
}

/// What the API's policy refuses. A policy that is silent leaves it to the method:
/// its refusal is returned. Nobody reaches a private API without a policy.
fn api_policy(
    entrance: &Entrance<'_>,
    snapshot: &Snapshot,
    arn: &str,
) -> Result<Option<Stop>, Stop> {
    let policy = snapshot.content.policy.as_deref().unwrap_or_default();
    let verdict = judged(entrance, policy, arn);
    let refused = || {
        let text = format!(
            "{INVOKE} on {arn}: the API's policy as deployed {}",
            verdict.words()
        );
        Stop::at(Hop::ApiPolicy, 403, text)
    };
    match verdict {
        Verdict::Allowed => Ok(None),
        Verdict::Silent if !policy.is_empty() => Ok(Some(refused())),
        Verdict::Silent | Verdict::Denied => Err(refused()),
    }
}

/// Whether a method's authorisation makes good what the API's policy does not say
/// (API Gateway developer guide, "How API Gateway resource policies affect
/// authorization workflow": an authorizer's or IAM's Allow does, within one account;
/// without authorisation and with Cognito the policy has to allow. JWT as Cognito is
/// an assumption).
fn makes_good(method: &Method) -> bool {
    matches!(method.authorization.as_str(), "AWS_IAM" | "CUSTOM")
}

/// The method that takes a request, with its resource's path, when the caller may call it.
fn method<'a>(
    passed: &Passed<'_>,
    snapshot: &'a Snapshot,
    mapped: &Mapped,
    silent: Option<Stop>,
) -> Result<(&'a str, &'a Method), Stop> {
    let verb = &passed.ask.method;
    // API Gateway developer guide, "Gateway response types": MISSING_AUTHENTICATION_TOKEN
    // is also for methods and resources that are not there.
    let missing = || {
        let text = format!(
            "Missing Authentication Token: no method takes {verb} {}",
            mapped.rest
        );
        Stop::at(Hop::Method, 403, text)
    };
    let found = resource_of(&snapshot.operations, &mapped.rest);
    let found = found.and_then(|(path, methods)| {
        let method = methods.get(verb).or_else(|| methods.get("ANY"))?;
        Some((path, method))
    });
    let open = found.is_some_and(|(_, method)| makes_good(method));
    if let Some(refused) = silent.filter(|_| !open) {
        return Err(refused);
    }
    let (path, method) = found.ok_or_else(missing)?;
    authorized(passed, &snapshot.parts, method)?;
    Ok((path, method))
}

/// API Gateway developer guide, "Gateway response types": what a request lacks
/// that has no signature or no token. What is there counts as right, but for
/// API keys: none is valid without a usage plan, and those are not simulated.
fn authorized(passed: &Passed<'_>, parts: &Parts, method: &Method) -> Result<(), Stop> {
    let has = |name: &str| passed.ask.header(name).is_some();
    let lacks = |status: u16, text: &str| Err(Stop::at(Hop::Method, status, text));
    match method.authorization.as_str() {
        "AWS_IAM" if !has("authorization") => lacks(
            403,
            "Missing Authentication Token: the method wants a signature",
        ),
        "CUSTOM" | "COGNITO_USER_POOLS" | "JWT"
            if !sources(parts, method)
                .iter()
                .all(|source| given(passed, source)) =>
        {
            lacks(401, "Unauthorized: the method wants a token")
        }
        _ if method.api_key_required => lacks(403, "Forbidden: the method wants an API key"),
        _ => Ok(()),
    }
}

/// Where a method's authorizer looks; the header `Authorization` unless it says so.
fn sources(parts: &Parts, method: &Method) -> Vec<String> {
    let id = method.settings.get("authorizerId").and_then(Value::as_str);
    let authorizer = id.and_then(|id| parts.authorizers.get(id));
    let source = authorizer.and_then(|one| one.get("identitySource")?.as_str());
    let source = source.filter(|source| !source.is_empty());
    let all = source
        .unwrap_or("method.request.header.Authorization")
        .split(',');
    all.map(|one| one.trim().to_owned()).collect()
}

/// Whether a request has what an identity source names; sources that are no part of it (`context.…`) are always there.
fn given(passed: &Passed<'_>, source: &str) -> bool {
    let Some(rest) = source.strip_prefix("method.request.") else {
        return true;
    };
    match rest.split_once('.') {
        Some((place, name)) if place.ends_with("header") => passed.ask.header(name).is_some(),
        Some((place, name)) if place.ends_with("querystring") => {
            let query = passed.path().1.trim_start_matches('?');
            let mut names = query
                .split('&')
                .map(|pair| pair.split('=').next().unwrap_or(pair));
            names.any(|one| one == name)
        }
        _ => true,
    }
}

type Methods = std::collections::BTreeMap<String, Method>;

/// The resource that fits a path best: its parts, from the left, are literal rather than `{one}` rather than `{all+}`.
///
/// API Gateway developer guide, "Set up a proxy integration with a proxy
/// resource". That a final slash does not count, and that another resource does
/// not take over when the best one lacks the verb, are assumptions.
fn resource_of<'a>(operations: &'a Operations, path: &str) -> Option<(&'a str, &'a Methods)> {
    let ranked = operations.iter().filter_map(|(resource, methods)| {
        Some((rank(resource, path)?, resource.as_str(), methods))
    });
    let best = ranked.min_by(|(one, ..), (other, ..)| one.cmp(other));
    best.map(|(_, resource, methods)| (resource, methods))
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

/// How well a resource fits: a number for each of its parts, lower is better; none when it does not.
fn rank(resource: &str, path: &str) -> Option<Vec<u8>> {
    let path = parts(path);
    let (mut rank, wanted) = (Vec::new(), parts(resource));
    for (place, part) in wanted.iter().enumerate() {
        let found = path.get(place)?;
        if part.ends_with("+}") {
            rank.push(2);
            return Some(rank);
        }
        let variable = part.starts_with('{') && part.ends_with('}');
        if !variable && part != found {
            return None;
        }
        rank.push(u8::from(variable));
    }
    (wanted.len() == path.len()).then_some(rank)
}

/// What answers the method: its status, and words about it.
fn integrated(
    ctx: &Ctx<'_>,
    passed: &Passed<'_>,
    mapped: &Mapped,
    resource_path: &str,
    method: &Method,
) -> Result<(u16, String), Stop> {
    let default = Integration::default();
    let integration = method.integration.as_ref().unwrap_or(&default);
    if integration.kind == "MOCK" {
        return Ok((mocked(integration), "a mock integration answers".to_owned()));
    }
    let backend = with_variables(ctx, mapped, integration)?;
    let Some(function) = function_of(&backend) else {
        return Ok((200, format!("API Gateway calls {backend}")));
    };
    // API Gateway developer guide, "Set up Lambda integrations": functions are
    // invoked by POST; another verb ends in an "Internal server error".
    let verb = integration.http_method.as_deref().unwrap_or_default();
    if verb != "POST" {
        let text = format!(
            "Internal server error: the integration invokes {function} by {verb}, and Lambda takes POST only"
        );
        return Err(Stop::at(Hop::Method, 500, text));
    }
    // API Gateway API reference, `PutIntegration`: with credentials, their role counts instead.
    let by_role = integration.settings.contains_key("credentials");
    // API Gateway developer guide, "Lambda resource policies": the verb that was
    // used, and the resource's path with its variables as `*`.
    let variables = parts(resource_path)
        .into_iter()
        .map(|part| if part.starts_with('{') { "*" } else { part });
    let pattern = format!("/{}", variables.collect::<Vec<_>>().join("/"));
    let source = resource(ctx, passed, mapped, &pattern);
    let principal = "apigateway.amazonaws.com";
    if !by_role && !lambda::permits(ctx, &function, principal, &source) {
        let text = format!("{function} does not let {principal} invoke it for {source}");
        return Err(Stop::at(Hop::Permission, 500, text));
    }
    Ok((200, format!("API Gateway invokes {function}")))
}

/// API Gateway developer guide, "Mock integrations": the request template says the status.
fn mocked(integration: &Integration) -> u16 {
    let template = integration.settings.get("requestTemplates");
    let template = template.and_then(|all| all["application/json"].as_str());
    let tree: Option<Value> = template.and_then(|text| serde_json::from_str(text).ok());
    let status = tree.and_then(|tree| tree["statusCode"].as_u64());
    status
        .and_then(|status| u16::try_from(status).ok())
        .unwrap_or(200)
}

/// An integration's URI with the stage's variables in their places.
///
/// API Gateway developer guide, "Stage variables". That one which the stage
/// lacks ends in a 500 is the observation; the words are an assumption.
fn with_variables(
    ctx: &Ctx<'_>,
    mapped: &Mapped,
    integration: &Integration,
) -> Result<String, Stop> {
    let mut uri = integration
        .uri
        .clone()
        .unwrap_or_else(|| "the backend".to_owned());
    let api = ctx.here.apigateway.apis.get(&mapped.api);
    let stage = api.and_then(|api| api.stages.get(&mapped.stage));
    for (name, value) in stage.into_iter().flat_map(|stage| &stage.variables) {
        uri = uri.replace(&format!("${{stageVariables.{name}}}"), value);
    }
    if let Some((_, rest)) = uri.split_once("${stageVariables.") {
        let name = rest.split('}').next().unwrap_or(rest);
        let text = format!(
            "Internal server error: the stage {} has no variable {name}",
            mapped.stage
        );
        return Err(Stop::at(Hop::Method, 500, text));
    }
    Ok(uri)
}

/// The function of `…:lambda:path/2015-03-31/functions/{arn}/invocations`, or of the version for streams (developer guide, "Response transfer mode").
fn function_of(uri: &str) -> Option<String> {
    let (_, after) = uri.split_once(":lambda:path/")?;
    let (_, arn) = after.split_once("/functions/")?;
    let arn = arn.trim_end_matches("/response-streaming-invocations");
    Some(arn.trim_end_matches("/invocations").to_owned())
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn literal_parts_come_before_variables() {
        let all = [
            "/",
            "/orders",
            "/orders/{id}",
            "/orders/new",
            "/{proxy+}",
            "/orders/{rest+}",
        ];
        for (path, best) in [
            ("/", Some("/")),
            ("/orders/", Some("/orders")),
            ("/orders/new", Some("/orders/new")),
            ("/orders/42", Some("/orders/{id}")),
            ("/orders/42/items", Some("/orders/{rest+}")),
            ("/other/42", Some("/{proxy+}")),
        ] {
            let ranked = all.iter().filter_map(|one| Some((rank(one, path)?, *one)));
            assert_eq!(ranked.min().map(|(_, one)| one), best, "{path}");
        }
        assert_eq!(rank("/orders/{id}", "/orders"), None);
        assert_eq!(rank("/{proxy+}", "/"), None);
    }
}
