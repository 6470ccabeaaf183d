//! The endpoint's addresses change while `up` runs and is killed: requests always find a healthy
//! target, and new targets come before old ones go.

use std::{cell::RefCell, fmt, sync::Arc, time::Duration};

use hybridgw::{
    pipeline::Report,
    rehearsal,
    simulator::{ec2, elbv2::Verdict, world::Region},
};

use crate::{
    bench::{ACCOUNT, Bench, REGION, config},
    support::{
        door::{Call, Gate, Kill, Listener},
        scene::{Scene, Verb, account_with, steady},
        sweep::{Breach, Findings, Ran, prepared, sample, seeds, sweep, whole},
    },
};
use futures_util::future::BoxFuture;

/// The targets of the stack's groups that get requests and answer them.
fn healthy(bench: &Bench) -> usize {
    let world = bench.simulator.world();
    let here: &Region = world.region(ACCOUNT, REGION).expect("it is in use");
    let prefix = format!("{}-", bench.config.stack);
    let ours = |name: &str| {
        let rest = name.strip_prefix(&prefix).unwrap_or_default();
        rest.len() == 7 && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let groups = here.elbv2.groups.values().filter(|group| ours(&group.name));
    let targets = groups.flat_map(|group| &group.targets);
    let serving = targets.filter(|target| {
        let mut interfaces = here.ec2.interfaces.values();
        !target.draining
            && target.health.verdict == Verdict::Healthy
            && interfaces
                .any(|one| one.kind == "vpc_endpoint" && one.address.to_string() == target.id)
    });
    serving.count()
}

/// Runs something while the targets are looked at every second.
async fn watched<T>(bench: &Bench, found: &RefCell<Findings>, work: impl Future<Output = T>) -> T {
    let watch = async {
        let began = tokio::time::Instant::now();
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if healthy(bench) == 0 {
                let words = format!("no healthy target after {:?}", began.elapsed());
                found.borrow_mut().push((Breach::Outage, words));
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        () = watch => unreachable!("it never ends"),
    }
}

/// The moves: the subnets before and after.
const MOVES: [(&[char], &[char]); 5] = [
    (&['a', 'b'], &['b', 'c']),
    (&['a', 'b'], &['c', 'd']),
    (&['a', 'b', 'c'], &['a', 'b']),
    (&['a', 'b'], &['a', 'b', 'c']),
    // One moves within its zone.
    (&['a', 'b', 'c'], &['a', 'b', 'd']),
];

fn subnets(letters: &[char]) -> String {
    let ids = letters
        .iter()
        .map(|letter| format!("\"subnet-0{}\"", letter.to_string().repeat(16)));
    format!("network.subnets=[{}]", ids.collect::<Vec<_>>().join(", "))
}

/// The stack in its old subnets, and what is wanted now.
async fn standing(number: usize) -> Bench {
    let (from, to) = MOVES[number];
    let up = Scene::of("placeholder.toml", Verb::Up);
    let old = config("placeholder.toml", &[subnets(from)]);
    let wanted = config("placeholder.toml", &[subnets(to)]);
    let bench = Bench::at(account_with(&up.start, steady()), old);
    for one in [&bench.config, &wanted] {
        rehearsal::furnish(&bench.simulator, one, ACCOUNT, REGION).expect("it is in memory");
    }
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    Bench::at(bench.simulator, wanted)
}

struct Case {
    number: usize,
    at: usize,
    applied: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = if self.applied { "applied" } else { "unsent" };
        write!(f, "move {}/{}/{when}", self.number, self.at)
    }
}

#[test]
fn a_move_killed_at_any_call_never_leaves_a_moment_without_a_healthy_target() {
    let mut cases = Vec::new();
    for number in 0..MOVES.len() {
        let calls = prepared(async move || {
            let listener = Arc::new(Listener::default());
            let bench = standing(number).await.behind(listener.clone());
            assert!(bench.up().await.ok());
            let calls = bench.connection.journal.attempts();
            if whole() {
                (1..=calls).collect()
            } else {
                listener.writes()
            }
        });
        for at in calls {
            cases.extend([false, true].map(|applied| Case {
                number,
                at,
                applied,
            }));
        }
    }
    sweep(
        "a_move_killed_at_any_call",
        &sample(cases, 8),
        async |case| {
            let bench = standing(case.number).await;
            let found = RefCell::new(Findings::new());
            let kill = Kill::at(case.at, case.applied);
            let first = bench.behind(kill.clone());
            watched(&bench, &found, kill.limit(first.up())).await;
            let pause = tokio::time::sleep(Duration::from_mins(2));
            watched(&bench, &found, pause).await;
            let outcome = watched(&bench, &found, bench.up()).await;
            let pause = tokio::time::sleep(Duration::from_mins(5));
            watched(&bench, &found, pause).await;
            let mut findings = found.into_inner();
            if !outcome.ok() {
                findings.push((Breach::Report, format!("{outcome:?}")));
            }
            findings.extend(
                bench
                    .unconverged()
                    .await
                    .map(|error| (Breach::Plan, error.to_string())),
            );
            let wanted = bench.config.network.subnets.len();
            if healthy(&bench) != wanted {
                findings.push((
                    Breach::Missing,
                    format!("{} healthy, not {wanted}", healthy(&bench)),
                ));
            }
            Ran::with(findings)
        },
    );
}

/// AWS replaces an interface of the endpoint at one call of the run.
#[derive(Debug)]
struct Replaced {
    bench: hybridgw::simulator::Simulator,
    at: usize,
}

impl Gate for Replaced {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        if call.number == self.at {
            let replaced = self.bench.edit(|world, conditions| {
                let mut ctx = world.context(ACCOUNT, REGION, conditions);
                let ours = ctx.here.ec2.tags.iter().filter(|(_, tags)| {
                    tags.get("hybridgw:resource")
                        .is_some_and(|key| key == "vpc-endpoint")
                        && tags
                            .get("hybridgw:stack")
                            .is_some_and(|stack| stack == "orders-dev")
                });
                let ours: Vec<String> = ours.map(|(id, _)| id.clone()).collect();
                let mut held = ctx.here.ec2.interfaces.iter();
                let one = held.find(|(_, one)| ours.contains(&one.holder) && !one.leaving);
                let one = one.map(|(id, _)| id.clone());
                one.map(|id| ec2::replace_interface(&mut ctx, &id).map(drop))
            });
            assert!(
                replaced
                    .expect("it is in memory")
                    .is_none_or(|done| done.is_ok())
            );
        }
        Box::pin(std::future::ready(()))
    }
}

