//! Who may call: nothing that the file protects ends open.
//!
//! Guide, "important notes": security at the top of the file is not used. Later
//! recordings of AWS's answers (2023) show methods that take it. Whether an
//! operation is open must not hang on that: it is written into each. A scheme is of
//! the type `apiKey`, with an authorizer of API Gateway's behind it, `x-amazon-apigateway-authtype: awsSigv4`, or the header `x-api-key`.

use serde_json::Value;

use super::form::{self, Field, Form, must_be};
use super::{checked::Checked, uri};
use crate::aws::Partition;
use crate::body::document::{AUTH, AUTHORIZER, names_a_scheme, operations, verb};
use crate::body::{at::At, findings::Findings};
use crate::config::shown;

const OBJECT: &str = "x-amazon-apigateway-authorizer object";
const AUTHTYPE: &str = "x-amazon-apigateway-authtype";

/// The fields of an authorizer (guide, same page; API reference, "Authorizer").
const FIELDS: [Field; 12] = [
    field(
        "type",
        Form::Word(&["token", "request", "cognito_user_pools", "jwt"]),
    ),
    field("authorizerUri", Form::Text),
    field("authorizerCredentials", Form::Credentials),
    // At most an hour.
    field("authorizerResultTtlInSeconds", Form::Seconds(0, 3600)),
    field("identitySource", Form::Text),
    field("identityValidationExpression", Form::Text),
    field("providerARNs", Form::Texts),
    // A JWT authorizer of a REST API (service model of November 2026).
    field("jwtConfiguration", Form::Object),
    field("authType", Form::Text),
    field("name", Form::Text),
    // HTTP APIs only.
    field("authorizerPayloadFormatVersion", Form::Text),
    field("enableSimpleResponses", Form::Flag),
];

const fn field(name: &'static str, form: Form) -> Field {
    Field {
        name,
        form,
        source: OBJECT,
    }
}

/// How API Gateway understands a scheme.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// An authorizer, or AWS's signatures.
    Heeded,
    /// A key of a usage plan.
    Key,
    /// Nothing: the operation stays open.
    Unheeded,
}

fn scheme(value: &Value) -> Scheme {
    let of_key = value["type"].as_str() == Some("apiKey");
    let signed = value[AUTHTYPE]
        .as_str()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("awsSigv4"));
    let jwt = value[AUTHORIZER]["type"].as_str() == Some("jwt");
    if value.get(AUTHORIZER).is_some() && (of_key || jwt) || signed && of_key {
        return Scheme::Heeded;
    }
    // Guide, "Set up API keys using OpenAPI": this header, and no other.
    let named = value["name"].as_str().unwrap_or_default();
    let in_header = value["in"].as_str() == Some("header");
    if of_key && in_header && named.eq_ignore_ascii_case("x-api-key") {
        return Scheme::Key;
    }
    Scheme::Unheeded
}

/// Checks the schemes, and security at the top of the file.
pub(super) fn check(checked: &Checked<'_>, findings: &mut Findings) {
    let (at, schemes) = checked.schemes();
    for (name, value) in schemes.as_object().into_iter().flatten() {
        let at = at.key(name);
        let value = checked.resolve(value);
        if !value.is_object() {
            findings.refuse(&at, must_be("an object", value), "");
        } else if let Some(authorizer) = value.get(AUTHORIZER) {
            self::authorizer(checked, &at, value, authorizer, findings);
        }
    }
    root(checked, findings);
}

/// Security at the top goes into each operation without its own (`normal.rs`), so
/// it is checked as theirs would be.
fn root(checked: &Checked<'_>, findings: &mut Findings) {
    let security = &checked.document["security"];
    if !names_a_scheme(security) {
        return;
    }
    let paths = checked.document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        operations(item).map(move |(key, operation)| (path, verb(key), operation))
    });
    let heirs: Vec<(&String, String)> = operations
        .filter(|(_, _, operation)| {
            operation.get("security").is_none() && operation.get(AUTH).is_none()
        })
        .map(|(path, verb, _)| (path, verb))
        .collect();
    let Some((path, verb)) = heirs.first() else {
        return;
    };
    let at = At::of(["security"]);
    required(checked, &at, security, false, findings);
    if findings.is_refused(&at) {
        return;
    }
    let more = match heirs.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "is written into each operation that has none of its own: {verb} {}{more}",
        shown(path)
    );
    let hint = "write it there, and `security: []` into those that are open";
    findings.warn(&at, message, hint);
    let asked = heirs.iter().filter(|(_, verb)| verb == "OPTIONS");
    for (path, _) in asked {
        let message = "asks for credentials, as the top of the file says: browsers send none with it beforehand";
        let hint = "security: [] lets them ask";
        findings.warn(&At::of(["paths", path, "options"]), message, hint);
    }
}

