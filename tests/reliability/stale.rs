//! Reads that are behind: late, flapping between old and new, showing ghosts of what is gone.

use std::{fmt, sync::Arc, time::Duration};

use hybridgw::simulator::{conditions::Conditions, lag::Rule, pattern};
use tokio::time::Instant;

use crate::support::{
    scene::{Scene, Verb},
    sweep::{Breach, Findings, Ran, prepared, sample, seeds, sweep},
};

/// Which reads are behind, by how much, and how often one is up to date all the same.
struct Case {
    scene: Arc<Scene>,
    reads: &'static str,
    seconds: f64,
    flap: f64,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scene,
            reads,
            seconds,
            flap,
        } = self;
        write!(f, "{}/{}/{reads}/{seconds}s/{flap}", scene.name, scene.verb)
    }
}

impl Case {
    fn conditions(&self) -> Conditions {
        let rule = Rule {
            operation: self.reads.to_owned(),
            seconds: self.seconds,
            flap: self.flap,
        };
        Conditions {
            lag: vec![rule],
            ..Conditions::default()
        }
    }
}

/// All reads, those of one service, or those of the things that can come twice.
const READS: [&str; 9] = [
    "*",
    "ec2:*",
    "elasticloadbalancing:*",
    "apigateway:*",
    "route53:*",
    "lambda:*",
    "apigateway:GetRestApis",
    "apigateway:GetDeployments",
    "elasticloadbalancing:DescribeRules",
];

fn every_lag(longest: f64) -> Vec<Case> {
    let mut cases = Vec::new();
    for scene in Scene::all() {
        // What the run does not ask for cannot be behind.
        let asked = |reads: &&str| {
            scene
                .operations
                .iter()
                .any(|one| pattern::matches(reads, one))
        };
        for reads in READS.iter().filter(|reads| asked(reads)) {
            for seconds in [0.0, 1.0, 5.0, 30.0, 60.0, 300.0] {
                for flap in [0.0, 0.2, 0.5] {
                    cases.push(Case {
                        scene: Arc::clone(&scene),
                        reads,
                        seconds,
                        flap,
                    });
                }
            }
        }
    }
    let within = |case: &Case| (case.seconds <= 60.0) == (longest <= 60.0);
    cases.into_iter().filter(within).collect()
}

fn twice(findings: &Findings) -> Findings {
    let extra = |breach| matches!(breach, Breach::Duplicate | Breach::Orphan | Breach::Foreign);
    let found = findings.iter().filter(|(breach, _)| extra(*breach));
    found.cloned().collect()
}

/// One run while reads lag, and one when they no longer do.
async fn behind(case: &Case) -> (Ran, Findings) {
    let scene = &case.scene;
    let bench = scene.bench(case.conditions());
    let mut ran = Ran::default();
    let both = async {
        let first = scene.go(&bench).await;
        let made = match scene.verb {
            Verb::Down => Findings::new(),
            _ => twice(&scene.oracle.standing(&bench)),
        };
        let idle = bench.simulator.idle();
        bench.simulator.set_conditions(Conditions::default());
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut second = None;
        // Who only hears what was so minutes ago may call it done too early.
        let is_done = first.ok()
            && (case.seconds <= 60.0 || scene.judge(&bench.afresh(), &first).await.is_empty());
        if !is_done {
            ran.count("needed one more run", 1);
            second = Some(scene.go(&bench.afresh()).await);
        }
        (first, second, made, idle)
    };
    let ((first, second, made, idle), outage) = scene.asking(&bench, both).await;
    // What the first one said is true of the present, not only of what it saw.
    let last = second.as_ref().unwrap_or(&first);
    ran.findings = scene.judge(&bench.afresh(), last).await;
    ran.findings.extend(outage);
    if second.is_some() && !ran.findings.is_empty() {
        let words = format!("the first run ended so: {first:?}");
        ran.findings.push((Breach::Report, words));
    }
    if !idle.is_empty() {
        let words = format!("{idle:?} has struck nothing");
        ran.findings.push((Breach::Report, words));
    }
    (ran, made)
}

#[test]
fn reads_up_to_a_minute_behind_never_make_a_second_one_of_anything() {
    let cases = sample(every_lag(60.0), 12);
    sweep("reads_up_to_a_minute_behind", &cases, async |case| {
        let (mut ran, made) = behind(case).await;
        ran.findings.extend(made);
        ran
    });
}

#[test]
fn reads_five_minutes_behind_make_one_extra_at_most_and_the_next_run_removes_it() {
    let cases = sample(every_lag(300.0), 5);
    sweep("reads_five_minutes_behind", &cases, async |case| {
        let (mut ran, made) = behind(case).await;
        ran.count("extra things after the first run", made.len() as u64);
        let foreign = made
            .into_iter()
            .filter(|(breach, _)| *breach == Breach::Foreign);
        ran.findings.extend(foreign);
        ran
    });
}

