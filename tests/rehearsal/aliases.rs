//! Several host names of one stack.

use aws_sdk_elasticloadbalancingv2::types::Certificate;
use hybridgw::{outputs::Outputs, rehearsal};

use crate::{
    bench::{ACCOUNT, Bench, REGION, assert_same, config},
    quick,
    watch::{ask, assert_answered, up_watched},
};

const OWN: &str = "orders.corp.example.com";
const SHOP: &str = "shop.corp.example.com";
const ABROAD: &str = "orders.eu.example.net";

fn certificate(first: char) -> String {
    format!("arn:aws:acm:{REGION}:{ACCOUNT}:certificate/{first}2345678-1234-1234-1234-123456789012")
}

/// Changes the file's name and aliases: each a host and its certificate's digit.
fn rename(bench: &mut Bench, name: (&str, char), aliases: &[(&str, char)]) {
    let aliases = aliases.iter().map(|(host, digit)| {
        format!(
            "{{name=\"{host}\", certificate=\"{}\"}}",
            certificate(*digit)
        )
    });
    let aliases: Vec<String> = aliases.collect();
    let set = [
        format!("domain.name={}", name.0),
        format!("domain.certificate={}", certificate(name.1)),
        format!("domain.aliases=[{}]", aliases.join(",")),
    ];
    bench.config = config("aliases.toml", &set);
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
}

/// The certificates of the HTTPS listener: the default one, and the others.
async fn certificates(bench: &Bench) -> (Vec<String>, Vec<String>) {
    let aws = bench.connection.reader();
    let listener = listener(bench).await;
    let all = aws
        .elb
        .describe_listener_certificates()
        .listener_arn(listener);
    let all = all
        .send()
        .await
        .expect("it is there")
        .certificates
        .unwrap_or_default();
    let (default, mut others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| one.is_default() == Some(true));
    // The default one may be in the list, too.
    others.retain(|one| one.certificate_arn != default[0].certificate_arn);
    let arns = |all: Vec<Certificate>| all.into_iter().filter_map(|one| one.certificate_arn);
    (arns(default).collect(), arns(others).collect())
}

async fn listener(bench: &Bench) -> String {
    let aws = bench.connection.reader();
    let balancers = aws
        .elb
        .describe_load_balancers()
        .names("orders")
        .send()
        .await;
    let balancers = balancers.expect("it is there");
    let balancer = balancers.load_balancers()[0]
        .load_balancer_arn()
        .unwrap_or_default()
        .to_owned();
    let listeners = aws
        .elb
        .describe_listeners()
        .load_balancer_arn(balancer)
        .send()
        .await;
    let listeners = listeners
        .expect("they are there")
        .listeners
        .unwrap_or_default();
    let https = listeners.into_iter().find(|one| one.port() == Some(443));
    https.and_then(|one| one.listener_arn).expect("it is there")
}

#[tokio::test(start_paused = true)]
async fn every_name_leads_to_every_route_with_its_own_certificate() {
    let bench = Bench::new("aliases.toml", quick());
    let before = bench.census();
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    let made: Vec<String> = outcome
        .report
        .created
        .iter()
        .map(ToString::to_string)
        .collect();
    for key in [
        "dns-record",
        "dns-record/shop.corp.example.com",
        "domain-name/shop.corp.example.com",
        "base-path-mapping/orders.eu.example.net",
        "listener-rule/sms",
        "listener-rule/sms/orders.eu.example.net",
    ] {
        assert!(made.iter().any(|one| one == key), "{key}: {made:?}");
    }
    for (host, digit) in [(OWN, '1'), (SHOP, '2'), (ABROAD, '2')] {
        assert_answered(&bench, &[(host, "/"), (host, "/sms/x")]);
        assert_eq!(
            ask(&bench, host, "/").certificate,
            Some(certificate(digit)),
            "{host}"
        );
    }
    let (default, others) = certificates(&bench).await;
    assert_eq!(
        (default, others),
        (vec![certificate('1')], vec![certificate('2')])
    );
    let outputs = Outputs::read(&bench.look(), ACCOUNT)
        .await
        .expect("reads work");
    assert_eq!(outputs.hosts, [OWN, ABROAD, SHOP]);
    assert_eq!(
        outputs.url.as_deref(),
        Some("https://orders.corp.example.com")
    );
    assert_eq!((outputs.apis.len(), outputs.functions.len()), (1, 1));
    let outcome = bench.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_same(&before, &bench.census(), "after down");
}

