//! The integration of an operation. Developer guide,
//! "x-amazon-apigateway-integration object"; API reference, "Integration".

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::checked::Checked;
use super::form::{self, Field, Form, status};
use super::mapping::{self, Declared};
use super::uri::{self, Invocation};
use crate::aws::Partition;
use crate::body::{at::At, findings::Findings};
use crate::config::shown;

const OBJECT: &str = "x-amazon-apigateway-integration object";
const KINDS: [&str; 5] = ["aws", "aws_proxy", "http", "http_proxy", "mock"];
const VERBS: [&str; 8] = [
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "ANY",
];
const CONVERSIONS: [&str; 2] = ["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"];

const TLS_FIELDS: [Field; 2] = [
    field(
        "insecureSkipVerification",
        Form::Flag,
        "x-amazon-apigateway-integration.tlsConfig object",
    ),
    field(
        "serverNameToVerify",
        Form::Text,
        "x-amazon-apigateway-integration.tlsConfig object",
    ),
];

const RESPONSE_FIELDS: [Field; 4] = [
    field(
        "statusCode",
        Form::Status,
        "x-amazon-apigateway-integration.response object",
    ),
    field(
        "responseParameters",
        Form::TextByName,
        "x-amazon-apigateway-integration.responseParameters object",
    ),
    field(
        "responseTemplates",
        Form::TextByName,
        "x-amazon-apigateway-integration.responseTemplates object",
    ),
    field(
        "contentHandling",
        Form::Word(&CONVERSIONS),
        "x-amazon-apigateway-integration.response object",
    ),
];

/// The fields of an integration. `timeoutInMillis` has bounds of its own.
const FIELDS: [Field; 20] = [
    field("type", Form::Word(&KINDS), OBJECT),
    field("httpMethod", Form::Word(&VERBS), OBJECT),
    field("uri", Form::Text, OBJECT),
    field("connectionId", Form::Text, OBJECT),
    field(
        "connectionType",
        Form::Word(&["INTERNET", "VPC_LINK"]),
        OBJECT,
    ),
    // The load balancer behind a VPC link V2.
    field("integrationTarget", Form::Text, OBJECT),
    field("credentials", Form::Credentials, OBJECT),
    field(
        "passthroughBehavior",
        Form::Word(&["when_no_match", "when_no_templates", "never"]),
        OBJECT,
    ),
    field("contentHandling", Form::Word(&CONVERSIONS), OBJECT),
    field("timeoutInMillis", Form::Whole(50, MOST_STREAMED), OBJECT),
    // Guide, "Stream the integration response for your proxy integrations".
    field(
        "responseTransferMode",
        Form::Word(&["BUFFERED", "STREAM"]),
        OBJECT,
    ),
    field("cacheNamespace", Form::Text, OBJECT),
    field("cacheKeyParameters", Form::Texts, OBJECT),
    field(
        "requestParameters",
        Form::TextByName,
        "x-amazon-apigateway-integration.requestParameters object",
    ),
    field(
        "requestTemplates",
        Form::TextByName,
        "x-amazon-apigateway-integration.requestTemplates object",
    ),
    field(
        "responses",
        Form::TableByName(&RESPONSE_FIELDS),
        "x-amazon-apigateway-integration.responses object",
    ),
    field(
        "tlsConfig",
        Form::Table(&TLS_FIELDS),
        "x-amazon-apigateway-integration.tlsConfig object",
    ),
    // HTTP APIs only; exports have them.
    field("payloadFormatVersion", Form::Text, OBJECT),
    field("integrationSubtype", Form::Text, OBJECT),
    field("description", Form::Text, OBJECT),
];

const fn field(name: &'static str, form: Form, source: &'static str) -> Field {
    Field { name, form, source }
}

/// What a streamed response may take: 15 minutes (guide, "Stream the integration
/// response for your proxy integrations").
const MOST_STREAMED: u64 = 900_000;

/// The largest template: 300 KB (guide, "important notes").
const MOST_TEMPLATE: usize = 300 * 1024;

/// What the operation around an integration declares.
pub(super) struct Around<'a> {
    /// Its parameters.
    pub declared: &'a Declared,
    /// The headers of its responses, by status.
    pub responses: &'a BTreeMap<String, BTreeSet<String>>,
}

