//! Sends calls again, and later: the one layer that does.
//!
//! The SDK's own retry repeats what duplicates, takes a hard quota for a
//! throttle, and gives up when its 500 tokens are spent, which a storm of
//! throttles takes seconds for. So its strategy is left in place as the loop,
//! and everything that it decides is decided here: an interceptor says after
//! each attempt whether there is another one, and before each whether it is
//! time. What is not yet due is put off, and nothing of it reaches the network.
//! See `docs/design/0007-who-sends-again.md`.

use std::{
    collections::hash_map::RandomState,
    error::Error as StdError,
    fmt,
    hash::{BuildHasher, Hasher},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
                FinalizerInterceptorContextRef, InterceptorContext,
            },
        },
        orchestrator::Metadata,
        retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{
    config_bag::{ConfigBag, Storable, StoreReplace},
    retry::{ErrorKind as RetryKind, RetryConfig},
};
use fastrand::Rng;
use tokio::time::Instant;

use super::{
    codes::{Refusal, is_clock_code, kind_of},
    pacing::{self, Quota, Slots},
    reply,
    retry::{self, Class},
    waits,
};
use crate::{
    clock::Clock,
    error::{self, ErrorKind},
    stop::Stop,
};

/// How long a call is sent again, the waits that AWS asks for included. It
/// survives quotas of one call in 30 s that others use up too.
const BUDGET: Duration = Duration::from_mins(10);

/// How often a call that may be repeated is sent again when no answer came.
const RESENDS: u32 = 3;

/// The first wait after a refusal for load, doubled each time, and the longest.
/// Under storms in which nine calls of ten are refused, a budget of ten minutes
/// at these waits fails one call in a million.
const WAIT: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(8));

/// How long a wait sleeps at a time: after that it sees that the run stops.
const NAP: Duration = Duration::from_secs(1);

/// A wait for a slot that is said.
const WORTH_SAYING: Duration = Duration::from_secs(2);

/// What all calls of a connection share: the line they stand in, the chance in
/// their waits, and the switch that ends their waiting.
#[derive(Debug)]
pub(super) struct Line {
    clock: Clock,
    opened: Instant,
    slots: Slots,
    chance: Mutex<Rng>,
    stop: RwLock<Option<Arc<Stop>>>,
}

impl Line {
    /// A line by a clock; the waits are the same for the same seed.
    pub(super) fn new(clock: Clock, seed: u64) -> Self {
        Self {
            clock,
            opened: clock.now(),
            slots: Slots::default(),
            chance: Mutex::new(Rng::with_seed(seed)),
            stop: RwLock::default(),
        }
    }

    /// A line whose waits nobody can foresee: machines must not wait in step.
    pub(super) fn unforeseen(clock: Clock) -> Self {
        Self::new(clock, RandomState::new().build_hasher().finish())
    }

    /// An empty line by the same clock, with other chances.
    pub(super) fn anew(&self, seed: u64) -> Self {
        Self::new(self.clock, seed)
    }

    /// Ends waiting when this is thrown.
    pub(super) fn heed(&self, stop: &Arc<Stop>) {
        let mut switch = self.stop.write().unwrap_or_else(PoisonError::into_inner);
        *switch = Some(Arc::clone(stop));
    }

    fn stopped(&self) -> bool {
        let switch = self.stop.read().unwrap_or_else(PoisonError::into_inner);
        switch.as_ref().is_some_and(|stop| stop.why().is_some())
    }

    fn now(&self) -> Duration {
        self.clock.since(self.opened)
    }

    /// Full jitter: anything from nothing to the doubled wait.
    fn pause(&self, refusals: u32) -> Duration {
        let doubled = WAIT.0 * 2_u32.pow(refusals.min(6));
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        doubled.min(WAIT.1).mul_f64(chance.f64())
    }
}

/// What is known of a call from one attempt to the next. Times count from the
/// opening of the connection.
#[derive(Clone, Copy, Debug)]
struct Ticket {
    class: Class,
    /// Not to be sent before.
    due: Duration,
    /// Whether it has its slot of the operation's own quota, and of the sum.
    slot: (bool, bool),
    /// Since when it has trouble, and how often it was refused for load.
    troubled: Option<Duration>,
    refusals: u32,
    /// How often no answer came.
    lost: u32,
    /// Whether it was signed anew for the server's clock.
    resigned: bool,
    /// Whether this attempt went out.
    sent: bool,
}

impl Storable for Ticket {
    type Storer = StoreReplace<Self>;
}

