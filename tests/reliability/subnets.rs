//! The file names other subnets: wherever they are, and whenever the run is killed, every name goes
//! on answering, and one run is enough.

use std::{fmt, time::Duration};

use hybridgw::{
    config::Config,
    rehearsal,
    simulator::{Simulator, ec2, random::Random, world::World},
};

use crate::{
    bench::{ACCOUNT, Bench, Outcome, example},
    onlooker::{ask, heard},
    support::{
        door::Kill,
        scene::{account_with, steady},
        sweep::{Breach, Findings, Ran, full, sample, sweep},
    },
};

/// A region with more than three zones.
const WHERE: &str = "us-east-1";
const VPC: &str = "vpc-0a1b2c3d4e5f60718";
/// Those in which it offers what is needed.
const ZONES: [char; 4] = ['a', 'b', 'd', 'e'];

/// What becomes of the subnet of each zone of the stack's, and how many zones come.
#[derive(Clone, Copy)]
struct Shape {
    stay: usize,
    /// Its zone stays with another subnet.
    other: usize,
    go: usize,
    come: usize,
}

/// What the stack's routes lead to, and the last part of the pinned addresses before and after.
type Kind = (&'static str, Option<u8>, Option<u8>);

const KINDS: [Kind; 11] = [
    ("all", None, None),
    ("all", Some(10), Some(10)),
    ("all", Some(10), Some(20)),
    ("api", None, None),
    ("api", Some(10), Some(10)),
    ("api", Some(10), Some(20)),
    ("api", None, Some(10)),
    ("api", Some(10), None),
    ("lambda", None, None),
    ("site", None, None),
    ("site and lambda", None, None),
];

/// Every change of two to four subnets to two to four.
fn shapes() -> Vec<Shape> {
    let (mut all, most) = (Vec::new(), ZONES.len());
    for stay in 0..=most {
        for other in 0..=most - stay {
            for go in 0..=most - stay - other {
                for come in 0..=most - stay - other - go {
                    let (before, after) = (stay + other + go, stay + other + come);
                    if before >= 2 && after >= 2 {
                        all.push(Shape {
                            stay,
                            other,
                            go,
                            come,
                        });
                    }
                }
            }
        }
    }
    all
}

struct Case {
    shape: Shape,
    kind: Kind,
    /// Which zones and subnets these are, and where it is killed.
    seed: u64,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape {
            stay,
            other,
            go,
            come,
        } = self.shape;
        let (routes, before, after) = self.kind;
        let pin = |pin: Option<u8>| pin.map_or_else(|| "none".to_owned(), |one| one.to_string());
        let (before, after) = (pin(before), pin(after));
        let seed = self.seed;
        write!(
            f,
            "{stay} stay {other} other {go} go {come} come, {routes}, {before} to {after}, {seed}"
        )
    }
}

/// All cases in the full sweep, and otherwise some, among them those that were wrong once.
fn cases() -> Vec<Case> {
    let pairs = shapes()
        .into_iter()
        .flat_map(|shape| KINDS.map(|kind| (shape, kind)));
    let changing = pairs.filter(|(shape, (_, before, after))| {
        shape.other + shape.go + shape.come > 0 || before != after
    });
    let all = (0..)
        .zip(changing)
        .map(|(seed, (shape, kind))| Case { shape, kind, seed });
    let known = |one: &Case| {
        let Shape {
            stay,
            other,
            go,
            come,
        } = one.shape;
        // A zone goes while each one that stays has another subnet.
        let one_goes = (stay, other, go, come) == (0, 2, 1, 0);
        // Every zone is another one.
        let all_go = (stay, other, go, come) == (0, 0, 2, 2);
        (one_goes || all_go) && matches!(one.kind, ("all" | "lambda", None, None))
    };
    let (mut known, rest): (Vec<Case>, Vec<Case>) = all.partition(known);
    known.extend(sample(rest, 8));
    known
}

/// A subnet: its zone, and a digit of its id and range.
type Place = (char, usize);

