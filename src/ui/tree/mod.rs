//! `status` as one look: the way that a request takes.

use std::collections::{BTreeMap, BTreeSet};

use aws_smithy_types::DateTime;

use crate::{
    outputs::{Existing, Status, TargetRow},
    resource::Kind,
    text::plainly,
    ui::{
        BOLD, DIM, ERROR, GOOD, Text, WARNING,
        order::{Order, Part},
    },
};

/// A line of the tree, and what hangs from it.
struct Branch {
    label: String,
    state: String,
    detail: String,
    under: Vec<Branch>,
}

/// What exists, in the order of a request. `ids`: AWS's whole ids, too. Ages are
/// counted up to `now`.
pub fn status(status: &Status, ids: bool, now: DateTime) -> Text {
    let mut text = Text::new();
    text.styled(BOLD, &status.stack);
    if let Some(url) = &status.url {
        text.say("  ").say(url);
    }
    text.line();
    for one in &status.unreadable {
        text.say("  unreadable: ").say(one.words()).line();
    }
    if status.resources.is_empty() {
        let words = if status.unreadable.is_empty() {
            "  nothing exists"
        } else {
            "  nothing else is seen"
        };
        text.say(words).line();
        return text;
    }
    let branches = grown(status, ids, now);
    let width = branches.iter().map(|one| one.width(0)).max();
    let state = branches.iter().map(Branch::widest_state).max();
    let columns = (width.unwrap_or_default(), state.unwrap_or_default());
    for branch in &branches {
        branch.draw(&mut text, "  ", "  ", columns);
    }
    text
}

impl Branch {
    fn of(one: &Existing, ids: bool, now: DateTime) -> Self {
        let mut detail = if ids { one.id.clone() } else { name(&one.id) };
        if let Some(created) = one.created {
            detail = format!("{detail}, {} old", age(created, now));
        }
        Self {
            label: one.resource.to_string(),
            state: one.state.clone(),
            detail,
            under: Vec::new(),
        }
    }

    fn of_target(row: &TargetRow, ids: bool) -> Self {
        let address = if ids {
            row.address.clone()
        } else {
            name(&row.address)
        };
        let reason = row.reason.as_ref();
        let reason = reason.map_or_else(String::new, |why| format!(": {why}"));
        Self {
            label: address,
            state: row.health.clone(),
            detail: format!("{}{reason}", row.zone),
            under: Vec::new(),
        }
    }

    fn width(&self, depth: usize) -> usize {
        let own = depth * 3 + plainly(&self.label).chars().count();
        let under = self.under.iter().map(|one| one.width(depth + 1)).max();
        own.max(under.unwrap_or_default())
    }

    fn widest_state(&self) -> usize {
        let own = plainly(&self.state).chars().count();
        let under = self.under.iter().map(Self::widest_state).max();
        own.max(under.unwrap_or_default())
    }

    /// `stem` begins its own line, `rest` the lines of what hangs from it.
    fn draw(&self, text: &mut Text, stem: &str, rest: &str, (width, widest): (usize, usize)) {
        // The roots' two spaces are not counted.
        let left = (width + 2).saturating_sub(stem.chars().count());
        text.styled(DIM, stem).cell(&self.label, left).say("  ");
        let gap = widest.saturating_sub(plainly(&self.state).chars().count());
        text.styled(style(&self.state), &self.state)
            .cell("", gap)
            .say("  ")
            .say(&self.detail)
            .line();
        for (i, one) in self.under.iter().enumerate() {
            let is_last = i + 1 == self.under.len();
            let (own, further) = if is_last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            let (stem, rest) = (format!("{rest}{own}"), format!("{rest}{further}"));
            one.draw(text, &stem, &rest, (width, widest));
        }
    }
}

