//! `down` from any partial state, and `up` from the same.

use std::{collections::BTreeSet, sync::Arc};

use hybridgw::{
    event::Silent,
    graph::Owned,
    pipeline::{observe::discover, remove, teardown},
    simulator::{conditions::Conditions, random::Random},
    stop::Stop,
};

use crate::{
    bench::{API_EXAMPLES, Bench},
    support::{
        door::Kill,
        scene::{Scene, Verb, steady},
        sweep::{Breach, Ran, sample, seeds, sweep},
    },
};

/// What a killed `up` has left.
struct Left {
    up: Arc<Scene>,
    at: usize,
}

impl std::fmt::Display for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.up.name, self.at)
    }
}

#[test]
fn down_takes_what_an_up_killed_at_any_call_has_left() {
    let scenes = Scene::with(Verb::Up);
    let points = scenes.iter().flat_map(|up| {
        up.boundaries().into_iter().map(|at| Left {
            up: Arc::clone(up),
            at,
        })
    });
    let cases = sample(points.collect(), 8);
    sweep("down_takes_what_an_up_killed", &cases, async |case| {
        let bench = case.up.bench(steady());
        let kill = Kill::at(case.at, true);
        kill.limit(bench.behind(kill.clone()).up()).await;
        let outcome = bench.down().await;
        Ran::with(case.up.oracle.gone(&bench, &outcome).await)
    });
}

/// Takes a part of a standing stack away: things drawn by chance, and whatever needs them.
async fn thin_out(bench: &Bench, random: &mut Random) -> Result<usize, String> {
    let look = bench.look();
    let all = discover(&look).await.map_err(|error| error.to_string())?;
    let share = 1 + random.below(6);
    let mut chosen: BTreeSet<usize> = (0..all.len())
        .filter(|_| random.below(12) < share)
        .collect();
    loop {
        let needs_to_go = |other: &usize| {
            let user = &all[*other];
            !chosen.contains(other)
                && chosen.iter().any(|&one| {
                    let thing = &all[one];
                    teardown::waits_for(&thing.key, &user.key)
                        || user.parent.as_deref() == Some(thing.id.as_str())
                })
        };
        let more: Vec<usize> = (0..all.len()).filter(needs_to_go).collect();
        if more.is_empty() {
            break;
        }
        chosen.extend(more);
    }
    let doomed: Vec<Owned> = chosen.iter().map(|&one| all[one].clone()).collect();
    let aws = bench.connection.writer();
    let report = remove(&doomed, &aws, &look, &Silent, &Stop::default()).await;
    if report.ok() {
        Ok(doomed.len())
    } else {
        Err(format!("{report:?}"))
    }
}

/// The same worlds for `down` and for `up`: what is left when any part was taken away.
async fn from_a_part(seed: u64, verb: Verb) -> Ran {
    let mut random = Random::seeded(seed);
    let name = API_EXAMPLES[usize::from(random.below(2) == 1)];
    let standing = Scene::of(name, Verb::Down);
    let conditions = Conditions {
        seed,
        ..Conditions::default()
    };
    let bench = standing.bench(conditions);
    let removed = match thin_out(&bench, &mut random).await {
        Ok(removed) => removed,
        Err(why) => return Ran::with(vec![(Breach::Stuck, why)]),
    };
    let bench = bench.afresh();
    let mut ran = if verb == Verb::Down {
        let outcome = bench.down().await;
        Ran::with(standing.oracle.gone(&bench, &outcome).await)
    } else {
        let up = Scene::of(name, Verb::Up);
        let outcome = bench.up().await;
        Ran::with(up.judge(&bench, &outcome).await)
    };
    ran.count("things taken away", removed as u64);
    ran
}

#[test]
fn down_ends_empty_whatever_part_is_missing() {
    sweep("down_ends_empty", &seeds(8), async |seed| {
        from_a_part(*seed, Verb::Down).await
    });
}

#[test]
fn up_ends_whole_whatever_part_is_missing() {
    sweep("up_ends_whole", &seeds(8), async |seed| {
        from_a_part(*seed, Verb::Up).await
    });
}
