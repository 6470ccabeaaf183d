//! `doctor` on accounts that fit, and on accounts that are wrong in one place: it
//! is named, and nothing else.

use std::{collections::BTreeSet, path::Path};

use hybridgw::{
    aws::{Connection, simulated},
    checks::{self, Check, Finding, Report, Verdict},
    clock::Clock,
    doctor::{self, Patient},
    rehearsal,
    simulator::{
        Simulator,
        acm::Status,
        apigateway,
        clock::Time,
        conditions::Conditions,
        ec2::{self, EndpointState},
        route53, s3,
        world::Ctx,
    },
};
use serde_json::json;

use crate::{
    bench::{ACCOUNT, Bench, EXAMPLES, REGION, config},
    verify::{accused, change},
};

async fn examined(bench: &Bench) -> Vec<Finding> {
    let reads = bench.look();
    let patient = Patient {
        config: &bench.config,
        file: Path::new("hybridgw.toml"),
        connection: &bench.connection,
        reads: &reads,
        clock: Clock::REAL,
        now: i64::try_from(bench.simulator.now().unix_seconds()).expect("a time"),
    };
    doctor::examine(&patient).await
}

/// An account under conditions that holds what the file with these settings borrows.
fn account(name: &str, set: &[&str], conditions: Conditions) -> Bench {
    let set: Vec<String> = set.iter().map(|one| (*one).to_owned()).collect();
    let config = config(name, &set);
    let simulator = Simulator::new(conditions);
    rehearsal::furnish(&simulator, &config, ACCOUNT, REGION).expect("it is in memory");
    Bench::at(simulator, config)
}

fn conditions(value: serde_json::Value) -> Conditions {
    serde_json::from_value(value).expect("they are conditions")
}

fn verdict(findings: &[Finding], check: Check) -> Verdict {
    let mut all = findings.iter().filter(|one| one.check == check);
    all.next().expect("every check answers").verdict
}

#[tokio::test(start_paused = true)]
async fn an_account_that_fits_is_well_before_up_and_after() {
    for name in EXAMPLES {
        let bench = account(name, &[], Conditions::default());
        for after in [false, true] {
            if after {
                let up = bench.up().await;
                assert!(up.ok(), "{name}: {up:?}");
            }
            let before = bench.connection.journal.attempts();
            let findings = examined(&bench).await;
            let calls = bench.connection.journal.attempts() - before;
            println!("{name}, after up {after}: {calls} calls");
            assert_eq!(accused(&findings), BTreeSet::new(), "{name}: {findings:#?}");
            let checks: BTreeSet<Check> = findings.iter().map(|one| one.check).collect();
            assert_eq!(checks.len(), 18, "{name}: {checks:?}");
            let skipped = findings
                .iter()
                .filter(|one| one.verdict == Verdict::Skipped);
            let skipped: Vec<Check> = skipped.map(|one| one.check).collect();
            // No answer of the simulated account names a time.
            assert_eq!(skipped, [Check::Clock], "{name}");
        }
    }
}

/// What is wrong, in which account, and what is named.
struct Case {
    what: &'static str,
    file: &'static str,
    set: &'static [&'static str],
    how: fn(&mut Ctx<'_>),
    named: &'static [&'static str],
}

const fn case(
    what: &'static str,
    file: &'static str,
    set: &'static [&'static str],
    named: &'static [&'static str],
    how: fn(&mut Ctx<'_>),
) -> Case {
    Case {
        what,
        file,
        set,
        how,
        named,
    }
}

const ALL: &str = "everything.toml";
const VPC: &str = "vpc-0a1b2c3d4e5f60718";
const SECOND: &str = "subnet-0bbbbbbbbbbbbbbbb";

