//! Certificates on the wire, and as they are read.

mod import;

use std::time::Duration;

use serde_json::{Value, json};

use super::encoding::block;
use super::furnish::add_certificate;
use super::samples::{ELLIPTIC, RSA, RUN_OUT};
use super::x509::facts;
use super::{Status, request};
use crate::testing::{ACCOUNT, REGION, account, furnished, signed};
use crate::testing_rest::{here, xml_call};
use crate::{Outcome, Simulator, elbv2, route53};

async fn acm(simulator: &Simulator, operation: &str, body: Value) -> Result<Value, String> {
    let mut request = signed("acm", "POST", "/", &body.to_string());
    let target = format!("CertificateManager.{operation}");
    request.headers.push(("x-amz-target".to_owned(), target));
    let Outcome::Reply(response) = simulator.handle(request).await else {
        return Err("dropped".to_owned());
    };
    let tree: Value = serde_json::from_slice(&response.body).unwrap();
    if response.status == 200 {
        return Ok(tree);
    }
    Err(tree["__type"].as_str().unwrap_or_default().to_owned())
}

async fn refused(simulator: &Simulator, operation: &str, body: Value, code: &str) {
    let answer = acm(simulator, operation, body.clone()).await;
    assert_eq!(answer, Err(code.to_owned()), "{operation} {body}");
}

async fn requested(simulator: &Simulator) -> String {
    let body = json!({"DomainName": "orders.example.com", "SubjectAlternativeNames": ["*.orders.example.com"], "ValidationMethod": "DNS"});
    let made = acm(simulator, "RequestCertificate", body).await.unwrap();
    made["CertificateArn"].as_str().unwrap().to_owned()
}

async fn certificate(simulator: &Simulator, arn: &str) -> Value {
    let body = json!({"CertificateArn": arn});
    acm(simulator, "DescribeCertificate", body).await.unwrap()["Certificate"].clone()
}

