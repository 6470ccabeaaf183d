//! `up --rollback`: every failing call, time limit and interruption, on an empty
//! account and on a stack that serves.

use std::{collections::BTreeMap, fmt, net::Ipv4Addr, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use hybridgw::{
    config::Config,
    event::Silent,
    pipeline::{converge, execute, observe::discover, remove, rollback},
    resource::Key,
    simulator::{
        dataplane::Ask,
        faults::{Fault, Rule},
    },
    stop::{Stop, Why},
};

use crate::{
    bench::{ACCOUNT, Bench, Outcome, REGION, example},
    failures::{Case, failures_of, lasting},
    support::{
        door::{Call, Gate},
        oracle::compare,
        scene::{Scene, Verb, account_with, steady},
        shape::{Shape, beyond},
        sweep::{Breach, Findings, Ran, sample, sweep, whole},
    },
};

/// A rollback takes no longer than AWS needs to delete things: it waits for
/// nothing that never comes.
const LONGEST: Duration = Duration::from_mins(18);

/// What the name answered, by path.
type Answers = BTreeMap<String, u16>;

/// A failed run that was rolled back.
struct Undone {
    outcome: Outcome,
    /// Right before the rollback, and right after it.
    answers: [Answers; 2],
    took: Duration,
}

fn answers(bench: &Bench) -> Answers {
    let client = Ipv4Addr::new(10, 1, 2, 3);
    let paths = bench.config.routes.iter().map(|route| {
        let path = match route.path.as_str() {
            "/" => "/".to_owned(),
            path => format!("{path}/x"),
        };
        let ask = Ask::new(&bench.config.domain.name, &path, client);
        let status = bench.simulator.ask(ACCOUNT, REGION, &ask).status;
        (path, status)
    });
    paths.collect()
}

/// `up --yes --allow-replace --rollback`, as the command does it.
async fn up_or_back(bench: &Bench, stop: &Arc<Stop>) -> Result<Outcome, Undone> {
    let look = bench.look();
    bench.connection.heed(stop);
    let (stack, plan) = match bench.plan(&look).await {
        Ok(planned) => planned,
        Err(error) => {
            let error = Some(error);
            let report = hybridgw::pipeline::Report::default();
            return Ok(Outcome { report, error });
        }
    };
    let aws = bench.connection.writer();
    let mut report = execute(&stack, &plan, &aws, &look, &Silent, stop).await;
    let mut error = None;
    if report.may_go_on() {
        match converge(&stack, &bench.connection, &Silent, stop, &mut report).await {
            Ok(_) if report.ok() => return Ok(Outcome { report, error }),
            Ok(_) => {}
            Err(unread) => error = Some(unread),
        }
    }
    let before = answers(bench);
    let began = tokio::time::Instant::now();
    let again = Arc::new(Stop::default());
    bench.connection.heed(&again);
    let reads = look.forgetful();
    rollback(&stack, &aws, &reads, &Silent, &again, &mut report).await;
    Err(Undone {
        outcome: Outcome { report, error },
        answers: [before, answers(bench)],
        took: began.elapsed(),
    })
}

/// `down --stack NAME`: without the file, only what is remembered is found.
async fn down_by_name(bench: &Bench) -> Outcome {
    let mut outcome = Outcome::default();
    for _ in 0..2 {
        let look = bench.look();
        match discover(&look).await {
            Ok(owned) if owned.is_empty() => return outcome,
            Ok(owned) => {
                let aws = bench.connection.writer();
                let gone = remove(&owned, &aws, &look, &Silent, &Stop::default()).await;
                outcome.report.extend(gone);
            }
            Err(error) => outcome.error = Some(error),
        }
    }
    outcome
}

impl Undone {
    /// What holds wherever a run was rolled back.
    fn general(&self) -> Findings {
        let mut findings = Findings::new();
        let [before, after] = &self.answers;
        for (path, status) in before {
            let now = after[path];
            if *status == 200 && now != 200 && !self.is_new(path) {
                let words = format!("{path}: 200 before the rollback, {now} after it");
                findings.push((Breach::Outage, words));
            }
        }
        if self.took > LONGEST {
            let words = format!("the rollback took {:?}", self.took);
            findings.push((Breach::Stuck, words));
        }
        findings
    }

    /// A route that the run has made goes with it; so does the whole stack.
    fn is_new(&self, path: &str) -> bool {
        let created = &self.outcome.report.created;
        let made = |key: &str| created.iter().any(|one| one.as_str() == key);
        made("load-balancer") || path.starts_with("/more") || made("dns-record")
    }
}

/// Ends a run at one of its calls.
#[derive(Debug)]
struct Halt {
    at: usize,
    why: Why,
    stop: Arc<Stop>,
}

impl Gate for Halt {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        if call.number == self.at {
            self.stop.set(self.why);
        }
        Box::pin(std::future::ready(()))
    }
}

