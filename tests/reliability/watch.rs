//! `sync --watch` for hours of virtual time: it follows what AWS replaces, makes few calls, forgets
//! what it need not remember, and survives what fails, saying so once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use hybridgw::{
    rehearsal,
    simulator::{
        faults::{Fault, Rule},
        random::Random,
    },
    stop::{Stop, Why},
};
use tokio::time::{Instant, sleep};

use crate::{
    bench::{ACCOUNT, Bench, REGION, config},
    following::Heard,
    support::{
        door::Pace,
        scene::{Scene, Verb, account_with, steady},
        sweep::prepared,
    },
};

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

/// A stack that stands, at AWS's own pace.
fn standing(name: &'static str) -> Bench {
    let scene = Scene::of(name, Verb::Down);
    scene.bench(hybridgw::simulator::conditions::Conditions::default())
}

fn rule(operation: &str, share: Option<f64>, then: Fault) -> Rule {
    Rule {
        operation: operation.to_owned(),
        calls: None,
        from: None,
        probability: share,
        times: None,
        then,
    }
}

fn refuse(code: &str, status: u16) -> Fault {
    Fault::Refuse {
        code: code.to_owned(),
        status,
        message: String::new(),
    }
}

/// Fails if any group of the stack is ever without a healthy target.
async fn never_without(bench: &Bench) {
    loop {
        for (name, group) in bench.groups() {
            assert!(!group.healthy.is_empty(), "{name} has none: {group:?}");
        }
        sleep(Duration::from_secs(3)).await;
    }
}

/// Waits until all is followed; how long that took.
async fn followed(bench: &Bench, at_most: Duration) -> Duration {
    let began = Instant::now();
    loop {
        let mut endpoints: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for one in bench.interfaces() {
            endpoints
                .entry(one.endpoint)
                .or_default()
                .insert(one.address);
        }
        let groups = bench.groups();
        let right = groups.values().all(|group| {
            let mut all = endpoints.values();
            group.registered == group.healthy && all.any(|has| *has == group.registered)
        });
        if right {
            return began.elapsed();
        }
        assert!(
            began.elapsed() < at_most,
            "not followed after {at_most:?}: {:?}",
            bench.groups()
        );
        sleep(Duration::from_secs(1)).await;
    }
}

/// Waits until the address is healthy somewhere.
async fn healthy(bench: &Bench, address: &str) -> Duration {
    let began = Instant::now();
    while !bench
        .groups()
        .values()
        .any(|group| group.healthy.contains(address))
    {
        assert!(began.elapsed() < HOUR, "{address} is never healthy");
        sleep(Duration::from_millis(250)).await;
    }
    began.elapsed()
}

/// What AWS does in eight hours, and what fails meanwhile.
async fn eight_hours(bench: &Bench) -> Vec<Duration> {
    let mut random = Random::seeded(8);
    let mut took = Vec::new();
    let faults = |rules: Vec<Rule>| bench.simulator.set_faults(rules);
    for half in 0..16 {
        match half {
            2 => faults(vec![rule("*", None, refuse("ExpiredTokenException", 403))]),
            5 => faults(vec![rule(
                "ec2:DescribeNetworkInterfaces",
                None,
                refuse("UnauthorizedOperation", 403),
            )]),
            7 => faults(vec![rule("*", Some(0.6), refuse("Throttling", 400))]),
            8 => faults(vec![rule("*", Some(0.95), refuse("Throttling", 400))]),
            10 => faults(vec![rule("*", None, Fault::DropRequest)]),
            12 => faults(vec![rule("*", None, Fault::Hang)]),
            _ => faults(Vec::new()),
        }
        let fails = matches!(half, 2 | 5 | 8 | 10 | 12);
        if !fails {
            // What was replaced meanwhile is followed within a pause and a health check.
            followed(bench, 12 * MINUTE).await;
            for _ in 0..2 {
                sleep(Duration::from_secs(120 + random.below(300))).await;
                let all = bench.interfaces();
                let one = &all[usize::try_from(random.below(all.len() as u64)).expect("small")];
                let address = bench.replace(one);
                took.push(healthy(bench, &address).await);
                followed(bench, 10 * MINUTE).await;
            }
        } else if half != 12 {
            bench.replace(&bench.interfaces()[0]);
        }
        let rest = HOUR / 2;
        sleep(rest.saturating_sub(Duration::from_secs(900 * u64::from(!fails)))).await;
    }
    faults(Vec::new());
    sleep(45 * MINUTE).await;
    took
}

