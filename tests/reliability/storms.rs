//! Storms of throttling: AWS refuses most calls for load, and the run arrives all the same.

use std::{fmt, time::Duration};

use hybridgw::simulator::{
    conditions::Conditions,
    faults::{Fault, Rule},
};
use tokio::time::Instant;

use crate::support::{
    scene::{Scene, Verb},
    sweep::{Breach, Ran, seeds, sweep},
};

/// How each service asks to slow down.
const CODES: [(&str, &str, u16); 7] = [
    ("acm:*", "ThrottlingException", 400),
    ("apigateway:*", "TooManyRequestsException", 429),
    ("ec2:*", "RequestLimitExceeded", 503),
    ("elasticloadbalancing:*", "Throttling", 400),
    ("lambda:*", "TooManyRequestsException", 429),
    ("route53:*", "Throttling", 400),
    ("sts:*", "Throttling", 400),
];

/// The share of calls that is refused, and the minutes that a run may take.
const STORMS: [(f64, u64); 3] = [(0.3, 15), (0.6, 30), (0.9, 90)];

struct Case {
    seed: u64,
    share: f64,
    minutes: u64,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seed)
    }
}

fn storm(seed: u64, share: f64) -> Conditions {
    let rule = |(operation, code, status): (&str, &str, u16)| Rule {
        operation: operation.to_owned(),
        calls: None,
        from: None,
        probability: Some(share),
        times: None,
        then: Fault::Refuse {
            code: code.to_owned(),
            status,
            message: "Rate exceeded".to_owned(),
        },
    };
    Conditions {
        seed,
        faults: CODES.map(rule).to_vec(),
        ..Conditions::default()
    }
}

#[test]
fn a_run_in_a_storm_arrives_in_time_and_does_not_make_it_worse() {
    let cases: Vec<Case> = seeds(6)
        .into_iter()
        .map(|seed| {
            let (share, minutes) = STORMS[usize::try_from(seed % 3).expect("small")];
            Case {
                seed,
                share,
                minutes,
            }
        })
        .collect();
    let verbs = [Verb::Up, Verb::Down, Verb::Change];
    sweep("a_run_in_a_storm", &cases, async |case| {
        let verb = verbs[usize::try_from(case.seed / 3 % 3).expect("small")];
        let scene = Scene::of("placeholder.toml", verb);
        let bench = scene.bench(storm(case.seed, case.share));
        let began = Instant::now();
        let (outcome, outage) = scene.asking(&bench, scene.go(&bench)).await;
        let took = began.elapsed();
        let journal = bench.simulator.journal();
        bench.simulator.set_faults(Vec::new());
        let mut ran = Ran::with(scene.judge(&bench, &outcome).await);
        ran.findings.extend(outage);
        let share = case.share;
        if took > Duration::from_mins(case.minutes) {
            let words = format!("{took:?} in a storm of {share}");
            ran.findings.push((Breach::Stuck, words));
        }
        let refused = journal
            .iter()
            .filter(|entry| entry.outcome.starts_with("refuse"))
            .count();
        let answered = journal.len() - refused;
        // At nine in ten an answer takes ten attempts; the rest is for the engine's own looks.
        if journal.len() > answered.max(1) * 14 {
            let words = format!("{} attempts for {answered} answers", journal.len());
            ran.findings.push((Breach::Quota, words));
        }
        for (service, ..) in CODES {
            let service = service.trim_end_matches('*');
            let calls = journal
                .iter()
                .filter(|entry| entry.operation.starts_with(service));
            let (struck, rest): (Vec<_>, Vec<_>) =
                calls.partition(|entry| entry.outcome.starts_with("refuse"));
            // By chance alone, one case in a thousand.
            if struck.is_empty() && rest.len() >= 20 {
                let words = format!("no storm over {service} in {} calls", rest.len());
                ran.findings.push((Breach::Report, words));
            }
        }
        ran.count("attempts", journal.len() as u64);
        ran.count("answers", answered as u64);
        ran
    });
}
