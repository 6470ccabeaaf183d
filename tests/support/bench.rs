//! The product on a simulated account, in the paused time of a test.

use std::path::{Path, PathBuf};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use hybridgw::{
    Error,
    aws::{Connection, read::Reads, simulated},
    clock::Clock,
    config::Config,
    event::Silent,
    pipeline::{Plan, Report, converge, execute, observe, refusal, remove, survey},
    preflight, rehearsal,
    simulator::{Simulator, conditions::Conditions},
    stack::{self, Stack},
    stop::Stop,
};

pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "eu-central-1";
/// The configurations that the tests run: a new example joins here.
pub const EXAMPLES: [&str; 8] = [
    "placeholder.toml",
    "apis.toml",
    "lambda.toml",
    "aliases.toml",
    "site.toml",
    "everything.toml",
    "borrowed-endpoint.toml",
    "pinned.toml",
];

/// Those whose routes are all APIs: for tests that know every piece of such a stack.
pub const API_EXAMPLES: [&str; 2] = ["placeholder.toml", "apis.toml"];

pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/examples")
        .join(name)
}

/// Reads an example, with settings as `--set` takes them.
pub fn config(name: &str, set: &[String]) -> Config {
    Config::load(&example(name), set, &|_| None).expect("an example is right")
}

/// A stack on a simulated account.
#[derive(Clone)]
pub struct Bench {
    pub config: Config,
    pub connection: Connection,
    pub simulator: Simulator,
}

/// What `up` or `down` came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was done.
    pub report: Report,
    /// Why nothing was done, or why it was not all: the command's exit code is 1.
    pub error: Option<Error>,
}

impl Outcome {
    /// Whether the command would exit with 0.
    pub fn ok(&self) -> bool {
        self.error.is_none() && self.report.ok()
    }

    fn stopped(error: Error) -> Self {
        Self {
            error: Some(error),
            ..Self::default()
        }
    }
}

impl Bench {
    pub fn new(name: &str, conditions: Conditions) -> Self {
        let config = config(name, &[]);
        let simulator = Simulator::new(conditions);
        rehearsal::furnish(&simulator, &config, ACCOUNT, REGION).expect("it is in memory");
        Self::at(simulator, config)
    }

    /// A stack on an account that has all it borrows.
    pub fn at(simulator: Simulator, config: Config) -> Self {
        let http = simulated::http_client(simulator.clone());
        Self::through(http, simulator, config)
    }

    /// The same, calling through another door.
    pub fn through(http: SharedHttpClient, simulator: Simulator, config: Config) -> Self {
        let region = config.region.as_deref().unwrap_or(REGION);
        Self {
            connection: Connection::through(http, ACCOUNT, region, Clock::REAL),
            config,
            simulator,
        }
    }

    pub fn look(&self) -> Reads {
        Reads::new(self.connection.reader(), &self.config.stack)
    }

    pub async fn plan(&self, look: &Reads) -> Result<(Stack, Plan), Error> {
        let bodies = stack::bodies(&self.config, &self.connection.region)?;
        let references = preflight::check(&self.config, look).await?;
        let stack = Stack::new(&self.config, &references, bodies);
        let plan = observe(&stack, look, Clock::REAL).await?;
        Ok((stack, plan))
    }

    /// `up --yes --allow-replace`, its second plan included.
    pub async fn up(&self) -> Outcome {
        self.up_until(&Stop::default()).await
    }

    pub async fn up_until(&self, stop: &Stop) -> Outcome {
        let look = self.look();
        let (stack, plan) = match self.plan(&look).await {
            Ok(planned) => planned,
            Err(error) => return Outcome::stopped(error),
        };
        if plan.converged() {
            return Outcome::default();
        }
        let aws = self.connection.writer();
        let report = execute(&stack, &plan, &aws, &look, &Silent, stop).await;
        let mut outcome = Outcome {
            report,
            error: None,
        };
        if outcome.report.may_go_on() {
            let report = &mut outcome.report;
            let last = converge(&stack, &self.connection, &Silent, stop, report).await;
            outcome.error = match last {
                Err(error) => Some(error),
                Ok((plan, _)) => not_empty(&plan),
            };
        }
        outcome
    }

    /// Why a fresh plan is not empty, if it is not.
    pub async fn unconverged(&self) -> Option<Error> {
        match self.plan(&self.look()).await {
            Err(error) => Some(error),
            Ok((_, plan)) => not_empty(&plan),
        }
    }

    async fn look_where_the_file_says(&self) -> Result<Reads, Error> {
        let mut look = self.look();
        preflight::locate(&self.config, &mut look).await?;
        Ok(look)
    }

