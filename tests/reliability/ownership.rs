//! Whose a thing is: tags and name together say it. What is not ours is left alone, also when it
//! hangs on ours, carries our tags, or has lost them.

use std::{collections::BTreeMap, fmt};

use hybridgw::{
    error::ErrorKind,
    names,
    simulator::{
        acm, apigateway, ec2, elbv2,
        world::{Ctx, World},
    },
};

use crate::{
    bench::{ACCOUNT, API_EXAMPLES, Bench, Outcome, REGION},
    foreign::edit,
    support::{
        scene::{Scene, Verb, steady},
        sweep::{Breach, Findings, Ran, sweep},
    },
};

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
    // An API's name is anybody's to change: there the tags decide.
    let kinds = [
        "security group",
        "endpoint",
        "balancer",
        "target group",
        "domain",
    ];
    let cases: Vec<Stray> = API_EXAMPLES
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
            acm::furnish::add_certificate(
                ctx,
                &certificate,
                std::slice::from_ref(&host),
                acm::Status::Issued,
            );
            let domains = &mut ctx.here.apigateway.domains;
            let mut domain = domains[&config.domain.name].clone();
            domain.name.clone_from(&host);
            domain.mappings.clear();
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

/// What somebody hangs onto things of ours, outside of what we manage. (A domain's mappings
/// cannot be tagged: they are managed whole, like the rules of our security groups.)
fn hang_on(ctx: &mut Ctx<'_>, bench: &Bench) {
    let stack = &bench.config.stack;
    let balancers = &ctx.here.elbv2.balancers;
    let arn = balancers
        .iter()
        .find(|(_, one)| one.name == *stack)
        .expect("it stands")
        .0;
    let listener = format!(
        "{}/f2f7dc8efc52dddd",
        arn.replacen(":loadbalancer/", ":listener/", 1)
    );
    elbv2::furnish::add_https_listener(ctx, &listener, 8443, &bench.config.domain.certificate);
    for api in ctx.here.apigateway.apis.values_mut() {
        let ours = api.tags.get("hybridgw:stack") == Some(stack);
        if let Some(stage) = api.stages.get("v1").cloned().filter(|_| ours) {
            let stage = apigateway::Stage {
                tags: BTreeMap::new(),
                ..stage
            };
            api.stages.insert("theirs".to_owned(), stage);
        }
    }
}

/// The parts of the world that [`hang_on`] adds.
fn hung(world: &World) -> String {
    let here = world.region(ACCOUNT, REGION).expect("it is in use");
    let listeners = here
        .elbv2
        .listeners
        .iter()
        .filter(|(_, one)| one.port == 8443);
    let apis = here.apigateway.apis.iter();
    let stages = apis.filter_map(|(id, api)| Some((id, api.stages.get("theirs")?)));
    let (listeners, stages): (Vec<_>, Vec<_>) = (listeners.collect(), stages.collect());
    format!("{listeners:?} {stages:?}")
}

#[test]
fn what_somebody_hangs_onto_our_things_is_left_alone_by_up() {
    let verbs = [Verb::Down, Verb::Change];
    let cases: Vec<String> = API_EXAMPLES
        .into_iter()
        .flat_map(|name| verbs.map(|verb| format!("{name}/{verb}")))
        .collect();
    sweep("what_somebody_hangs_onto", &cases, async |case| {
        let (name, verb) = case.split_once('/').expect("two parts");
        let name = API_EXAMPLES
            .into_iter()
            .find(|one| *one == name)
            .expect("an example");
        let verb = verbs
            .into_iter()
            .find(|one| one.to_string() == verb)
            .expect("a verb");
        let bench = Scene::of(name, verb).bench(steady());
        edit(&bench.simulator, |ctx| hang_on(ctx, &bench));
        let before = hung(&bench.simulator.world());
        let outcome = bench.up().await;
        let mut findings = Findings::new();
        if hung(&bench.simulator.world()) != before {
            findings.push((Breach::Foreign, format!("it was touched: {outcome:?}")));
        }
        findings.extend((!outcome.ok()).then(|| (Breach::Report, format!("{outcome:?}"))));
        Ran::with(findings)
    });
}

