//! What API Gateway makes of the methods of an `OpenAPI` document.
//!
//! API Gateway developer guide, "`OpenAPI` extensions for API Gateway", and
//! the API reference of `Method` and `Integration` for what holds without a word.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    API_KEY, AUTHORIZATION, Beside, Definition, INTEGRATION, URI, Wanted, listed, text_of,
};
use crate::body::Body;
use crate::body::document::{AUTHORIZER, Dialect, INTEGRATION as EXTENSION, operations, verb};

/// Types of authorizers that make a method's type `CUSTOM` (API reference, `Method`).
const LAMBDA_AUTHORIZERS: [&str; 2] = ["token", "request"];

impl Body {
    /// What the methods of the API have to be.
    pub fn definition(&self) -> Definition {
        let mut methods = BTreeMap::new();
        let paths = self.document["paths"].as_object().into_iter().flatten();
        for (path, item) in paths.filter(|(path, _)| path.starts_with('/')) {
            for (key, operation) in operations(item) {
                let verb = verb(key);
                let place = Place {
                    body: self,
                    path,
                    item,
                    operation,
                };
                methods.insert(format!("{verb} {path}"), place.method());
            }
        }
        Definition {
            methods,
            beside: self.beside(),
        }
    }

    fn beside(&self) -> Beside {
        let has = |value: &Value| value.as_object().is_some_and(|all| !all.is_empty());
        let models = match self.dialect {
            Dialect::Swagger2 => &self.document["definitions"],
            Dialect::OpenApi3 => &self.document["components"]["schemas"],
        };
        let schemes = self.schemes().as_object().into_iter().flatten();
        let mut schemes = schemes.map(|(_, scheme)| self.resolved(scheme));
        Beside {
            authorizers: schemes.any(|scheme| has(&scheme[AUTHORIZER])),
            models: has(models),
            validators: has(&self.document["x-amazon-apigateway-request-validators"]),
            gateway_responses: has(&self.document["x-amazon-apigateway-gateway-responses"]),
        }
    }

    fn schemes(&self) -> &Value {
        match self.dialect {
            Dialect::Swagger2 => &self.document["securityDefinitions"],
            Dialect::OpenApi3 => &self.document["components"]["securitySchemes"],
        }
    }

    /// What a `$ref` leads to, or the thing itself.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = value["$ref"].as_str();
        let pointer = target.and_then(|target| target.strip_prefix('#'));
        let found = pointer.and_then(|pointer| self.document.pointer(pointer));
        found.unwrap_or(value)
    }
}

/// An operation and where it stands.
struct Place<'a> {
    body: &'a Body,
    path: &'a str,
    item: &'a Value,
    operation: &'a Value,
}

