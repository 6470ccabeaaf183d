//! A strict simulated AWS account.
//!
//! Emulators say yes where AWS says no. This account says no, and takes its
//! time: it refuses what AWS refuses, with AWS's codes, and what takes minutes
//! there takes minutes of simulated time here.
//!
//! ```text
//!   in process            hybridgw simulate
//!  (SDK connector)        (server.rs: HTTP on loopback, admin routes)
//!        └──────────┬──────────────┘
//!            Simulator::handle            Request → Outcome
//!                   │
//!            route.rs + codec/            which service, operation, account, region; an Input tree
//!                   │
//!            faults.rs  drop, refuse, delay, hang? unwell.rs: a 5xx?
//!            quotas.rs  a token left?
//!            advance.rs what is due happens (the agenda of world.rs)
//!            past.rs    reads: the present, or a while ago (lag.rs)?
//!                   │
//!            ec2/ sts.rs …                fn(&mut Ctx, &Input) -> Result<Output, Refusal>
//!                   │
//!            file.rs    the world is saved, whole
//!                   │
//!            codec/     the answer in the service's protocol
//! ```
//!
//! A write runs on a copy of the world, which replaces it only on success: a
//! refusal changes nothing. Each rule names its source in a comment: a page of
//! AWS's documentation, "observed" (somebody's public log), or "assumption".
//!
//! `dataplane/` looks at the same world as a client of the stack does: does a request get through?
//!
//! No two files import each other. On the ground lie the clock, chance and the
//! codec; on them each service's `state`, data alone; on these `agenda` and
//! [`world`], which hold them all; on the world the services' operations, which
//! ask each other through it; above them [`dataplane`], `advance`, `route`,
//! `live`, and this file. A service's folder is below the world with its state
//! and above it with its operations: that much the one world needs.
//!
//! # To add a service
//!
//! Write `foo/` with
//!
//! - `State` in `state.rs`: serde with `#[serde(default)]`, `Clone`, `Default`; `BTreeMap`s, so that runs repeat;
//! - `SERVICE`: its signing name, its protocol, and a table of `read(…)` and `write(…)` rows,
//!   REST rows with `.at("GET /things/{id}")`;
//! - an operation a row: `fn(&mut Ctx, &Input) -> Result<Output, Refusal>`. It reads its
//!   parameters off the [`codec::Input`], its own state off `ctx.here.foo` (or `ctx.global.foo`),
//!   other services' likewise, and answers `ok(json!({…}))`, a tree with the wire's names;
//! - if something takes time, `enum Event` in `state.rs`, `happen(self, ctx)` in `event.rs`, a row
//!   for its span in [`latency`], and `ctx.after(ctx.takes(SPAN), world::Event::Foo(…))` where it begins. An event
//!   checks that what it finishes is still under way.
//!
//! Then five lines elsewhere: the module here, its entry in [`SERVICES`], its field in
//! [`world::Region`] or [`world::Global`], its arms in [`world::Event`] and `advance.rs`. Its request quotas and its
//! code for too many requests are rows in `quotas.rs`.

pub mod acm;
mod advance;
mod agenda;
pub mod apigateway;
mod base64;
pub mod clock;
pub mod codec;
pub mod conditions;
pub mod dataplane;
pub mod ec2;
pub mod elbv2;
mod error;
pub mod faults;
mod file;
pub mod hosted_zones;
pub mod iam;
pub mod lag;
pub mod lambda;
pub mod latency;
mod live;
mod overlap;
pub mod paging;
mod past;
pub mod pattern;
pub mod policy;
pub mod quotas;
pub mod random;
pub mod regex;
mod route;
pub mod route53;
pub mod s3;
pub mod server;
pub mod service;
pub mod servicequotas;
mod services;
pub mod sts;
mod unseen;
mod unwell;
pub mod visitor;
pub mod wire;
pub mod world;

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod testing_rest;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::{Clock, Time};
use codec::Refusal;
use conditions::Conditions;
use faults::{Fault, Faults};
use file::WorldFile;
use live::{Live, remembering};
use unwell::Unwell;
use world::World;

pub use error::WorldError;
pub use live::Entry;
pub use services::{SERVICES, check};
pub use wire::{Outcome, Request, Response};

/// The simulated account; clones are the same account.
#[derive(Clone, Debug)]
pub struct Simulator {
    live: Arc<Mutex<Live>>,
}

impl Simulator {
    /// Returns an empty account, in memory only, that begins at [`Time::START`]: for tests, which repeat.
    pub fn new(conditions: Conditions) -> Self {
        Self::beginning(Time::START, conditions)
    }

