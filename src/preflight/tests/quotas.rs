//! What the account may have, and what it may not look at.

use super::*;
use crate::simulator::{
    faults::{Fault, Rule},
    iam,
};

/// An account with other quotas than AWS's.
fn with(keys: &str, quotas: &'static [(&'static str, u64)]) -> Bench {
    Bench::new(keys).spoil(move |ctx| {
        let quotas = quotas
            .iter()
            .map(|(code, most)| ((*code).to_owned(), *most));
        ctx.here.raised.extend(quotas);
    })
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_the_accounts_quotas_is_refused_with_their_codes() {
    let keys = format!("{API}{SITE}{FUNCTION}");
    let bench = with(
        &keys,
        &[
            ("elasticloadbalancing/L-53DA6B97", 0),
            ("elasticloadbalancing/L-B22855CB", 2),
            ("elasticloadbalancing/L-7EED9B64", 3),
            ("vpc/L-29B6F2EB", 1),
            ("vpc/L-0EA8095F", 1),
            ("apigateway/L-A93447B8", 0),
            ("apigateway/L-A966AB5C", 0),
        ],
    );
    insta::assert_snapshot!(bench.refused().await, @r"
    7 references of the configuration do not fit
    route: target groups in a region: it takes 3, and this account has a quota of 2 (elasticloadbalancing L-B22855CB)
    load_balancer: application load balancers in a region: it takes 1, and this account has a quota of 0 (elasticloadbalancing L-53DA6B97)
    route: listener rules of a load balancer: it takes 6, and this account has a quota of 3 (elasticloadbalancing L-7EED9B64)
    network.clients: rules each way of a security group: it takes 2, and this account has a quota of 1 (vpc L-0EA8095F)
    network.vpc: interface endpoints of a VPC: it takes 2, and this account has a quota of 1 (vpc L-29B6F2EB)
    domain: custom domain names in a region: it takes 1, and this account has a quota of 0 (apigateway L-A93447B8)
    route: private REST APIs in a region: it takes 1, and this account has a quota of 0 (apigateway L-A966AB5C)
    ");
}

#[tokio::test(start_paused = true)]
async fn a_higher_quota_lets_more_clients_in() {
    let ranges: Vec<String> = (0..40).map(|i| format!("\"10.{i}.0.0/16\"")).collect();
    let text = HEAD.replace("\"10.0.0.0/8\"", &ranges.join(", "));
    let config = Config::parse(&format!("{text}{API}"), Path::new("x"), &[], &|_| None);
    let bench = |most: u64| Bench {
        config: config.clone().unwrap_or_else(|errors| panic!("{errors}")),
        ..Bench::new(API).spoil(move |ctx| {
            ctx.here.raised.insert("vpc/L-0EA8095F".to_owned(), most);
        })
    };
    bench(80).check().await.unwrap();
    assert!(
        bench(79)
            .refused()
            .await
            .contains("it takes 80, and this account has a quota of 79")
    );
}

/// Few may ask for quotas: then AWS's defaults are taken, without a word.
#[tokio::test(start_paused = true)]
async fn who_may_not_ask_for_quotas_or_zones_is_not_stopped() {
    let bench = Bench::new(API);
    let denied = ["servicequotas:*", "route53:ListHostedZonesByVPC"];
    let denied = denied.map(iam::Denial::of).to_vec();
    let conditions = Conditions {
        denied,
        ..Conditions::default()
    };
    let simulator = Simulator::new(conditions);
    rehearsal::furnish(&simulator, &bench.config, ACCOUNT, REGION).unwrap();
    let http = simulated::http_client(simulator.clone());
    let bench = Bench {
        connection: Connection::through(http, ACCOUNT, REGION, Clock::REAL),
        simulator,
        ..bench
    };
    assert_eq!(bench.warnings().await, "");
    let calls = bench.connection.journal.by_operation();
    assert!(calls["ListServiceQuotas"] <= 3, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_zone_of_another_account_is_said_to_be_one() {
    let conditions = Conditions {
        faults: vec![Rule {
            operation: "route53:GetHostedZone".to_owned(),
            calls: None,
            from: None,
            probability: None,
            times: None,
            then: Fault::Refuse {
                code: "AccessDenied".to_owned(),
                status: 403,
                message: "User: arn:aws:iam::111122223333:user/ops is not authorized to access this resource".to_owned(),
            },
        }],
        ..Conditions::default()
    };
    let bench = Bench::new(API);
    let simulator = Simulator::new(conditions);
    rehearsal::furnish(&simulator, &bench.config, ACCOUNT, REGION).unwrap();
    let http = simulated::http_client(simulator.clone());
    let bench = Bench {
        connection: Connection::through(http, ACCOUNT, REGION, Clock::REAL),
        simulator,
        ..bench
    };
    insta::assert_snapshot!(bench.refused().await, @"domain.zone: the hosted zone Z0123456789ABCDEFGHIJ is of another account, and records are made in zones of the account that hybridgw runs in");
}