fn nothing(_: &mut Ctx<'_>) {}

fn subnet<'a>(ctx: &'a mut Ctx<'_>) -> &'a mut ec2::Subnet {
    ctx.here.ec2.subnets.get_mut(SECOND).expect("it")
}

fn lent<'a>(ctx: &'a mut Ctx<'_>) -> &'a mut ec2::Endpoint {
    ctx.here
        .ec2
        .endpoints
        .get_mut("vpce-0123456789abcdef0")
        .expect("it")
}

/// A public API, and an endpoint of somebody's that hides it.
fn private_dns(ctx: &mut Ctx<'_>) {
    lent(ctx).private_dns = true;
    apigateway::furnish::add_api(ctx, "p1b2c3d4e5", "prod", &[]).expect("it is stored");
    let api = ctx.here.apigateway.apis.get_mut("p1b2c3d4e5").expect("it");
    "REGIONAL".clone_into(&mut api.content.kind);
}

fn bucket<'a>(ctx: &'a mut Ctx<'_>, name: &str) -> &'a mut s3::Bucket {
    ctx.global.s3.buckets.get_mut(name).expect("it")
}

fn public(ctx: &mut Ctx<'_>) {
    let bucket = bucket(ctx, "orders-frontend");
    let policy = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders-frontend/*"}]});
    bucket.policy = Some(policy.to_string());
    bucket.access_block = Some(s3::AccessBlock::ALL);
}

const LOGS: &[&str] = &["load_balancer.access_logs=s3://orders-logs/lb"];

const CASES: &[Case] = &[
    case("no DNS in the VPC", ALL, &[], &["vpc-dns/off"], |ctx| {
        ctx.here.ec2.vpcs.get_mut(VPC).expect("it").dns_support = false;
    }),
    case(
        "no DNS where private DNS is wanted",
        ALL,
        &["endpoint.private_dns=true"],
        &["vpc-dns/off"],
        |ctx| {
            ctx.here.ec2.vpcs.get_mut(VPC).expect("it").dns_hostnames = false;
        },
    ),
    case("no VPC", ALL, &[], &["subnets/no-vpc"], |ctx| {
        ctx.here.ec2.vpcs.clear();
    }),
    case("no subnet", ALL, &[], &["subnets/missing"], |ctx| {
        ctx.here.ec2.subnets.remove(SECOND);
    }),
    case(
        "a subnet of another VPC",
        ALL,
        &[],
        &["subnets/other-vpc"],
        |ctx| {
            "vpc-0fffffffffffffff0".clone_into(&mut subnet(ctx).vpc);
        },
    ),
    case("a small subnet", ALL, &[], &["subnets/too-small"], |ctx| {
        subnet(ctx).cidr = "10.0.2.0/28".parse().expect("a range");
    }),
    case("a full subnet", ALL, &[], &["subnets/full"], |ctx| {
        subnet(ctx).cidr = "10.0.2.0/27".parse().expect("a range");
        for place in 4..22 {
            let new = ec2::NewInterface {
                subnet: SECOND.to_owned(),
                groups: Vec::new(),
                address: Some([10, 0, 2, place].into()),
                description: "a node".to_owned(),
                kind: "interface",
                requester: "others",
                holder: "others".to_owned(),
                since: ctx.now,
            };
            ec2::attach_interface(ctx, new).expect("it is free");
        }
    }),
    case(
        "one zone",
        ALL,
        &[],
        &["zones/shared", "zones/single"],
        |ctx| {
            "eu-central-1a".clone_into(&mut subnet(ctx).zone);
        },
    ),
    case(
        "an address that is AWS's own",
        "pinned.toml",
        &["endpoint.addresses=[\"10.0.1.1\", \"10.0.2.10\"]"],
        &["subnets/address-unusable"],
        nothing,
    ),
    case(
        "private DNS that hides",
        "borrowed-endpoint.toml",
        &[],
        &["private-dns/hides-public-apis"],
        private_dns,
    ),
    case(
        "private DNS that is taken",
        ALL,
        &["endpoint.private_dns=true"],
        &["private-dns/taken"],
        |ctx| {
            let endpoint = ec2::furnish::add_endpoint;
            let _ = endpoint;
            let zone = route53::Vpc {
                id: VPC.to_owned(),
                region: REGION.to_owned(),
            };
            route53::add_zone(
                ctx,
                "ZTAKEN",
                "execute-api.eu-central-1.amazonaws.com",
                true,
                &[zone],
            );
        },
    ),
    case(
        "no endpoint",
        "borrowed-endpoint.toml",
        &[],
        &["endpoint-service/no-endpoint"],
        |ctx| {
            ctx.here.ec2.endpoints.clear();
        },
    ),
    case(
        "an endpoint for S3",
        "borrowed-endpoint.toml",
        &[],
        &["endpoint-service/other-service"],
        |ctx| {
            "com.amazonaws.eu-central-1.s3".clone_into(&mut lent(ctx).service);
        },
    ),
    case(
        "an endpoint that is pending",
        "borrowed-endpoint.toml",
        &[],
        &["endpoint-service/not-available"],
        |ctx| {
            lent(ctx).state = EndpointState::Pending;
        },
    ),
    case(
        "an endpoint in one zone",
        "borrowed-endpoint.toml",
        &[],
        &["zones/crossed"],
        |ctx| {
            lent(ctx).subnets.pop();
        },
    ),
    case(
        "an endpoint that is closed",
        "borrowed-endpoint.toml",
        &["endpoint.manage=false"],
        &["endpoint-service/closed"],
        |ctx| {
            ctx.here.ec2.rules.clear();
        },
    ),
    case(
        "an endpoint that is open to all",
        "borrowed-endpoint.toml",
        &[],
        &["policy/too-open"],
        |ctx| {
            lent(ctx).policy = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}).to_string();
        },
    ),
    case(
        "no certificate",
        ALL,
        &[],
        &["certificate/missing"],
        |ctx| {
            ctx.here.acm.certificates.clear();
        },
    ),
    case(
        "a certificate that waits",
        ALL,
        &[],
        &["certificate/not-issued"],
        |ctx| {
            for one in ctx.here.acm.certificates.values_mut() {
                one.status = Status::PendingValidation;
            }
        },
    ),
    case(
        "a certificate for others",
        ALL,
        &[],
        &["certificate/not-covering"],
        |ctx| {
            for one in ctx.here.acm.certificates.values_mut() {
                one.names = vec!["other.example.com".to_owned()];
            }
        },
    ),
    case(
        "a certificate that ends soon",
        ALL,
        &[],
        &["certificate/expires-soon"],
        |ctx| {
            let soon = Time::from_unix_millis(ctx.now.unix_millis() + 5 * 86_400_000);
            for one in ctx.here.acm.certificates.values_mut() {
                one.valid = Some((ctx.now, soon));
            }
        },
    ),
    case(
        "a certificate in no log",
        ALL,
        &[],
        &["certificate/not-logged"],
        |ctx| {
            for one in ctx.here.acm.certificates.values_mut() {
                "DISABLED".clone_into(&mut one.transparency);
            }
        },
    ),
    case("no zone", ALL, &[], &["zone/missing"], |ctx| {
        ctx.global.route53.zones.clear();
    }),
    case(
        "two zones of a name",
        ALL,
        &[],
        &["zone/ambiguous"],
        |ctx| {
            route53::add_zone(ctx, "ZSECOND", "corp.example.com", false, &[]);
        },
    ),
    case(
        "a name outside the zone",
        "apis.toml",
        &[],
        &["zone/not-holding"],
        |ctx| {
            for zone in ctx.global.route53.zones.values_mut() {
                "other.example.org.".clone_into(&mut zone.name);
            }
        },
    ),
    case(
        "a zone of another VPC",
        ALL,
        &[],
        &["zone/not-associated"],
        |ctx| {
            for zone in ctx.global.route53.zones.values_mut() {
                zone.vpcs = vec![route53::Vpc {
                    id: "vpc-0fffffffffffffff0".to_owned(),
                    region: REGION.to_owned(),
                }];
            }
        },
    ),
    case("a zone that hides", ALL, &[], &["record/hidden"], |ctx| {
        let vpc = route53::Vpc {
            id: VPC.to_owned(),
            region: REGION.to_owned(),
        };
        route53::add_zone(ctx, "ZHIDES", "orders.corp.example.com", true, &[vpc]);
    }),
    case("somebody's record", ALL, &[], &["record/foreign"], |ctx| {
        for zone in ctx.global.route53.zones.values_mut() {
            zone.records.push(route53::Record {
                name: "orders.corp.example.com.".to_owned(),
                kind: "CNAME".to_owned(),
                ttl: Some(60),
                values: vec!["old.example.com".to_owned()],
                ..route53::Record::default()
            });
        }
    }),
    case("a quota too low", ALL, &[], &["quotas/exceeded"], |ctx| {
        ctx.here
            .raised
            .insert("elasticloadbalancing/L-53DA6B97".to_owned(), 0);
    }),
    case("a quota that is near", ALL, &[], &["quotas/near"], |ctx| {
        ctx.here
            .raised
            .insert("apigateway/L-A966AB5C".to_owned(), 1);
    }),
    case(
        "a list that is gone",
        ALL,
        &["network.clients=[\"pl-0a1b2c3d\"]"],
        &["clients/missing"],
        |ctx| {
            ctx.here.ec2.prefix_lists.clear();
        },
    ),
    case(
        "a list of IPv6",
        ALL,
        &["network.clients=[\"pl-0a1b2c3d\"]"],
        &["clients/not-ipv4"],
        |ctx| {
            ctx.here
                .ec2
                .prefix_lists
                .get_mut("pl-0a1b2c3d")
                .expect("it")
                .ipv6 = true;
        },
    ),
    case(
        "a group of another VPC",
        ALL,
        &["network.clients=[\"sg-0a1b2c3d\"]"],
        &["clients/other-vpc"],
        |ctx| {
            "vpc-0fffffffffffffff0"
                .clone_into(&mut ctx.here.ec2.groups.get_mut("sg-0a1b2c3d").expect("it").vpc);
        },
    ),
    case(
        "a bucket that admits nobody",
        "site.toml",
        &[],
        &["policy/not-admitting"],
        |ctx| {
            bucket(ctx, "shop-help").policy = None;
        },
    ),
    case(
        "a public bucket that blocks",
        ALL,
        &[],
        &["policy/public-access-blocked"],
        public,
    ),
    case(
        "no bucket of logs",
        ALL,
        LOGS,
        &["logs/bucket-missing"],
        |ctx| {
            ctx.global.s3.buckets.remove("orders-logs");
        },
    ),
    case(
        "logs that are refused",
        ALL,
        LOGS,
        &["logs/denied"],
        |ctx| {
            bucket(ctx, "orders-logs").policy = None;
        },
    ),
    case(
        "no function",
        ALL,
        &[],
        &["config/function-missing"],
        |ctx| {
            ctx.here.lambda.functions.clear();
        },
    ),
    case("no bucket", ALL, &[], &["config/bucket-missing"], |ctx| {
        ctx.global.s3.buckets.clear();
    }),
    case("no index", ALL, &[], &["config/index-missing"], |ctx| {
        bucket(ctx, "orders-frontend").objects.clear();
    }),
    case(
        "no TLS policy",
        ALL,
        &["load_balancer.tls_policy=ELBSecurityPolicy-Unheard-Of"],
        &["config/tls-policy-missing"],
        nothing,
    ),
    case("no API", "apis.toml", &[], &["config/api-missing"], |ctx| {
        ctx.here.apigateway.apis.clear();
    }),
    case("somebody's group", ALL, &[], &["config/foreign"], |ctx| {
        ec2::furnish::add_group(
            ctx,
            "sg-0fffffff",
            VPC,
            "orders-load-balancer",
            "somebody's",
        );
    }),
];

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_named_and_nothing_else_is_accused() {
    let mut wrong = Vec::new();
    for case in CASES {
        let bench = account(case.file, case.set, Conditions::default());
        change(&bench, case.how);
        let findings = examined(&bench).await;
        let named: BTreeSet<String> = case.named.iter().map(ToString::to_string).collect();
        let accused = accused(&findings);
        let checks: BTreeSet<Check> = findings.iter().map(|one| one.check).collect();
        let mut failed = findings.iter().filter(|one| one.is_failed());
        if accused != named || checks.len() != 18 || failed.any(|one| one.remedy.is_none()) {
            let said = findings.iter().filter(|one| one.verdict != Verdict::Ok);
            wrong.push(format!("{}: {:#?}", case.what, said.collect::<Vec<_>>()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} cases", CASES.len());
}

/// Two at a time: nothing that neither of them is about is accused, and of what
/// does not hide the other both are named.
#[tokio::test(start_paused = true)]
async fn of_two_things_that_are_wrong_no_third_is_accused() {
    // Where the VPC is not there, nothing can be said of the rest of the network.
    let hides = |one: &Case| one.named == ["subnets/no-vpc"];
    let plain: Vec<&Case> = CASES
        .iter()
        .filter(|one| one.file == ALL && one.set.is_empty())
        .collect();
    let (mut pairs, mut both, mut wrong) = (0, 0, Vec::new());
    for (index, one) in plain.iter().enumerate() {
        for other in plain[..index].iter().filter(|other| !hides(other)) {
            let bench = account(ALL, &[], Conditions::default());
            let spoilt = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                change(&bench, one.how);
                change(&bench, other.how);
            }));
            if spoilt.is_err() {
                continue; // the first has taken away what the second is about
            }
            pairs += 1;
            let accused = accused(&examined(&bench).await);
            let named: BTreeSet<String> = one
                .named
                .iter()
                .chain(other.named)
                .map(ToString::to_string)
                .collect();
            both += usize::from(accused == named);
            if !accused.is_subset(&named) || accused.is_empty() {
                wrong.push(format!("{} and {}: {accused:?}", one.what, other.what));
            }
        }
    }
    println!("{pairs} pairs, of {both} both named");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(both * 10 > pairs * 8, "{both} of {pairs}");
}

#[tokio::test(start_paused = true)]
async fn what_the_caller_may_not_is_named_with_what_stands_in_the_way() {
    for (denied, words, verdict) in [
        (
            json!("apigateway:POST"),
            "no policy of arn:aws:iam::111122223333:user/simulated allows it",
            Verdict::Failed,
        ),
        (
            json!({"action": "elasticloadbalancing:CreateRule", "by": "permissions-boundary"}),
            "the permissions boundary of",
            Verdict::Failed,
        ),
        (
            json!({"action": "route53:ChangeResourceRecordSets", "by": "service-control-policy"}),
            "a policy of the organisation",
            Verdict::Failed,
        ),
        (
            json!({"action": "lambda:AddPermission", "by": "identity-policy"}),
            "denies it",
            Verdict::Failed,
        ),
        // EC2 is asked itself.
        (
            json!("ec2:CreateVpcEndpoint"),
            "not authorized to perform: ec2:CreateVpcEndpoint",
            Verdict::Failed,
        ),
        (
            json!("ec2:CreateSecurityGroup"),
            "not authorized to perform: ec2:CreateSecurityGroup",
            Verdict::Failed,
        ),
        (
            json!("servicequotas:ListServiceQuotas"),
            "no policy of",
            Verdict::Warning,
        ),
    ] {
        let bench = account(ALL, &[], conditions(json!({"denied": [denied]})));
        let findings = examined(&bench).await;
        assert_eq!(
            accused(&findings),
            BTreeSet::from(["permissions/denied".to_owned()]),
            "{denied}: {findings:#?}"
        );
        let one = findings
            .iter()
            .find(|one| one.code.is_some())
            .expect("it is accused");
        assert_eq!(one.verdict, verdict, "{denied}: {one:?}");
        assert!(
            one.cause.as_deref().unwrap_or_default().contains(words),
            "{denied}: {one:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_not_ask_iam_is_told_what_is_missing_and_ec2_is_asked_all_the_same() {
    let denied = json!({"denied": ["iam:SimulatePrincipalPolicy", "ec2:CreateVpcEndpoint"]});
    let findings = examined(&account(ALL, &[], conditions(denied))).await;
    assert_eq!(
        accused(&findings),
        BTreeSet::from(["permissions/denied".to_owned()])
    );
    let skipped = findings
        .iter()
        .find(|one| one.check == Check::Permissions && one.verdict == Verdict::Skipped);
    let skipped = skipped.expect("it says that it is not judged");
    assert_eq!(
        skipped.found,
        "the caller may not iam:SimulatePrincipalPolicy"
    );
    let allowed = json!({"denied": ["iam:SimulatePrincipalPolicy"]});
    let findings = examined(&account(ALL, &[], conditions(allowed))).await;
    assert_eq!(verdict(&findings, Check::Permissions), Verdict::Skipped);
}

/// Each read that is denied leaves the others to answer, and its own checks say
/// which permission they lack.
#[tokio::test(start_paused = true)]
async fn a_denied_read_leaves_the_other_checks_to_answer() {
    for (action, check) in [
        ("acm:DescribeCertificate", Check::Certificate),
        ("ec2:DescribeSubnets", Check::Subnets),
        ("ec2:DescribeVpcAttribute", Check::VpcDns),
        ("route53:ListHostedZonesByName", Check::Zone),
        ("route53:ListResourceRecordSets", Check::Record),
        ("lambda:GetFunction", Check::Config),
        ("s3:GetBucketPublicAccessBlock", Check::Policy),
    ] {
        let bench = account(ALL, &[], conditions(json!({"denied": [action]})));
        let findings = examined(&bench).await;
        let checks: BTreeSet<Check> = findings.iter().map(|one| one.check).collect();
        assert_eq!(checks.len(), 18, "{action}: {checks:?}");
        let unseen = findings
            .iter()
            .find(|one| one.check == check && one.verdict == Verdict::Skipped);
        let unseen = unseen.unwrap_or_else(|| panic!("{action}: {findings:#?}"));
        assert_eq!(
            unseen.found,
            format!("the caller may not {action}"),
            "{unseen:?}"
        );
        let well = findings
            .iter()
            .filter(|one| one.verdict == Verdict::Ok)
            .count();
        assert!(well >= 10, "{action}: {findings:#?}");
    }
}

/// What nobody has looked at is not called well.
#[tokio::test(start_paused = true)]
async fn what_was_not_looked_at_is_never_called_well() {
    let hangs = json!({"faults": [{"operation": "lambda:GetFunction", "then": "hang"}]});
    let findings = examined(&account(ALL, &[], conditions(hangs))).await;
    for check in [
        Check::Subnets,
        Check::Zones,
        Check::EndpointService,
        Check::Record,
        Check::Clients,
        Check::Policy,
        Check::Logs,
        Check::Config,
    ] {
        let all = findings.iter().filter(|one| one.check == check);
        let verdicts: Vec<Verdict> = all.map(|one| one.verdict).collect();
        assert_eq!(verdicts, [Verdict::Skipped], "{check}: {findings:#?}");
    }
    assert_eq!(verdict(&findings, Check::Certificate), Verdict::Ok);

    let spoilt = async |file: &str, how: fn(&mut Ctx<'_>)| {
        let bench = account(file, &[], Conditions::default());
        change(&bench, how);
        examined(&bench).await
    };
    let findings = spoilt(ALL, |ctx| ctx.here.ec2.vpcs.clear()).await;
    for check in [Check::Zones, Check::EndpointService] {
        assert_eq!(verdict(&findings, check), Verdict::Skipped, "{check}");
    }
    let findings = spoilt(ALL, |ctx| ctx.global.route53.zones.clear()).await;
    assert_eq!(verdict(&findings, Check::Record), Verdict::Skipped);
    let gone = spoilt("borrowed-endpoint.toml", |ctx| {
        ctx.here.ec2.endpoints.clear();
    });
    assert_eq!(verdict(&gone.await, Check::Policy), Verdict::Skipped);
}

/// Policies name resources: what is asked about has to be what is used.
#[tokio::test(start_paused = true)]
async fn permissions_are_asked_of_the_zone_that_the_name_is_in_and_of_interfaces() {
    let denied = |resource: &str, action: &str| json!({"denied": [{"action": action, "resource": resource}]});
    let change = "route53:ChangeResourceRecordSets";
    for (conditions_of, named) in [
        (denied("*hostedzone/Z0123456789ABCDEFGHIJ", change), false),
        (denied("*hostedzone/Z12FBE5D80F697F04904E", change), true),
        (denied("*network-interface/*", "ec2:CreateTags"), true),
    ] {
        let findings = examined(&account(ALL, &[], conditions(conditions_of.clone()))).await;
        let expected = named.then(|| "permissions/denied".to_owned());
        let expected: BTreeSet<String> = expected.into_iter().collect();
        assert_eq!(accused(&findings), expected, "{conditions_of}");
    }
}

/// A policy may name by its id what exists, and nothing that AWS has yet to make.
#[tokio::test(start_paused = true)]
async fn permissions_are_asked_of_what_exists_by_its_own_id() {
    for (action, resource) in [
        ("elasticloadbalancing:ModifyListener", "*/0123456789abcdef"),
        (
            "elasticloadbalancing:DeleteTargetGroup",
            "*/0123456789abcdef",
        ),
        ("apigateway:PUT", "*/restapis/0123456789"),
        ("apigateway:PATCH", "*/restapis/0123456789/stages"),
        ("ec2:RevokeSecurityGroupEgress", "*/sg-00123456789abcdef"),
        ("ec2:DeleteVpcEndpoints", "*/vpce-00123456789abcdef"),
    ] {
        let denied = json!({"denied": [{"action": action, "resource": resource}]});
        let bench = account("placeholder.toml", &[], conditions(denied));
        let before = examined(&bench).await;
        let expected = BTreeSet::from(["permissions/denied".to_owned()]);
        assert_eq!(accused(&before), expected, "{action}");
        let said = before.iter().find(|one| one.code.is_some());
        let cause = said.and_then(|one| one.cause.clone()).unwrap_or_default();
        assert!(cause.contains("yet to choose"), "{action}: {cause}");
        assert!(bench.up().await.ok(), "{action}");
        let after = examined(&bench).await;
        assert_eq!(accused(&after), BTreeSet::new(), "{action}: {after:#?}");
    }
}

