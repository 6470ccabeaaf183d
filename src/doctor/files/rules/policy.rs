//! Policies: those of APIs, endpoints and buckets.

use super::{
    super::{
        kind::Kind,
        model::{Configuration, Language, Node, Reference, Resource, leads},
        policies::{self, Document},
        said::{Said, Words},
    },
    endpoints, is_imported_apart, private_apis,
};
use crate::{
    checks::codes,
    policy::{Policy, Request, Through, api_arn},
};

/// API Gateway developer guide, "Quotas": the length of a resource policy.
const LONGEST: usize = 8192;

/// Whose policies are looked at, and the attribute that holds them.
fn written(configuration: &Configuration) -> Vec<(&Resource, &Node)> {
    let kinds = [
        Kind::RestApi,
        Kind::RestApiPolicy,
        Kind::Endpoint,
        Kind::EndpointPolicy,
        Kind::BucketPolicy,
    ];
    let all = kinds.into_iter().flat_map(|kind| configuration.of(kind));
    all.filter_map(|one| Some((one, one.get("policy")?)))
        .collect()
}

/// The documents in which conditions stand: each once, where it is written.
fn documents(configuration: &Configuration) -> Vec<(&Resource, Node)> {
    let mut all = Vec::new();
    for (owner, attribute) in written(configuration) {
        if attribute.reference().is_none()
            && let Document::Read(node) = policies::read(configuration, attribute)
        {
            all.push((owner, node));
        }
    }
    let blocks = configuration.resources.iter();
    for blocks in blocks.filter(|one| one.kind == Kind::PolicyDocument) {
        if let Document::Read(node) = policies::of_blocks(blocks) {
            all.push((blocks, node));
        }
    }
    all
}

/// API Gateway developer guide, "AWS condition keys that can be used in resource
/// policies": `aws:SourceVpce` holds the id of an endpoint, `aws:SourceVpc` that
/// of a VPC.
pub fn wrong_key(configuration: &Configuration, said: &mut Said) {
    for (owner, document) in documents(configuration) {
        for (key, value) in mixed_up(configuration, &document) {
            let (is, wants) = if key.eq_ignore_ascii_case("aws:SourceVpce") {
                ("a VPC's id", "aws:SourceVpc")
            } else {
                ("an endpoint's id", "aws:SourceVpce")
            };
            let shown = match (value.text(), value.reference()) {
                (Some(text), _) => text.into_owned(),
                (None, Some(reference)) => reference.to_string(),
                (None, None) => String::new(),
            };
            let words = Words {
                found: format!("{shown}, {is}, is compared with {key}"),
                cause: "no request has that: an Allow on this condition lets nobody in, and a Deny of all others keeps everybody out",
                remedy: format!("compare it with {wants}, or write the id that {key} wants"),
            };
            said.failed(codes::POLICY_WRONG_KEY, &value.at, &owner.address, words);
        }
    }
}

/// The values that stand under the other one's key.
fn mixed_up<'d>(configuration: &Configuration, document: &'d Node) -> Vec<(&'d str, &'d Node)> {
    let statements = policies::statements(document).into_iter();
    let tests = statements.flat_map(policies::tests);
    let mut all = Vec::new();
    for (_, key, values) in tests {
        let (prefix, kind) = match key.to_ascii_lowercase().as_str() {
            "aws:sourcevpce" => ("vpc-", Kind::Vpc),
            "aws:sourcevpc" => ("vpce-", Kind::Endpoint),
            _ => continue,
        };
        for value in values {
            let written = value.text().is_some_and(|text| text.starts_with(prefix));
            let led = value.reference().is_some_and(|one| {
                let of_it = configuration
                    .target(one)
                    .is_some_and(|one| one.kind == kind);
                of_it && matches!(one.leaf(), "id" | "" | "VpcId")
            });
            if written || led {
                all.push((key, value));
            }
        }
    }
    all
}

