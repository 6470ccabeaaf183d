//! `OpenAPI` bodies, as far as API Gateway looks into them.
//!
//! API Gateway developer guide, "`OpenAPI` extensions for API Gateway". What
//! becomes of a body's parts is recorded in the imports of a public suite of
//! tests that ran on AWS (research: recordings): "recorded" means these.

mod integration;
mod operation;
mod schema;
mod security;

pub use schema::MODELS;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::common::bad;
use super::state::{Members, Method};
use super::{gateway_response, validator};
use crate::codec::Refusal;

const ENDPOINT: &str = "x-amazon-apigateway-endpoint-configuration";

/// What documents an API (guide, "Import and export API documentation").
const DOCUMENTATION: &str = "x-amazon-apigateway-documentation";

/// What a body says.
#[derive(Debug, Default)]
pub struct Body {
    /// `info.title`.
    pub title: Option<String>,
    /// `info.description`.
    pub description: Option<String>,
    /// `info.version`.
    pub version: Option<String>,
    /// The policy.
    pub policy: Option<Value>,
    /// The endpoints to associate.
    pub vpc_endpoints: Option<Vec<String>>,
    /// Whether the default endpoint is off.
    pub default_endpoint_off: Option<bool>,
    /// Binary media types.
    pub binary_media_types: Option<Vec<String>>,
    /// From how many bytes on answers are compressed.
    pub minimum_compression_size: Option<Value>,
    /// Where API keys come from.
    pub api_key_source: Option<String>,
    /// Authorizers, by name.
    pub authorizers: BTreeMap<String, Members>,
    /// Models, by name.
    pub models: BTreeMap<String, Members>,
    /// Request validators, by name.
    pub validators: BTreeMap<String, Members>,
    /// Gateway responses, by type.
    pub gateway_responses: BTreeMap<String, Members>,
    /// Its methods, by path and verb.
    pub operations: BTreeMap<String, BTreeMap<String, Operation>>,
    /// What was left aside.
    pub warnings: Vec<String>,
}

/// A method of a body, which names what it refers to.
#[derive(Debug, Default)]
pub struct Operation {
    /// The method, without the ids of what it refers to.
    pub method: Method,
    /// The name of its authorizer.
    pub authorizer: Option<String>,
    /// The name of its request validator.
    pub validator: Option<String>,
}

/// A document under way.
struct Reader<'a> {
    document: &'a Value,
    swagger: bool,
    body: Body,
}

/// Reads a body; YAML is not simulated. The words for one that is broken are recorded.
pub fn read(raw: &[u8], basepath: &str) -> Result<Body, Refusal> {
    let document: Value = serde_json::from_slice(raw).map_err(|_| {
        if raw.trim_ascii_start().starts_with(b"{") {
            bad("Invalid OpenAPI input.")
        } else {
            bad("Invalid OpenAPI input: a body in YAML is not simulated")
        }
    })?;
    let swagger = is_swagger(&document)?;
    let info = |name: &str| text(&document["info"][name]);
    let body = Body {
        title: info("title"),
        description: info("description"),
        version: info("version"),
        policy: document.get("x-amazon-apigateway-policy").cloned(),
        ..Body::default()
    };
    let mut reader = Reader {
        document: &document,
        swagger,
        body,
    };
    reader.read_endpoints()?;
    reader.read_settings()?;
    if document.get(DOCUMENTATION).is_some() {
        // AWS keeps them; here that they are left aside is at least said.
        let text = format!("{DOCUMENTATION}: documentation parts are not simulated");
        reader.body.warnings.push(text);
    }
    find_dangling(&document, &document, &mut reader.body.warnings);
    reader.read_authorizers()?;
    reader.read_models()?;
    reader.read_validators();
    reader.read_gateway_responses()?;
    let base = reader.base_path(basepath)?;
    reader.read_paths(&base)?;
    Ok(reader.body)
}

/// A text, or a number as one (recorded: statuses; `info.version` of 1 is "1").
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// API Gateway developer guide, "Develop REST APIs using `OpenAPI`": 2.0 and
/// 3.0. Of 3.1 AWS says nothing more than this (observed: smithy#985).
fn is_swagger(document: &Value) -> Result<bool, Refusal> {
    match (document["swagger"].as_str(), document["openapi"].as_str()) {
        (Some("2.0"), None) => Ok(true),
        (None, Some(version)) if version.starts_with("3.0.") => Ok(false),
        _ => Err(bad("Invalid OpenAPI input.")),
    }
}

/// A `$ref` to nowhere in the document is a warning (assumption: API Gateway's words differ).
fn find_dangling(value: &Value, document: &Value, warnings: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let target = members.get("$ref").and_then(Value::as_str);
            let pointer = target.and_then(|target| target.strip_prefix('#'));
            if let Some(pointer) = pointer.filter(|pointer| document.pointer(pointer).is_none()) {
                warnings.push(format!("Could not resolve reference: #{pointer}"));
            }
            members
                .values()
                .for_each(|child| find_dangling(child, document, warnings));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|child| find_dangling(child, document, warnings)),
        _ => {}
    }
}