#[test]
fn a_watcher_lives_through_eight_hours_of_whatever_fails_and_says_each_once() {
    prepared(async || {
        let bench = standing("everything.toml");
        let (stop, heard) = (Arc::new(Stop::default()), Heard::default());
        let began = Instant::now();
        let work = async {
            let took = eight_hours(&bench).await;
            stop.set(Why::Interrupted);
            took
        };
        let (ended, took) = tokio::select! {
            done = async { tokio::join!(bench.watch(true, &stop, &heard, 1), work) } => done,
            () = never_without(&bench) => unreachable!(),
        };
        let total = ended.expect("it ends well");
        bench.assert_followed("after eight hours");
        // Expired, denied, a storm, no network, no answer: said once each, and once when it is over.
        assert_eq!(
            heard.count("failing"),
            heard.count("well"),
            "{}",
            heard.text()
        );
        assert!(
            (4..=7).contains(&heard.count("failing")),
            "{}",
            heard.text()
        );
        let calls = bench.connection.journal.by_operation();
        let mut took: Vec<f64> = took.iter().map(Duration::as_secs_f64).collect();
        took.sort_by(f64::total_cmp);
        println!(
            "{:?}: {} attempts, {calls:?}\nfrom replacement to a healthy target: {:.0} s at least, {:.0} s in the middle, {:.0} s at most, of {}\n{} registered, {} deregistered",
            began.elapsed(),
            bench.connection.journal.attempts(),
            took[0],
            took[took.len() / 2],
            took[took.len() - 1],
            took.len(),
            total.registered.len(),
            total.deregistered.len(),
        );
        // A round, a registration, two health checks ten seconds apart.
        assert!(took[took.len() / 2] < 75.0, "{took:?}");
        let rounds = began.elapsed().as_secs() / 24;
        let reads = ["DescribeVpcEndpoints", "DescribeNetworkInterfaces"];
        for name in reads {
            let count = calls.get(name).copied().unwrap_or_default() as u64;
            assert!(count < rounds * 2, "{name}: {count} in {rounds} rounds");
        }
    });
}

#[test]
fn a_quiet_round_makes_four_reads_at_most_and_the_memory_does_not_grow() {
    prepared(async || {
        let cases = [
            ("placeholder.toml", false),
            ("site.toml", true),
            ("everything.toml", true),
            ("borrowed-endpoint.toml", true),
        ];
        for (name, by_tags) in cases {
            let bench = standing(name);
            let (stop, heard) = (Arc::new(Stop::default()), Heard::default());
            let work = async {
                sleep(HOUR).await;
                let first = remembered(&heard);
                sleep(7 * HOUR).await;
                stop.set(Why::Interrupted);
                (first, remembered(&heard))
            };
            let (ended, (first, last)) = tokio::join!(bench.watch(by_tags, &stop, &heard, 3), work);
            assert!(ended.is_ok(), "{name}: {ended:?}");
            assert_eq!(heard.words(), ["began"], "{name}: {}", heard.text());
            assert!(
                last <= first + 2,
                "{name}: {first} answers remembered, then {last}"
            );
            // Rounds are told by the pauses between them.
            let journal = bench.simulator.journal();
            let mut rounds: Vec<usize> = Vec::new();
            let mut before = None;
            for entry in &journal {
                let at = entry.at;
                let pause = before
                    .replace(at)
                    .is_none_or(|last| at.since(last) > Duration::from_secs(15));
                match rounds.last_mut() {
                    Some(last) if !pause => *last += 1,
                    _ => rounds.push(1),
                }
            }
            let most = rounds[1..].iter().max().expect("there were rounds");
            println!(
                "{name}, by tags {by_tags}: {} rounds, {} calls, first {}, later {most} at most, {last} remembered",
                rounds.len(),
                journal.len(),
                rounds[0],
            );
            assert!(rounds.len() > 800, "{name}: {} rounds", rounds.len());
            assert!(*most <= 4, "{name}: {most} reads in one round");
            assert_eq!(bench.writes(), 0, "{name}");
        }
    });
}

