//! What an endpoint may be given, and its interfaces.

use std::net::Ipv4Addr;

use super::service;
use crate::codec::{Input, Refusal};
use crate::ec2::id::{ENDPOINT_SUBNET, GROUP};
use crate::ec2::interface::{
    ENDPOINT_REQUESTER, NewInterface, VPC_ENDPOINT, attach_interface, check_address,
};
use crate::ec2::state::State;
use crate::latency;
use crate::world::Ctx;

/// A subnet of an endpoint, with the address it is to have there.
pub struct Place {
    /// The subnet's id.
    pub subnet: String,
    /// The address, if one is given.
    pub address: Option<Ipv4Addr>,
}

/// Reads the addresses that `SubnetConfiguration`s pin.
///
/// EC2 API reference, `SubnetConfiguration`: an IPv4 address must be given. Its
/// subnet must also be among the endpoint's (documentation of Terraform's
/// `aws_vpc_endpoint`; the code is an assumption), and stand once (assumption).
pub fn pins(input: &Input, subnets: &[String]) -> Result<Vec<(String, Ipv4Addr)>, Refusal> {
    let mut pins = Vec::new();
    for configuration in input.each("SubnetConfiguration") {
        let subnet = configuration.require("SubnetId")?;
        let address = configuration.require("Ipv4")?;
        let parsed = address.parse().map_err(|_| {
            let text =
                format!("Value ({address}) for parameter ipv4 is invalid. Invalid IPv4 address.");
            Refusal::new("InvalidParameterValue", text)
        })?;
        if !subnets.iter().any(|known| known == subnet) {
            let text = format!(
                "The subnet {subnet} of a subnet configuration is not a subnet of the endpoint."
            );
            return Err(Refusal::new("InvalidParameter", text));
        }
        if pins.iter().any(|(pinned, _)| pinned == subnet) {
            let text = format!("The subnet {subnet} has more than one subnet configuration.");
            return Err(Refusal::new("InvalidParameter", text));
        }
        pins.push((subnet.to_owned(), parsed));
    }
    Ok(pins)
}

/// Checks the subnets an endpoint is to have: of its VPC, in zones the service is offered in, one a zone.
///
/// Codes and messages: observed (terraform-aws-vpc#583, #785).
pub fn check_subnets(
    ctx: &Ctx<'_>,
    vpc: &str,
    service: &str,
    subnets: &[String],
) -> Result<(), Refusal> {
    let state = &ctx.here.ec2;
    let mut zones: Vec<&str> = Vec::new();
    for id in subnets {
        let subnet = ENDPOINT_SUBNET.find(&state.subnets, id)?;
        if subnet.vpc != vpc {
            let text = format!("The subnet {id} does not belong to the VPC {vpc}.");
            return Err(Refusal::new("InvalidParameter", text));
        }
        if !service::offered(ctx.region, &subnet.zone) {
            let text = format!(
                "The VPC endpoint service {service} does not support the availability zone of the subnet: {id}."
            );
            return Err(Refusal::new("InvalidParameter", text));
        }
        if zones.contains(&subnet.zone.as_str()) {
            let text = format!(
                "Found another VPC endpoint subnet in the availability zone of {id}. VPC endpoint subnets should be \
                 in different availability zones supported by the VPC endpoint service."
            );
            return Err(Refusal::new("DuplicateSubnetsInSameZone", text));
        }
        zones.push(&subnet.zone);
    }
    Ok(())
}

/// Checks the groups of an endpoint: known, and of its VPC. Assumption: the codes are those of other calls.
pub fn check_groups(state: &State, vpc: &str, groups: &[String]) -> Result<(), Refusal> {
    // VPC user guide, "Quotas": five groups an interface.
    if groups.len() > 5 {
        let text = "The maximum number of security groups per interface has been reached.";
        return Err(Refusal::new(
            "SecurityGroupsPerInterfaceLimitExceeded",
            text,
        ));
    }
    for id in groups {
        if GROUP.find(&state.groups, id)?.vpc != vpc {
            let text = format!("The security group {id} does not belong to the VPC {vpc}.");
            return Err(Refusal::new("InvalidParameter", text));
        }
    }
    Ok(())
}

/// Checks what private DNS asks for.
///
/// EC2 API reference, `CreateVpcEndpoint`: both DNS attributes of the VPC on.
/// One endpoint a VPC has a service's names (observed: research, reliability §2.1).
pub fn check_private_dns(
    ctx: &Ctx<'_>,
    vpc_id: &str,
    service: &str,
    this: Option<&str>,
) -> Result<(), Refusal> {
    let state = &ctx.here.ec2;
    let vpc = &state.vpcs[vpc_id];
    if !(vpc.dns_support && vpc.dns_hostnames) {
        let text = format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc_id}"
        );
        return Err(Refusal::new("InvalidParameter", text));
    }
    if service::has_gateways(service) {
        // Observed (terraform-provider-aws#33689): private DNS wants a gateway endpoint, and those are not simulated.
        let text = format!(
            "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {vpc_id} must have a Gateway endpoint for the service."
        );
        return Err(Refusal::new("InvalidParameter", text));
    }
    let rival = state.endpoints.iter().any(|(id, other)| {
        Some(id.as_str()) != this
            && other.vpc == vpc_id
            && other.service == service
            && other.private_dns
    });
    if rival {
        let domain = service::private_names(ctx, service)
            .last()
            .cloned()
            .unwrap_or_default();
        let text = format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {domain} in the VPC {vpc_id}"
        );
        return Err(Refusal::new("InvalidParameter", text));
    }
    Ok(())
}

/// Checks that a policy is JSON with statements (`InvalidPolicyDocument`, "Error codes").
pub fn check_policy(policy: &str) -> Result<(), Refusal> {
    let tree: Option<serde_json::Value> = serde_json::from_str(policy).ok();
    match tree.as_ref().and_then(|tree| tree.get("Statement")) {
        Some(statement) if statement.is_array() || statement.is_object() => Ok(()),
        _ => Err(Refusal::new(
            "InvalidPolicyDocument",
            "Policy document is not valid: no statement could be read.",
        )),
    }
}

/// The policy an endpoint has when none is given: full access, written as EC2 writes it (observed).
pub const FULL_ACCESS: &str = "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n      \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}";

/// Gives an endpoint an interface in each of these places.
pub fn add_interfaces(
    ctx: &mut Ctx<'_>,
    id: &str,
    groups: &[String],
    places: Vec<Place>,
) -> Result<(), Refusal> {
    let since = ctx.now + ctx.takes(latency::ENDPOINT_INTERFACES);
    for Place { subnet, address } in places {
        if let Some(address) = address {
            check_address(&ctx.here.ec2, &subnet, address)?;
        }
        let new = NewInterface {
            subnet,
            groups: groups.to_vec(),
            address,
            description: format!("VPC Endpoint Interface {id}"),
            kind: VPC_ENDPOINT,
            requester: ENDPOINT_REQUESTER,
            holder: id.to_owned(),
            since,
        };
        attach_interface(ctx, new)?;
    }
    Ok(())
}
