//! Events as they happen: a live tree on a terminal, plain lines elsewhere,
//! JSON lines for programs. Three renderings of the same events.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{IsTerminal, Write},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde_json::json;

use crate::{
    clock::Clock,
    event::{Event, Happening, Sink},
    resource::Key,
    text::{self, plainly},
    ui::{DIM, ERROR, GOOD, Printer, Text, WARNING},
};

/// The rendering that fits: JSON if asked for, a live tree on a terminal,
/// lines otherwise. `verbose` logs would tear the tree apart: lines then. Times
/// are the clock's.
pub fn sink(printer: Printer, verbose: bool, clock: Clock) -> Box<dyn Sink> {
    if printer.is_json() {
        return Box::new(Json(printer));
    }
    if printer.quiet {
        return Box::new(crate::event::Silent);
    }
    let live = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
    if live && !verbose {
        Box::new(Live::new(clock))
    } else {
        Box::new(Plain::default())
    }
}

/// `1m 04s`, `3.2s`.
pub fn time(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    if seconds >= 60 {
        format!("{}m {:02}s", seconds / 60, seconds % 60)
    } else {
        format!("{:.1}s", elapsed.as_secs_f64())
    }
}

fn line(event: &Event) -> Text {
    let style = match event.happening {
        Happening::Created | Happening::Updated | Happening::Deleted => GOOD,
        Happening::Failed(_) => ERROR,
        Happening::Stopped(_) => WARNING,
        _ => DIM,
    };
    let spent = if event.happening.is_final() && event.elapsed > Duration::ZERO {
        time(event.elapsed)
    } else {
        String::new()
    };
    let mut line = Text::of("  ");
    line.styled(style, format_args!("{:8}", event.happening.word()))
        .say(' ')
        .cell(&event.key, 32)
        .say(format_args!(" {spent:>8}"));
    if let Some(detail) = event.happening.detail() {
        line.say("  ").say(text::line(&detail));
    }
    line.trim();
    line
}

/// One line for each resource that was touched, when it is done with, and one
/// for a wait that is worth knowing of: a log without an end is not read.
#[derive(Default)]
struct Plain {
    /// What was changed of each, for its last line.
    changed: Mutex<BTreeMap<Key, BTreeSet<String>>>,
    said: Mutex<BTreeSet<(Key, String)>>,
}

/// A wait that takes longer is said, once for each reason.
const WORTH_SAYING: Duration = Duration::from_secs(10);

impl Sink for Plain {
    fn emit(&self, event: Event) {
        if let Some(line) = self.line(&event) {
            let _ = writeln!(anstream::stderr().lock(), "{line}");
        }
    }
}

impl Plain {
    /// What there is to say about it. None: nothing, or nothing yet.
    fn line(&self, event: &Event) -> Option<Text> {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        match &event.happening {
            Happening::Queued(_) | Happening::Kept | Happening::Creating | Happening::Deleting => {
                None
            }
            Happening::Updating(fields) => {
                let known = changed.entry(event.key.clone()).or_default();
                known.insert(fields.clone());
                None
            }
            Happening::Waiting(why) => {
                let mut known = self.said.lock().unwrap_or_else(PoisonError::into_inner);
                let is_news =
                    event.elapsed >= WORTH_SAYING && known.insert((event.key.clone(), why.clone()));
                is_news.then(|| line(event))
            }
            Happening::Updated => {
                let mut text = line(event);
                let fields = changed.remove(&event.key).unwrap_or_default();
                if !fields.is_empty() {
                    let fields: Vec<String> = fields.into_iter().collect();
                    text.say("  ").say(fields.join(", "));
                }
                Some(text)
            }
            Happening::Created
            | Happening::Deleted
            | Happening::Failed(_)
            | Happening::Stopped(_) => Some(line(event)),
        }
    }
}

/// JSON lines on stdout.
struct Json(Printer);

impl Sink for Json {
    fn emit(&self, event: Event) {
        let value = json!({
            "event": "step",
            "resource": event.key,
            "state": event.happening.word(),
            "detail": event.happening.detail(),
            "seconds": event.elapsed.as_secs_f64(),
        });
        let _ = self.0.json_line(&value);
    }
}

/// The live tree on the screen, if there is one: whoever else writes to stderr
/// has to have it put aside.
static SCREEN: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// Writes to stderr, where a live tree may be drawn.
pub fn beside<T>(write: impl FnOnce() -> T) -> T {
    let screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    match screen.as_ref() {
        Some(screen) => screen.suspend(write),
        None => write(),
    }
}

