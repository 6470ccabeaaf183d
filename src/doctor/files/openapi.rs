//! `OpenAPI` files: the checks of the configuration's own bodies.

use std::{collections::BTreeMap, path::Path};

use super::{
    kind::Kind,
    model::{Configuration, Is, Language, Node, Place, Resource},
};
use crate::{
    body::{Body, Limits},
    checks::{Check, Finding},
    doctor::bodies,
};

/// What the checks of a body say of a file. What `CloudFormation` or a template
/// engine is to fill in is not known here.
pub fn judge(path: &Path, text: &str, document: &Node) -> Vec<Finding> {
    if let Some((function, at)) = function(document) {
        let why = format!("{at}: {function} is for CloudFormation to resolve: not judged");
        return vec![Finding::skipped(Check::Body, why)];
    }
    let limits = Limits::of(region(text));
    match Body::parse(text, path, &limits) {
        Ok(read) if read.warnings.is_empty() => {
            let words = format!("{}: {}", path.display(), read.body.summary());
            vec![Finding::ok(Check::Body, words)]
        }
        Ok(read) => read.warnings.iter().map(bodies::unheeded).collect(),
        Err(error) => error.0.iter().map(bodies::refused).collect(),
    }
}

/// The first function of `CloudFormation` in a document.
fn function(node: &Node) -> Option<(&str, &Place)> {
    match &node.is {
        Is::Map(members) => members.iter().find_map(|(name, value)| {
            let alone = name == "Ref" && members.len() == 1 && value.text().is_some();
            if alone || name.starts_with("Fn::") {
                return Some((name.as_str(), &value.at));
            }
            function(value)
        }),
        Is::List(items) => items.iter().find_map(function),
        _ => None,
    }
}

/// The policy that a file has besides: judged as that of any API.
pub fn configuration(document: &Node, name: String) -> Option<Configuration> {
    let policy = document.get("x-amazon-apigateway-policy")?;
    let mut made = Configuration::new(Language::OpenApi, name);
    let attributes = vec![("policy".to_owned(), policy.clone())];
    made.add(Resource {
        kind: Kind::RestApi,
        address: "x-amazon-apigateway-policy".to_owned(),
        base: String::new(),
        at: policy.at.clone(),
        attributes: Node::new(&policy.at, Is::Map(attributes)),
        mentions: BTreeMap::new(),
        looked_up: false,
    });
    Some(made)
}

/// The region of the first function that the file names. A file does not say
/// where its API will be.
fn region(text: &str) -> &str {
    let mut arns = text.split(":apigateway:").skip(1);
    let region = arns.find_map(|rest| rest.split_once(':').map(|(region, _)| region));
    let plain = |region: &&str| {
        let part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !region.is_empty() && region.len() < 32 && region.bytes().all(part)
    };
    region.filter(plain).unwrap_or("us-east-1")
}
