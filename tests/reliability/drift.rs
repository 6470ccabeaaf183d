//! Everything that is managed changes behind our back: the plan names it, and `up` repairs it.

use std::{fmt, time::Duration};

use hybridgw::{
    aws::simulated::http_client,
    pipeline::{Action, Plan, observe::discover},
    simulator::random::Random,
};

use crate::{
    bench::{ACCOUNT, API_EXAMPLES, Bench, REGION},
    drifts::{self, Console, Drift, Foreign, Place},
    support::{
        scene::{Scene, Verb, steady},
        sweep::{Breach, Findings, Ran, prepared, sample, seeds, sweep},
    },
};

struct Case {
    name: &'static str,
    row: Drift,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.row)
    }
}

/// Somebody at the console of a scene's account.
async fn console(bench: &Bench) -> Console {
    let owned = discover(&bench.look()).await.expect("reads work");
    let ids = owned
        .iter()
        .map(|one| (one.key.to_string(), one.id.clone()));
    let config = &bench.config;
    let world = bench.simulator.world();
    let account = world.accounts().get(ACCOUNT).expect("it is there");
    let zones = &account.global.route53.zones;
    let wanted = config.domain.zone.trim_end_matches('.');
    let mut zone = zones.iter();
    let zone = zone.find(|(id, zone)| *id == wanted || zone.name.trim_end_matches('.') == wanted);
    Console {
        aws: drifts::clients(http_client(bench.simulator.clone()), None, ACCOUNT, REGION),
        ids: ids.collect(),
        host: config.domain.name.clone(),
        zone: zone.expect("the zone is there").0.clone(),
        subnets: config.network.subnets.clone(),
        foreign: Foreign {
            group: "sg-0aaaaaaaaaaaaaa03".to_owned(),
            certificate: format!("arn:aws:acm:{REGION}:{ACCOUNT}:certificate/decoy"),
            api: "decoy00001".to_owned(),
        },
    }
}

/// Does it, and lets it happen: what is deleted takes a while to go.
async fn alter(bench: &Bench, row: &Drift) {
    row.make(&console(bench).await).await;
    tokio::time::sleep(Duration::from_mins(10)).await;
}

/// The kinds in which the plan sees something to do.
fn kinds(plan: &Plan) -> Vec<String> {
    let open = plan.actions.iter().filter(|one| one.action != Action::Keep);
    open.map(|one| one.resource.kind().to_string()).collect()
}

#[test]
fn a_change_behind_our_back_is_named_and_repaired() {
    let table = |name| {
        drifts::all(Place::Simulator)
            .into_iter()
            .map(move |row| Case { name, row })
    };
    let cases: Vec<Case> = API_EXAMPLES.into_iter().flat_map(table).collect();
    sweep(
        "a_change_behind_our_back",
        &sample(cases, 16),
        async |case| {
            let standing = Scene::of(case.name, Verb::Down);
            let bench = standing.bench(steady());
            alter(&bench, &case.row).await;
            let mut findings = Findings::new();
            match bench.plan(&bench.look()).await {
                Err(error) => findings.push((Breach::Plan, format!("no plan: {error}"))),
                Ok((_, plan)) => {
                    let planned = kinds(&plan);
                    for line in case.row.plan {
                        let kind = line.split(' ').next_back().expect("`update KIND`");
                        if !planned.iter().any(|one| one == kind) {
                            let words = format!("{kind} not named: {planned:?}");
                            findings.push((Breach::Plan, words));
                        }
                    }
                }
            }
            let (outcome, outage) = standing.asked(&bench, bench.up()).await;
            findings.extend(outage);
            let up = Scene::of(case.name, Verb::Up);
            findings.extend(up.judge(&bench, &outcome).await);
            Ran::with(findings)
        },
    );
}

struct Gone {
    name: &'static str,
    number: usize,
    key: String,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.key)
    }
}

/// Deletes each thing by itself, where AWS lets it go.
#[test]
fn a_thing_that_vanishes_is_made_again() {
    let mut cases = Vec::new();
    for name in API_EXAMPLES {
        let keys = prepared(async move || {
            let bench = Scene::of(name, Verb::Down).bench(steady());
            let all = discover(&bench.look()).await.expect("reads work");
            all.iter()
                .map(|one| one.key.to_string())
                .collect::<Vec<_>>()
        });
        let numbered = keys.into_iter().enumerate();
        cases.extend(numbered.map(|(number, key)| Gone { name, number, key }));
    }
    sweep("a_thing_that_vanishes", &sample(cases, 8), async |case| {
        let standing = Scene::of(case.name, Verb::Down);
        let bench = standing.bench(steady());
        let all = discover(&bench.look()).await.expect("reads work");
        let aws = bench.connection.writer();
        let deleted = all[case.number].thing.delete(&aws).await.is_ok();
        let (outcome, outage) = standing.asked(&bench, bench.afresh().up()).await;
        let up = Scene::of(case.name, Verb::Up);
        let mut ran = Ran::with(up.judge(&bench, &outcome).await);
        ran.findings.extend(outage);
        ran.count("AWS let it go", u64::from(deleted));
        ran
    });
}

/// Plans are pure, do not depend on the order of what was found, and what is written was planned.
#[test]
fn one_apply_of_a_plan_empties_it_whatever_was_there() {
    sweep("one_apply_of_a_plan", &seeds(5), async |seed| {
        let mut random = Random::seeded(*seed);
        let name = API_EXAMPLES[usize::from(random.below(2) == 1)];
        let bench = Scene::of(name, Verb::Down).bench(steady());
        let mut all = drifts::all(Place::Simulator);
        // Two may want the same thing: then the second would find it gone.
        all.retain(|row| !row.takes_away());
        for _ in 0..=random.below(4) {
            let count = u64::try_from(all.len()).expect("small");
            let row = all.swap_remove(usize::try_from(random.below(count)).expect("small"));
            alter(&bench, &row).await;
        }
        let mut findings = Findings::new();
        let look = bench.look();
        let (stack, plan) = bench.plan(&look).await.expect("it can be planned");
        let (_, again) = bench.plan(&bench.look()).await.expect("it can be planned");
        if plan.to_json() != again.to_json() {
            findings.push((Breach::Plan, "a second plan says something else".to_owned()));
        }
        let mut owned = discover(&look).await.expect("reads work");
        owned.reverse();
        if Plan::new(&stack, owned).to_json()["actions"] != plan.to_json()["actions"] {
            findings.push((Breach::Plan, "the plan depends on an order".to_owned()));
        }
        let planned = kinds(&plan);
        let outcome = bench.up().await;
        let report = &outcome.report;
        let done = [&report.created, &report.updated, &report.deleted];
        for key in done.into_iter().flatten() {
            // A repair may need another: what stands in the way of the endpoint's groups.
            if !planned.iter().any(|kind| kind == key.kind().as_str()) {
                findings.push((Breach::Plan, format!("{key} was not planned: {planned:?}")));
            }
        }
        let up = Scene::of(name, Verb::Up);
        findings.extend(up.judge(&bench, &outcome).await);
        Ran::with(findings)
    });
}