struct Halted {
    scene: Arc<Scene>,
    at: usize,
    why: Why,
}

impl fmt::Display for Halted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scene, at, why } = self;
        write!(f, "{}/{}/{at}/{}", scene.name, scene.verb, why.words())
    }
}

fn every_halt(verb: Verb) -> Vec<Halted> {
    let mut cases = Vec::new();
    for scene in Scene::with(verb) {
        for at in scene.boundaries() {
            cases.extend([Why::Interrupted, Why::TimedOut].map(|why| Halted {
                scene: Arc::clone(&scene),
                at,
                why,
            }));
        }
    }
    cases
}

async fn halted(case: &Halted, bench: &Bench) -> Result<Outcome, Undone> {
    let stop = Arc::new(Stop::default());
    let halt = Arc::new(Halt {
        at: case.at,
        why: case.why,
        stop: Arc::clone(&stop),
    });
    up_or_back(&bench.behind(halt), &stop).await
}

/// Nothing of an undone run is left, and nothing is said to be.
fn nothing_left(scene: &Scene, bench: &Bench, undone: &Undone) -> Findings {
    let world = bench.simulator.world();
    let mut findings = compare(&Shape::new(), &beyond(&scene.oracle.before, &world));
    findings.extend(scene.oracle.foreign(&world));
    let left = undone.outcome.report.left_behind();
    if !left.is_empty() {
        findings.push((Breach::Report, format!("left behind: {left:?}")));
    }
    findings
}

#[test]
fn a_first_run_that_is_stopped_anywhere_leaves_nothing() {
    let cases = sample(every_halt(Verb::Up), 6);
    sweep("a_first_run_that_is_stopped", &cases, async |case| {
        let bench = case.scene.bench(steady());
        let Err(undone) = halted(case, &bench).await else {
            return Ran::default();
        };
        let mut findings = undone.general();
        findings.extend(nothing_left(&case.scene, &bench, &undone));
        said_so(&mut findings, &undone);
        Ran::with(findings)
    });
}

#[test]
fn a_first_run_that_fails_at_any_call_leaves_nothing() {
    let cases = failures_of(Scene::with(Verb::Up), lasting, &[Some(1)], 6);
    sweep("a_first_run_that_fails", &cases, async |case: &Case| {
        let bench = case.scene.bench(case.conditions());
        let ended = up_or_back(&bench, &Arc::new(Stop::default())).await;
        let Err(undone) = ended else {
            return Ran::default();
        };
        let mut findings = undone.general();
        findings.extend(nothing_left(&case.scene, &bench, &undone));
        said_so(&mut findings, &undone);
        Ran::with(findings)
    });
}

/// For good: so may the rollback's own calls. What it cannot remove it says, and
/// `down` finds it.
#[test]
fn what_a_rollback_cannot_remove_is_said_and_found_by_down() {
    let cases = failures_of(Scene::with(Verb::Up), lasting, &[None], 6);
    sweep(
        "what_a_rollback_cannot_remove",
        &cases,
        async |case: &Case| {
            let bench = case.scene.bench(case.conditions());
            let ended = up_or_back(&bench, &Arc::new(Stop::default())).await;
            bench.simulator.set_faults(Vec::new());
            let mut findings = Findings::new();
            if let Err(undone) = &ended {
                let left = undone.outcome.report.left_behind();
                let shape = beyond(&case.scene.oracle.before, &bench.simulator.world());
                if left.is_empty() && !shape.is_empty() {
                    let words = format!("left behind is empty, and there is {shape:?}");
                    findings.push((Breach::Report, words));
                }
                findings.extend(undone.general());
            }
            let down = down_by_name(&bench.afresh()).await;
            findings.extend(case.scene.oracle.gone(&bench, &down).await);
            if let Err(undone) = &ended {
                said_so(&mut findings, undone);
            }
            Ran::with(findings)
        },
    );
}

