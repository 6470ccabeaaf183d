//! Other people's things where ours should be: never written, and said clearly.

use std::{collections::BTreeMap, fmt};

use hybridgw::{
    error::ErrorKind,
    names,
    simulator::{
        Simulator, apigateway,
        conditions::Conditions,
        ec2, elbv2,
        faults::{Fault, Rule},
        route53,
        world::{Ctx, Region, World},
    },
};

use crate::{
    bench::{ACCOUNT, API_EXAMPLES, Bench, Outcome, REGION},
    support::{
        door::Kill,
        oracle::Oracle,
        scene::{Scene, Verb, steady},
        sweep::{Breach, Findings, Ran, sample, sweep},
    },
};

/// Whose the thing is that stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// It has no tags.
    Untagged,
    /// Another stack's.
    Neighbours,
    /// It has the tag of our stack, and no key.
    HalfOurs,
}

const WHOSE: [Whose; 3] = [Whose::Untagged, Whose::Neighbours, Whose::HalfOurs];

/// Things whose names are taken.
const TAKEN: [&str; 8] = [
    "load-balancer-security-group",
    "endpoint-security-group",
    "load-balancer",
    "target-group",
    "domain-name",
    "record",
    "record of another balancer",
    "alias",
];

struct Case {
    name: &'static str,
    taken: &'static str,
    whose: Whose,
    /// Where the run is killed first.
    killed: Option<usize>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{:?}", self.name, self.taken, self.whose)?;
        self.killed
            .map_or(Ok(()), |at| write!(f, "/killed at {at}"))
    }
}

fn tags(whose: Whose, stack: &str, key: &str) -> BTreeMap<String, String> {
    let pairs: &[(&str, &str)] = match whose {
        Whose::Untagged => &[],
        Whose::Neighbours => &[("hybridgw:stack", "elsewhere"), ("hybridgw:resource", key)],
        Whose::HalfOurs => &[("hybridgw:stack", stack)],
    };
    let pairs = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    pairs.collect()
}

/// Puts the thing there.
fn take(ctx: &mut Ctx<'_>, bench: &Bench, taken: &str, whose: Whose) {
    let config = &bench.config;
    let (stack, network) = (&config.stack, &config.network);
    let arn = |rest: &str| format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{rest}");
    let tags = tags(whose, stack, taken);
    match taken {
        "load-balancer-security-group" | "endpoint-security-group" => {
            let suffix = taken.trim_end_matches("-security-group");
            let (id, name) = ("sg-0bbbbbbbbbbbbbb01", format!("{stack}-{suffix}"));
            ec2::furnish::add_group(ctx, id, &network.vpc, &name, "somebody's");
            ctx.here.ec2.tags.insert(id.to_owned(), tags);
        }
        "load-balancer" => {
            let arn = arn(&format!("loadbalancer/app/{stack}/50dc6c495c0c9199"));
            let groups = ["sg-0aaaaaaaaaaaaaa03".to_owned()];
            let added = elbv2::furnish::add_load_balancer(
                ctx,
                &arn,
                &network.vpc,
                &network.subnets,
                &groups,
            );
            assert!(added.is_ok(), "{added:?}");
            ctx.here.elbv2.tags.insert(arn, tags);
        }
        "target-group" => {
            let name = names::target_group(stack, "target-group");
            let arn = arn(&format!("targetgroup/{name}/73e2d6bc24d8a099"));
            elbv2::furnish::add_target_group(ctx, &arn, &network.vpc, "/");
            // With a target of theirs, where ours would stand.
            let group = ctx.here.elbv2.groups.get_mut(&arn).expect("just added");
            group.targets.push(elbv2::Target {
                id: "10.0.1.77".to_owned(),
                port: Some(443),
                zone: None,
                serial: 0,
                health: elbv2::Health::default(),
                draining: false,
            });
            ctx.here.elbv2.tags.insert(arn, tags);
        }
        "domain-name" => {
            let domains = &mut ctx.here.apigateway.domains;
            let (_, other) = domains.iter().next().expect("the neighbour has one");
            let mut domain: apigateway::Domain = other.clone();
            domain.name.clone_from(&config.domain.name);
            domain.tags = tags;
            // It leads to an API of theirs, where our mapping would stand.
            let mapping = apigateway::Mapping {
                api: "decoy00001".to_owned(),
                stage: Some("v1".to_owned()),
            };
            domain.mappings = BTreeMap::from([("(none)".to_owned(), mapping)]);
            domains.insert(config.domain.name.clone(), domain);
        }
        _ => take_name(ctx, bench, taken),
    }
}

