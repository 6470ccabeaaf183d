//! The order of removal, held against what the examples' resources need.

use std::collections::{BTreeMap, BTreeSet};

use hybridgw::{
    pipeline::teardown,
    resource::{Kind, Need},
    simulator::conditions::Conditions,
};
use strum::IntoEnumIterator;

use super::bench::{Bench, EXAMPLES};

/// What a part lives in: it goes with that, or before.
fn whole(part: Kind) -> Option<Kind> {
    match part {
        Kind::Deployment | Kind::Stage => Some(Kind::RestApi),
        Kind::EndpointPolicy => Some(Kind::VpcEndpoint),
        Kind::Listener | Kind::RedirectListener => Some(Kind::LoadBalancer),
        Kind::ListenerRule => Some(Kind::Listener),
        Kind::Targets => Some(Kind::TargetGroup),
        _ => None,
    }
}

/// Needs that are not reversed, and why.
const NOT_REVERSED: [(Kind, Kind, &str); 8] = [
    (
        Kind::Targets,
        Kind::ListenerRule,
        "no request may meet an empty group: the group, with its targets, outlives its rules",
    ),
    (
        Kind::SecurityGroupRules,
        Kind::VpcEndpoint,
        "only a borrowed endpoint is needed by rules, and it stays",
    ),
    (
        Kind::Targets,
        Kind::VpcEndpoint,
        "an endpoint whose addresses are registered goes; its targets, minutes later, with the balancer",
    ),
    (Kind::Targets, Kind::SiteEndpoint, "as above"),
    (
        Kind::LoadBalancer,
        Kind::VpcEndpoint,
        "it waits for pinned addresses alone, and uses nothing of the endpoint",
    ),
    (
        Kind::Targets,
        Kind::SecurityGroupRules,
        "rules go as soon as the balancer has",
    ),
    (
        Kind::Targets,
        Kind::LambdaPermission,
        "nobody invokes the function once the record is gone",
    ),
    (
        Kind::EndpointPolicy,
        Kind::RestApi,
        "it goes with the endpoint, which waits for the API",
    ),
];

/// Everything that is gone before a thing of this kind goes.
fn gone_before(kind: Kind) -> BTreeSet<Kind> {
    let mut gone = BTreeSet::new();
    let mut open: Vec<Kind> = teardown::first(kind).to_vec();
    while let Some(next) = open.pop() {
        if gone.insert(next) {
            open.extend(teardown::first(next));
        }
    }
    gone
}

#[test]
fn no_kind_waits_for_itself() {
    for kind in Kind::iter() {
        assert!(
            !gone_before(kind).contains(&kind),
            "{kind} waits for itself"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_needs_a_thing_goes_before_it_in_every_example() {
    let mut unreversed: BTreeMap<(Kind, Kind), String> = BTreeMap::new();
    for name in EXAMPLES {
        let bench = Bench::new(name, Conditions::default());
        let (stack, _) = bench.plan(&bench.look()).await.expect("it can be planned");
        for step in &stack.steps {
            let user = step.key().kind();
            for need in step.needs() {
                let needed = need.key().kind();
                // What lives in a thing, however deep, goes with it or before.
                let mut outer = std::iter::successors(Some(user), |part| whole(*part));
                let goes_first =
                    outer.any(|one| one == needed || gone_before(needed).contains(&one));
                let is_part_of_what_waits =
                    whole(needed).is_some_and(|one| gone_before(one).contains(&user));
                if !goes_first && !is_part_of_what_waits && user != needed {
                    unreversed.insert((user, needed), name.to_owned());
                }
            }
        }
    }
    let found: BTreeSet<(Kind, Kind)> = unreversed.keys().copied().collect();
    let known = NOT_REVERSED.map(|(user, needed, _)| (user, needed));
    assert_eq!(found, BTreeSet::from(known), "{unreversed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_replaced_mapping_or_rule_takes_no_name_from_the_other_routes() {
    for name in EXAMPLES {
        let bench = Bench::new(name, Conditions::default());
        let (stack, _) = bench.plan(&bench.look()).await.expect("it can be planned");
        let steps = stack.steps.iter();
        for record in steps.filter(|step| step.key().kind() == Kind::DnsRecord) {
            let built_on: BTreeSet<Kind> = record
                .built_on()
                .iter()
                .map(|need| need.key().kind())
                .collect();
            let stays_with = [Kind::LoadBalancer, Kind::LoadBalancerSecurityGroup];
            assert_eq!(built_on, BTreeSet::from(stays_with), "{name}");
            let waits = |need: &Need| need.key().kind() == Kind::ListenerRule;
            assert!(
                record.needs().iter().any(waits),
                "{name}: it comes too early"
            );
        }
    }
}
