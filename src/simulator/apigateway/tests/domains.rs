//! Domain names, mappings, access associations.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    call, certificate, certify, code, patch, refuse, regional, staged, with_certificate,
    with_endpoint,
};
use crate::acm::{Status, furnish::add_certificate};
use crate::apigateway::{Mapped, mapping_for, users_of_certificate};
use crate::conditions::Conditions;
use crate::testing::{ACCOUNT, REGION};
use crate::testing_rest::here;
use crate::{Simulator, apigateway};

const BAD: &str = "BadRequestException";
const HOST: &str = "orders.example.com";
const DOMAIN: &str = "/domainnames/orders.example.com";
const MAPPINGS: &str = "/domainnames/orders.example.com/basepathmappings";

async fn with_domain() -> (Simulator, String) {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = staged(&simulator, &endpoint).await;
    call(&simulator, "POST", "/domainnames", regional(HOST)).await;
    (simulator, id)
}

fn mapping(path: &str, api: &str, stage: &str) -> Value {
    json!({"basePath": path, "restApiId": api, "stage": stage})
}

#[tokio::test]
async fn a_certificate_is_of_the_region_and_the_account() {
    let simulator = with_certificate();
    for (from, to, words) in [
        (REGION, "us-east-1", "must be in 'eu-central-1'"),
        (ACCOUNT, "444455556666", "must be owned by the account"),
        ("acm", "iam", "Invalid certificate ARN"),
    ] {
        let mut domain = regional(HOST);
        domain["regionalCertificateArn"] = certificate().replace(from, to).into();
        refuse(&simulator, "POST", "/domainnames", domain, BAD, words).await;
    }
}

#[tokio::test]
async fn a_certificate_is_there_issued_and_covers_the_name() {
    let simulator = with_certificate();
    let [pending, lost] = ["pending", "lost"].map(|name| format!("{}-{name}", certificate()));
    let names = [HOST.to_owned()];
    here(&simulator, |ctx| {
        add_certificate(ctx, &pending, &names, Status::PendingValidation);
    });
    let refused = "does not exist, is not issued, or does not cover";
    for (host, arn) in [
        (HOST, pending),
        (HOST, lost),
        ("orders.example.org", certificate()),
    ] {
        let mut domain = regional(host);
        domain["regionalCertificateArn"] = arn.into();
        refuse(&simulator, "POST", "/domainnames", domain, BAD, refused).await;
    }
    call(&simulator, "POST", "/domainnames", regional(HOST)).await;
}

#[tokio::test]
async fn a_regional_name_is_taken_once_in_a_region_by_any_account() {
    let simulator = with_certificate();
    call(&simulator, "POST", "/domainnames", regional(HOST)).await;
    let words = "The domain name you provided already exists.";
    refuse(
        &simulator,
        "POST",
        "/domainnames",
        regional(HOST),
        BAD,
        words,
    )
    .await;
    let claimed = simulator
        .edit(|world, conditions| {
            let ctx = world.context("444455556666", REGION, conditions);
            ctx.claims
                .get(&format!("apigateway/{REGION}/{HOST}"))
                .cloned()
        })
        .unwrap();
    assert_eq!(claimed.as_deref(), Some(ACCOUNT));
    let users = || here(&simulator, |ctx| users_of_certificate(ctx, &certificate()));
    assert_eq!(
        users(),
        [format!("arn:aws:apigateway:{REGION}::/domainnames/{HOST}")]
    );
    call(&simulator, "DELETE", DOMAIN, Value::Null).await;
    assert!(users().is_empty());
    call(&simulator, "POST", "/domainnames", regional(HOST)).await;
    // Gone behind our back: the name is free again for the same account.
    here(&simulator, |ctx| ctx.here.apigateway.domains.clear());
    call(&simulator, "POST", "/domainnames", regional(HOST)).await;
}

