//! What a policy says to a caller without credentials.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use crate::simulator::pattern::matches;

/// What is asked of a policy.
pub struct Question<'a> {
    /// `execute-api:Invoke`.
    pub action: &'a str,
    /// The ARN.
    pub resource: &'a str,
    /// Condition keys and their values; others are absent.
    pub keys: &'a [(&'static str, String)],
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
    let tree: Value = serde_json::from_str(policy).unwrap_or_default();
    let says = |effect: &str| {
        let mut statements = listed(&tree["Statement"]).into_iter();
        statements.any(|one| one["Effect"] == effect && applies(one, effect, question))
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

fn applies(statement: &Value, effect: &str, question: &Question<'_>) -> bool {
    let action = question.action.to_ascii_lowercase();
    let acts = |pattern: &str| matches(&pattern.to_ascii_lowercase(), &action);
    anybody(statement)
        && named(statement, "Action", acts)
        && named(statement, "Resource", |one| matches(one, question.resource))
        && conditions_hold(&statement["Condition"], effect, question.keys)
}

/// IAM user guide, "JSON policy elements: Principal": only `*` and `{"AWS": "*"}` mean those without credentials.
fn anybody(statement: &Value) -> bool {
    let all = |who: &Value| who == "*" || texts(&who["AWS"]).iter().any(|one| one == "*");
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:eu-central-1:111122223333:abc/live/GET/orders";

    fn judged(statements: &Value) -> Verdict {
        let keys = [
            ("aws:SourceVpce", "vpce-1".to_owned()),
            ("aws:SourceVpc", "vpc-1".to_owned()),
            ("aws:VpcSourceIp", "10.0.1.7".to_owned()),
        ];
        let question = Question {
            action: "execute-api:Invoke",
            resource: ARN,
            keys: &keys,
        };
        judge(&json!({"Statement": statements}).to_string(), &question)
    }

    fn statement(effect: &str, more: &Value) -> Value {
        let mut whole = json!({"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"});
        for (name, value) in more.as_object().into_iter().flatten() {
            whole[name] = value.clone();
        }
        whole
    }

    #[test]
    fn allow_deny_and_silence() {
        let (allow, deny) = (
            statement("Allow", &json!({})),
            statement("Deny", &json!({})),
        );
        assert_eq!(judged(&allow), Verdict::Allowed);
        assert_eq!(judged(&json!([allow, deny])), Verdict::Denied);
        assert_eq!(judged(&deny), Verdict::Denied);
        assert_eq!(judged(&json!([])), Verdict::Silent);
        let nonsense = Question {
            action: "a:b",
            resource: ARN,
            keys: &[],
        };
        assert_eq!(judge("{", &nonsense), Verdict::Silent);
    }

    #[test]
    fn who_what_and_which() {
        for (more, allowed) in [
            (json!({"Principal": {"AWS": "*"}}), true),
            (
                json!({"Principal": {"AWS": ["arn:aws:iam::1:root", "*"]}}),
                true,
            ),
            (
                json!({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}),
                false,
            ),
            (
                json!({"Principal": {"Service": "apigateway.amazonaws.com"}}),
                false,
            ),
            (json!({"Action": "EXECUTE-API:*"}), true),
            (json!({"Action": ["execute-api:ManageConnections"]}), false),
            (
                json!({"Resource": "arn:aws:execute-api:eu-central-1:*:abc/*"}),
                true,
            ),
            (
                json!({"Resource": ["arn:aws:execute-api:eu-central-1:*:xyz/*", ARN]}),
                true,
            ),
            (
                json!({"Resource": "arn:aws:execute-api:eu-central-1:*:xyz/*"}),
                false,
            ),
            (
                json!({"Resource": "arn:aws:execute-api:*:*:abc/*/POST/*"}),
                false,
            ),
        ] {
            let verdict = judged(&statement("Allow", &more));
            assert_eq!(verdict == Verdict::Allowed, allowed, "{more}");
        }
        let not = json!({"Effect": "Allow", "Principal": "*", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::*"});
        assert_eq!(judged(&not), Verdict::Allowed);
        let not = json!({"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::1:root"}, "Action": "*"});
        assert_eq!(judged(&not), Verdict::Denied);
    }

    #[test]
    fn conditions() {
        for (condition, allowed, denied) in [
            (
                json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
                true,
                true,
            ),
            (
                json!({"StringEquals": {"AWS:sourcevpce": ["vpce-2", "vpce-1"]}}),
                true,
                true,
            ),
            (
                json!({"StringEquals": {"aws:SourceVpce": "vpc-1"}}),
                false,
                false,
            ),
            (
                json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}),
                false,
                false,
            ),
            (
                json!({"StringNotEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}}),
                false,
                false,
            ),
            (
                json!({"StringNotEquals": {"aws:SourceVpce": ["vpce-2", "vpce-3"]}}),
                true,
                true,
            ),
            (
                json!({"StringNotEquals": {"aws:SourceVpce": "vpc-1"}}),
                true,
                true,
            ),
            (
                json!({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}),
                false,
                false,
            ),
            (
                json!({"StringLike": {"aws:SourceVpce": "vpce-*"}}),
                true,
                true,
            ),
            (
                json!({"StringNotLike": {"aws:SourceVpce": "vpce-?"}}),
                false,
                false,
            ),
            (
                json!({"StringEqualsIgnoreCase": {"aws:SourceVpc": "VPC-1"}}),
                true,
                true,
            ),
            (
                json!({"StringEquals": {"aws:SourceVpce": "vpce-1", "aws:SourceVpc": "vpc-2"}}),
                false,
                false,
            ),
            (
                json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
                false,
                false,
            ),
            (
                json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}),
                true,
                true,
            ),
            (
                json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}),
                true,
                true,
            ),
            (
                json!({"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}}),
                true,
                true,
            ),
            (
                json!({"NotIpAddress": {"aws:VpcSourceIp": ["10.0.1.7", "192.0.2.0/24"]}}),
                false,
                false,
            ),
            (
                json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/16"}}),
                false,
                false,
            ),
            (json!({"Null": {"aws:SourceVpce": "true"}}), false, false),
            (json!({"Null": {"aws:PrincipalArn": true}}), true, true),
            (
                json!({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01"}}),
                false,
                true,
            ),
        ] {
            let more = json!({"Condition": condition});
            let allow = judged(&statement("Allow", &more)) == Verdict::Allowed;
            let deny = judged(&statement("Deny", &more)) == Verdict::Denied;
            assert_eq!((allow, deny), (allowed, denied), "{condition}");
        }
    }
}