/// A line for each resource at work, redrawn in place; what is done scrolls up.
struct Live {
    screen: MultiProgress,
    clock: Clock,
    bars: Mutex<BTreeMap<Key, ProgressBar>>,
}

impl Live {
    fn new(clock: Clock) -> Self {
        let screen = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        let mut shown = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = Some(screen.clone());
        Self {
            screen,
            clock,
            bars: Mutex::default(),
        }
    }

    fn bar(&self, key: &Key) -> ProgressBar {
        let clock = self.clock;
        let began = clock.now();
        let spent = move |_: &ProgressState, out: &mut dyn fmt::Write| {
            let _ = write!(out, "{:>8}", time(clock.since(began)));
        };
        let style = ProgressStyle::with_template("  {spinner} {prefix:39} {spent}  {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .with_key("spent", spent)
            .tick_strings(&["-", "\\", "|", "/", " "]);
        let bar = ProgressBar::new_spinner().with_style(style);
        let bar = self.screen.add(bar);
        bar.set_prefix(plainly(key));
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }
}

impl Sink for Live {
    fn emit(&self, event: Event) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        if event.happening.is_final() {
            if let Some(bar) = bars.remove(&event.key) {
                bar.finish_and_clear();
                self.screen.remove(&bar);
            }
            if !matches!(event.happening, Happening::Kept) {
                // indicatif writes past anstream: colours are decided here.
                let text = styled(&line(&event));
                let _ = self.screen.println(text);
            }
            return;
        }
        let bar = bars
            .entry(event.key.clone())
            .or_insert_with(|| self.bar(&event.key));
        let message = match &event.happening {
            Happening::Queued(names) => format!("after {names}"),
            Happening::Waiting(why) => why.clone(),
            Happening::Updating(fields) => format!("changing {fields}"),
            other => other.word().to_owned(),
        };
        bar.set_message(text::line(&message));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let mut shown = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = None;
        let _ = self.screen.clear();
    }
}

fn styled(text: &str) -> String {
    let choice = anstream::AutoStream::choice(&std::io::stderr());
    if choice == anstream::ColorChoice::Never {
        anstream::adapter::strip_str(text).to_string()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn an_event_is_one_line_whatever_aws_says_in_it() {
        let event = Event {
            key: Key::from_tag("stage/\u{9b}2J\nforged").expect("a key"),
            happening: Happening::Failed(Error::invalid("no:\n\tnot \u{1b}]0;x\u{7} so")),
            elapsed: Duration::from_secs(1),
        };
        let shown = anstream::adapter::strip_str(&line(&event)).to_string();
        assert_eq!(
            shown,
            r"  failed   stage/\u{9b}2J\nforged               1.0s  no: not \u{1b}]0;x\u{7} so"
        );
    }

    #[test]
    fn the_plain_log_says_each_thing_once_and_keeps_quiet_about_short_waits() {
        let plain = Plain::default();
        let at = |happening: Happening, seconds: u64| {
            let event = Event {
                key: Key::from_tag("targets").expect("a key"),
                happening,
                elapsed: Duration::from_secs(seconds),
            };
            let line = plain.line(&event);
            line.map(|line| anstream::adapter::strip_str(&line).to_string())
        };
        let wait = || Happening::Waiting("10.0.1.10 is initial".to_owned());
        let silent = [
            at(Happening::Queued("target-group".to_owned()), 0),
            at(Happening::Updating("10.0.1.10".to_owned()), 1),
            at(wait(), 2),
            at(Happening::Updating("10.0.9.9".to_owned()), 3),
        ];
        assert_eq!(silent, [const { None }; 4]);
        assert!(at(wait(), 12).is_some_and(|line| line.ends_with("10.0.1.10 is initial")));
        assert_eq!(at(wait(), 22), None, "it was said");
        let last = at(Happening::Updated, 30).expect("it is done");
        assert!(
            last.contains("updated  targets") && last.ends_with("10.0.1.10, 10.0.9.9"),
            "{last}"
        );
        let created = [at(Happening::Creating, 0), at(Happening::Created, 5)];
        assert!(matches!(created, [None, Some(_)]));
        assert!(at(Happening::Failed(Error::invalid("no")), 5).is_some());
        assert!(at(Happening::Stopped("out of time".to_owned()), 5).is_some());
    }
}
