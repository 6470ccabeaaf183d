//! From a request to the call it makes: which service, operation, account and region.

use serde_json::{Map, Value};

use super::codec::{self, Input, Protocol, Refusal, encode, form};
use super::service::{ACCEPT, Operation, Service};
use super::services::SERVICES;
use super::wire::{Request, Response};
use super::{ec2, s3};

/// A call, understood.
#[derive(Debug)]
pub struct Call {
    /// The service.
    pub service: &'static Service,
    /// The operation.
    pub operation: &'static Operation,
    /// The account's twelve digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// The parameters.
    pub input: Input,
}

impl Call {
    /// Returns `service:Operation`, as rules name it.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service.name, self.operation.name)
    }
}

/// Understands a request, or answers it with AWS's error for what nobody understands.
pub fn identify(request: &Request) -> Result<Call, Response> {
    let refuse = |service: &Service, refusal| {
        encode(
            service.protocol,
            service.namespace,
            "Unknown",
            Err(refusal),
            UNNUMBERED,
        )
    };
    let scope = Scope::of(request);
    let service =
        service(request, scope.as_ref()).map_err(|refusal| refuse(&ec2::SERVICE, refusal))?;
    let (operation, input) =
        operation(service, request).map_err(|refusal| refuse(service, refusal))?;
    let (account, region) = scope.map_or_else(
        || (NO_ACCOUNT.to_owned(), "us-east-1".to_owned()),
        |scope| (scope.account, scope.region),
    );
    Ok(Call {
        service,
        operation,
        account,
        region,
        input,
    })
}

/// The request id of what never became a call.
const UNNUMBERED: &str = "00000000-0000-4000-8000-000000000000";

/// The account of keys that are not an account's number.
const NO_ACCOUNT: &str = "000000000000";

/// The `SigV4` credential scope: `AKID/20260101/eu-central-1/ec2/aws4_request`.
///
/// The signature is not checked, for the account has no secrets. An access
/// key id of twelve digits is the account, as other emulators have it.
struct Scope {
    account: String,
    region: String,
    service: String,
}

impl Scope {
    fn of(request: &Request) -> Option<Self> {
        let (_, credential) = request.header("authorization")?.split_once("Credential=")?;
        let mut parts = credential.split([',', ' ']).next()?.split('/');
        let key = parts.next()?;
        let numbered = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
        let account = if numbered { key } else { NO_ACCOUNT };
        let region = parts.nth(1)?;
        let service = parts.next()?;
        Some(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
        })
    }
}

/// Finds the service by the scope, else by the action or the path.
fn service(request: &Request, scope: Option<&Scope>) -> Result<&'static Service, Refusal> {
    let found = match scope {
        Some(scope) => SERVICES
            .iter()
            .find(|service| service.name == scope.service),
        None => SERVICES
            .iter()
            .find(|service| operation(service, request).is_ok()),
    };
    found.copied().ok_or_else(|| match scope {
        Some(scope) => Refusal::new(
            "InvalidAction",
            format!("The service {} is not simulated", scope.service),
        ),
        // EC2 API reference, "Error codes".
        None => {
            Refusal::new("MissingAuthenticationToken", "The request must be signed").status(403)
        }
    })
}

fn operation(
    service: &'static Service,
    request: &Request,
) -> Result<(&'static Operation, Input), Refusal> {
    let query = form(&request.query);
    match service.protocol {
        Protocol::Ec2 | Protocol::Query => by_action(service, request, query),
        Protocol::Json => by_target(service, request),
        Protocol::RestXml | Protocol::S3 | Protocol::RestJson => by_route(service, request, &query),
    }
}

/// A parameter that is sent without a value is as absent: Terraform's provider
/// 5.100 sends `ProtocolVersion=` with every target group and AWS takes it. So
/// it is for the parameters of a call alone: a tag's or an attribute's value may
/// be empty. Empty lists (`Conditions=`) are absent ones, too.
fn by_action(
    service: &'static Service,
    request: &Request,
    query: Value,
) -> Result<(&'static Operation, Input), Refusal> {
    let mut tree = match request.method.as_str() {
        "POST" => form(&String::from_utf8_lossy(&request.body)),
        _ => query,
    };
    let members = tree.as_object_mut();
    let action = members.and_then(|members| {
        members.remove("Version");
        members.retain(|_, value| value != "");
        members.remove("Action")
    });
    let action = action.as_ref().and_then(Value::as_str).unwrap_or_default();
    let operation = named(service, action)?;
    Ok((operation, Input::new(service.protocol, tree)))
}

/// JSON 1.1: `SerializationException` (assumption).
fn by_target(
    service: &'static Service,
    request: &Request,
) -> Result<(&'static Operation, Input), Refusal> {
    let target = request.header("x-amz-target").unwrap_or_default();
    let (prefix, name) = target.rsplit_once('.').unwrap_or_default();
    let operation = named(
        service,
        if prefix == service.namespace {
            name
        } else {
            ""
        },
    )?;
    let tree = serde_json::from_slice(&request.body)
        .map_err(|error| Refusal::new("SerializationException", error.to_string()))?;
    Ok((operation, Input::new(service.protocol, tree)))
}

