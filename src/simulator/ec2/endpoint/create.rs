//! `CreateVpcEndpoint`.

use serde_json::json;

use super::check::{
    FULL_ACCESS, Place, add_interfaces, check_groups, check_policy, check_private_dns,
    check_subnets, pins,
};
use super::describe::item;
use super::service;
use crate::codec::{Input, Output, Refusal, ok};
use crate::ec2::id::{ENDPOINT, ENDPOINT_VPC};
use crate::ec2::state::EndpointState;
use crate::ec2::state::{Endpoint, Event, State, Token};
use crate::ec2::tag;
use crate::latency;
use crate::random::digest;
use crate::servicequotas::{code, most};
use crate::world::{self, Ctx};

/// `CreateVpcEndpoint`, for interface endpoints.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let token = input.text("ClientToken");
    if let Some(token) = token
        && let Some(output) = replayed(ctx, token, input)?
    {
        return Ok(output);
    }
    let endpoint = wanted(ctx, input)?;
    let tags = tag::specified(input, &ENDPOINT)?;
    let pins = pins(input, &endpoint.subnets)?;
    let address = |subnet: &String| {
        pins.iter()
            .find(|(pinned, _)| pinned == subnet)
            .map(|(_, address)| *address)
    };
    let places = endpoint.subnets.iter().map(|subnet| Place {
        subnet: subnet.clone(),
        address: address(subnet),
    });
    let places: Vec<Place> = places.collect();

    let id = ctx.random.id("vpce");
    let groups = endpoint.groups.clone();
    add_interfaces(ctx, &id, &groups, places)?;
    let state = &mut ctx.here.ec2;
    state.endpoints.insert(id.clone(), endpoint);
    tag::put(state, &id, tags);
    if let Some(token) = token {
        let used = Token {
            parameters: parameters(input),
            endpoint: id.clone(),
            ghost: None,
        };
        state.tokens.insert(token.to_owned(), used);
    }
    let delay = ctx.takes(latency::ENDPOINT_CREATE);
    ctx.after(
        delay,
        world::Event::Ec2(Event::EndpointSettled {
            id: id.clone(),
            change: 0,
        }),
    );
    answer(ctx, &id, &ctx.here.ec2.endpoints[&id], token)
}

fn answer(
    ctx: &Ctx<'_>,
    id: &str,
    endpoint: &Endpoint,
    token: Option<&str>,
) -> Result<Output, Refusal> {
    ok(json!({"clientToken": token, "vpcEndpoint": item(ctx, id, endpoint)}))
}

/// Returns the answer to a client token that was used before.
///
/// EC2 developer guide, "Idempotency": the same parameters get the same
/// answer and nothing more is done; others are `IdempotentParameterMismatch`.
/// Assumption: a token outlives its endpoint, and then shows it `deleted`.
fn replayed(ctx: &Ctx<'_>, token: &str, input: &Input) -> Result<Option<Output>, Refusal> {
    if !token.is_ascii() || token.len() > 64 {
        return Err(Refusal::new(
            "InvalidParameterValue",
            "A client token is up to 64 ASCII characters.",
        ));
    }
    let state = &ctx.here.ec2;
    let Some(used) = state.tokens.get(token) else {
        return Ok(None);
    };
    if used.parameters != parameters(input) {
        let text = "The client token was already used with other parameters.";
        return Err(Refusal::new("IdempotentParameterMismatch", text));
    }
    let endpoint = state.endpoints.get(&used.endpoint).or(used.ghost.as_ref());
    endpoint
        .map(|endpoint| answer(ctx, &used.endpoint, endpoint, Some(token)))
        .transpose()
}

fn parameters(input: &Input) -> String {
    let mut tree = input.tree.clone();
    if let Some(members) = tree.as_object_mut() {
        members.remove("ClientToken");
    }
    digest(&tree.to_string(), 32)
}

/// Reads and checks the endpoint a request wants.
fn wanted(ctx: &mut Ctx<'_>, input: &Input) -> Result<Endpoint, Refusal> {
    let vpc = input.require("VpcId")?.to_owned();
    let name = input.require("ServiceName")?.to_owned();
    ENDPOINT_VPC.find(&ctx.here.ec2.vpcs, &vpc)?;
    service::check(ctx, &name)?;
    check_kind(input, &name)?;
    let subnets = input.texts("SubnetId");
    check_subnets(ctx, &vpc, &name, &subnets)?;
    let groups = match input.texts("SecurityGroupId") {
        groups if groups.is_empty() => default_group(&ctx.here.ec2, &vpc),
        groups => groups,
    };
    check_groups(&ctx.here.ec2, &vpc, &groups)?;
    let policy = input
        .text("PolicyDocument")
        .unwrap_or(FULL_ACCESS)
        .to_owned();
    check_policy(&policy)?;
    // EC2 API reference, `CreateVpcEndpoint`: PrivateDnsEnabled is true unless said otherwise.
    let private_dns = input.flag("PrivateDnsEnabled").unwrap_or(true);
    if private_dns {
        check_private_dns(ctx, &vpc, &name, None)?;
    }
    if ctx
        .here
        .ec2
        .endpoints
        .values()
        .filter(|endpoint| endpoint.vpc == vpc)
        .count()
        >= most(ctx, code::ENDPOINTS)
    {
        let text =
            format!("The maximum number of VPC endpoints for the VPC {vpc} has been reached.");
        return Err(Refusal::new("VpcEndpointLimitExceeded", text));
    }
    let (created, label) = (ctx.now, ctx.random.letters(8));
    let state = EndpointState::Pending;
    Ok(Endpoint {
        vpc,
        service: name,
        state,
        change: 0,
        subnets,
        groups,
        policy,
        private_dns,
        created,
        label,
    })
}

/// Only IPv4 interface endpoints are simulated. The default type is Gateway, which
/// these services do not have (observed: "Endpoint type (Gateway) does not match …");
/// S3 has it, but not here.
fn check_kind(input: &Input, service: &str) -> Result<(), Refusal> {
    let kind = input.text("VpcEndpointType").unwrap_or("Gateway");
    if kind == "Gateway" && service::has_gateways(service) {
        let text = "Gateway endpoints are not simulated.";
        return Err(Refusal::new("InvalidParameter", text));
    }
    if kind != "Interface" {
        let text =
            format!("Endpoint type ({kind}) does not match available service types ([Interface]).");
        return Err(Refusal::new("InvalidParameter", text));
    }
    let addresses = input.text("IpAddressType").unwrap_or("ipv4");
    if addresses != "ipv4" {
        let text = format!(
            "The IP address type {addresses} is not supported by the subnets (or not simulated)."
        );
        return Err(Refusal::new("InvalidParameter", text));
    }
    Ok(())
}

/// EC2 API reference, `CreateVpcEndpoint`: without groups the VPC's default one is used.
fn default_group(state: &State, vpc: &str) -> Vec<String> {
    let of_vpc = state
        .groups
        .iter()
        .filter(|(_, group)| group.vpc == vpc && group.name == "default");
    of_vpc.map(|(id, _)| id.clone()).collect()
}