/// Checks what an operation asks of its callers.
pub(super) fn operation(
    checked: &Checked<'_>,
    at: &At,
    operation: &Value,
    findings: &mut Findings,
) {
    if let Some(auth) = operation.get(AUTH).filter(|auth| auth.is_object()) {
        let fields = [Field {
            name: "type",
            form: Form::Word(&["NONE", "AWS_IAM"]),
            source: "x-amazon-apigateway-auth object",
        }];
        form::table(&at.key(AUTH), auth, &fields, findings);
    }
    let Some(security) = operation.get("security") else {
        return;
    };
    let signed = operation[AUTH]["type"].as_str();
    let signed = signed.is_some_and(|kind| kind.eq_ignore_ascii_case("AWS_IAM"));
    required(checked, &at.key("security"), security, signed, findings);
}

/// Checks requirements of one of several schemes; `signed`: a signature is asked
/// for beside them.
fn required(
    checked: &Checked<'_>,
    at: &At,
    security: &Value,
    signed: bool,
    findings: &mut Findings,
) {
    let lists = |one: &Value| {
        one.as_object()
            .is_some_and(|names| names.values().all(Value::is_array))
    };
    let requirements = match security.as_array() {
        Some(all) if all.iter().all(lists) => all,
        _ => {
            let hint = "as in security: [{ name-of-the-scheme: [] }]";
            return findings.refuse(at, must_be("a list of schemes and scopes", security), hint);
        }
    };
    let optional = requirements
        .iter()
        .any(|one| one.as_object().is_some_and(|names| names.is_empty()));
    let (_, schemes) = checked.schemes();
    let (mut heeded, mut unheeded, mut keys) = (Vec::new(), Vec::new(), false);
    for name in requirements
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|names| names.keys())
    {
        let Some(value) = schemes.get(name) else {
            let message = format!(
                "the scheme `{}` is not defined: this would be open",
                shown(name)
            );
            findings.refuse(at, message, "define it, with its authorizer");
            continue;
        };
        match scheme(checked.resolve(value)) {
            Scheme::Heeded => heeded.push(name),
            Scheme::Key => keys = true,
            Scheme::Unheeded => unheeded.push(name),
        }
    }
    heeded.dedup();
    let closed = signed || keys || !heeded.is_empty();
    if let (true, false, Some(name)) = (closed, optional, unheeded.first()) {
        let message = format!(
            "the scheme `{}` is passed over beside what API Gateway knows",
            shown(name)
        );
        findings.warn(at, message, "let the authorizer check it, or take it out");
    } else if let (false, Some(name)) = (optional, unheeded.first()) {
        let message = format!(
            "API Gateway does not know the scheme `{}`: this would be open",
            shown(name)
        );
        findings.refuse(at, message, hint_of(schemes.get(name.as_str())));
    }
    if let [one, other, ..] = &heeded[..] {
        // API reference, "Method": one `authorizerId`.
        let message = format!(
            "`{}` and `{}`: a method has one authorizer",
            shown(one),
            shown(other)
        );
        findings.refuse(at, message, "let one of them check both");
    }
    if keys {
        let message = "an API key is asked for: every request is answered 403 until a usage plan with a key holds this stage";
        findings.warn(
            at,
            message,
            "make the plan and the key beside this stack, or take the scheme out",
        );
    }
}