/// Checks an integration.
pub(super) fn check(
    checked: &Checked<'_>,
    at: &At,
    value: &Value,
    around: &Around<'_>,
    findings: &mut Findings,
) {
    if findings.is_refused(at) || value.get("$ref").is_some() {
        return;
    }
    if !value.is_object() {
        let hint = "give it a `type`, and what the type needs";
        return findings.refuse(at, form::must_be("an object", value), hint);
    }
    if value.get("type").is_none() {
        let hint = format!("one of {}", KINDS.join(", "));
        findings.refuse(&at.key("type"), "missing", hint);
    }
    timeout(checked, at, value, findings);
    form::table(at, value, &FIELDS, findings);
    let kind = value["type"]
        .as_str()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let one = One {
        checked,
        at,
        value,
        kind: &kind,
    };
    one.needs(findings);
    one.address(findings);
    one.connection(findings);
    one.transfer(findings);
    one.variables(findings);
    let mappings = &value["requestParameters"];
    mapping::requests(
        &at.key("requestParameters"),
        mappings,
        around.declared,
        findings,
    );
    let keys = at.key("cacheKeyParameters");
    mapping::cache_keys(
        &keys,
        &value["cacheKeyParameters"],
        mappings,
        around.declared,
        findings,
    );
    one.templates(findings);
    one.responses(around, findings);
}

fn timeout(checked: &Checked<'_>, at: &At, value: &Value, findings: &mut Findings) {
    let Some(timeout) = value["timeoutInMillis"].as_u64() else {
        return;
    };
    let streams = value["responseTransferMode"]
        .as_str()
        .is_some_and(|mode| mode.eq_ignore_ascii_case("stream"));
    let quota = checked.limits.integration_timeout_ms;
    let most = if streams { MOST_STREAMED } else { quota };
    if !(50..=most).contains(&timeout) {
        // The words of the refusal are reported in public; the quota can be
        // raised for regional and private APIs (guide, "Quotas").
        let message = format!("{timeout} is out of bounds: 50 to {most} milliseconds");
        let hint = if streams {
            "a streamed response ends after 15 minutes"
        } else {
            "if your account's quota is raised, say so in the configuration: api = { …, integration_timeout = <seconds> }; or stream the response, with responseTransferMode: STREAM"
        };
        findings.refuse(&at.key("timeoutInMillis"), message, hint);
    }
}

struct One<'a> {
    checked: &'a Checked<'a>,
    at: &'a At,
    value: &'a Value,
    /// In small letters; empty if there is none.
    kind: &'a str,
}

