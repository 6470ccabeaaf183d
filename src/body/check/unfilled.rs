//! What a template engine or `CloudFormation` was to fill in: hybridgw reads the
//! file as it is, and API Gateway takes such text for an address.

use serde_json::Value;

use super::checked::Checked;
use crate::body::normal::ACCOUNT;
use crate::body::{at::At, findings::Findings};
use crate::config::shown;

const HINT: &str = "fill the file in before; API Gateway knows ${AWS::Region}, ${AWS::AccountId} and ${AWS::Partition}";

/// Where text is free: words for readers, patterns, and templates of API
/// Gateway's own language, which writes variables alike.
const FREE: [&str; 22] = [
    "description",
    "summary",
    "title",
    "example",
    "examples",
    "default",
    "enum",
    "pattern",
    "requestTemplates",
    "responseTemplates",
    "externalDocs",
    "termsOfService",
    "contact",
    "license",
    "tags",
    "schema",
    "schemas",
    "definitions",
    "identityValidationExpression",
    "x-amazon-apigateway-documentation",
    "x-amazon-apigateway-policy",
    "operationId",
];

pub(super) fn check(checked: &Checked<'_>, findings: &mut Findings) {
    let mut steps = Vec::new();
    walk(checked.document, &mut steps, false, findings);
}

fn walk(value: &Value, steps: &mut Vec<String>, free: bool, findings: &mut Findings) {
    match value {
        Value::String(text) if !free => {
            if let Some(open) = open(text) {
                let message = format!("`{}` is not filled in", shown(open));
                findings.refuse(&At::of(steps.iter()), message, HINT);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                steps.push(index.to_string());
                walk(item, steps, free, findings);
                steps.pop();
            }
        }
        Value::Object(members) => {
            let called = members
                .iter()
                .find(|(name, value)| is_function(name, value, members.len()));
            if let Some((function, _)) = called {
                let message = format!("`{function}` is a function of CloudFormation");
                return findings.refuse(&At::of(steps.iter()), message, HINT);
            }
            for (name, value) in members {
                let named = steps.last().is_some_and(|last| last == "properties");
                if !named && matches!(name.as_str(), "example" | "examples") {
                    continue;
                }
                let own = name.starts_with("x-") && !name.starts_with("x-amazon-");
                if own {
                    continue;
                }
                let free = free || FREE.contains(&name.as_str());
                steps.push(name.clone());
                walk(value, steps, free, findings);
                steps.pop();
            }
        }
        _ => {}
    }
}

fn is_function(name: &str, value: &Value, members: usize) -> bool {
    name.starts_with("Fn::") || (name == "Ref" && members == 1 && value.is_string())
}

/// What in a text was to be filled in.
fn open(text: &str) -> Option<&str> {
    for (begin, end) in [("${", "}"), ("{{", "}}"), ("<%", "%>")] {
        let mut rest = text;
        while let Some(start) = rest.find(begin) {
            let from = &rest[start..];
            let stop = from.find(end).map_or(from.len(), |stop| stop + end.len());
            let variable = &from[..stop];
            if !variable.starts_with("${stageVariables.") && variable != ACCOUNT {
                return Some(variable);
            }
            rest = &from[stop..];
        }
    }
    None
}
