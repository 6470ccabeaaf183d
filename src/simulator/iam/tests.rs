//! What is denied is refused, and told beforehand.

use serde_json::{Value, json};

use super::state::{By, Denial};
use crate::Simulator;
use crate::testing::{ACCOUNT, account, ec2, refused, signed};
use crate::testing_rest::{here, json_call, send, xml_call};

fn denying(denials: &[Denial]) -> Simulator {
    let simulator = account();
    here(&simulator, |ctx| ctx.global.iam.denied = denials.to_vec());
    simulator
}

async fn decided(simulator: &Simulator, parameters: &str) -> Value {
    let caller = format!("arn%3Aaws%3Aiam%3A%3A{ACCOUNT}%3Auser%2Fsimulated");
    let body = format!("Action=SimulatePrincipalPolicy&PolicySourceArn={caller}&{parameters}");
    let (_, tree) = xml_call(simulator, "iam", "POST", "/", &body)
        .await
        .unwrap();
    tree["SimulatePrincipalPolicyResult"]["EvaluationResults"]["member"].clone()
}

#[tokio::test]
async fn an_account_that_denies_nothing_allows_everything() {
    let simulator = account();
    let result = decided(&simulator, "ActionNames.member.1=ec2:CreateVpcEndpoint").await;
    assert_eq!(result["EvalDecision"], "allowed");
    assert_eq!(result["EvalResourceName"], "*");
}

#[tokio::test]
async fn each_service_refuses_in_its_own_words_what_is_denied() {
    let simulator = denying(&[
        Denial::of("ec2:DescribeVpcs"),
        Denial::of("ec2:CreateVpc").by(By::ServiceControlPolicy),
        Denial::of("elasticloadbalancing:*").by(By::IdentityPolicy),
        Denial::of("apigateway:GET"),
        Denial::of("s3:ListAllMyBuckets").by(By::PermissionsBoundary),
        Denial::of("sts:*"),
    ]);
    refused(&simulator, "DescribeVpcs", "UnauthorizedOperation").await;
    let dry = "CreateVpc&CidrBlock=10.0.0.0/16&DryRun=true";
    refused(&simulator, dry, "UnauthorizedOperation").await;
    assert!(ec2(&simulator, "DescribeSubnets").await.is_ok());
    let (code, text) = xml_call(
        &simulator,
        "elasticloadbalancing",
        "POST",
        "/",
        "Action=DescribeLoadBalancers",
    )
    .await
    .unwrap_err();
    assert_eq!(code, "AccessDenied");
    assert!(
        text.ends_with("with an explicit deny in an identity-based policy"),
        "{text}"
    );
    let (code, text) = json_call(&simulator, "apigateway", "GET", "/restapis", &Value::Null)
        .await
        .unwrap_err();
    assert_eq!(code, "AccessDeniedException");
    assert!(
        text.contains("perform: apigateway:GET on resource: arn:aws:apigateway:eu-central-1::/restapis because no identity-based policy"),
        "{text}"
    );
    let named = json!({"name": "a"});
    let made = json_call(&simulator, "apigateway", "POST", "/restapis", &named).await;
    assert!(made.is_ok(), "{made:?}");
    let (code, text) = xml_call(&simulator, "s3", "GET", "/", "")
        .await
        .unwrap_err();
    assert_eq!(code, "AccessDenied");
    assert!(
        text.contains("no permissions boundary allows the s3:ListAllMyBuckets"),
        "{text}"
    );
    let who = send(
        &simulator,
        signed("sts", "POST", "/", "Action=GetCallerIdentity"),
    )
    .await;
    assert_eq!(who.status, 200, "nobody can deny it");
}

#[tokio::test]
async fn the_policy_simulator_says_whose_no_it_is() {
    let simulator = denying(&[
        Denial::of("ec2:CreateVpcEndpoint"),
        Denial::of("route53:*").by(By::IdentityPolicy),
        Denial::of("acm:*").by(By::ServiceControlPolicy),
        Denial::of("lambda:AddPermission").by(By::PermissionsBoundary),
    ]);
    let names = "ActionNames.member.1=ec2:CreateVpcEndpoint&ActionNames.member.2=route53:ChangeResourceRecordSets\
                 &ActionNames.member.3=acm:DescribeCertificate&ActionNames.member.4=lambda:AddPermission&ActionNames.member.5=s3:GetObject";
    let results = decided(&simulator, names).await;
    let said: Vec<_> = (0..5)
        .map(|place| results[place]["EvalDecision"].clone())
        .collect();
    assert_eq!(
        said,
        [
            "implicitDeny",
            "explicitDeny",
            "explicitDeny",
            "implicitDeny",
            "allowed"
        ]
    );
    assert_eq!(
        results[2]["OrganizationsDecisionDetail"]["AllowedByOrganizations"],
        "false"
    );
    assert_eq!(
        results[3]["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"],
        "false"
    );
}

#[tokio::test]
async fn a_denial_may_be_of_some_resources_only() {
    let only: Denial = serde_json::from_value(json!(
        {"action": "apigateway:POST", "resource": "*/restapis/*"}
    ))
    .unwrap();
    let simulator = denying(&[only]);
    let api = json!({"name": "a"});
    let (_, made) = json_call(&simulator, "apigateway", "POST", "/restapis", &api)
        .await
        .unwrap();
    let deploy = format!("/restapis/{}/deployments", made["id"].as_str().unwrap());
    let denied = json_call(&simulator, "apigateway", "POST", &deploy, &json!({})).await;
    assert_eq!(denied.unwrap_err().0, "AccessDeniedException");
    let asked = "ActionNames.member.1=apigateway:POST\
                 &ResourceArns.member.1=arn:aws:apigateway:eu-central-1::/restapis\
                 &ResourceArns.member.2=arn:aws:apigateway:eu-central-1::/restapis/a/stages";
    let results = decided(&simulator, asked).await;
    assert_eq!(results[0]["EvalDecision"], "allowed");
    assert_eq!(results[1]["EvalDecision"], "implicitDeny");
}

#[tokio::test]
async fn only_the_caller_can_be_asked_about() {
    let simulator = account();
    for (arn, code) in [
        ("arn:aws:iam::111122223333:role/other", "NoSuchEntity"),
        ("arn:aws:sts::111122223333:assumed-role/a/b", "InvalidInput"),
        ("me", "InvalidInput"),
    ] {
        let body = format!(
            "Action=SimulatePrincipalPolicy&PolicySourceArn={arn}&ActionNames.member.1=s3:GetObject"
        );
        let refused = xml_call(&simulator, "iam", "POST", "/", &body)
            .await
            .unwrap_err();
        assert_eq!(refused.0, code, "{arn}");
    }
}
