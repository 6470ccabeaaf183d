//! Deployments: what is live.

use super::{
    super::{
        kind::Kind,
        model::{Configuration, Language, Reference, Resource, leads},
        said::{Said, Words},
    },
    is_imported_apart,
};
use crate::checks::codes;

/// Attributes of the deployment that version 6 of the AWS provider has no more
/// (its change log, 6.0.0).
const GONE: [&str; 5] = [
    "stage_name",
    "stage_description",
    "canary_settings",
    "invoke_url",
    "execution_arn",
];

/// AWS provider, change log of 6.0.0: stages are `aws_api_gateway_stage` alone.
pub fn stage_name(configuration: &Configuration, said: &mut Said) {
    if configuration.language != Language::Terraform {
        return;
    }
    let older = configuration.provider.as_deref().is_some_and(is_older);
    let mut say = |found: String, at, whose: &str| {
        let words = Words {
            found,
            cause: "version 6 of the AWS provider has it no more, and those before keep no stage of it in order",
            remedy: "make an `aws_api_gateway_stage` of it, and refer to that".to_owned(),
        };
        if older {
            said.warned(codes::CONFIG_STAGE_IN_DEPLOYMENT, at, whose, words);
        } else {
            said.failed(codes::CONFIG_STAGE_IN_DEPLOYMENT, at, whose, words);
        }
    };
    for deployment in configuration.of(Kind::Deployment) {
        for name in GONE {
            if let Some(node) = deployment.get(name) {
                say(
                    format!("a deployment with {name}"),
                    &node.at,
                    &deployment.address,
                );
            }
        }
    }
    for (reference, at) in &configuration.references {
        let is_deployment = reference.to.starts_with("aws_api_gateway_deployment.");
        if is_deployment && GONE.contains(&reference.attribute.as_str()) {
            say(format!("{reference} is asked for"), at, "");
        }
    }
}

/// Whether a version constraint keeps below 6.
fn is_older(constraint: &str) -> bool {
    constraint.split(',').map(str::trim).any(|one| {
        let version = one.trim_start_matches(['~', '>', '=', '<', ' ']);
        let operator = one[..one.len() - version.len()].trim_end();
        let mut numbers = version.split('.').map(str::parse::<u32>);
        let Some(Ok(major)) = numbers.next() else {
            return false;
        };
        let rest_is_zero = numbers.all(|number| number == Ok(0));
        match operator {
            "<" => major < 6 || (major == 6 && rest_is_zero),
            "<=" | "~>" | "=" | "" => major < 6,
            _ => false,
        }
    })
}

/// AWS provider, `aws_api_gateway_deployment`: a deployment that a stage points
/// to is not deleted ("Active stages pointing to this deployment must be moved
/// or deleted").
pub fn order(configuration: &Configuration, said: &mut Said) {
    if configuration.language != Language::Terraform {
        return;
    }
    for deployment in configuration.of(Kind::Deployment) {
        let created_first = deployment.get("lifecycle.create_before_destroy");
        match created_first {
            // What is not told accuses nobody.
            Some(node) if node.flag() != Some(false) => continue,
            _ => {}
        }
        let words = Words {
            found: "no `create_before_destroy`".to_owned(),
            cause: "Terraform deletes the deployment first, and API Gateway refuses while a stage has it",
            remedy: "add `lifecycle { create_before_destroy = true }`".to_owned(),
        };
        said.warned(
            codes::CONFIG_DEPLOYMENT_ORDER,
            &deployment.at,
            &deployment.address,
            words,
        );
    }
}

/// API Gateway developer guide, "Deploy REST APIs": changes of methods and of
/// the policy are live after the next deployment. AWS provider, issue 20811.
/// `CloudFormation` user guide, `AWS::ApiGateway::Deployment`: a deployment is not
/// made anew because the API changed.
pub fn not_redeployed(configuration: &Configuration, said: &mut Said) {
    match configuration.language {
        Language::CloudFormation => frozen(configuration, said),
        Language::Terraform | Language::Shown => untriggered(configuration, said),
        Language::OpenApi => {}
    }
}