fn shuffled<T>(mut items: Vec<T>, random: &mut Random) -> Vec<T> {
    let mut all = Vec::new();
    while !items.is_empty() {
        let place = random.below(items.len() as u64);
        all.push(items.remove(usize::try_from(place).expect("it is below the length")));
    }
    all
}

impl Case {
    /// The subnets before and after.
    fn places(&self) -> (Vec<Place>, Vec<Place>) {
        let mut random = Random::seeded(self.seed);
        let Shape {
            stay,
            other,
            go,
            come,
        } = self.shape;
        let zones = shuffled(ZONES.to_vec(), &mut random);
        let digits = shuffled((1..=9).collect(), &mut random);
        let (mut zones, mut digits) = (zones.into_iter(), digits.into_iter());
        let mut next = || digits.next().expect("there are nine");
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (number, is_before, is_after) in [
            (stay, true, true),
            (other, true, true),
            (go, true, false),
            (come, false, true),
        ] {
            for zone in zones.by_ref().take(number) {
                if is_before {
                    before.push((zone, next()));
                }
                if is_after {
                    after.push((zone, next()));
                }
            }
        }
        after[..stay].copy_from_slice(&before[..stay]);
        (before, after)
    }

    fn config(&self, places: &[Place], pin: Option<u8>) -> Config {
        let text = std::fs::read_to_string(example("everything.toml")).expect("it is there");
        let text = text.replace("eu-central-1", WHERE);
        let function = format!("lambda=\"arn:aws:lambda:{WHERE}:{ACCOUNT}:function:alone\"");
        let site = "site={bucket=\"pages\", manage_policy=true}";
        let routes = match self.kind.0 {
            "api" => Some("{path=\"/\", api={placeholder=true}}".to_owned()),
            "lambda" => Some(format!("{{path=\"/\", {function}}}")),
            "site" => Some(format!("{{path=\"/\", {site}}}")),
            "site and lambda" => Some(format!(
                "{{path=\"/\", {site}}}, {{path=\"/hooks\", {function}}}"
            )),
            _ => None, // the example has all three
        };
        let list = |items: Vec<String>| format!("[\"{}\"]", items.join("\",\""));
        let ids = places.iter().map(|(_, digit)| id(*digit)).collect();
        let mut set = vec![format!("network.subnets={}", list(ids))];
        set.extend(routes.map(|routes| format!("route=[{routes}]")));
        let pins = |pin| {
            places
                .iter()
                .map(move |place| format!("10.0.{}.{pin}", place.1))
        };
        set.extend(pin.map(|pin| format!("endpoint.addresses={}", list(pins(pin).collect()))));
        let config = Config::parse(&text, &example("text.toml"), &set, &|_| None);
        config.unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// What clients ask for.
    fn asked(&self) -> Vec<(&'static str, &'static str)> {
        let paths: &[&str] = match self.kind.0 {
            "all" => &["/", "/api", "/hooks"],
            "site and lambda" => &["/", "/hooks"],
            _ => &["/"],
        };
        let host = "orders.corp.example.com";
        paths.iter().map(|path| (host, *path)).collect()
    }
}

fn id(digit: usize) -> String {
    format!("subnet-0{}", digit.to_string().repeat(16))
}

/// An account that has these subnets and what the files borrow.
fn account(places: &[Place], files: [&Config; 2]) -> Simulator {
    let simulator = Simulator::new(steady());
    let put = simulator.edit(|world, conditions| {
        let mut ctx = world.context(ACCOUNT, WHERE, conditions);
        for (zone, digit) in places {
            let range = format!("10.0.{digit}.0/24").parse().expect("a range");
            let zone = format!("{WHERE}{zone}");
            ec2::furnish::add_subnet(&mut ctx, &id(*digit), VPC, range, &zone);
        }
    });
    put.expect("it is in memory");
    for file in files {
        rehearsal::furnish(&simulator, file, ACCOUNT, WHERE).expect("it is in memory");
    }
    simulator
}

/// A stack that serves, and its clients.
struct Serving<'a> {
    start: &'a World,
    asked: &'a [(&'static str, &'static str)],
    findings: Findings,
}