/// The names, and from them the load balancer; from it the listeners, from them
/// the routes; then what lies behind.
fn grown(status: &Status, ids: bool, now: DateTime) -> Vec<Branch> {
    let order = Order::of(status.resources.iter().map(|one| &one.resource));
    let mut groups: BTreeMap<Part, Vec<&Existing>> = BTreeMap::new();
    for one in &status.resources {
        let part = order.part(&one.resource);
        groups.entry(part).or_default().push(one);
    }
    let mut records = Vec::new();
    let mut balancers = Vec::new();
    let mut under = Vec::new();
    for (part, mut members) in groups {
        members.sort_by_key(|one| order.place(&one.resource));
        let mut group: Vec<Branch> = Vec::new();
        for one in members {
            let branch = Branch::of(one, ids, now);
            match one.resource.kind() {
                Kind::DnsRecord => records.push(branch),
                Kind::LoadBalancer => balancers.push(branch),
                _ => group.push(branch),
            }
        }
        match &part {
            Part::Front => under.extend(group),
            Part::Route(_, path) => {
                let served = status.targets.iter().filter(|row| row.route == *path);
                under.push(route(part.to_string(), group, served, ids));
            }
            Part::Behind => under.push(Branch {
                label: part.to_string(),
                state: String::new(),
                detail: String::new(),
                under: group,
            }),
        }
    }
    // A load balancer that is missing is seen to be missing.
    let mut balancer = balancers.pop().unwrap_or(Branch {
        label: Kind::LoadBalancer.to_string(),
        state: "none".to_owned(),
        detail: String::new(),
        under: Vec::new(),
    });
    balancer.under = under;
    records.extend(balancers);
    records.push(balancer);
    records
}

/// A route says how many of its targets are healthy; those of its own hang from
/// their registration, the endpoint's shared ones from the route.
fn route<'a>(
    label: String,
    mut group: Vec<Branch>,
    served: impl Iterator<Item = &'a TargetRow>,
    ids: bool,
) -> Branch {
    let rows: BTreeSet<&TargetRow> = served.collect();
    let serving = rows.iter().filter(|row| row.serves()).count();
    let checked = rows.iter().any(|row| row.health == "healthy");
    let state = match (rows.len(), serving) {
        (0, _) => "no target".to_owned(),
        (_, 0) => "unhealthy".to_owned(),
        (all, some) if some < all => format!("{some} of {all} healthy"),
        _ if checked => "healthy".to_owned(),
        _ => "not checked".to_owned(),
    };
    let targets = rows.iter().map(|row| Branch::of_target(row, ids));
    let is_rule = |one: &Branch| one.label.starts_with(Kind::ListenerRule.as_str());
    let after = group.iter().rposition(is_rule).map_or(0, |last| last + 1);
    group.splice(after..after, targets);
    Branch {
        label,
        state,
        detail: String::new(),
        under: group,
    }
}

/// A name that people know, of an ARN; other ids as they are.
fn name(id: &str) -> String {
    if !id.starts_with("arn:") {
        return id.to_owned();
    }
    let resource = id.splitn(6, ':').nth(5).unwrap_or(id);
    let parts: Vec<&str> = resource.split('/').collect();
    match parts.as_slice() {
        [
            "loadbalancer" | "listener" | "listener-rule",
            "app",
            name,
            ..,
        ]
        | ["targetgroup", name, _] => (*name).to_owned(),
        _ => resource.trim_start_matches("function:").to_owned(),
    }
}

fn style(state: &str) -> anstyle::Style {
    match state {
        "healthy" | "active" | "available" | "insync" => GOOD,
        "unhealthy" | "failed" | "no target" | "none" | "rejected" | "expired" => ERROR,
        "initial" | "pending" | "provisioning" | "draining" | "deleting" | "unused" => WARNING,
        _ => anstyle::Style::new(),
    }
}

/// `42s`, `5m`, `3h`, `12d`: as long as it is there.
fn age(created: DateTime, now: DateTime) -> String {
    let seconds = now.secs().saturating_sub(created.secs()).max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