impl Reader<'_> {
    /// What a value is, or what it refers to.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = value["$ref"]
            .as_str()
            .and_then(|target| target.strip_prefix('#'));
        let found = target.and_then(|pointer| self.document.pointer(pointer));
        found.unwrap_or(value)
    }

    /// Guide, "x-amazon-apigateway-endpoint-configuration": at the top of Swagger 2, in the servers of `OpenAPI` 3.
    fn read_endpoints(&mut self) -> Result<(), Refusal> {
        let places: Vec<&Value> = if self.swagger {
            vec![self.document]
        } else {
            let servers = self.document["servers"].as_array();
            servers.into_iter().flatten().collect()
        };
        for configuration in places.into_iter().filter_map(|place| place.get(ENDPOINT)) {
            if let Some(ids) = configuration.get("vpcEndpointIds") {
                // Assumption: the words.
                let texts =
                    texts(ids).ok_or_else(|| bad("vpcEndpointIds must be a list of strings"))?;
                let all = self.body.vpc_endpoints.get_or_insert_default();
                for id in texts {
                    if !all.contains(&id) {
                        all.push(id);
                    }
                }
            }
            if let Some(off) = configuration["disableExecuteApiEndpoint"].as_bool() {
                self.body.default_endpoint_off = Some(off);
            }
        }
        Ok(())
    }

    /// Guide, "x-amazon-apigateway-binary-media-types", "…-minimum-compression-size", "…-api-key-source".
    fn read_settings(&mut self) -> Result<(), Refusal> {
        let given = |name: &str| self.document.get(format!("x-amazon-apigateway-{name}"));
        if let Some(types) = given("binary-media-types") {
            // Assumption: the words.
            let types = texts(types).ok_or_else(|| bad("Invalid OpenAPI input."))?;
            self.body.binary_media_types = Some(types);
        }
        if let Some(size) = given("minimum-compression-size") {
            super::rest_api::check_compression(size)?;
            self.body.minimum_compression_size = Some(size.clone());
        }
        let source = given("api-key-source").and_then(Value::as_str);
        self.body.api_key_source = source.map(str::to_ascii_uppercase);
        Ok(())
    }

    /// Guide, "x-amazon-apigateway-request-validators".
    fn read_validators(&mut self) {
        let all = self.document["x-amazon-apigateway-request-validators"].as_object();
        for (name, given) in all.into_iter().flatten() {
            let flag = |name: &str| given[name].as_bool().unwrap_or(false);
            let validator = validator::new(
                name,
                flag("validateRequestBody"),
                flag("validateRequestParameters"),
            );
            self.body.validators.insert(name.clone(), validator);
        }
    }

    /// Guide, "x-amazon-apigateway-gateway-responses". The refusal's words are an assumption.
    fn read_gateway_responses(&mut self) -> Result<(), Refusal> {
        let all = self.document["x-amazon-apigateway-gateway-responses"].as_object();
        for (kind, given) in all.into_iter().flatten() {
            if !gateway_response::is_known(kind) {
                return Err(bad(format!("Invalid gateway response type: {kind}")));
            }
            let mut members = given.as_object().cloned().unwrap_or_default();
            if let Some(status) = members.get("statusCode").and_then(text) {
                members.insert("statusCode".to_owned(), status.into());
            }
            let response = gateway_response::filled(kind, &members);
            self.body.gateway_responses.insert(kind.clone(), response);
        }
        Ok(())
    }

    /// What goes before every path: nothing, all of the base path, or all but its first part.
    ///
    /// API Gateway developer guide, "Set the `OpenAPI` basePath property", and
    /// recorded for `basePath`, the servers' URL and its variable.
    fn base_path(&self, mode: &str) -> Result<String, Refusal> {
        if !["ignore", "prepend", "split"].contains(&mode) {
            // Assumption: the words.
            return Err(bad(format!(
                "Invalid basepath {mode}: expected ignore, prepend or split"
            )));
        }
        let server = &self.document["servers"][0];
        let variable = server["variables"]["basePath"]["default"].as_str();
        let url = server["url"].as_str().unwrap_or_default();
        let path = url.split_once("://").map_or(url, |(_, rest)| {
            rest.split_once('/').map_or("", |(_, path)| path)
        });
        let given = if self.swagger {
            self.document["basePath"].as_str().unwrap_or_default()
        } else {
            variable.unwrap_or(path)
        };
        let whole = folded(given);
        Ok(match mode {
            "prepend" => whole,
            "split" => {
                let rest = whole.trim_start_matches('/').split_once('/');
                rest.map_or(String::new(), |(_, rest)| format!("/{rest}"))
            }
            _ => String::new(),
        })
    }

    fn read_paths(&mut self, base: &str) -> Result<(), Refusal> {
        let paths = match &self.document["paths"] {
            Value::Object(paths) => paths.clone(),
            Value::Null => Map::new(),
            _ => return Err(bad("Invalid OpenAPI input.")),
        };
        for (path, item) in &paths {
            if path.starts_with("x-") {
                continue;
            }
            if !path.starts_with('/') {
                // Assumption: the words.
                return Err(bad(format!(
                    "Invalid OpenAPI input: the path {path} does not begin with a slash"
                )));
            }
            let methods = self.methods(path, item)?;
            if !methods.is_empty() {
                let path = folded(&format!("{base}{path}"));
                self.body
                    .operations
                    .entry(path)
                    .or_default()
                    .extend(methods);
            }
        }
        Ok(())
    }
}

/// A path as API Gateway keeps it: without empty parts, and so without a slash at its end.
///
/// Assumption: two paths that are one then are one resource with the methods of both.
fn folded(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}

/// A list of texts.
fn texts(value: &Value) -> Option<Vec<String>> {
    let items = value.as_array()?.iter();
    items.map(|one| one.as_str().map(str::to_owned)).collect()
}
