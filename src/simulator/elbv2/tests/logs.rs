//! Logs: the bucket is looked at before they are on.

use super::{balancer, ready, refused, text};
use crate::Simulator;
use crate::s3::{Encryption, add_bucket};
use crate::testing::{ACCOUNT, REGION};
use crate::testing_rest::here;

fn on(arn: &str, kind: &str, bucket: &str, prefix: &str) -> String {
    let attribute = |place: u8, name: &str, value: &str| {
        format!(
            "&Attributes.member.{place}.Key={kind}.s3.{name}&Attributes.member.{place}.Value={value}"
        )
    };
    format!(
        "ModifyLoadBalancerAttributes&LoadBalancerArn={arn}{}{}{}",
        attribute(1, "enabled", "true"),
        attribute(2, "bucket", bucket),
        attribute(3, "prefix", prefix)
    )
}

fn admit(simulator: &Simulator, principal: &str, folder: &str) {
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/{folder}"}}]}}"#
    );
    here(simulator, |ctx| {
        ctx.global.s3.buckets.get_mut("logs").unwrap().policy = Some(policy);
    });
}

#[tokio::test]
async fn a_bucket_that_admits_no_delivery_is_refused() {
    let (simulator, network) = ready().await;
    let arn = text(
        &simulator,
        &balancer(&network, "a"),
        "/LoadBalancers/member/LoadBalancerArn",
    )
    .await;
    here(&simulator, |ctx| {
        add_bucket(ctx, "logs", REGION);
        add_bucket(ctx, "far", "us-east-1");
    });
    let no = "InvalidConfigurationRequest";
    for kind in ["access_logs", "connection_logs", "health_check_logs"] {
        refused(&simulator, &on(&arn, kind, "nothing", ""), no).await;
        refused(&simulator, &on(&arn, kind, "far", ""), no).await;
        refused(&simulator, &on(&arn, kind, "logs", ""), no).await;
    }
    let service = r#"{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}"#;
    admit(&simulator, service, &format!("alb/AWSLogs/{ACCOUNT}/*"));
    refused(&simulator, &on(&arn, "access_logs", "logs", "other"), no).await;
    for kind in ["access_logs", "connection_logs", "health_check_logs"] {
        let call = on(&arn, kind, "logs", "alb");
        super::elb(&simulator, &call).await.unwrap();
    }
    admit(
        &simulator,
        r#"{"AWS":"arn:aws:iam::054676820928:root"}"#,
        "*",
    );
    super::elb(&simulator, &on(&arn, "access_logs", "logs", ""))
        .await
        .unwrap();
    admit(
        &simulator,
        r#"{"AWS":"arn:aws:iam::127311923021:root"}"#,
        "*",
    );
    refused(&simulator, &on(&arn, "access_logs", "logs", ""), no).await;
    admit(&simulator, service, "*");
    here(&simulator, |ctx| {
        let bucket = ctx.global.s3.buckets.get_mut("logs").unwrap();
        bucket.encryption = Some(Encryption {
            algorithm: "aws:kms".to_owned(),
            key: None,
            bucket_key: false,
        });
    });
    refused(&simulator, &on(&arn, "access_logs", "logs", ""), no).await;
}
