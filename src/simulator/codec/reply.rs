//! Answers and errors in each protocol's shape.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::protocol::Protocol;
use super::refusal::Refusal;
use super::xml::{self, Lists, escape};
use crate::wire::Response;

/// What an operation answers.
#[derive(Clone, Debug)]
pub struct Output {
    /// The HTTP status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body.
    pub body: Body,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum Body {
    /// A tree, written as the protocol writes it. REST-XML: its only member is the root element.
    Tree(Value),
    /// Bytes as they are, with their content type.
    Raw(&'static str, Vec<u8>),
    /// Nothing.
    Empty,
}

impl Output {
    /// Returns an answer without a body.
    pub const fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Empty,
        }
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl From<Value> for Output {
    fn from(tree: Value) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Body::Tree(tree),
        }
    }
}

/// Answers with a tree.
pub fn ok(tree: Value) -> Result<Output, Refusal> {
    Ok(tree.into())
}

/// Writes the answer to an operation in the service's protocol.
pub fn encode(
    protocol: Protocol,
    namespace: &str,
    operation: &str,
    answer: Result<Output, Refusal>,
    request_id: &str,
) -> Response {
    let mut response = match answer {
        Ok(output) => success(protocol, namespace, operation, output, request_id),
        Err(refusal) => failure(protocol, namespace, &refusal, request_id),
    };
    response
        .headers
        .push(("x-amzn-requestid".to_owned(), request_id.to_owned()));
    if protocol == Protocol::S3 {
        response
            .headers
            .push(("x-amz-request-id".to_owned(), request_id.to_owned()));
    }
    response
}

fn success(
    protocol: Protocol,
    namespace: &str,
    operation: &str,
    output: Output,
    request_id: &str,
) -> Response {
    let Output {
        status,
        headers,
        body,
    } = output;
    let (content_type, bytes) = match (body, protocol) {
        (Body::Raw(content_type, bytes), _) => (content_type, bytes),
        (Body::Tree(tree), Protocol::RestJson) => {
            ("application/json", tree.to_string().into_bytes())
        }
        (Body::Tree(tree), Protocol::Json) => (JSON_1_1, tree.to_string().into_bytes()),
        (Body::Tree(tree), Protocol::RestXml | Protocol::S3) => {
            ("text/xml", document(&rooted(&tree, namespace)))
        }
        (Body::Tree(tree), Protocol::Ec2) => {
            let members = elements(&tree, Lists::Wrapped("item"));
            let content = format!(
                "<{operation}Response xmlns=\"{namespace}\"><requestId>{request_id}</requestId>{members}</{operation}Response>"
            );
            ("text/xml;charset=UTF-8", document(&content))
        }
        (body, Protocol::Query) => {
            let tree = if let Body::Tree(tree) = body {
                tree
            } else {
                Value::Null
            };
            let members = elements(&tree, Lists::Wrapped("member"));
            let content = format!(
                "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{members}</{operation}Result>\
                 <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
            );
            ("text/xml", document(&content))
        }
        (Body::Empty, Protocol::Json) => (JSON_1_1, b"{}".to_vec()),
        (Body::Empty, _) => ("", Vec::new()),
    };
    let mut response = Response::new(status, content_type, bytes);
    response.headers.extend(
        headers
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value)),
    );
    response
}

const JSON_1_1: &str = "application/x-amz-json-1.1";

fn failure(protocol: Protocol, namespace: &str, refusal: &Refusal, request_id: &str) -> Response {
    let Refusal {
        code,
        message,
        status,
        details,
    } = refusal;
    let (code, text) = (escape(code), escape(message));
    let sender = if *status < 500 { "Sender" } else { "Receiver" };
    let (content_type, bytes) = match protocol {
        Protocol::Ec2 => {
            let content = format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors>\
                 <RequestID>{request_id}</RequestID></Response>"
            );
            ("text/xml;charset=UTF-8", document(&content))
        }
        Protocol::Query | Protocol::RestXml => {
            let content = format!(
                "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{sender}</Type><Code>{code}</Code>\
                 <Message>{text}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
            );
            ("text/xml", document(&content))
        }
        Protocol::S3 => {
            let detail =
                |(name, value): &(&str, String)| format!("<{name}>{}</{name}>", escape(value));
            let details: String = details.iter().map(detail).collect();
            let content = format!(
                "<Error><Code>{code}</Code><Message>{text}</Message>{details}<RequestId>{request_id}</RequestId></Error>"
            );
            ("application/xml", document(&content))
        }
        Protocol::RestJson => (
            "application/json",
            rest_json(namespace, refusal).to_string().into_bytes(),
        ),
        Protocol::Json => (
            JSON_1_1,
            json!({"__type": code, "message": message})
                .to_string()
                .into_bytes(),
        ),
    };
    let mut response = Response::new(*status, content_type, bytes);
    if matches!(protocol, Protocol::RestJson | Protocol::Json) {
        response
            .headers
            .push(("x-amzn-errortype".to_owned(), refusal.code.to_string()));
    }
    response
}

