//! The account at work: the world, its clock, and the way of a call through them.

use serde::Serialize;

use super::clock::{Clock, Time};
use super::codec::{Output, Protocol, Refusal, encode};
use super::conditions::Conditions;
use super::error::WorldError;
use super::faults::Faults;
use super::file::WorldFile;
use super::iam;
use super::past::Past;
use super::random::digest;
use super::route::Call;
use super::service::Access;
use super::unseen;
use super::unwell::Unwell;
use super::wire::Response;
use super::world::World;

/// The account, under its lock.
#[derive(Debug)]
pub struct Live {
    /// All there is.
    pub world: World,
    /// What time it is.
    pub clock: Clock,
    /// What it is simulated under.
    pub conditions: Conditions,
    /// What goes wrong.
    pub faults: Faults,
    /// What ends in a 5xx.
    pub unwell: Unwell,
    /// What reads that lag see.
    pub past: Past,
    /// Where the world is kept, if anywhere.
    pub file: Option<WorldFile>,
    /// The calls of this process.
    pub journal: Vec<Entry>,
}

/// One call of this process, for tests that count and for people who look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Simulated time of arrival.
    pub at: Time,
    /// The account.
    pub account: String,
    /// `service:Operation`.
    pub operation: String,
    /// What became of it: `ok`, an error code, or the fault.
    pub outcome: String,
}

/// Returns the past that these conditions need, with this world as the oldest.
pub fn remembering(world: &World, conditions: &Conditions) -> Past {
    let mut past = Past::new(conditions.lag.clone(), conditions.seed);
    past.remember(world);
    past
}

/// How many calls the journal keeps: the account may be served for days.
const JOURNAL: usize = 100_000;

impl Live {
    /// Lets all that is due happen.
    pub fn advance(&mut self) {
        self.world.advance(self.clock.now(), &self.conditions);
    }

    /// Remembers the world, for reads that lag.
    pub fn remember(&mut self) {
        self.past.remember(&self.world);
    }

    /// Runs a call and writes its answer; the world is saved before it goes out.
    pub fn answer(&mut self, call: &Call, fault: &str) -> Response {
        self.advance();
        let answer = self.run(call);
        let outcome = answer
            .as_ref()
            .map_or_else(|refusal| refusal.code.to_string(), |_| "ok".to_owned());
        self.note(call, format!("{fault}{outcome}"));
        self.reply(call, answer)
    }

    /// Runs a call, and says all the same that it failed.
    pub fn applied(&mut self, call: &Call, refusal: Refusal) -> Response {
        self.answer(call, "applied: ");
        self.reply(call, Err(refusal))
    }

    /// Writes a refusal that no operation had a say in.
    pub fn refuse(&mut self, call: &Call, refusal: Refusal) -> Response {
        self.note(call, format!("refuse: {}", refusal.code));
        self.reply(call, Err(refusal))
    }

    /// `InternalFailure` when the world cannot be saved: no answer of AWS's (Query APIs, "Common
    /// errors", has the code).
    fn reply(&mut self, call: &Call, answer: Result<Output, Refusal>) -> Response {
        self.world.requests += 1;
        let answer = self
            .save()
            .map_err(|error| {
                Refusal::new(
                    "InternalFailure",
                    format!("the world could not be saved: {error}"),
                )
                .status(500)
            })
            .and(answer);
        encode(
            call.service.protocol,
            call.service.namespace,
            call.operation.name,
            answer,
            &request_id(&self.world),
        )
    }

    fn run(&mut self, call: &Call) -> Result<Output, Refusal> {
        let Call {
            service,
            operation,
            account,
            region,
            input,
        } = call;
        if self.conditions.quotas {
            let now = self.world.now;
            let here = self.world.context(account, region, &self.conditions).here;
            here.buckets.take(service.name, operation.name, now)?;
        }
        let ctx = self.world.context(account, region, &self.conditions);
        if let Some(refusal) = iam::refused(&ctx, service, operation, input) {
            return Err(refusal);
        }
        operation.check(input)?;
        // EC2 API reference, "Common parameters": DryRun checks permissions only, and fails in any case.
        if service.protocol == Protocol::Ec2 && input.flag("DryRun") == Some(true) {
            let text = "Request would have succeeded, but DryRun flag is set.";
            return Err(Refusal::new("DryRunOperation", text).status(412));
        }
        match operation.access {
            Access::Read => self.read(call),
            Access::Write => {
                if let Some(refusal) = self.unseen(call) {
                    return Err(refusal);
                }
                let mut next = self.world.clone();
                let output =
                    (operation.run)(&mut next.context(account, region, &self.conditions), input)?;
                self.world = next;
                self.remember();
                Ok(output)
            }
        }
    }

    /// What a write is refused with because what it needs is not visible to it yet.
    fn unseen(&mut self, call: &Call) -> Option<Refusal> {
        let Call {
            service,
            operation,
            account,
            region,
            input,
        } = call;
        let names = unseen::of(service.name, operation.name)?;
        let (mut old, then) = self.past.view(&call.name(), self.world.now)?;
        old.advance(then, &self.conditions);
        let mut ctx = old.context(account, region, &self.conditions);
        let refusal = (operation.run)(&mut ctx, input).err()?;
        names.says(&refusal)
    }

    fn read(&mut self, call: &Call) -> Result<Output, Refusal> {
        let Call {
            operation,
            account,
            region,
            input,
            ..
        } = call;
        match self.past.view(&call.name(), self.world.now) {
            None => (operation.run)(
                &mut self.world.context(account, region, &self.conditions),
                input,
            ),
            Some((mut old, then)) => {
                old.advance(then, &self.conditions);
                let mut ctx = old.context(account, region, &self.conditions);
                let mut output = (operation.run)(&mut ctx, input)?;
                self.past.blur(&call.name(), &mut output);
                Ok(output)
            }
        }
    }

    /// Writes a call into the journal.
    pub fn note(&mut self, call: &Call, outcome: String) {
        let (at, operation) = (self.clock.now(), call.name());
        tracing::debug!(%operation, %outcome, account = %call.account, region = %call.region, "simulated");
        if self.journal.len() < JOURNAL {
            self.journal.push(Entry {
                at,
                account: call.account.clone(),
                operation,
                outcome,
            });
        }
    }

    /// Saves the world, if it is kept.
    pub fn save(&self) -> Result<(), WorldError> {
        self.file
            .as_ref()
            .map_or(Ok(()), |file| file.save(&self.world))
    }
}

/// A request id that depends on the seed and the number of requests only.
fn request_id(world: &World) -> String {
    let digits = digest(&format!("{} {}", world.seed, world.requests), 32);
    format!(
        "{}-{}-4{}-8{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    )
}
