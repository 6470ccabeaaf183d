//! What a document is made of: its families, the words that hybridgw looks for,
//! and what limits it.

use std::collections::BTreeSet;

use serde_json::Value;

/// How one operation alone authorizes.
pub(super) const AUTH: &str = "x-amazon-apigateway-auth";
pub(super) const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
pub(super) const INTEGRATION: &str = "x-amazon-apigateway-integration";
pub(super) const POLICY: &str = "x-amazon-apigateway-policy";
pub(super) const ENDPOINT: &str = "x-amazon-apigateway-endpoint-configuration";
pub(super) const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
pub(super) const PARAMETERS: &str = "parameters";

const METHODS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];

/// What the account, the region and the stage allow a body.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The region of the API.
    pub region: String,
    /// The longest timeout of an integration in milliseconds (quota, 29 s).
    pub integration_timeout_ms: u64,
    /// The most resources of an API (quota, 300).
    pub resources: usize,
    /// The variables that the stage has.
    pub variables: BTreeSet<String>,
}

impl Limits {
    /// What holds in an account whose quotas nobody has raised.
    pub fn of(region: &str) -> Self {
        Self {
            region: region.to_owned(),
            integration_timeout_ms: 29_000,
            resources: 300,
            variables: BTreeSet::new(),
        }
    }
}

/// The two families of bodies, which keep the endpoint in different places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dialect {
    Swagger2,
    OpenApi3,
}

/// Whether a key of a path item is a method that API Gateway has.
pub(super) fn is_method(key: &str) -> bool {
    METHODS.contains(&key) || key == ANY_METHOD
}

/// The method in capitals, as API Gateway reports it.
pub(super) fn verb(key: &str) -> String {
    if key == ANY_METHOD {
        return "ANY".to_owned();
    }
    key.to_ascii_uppercase()
}

/// The operations of a path item, by key.
pub(super) fn operations(item: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    let keys = METHODS.into_iter().chain([ANY_METHOD]);
    keys.filter_map(|key| Some((key, item.get(key)?)))
}

/// Whether a list of requirements names a scheme at all.
pub(super) fn names_a_scheme(security: &Value) -> bool {
    let all = security.as_array().into_iter().flatten();
    let mut all = all.filter_map(Value::as_object);
    all.any(|one| !one.is_empty())
}