    /// Returns an empty account, in memory only, that begins at this time.
    pub fn beginning(start: Time, conditions: Conditions) -> Self {
        let world = World::new(conditions.seed, start);
        Self::over(world, None, conditions)
    }

    /// Opens the account in a world file: no time has passed since it was last used. If there is none, a new one begins at `start`.
    pub fn open(path: &Path, start: Time, conditions: Conditions) -> Result<Self, WorldError> {
        let (file, world) = WorldFile::open(path)?;
        let world = world.unwrap_or_else(|| World::new(conditions.seed, start));
        file.save(&world)?;
        Ok(Self::over(world, Some(file), conditions))
    }

    fn over(world: World, file: Option<WorldFile>, conditions: Conditions) -> Self {
        must_be_known(&conditions);
        let live = Live {
            clock: Clock::starting_at(world.now, conditions.speed),
            faults: Faults::new(conditions.faults.clone(), conditions.seed),
            unwell: Unwell::new(conditions.errors, conditions.seed),
            past: remembering(&world, &conditions),
            journal: Vec::new(),
            world,
            conditions,
            file,
        };
        Self {
            live: Arc::new(Mutex::new(live)),
        }
    }

    /// Answers a request, in simulated time.
    ///
    /// A rule says the code that AWS is to answer; the words are an assumption.
    pub async fn handle(&self, request: Request) -> Outcome {
        let call = match route::identify(&request) {
            Ok(call) => call,
            Err(response) => return Outcome::Reply(response),
        };
        let (fault, clock) = {
            let mut live = self.lock();
            let fault = live.faults.strike(&call.name());
            let fault = fault.or_else(|| live.unwell.strike(call.service.name));
            (fault, live.clock)
        };
        match fault {
            None if overlap::takes_a_moment(&call) => {
                Outcome::Reply(overlap::answer(self, &call, clock).await)
            }
            None => Outcome::Reply(self.lock().answer(&call, "")),
            Some(Fault::Refuse {
                code,
                status,
                message,
            }) => {
                let message = if message.is_empty() {
                    "refused by a fault rule".to_owned()
                } else {
                    message
                };
                Outcome::Reply(
                    self.lock()
                        .refuse(&call, Refusal::new(code, message).status(status)),
                )
            }
            Some(Fault::RefuseReply { code, status }) => {
                let text = "An internal error has occurred.";
                let refusal = Refusal::new(code, text).status(status);
                Outcome::Reply(self.lock().applied(&call, refusal))
            }
            Some(Fault::Later {
                code,
                status,
                seconds,
            }) => {
                let text = "Rate or quota exceeded; see Retry-After.";
                let refusal = Refusal::new(code, text).status(status);
                let mut response = self.lock().refuse(&call, refusal);
                let header = ("retry-after".to_owned(), seconds.to_string());
                response.headers.push(header);
                Outcome::Reply(response)
            }
            Some(Fault::Page { status, applied }) => {
                let mut live = self.lock();
                if applied {
                    live.answer(&call, "page: ");
                } else {
                    live.note(&call, "page".to_owned());
                }
                Outcome::Reply(page(status))
            }
            Some(Fault::DropRequest) => {
                self.lock().note(&call, "drop-request".to_owned());
                Outcome::Dropped
            }
            Some(Fault::DropReply) => {
                self.lock().answer(&call, "drop-reply: ");
                Outcome::Dropped
            }
            Some(Fault::Delay { seconds }) => {
                clock.sleep(faults::seconds(seconds)).await;
                Outcome::Reply(self.lock().answer(&call, "delay: "))
            }
            Some(Fault::DelayReply { seconds }) => {
                let response = self.lock().answer(&call, "delay-reply: ");
                clock.sleep(faults::seconds(seconds)).await;
                Outcome::Reply(response)
            }
            Some(Fault::Hang) => {
                self.lock().note(&call, "hang".to_owned());
                std::future::pending().await
            }
            Some(Fault::HangReply) => {
                self.lock().answer(&call, "hang-reply: ");
                std::future::pending().await
            }
        }
    }

    /// Reads the clock.
    pub fn now(&self) -> Time {
        self.lock().clock.now()
    }

    /// Puts the clock forward.
    pub fn skip(&self, span: Duration) {
        self.lock().clock.skip(span);
    }

    /// Replaces the fault rules; their counts start anew.
    ///
    /// # Panics
    ///
    /// If a rule is about an operation that does not exist; see [`check`].
    pub fn set_faults(&self, rules: Vec<faults::Rule>) {
        let conditions = Conditions {
            faults: rules,
            ..Conditions::default()
        };
        must_be_known(&conditions);
        let rules = conditions.faults;
        let mut live = self.lock();
        live.faults = Faults::new(rules.clone(), live.conditions.seed);
        live.conditions.faults = rules;
    }

