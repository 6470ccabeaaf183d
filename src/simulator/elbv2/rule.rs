//! Rules of listeners.

use serde_json::{Value, json};

use super::arn::{LISTENER, RULE, below, invalid};
use super::list::{number, page};
use super::state::{Condition, Rule, State, Transform};
use super::{action, condition, tag, transform, usage};
use crate::codec::{Input, Output, Refusal, ok};
use crate::servicequotas::{code, most};
use crate::world::Ctx;

/// `CreateRule`: a priority stands once (`PriorityInUse`), even for the same rule again.
///
/// ELB API reference, `CreateRule`: `PriorityInUse`, `TooManyRules` (the words are an assumption).
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("ListenerArn")?;
    let state = &ctx.here.elbv2;
    let listener = LISTENER.find(&state.listeners, arn)?;
    let priority = priority(input)?;
    let tags = tag::specified(input)?;
    let rule = Rule {
        listener: arn.to_owned(),
        priority: Some(priority),
        conditions: condition::read(input)?,
        action: action::read(state, listener, input, "Actions")?,
        transforms: transform::read(input)?,
    };
    if state
        .rules_of(arn)
        .iter()
        .any(|(_, other)| other.priority == Some(priority))
    {
        return Err(in_use(priority));
    }
    let count = state
        .rules_under(&listener.balancer)
        .filter(|(_, rule)| rule.priority.is_some())
        .count();
    let limit = most(ctx, code::RULES);
    if count >= limit {
        let text = format!("The limit of {limit} rules of a load balancer has been reached");
        return Err(Refusal::new("TooManyRules", text));
    }
    let rule_arn = below(arn, &LISTENER, &RULE, &ctx.random.hex(16));
    let answer = json!({"Rules": [item(&rule_arn, &rule)]});
    ctx.here.elbv2.rules.insert(rule_arn.clone(), rule);
    tag::put(&mut ctx.here.elbv2, &rule_arn, tags);
    usage::refresh(ctx);
    ok(answer)
}

/// `ELBv2` API reference, `CreateRule`: 1 to 50000.
fn priority(input: &Input) -> Result<u16, Refusal> {
    let number = number(input, "Priority", 1, 50_000)?;
    number
        .and_then(|number| u16::try_from(number).ok())
        .ok_or_else(|| input.protocol.missing("Priority"))
}

fn in_use(priority: u16) -> Refusal {
    // Observed: "Priority '1' is currently in use".
    Refusal::new(
        "PriorityInUse",
        format!("Priority '{priority}' is currently in use"),
    )
}

fn not_default(rule: &Rule, deed: &str) -> Result<(), Refusal> {
    if rule.priority.is_some() {
        return Ok(());
    }
    // ELBv2 API reference: OperationNotPermitted.
    let text = format!("Default rule '{deed}' is not permitted");
    Err(Refusal::new("OperationNotPermitted", text))
}

/// `DescribeRules`: of a listener by priority, the default one last, or by ARN (`ELBv2` API reference: one of the two must be given).
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let state = &ctx.here.elbv2;
    let (listener, arns) = (input.text("ListenerArn"), input.texts("RuleArns"));
    if listener.is_some() != arns.is_empty() {
        return Err(invalid(
            "You must specify either listener rule ARNs or a listener ARN",
        ));
    }
    let found = match listener {
        Some(arn) => {
            LISTENER.find(&state.listeners, arn)?;
            state.rules_of(arn)
        }
        None => named(state, &arns)?,
    };
    let (found, next) = page(ctx, found, input)?;
    let items: Value = found
        .into_iter()
        .map(|(arn, rule)| item(arn, rule))
        .collect();
    ok(json!({"NextMarker": next, "Rules": items}))
}

fn named<'a>(state: &'a State, arns: &'a [String]) -> Result<Vec<(&'a String, &'a Rule)>, Refusal> {
    let one = |arn: &'a String| RULE.find(&state.rules, arn).map(|rule| (arn, rule));
    arns.iter().map(one).collect()
}

fn item(arn: &str, rule: &Rule) -> Value {
    let priority = rule
        .priority
        .map_or("default".to_owned(), |priority| priority.to_string());
    json!({
        "Actions": [rule.action.item()],
        "Conditions": rule.conditions.iter().map(Condition::item).collect::<Value>(),
        "IsDefault": rule.priority.is_none(),
        "Priority": priority,
        "RuleArn": arn,
        "Transforms": rule.transforms.iter().map(Transform::item).collect::<Value>(),
    })
}

/// `ModifyRule`: replaces what is named. The default rule has an action only,
/// and that is its listener's (`ELBv2` API reference: `OperationNotPermitted`; assumption: for its action, too).
pub fn modify(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("RuleArn")?;
    let state = &ctx.here.elbv2;
    let mut rule = RULE.find(&state.rules, arn)?.clone();
    not_default(&rule, "modification")?;
    let listener = LISTENER.find(&state.listeners, &rule.listener)?;
    if input.has("Conditions") {
        rule.conditions = condition::read(input)?;
    }
    if input.has("Actions") {
        rule.action = action::read(state, listener, input, "Actions")?;
    }
    let reset = input.flag("ResetTransforms") == Some(true);
    let transforms = transform::read(input)?;
    if reset && !transforms.is_empty() {
        return Err(invalid("Transforms cannot be set and reset at once"));
    }
    if reset || !transforms.is_empty() {
        rule.transforms = transforms;
    }
    let answer = json!({"Rules": [item(arn, &rule)]});
    ctx.here.elbv2.rules.insert(arn.to_owned(), rule);
    usage::refresh(ctx);
    ok(answer)
}

/// `DeleteRule`: not the default one.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("RuleArn")?;
    not_default(RULE.find(&ctx.here.elbv2.rules, arn)?, "deletion")?;
    ctx.here.elbv2.rules.remove(arn);
    ctx.here.elbv2.tags.remove(arn);
    usage::refresh(ctx);
    ok(json!({}))
}

/// `SetRulePriorities`: all at once, so that rules can change places (`ELBv2` API reference: "no priority conflicts in the new order").
pub fn set_priorities(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let pairs = input.each("RulePriorities");
    if pairs.is_empty() {
        return Err(input.protocol.missing("RulePriorities"));
    }
    let state = &mut ctx.here.elbv2;
    let mut moved: Vec<String> = Vec::new();
    for pair in &pairs {
        let arn = pair.require("RuleArn")?;
        let rule = RULE.find_mut(&mut state.rules, arn)?;
        not_default(rule, "priority change")?;
        if moved.iter().any(|other| other == arn) {
            return Err(invalid(format!(
                "The rule '{arn}' was specified more than once"
            )));
        }
        rule.priority = Some(priority(pair)?);
        moved.push(arn.to_owned());
    }
    let state = &ctx.here.elbv2;
    for (arn, rule) in named(state, &moved)? {
        let rival =
            |(other, known): &(&String, &Rule)| *other != arn && known.priority == rule.priority;
        if state.rules_of(&rule.listener).iter().any(rival) {
            return Err(in_use(rule.priority.unwrap_or_default()));
        }
    }
    let items: Value = named(state, &moved)?
        .into_iter()
        .map(|(arn, rule)| item(arn, rule))
        .collect();
    ok(json!({"Rules": items}))
}