#[test]
fn a_change_that_is_stopped_anywhere_serves_on_and_is_made_whole_by_the_next() {
    let cases = sample(every_halt(Verb::Change), 6);
    sweep("a_change_that_is_stopped", &cases, async |case| {
        let bench = case.scene.bench(steady());
        serves_on(&case.scene, &bench, halted(case, &bench)).await
    });
}

#[test]
fn a_change_that_fails_at_any_call_serves_on_and_is_made_whole_by_the_next() {
    let cases = failures_of(Scene::with(Verb::Change), lasting, &[Some(1)], 6);
    sweep("a_change_that_fails", &cases, async |case: &Case| {
        let bench = case.scene.bench(case.conditions());
        let run = async {
            let ended = up_or_back(&bench, &Arc::new(Stop::default())).await;
            bench.simulator.set_faults(Vec::new());
            ended
        };
        serves_on(&case.scene, &bench, run).await
    });
}

async fn serves_on(
    scene: &Scene,
    bench: &Bench,
    run: impl Future<Output = Result<Outcome, Undone>>,
) -> Ran {
    let both = async {
        let ended = run.await;
        (ended, bench.afresh().up().await)
    };
    let ((ended, next), mut findings) = scene.asking(bench, both).await;
    if let Err(undone) = &ended {
        findings.extend(undone.general());
        let report = &undone.outcome.report;
        let kept: Vec<_> = report.in_use.iter().collect();
        if kept.iter().any(|key| !report.left_behind().contains(key)) {
            findings.push((Breach::Report, format!("{kept:?} is not said to be left")));
        }
    }
    findings.extend(scene.judge(bench, &next).await);
    if let Err(undone) = &ended {
        said_so(&mut findings, undone);
    }
    Ran::with(findings)
}

/// Says with a finding how the run ended.
fn said_so(findings: &mut Findings, undone: &Undone) {
    if !findings.is_empty() {
        let words = format!("it ended so: {:?}", undone.outcome);
        findings.push((Breach::Report, words));
    }
}

/// An example with its text changed.
fn changed(name: &str, was: &str, is: &str) -> Config {
    let text = std::fs::read_to_string(example(name)).expect("an example can be read");
    assert!(text.contains(was), "{name} has no {was}");
    let config = Config::parse(&text.replace(was, is), &example("text.toml"), &[], &|_| {
        None
    });
    config.unwrap_or_else(|errors| panic!("{errors}"))
}

/// A route that becomes another kind is served by what the run has made: that
/// stays, wherever the run is stopped.
#[tokio::test(start_paused = true)]
async fn a_rule_that_serves_what_the_run_made_keeps_it() {
    let scene = Scene::of("everything.toml", Verb::Down);
    let lambda = r#"lambda = "arn:aws:lambda:eu-central-1:111122223333:function:hooks:live""#;
    let api = r#"api = { placeholder = true, stage = "v1" }"#;
    let route = changed("everything.toml", lambda, api);
    let prepared = || Bench::at(account_with(&scene.start, steady()), route.clone());
    let undisturbed = prepared();
    assert!(undisturbed.up().await.ok());
    let calls = undisturbed.connection.journal.attempts();
    let mut kept = 0;
    for at in (1..=calls).step_by(if whole() { 1 } else { 13 }) {
        let bench = prepared();
        let stop = Arc::new(Stop::default());
        let halt = Arc::new(Halt {
            at,
            why: Why::Interrupted,
            stop: Arc::clone(&stop),
        });
        let Err(undone) = up_or_back(&bench.behind(halt), &stop).await else {
            continue;
        };
        let findings = undone.general();
        assert!(
            findings.is_empty(),
            "call {at}: {findings:?} {:?}",
            undone.outcome
        );
        kept += undone.outcome.report.in_use.len();
        let next = bench.afresh().up().await;
        assert!(next.ok(), "call {at}: {next:?}");
        assert_eq!(answers(&bench), answers(&undisturbed), "call {at}");
    }
    assert!(kept > 0, "no run was stopped after it had changed the rule");
}

