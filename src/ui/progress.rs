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

/// Takes the live tree off the screen, for who leaves without an end.
pub fn put_away() {
    let screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(screen) = screen.as_ref() {
        let _ = screen.clear();
    }
}

/// A line for each resource at work, redrawn in place; what is done scrolls up.
///
/// Between two drawings the cursor stands at the beginning of an empty line below.
/// At the end of a full one, where indicatif leaves it, the `^C` that a terminal
/// shows when it is pressed breaks the line, and the next drawing begins a line
/// too low: the topmost one would stay for ever.
struct Live {
    screen: MultiProgress,
    /// The empty line.
    last: ProgressBar,
    clock: Clock,
    bars: Mutex<BTreeMap<Key, ProgressBar>>,
}

impl Live {
    fn new(clock: Clock) -> Self {
        Self::on(ProgressDrawTarget::stderr_with_hz(10), clock)
    }

    fn on(target: ProgressDrawTarget, clock: Clock) -> Self {
        let screen = MultiProgress::with_draw_target(target);
        let mut shown = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = Some(screen.clone());
        // As wide as the screen, or indicatif fills it up behind the return.
        let style = ProgressStyle::with_template("{wide_msg}\r")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let last = screen.add(ProgressBar::new_spinner().with_style(style));
        // It has to stand before the first line does: a ticker may be late.
        last.tick();
        last.enable_steady_tick(Duration::from_secs(1));
        Self {
            screen,
            last,
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
        let bar = self.screen.insert_before(&self.last, bar);
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
        self.last.finish_and_clear();
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
    use std::{io, sync::Arc};

    use indicatif::TermLike;

    use super::*;
    use crate::error::Error;

    /// A terminal of 100 columns that breaks lines, and on which somebody types.
    #[derive(Clone, Debug, Default)]
    struct Paper(Arc<Mutex<Sheet>>);

    #[derive(Debug, Default)]
    struct Sheet {
        rows: Vec<String>,
        row: usize,
        column: usize,
        /// Whether a drawing is half done.
        drawing: bool,
    }

    impl Sheet {
        fn put(&mut self, text: &str) {
            let Self {
                rows, row, column, ..
            } = self;
            for c in text.chars() {
                match c {
                    '\r' => *column = 0,
                    '\n' => (*row, *column) = (*row + 1, 0),
                    c => {
                        if *column == 100 {
                            (*row, *column) = (*row + 1, 0);
                        }
                        rows.resize((*row + 1).max(rows.len()), String::new());
                        let mut cells: Vec<char> = rows[*row].chars().collect();
                        cells.resize((*column + 1).max(cells.len()), ' ');
                        cells[*column] = c;
                        rows[*row] = cells.into_iter().collect();
                        *column += 1;
                    }
                }
            }
        }
    }

    impl Paper {
        /// A part of a drawing.
        fn draw(&self, part: impl FnOnce(&mut Sheet)) {
            let mut sheet = self.0.lock().expect("no panic");
            sheet.drawing = true;
            part(&mut sheet);
        }

        /// What somebody types: between two drawings, so that the test asks one
        /// question only.
        fn typed(&self, text: &str) {
            loop {
                let mut sheet = self.0.lock().expect("no panic");
                if !sheet.drawing {
                    sheet.put(text);
                    return;
                }
                drop(sheet);
                std::thread::yield_now();
            }
        }

        /// What stands there between two drawings; none while one is half done.
        fn lines(&self) -> Option<Vec<String>> {
            let sheet = self.0.lock().expect("no panic");
            let lines = sheet.rows.iter().map(|line| line.trim_end().to_owned());
            (!sheet.drawing).then(|| lines.filter(|line| !line.is_empty()).collect())
        }
    }

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            100
        }

        fn move_cursor_up(&self, n: usize) -> io::Result<()> {
            self.draw(|sheet| sheet.row = sheet.row.saturating_sub(n));
            Ok(())
        }

        fn move_cursor_down(&self, n: usize) -> io::Result<()> {
            self.draw(|sheet| sheet.row += n);
            Ok(())
        }

        fn move_cursor_right(&self, n: usize) -> io::Result<()> {
            self.draw(|sheet| sheet.column += n);
            Ok(())
        }

        fn move_cursor_left(&self, n: usize) -> io::Result<()> {
            self.draw(|sheet| sheet.column = sheet.column.saturating_sub(n));
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            let text = anstream::adapter::strip_str(text).to_string();
            self.draw(|sheet| sheet.put(&format!("{text}\n")));
            Ok(())
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            // Escapes go; what moves the cursor stays.
            let parts = text
                .split('\r')
                .map(|part| anstream::adapter::strip_str(part).to_string());
            let text = parts.collect::<Vec<_>>().join("\r");
            self.draw(|sheet| sheet.put(&text));
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.draw(|sheet| {
                if let Some(line) = sheet.rows.get_mut(sheet.row) {
                    line.clear();
                }
                sheet.column = 0;
            });
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            self.0.lock().expect("no panic").drawing = false;
            Ok(())
        }
    }

    #[test]
    fn nothing_of_the_live_tree_stays_when_somebody_types_into_it() {
        let paper = Paper::default();
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        let live = Live::on(target, Clock::REAL);
        let keys = ["load-balancer", "targets", "vpc-endpoint"];
        let at = |key: &str, happening: Happening| {
            live.emit(Event {
                key: Key::from_tag(key).expect("a key"),
                happening,
                elapsed: Duration::from_secs(3),
            });
        };
        for key in keys {
            at(key, Happening::Waiting("pending".to_owned()));
        }
        // Drawings are not so frequent that each is seen.
        let drawn = || paper.lines().is_some_and(|lines| lines.len() == 3);
        let began = std::time::Instant::now();
        while !drawn() && began.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
        paper.typed("^C");
        beside(|| paper.typed("stopping\n"));
        for key in keys {
            at(key, Happening::Stopped("interrupted".to_owned()));
        }
        drop(live);
        let lines = paper.lines().expect("the last drawing is done");
        let stopped = lines.iter().filter(|line| line.starts_with("  stopped"));
        assert_eq!(stopped.count(), 3, "{lines:?}");
        assert_eq!(lines.len(), 4, "{lines:?}");
    }

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
