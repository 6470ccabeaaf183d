//! Ctrl-C and SIGTERM: once settles what is under way, twice leaves now.

use std::{sync::Arc, time::Duration};

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    stop::{Stop, Why},
    ui::{Printer, Text, progress},
};

/// Throws the switch at the first signal and ends the process at the second.
pub(super) fn watch(stop: Arc<Stop>, printer: Printer) {
    tokio::spawn(async move {
        first().await;
        let asked = stop.is_asking();
        stop.set(Why::Interrupted);
        // At the prompt nothing is under way: the command ends at once.
        if !asked {
            printer.note(&Text::of(
                "stopping after the calls that are under way; once more to leave now",
            ));
        }
        first().await;
        progress::put_away();
        std::process::exit(130);
    });
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