/// Whether the attempt that is under way, or has just ended, reached the network.
pub(super) fn was_sent(config: &ConfigBag) -> bool {
    config.load::<Ticket>().is_some_and(|ticket| ticket.sent)
}

/// Why an attempt was not sent now.
#[derive(Debug)]
pub(super) enum PutOff {
    /// It is not due yet; look again then.
    Until(Duration),
    /// The run stops, and what waits is not sent any more.
    Stopped,
}

impl fmt::Display for PutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Until(_) => "it is not due yet",
            Self::Stopped => "the run stops",
        })
    }
}

impl StdError for PutOff {}

/// The reason why an attempt was not sent, somewhere below an error.
pub(super) fn put_off<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a PutOff> {
    error::below(error)
}

/// Decides about attempts; see the module.
#[derive(Debug)]
pub(super) struct Resend(pub(super) Arc<Line>);

impl Intercept for Resend {
    fn name(&self) -> &'static str {
        "Resend"
    }

    /// A call that nobody has classified is not sent.
    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map_or("?", Metadata::name);
        let class = retry::class(operation)
            .ok_or_else(|| format!("{operation} has no class in aws/retry.rs"))?;
        config.interceptor_state().store_put(Ticket {
            class,
            due: Duration::ZERO,
            slot: (false, false),
            troubled: None,
            refusals: 0,
            lost: 0,
            resigned: false,
            sent: false,
        });
        Ok(())
    }

    /// Puts off what is not due.
    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(call), Some(&ticket)) = (config.load::<Metadata>(), config.load::<Ticket>())
        else {
            return Ok(());
        };
        let mut ticket = ticket;
        let verdict = self.admit(call, &mut ticket);
        ticket.sent = verdict.is_ok();
        let state = config.interceptor_state();
        state.store_put(ticket);
        // During an attempt the SDK counts up to the number of attempts that are
        // allowed, to know how long credentials may take.
        state.store_put(RetryConfig::disabled());
        verdict.map_err(BoxError::from)
    }

    /// Decides whether there is another attempt.
    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(&ticket) = config.load::<Ticket>() else {
            return Ok(());
        };
        let mut ticket = ticket;
        let operation = config.load::<Metadata>().map_or("?", Metadata::name);
        let fate = fate(operation, context.inner(), components);
        let asked = context.inner().response().and_then(reply::retry_after);
        let attempts = if self.again(operation, fate, asked, &mut ticket) {
            u32::MAX
        } else {
            1
        };
        let state = config.interceptor_state();
        state.store_put(RetryConfig::standard().with_max_attempts(attempts));
        state.store_put(ticket);
        Ok(())
    }
}

impl Resend {
    /// Whether it is time for a call; takes its slots as they come up.
    fn admit(&self, call: &Metadata, ticket: &mut Ticket) -> Result<(), PutOff> {
        let line = &self.0;
        let now = line.now();
        let repeated = ticket.refusals + ticket.lost > 0;
        if repeated && line.stopped() {
            return Err(PutOff::Stopped);
        }
        let wait = |due: Duration| match due.saturating_sub(now) {
            Duration::ZERO => Ok(()),
            _ if line.stopped() => Err(PutOff::Stopped),
            left => Err(PutOff::Until(left.min(NAP))),
        };
        wait(ticket.due)?;
        // One after the other: a slot of the sum that is taken now is for now.
        if let (false, Some(quota)) = (ticket.slot.0, pacing::own(call.name())) {
            ticket.slot.0 = true;
            ticket.due = line.slots.take(quota, now);
            told(call, quota, ticket.due, now);
            wait(ticket.due)?;
        }
        if let (false, Some(quota)) = (ticket.slot.1, pacing::sum(call.service(), call.name())) {
            ticket.slot.1 = true;
            ticket.due = line.slots.take(quota, now);
            told(call, quota, ticket.due, now);
            wait(ticket.due)?;
        }
        if let Some(quota) = pacing::own(call.name())
            && let Err(due) = line.slots.send(quota, now)
        {
            ticket.due = due;
            told(call, quota, due, now);
            wait(due)?;
        }
        Ok(())
    }