/// The oracle would see what it is there to see.
#[test]
fn the_oracle_sees_a_second_one_an_orphan_a_missing_one_and_a_foreign_write() {
    let scene = Scene::of("placeholder.toml", Verb::Up);
    let standing = Scene::of("placeholder.toml", Verb::Down);
    let breaches = |change: &dyn Fn(&mut Ctx<'_>)| {
        let scene = std::sync::Arc::clone(&scene);
        let world = {
            let simulator = crate::support::scene::account_with(&standing.start, steady());
            edit(&simulator, |ctx| change(ctx));
            simulator
        };
        let bench = Bench::at(world, scene.config.clone());
        let found = scene.oracle.standing(&bench);
        found
            .into_iter()
            .map(|(breach, _)| breach)
            .collect::<Vec<_>>()
    };
    assert_eq!(breaches(&|_| {}), []);
    let ours = |ctx: &Ctx<'_>| {
        let mut apis = ctx.here.apigateway.apis.iter();
        let tag = |api: &apigateway::Api| api.tags.get("hybridgw:stack").cloned();
        let found = apis.find(|(_, api)| tag(api).as_deref() == Some("orders-dev"));
        found.expect("it stands").0.clone()
    };
    let second = |ctx: &mut Ctx<'_>| {
        let api = ctx.here.apigateway.apis[&ours(ctx)].clone();
        ctx.here
            .apigateway
            .apis
            .insert("second0001".to_owned(), api);
    };
    assert!(
        breaches(&second)
            .iter()
            .all(|one| *one == Breach::Duplicate)
    );
    assert!(!breaches(&second).is_empty());
    let missing = |ctx: &mut Ctx<'_>| {
        let id = ours(ctx);
        ctx.here
            .apigateway
            .apis
            .get_mut(&id)
            .expect("it stands")
            .deployments
            .clear();
    };
    assert_eq!(breaches(&missing), [Breach::Missing]);
    let orphan = |ctx: &mut Ctx<'_>| {
        ec2::furnish::add_group(
            ctx,
            "sg-0eeeeeeeeeeeeee01",
            "vpc-0a1b2c3d4e5f60718",
            "left",
            "",
        );
    };
    assert!(breaches(&orphan).contains(&Breach::Orphan));
    let touched = |ctx: &mut Ctx<'_>| {
        let api = ctx
            .here
            .apigateway
            .apis
            .get_mut("decoy00001")
            .expect("a decoy");
        api.description = Some("touched".to_owned());
    };
    assert_eq!(breaches(&touched), [Breach::Foreign]);
    let deleted = |ctx: &mut Ctx<'_>| {
        ctx.here.ec2.tags.remove("sg-0aaaaaaaaaaaaaa03");
    };
    assert_eq!(breaches(&deleted), [Breach::Foreign]);
}

/// Somebody has taken our tags off a thing: it is not ours any more.
#[test]
fn a_thing_without_our_tags_is_neither_changed_nor_deleted() {
    let kinds = [
        "load-balancer",
        "target-group",
        "domain-name",
        "load-balancer-security-group",
        "endpoint-security-group",
    ];
    sweep("a_thing_without_our_tags", &kinds, async |kind| {
        let scene = Scene::of("placeholder.toml", Verb::Down);
        let bench = scene.bench(steady());
        edit(&bench.simulator, |ctx| {
            let is = |tags: &BTreeMap<String, String>| {
                tags.get("hybridgw:stack")
                    .is_some_and(|stack| stack == "orders-dev")
                    && tags
                        .get("hybridgw:resource")
                        .is_some_and(|key| key == *kind)
            };
            for tags in ctx.here.elbv2.tags.values_mut().filter(|tags| is(tags)) {
                tags.clear();
            }
            for tags in ctx.here.ec2.tags.values_mut().filter(|tags| is(tags)) {
                tags.clear();
            }
            let domains = ctx.here.apigateway.domains.values_mut();
            for domain in domains.filter(|domain| is(&domain.tags)) {
                domain.tags.clear();
            }
        });
        let before = things(&bench, kind);
        let up = bench.up().await;
        let mut findings = Findings::new();
        if up
            .error
            .as_ref()
            .is_none_or(|error| error.kind != ErrorKind::NotOurs)
            || bench.writes() > 0
        {
            findings.push((Breach::Report, format!("up is not refused: {up:?}")));
        }
        bench.afresh().down().await;
        if things(&bench, kind) != before {
            findings.push((Breach::Foreign, format!("down touched it: {before}")));
        }
        Ran::with(findings)
    });
}

/// The things of a kind that have the stack's name, without what hangs on them.
fn things(bench: &Bench, kind: &str) -> String {
    let world = bench.simulator.world();
    let here = world.region(ACCOUNT, REGION).expect("it is in use");
    match kind {
        "load-balancer" => {
            let mut all = here.elbv2.balancers.values();
            format!("{:?}", all.find(|one| one.name == "orders-dev"))
        }
        "target-group" => {
            let mut all = here.elbv2.groups.iter();
            let name = names::target_group("orders-dev", "target-group");
            format!(
                "{:?}",
                all.find(|(_, one)| one.name == name).map(|(arn, one)| (
                    arn,
                    &one.check,
                    &one.attributes
                ))
            )
        }
        "domain-name" => {
            let domain = here.apigateway.domains.get("orders.corp.example.com");
            format!("{:?}", domain.map(|one| (&one.certificate, &one.tags)))
        }
        _ => {
            let name = format!("orders-dev-{}", kind.trim_end_matches("-security-group"));
            let all = here.ec2.groups.iter().filter(|(_, one)| one.name == name);
            format!("{:?}", all.collect::<Vec<_>>())
        }
    }
}