    /// `down --yes`, its second round included.
    pub async fn down(&self) -> Outcome {
        let mut outcome = Outcome::default();
        let aws = self.connection.writer();
        let look = match self.look_where_the_file_says().await {
            Ok(look) => look,
            Err(error) => return Outcome::stopped(error),
        };
        for round in 0..2 {
            let look = look.forgetful();
            let found = match survey(&look).await {
                Ok(found) => found,
                Err(error) => {
                    return Outcome {
                        error: Some(error),
                        ..outcome
                    };
                }
            };
            if found.free.is_empty() {
                outcome.error = found.gaps();
                return outcome;
            }
            if round == 0
                && let Err(error) = refusal::of_removal(&found.free, &look).await
            {
                return Outcome::stopped(error);
            }
            let stop = Stop::default();
            let gone = remove(&found.free, &aws, &look, &Silent, &stop).await;
            outcome.report.extend(gone);
            if !outcome.report.ok() {
                return outcome;
            }
        }
        outcome.error = match survey(&look.forgetful()).await {
            Ok(left) if left.free.is_empty() => left.gaps(),
            Ok(left) => {
                let left: Vec<String> = left.owned().map(|one| one.key.to_string()).collect();
                Some(Error::invalid(format!("left behind: {}", left.join(", "))))
            }
            Err(error) => Some(error),
        };
        outcome
    }

    /// Fails if a fault rule or a lag has struck nothing: then the test has not
    /// asked what it meant to ask.
    #[track_caller]
    pub fn assert_struck(&self) {
        let idle = self.simulator.idle();
        assert!(idle.is_empty(), "these have struck nothing: {idle:?}");
    }

    /// Ends the faults, all of which have struck.
    #[track_caller]
    pub fn heal(&self) {
        self.assert_struck();
        self.simulator.set_faults(Vec::new());
    }

    /// Calls so far that were not reads.
    pub fn writes(&self) -> usize {
        let reads = ["Describe", "Get", "Head", "List"];
        let calls = self.connection.journal.by_operation();
        let writes = calls
            .iter()
            .filter(|(name, _)| !reads.iter().any(|read| name.starts_with(read)));
        writes.map(|(_, count)| count).sum()
    }

    /// Everything that exists, but for what moves by itself.
    pub fn census(&self) -> serde_json::Value {
        let world = serde_json::to_value(self.simulator.world()).expect("a world is JSON");
        let mut here = world["accounts"][ACCOUNT].clone();
        // Calls to global services leave a bucket of tokens elsewhere.
        let mut region = here["regions"][REGION].take();
        region["buckets"] = serde_json::Value::Null;
        // Tokens are remembered after their endpoint is gone, as in AWS.
        region["ec2"]["tokens"] = serde_json::Value::Null;
        // And deleted endpoints are shown for a while.
        region["ec2"]["gone"] = serde_json::Value::Null;
        // A policy that has lost its last statement is as good as none.
        let functions = region["lambda"]["functions"].as_object_mut();
        for function in functions.into_iter().flat_map(|all| all.values_mut()) {
            let policies = function["policies"].as_object_mut().expect("a map");
            policies.retain(|_, policy| policy["statements"] != serde_json::json!([]));
            forget(function, &["revision", "settled"]);
        }
        // What was numbered, and what was just released.
        region["elbv2"]["serial"] = serde_json::Value::Null;
        region["elbv2"]["released"] = serde_json::Value::Null;
        here["global"]["route53"]["changes"] = serde_json::Value::Null;
        here["regions"] = region;
        here
    }
}

/// Takes these members away, wherever they are: a function's revision is another
/// one after each change of its policy, also when the policy is as before.
pub fn forget(value: &mut serde_json::Value, names: &[&str]) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    members.retain(|name, _| !names.contains(&name.as_str()));
    for inner in members.values_mut() {
        forget(inner, names);
    }
}

/// What a last plan that is not empty comes to.
fn not_empty(plan: &Plan) -> Option<Error> {
    let shown = hybridgw::ui::plan::render(plan);
    let error = Error::invalid(format!("a second plan is not empty:\n{shown}"));
    (!plan.converged()).then_some(error)
}

/// The places at which two censuses differ.
pub fn differences(before: &serde_json::Value, after: &serde_json::Value) -> Vec<String> {
    fn walk(a: &serde_json::Value, b: &serde_json::Value, place: &str, found: &mut Vec<String>) {
        match (a, b) {
            (serde_json::Value::Object(a), serde_json::Value::Object(b)) => {
                let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                for key in keys {
                    let none = serde_json::Value::Null;
                    let (a, b) = (a.get(key).unwrap_or(&none), b.get(key).unwrap_or(&none));
                    walk(a, b, &format!("{place}/{key}"), found);
                }
            }
            _ if a == b => {}
            _ => found.push(format!("{place}: {a} -> {b}")),
        }
    }
    let mut found = Vec::new();
    walk(before, after, "", &mut found);
    found
}

/// Fails with the places that differ, not with two whole worlds.
pub fn assert_same(before: &serde_json::Value, after: &serde_json::Value, what: &str) {
    let found = differences(before, after);
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}
