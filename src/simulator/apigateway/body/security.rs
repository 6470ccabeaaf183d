//! Who may call a method, as a body says it.

use serde_json::{Value, json};

use super::{Operation, Reader};
use crate::apigateway::authorizer;
use crate::apigateway::common::failed;
use crate::apigateway::state::Members;
use crate::codec::Refusal;

const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
const AUTHTYPE: &str = "x-amazon-apigateway-authtype";

impl Reader<'_> {
    fn schemes(&self) -> &Value {
        if self.swagger {
            &self.document["securityDefinitions"]
        } else {
            &self.document["components"]["securitySchemes"]
        }
    }

    /// Guide, "x-amazon-apigateway-authorizer": the scheme's name is the
    /// authorizer's, also of one that no method uses; without an identity source
    /// it is the scheme's header (recorded).
    pub(super) fn read_authorizers(&mut self) -> Result<(), Refusal> {
        let schemes = self.schemes().as_object().cloned().unwrap_or_default();
        for (name, scheme) in &schemes {
            let Some(given) = scheme.get(AUTHORIZER) else {
                continue;
            };
            let made = authorizer::checked(members(name, scheme, given));
            let what = format!("create authorizer '{name}'");
            let made = made.map_err(|refusal| failed(&what, &refusal))?;
            self.body.authorizers.insert(name.clone(), made);
        }
        Ok(())
    }

    /// Reads what an operation asks of its callers; without a word of its own, what the document does (recorded).
    ///
    /// Guide, "x-amazon-apigateway-auth", "x-amazon-apigateway-authtype", and
    /// "Set up API keys using `OpenAPI`": a scheme of type apiKey for
    /// `x-api-key`. Schemes of other kinds without an authorizer are not used
    /// (guide, "Important notes"); one that is not there is a warning
    /// (assumption).
    pub(super) fn secure(&mut self, operation: &Value, into: &mut Operation) {
        let own = operation.get("security");
        let asked = own.or_else(|| self.document.get("security")).cloned();
        let asked = asked.unwrap_or_default();
        "NONE".clone_into(&mut into.method.authorization);
        let all = asked.as_array().into_iter().flatten();
        for (name, scopes) in all.filter_map(Value::as_object).flatten() {
            let scheme = self.schemes()[name].clone();
            if scheme.is_null() {
                let text = format!("Unable to resolve security scheme: {name}");
                self.body.warnings.push(text);
                continue;
            }
            if scheme.get(AUTHORIZER).is_some() {
                into.method.authorization = kind(&scheme);
                into.authorizer = Some(name.clone());
                if scopes.as_array().is_some_and(|scopes| !scopes.is_empty()) {
                    let settings = &mut into.method.settings;
                    settings.insert("authorizationScopes".to_owned(), scopes.clone());
                }
            } else if scheme[AUTHTYPE]
                .as_str()
                .is_some_and(|one| one.eq_ignore_ascii_case("awsSigv4"))
            {
                "AWS_IAM".clone_into(&mut into.method.authorization);
            } else {
                let named = scheme["name"].as_str().unwrap_or_default();
                into.method.api_key_required |=
                    scheme["type"] == "apiKey" && named.eq_ignore_ascii_case("x-api-key");
            }
        }
        if let Some(kind) = operation["x-amazon-apigateway-auth"]["type"].as_str() {
            into.method.authorization = kind.to_ascii_uppercase();
            into.authorizer = into
                .authorizer
                .take()
                .filter(|_| !matches!(kind, "NONE" | "AWS_IAM"));
        }
    }
}

/// The authorization of a method whose scheme has an authorizer.
fn kind(scheme: &Value) -> String {
    let given = scheme[AUTHORIZER]["type"].as_str().unwrap_or_default();
    match given.to_ascii_uppercase().as_str() {
        kind @ ("COGNITO_USER_POOLS" | "JWT") => kind.to_owned(),
        _ => "CUSTOM".to_owned(),
    }
}

fn members(name: &str, scheme: &Value, given: &Value) -> Members {
    let mut tree = given.as_object().cloned().unwrap_or_default();
    let kind = given["type"].as_str().unwrap_or_default();
    tree.insert("name".to_owned(), name.into());
    tree.insert("type".to_owned(), kind.to_ascii_uppercase().into());
    if let Some(kind) = scheme[AUTHTYPE].as_str() {
        tree.insert("authType".to_owned(), kind.into());
    }
    let header = scheme["name"].as_str().filter(|_| scheme["in"] == "header");
    if let Some(header) = header {
        let source = json!(format!("method.request.header.{header}"));
        tree.entry("identitySource").or_insert(source);
    }
    tree
}