/// API Gateway developer guide, "Control access with resource policies": a
/// policy is a JSON document.
pub fn broken(configuration: &Configuration, said: &mut Said) {
    for (owner, attribute) in written(configuration) {
        let Document::Broken(line, why) = policies::read(configuration, attribute) else {
            continue;
        };
        let mut at = attribute.at.clone();
        if attribute.spread {
            at.line = line;
        }
        let words = Words {
            found: format!("its policy is {why}"),
            cause: "AWS takes no policy that is not JSON",
            remedy: "mend the JSON at this place".to_owned(),
        };
        said.failed(codes::POLICY_NOT_JSON, &at, &owner.address, words);
    }
}

/// API Gateway developer guide, "Private REST APIs": without a resource policy
/// every call fails.
pub fn missing(configuration: &Configuration, said: &mut Said) {
    let apart: Vec<&Resource> = configuration.of(Kind::RestApiPolicy).collect();
    for api in private_apis(configuration) {
        let elsewhere = apart
            .iter()
            .any(|one| leads(one, "rest_api_id", api) || one.mentioned("rest_api_id").is_empty());
        let handed_on = configuration.partial || configuration.passed.contains(&api.base);
        // What is imported may bring a policy with it.
        let imported = api.get("body").is_some() || is_imported_apart(configuration, api);
        if api.get("policy").is_some() || elsewhere || handed_on || imported {
            continue;
        }
        // What a plan does not know is left out of it.
        if configuration.language == Language::Shown && !api.mentioned("policy").is_empty() {
            continue;
        }
        let words = Words {
            found: "a private API without a policy".to_owned(),
            cause: "it admits nobody: every request ends in 403",
            remedy: "give it a policy that admits the endpoint by aws:SourceVpce".to_owned(),
        };
        said.failed(codes::POLICY_MISSING, &api.at, &api.address, words);
    }
}

/// The policy of an API that is told, inside of it or apart.
fn of_apis(configuration: &Configuration) -> Vec<(&Resource, &Node, Node)> {
    let kinds = [Kind::RestApi, Kind::RestApiPolicy].into_iter();
    let owners = kinds.flat_map(|kind| configuration.of(kind));
    let mut all = Vec::new();
    for owner in owners {
        if let Some(attribute) = owner.get("policy")
            && let Document::Read(document) = policies::read(configuration, attribute)
        {
            all.push((owner, attribute, document));
        }
    }
    all
}

fn is_effect(statement: &Node, effect: &str) -> bool {
    statement
        .get("Effect")
        .and_then(Node::text)
        .is_some_and(|one| one == effect)
}

/// API Gateway developer guide, "Private REST APIs", best practices: a private
/// API can be called through any endpoint, also of other accounts, unless its
/// policy says through which.
pub fn open(configuration: &Configuration, said: &mut Said) {
    for (owner, attribute, document) in of_apis(configuration) {
        let statements = policies::statements(&document);
        let restricts = statements
            .iter()
            .any(|one| is_effect(one, "Deny") && one.get("Condition").is_some());
        let everybody = |one: &&&Node| {
            let principal = one.get("Principal");
            let star = principal
                .and_then(Node::text)
                .is_some_and(|text| text == "*")
                || principal
                    .and_then(|one| one.get("AWS"))
                    .and_then(Node::text)
                    .is_some_and(|text| text == "*");
            is_effect(one, "Allow") && star && one.get("Condition").is_none()
        };
        let Some(statement) = statements.iter().find(everybody).filter(|_| !restricts) else {
            continue;
        };
        let at = if attribute.reference().is_some() {
            &attribute.at
        } else {
            &statement.at
        };
        let words = Words {
            found: "its policy lets in everybody, on no condition".to_owned(),
            cause: "a private API can be called through every endpoint of every account, a public one from everywhere",
            remedy: "add a Deny of all whose aws:SourceVpce is not the endpoint's".to_owned(),
        };
        said.warned(codes::POLICY_OPEN, at, &owner.address, words);
    }
}

