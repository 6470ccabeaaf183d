//! One file a verb: load, call the pipeline, print.

use std::{io::IsTerminal, sync::Arc, time::Duration};

use serde_json::json;

use crate::{
    aws::{Connection, Options, read::Reads},
    body,
    cli::{Cli, Command, Global, Output},
    clock::Clock,
    config::{ApiSource, Config, ConfigErrors, check_stack},
    error::{Error, ErrorKind, Result},
    pipeline::{Plan, Report, observe},
    preflight::{self, References},
    rehearsal,
    resource::Key,
    stack::{self, Stack},
    stop::{Stop, Why},
    text::plain,
    ui::{self, Printer, Text, progress},
};

mod doctor;
mod down;
mod generate;
mod outputs;
mod plan;
mod selftest;
mod signals;
mod simulate;
mod status;
mod sync;
mod tally;
mod up;
mod verify;
mod wait;

use tally::{Hearing, Known, Tally, standing};

/// Runs a command and returns the process's exit code.
///
/// # Errors
///
/// What could not be done; the error knows its exit code.
pub async fn run(cli: Cli, printer: Printer) -> Result<u8> {
    let Cli { global, command } = cli;
    let special = matches!(global.output, Output::Env | Output::Github);
    if special && !matches!(command, Command::Outputs(_)) {
        return Err(Error::invalid(
            "-o env and -o github are forms of `outputs`",
        ));
    }
    match command {
        Command::Up(args) => changing(&global, printer, async |run| up::run(run, args).await).await,
        Command::Down(args) => {
            changing(&global, printer, async |run| down::run(run, args).await).await
        }
        Command::Plan(args) => bounded(&global, plan::run(&global, printer, args)).await,
        Command::Sync(args) => sync::run(&global, printer, args).await,
        Command::Status(args) if args.watch => {
            interruptible(status::watch(&global, printer, args)).await
        }
        Command::Status(args) => bounded(&global, status::run(&global, printer, args)).await,
        Command::Wait(args) => wait::run(&global, printer, args).await,
        Command::Outputs(args) => bounded(&global, outputs::run(&global, printer, args)).await,
        Command::Verify(args) => {
            let limit = global.timeout_with(args.checking.wait);
            bounded_by(&global, limit, verify::run(&global, printer, args)).await
        }
        Command::Doctor(args) => {
            let limit = global.timeout_with(args.checking.wait);
            bounded_by(&global, limit, doctor::run(&global, printer, args)).await
        }
        Command::Completions { shell } => generate::completions(printer, shell),
        Command::Man => generate::man(printer),
        Command::Schema => generate::schema(printer),
        Command::Selftest(args) => selftest::run(&global, printer, args).await,
        Command::Simulate(args) => simulate::run(&global, printer, args).await,
    }
}

/// A run of `up` or `down`: what it has done so far, for the result that comes
/// on success and on every failure.
pub struct Run<'a> {
    /// The global flags.
    pub global: &'a Global,
    /// The two streams.
    pub printer: Printer,
    /// Thrown by a signal or by `--timeout`.
    pub stop: Arc<Stop>,
    /// What was done.
    pub report: Report,
    /// What is left where it should not be.
    pub left_behind: Vec<Key>,
    /// What a removal has found, and sets out to take away.
    pub doomed: Vec<Key>,
    /// Whether a last plan was empty.
    pub converged: bool,
    /// Counts the calls, once there is a connection.
    pub connection: Option<Connection>,
    /// What is said when there is no time for more.
    pub tally: Arc<Tally>,
}

