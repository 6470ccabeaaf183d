//! Every field of every resource, altered one at a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::{
    aws::{Connection, read::Reads, simulated},
    clock::Clock,
    config::Config,
    event::Silent,
    pipeline::{execute, observe},
    preflight, rehearsal,
    simulator::{Simulator, conditions::Conditions},
    stack::{self, Stack},
    stop::Stop,
};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-central-1";

/// What no example shows, and why.
const NOT_SHOWN: &[&str] = &[];

fn examples() -> Vec<Config> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let examples = files.filter(|file| file.extension().is_some_and(|end| end == "toml"));
    let load = |file: std::path::PathBuf| Config::load(&file, &[], &|_| None).unwrap();
    examples.map(load).collect()
}

/// A stack as it stands after `up` in an account of its own.
async fn standing(config: &Config) -> (Simulator, Connection, Stack) {
    let simulator = Simulator::new(Conditions::default());
    rehearsal::furnish(&simulator, config, ACCOUNT, REGION).unwrap();
    let http = simulated::http_client(simulator.clone());
    let connection = Connection::through(http, ACCOUNT, REGION, Clock::REAL);
    let reads = Reads::new(connection.reader(), &config.stack);
    let references = preflight::check(config, &reads).await.unwrap();
    let bodies = stack::bodies(config, REGION).unwrap();
    let stack = Stack::new(config, &references, bodies);
    let plan = observe(&stack, &reads, Clock::REAL).await.unwrap();
    let (aws, stop) = (connection.writer(), Stop::default());
    let report = execute(&stack, &plan, &aws, &reads, &Silent, &stop).await;
    assert!(report.ok(), "{report:?}");
    observe(&stack, &reads.forgetful(), Clock::REAL)
        .await
        .unwrap();
    (simulator, connection, stack)
}

fn writes(simulator: &Simulator) -> usize {
    let reads = ["Get", "List", "Describe"];
    let is_write = |operation: &str| !reads.iter().any(|verb| operation.starts_with(verb));
    let all = simulator.journal();
    all.iter()
        .filter(|entry| is_write(&entry.operation))
        .count()
}

#[tokio::test(start_paused = true)]
async fn each_altered_field_is_seen_as_that_field_and_repaired_by_a_call() {
    let mut exact: BTreeSet<String> = BTreeSet::new();
    let mut repaired: BTreeMap<String, bool> = BTreeMap::new();
    for config in examples() {
        let (simulator, connection, stack) = standing(&config).await;
        let aws = connection.writer();
        for step in &stack.steps {
            for altered in step.alterations(&aws) {
                let field = altered.field;
                repaired.entry(field.clone()).or_default();
                if !altered.is_exact {
                    continue;
                }
                exact.insert(field.clone());
                let before = writes(&simulator);
                // Refusals count: what is altered here is not in the account.
                let _ = altered.repair.await;
                let is_repaired = altered.replaces || writes(&simulator) > before;
                *repaired.entry(field).or_default() |= is_repaired;
            }
        }
    }
    let unseen: Vec<&String> = repaired
        .keys()
        .filter(|field| !exact.contains(*field))
        .collect();
    assert_eq!(unseen, NOT_SHOWN, "altered, and not seen as that field");
    let unrepaired = repaired
        .iter()
        .filter(|(field, done)| exact.contains(*field) && !**done);
    let unrepaired: Vec<&String> = unrepaired.map(|(field, _)| field).collect();
    assert!(
        unrepaired.is_empty(),
        "seen, and no call repairs it: {unrepaired:?}"
    );
}