/// The load balancer waits for pinned addresses, and uses nothing of their endpoint.
#[tokio::test(start_paused = true)]
async fn a_pinned_endpoint_goes_though_the_load_balancer_was_changed_after_it() {
    let scene = Scene::of("lambda.toml", Verb::Down);
    let clients = "clients = [\"10.0.0.0/8\"]";
    let more = format!(
        "{clients}\n[endpoint]\naddresses = [\"10.0.1.10\", \"10.0.2.10\"]\n\
         [load_balancer]\nidle_timeout = 90\n[[route]]\npath = \"/api\"\napi = {{ placeholder = true }}\n"
    );
    let config = changed("lambda.toml", clients, &more);
    let bench = Bench::at(account_with(&scene.start, steady()), config);
    let rule = denied("apigateway:CreateRestApi", 1);
    bench.simulator.set_faults(vec![rule]);
    let ended = up_or_back(&bench, &Arc::new(Stop::default())).await;
    let Err(undone) = ended else {
        panic!("nothing was refused");
    };
    bench.heal();
    let report = &undone.outcome.report;
    let is = |all: &[Key], key: &str| all.iter().any(|one| one.as_str() == key);
    assert!(is(&report.updated, "load-balancer"), "{report:?}");
    assert!(is(&report.rolled_back, "vpc-endpoint"), "{report:?}");
    assert_eq!(undone.answers[0], undone.answers[1]);
    let next = bench.afresh().up().await;
    assert!(next.ok(), "{next:?}");
}

fn denied(operation: &str, from: u64) -> Rule {
    Rule {
        operation: operation.to_owned(),
        calls: None,
        from: Some(from),
        probability: None,
        times: None,
        then: Fault::Refuse {
            code: "AccessDeniedException".to_owned(),
            status: 403,
            message: "as the test wants it".to_owned(),
        },
    }
}

/// The group's tags alone say where the record is: it stays with the record.
#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_keeps_the_group_that_remembers_it() {
    let scene = Scene::of("placeholder.toml", Verb::Up);
    let bench = scene.bench(steady());
    bench
        .simulator
        .set_faults(vec![denied("route53:GetChange", 1)]);
    let ended = up_or_back(&bench, &Arc::new(Stop::default())).await;
    let Err(undone) = ended else {
        panic!("nothing was refused");
    };
    let left = undone.outcome.report.left_behind();
    let left: Vec<&str> = left.iter().map(|key| key.as_str()).collect();
    assert!(
        left.contains(&"load-balancer-security-group") == left.contains(&"dns-record"),
        "{left:?}"
    );
    bench.simulator.set_faults(Vec::new());
    let down = down_by_name(&bench.afresh()).await;
    let findings = scene.oracle.gone(&bench, &down).await;
    assert!(findings.is_empty(), "{findings:?}");
}

#[tokio::test(start_paused = true)]
async fn creates_of_several_calls_report_what_they_made_before_they_failed() {
    for (operation, key) in [
        ("elasticloadbalancing:CreateRule", "listener-rule"),
        ("ec2:AuthorizeSecurityGroupIngress", "security-group-rules"),
    ] {
        let scene = Scene::of("site.toml", Verb::Up);
        let mut seen = 0;
        for call in 2..=4 {
            let bench = scene.bench(steady());
            bench.simulator.set_faults(vec![denied(operation, call)]);
            let outcome = bench.up().await;
            let look = bench.look();
            let owned = discover(&look).await.expect("it can be read");
            let there = owned.iter().any(|one| one.key.as_str() == key);
            let failed = outcome
                .report
                .failed
                .iter()
                .any(|(one, _)| one.as_str() == key);
            if there && failed {
                seen += 1;
                let left = outcome.report.left_behind();
                let said = left.iter().any(|one| one.as_str() == key);
                assert!(said, "{key} is there, call {call} failed: {left:?}");
            }
        }
        assert!(seen > 0, "{operation}: nothing was made before it failed");
    }
}