fn remembered(heard: &Heard) -> usize {
    let text = heard.gauges.text();
    let line = text
        .lines()
        .find(|one| one.starts_with("hybridgw_sync_remembered_answers "));
    let value = line.and_then(|line| line.split(' ').next_back());
    value
        .and_then(|value| value.parse().ok())
        .expect("it is measured")
}

#[test]
fn three_watchers_at_once_end_right_and_never_empty_a_group() {
    prepared(async || {
        for seed in 0..3 {
            let bench = standing("everything.toml");
            let (stop, heard) = (
                Arc::new(Stop::default()),
                [(); 3].map(|()| Heard::default()),
            );
            let benches: Vec<Bench> = (0..3)
                .map(|one| {
                    let gate = bench.behind(Pace::seeded(seed * 3 + one));
                    let connection = gate.connection.clone().seeded(one);
                    Bench { connection, ..gate }
                })
                .collect();
            let work = async {
                for _ in 0..4 {
                    sleep(3 * MINUTE).await;
                    bench.replace(&bench.interfaces()[usize::try_from(seed).expect("small")]);
                    followed(&bench, 10 * MINUTE).await;
                }
                stop.set(Why::Interrupted);
            };
            let all = async {
                tokio::join!(
                    benches[0].watch(false, &stop, &heard[0], seed),
                    benches[1].watch(true, &stop, &heard[1], seed + 7),
                    benches[2].watch(true, &stop, &heard[2], seed + 9),
                    work,
                )
            };
            tokio::select! {
                done = all => assert!(done.0.is_ok() && done.1.is_ok() && done.2.is_ok()),
                () = never_without(&bench) => unreachable!(),
            }
            bench.assert_followed("three watchers");
            for heard in heard {
                assert_eq!(heard.count("failing"), 0, "{}", heard.text());
            }
        }
    });
}

fn subnets(letters: &[char]) -> String {
    let ids = letters
        .iter()
        .map(|letter| format!("\"subnet-0{}\"", letter.to_string().repeat(16)));
    format!("network.subnets=[{}]", ids.collect::<Vec<_>>().join(", "))
}

