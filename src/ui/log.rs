//! The log on stderr: what libraries and AWS say in it moves no cursor either.

use std::io::{self, Write};

use tracing_subscriber::{
    EnvFilter,
    field::MakeExt,
    fmt::{
        MakeWriter,
        format::{Writer, debug_fn},
    },
    util::SubscriberInitExt,
};

use crate::{text::plainly, ui::progress};

/// Starts the log. `RUST_LOG` beats `-v`. Colour is as for everything else on
/// stderr: a [`Printer`](super::Printer) has set it.
pub fn start(verbose: u8) {
    let default = match verbose {
        0 => "hybridgw=warn",
        1 => "hybridgw=info",
        _ => "hybridgw=debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let choice = anstream::AutoStream::choice(&std::io::stderr());
    let colour = choice != anstream::ColorChoice::Never;
    logger(filter, colour, || Stderr).init();
}

/// stderr, where a live tree may be drawn.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        progress::beside(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logger<W>(filter: EnvFilter, colour: bool, writer: W) -> impl SubscriberInitExt + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let fields = debug_fn(|writer: &mut Writer<'_>, field, value| {
        let value = plainly(format_args!("{value:?}"));
        match field.name() {
            "message" => write!(writer, "{value}"),
            name => write!(writer, "{name}={value}"),
        }
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_target(false)
        .with_ansi(colour)
        .fmt_fields(fields.delimited(" "))
        .finish()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(colour: bool) -> String {
        let page = Page::default();
        let writer = page.clone();
        let logger = logger(EnvFilter::new("info"), colour, move || writer.clone());
        let _guard = logger.set_default();
        let evil = "\u{1b}[2J\nforged\u{202e}";
        tracing::warn!(resource = %evil, other = evil, "API Gateway says: {evil}");
        let bytes = page.0.lock().expect("no panic").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn values_in_the_log_stay_on_their_line() {
        let text = logged(false);
        assert_eq!(text.lines().count(), 1, "{text:?}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
        assert!(
            text.contains(r"API Gateway says: \u{1b}[2J\nforged\u{202e}"),
            "{text}"
        );
    }

    #[test]
    fn colour_is_what_the_caller_chose() {
        let text = logged(true);
        assert!(text.contains("\u{1b}["), "{text:?}");
        assert!(!text.contains("\u{1b}[2J"), "{text:?}");
    }
}
