//! Killed at any call, before it is sent or after it was applied; then once more.

use std::{fmt, sync::Arc, time::Duration};

use hybridgw::simulator::{conditions::Conditions, random::Random};

use crate::support::{
    door::Kill,
    scene::{Scene, Verb, steady},
    sweep::{Breach, Ran, sample, seeds, sweep},
};

/// How long the next run is waited for.
const UNNOTICED: Duration = Duration::from_secs(30);

/// A kill at one call of one run.
struct Case {
    scene: Arc<Scene>,
    at: usize,
    applied: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = if self.applied { "applied" } else { "unsent" };
        let (name, verb) = (self.scene.name, self.scene.verb);
        write!(f, "{name}/{verb}/{}/{when}", self.at)
    }
}

/// Every call of the full sweep; a sample keeps to those that write, between which reads change nothing.
fn every_kill(verb: Verb) -> Vec<Case> {
    let scenes = Scene::with(verb);
    let points = scenes.into_iter().flat_map(|scene| {
        scene.boundaries().into_iter().flat_map(move |at| {
            [false, true].map(|applied| Case {
                scene: Arc::clone(&scene),
                at,
                applied,
            })
        })
    });
    points.collect()
}

async fn killed(case: &Case) -> Ran {
    let Case { scene, at, applied } = case;
    let bench = scene.bench(steady());
    let kill = Kill::at(*at, *applied);
    let both = async {
        let first = bench.behind(kill.clone());
        let survived = kill.limit(scene.go(&first)).await;
        // Nobody comes for a while.
        tokio::time::sleep(UNNOTICED).await;
        (survived, scene.go(&bench).await)
    };
    let ((survived, outcome), outage) = scene.asking(&bench, both).await;
    if let Some(outcome) = survived {
        let words = format!("it was not killed: {outcome:?}");
        return Ran::with(vec![(Breach::Report, words)]);
    }
    let mut findings = scene.judge(&bench, &outcome).await;
    findings.extend(outage);
    Ran::with(findings)
}

#[test]
fn up_killed_at_any_call_is_made_whole_by_the_next() {
    let cases = sample(every_kill(Verb::Up), 14);
    sweep("up_killed_at_any_call", &cases, killed);
}

#[test]
fn down_killed_at_any_call_is_finished_by_the_next() {
    let cases = sample(every_kill(Verb::Down), 10);
    sweep("down_killed_at_any_call", &cases, killed);
}

#[test]
fn a_change_killed_at_any_call_is_made_whole_by_the_next() {
    let cases = sample(every_kill(Verb::Change), 30);
    sweep("a_change_killed_at_any_call", &cases, killed);
}

/// Two kills, one after the other, drawn by a seed; quotas apply.
#[test]
fn any_run_killed_twice_is_made_whole_by_the_third() {
    sweep("any_run_killed_twice", &seeds(6), async |seed| {
        let mut random = Random::seeded(*seed);
        let mut draw = |below: usize| {
            usize::try_from(random.bits() % u64::try_from(below).expect("small")).expect("small")
        };
        let scenes = Scene::all();
        let scene = &scenes[draw(scenes.len())];
        let conditions = Conditions {
            seed: *seed,
            ..Conditions::default()
        };
        let bench = scene.bench(conditions);
        let runs = async {
            for _ in 0..2 {
                // Mostly at a write: most calls are looks between two of them.
                let anywhere = draw(4) == 0;
                let at = if anywhere {
                    1 + draw(scene.calls)
                } else {
                    scene.writes[draw(scene.writes.len())]
                };
                let kill = Kill::at(at, draw(2) == 1);
                // The second run may be over before its kill.
                kill.limit(scene.go(&bench.behind(kill.clone()))).await;
            }
            scene.go(&bench).await
        };
        let (outcome, outage) = scene.asking(&bench, runs).await;
        let mut findings = scene.judge(&bench, &outcome).await;
        findings.extend(outage);
        Ran::with(findings)
    });
}