#[tokio::test(start_paused = true)]
async fn certificates_that_somebody_adds_or_takes_are_named_and_repaired() {
    let bench = Bench::new("aliases.toml", quick());
    assert!(bench.up().await.ok());
    let aws = bench.connection.writer();
    let listener = listener(&bench).await;
    let one = |digit| {
        Certificate::builder()
            .certificate_arn(certificate(digit))
            .build()
    };
    let take = aws
        .elb
        .remove_listener_certificates()
        .listener_arn(&listener);
    take.certificates(one('2'))
        .send()
        .await
        .expect("it can be taken");
    let named = async || {
        let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
        let changed = plan.actions.iter().filter(|one| !one.changes.is_empty());
        let changed: Vec<String> = changed
            .flat_map(|one| {
                one.changes
                    .iter()
                    .map(|change| format!("{}: {}", one.resource, change.field))
            })
            .collect();
        changed
    };
    assert_eq!(named().await, ["listener: certificates of aliases"]);
    assert!(bench.up().await.ok());

    let mut other = bench.clone();
    rename(&mut other, (OWN, '1'), &[(SHOP, '7')]);
    let add = aws.elb.add_listener_certificates().listener_arn(&listener);
    add.certificates(one('7'))
        .send()
        .await
        .expect("it can be added");
    assert_eq!(named().await, ["listener: certificates of aliases"]);
    assert!(bench.up().await.ok());
    assert_eq!(
        certificates(&bench).await,
        (vec![certificate('1')], vec![certificate('2')])
    );
}

#[tokio::test(start_paused = true)]
async fn a_name_comes_goes_and_becomes_the_first_while_the_others_are_answered() {
    let mut bench = Bench::new("aliases.toml", quick());
    rename(&mut bench, (OWN, '1'), &[]);
    assert!(bench.up().await.ok());

    // One comes.
    rename(&mut bench, (OWN, '1'), &[(SHOP, '2')]);
    let outcome = up_watched(&bench, &[(OWN, "/"), (OWN, "/sms")]).await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_answered(&bench, &[(SHOP, "/"), (SHOP, "/sms")]);

    // The two change places: nothing is made, nothing goes, both are answered.
    rename(&mut bench, (SHOP, '2'), &[(OWN, '1')]);
    let both = [(OWN, "/"), (OWN, "/sms"), (SHOP, "/"), (SHOP, "/sms")];
    let outcome = up_watched(&bench, &both).await;
    assert!(outcome.ok(), "{outcome:?}");
    assert!(outcome.report.created.is_empty(), "{outcome:?}");
    assert!(outcome.report.deleted.is_empty(), "{outcome:?}");
    let outputs = Outputs::read(&bench.look(), ACCOUNT)
        .await
        .expect("reads work");
    assert_eq!(outputs.hosts, [SHOP, OWN]);
    assert_eq!(
        certificates(&bench).await,
        (vec![certificate('2')], vec![certificate('1')])
    );

    // The first gets another name; the alias goes on.
    let new = "buy.corp.example.com";
    rename(&mut bench, (new, '3'), &[(OWN, '1')]);
    let outcome = up_watched(&bench, &[(OWN, "/"), (OWN, "/sms")]).await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_answered(&bench, &[(new, "/"), (new, "/sms")]);
    assert!(
        ask(&bench, SHOP, "/").status == 0,
        "it has no record any more"
    );
    assert_eq!(
        certificates(&bench).await,
        (vec![certificate('3')], vec![certificate('1')])
    );

    // The alias goes.
    rename(&mut bench, (new, '3'), &[]);
    let outcome = up_watched(&bench, &[(new, "/"), (new, "/sms")]).await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(certificates(&bench).await, (vec![certificate('3')], vec![]));
    let outputs = Outputs::read(&bench.look(), ACCOUNT)
        .await
        .expect("reads work");
    assert_eq!(outputs.hosts, [new]);
    assert!(bench.down().await.ok());
}
