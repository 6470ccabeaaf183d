//! `SimulatePrincipalPolicy`: what the caller may do.

use serde_json::{Value, json};

use super::state::By;
use super::{denial, refused_by_faults};
use crate::codec::{Input, Output, Refusal, ok};
use crate::paging::cut;
use crate::sts;
use crate::world::Ctx;

/// IAM API reference, `SimulatePrincipalPolicy`: `InvalidInput`.
fn invalid(text: String) -> Refusal {
    Refusal::new("InvalidInput", text)
}

/// Checks whose policies are asked about: a user's, a group's or a role's of
/// this account (IAM API reference). The caller is the only user there is.
fn check_source(ctx: &Ctx<'_>, input: &Input) -> Result<(), Refusal> {
    let arn = input.require("PolicySourceArn")?;
    if arn == sts::caller(ctx) {
        return Ok(());
    }
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let kind = parts.get(5).and_then(|name| name.split('/').next());
    match (parts.get(2), kind) {
        (Some(&"iam"), Some("user" | "role" | "group")) => {
            let text = format!("The entity {arn} cannot be found.");
            Err(Refusal::new("NoSuchEntity", text).status(404))
        }
        // Observed with the ARN of an assumed role.
        _ => Err(invalid(format!("Invalid Entity Arn: {arn}"))),
    }
}

/// `SimulatePrincipalPolicy`: each action on each resource.
///
/// IAM API reference, `EvaluationResult`. That an action which the account does
/// not deny is allowed, whether simulated or not, is what an administrator is told.
pub fn simulate(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    check_source(ctx, input)?;
    let actions = input.texts("ActionNames");
    if actions.is_empty() {
        return Err(input.protocol.missing("ActionNames"));
    }
    let resources = match input.texts("ResourceArns") {
        none if none.is_empty() => vec!["*".to_owned()],
        given => given,
    };
    let mut results = Vec::new();
    for action in &actions {
        if !is_action(action) {
            return Err(invalid(format!("Invalid Action Name: {action}")));
        }
        results.extend(
            resources
                .iter()
                .map(|resource| result(ctx, action, resource)),
        );
    }
    let asked = input.number("MaxItems").unwrap_or(100).clamp(1, 1000);
    let asked = usize::try_from(asked).unwrap_or(100);
    let size = ctx.conditions.page.map_or(asked, |most| most.min(asked));
    let (results, next) = cut(results, size, input.text("Marker"))
        .ok_or_else(|| invalid("Invalid Marker".to_owned()))?;
    ok(json!({
        "EvaluationResults": results,
        "IsTruncated": next.is_some(),
        "Marker": next,
    }))
}

/// `service:Action`, of 3 to 128 characters (IAM API reference, `ActionNameType`).
fn is_action(text: &str) -> bool {
    let parts = text.split_once(':');
    (3..=128).contains(&text.len())
        && parts.is_some_and(|(service, action)| !service.is_empty() && !action.is_empty())
}

fn result(ctx: &Ctx<'_>, action: &str, resource: &str) -> Value {
    let denied = denial(ctx, action, action, resource).map(|denial| denial.by);
    let faulty = refused_by_faults(ctx, action);
    let decision = match denied {
        Some(By::NoPolicy | By::PermissionsBoundary) => "implicitDeny",
        // Assumption for a service control policy, whose detail says whose no it is.
        Some(By::IdentityPolicy | By::ServiceControlPolicy) => "explicitDeny",
        None if faulty => "implicitDeny",
        None => "allowed",
    };
    let mut tree = json!({
        "EvalActionName": action,
        "EvalDecision": decision,
        "EvalResourceName": resource,
        "MatchedStatements": [],
        "MissingContextValues": [],
    });
    if denied == Some(By::PermissionsBoundary) {
        tree["PermissionsBoundaryDecisionDetail"] = json!({"AllowedByPermissionsBoundary": false});
    }
    if denied == Some(By::ServiceControlPolicy) {
        tree["OrganizationsDecisionDetail"] = json!({"AllowedByOrganizations": false});
    }
    tree
}

/// `GetContextKeysForPrincipalPolicy`: what is denied here looks at none.
pub fn context_keys(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    check_source(ctx, input)?;
    ok(json!({"ContextKeyNames": []}))
}
