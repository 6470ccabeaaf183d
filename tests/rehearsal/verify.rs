//! `verify` on stacks that are well, and on stacks of which one link is broken,
//! or two: what is broken is named, and nothing else.

use std::{collections::BTreeSet, time::Duration};

use hybridgw::{
    checks::{Check, Finding, Verdict},
    clock::Clock,
    simulator::{
        apigateway::Api,
        conditions::Conditions,
        ec2::{EndpointState, Peer},
        elbv2::Deed,
        faults::{Fault, Rule},
        world::{Ctx, World},
    },
    stack,
    verify::{
        self, Walk,
        network::{Network, Rehearsed},
    },
};
use tokio::time::Instant;

use crate::bench::{ACCOUNT, Bench, EXAMPLES, REGION};
use crate::onlooker::CLIENT;

fn network(bench: &Bench) -> Network {
    Network::Rehearsed(Rehearsed {
        simulator: bench.simulator.clone(),
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        client: CLIENT,
    })
}

/// Walks the way; from the file, or from the stack's name alone.
pub async fn walk(bench: &Bench, by_file: bool) -> Vec<Finding> {
    let reads = bench.look();
    let bodies = stack::bodies(&bench.config, REGION).expect("the example's bodies");
    let now = i64::try_from(bench.simulator.now().unix_seconds()).expect("a time");
    let walk = Walk {
        reads: &reads,
        config: by_file.then_some(&bench.config),
        bodies: &bodies,
        clock: Clock::REAL,
        now,
    };
    let found = verify::verify(&walk, &network(bench)).await;
    found.expect("there is a stack")
}