#[test]
fn an_interface_that_aws_replaces_during_a_run_is_followed() {
    let scenes = [Verb::Up, Verb::Change].map(|verb| Scene::of("placeholder.toml", verb));
    sweep("an_interface_that_aws_replaces", &seeds(11), async |seed| {
        let scene = &scenes[usize::from(seed % 2 == 1)];
        let at = 1 + usize::try_from(seed * 7919).expect("small") % scene.calls;
        let bench = scene.bench(steady());
        let simulator = bench.simulator.clone();
        let gate = Arc::new(Replaced {
            bench: simulator,
            at,
        });
        let began = tokio::time::Instant::now();
        let first = bench.behind(gate).up().await;
        let took = began.elapsed();
        let mut ran = Ran::default();
        // It may have come after the last look; then the next run follows.
        let second = if first.ok() && bench.unconverged().await.is_none() {
            first
        } else {
            ran.count("needed one more run", 1);
            bench.up().await
        };
        ran.findings = scene.judge(&bench, &second).await;
        // It does not wait for an address that nobody has any more.
        if took > Duration::from_mins(10) {
            ran.findings
                .push((Breach::Stuck, format!("the run took {took:?}")));
        }
        let Report { failed, .. } = &second.report;
        ran.findings.extend(
            failed
                .iter()
                .map(|(key, error)| (Breach::Report, format!("{key}: {error}"))),
        );
        ran
    });
}
