//! Security-group rules: authorize, revoke, modify, describe.

use serde_json::{Value, json};

use super::filter::Listing;
use super::id::{GROUP, RULE};
use super::permission::{description, requested};
use super::state::{Peer, Rule, State, Traffic};
use super::tag;
use crate::codec::{Input, Output, Refusal, ok};
use crate::servicequotas::{code, most};
use crate::world::Ctx;

const LISTING: Listing<Rule> = Listing {
    kind: &RULE,
    ids: "SecurityGroupRuleId",
    filters: &["group-id", "security-group-rule-id"],
    values: |_, id, rule, name| match name {
        "group-id" => vec![rule.group.clone()],
        _ => vec![id.to_owned()],
    },
    least: 5,
};

/// `AuthorizeSecurityGroupIngress`.
pub fn authorize_ingress(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    authorize(ctx, input, false)
}

/// `AuthorizeSecurityGroupEgress`.
pub fn authorize_egress(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    authorize(ctx, input, true)
}

/// Adds all rules or none: one that exists refuses the whole call (`InvalidPermission.Duplicate`, "Error codes").
fn authorize(ctx: &mut Ctx<'_>, input: &Input, egress: bool) -> Result<Output, Refusal> {
    let group = input.require("GroupId")?.to_owned();
    let rules = requested(&ctx.here.ec2, ctx.region, input, &group, egress)?;
    let tags = tag::specified(input, &RULE)?;
    // Observed: before anything is compared with what is there.
    let twice = |(place, rule): (usize, &Rule)| rules[..place].iter().any(|one| one.same(rule));
    if rules.iter().enumerate().any(twice) {
        let text = "The same permission must not appear multiple times";
        return Err(Refusal::new("InvalidParameterValue", text));
    }
    let mut items = Vec::new();
    for rule in rules {
        if ctx.here.ec2.rules.values().any(|known| known.same(&rule)) {
            let text = format!("the specified rule \"{}\" already exists", spoken(&rule));
            return Err(Refusal::new("InvalidPermission.Duplicate", text));
        }
        let id = ctx.random.id("sgr");
        let state = &mut ctx.here.ec2;
        tag::put(state, &id, tags.clone());
        state.rules.insert(id.clone(), rule);
        items.push(item(ctx, &id, &ctx.here.ec2.rules[&id]));
    }
    if weight(ctx, &group, egress) > most(ctx, code::GROUP_RULES) {
        let text = "The maximum number of rules per security group has been reached.";
        return Err(Refusal::new("RulesPerSecurityGroupLimitExceeded", text));
    }
    ok(json!({"return": true, "securityGroupRuleSet": items}))
}

/// How much of its quota a group uses in one direction.
///
/// VPC user guide, "Quotas": each source or destination counts once, a prefix
/// list as often as it may have entries; IPv4 and IPv6 have the quota each, which
/// is not simulated (IPv6 is not).
pub fn weight(ctx: &Ctx<'_>, group: &str, egress: bool) -> usize {
    let state = &ctx.here.ec2;
    let own = |rule: &&Rule| rule.group == group && rule.egress == egress;
    let rules = state.rules.values().filter(own);
    let weights = rules.map(|rule| match &rule.peer {
        Peer::PrefixList(id) => state.prefix_lists.get(id).map_or(1, |list| list.most),
        _ => 1,
    });
    weights.sum()
}

/// `peer: 10.0.0.0/8, TCP, from port: 443, to port: 443, ALLOW`, as EC2 says it (observed).
fn spoken(rule: &Rule) -> String {
    let peer = match &rule.peer {
        Peer::Ipv4(net) => net.to_string(),
        Peer::Ipv6(net) => net.to_string(),
        Peer::Group(id) | Peer::PrefixList(id) => id.clone(),
    };
    let Traffic { protocol, from, to } = &rule.traffic;
    match (protocol.as_str(), from, to) {
        ("-1", ..) => format!("peer: {peer}, ALL, ALLOW"),
        (_, Some(from), Some(to)) => {
            format!(
                "peer: {peer}, {}, from port: {from}, to port: {to}, ALLOW",
                protocol.to_uppercase()
            )
        }
        _ => format!("peer: {peer}, {protocol}, ALLOW"),
    }
}