impl One<'_> {
    fn text(&self, field: &str) -> Option<&str> {
        self.value[field].as_str()
    }

    /// Which type needs what (API reference, "`PutIntegration`").
    fn needs(&self, findings: &mut Findings) {
        if !KINDS.contains(&self.kind) || self.kind == "mock" {
            return;
        }
        let lambda = self.text("uri").is_some_and(|uri| uri.contains("lambda"));
        for (field, hint) in [
            (
                "httpMethod",
                if lambda {
                    "write POST: functions are invoked by it"
                } else {
                    "name the method that calls the backend"
                },
            ),
            ("uri", "say where requests go"),
        ] {
            if self.value.get(field).is_none() {
                let message = format!("missing: the type {} needs it", self.kind);
                findings.refuse(&self.at.key(field), message, hint);
            }
        }
    }

    fn address(&self, findings: &mut Findings) {
        let at = self.at.key("uri");
        let Some(uri) = self.text("uri") else { return };
        if findings.is_refused(&at) {
            return;
        }
        match self.kind {
            "aws" | "aws_proxy" => self.action(uri, &at, findings),
            "http" | "http_proxy" => {
                let web = ["http://", "https://"].iter().any(|scheme| {
                    uri.strip_prefix(scheme)
                        .is_some_and(|host| !host.is_empty())
                });
                if !(web || uri.starts_with("${stageVariables.")) {
                    let message = format!("`{}` is not an address", shown(uri));
                    let hint =
                        "begin with https:// or http://; an ARN needs the type aws or aws_proxy";
                    findings.refuse(&at, message, hint);
                }
            }
            _ => {}
        }
    }

    fn action(&self, uri: &str, at: &At, findings: &mut Findings) {
        let region = &self.checked.limits.region;
        let partition = Partition::of(region).id();
        let hint = format!(
            "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/<the function's ARN>/invocations"
        );
        if uri::is_open(uri) && !uri.starts_with("arn:") {
            return;
        }
        let Some(action) = uri::action(uri) else {
            let function = uri::function_region(uri).is_some();
            let message = if function {
                "a function's own ARN does not say how it is invoked".to_owned()
            } else {
                format!("`{}` is not the action of an AWS service", shown(uri))
            };
            return findings.refuse(at, message, hint);
        };
        if action.partition != partition {
            let message = format!(
                "the partition is `{}`, and here it is {partition}",
                shown(action.partition)
            );
            return findings.refuse(at, message, "write ${AWS::Partition}");
        }
        if action.service == "lambda" || action.service.ends_with(".lambda") {
            self.lambda(&action, at, &hint, findings);
        } else if self.kind == "aws_proxy" && action.service != "firehose" {
            // The words of the refusal are reported in public: functions and
            // Firehose streams only.
            let message = format!(
                "aws_proxy is for functions, not for {}",
                shown(action.service)
            );
            findings.refuse(at, message, "use the type aws");
        }
    }

    fn lambda(&self, action: &uri::Action<'_>, at: &At, hint: &str, findings: &mut Findings) {
        let Some((function, way)) = uri::invocation(action.rest) else {
            return findings.refuse(at, "does not end as an invocation does", hint);
        };
        if !uri::is_open(function) {
            match uri::function_region(function) {
                None => {
                    let message = format!("`{}` is not a function's ARN", shown(function));
                    return findings.refuse(at, message, hint);
                }
                // Guide and API reference: the region is the function's.
                Some(region) if region != action.region => {
                    let message = format!(
                        "the function is in {}, and {} is asked",
                        shown(region),
                        shown(action.region)
                    );
                    findings.refuse(at, message, "name the function's region in both places");
                }
                Some(_) => {}
            }
        }
        let method = self.text("httpMethod").unwrap_or("POST");
        if !method.eq_ignore_ascii_case("POST") {
            // Guide: "For Lambda function invocations, the value must be POST".
            let message = format!(
                "`{}` cannot invoke a function: every request would be answered 500",
                shown(method)
            );
            findings.refuse(
                &self.at.key("httpMethod"),
                message,
                "write POST; it is not the caller's method",
            );
        }
        let streams = self
            .text("responseTransferMode")
            .is_some_and(|mode| mode.eq_ignore_ascii_case("stream"));
        if streams != (way == Invocation::Streamed) {
            let (message, hint) = if streams {
                (
                    "a streamed response needs the streaming invocation",
                    "…:lambda:path/2021-11-15/functions/<ARN>/response-streaming-invocations",
                )
            } else {
                (
                    "the streaming invocation needs responseTransferMode: STREAM",
                    "add it, or write /invocations",
                )
            };
            findings.refuse(at, message, hint);
        }
    }

    fn connection(&self, findings: &mut Findings) {
        let linked = self
            .text("connectionType")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("vpc_link"));
        if linked {
            if self.value.get("connectionId").is_none() {
                let hint = "name the VPC link's id";
                findings.refuse(
                    &self.at.key("connectionId"),
                    "missing: a VPC link needs it",
                    hint,
                );
            }
            if !matches!(self.kind, "http" | "http_proxy" | "") {
                let message = format!(
                    "a VPC link is for http and http_proxy, not for {}",
                    self.kind
                );
                findings.refuse(
                    &self.at.key("connectionType"),
                    message,
                    "take the link out, or change the type",
                );
            }
        } else if self.value.get("connectionId").is_some() {
            let message = "is used with connectionType: VPC_LINK only";
            findings.refuse(
                &self.at.key("connectionId"),
                message,
                "add connectionType: VPC_LINK, or take it out",
            );
        }
        if self.value.get("integrationSubtype").is_some() {
            let hint = "name the service's action in `uri`, with the type aws";
            findings.refuse(
                &self.at.key("integrationSubtype"),
                "is for HTTP APIs only",
                hint,
            );
        }
        if self
            .text("payloadFormatVersion")
            .is_some_and(|version| version != "1.0")
        {
            let message = "a REST API sends the format 1.0, whatever payloadFormatVersion says";
            findings.warn(
                &self.at.key("payloadFormatVersion"),
                message,
                "read format 1.0 in the function",
            );
        }
    }

    fn transfer(&self, findings: &mut Findings) {
        let streams = self
            .text("responseTransferMode")
            .is_some_and(|mode| mode.eq_ignore_ascii_case("stream"));
        if streams && !matches!(self.kind, "aws_proxy" | "http_proxy" | "") {
            let message = format!(
                "only aws_proxy and http_proxy stream, and this is {}",
                self.kind
            );
            findings.refuse(
                &self.at.key("responseTransferMode"),
                message,
                "take it out, or use a proxy",
            );
        }
    }

    /// A variable that the stage does not have: in an address every request is
    /// answered 500, in a mapping or template the value is empty.
    fn variables(&self, findings: &mut Findings) {
        let known = &self.checked.limits.variables;
        for field in ["uri", "credentials", "connectionId"] {
            let text = self.text(field).unwrap_or_default();
            if let Some(name) = uri::stage_variables(text).find(|name| !known.contains(*name)) {
                let message = format!(
                    "the stage has no variable `{}`: every request would be answered 500",
                    shown(name)
                );
                findings.refuse(&self.at.key(field), message, "write the value in its place");
            }
        }
        for field in ["requestParameters", "requestTemplates"] {
            for (key, value) in self.value[field].as_object().into_iter().flatten() {
                let text = value.as_str().unwrap_or_default();
                if let Some(name) = uri::stage_variables(text).find(|name| !known.contains(*name)) {
                    let message = format!(
                        "the stage has no variable `{}`: it is empty here",
                        shown(name)
                    );
                    findings.warn(
                        &self.at.key(field).key(key),
                        message,
                        "write the value in its place",
                    );
                }
            }
        }
    }

    fn templates(&self, findings: &mut Findings) {
        let at = self.at.key("requestTemplates");
        for (kind, template) in self.value["requestTemplates"]
            .as_object()
            .into_iter()
            .flatten()
        {
            if template
                .as_str()
                .is_some_and(|text| text.len() > MOST_TEMPLATE)
            {
                findings.refuse(
                    &at.key(kind),
                    "is larger than 300 KB",
                    "do it in the application",
                );
            }
        }
    }

    fn responses(&self, around: &Around<'_>, findings: &mut Findings) {
        let at = self.at.key("responses");
        let mut statuses: BTreeMap<String, &str> = BTreeMap::new();
        for (pattern, response) in self.value["responses"].as_object().into_iter().flatten() {
            let at = at.key(pattern);
            self::pattern(&at, pattern, findings);
            let Some(response) = response.as_object() else {
                continue;
            };
            let Some(given) = response.get("statusCode") else {
                findings.refuse(
                    &at.key("statusCode"),
                    "missing",
                    "name the status that callers get, as in \"200\"",
                );
                continue;
            };
            let Some(status) = status(given) else {
                continue;
            };
            if let Some(other) = statuses.insert(status.clone(), pattern) {
                // API reference, "IntegrationResponse": found by its status.
                let message = format!(
                    "`{}` and `{}` both lead to {status}, and one of them is kept",
                    shown(other),
                    shown(pattern)
                );
                findings.warn(&at, message, "make one pattern of them");
            }
            let headers = around.responses.get(&status);
            // Guide, "x-amazon-apigateway-integration.response object": the status
            // is one of the operation's. Proxies answer by themselves.
            let proxy = matches!(self.kind, "aws_proxy" | "http_proxy");
            if headers.is_none() && !proxy {
                let message = format!("the operation has no response {status}");
                let hint = "add it to the operation's `responses`";
                let place = at.key("statusCode");
                // Recorded: such a response is taken, and one that maps headers is not
                // ("Output mapping refers to an invalid method response").
                let maps = response
                    .get("responseParameters")
                    .and_then(Value::as_object);
                if maps.is_some_and(|maps| !maps.is_empty()) {
                    findings.refuse(&place, message, hint);
                } else {
                    let message = format!("{message}: requests that come to it end in 500");
                    findings.warn(&place, message, hint);
                }
            }
            let mappings = response.get("responseParameters");
            if let Some(mappings) = mappings.filter(|_| headers.is_some() || proxy) {
                let at = at.key("responseParameters");
                mapping::responses(&at, mappings, headers, findings);
            }
        }
    }
}