    /// Whether there is another attempt after this fate; the ticket says when:
    /// not before AWS has asked to come back.
    fn again(
        &self,
        operation: &str,
        fate: Fate,
        asked: Option<Duration>,
        ticket: &mut Ticket,
    ) -> bool {
        if fate == Fate::PutOff {
            return true;
        }
        let now = self.0.now();
        let asked = asked.unwrap_or_default();
        let since = *ticket.troubled.get_or_insert(now);
        // What AWS asks for is obeyed, or else given up: never shortened.
        let in_time = now.saturating_sub(since).saturating_add(asked) < BUDGET;
        let again = match fate {
            Fate::PutOff | Fate::Final => false,
            Fate::Throttled => {
                if let Some(quota) = pacing::own(operation) {
                    self.0.slots.refused(quota);
                }
                ticket.refusals += 1;
                in_time
            }
            Fate::Lost => {
                ticket.lost += 1;
                in_time && ticket.class.may_repeat() && ticket.lost <= RESENDS
            }
            Fate::WrongClock => !std::mem::replace(&mut ticket.resigned, true),
        };
        let again = again && !self.0.stopped();
        // A refused call has taken no slot of the operation's own, and may be
        // sent as soon as the pause is over.
        ticket.slot = (fate == Fate::Throttled, false);
        if fate != Fate::WrongClock {
            let pause = self.0.pause(ticket.refusals.max(ticket.lost));
            ticket.due = now.saturating_add(pause.max(asked));
        }
        if again && asked >= WORTH_SAYING {
            let seconds = asked.as_secs();
            waits::tell(format!("{operation}: AWS asks to come back in {seconds} s"));
        }
        again
    }
}

/// Says that a call waits for its slot, if that takes longer than nobody minds.
fn told(call: &Metadata, quota: &Quota, due: Duration, now: Duration) {
    let wait = due.saturating_sub(now);
    if wait >= WORTH_SAYING {
        waits::tell(format!(
            "{} waits {} s for its slot: AWS allows {}",
            call.name(),
            wait.as_secs_f64().ceil(),
            quota.words()
        ));
    }
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It was not sent.
    PutOff,
    /// Refused for now; nothing was applied.
    Throttled,
    /// It may have been applied.
    Lost,
    /// Refused for the time in its signature.
    WrongClock,
    /// Answered.
    Final,
}

fn fate(operation: &str, context: &InterceptorContext, components: &RuntimeComponents) -> Fate {
    let Some(Err(error)) = context.output_or_error() else {
        return Fate::Final;
    };
    match put_off(error) {
        Some(PutOff::Until(_)) => return Fate::PutOff,
        Some(PutOff::Stopped) => return Fate::Final,
        None => {}
    }
    if let Some(connector) = error.as_connector_error() {
        return if connector.is_user() {
            Fate::Final
        } else {
            Fate::Lost
        };
    }
    if error.is_timeout_error() {
        return Fate::Lost;
    }
    let Some(reply) = context.response() else {
        return Fate::Final;
    };
    let (code, words) = reply::code_and_words(reply);
    let refusal = Refusal {
        operation,
        status: reply.status().as_u16(),
        code: &code,
        words: &words,
        says_when: reply::says_when(reply),
    };
    match kind_of(&refusal) {
        ErrorKind::Throttled => Fate::Throttled,
        // API Gateway locks a whole API or domain while one call changes it.
        ErrorKind::NotYet if code == "ConflictException" && is_for_now(&words) => Fate::Throttled,
        ErrorKind::Unknown => Fate::Lost,
        _ if is_clock_code(&code) => {
            let now = components.time_source().unwrap_or_default();
            let wrong = reply::wrong_clock(reply, aws_smithy_async::time::TimeSource::now(&now));
            wrong.map_or(Fate::Final, |_| Fate::WrongClock)
        }
        _ => Fate::Final,
    }
}

fn is_for_now(words: &str) -> bool {
    words.to_lowercase().contains("try again later")
}

/// Tells the SDK's loop to do as [`Resend`] has decided, and when to look again.
#[derive(Debug)]
pub(super) struct AsDecided;

impl ClassifyRetry for AsDecided {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        self.classify_retry_v2(context, &RetryAction::NoActionIndicated)
    }

    fn classify_retry_v2(&self, context: &InterceptorContext, before: &RetryAction) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        // The kind is kept: a connection that broke is not used again.
        let kind = match before {
            RetryAction::RetryIndicated(RetryReason::RetryableError { kind, .. }) => *kind,
            _ => RetryKind::ThrottlingError,
        };
        let wait = match put_off(error) {
            Some(PutOff::Until(wait)) => *wait,
            _ => Duration::ZERO,
        };
        RetryAction::retryable_error_with_explicit_delay(kind, wait)
    }

    fn name(&self) -> &'static str {
        "AsDecided"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

#[cfg(test)]
mod tests;
