//! The buckets of the load balancer's logs.

use super::*;
use crate::simulator::s3::{self, Encryption};

const LOGS: &str = "[load_balancer]\naccess_logs = \"s3://orders-logs/lb\"\nhealth_check_logs = \"s3://orders-logs/lb\"\nconnection_logs = \"s3://orders-logs\"\n";

fn bench() -> Bench {
    Bench::new(&format!("{LOGS}{API}"))
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_logs_can_be_delivered_to_is_taken_without_a_word() {
    assert_eq!(bench().warnings().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_not_there_or_elsewhere_is_refused() {
    let gone = bench().spoil(|ctx| ctx.global.s3.buckets.clear());
    insta::assert_snapshot!(gone.refused().await, @r"
    2 references of the configuration do not fit
    load_balancer.connection_logs: the bucket orders-logs does not exist
    load_balancer.access_logs and load_balancer.health_check_logs: the bucket orders-logs does not exist
    ");
    let elsewhere = bench().spoil(|ctx| {
        let buckets = &mut ctx.global.s3.buckets;
        buckets.get_mut("orders-logs").unwrap().region = "eu-west-1".to_owned();
    });
    assert!(
        elsewhere
            .refused()
            .await
            .contains("is in eu-west-1, not in eu-central-1")
    );
}

#[tokio::test(start_paused = true)]
async fn a_bucket_with_a_key_of_kms_or_a_policy_that_shuts_delivery_out_is_refused() {
    let kms = bench().spoil(|ctx| {
        let bucket = ctx.global.s3.buckets.get_mut("orders-logs").unwrap();
        bucket.encryption = Some(Encryption {
            algorithm: "aws:kms".to_owned(),
            key: None,
            bucket_key: true,
        });
    });
    insta::assert_snapshot!(kms.refused().await, @r"
    2 references of the configuration do not fit
    load_balancer.connection_logs: the bucket orders-logs encrypts new objects with a KMS key, and a load balancer delivers logs with SSE-S3 (AES256) only
    load_balancer.access_logs and load_balancer.health_check_logs: the bucket orders-logs encrypts new objects with a KMS key, and a load balancer delivers logs with SSE-S3 (AES256) only
    ");
    let closed = bench().spoil(|ctx| {
        ctx.global.s3.buckets.get_mut("orders-logs").unwrap().policy = None;
    });
    let error = closed.check().await.unwrap_err();
    insta::assert_snapshot!(error.also.join("\n"), @r"
    load_balancer.connection_logs: the policy of the bucket orders-logs does not let the load balancer deliver logs
    load_balancer.access_logs and load_balancer.health_check_logs: the policy of the bucket orders-logs does not let the load balancer deliver logs
    ");
    insta::assert_snapshot!(error.hints.join("\n"), @r#"
    add this statement: {"Action":"s3:PutObject","Effect":"Allow","Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Resource":"arn:aws:s3:::orders-logs/AWSLogs/111122223333/*"}
    add this statement: {"Action":"s3:PutObject","Effect":"Allow","Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Resource":"arn:aws:s3:::orders-logs/lb/AWSLogs/111122223333/*"}
    "#);
}

/// It may be another account's, which is allowed; then its owner knows.
#[tokio::test(start_paused = true)]
async fn a_bucket_of_another_account_is_left_to_its_owner() {
    let bench = bench();
    bench
        .simulator
        .edit(|world, conditions| {
            let ctx = world.context(ACCOUNT, REGION, conditions);
            ctx.global.s3.buckets.clear();
            let mut ctx = world.context("444455556666", REGION, conditions);
            s3::add_bucket(&mut ctx, "orders-logs", REGION);
        })
        .unwrap();
    let said = bench.warnings().await;
    assert!(
        said.contains("the bucket orders-logs may not be looked at"),
        "{said}"
    );
    assert!(
        said.contains("logdelivery.elasticloadbalancing.amazonaws.com"),
        "{said}"
    );
}
