//! VPC endpoints as API Gateway looks at them.

use super::common::bad;
use crate::codec::{Input, Refusal};
use crate::ec2::EndpointState;
use crate::world::Ctx;

/// Whether an endpoint that is still pending may be associated.
///
/// Assumption: nobody documents it. Terraform waits for `available` first, and
/// `CloudFormation` does not. To see a client meet the refusal, let a fault rule
/// refuse the call with `BadRequestException`, or change this.
const PENDING_IS_TAKEN: bool = true;

/// Reads the `endpointConfiguration` of a new API: its type, and the endpoints it is associated with.
///
/// API Gateway API reference, `EndpointConfiguration`: EDGE unless told, and one type.
pub fn association(ctx: &Ctx<'_>, input: &Input) -> Result<(String, Vec<String>), Refusal> {
    let configuration = input.child("endpointConfiguration");
    let texts = |name: &str| {
        configuration
            .as_ref()
            .map(|one| one.texts(name))
            .unwrap_or_default()
    };
    let kind = match texts("types").as_slice() {
        [] => "EDGE".to_owned(),
        [kind] if ["EDGE", "REGIONAL", "PRIVATE"].contains(&kind.as_str()) => kind.clone(),
        [kind] => return Err(bad(format!("Invalid endpoint type {kind}"))),
        _ => return Err(bad("Only one endpoint type can be specified")),
    };
    let family = configuration
        .as_ref()
        .and_then(|one| one.text("ipAddressType"));
    check_family(&kind, family)?;
    let endpoints = texts("vpcEndpointIds");
    check_endpoints(ctx, &kind, &endpoints)?;
    Ok((kind, endpoints))
}

/// API Gateway API reference, `EndpointConfiguration`: for PRIVATE only dualstack is supported.
pub fn check_family(kind: &str, family: Option<&str>) -> Result<(), Refusal> {
    match (kind, family) {
        ("PRIVATE", Some("ipv4")) => {
            Err(bad("ipAddressType ipv4 is not supported for PRIVATE APIs"))
        }
        (_, None | Some("dualstack" | "ipv4")) => Ok(()),
        (_, Some(other)) => Err(bad(format!("Invalid ipAddressType {other}"))),
    }
}

/// Checks endpoints that an API is to be associated with.
///
/// "`VPCEndpoints` can only be specified with PRIVATE apis.": observed
/// (aws-cdk#9588). That they must exist, be for execute-api, and not be on
/// their way out: assumption, the strict one (API Gateway developer guide,
/// "Associate or disassociate a VPC endpoint with a private REST API", wants an
/// endpoint for execute-api).
pub fn check_endpoints(ctx: &Ctx<'_>, kind: &str, ids: &[String]) -> Result<(), Refusal> {
    if !ids.is_empty() && kind != "PRIVATE" {
        return Err(bad("VPCEndpoints can only be specified with PRIVATE apis."));
    }
    ids.iter().try_for_each(|id| check_endpoint(ctx, id))
}

/// Checks one endpoint.
pub fn check_endpoint(ctx: &Ctx<'_>, id: &str) -> Result<(), Refusal> {
    let endpoint = ctx
        .here
        .ec2
        .endpoints
        .get(id)
        .ok_or_else(|| bad(format!("The VPC endpoint {id} does not exist")))?;
    if !endpoint.service.ends_with(".execute-api") {
        return Err(bad(format!(
            "The VPC endpoint {id} is not an endpoint for execute-api"
        )));
    }
    let usable = match endpoint.state {
        EndpointState::Available => true,
        EndpointState::Pending => PENDING_IS_TAKEN,
        EndpointState::Deleting | EndpointState::Deleted => false,
    };
    if usable {
        Ok(())
    } else {
        Err(bad(format!(
            "The VPC endpoint {id} is {}",
            endpoint.state.word()
        )))
    }
}
