//! Waiting until a stack serves, or until nothing of it is left.

use std::time::Duration;

use super::{Existing, Status, TargetRow};
use crate::{
    aws::read::Reads, clock::Clock, error::Result, pipeline::survey::Unread, resource::Kind,
};

/// How long after a look the next one is: as often as a load balancer checks.
const INTERVAL: Duration = Duration::from_secs(10);

/// Looks again and again until `open` finds nothing that is missing. `say` is
/// told what is, whenever that is something else.
///
/// # Errors
///
/// A read that fails and does not pass by itself. There is no time limit.
pub async fn until(
    reads: &Reads,
    clock: Clock,
    open: impl Fn(&Status) -> Option<String>,
    mut say: impl FnMut(&str),
) -> Result<Status> {
    let mut said = String::new();
    loop {
        // Each look is a new one: what was read before is what is waited for to change.
        let missing = match Status::read(&reads.forgetful()).await {
            Ok(status) => match unread(&status)? {
                Some(words) => words,
                None => match open(&status) {
                    Some(words) => words,
                    None => return Ok(status),
                },
            },
            Err(error) if error.kind.passes() => error.to_string(),
            Err(error) => return Err(error),
        };
        if missing != said {
            say(&missing);
            said = missing;
        }
        clock.sleep(INTERVAL).await;
    }
}

/// What cannot be read now. An error: it will not be, either.
fn unread(status: &Status) -> Result<Option<String>> {
    let for_good = |one: &&Unread| !one.error.kind.passes();
    if let Some(one) = status.unreadable.iter().find(for_good) {
        let error = one.error.clone();
        return Err(error.context("what cannot be read cannot be waited for"));
    }
    Ok(status.unreadable.first().map(Unread::words))
}

impl Status {
    /// Why the stack does not serve yet. None: it does, as far as AWS says: the
    /// name leads to a load balancer that is active, and each of its routes to
    /// targets of which none is unhealthy or new.
    pub fn not_yet_healthy(&self) -> Option<String> {
        let of = |kind: Kind| {
            self.resources
                .iter()
                .filter(move |one| one.resource.kind() == kind)
        };
        for (kind, good) in [
            (Kind::LoadBalancer, "active"),
            (Kind::Listener, "active"),
            (Kind::ListenerRule, "active"),
            (Kind::DnsRecord, "active"),
        ] {
            if of(kind).next().is_none() {
                return Some(format!("there is no {kind}"));
            }
            if let Some(other) = of(kind).find(|one| one.state != good) {
                return Some(format!("{} is {}", other.resource, other.state));
            }
        }
        // One that is drained has been taken out: the others serve.
        let open = |row: &&TargetRow| !row.serves() && row.health != "draining";
        if let Some(row) = self.targets.iter().find(open) {
            let (address, route, health) = (&row.address, &row.route, &row.health);
            return Some(format!("{address} of route {route} is {health}"));
        }
        // A record's id is its name, and ends the keys of what serves an alias.
        let hosts: Vec<&str> = of(Kind::DnsRecord).map(|one| one.id.as_str()).collect();
        let served = |rule: &&Existing| {
            let serving = self.targets.iter().filter(|row| row.serves());
            serving.into_iter().any(|row| {
                let mut paths = hosts.iter().map(|host| rule.resource.path_at(host));
                paths.any(|path| path == row.route)
            })
        };
        let unserved = of(Kind::ListenerRule).find(|rule| !served(rule))?;
        Some(format!("{} leads to no target", unserved.resource))
    }

    /// What is left of the stack. None: nothing.
    pub fn not_yet_gone(&self) -> Option<String> {
        let keys: Vec<&str> = self
            .resources
            .iter()
            .map(|one| one.resource.as_str())
            .collect();
        match keys.as_slice() {
            [] => None,
            [one] => Some(format!("{one} is left")),
            [first, rest @ ..] => Some(format!("{first} and {} more are left", rest.len())),
        }
    }
}