impl Serving<'_> {
    fn at(&self, file: &Config) -> Bench {
        Bench::at(account_with(self.start, steady()), file.clone())
    }

    /// Does something while the clients ask, all of which have to be answered as before.
    async fn while_asked<T>(
        &mut self,
        what: &str,
        bench: &Bench,
        work: impl Future<Output = T>,
    ) -> T {
        let answers = || self.asked.iter().map(|one| ask(bench, one));
        let before: Vec<_> = answers().collect();
        let (done, heard) = heard(bench, self.asked, Box::pin(work)).await;
        let after: Vec<_> = answers().collect();
        let outage = heard.first.map(|first| {
            let words = format!("{what}: {} of {} s: {first}", heard.outage, heard.seconds);
            (Breach::Outage, words)
        });
        let changed = (before != after).then(|| {
            let words = format!("{what}: {before:?} became {after:?}");
            (Breach::Outage, words)
        });
        self.findings.extend(outage.into_iter().chain(changed));
        done
    }

    async fn judge(&mut self, what: &str, bench: &Bench, outcome: &Outcome) {
        if !outcome.ok() {
            let words = format!("{what}: {outcome:?}");
            self.findings.push((Breach::Report, words));
        }
        if let Some(error) = bench.unconverged().await {
            self.findings
                .push((Breach::Plan, format!("{what}: {error}")));
        }
    }

    /// Killed at a call; then the next run, for this file.
    async fn killed(&mut self, at: usize, applied: bool, wanted: &Config, next: &Config) {
        let what = format!("killed at {at}, applied: {applied}");
        let bench = self.at(wanted);
        let kill = Kill::at(at, applied);
        let first = bench.behind(kill.clone());
        self.while_asked(&what, &bench, kill.limit(first.up()))
            .await;
        let pause = tokio::time::sleep(Duration::from_mins(1));
        self.while_asked(&what, &bench, pause).await;
        let bench = Bench::at(bench.simulator, next.clone());
        let what = format!("{what}, then");
        let outcome = self.while_asked(&what, &bench, bench.up()).await;
        self.judge(&what, &bench, &outcome).await;
    }
}

#[test]
fn the_names_answer_while_the_stack_moves_to_any_other_subnets() {
    sweep(
        "the_names_answer_while_the_stack_moves",
        &cases(),
        async |case| {
            let (before, after) = case.places();
            let old = case.config(&before, case.kind.1);
            let wanted = case.config(&after, case.kind.2);
            let places: Vec<Place> = before.iter().chain(&after).copied().collect();
            let bench = Bench::at(account(&places, [&old, &wanted]), old.clone());
            let outcome = bench.up().await;
            assert!(outcome.ok(), "{outcome:?}");
            tokio::time::sleep(Duration::from_mins(5)).await;
            let asked = case.asked();
            for one in &asked {
                assert!(ask(&bench, one).is_good(), "{one:?}");
            }

            let start = bench.simulator.world();
            let mut serving = Serving {
                start: &start,
                asked: &asked,
                findings: Findings::new(),
            };
            let bench = serving.at(&wanted);
            let began = tokio::time::Instant::now();
            let outcome = serving.while_asked("unhurt", &bench, bench.up()).await;
            let took = began.elapsed();
            serving.judge("unhurt", &bench, &outcome).await;
            if took > Duration::from_mins(15) {
                let words = format!("it took {took:?}");
                serving.findings.push((Breach::Stuck, words));
            }
            let calls = bench.connection.journal.attempts() as u64;
            let mut random = Random::seeded(case.seed);
            for number in 0..if full() { 3 } else { 2 } {
                let at = usize::try_from(1 + random.below(calls)).expect("small");
                let next = if number % 3 == 2 { &old } else { &wanted };
                serving.killed(at, number % 2 == 0, &wanted, next).await;
            }
            Ran::with(serving.findings)
        },
    );
}
