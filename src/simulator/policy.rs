//! What a resource policy says to a caller without credentials, and to a service or an account of AWS's.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use crate::pattern::matches;

/// What is asked of a policy.
pub struct Question<'a> {
    /// `execute-api:Invoke`.
    pub action: &'a str,
    /// The ARN.
    pub resource: &'a str,
    /// Condition keys and their values; others are absent.
    pub keys: &'a [(&'static str, String)],
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// Somebody without credentials.
    Anybody,
    /// A service (`logdelivery.elasticloadbalancing.amazonaws.com`), or the account that it once was.
    Service {
        /// The service principal.
        name: &'a str,
        /// The account's number, where there is one.
        account: Option<&'a str>,
    },
}

/// What a policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it, and none denies it.
    Allowed,
    /// A statement denies it.
    Denied,
    /// No statement allows it.
    Silent,
}

impl Verdict {
    /// Returns the end of a sentence that begins with who refuses.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Allowed => "allows it",
            Self::Denied => "denies it explicitly",
            Self::Silent => "has no statement that allows it",
        }
    }
}

/// Evaluates a policy for a caller without credentials.
///
/// IAM user guide, "Policy evaluation logic": an explicit Deny wins, and
/// without an Allow the answer is no. What cannot be read allows nothing.
pub fn judge(policy: &str, question: &Question<'_>) -> Verdict {
    judge_for(policy, question, Who::Anybody)
}

/// Evaluates a policy for a caller.
pub fn judge_for(policy: &str, question: &Question<'_>, who: Who<'_>) -> Verdict {
    let tree: Value = serde_json::from_str(policy).unwrap_or_default();
    let says = |effect: &str| {
        let mut statements = listed(&tree["Statement"]).into_iter();
        statements.any(|one| one["Effect"] == effect && applies(one, effect, question, who))
    };
    if says("Deny") {
        Verdict::Denied
    } else if says("Allow") {
        Verdict::Allowed
    } else {
        Verdict::Silent
    }
}

fn listed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        single => vec![single],
    }
}

fn texts(value: &Value) -> Vec<String> {
    let text = |one: &Value| match one {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    listed(value).into_iter().filter_map(text).collect()
}

fn applies(statement: &Value, effect: &str, question: &Question<'_>, who: Who<'_>) -> bool {
    let action = question.action.to_ascii_lowercase();
    let acts = |pattern: &str| matches(&pattern.to_ascii_lowercase(), &action);
    meant(statement, who)
        && named(statement, "Action", acts)
        && named(statement, "Resource", |one| matches(one, question.resource))
        && conditions_hold(&statement["Condition"], effect, question.keys)
}

/// IAM user guide, "JSON policy elements: Principal": only `*` and `{"AWS": "*"}` mean those without credentials.
/// A service is named by `Service`; an account by its number or its root's ARN.
fn meant(statement: &Value, caller: Who<'_>) -> bool {
    let named = |who: &Value| match caller {
        Who::Anybody => false,
        Who::Service { name, account } => {
            let by_name = texts(&who["Service"]).iter().any(|one| one == name);
            let is_account = |one: &String| {
                account.is_some_and(|account| {
                    one == account || one.ends_with(&format!(":iam::{account}:root"))
                })
            };
            by_name || texts(&who["AWS"]).iter().any(is_account)
        }
    };
    let all =
        |who: &Value| who == "*" || texts(&who["AWS"]).iter().any(|one| one == "*") || named(who);
    match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(who), _) => all(who),
        (None, Some(who)) => !all(who),
        (None, None) => false,
    }
}

/// `Action` or `NotAction`, `Resource` or `NotResource`. Without either all resources are meant (assumption).
fn named(statement: &Value, name: &str, fits: impl Fn(&str) -> bool) -> bool {
    let negated = format!("Not{name}");
    let any = |value: &Value| texts(value).iter().any(|one| fits(one));
    match (statement.get(name), statement.get(&negated)) {
        (Some(value), _) => any(value),
        (None, Some(value)) => !any(value),
        (None, None) => name == "Resource",
    }
}

/// IAM user guide, "Condition block": all operators and all their keys must
/// hold. An operator that is not known here makes a Deny hold and an Allow not
/// (assumption, the strict one).
fn conditions_hold(block: &Value, effect: &str, keys: &[(&'static str, String)]) -> bool {
    let operators = block.as_object().into_iter().flatten();
    let mut all = operators.flat_map(|(operator, wanted)| {
        let wanted = wanted.as_object().into_iter().flatten();
        wanted.map(move |(key, values)| (operator, key, values))
    });
    all.all(|(operator, key, values)| {
        let mut known = keys.iter();
        let value = known.find(|(name, _)| name.eq_ignore_ascii_case(key));
        let value = value.map(|(_, value)| value.as_str());
        holds(operator, value, &texts(values)).unwrap_or(effect == "Deny")
    })
}

/// Whether an operator holds; none when it is not known.
///
/// IAM user guide, "Condition operators": of several values one is enough, for
/// negated operators none may fit; without the key the positive ones fail, and
/// the negated ones and `…IfExists` hold.
fn holds(operator: &str, value: Option<&str>, wanted: &[String]) -> Option<bool> {
    if operator == "Null" {
        let absent = if value.is_none() { "true" } else { "false" };
        return Some(wanted.iter().any(|one| one == absent));
    }
    let plain = operator.strip_suffix("IfExists");
    let (negated, fits) = compared(plain.unwrap_or(operator))?;
    let Some(value) = value else {
        return Some(negated || plain.is_some());
    };
    Some(wanted.iter().any(|one| fits(one, value)) != negated)
}

/// How an operator compares a wanted value with one that is there.
type Compared = fn(&str, &str) -> bool;

/// Whether an operator is negated, and how it compares.
fn compared(operator: &str) -> Option<(bool, Compared)> {
    let caseless: Compared = |wanted, value| wanted.eq_ignore_ascii_case(value);
    let equal: Compared = |wanted, value| wanted == value;
    Some(match operator {
        "StringEquals" => (false, equal),
        "StringNotEquals" => (true, equal),
        "StringEqualsIgnoreCase" | "Bool" => (false, caseless),
        "StringNotEqualsIgnoreCase" => (true, caseless),
        // ArnEquals and ArnLike are the same (IAM user guide).
        "StringLike" | "ArnEquals" | "ArnLike" => (false, matches),
        "StringNotLike" | "ArnNotEquals" | "ArnNotLike" => (true, matches),
        "IpAddress" => (false, within),
        "NotIpAddress" => (true, within),
        _ => return None,
    })
}

fn within(net: &str, address: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let single = net.parse::<IpAddr>().is_ok_and(|one| one == address);
    single || net.parse::<IpNet>().is_ok_and(|net| net.contains(&address))
}
