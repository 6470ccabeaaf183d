//! `ModifyManagedPrefixList`.

use serde_json::json;

use super::id::PREFIX_LIST;
use super::prefix_list::{check, described, item, most, read_entries, unfit};
use super::rule::weight;
use super::state::{Peer, Rule};
use crate::codec::{Input, Output, Refusal, ok};
use crate::servicequotas::{self, code};
use crate::world::Ctx;

/// `ModifyManagedPrefixList`; it is complete at once (assumption).
///
/// EC2 API reference: entries or size, not both; a change of entries makes a
/// new version, and a version that is not the current one fails (the code is
/// the one that Terraform's provider knows); a size that the groups which name
/// the list cannot bear fails, and the state says so.
pub fn modify(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("PrefixListId")?.to_owned();
    let mut list = PREFIX_LIST.find(&ctx.here.ec2.prefix_lists, &id)?.clone();
    let changes = &ctx.here.ec2.prefix_list_changes;
    let mut change = changes.get(&id).cloned().unwrap_or_default();
    let (added, removed) = (
        read_entries(input, "AddEntry")?,
        read_entries(input, "RemoveEntry")?,
    );
    let resized = most(input);
    let entries = !added.is_empty() || !removed.is_empty();
    if entries && resized.is_some() {
        return Err(unfit(
            "You cannot modify the entries of a prefix list and modify the size of a prefix list at the same time".to_owned(),
        ));
    }
    let version = input.number("CurrentVersion");
    if entries && version.is_none() {
        // Assumption: the code.
        return Err(input.protocol.missing("CurrentVersion"));
    }
    if version.is_some_and(|version| u64::try_from(version) != Ok(change.version)) {
        let text = "The prefix list has the incorrect version number";
        return Err(Refusal::new("PrefixListVersionMismatch", text));
    }
    for (net, _) in &removed {
        if !list.entries.contains(net) {
            // Assumption.
            return Err(unfit(format!("The CIDR {net} is not in the prefix list")));
        }
        list.entries.retain(|known| known != net);
        change.descriptions.remove(&net.to_string());
    }
    for (net, _) in &added {
        if !list.entries.contains(net) {
            list.entries.push(*net);
        }
    }
    change.descriptions.extend(described(&added));
    if let Some(name) = input.text("PrefixListName") {
        name.clone_into(&mut list.name);
    }
    list.most = resized.unwrap_or(list.most);
    check(&list)?;
    change.version += u64::from(entries);
    change.state = Some("modify-complete".to_owned());
    change.message = None;
    let old = ctx.here.ec2.prefix_lists.insert(id.clone(), list);
    if let Some(group) = overfull(ctx, &id) {
        change.state = Some("modify-failed".to_owned());
        change.message = Some(format!("The new maximum size is too large for {group}"));
        let lists = &mut ctx.here.ec2.prefix_lists;
        old.and_then(|old| lists.insert(id.clone(), old));
    }
    let state = &mut ctx.here.ec2;
    state.prefix_list_changes.insert(id.clone(), change);
    let list = &ctx.here.ec2.prefix_lists[&id];
    ok(json!({"prefixList": item(ctx, &id, &list.name, Some(list))}))
}

/// A group that names a list and is over its quota of rules.
fn overfull(ctx: &Ctx<'_>, id: &str) -> Option<String> {
    let most = servicequotas::most(ctx, code::GROUP_RULES);
    let names = |rule: &&Rule| matches!(&rule.peer, Peer::PrefixList(named) if named == id);
    let mut rules = ctx.here.ec2.rules.values().filter(names);
    let over = rules.find(|rule| weight(ctx, &rule.group, rule.egress) > most);
    over.map(|rule| rule.group.clone())
}
