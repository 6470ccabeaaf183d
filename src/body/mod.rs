//! The body of a REST API: an `OpenAPI` file, or one of two that are made here.
//!
//! `PutRestApi` imports the body whole, so what hybridgw adds (title,
//! description, policy, endpoint) is put into the body itself: see
//! [`Body::with`]. The extensions are documented in the API Gateway developer
//! guide, "`OpenAPI` extensions for API Gateway".

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use findings::Findings;

use crate::{
    config::{Problem, shown, write_lines},
    file,
};

mod at;
mod check;
pub mod contents;
mod document;
mod findings;
pub(crate) mod lines;
mod normal;
mod ours;
mod parse;
#[cfg(test)]
mod tests;

pub use document::Limits;
use document::{ANY_METHOD, AUTHORIZER, Dialect, ENDPOINT, INTEGRATION, POLICY, operations, verb};
pub use ours::{Admitted, Claims, Line};

/// `PutRestApi` and `ImportRestApi` take no more.
const MOST_BYTES: usize = 6 * 1024 * 1024;

/// An API's body, known to be one that API Gateway can import, and spelt as it
/// keeps it.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Body {
    document: Value,
    dialect: Dialect,
}

/// A body that was read from a file, and what there is to say of it.
#[derive(Clone, Debug)]
pub struct Read {
    /// The body.
    pub body: Body,
    /// What API Gateway takes and does not heed, or what will not work.
    pub warnings: Vec<Problem>,
    /// What the file says of policy and endpoints.
    pub claims: Claims,
}

/// What answers one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integration {
    /// The kind as the API reports it: `MOCK`, `AWS_PROXY`, `HTTP_PROXY` and so on.
    pub kind: String,
    /// Where requests go; nowhere for a mock.
    pub uri: Option<String>,
}

/// What answers each operation: by path, then by method, `ANY` for all methods.
pub type Operations = BTreeMap<String, BTreeMap<String, Integration>>;

/// Everything wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenApiError(pub Vec<Problem>);

impl fmt::Display for OpenApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lines(f, &self.0)
    }
}

impl std::error::Error for OpenApiError {}

impl Body {
    /// Reads an `OpenAPI` 3.0 or Swagger 2.0 file, in JSON or YAML.
    pub fn read(path: &Path, limits: &Limits) -> Result<Read, OpenApiError> {
        let name = path.display().to_string();
        let refuse = |message: String, hint: &str| {
            OpenApiError(vec![Problem {
                file: String::new(),
                line: None,
                column: None,
                key: String::new(),
                message: format!("cannot read {name}: {message}"),
                hint: Some(hint.to_owned()),
            }])
        };
        let named = "file names are relative to the configuration file";
        let bytes = file::read(path, MOST_BYTES).map_err(|error| {
            let too_large = error.kind() == std::io::ErrorKind::FileTooLarge;
            let hint = if too_large {
                "API Gateway imports 6 MB at most"
            } else {
                named
            };
            refuse(error.to_string(), hint)
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|error| refuse(error.to_string(), "save it as UTF-8"))?;
        Body::parse(&text, path, limits)
    }

    /// Reads the text of the file called `file`.
    pub fn parse(text: &str, file: &Path, limits: &Limits) -> Result<Read, OpenApiError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let parsed = parse::text(text, file).map_err(|one| OpenApiError(vec![*one]))?;
        let (mut document, is_json) = (parsed.document, parsed.is_json);
        normal::fill(&mut document, &limits.region);
        let name = file.display().to_string();
        let mut findings = Findings::default();
        let dialect = check::dialect(&document, &mut findings);
        if let Some(dialect) = dialect {
            let checked = check::Checked {
                document: &document,
                dialect,
                limits,
            };
            check::document(&checked, &mut findings);
        }
        let refused = findings.refuses();
        let (problems, warnings) = findings.report(&name, text, is_json);
        let Some(dialect) = dialect.filter(|_| !refused) else {
            return Err(OpenApiError(problems));
        };
        let claims = Claims::of(&document, &name, text, is_json);
        normal::document(&mut document);
        Ok(Read {
            body: Body { document, dialect },
            warnings,
            claims,
        })
    }

    /// The body of a text that the checks are not asked about: what a colleague's
    /// API may hold as well.
    #[cfg(test)]
    fn unchecked(text: &str, region: &str) -> Self {
        let parsed = parse::text(text, Path::new("a.yaml"));
        let mut document = parsed.unwrap_or_else(|one| panic!("{one:?}")).document;
        normal::fill(&mut document, region);
        let dialect = check::dialect(&document, &mut Findings::default()).expect("a version");
        normal::document(&mut document);
        Self { document, dialect }
    }

