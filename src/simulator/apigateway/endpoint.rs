//! VPC endpoints as API Gateway looks at them.

use super::common::bad;
use super::patch::{invalid, outside};
use crate::codec::{Input, Refusal};
use crate::ec2::EndpointState;
use crate::world::Ctx;

/// Whether an endpoint that is still pending may be associated.
///
/// Assumption: nobody documents it. Terraform waits for `available` first, and
/// `CloudFormation` does not. To see a client meet the refusal, let a fault rule
/// refuse the call with `BadRequestException`, or change this.
const PENDING_IS_TAKEN: bool = true;

/// The `endpointConfiguration` of a new API.
pub struct Association {
    /// Its type.
    pub kind: String,
    /// `ipv4` or `dualstack`; empty is the type's default.
    pub address_type: String,
    /// The endpoints it is associated with.
    pub vpc_endpoints: Vec<String>,
}

/// API Gateway API reference, `EndpointConfiguration`; the orders are those of AWS's own messages (recorded).
const TYPES: &[&str] = &["PRIVATE", "EDGE", "REGIONAL"];
const FAMILIES: &[&str] = &["ipv4", "dualstack"];

/// Refuses what the model of a new API's `endpointConfiguration` does not allow, before anything else is looked at (recorded: `CreateRestApi`).
pub fn check_model(input: &Input) -> Result<(), Refusal> {
    let Some(configuration) = input.child("endpointConfiguration") else {
        return Ok(());
    };
    let place = "createRestApiInput.endpointConfiguration";
    let types = configuration.texts("types");
    let mut wrong = Vec::new();
    if types.iter().any(|kind| !TYPES.contains(&kind.as_str())) {
        wrong.push(format!(
            "Value '[{}]' at '{place}.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [{}]]",
            types.join(", "),
            TYPES.join(", ")
        ));
    }
    let family = configuration
        .text("ipAddressType")
        .filter(|family| !family.is_empty());
    if let Some(family) = family.filter(|family| !FAMILIES.contains(family)) {
        wrong.push(outside(family, &format!("{place}.ipAddressType"), FAMILIES));
    }
    invalid(&wrong)
}

/// Reads the `endpointConfiguration` of a new API.
///
/// API Gateway API reference, `EndpointConfiguration`: EDGE unless told, and
/// one type. The refusals' words are recorded (`CreateRestApi`).
pub fn association(ctx: &Ctx<'_>, input: &Input) -> Result<Association, Refusal> {
    check_model(input)?;
    let configuration = input.child("endpointConfiguration");
    let texts = |name: &str| {
        let given = configuration.as_ref().filter(|one| one.has(name));
        given.map(|one| one.texts(name))
    };
    let kind = match texts("types").as_deref() {
        None => "EDGE".to_owned(),
        Some([]) => {
            return Err(bad(
                "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
            ));
        }
        Some([kind]) => kind.clone(),
        Some(_) => {
            return Err(bad("Cannot create an api with multiple Endpoint Types."));
        }
    };
    let family = configuration
        .as_ref()
        .and_then(|one| one.text("ipAddressType"));
    let family = family.filter(|family| !family.is_empty());
    check_family(&kind, family)?;
    let endpoints = texts("vpcEndpointIds").unwrap_or_default();
    check_endpoints(ctx, &kind, &endpoints)?;
    Ok(Association {
        kind,
        address_type: family.unwrap_or_default().to_owned(),
        vpc_endpoints: endpoints,
    })
}

/// API Gateway API reference, `EndpointConfiguration`: for PRIVATE only dualstack is supported; the words are recorded.
pub fn check_family(kind: &str, family: Option<&str>) -> Result<(), Refusal> {
    if kind == "PRIVATE" && family == Some("ipv4") {
        return Err(bad(
            "Only dualstack ipAddressType is supported for Private APIs.",
        ));
    }
    Ok(())
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
///
/// Assumption: the code and the words; the API Gateway developer guide says only which endpoints
/// can be associated.
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