impl Place<'_> {
    fn method(&self) -> Wanted {
        let mut wanted = Wanted::default();
        self.security(&mut wanted);
        wanted.say("operation name", text(&self.operation["operationId"]));
        // The validator of the document holds for methods that name none.
        let named = |place: &Value| place["x-amazon-apigateway-request-validator"].clone();
        let validator = match named(self.operation) {
            Value::Null => named(&self.body.document),
            own => own,
        };
        wanted.say("request validator", text(&validator));
        self.parameters(&mut wanted);
        self.responses(&mut wanted);
        integration(&self.operation[EXTENSION], &mut wanted);
        wanted
    }

    /// Developer guide, "x-amazon-apigateway-auth", "-authtype", "-authorizer",
    /// and "Set up API keys using `OpenAPI`". What the document asks for stands in
    /// each operation by now.
    fn security(&self, wanted: &mut Wanted) {
        let mut kind = "NONE".to_owned();
        let schemes = self.body.schemes();
        let asked = self.operation["security"].as_array().into_iter().flatten();
        let mut found = 0;
        for (name, scopes) in asked.filter_map(Value::as_object).flatten() {
            let scheme = self.body.resolved(&schemes[name.as_str()]);
            let authorizer = &scheme[AUTHORIZER];
            let of_kind = text(&authorizer["type"]).to_ascii_lowercase();
            if authorizer.is_object() {
                found += 1;
                wanted.say("authorizer", name.clone());
                wanted.say("scopes", set_of(scopes));
                kind = match of_kind.as_str() {
                    "cognito_user_pools" => "COGNITO_USER_POOLS".to_owned(),
                    lambda if LAMBDA_AUTHORIZERS.contains(&lambda) => "CUSTOM".to_owned(),
                    // A kind of which this program knows nothing.
                    _ => {
                        wanted.leave_open(AUTHORIZATION);
                        of_kind.to_ascii_uppercase()
                    }
                };
            } else if scheme["x-amazon-apigateway-authtype"] == "awsSigv4" {
                found += 1;
                "AWS_IAM".clone_into(&mut kind);
            } else if text(&scheme["name"]).eq_ignore_ascii_case("x-api-key") {
                wanted.say(API_KEY, "required");
            }
        }
        let words = text(&self.operation["x-amazon-apigateway-auth"]["type"]);
        if !words.is_empty() {
            kind = words.to_ascii_uppercase();
        }
        if found > 1 || (found > 0 && !words.is_empty()) {
            // Which of several API Gateway takes is not documented.
            for aspect in [AUTHORIZATION, "authorizer", "scopes"] {
                wanted.leave_open(aspect);
            }
        }
        wanted.guarded = found > 0 && !words.eq_ignore_ascii_case("NONE");
        wanted.say(AUTHORIZATION, kind);
    }

    /// Parameters of the path and of the operation, which wins.
    fn parameters(&self, wanted: &mut Wanted) {
        let mut parameters = BTreeMap::new();
        let mut models = BTreeMap::new();
        // API Gateway declares the variable that ends a path by itself (seen in
        // AWS's answers that LocalStack's tests record).
        let last = self.path.rsplit('/').next().unwrap_or_default();
        if let Some(name) = last
            .strip_prefix('{')
            .and_then(|last| last.strip_suffix('}'))
            && !name.ends_with('+')
        {
            parameters.insert(format!("method.request.path.{name}"), "true".to_owned());
        }
        let lists = [&self.item["parameters"], &self.operation["parameters"]];
        for one in lists.into_iter().filter_map(Value::as_array).flatten() {
            let one = self.body.resolved(one);
            let place = match text(&one["in"]).as_str() {
                "query" => "querystring",
                "header" => "header",
                "path" => "path",
                "body" => {
                    model("application/json", &one["schema"], &mut models, wanted);
                    continue;
                }
                _ => continue,
            };
            let name = format!("method.request.{place}.{}", text(&one["name"]));
            let required = one["required"].as_bool().unwrap_or(false);
            parameters.insert(name, required.to_string());
        }
        let content = &self.body.resolved(&self.operation["requestBody"])["content"];
        for (kind, media) in content.as_object().into_iter().flatten() {
            model(kind, &media["schema"], &mut models, wanted);
        }
        let has_body = self
            .operation
            .get("consumes")
            .or(self.body.document.get("consumes"));
        if has_body.is_some() && !models.is_empty() {
            // Swagger's `consumes` names the types of the body.
            wanted.leave_open("request models");
        }
        wanted.say("request parameters", pairs(&parameters));
        wanted.say("request models", pairs(&models));
    }

    fn responses(&self, wanted: &mut Wanted) {
        let responses = self.operation["responses"].as_object();
        for (status, response) in responses.into_iter().flatten() {
            let aspect = format!("response {status}");
            if status.bytes().any(|byte| !byte.is_ascii_digit()) {
                continue;
            }
            let response = self.body.resolved(response);
            let headers = response["headers"].as_object().into_iter().flatten();
            let headers =
                headers.map(|(name, _)| (format!("method.response.header.{name}"), json!(false)));
            let mut members = Map::new();
            members.insert(
                "parameters".to_owned(),
                headers.collect::<Map<_, _>>().into(),
            );
            match self.response_models(response) {
                Some(models) => {
                    members.insert("models".to_owned(), models);
                }
                None => wanted.leave_open(aspect.clone()),
            }
            wanted.say(aspect, text_of(&members.into()));
        }
    }

    /// None: one of them has no name.
    fn response_models(&self, response: &Value) -> Option<Value> {
        let mut models = Map::new();
        let content = response["content"].as_object().into_iter().flatten();
        let mut schemas: Vec<(&str, &Value)> = content
            .map(|(kind, media)| (kind.as_str(), &media["schema"]))
            .collect();
        if let Some(schema) = response.get("schema") {
            let produces = self.operation.get("produces");
            if produces.or(self.body.document.get("produces")).is_some() {
                return None;
            }
            schemas.push(("application/json", schema));
        }
        for (kind, schema) in schemas {
            let name = schema["$ref"].as_str()?.rsplit('/').next()?;
            models.insert(kind.to_owned(), name.into());
        }
        Some(models.into())
    }
}