impl Run<'_> {
    /// Shows whom it is about and what will be done; who is asked to agree to
    /// that sees it also with `-q`.
    fn show(&self, connection: &Connection, plan: &Plan, asks: bool) -> Result<()> {
        if self.printer.is_json() {
            let mut value = plan.to_json();
            value["event"] = json!("plan");
            return self.printer.json_line(&value);
        }
        let printer = Printer {
            quiet: self.printer.quiet && !asks,
            ..self.printer
        };
        printer.note(&header(connection, plan));
        printer.note(&ui::plan::render(plan));
        Ok(())
    }

    /// There is a connection now, and this is what a removal sets out to take
    /// away.
    fn begin(&mut self, connection: &Connection, doomed: Vec<Key>) {
        self.tally.begin(connection, &doomed);
        self.connection = Some(connection.clone());
        self.doomed = doomed;
    }

    /// Where what happens is told.
    fn sink(&self) -> Hearing {
        let verbose = self.global.verbose > 0;
        let told = progress::sink(self.printer, verbose, self.stop.clock);
        self.tally.hearing(told)
    }
}

/// The last line of `-o json`.
fn result(
    known: &Known,
    left_behind: &[Key],
    converged: bool,
    took: Duration,
    error: Option<&Error>,
) -> serde_json::Value {
    let Known {
        report, connection, ..
    } = known;
    let attempts = connection.as_ref().map_or(0, |one| one.journal.attempts());
    let failed: Vec<_> = report.failed.iter().map(|(key, _)| key).collect();
    let mut value = json!({
        "event": "result",
        "ok": error.is_none(),
        "converged": converged,
        "created": report.created,
        "updated": report.updated,
        "deleted": report.deleted,
        "failed": failed,
        "left_behind": left_behind,
        "api_calls": attempts,
        "seconds": (took.as_secs_f64() * 1000.0).round() / 1000.0,
    });
    if let Some(error) = error {
        value["error"] = json!({
            "message": error.to_string(), "also": error.also, "hints": error.hints,
        });
    }
    value
}

