//! Whether a policy lets a request through, for requests without AWS
//! credentials: those of a load balancer.

use serde_json::Value;

/// A request as policies see it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// As in `s3:GetObject`.
    pub action: &'a str,
    /// The ARN of what is asked for.
    pub resource: &'a str,
    /// The endpoint that it comes through.
    pub endpoint: &'a str,
    /// The endpoint's VPC.
    pub vpc: &'a str,
}

/// Whether the conditions of a statement are met.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Met {
    Yes,
    No,
    /// They ask for what is not known before the request is there.
    Unknown,
}

/// Whether the policy lets the anonymous request through (IAM user guide,
/// "Policy evaluation logic": a Deny wins, and without an Allow it is a no).
///
/// A condition that cannot be judged beforehand neither allows nor denies.
pub fn lets_through(policy: &Value, request: Request<'_>) -> bool {
    let statements = match &policy["Statement"] {
        Value::Array(all) => all.iter().collect(),
        single @ Value::Object(_) => vec![single],
        _ => Vec::new(),
    };
    let applies = |effect: &str| {
        statements.iter().any(|statement| {
            statement["Effect"] == effect
                && is_about(statement, request)
                && conditions(&statement["Condition"], request) == Met::Yes
        })
    };
    applies("Allow") && !applies("Deny")
}

/// Whether principal, action and resource of the statement fit the request.
fn is_about(statement: &Value, request: Request<'_>) -> bool {
    let everybody = |principal: &Value| {
        principal == "*" || texts(&principal["AWS"]).any(|principal| principal == "*")
    };
    let listed = |field: &str, fits: &dyn Fn(&str) -> bool| {
        let negated = format!("Not{field}");
        match (statement.get(field), statement.get(&negated)) {
            (Some(values), _) => texts(values).any(fits),
            (None, Some(values)) => !texts(values).any(fits),
            (None, None) => false,
        }
    };
    let action = request.action.to_ascii_lowercase();
    everybody(&statement["Principal"])
        && listed("Action", &|one| matches(&one.to_ascii_lowercase(), &action))
        && listed("Resource", &|one| matches(one, request.resource))
}

fn conditions(condition: &Value, request: Request<'_>) -> Met {
    let operators = condition.as_object().into_iter().flatten();
    let tests = operators.flat_map(|(operator, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.map(move |(key, values)| test(operator, key, values, request))
    });
    let all: Vec<Met> = tests.collect();
    if all.contains(&Met::No) {
        Met::No
    } else if all.contains(&Met::Unknown) {
        Met::Unknown
    } else {
        Met::Yes
    }
}

/// One key under one operator (IAM user guide, "Condition operators"): without
/// the key negated operators are met, and those with `IfExists`.
fn test(operator: &str, key: &str, values: &Value, request: Request<'_>) -> Met {
    let key = key.to_ascii_lowercase();
    let actual = match key.as_str() {
        "aws:sourcevpce" => Some(request.endpoint),
        "aws:sourcevpc" => Some(request.vpc),
        // The load balancer speaks HTTPS to endpoints.
        "aws:securetransport" => Some("true"),
        // Requests through endpoints have none (IAM user guide, "Global condition
        // context keys"), and those without credentials no principal.
        "aws:sourceip" => None,
        key if key.starts_with("aws:principal") => None,
        _ => return Met::Unknown,
    };
    let operator = operator.rsplit(':').next().unwrap_or(operator);
    let plain = operator.strip_suffix("IfExists");
    let any = |fits: &dyn Fn(&str) -> bool| match values {
        Value::Bool(value) => fits(&value.to_string()),
        values => texts(values).any(fits),
    };
    if operator == "Null" {
        let absent = actual.is_none().to_string();
        return met(any(&|one| one == absent));
    }
    let name = plain.unwrap_or(operator);
    let negated = name.contains("Not");
    let Some(actual) = actual else {
        return met(negated || plain.is_some());
    };
    let fits = match name {
        "StringEquals" | "StringNotEquals" => any(&|one| one == actual),
        "StringLike" | "StringNotLike" => any(&|one| matches(one, actual)),
        "StringEqualsIgnoreCase" | "StringNotEqualsIgnoreCase" | "Bool" => {
            any(&|one| one.eq_ignore_ascii_case(actual))
        }
        _ => return Met::Unknown,
    };
    met(fits != negated)
}

