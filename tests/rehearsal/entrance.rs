//! The way in: who may come, what is logged, and an endpoint that may not be
//! looked at.

use hybridgw::{
    outputs::{Outputs, Status},
    rehearsal,
    simulator::{dataplane::Ask, dataplane::Hop},
};
use serde_json::Value;

use crate::{
    bench::{ACCOUNT, Bench, REGION, assert_same, config},
    quick,
    watch::ask,
};

const HOST: &str = "orders.corp.example.com";
const FILE: &str = "placeholder.toml";

fn changed(bench: &mut Bench, set: &[&str]) {
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    bench.config = config(FILE, &set);
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
}

fn bench(set: &[&str]) -> Bench {
    let mut bench = Bench::new(FILE, quick());
    changed(&mut bench, set);
    bench
}

fn ec2(bench: &Bench) -> Value {
    bench.census()["regions"]["ec2"].clone()
}

/// The rules that let clients in: port and peer.
fn admitted(bench: &Bench) -> Vec<String> {
    let ec2 = ec2(bench);
    let groups = ec2["groups"].as_object().expect("groups");
    let (front, _) = groups
        .iter()
        .find(|(_, group)| {
            group["name"]
                .as_str()
                .is_some_and(|name| name.ends_with("-load-balancer"))
        })
        .expect("the load balancer has a group");
    let rules = ec2["rules"].as_object().expect("rules").values();
    let own = rules.filter(|rule| rule["group"] == *front && rule["egress"] == false);
    let mut all: Vec<String> = own
        .map(|rule| {
            let peer = rule["peer"].as_object().expect("a peer").values().next();
            format!("{} {}", rule["traffic"]["from"], peer.expect("a peer"))
        })
        .collect();
    all.sort();
    all
}

#[tokio::test(start_paused = true)]
async fn lists_and_groups_are_let_in_compared_and_taken_away() {
    let all = "network.clients=[\"192.168.0.0/16\", \"pl-0a1b2c3d\", \"sg-0a1b2c3d\"]";
    let mut bench = bench(&[all]);
    assert!(bench.up().await.ok());
    let both = |peer: &str| [format!("443 \"{peer}\""), format!("80 \"{peer}\"")];
    let mut wanted = [
        both("192.168.0.0/16"),
        both("pl-0a1b2c3d"),
        both("sg-0a1b2c3d"),
    ]
    .concat();
    wanted.sort();
    assert_eq!(admitted(&bench), wanted);
    // The list holds 10.0.0.0/8.
    let from = |address: [u8; 4]| {
        let ask = Ask::new(HOST, "/", address.into());
        bench.simulator.ask(ACCOUNT, REGION, &ask).status
    };
    assert_eq!(from([10, 1, 2, 3]), 200);
    assert_ne!(from([203, 0, 113, 9]), 200);
    assert!(bench.unconverged().await.is_none());
    // Somebody takes a list's rule away, and one is no longer wanted.
    let edited = bench.simulator.edit(|world, conditions| {
        let ctx = world.context(ACCOUNT, REGION, conditions);
        ctx.here
            .ec2
            .rules
            .retain(|_, rule| !matches!(&rule.peer, hybridgw::simulator::ec2::Peer::PrefixList(_)));
    });
    edited.expect("in memory");
    assert!(bench.unconverged().await.is_some());
    changed(&mut bench, &["network.clients=[\"pl-0a1b2c3d\"]"]);
    assert!(bench.up().await.ok());
    assert_eq!(admitted(&bench), both("pl-0a1b2c3d"));
}

#[tokio::test(start_paused = true)]
async fn everything_that_takes_tags_has_those_of_the_file() {
    let bench = bench(&["tags={team=\"orders\"}"]);
    assert!(bench.up().await.ok());
    let ec2 = ec2(&bench);
    let rules = ec2["rules"].as_object().expect("rules");
    let own = rules.iter().filter(|(id, _)| !ec2["tags"][*id].is_null());
    // 443 and 80 for the clients, and the way from the balancer to the endpoint at both ends.
    assert_eq!(own.clone().count(), 4, "{rules:?}");
    for (id, _) in own {
        let tags = &ec2["tags"][id];
        assert_eq!(tags["team"], "orders", "{id}");
        assert_eq!(tags["hybridgw:stack"], bench.config.stack, "{id}");
    }
    assert!(bench.down().await.ok());
    let left = self::ec2(&bench)["tags"].to_string();
    assert!(!left.contains("team"), "{left}");
}

#[tokio::test(start_paused = true)]
async fn logs_and_invalid_headers_are_set_compared_and_switched_off() {
    let logs = [
        "load_balancer.access_logs=s3://orders-logs/lb",
        "load_balancer.connection_logs=s3://orders-logs",
        "load_balancer.health_check_logs=s3://orders-checks/a/b",
        "load_balancer.drop_invalid_headers=false",
    ];
    let mut bench = bench(&logs);
    assert!(bench.up().await.ok());
    let attributes = |bench: &Bench| {
        let census = bench.census();
        let all = census["regions"]["elbv2"]["balancers"].clone();
        let all = all.as_object().expect("one").values().next().cloned();
        all.expect("one")["attributes"].clone()
    };
    let has = attributes(&bench);
    assert_eq!(has["access_logs.s3.bucket"], "orders-logs");
    assert_eq!(has["access_logs.s3.prefix"], "lb");
    assert_eq!(has["connection_logs.s3.enabled"], "true");
    assert_eq!(has["health_check_logs.s3.prefix"], "a/b");
    assert_ne!(
        has["routing.http.drop_invalid_header_fields.enabled"],
        "true"
    );
    assert!(bench.unconverged().await.is_none());
    changed(&mut bench, &[]);
    assert!(bench.up().await.ok());
    let has = attributes(&bench);
    assert_ne!(has["health_check_logs.s3.enabled"], "true");
    assert_eq!(
        has["routing.http.drop_invalid_header_fields.enabled"],
        "true"
    );
}

