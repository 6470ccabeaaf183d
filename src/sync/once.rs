//! `sync` once: rounds until there is nothing left to do but what others have to.

use std::time::Duration;

use crate::{
    aws::{Connection, read::Reads},
    error::{Error, Result},
    event::Sink,
    stop::Stop,
    sync::{
        Round, Scope, Wanted,
        round::{Hand, act, look},
        withdrawn::Withdrawn,
    },
};

/// How long one run waits for healthy targets; `--timeout` may end it sooner.
const REPAIR: Duration = Duration::from_mins(20);

/// How long an endpoint that is changing is waited for, and how long between
/// two looks at it.
const MOVING: (Duration, Duration) = (Duration::from_mins(10), Duration::from_secs(5));

/// Follows the addresses once. Returns what was done, and why not all of it.
pub async fn once(
    connection: &Connection,
    wanted: &Wanted,
    sink: &dyn Sink,
    stop: &Stop,
) -> (Round, Result<()>) {
    let mut done = Round::default();
    let ended = follow(connection, wanted, sink, stop, &mut done).await;
    (done, ended)
}

async fn follow(
    connection: &Connection,
    wanted: &Wanted,
    sink: &dyn Sink,
    stop: &Stop,
    done: &mut Round,
) -> Result<()> {
    let reads = Reads::new(connection.reader(), &wanted.stack);
    let mut scope = stop.reading(Scope::read(reads, wanted)).await?;
    if !scope.exists {
        return Err(absent(wanted, &connection.region));
    }
    let aws = connection.writer();
    let mut withdrawn = Withdrawn::default();
    let began = stop.clock.now();
    loop {
        let all: Vec<usize> = (0..scope.groups.len()).collect();
        let looked = stop.reading(look(&mut scope, &all)).await?;
        let hand = Hand {
            aws: &aws,
            sink,
            stop,
            limit: Some(REPAIR),
            tags: true,
        };
        // Without a memory nothing counts as taken out a moment ago.
        withdrawn.keep(&std::collections::BTreeSet::new());
        let round = act(&mut scope, wanted, &looked, &mut withdrawn, &hand).await;
        done.followed_by(round);
        let over = stop.clock.since(began) > MOVING.0;
        if !done.is_moving || over || !done.failed.is_empty() {
            return verdict(done, stop);
        }
        if stop.sleep(MOVING.1).await.is_err() {
            return verdict(done, stop);
        }
    }
}

/// Nothing of the stack was found.
pub(super) fn absent(wanted: &Wanted, region: &str) -> Error {
    let stack = &wanted.stack;
    let error = Error::invalid(format!("nothing of the stack {stack} exists in {region}"));
    match wanted.config {
        Some(_) => error.hint("make it with `hybridgw up`"),
        None => error.hint("`hybridgw status --all` shows the stacks of the region"),
    }
}

/// Why it is not as it should be, if it is not.
fn verdict(done: &Round, stop: &Stop) -> Result<()> {
    let mut failed = done.failed.iter().chain(&done.untagged);
    if let Some(first) = failed.next() {
        let mut error = first.clone();
        error.also.extend(failed.map(ToString::to_string));
        error.also.extend(done.waiting.iter().cloned());
        return Err(error);
    }
    if let Some(why) = stop.why() {
        let mut error = why.error();
        error.also.extend(done.waiting.iter().cloned());
        return Err(error);
    }
    let without = done.addresses.values().any(|count| *count == 0);
    // What does not work and was there before is said, and is not for this to mend.
    let sick: &[String] = if done.registered.is_empty() {
        &[]
    } else {
        &done.sick
    };
    let mut open = done.waiting.iter().chain(sick);
    let first = open.next().cloned();
    if without || first.is_some() {
        let words = first.unwrap_or_else(|| "an endpoint has no address to follow".to_owned());
        let mut error = Error::invalid(words);
        error.also.extend(open.cloned());
        return Err(error);
    }
    Ok(())
}