#[tokio::test]
async fn another_accounts_name_is_taken() {
    let simulator = with_certificate();
    let key = format!("apigateway/{REGION}/{HOST}");
    here(&simulator, |ctx| {
        ctx.claims.insert(key, "444455556666".to_owned())
    });
    let words = "The domain name you provided already exists.";
    refuse(
        &simulator,
        "POST",
        "/domainnames",
        regional(HOST),
        BAD,
        words,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_domain_is_updating_until_it_is_available() {
    let simulator = with_certificate();
    let status = || async {
        let found = call(&simulator, "GET", DOMAIN, Value::Null).await;
        found["domainNameStatus"].as_str().unwrap().to_owned()
    };
    call(&simulator, "POST", "/domainnames", regional(HOST)).await;
    let change = patch("replace", "/securityPolicy", "TLS_1_0");
    refuse(
        &simulator,
        "PATCH",
        DOMAIN,
        change.clone(),
        "ConflictException",
        "try again later",
    )
    .await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(status().await, "AVAILABLE");
    call(&simulator, "PATCH", DOMAIN, change).await;
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(status().await, "UPDATING");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(status().await, "AVAILABLE");
}

#[tokio::test]
async fn strict_access_needs_an_enhanced_policy_and_types_stay() {
    let simulator = with_certificate();
    let mut strict = regional(HOST);
    strict["endpointAccessMode"] = "STRICT".into();
    refuse(
        &simulator,
        "POST",
        "/domainnames",
        strict.clone(),
        BAD,
        "access mode",
    )
    .await;
    strict["securityPolicy"] = "SecurityPolicy_TLS13_1_3_2025_09".into();
    call(&simulator, "POST", "/domainnames", strict).await;
    simulator.skip(Duration::from_secs(10));
    let change = patch(
        "replace",
        "/endpointConfiguration/types/REGIONAL",
        "PRIVATE",
    );
    refuse(
        &simulator,
        "PATCH",
        DOMAIN,
        change,
        BAD,
        "Invalid patch path",
    )
    .await;
}

#[tokio::test]
async fn a_mapping_has_an_api_a_stage_and_one_level() {
    let (simulator, id) = with_domain().await;
    let cases = [
        (mapping("a", "nothing", "live"), "API identifier"),
        (
            mapping("a", &id, "nothing"),
            "Invalid stage identifier specified",
        ),
        (mapping("a/b", &id, "live"), "use API Gateway V2"),
        (mapping("a b", &id, "live"), "Invalid base path"),
    ];
    for (case, words) in cases {
        refuse(&simulator, "POST", MAPPINGS, case, BAD, words).await;
    }
    for path in ["a", "(none)"] {
        call(&simulator, "POST", MAPPINGS, mapping(path, &id, "live")).await;
        let again = mapping(path, &id, "live");
        assert_eq!(
            code(&simulator, "POST", MAPPINGS, again).await,
            "ConflictException"
        );
    }
    let one = format!("{MAPPINGS}/%28none%29");
    assert_eq!(
        call(&simulator, "GET", &one, Value::Null).await["basePath"],
        "(none)"
    );
}

#[tokio::test]
async fn a_mapped_api_stays() {
    let (simulator, id) = with_domain().await;
    call(&simulator, "POST", MAPPINGS, mapping("a", &id, "live")).await;
    let path = format!("/restapis/{id}");
    let words = "Please remove all base path mappings related to the RestApi in your domains: orders.example.com";
    refuse(&simulator, "DELETE", &path, Value::Null, BAD, words).await;
    refuse(
        &simulator,
        "DELETE",
        &format!("{path}/stages/live"),
        Value::Null,
        BAD,
        "",
    )
    .await;
    // The domain takes its mappings along.
    call(&simulator, "DELETE", DOMAIN, Value::Null).await;
    call(&simulator, "DELETE", &path, Value::Null).await;
}

#[tokio::test]
async fn hosts_and_paths_lead_to_stages() {
    let (simulator, id) = with_domain().await;
    call(&simulator, "POST", MAPPINGS, mapping("a", &id, "live")).await;
    call(&simulator, "POST", MAPPINGS, mapping("free", &id, "(none)")).await;
    let ask = |host: &str, path: &str| here(&simulator, |ctx| mapping_for(ctx, host, path));
    let at = |stage: &str, rest: &str| {
        Some(Mapped {
            api: id.clone(),
            stage: stage.to_owned(),
            rest: rest.to_owned(),
        })
    };
    assert_eq!(ask(HOST, "/a/b/c"), at("live", "/b/c"));
    assert_eq!(ask("Orders.Example.com.", "/a"), at("live", "/"));
    assert_eq!(ask(HOST, "/free/live/x"), at("live", "/x"));
    assert_eq!(ask(HOST, "/other"), None);
    assert_eq!(ask("other.example.com", "/a"), None);
    call(&simulator, "POST", MAPPINGS, mapping("", &id, "live")).await;
    assert_eq!(ask(HOST, "/other/x"), at("live", "/other/x"));
    assert_eq!(ask(HOST, "/a/b"), at("live", "/b"));
}

#[tokio::test]
async fn private_names_go_by_their_id() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = staged(&simulator, &endpoint).await;
    let own = json!({
        "domainName": HOST,
        "certificateArn": certificate(),
        "endpointConfiguration": {"types": ["PRIVATE"]},
    });
    let made = call(&simulator, "POST", "/domainnames", own.clone()).await;
    call(&simulator, "POST", "/domainnames", own).await;
    refuse(
        &simulator,
        "GET",
        DOMAIN,
        Value::Null,
        "NotFoundException",
        "domain name",
    )
    .await;
    let key = made["domainNameId"].as_str().unwrap();
    let with_id = format!("{MAPPINGS}?domainNameId={key}");
    call(&simulator, "POST", &with_id, mapping("a", &id, "live")).await;
    let access = json!({
        "domainNameArn": made["domainNameArn"],
        "accessAssociationSourceType": "VPCE",
        "accessAssociationSource": endpoint,
    });
    let path = "/domainnameaccessassociations";
    let joined = call(&simulator, "POST", path, access.clone()).await;
    assert_eq!(
        code(&simulator, "POST", path, access).await,
        "ConflictException"
    );
    let delete = format!("{DOMAIN}?domainNameId={key}");
    refuse(
        &simulator,
        "DELETE",
        &delete,
        Value::Null,
        BAD,
        "access associations",
    )
    .await;
    let arn = joined["domainNameAccessAssociationArn"].as_str().unwrap();
    call(&simulator, "DELETE", &format!("{path}/{arn}"), Value::Null).await;
    call(&simulator, "DELETE", &delete, Value::Null).await;
}

#[tokio::test(start_paused = true)]
async fn domain_names_are_slow_and_limits_are_fixed() {
    let simulator = Simulator::new(Conditions::default());
    certify(&simulator);
    call(
        &simulator,
        "POST",
        "/domainnames",
        regional("a.example.com"),
    )
    .await;
    let refused = code(
        &simulator,
        "POST",
        "/domainnames",
        regional("b.example.com"),
    )
    .await;
    assert_eq!(refused, "TooManyRequestsException");
    tokio::time::sleep(Duration::from_secs(30)).await;
    call(
        &simulator,
        "POST",
        "/domainnames",
        regional("b.example.com"),
    )
    .await;
}

#[test]
fn quotas_name_operations_that_are_here() {
    for name in [
        "CreateRestApi",
        "ImportRestApi",
        "PutRestApi",
        "DeleteRestApi",
        "CreateDeployment",
        "CreateResource",
        "GetResources",
        "CreateDomainName",
        "UpdateDomainName",
        "DeleteDomainName",
    ] {
        let mut all = apigateway::SERVICE.operations.iter();
        assert!(all.any(|operation| operation.name == name), "{name}");
    }
}
