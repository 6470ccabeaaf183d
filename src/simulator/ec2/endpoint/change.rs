//! `ModifyVpcEndpoint`, `DeleteVpcEndpoints`, and what time does to endpoints.

use std::net::Ipv4Addr;

use serde_json::json;

use super::check::{
    FULL_ACCESS, Place, add_interfaces, check_groups, check_policy, check_private_dns,
    check_subnets, pins,
};
use crate::codec::{Input, Output, Refusal, ok};
use crate::ec2::id::ENDPOINT;
use crate::ec2::interface::release;
use crate::ec2::state::EndpointState;
use crate::ec2::state::{Endpoint, Event};
use crate::latency;
use crate::world::{self, Ctx};

/// `ModifyVpcEndpoint`.
///
/// Subnets added get interfaces and subnets removed lose theirs; an address
/// pinned anew replaces the subnet's interface (EC2 API reference,
/// `SubnetConfiguration`). Assumption: while interfaces change the endpoint is
/// `pending`, and one that is not `available` refuses changes (`IncorrectState`).
pub fn modify(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("VpcEndpointId")?;
    let old = ENDPOINT.find(&ctx.here.ec2.endpoints, id)?.clone();
    if old.state != EndpointState::Available {
        let text = format!(
            "The VPC endpoint {id} is {} and cannot be modified.",
            old.state.word()
        );
        return Err(Refusal::new("IncorrectState", text));
    }
    let mut new = changed(input, &old)?;
    check_subnets(ctx, &new.vpc, &new.service, &new.subnets)?;
    check_groups(&ctx.here.ec2, &new.vpc, &new.groups)?;
    check_policy(&new.policy)?;
    if new.private_dns && !old.private_dns {
        check_private_dns(ctx, &new.vpc, &new.service, Some(id))?;
    }
    let moved = move_interfaces(ctx, id, &new, &pins(input, &new.subnets)?)?;
    for interface in ctx
        .here
        .ec2
        .interfaces
        .values_mut()
        .filter(|interface| interface.holder == id && !interface.leaving)
    {
        interface.groups.clone_from(&new.groups);
    }
    if moved {
        new.state = EndpointState::Pending;
        new.change += 1;
        let delay = ctx.takes(latency::ENDPOINT_MODIFY);
        ctx.after(
            delay,
            world::Event::Ec2(Event::EndpointSettled {
                id: id.to_owned(),
                change: new.change,
            }),
        );
    }
    ctx.here.ec2.endpoints.insert(id.to_owned(), new);
    ok(json!({"return": true}))
}

/// Reads what a request makes of an endpoint. Adding what is there changes
/// nothing, and neither does removing a subnet that is not. A group that is not
/// there cannot be removed (Terraform's provider takes `InvalidParameter` for it;
/// the words are an assumption).
fn changed(input: &Input, old: &Endpoint) -> Result<Endpoint, Refusal> {
    let mut new = old.clone();
    let mut groups = input.texts("RemoveSecurityGroupId").into_iter();
    if let Some(lost) = groups.find(|group| !old.groups.contains(group)) {
        let text = format!("The security group {lost} is not associated with the VPC endpoint");
        return Err(Refusal::new("InvalidParameter", text));
    }
    amend(
        &mut new.subnets,
        &input.texts("AddSubnetId"),
        &input.texts("RemoveSubnetId"),
    );
    amend(
        &mut new.groups,
        &input.texts("AddSecurityGroupId"),
        &input.texts("RemoveSecurityGroupId"),
    );
    if new.groups.is_empty() {
        // Assumption: an interface has at least one group.
        return Err(Refusal::new(
            "InvalidParameter",
            "A VPC endpoint needs at least one security group.",
        ));
    }
    if let Some(policy) = input.text("PolicyDocument") {
        policy.clone_into(&mut new.policy);
    }
    if input.flag("ResetPolicy") == Some(true) {
        FULL_ACCESS.clone_into(&mut new.policy);
    }
    if let Some(on) = input.flag("PrivateDnsEnabled") {
        new.private_dns = on;
    }
    if let Some(other) = input.text("IpAddressType").filter(|kind| *kind != "ipv4") {
        let text = format!(
            "The IP address type {other} is not supported by the subnets (or not simulated)."
        );
        return Err(Refusal::new("InvalidParameter", text));
    }
    Ok(new)
}

fn amend(list: &mut Vec<String>, add: &[String], remove: &[String]) {
    list.retain(|id| !remove.contains(id));
    for id in add {
        if !list.contains(id) {
            list.push(id.clone());
        }
    }
}