/// `RevokeSecurityGroupIngress`.
pub fn revoke_ingress(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    revoke(ctx, input, false)
}

/// `RevokeSecurityGroupEgress`.
pub fn revoke_egress(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    revoke(ctx, input, true)
}

/// Removes rules, named by id or by their content; what is not there refuses the whole call.
///
/// EC2 API reference, `RevokeSecurityGroupIngress`: outside a default VPC a
/// rule that does not match is `InvalidPermission.NotFound`. By id it is
/// `InvalidSecurityGroupRuleId.NotFound` ("Error codes").
fn revoke(ctx: &mut Ctx<'_>, input: &Input, egress: bool) -> Result<Output, Refusal> {
    let group = input.require("GroupId")?;
    let state = &ctx.here.ec2;
    GROUP.find(&state.groups, group)?;
    let ids = match input.texts("SecurityGroupRuleId") {
        ids if ids.is_empty() => by_content(state, ctx.region, input, group, egress)?,
        ids => by_id(state, ids, group, egress)?,
    };
    let mut items = Vec::new();
    for id in ids {
        let state = &mut ctx.here.ec2;
        state.tags.remove(&id);
        if let Some(rule) = state.rules.remove(&id) {
            items.push(revoked(&id, &rule));
        }
    }
    ok(json!({"return": true, "revokedSecurityGroupRuleSet": items, "unknownIpPermissionSet": []}))
}

fn by_id(
    state: &State,
    ids: Vec<String>,
    group: &str,
    egress: bool,
) -> Result<Vec<String>, Refusal> {
    for id in &ids {
        let rule = RULE.find(&state.rules, id)?;
        if rule.group != group || rule.egress != egress {
            return Err(RULE.absent(id));
        }
    }
    Ok(ids)
}

fn by_content(
    state: &State,
    region: &str,
    input: &Input,
    group: &str,
    egress: bool,
) -> Result<Vec<String>, Refusal> {
    let rules = requested(state, region, input, group, egress)?;
    rules.iter().map(|rule| find_same(state, rule)).collect()
}

/// EC2 API reference, "Error codes": `InvalidPermission.NotFound` (the words are observed).
fn find_same(state: &State, rule: &Rule) -> Result<String, Refusal> {
    let found = state.rules.iter().find(|(_, known)| known.same(rule));
    found.map(|(id, _)| id.clone()).ok_or_else(|| {
        let text = "The specified rule does not exist in this security group.";
        Refusal::new("InvalidPermission.NotFound", text)
    })
}

/// `DescribeSecurityGroupRules`. A filter by what is no group's id is refused (observed: `InvalidGroupId.Malformed`).
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let filters = input.each("Filter");
    let by_group = filters
        .iter()
        .filter(|one| one.text("Name") == Some("group-id"));
    let mut named = by_group.flat_map(|filter| filter.texts("Value"));
    if let Some(id) = named.find(|id| !id.contains('*') && !GROUP.fits(id)) {
        return Err(GROUP.absent(&id));
    }
    let (rules, next) = LISTING.select(ctx, ctx.here.ec2.rules.iter(), input)?;
    let items: Value = rules
        .into_iter()
        .map(|(id, rule)| item(ctx, id, rule))
        .collect();
    ok(json!({"nextToken": next, "securityGroupRuleSet": items}))
}

/// `ModifySecurityGroupRules`: a rule gets new content, which no other rule of the group may have.
///
/// EC2 API reference, "Error codes": `InvalidPermission.Duplicate` (here it is an assumption).
pub fn modify(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let group = input.require("GroupId")?.to_owned();
    let state = &mut ctx.here.ec2;
    let vpc = GROUP.find(&state.groups, &group)?.vpc.clone();
    let changes = input.each("SecurityGroupRule");
    if changes.is_empty() {
        return Err(input.protocol.missing("SecurityGroupRule"));
    }
    for change in changes {
        let id = change.require("SecurityGroupRuleId")?;
        let old = RULE.find(&state.rules, id)?;
        let wanted = change
            .child("SecurityGroupRule")
            .ok_or_else(|| input.protocol.missing("SecurityGroupRule"))?;
        let rule = Rule {
            group: group.clone(),
            egress: old.egress,
            traffic: Traffic::read(&wanted)?,
            peer: peer(state, ctx.region, &vpc, &wanted)?,
            description: description(&wanted)?,
        };
        if old.group != group {
            return Err(RULE.absent(id));
        }
        if state
            .rules
            .iter()
            .any(|(other, known)| other != id && known.same(&rule))
        {
            let text = format!("the specified rule \"{}\" already exists", spoken(&rule));
            return Err(Refusal::new("InvalidPermission.Duplicate", text));
        }
        state.rules.insert(id.to_owned(), rule);
    }
    ok(json!({"return": true}))
}

