//! Route 53: one test a rule, on the wire.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::{add_zone, resolve_alias};
use crate::apigateway::Domain;
use crate::elbv2::{LoadBalancer, Pairs};
use crate::testing::account;
use crate::testing_rest::{here, xml_call};
use crate::{Simulator, ec2, hosted_zones};

const RRSET: &str = "/2013-04-01/hostedzone/Z1/rrset";
const BALANCER: &str = "internal-a-1.eu-central-1.elb.amazonaws.com";

fn with_zone() -> Simulator {
    let simulator = account();
    here(&simulator, |ctx| {
        add_zone(ctx, "Z1", "example.com", false, &[]);
        for name in ["a-1", "a-2", "one", "two"] {
            let name = format!("internal-{name}.eu-central-1.elb.amazonaws.com");
            let balancer = LoadBalancer {
                dns_name: name.clone(),
                name: name.clone(),
                id: String::new(),
                vpc: String::new(),
                subnets: Vec::new(),
                groups: Vec::new(),
                active: true,
                addresses: "ipv4".to_owned(),
                attributes: Pairs::new(),
                created: ctx.now,
            };
            ctx.here.elbv2.balancers.insert(name, balancer);
        }
    });
    simulator
}

fn alias(name: &str, target: &str, health: bool) -> String {
    format!(
        "<Name>{name}</Name><Type>A</Type><AliasTarget><HostedZoneId>Z215JYRZR1TBD5</HostedZoneId>\
         <DNSName>{target}</DNSName><EvaluateTargetHealth>{health}</EvaluateTargetHealth></AliasTarget>"
    )
}

fn plain(name: &str, kind: &str, value: &str) -> String {
    format!(
        "<Name>{name}</Name><Type>{kind}</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords>"
    )
}