const FOREIGN: [&str; 2] = [
    "endpoint.foreign=true",
    "endpoint.addresses=[\"10.0.7.10\", \"10.0.3.9\"]",
];

fn foreign(id: &[&'static str]) -> Bench {
    let mut set = FOREIGN.to_vec();
    set.extend(id);
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    let config = config(FILE, &set);
    let simulator = hybridgw::simulator::Simulator::new(quick());
    rehearsal::furnish(&simulator, &config, ACCOUNT, REGION).expect("in memory");
    Bench::at(simulator, config)
}

/// The owner's endpoint as it is: nothing of it may change.
fn endpoints(bench: &Bench) -> Value {
    ec2(bench)["endpoints"].clone()
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_may_not_be_looked_at_serves_by_its_addresses() {
    for id in [&[][..], &["endpoint.id=vpce-0123456789abcdef0"][..]] {
        let bench = foreign(id);
        let before = bench.census();
        let lent = endpoints(&bench);
        let outcome = bench.up().await;
        assert!(outcome.ok(), "{outcome:?}");
        let answer = ask(&bench, HOST, "/");
        assert_eq!(answer.status, 200, "{}", answer.why);
        assert_eq!(endpoints(&bench), lent, "it is not touched");
        let status = Status::read(&bench.look()).await.expect("reads work");
        let targets: Vec<&str> = status
            .targets
            .iter()
            .map(|row| row.address.as_str())
            .collect();
        assert_eq!(targets, ["10.0.3.9", "10.0.7.10"]);
        let outputs = Outputs::read(&bench.look(), ACCOUNT)
            .await
            .expect("reads work");
        assert_eq!(outputs.addresses, ["10.0.3.9", "10.0.7.10"]);
        assert!(bench.unconverged().await.is_none());
        let calls = bench.connection.journal.by_operation();
        assert!(
            !calls.contains_key("DescribeNetworkInterfaces"),
            "{calls:?}"
        );
        assert!(!calls.contains_key("ModifyVpcEndpoint"), "{calls:?}");
        assert!(bench.down().await.ok());
        assert_same(&before, &bench.census(), "after down");
    }
}

/// The API admits the endpoint that the file names, and no other.
#[tokio::test(start_paused = true)]
async fn an_api_admits_no_other_endpoint_than_the_one_that_is_named() {
    let bench = foreign(&["endpoint.id=vpce-0123456789abcdef0"]);
    assert!(bench.up().await.ok());
    let renamed = bench.simulator.edit(|world, conditions| {
        let ctx = world.context(ACCOUNT, REGION, conditions);
        let endpoint = ctx.here.ec2.endpoints.remove("vpce-0123456789abcdef0");
        let other = "vpce-0fffffffffffffff0".to_owned();
        ctx.here
            .ec2
            .endpoints
            .insert(other.clone(), endpoint.expect("it is there"));
        for interface in ctx.here.ec2.interfaces.values_mut() {
            if interface.holder == "vpce-0123456789abcdef0" {
                interface.holder.clone_from(&other);
            }
        }
    });
    renamed.expect("in memory");
    let answer = ask(&bench, HOST, "/");
    assert_eq!(answer.hop, Some(Hop::ApiPolicy), "{}", answer.why);
}

/// Each of IAM's refusals as AWS words it, and what a person is told to do.
#[tokio::test(start_paused = true)]
async fn a_denied_call_says_which_permission_and_whether_an_allow_helps() {
    use hybridgw::simulator::{
        conditions::Conditions,
        iam::{By, Denial},
    };
    for (action, by, says) in [
        (
            "apigateway:POST",
            By::NoPolicy,
            "allow the caller apigateway:POST on arn:aws:apigateway:eu-central-1::/restapis",
        ),
        (
            "elasticloadbalancing:CreateLoadBalancer",
            By::PermissionsBoundary,
            "elasticloadbalancing:CreateLoadBalancer: the caller's permissions boundary does not allow it",
        ),
        (
            "ec2:AuthorizeSecurityGroupIngress",
            By::ServiceControlPolicy,
            "ec2:AuthorizeSecurityGroupIngress: a service control policy of the organisation denies it",
        ),
        (
            "route53:ChangeResourceRecordSets",
            By::IdentityPolicy,
            "route53:ChangeResourceRecordSets: a policy of the caller denies it",
        ),
    ] {
        let conditions = Conditions {
            denied: vec![Denial::of(action).by(by)],
            ..quick()
        };
        let bench = Bench::new(FILE, conditions);
        let outcome = bench.up().await;
        let failed = outcome.report.failed.iter();
        let hints: Vec<&String> = failed.flat_map(|(_, error)| &error.hints).collect();
        assert!(
            hints.iter().any(|hint| hint.starts_with(says)),
            "{action}: {hints:?}"
        );
    }
}