/// Makes the interfaces what they should be; returns whether any moved.
fn move_interfaces(
    ctx: &mut Ctx<'_>,
    id: &str,
    new: &Endpoint,
    pins: &[(String, Ipv4Addr)],
) -> Result<bool, Refusal> {
    let pin = |subnet: &str| {
        pins.iter()
            .find(|(pinned, _)| pinned == subnet)
            .map(|(_, address)| *address)
    };
    let held = ctx
        .here
        .ec2
        .interfaces
        .values()
        .filter(|interface| interface.holder == id && !interface.leaving);
    let stays = |subnet: &str, address| {
        new.subnets.iter().any(|wanted| wanted == subnet)
            && pin(subnet).is_none_or(|pinned| pinned == address)
    };
    let (kept, dropped): (Vec<_>, Vec<_>) = held
        .map(|interface| (interface.subnet.clone(), interface.address))
        .partition(|(subnet, address)| stays(subnet, *address));
    let missing = new
        .subnets
        .iter()
        .filter(|subnet| !kept.iter().any(|(held, _)| held == *subnet));
    let places: Vec<Place> = missing
        .map(|subnet| Place {
            subnet: subnet.clone(),
            address: pin(subnet),
        })
        .collect();
    let moved = !dropped.is_empty() || !places.is_empty();
    release(ctx, latency::ENDPOINT_INTERFACES, |interface| {
        interface.holder == id
            && dropped
                .iter()
                .any(|(_, address)| *address == interface.address)
    });
    add_interfaces(ctx, id, &new.groups, places)?;
    Ok(moved)
}

/// The share of items that are refused while a share of all calls fails (assumption).
const ITEMS: f64 = 0.3;

/// `DeleteVpcEndpoints`: always 200, with what did not work in `unsuccessful` (EC2 API reference).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let ids = input.texts("VpcEndpointId");
    if ids.is_empty() {
        return Err(input.protocol.missing("VpcEndpointId"));
    }
    let mut unsuccessful = Vec::new();
    for id in ids {
        // Load and failures are told item by item, too; the call succeeds.
        if ctx.conditions.errors > 0.0 && ctx.random.unit() < ITEMS {
            let error =
                json!({"code": "RequestLimitExceeded", "message": "Request limit exceeded."});
            unsuccessful.push(json!({"error": error, "resourceId": id}));
            continue;
        }
        match ENDPOINT.find_mut(&mut ctx.here.ec2.endpoints, &id) {
            Ok(endpoint) if endpoint.state == EndpointState::Deleting => {}
            Ok(endpoint) => {
                endpoint.state = EndpointState::Deleting;
                let delay = ctx.takes(latency::ENDPOINT_DELETE);
                ctx.after(delay, world::Event::Ec2(Event::EndpointGone(id)));
            }
            Err(Refusal { code, message, .. }) => {
                // Terraform's provider and Ansible's modules know this code, and not
                // the one that the other operations have.
                let code = code.replace(
                    "InvalidVpcEndpointId.NotFound",
                    "InvalidVpcEndpoint.NotFound",
                );
                unsuccessful
                    .push(json!({"error": {"code": code, "message": message}, "resourceId": id}));
            }
        }
    }
    ok(json!({"unsuccessful": unsuccessful}))
}

/// A change is done, unless a later one or a deletion came in between.
pub fn settle(ctx: &mut Ctx<'_>, id: &str, change: u64) {
    if let Some(endpoint) = ctx.here.ec2.endpoints.get_mut(id)
        && endpoint.state == EndpointState::Pending
        && endpoint.change == change
    {
        endpoint.state = EndpointState::Available;
    }
}

/// A deleted endpoint is gone, and `deleted` for those who look; its interfaces go a little later.
pub fn vanish(ctx: &mut Ctx<'_>, id: &str) {
    let state = &mut ctx.here.ec2;
    state.tags.remove(id);
    if let Some(mut ghost) = state.endpoints.remove(id) {
        ghost.state = EndpointState::Deleted;
        state.gone.insert(id.to_owned(), ghost.clone());
        if let Some(token) = state.tokens.values_mut().find(|token| token.endpoint == id) {
            token.ghost = Some(ghost);
        }
    }
    let delay = ctx.takes(latency::ENDPOINT_DELETED);
    let forgotten = Event::EndpointForgotten(id.to_owned());
    ctx.after(delay, world::Event::Ec2(forgotten));
    release(ctx, latency::ENDPOINT_INTERFACES_LINGER, |interface| {
        interface.holder == id
    });
}