    /// Denies actions to the account, in place of those denied before; see [`iam`].
    ///
    /// # Errors
    ///
    /// The world cannot be saved, or an action is none.
    pub fn deny(&self, account: &str, denied: Vec<iam::Denial>) -> Result<(), WorldError> {
        let unknown = denied.iter().find(|one| !services::is_action(&one.action));
        if let Some(unknown) = unknown {
            return Err(WorldError::UnknownOperation(unknown.action.clone()));
        }
        self.edit(|world, conditions| {
            let ctx = world.context(account, "us-east-1", conditions);
            ctx.global.iam.denied = denied;
        })
    }

    /// Gives an account a quota of its own in a region, under `service/code`; see [`servicequotas`].
    ///
    /// # Errors
    ///
    /// The world cannot be saved.
    pub fn raise(
        &self,
        account: &str,
        region: &str,
        code: &str,
        value: u64,
    ) -> Result<(), WorldError> {
        self.edit(|world, conditions| {
            let ctx = world.context(account, region, conditions);
            ctx.here.raised.insert(code.to_owned(), value);
        })
    }

    /// The rules in force that have not had anything to do so far, in words: a
    /// test that sets one and meets none of it has asked nothing.
    pub fn idle(&self) -> Vec<String> {
        let live = self.lock();
        let faults = live.faults.idle().map(|rule| format!("{rule:?}"));
        let lags = live.past.idle().map(|rule| format!("{rule:?}"));
        faults.chain(lags).collect()
    }

    /// Replaces the conditions but for the speed.
    ///
    /// # Panics
    ///
    /// If a rule is about an operation that does not exist; see [`check`].
    pub fn set_conditions(&self, conditions: Conditions) {
        must_be_known(&conditions);
        let mut live = self.lock();
        live.faults = Faults::new(conditions.faults.clone(), conditions.seed);
        live.unwell = Unwell::new(conditions.errors, conditions.seed);
        live.past = remembering(&live.world, &conditions);
        live.conditions = conditions;
    }

    /// Empties the account.
    pub fn reset(&self) -> Result<(), WorldError> {
        let mut live = self.lock();
        let now = live.clock.now();
        live.world = World::new(live.conditions.seed, now);
        live.past = remembering(&live.world, &live.conditions);
        live.journal.clear();
        live.save()
    }

    /// Returns the calls of this process.
    pub fn journal(&self) -> Vec<Entry> {
        self.lock().journal.clone()
    }

    /// Returns a copy of the world as it is now.
    pub fn world(&self) -> World {
        let mut live = self.lock();
        live.advance();
        live.world.clone()
    }

    /// Follows a request to where it gets, as things are now; nothing changes.
    pub fn ask(&self, account: &str, region: &str, ask: &dataplane::Ask) -> dataplane::Answer {
        let (mut world, conditions) = (self.world(), self.lock().conditions.clone());
        dataplane::ask(&world.context(account, region, &conditions), ask)
    }

    /// The addresses that a name leads to, as things are now; none: it leads nowhere.
    pub fn resolve(&self, account: &str, region: &str, host: &str) -> Option<Vec<Ipv4Addr>> {
        let (mut world, conditions) = (self.world(), self.lock().conditions.clone());
        dataplane::resolve(&world.context(account, region, &conditions), host)
    }

    /// Changes the world behind AWS's back, at this moment, and saves it: to furnish it, or as drift.
    pub fn edit<T>(
        &self,
        change: impl FnOnce(&mut World, &Conditions) -> T,
    ) -> Result<T, WorldError> {
        let mut live = self.lock();
        live.advance();
        let Live {
            world, conditions, ..
        } = &mut *live;
        let result = change(world, conditions);
        live.remember();
        live.save()?;
        Ok(result)
    }

    /// A panic elsewhere leaves the world as the last whole write left it.
    fn lock(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A rule that cannot strike is a mistake of who wrote it.
fn must_be_known(conditions: &Conditions) {
    let checked = check(conditions);
    assert!(checked.is_ok(), "{checked:?}");
}

/// What a proxy or a gateway in front of AWS answers.
fn page(status: u16) -> Response {
    let body = format!(
        "<html><head><title>{status}</title></head><body><h1>Gateway</h1>no answer from upstream</body></html>"
    );
    Response::new(status, "text/html", body.into_bytes())
}

#[cfg(test)]
mod sources;
#[cfg(test)]
mod tests;