/// IAM user guide, "Policy evaluation logic", as `docs/design/0017` has it: the
/// policy is asked for a request through each endpoint of the configuration.
pub fn admits_nobody(configuration: &Configuration, said: &mut Said) {
    let ways: Vec<&Resource> = endpoints(configuration).collect();
    if ways.is_empty() {
        return;
    }
    let api = api_arn("aws", "us-east-1", "111122223333", "a1b2c3d4e5");
    for (owner, attribute, document) in of_apis(configuration) {
        let named = |one: &Reference| stands_for(configuration, one, &api);
        let Some(plain) = policies::plain(&document, &named) else {
            continue;
        };
        let text = plain.to_string();
        // A VPC or an API by an id that is not told cannot be compared.
        let by_arn = text.replace(&api, "").contains("arn:");
        if by_arn || !mixed_up(configuration, &document).is_empty() {
            continue;
        }
        let policy = Policy::of_api(&text, &api);
        let answers: Vec<_> = ways
            .iter()
            .map(|way| asked(configuration, way, &policy, &api, &text))
            .collect();
        if let Some(refusal) = answers.iter().flatten().find(|answer| answer.is_no())
            && answers
                .iter()
                .all(|answer| answer.as_ref().is_some_and(|one| one.is_no()))
        {
            let through: Vec<&str> = ways.iter().map(|way| way.address.as_str()).collect();
            let words = Words {
                found: format!(
                    "its policy lets nobody in through {}: {refusal}",
                    through.join(", ")
                ),
                cause: "requests through the endpoint end in 403",
                remedy: "let the policy admit the endpoint by aws:SourceVpce".to_owned(),
            };
            said.failed(
                codes::POLICY_ADMITS_NOBODY,
                &attribute.at,
                &owner.address,
                words,
            );
        }
    }
}

/// A text in the place of a reference that only a run of the tool resolves.
fn stands_for(configuration: &Configuration, reference: &Reference, api: &str) -> Option<String> {
    let target = configuration.target(reference)?;
    let id = matches!(reference.leaf(), "id" | "" | "VpcId" | "Id");
    match target.kind {
        Kind::Endpoint if id => Some(endpoint_id(target)),
        Kind::Vpc if id => Some(
            target
                .text("id")
                .map_or_else(|| format!("vpc-{}", target.base), |id| id.into_owned()),
        ),
        Kind::RestApi if reference.leaf() == "execution_arn" => Some(api.to_owned()),
        Kind::RestApi if id => api.rsplit(':').next().map(str::to_owned),
        _ => None,
    }
}

fn endpoint_id(endpoint: &Resource) -> String {
    let known = endpoint.text("id").map(|id| id.into_owned());
    known.unwrap_or_else(|| format!("vpce-{}", endpoint.base))
}

/// The answer to a request through an endpoint; none if that depends on what is
/// not told.
fn asked(
    configuration: &Configuration,
    endpoint: &Resource,
    policy: &Policy,
    api: &str,
    text: &str,
) -> Option<crate::policy::Answer> {
    let id = endpoint_id(endpoint);
    let vpc = endpoint
        .get("vpc_id")
        .and_then(|node| match node.reference() {
            Some(reference) => stands_for(configuration, reference, api),
            None => node.text().map(|text| text.into_owned()),
        });
    if vpc.is_none() && text.to_ascii_lowercase().contains("aws:sourcevpc\"") {
        return None;
    }
    // An id that is written down may be that of an endpoint made here.
    if endpoint.text("id").is_none() && text.contains("\"vpce-0") {
        return None;
    }
    let vpc = vpc.unwrap_or_default();
    let through = Through {
        endpoint: Some(&id),
        vpc: &vpc,
        from: &[],
    };
    let request = Request::invoke(api, None, None, None, &through);
    Some(policy.judge(&request))
}

/// API Gateway developer guide, "Quotas".
pub fn too_long(configuration: &Configuration, said: &mut Said) {
    for (owner, attribute, document) in of_apis(configuration) {
        let Some(plain) = policies::plain(&document, &|one| Some(one.to_string())) else {
            continue;
        };
        let length = plain.to_string().chars().count();
        if length > LONGEST {
            let words = Words {
                found: format!("its policy has {length} characters"),
                cause: "API Gateway takes 8192",
                remedy: "say it with fewer statements: several ids in one condition".to_owned(),
            };
            said.failed(
                codes::QUOTAS_POLICY_SIZE,
                &attribute.at,
                &owner.address,
                words,
            );
        }
    }
}
