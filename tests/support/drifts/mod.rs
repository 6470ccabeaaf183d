//! The one table of what is done to a stack behind our back: through AWS's own API, so that it can
//! be done to any account that answers it. The tests against `LocalStack` and those on the simulated
//! account play the same rows; the first three are `hybridgw selftest`'s own.

mod api;
mod balancing;
mod clients;
mod console;
mod listening;
mod network;

use std::{fmt, pin::Pin};

pub use clients::clients;
pub use console::{Console, Foreign, change_record, fixed_answer, record};

/// Something done behind our back.
pub struct Drift {
    /// What is done.
    pub what: &'static str,
    /// What the plan of a stack with one API at `/` says about it, sorted.
    pub plan: &'static [&'static str],
    /// Where it can be done.
    pub place: Place,
    deed: Box<dyn Deed>,
}

/// Where something can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Wherever there is a stack.
    Anywhere,
    /// In `LocalStack` only; the row says why.
    Emulator,
    /// In the simulated account only; the row says why.
    Simulator,
}

/// The call succeeds, or the test has not done what it says.
macro_rules! done {
    ($call:expr) => {
        $call.send().await.expect("it can be done behind our back")
    };
}
pub(crate) use done;

/// An `async` closure is no trait object by itself.
trait Deed: Send + Sync {
    fn run<'a>(&'a self, at: &'a Console) -> Pin<Box<dyn Future<Output = ()> + 'a>>;
}

impl<F> Deed for F
where
    F: AsyncFn(&Console) + Send + Sync,
{
    fn run<'a>(&'a self, at: &'a Console) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(self(at))
    }
}

impl Drift {
    /// Does it.
    pub async fn make(&self, at: &Console) {
        self.deed.run(at).await;
    }

    /// Whether it takes something away, so that another row may not find it.
    pub fn takes_away(&self) -> bool {
        let words = ["deleted", "deregistered", "revoked", "taken"];
        words.iter().any(|word| self.what.contains(word))
    }

    fn only_in(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

fn drift<F>(what: &'static str, plan: &'static [&'static str], deed: F) -> Drift
where
    F: AsyncFn(&Console) + Send + Sync + 'static,
{
    Drift {
        what,
        plan,
        place: Place::Anywhere,
        deed: Box::new(deed),
    }
}

/// What is done to groups, rules and the endpoint.
pub fn to_the_network(place: Place) -> Vec<Drift> {
    there(network::rows(), place)
}

/// What is done to the API, its stage, its domain name and the mapping.
pub fn to_the_api(place: Place) -> Vec<Drift> {
    there(api::rows(), place)
}

/// What is done to the listeners and their rules.
pub fn to_the_listeners(place: Place) -> Vec<Drift> {
    there(listening::rows(), place)
}

/// What is done to the load balancer, its targets and the record.
pub fn to_balancer_targets_and_record(place: Place) -> Vec<Drift> {
    there(balancing::rows(), place)
}

/// The whole table.
pub fn all(place: Place) -> Vec<Drift> {
    let mut all = to_the_network(place);
    all.extend(to_the_api(place));
    all.extend(to_the_listeners(place));
    all.extend(to_balancer_targets_and_record(place));
    all
}

fn there(mut rows: Vec<Drift>, place: Place) -> Vec<Drift> {
    rows.retain(|row| row.place == Place::Anywhere || row.place == place);
    rows
}