async fn change(
    simulator: &Simulator,
    changes: &[(&str, String)],
) -> Result<Value, (String, String)> {
    let whole = |(action, record): &(&str, String)| {
        format!(
            "<Change><Action>{action}</Action><ResourceRecordSet>{record}</ResourceRecordSet></Change>"
        )
    };
    let changes = changes.iter().map(whole).collect::<Vec<_>>().concat();
    let body = format!(
        "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
         <ChangeBatch><Changes>{changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    );
    let answer = xml_call(simulator, "route53", "POST", RRSET, &body).await;
    answer.map(|(_, tree)| tree)
}

async fn refused(simulator: &Simulator, changes: &[(&str, String)], words: &str) {
    let (code, message) = change(simulator, changes).await.unwrap_err();
    assert_eq!(code, "InvalidChangeBatch", "{message}");
    assert!(message.contains(words), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_change_is_pending_and_then_in_sync() {
    let simulator = with_zone();
    let made = change(
        &simulator,
        &[("CREATE", alias("a.example.com", BALANCER, true))],
    )
    .await
    .unwrap();
    let id = made["ChangeInfo"]["Id"].as_str().unwrap().to_owned();
    let status = || async {
        let path = format!("/2013-04-01{id}");
        let (_, tree) = xml_call(&simulator, "route53", "GET", &path, "")
            .await
            .unwrap();
        tree["ChangeInfo"]["Status"].as_str().unwrap().to_owned()
    };
    tokio::time::sleep(Duration::from_secs(34)).await;
    assert_eq!(status().await, "PENDING");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(status().await, "INSYNC");
    let unknown = xml_call(&simulator, "route53", "GET", "/2013-04-01/change/C9", "").await;
    assert_eq!(unknown.unwrap_err().0, "NoSuchChange");
}

#[tokio::test]
async fn a_batch_is_all_or_nothing() {
    let simulator = with_zone();
    let record = || alias("a.example.com", BALANCER, true);
    change(&simulator, &[("CREATE", record())]).await.unwrap();
    let batch = [
        ("CREATE", plain("b.example.com", "A", "10.0.0.1")),
        ("CREATE", record()),
    ];
    refused(&simulator, &batch, "it already exists").await;
    refused(
        &simulator,
        &[("DELETE", plain("b.example.com", "A", "10.0.0.1"))],
        "was not found",
    )
    .await;
}

#[tokio::test]
async fn a_delete_matches_exactly() {
    let simulator = with_zone();
    let record = || alias("a.example.com", BALANCER, true);
    change(&simulator, &[("CREATE", record())]).await.unwrap();
    for other in [
        alias("a.example.com", BALANCER, false),
        plain("a.example.com", "A", "10.0.0.1"),
    ] {
        refused(
            &simulator,
            &[("DELETE", other)],
            "do not match the current values",
        )
        .await;
    }
    // Case and final dots do not count.
    let same = alias("A.example.com.", &BALANCER.to_uppercase(), true);
    let next = alias("a.example.com", &BALANCER.replace("a-1", "a-2"), true);
    change(&simulator, &[("DELETE", same), ("CREATE", next)])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_cname_is_alone_and_not_at_the_apex() {
    let simulator = with_zone();
    change(
        &simulator,
        &[("CREATE", plain("a.example.com", "A", "10.0.0.1"))],
    )
    .await
    .unwrap();
    let cname = |name: &str| plain(name, "CNAME", "x.example.com");
    refused(
        &simulator,
        &[("CREATE", cname("a.example.com"))],
        "conflicts with other records",
    )
    .await;
    refused(&simulator, &[("CREATE", cname("example.com"))], "at apex").await;
    let swap = [
        ("DELETE", plain("a.example.com", "A", "10.0.0.1")),
        ("CREATE", cname("a.example.com")),
    ];
    change(&simulator, &swap).await.unwrap();
}

#[tokio::test]
async fn aliases_lead_to_aws_or_to_the_same_zone() {
    let simulator = with_zone();
    let bad = alias("a.example.com", "somewhere.org", true);
    refused(
        &simulator,
        &[("CREATE", bad)],
        "does not lie within the target zone",
    )
    .await;
    for (target, words) in [
        (
            "internal-b-1.eu-central-1.elb.amazonaws.com",
            "that target was not found",
        ),
        (
            "internal-a-1.eu-west-1.elb.amazonaws.com",
            "does not lie within the target zone",
        ),
    ] {
        let bad = alias("a.example.com", target, true);
        refused(&simulator, &[("CREATE", bad)], words).await;
    }
    let own = alias("a.example.com", "b.example.com", false).replace("Z215JYRZR1TBD5", "Z1");
    refused(
        &simulator,
        &[("CREATE", own.clone())],
        "that target was not found",
    )
    .await;
    let first = ("CREATE", plain("b.example.com", "A", "10.0.0.1"));
    change(&simulator, &[first]).await.unwrap();
    change(&simulator, &[("CREATE", own)]).await.unwrap();
}

#[tokio::test]
async fn aliases_to_endpoints_and_apis_need_their_zone_and_what_they_name() {
    let simulator = with_zone();
    let endpoint = "vpce-0123456789abcdef0";
    let (host, api) = here(&simulator, |ctx| {
        let group: [String; 0] = [];
        let service = "com.amazonaws.eu-central-1.execute-api";
        let added = ec2::furnish::add_endpoint(ctx, endpoint, "vpc-1", service, &[], &group);
        added.unwrap();
        let label = &ctx.here.ec2.endpoints[endpoint].label;
        let host = format!("{endpoint}-{label}");
        let api = "d-abcdefghij.execute-api.eu-central-1.amazonaws.com".to_owned();
        let domain = Domain {
            name: "api.example.com".to_owned(),
            id: None,
            certificate: String::new(),
            uploaded: ctx.now,
            security_policy: "TLS_1_2".to_owned(),
            policy: None,
            settings: serde_json::Map::new(),
            target: Some(api.clone()),
            updating: false,
            change: 0,
            mappings: BTreeMap::new(),
            tags: BTreeMap::new(),
        };
        let domains = &mut ctx.here.apigateway.domains;
        domains.insert(domain.name.clone(), domain);
        (host, api)
    });
    let elsewhere = "execute-api.eu-central-1.vpce.amazonaws.com";
    let create = |target: &str, zone: &str| {
        alias("a.example.com", target, false).replace("Z215JYRZR1TBD5", zone)
    };
    let endpoints = hosted_zones::endpoints("eu-central-1");
    let wrong = "does not lie within the target zone";
    let lost = "that target was not found";
    for (target, zone, words) in [
        (format!("{host}.{elsewhere}"), "Z215JYRZR1TBD5", wrong),
        (format!("{host}x.{elsewhere}"), endpoints.as_str(), lost),
        (api.clone(), endpoints.as_str(), wrong),
        (api.replace("d-a", "d-b"), "Z1U9ULNL0V5AJ3", lost),
    ] {
        let bad = [("CREATE", create(&target, zone))];
        refused(&simulator, &bad, words).await;
    }
    for (target, zone) in [
        (format!("{host}.{elsewhere}"), endpoints.as_str()),
        (
            format!("{host}-eu-central-1a.{elsewhere}"),
            endpoints.as_str(),
        ),
        (api, "Z1U9ULNL0V5AJ3"),
    ] {
        let good = [("UPSERT", create(&target, zone))];
        change(&simulator, &good).await.expect(&target);
    }
}

#[tokio::test]
async fn a_zone_keeps_its_ns_and_soa_and_goes_when_empty() {
    let simulator = with_zone();
    change(
        &simulator,
        &[("UPSERT", plain("a.example.com", "A", "10.0.0.1"))],
    )
    .await
    .unwrap();
    let delete = || {
        xml_call(
            &simulator,
            "route53",
            "DELETE",
            "/2013-04-01/hostedzone/Z1",
            "",
        )
    };
    assert_eq!(delete().await.unwrap_err().0, "HostedZoneNotEmpty");
    change(
        &simulator,
        &[("DELETE", plain("a.example.com", "A", "10.0.0.1"))],
    )
    .await
    .unwrap();
    delete().await.unwrap();
    assert_eq!(delete().await.unwrap_err().0, "NoSuchHostedZone");
}

#[tokio::test]
async fn a_listing_starts_at_a_name_in_order_of_reversed_labels() {
    let simulator = with_zone();
    for name in [
        "b.example.com",
        "z.a.example.com",
        "a.example.com",
        "*.example.com",
    ] {
        change(&simulator, &[("CREATE", plain(name, "A", "10.0.0.1"))])
            .await
            .unwrap();
    }
    let path = format!("{RRSET}?name=a.example.com&maxitems=2");
    let (_, tree) = xml_call(&simulator, "route53", "GET", &path, "")
        .await
        .unwrap();
    let found = &tree["ResourceRecordSets"]["ResourceRecordSet"];
    assert_eq!(
        (&found[0]["Name"], &found[1]["Name"]),
        (&"a.example.com.".into(), &"z.a.example.com.".into())
    );
    assert_eq!(
        (&tree["IsTruncated"], &tree["NextRecordName"]),
        (&"true".into(), &"b.example.com.".into())
    );
}

#[tokio::test]
async fn a_host_resolves_in_the_nearest_zone() {
    let simulator = with_zone();
    let name = |target: &str| format!("internal-{target}.eu-central-1.elb.amazonaws.com");
    change(
        &simulator,
        &[("CREATE", alias("a.example.com", &name("one"), true))],
    )
    .await
    .unwrap();
    change(
        &simulator,
        &[("CREATE", alias("*.example.com", &name("two"), true))],
    )
    .await
    .unwrap();
    let ask = |host: &str| {
        here(&simulator, |ctx| {
            resolve_alias(ctx, host).map(|alias| alias.name.clone())
        })
    };
    assert_eq!(ask("A.example.com"), Some(format!("{}.", name("one"))));
    assert_eq!(ask("other.example.com"), Some(format!("{}.", name("two"))));
    assert_eq!(ask("example.org"), None);
    here(&simulator, |ctx| {
        add_zone(ctx, "Z2", "a.example.com", true, &[]);
    });
    assert_eq!(ask("a.example.com"), None);
}
