//! Prefix lists: those the account manages, and the one AWS keeps for S3, for clients that ask before they look at an endpoint.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::filter::{filters, page};
use super::id::PREFIX_LIST;
use super::state::{Peer, PrefixList, PrefixListChange, State};
use super::tag;
use crate::codec::{Input, Output, Refusal, ok};
use crate::random::digest;
use crate::world::Ctx;

/// `DescribePrefixLists`: AWS's alone.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let filters = filters(input, &["prefix-list-id", "prefix-list-name"])?;
    let (id, name) = (s3(ctx.region), s3_name(ctx.region));
    let wanted = input.texts("PrefixListId");
    if let Some(lost) = wanted.iter().find(|wanted| **wanted != id) {
        return Err(PREFIX_LIST.absent(lost));
    }
    let values = |filter: &str| {
        let value = if filter == "prefix-list-id" {
            &id
        } else {
            &name
        };
        vec![value.clone()]
    };
    let mut lists =
        vec![json!({"cidrSet": [S3_RANGE], "prefixListId": id, "prefixListName": name})];
    lists.retain(|_| filters.iter().all(|filter| filter.keeps(None, values)));
    let (lists, next) = page(ctx, lists, input, 1)?;
    ok(json!({"nextToken": next, "prefixListSet": Value::Array(lists)}))
}

/// The list's id in a region, made up.
pub fn s3(region: &str) -> String {
    format!("pl-{}", digest(region, 8))
}

fn s3_name(region: &str) -> String {
    format!("com.amazonaws.{region}.s3")
}

/// A range for documentation (RFC 5737).
const S3_RANGE: &str = "192.0.2.0/24";

/// `DescribeManagedPrefixLists`: the account's and AWS's; another's is not there (EC2 API reference).
pub fn describe_managed(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let filters = filters(input, &["owner-id", "prefix-list-id", "prefix-list-name"])?;
    let state = &ctx.here.ec2;
    let aws = s3(ctx.region);
    let wanted = input.texts("PrefixListId");
    let lost = |id: &&String| **id != aws && !state.prefix_lists.contains_key(*id);
    if let Some(lost) = wanted.iter().find(lost) {
        return Err(PREFIX_LIST.absent(lost));
    }
    let own = state.prefix_lists.iter();
    let own = own.map(|(id, list)| (id.clone(), list.name.clone(), Some(list)));
    let mut all: Vec<_> = own.chain([(aws, s3_name(ctx.region), None)]).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all.retain(|(id, name, list)| {
        let values = |filter: &str| match filter {
            "owner-id" => vec![list.map_or("AWS", |_| ctx.account).to_owned()],
            "prefix-list-id" => vec![id.clone()],
            _ => vec![name.clone()],
        };
        let tags = state.tags.get(id);
        (wanted.is_empty() || wanted.contains(id))
            && filters.iter().all(|filter| filter.keeps(tags, values))
    });
    let (all, next) = page(ctx, all, input, 1)?;
    let items: Value = all
        .iter()
        .map(|(id, name, list)| item(ctx, id, name, *list))
        .collect();
    ok(json!({"nextToken": next, "prefixListSet": items}))
}

/// A list on the wire; AWS's own say neither how many entries they may have nor a version.
pub fn item(ctx: &Ctx<'_>, id: &str, name: &str, list: Option<&PrefixList>) -> Value {
    let owner = list.map_or("aws", |_| ctx.account);
    let change = ctx.here.ec2.prefix_list_changes.get(id);
    let state = change.and_then(|change| change.state.as_deref());
    json!({
        "addressFamily": if list.is_some_and(|list| list.ipv6) { "IPv6" } else { "IPv4" },
        "maxEntries": list.map(|list| list.most),
        "ownerId": list.map_or("AWS", |_| ctx.account),
        "prefixListArn": format!("arn:{}:ec2:{}:{owner}:prefix-list/{id}", ctx.partition(), ctx.region),
        "prefixListId": id,
        "prefixListName": name,
        "state": state.unwrap_or("create-complete"),
        "stateMessage": change.and_then(|change| change.message.as_deref()),
        "tagSet": tag::set(&ctx.here.ec2, id),
        "version": list.map(|_| change.map_or(1, |change| change.version)),
    })
}

