//! `request`: a GET to each host and route, from where the command runs.

use super::{
    hops::api::{Method, methods_of},
    network::{Answer, Network},
    path::Reached,
    scene::{Behind, Scene, Way},
};
use crate::checks::{
    Check, Code, Finding,
    codes::{
        REQUEST_ACCESS_DENIED, REQUEST_APPLICATION, REQUEST_BAD_GATEWAY, REQUEST_BAD_SIGNATURE,
        REQUEST_FORBIDDEN, REQUEST_MISSING_TOKEN, REQUEST_NO_ANSWER, REQUEST_NOT_FOUND,
        REQUEST_REFUSED, REQUEST_SERVER_ERROR, REQUEST_TIMED_OUT, REQUEST_UNAVAILABLE,
    },
};

/// What is asked for on a route.
#[derive(Clone, Debug)]
struct Probe {
    path: String,
    /// Whether a plain request may call what is there; none: nothing takes a GET.
    open: Option<bool>,
}

/// A finding, and the status that it rests on.
pub async fn check(
    network: &Network,
    scene: &Scene<'_>,
    reached: &Reached,
    way: &Way,
) -> (Finding, Option<u16>) {
    let Some(address) = reached.open() else {
        let why = format!("no connection {}", network.words());
        return (
            Finding::skipped(Check::Request, why).because("see tcp"),
            None,
        );
    };
    let probe = probe(scene, way).await;
    let mut answer = network.get(&way.host, address, &probe.path).await;
    let mut again = "";
    if !matches!(&answer, Ok(answer) if answer.status < 500) {
        // A second one, which may meet another target.
        let second = network.get(&way.host, address, &probe.path).await;
        if matches!(&second, Ok(second) if second.status < 500) {
            again = ", at the second attempt";
        }
        answer = second;
    }
    match answer {
        Err(why) => {
            let found = format!("GET {}: {why}", probe.path);
            let cause = "the load balancer closed the connection, or nothing answered";
            let remedy = "look at the other checks; ask again with -vv";
            (
                Finding::failed(REQUEST_NO_ANSWER, found, cause, remedy),
                Some(0),
            )
        }
        Ok(answer) => {
            let status = answer.status;
            (judged(&probe, way, &answer, again), Some(status))
        }
    }
}

async fn probe(scene: &Scene<'_>, way: &Way) -> Probe {
    let base = way.route.path.trim_end_matches('/');
    let plain = Probe {
        path: way.route.probe(),
        open: Some(true),
    };
    let (true, Some((api, _))) = (way.route.is_api(), way.api()) else {
        return plain;
    };
    let Ok(resources) = scene.reads.resources(&api).await else {
        return plain;
    };
    let mut all = methods_of(&resources);
    all.retain(|one| matches!(one.verb.as_str(), "GET" | "ANY"));
    // What anybody may call, with the fewest variables, the shortest.
    let rank = |one: &Method| {
        (
            !one.is_open(),
            one.path.matches('{').count(),
            one.path.len(),
        )
    };
    all.sort_by_key(rank);
    let Some(best) = all.first() else {
        return Probe {
            open: None,
            ..plain
        };
    };
    let parts = best.path.split('/').map(|part| {
        if part.starts_with('{') {
            "hybridgw-verify"
        } else {
            part
        }
    });
    let path = format!("{base}{}", parts.collect::<Vec<_>>().join("/"));
    Probe {
        path: if path.is_empty() {
            "/".to_owned()
        } else {
            path
        },
        open: Some(best.is_open()),
    }
}

fn judged(probe: &Probe, way: &Way, answer: &Answer, again: &str) -> Finding {
    let kind = answer
        .error
        .as_ref()
        .map_or(String::new(), |kind| format!(" {kind}"));
    let words = if answer.words.is_empty() || answer.is_application {
        String::new()
    } else {
        format!(": {}", answer.words)
    };
    let found = format!("GET {} answered {}{kind}{again}", probe.path, answer.status);
    let told = format!("{found}{words}");
    let failed =
        |code: Code, cause: &str, remedy: &str| Finding::failed(code, told.clone(), cause, remedy);
    let error = answer.error.as_deref().unwrap_or_default();
    let is_api = way.route.is_api();
    match answer.status {
        0..400 => Finding::ok(Check::Request, found),
        401 | 403 if is_api && probe.open == Some(false) => Finding::ok(
            Check::Request,
            format!("{found}: the method wants credentials, which verify has none of"),
        ),
        403 if is_api
            && probe.open.is_none()
            && error.starts_with("MissingAuthenticationToken") =>
        {
            Finding::ok(
                Check::Request,
                format!("{found}: the API has no method for GET, and is reached"),
            )
        }
        500.. if answer.is_application => Finding::warning(
            REQUEST_APPLICATION,
            found,
            "the application itself answers with an error",
            "look at the application's logs",
        ),
        400..500 if answer.is_application || matches!(&way.route.behind, Behind::Function(_)) => {
            Finding::ok(Check::Request, format!("{found}, by the application"))
        }
        403 if error.starts_with("AccessDenied") => failed(
            REQUEST_ACCESS_DENIED,
            "a policy refuses it: the endpoint's, the API's as deployed, or the bucket's; a policy that was changed counts only once the API is deployed again",
            "look at endpoint-policy, api-policy and bucket-policy; `hybridgw up` sets the stack's own right and deploys",
        ),
        403 if error.starts_with("MissingAuthenticationToken") => failed(
            REQUEST_MISSING_TOKEN,
            "API Gateway has no method for the path and the verb as deployed; the stage's name in the path does it, too",
            "look at method; deploy the API again with `hybridgw up`",
        ),
        403 if error.contains("Signature") => failed(
            REQUEST_BAD_SIGNATURE,
            "the endpoint's policy makes API Gateway read the Authorization header as a signature",
            "leave the header out, or let the endpoint's policy admit everybody to the API",
        ),
        403 => failed(
            REQUEST_FORBIDDEN,
            "API Gateway finds no API for the host and the path through this endpoint: no domain, no mapping, no stage, or an API that is not private; a firewall (WAF) or a missing API key says the same",
            "look at mapping and stage; `hybridgw up` sets them right",
        ),
        404 => failed(
            REQUEST_NOT_FOUND,
            "no rule of the listener takes the host and the path, or S3 has no such bucket or object",
            "look at rule, mapping and method; `hybridgw up` sets the rules right",
        ),
        502 => failed(
            REQUEST_BAD_GATEWAY,
            "the load balancer may not invoke the function, or its answer makes no sense; or the target closed the connection",
            "look at permission and target-group; then at the function's logs",
        ),
        503 => failed(
            REQUEST_UNAVAILABLE,
            "the target group has no target in use",
            "look at target-group; `hybridgw up` registers the addresses",
        ),
        504 => failed(
            REQUEST_TIMED_OUT,
            "the target did not take the connection, or did not answer in time: a stale address, a closed security group, or an integration that takes longer than API Gateway waits (29 s)",
            "look at target-group, security-group and endpoint; then at the application",
        ),
        500.. => failed(
            REQUEST_SERVER_ERROR,
            "API Gateway could not call what is behind the method: a function that it may not invoke, or whose answer makes no sense",
            "look at permission; then at the function's logs",
        ),
        _ => failed(
            REQUEST_REFUSED,
            "something on the way does not take the request",
            "look at the words of the answer",
        ),
    }
}