/// A pattern is a regular expression, of statuses for HTTP and of error
/// messages for functions.
fn pattern(at: &At, pattern: &str, findings: &mut Findings) {
    let digits = pattern
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit());
    let range = pattern.len() == 3 && digits && pattern[1..].eq_ignore_ascii_case("xx");
    if range {
        let first = &pattern[..1];
        let message = format!(
            "`{}` is a regular expression, and matches no status",
            shown(pattern)
        );
        findings.refuse(at, message, format!("write {first}\\d{{2}}"));
    } else if !balanced(pattern) {
        let message = format!("`{}` is not a regular expression", shown(pattern));
        findings.refuse(at, message, "close its brackets, as in 5\\d{2}");
    }
}

/// Whether the brackets of a regular expression close, and nothing is repeated
/// that is not there. What else may be wrong, API Gateway says.
fn balanced(pattern: &str) -> bool {
    let (mut open, mut class, mut escaped) = (Vec::new(), false, false);
    for letter in pattern.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' if class => class = false,
            _ if class => {}
            '[' => class = true,
            '(' | '{' => open.push(letter),
            ')' if open.pop() != Some('(') => return false,
            '}' if open.pop() != Some('{') => return false,
            _ => {}
        }
    }
    let begins = !pattern.starts_with(['*', '+', '?']);
    open.is_empty() && !class && !escaped && begins
}