/// The stack in its first subnets, and the bench that wants it in the others.
async fn moving(from: &[char], to: &[char]) -> Bench {
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

#[test]
fn a_watcher_and_an_up_that_moves_the_endpoint_do_not_work_against_each_other() {
    prepared(async || {
        for (seed, (from, to)) in [
            (&['a', 'b'][..], &['b', 'c'][..]),
            (&['a', 'b'], &['c', 'd']),
            (&['a', 'b', 'c'], &['a', 'b']),
            (&['a', 'b', 'c'], &['a', 'b', 'd']),
        ]
        .into_iter()
        .enumerate()
        {
            let bench = moving(from, to).await;
            let (stop, heard) = (
                Arc::new(Stop::default()),
                [(); 2].map(|()| Heard::default()),
            );
            let watchers = [bench.afresh(), bench.afresh()];
            let work = async {
                sleep(2 * MINUTE).await;
                let outcome = bench.up().await;
                assert!(outcome.ok(), "{from:?} {to:?}: {outcome:?}");
                sleep(6 * MINUTE).await;
                stop.set(Why::Interrupted);
            };
            let seed = seed as u64;
            let all = async {
                tokio::join!(
                    watchers[0].watch(false, &stop, &heard[0], seed),
                    watchers[1].watch(true, &stop, &heard[1], seed + 5),
                    work
                )
            };
            tokio::select! {
                done = all => assert!(done.0.is_ok() && done.1.is_ok()),
                () = never_without(&bench) => unreachable!(),
            }
            bench.assert_followed("up beside watchers");
            let error = bench.unconverged().await;
            assert!(error.is_none(), "{error:?}");
        }
    });
}

#[test]
fn a_stack_that_is_taken_down_while_it_is_watched_stays_down_and_is_followed_when_it_is_back() {
    prepared(async || {
        let bench = standing("placeholder.toml");
        let (stop, heard) = (Arc::new(Stop::default()), Heard::default());
        let other = bench.afresh();
        let work = async {
            sleep(3 * MINUTE).await;
            let outcome = other.down().await;
            assert!(outcome.ok(), "{outcome:?}");
            sleep(20 * MINUTE).await;
            assert_eq!(heard.count("gone"), 1, "{}", heard.text());
            assert!(heard.gauges.health().0, "waiting is well");
            let outcome = other.up().await;
            assert!(outcome.ok(), "{outcome:?}");
            sleep(20 * MINUTE).await;
            assert_eq!(heard.count("back"), 1, "{}", heard.text());
            bench.replace(&bench.interfaces()[0]);
            followed(&bench, 3 * MINUTE).await;
            stop.set(Why::Interrupted);
        };
        let (ended, ()) = tokio::join!(bench.watch(true, &stop, &heard, 2), work);
        assert!(ended.is_ok(), "{ended:?}");
        assert_eq!(heard.count("failing"), 0, "{}", heard.text());
        bench.assert_followed("back again");
    });
}

#[test]
fn a_new_endpoint_and_a_new_route_are_found_by_a_watcher() {
    prepared(async || {
        let bench = standing("placeholder.toml");
        let (stop, heard) = (Arc::new(Stop::default()), Heard::default());
        let other = bench.afresh();
        let work = async {
            sleep(3 * MINUTE).await;
            let id = bench.interfaces()[0].endpoint.clone();
            let ec2 = other.connection.writer().ec2;
            let gone = ec2
                .delete_vpc_endpoints()
                .vpc_endpoint_ids(&id)
                .send()
                .await;
            gone.expect("it goes");
            sleep(5 * MINUTE).await;
            assert!(heard.count("warning") > 0, "{}", heard.text());
            let outcome = other.up().await;
            assert!(outcome.ok(), "{outcome:?}");
            sleep(15 * MINUTE).await;
            bench.replace(&bench.interfaces()[0]);
            followed(&bench, 3 * MINUTE).await;
            stop.set(Why::Interrupted);
        };
        let (ended, ()) = tokio::join!(bench.watch(false, &stop, &heard, 4), work);
        assert!(ended.is_ok(), "{ended:?}");
        bench.assert_followed("a new endpoint");
    });
}

#[test]
fn a_first_round_that_cannot_succeed_ends_the_watcher_and_one_that_may_does_not() {
    prepared(async || {
        let cases = [
            (refuse("UnauthorizedOperation", 403), Some(4)),
            (refuse("ExpiredTokenException", 403), Some(4)),
            (refuse("Throttling", 400), None),
            (Fault::DropRequest, None),
        ];
        for (fault, code) in cases {
            let bench = standing("placeholder.toml");
            let (stop, heard) = (Arc::new(Stop::default()), Heard::default());
            bench
                .simulator
                .set_faults(vec![rule("*", None, fault.clone())]);
            let work = async {
                sleep(10 * MINUTE).await;
                bench.simulator.set_faults(Vec::new());
                sleep(10 * MINUTE).await;
                stop.set(Why::Interrupted);
            };
            let (ended, ()) = tokio::join!(bench.watch(true, &stop, &heard, 5), work);
            let ended = ended.err().map(|error| error.exit_code());
            assert_eq!(ended, code, "{fault:?}: {}", heard.text());
            if code.is_none() {
                assert_eq!(
                    heard.words(),
                    ["failing", "well"],
                    "{fault:?}: {}",
                    heard.text()
                );
            }
        }
    });
}
