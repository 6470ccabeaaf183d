//! Worlds to begin with: everything the configuration borrows, the stack or not
//! yet, and everywhere things of other people that look like ours.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use hybridgw::{
    config::Config,
    rehearsal,
    simulator::{
        Simulator, acm, apigateway,
        clock::Time,
        conditions::Conditions,
        ec2, elbv2, lambda,
        latency::{self, Latency, Span},
        route53,
        world::{Ctx, World},
    },
};
use serde_json::json;

use super::{
    door::{self, Gate, Listener},
    oracle::Oracle,
    shape::beyond,
    sweep::{Breach, Findings, prepared, whole},
    turns,
};
use crate::{
    bench::{ACCOUNT, Bench, EXAMPLES, Outcome, REGION, config, example},
    onlooker::{Said, ask, heard},
};

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Makes the stack.
    Up,
    /// Takes it away.
    Down,
    /// Follows a changed file: another subnet, and one route more.
    Change,
}

impl std::fmt::Display for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Change => "change",
        })
    }
}

/// A run that is to be disturbed, and how it should end.
pub struct Scene {
    /// The example's file.
    pub name: &'static str,
    /// What the run does.
    pub verb: Verb,
    /// What is wanted.
    pub config: Config,
    /// The world at the beginning.
    pub start: World,
    /// What to expect at the end.
    pub oracle: Oracle,
    /// How many calls an undisturbed run makes.
    pub calls: usize,
    /// The numbers of those that write.
    pub writes: Vec<usize>,
    /// What it calls: `ec2:DescribeVpcs`.
    pub operations: BTreeSet<String>,
    /// What clients ask for: hosts and paths.
    asked: Vec<(String, String)>,
    /// What a stack that was made at once answers them; nothing of one that goes.
    answers: Vec<Said>,
}

/// No quotas: the SDK's pauses after a throttle are random, and a case would not repeat. AWS takes
/// a quarter of its time: the order of things is the same, with fewer looks in between.
pub fn steady() -> Conditions {
    let quarter = |span: &Span| (span.name.to_owned(), span.seconds / 4.0);
    Conditions {
        quotas: false,
        latency: Latency {
            seconds: latency::TABLE.iter().map(quarter).collect(),
            jitter: 0.0,
        },
        ..Conditions::default()
    }
}

