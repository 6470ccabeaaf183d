//! `GetExport`: what a stage serves, as an `OpenAPI` document.
//!
//! Its form is recorded: `GetExport` of a public suite of tests that ran on AWS.

use serde_json::{Map, Value, json};

use super::common::{api, bad, missing};
use super::data::deployed;
use super::export_integration::integration_of;
use super::state::{Members, Method, Snapshot};
use crate::codec::{Body, Input, Output, Refusal};
use crate::world::Ctx;

/// What is exported, and how.
struct Export<'a> {
    snapshot: &'a Snapshot,
    swagger: bool,
    /// The extensions asked for.
    extensions: &'a str,
}

/// Refuses what an export is asked for and AWS would give: YAML, documentation parts, Postman's extensions.
///
/// API Gateway API reference, `GetExport`: `Accept` is `application/json` or
/// `application/yaml`. The codes are an assumption, here and for what AWS does not know either.
fn check_simulated(input: &Input) -> Result<(), Refusal> {
    let media = input.text("accept").unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    if !["", "*/*", "application/*", "application/json"].contains(&media) {
        return Err(bad(format!(
            "An export as {media} is not simulated: ask for application/json"
        )));
    }
    let extensions = input.text("extensions").unwrap_or_default();
    let known = ["", "apigateway", "integrations", "authorizers"];
    let mut asked = extensions.split(',').map(str::trim);
    match asked.find(|one| !known.contains(one)) {
        Some(other) => Err(bad(format!(
            "The extensions {other} of an export are not simulated"
        ))),
        None => Ok(()),
    }
}

/// `GetExport`: JSON only; `extensions` is `apigateway` (all), or some of `integrations`, `authorizers`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let kind = input.require("export_type")?;
    if !["oas30", "swagger"].contains(&kind) {
        // API Gateway API reference, `GetExport`; the words are an assumption.
        return Err(bad(
            "Invalid export type specified. Valid options are oas30,swagger",
        ));
    }
    check_simulated(input)?;
    let (id, _) = api(ctx, input)?;
    let stage = input.require("stage_name")?;
    let snapshot = deployed(ctx, id, stage).ok_or_else(|| missing("stage"))?;
    let export = Export {
        snapshot,
        swagger: kind == "swagger",
        extensions: input.text("extensions").unwrap_or_default(),
    };
    let host = format!("{id}.execute-api.{}.{}", ctx.region, ctx.dns_suffix());
    let document = export.document(&host, stage, &stamp(ctx.now));
    let version = document["info"]["version"].as_str().unwrap_or_default();
    let name = format!("attachment; filename=\"{kind}_{version}.json\"");
    let text = serde_json::to_vec_pretty(&document).unwrap_or_default();
    let mut output = Output::empty(200).header("content-disposition", name);
    output.body = Body::Raw("application/octet-stream", text);
    Ok(output)
}

