//! Clocks: the machine sleeps for two hours inside a wait, or its clock is wrong.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use hybridgw::simulator::{
    Simulator,
    conditions::Conditions,
    faults::{Fault, Rule},
};

use crate::support::{
    door::{Call, Gate},
    scene::{Scene, steady},
    sweep::{Breach, Ran, sample, sweep},
};

const NAP: Duration = Duration::from_hours(2);

/// A machine that is suspended at one call.
#[derive(Debug)]
struct Suspend {
    at: usize,
    simulator: Simulator,
    /// Whether the process's own clock goes on meanwhile: `CLOCK_BOOTTIME` does, `CLOCK_MONOTONIC` does not.
    counts: bool,
}

impl Gate for Suspend {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if call.number == self.at {
                if self.counts {
                    tokio::time::advance(NAP).await;
                } else {
                    self.simulator.skip(NAP);
                }
            }
        })
    }
}

struct Case {
    scene: Arc<Scene>,
    at: usize,
    counts: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, verb) = (self.scene.name, self.scene.verb);
        write!(f, "{name}/{verb}/{}/{}", self.at, self.counts)
    }
}

#[test]
fn a_machine_that_sleeps_for_two_hours_wakes_and_goes_on() {
    let mut cases = Vec::new();
    for scene in Scene::all() {
        for at in scene.boundaries() {
            cases.extend([false, true].map(|counts| Case {
                scene: Arc::clone(&scene),
                at,
                counts,
            }));
        }
    }
    sweep("a_machine_that_sleeps", &sample(cases, 8), async |case| {
        let bench = case.scene.bench(steady());
        let suspend = Arc::new(Suspend {
            at: case.at,
            simulator: bench.simulator.clone(),
            counts: case.counts,
        });
        let outcome = case.scene.go(&bench.behind(suspend)).await;
        Ran::with(case.scene.judge(&bench, &outcome).await)
    });
}

#[test]
fn a_clock_that_is_wrong_is_named() {
    // What the services say to a signature of another hour.
    let codes = [
        "RequestExpired",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "RequestTimeTooSkewed",
    ];
    sweep("a_clock_that_is_wrong", &codes, async |code| {
        let scene = Scene::all().remove(0);
        let rule = Rule {
            operation: "*".to_owned(),
            calls: None,
            from: None,
            probability: None,
            times: None,
            then: Fault::Refuse {
                code: (*code).to_owned(),
                status: 403,
                message: "Signature expired".to_owned(),
            },
        };
        let bench = scene.bench(Conditions {
            faults: vec![rule],
            ..steady()
        });
        let outcome = bench.up().await;
        let hints = outcome.error.iter().flat_map(|error| &error.hints);
        let named = hints.into_iter().any(|hint| hint.contains("clock"));
        let mut ran = Ran::default();
        if !named || bench.writes() > 0 {
            ran.findings.push((
                Breach::Report,
                format!("the clock is not named: {outcome:?}"),
            ));
        }
        ran
    });
}