/// A record at the stack's name: records have no tags.
fn take_name(ctx: &mut Ctx<'_>, bench: &Bench, taken: &str) {
    let config = &bench.config;
    let wanted = config.domain.zone.trim_end_matches('.').to_owned();
    let alias = |name: &str| {
        Some(route53::Alias {
            zone: "Z215JYRZR1TBD5".to_owned(),
            name: format!("{name}.{REGION}.elb.amazonaws.com."),
            follows_health: false,
        })
    };
    let mut record = route53::Record {
        name: format!("{}.", config.domain.name),
        kind: "A".to_owned(),
        ..route53::Record::default()
    };
    match taken {
        "record" => {
            record.ttl = Some(60);
            record.values = vec!["10.0.9.8".to_owned()];
        }
        "alias" => record.alias = alias("internal-somebody-1234567890"),
        _ => record.alias = alias(&format!("internal-{}-blue-1234567890", config.stack)),
    }
    for (id, zone) in &mut ctx.global.route53.zones {
        if *id == wanted || zone.name.trim_end_matches('.') == wanted {
            zone.records.push(record.clone());
            zone.records.sort_by(|a, b| a.key().cmp(&b.key()));
        }
    }
}

pub fn edit(simulator: &Simulator, change: impl FnOnce(&mut Ctx<'_>)) {
    let done = simulator.edit(|world, conditions| {
        change(&mut world.context(ACCOUNT, REGION, conditions));
    });
    done.expect("it is in memory");
}

/// What others have is as it was.
fn untouched(before: &World, bench: &Bench) -> Findings {
    let oracle = Oracle {
        before: before.clone(),
        golden: BTreeMap::new(),
    };
    oracle.foreign(&bench.simulator.world())
}

fn every_taken_name(killed: impl Fn(&str) -> Vec<Option<usize>>) -> Vec<Case> {
    let mut cases = Vec::new();
    for name in API_EXAMPLES {
        for taken in TAKEN {
            for whose in WHOSE {
                let record = taken.contains("record") || taken == "alias";
                if record && whose != Whose::Untagged {
                    continue;
                }
                cases.extend(killed(name).into_iter().map(|killed| Case {
                    name,
                    taken,
                    whose,
                    killed,
                }));
            }
        }
    }
    cases
}

async fn taken(case: &Case) -> Ran {
    let scene = Scene::of(case.name, Verb::Up);
    let bench = scene.bench(steady());
    if let Some(at) = case.killed {
        // A part of ours is there before somebody comes.
        let kill = Kill::at(at, true);
        kill.limit(bench.behind(kill.clone()).up()).await;
    }
    if is_standing(&bench, case.taken) {
        return Ran::default();
    }
    edit(&bench.simulator, |ctx| {
        take(ctx, &bench, case.taken, case.whose);
    });
    let before = bench.simulator.world();
    let bench = bench.afresh();
    let outcome = bench.up().await;
    let mut findings = untouched(&before, &bench);
    findings.extend(refused(&outcome, &bench));
    let outcome = bench.afresh().down().await;
    findings.extend(untouched_after_down(&before, &scene, &bench, &outcome));
    let mut ran = Ran::with(findings);
    ran.count("refused", 1);
    ran
}

#[test]
fn a_name_that_somebody_has_is_refused_and_nothing_of_theirs_is_written() {
    let cases = every_taken_name(|_| vec![None]);
    sweep("a_name_that_somebody_has", &cases, taken);
}

#[test]
fn a_name_that_somebody_took_after_a_kill_is_refused() {
    let points = |name: &str| {
        let example = API_EXAMPLES.into_iter().find(|one| *one == name);
        let scene = Scene::of(example.expect("an example"), Verb::Up);
        scene.writes.iter().copied().map(Some).collect()
    };
    let cases = sample(every_taken_name(points), 10);
    sweep("a_name_that_somebody_took", &cases, taken);
}

/// Whether the thing of ours is there already, so that its name cannot be taken.
fn is_standing(bench: &Bench, taken: &str) -> bool {
    let world = bench.simulator.world();
    let here: &Region = world.region(ACCOUNT, REGION).expect("it is in use");
    let stack = &bench.config.stack;
    match taken {
        "load-balancer" => here.elbv2.balancers.values().any(|one| one.name == *stack),
        "target-group" => {
            let name = names::target_group(stack, "target-group");
            here.elbv2.groups.values().any(|one| one.name == name)
        }
        "domain-name" => here
            .apigateway
            .domains
            .contains_key(&bench.config.domain.name),
        "load-balancer-security-group" | "endpoint-security-group" => {
            let suffix = taken.trim_end_matches("-security-group");
            let name = format!("{stack}-{suffix}");
            let mut groups = here.ec2.groups.values();
            groups.any(|one| one.name == name && one.vpc == bench.config.network.vpc)
        }
        _ => {
            let account = world.accounts().get(ACCOUNT).expect("it is in use");
            let mut zones = account.global.route53.zones.values();
            let name = format!("{}.", bench.config.domain.name);
            zones.any(|zone| {
                zone.records
                    .iter()
                    .any(|one| one.name == name && one.kind == "A")
            })
        }
    }
}

/// Refused before the first write, with a remedy.
fn refused(outcome: &Outcome, bench: &Bench) -> Findings {
    let mut findings = Findings::new();
    match &outcome.error {
        Some(error) if error.kind == ErrorKind::NotOurs && !error.hints.is_empty() => {}
        other => findings.push((
            Breach::Report,
            format!("not refused clearly: {other:?}, {:?}", outcome.report),
        )),
    }
    if bench.writes() > 0 {
        findings.push((
            Breach::Foreign,
            format!("{} writes all the same", bench.writes()),
        ));
    }
    findings
}

fn untouched_after_down(
    before: &World,
    scene: &Scene,
    bench: &Bench,
    outcome: &Outcome,
) -> Findings {
    let mut theirs = scene.oracle.foreign(&bench.simulator.world());
    if !outcome.ok() {
        theirs.push((Breach::Report, format!("down failed: {outcome:?}")));
    }
    let others = only_foreign(before, scene, bench);
    theirs.extend(others);
    theirs
}

/// The thing that took the name is still there after `down`.
fn only_foreign(before: &World, scene: &Scene, bench: &Bench) -> Findings {
    let after = crate::support::shape::beyond(&scene.oracle.before, &bench.simulator.world());
    let then = crate::support::shape::beyond(&scene.oracle.before, before);
    // What is left is what took the name: a group, its rule, a balancer, its interfaces, a record …
    let gone = after.is_empty();
    let words = format!("nothing is left of {then:?}");
    if gone {
        vec![(Breach::Foreign, words)]
    } else {
        Findings::new()
    }
}

/// A listener of somebody's on the stack's own load balancer, on a port that ours would have.
#[test]
fn a_listener_that_somebody_has_where_ours_would_be_is_refused_and_left_as_it_is() {
    let cases: Vec<String> = [443_u16, 80]
        .into_iter()
        .flat_map(|port| WHOSE.map(|whose| format!("{port}/{whose:?}")))
        .collect();
    sweep("a_listener_that_somebody_has", &cases, async |case| {
        let (port, whose) = case.split_once('/').expect("two parts");
        let port: u16 = port.parse().expect("a port");
        let whose = WHOSE.into_iter().find(|one| format!("{one:?}") == whose);
        let whose = whose.expect("somebody");
        let scene = Scene::of("placeholder.toml", Verb::Up);
        let no_listeners = Conditions {
            faults: vec![denying("elasticloadbalancing:CreateListener")],
            ..steady()
        };
        let bench = scene.bench(no_listeners);
        let half = bench.up().await;
        assert!(!half.ok() && bench.simulator.idle().is_empty(), "{half:?}");
        bench.simulator.set_faults(Vec::new());
        let stack = &bench.config.stack;
        edit(&bench.simulator, |ctx| {
            let balancers = &ctx.here.elbv2.balancers;
            let own = balancers.iter().find(|(_, one)| one.name == *stack);
            let arn = own
                .expect("it stands")
                .0
                .replacen(":loadbalancer/", ":listener/", 1);
            let arn = format!("{arn}/f2f7dc8efc52dddd");
            elbv2::furnish::add_https_listener(ctx, &arn, port, &bench.config.domain.certificate);
            ctx.here
                .elbv2
                .tags
                .insert(arn, tags(whose, stack, "listener"));
        });
        let before = bench.simulator.world();
        let bench = bench.afresh();
        let outcome = bench.up().await;
        let mut findings = untouched(&before, &bench);
        findings.extend(refused(&outcome, &bench));
        let error = outcome
            .error
            .map(|error| error.to_string())
            .unwrap_or_default();
        if !error.contains("f2f7dc8efc52dddd") {
            findings.push((Breach::Report, format!("it is not named: {error}")));
        }
        Ran::with(findings)
    });
}

fn denying(operation: &str) -> Rule {
    Rule {
        operation: operation.to_owned(),
        calls: None,
        from: None,
        probability: None,
        times: None,
        then: Fault::Refuse {
            code: "AccessDenied".to_owned(),
            status: 403,
            message: "no".to_owned(),
        },
    }
}