fn named(service: &'static Service, name: &str) -> Result<&'static Operation, Refusal> {
    let found = service
        .operations
        .iter()
        .find(|operation| operation.name == name);
    // Query APIs, "Common errors": InvalidAction.
    found.ok_or_else(|| {
        let text =
            format!("The action {name} is not valid for this web service (or not simulated)");
        Refusal::new("InvalidAction", text)
    })
}

/// What has no route is `UnknownOperationException`, 404 (assumption: AWS's services differ in this).
fn by_route(
    service: &'static Service,
    request: &Request,
    query: &Value,
) -> Result<(&'static Operation, Input), Refusal> {
    let path = s3::path(service, request);
    let routed = |operation: &'static Operation| {
        operation
            .route
            .fits(&request.method, &path, query)
            .map(|labels| (operation, labels))
    };
    let (operation, labels) = service.operations.iter().find_map(routed).ok_or_else(|| {
        let text = format!("{} {} is not simulated", request.method, request.path);
        Refusal::new("UnknownOperationException", text).status(404)
    })?;
    let mut members = s3::members(service, operation, request)
        .unwrap_or_else(|| body(service.protocol, &request.body));
    members.extend(query.as_object().cloned().unwrap_or_default());
    members.extend(labels);
    if operation.takes.contains(&ACCEPT)
        && let Some(wanted) = request.header(ACCEPT)
    {
        members.insert(ACCEPT.to_owned(), wanted.into());
    }
    let mut input = Input::new(service.protocol, Value::Object(members));
    input.raw.clone_from(&request.body);
    Ok((operation, input))
}

/// The members of a body; one that is no structure is left to the operation, which has it raw.
fn body(protocol: Protocol, raw: &[u8]) -> Map<String, Value> {
    let tree = match protocol {
        Protocol::RestJson => serde_json::from_slice(raw).ok(),
        _ => codec::read(&String::from_utf8_lossy(raw)).ok(),
    };
    match tree {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::codec::ok;
    use crate::service::{read, write};
    use crate::testing::signed;

    static REST: Service = Service {
        name: "apigateway",
        protocol: Protocol::RestJson,
        namespace: "",
        operations: &[
            write("ImportRestApi", |_, _| ok(json!({})), &[]).at("POST /restapis?mode=import"),
            write("CreateRestApi", |_, _| ok(json!({})), &[]).at("POST /restapis"),
            read("GetStage", |_, _| ok(json!({})), &[])
                .at("GET /restapis/{restApiId}/stages/{stageName}"),
        ],
    };

    static XML: Service = Service {
        name: "route53",
        protocol: Protocol::RestXml,
        namespace: "",
        operations: &[
            write("Change", |_, _| ok(json!({})), &[]).at("POST /2013-04-01/hostedzone/{Id}/rrset")
        ],
    };

    static JSON: Service = Service {
        name: "acm",
        protocol: Protocol::Json,
        namespace: "CertificateManager",
        operations: &[read("ListCertificates", |_, _| ok(json!({})), &[])],
    };

    #[test]
    fn rest_joins_body_query_and_labels() {
        let request = signed("apigateway", "POST", "/restapis", r#"{"name": "orders"}"#);
        let (found, input) = operation(&REST, &request).unwrap();
        assert_eq!(
            (found.name, input.text("name")),
            ("CreateRestApi", Some("orders"))
        );
        let request = signed("apigateway", "POST", "/restapis?mode=import", "openapi: 3");
        let (found, input) = operation(&REST, &request).unwrap();
        assert_eq!(
            (found.name, input.raw.as_slice()),
            ("ImportRestApi", b"openapi: 3".as_slice())
        );
        let request = signed("apigateway", "GET", "/restapis/a1/stages/v1", "");
        assert_eq!(
            operation(&REST, &request).unwrap().1.tree,
            json!({"restApiId": "a1", "stageName": "v1"})
        );
        assert!(operation(&REST, &signed("apigateway", "GET", "/account", "")).is_err());
    }

    #[test]
    fn rest_xml_reads_lists_of_one() {
        let body = "<R><ChangeBatch><Changes><Change><Action>CREATE</Action></Change></Changes></ChangeBatch></R>";
        let request = signed("route53", "POST", "/2013-04-01/hostedzone/Z1/rrset", body);
        let (_, input) = operation(&XML, &request).unwrap();
        let changes = input
            .child("ChangeBatch")
            .unwrap()
            .child("Changes")
            .unwrap()
            .each("Change");
        assert_eq!((input.text("Id"), changes.len()), (Some("Z1"), 1));
        assert_eq!(changes[0].text("Action"), Some("CREATE"));
    }

    #[test]
    fn an_empty_parameter_of_a_query_is_as_absent() {
        let body = "Action=CreateTargetGroup&Version=2015-12-01&Name=a&ProtocolVersion=&Scheme=\
                    &Tags.member.1.Key=k&Tags.member.1.Value=";
        let request = signed("elasticloadbalancing", "POST", "/", body);
        let (_, input) = operation(&crate::elbv2::SERVICE, &request).unwrap();
        assert_eq!(
            input.tree,
            json!({"Name": "a", "Tags": [{"Key": "k", "Value": ""}]})
        );
    }

    #[test]
    fn json_is_named_by_its_target() {
        let mut request = signed("acm", "POST", "/", r#"{"MaxItems": 5}"#);
        request.headers.push((
            "x-amz-target".to_owned(),
            "CertificateManager.ListCertificates".to_owned(),
        ));
        let (found, input) = operation(&JSON, &request).unwrap();
        assert_eq!(
            (found.name, input.number("MaxItems")),
            ("ListCertificates", Some(5))
        );
    }
}