/// The model that a schema names. One without a name gets one of API
/// Gateway's, which cannot be told.
fn model(kind: &str, schema: &Value, models: &mut BTreeMap<String, String>, wanted: &mut Wanted) {
    match schema["$ref"]
        .as_str()
        .and_then(|target| target.rsplit('/').next())
    {
        Some(name) => {
            models.insert(kind.to_owned(), name.to_owned());
        }
        None if schema.is_object() => wanted.leave_open("request models"),
        None => {}
    }
}

/// Developer guide, "x-amazon-apigateway-integration".
fn integration(given: &Value, wanted: &mut Wanted) {
    let kind = text(&given["type"]).to_ascii_uppercase();
    let is_mock = kind == "MOCK";
    wanted.say(INTEGRATION, kind);
    // AWS drops both of a mock (recorded answers).
    if !is_mock {
        wanted.say(URI, text(&given["uri"]));
        wanted.say(
            "integration method",
            text(&given["httpMethod"]).to_ascii_uppercase(),
        );
    } else if given.get("httpMethod").is_some() || given.get("uri").is_some() {
        wanted.leave_open(URI);
        wanted.leave_open("integration method");
    }
    wanted.say("credentials", text(&given["credentials"]));
    wanted.say(
        "connection",
        connection(
            &text(&given["connectionType"]),
            &text(&given["connectionId"]),
        ),
    );
    wanted.say("timeout", unless(&text(&given["timeoutInMillis"]), "29000"));
    let passthrough = text(&given["passthroughBehavior"]).to_ascii_uppercase();
    wanted.say("passthrough", unless(&passthrough, "WHEN_NO_MATCH"));
    wanted.say(
        "integration parameters",
        object(&given["requestParameters"]),
    );
    wanted.say("templates", object(&given["requestTemplates"]));
    wanted.say(
        "content handling",
        text(&given["contentHandling"]).to_ascii_uppercase(),
    );
    wanted.say("cache namespace", text(&given["cacheNamespace"]));
    wanted.say("cache keys", set_of(&given["cacheKeyParameters"]));
    let unverified = given["tlsConfig"]["insecureSkipVerification"] == true;
    wanted.say("TLS", if unverified { "not verified" } else { "" });
    let mode = text(&given["responseTransferMode"]).to_ascii_uppercase();
    wanted.say("transfer mode", unless(&mode, "BUFFERED"));
    wanted.say("integration target", text(&given["integrationTarget"]));
    let mut responses: BTreeMap<String, Value> = BTreeMap::new();
    for (pattern, response) in given["responses"].as_object().into_iter().flatten() {
        let aspect = format!("integration response {}", text(&response["statusCode"]));
        let pattern = if pattern == "default" { "" } else { pattern };
        let tree = json!({
            "pattern": pattern,
            "parameters": response["responseParameters"],
            "templates": response["responseTemplates"],
            "content handling": text(&response["contentHandling"]).to_ascii_uppercase(),
        });
        if responses.insert(aspect.clone(), tree).is_some() {
            // Two patterns of one status: which stays is not documented.
            wanted.leave_open(aspect);
        }
    }
    for (aspect, tree) in responses {
        wanted.say(aspect, text_of(&tree));
    }
}

/// `INTERNET` is what holds without a word (API reference, `Integration`).
pub(crate) fn connection(kind: &str, id: &str) -> String {
    let kind = unless(&kind.to_ascii_uppercase(), "INTERNET");
    format!("{kind} {id}").trim().to_owned()
}

/// The text, unless it is the one that holds without a word.
pub(crate) fn unless(text: &str, default: &str) -> String {
    if text == default {
        String::new()
    } else {
        text.to_owned()
    }
}

/// A scalar as API Gateway keeps it: as text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        _ => String::new(),
    }
}

/// An object, unless nothing is in it.
fn object(value: &Value) -> String {
    match value {
        Value::Object(_) => unless(&text_of(value), "{}"),
        _ => String::new(),
    }
}

fn set_of(value: &Value) -> String {
    let items = value.as_array().into_iter().flatten();
    let mut items: Vec<String> = items.map(text).collect();
    items.sort();
    items.join(", ")
}

fn pairs(map: &BTreeMap<String, String>) -> String {
    listed(map.iter().map(|(key, value)| (key, value.clone())))
}