const STALE: &str = "a changed method or policy is written and is not live: requests are judged by what was deployed before";

fn untriggered(configuration: &Configuration, said: &mut Said) {
    for deployment in configuration.of(Kind::Deployment) {
        let triggers = deployment.mentioned("triggers");
        // Terraform before 0.12 had `variables` for the same, with a hash in it.
        let has = deployment.get("triggers").is_some() || !triggers.is_empty();
        if !has {
            if deployment.get("variables").is_some() {
                continue;
            }
            let words = Words {
                found: "a deployment without `triggers`".to_owned(),
                cause: STALE,
                remedy: "add `triggers = { redeployment = sha1(jsonencode([…])) }` over the API's body or methods, and its policy".to_owned(),
            };
            said.warned(
                codes::CONFIG_NOT_REDEPLOYED,
                &deployment.at,
                &deployment.address,
                words,
            );
            continue;
        }
        let Some(api) = api_of(configuration, deployment) else {
            continue;
        };
        // A hash over files sees what is in them; nobody else knows what that is.
        if triggers.is_empty() || api.looked_up {
            continue;
        }
        let mut unseen = unseen(configuration, api, triggers);
        unseen.extend(only_ids(configuration, triggers));
        if let [first, ..] = unseen.as_slice() {
            let all = unseen.join(" and ");
            let words = Words {
                found: format!("its `triggers` do not see what changes in {all}"),
                cause: STALE,
                remedy: format!("put {first} into the hash of `triggers`"),
            };
            let at = deployment.place("triggers");
            said.warned(codes::CONFIG_NOT_REDEPLOYED, at, &deployment.address, words);
        }
    }
}

fn api_of<'c>(configuration: &'c Configuration, deployment: &Resource) -> Option<&'c Resource> {
    let apis = configuration
        .resources
        .iter()
        .filter(|one| one.kind == Kind::RestApi);
    let mut apis = apis.filter(|api| leads(deployment, "rest_api_id", api));
    apis.next()
}

/// What of the API is written and not asked for by the triggers.
fn unseen(configuration: &Configuration, api: &Resource, triggers: &[Reference]) -> Vec<String> {
    let sees = |what: &Reference| {
        triggers
            .iter()
            .any(|one| one.to == what.to && one.input == what.input)
    };
    let whole = |base: &str| {
        triggers
            .iter()
            .any(|one| one.to == base && one.attribute.is_empty())
    };
    let part = |name: &str| {
        let asked = triggers
            .iter()
            .any(|one| one.to == api.base && one.attribute.starts_with(name));
        asked || whole(&api.base) || api.mentioned(name).iter().any(sees)
    };
    let mut unseen = Vec::new();
    for name in ["body", "policy"] {
        // A body of a file has no references; the same file may be hashed.
        let told = api
            .get(name)
            .is_some_and(|node| name == "policy" || node.is_known());
        if told && !part(name) {
            unseen.push(format!("{}.{name}", api.address));
        }
    }
    for apart in configuration.of(Kind::RestApiPolicy) {
        let of_it = leads(apart, "rest_api_id", api);
        let asked = triggers.iter().any(|one| one.to == apart.base);
        let same = apart.mentioned("policy").iter().any(sees);
        if of_it && !asked && !same {
            unseen.push(format!("{}.policy", apart.address));
        }
    }
    unseen
}

/// Methods and integrations of which the triggers see the id alone: it stays
/// when they change (AWS provider, `aws_api_gateway_deployment`, "Redeployment
/// triggers").
fn only_ids(configuration: &Configuration, triggers: &[Reference]) -> Option<String> {
    let parts = triggers.iter().filter(|one| {
        let target = configuration.target(one).map(|target| target.kind);
        matches!(target, Some(Kind::Method | Kind::Integration))
    });
    let parts: Vec<&Reference> = parts.collect();
    let [first, ..] = parts.as_slice() else {
        return None;
    };
    let ids = parts.iter().all(|one| one.leaf() == "id");
    ids.then(|| first.to.clone())
}