/// Runs `up` or `down` with signals, the time limit and the result line.
async fn changing(
    global: &Global,
    printer: Printer,
    verb: impl AsyncFnOnce(&mut Run<'_>) -> Result<()>,
) -> Result<u8> {
    let clock = rehearsal::clock(global);
    let began = clock.now();
    let stop = Arc::new(Stop::by(clock));
    let tally = Arc::new(Tally::default());
    let last = {
        let tally = Arc::clone(&tally);
        move || {
            let known = tally.now();
            let error = Why::Interrupted.error();
            let took = clock.since(began);
            let line = result(&known, &known.standing(), false, took, Some(&error));
            if printer.is_json() {
                let _ = printer.json_line(&line);
            }
        }
    };
    signals::watch(Arc::clone(&stop), printer, last);
    signals::limit(Arc::clone(&stop), global.timeout());
    let mut run = Run {
        global,
        printer,
        stop,
        report: Report::default(),
        left_behind: Vec::new(),
        doomed: Vec::new(),
        converged: false,
        connection: None,
        tally,
    };
    let mut done = verb(&mut run).await;
    // Whatever it failed at: what was made is there.
    if let Err(error) = &mut done
        && run.left_behind.is_empty()
        && !run.converged
    {
        run.left_behind = standing(&run.report, &run.doomed);
        let names: Vec<&str> = run.left_behind.iter().map(Key::as_str).collect();
        let said = |line: &String| line.starts_with("left behind: ");
        // A refusal has said already that nothing was deleted.
        let began = !run.report.created.is_empty() || !run.report.deleted.is_empty();
        if began && !names.is_empty() && !error.also.iter().any(said) {
            error
                .also
                .push(format!("left behind: {}", names.join(", ")));
        }
    }
    if printer.is_json() {
        let known = Known {
            report: run.report,
            doomed: run.doomed,
            connection: run.connection,
        };
        let (left, took) = (&run.left_behind, clock.since(began));
        let line = result(&known, left, run.converged, took, done.as_ref().err());
        printer.json_line(&line)?;
    }
    done.map(|()| 0)
}

/// Runs a command that only reads: a signal or the time limit ends it at once.
async fn bounded(global: &Global, work: impl Future<Output = Result<u8>>) -> Result<u8> {
    bounded_by(global, global.timeout(), work).await
}

async fn bounded_by(
    global: &Global,
    limit: Duration,
    work: impl Future<Output = Result<u8>>,
) -> Result<u8> {
    tokio::select! {
        done = work => done,
        () = signals::reading() => Err(Why::Interrupted.error()),
        () = rehearsal::clock(global).sleep(limit) => Err(out_of_time()),
    }
}

/// Runs a command that only reads and has no end of its own: a signal ends it.
async fn interruptible(work: impl Future<Output = Result<u8>>) -> Result<u8> {
    tokio::select! {
        done = work => done,
        () = signals::reading() => Err(Why::Interrupted.error()),
    }
}

/// Where it was that no answer came from, if that is not AWS itself.
fn located(mut error: Error, connection: &Connection) -> Error {
    if let (ErrorKind::Unknown, Some(url)) = (&error.kind, &connection.endpoint) {
        error.also.push(format!("the endpoint is {url}"));
    }
    error
}

/// Does something with a connection; its error says where no answer came from.
async fn at<T>(connection: &Connection, work: impl Future<Output = Result<T>>) -> Result<T> {
    work.await.map_err(|error| located(error, connection))
}

fn out_of_time() -> Error {
    Error::new(ErrorKind::TimedOut, "out of time").hint("give it longer with --timeout")
}

/// Reads the configuration and connects as it says.
async fn connect(global: &Global) -> Result<(Config, Connection)> {
    let config = load(global)?;
    let region = match (&config.region, &global.region) {
        (Some(file), Some(flag)) if file != flag => {
            return Err(Error::invalid(format!(
                "--region {flag} contradicts `region = \"{file}\"` of {}",
                global.config_file().display()
            ))
            .hint("leave one of them out"));
        }
        (file, flag) => file.clone().or_else(|| flag.clone()),
    };
    let connection = open(global, region, Some(&config)).await?;
    config
        .check_region(&connection.region)
        .map_err(|errors| unusable(&errors))?;
    Ok((config, connection))
}

/// Reads the configuration.
fn load(global: &Global) -> Result<Config> {
    let environment = |name: &str| std::env::var(name).ok();
    Config::load(global.config_file(), &global.set, &environment)
        .map_err(|errors| unusable(&errors))
}

fn unusable(errors: &ConfigErrors) -> Error {
    let count = errors.0.len();
    let plural = if count == 1 { "" } else { "s" };
    Error::invalid(format!(
        "the configuration has {count} problem{plural}\n{errors}"
    ))
}

async fn open(
    global: &Global,
    region: Option<String>,
    config: Option<&Config>,
) -> Result<Connection> {
    if let Some(world) = &global.simulate {
        return rehearsal::open(global, world, region, config);
    }
    Connection::open(&Options {
        profile: global.profile.clone(),
        region,
        endpoint_url: global.endpoint_url.clone(),
        allow_http: global.allow_http,
    })
    .await
}

/// A stack to look at: named on the command line, or the configuration's.
async fn named(
    global: &Global,
    stack: Option<&str>,
) -> Result<(Connection, Reads, Option<Config>)> {
    let (connection, name, config) = if let Some(name) = stack {
        check_stack(name).map_err(|error| error.context("--stack names none"))?;
        let connection = open(global, global.region.clone(), None).await?;
        (connection, name.to_owned(), None)
    } else {
        let (config, connection) = connect(global).await?;
        (connection, config.stack.clone(), Some(config))
    };
    let reads = Reads::new(connection.reader(), name);
    Ok((connection, reads, config))
}

/// Everything that `plan` and `up` need: checked and wired.
struct Session {
    connection: Connection,
    config: Config,
    bodies: stack::Bodies,
    reads: Reads,
    stack: Stack,
    /// What was warned of.
    warned: Warned,
}

/// What is said of the configuration, its files and what it refers to: on stderr
/// at once, and kept for `-o json`.
struct Warned {
    printer: Printer,
    texts: Vec<String>,
}

impl Warned {
    fn by(printer: Printer) -> Self {
        Self {
            printer,
            texts: Vec::new(),
        }
    }

    fn warn(&mut self, words: impl std::fmt::Display) {
        let words = words.to_string();
        self.printer.warn(&words);
        self.texts.push(words);
    }

    /// An object for each, in the order in which they were said.
    fn json(&self) -> Vec<serde_json::Value> {
        let texts = self.texts.iter();
        texts.map(|text| json!({ "message": text })).collect()
    }
}

impl Session {
    /// Looks at everything and says what would be done.
    async fn observe(&self, clock: Clock) -> Result<Plan> {
        let looking = observe(&self.stack, &self.reads, clock);
        at(&self.connection, looking).await
    }

    async fn open(global: &Global, printer: Printer) -> Result<Self> {
        let (config, connection) = connect(global).await?;
        let (bodies, notes) = stack::read(&config, &connection.region)?;
        let mut warned = Warned::by(printer);
        for warning in &notes.warnings {
            warned.warn(warning);
        }
        warn_of_functions(&config, &bodies, &mut warned);
        let reads = Reads::new(connection.reader(), &config.stack);
        let checking = preflight::check(&config, &reads);
        let references: References = at(&connection, checking).await?;
        for warning in &references.warnings {
            warned.warn(warning);
        }
        for (path, claims) in notes.claims.iter().filter(|(_, claims)| !claims.is_empty()) {
            let looking = preflight::endpoint_of_apis(&config, &reads);
            let endpoint = at(&connection, looking).await?;
            let checked = claims.check(stack::admitted(&config, endpoint.as_deref()));
            checked.map_err(|error| stack::unusable(path, &error))?;
        }
        let stack = Stack::new(&config, &references, bodies.clone());
        Ok(Self {
            connection,
            config,
            bodies,
            reads,
            stack,
            warned,
        })
    }
}

/// A body may name functions. To let the API invoke them is the user's to do.
fn warn_of_functions(config: &Config, bodies: &stack::Bodies, warned: &mut Warned) {
    for route in &config.routes {
        let Some(ApiSource::OpenApi(file)) = route.api().map(|api| &api.source) else {
            continue;
        };
        let functions = bodies.get(&route.path).map(body::Body::functions);
        for function in functions.unwrap_or_default() {
            warned.warn(format_args!(
                "route {}: {} invokes {function}; the permission for it is yours to give",
                route.path,
                file.display()
            ));
        }
    }
}

fn header(connection: &Connection, plan: &Plan) -> Text {
    let endpoint = connection
        .endpoint
        .as_ref()
        .map(|url| format!(", endpoint {url}"))
        .unwrap_or_default();
    let mut text = Text::of("Stack ");
    text.styled(ui::BOLD, &plan.stack).say(format_args!(
        " in {} / {} (profile {}{endpoint})",
        plan.account, plan.region, connection.profile,
    ));
    text.line();
    text
}

/// No terminal and no `--yes`: nobody can be asked.
fn refuse_without_consent(may_ask: bool) -> Result<()> {
    if may_ask && !std::io::stdin().is_terminal() {
        return Err(Error::invalid("there is no terminal to ask on")
            .hint("pass --yes to go ahead without asking, or --dry-run to see the plan"));
    }
    Ok(())
}

/// Asks on stderr and reads a line; a signal or the end of input is a no.
async fn ask(question: &str, stop: &Stop) -> Result<String> {
    use std::io::Write;
    let mut err = anstream::stderr();
    let _ = write!(err, "\n{} ", plain(question)).and_then(|()| err.flush());
    let _asking = stop.asking();
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        line = answer => {
            let line = line.map_err(|error| Error::invalid(error.to_string()))?;
            let line = line.unwrap_or_default();
            if !line.ends_with('\n') {
                // The input has ended, and the cursor is still behind the question.
                let _ = writeln!(err);
            }
            Ok(line.trim().to_owned())
        }
        why = stop.thrown() => {
            let _ = writeln!(err);
            Err(why.error())
        }
    }
}
