//! Credentials that run out at any call: said with what stands, and the next run
//! makes it whole.

use std::{fmt, sync::Arc};

use hybridgw::{
    error::ErrorKind,
    pipeline::report::failure,
    simulator::{
        conditions::Conditions,
        faults::{Fault, Rule},
    },
};

use crate::support::{
    scene::{Scene, Verb, steady},
    shape::beyond,
    sweep::{Breach, Ran, sample, sweep},
};

/// From which call on the session is over.
struct Case {
    scene: Arc<Scene>,
    from: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.scene.name, self.scene.verb, self.from)
    }
}

fn over(from: usize) -> Conditions {
    Conditions {
        faults: vec![Rule {
            operation: "*".to_owned(),
            calls: None,
            from: Some(from as u64),
            probability: None,
            times: None,
            then: Fault::Refuse {
                code: "ExpiredTokenException".to_owned(),
                status: 403,
                message: "expired".to_owned(),
            },
        }],
        ..steady()
    }
}

async fn ended(Case { scene, from }: &Case) -> Ran {
    let bench = scene.bench(over(*from));
    let (outcome, outage) = scene.asking(&bench, scene.go(&bench)).await;
    let mut ran = Ran::with(outage);
    let mut wrong = |words: String| ran.findings.push((Breach::Report, words));
    if !bench.simulator.idle().is_empty() {
        wrong("the session was never over".to_owned());
    }
    let left = outcome.report.left_behind();
    let made = beyond(&scene.start, &bench.simulator.world());
    let error = outcome
        .error
        .unwrap_or_else(|| failure(&outcome.report, None));
    if error.kind != ErrorKind::Credentials || error.exit_code() != 4 {
        wrong(format!("{error:?}"));
    }
    let hints = error.hints.join("; ");
    if !hints.contains("sign in") || hints.contains("network") {
        wrong(format!("the hints are {hints}"));
    }
    if scene.verb == Verb::Up && !made.is_empty() && left.is_empty() {
        wrong("nothing is said to be left behind".to_owned());
    }
    bench.simulator.set_faults(Vec::new());
    let again = scene.go(&bench.afresh()).await;
    let judged = scene.judge(&bench.afresh(), &again).await;
    ran.findings.extend(judged);
    ran
}

#[test]
fn a_session_that_is_over_at_any_call_is_said_and_the_next_run_is_whole() {
    let mut cases = Vec::new();
    for verb in [Verb::Up, Verb::Change, Verb::Down] {
        let scene = Scene::of("everything.toml", verb);
        let calls = 1..=scene.calls;
        cases.extend(calls.map(|from| Case {
            scene: Arc::clone(&scene),
            from,
        }));
    }
    let cases = sample(cases, 18);
    sweep("a_session_that_is_over", &cases, ended);
}
