//! Permissions: the statements of a function's resource policy.

use serde_json::{Map, Value, json};

use super::name::{Named, conflict, invalid, missing, parse, unfit};
use super::revision::{check_revision, fresh};
use super::state::{Policies, Policy};
use crate::codec::{Input, Output, Refusal, ok};
use crate::pattern;
use crate::world::Ctx;

/// Lambda developer guide, "Quotas": a function's policy has 20 KB at most.
const LONGEST: usize = 20_480;

/// `AddPermission`.
pub fn add(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let named = Named::of(ctx, input)?;
    named.find_for_policy(ctx, &ctx.here.lambda)?;
    // Observed.
    if named.qualifier.as_deref() == Some("$LATEST") {
        return Err(invalid(
            "We currently do not support adding policies for $LATEST.",
        ));
    }
    let statement = statement(ctx, &named, input)?;
    let id = input.require("StatementId")?;
    let (absent, fresh, now) = (named.absent(ctx), fresh(ctx.random), ctx.now);
    let function = ctx
        .here
        .lambda
        .functions
        .get_mut(&named.name)
        .ok_or(absent)?;
    let qualifier = named.qualifier.unwrap_or_default();
    check_revision(function.revision(&qualifier, now), input, "GetPolicy API")?;
    let policy = function.policies.entry(qualifier.clone()).or_default();
    // Observed (terraform-aws-lambda#547).
    if policy.statements.iter().any(|known| known["Sid"] == id) {
        return Err(conflict(format!(
            "The statement id ({id}) provided already exists. Please provide a new statement id, or remove the existing statement."
        )));
    }
    policy.statements.push(statement.clone());
    let size = document(policy).len();
    if size > LONGEST {
        // The words are observed.
        let text = format!("The final policy size ({size}) is bigger than the limit ({LONGEST}).");
        return Err(Refusal::new("PolicyLengthExceededException", text));
    }
    function.revise(&qualifier, fresh);
    Ok(Output::from(json!({"Statement": statement.to_string()})).status(201))
}

/// Lambda API reference, `AddPermission`: 100 characters; action `lambda:…` or `*`.
fn check(id: &str, action: &str) -> Result<(), Refusal> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if id.len() > 100 || !id.chars().all(allowed) {
        // Recorded.
        return Err(unfit("statementId", id, "([a-zA-Z0-9-_]+)"));
    }
    if action != "*" && !action.starts_with("lambda:") {
        return Err(invalid(format!("Invalid action {action}")));
    }
    Ok(())
}

/// A statement, as `GetPolicy` shows it (Lambda developer guide, "Using resource-based policies").
fn statement(ctx: &Ctx<'_>, named: &Named, input: &Input) -> Result<Value, Refusal> {
    let (id, action) = (input.require("StatementId")?, input.require("Action")?);
    check(id, action)?;
    let mut statement = json!({
        "Sid": id,
        "Effect": "Allow",
        "Principal": principal(ctx, input.require("Principal")?)?,
        "Action": action,
        "Resource": named.arn(ctx),
    });
    let mut condition: Map<String, Value> = Map::new();
    let mut equals: Map<String, Value> = Map::new();
    for (parameter, key) in [
        ("SourceAccount", "AWS:SourceAccount"),
        ("PrincipalOrgID", "aws:PrincipalOrgID"),
        ("EventSourceToken", "lambda:EventSourceToken"),
        ("FunctionUrlAuthType", "lambda:FunctionUrlAuthType"),
    ] {
        let given = input.get(parameter);
        equals.extend(given.map(|value| (key.to_owned(), value.clone())));
    }
    if !equals.is_empty() {
        condition.insert("StringEquals".to_owned(), equals.into());
    }
    if let Some(source) = input.text("SourceArn") {
        if !source.starts_with("arn:") {
            return Err(invalid(format!("Invalid source ARN {source}")));
        }
        condition.insert("ArnLike".to_owned(), json!({"AWS:SourceArn": source}));
    }
    if !condition.is_empty() {
        statement["Condition"] = condition.into();
    }
    Ok(statement)
}