impl Scene {
    /// The scene of an example and a verb; made once.
    pub fn of(name: &'static str, verb: Verb) -> Arc<Self> {
        type Scenes = BTreeMap<(&'static str, Verb), Arc<OnceLock<Arc<Scene>>>>;
        static SCENES: Mutex<Scenes> = Mutex::new(BTreeMap::new());
        let mut scenes = SCENES.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = Arc::clone(scenes.entry((name, verb)).or_default());
        drop(scenes);
        let make = async move || Self::make(name, verb).await;
        let scene = cell.get_or_init(|| Arc::new(prepared(make)));
        Arc::clone(scene)
    }

    /// Every example with every verb.
    pub fn all() -> Vec<Arc<Self>> {
        let verbs = [Verb::Up, Verb::Down, Verb::Change];
        verbs.into_iter().flat_map(Self::with).collect()
    }

    /// Every example with this verb, and every change. Pins belong to their subnets: they do not
    /// go with the change of an example.
    pub fn with(verb: Verb) -> Vec<Arc<Self>> {
        let fits = |name: &&str| verb != Verb::Change || *name != "pinned.toml";
        let examples = EXAMPLES.into_iter().filter(fits);
        let turns = turns::names().filter(|_| verb == Verb::Change);
        let names = examples.chain(turns);
        names.map(|name| Self::of(name, verb)).collect()
    }

    async fn make(name: &'static str, verb: Verb) -> Self {
        let (first, wanted) = match verb {
            Verb::Change => turns::files(name).unwrap_or_else(|| (fewer(name), changed(name))),
            _ => (config(name, &[]), config(name, &[])),
        };
        let asked = asked(&[&first, &wanted]);
        let bench = Bench::at(furnished(&first, &wanted).await, first);
        let before = bench.simulator.world();
        if verb != Verb::Up {
            let outcome = bench.up().await;
            assert!(outcome.ok(), "{name}: {outcome:?}");
            tokio::time::sleep(Duration::from_mins(10)).await;
        }
        let mut scene = Self {
            name,
            verb,
            config: wanted,
            asked,
            answers: Vec::new(),
            start: bench.simulator.world(),
            oracle: Oracle {
                before,
                golden: BTreeMap::new(),
            },
            calls: 0,
            writes: Vec::new(),
            operations: BTreeSet::new(),
        };
        let listener = Arc::new(Listener::default());
        let bench = scene.bench(steady()).behind(listener.clone());
        let outcome = scene.go(&bench).await;
        assert!(outcome.ok(), "{name} {verb}: {outcome:?}");
        scene.calls = bench.connection.journal.attempts();
        scene.writes = listener.writes();
        let journal = bench.simulator.journal().into_iter();
        scene.operations = journal.map(|entry| entry.operation).collect();
        if verb != Verb::Down {
            // What stands at the end of a change is what a fresh `up` would make.
            let fresh = Bench::at(
                account_with(&scene.oracle.before, steady()),
                scene.config.clone(),
            );
            let outcome = fresh.up().await;
            assert!(outcome.ok(), "{name}: {outcome:?}");
            scene.oracle.golden = beyond(&scene.oracle.before, &fresh.simulator.world());
            scene.answers = scene.answers_of(&fresh);
            // Of names that nobody answers there would be nothing to hear.
            assert!(scene.answers.iter().any(Said::is_ok), "{name}");
        }
        scene
    }

    /// Where to kill it: at every call of the full sweep, at every write of a sample.
    pub fn boundaries(&self) -> Vec<usize> {
        if whole() {
            (1..=self.calls).collect()
        } else {
            self.writes.clone()
        }
    }

    /// The world at the beginning, to run on.
    pub fn bench(&self, conditions: Conditions) -> Bench {
        Bench::at(account_with(&self.start, conditions), self.config.clone())
    }

    /// Runs the verb.
    pub async fn go(&self, bench: &Bench) -> Outcome {
        match self.verb {
            Verb::Down => bench.down().await,
            Verb::Up | Verb::Change => bench.up().await,
        }
    }

    /// Does something, and if that is a change, while clients ask.
    pub async fn asking<T>(&self, bench: &Bench, work: impl Future<Output = T>) -> (T, Findings) {
        match self.verb {
            Verb::Change => self.asked(bench, work).await,
            Verb::Up | Verb::Down => (work.await, Findings::new()),
        }
    }

    /// Does something to a serving stack while its clients ask at every second: each name has to
    /// answer what it did before, or what it does afterwards.
    pub async fn asked<T>(&self, bench: &Bench, work: impl Future<Output = T>) -> (T, Findings) {
        let (done, heard) = heard(bench, &self.places(), work).await;
        let outage = heard.first.map(|first| {
            let words = format!("{} of {} seconds: {first}", heard.outage, heard.seconds);
            (Breach::Outage, words)
        });
        (done, outage.into_iter().collect())
    }

    fn places(&self) -> Vec<(&str, &str)> {
        let all = self.asked.iter();
        all.map(|(host, path)| (host.as_str(), path.as_str()))
            .collect()
    }

    fn answers_of(&self, bench: &Bench) -> Vec<Said> {
        let places = self.places();
        places.iter().map(|place| ask(bench, place)).collect()
    }

    /// Judges how it ended.
    pub async fn judge(&self, bench: &Bench, outcome: &Outcome) -> Findings {
        match self.verb {
            Verb::Down => self.oracle.gone(bench, outcome).await,
            Verb::Up | Verb::Change => {
                let mut findings = self.oracle.whole(bench, outcome).await;
                findings.extend(self.unlike(bench));
                findings
            }
        }
    }

    /// What clients are answered otherwise than by a stack that was made at once.
    fn unlike(&self, bench: &Bench) -> Findings {
        let now = self.answers_of(bench);
        let ends = self.asked.iter().zip(now).zip(&self.answers);
        let wrong = ends.filter(|((_, said), wanted)| !said.is_like(wanted));
        let words = wrong.map(|((place, said), wanted)| {
            let words = format!("in the end {place:?}: {said:?}, not {wanted:?}");
            (Breach::Outage, words)
        });
        words.collect()
    }
}

impl Bench {
    /// The same stack and account through a gate: another process.
    pub fn behind(&self, gate: Arc<dyn Gate>) -> Self {
        let http = door::client(self.simulator.clone(), gate);
        Self::through(http, self.simulator.clone(), self.config.clone())
    }

