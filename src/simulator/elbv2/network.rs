//! Where load balancers stand: subnets, zones, security groups, interfaces.

use serde_json::{Value, json};

use super::arn::{BALANCER, invalid};
use super::state::LoadBalancer;
use crate::codec::{Input, Output, Refusal, ok};
use crate::ec2::{NewInterface, attach_interface, free_addresses, release_interfaces};
use crate::latency;
use crate::world::Ctx;

/// Reads the subnets of a request: either `Subnets` or `SubnetMappings` (`ELBv2` API reference).
pub fn requested_subnets(input: &Input) -> Result<Vec<String>, Refusal> {
    let mut subnets = input.texts("Subnets");
    let mappings = input.each("SubnetMappings");
    if !subnets.is_empty() && !mappings.is_empty() {
        return Err(invalid(
            "Specify either subnets or subnet mappings, but not both",
        ));
    }
    for mapping in mappings {
        // ELBv2 API reference, `SubnetMapping`: addresses are for network load balancers.
        if mapping.names().any(|name| name != "SubnetId") {
            return Err(invalid(
                "Addresses cannot be specified for application load balancers",
            ));
        }
        subnets.push(mapping.require("SubnetId")?.to_owned());
    }
    if subnets.is_empty() {
        return Err(invalid(
            "Either subnets or subnet mappings must be specified",
        ));
    }
    Ok(subnets)
}

/// Checks subnets, and returns their VPC. `held` are those the load balancer stands in already.
///
/// `ELBv2` API reference, `CreateLoadBalancer`: `SubnetNotFound`; one a zone and
/// two zones. ELB user guide, "Subnets for your load balancer": at least a /27
/// with eight free addresses (`InvalidSubnet`).
pub fn check_subnets(
    ctx: &Ctx<'_>,
    subnets: &[String],
    held: Option<&LoadBalancer>,
) -> Result<String, Refusal> {
    let state = &ctx.here.ec2;
    let mut zones: Vec<&str> = Vec::new();
    let mut vpcs: Vec<&str> = Vec::new();
    for id in subnets {
        let Some(subnet) = state.subnets.get(id) else {
            let text = format!("The subnet ID '{id}' does not exist");
            return Err(Refusal::new("SubnetNotFound", text));
        };
        if zones.contains(&subnet.zone.as_str()) {
            let text = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
            return Err(Refusal::new("InvalidConfigurationRequest", text));
        }
        let here_already = held.is_some_and(|balancer| balancer.subnets.contains(id));
        let room = subnet.cidr.prefix_len() <= 27 && free_addresses(state, id) >= 8;
        if !here_already && !room {
            let text = format!(
                "Not enough IP space available in {id}. ELB requires at least 8 free IP addresses in each subnet."
            );
            return Err(Refusal::new("InvalidSubnet", text));
        }
        zones.push(&subnet.zone);
        if !vpcs.contains(&subnet.vpc.as_str()) {
            vpcs.push(&subnet.vpc);
        }
    }
    let [vpc] = vpcs.as_slice() else {
        return Err(Refusal::new(
            "InvalidConfigurationRequest",
            "All subnets must belong to the same VPC",
        ));
    };
    if held.is_some_and(|balancer| balancer.vpc != **vpc) {
        let text = "The subnets do not belong to the VPC of the load balancer";
        return Err(Refusal::new("InvalidConfigurationRequest", text));
    }
    if zones.len() < 2 {
        // Observed.
        let text = "At least two subnets in two different Availability Zones must be specified";
        return Err(invalid(text));
    }
    Ok((*vpc).to_owned())
}

/// Without groups the VPC's default one is used (ELB user guide, "Security groups for your Application Load Balancer").
pub fn default_groups(ctx: &Ctx<'_>, vpc: &str) -> Vec<String> {
    let of_vpc = ctx
        .here
        .ec2
        .groups
        .iter()
        .filter(|(_, group)| group.vpc == vpc && group.name == "default");
    of_vpc.map(|(id, _)| id.clone()).collect()
}

/// Checks security groups: known (`InvalidSecurityGroup`), of the VPC, five at most (VPC user guide, "Quotas").
pub fn check_groups(ctx: &Ctx<'_>, vpc: &str, groups: &[String]) -> Result<(), Refusal> {
    for id in groups {
        let Some(group) = ctx.here.ec2.groups.get(id) else {
            let text = format!("Security group '{id}' does not exist");
            return Err(Refusal::new("InvalidSecurityGroup", text));
        };
        if group.vpc != vpc {
            // Observed: "… do not belong to VPC".
            let text = format!(
                "One or more security groups are invalid: '{id}' does not belong to VPC '{vpc}'"
            );
            return Err(Refusal::new("InvalidConfigurationRequest", text));
        }
    }
    if groups.is_empty() || groups.len() > 5 {
        let text = "A load balancer has one to five security groups";
        return Err(Refusal::new("InvalidConfigurationRequest", text));
    }
    Ok(())
}