/// Lambda API reference, `AddPermission`: a service, an account, a user or role, or everybody.
fn principal(ctx: &Ctx<'_>, given: &str) -> Result<Value, Refusal> {
    let account = given.len() == 12 && given.bytes().all(|byte| byte.is_ascii_digit());
    if given == "*" {
        Ok(json!("*"))
    } else if account {
        Ok(json!({"AWS": format!("arn:{}:iam::{given}:root", ctx.partition())}))
    } else if given.starts_with("arn:") {
        Ok(json!({"AWS": given}))
    } else if given.ends_with(".amazonaws.com") || given.ends_with(".amazonaws.com.cn") {
        Ok(json!({"Service": given}))
    } else {
        // Observed.
        Err(invalid(
            "The provided principal was invalid. Please check the principal and try again.",
        ))
    }
}

fn document(policy: &Policy) -> String {
    json!({"Version": "2012-10-17", "Id": "default", "Statement": policy.statements}).to_string()
}

/// The policy that a request names; no policy and no function are alike (recorded for `GetPolicy`).
fn policy<'a>(ctx: &'a Ctx<'_>, named: &Named) -> Result<&'a Policy, Refusal> {
    let none = || missing("The resource you requested does not exist.");
    let function = named.find(ctx, &ctx.here.lambda).map_err(|_| none())?;
    let qualifier = named.qualifier.clone().unwrap_or_default();
    let policy = function.policies.get(&qualifier);
    policy
        .filter(|policy| !policy.statements.is_empty())
        .ok_or_else(none)
}

/// The policies of the function that a request names, by version or alias.
pub fn policies<'a>(ctx: &'a mut Ctx<'_>, input: &Input) -> Option<&'a mut Policies> {
    let named = Named::of(ctx, input).ok()?;
    let function = ctx.here.lambda.functions.get_mut(&named.name)?;
    Some(&mut function.policies)
}

/// `GetPolicy`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let named = Named::of(ctx, input)?;
    let policy = policy(ctx, &named)?;
    // Recorded: a policy has the revision of what it belongs to.
    let function = named.find(ctx, &ctx.here.lambda)?;
    let qualifier = named.qualifier.as_deref().unwrap_or_default();
    let revision = function.revision(qualifier, ctx.now);
    ok(json!({"Policy": document(policy), "RevisionId": revision}))
}

/// `RemovePermission`; the message for a statement that is not there is observed.
pub fn remove(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let named = Named::of(ctx, input)?;
    let id = input.require("StatementId")?;
    if !ctx.here.lambda.functions.contains_key(&named.name) {
        // Recorded.
        let arn = ctx.arn("lambda", &format!("function:{}", named.name));
        return Err(missing(format!("No policy found for: {arn}")));
    }
    let function = named.find_for_policy(ctx, &ctx.here.lambda)?;
    let qualifier = named.qualifier.clone().unwrap_or_default();
    let revision = function.revision(&qualifier, ctx.now);
    // Recorded: other words than those of `GetPolicy`.
    let none = |_| missing("No policy is associated with the given resource.");
    let known = policy(ctx, &named).map_err(none)?;
    if !known.statements.iter().any(|one| one["Sid"] == id) {
        return Err(missing(format!(
            "Statement {id} is not found in resource policy."
        )));
    }
    check_revision(revision, input, "GetFunction/GetAlias API")?;
    let fresh = fresh(ctx.random);
    if let Some(function) = ctx.here.lambda.functions.get_mut(&named.name) {
        if let Some(policy) = function.policies.get_mut(&qualifier) {
            policy.statements.retain(|one| one["Sid"] != id);
        }
        function.revise(&qualifier, fresh);
    }
    Ok(Output::empty(204))
}

/// Returns whether a function may be invoked by a service on behalf of something.
///
/// IAM user guide, "Condition operators": `ArnLike` takes `*` and `?`. What else
/// a statement asks for (accounts, organisations) is not judged.
pub fn permits(ctx: &Ctx<'_>, function_arn: &str, principal: &str, source_arn: &str) -> bool {
    let Ok(named) = parse(ctx, function_arn) else {
        return false;
    };
    let admits = |statement: &Value| {
        let who = &statement["Principal"];
        let action = statement["Action"].as_str().unwrap_or_default();
        let source = statement["Condition"]["ArnLike"]["AWS:SourceArn"].as_str();
        (who == "*" || who["Service"] == principal)
            && ["*", "lambda:*", "lambda:InvokeFunction"].contains(&action)
            && source.is_none_or(|wanted| pattern::matches(wanted, source_arn))
    };
    policy(ctx, &named).is_ok_and(|policy| policy.statements.iter().any(admits))
}
