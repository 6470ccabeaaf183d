//! Quotas are told, and hold.

use serde_json::{Value, json};

use super::code;
use crate::Simulator;
use crate::testing::{account, ec2, ec2_text, network, refused, signed};
use crate::testing_rest::{here, send};

async fn asked(simulator: &Simulator, operation: &str, body: Value) -> (u16, Value) {
    let mut request = signed("servicequotas", "POST", "/", &body.to_string());
    let target = format!("ServiceQuotasV20190624.{operation}");
    request.headers.push(("x-amz-target".to_owned(), target));
    let response = send(simulator, request).await;
    let tree = serde_json::from_slice(&response.body).unwrap();
    (response.status, tree)
}

#[tokio::test]
async fn a_quota_is_told_with_aws_value_and_with_the_accounts() {
    let simulator = account();
    let group = json!({"ServiceCode": "vpc", "QuotaCode": "L-0EA8095F"});
    let raise = |value| {
        here(&simulator, |ctx| {
            ctx.here.raised.insert(code::GROUP_RULES.to_owned(), value)
        })
    };
    raise(200);
    let (_, own) = asked(&simulator, "GetServiceQuota", group.clone()).await;
    let (_, aws) = asked(&simulator, "GetAWSDefaultServiceQuota", group).await;
    assert_eq!(
        (&own["Quota"]["Value"], &aws["Quota"]["Value"]),
        (&json!(200.0), &json!(60.0))
    );
    let (_, all) = asked(
        &simulator,
        "ListServiceQuotas",
        json!({"ServiceCode": "elasticloadbalancing"}),
    )
    .await;
    assert_eq!(all["Quotas"].as_array().unwrap().len(), 8);
    let lost = json!({"ServiceCode": "vpc", "QuotaCode": "L-00000000"});
    let (status, refused) = asked(&simulator, "GetServiceQuota", lost).await;
    assert_eq!(
        (status, &refused["__type"]),
        (400, &json!("NoSuchResourceException"))
    );
}

#[tokio::test]
async fn the_accounts_operations_hold_to_its_quotas() {
    let simulator = account();
    let network = network(&simulator).await;
    let raise = |code: &str, value| {
        here(&simulator, |ctx| {
            ctx.here.raised.insert(code.to_owned(), value)
        })
    };
    raise(code::ENDPOINTS, 1);
    ec2(&simulator, &network.endpoint()).await.unwrap();
    refused(&simulator, &network.endpoint(), "VpcEndpointLimitExceeded").await;
    raise(code::ENDPOINTS, 2);
    ec2_text(
        &simulator,
        &network.endpoint(),
        "/vpcEndpoint/vpcEndpointId",
    )
    .await;
    raise(code::VPCS, 1);
    refused(
        &simulator,
        "CreateVpc&CidrBlock=10.1.0.0/16",
        "VpcLimitExceeded",
    )
    .await;
}
