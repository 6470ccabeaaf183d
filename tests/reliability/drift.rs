//! Everything that is managed changes behind our back: the plan names it, and `up` repairs it.

use std::{collections::BTreeMap, fmt};

use hybridgw::{
    pipeline::{Action, Plan, observe::discover},
    simulator::{
        apigateway::{Api, Domain},
        ec2::{Peer, Rule, Traffic},
        elbv2::{Condition, Field, LoadBalancer, TargetGroup},
        random::Random,
        world::Ctx,
    },
};

use crate::{
    bench::{ACCOUNT, API_EXAMPLES, Bench, REGION},
    support::{
        scene::{Scene, Verb, steady},
        sweep::{Breach, Findings, Ran, prepared, sample, seeds, sweep},
    },
};

/// A change behind our back, and the resource that it shows in.
struct Change {
    what: &'static str,
    key: &'static str,
    make: fn(&mut Ctx<'_>, &Ours),
}

/// Where the stack's things are in the world.
struct Ours {
    stack: String,
    host: String,
}

impl Ours {
    fn of(bench: &Bench) -> Self {
        Self {
            stack: bench.config.stack.clone(),
            host: bench.config.domain.name.clone(),
        }
    }

    fn group(&self, ctx: &Ctx<'_>, suffix: &str) -> String {
        let name = format!("{}-{suffix}", self.stack);
        let mut groups = ctx.here.ec2.groups.iter();
        let found = groups.find(|(id, group)| group.name == name && self.tagged(ctx, id));
        found.expect("the group stands").0.clone()
    }

    fn tagged(&self, ctx: &Ctx<'_>, id: &str) -> bool {
        let tags = ctx.here.ec2.tags.get(id);
        tags.is_some_and(|tags| tags.get("hybridgw:stack") == Some(&self.stack))
    }

    fn endpoint(&self, ctx: &Ctx<'_>) -> String {
        let mut ids = ctx.here.ec2.endpoints.keys();
        ids.find(|id| self.tagged(ctx, id))
            .expect("the endpoint stands")
            .clone()
    }

    fn balancer(&self, ctx: &Ctx<'_>) -> String {
        let mut all = ctx.here.elbv2.balancers.iter();
        all.find(|(_, one)| one.name == self.stack)
            .expect("it stands")
            .0
            .clone()
    }

    fn target_group(&self, ctx: &Ctx<'_>) -> String {
        let tags = &ctx.here.elbv2.tags;
        let ours = |arn: &str| {
            let tags = tags.get(arn);
            tags.is_some_and(|tags| tags.get("hybridgw:stack") == Some(&self.stack))
        };
        let mut all = ctx.here.elbv2.groups.keys();
        all.find(|arn| ours(arn)).expect("it stands").clone()
    }

    fn balancer_mut<'a>(&self, ctx: &'a mut Ctx<'_>) -> &'a mut LoadBalancer {
        let arn = self.balancer(ctx);
        let all = &mut ctx.here.elbv2.balancers;
        all.get_mut(&arn).expect("it stands")
    }

    fn group_mut<'a>(&self, ctx: &'a mut Ctx<'_>) -> &'a mut TargetGroup {
        let arn = self.target_group(ctx);
        let all = &mut ctx.here.elbv2.groups;
        all.get_mut(&arn).expect("it stands")
    }

    fn api_mut<'a>(&self, ctx: &'a mut Ctx<'_>) -> &'a mut Api {
        let id = self.api(ctx);
        let all = &mut ctx.here.apigateway.apis;
        all.get_mut(&id).expect("it stands")
    }

    fn domain_mut<'a>(&self, ctx: &'a mut Ctx<'_>) -> &'a mut Domain {
        let all = &mut ctx.here.apigateway.domains;
        all.get_mut(&self.host).expect("it stands")
    }

    fn listener(&self, ctx: &Ctx<'_>, port: u16) -> String {
        let balancer = self.balancer(ctx);
        let mut all = ctx.here.elbv2.listeners.iter();
        let found = all.find(|(_, one)| one.balancer == balancer && one.port == port);
        found.expect("it stands").0.clone()
    }