pub fn change(bench: &Bench, how: impl FnOnce(&mut Ctx<'_>)) {
    let done = bench.simulator.edit(|world, conditions| {
        how(&mut world.context(ACCOUNT, REGION, conditions));
    });
    done.expect("it is in memory");
}

fn put_back(bench: &Bench, world: World) {
    let done = bench.simulator.edit(|now, _| *now = world);
    done.expect("it is in memory");
}

/// What counts: `rule/missing`.
pub fn accused(findings: &[Finding]) -> BTreeSet<String> {
    let counts = |one: &&Finding| matches!(one.verdict, Verdict::Failed | Verdict::Warning);
    let codes = findings.iter().filter(counts).filter_map(|one| one.code);
    codes.map(|code| code.to_string()).collect()
}

pub async fn standing(name: &str) -> Bench {
    let bench = Bench::new(name, Conditions::default());
    let up = bench.up().await;
    assert!(up.ok(), "{name}: {up:?}");
    upload(&bench);
    bench
}

/// A site's first object; who borrows an API, admits the endpoint in it.
fn upload(bench: &Bench) {
    change(bench, |ctx| {
        let endpoints: Vec<String> = ctx.here.ec2.endpoints.keys().cloned().collect();
        for (id, api) in &mut ctx.here.apigateway.apis {
            if api.tags.is_empty() {
                let policy = hybridgw::policy::only_through(&endpoints[0]).to_string();
                // API Gateway keeps the whole ARN.
                let inside = format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{id}/");
                let policy = policy.replace("execute-api:/", &inside);
                api.content.policy = Some(policy.clone());
                for deployment in api.deployments.values_mut() {
                    deployment.snapshot.content.policy = Some(policy.clone());
                }
            }
        }
    });
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_stack_is_well_when_it_is() {
    for name in EXAMPLES {
        let bench = standing(name).await;
        for by_file in [true, false] {
            let (began, before) = (Instant::now(), bench.connection.journal.attempts());
            let findings = walk(&bench, by_file).await;
            let calls = bench.connection.journal.attempts() - before;
            let seconds = began.elapsed().as_secs_f64();
            println!("{name}, by file {by_file}: {calls} calls, {seconds:.1} simulated seconds");
            let bad: Vec<&Finding> = findings
                .iter()
                .filter(|one| matches!(one.verdict, Verdict::Failed | Verdict::Warning))
                .collect();
            assert!(bad.is_empty(), "{name}, by file {by_file}: {bad:#?}");
            // Each check has answered, in the order of a request.
            let checks: Vec<Check> = findings.iter().map(|one| one.check).collect();
            assert!(checks.is_sorted(), "{checks:?}");
            let kinds: BTreeSet<Check> = checks.into_iter().collect();
            assert_eq!(kinds.len(), 20, "{name}: {kinds:?}");
            let asked = findings.iter().filter(|one| one.check == Check::Request);
            for one in asked {
                assert_eq!(one.verdict, Verdict::Ok, "{name}: {one:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_live_is_not_called_well_unseen() {
    let conditions = r#"{"faults":[{"operation":"apigateway:GetExport",
        "then":{"refuse":{"code":"AccessDeniedException","status":403}}}]}"#;
    let bench = Bench::new(
        "placeholder.toml",
        serde_json::from_str(conditions).expect("they are conditions"),
    );
    assert!(bench.up().await.ok());
    let findings = walk(&bench, true).await;
    assert!(bench.simulator.idle().is_empty(), "nobody asked");
    assert_eq!(accused(&findings), BTreeSet::new());
    for check in [Check::ApiPolicy, Check::Method] {
        let one = findings.iter().find(|one| one.check == check);
        let one = one.expect("every check answers");
        assert_eq!(one.verdict, Verdict::Skipped, "{one:?}");
        assert!(format!("{one:?}").contains("apigateway:GET"), "{one:?}");
    }
}

/// What is broken, how, and what is named.
struct Break {
    what: &'static str,
    how: fn(&mut Ctx<'_>),
    named: &'static str,
}

const fn broken(what: &'static str, named: &'static str, how: fn(&mut Ctx<'_>)) -> Break {
    Break { what, how, named }
}

const STACK: &str = "orders";

/// The endpoint for execute-api.
pub fn endpoint(ctx: &Ctx<'_>) -> String {
    let mut all = ctx.here.ec2.endpoints.iter();
    let found = all.find(|(_, one)| one.service.ends_with("execute-api"));
    found.expect("an endpoint").0.clone()
}

fn balancer(ctx: &Ctx<'_>) -> String {
    let mut all = ctx.here.elbv2.balancers.iter();
    all.find(|(_, one)| one.name == STACK)
        .expect("a balancer")
        .0
        .clone()
}

fn front(ctx: &Ctx<'_>) -> Option<String> {
    let mut all = ctx.here.elbv2.listeners.iter();
    let found = all.find(|(_, one)| one.port == 443);
    found.map(|(arn, _)| arn.clone())
}

/// The group of the endpoint's addresses.
fn group(ctx: &Ctx<'_>) -> String {
    let name = hybridgw::names::target_group(STACK, "target-group");
    let mut all = ctx.here.elbv2.groups.iter();
    let found = all.find(|(_, one)| one.name == name);
    found.expect("a target group").0.clone()
}

fn group_id(ctx: &Ctx<'_>, name: &str) -> String {
    let mut all = ctx.here.ec2.groups.iter();
    all.find(|(_, one)| one.name == name)
        .expect("a group")
        .0
        .clone()
}

/// The rules that forward to a target group.
fn rules_to(ctx: &Ctx<'_>, group: &str) -> Vec<String> {
    let all = ctx.here.elbv2.rules.iter();
    let to = all.filter(|(_, rule)| match &rule.action.deed {
        Deed::Forward { groups, .. } => groups.iter().any(|(arn, _)| arn == group),
        _ => false,
    });
    to.map(|(arn, _)| arn.clone()).collect()
}

/// The stack's own API.
pub fn api<'a>(ctx: &'a mut Ctx<'_>) -> &'a mut Api {
    let mut all = ctx.here.apigateway.apis.values_mut();
    all.find(|api| !api.tags.is_empty()).expect("an API")
}

fn remove_listener(ctx: &mut Ctx<'_>, port: u16) {
    ctx.here.elbv2.listeners.retain(|_, one| one.port != port);
    let listeners: BTreeSet<String> = ctx.here.elbv2.listeners.keys().cloned().collect();
    ctx.here
        .elbv2
        .rules
        .retain(|_, rule| listeners.contains(&rule.listener));
}

fn deny(text: &str) -> String {
    text.replace("\"Allow\"", "\"Deny\"")
}

/// Each link of a stack with a site, an API and a function, broken.
const BREAKS: &[Break] = &[
    broken("the record deleted", "record/missing", |ctx| {
        for zone in ctx.global.route53.zones.values_mut() {
            zone.records.retain(|one| one.kind != "A");
        }
    }),
    broken("the record led elsewhere", "record/other-target", |ctx| {
        for zone in ctx.global.route53.zones.values_mut() {
            for alias in zone.records.iter_mut().filter_map(|one| one.alias.as_mut()) {
                "internal-other-1.eu-central-1.elb.amazonaws.com.".clone_into(&mut alias.name);
            }
        }
    }),
    broken("the record no alias", "record/not-an-alias", |ctx| {
        for zone in ctx.global.route53.zones.values_mut() {
            for record in zone.records.iter_mut().filter(|one| one.kind == "A") {
                record.alias = None;
                record.ttl = Some(60);
                record.values = vec!["10.0.1.77".to_owned()];
            }
        }
    }),
    broken("the balancer deleted", "load-balancer/missing", |ctx| {
        let own = balancer(ctx);
        ctx.here.elbv2.balancers.remove(&own);
        ctx.here.elbv2.listeners.clear();
        ctx.here.elbv2.rules.clear();
        ctx.here.ec2.interfaces.retain(|_, one| one.holder != own);
    }),
    broken(
        "the balancer provisioning",
        "load-balancer/not-active",
        |ctx| {
            let own = balancer(ctx);
            ctx.here.elbv2.balancers.get_mut(&own).expect("it").active = false;
        },
    ),
    broken(
        "a client's rule revoked",
        "security-group/clients-not-admitted",
        |ctx| {
            let front = group_id(ctx, "orders-load-balancer");
            ctx.here
                .ec2
                .rules
                .retain(|_, rule| rule.group != front || rule.egress);
        },
    ),
    broken(
        "the way out revoked",
        "security-group/balancer-not-let-out",
        |ctx| {
            let front = group_id(ctx, "orders-load-balancer");
            ctx.here
                .ec2
                .rules
                .retain(|_, rule| rule.group != front || !rule.egress);
        },
    ),
    broken(
        "the endpoint's rule revoked",
        "security-group/endpoint-not-admitting",
        |ctx| {
            let front = group_id(ctx, "orders-load-balancer");
            ctx.here
                .ec2
                .rules
                .retain(|_, rule| rule.egress || rule.peer != Peer::Group(front.clone()));
        },
    ),
    broken("the listener deleted", "listener/missing", |ctx| {
        remove_listener(ctx, 443);
    }),
    broken("the redirect deleted", "listener/no-redirect", |ctx| {
        remove_listener(ctx, 80);
    }),
    broken(
        "a certificate for another name",
        "certificate/not-covering",
        |ctx| {
            for one in ctx.here.acm.certificates.values_mut() {
                one.names = vec!["other.example.com".to_owned()];
            }
        },
    ),
    broken("the API's rule deleted", "rule/missing", |ctx| {
        for arn in rules_to(ctx, &group(ctx)) {
            ctx.here.elbv2.rules.remove(&arn);
        }
        // Without it the route `/` would take it: that one goes, too.
        let front = front(ctx).unwrap_or_default();
        ctx.here
            .elbv2
            .rules
            .retain(|_, one| one.listener != front || one.priority.is_none());
    }),
    broken("the API's rule alone deleted", "rule/missing", |ctx| {
        for arn in rules_to(ctx, &group(ctx)) {
            ctx.here.elbv2.rules.remove(&arn);
        }
    }),
    broken(
        "the API's rule answering itself",
        "rule/not-forwarding",
        |ctx| {
            for arn in rules_to(ctx, &group(ctx)) {
                let rule = ctx.here.elbv2.rules.get_mut(&arn).expect("it");
                rule.action.deed = Deed::Respond {
                    status: "503".to_owned(),
                    content_type: None,
                    body: None,
                };
            }
        },
    ),
    broken("a rule before the API's", "rule/shadowed", |ctx| {
        let Some(arn) = rules_to(ctx, &group(ctx)).pop() else {
            return;
        };
        let mut rule = ctx.here.elbv2.rules[&arn].clone();
        rule.priority = Some(1);
        rule.action.deed = Deed::Respond {
            status: "503".to_owned(),
            content_type: None,
            body: None,
        };
        ctx.here.elbv2.rules.insert(format!("{arn}0"), rule);
    }),
    broken("all targets deregistered", "target-group/empty", |ctx| {
        let arn = group(ctx);
        ctx.here
            .elbv2
            .groups
            .get_mut(&arn)
            .expect("it")
            .targets
            .clear();
    }),
    broken(
        "a target deregistered",
        "target-group/address-missing",
        |ctx| {
            let arn = group(ctx);
            ctx.here
                .elbv2
                .groups
                .get_mut(&arn)
                .expect("it")
                .targets
                .remove(0);
        },
    ),
    broken(
        "another address registered",
        "target-group/address-stale",
        |ctx| {
            let arn = group(ctx);
            let targets = &mut ctx.here.elbv2.groups.get_mut(&arn).expect("it").targets;
            let mut other = targets[0].clone();
            "10.0.1.251".clone_into(&mut other.id);
            targets.push(other);
        },
    ),
    broken(
        "another path checked",
        "target-health/all-unhealthy",
        |ctx| {
            let arn = group(ctx);
            let group = ctx.here.elbv2.groups.get_mut(&arn).expect("it");
            group.check.path = Some("/elsewhere".to_owned());
        },
    ),
    broken("the endpoint deleting", "endpoint/not-available", |ctx| {
        let own = endpoint(ctx);
        ctx.here.ec2.endpoints.get_mut(&own).expect("it").state = EndpointState::Deleting;
    }),
    broken(
        "the endpoint's policy denying",
        "endpoint-policy/denies",
        |ctx| {
            let own = endpoint(ctx);
            let policy = &mut ctx.here.ec2.endpoints.get_mut(&own).expect("it").policy;
            *policy = deny(policy);
        },
    ),
    broken(
        "the API's policy deployed for another endpoint",
        "api-policy/not-deployed",
        |ctx| {
            for deployment in api(ctx).deployments.values_mut() {
                let policy = &mut deployment.snapshot.content.policy;
                *policy = policy.take().map(|text| text.replace("vpce-", "vpce-0"));
            }
        },
    ),
    broken(
        "the API's policy of another endpoint, deployed",
        "api-policy/denies",
        |ctx| {
            let api = api(ctx);
            let other = |text: String| text.replace("vpce-", "vpce-0");
            api.content.policy = api.content.policy.take().map(other);
            for deployment in api.deployments.values_mut() {
                let policy = &mut deployment.snapshot.content.policy;
                *policy = policy.take().map(other);
            }
        },
    ),
    broken("a method not deployed", "method/not-deployed", |ctx| {
        for deployment in api(ctx).deployments.values_mut() {
            deployment.snapshot.operations.remove("/");
        }
    }),
    broken("the domain deleted", "mapping/no-domain", |ctx| {
        ctx.here.apigateway.domains.clear();
    }),
    broken("the mapping deleted", "mapping/missing", |ctx| {
        for domain in ctx.here.apigateway.domains.values_mut() {
            domain.mappings.clear();
        }
    }),
    broken(
        "the mapping led to another API",
        "mapping/other-api",
        |ctx| {
            for domain in ctx.here.apigateway.domains.values_mut() {
                for mapping in domain.mappings.values_mut() {
                    "otherapi00".clone_into(&mut mapping.api);
                }
            }
        },
    ),
    broken("the domain STRICT", "mapping/strict", |ctx| {
        for domain in ctx.here.apigateway.domains.values_mut() {
            let mode = ("endpointAccessMode".to_owned(), "STRICT".into());
            domain.settings.extend([mode]);
        }
    }),
    broken("the stage deleted", "stage/missing", |ctx| {
        api(ctx).stages.clear();
    }),
    broken("the API without methods", "method/none", |ctx| {
        let api = api(ctx);
        for resource in api.resources.values_mut() {
            resource.methods.clear();
        }
        for deployment in api.deployments.values_mut() {
            deployment.snapshot.operations.clear();
        }
    }),
    broken(
        "the function's permission gone",
        "permission/missing",
        |ctx| {
            for function in ctx.here.lambda.functions.values_mut() {
                function.policies.clear();
            }
        },
    ),
    broken("the function gone", "permission/no-function", |ctx| {
        ctx.here.lambda.functions.clear();
    }),
    broken(
        "the bucket's statement gone",
        "bucket-policy/no-allow",
        |ctx| {
            for bucket in ctx.global.s3.buckets.values_mut() {
                bucket.policy = None;
            }
        },
    ),
    broken("the site's objects gone", "method/no-object", |ctx| {
        for bucket in ctx.global.s3.buckets.values_mut() {
            bucket.objects.clear();
        }
    }),
    broken("the bucket gone", "mapping/no-bucket", |ctx| {
        ctx.global.s3.buckets.clear();
    }),
];

/// Breaks it, lets health checks see it, and walks.
async fn broken_walk(bench: &Bench, whole: &World, breaks: &[&Break]) -> Vec<Finding> {
    put_back(bench, whole.clone());
    for one in breaks {
        change(bench, one.how);
    }
    bench.simulator.skip(Duration::from_mins(2));
    walk(bench, true).await
}

#[tokio::test(start_paused = true)]
async fn one_broken_link_is_named_and_nothing_else_is_accused() {
    let bench = standing("everything.toml").await;
    let whole = bench.simulator.world();
    let mut wrong = Vec::new();
    for one in BREAKS {
        let findings = broken_walk(&bench, &whole, &[one]).await;
        let accused = accused(&findings);
        if accused != BTreeSet::from([one.named.to_owned()]) {
            wrong.push(format!("{}: {} named as {accused:?}", one.what, one.named));
        }
        for finding in findings.iter().filter(|one| one.is_failed()) {
            let told = finding.cause.is_some() && finding.remedy.is_some();
            assert!(told && !finding.found.is_empty(), "{finding:?}");
        }
    }
    println!("{} breaks, {} named wrong", BREAKS.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a break hides of another: a check that cannot judge is skipped.
#[tokio::test(start_paused = true)]
async fn of_two_broken_links_each_is_named_or_not_judged_and_nothing_else_is_accused() {
    let bench = standing("everything.toml").await;
    let whole = bench.simulator.world();
    // A quarter of the pairs; all of them with `HYBRIDGW_SWEEP=full`.
    let full = std::env::var("HYBRIDGW_SWEEP").is_ok_and(|value| value == "full");
    let (mut wrong, mut pairs, mut both) = (Vec::new(), 0, 0);
    for (place, first) in BREAKS.iter().enumerate() {
        for (other, second) in BREAKS.iter().enumerate().skip(place + 1) {
            if !full && (place * 7 + other * 3) % 4 != 0 {
                continue;
            }
            let check = |one: &Break| one.named.split('/').next().unwrap_or_default();
            if check(first) == check(second) {
                continue;
            }
            pairs += 1;
            let findings = broken_walk(&bench, &whole, &[second, first]).await;
            let accused = accused(&findings);
            let wanted = BTreeSet::from([first.named.to_owned(), second.named.to_owned()]);
            let strange: Vec<_> = accused.difference(&wanted).collect();
            let missed = wanted.difference(&accused).filter(|code| {
                let check = code.split('/').next().unwrap_or_default();
                let judged = findings.iter().filter(|one| one.check.to_string() == check);
                !judged
                    .into_iter()
                    .any(|one| one.verdict == Verdict::Skipped)
            });
            let missed: Vec<_> = missed.collect();
            both += usize::from(accused == wanted);
            if !strange.is_empty() || !missed.is_empty() || accused.is_empty() {
                wrong.push(format!(
                    "{} and {}: accused {strange:?}, missed {missed:?}",
                    first.what, second.what
                ));
            }
        }
    }
    println!("{pairs} pairs, both named in {both}, {} wrong", wrong.len());
    assert!(
        wrong.is_empty(),
        "{} of {pairs}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn rule(operation: &str, then: Fault) -> Rule {
    Rule {
        operation: operation.to_owned(),
        calls: None,
        from: None,
        probability: None,
        times: None,
        then,
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_looked_at_is_skipped_with_its_action_and_the_rest_is_checked() {
    let bench = standing("everything.toml").await;
    for (call, action, check) in [
        (
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeRules",
            Check::Rule,
        ),
        (
            "elasticloadbalancing:DescribeTargetHealth",
            "elasticloadbalancing:DescribeTargetHealth",
            Check::TargetHealth,
        ),
        (
            "ec2:DescribeVpcEndpoints",
            "ec2:DescribeVpcEndpoints",
            Check::Endpoint,
        ),
        (
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSecurityGroups",
            Check::SecurityGroup,
        ),
        (
            "route53:ListResourceRecordSets",
            "route53:ListResourceRecordSets",
            Check::Record,
        ),
        (
            "apigateway:GetDomainNames",
            "apigateway:GET",
            Check::Mapping,
        ),
        ("apigateway:GetStages", "apigateway:GET", Check::Stage),
        ("lambda:GetPolicy", "lambda:GetPolicy", Check::Permission),
        (
            "s3:GetBucketPolicy",
            "s3:GetBucketPolicy",
            Check::BucketPolicy,
        ),
        (
            "acm:DescribeCertificate",
            "acm:DescribeCertificate",
            Check::Certificate,
        ),
    ] {
        let denied = Fault::Refuse {
            code: "AccessDenied".to_owned(),
            status: 403,
            message: String::new(),
        };
        bench.simulator.set_faults(vec![rule(call, denied)]);
        let findings = walk(&bench, true).await;
        bench.assert_struck();
        assert!(
            accused(&findings).is_empty(),
            "{call}: {:?}",
            accused(&findings)
        );
        let own: Vec<&Finding> = findings.iter().filter(|one| one.check == check).collect();
        let named = own.iter().any(|one| {
            one.verdict == Verdict::Skipped && one.found == format!("the caller may not {action}")
        });
        assert!(named, "{call}: {own:#?}");
        let well = findings
            .iter()
            .filter(|one| one.verdict == Verdict::Ok)
            .count();
        assert!(well >= 8, "{call}: only {well} are judged");
    }
}

#[test]
fn a_rehearsed_stack_is_verified_offline_by_its_file_and_by_its_name() {
    let folder = crate::Folder::new("verify");
    let config = ["--simulate", "--config", "placeholder.toml"];
    let with = |more: &[&'static str]| [&config[..], more].concat();
    let none = folder.run(&with(&["verify"]));
    let said = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(said.contains("nothing of the stack"), "{said}");
    assert_eq!(none.status.code(), Some(1));

    // Where it answers is said, also when nothing changes.
    for _ in 0..2 {
        let up = folder.run(&with(&["up", "--yes"]));
        let (out, said) = (
            String::from_utf8_lossy(&up.stdout),
            String::from_utf8_lossy(&up.stderr),
        );
        assert_eq!(out.trim(), "https://orders.corp.example.com", "{said}");
        assert!(!said.contains("warning"), "{said}");
    }
    let by_name = [
        "--simulate",
        "--region",
        REGION,
        "verify",
        "--stack",
        "orders-dev",
    ];
    for arguments in [with(&["verify"]), by_name.to_vec()] {
        let json = folder.run(&[&arguments[..], &["-o", "json"]].concat());
        let said = String::from_utf8_lossy(&json.stderr).into_owned();
        assert_eq!(json.status.code(), Some(0), "{said}");
        let report: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
        assert_eq!(
            (&report["ok"], &report["format_version"]),
            (&true.into(), &1.into())
        );
        let text = folder.run(&arguments);
        let text = String::from_utf8_lossy(&text.stdout).into_owned();
        assert!(text.contains("ok       request"), "{text}");
        let short = folder.run(&[&arguments[..], &["--short"]].concat());
        let short = String::from_utf8_lossy(&short.stdout).into_owned();
        assert_eq!(short.lines().count(), 2, "{short}");
    }
}

#[test]
fn a_converged_stack_that_answers_403_is_warned_of() {
    let folder = crate::Folder::new("warned");
    let up = [
        "--simulate",
        "--config",
        "apis.toml",
        "up",
        "--yes",
        "-o",
        "json",
    ];
    assert_eq!(folder.run(&up).status.code(), Some(0));
    // Its team locks the borrowed API, which no plan of ours would change.
    let world = folder.0.join(".hybridgw/world.json");
    let begin = hybridgw::simulator::clock::Time::from_unix_millis(0);
    let simulator = hybridgw::simulator::Simulator::open(&world, begin, Conditions::default());
    let simulator = simulator.expect("the world of the last command");
    let locked = simulator.edit(|world, conditions| {
        let ctx = world.context(ACCOUNT, REGION, conditions);
        let borrowed = ctx.here.apigateway.apis.get_mut("a1b2c3d4e5").expect("it");
        borrowed.content.policy = None;
        for deployment in borrowed.deployments.values_mut() {
            deployment.snapshot.content.policy = None;
        }
    });
    locked.expect("it can be written");
    drop(simulator);

    let again = folder.run(&up);
    assert_eq!(again.status.code(), Some(0), "a warning is no failure");
    let lines = String::from_utf8_lossy(&again.stdout).into_owned();
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON lines"))
        .collect();
    // Those without a code are about the file and what it refers to.
    let warned = |line: &&serde_json::Value| {
        line["event"] == "warning" && line["code"] != serde_json::Value::Null
    };
    let mut warnings = lines.iter().filter(warned);
    let warning = warnings.next().unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!(warning["route"], "/billing");
    let code = warning["code"].as_str().expect("a code");
    assert!(code.starts_with("api-policy/"), "{warning}");
    assert_eq!(warnings.count(), 0);
    let result = lines.last().expect("a result");
    assert_eq!(result["converged"], true);
}
