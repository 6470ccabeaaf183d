//! The service manager: readiness, what is going on, and the watchdog
//! (`sd_notify(3)`). Without `NOTIFY_SOCKET` none of it does anything.
//!
//! A thread of its own speaks with it: the socket blocks when nobody reads, and
//! nothing that follows addresses waits for that.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::Duration,
};

use sd_notify::NotifyState;
use tokio::time::Instant;

use crate::{clock::Clock, text};

/// What the service manager is told.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A round has succeeded; what it found.
    Ready(String),
    /// The configuration is read again.
    Reloading,
    /// It was.
    Reloaded,
    /// What is going on.
    Status(String),
    /// The end.
    Stopping,
}

/// How long one round may take until it counts as stuck: its reads have a limit
/// of a minute, and a call that is throttled is sent again for ten.
const STUCK: Duration = Duration::from_mins(25);

/// How many notices wait for a manager that does not read; more are dropped.
const WAITING: usize = 64;

/// How long the last notice may take.
const LAST: Duration = Duration::from_secs(1);

/// Speaks with the service manager.
#[derive(Clone, Debug, Default)]
pub struct Service {
    state: Arc<Mutex<State>>,
    /// To the thread that speaks; none without a manager.
    outbox: Option<SyncSender<Message>>,
    /// Whether a sign of life waits to be sent: one is enough.
    pinged: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct State {
    ready: bool,
    status: String,
    /// Since when a round is under way, and by which clock.
    busy: Option<(Instant, Clock)>,
}

#[derive(Debug)]
enum Message {
    /// Lines as `sd_notify(3)` has them.
    Lines(Vec<String>),
    /// A sign of life.
    Ping,
    /// All before it has been sent.
    Sent(SyncSender<()>),
}

impl Service {
    /// Speaks with the manager that the environment names, if it names one.
    pub fn of_environment() -> Self {
        let mut service = Self::default();
        if std::env::var_os("NOTIFY_SOCKET").is_some() {
            let (outbox, inbox) = mpsc::sync_channel(WAITING);
            let pinged = Arc::clone(&service.pinged);
            thread::spawn(move || speak(&inbox, &pinged));
            service.outbox = Some(outbox);
        }
        service
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no round has succeeded yet.
    pub fn is_starting(&self) -> bool {
        !self.state().ready
    }

    /// A round begins.
    pub fn busy(&self, clock: Clock) {
        self.state().busy = Some((clock.now(), clock));
    }

    /// A round has ended.
    pub fn idle(&self) {
        self.state().busy = None;
    }

    /// Whether the rounds go on.
    pub fn is_alive(&self) -> bool {
        let busy = self.state().busy;
        busy.is_none_or(|(since, clock)| clock.since(since) < STUCK)
    }

    /// Tells the service manager. That it cannot be told stops nothing.
    pub fn tell(&self, notice: &Notice) {
        let mut state = self.state();
        match notice {
            Notice::Ready(words) => {
                let first = !std::mem::replace(&mut state.ready, true);
                if first || state.status != *words {
                    state.status.clone_from(words);
                    let ready = first.then(|| NotifyState::Ready.to_string());
                    self.send(ready.into_iter().chain([status(words)]).collect());
                }
            }
            // systemd.service(5), `Type=notify-reload`: with the time, so that
            // an older notice is told from this one.
            Notice::Reloading => {
                let now = NotifyState::monotonic_usec_now();
                let all = [NotifyState::Reloading].into_iter().chain(now);
                self.send(all.map(|one| one.to_string()).collect());
            }
            Notice::Reloaded => self.send(vec![NotifyState::Ready.to_string()]),
            Notice::Status(words) => {
                state.status.clone_from(words);
                self.send(vec![status(words)]);
            }
            Notice::Stopping => {
                self.send(vec![NotifyState::Stopping.to_string()]);
                self.flush();
            }
        }
    }

    /// A sign of life as often as the watchdog wants it twice, while the rounds
    /// go on. Returns at once without a watchdog, and else never.
    pub async fn watchdog(self) {
        let (Some(span), Some(outbox)) = (sd_notify::watchdog_enabled(), &self.outbox) else {
            return;
        };
        loop {
            if self.is_alive() && !self.pinged.swap(true, Ordering::Relaxed) {
                let _ = outbox.try_send(Message::Ping);
            }
            tokio::time::sleep(span / 2).await;
        }
    }

    fn send(&self, lines: Vec<String>) {
        if let Some(outbox) = &self.outbox {
            let _ = outbox.try_send(Message::Lines(lines));
        }
    }

    /// Waits a moment until all is sent.
    fn flush(&self) {
        let Some(outbox) = &self.outbox else {
            return;
        };
        let (sent, done) = mpsc::sync_channel(1);
        if outbox.try_send(Message::Sent(sent)).is_ok() {
            let _ = done.recv_timeout(LAST);
        }
    }
}

/// One line: a line break would begin another notice.
fn status(words: &str) -> String {
    NotifyState::Status(&text::line(words)).to_string()
}

/// Sends what comes, one after the other.
fn speak(inbox: &Receiver<Message>, pinged: &AtomicBool) {
    for message in inbox {
        let sent = match message {
            Message::Lines(lines) => {
                let lines: Vec<NotifyState<'_>> =
                    lines.iter().map(|line| NotifyState::Custom(line)).collect();
                sd_notify::notify(&lines)
            }
            Message::Ping => {
                pinged.store(false, Ordering::Relaxed);
                sd_notify::notify(&[NotifyState::Watchdog])
            }
            Message::Sent(done) => {
                let _ = done.send(());
                continue;
            }
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "the service manager cannot be told");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_round_that_does_not_end_lets_the_watchdog_bite_and_a_pause_does_not() {
        let service = Service::default();
        tokio::time::advance(Duration::from_hours(2)).await;
        assert!(service.is_alive(), "it pauses");
        service.busy(Clock::REAL);
        tokio::time::advance(Duration::from_mins(10)).await;
        assert!(service.is_alive());
        tokio::time::advance(Duration::from_mins(20)).await;
        assert!(!service.is_alive());
        service.idle();
        assert!(service.is_alive());
    }
}
