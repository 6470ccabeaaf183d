//! An endpoint's policy and an API's, by how the method authorizes: tables A and
//! B of the API Gateway developer guide.

use super::*;

const ALLOW: &str =
    r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;
const DENY: &str = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#;
const SILENT: &str =
    r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}"#;
const OPEN: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",
    "Condition":{"StringEquals":{"aws:Referer":"x"}}}}"#;

fn reached(endpoint: &str, api: &str, method: Authorization, by: Caller) -> String {
    let request = asked("api GET v1 /orders").request.by(by);
    let (endpoint, api) = (Policy::of_endpoint(endpoint), Policy::of_api(api, API));
    let reach = reach(&endpoint, &api, method, &request);
    format!("{:?} {}", reach.gate, short(&reach.answer))
}

fn of(account: &str) -> Caller {
    Caller::Identity {
        arn: format!("arn:aws:iam::{account}:user/u"),
        session: None,
    }
}

#[test]
fn each_way_to_authorize_weighs_the_policy_as_documented() {
    use Authorization::{Cognito, Iam, Lambda, None};
    let (own, other) = (of("111122223333"), of("444455556666"));
    let (nobody, somebody) = (Caller::Anonymous, Caller::Signed);
    let identity = "Method open the identity policies of the caller";
    let lambda = "Method open what its authorizer returns";
    for (method, by, api, expected) in [
        (None, &nobody, ALLOW, "Api yes 1"),
        (None, &nobody, DENY, "Api no 1"),
        (None, &nobody, SILENT, "Api no -"),
        (None, &nobody, "", "Api no -"),
        (None, &nobody, OPEN, "Api open aws:Referer"),
        (Cognito, &nobody, ALLOW, "Api yes 1"),
        (Cognito, &nobody, SILENT, "Api no -"),
        (Cognito, &nobody, DENY, "Api no 1"),
        (Lambda, &nobody, ALLOW, lambda),
        (Lambda, &nobody, SILENT, lambda),
        (Lambda, &nobody, DENY, "Api no 1"),
        (Lambda, &nobody, "", "Api no -"),
        (
            Lambda,
            &nobody,
            "{",
            "Api open a policy that cannot be read",
        ),
        (Iam, &nobody, ALLOW, "Method no -"),
        (Iam, &nobody, DENY, "Api no 1"),
        (Iam, &somebody, ALLOW, identity),
        (Iam, &somebody, SILENT, identity),
        (Iam, &somebody, DENY, "Api no 1"),
        (Iam, &somebody, "", "Api no -"),
        (Iam, &own, ALLOW, identity),
        (Iam, &own, SILENT, identity),
        (Iam, &own, DENY, "Api no 1"),
        (Iam, &other, ALLOW, identity),
        (Iam, &other, SILENT, "Api no -"),
        (Iam, &other, DENY, "Api no 1"),
    ] {
        assert_eq!(
            reached(ALLOW, api, method, by.clone()),
            expected,
            "{method:?} {by:?} {api}"
        );
    }
}

#[test]
fn the_endpoints_policy_comes_first_and_a_no_is_one_whatever_is_open() {
    for (endpoint, api, expected) in [
        ("", ALLOW, "Api yes 1"),
        (DENY, ALLOW, "Endpoint no 1"),
        (SILENT, DENY, "Endpoint no -"),
        (OPEN, ALLOW, "Endpoint open aws:Referer"),
        (OPEN, DENY, "Api no 1"),
        (ALLOW, OPEN, "Api open aws:Referer"),
    ] {
        let said = reached(endpoint, api, Authorization::None, Caller::Anonymous);
        assert_eq!(said, expected, "{endpoint} {api}");
    }
}

#[test]
fn somebody_who_has_signed_may_be_whom_a_policy_names() {
    let one = |effect: &str, rest: &str| {
        format!(r#"{{"Statement":{{"Effect":"{effect}","Action":"*","Resource":"*",{rest}}}}}"#)
    };
    let of_team = one(
        "Allow",
        r#""Principal":{"AWS":"arn:aws:iam::111122223333:role/team"}"#,
    );
    let unless = r#""Principal":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}"#;
    let but = one("Deny", r#""NotPrincipal":{"AWS":"111122223333"}"#);
    let service = one(
        "Allow",
        r#""Principal":{"Service":"cloudfront.amazonaws.com"}"#,
    );
    for (by, endpoint, api, expected) in [
        (Caller::Anonymous, of_team.as_str(), ALLOW, "Endpoint no -"),
        (
            Caller::Signed,
            &of_team,
            ALLOW,
            "Endpoint open who has signed it",
        ),
        (Caller::Signed, &service, ALLOW, "Endpoint no -"),
        (Caller::Anonymous, "", &one("Deny", unless), "Api no 1"),
        (
            Caller::Signed,
            "",
            &one("Deny", unless),
            "Method open the identity policies of the caller",
        ),
        (Caller::Anonymous, "", &but, "Api no 1"),
        (
            Caller::Signed,
            "",
            &but,
            "Method open the identity policies of the caller",
        ),
    ] {
        let said = reached(endpoint, api, Authorization::Iam, by.clone());
        assert_eq!(said, expected, "{by:?} {endpoint} {api}");
    }
}

#[test]
fn a_policy_of_several_lines_is_read_as_api_gateway_escapes_it() {
    let text = "{\n  \"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\",\n \"Action\": \"*\", \"Resource\": \"*\"}}";
    let escaped = Value::from(text).to_string();
    let escaped = &escaped[1..escaped.len() - 1];
    let said = reached("", escaped, Authorization::None, Caller::Anonymous);
    assert_eq!(said, "Api yes 1");
}

#[test]
fn api_gateways_words_are_known() {
    for (word, known) in [
        ("NONE", Some(Authorization::None)),
        ("AWS_IAM", Some(Authorization::Iam)),
        ("CUSTOM", Some(Authorization::Lambda)),
        ("COGNITO_USER_POOLS", Some(Authorization::Cognito)),
        ("", None),
    ] {
        assert_eq!(Authorization::of(word), known);
    }
}