/// Gives a load balancer an interface in each of these subnets.
pub fn attach(
    ctx: &mut Ctx<'_>,
    arn: &str,
    balancer: &LoadBalancer,
    subnets: &[String],
) -> Result<(), Refusal> {
    let since = ctx.now + ctx.takes(latency::LOAD_BALANCER_INTERFACES);
    for subnet in subnets {
        let new = NewInterface {
            subnet: subnet.clone(),
            groups: balancer.groups.clone(),
            address: None,
            description: format!("ELB app/{}/{}", balancer.name, balancer.id),
            kind: "interface",
            requester: "amazon-elb",
            holder: arn.to_owned(),
            since,
        };
        attach_interface(ctx, new)?;
    }
    Ok(())
}

/// `SetSubnets`: replaces them; interfaces come and go with them.
pub fn set_subnets(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("LoadBalancerArn")?;
    let old = BALANCER.find(&ctx.here.elbv2.balancers, arn)?.clone();
    let subnets = requested_subnets(input)?;
    check_subnets(ctx, &subnets, Some(&old))?;
    let addresses = input.text("IpAddressType").unwrap_or(&old.addresses);
    if addresses != old.addresses {
        check_addresses(addresses)?;
    }
    let addresses = addresses.to_owned();
    let new: Vec<String> = subnets
        .iter()
        .filter(|id| !old.subnets.contains(id))
        .cloned()
        .collect();
    release_interfaces(ctx, latency::LOAD_BALANCER_INTERFACES_LINGER, |interface| {
        interface.holder == arn && !subnets.contains(&interface.subnet)
    });
    attach(ctx, arn, &old, &new)?;
    let balancer = BALANCER.find_mut(&mut ctx.here.elbv2.balancers, arn)?;
    balancer.subnets = subnets;
    balancer.addresses = addresses;
    let balancer = BALANCER.find(&ctx.here.elbv2.balancers, arn)?;
    let addresses = &balancer.addresses;
    ok(json!({"AvailabilityZones": zones(ctx, balancer), "IpAddressType": addresses}))
}

/// `SetSecurityGroups`: replaces them, on the interfaces, too.
pub fn set_groups(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("LoadBalancerArn")?;
    let vpc = BALANCER.find(&ctx.here.elbv2.balancers, arn)?.vpc.clone();
    let groups = input.texts("SecurityGroups");
    check_groups(ctx, &vpc, &groups)?;
    let held = ctx
        .here
        .ec2
        .interfaces
        .values_mut()
        .filter(|interface| interface.holder == arn && !interface.leaving);
    for interface in held {
        interface.groups.clone_from(&groups);
    }
    let balancer = BALANCER.find_mut(&mut ctx.here.elbv2.balancers, arn)?;
    balancer.groups.clone_from(&groups);
    ok(json!({"SecurityGroupIds": groups}))
}

/// `SetIpAddressType`.
pub fn set_addresses(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("LoadBalancerArn")?;
    let kind = input.require("IpAddressType")?;
    let balancer = BALANCER.find_mut(&mut ctx.here.elbv2.balancers, arn)?;
    if kind != balancer.addresses {
        check_addresses(kind)?;
        kind.clone_into(&mut balancer.addresses);
    }
    ok(json!({"IpAddressType": kind}))
}

/// Subnets here have no IPv6 ranges, which AWS refuses, too (the code is an assumption).
pub fn check_addresses(kind: &str) -> Result<(), Refusal> {
    match kind {
        "ipv4" => Ok(()),
        "dualstack" | "dualstack-without-public-ipv4" => {
            let text = "You must specify subnets with an associated IPv6 CIDR block.";
            Err(Refusal::new("InvalidConfigurationRequest", text))
        }
        kind => Err(invalid(format!("IP address type '{kind}' is not valid"))),
    }
}

/// Writes the subnets with their zones.
pub fn zones(ctx: &Ctx<'_>, balancer: &LoadBalancer) -> Value {
    let zone = |id: &String| {
        let zone = ctx
            .here
            .ec2
            .subnets
            .get(id)
            .map(|subnet| subnet.zone.clone());
        json!({"LoadBalancerAddresses": [], "SubnetId": id, "ZoneName": zone})
    };
    balancer.subnets.iter().map(zone).collect()
}
