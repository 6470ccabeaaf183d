//! Borrowed endpoints and pinned addresses.

use super::*;
use crate::simulator::ec2::{self, EndpointState, NewInterface, Peer, attach_interface};

const ID: &str = "vpce-0123456789abcdef0";

fn borrowing() -> String {
    format!("[endpoint]\nid = \"{ID}\"\n{API}")
}

fn managing() -> String {
    borrowing().replace("[[route]]", "manage = true\n[[route]]")
}

fn endpoint<'a>(ctx: &'a mut Ctx<'_>) -> &'a mut ec2::Endpoint {
    ctx.here.ec2.endpoints.get_mut(ID).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_cannot_serve_is_refused() {
    let gone = Bench::new(&borrowing()).spoil(|ctx| ctx.here.ec2.endpoints.clear());
    insta::assert_snapshot!(gone.refused().await, @"endpoint.id: vpce-0123456789abcdef0 does not exist in eu-central-1");
    let theirs = Bench::new(&borrowing()).spoil(|ctx| {
        let endpoint = endpoint(ctx);
        "com.amazonaws.eu-central-1.s3".clone_into(&mut endpoint.service);
        "vpc-0fffffff".clone_into(&mut endpoint.vpc);
        endpoint.state = EndpointState::Pending;
    });
    insta::assert_snapshot!(theirs.refused().await, @r"
    3 references of the configuration do not fit
    endpoint.id: vpce-0123456789abcdef0 leads to com.amazonaws.eu-central-1.s3, not to com.amazonaws.eu-central-1.execute-api
    endpoint.id: vpce-0123456789abcdef0 is in vpc-0fffffff, not in vpc-0a1b2c3d
    endpoint.id: vpce-0123456789abcdef0 is pending, not available
    ");
}

#[tokio::test(start_paused = true)]
async fn what_the_owner_has_to_open_is_said_unless_hybridgw_may_do_it() {
    let closed = |keys: &str| {
        Bench::new(keys).spoil(|ctx| {
            ctx.here.ec2.rules.clear();
            let policy = endpoint(ctx).policy.replace(":*\"", ":another1id/*\"");
            endpoint(ctx).policy = policy;
        })
    };
    insta::assert_snapshot!(closed(&borrowing()).warnings().await, @r#"
    endpoint.id: the security groups of vpce-0123456789abcdef0 (sg-07b53e75b6e3dcfdb) do not admit the load balancer; their owner has to let in tcp 443 from the load balancer's security group (see `hybridgw outputs` once it is there), or from 10.0.1.0/24 and 10.0.2.0/24; or set `manage = true`
    endpoint.id: the policy of vpce-0123456789abcdef0 does not admit this stack's APIs yet: no statement allows it (statement 1 would, but for its Resource); its owner has to add this statement, or set `manage = true`: {"Action":"execute-api:Invoke","Effect":"Allow","Principal":"*","Resource":["arn:aws:execute-api:eu-central-1:111122223333:<the id of the API of route /, see `hybridgw outputs`>/*"]}
    "#);
    assert_eq!(closed(&managing()).warnings().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_deny_that_wins_over_the_statement_for_an_endpoint_is_named_beforehand() {
    for (keys, managed) in [(borrowing(), false), (managing(), true)] {
        let bench = Bench::new(&keys).spoil(|ctx| {
            let deny = json!({"Statement": [
                {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
                {"Sid": "known", "Effect": "Deny", "Principal": "*", "Action": "execute-api:*",
                 "NotResource": "arn:aws:execute-api:eu-central-1:111122223333:another1id/*"},
            ]});
            endpoint(ctx).policy = deny.to_string();
        });
        let said = bench.warnings().await;
        assert!(said.contains("statement \"known\" denies it; a Deny wins over every Allow: its owner has to except requests to these APIs from it"), "{said}");
        assert_eq!(
            said.contains("the statement that hybridgw adds to the policy of vpce-0123456789abcdef0 will not help"),
            managed,
            "{said}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_admits_the_stage_alone_is_no_alarm() {
    let bench = Bench::new(&borrowing()).spoil(|ctx| {
        let stage = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
            "Resource": "arn:aws:execute-api:eu-central-1:111122223333:*/v1/*"}});
        endpoint(ctx).policy = stage.to_string();
    });
    assert_eq!(bench.warnings().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_admits_one_subnet_only_is_closed() {
    let admitting = |range: &'static str| {
        Bench::new(&borrowing()).spoil(move |ctx| {
            for rule in ctx.here.ec2.rules.values_mut() {
                if matches!(rule.peer, Peer::Ipv4(_)) && !rule.egress {
                    rule.peer = Peer::Ipv4(range.parse().unwrap());
                }
            }
        })
    };
    assert_eq!(admitting("10.0.0.0/22").warnings().await, "");
    assert!(
        admitting("10.0.1.0/24")
            .warnings()
            .await
            .contains("do not admit the load balancer")
    );
    let plain = Bench::new(&borrowing()).spoil(|ctx| {
        for rule in ctx.here.ec2.rules.values_mut().filter(|rule| !rule.egress) {
            (rule.traffic.from, rule.traffic.to) = (Some(80), Some(80));
        }
    });
    assert!(
        plain
            .warnings()
            .await
            .contains("do not admit the load balancer")
    );
}

#[tokio::test(start_paused = true)]
async fn full_access_is_more_than_it_should_be() {
    for keys in [borrowing(), managing()] {
        let bench = Bench::new(&keys).spoil(|ctx| {
            let all = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]});
            endpoint(ctx).policy = all.to_string();
        });
        let said = bench.warnings().await;
        assert_eq!(
            said,
            format!(
                "endpoint.id: the policy of {ID} admits the APIs of every AWS account; its owner may want to narrow it"
            )
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_zone_without_an_address_of_the_endpoint_is_said() {
    let bench = Bench::new(&borrowing()).spoil(|ctx| {
        endpoint(ctx).subnets.pop();
    });
    insta::assert_snapshot!(bench.warnings().await, @"endpoint.id: vpce-0123456789abcdef0 has no address in eu-central-1b; the load balancer's requests from there cross to another zone, unless its owner adds a subnet");
    // Another subnet in the same zone does as well.
    let bench = Bench::new(&borrowing()).spoil(|ctx| {
        let subnets = &ctx.here.ec2.subnets;
        let zone = subnets["subnet-0bbbbbbb"].zone.clone();
        let range = "10.0.9.0/24".parse().unwrap();
        ec2::furnish::add_subnet(ctx, "subnet-0ccccccc", "vpc-0a1b2c3d", range, &zone);
        endpoint(ctx).subnets = vec!["subnet-0aaaaaaa".to_owned(), "subnet-0ccccccc".to_owned()];
    });
    assert_eq!(bench.warnings().await, "");
}

fn pinning(one: &str, two: &str) -> String {
    format!("[endpoint]\naddresses = [\"{one}\", \"{two}\"]\n{API}")
}

#[tokio::test(start_paused = true)]
async fn pinned_addresses_are_one_a_subnet_and_free() {
    let plain = || Bench::new(API);
    let outside = plain().with(&pinning("10.0.1.10", "192.168.0.10"));
    insta::assert_snapshot!(outside.refused().await, @"endpoint.addresses: 192.168.0.10 is in none of the subnets");
    let together = plain().with(&pinning("10.0.1.10", "10.0.1.11"));
    insta::assert_snapshot!(together.refused().await, @"endpoint.addresses: 10.0.1.10 and 10.0.1.11 are both in subnet-0aaaaaaa");
    let reserved = plain().with(&pinning("10.0.1.3", "10.0.2.255"));
    insta::assert_snapshot!(reserved.refused().await, @r"
    2 references of the configuration do not fit
    endpoint.addresses: 10.0.1.3 is one of the five that AWS keeps in subnet-0aaaaaaa (10.0.1.0/24)
    endpoint.addresses: 10.0.2.255 is one of the five that AWS keeps in subnet-0bbbbbbb (10.0.2.0/24)
    ");
    let taken = plain()
        .with(&pinning("10.0.1.10", "10.0.2.10"))
        .spoil(|ctx| take(ctx, "eni of others"));
    insta::assert_snapshot!(taken.refused().await, @"endpoint.addresses: 10.0.2.10 is taken (eni-08e1f7555983aa92f, a database)");
}

fn take(ctx: &mut Ctx<'_>, holder: &str) {
    let new = NewInterface {
        subnet: "subnet-0bbbbbbb".to_owned(),
        groups: Vec::new(),
        address: Some([10, 0, 2, 10].into()),
        description: "a database".to_owned(),
        kind: "interface",
        requester: "amazon-rds",
        holder: holder.to_owned(),
        since: ctx.now,
    };
    attach_interface(ctx, new).unwrap();
}

/// Otherwise no second `up` with pins would be possible.
#[tokio::test(start_paused = true)]
async fn an_address_that_the_stacks_own_endpoint_has_is_not_taken() {
    let bench = Bench::new(&borrowing())
        .with(&pinning("10.0.1.10", "10.0.2.10"))
        .spoil(|ctx| take(ctx, ID));
    assert!(bench.refused().await.contains("10.0.2.10 is taken"));
    let bench = bench.spoil(|ctx| {
        let tags = [
            ("hybridgw:stack", "orders"),
            ("hybridgw:resource", "vpc-endpoint"),
        ];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
        ctx.here.ec2.tags.insert(ID.to_owned(), tags.into());
    });
    bench.check().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn another_endpoint_with_the_private_names_is_named() {
    let keys = format!("[endpoint]\nprivate_dns = true\n{API}");
    let bench = || {
        Bench::new(&borrowing()).with(&keys).spoil(|ctx| {
            let vpc = ctx.here.ec2.vpcs.get_mut("vpc-0a1b2c3d").unwrap();
            vpc.dns_hostnames = true;
        })
    };
    bench().check().await.unwrap();
    let taken = bench().spoil(|ctx| {
        endpoint(ctx).private_dns = true;
        let name = ("Name".to_owned(), "network team".to_owned());
        ctx.here.ec2.tags.insert(ID.to_owned(), [name].into());
    });
    insta::assert_snapshot!(taken.refused().await, @"endpoint.private_dns: vpce-0123456789abcdef0 (network team) has the private names of com.amazonaws.eu-central-1.execute-api in vpc-0a1b2c3d already");
    // One that is the stack's own has them by right.
    let own = taken.spoil(|ctx| {
        let tags = [
            ("hybridgw:stack", "orders"),
            ("hybridgw:resource", "vpc-endpoint"),
        ];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
        ctx.here.ec2.tags.insert(ID.to_owned(), tags.into());
    });
    own.check().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_owner_of_an_endpoint_has_to_see_to_is_said_and_nothing_is_looked_at() {
    let keys = |id: &str| {
        format!("[endpoint]\n{id}foreign = true\naddresses = [\"10.0.1.10\", \"10.0.2.10\"]\n{API}")
    };
    let bench = Bench::new(&keys(""));
    insta::assert_snapshot!(bench.warnings().await, @r#"endpoint.foreign: the endpoint is not looked at, and without `endpoint.id` the stack's APIs admit every endpoint of vpc-0a1b2c3d; its owner has to see that 10.0.1.10 and 10.0.2.10 are its addresses, that its security groups let in tcp 443 from the load balancer's security group (see `hybridgw outputs` once it is there), or from 10.0.1.0/24 and 10.0.2.0/24, and that its policy has this statement: {"Action":"execute-api:Invoke","Effect":"Allow","Principal":"*","Resource":["arn:aws:execute-api:eu-central-1:111122223333:<the id of the API of route /, see `hybridgw outputs`>/*"]}"#);
    let named = bench.with(&keys(&format!("id = \"{ID}\"\n")));
    let said = named.warnings().await;
    assert!(
        said.contains(&format!("the stack's APIs admit {ID};")),
        "{said}"
    );
    let calls = named.connection.journal.by_operation();
    assert!(
        !calls.contains_key("DescribeNetworkInterfaces"),
        "{calls:?}"
    );
    let outside = named.with(&keys("").replace("10.0.2.10", "192.168.1.1"));
    insta::assert_snapshot!(outside.refused().await, @"endpoint.addresses: 192.168.1.1 is not an address of vpc-0a1b2c3d");
}
