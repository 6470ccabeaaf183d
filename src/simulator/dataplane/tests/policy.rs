//! Policies: a table of cases each.

use serde_json::{Value, json};

use crate::policy::{Question, Verdict, judge};

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
    let not =
        json!({"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::1:root"}, "Action": "*"});
    assert_eq!(judged(&not), Verdict::Denied);
}

fn check(condition: &Value, allowed: bool, denied: bool) {
    let more = json!({"Condition": condition});
    let allow = judged(&statement("Allow", &more)) == Verdict::Allowed;
    let deny = judged(&statement("Deny", &more)) == Verdict::Denied;
    assert_eq!((allow, deny), (allowed, denied), "{condition}");
}

#[test]
fn strings() {
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
    ] {
        check(&condition, allowed, denied);
    }
}

#[test]
fn other_operators_and_absent_keys() {
    for (condition, allowed, denied) in [
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
        check(&condition, allowed, denied);
    }
}
