//! A small client for tests of the REST services.

use serde_json::Value;

use super::codec::read;
use super::conditions::Conditions;
use super::testing::{ACCOUNT, REGION, signed};
use super::world::Ctx;
use super::{Outcome, Request, Response, Simulator};

/// Sends a request and returns the response.
///
/// # Panics
///
/// When a fault rule drops it.
pub async fn send(simulator: &Simulator, request: Request) -> Response {
    match simulator.handle(request).await {
        Outcome::Reply(response) => response,
        Outcome::Dropped => panic!("dropped"),
    }
}

/// Sends a REST-JSON request, and returns the status and the answer, or the error's code and message.
pub async fn json_call(
    simulator: &Simulator,
    service: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<(u16, Value), (String, String)> {
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let response = send(simulator, signed(service, method, path, &text)).await;
    let tree = serde_json::from_slice(&response.body).unwrap_or_default();
    if response.status < 300 {
        return Ok((response.status, tree));
    }
    let code = header(&response, "x-amzn-errortype").unwrap_or_default();
    let text = tree["message"].as_str().or(tree["Message"].as_str());
    Err((code, text.unwrap_or_default().to_owned()))
}

/// Sends an XML request, and returns the status and the members of the answer, or the error's code and message.
pub async fn xml_call(
    simulator: &Simulator,
    service: &str,
    method: &str,
    path: &str,
    body: &str,
) -> Result<(u16, Value), (String, String)> {
    let response = send(simulator, signed(service, method, path, body)).await;
    let tree = read(&String::from_utf8_lossy(&response.body)).unwrap_or_default();
    if response.status < 300 {
        return Ok((response.status, tree));
    }
    let error = if tree.get("Error").is_some() {
        &tree["Error"]
    } else {
        &tree
    };
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    Err((text("Code"), text("Message")))
}

/// Returns a header of a response.
pub fn header(response: &Response, name: &str) -> Option<String> {
    let found = response.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.clone())
}

/// Lends the region of tests, to furnish it or to ask it.
///
/// # Panics
///
/// When the world cannot be saved.
pub fn here<T>(simulator: &Simulator, ask: impl FnOnce(&mut Ctx<'_>) -> T) -> T {
    let asked = simulator.edit(|world, conditions: &Conditions| {
        ask(&mut world.context(ACCOUNT, REGION, conditions))
    });
    asked.unwrap()
}
