//! The oracle: one of everything, nothing else, nobody else's touched.

use std::collections::BTreeSet;

use hybridgw::simulator::world::World;
use serde_json::Value;

use super::{
    shape::{Shape, beyond},
    sweep::{Breach, Findings},
};
use crate::bench::{ACCOUNT, Bench, Outcome, REGION, differences, forget};

/// What there was before the stack, and what there should be with it.
pub struct Oracle {
    /// The account without the stack, with everybody else's things in it.
    pub before: World,
    /// The stack, as an undisturbed run makes it.
    pub golden: Shape,
}

impl Oracle {
    /// Judges the world after a run that should have made the stack whole.
    pub async fn whole(&self, bench: &Bench, outcome: &Outcome) -> Findings {
        let mut findings = self.standing(bench);
        if !outcome.ok() {
            findings.push((Breach::Report, format!("the run failed: {outcome:?}")));
        }
        if let Some(error) = bench.unconverged().await {
            findings.push((Breach::Plan, error.to_string()));
        }
        findings
    }

    /// Judges what exists: one of each, none extra, nothing foreign touched.
    pub fn standing(&self, bench: &Bench) -> Findings {
        let world = bench.simulator.world();
        let mut findings = self.foreign(&world);
        findings.extend(compare(&self.golden, &beyond(&self.before, &world)));
        findings
    }

    /// Judges the world after a run that should have removed everything.
    pub async fn gone(&self, bench: &Bench, outcome: &Outcome) -> Findings {
        let mut findings = self.foreign(&bench.simulator.world());
        if !outcome.ok() {
            findings.push((Breach::Report, format!("the run failed: {outcome:?}")));
        }
        let shape = beyond(&self.before, &bench.simulator.world());
        findings.extend(compare(&Shape::new(), &shape));
        let writes = bench.writes();
        let again = bench.down().await;
        if !again.ok() || bench.writes() != writes {
            let words = format!("a second down is not idle: {again:?}");
            findings.push((Breach::Plan, words));
        }
        findings
    }

    /// What was changed of things that were there before.
    pub fn foreign(&self, after: &World) -> Findings {
        let mut before = part(&self.before);
        let mut after = part(after);
        forget_the_new(&mut before, &mut after);
        let found = differences(&before, &after);
        found
            .into_iter()
            .map(|words| (Breach::Foreign, words))
            .collect()
    }
}

/// Compares two shapes.
pub fn compare(wanted: &Shape, found: &Shape) -> Findings {
    let lines: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    let mut findings = Findings::new();
    for line in lines {
        let [wanted, found] = [wanted, found].map(|shape| shape.get(line).copied().unwrap_or(0));
        let breach = match () {
            () if found == wanted => continue,
            () if found < wanted => Breach::Missing,
            () if wanted > 0 => Breach::Duplicate,
            () => Breach::Orphan,
        };
        findings.push((breach, format!("{line}: {found}, not {wanted}")));
    }
    findings
}

/// The account as JSON, without what moves by itself.
fn part(world: &World) -> Value {
    let world = serde_json::to_value(world).expect("a world is JSON");
    let mut here = world["accounts"][ACCOUNT].clone();
    let mut region = here["regions"][REGION].take();
    region["buckets"] = Value::Null;
    region["ec2"]["tokens"] = Value::Null;
    region["ec2"]["gone"] = Value::Null;
    for counter in ["serial", "released"] {
        region["elbv2"][counter] = Value::Null;
    }
    // Checks go on; a target's own settings stay.
    for group in values(&mut region["elbv2"]["groups"]) {
        for target in group["targets"].as_array_mut().into_iter().flatten() {
            target["health"] = Value::Null;
        }
    }
    // Statements of ours join those of others.
    for endpoint in values(&mut region["ec2"]["endpoints"]) {
        endpoint["policy"] = statements(&endpoint["policy"]);
    }
    for bucket in values(&mut region["s3"]["buckets"]) {
        bucket["policy"] = statements(&bucket["policy"]);
    }
    for bucket in values(&mut here["global"]["s3"]["buckets"]) {
        bucket["policy"] = statements(&bucket["policy"]);
    }
    // A permission for an API of ours gives a function another revision.
    forget(&mut region["lambda"]["functions"], &["revision", "settled"]);
    here["global"]["route53"]["changes"] = Value::Null;
    here["regions"] = region;
    here
}

/// The statements of a policy, which may be none.
fn statements(policy: &Value) -> Value {
    let text = policy.as_str().unwrap_or("{}");
    let document: Value = serde_json::from_str(text).expect("a policy is JSON");
    let statements = match &document["Statement"] {
        Value::Array(all) => all.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    serde_json::json!({ "statements": statements })
}

fn values(map: &mut Value) -> impl Iterator<Item = &mut Value> {
    map.as_object_mut()
        .into_iter()
        .flat_map(|map| map.values_mut())
}

/// Takes away from `after` what `before` does not have: entries of maps, and of the lists of
/// records, of statements, and of the certificates that balancers use.
fn forget_the_new(before: &mut Value, after: &mut Value) {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return;
    };
    after.retain(|key, _| before.contains_key(key));
    for (key, old) in before {
        let Some(new) = after.get_mut(key) else {
            continue;
        };
        if matches!(key.as_str(), "records" | "statements" | "bound")
            && let (Value::Array(old), Value::Array(new)) = (&old, &mut *new)
        {
            new.retain(|one| old.contains(one));
        }
        forget_the_new(old, new);
    }
}