fn met(holds: bool) -> Met {
    if holds { Met::Yes } else { Met::No }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let one = value.as_str().into_iter();
    let several = value.as_array().into_iter().flatten();
    one.chain(several.filter_map(Value::as_str))
}

/// A pattern with `*` for any characters and `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when the last `*` has to take in one character more.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(one) if *one == b'?' || *one == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after, from)) = retry else {
                    return false;
                };
                retry = Some((after, from + 1));
                p = after;
                t = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|one| *one == b'*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const READ: Request<'_> = Request {
        action: "s3:GetObject",
        resource: "arn:aws:s3:::shop/index.html",
        endpoint: "vpce-1",
        vpc: "vpc-1",
    };

    fn allow(condition: &Value) -> Value {
        json!({
            "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::shop/*", "Condition": condition,
        })
    }

    fn through(statements: &Value) -> bool {
        lets_through(&json!({ "Statement": statements }), READ)
    }

    #[test]
    fn a_policy_admits_its_endpoint_or_its_vpc_and_no_other() {
        for (key, ours, theirs) in [
            ("aws:SourceVpce", "vpce-1", "vpce-2"),
            ("aws:sourceVpc", "vpc-1", "vpc-2"),
        ] {
            assert!(through(&allow(&json!({"StringEquals": {key: ours}}))));
            assert!(through(&allow(
                &json!({"StringEquals": {key: [theirs, ours]}})
            )));
            assert!(through(&allow(&json!({"StringLike": {key: "vpc*-1"}}))));
            assert!(!through(&allow(&json!({"StringEquals": {key: theirs}}))));
            assert!(!through(&allow(&json!({"StringNotEquals": {key: ours}}))));
        }
        assert!(!through(&json!([])));
        assert!(!lets_through(&Value::String(String::new()), READ));
    }

    #[test]
    fn what_cannot_be_judged_neither_allows_nor_denies() {
        let referer = json!({"StringEquals": {"aws:Referer": "https://example.com/"}});
        assert!(!through(&allow(&referer)));
        let mut deny = allow(&referer);
        deny["Effect"] = "Deny".into();
        assert!(through(&json!([allow(&json!({})), deny])));
    }

    #[test]
    fn an_organisations_perimeter_shuts_out_those_without_credentials() {
        let outside = json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}});
        let mut deny = allow(&outside);
        deny["Effect"] = "Deny".into();
        assert!(!through(&json!([allow(&json!({})), deny])));
        // Unless it leaves requests through the VPC alone.
        let mut deny = allow(&json!({"StringNotEqualsIfExists": {
            "aws:PrincipalOrgID": "o-1", "aws:SourceVpc": "vpc-1"
        }}));
        deny["Effect"] = "Deny".into();
        assert!(through(&json!([allow(&json!({})), deny])));
        let member = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
        assert!(!through(&allow(&member)));
        assert!(!through(&allow(
            &json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
        )));
    }

    #[test]
    fn the_usual_deny_of_plain_http_does_not_deny_https() {
        let deny = json!({
            "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        });
        assert!(through(&json!([allow(&json!({})), deny])));
    }

    #[test]
    fn a_deny_for_all_other_endpoints_wins() {
        let deny = |endpoint: &str| {
            json!({
                "Effect": "Deny", "Principal": "*", "NotAction": "s3:PutObject", "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:SourceVpce": endpoint}},
            })
        };
        assert!(through(&json!([allow(&json!({})), deny("vpce-1")])));
        assert!(!through(&json!([allow(&json!({})), deny("vpce-2")])));
    }

    #[test]
    fn a_statement_for_somebody_or_something_else_is_no_help() {
        for (field, value) in [
            (
                "Principal",
                json!({"AWS": "arn:aws:iam::111122223333:root"}),
            ),
            ("Action", json!(["s3:ListBucket", "s3:PutObject"])),
            ("Resource", json!("arn:aws:s3:::shop/assets/*")),
            ("Resource", json!("arn:aws:s3:::shop")),
        ] {
            let mut statement = allow(&json!({}));
            assert!(through(&statement));
            statement[field] = value;
            assert!(!through(&statement));
        }
    }

    #[test]
    fn patterns_match_as_in_iam() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("s3:Get*", "s3:GetObject", true),
            ("s3:*Object", "s3:GetObjectObject", true),
            ("s3:?etObject", "s3:GetObject", true),
            ("s3:Get?", "s3:GetObject", false),
            ("s3:Get", "s3:GetObject", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