/// Services, each behind by itself: its reads do not show what was written, and
/// its writes do not see what they name.
const SERVICES: [&str; 7] = [
    "ec2:*",
    "elasticloadbalancing:*",
    "apigateway:*",
    "route53:*",
    "lambda:*",
    "s3:*",
    "acm:*",
];

#[test]
fn one_service_that_is_behind_with_everything_fails_no_run() {
    let mut cases = Vec::new();
    for verb in [Verb::Up, Verb::Change, Verb::Down] {
        let scene = Scene::of("everything.toml", verb);
        for reads in SERVICES {
            let mut asked = scene.operations.iter();
            if !asked.any(|one| pattern::matches(reads, one)) {
                continue;
            }
            cases.extend([5.0, 30.0, 55.0].map(|seconds| Case {
                scene: Arc::clone(&scene),
                reads,
                seconds,
                flap: 0.0,
            }));
        }
    }
    let cases = sample(cases, 8);
    sweep("one_service_that_is_behind", &cases, async |case| {
        let scene = &case.scene;
        let bench = scene.bench(case.conditions());
        let (outcome, outage) = scene.asking(&bench, scene.go(&bench)).await;
        let mut ran = Ran::with(outage);
        if !outcome.ok() {
            ran.findings.push((Breach::Report, format!("{outcome:?}")));
        }
        if scene.verb != Verb::Down {
            ran.findings.extend(twice(&scene.oracle.standing(&bench)));
        }
        bench.simulator.set_conditions(Conditions::default());
        tokio::time::sleep(Duration::from_secs(1)).await;
        let judged = scene.judge(&bench.afresh(), &outcome).await;
        ran.findings.extend(judged);
        ran
    });
}

/// What can be made twice, what makes it, and what would show it.
const NEVER_SHOWN: [(&str, &str, &str); 3] = [
    ("rest-api", "CreateRestApi", "apigateway:GetRestApis"),
    (
        "deployment",
        "CreateDeployment",
        "apigateway:GetDeployments",
    ),
    // The listener's own rule comes first.
    (
        "listener",
        "CreateRule",
        "elasticloadbalancing:DescribeRules",
    ),
];

#[test]
fn what_never_shows_is_made_once_more_at_most_and_that_is_said() {
    for (key, makes, shows) in NEVER_SHOWN {
        prepared(async move || {
            let scene = Scene::of("placeholder.toml", Verb::Up);
            let rule = Rule {
                operation: shows.to_owned(),
                seconds: 3_600.0,
                flap: 0.0,
            };
            let bench = scene.bench(Conditions {
                lag: vec![rule],
                ..Conditions::default()
            });
            let began = Instant::now();
            let outcome = scene.go(&bench).await;
            let took = began.elapsed();
            assert!(took < Duration::from_mins(12), "{key}: {took:?}");
            let made = bench.connection.journal.by_operation()[makes];
            assert!(made <= 2, "{key}: made {made} times");
            let failed = &outcome.report.failed;
            let said = failed.iter().find(|(failed, _)| failed.as_str() == key);
            let said = said.unwrap_or_else(|| panic!("{key}: {outcome:?}"));
            assert!(said.1.to_string().contains("does not show it"), "{said:?}");
            let left = outcome.report.left_behind();
            assert!(left.iter().any(|one| one.as_str() == key), "{left:?}");

            bench.simulator.set_conditions(Conditions::default());
            tokio::time::sleep(Duration::from_secs(1)).await;
            let again = scene.go(&bench.afresh()).await;
            let findings = scene.judge(&bench.afresh(), &again).await;
            assert!(findings.is_empty(), "{key}: {findings:?}");
        });
    }
}

/// The cases that made a second API: it was seen once, then not, and was made again.
#[test]
fn what_was_seen_a_moment_ago_is_waited_for_and_not_made_again() {
    sweep("what_was_seen_a_moment_ago", &seeds(5), async |seed| {
        let scene = Scene::of("placeholder.toml", Verb::Up);
        let rule = Rule {
            operation: "*".to_owned(),
            seconds: 45.0,
            flap: 0.5,
        };
        let bench = scene.bench(Conditions {
            seed: *seed,
            lag: vec![rule],
            ..Conditions::default()
        });
        scene.go(&bench).await;
        assert!(bench.simulator.idle().is_empty(), "no read was behind");
        Ran::with(twice(&scene.oracle.standing(&bench)))
    });
}

#[tokio::test(start_paused = true)]
async fn interfaces_that_show_later_than_their_endpoint_are_waited_for() {
    let scene = Scene::of("placeholder.toml", Verb::Up);
    let bench = scene.bench(Conditions {
        lag: vec![Rule {
            operation: "ec2:DescribeNetworkInterfaces".to_owned(),
            seconds: 30.0,
            flap: 0.0,
        }],
        ..Conditions::default()
    });
    let outcome = scene.go(&bench).await;
    assert!(outcome.ok(), "{outcome:?}");
}
