//! Looking again until all is well.

use std::time::Duration;

use super::{Report, text::line};
use crate::{clock::Clock, error::Result, ui::Printer};

/// The time from one look to the next.
const PAUSE: Duration = Duration::from_secs(10);

/// Looks until nothing fails, for so long at most; once without a time. Says
/// what still fails whenever that is something else than before.
///
/// # Errors
///
/// What the first look fails with. A later one that fails is tried again, until
/// the time is over.
pub async fn until_good(
    clock: Clock,
    patience: Option<Duration>,
    printer: Printer,
    mut look: impl AsyncFnMut() -> Result<Report>,
) -> Result<Report> {
    let began = clock.now();
    let mut report = look().await?;
    let Some(patience) = patience else {
        return Ok(report);
    };
    let mut said = String::new();
    while !report.ok {
        let left = patience.saturating_sub(clock.since(began));
        if left.is_zero() {
            return Ok(report);
        }
        let words = line(&report);
        if said != *words {
            printer.note(&words);
            said = words.to_string();
        }
        clock.sleep(PAUSE.min(left)).await;
        report = match look().await {
            Err(error) if clock.since(began) >= patience => return Err(error),
            Err(error) => {
                printer.warn(&error);
                continue;
            }
            Ok(report) => report,
        };
    }
    Ok(report)
}