/// Of things that the file names itself, each is asked about.
#[tokio::test(start_paused = true)]
async fn permissions_are_asked_of_every_name_and_of_borrowed_apis() {
    for (name, action, resource) in [
        (
            "aliases.toml",
            "apigateway:PATCH",
            "*/domainnames/shop.corp.example.com",
        ),
        (
            "apis.toml",
            "apigateway:GET",
            "*/restapis/a1b2c3d4e5/stages/prod/exports/oas30",
        ),
    ] {
        let denied = json!({"denied": [{"action": action, "resource": resource}]});
        let findings = examined(&account(name, &[], conditions(denied))).await;
        let said = accused(&findings);
        assert!(said.contains("permissions/denied"), "{name}: {findings:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_have_run_out_are_all_there_is_to_say() {
    let expired = json!({"faults": [{"operation": "sts:GetCallerIdentity",
        "then": {"refuse": {"code": "ExpiredToken", "status": 403}}}]});
    let findings = examined(&account(ALL, &[], conditions(expired))).await;
    assert_eq!(
        accused(&findings),
        BTreeSet::from(["credentials/unusable".to_owned()])
    );
    let skipped = findings
        .iter()
        .filter(|one| one.verdict == Verdict::Skipped);
    assert_eq!(skipped.count(), 17);
}

#[tokio::test(start_paused = true)]
async fn in_another_account_nothing_else_is_said() {
    let bench = account(ALL, &["account=111122223333"], Conditions::default());
    let http = simulated::http_client(bench.simulator.clone());
    let connection = Connection::through(http, "444455556666", REGION, Clock::REAL);
    let findings = examined(&Bench {
        connection,
        ..bench
    })
    .await;
    assert_eq!(
        accused(&findings),
        BTreeSet::from(["account/other".to_owned()])
    );
    assert_eq!(verdict(&findings, Check::Credentials), Verdict::Ok);
    let skipped = findings
        .iter()
        .filter(|one| one.verdict == Verdict::Skipped);
    assert_eq!(skipped.count(), 16);
}

/// The table of what a file needs, compared with what is called for it.
#[tokio::test(start_paused = true)]
async fn no_call_is_made_that_doctor_does_not_ask_about() {
    for name in EXAMPLES {
        let bench = account(name, &[], Conditions::default());
        let up = bench.up().await;
        assert!(up.ok(), "{name}: {up:?}");
        assert!(bench.unconverged().await.is_none());
        let down = bench.down().await;
        assert!(down.ok(), "{name}: {down:?}");
        let asked = doctor::operations(&bench.config);
        let called = bench.connection.journal.by_operation();
        let missing: Vec<&String> = called
            .keys()
            .filter(|one| !asked.contains(one.as_str()) && *one != "GetCallerIdentity")
            .collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_read_at_a_glance() {
    let bench = account(ALL, &[], conditions(json!({"denied": ["apigateway:POST"]})));
    change(&bench, |ctx| {
        ctx.here.ec2.vpcs.get_mut(VPC).expect("it").dns_support = false;
        bucket(ctx, "orders-frontend").objects.clear();
    });
    let report = Report::new("orders", examined(&bench).await, &[]);
    let text = checks::render(&report, &checks::line(&report));
    insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string());
}

#[tokio::test(start_paused = true)]
async fn doctor_writes_nothing() {
    let bench = account(ALL, &[], Conditions::default());
    let before = bench.census();
    examined(&bench).await;
    assert_eq!(bench.census(), before);
    let calls = bench.connection.journal.by_operation();
    assert_eq!(calls.get("CreateVpcEndpoint"), Some(&1), "{calls:?}");
}