    /// The rule that forwards requests of the route `/`: the last but the default one.
    fn rule(&self, ctx: &Ctx<'_>) -> String {
        let listener = self.listener(ctx, 443);
        let rules = ctx.here.elbv2.rules_of(&listener);
        let mut numbered = rules.iter().filter(|(_, rule)| rule.priority.is_some());
        numbered.next_back().expect("it stands").0.clone()
    }

    fn api(&self, ctx: &Ctx<'_>) -> String {
        let ours = |tags: &BTreeMap<String, String>| {
            tags.get("hybridgw:stack") == Some(&self.stack)
                && tags
                    .get("hybridgw:resource")
                    .is_some_and(|key| key == "rest-api")
        };
        let mut all = ctx.here.apigateway.apis.iter();
        all.find(|(_, api)| ours(&api.tags))
            .expect("it stands")
            .0
            .clone()
    }
}

const fn change(what: &'static str, key: &'static str, make: fn(&mut Ctx<'_>, &Ours)) -> Change {
    Change { what, key, make }
}

/// Every managed field, and things that vanish.
fn changes() -> Vec<Change> {
    let mut all = network_changes();
    all.extend(api_changes());
    all.extend(balancing_changes());
    all.extend(listening_changes());
    all.push(change("record gone", "dns-record", |ctx, ours| {
        let name = format!("{}.", ours.host);
        for zone in ctx.global.route53.zones.values_mut() {
            zone.records
                .retain(|one| one.name != name || one.kind != "A");
        }
    }));
    all.push(change(
        "record no longer asks for health",
        "dns-record",
        |ctx, ours| {
            let name = format!("{}.", ours.host);
            let zones = ctx.global.route53.zones.values_mut();
            let records = zones.flat_map(|zone| &mut zone.records);
            for record in records.filter(|one| one.name == name) {
                if let Some(alias) = &mut record.alias {
                    alias.follows_health = false;
                }
            }
        },
    ));
    all
}

fn network_changes() -> Vec<Change> {
    vec![
        change(
            "rule of the balancer's group gone",
            "security-group-rules",
            |ctx, ours| {
                let group = ours.group(ctx, "load-balancer");
                let rules = &mut ctx.here.ec2.rules;
                let id = rules
                    .iter()
                    .find(|(_, rule)| rule.group == group && !rule.egress);
                let id = id.expect("it stands").0.clone();
                rules.remove(&id);
            },
        ),
        change(
            "way to the endpoint gone",
            "security-group-rules",
            |ctx, ours| {
                let group = ours.group(ctx, "load-balancer");
                ctx.here
                    .ec2
                    .rules
                    .retain(|_, rule| rule.group != group || !rule.egress);
            },
        ),
        change(
            "rule of the endpoint's group gone",
            "security-group-rules",
            |ctx, ours| {
                let group = ours.group(ctx, "endpoint");
                ctx.here
                    .ec2
                    .rules
                    .retain(|_, rule| rule.group != group || rule.egress);
            },
        ),
        change("everybody let in", "security-group-rules", |ctx, ours| {
            let rule = Rule {
                group: ours.group(ctx, "endpoint"),
                egress: false,
                traffic: Traffic {
                    protocol: "tcp".to_owned(),
                    from: Some(443),
                    to: Some(443),
                },
                peer: Peer::Ipv4("0.0.0.0/0".parse().expect("a range")),
                description: None,
            };
            ctx.here
                .ec2
                .rules
                .insert("sgr-0dddddddddddddd01".to_owned(), rule);
        }),
        change(
            "record no longer remembered",
            "load-balancer-security-group",
            |ctx, ours| {
                let group = ours.group(ctx, "load-balancer");
                let tags = ctx.here.ec2.tags.get_mut(&group).expect("it has tags");
                tags.retain(|key, _| !key.starts_with("hybridgw:record:"));
            },
        ),
        change(
            "endpoint's policy opened",
            "endpoint-policy",
            |ctx, ours| {
                let id = ours.endpoint(ctx);
                let endpoint = ctx.here.ec2.endpoints.get_mut(&id).expect("it stands");
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#.clone_into(&mut endpoint.policy);
            },
        ),
        change("endpoint in another group", "vpc-endpoint", |ctx, ours| {
            let id = ours.endpoint(ctx);
            let endpoint = ctx.here.ec2.endpoints.get_mut(&id).expect("it stands");
            endpoint.groups = vec!["sg-0aaaaaaaaaaaaaa03".to_owned()];
            for one in ctx
                .here
                .ec2
                .interfaces
                .values_mut()
                .filter(|one| one.holder == id)
            {
                one.groups = vec!["sg-0aaaaaaaaaaaaaa03".to_owned()];
            }
        }),
    ]
}

fn api_changes() -> Vec<Change> {
    vec![
        change("API renamed", "rest-api", |ctx, ours| {
            let api = ours.api_mut(ctx);
            "something".clone_into(&mut api.name);
        }),
        change("API's policy opened", "rest-api", |ctx, ours| {
            let id = ours.api(ctx);
            let api = ctx.here.apigateway.apis.get_mut(&id).expect("it stands");
            api.content.policy = Some(format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:{REGION}:{ACCOUNT}:{id}/*"}}]}}"#
            ));
        }),
        change("API at another endpoint", "rest-api", |ctx, ours| {
            let api = ours.api_mut(ctx);
            api.content.vpc_endpoints = vec!["vpce-0aaaaaaaaaaaaaa01".to_owned()];
        }),
        change("method gone", "rest-api", |ctx, ours| {
            let api = ours.api_mut(ctx);
            let mut resources = api.resources.values_mut();
            let one = resources.find(|one| !one.methods.is_empty());
            one.expect("it has methods").methods.clear();
        }),
        change("integration changed", "rest-api", |ctx, ours| {
            let api = ours.api_mut(ctx);
            let resources = api.resources.values_mut();
            for method in resources.flat_map(|one| one.methods.values_mut()) {
                if let Some(integration) = &mut method.integration {
                    "HTTP_PROXY".clone_into(&mut integration.kind);
                    integration.uri = Some("https://elsewhere.example.com".to_owned());
                    integration.http_method = Some("GET".to_owned());
                }
            }
        }),
        change("stage gone", "stage", |ctx, ours| {
            let id = ours.api(ctx);
            let api = ctx.here.apigateway.apis.get_mut(&id).expect("it stands");
            api.stages.clear();
            for domain in ctx.here.apigateway.domains.values_mut() {
                domain.mappings.retain(|_, mapping| mapping.api != id);
            }
        }),
        change("an older deployment served", "stage", |ctx, ours| {
            let api = ours.api_mut(ctx);
            let mut old = api.deployments.values().next().expect("it has one").clone();
            old.description = Some("by hand".to_owned());
            api.deployments.insert("hand01".to_owned(), old);
            for stage in api.stages.values_mut() {
                "hand01".clone_into(&mut stage.deployment);
            }
        }),
        change("mapping gone", "base-path-mapping", |ctx, ours| {
            let domain = ours.domain_mut(ctx);
            domain.mappings.remove("(none)");
        }),
        change(
            "mapping to another API",
            "base-path-mapping",
            |ctx, ours| {
                let domain = ours.domain_mut(ctx);
                let mapping = domain.mappings.get_mut("(none)").expect("it stands");
                "decoy00001".clone_into(&mut mapping.api);
            },
        ),
        change(
            "domain with another certificate",
            "domain-name",
            |ctx, ours| {
                let other = format!("arn:aws:acm:{REGION}:{ACCOUNT}:certificate/decoy");
                let domain = ours.domain_mut(ctx);
                domain.certificate = other;
            },
        ),
        change("domain with old TLS", "domain-name", |ctx, ours| {
            let domain = ours.domain_mut(ctx);
            "TLS_1_0".clone_into(&mut domain.security_policy);
        }),
    ]
}

fn balancing_changes() -> Vec<Change> {
    vec![
        change(
            "balancer's attributes reset",
            "load-balancer",
            |ctx, ours| {
                ours.balancer_mut(ctx).attributes.clear();
            },
        ),
        change("balancer in another group", "load-balancer", |ctx, ours| {
            let groups = vec!["sg-0aaaaaaaaaaaaaa03".to_owned()];
            ours.balancer_mut(ctx).groups = groups;
        }),
        change("another health check", "target-group", |ctx, ours| {
            let group = ours.group_mut(ctx);
            group.check.path = Some("/elsewhere".to_owned());
        }),
        change("a lazy health check", "target-group", |ctx, ours| {
            let group = ours.group_mut(ctx);
            (group.check.interval, group.check.healthy) = (60, 5);
        }),
        change("any code healthy", "target-group", |ctx, ours| {
            let group = ours.group_mut(ctx);
            group.check.matcher = Some("200-499".to_owned());
        }),
        change("deregistration delay reset", "target-group", |ctx, ours| {
            ours.group_mut(ctx).attributes.clear();
        }),
        change("target gone", "targets", |ctx, ours| {
            ours.group_mut(ctx).targets.pop();
        }),
        change("all targets gone", "targets", |ctx, ours| {
            ours.group_mut(ctx).targets.clear();
        }),
        change("somebody's target", "targets", |ctx, ours| {
            let group = ours.group_mut(ctx);
            let mut more = group.targets.first().expect("it has targets").clone();
            "10.0.1.77".clone_into(&mut more.id);
            more.serial += 10_000;
            group.targets.push(more);
        }),
    ]
}

fn listening_changes() -> Vec<Change> {
    vec![
        change(
            "listener with another certificate",
            "listener",
            |ctx, ours| {
                let arn = ours.listener(ctx, 443);
                let other = format!("arn:aws:acm:{REGION}:{ACCOUNT}:certificate/decoy");
                ctx.here
                    .elbv2
                    .listeners
                    .get_mut(&arn)
                    .expect("it stands")
                    .certificate = Some(other);
            },
        ),
        change("listener with old TLS", "listener", |ctx, ours| {
            let arn = ours.listener(ctx, 443);
            let policy = Some("ELBSecurityPolicy-2016-08".to_owned());
            ctx.here
                .elbv2
                .listeners
                .get_mut(&arn)
                .expect("it stands")
                .policy = policy;
        }),
        change("rule with another host", "listener-rule", |ctx, ours| {
            let arn = ours.rule(ctx);
            let rule = ctx.here.elbv2.rules.get_mut(&arn).expect("it stands");
            rule.conditions = vec![Condition {
                field: Field::Host,
                values: vec!["elsewhere.example.com".to_owned()],
                ..rule.conditions[0].clone()
            }];
        }),
        change("rule gone", "listener-rule", |ctx, ours| {
            let arn = ours.rule(ctx);
            ctx.here.elbv2.rules.remove(&arn);
            ctx.here.elbv2.tags.remove(&arn);
        }),
        change("guard against other APIs gone", "listener", |ctx, ours| {
            let listener = ours.listener(ctx, 443);
            let rules = ctx.here.elbv2.rules_of(&listener);
            let first = rules.first().expect("it stands").0.clone();
            ctx.here.elbv2.rules.remove(&first);
        }),
        change("redirect gone", "redirect-listener", |ctx, ours| {
            let arn = ours.listener(ctx, 80);
            ctx.here.elbv2.listeners.remove(&arn);
            ctx.here.elbv2.rules.retain(|_, rule| rule.listener != arn);
            ctx.here.elbv2.tags.remove(&arn);
        }),
    ]
}

struct Case {
    name: &'static str,
    change: Change,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.change.what)
    }
}

fn apply_to(bench: &Bench, change: &Change) {
    let ours = Ours::of(bench);
    let done = bench.simulator.edit(|world, conditions| {
        (change.make)(&mut world.context(ACCOUNT, REGION, conditions), &ours);
    });
    done.expect("it is in memory");
}

/// The kinds in which the plan sees something to do.
fn kinds(plan: &Plan) -> Vec<String> {
    let open = plan.actions.iter().filter(|one| one.action != Action::Keep);
    open.map(|one| one.resource.kind().to_string()).collect()
}

#[test]
fn a_change_behind_our_back_is_named_and_repaired() {
    let cases: Vec<Case> = API_EXAMPLES
        .into_iter()
        .flat_map(|name| {
            changes()
                .into_iter()
                .map(move |change| Case { name, change })
        })
        .collect();
    sweep(
        "a_change_behind_our_back",
        &sample(cases, 16),
        async |case| {
            let standing = Scene::of(case.name, Verb::Down);
            let bench = standing.bench(steady());
            apply_to(&bench, &case.change);
            let mut findings = Findings::new();
            match bench.plan(&bench.look()).await {
                Err(error) => findings.push((Breach::Plan, format!("no plan: {error}"))),
                Ok((_, plan)) if kinds(&plan).iter().any(|kind| kind == case.change.key) => {}
                Ok((_, plan)) => {
                    let words = format!("{} not named: {:?}", case.change.key, kinds(&plan));
                    findings.push((Breach::Plan, words));
                }
            }
            let outcome = bench.up().await;
            let up = Scene::of(case.name, Verb::Up);
            findings.extend(up.oracle.whole(&bench, &outcome).await);
            Ran::with(findings)
        },
    );
}

struct Gone {
    name: &'static str,
    number: usize,
    key: String,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.key)
    }
}

/// Deletes each thing by itself, where AWS lets it go.
#[test]
fn a_thing_that_vanishes_is_made_again() {
    let mut cases = Vec::new();
    for name in API_EXAMPLES {
        let keys = prepared(async move || {
            let bench = Scene::of(name, Verb::Down).bench(steady());
            let all = discover(&bench.look()).await.expect("reads work");
            all.iter()
                .map(|one| one.key.to_string())
                .collect::<Vec<_>>()
        });
        let numbered = keys.into_iter().enumerate();
        cases.extend(numbered.map(|(number, key)| Gone { name, number, key }));
    }
    sweep("a_thing_that_vanishes", &sample(cases, 8), async |case| {
        let bench = Scene::of(case.name, Verb::Down).bench(steady());
        let all = discover(&bench.look()).await.expect("reads work");
        let aws = bench.connection.writer();
        let deleted = all[case.number].thing.delete(&aws).await.is_ok();
        let outcome = bench.afresh().up().await;
        let up = Scene::of(case.name, Verb::Up);
        let mut ran = Ran::with(up.oracle.whole(&bench, &outcome).await);
        ran.count("AWS let it go", u64::from(deleted));
        ran
    });
}

/// Plans are pure, do not depend on the order of what was found, and what is written was planned.
#[test]
fn one_apply_of_a_plan_empties_it_whatever_was_there() {
    sweep("one_apply_of_a_plan", &seeds(5), async |seed| {
        let mut random = Random::seeded(*seed);
        let name = API_EXAMPLES[usize::from(random.below(2) == 1)];
        let bench = Scene::of(name, Verb::Down).bench(steady());
        let mut all = changes();
        for _ in 0..=random.below(4) {
            let count = u64::try_from(all.len()).expect("small");
            let one = all.swap_remove(usize::try_from(random.below(count)).expect("small"));
            // Two may want the same thing: then the second finds it gone.
            if !one.what.contains("gone") {
                apply_to(&bench, &one);
            }
        }
        let mut findings = Findings::new();
        let look = bench.look();
        let (stack, plan) = bench.plan(&look).await.expect("it can be planned");
        let (_, again) = bench.plan(&bench.look()).await.expect("it can be planned");
        if plan.to_json() != again.to_json() {
            findings.push((Breach::Plan, "a second plan says something else".to_owned()));
        }
        let mut owned = discover(&look).await.expect("reads work");
        owned.reverse();
        if Plan::new(&stack, owned).to_json()["actions"] != plan.to_json()["actions"] {
            findings.push((Breach::Plan, "the plan depends on an order".to_owned()));
        }
        let planned = kinds(&plan);
        let outcome = bench.up().await;
        let report = &outcome.report;
        let done = [&report.created, &report.updated, &report.deleted];
        for key in done.into_iter().flatten() {
            // A repair may need another: what stands in the way of the endpoint's groups.
            if !planned.iter().any(|kind| kind == key.kind().as_str()) {
                findings.push((Breach::Plan, format!("{key} was not planned: {planned:?}")));
            }
        }
        let up = Scene::of(name, Verb::Up);
        findings.extend(up.oracle.whole(&bench, &outcome).await);
        Ran::with(findings)
    });
}