/// Puts a CNAME record into a zone.
async fn put_record(simulator: &Simulator, zone: &str, name: &str, value: &str) {
    let body = format!(
        "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes><Change><Action>UPSERT</Action>\
         <ResourceRecordSet><Name>{name}</Name><Type>CNAME</Type><TTL>60</TTL>\
         <ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords>\
         </ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    );
    let path = format!("/2013-04-01/hostedzone/{zone}/rrset");
    let put = xml_call(simulator, "route53", "POST", &path, &body).await;
    put.unwrap_or_else(|error| panic!("{name}: {error:?}"));
}

#[test]
fn certificates_are_read() {
    let read = |pem: &str| facts(&block(pem, "CERTIFICATE").unwrap()).unwrap();
    let elliptic = read(ELLIPTIC);
    assert_eq!(elliptic.names, ["orders.example.com", "*.Example.com"]);
    assert_eq!(elliptic.subject, "CN=other.example.com");
    assert_eq!(elliptic.signature, "SHA256WITHECDSA");
    assert_eq!(elliptic.algorithm, "EC_prime256v1");
    let (start, end) = elliptic.valid;
    assert_eq!(
        (start.unix_seconds(), end.unix_seconds()),
        (1_735_689_600, 2_687_517_005)
    );
    assert_eq!(
        elliptic.serial,
        [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]
    );
    assert_eq!(read(RUN_OUT).names, ["plain.example.com"]);
    assert_eq!(read(RSA).algorithm, "RSA_2048");
    assert_eq!(facts(b"nonsense"), None);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_is_issued_once_its_record_is_there() {
    let simulator = account();
    here(&simulator, |ctx| {
        route53::add_zone(ctx, "ZPUBLIC", "example.com", false, &[]);
        route53::add_zone(ctx, "ZPRIVATE", "example.com", true, &[]);
    });
    let arn = requested(&simulator).await;
    let early = certificate(&simulator, &arn).await;
    assert!(
        early["DomainValidationOptions"][0]
            .get("ResourceRecord")
            .is_none()
    );
    tokio::time::sleep(Duration::from_secs(5)).await;
    let pending = certificate(&simulator, &arn).await;
    assert_eq!(pending["Status"], "PENDING_VALIDATION");
    let record = pending["DomainValidationOptions"][0]["ResourceRecord"].clone();
    assert_eq!(
        record, pending["DomainValidationOptions"][1]["ResourceRecord"],
        "a wildcard has the record of what is below it"
    );
    assert!(
        record["Name"]
            .as_str()
            .unwrap()
            .ends_with(".orders.example.com.")
    );
    let [name, value] = ["Name", "Value"].map(|part| record[part].as_str().unwrap());
    put_record(&simulator, "ZPUBLIC", name, "_wrong.").await;
    put_record(&simulator, "ZPRIVATE", name, value).await;
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(
        certificate(&simulator, &arn).await["Status"],
        "PENDING_VALIDATION"
    );
    put_record(&simulator, "ZPUBLIC", name, value).await;
    tokio::time::sleep(Duration::from_secs(149)).await;
    assert_eq!(
        certificate(&simulator, &arn).await["Status"],
        "PENDING_VALIDATION"
    );
    refused(
        &simulator,
        "GetCertificate",
        json!({"CertificateArn": arn}),
        "RequestInProgressException",
    )
    .await;
    tokio::time::sleep(Duration::from_secs(16)).await;
    assert_eq!(certificate(&simulator, &arn).await["Status"], "ISSUED");
    let body = acm(&simulator, "GetCertificate", json!({"CertificateArn": arn}))
        .await
        .unwrap();
    assert!(
        body["Certificate"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN CERTIFICATE-----")
    );
}

#[tokio::test(start_paused = true)]
async fn without_its_record_a_request_times_out() {
    let simulator = account();
    let arn = requested(&simulator).await;
    tokio::time::sleep(Duration::from_hours(73)).await;
    assert_eq!(
        certificate(&simulator, &arn).await["Status"],
        "VALIDATION_TIMED_OUT"
    );
    assert_eq!(simulator.world().next_event(), None);
}

#[tokio::test(start_paused = true)]
async fn a_token_makes_one_certificate_for_an_hour() {
    let simulator = account();
    let body = |name: &str| json!({"DomainName": name, "ValidationMethod": "DNS", "IdempotencyToken": "t"});
    let one = acm(&simulator, "RequestCertificate", body("a.example.com")).await;
    assert_eq!(
        acm(&simulator, "RequestCertificate", body("a.example.com")).await,
        one
    );
    refused(
        &simulator,
        "RequestCertificate",
        body("b.example.com"),
        "InvalidParameterException",
    )
    .await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_ne!(
        acm(&simulator, "RequestCertificate", body("a.example.com")).await,
        one
    );
}

#[tokio::test]
async fn requests_are_checked() {
    let simulator = account();
    let long = format!("{}.{}.example.com", "a".repeat(50), "b".repeat(10));
    for (name, method, code) in [
        ("example", "DNS", "ValidationException"),
        ("a.*.example.com", "DNS", "ValidationException"),
        ("-a.example.com", "DNS", "ValidationException"),
        (long.as_str(), "DNS", "InvalidParameterException"),
        ("a.example.com", "EMAIL", "InvalidParameterException"),
    ] {
        let body = json!({"DomainName": name, "ValidationMethod": method});
        refused(&simulator, "RequestCertificate", body, code).await;
    }
    refused(
        &simulator,
        "RequestCertificate",
        json!({"DomainName": "a.example.com"}),
        "InvalidParameterException",
    )
    .await;
    let many: Vec<String> = (0..10).map(|n| format!("{n}.example.com")).collect();
    let body = json!({"DomainName": "a.example.com", "ValidationMethod": "DNS", "SubjectAlternativeNames": many});
    refused(
        &simulator,
        "RequestCertificate",
        body,
        "LimitExceededException",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_certificate_in_use_stays_and_a_little_longer() {
    let (simulator, network) = furnished().await;
    let ids = [
        "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/a/0123456789abcdef",
        "arn:aws:acm:eu-central-1:111122223333:certificate/given",
    ];
    let [balancer, arn] = ids;
    let listener = format!(
        "{}/fedcba9876543210",
        balancer.replace("loadbalancer/", "listener/")
    );
    let edited = simulator.edit(|world, conditions| {
        let mut ctx = world.context(ACCOUNT, REGION, conditions);
        add_certificate(&mut ctx, arn, &["a.example.com".to_owned()], Status::Issued);
        let subnets = [network.one.clone(), network.two.clone()];
        let groups = [network.group.clone()];
        elbv2::furnish::add_load_balancer(&mut ctx, balancer, &network.vpc, &subnets, &groups)
            .unwrap();
        elbv2::furnish::add_https_listener(&mut ctx, &listener, 443, arn);
    });
    edited.unwrap();
    assert_eq!(
        certificate(&simulator, arn).await["InUseBy"],
        json!([balancer])
    );
    refused(
        &simulator,
        "DeleteCertificate",
        json!({"CertificateArn": arn}),
        "ResourceInUseException",
    )
    .await;
    let delete = format!("Action=DeleteListener&ListenerArn={listener}");
    simulator
        .handle(signed("elasticloadbalancing", "POST", "/", &delete))
        .await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    let body = json!({"CertificateArn": arn});
    refused(
        &simulator,
        "DeleteCertificate",
        body,
        "ResourceInUseException",
    )
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    acm(
        &simulator,
        "DeleteCertificate",
        json!({"CertificateArn": arn}),
    )
    .await
    .unwrap();
    refused(
        &simulator,
        "DescribeCertificate",
        json!({"CertificateArn": arn}),
        "ResourceNotFoundException",
    )
    .await;
    refused(
        &simulator,
        "DescribeCertificate",
        json!({"CertificateArn": "x"}),
        "ValidationException",
    )
    .await;
}

#[tokio::test]
async fn tags_come_and_go() {
    let simulator = account();
    let arn = requested(&simulator).await;
    let tags = |key: &str, value: &str| json!({"CertificateArn": arn, "Tags": [{"Key": key, "Value": value}]});
    refused(
        &simulator,
        "AddTagsToCertificate",
        tags("aws:x", "1"),
        "InvalidTagException",
    )
    .await;
    acm(&simulator, "AddTagsToCertificate", tags("stack", "orders"))
        .await
        .unwrap();
    acm(
        &simulator,
        "RemoveTagsFromCertificate",
        tags("stack", "other"),
    )
    .await
    .unwrap();
    let list = acm(
        &simulator,
        "ListTagsForCertificate",
        json!({"CertificateArn": arn}),
    )
    .await
    .unwrap();
    assert_eq!(list["Tags"], json!([{"Key": "stack", "Value": "orders"}]));
    acm(
        &simulator,
        "RemoveTagsFromCertificate",
        tags("stack", "orders"),
    )
    .await
    .unwrap();
    let list = acm(
        &simulator,
        "ListTagsForCertificate",
        json!({"CertificateArn": arn}),
    )
    .await
    .unwrap();
    assert_eq!(list["Tags"], json!([]));
}

#[test]
fn a_certificate_covers_what_it_names() {
    let simulator = account();
    let edited = simulator.edit(|world, conditions| {
        let mut ctx = world.context(ACCOUNT, REGION, conditions);
        let names = ["a.example.com".to_owned(), "*.b.example.com".to_owned()];
        add_certificate(&mut ctx, "issued", &names, Status::Issued);
        add_certificate(&mut ctx, "pending", &names, Status::PendingValidation);
        let covers = |arn: &str, host: &str| super::covers(&ctx, arn, host);
        assert!(covers("issued", "A.example.com") && covers("issued", "x.b.example.com"));
        assert!(!covers("issued", "b.example.com") && !covers("issued", "x.y.b.example.com"));
        assert!(!covers("pending", "a.example.com") && !covers("lost", "a.example.com"));
    });
    edited.unwrap();
}

#[test]
fn records_depend_on_account_and_name_alone() {
    let one = request::record(ACCOUNT, "a.example.com");
    assert_eq!(one, request::record(ACCOUNT, "*.a.example.com"));
    assert_ne!(one, request::record("444455556666", "a.example.com"));
    assert!(one.1.ends_with(".acm-validations.aws."));
}