    /// Another process.
    pub fn afresh(&self) -> Self {
        Self::at(self.simulator.clone(), self.config.clone())
    }
}

/// Every name of these files, with a page and what is below it for every route.
fn asked(files: &[&Config]) -> Vec<(String, String)> {
    let mut hosts = BTreeSet::new();
    let mut paths = BTreeSet::new();
    for file in files {
        hosts.insert(file.domain.name.clone());
        hosts.extend(file.domain.aliases.iter().map(|alias| alias.name.clone()));
        for route in &file.routes {
            let below = route.path.trim_end_matches('/');
            // The last one is what the example's own API has.
            let own = ["/x", "/orders"].map(|end| format!("{below}{end}"));
            paths.extend([route.path.clone()].into_iter().chain(own));
        }
    }
    let all = hosts.iter().flat_map(|host| {
        let one = |path: &String| (host.clone(), path.clone());
        paths.iter().map(one)
    });
    all.collect()
}

/// An account with a copy of this world in it, at its time.
pub fn account_with(world: &World, conditions: Conditions) -> Simulator {
    let simulator = Simulator::new(conditions.clone());
    simulator.skip(world.now.since(Time::START));
    let put = simulator.edit(|here, _| *here = world.clone());
    put.expect("it is in memory");
    // Reads that lag begin with this world, not with an empty one.
    simulator.set_conditions(conditions);
    simulator
}

/// The example with one subnet less, so that a change can follow.
fn fewer(name: &str) -> Config {
    let subnets = match name {
        "placeholder.toml" => {
            r#"network.subnets=["subnet-0aaaaaaaaaaaaaaaa","subnet-0bbbbbbbbbbbbbbbb"]"#
        }
        _ => r#"network.subnets=["subnet-0aaaaaaaaaaaaaaaa","subnet-0cccccccccccccccc"]"#,
    };
    config(name, &[subnets.to_owned()])
}

/// The example with another subnet and a route more.
fn changed(name: &str) -> Config {
    let subnets = r#"network.subnets=["subnet-0bbbbbbbbbbbbbbbb","subnet-0cccccccccccccccc"]"#;
    let text = std::fs::read_to_string(example(name)).expect("an example can be read");
    let more = "\n[[route]]\npath = \"/more\"\napi = { placeholder = true, stage = \"v2\" }\n";
    load(&(text + more), &[subnets.to_owned()])
}

/// Reads a configuration from a text, as if it were a file beside the examples.
fn load(text: &str, set: &[String]) -> Config {
    let config = Config::parse(text, &example("text.toml"), set, &|_| None);
    config.unwrap_or_else(|errors| panic!("{errors}"))
}

/// An account that has what these borrow, and what others have.
async fn furnished(first: &Config, second: &Config) -> Simulator {
    let simulator = Simulator::new(Conditions::default());
    // First the one that names three subnets, so that each is in a zone of its own.
    // It is in the same zone: two of one name would answer for each other.
    let zone = format!("domain.zone={}", first.domain.zone);
    for one in [&config("placeholder.toml", &[zone]), first, second] {
        rehearsal::furnish(&simulator, one, ACCOUNT, REGION).expect("it is in memory");
    }
    neighbour(&simulator, first).await;
    let decoyed = simulator.edit(|world, conditions| {
        let mut ctx = world.context(ACCOUNT, REGION, conditions);
        add_decoys(&mut ctx, first);
    });
    decoyed.expect("it is in memory");
    // The buckets fill again, and everything settles.
    tokio::time::sleep(Duration::from_mins(30)).await;
    simulator
}

/// Another stack of hybridgw's own, with a name that begins ours or that ours begins, and with an
/// API that is called like one of ours.
async fn neighbour(simulator: &Simulator, ours: &Config) {
    let (stack, path) = match ours.stack.as_str() {
        "orders-dev" => ("orders", "/dev"),
        _ => ("orders-dev", "/"),
    };
    let zone = &ours.domain.zone;
    let text = std::fs::read_to_string(example("placeholder.toml")).expect("it can be read");
    let text = text
        .replace("\"orders-dev\"", &format!("{stack:?}"))
        .replace("\"orders.corp.example.com\"", "\"next.corp.example.com\"")
        .replace("\"corp.example.com\"", &format!("{zone:?}"))
        .replace("path = \"/\"", &format!("path = {path:?}"))
        .replace("12345678-1234", "32345678-1234");
    let config = load(&text, &[]);
    rehearsal::furnish(simulator, &config, ACCOUNT, REGION).expect("it is in memory");
    let bench = Bench::at(simulator.clone(), config);
    let outcome = bench.up().await;
    assert!(outcome.ok(), "the neighbour: {outcome:?}");
}

/// Things that look like ours and are not.
fn add_decoys(ctx: &mut Ctx<'_>, ours: &Config) {
    let stack = &ours.stack;
    let vpc = &ours.network.vpc;
    let tags = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        pairs.collect::<BTreeMap<String, String>>()
    };
    // Groups of the same names in another VPC, untagged; and one whose tag is nearly ours.
    let other = "vpc-0feedfeedfeedfeed";
    ec2::furnish::add_vpc(ctx, other, "10.9.0.0/16".parse().expect("a range"));
    for (id, place, name) in [
        (
            "sg-0aaaaaaaaaaaaaa01",
            other,
            format!("{stack}-load-balancer"),
        ),
        ("sg-0aaaaaaaaaaaaaa02", other, format!("{stack}-endpoint")),
        (
            "sg-0aaaaaaaaaaaaaa03",
            vpc,
            format!("{stack}-load-balancers"),
        ),
    ] {
        ec2::furnish::add_group(ctx, id, place, &name, "somebody's");
    }
    let near = tags(&[
        ("hybridgw:stack", &format!("{stack}2")),
        ("hybridgw:resource", "vpc-endpoint"),
    ]);
    ctx.here
        .ec2
        .tags
        .insert("sg-0aaaaaaaaaaaaaa03".to_owned(), near.clone());
    // A user's own endpoint for the same service, and an API for it that is called like ours.
    let service = format!("com.amazonaws.{REGION}.execute-api");
    let (endpoint, subnets) = ("vpce-0aaaaaaaaaaaaaa01", &ours.network.subnets);
    let groups = ["sg-0aaaaaaaaaaaaaa03".to_owned()];
    let added = ec2::furnish::add_endpoint(ctx, endpoint, vpc, &service, subnets, &groups);
    assert!(added.is_ok(), "{added:?}");
    for id in ["decoy00001", "decoy00002"] {
        let added = apigateway::furnish::add_api(ctx, id, "v1", &[endpoint.to_owned()]);
        assert!(added.is_ok(), "{added:?}");
        let api = ctx.here.apigateway.apis.get_mut(id).expect("just added");
        stack.clone_into(&mut api.name);
    }
    let api = ctx
        .here
        .apigateway
        .apis
        .get_mut("decoy00002")
        .expect("just added");
    api.tags = near;
    // A load balancer, listener and target group of a user's.
    let arn = |rest: &str| format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{rest}");
    let balancer = arn(&format!("loadbalancer/app/{stack}-x/50dc6c495c0c9188"));
    let added = elbv2::furnish::add_load_balancer(ctx, &balancer, vpc, subnets, &groups);
    assert!(added.is_ok(), "{added:?}");
    let listener = arn(&format!(
        "listener/app/{stack}-x/50dc6c495c0c9188/f2f7dc8efc522ab2"
    ));
    elbv2::furnish::add_https_listener(ctx, &listener, 443, &ours.domain.certificate);
    let group = arn(&format!("targetgroup/{stack}-backend/73e2d6bc24d8a067"));
    elbv2::furnish::add_target_group(ctx, &group, vpc, "/");
    add_decoy_records(ctx, ours);
    add_decoy_permissions(ctx, ours);
    let certificate = format!("arn:aws:acm:{REGION}:{ACCOUNT}:certificate/decoy");
    acm::furnish::add_certificate(
        ctx,
        &certificate,
        std::slice::from_ref(&ours.domain.name),
        acm::Status::Issued,
    );
}

