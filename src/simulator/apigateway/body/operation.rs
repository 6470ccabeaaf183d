//! The methods of a body.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::integration::integration;
use super::{Operation, Reader};
use crate::apigateway::common::failed;
use crate::codec::Refusal;

impl Reader<'_> {
    pub(super) fn methods(
        &mut self,
        path: &str,
        item: &Value,
    ) -> Result<BTreeMap<String, Operation>, Refusal> {
        let mut methods = BTreeMap::new();
        for (name, operation) in item.as_object().into_iter().flatten() {
            let verb = match name.as_str() {
                "get" | "put" | "post" | "delete" | "options" | "head" | "patch" => {
                    name.to_ascii_uppercase()
                }
                "x-amazon-apigateway-any-method" => "ANY".to_owned(),
                "trace" => {
                    // Assumption: the words.
                    let text = format!("Method 'trace' at path '{path}' is not supported");
                    self.body.warnings.push(text);
                    continue;
                }
                _ => continue,
            };
            let what = format!("put integration on '{verb}' for resource at path '{path}'");
            let integration = integration(&operation["x-amazon-apigateway-integration"]);
            let integration = integration.map_err(|refusal| failed(&what, &refusal))?;
            let mut made = Operation::default();
            self.secure(operation, &mut made);
            self.request(path, item, operation, &mut made)?;
            made.method.integration = integration;
            made.method.responses = self.responses(operation)?;
            if let Some(id) = operation["operationId"].as_str() {
                let settings = &mut made.method.settings;
                settings.insert("operationName".to_owned(), id.into());
            }
            made.validator = self.validator(operation);
            methods.insert(verb, made);
        }
        Ok(methods)
    }

    /// Guide, "x-amazon-apigateway-request-validator": the operation's, else the document's.
    fn validator(&self, operation: &Value) -> Option<String> {
        const NAME: &str = "x-amazon-apigateway-request-validator";
        let own = operation.get(NAME).or_else(|| self.document.get(NAME));
        own.and_then(Value::as_str).map(str::to_owned)
    }

    /// Reads parameters and bodies. A variable of the path is a parameter also when nothing declares it (recorded).
    fn request(
        &mut self,
        path: &str,
        item: &Value,
        operation: &Value,
        into: &mut Operation,
    ) -> Result<(), Refusal> {
        let mut parameters = Map::new();
        let mut body = Value::Null;
        let all = [&item["parameters"], &operation["parameters"]];
        for given in all.into_iter().filter_map(Value::as_array).flatten() {
            let given = self.resolved(given);
            let place = match given["in"].as_str() {
                Some("query") => "querystring",
                Some(place @ ("header" | "path")) => place,
                Some("body") => {
                    body = given["schema"].clone();
                    continue;
                }
                // Guide, "Important notes": cookies are not supported.
                _ => continue,
            };
            let name = given["name"].as_str().unwrap_or_default();
            let required = given["required"].as_bool().unwrap_or(false);
            parameters.insert(format!("method.request.{place}.{name}"), required.into());
        }
        let variables = path.split('/').filter_map(|part| {
            let name = part.strip_prefix('{')?.strip_suffix('}')?;
            Some(name.strip_suffix('+').unwrap_or(name))
        });
        for name in variables {
            parameters.insert(format!("method.request.path.{name}"), true.into());
        }
        let models = if self.swagger {
            let own = operation
                .get("consumes")
                .or_else(|| self.document.get("consumes"));
            let types = own.cloned().unwrap_or_default();
            self.models_by(&types, &body)?
        } else {
            let given = self.resolved(&operation["requestBody"]);
            let content = given["content"].clone();
            self.models_of(&content)?
        };
        let settings = &mut into.method.settings;
        if !parameters.is_empty() {
            settings.insert("requestParameters".to_owned(), Value::Object(parameters));
        }
        settings.extend(models.map(|models| ("requestModels".to_owned(), models)));
        Ok(())
    }

    /// Responses with a number; headers are parameters that are not required (recorded).
    fn responses(&mut self, operation: &Value) -> Result<BTreeMap<String, Value>, Refusal> {
        let mut responses = BTreeMap::new();
        for (status, given) in operation["responses"].as_object().into_iter().flatten() {
            if !status.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let given = self.resolved(given).clone();
            let headers = given["headers"].as_object().into_iter().flatten();
            let parameters: Map<String, Value> = headers
                .map(|(name, _)| (format!("method.response.header.{name}"), false.into()))
                .collect();
            let models = if self.swagger {
                let own = operation
                    .get("produces")
                    .or_else(|| self.document.get("produces"));
                let types = own.cloned().unwrap_or_default();
                self.models_by(&types, &given["schema"])?
            } else {
                self.models_of(&given["content"])?
            };
            let mut tree = json!({"statusCode": status});
            if !parameters.is_empty() {
                tree["responseParameters"] = Value::Object(parameters);
            }
            if let Some(models) = models {
                tree["responseModels"] = models;
            }
            responses.insert(status.clone(), tree);
        }
        Ok(responses)
    }
}
