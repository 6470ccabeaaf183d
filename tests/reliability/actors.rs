//! Several at once: calls of two to four processes interleave as a seed says.

use futures_util::{StreamExt, stream::FuturesUnordered};
use hybridgw::simulator::{conditions::Conditions, random::Random};

use crate::{
    bench::{API_EXAMPLES, Bench, Outcome},
    support::{
        door::Pace,
        scene::{Scene, Verb},
        sweep::{Breach, Findings, Ran, seeds, sweep},
    },
};

/// The world to begin with, drawn by the seed: nothing yet, or all of it.
fn beginning(seed: u64, random: &mut Random) -> (Bench, Verb, &'static str) {
    let name = API_EXAMPLES[usize::from(random.below(3) == 0)];
    let verb = if random.below(3) == 0 {
        Verb::Down
    } else {
        Verb::Up
    };
    let conditions = Conditions {
        seed,
        ..Conditions::default()
    };
    (Scene::of(name, verb).bench(conditions), verb, name)
}

/// Runs these verbs at once; returns the ends in the order in which they came.
async fn at_once(bench: &Bench, verbs: &[Verb], random: &mut Random) -> Vec<(Verb, Outcome)> {
    let actors: FuturesUnordered<_> = verbs
        .iter()
        .map(|&verb| {
            let (seed, head_start) = (random.bits(), random.below(90));
            let actor = bench.behind(Pace::seeded(seed));
            async move {
                tokio::time::sleep(std::time::Duration::from_secs(head_start)).await;
                let outcome = match verb {
                    Verb::Down => actor.down().await,
                    _ => actor.up().await,
                };
                (verb, outcome)
            }
        })
        .collect();
    actors.collect().await
}

/// Who ends last and says that all is well has to be right. If that one failed, one more run of
/// its kind has to make it good.
async fn settle(bench: &Bench, name: &'static str, ends: &[(Verb, Outcome)]) -> Ran {
    let oracle = &Scene::of(name, Verb::Up).oracle;
    let empty = &Scene::of(name, Verb::Down).oracle;
    let (verb, last) = ends.last().expect("there were actors");
    let said_so = last.ok();
    let again = match (said_so, verb) {
        (true, _) => Outcome::default(),
        (false, Verb::Down) => bench.down().await,
        (false, _) => bench.up().await,
    };
    let mut findings = if *verb == Verb::Down {
        empty.gone(bench, &again).await
    } else {
        oracle.whole(bench, &again).await
    };
    if !findings.is_empty() {
        findings.push((
            Breach::Report,
            format!("the actors ended so: {}", words(ends)),
        ));
    }
    let mut ran = Ran::with(findings);
    ran.count("needed one more run", u64::from(!said_so));
    ran.count("actors", ends.len() as u64);
    let failed = ends.iter().filter(|(_, outcome)| !outcome.ok()).count();
    ran.count("actors that failed", failed as u64);
    ran
}

fn words(ends: &[(Verb, Outcome)]) -> String {
    let one = |(verb, outcome): &(Verb, Outcome)| {
        if let Some(error) = &outcome.error {
            return format!("{verb}: {error}");
        }
        let failed = outcome.report.failed.iter();
        let failed: Vec<String> = failed
            .map(|(key, error)| format!("{key}: {error} {:?}", error.causes))
            .collect();
        format!("{verb}: ok {} {failed:?}", outcome.ok())
    };
    ends.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn several_ups_at_once_end_with_one_of_everything() {
    sweep("several_ups_at_once", &seeds(10), async |seed| {
        let mut random = Random::seeded(*seed);
        let (bench, _, name) = beginning(*seed, &mut random);
        let count = 2 + usize::from(random.below(2) == 0) + usize::from(random.below(4) == 0);
        let ends = at_once(&bench, &vec![Verb::Up; count], &mut random).await;
        let mut findings: Findings = Vec::new();
        // Each has to come to its end by itself: nobody takes anything away.
        for (_, outcome) in &ends {
            if let Some(error) = outcome
                .error
                .as_ref()
                .filter(|_| outcome.report.failed.is_empty())
                && !error.to_string().contains("second plan")
            {
                findings.push((Breach::Report, format!("it did not even begin: {error}")));
            }
        }
        let mut ran = settle(&bench, name, &ends).await;
        ran.findings.extend(findings);
        ran
    });
}

#[test]
fn ups_beside_a_down_end_full_or_empty_and_never_stuck() {
    sweep("ups_beside_a_down", &seeds(8), async |seed| {
        let mut random = Random::seeded(*seed);
        let (bench, _, name) = beginning(*seed, &mut random);
        let mut verbs = vec![Verb::Down, Verb::Up];
        if random.below(2) == 0 {
            verbs.push(Verb::Up);
        }
        let ends = at_once(&bench, &verbs, &mut random).await;
        settle(&bench, name, &ends).await
    });
}

#[test]
fn two_downs_at_once_end_empty() {
    sweep("two_downs_at_once", &seeds(8), async |seed| {
        let mut random = Random::seeded(*seed);
        let name = API_EXAMPLES[usize::from(random.below(3) == 0)];
        let bench = Scene::of(name, Verb::Down).bench(Conditions {
            seed: *seed,
            ..Conditions::default()
        });
        let ends = at_once(&bench, &[Verb::Down, Verb::Down], &mut random).await;
        settle(&bench, name, &ends).await
    });
}