/// Records beside ours: other types at our name, other names of the zone.
fn add_decoy_records(ctx: &mut Ctx<'_>, ours: &Config) {
    let wanted = ours.domain.zone.trim_end_matches('.').to_owned();
    let host = &ours.domain.name;
    for (id, zone) in &mut ctx.global.route53.zones {
        if *id != wanted && zone.name.trim_end_matches('.') != wanted {
            continue;
        }
        for (name, kind, value) in [
            (format!("{host}."), "TXT", "\"somebody's\""),
            (format!("www.{host}."), "A", "10.0.9.9"),
            (format!("x{host}."), "A", "10.0.9.10"),
        ] {
            zone.records.push(route53::Record {
                name,
                kind: kind.to_owned(),
                ttl: Some(300),
                values: vec![value.to_owned()],
                ..route53::Record::default()
            });
        }
        zone.records.sort_by(|a, b| a.key().cmp(&b.key()));
    }
}

/// Statements of others on the functions that we invoke.
fn add_decoy_permissions(ctx: &mut Ctx<'_>, ours: &Config) {
    let names: Vec<String> = ctx.here.lambda.functions.keys().cloned().collect();
    for name in names {
        let Some(function) = ctx.here.lambda.functions.get_mut(&name) else {
            continue;
        };
        let statement = json!({
            "Sid": format!("{}-somebody", ours.stack), "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"),
            "Condition": {"ArnLike": {"AWS:SourceArn":
                format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:decoy00001/*")}},
        });
        let policy = lambda::Policy {
            statements: vec![statement],
        };
        function.policies.insert(String::new(), policy);
    }
}