fn peer(state: &State, region: &str, vpc: &str, wanted: &Input) -> Result<Peer, Refusal> {
    if let Some(range) = wanted.text("CidrIpv4") {
        Peer::ipv4(range)
    } else if let Some(range) = wanted.text("CidrIpv6") {
        Peer::ipv6(range)
    } else if let Some(group) = wanted.text("ReferencedGroupId") {
        Peer::group(state, vpc, group)
    } else {
        Peer::prefix_list(state, region, wanted.require("PrefixListId")?)
    }
}

/// `UpdateSecurityGroupRuleDescriptionsIngress`.
pub fn describe_ingress_anew(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    describe_anew(ctx, input, false)
}

/// `UpdateSecurityGroupRuleDescriptionsEgress`.
pub fn describe_egress_anew(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    describe_anew(ctx, input, true)
}

/// Replaces descriptions of rules named by id or by content; none removes the description (EC2 API reference).
fn describe_anew(ctx: &mut Ctx<'_>, input: &Input, egress: bool) -> Result<Output, Refusal> {
    let state = &mut ctx.here.ec2;
    let group = input.require("GroupId")?;
    GROUP.find(&state.groups, group)?;
    let named = input.each("SecurityGroupRuleDescription");
    let mut changes = Vec::new();
    for change in &named {
        let id = change.require("SecurityGroupRuleId")?;
        by_id(state, vec![id.to_owned()], group, egress)?;
        changes.push((id.to_owned(), description(change)?));
    }
    if named.is_empty() {
        for rule in requested(state, ctx.region, input, group, egress)? {
            changes.push((find_same(state, &rule)?, rule.description));
        }
    }
    for (id, description) in changes {
        RULE.find_mut(&mut state.rules, &id)?.description = description;
    }
    ok(json!({"return": true}))
}

fn item(ctx: &Ctx<'_>, id: &str, rule: &Rule) -> Value {
    let mut item = revoked(id, rule);
    let state = &ctx.here.ec2;
    item["groupOwnerId"] = json!(ctx.account);
    item["securityGroupRuleArn"] = json!(ctx.arn("ec2", &format!("security-group-rule/{id}")));
    item["tagSet"] = tag::set(state, id);
    if let Peer::Group(group) = &rule.peer {
        let vpc = state.groups.get(group).map(|group| group.vpc.clone());
        item["referencedGroupInfo"] =
            json!({"groupId": group, "userId": ctx.account, "vpcId": vpc});
        item["referencedGroupId"] = Value::Null;
    }
    item
}

/// A rule as `RevokedSecurityGroupRule` has it: fewer members, ports of -1 for all traffic.
fn revoked(id: &str, rule: &Rule) -> Value {
    let (ipv4, ipv6, group, list) = match &rule.peer {
        Peer::Ipv4(net) => (Some(net.to_string()), None, None, None),
        Peer::Ipv6(net) => (None, Some(net.to_string()), None, None),
        Peer::Group(group) => (None, None, Some(group), None),
        Peer::PrefixList(list) => (None, None, None, Some(list)),
    };
    json!({
        "cidrIpv4": ipv4,
        "cidrIpv6": ipv6,
        "description": rule.description,
        "fromPort": rule.traffic.from.unwrap_or(-1),
        "groupId": rule.group,
        "ipProtocol": rule.traffic.protocol,
        "isEgress": rule.egress,
        "prefixListId": list,
        "referencedGroupId": group,
        "securityGroupRuleId": id,
        "toPort": rule.traffic.to.unwrap_or(-1),
    })
}
