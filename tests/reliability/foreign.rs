//! Other people's things where ours should be: never written, and said clearly.

use std::{collections::BTreeMap, fmt};

use hybridgw::{
    error::Kind,
    names,
    simulator::{
        Simulator, acm, apigateway, ec2, elbv2, route53,
        world::{Ctx, Region, World},
    },
};

use crate::{
    bench::{ACCOUNT, Bench, EXAMPLES, Outcome, REGION},
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
            ctx.here.elbv2.tags.insert(arn, tags);
        }
        "domain-name" => {
            let domains = &mut ctx.here.apigateway.domains;
            let (_, other) = domains.iter().next().expect("the neighbour has one");
            let mut domain: apigateway::Domain = other.clone();
            domain.name.clone_from(&config.domain.name);
            domain.tags = tags;
            domain.mappings.clear();
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

fn edit(simulator: &Simulator, change: impl FnOnce(&mut Ctx<'_>)) {
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
    for name in EXAMPLES {
        for taken in TAKEN {
            for whose in WHOSE {
                if taken.contains("record") || taken == "alias" {
                    if whose != Whose::Untagged {
                        continue;
                    }
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
        take(ctx, &bench, case.taken, case.whose)
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
        let example = EXAMPLES.into_iter().find(|one| *one == name);
        let scene = Scene::of(example.expect("an example"), Verb::Up);
        scene.writes.iter().copied().map(Some).collect()
    };
    let cases = sample(every_taken_name(points), 24);
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
        Some(error) if error.kind == Kind::NotOurs && !error.hints.is_empty() => {}
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

/// A thing of the stack whose tags somebody has taken off, or copied onto something else.
struct Stray {
    name: &'static str,
    kind: &'static str,
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.kind)
    }
}

#[test]
fn a_thing_with_our_tags_and_another_name_is_not_ours() {
    let kinds = [
        "security group",
        "endpoint",
        "api",
        "balancer",
        "target group",
        "domain",
    ];
    let cases: Vec<Stray> = EXAMPLES
        .into_iter()
        .flat_map(|name| kinds.map(|kind| Stray { name, kind }))
        .collect();
    sweep("a_thing_with_our_tags", &cases, async |case| {
        let scene = Scene::of(case.name, Verb::Down);
        let bench = scene.bench(steady());
        edit(&bench.simulator, |ctx| copy_tags(ctx, &bench, case.kind));
        let before = bench.simulator.world();
        // Nothing is to be done: the stack is whole, and the rest is somebody's.
        let mut findings = Findings::new();
        let up = bench.up().await;
        let mine = |name: &str| name.contains("blue") || name == "theirs.corp.example.com";
        findings.extend(copies_stand(&before, &bench, &mine, "up", &up));
        let down = bench.afresh().down().await;
        findings.extend(copies_stand(&before, &bench, &mine, "down", &down));
        Ran::with(findings)
    });
}

/// Puts a thing of somebody's there that carries the tags of one of ours.
fn copy_tags(ctx: &mut Ctx<'_>, bench: &Bench, kind: &str) {
    let config = &bench.config;
    let (stack, network) = (&config.stack, &config.network);
    let ours = |key: &str| {
        BTreeMap::from([
            ("hybridgw:stack".to_owned(), stack.clone()),
            ("hybridgw:resource".to_owned(), key.to_owned()),
        ])
    };
    let groups = ["sg-0aaaaaaaaaaaaaa03".to_owned()];
    let arn = |rest: &str| format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{rest}");
    match kind {
        "security group" => {
            let id = "sg-0cccccccccccccc01".to_owned();
            ec2::furnish::add_group(ctx, &id, &network.vpc, "blue", "somebody's");
            ctx.here
                .ec2
                .tags
                .insert(id, ours("endpoint-security-group"));
        }
        "endpoint" => {
            let id = "vpce-0cccccccccccccc01";
            let service = format!("com.amazonaws.{REGION}.s3");
            let added = ec2::furnish::add_endpoint(
                ctx,
                id,
                &network.vpc,
                &service,
                &network.subnets,
                &groups,
            );
            assert!(added.is_ok(), "{added:?}");
            ctx.here
                .ec2
                .tags
                .insert(id.to_owned(), ours("vpc-endpoint"));
        }
        "api" => {
            let added = apigateway::furnish::add_api(ctx, "blue000001", "v1", &[]);
            assert!(added.is_ok(), "{added:?}");
            let api = ctx
                .here
                .apigateway
                .apis
                .get_mut("blue000001")
                .expect("just added");
            api.tags = ours("rest-api");
        }
        "balancer" => {
            let arn = arn("loadbalancer/app/blue/50dc6c495c0c9177");
            let added = elbv2::furnish::add_load_balancer(
                ctx,
                &arn,
                &network.vpc,
                &network.subnets,
                &groups,
            );
            assert!(added.is_ok(), "{added:?}");
            ctx.here.elbv2.tags.insert(arn, ours("load-balancer"));
        }
        "target group" => {
            let arn = arn("targetgroup/blue/73e2d6bc24d8a077");
            elbv2::furnish::add_target_group(ctx, &arn, &network.vpc, "/");
            ctx.here.elbv2.tags.insert(arn, ours("target-group"));
        }
        _ => {
            let certificate = format!("arn:aws:acm:{REGION}:{ACCOUNT}:certificate/theirs");
            let host = "theirs.corp.example.com".to_owned();
            acm::furnish::add_certificate(ctx, &certificate, &[host.clone()], acm::Status::Issued);
            let domains = &mut ctx.here.apigateway.domains;
            let mut domain = domains[&config.domain.name].clone();
            domain.name.clone_from(&host);
            domain.mappings.clear();
            domain.tags = ours("domain-name");
            domains.insert(host, domain);
        }
    }
}

/// The copies are as they were.
fn copies_stand(
    before: &World,
    bench: &Bench,
    mine: &dyn Fn(&str) -> bool,
    verb: &str,
    outcome: &Outcome,
) -> Findings {
    let of = |world: &World| {
        let here = world.region(ACCOUNT, REGION).expect("it is in use").clone();
        let mut lines = Vec::new();
        let groups = here.ec2.groups.iter().filter(|(_, one)| mine(&one.name));
        lines.extend(groups.map(|(id, _)| format!("{id} {:?}", here.ec2.tags.get(id))));
        let endpoints = here
            .ec2
            .endpoints
            .iter()
            .filter(|(id, _)| id.starts_with("vpce-0cccc"));
        lines
            .extend(endpoints.map(|(id, one)| format!("{id} {one:?} {:?}", here.ec2.tags.get(id))));
        let apis = here
            .apigateway
            .apis
            .iter()
            .filter(|(id, _)| id.starts_with("blue"));
        lines.extend(apis.map(|(id, api)| format!("{id} {api:?}")));
        let balancers = here
            .elbv2
            .balancers
            .iter()
            .filter(|(_, one)| mine(&one.name));
        lines.extend(balancers.map(|(id, one)| format!("{id} {one:?}")));
        let targets = here.elbv2.groups.iter().filter(|(_, one)| mine(&one.name));
        lines.extend(targets.map(|(id, one)| format!("{id} {one:?}")));
        let domains = here
            .apigateway
            .domains
            .iter()
            .filter(|(name, _)| mine(name));
        lines.extend(domains.map(|(name, one)| format!("{name} {one:?}")));
        lines
    };
    let (then, now) = (of(before), of(&bench.simulator.world()));
    if then == now {
        return Findings::new();
    }
    let deleted = &outcome.report.deleted;
    let words = format!(
        "{verb} touched it: {} things, now {}; it deleted {deleted:?}",
        then.len(),
        now.len()
    );
    vec![(Breach::Foreign, words)]
}