/// `GetManagedPrefixListEntries`, of the current version (others are not simulated; the code is an assumption).
pub fn entries(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("PrefixListId")?;
    let entries: Vec<Value> = if id == s3(ctx.region) {
        vec![json!({"cidr": S3_RANGE})]
    } else {
        let list = PREFIX_LIST.find(&ctx.here.ec2.prefix_lists, id)?;
        let change = ctx.here.ec2.prefix_list_changes.get(id);
        let current = change.map_or(1, |change| change.version);
        let version = input.number("TargetVersion");
        if version.is_some_and(|version| u64::try_from(version) != Ok(current)) {
            let text = "Entries of another version than the current one are not simulated";
            return Err(Refusal::new("UnsupportedOperation", text));
        }
        let entries = list.entries.iter();
        entries
            .map(|net| {
                let net = net.to_string();
                let description = change.and_then(|change| change.descriptions.get(&net));
                json!({"cidr": net, "description": description})
            })
            .collect()
    };
    let (entries, next) = page(ctx, entries, input, 1)?;
    ok(json!({"entrySet": entries, "nextToken": next}))
}

/// Reads a list of entries with what they are for.
pub fn read_entries(input: &Input, name: &str) -> Result<Vec<(Ipv4Net, Option<String>)>, Refusal> {
    let mut entries: Vec<(Ipv4Net, Option<String>)> = Vec::new();
    for entry in input.each(name) {
        let Peer::Ipv4(net) = Peer::ipv4(entry.require("Cidr")?)? else {
            continue;
        };
        if entries.iter().any(|(known, _)| *known == net) {
            // Assumption.
            return Err(unfit(format!("The CIDR {net} stands more than once")));
        }
        entries.push((net, entry.text("Description").map(str::to_owned)));
    }
    Ok(entries)
}

/// EC2 API reference, "Error codes": `InvalidParameterValue`. Where it stands here it is an assumption.
pub fn unfit(text: String) -> Refusal {
    Refusal::new("InvalidParameterValue", text)
}

/// VPC user guide, "Prefix lists", rules: not more entries than the list may have (the code is an assumption).
pub fn check(list: &PrefixList) -> Result<(), Refusal> {
    if list.most == 0 || list.most > 1000 {
        return Err(unfit("MaxEntries must be between 1 and 1000".to_owned()));
    }
    if list.entries.len() > list.most {
        let text = "The prefix list has more entries than its MaxEntries";
        return Err(Refusal::new("PrefixListMaxEntriesExceeded", text));
    }
    Ok(())
}

/// `CreateManagedPrefixList`, for IPv4; it is complete at once (assumption).
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    match input.require("AddressFamily")? {
        "IPv4" => {}
        other => {
            return Err(unfit(format!(
                "The address family {other} is not simulated"
            )));
        }
    }
    let name = input.require("PrefixListName")?.to_owned();
    if name.starts_with("com.amazonaws") {
        // EC2 API reference, `CreateManagedPrefixList`.
        return Err(unfit("A name cannot begin with com.amazonaws".to_owned()));
    }
    let tags = tag::specified(input, &PREFIX_LIST)?;
    let entries = read_entries(input, "Entry")?;
    let change = PrefixListChange {
        descriptions: described(&entries),
        ..PrefixListChange::default()
    };
    let list = PrefixList {
        name,
        most: most(input).ok_or_else(|| input.protocol.missing("MaxEntries"))?,
        ipv6: false,
        entries: entries.into_iter().map(|(net, _)| net).collect(),
    };
    check(&list)?;
    let id = ctx.random.id("pl");
    let state = &mut ctx.here.ec2;
    tag::put(state, &id, tags);
    state.prefix_lists.insert(id.clone(), list);
    state.prefix_list_changes.insert(id.clone(), change);
    let list = &ctx.here.ec2.prefix_lists[&id];
    ok(json!({"prefixList": item(ctx, &id, &list.name, Some(list))}))
}

/// What entries are for, under their ranges.
pub fn described(entries: &[(Ipv4Net, Option<String>)]) -> BTreeMap<String, String> {
    let described = entries.iter();
    described
        .filter_map(|(net, text)| Some((net.to_string(), text.clone()?)))
        .collect()
}

/// How many entries a request says there may be.
pub fn most(input: &Input) -> Option<usize> {
    let most = input.number("MaxEntries")?;
    usize::try_from(most).ok()
}

/// `DeleteManagedPrefixList`: not while rules name it (VPC user guide, "Prefix lists"; the code is an assumption).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("PrefixListId")?.to_owned();
    let state: &mut State = &mut ctx.here.ec2;
    let list = PREFIX_LIST.find(&state.prefix_lists, &id)?.clone();
    let mut rules = state.rules.values();
    if rules.any(|rule| matches!(&rule.peer, Peer::PrefixList(named) if *named == id)) {
        let text = format!("The prefix list {id} is referenced by security groups");
        return Err(Refusal::new("DependencyViolation", text));
    }
    let tree = item(ctx, &id, &list.name, Some(&list));
    ctx.here.ec2.prefix_lists.remove(&id);
    ctx.here.ec2.tags.remove(&id);
    ctx.here.ec2.prefix_list_changes.remove(&id);
    ok(json!({"prefixList": tree}))
}