impl Export<'_> {
    /// Whether an extension is asked for, by its name or with all of them.
    fn has(&self, name: &str) -> bool {
        let mut all = self.extensions.split(',');
        all.any(|one| one == name || one == "apigateway")
    }

    fn document(&self, host: &str, stage: &str, now: &str) -> Value {
        let Snapshot {
            name,
            description,
            version,
            parts,
            settings,
            ..
        } = self.snapshot;
        let mut tree = if self.swagger {
            json!({"swagger": "2.0", "host": host, "basePath": format!("/{stage}"), "schemes": ["https"]})
        } else {
            json!({"openapi": "3.0.1", "servers": [{
                "url": format!("https://{host}/{{basePath}}"),
                "variables": {"basePath": {"default": stage}},
            }]})
        };
        tree["info"] = json!({"title": name, "version": version.as_deref().unwrap_or(now)});
        if let Some(description) = description {
            tree["info"]["description"] = description.clone().into();
        }
        tree["paths"] = self.paths();
        let schemas: Map<String, Value> = parts
            .models
            .iter()
            .filter(|(name, _)| !["Empty", "Error"].contains(&name.as_str()) || self.uses(name))
            .map(|(name, model)| (name.clone(), self.schema(model)))
            .collect();
        let security = self.schemes();
        if self.swagger {
            self.put(&mut tree, "definitions", schemas);
            self.put(&mut tree, "securityDefinitions", security);
        } else {
            tree["components"] = json!({});
            self.put(&mut tree["components"], "schemas", schemas);
            self.put(&mut tree["components"], "securitySchemes", security);
        }
        if self.has("apigateway") {
            self.extend(&mut tree, settings);
        }
        tree
    }

    #[expect(clippy::unused_self, reason = "reads like the others")]
    fn put(&self, tree: &mut Value, name: &str, members: Map<String, Value>) {
        if !members.is_empty() {
            tree[name] = members.into();
        }
    }

    /// The default models are there when a method uses them (recorded for imports: only what the body had).
    fn uses(&self, model: &str) -> bool {
        let mut methods = self
            .snapshot
            .operations
            .values()
            .flat_map(|all| all.values());
        methods.any(|method| {
            let responses = method.responses.values().map(|one| &one["responseModels"]);
            let mut all = responses.chain(method.settings.get("requestModels"));
            all.any(|models| {
                models
                    .as_object()
                    .is_some_and(|all| all.values().any(|one| one == model))
            })
        })
    }

    /// A model's schema; its references point into the document again.
    fn schema(&self, model: &Members) -> Value {
        let text = model
            .get("schema")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let place = if self.swagger {
            "#/definitions/"
        } else {
            "#/components/schemas/"
        };
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("https://apigateway.amazonaws.com/restapis/") {
            out.push_str(&rest[..at]);
            let target = &rest[at..];
            let end = target
                .find("/models/")
                .map_or(target.len(), |end| end + "/models/".len());
            out.push_str(place);
            rest = &target[end..];
        }
        out.push_str(rest);
        serde_json::from_str(&out).unwrap_or(Value::Null)
    }

    fn schemes(&self) -> Map<String, Value> {
        let all = self
            .snapshot
            .parts
            .authorizers
            .values()
            .filter(|_| self.has("authorizers"));
        let schemes = all.filter_map(|authorizer| {
            let name = authorizer.get("name")?.as_str()?.to_owned();
            let source = authorizer
                .get("identitySource")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let header = source.rsplit("request.header.").next().unwrap_or("Unused");
            let mut own = authorizer.clone();
            own.remove("name");
            let kind = own.remove("authType");
            if let Some(Value::String(kind)) = own.get_mut("type") {
                kind.make_ascii_lowercase();
            }
            let tree = json!({
                "type": "apiKey", "name": header, "in": "header",
                "x-amazon-apigateway-authtype": kind,
                "x-amazon-apigateway-authorizer": own,
            });
            Some((name, tree))
        });
        let mut schemes: Map<String, Value> = schemes.collect();
        let mut methods = self
            .snapshot
            .operations
            .values()
            .flat_map(|all| all.values());
        if methods.any(|method| method.api_key_required) {
            let key = json!({"type": "apiKey", "name": "x-api-key", "in": "header"});
            schemes.insert("api_key".to_owned(), key);
        }
        let mut methods = self
            .snapshot
            .operations
            .values()
            .flat_map(|all| all.values());
        if methods.any(|method| method.authorization == "AWS_IAM") {
            let key = json!({"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"});
            schemes.insert("sigv4".to_owned(), key);
        }
        schemes
    }

    fn paths(&self) -> Value {
        let all = self.snapshot.operations.iter().map(|(path, methods)| {
            let methods = methods.iter().map(|(verb, method)| {
                let name = match verb.as_str() {
                    "ANY" => "x-amazon-apigateway-any-method".to_owned(),
                    verb => verb.to_ascii_lowercase(),
                };
                (name, self.operation(method))
            });
            (path.clone(), Value::Object(methods.collect()))
        });
        Value::Object(all.collect())
    }

    fn operation(&self, method: &Method) -> Value {
        let setting = |name: &str| method.settings.get(name).cloned().unwrap_or_default();
        let mut tree = json!({});
        if let Value::String(id) = setting("operationName") {
            tree["operationId"] = id.into();
        }
        let mut parameters = self.parameters(&setting("requestParameters"));
        let models = setting("requestModels");
        if self.swagger {
            for (_, name) in models.as_object().into_iter().flatten().take(1) {
                parameters.push(json!({"in": "body", "name": name, "required": true, "schema": self.named(name)}));
            }
        } else if let Some(content) = self.content(&models) {
            tree["requestBody"] = json!({"content": content, "required": true});
        }
        if !parameters.is_empty() {
            tree["parameters"] = parameters.into();
        }
        tree["responses"] = self.responses(method);
        if let Some(security) = self.security(method) {
            tree["security"] = security;
        }
        if self.has("integrations")
            && let Some(integration) = &method.integration
        {
            tree["x-amazon-apigateway-integration"] = integration_of(integration);
        }
        let validator = setting("requestValidatorId");
        let known = &self.snapshot.parts.validators;
        let validator = validator.as_str().and_then(|id| known.get(id)?.get("name"));
        if let (true, Some(name)) = (self.has("apigateway"), validator) {
            tree["x-amazon-apigateway-request-validator"] = name.clone();
        }
        tree
    }

    fn named(&self, model: &Value) -> Value {
        let name = model.as_str().unwrap_or_default();
        let place = if self.swagger {
            "#/definitions/"
        } else {
            "#/components/schemas/"
        };
        json!({"$ref": format!("{place}{name}")})
    }

    fn content(&self, models: &Value) -> Option<Value> {
        let models = models.as_object()?.iter();
        let content =
            models.map(|(kind, name)| (kind.clone(), json!({"schema": self.named(name)})));
        Some(Value::Object(content.collect()))
    }

    fn parameters(&self, given: &Value) -> Vec<Value> {
        let all = given.as_object().into_iter().flatten();
        let shown = all.filter_map(|(key, required)| {
            let (place, name) = key.strip_prefix("method.request.")?.split_once('.')?;
            let place = if place.ends_with("querystring") {
                "query"
            } else {
                place
            };
            let mut tree = json!({"name": name, "in": place});
            if self.swagger {
                tree["type"] = "string".into();
            } else {
                tree["schema"] = json!({"type": "string"});
            }
            if self.swagger || *required == json!(true) {
                tree["required"] = required.clone();
            }
            Some(tree)
        });
        shown.collect()
    }

    fn responses(&self, method: &Method) -> Value {
        let all = method.responses.iter().map(|(status, response)| {
            let mut tree = json!({"description": format!("{status} response")});
            let headers = response["responseParameters"]
                .as_object()
                .into_iter()
                .flatten();
            let headers: Map<String, Value> = headers
                .filter_map(|(key, _)| key.strip_prefix("method.response.header."))
                .map(|name| {
                    let kind = json!({"type": "string"});
                    let kind = if self.swagger {
                        kind
                    } else {
                        json!({"schema": kind})
                    };
                    (name.to_owned(), kind)
                })
                .collect();
            if !headers.is_empty() {
                tree["headers"] = headers.into();
            }
            let models = &response["responseModels"];
            if self.swagger {
                for (_, name) in models.as_object().into_iter().flatten().take(1) {
                    tree["schema"] = self.named(name);
                }
            } else {
                tree["content"] = self.content(models).unwrap_or_else(|| json!({}));
            }
            (status.clone(), tree)
        });
        Value::Object(all.collect())
    }

    /// Assumption: the names of the schemes for keys and signatures are those of the documentation's examples.
    fn security(&self, method: &Method) -> Option<Value> {
        let mut all = Vec::new();
        let id = method.settings.get("authorizerId").and_then(Value::as_str);
        let authorizer = id.and_then(|id| self.snapshot.parts.authorizers.get(id));
        let name = authorizer.and_then(|one| one.get("name")?.as_str());
        if let Some(name) = name.filter(|_| self.has("authorizers")) {
            let scopes = method.settings.get("authorizationScopes");
            let scopes = scopes.cloned().unwrap_or_else(|| json!([]));
            all.push(json!({name: scopes}));
        }
        if method.authorization == "AWS_IAM" {
            all.push(json!({"sigv4": []}));
        }
        if method.api_key_required {
            all.push(json!({"api_key": []}));
        }
        (!all.is_empty()).then_some(all.into())
    }

    fn extend(&self, tree: &mut Value, settings: &Members) {
        let Snapshot { parts, content, .. } = self.snapshot;
        for (member, name) in [
            ("binaryMediaTypes", "binary-media-types"),
            ("minimumCompressionSize", "minimum-compression-size"),
        ] {
            if let Some(value) = settings.get(member) {
                tree[format!("x-amazon-apigateway-{name}")] = value.clone();
            }
        }
        if let Some(source) = settings
            .get("apiKeySource")
            .filter(|one| **one != json!("HEADER"))
        {
            tree["x-amazon-apigateway-api-key-source"] = source.clone();
        }
        if let Some(policy) = &content.policy {
            tree["x-amazon-apigateway-policy"] = serde_json::from_str(policy).unwrap_or_default();
        }
        if !parts.gateway_responses.is_empty() {
            tree["x-amazon-apigateway-gateway-responses"] = json!(parts.gateway_responses);
        }
        let validators = parts.validators.values().filter_map(|one| {
            let mut own = one.clone();
            let name = own.remove("name")?.as_str()?.to_owned();
            Some((name, Value::Object(own)))
        });
        let validators: Map<String, Value> = validators.collect();
        self.put(tree, "x-amazon-apigateway-request-validators", validators);
    }
}

/// Without a version the document has the time of its export (recorded: a date); its form is an assumption.
fn stamp(now: crate::clock::Time) -> String {
    format!("{}", now.unix_seconds())
}