fn hint_of(value: Option<&Value>) -> String {
    let kind = value
        .and_then(|value| value["type"].as_str())
        .unwrap_or_default();
    let has_authorizer = value.is_some_and(|value| value.get(AUTHORIZER).is_some());
    match kind {
        _ if has_authorizer => {
            "a scheme with an authorizer has type: apiKey, name: Authorization, in: header"
                .to_owned()
        }
        "apiKey" => format!(
            "give the scheme an {AUTHORIZER}; a key of a usage plan is name: x-api-key, in: header"
        ),
        _ => format!(
            "make the scheme type: apiKey, name: Authorization, in: header, with an {AUTHORIZER}"
        ),
    }
}

fn authorizer(
    checked: &Checked<'_>,
    at: &At,
    scheme: &Value,
    value: &Value,
    findings: &mut Findings,
) {
    let at = at.key(AUTHORIZER);
    if findings.is_refused(&at) || !value.is_object() {
        return;
    }
    form::table(&at, value, &FIELDS, findings);
    for key in ["name", "in"] {
        if let Some(value) = scheme.get(key).filter(|value| !value.is_string()) {
            let steps = &at.steps()[..at.steps().len() - 1];
            findings.refuse(&At::of(steps).key(key), must_be("text", value), "");
        }
    }
    let kind = value["type"]
        .as_str()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let needed: &[&str] = match kind.as_str() {
        "token" | "request" => &["authorizerUri"],
        "cognito_user_pools" => &["providerARNs"],
        "jwt" => &["jwtConfiguration"],
        _ if value.get("type").is_none() => &["type"],
        _ => &[],
    };
    for name in needed.iter().filter(|name| value.get(**name).is_none()) {
        let message = if *name == "type" {
            "missing".to_owned()
        } else {
            format!("missing: the type {kind} needs it")
        };
        let hint = match *name {
            "type" => "token, request, cognito_user_pools or jwt",
            "authorizerUri" => "name the function's invocation, as an integration's uri does",
            "providerARNs" => "name the user pools by ARN",
            _ => "name the issuers and their audiences",
        };
        findings.refuse(&at.key(*name), message, hint);
    }
    let cached = value["authorizerResultTtlInSeconds"].as_u64() != Some(0);
    if kind == "request" && cached && value.get("identitySource").is_none() {
        // API reference, "CreateAuthorizer": required unless caching is off.
        let hint = "as in method.request.header.Authorization, or authorizerResultTtlInSeconds: 0";
        findings.refuse(
            &at.key("identitySource"),
            "missing: results are cached by it",
            hint,
        );
    }
    function(checked, &at.key("authorizerUri"), value, findings);
    for (index, pool) in value["providerARNs"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let pool = pool.as_str().unwrap_or_default();
        let fits = pool.starts_with("arn:")
            && pool.contains(":cognito-idp:")
            && pool.contains(":userpool/");
        if !(fits || uri::is_open(pool)) {
            let message = format!("`{}` is not a user pool's ARN", shown(pool));
            let hint = "arn:aws:cognito-idp:<region>:<account>:userpool/<id>";
            findings.refuse(
                &at.key("providerARNs").key(index.to_string()),
                message,
                hint,
            );
        }
    }
}

fn function(checked: &Checked<'_>, at: &At, value: &Value, findings: &mut Findings) {
    let Some(text) = value["authorizerUri"].as_str() else {
        return;
    };
    let region = &checked.limits.region;
    let partition = Partition::of(region).id();
    let open = uri::is_open(text);
    if let Some(name) =
        uri::stage_variables(text).find(|name| !checked.limits.variables.contains(*name))
    {
        let message = format!(
            "the stage has no variable `{}`: every request would be answered 500",
            shown(name)
        );
        return findings.refuse(at, message, "write the value in its place");
    }
    let named = uri::action(text)
        .filter(|action| action.service == "lambda" && action.partition == partition);
    let named = named.and_then(|action| uri::invocation(action.rest));
    let fits = named.is_some_and(|(function, _)| open || uri::function_region(function).is_some());
    if !fits && (!open || text.starts_with("arn:")) {
        let message = format!("`{}` is not the invocation of a function", shown(text));
        let hint = format!(
            "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/<the function's ARN>/invocations"
        );
        findings.refuse(at, message, hint);
    }
}