    /// The body with the account filled in where the file leaves it open.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Body {
        normal::fill_account(&mut self.document, account);
        self
    }

    /// Returns a proxy API: every request goes to one function.
    pub fn lambda_proxy(function_arn: &str, region: &str, partition: &str, title: &str) -> Body {
        let uri = format!(
            "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{function_arn}/invocations"
        );
        Body::catch_all(
            title,
            &json!({}),
            &json!({
                "type": "aws_proxy",
                // Lambda is invoked by POST, whatever the caller's method.
                "httpMethod": "POST",
                "uri": uri,
                "passthroughBehavior": "when_no_match",
            }),
        )
    }

    /// Returns an API that answers 200 by itself, so that the way in can be
    /// proven before there is an application.
    pub fn placeholder(title: &str) -> Body {
        let answer = json!({ "message": "The way in works. No application is deployed here yet." });
        Body::catch_all(
            title,
            &json!({ "200": { "description": "The way in works." } }),
            &json!({
                "type": "mock",
                // A mock answers only if its request template names a status.
                "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                "passthroughBehavior": "when_no_templates",
                "responses": {
                    "default": {
                        "statusCode": "200",
                        "responseTemplates": { "application/json": answer.to_string() },
                    },
                },
            }),
        )
    }

    /// `/{proxy+}` takes everything but the root, hence two paths.
    fn catch_all(title: &str, responses: &Value, integration: &Value) -> Body {
        let root = json!({ ANY_METHOD: { "responses": responses, INTEGRATION: integration } });
        let mut rest = root.clone();
        rest[ANY_METHOD]["parameters"] = json!([
            { "name": "proxy", "in": "path", "required": true, "schema": { "type": "string" } },
        ]);
        Body {
            document: json!({
                "openapi": "3.0.1",
                "info": { "title": title, "version": "1" },
                "paths": { "/": root, "/{proxy+}": rest },
            }),
            dialect: Dialect::OpenApi3,
        }
    }

    /// Returns a short hash of the content: neither layout, nor the order of
    /// keys, nor JSON or YAML matter.
    pub fn hash(&self) -> String {
        let mut canonical = String::new();
        write_canonical(&self.document, &mut canonical);
        let digest = Sha256::digest(canonical);
        let head: [u8; 8] = std::array::from_fn(|i| digest[i]);
        format!("{:016x}", u64::from_be_bytes(head))
    }

    /// Returns the body to import: title, description, policy and endpoints
    /// are hybridgw's, everything else is as it was.
    pub fn with(
        &self,
        title: &str,
        description: &str,
        policy: &Value,
        endpoint_ids: &[String],
    ) -> Value {
        let mut document = self.document.clone();
        let root = object(&mut document);
        let info = object(member(root, "info"));
        info.insert("title".to_owned(), title.into());
        info.insert("description".to_owned(), description.into());
        root.insert(POLICY.to_owned(), policy.clone());
        match self.dialect {
            Dialect::Swagger2 => add_endpoints(root, endpoint_ids),
            Dialect::OpenApi3 => {
                let servers = member(root, "servers");
                if !matches!(servers, Value::Array(items) if !items.is_empty()) {
                    // A server without a URL is not OpenAPI.
                    *servers = json!([{ "url": "/" }]);
                }
                for server in servers.as_array_mut().into_iter().flatten() {
                    add_endpoints(object(server), endpoint_ids);
                }
            }
        }
        document
    }

    /// Returns the description that the body itself gives, if any.
    pub fn description(&self) -> Option<&str> {
        self.document["info"]["description"].as_str()
    }

    /// Returns what the body is, in a few words.
    pub fn summary(&self) -> String {
        let operations = self.operations();
        let count: usize = operations.values().map(BTreeMap::len).sum();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let paths = operations.len();
        let (of_methods, of_paths) = (plural(count), plural(paths));
        format!("{count} method{of_methods} on {paths} path{of_paths}")
    }

    /// Returns the integration of every operation.
    pub fn operations(&self) -> Operations {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        paths
            .filter_map(|(path, item)| {
                let operations: BTreeMap<_, _> = operations(item)
                    .map(|(key, operation)| (verb(key), integration(&operation[INTEGRATION])))
                    .collect();
                (!operations.is_empty()).then(|| (path.clone(), operations))
            })
            .collect()
    }

    /// Returns the ARNs of the Lambda functions that integrations and
    /// authorizers name. Permission to invoke them is the user's to give.
    pub fn functions(&self) -> Vec<String> {
        let operations = self.operations();
        let integrations = operations
            .values()
            .flat_map(BTreeMap::values)
            .filter_map(|integration| integration.uri.as_deref());
        let schemes = match self.dialect {
            Dialect::Swagger2 => &self.document["securityDefinitions"],
            Dialect::OpenApi3 => &self.document["components"]["securitySchemes"],
        };
        let authorizers = schemes
            .as_object()
            .into_iter()
            .flat_map(Map::values)
            .filter_map(|scheme| scheme[AUTHORIZER]["authorizerUri"].as_str());
        let arns: BTreeSet<String> = integrations
            .chain(authorizers)
            .filter_map(function_of)
            .collect();
        arns.into_iter().collect()
    }
}

fn integration(value: &Value) -> Integration {
    let kind = value["type"].as_str().unwrap_or_default();
    Integration {
        kind: kind.to_ascii_uppercase(),
        uri: value["uri"].as_str().map(str::to_owned),
    }
}

/// `…:lambda:path/2015-03-31/functions/<ARN>/invocations` names a function;
/// response streaming has another date and another ending.
fn function_of(uri: &str) -> Option<String> {
    let (_, action) = uri.split_once(":lambda:path/")?;
    let (_, rest) = action.split_once("/functions/")?;
    let (arn, _) = rest.split_once('/')?;
    Some(arn.to_owned())
}

/// The value as an object. What is none, and no valid body has any such, becomes one.
fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("made an object just above")
}

fn member<'v>(object: &'v mut Map<String, Value>, key: &str) -> &'v mut Value {
    object.entry(key.to_owned()).or_insert(Value::Null)
}

fn add_endpoints(holder: &mut Map<String, Value>, endpoint_ids: &[String]) {
    let configuration = object(member(holder, ENDPOINT));
    configuration.insert("vpcEndpointIds".to_owned(), json!(endpoint_ids));
}

/// JSON with sorted keys and no spaces, whatever order the map keeps.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            for (i, (key, value)) in sorted.into_iter().enumerate() {
                out.push(if i == 0 { '{' } else { ',' });
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(value, out);
            }
            out.push_str(if members.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                out.push(if i == 0 { '[' } else { ',' });
                write_canonical(item, out);
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}