/// A deployment by hand in `CloudFormation`: its logical id is the only thing that
/// makes a new one. CDK puts a hash behind it, SAM makes its own.
fn frozen(configuration: &Configuration, said: &mut Said) {
    for deployment in configuration.of(Kind::Deployment) {
        if ends_in_hash(&deployment.base) {
            continue;
        }
        let words = Words {
            found: "a deployment with a fixed logical id".to_owned(),
            cause: STALE,
            remedy: "change the logical id with the API's content (a hash or a version in it), as CDK and SAM do, or deploy after each change".to_owned(),
        };
        said.warned(
            codes::CONFIG_NOT_REDEPLOYED,
            &deployment.at,
            &deployment.address,
            words,
        );
    }
}

/// Whether a logical id ends in eight hexadecimal digits or more, or in a number.
fn ends_in_hash(id: &str) -> bool {
    let tail = id.bytes().rev().take_while(u8::is_ascii_hexdigit).count();
    let digits = id.bytes().rev().take_while(u8::is_ascii_digit).count();
    tail >= 8 || digits > 0
}

/// `CloudFormation` user guide, `AWS::ApiGateway::Deployment`, "Method dependency":
/// the deployment must depend on the methods, or API Gateway answers "The REST
/// API doesn't contain any methods".
pub fn before_methods(configuration: &Configuration, said: &mut Said) {
    if configuration.partial || configuration.language == Language::Shown {
        return;
    }
    for deployment in configuration.of(Kind::Deployment) {
        let Some(api) = api_of(configuration, deployment).filter(|api| !api.looked_up) else {
            continue;
        };
        let imported = api.get("body").is_some() || is_imported_apart(configuration, api);
        if imported || configuration.passed.contains(&api.base) {
            continue;
        }
        let methods: Vec<&Resource> = configuration.of(Kind::Method).collect();
        let mine: Vec<&&Resource> = methods
            .iter()
            .filter(|one| leads(one, "rest_api_id", api))
            .collect();
        // A method whose API is not told may be of this one.
        if mine.is_empty() && !methods.is_empty() {
            continue;
        }
        let all = deployment.mentions.values().flatten();
        let waits = all.map(|one| one.to.as_str()).any(|to| {
            let kind = configuration.resources.iter().find(|one| one.base == to);
            kind.is_some_and(|one| matches!(one.kind, Kind::Method | Kind::Integration))
                || to.starts_with("module.")
                || to.starts_with("aws_api_gateway_") && !to.starts_with("aws_api_gateway_rest_api")
        });
        if !mine.is_empty() && waits {
            continue;
        }
        let found = if mine.is_empty() {
            format!("it deploys {}, which has no method", api.address)
        } else {
            format!("it does not wait for the methods of {}", api.address)
        };
        let words = Words {
            found,
            cause: "API Gateway refuses to deploy an API without methods (\"The REST API doesn't contain any methods\")",
            remedy: match (mine.is_empty(), configuration.language) {
                (true, _) => "give it a method with an integration, or a body",
                (_, Language::CloudFormation) => "name the methods under `DependsOn`",
                _ => "let `triggers` or `depends_on` name the methods and integrations",
            }
            .to_owned(),
        };
        said.failed(
            codes::CONFIG_BEFORE_METHODS,
            &deployment.at,
            &deployment.address,
            words,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constraint_below_6_is_told_from_one_that_may_reach_it() {
        for (constraint, older) in [
            ("~> 5.0", true),
            ("~> 5", true),
            ("5.31.0", true),
            ("= 4.67.0", true),
            (">= 4.0, < 6.0", true),
            ("< 6", true),
            (">= 5.0", false),
            ("~> 6.0", false),
            ("<= 6.0", false),
            (">= 5.0, < 7.0", false),
            ("", false),
        ] {
            assert_eq!(is_older(constraint), older, "{constraint}");
        }
    }

    #[test]
    fn ids_with_a_hash_or_a_number_behind_them_are_made_anew() {
        assert!(ends_in_hash("ApiDeployment0123456789abcdef"));
        assert!(ends_in_hash("Deployment3"));
        assert!(!ends_in_hash("ApiDeployment"));
        assert!(!ends_in_hash("Facade"));
    }
}