/// Recorded: Lambda says `Type`, and `Message` where something is not there;
/// API Gateway says `message` alone.
fn rest_json(service: &str, refusal: &Refusal) -> Value {
    let message = &refusal.message;
    let kind = if refusal.status < 500 {
        "User"
    } else {
        "Service"
    };
    match (service, refusal.code.as_ref()) {
        ("lambda", "ResourceNotFoundException") => json!({"Message": message, "Type": kind}),
        ("lambda", _) => json!({"message": message, "Type": kind}),
        _ => json!({"message": message}),
    }
}

fn document(content: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{content}").into_bytes()
}

fn elements(tree: &Value, lists: Lists) -> String {
    let mut out = String::new();
    xml::write(tree, lists, &mut out);
    out
}

/// The tree's only member as the root element, with the namespace.
fn rooted(tree: &Value, namespace: &str) -> String {
    let root = tree.as_object().and_then(|members| members.iter().next());
    root.map_or_else(String::new, |(name, content)| {
        let members = elements(content, Lists::Flat);
        format!("<{name} xmlns=\"{namespace}\">{members}</{name}>")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "id-1";

    const NAMESPACE: &str = "urn:x";

    fn success(protocol: Protocol, tree: Value) -> String {
        let response = encode(protocol, NAMESPACE, "Get", ok(tree), ID);
        assert_eq!(response.status, 200);
        assert!(
            response
                .headers
                .contains(&("x-amzn-requestid".to_owned(), ID.to_owned()))
        );
        String::from_utf8(response.body)
            .unwrap()
            .replace(DECLARATION, "")
    }

    fn failure(protocol: Protocol) -> (Response, String) {
        let refusal = Refusal::new("NotThere", "a < b").status(404);
        let response = encode(protocol, NAMESPACE, "Get", Err(refusal), ID);
        assert_eq!(response.status, 404);
        let body = String::from_utf8(response.body.clone())
            .unwrap()
            .replace(DECLARATION, "");
        (response, body)
    }

    const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

    #[test]
    fn answers_have_their_protocols_shape() {
        let tree = || json!({"names": ["a"]});
        assert_eq!(
            success(Protocol::Ec2, tree()),
            "<GetResponse xmlns=\"urn:x\"><requestId>id-1</requestId><names><item>a</item></names></GetResponse>"
        );
        assert_eq!(
            success(Protocol::Query, tree()),
            "<GetResponse xmlns=\"urn:x\"><GetResult><names><member>a</member></names></GetResult>\
             <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetResponse>"
        );
        assert_eq!(
            success(
                Protocol::RestXml,
                json!({"Root": {"Names": {"Name": ["a", "b"]}}})
            ),
            "<Root xmlns=\"urn:x\"><Names><Name>a</Name><Name>b</Name></Names></Root>"
        );
        assert_eq!(success(Protocol::RestJson, tree()), r#"{"names":["a"]}"#);
        assert_eq!(success(Protocol::Json, tree()), r#"{"names":["a"]}"#);
    }

    #[test]
    fn errors_have_their_protocols_shape() {
        assert_eq!(
            failure(Protocol::Ec2).1,
            "<Response><Errors><Error><Code>NotThere</Code><Message>a &lt; b</Message></Error></Errors>\
             <RequestID>id-1</RequestID></Response>"
        );
        let error = "<ErrorResponse xmlns=\"urn:x\"><Error><Type>Sender</Type><Code>NotThere</Code>\
                     <Message>a &lt; b</Message></Error><RequestId>id-1</RequestId></ErrorResponse>";
        assert_eq!(failure(Protocol::Query).1, error);
        assert_eq!(failure(Protocol::RestXml).1, error);
        assert!(
            failure(Protocol::S3)
                .1
                .starts_with("<Error><Code>NotThere</Code>")
        );
        let (response, body) = failure(Protocol::RestJson);
        assert!(
            response
                .headers
                .contains(&("x-amzn-errortype".to_owned(), "NotThere".to_owned()))
        );
        assert_eq!(
            serde_json::from_str::<Value>(&body).unwrap()["message"],
            "a < b"
        );
        let (_, body) = failure(Protocol::Json);
        assert_eq!(
            serde_json::from_str::<Value>(&body).unwrap(),
            json!({"__type": "NotThere", "message": "a < b"})
        );
    }

    #[test]
    fn an_answer_may_be_empty_or_raw() {
        let empty = encode(
            Protocol::RestJson,
            NAMESPACE,
            "Get",
            Ok(Output::empty(202)),
            ID,
        );
        assert_eq!((empty.status, empty.body.len()), (202, 0));
        let raw = Output {
            body: Body::Raw("text/plain", b"x".to_vec()),
            ..Output::empty(200)
        }
        .header("etag", "1");
        let raw = encode(Protocol::S3, NAMESPACE, "Get", Ok(raw), ID);
        assert_eq!(raw.body, b"x");
        assert!(raw.headers.contains(&("etag".to_owned(), "1".to_owned())));
    }
}
