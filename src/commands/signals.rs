//! Ctrl-C and SIGTERM: once settles what is under way, twice leaves now.

use std::{sync::Arc, time::Duration};

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    stop::{Stop, Why},
    ui::{Printer, Text, progress},
};

/// Throws the switch at the first signal and ends the process at the second, with
/// `last` words.
pub(super) fn watch(stop: Arc<Stop>, printer: Printer, last: impl FnOnce() + Send + 'static) {
    tokio::spawn(async move {
        first().await;
        let idle = stop.is_idle();
        stop.set(Why::Interrupted);
        let again = first();
        // At the prompt, or before the first write, the command ends at once.
        if !idle {
            aside(move || {
                printer.note(&Text::of(
                    "stopping after the calls that are under way; once more to leave now",
                ));
            })
            .await;
        }
        again.await;
        aside(progress::put_away).await;
        // Nothing is said after the last words: who says them ends the process.
        aside(|| {
            last();
            std::process::exit(130);
        })
        .await;
        leave().await;
    });
}

/// Returns at the first signal, for a command that only reads and ends then. One
/// that does not, because a file or the reader of its output holds it up, is
/// ended.
pub(super) fn reading() -> impl Future<Output = ()> {
    let first = first();
    let (tell, told) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        first.await;
        let _ = tell.send(());
        tokio::time::sleep(MOMENT).await;
        leave().await;
    });
    async move {
        if told.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// How long the end of a process may be held up.
const MOMENT: Duration = Duration::from_millis(500);

/// Writes to stderr, and waits for that only so long: nobody may be reading it.
async fn aside(write: impl FnOnce() + Send + 'static) {
    let written = tokio::task::spawn_blocking(write);
    let _ = tokio::time::timeout(MOMENT, written).await;
}

async fn leave() {
    aside(progress::put_away).await;
    std::process::exit(130);
}

/// Throws the switch when the time is over. Time at the prompt is not counted.
pub(super) fn limit(stop: Arc<Stop>, time: Duration) {
    tokio::spawn(async move { stop.limit(time).await });
}

/// Returns at the next SIGINT or SIGTERM; the handlers are in place before it is first polled.
pub(super) fn first() -> impl Future<Output = ()> {
    let interrupt = signal(SignalKind::interrupt());
    let terminate = signal(SignalKind::terminate());
    async move {
        match (interrupt, terminate) {
            (Ok(mut interrupt), Ok(mut terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            // Without handlers the signals keep their default: the process ends.
            _ => std::future::pending().await,
        }
    }
}
