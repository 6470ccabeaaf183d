//! `verify` through the data plane of a server that others wrote: real
//! connections, a real handshake, real requests.

use serde_json::Value;

use crate::support::{HOST, World, ZONE, replaced, server};

fn failed(report: &Value) -> Vec<&str> {
    let checks = report["checks"].as_array().expect("a list of checks");
    let failed = checks.iter().filter(|one| one["verdict"] == "failed");
    failed.filter_map(|one| one["code"].as_str()).collect()
}

#[tokio::test]
async fn the_way_in_is_walked_over_the_network_and_a_deleted_mapping_is_named() {
    let world = World::new().await;
    // A name of its own: the data plane takes the youngest account's otherwise.
    let host = format!("verify-{}.{ZONE}", world.account);
    let certificate = world.make_certificate(&host).await;
    let toml = replaced(&world.toml(), &world.certificate, &certificate);
    world.write(&replaced(&toml, HOST, &host));
    world.up();
    let port = server::address().rsplit(':').next().expect("a port");
    let verify = format!("verify -o json --resolve {host}:{port}:127.0.0.1");

    // The edge shows a certificate of its own, which the system does not trust.
    let ran = world.hybridgw(&verify).exits(2);
    let report = ran.json();
    let named = failed(&report);
    assert!(
        matches!(
            named.as_slice(),
            ["tls/wrong-name" | "tls/unknown-authority"]
        ),
        "{named:?} of {ran}"
    );
    let verify = format!("{verify} --suppress tls/wrong-name --suppress tls/unknown-authority");
    let ran = world.hybridgw(&verify).exits(0);
    let report = ran.json();
    let checks = report["checks"].as_array().expect("a list of checks");
    for check in ["dns", "tcp", "mapping", "request"] {
        let well = checks
            .iter()
            .any(|one| one["check"] == check && one["verdict"] == "ok");
        assert!(well, "{check} of {ran}");
    }

    let call = world.aws.apigateway.delete_base_path_mapping();
    let done = call.domain_name(&host).base_path("(none)").send().await;
    done.expect("a mapping can be deleted");
    let ran = world.hybridgw(&verify).exits(2);
    assert_eq!(failed(&ran.json()), ["mapping/missing"], "{ran}");
}
