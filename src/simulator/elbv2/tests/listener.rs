//! Listeners and their certificates.

use super::{
    CERTIFICATE, FIXED, PENDING, elb, forward, group, listener, new_balancer, new_group,
    new_listener, ready, refused, text,
};
use crate::acm::{self, Status};
use crate::testing_rest::here;

fn https(balancer: &str, certificate: &str) -> String {
    format!(
        "CreateListener&LoadBalancerArn={balancer}&Protocol=HTTPS&Port=443&Certificates.member.1.CertificateArn={certificate}&{FIXED}"
    )
}

#[tokio::test]
async fn the_same_settings_give_the_same_listener() {
    let (simulator, network) = ready().await;
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let arn = new_listener(&simulator, &balancer, 80).await;
    assert_eq!(new_listener(&simulator, &balancer, 80).await, arn);
    let other = listener(&balancer, 80).replace("404", "503");
    refused(&simulator, &other, "DuplicateListener").await;
    new_listener(&simulator, &balancer, 81).await;
    let modify = format!("ModifyListener&ListenerArn={arn}&Port=81");
    refused(&simulator, &modify, "DuplicateListener").await;
}

#[tokio::test]
async fn https_needs_a_certificate_that_is_issued() {
    let (simulator, network) = ready().await;
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let create = https(&balancer, CERTIFICATE);
    let bare = create.replace(
        &format!("&Certificates.member.1.CertificateArn={CERTIFICATE}"),
        "",
    );
    refused(&simulator, &bare, "ValidationError").await;
    refused(
        &simulator,
        &https(&balancer, PENDING),
        "UnsupportedCertificate",
    )
    .await;
    let lost = "arn:aws:acm:eu-central-1:111122223333:certificate/lost";
    refused(&simulator, &https(&balancer, lost), "CertificateNotFound").await;
    refused(
        &simulator,
        &format!("{create}&SslPolicy=ELBSecurityPolicy-Best"),
        "SSLPolicyNotFound",
    )
    .await;
    refused(
        &simulator,
        &create.replace("=HTTPS", "=HTTP"),
        "ValidationError",
    )
    .await;
    refused(
        &simulator,
        &create.replace("=HTTPS", "=TCP"),
        "ValidationError",
    )
    .await;
    let policy = text(&simulator, &create, "/Listeners/member/SslPolicy").await;
    assert_eq!(policy, "ELBSecurityPolicy-2016-08");
}

#[tokio::test]
async fn from_https_to_http_the_certificate_goes() {
    let (simulator, network) = ready().await;
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let arn = text(
        &simulator,
        &https(&balancer, CERTIFICATE),
        "/Listeners/member/ListenerArn",
    )
    .await;
    let modify = format!("ModifyListener&ListenerArn={arn}&Protocol=HTTP&Port=80");
    let after = elb(&simulator, &modify).await.unwrap()["Listeners"]["member"].clone();
    assert!(after.get("Certificates").is_none() && after.get("SslPolicy").is_none());
    assert_eq!(after["Port"], "80");
    refused(
        &simulator,
        &format!("ModifyListener&ListenerArn={arn}&Protocol=HTTPS"),
        "ValidationError",
    )
    .await;
}

#[tokio::test]
async fn further_certificates_come_and_go_but_not_the_default() {
    let (simulator, network) = ready().await;
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let arn = text(
        &simulator,
        &https(&balancer, CERTIFICATE),
        "/Listeners/member/ListenerArn",
    )
    .await;
    let on = |operation: &str, certificate: &str| {
        format!(
            "{operation}ListenerCertificates&ListenerArn={arn}&Certificates.member.1.CertificateArn={certificate}"
        )
    };
    refused(&simulator, &on("Add", PENDING), "UnsupportedCertificate").await;
    refused(
        &simulator,
        &on("Remove", CERTIFICATE),
        "OperationNotPermitted",
    )
    .await;
    let none = format!("RemoveListenerCertificates&ListenerArn={arn}");
    refused(&simulator, &none, "ValidationError").await;
    elb(&simulator, &on("Add", CERTIFICATE)).await.unwrap();
    let describe = format!("DescribeListenerCertificates&ListenerArn={arn}");
    let both = elb(&simulator, &describe).await.unwrap();
    assert_eq!(both["Certificates"]["member"].as_array().unwrap().len(), 2);
    elb(&simulator, &on("Remove", CERTIFICATE)).await.unwrap();
}

#[tokio::test]
async fn twenty_five_further_certificates_a_load_balancer() {
    let (simulator, network) = ready().await;
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let listener = "/Listeners/member/ListenerArn";
    let first = text(&simulator, &https(&balancer, CERTIFICATE), listener).await;
    let second = https(&balancer, CERTIFICATE).replace("Port=443", "Port=8443");
    let second = text(&simulator, &second, listener).await;
    let add = async |listener: &str, number: usize| {
        let arn = format!("{CERTIFICATE}{number}");
        here(&simulator, |ctx| {
            let names = [format!("shop{number}.example.com")];
            acm::furnish::add_certificate(ctx, &arn, &names, Status::Issued);
        });
        let add = format!(
            "AddListenerCertificates&ListenerArn={listener}&Certificates.member.1.CertificateArn={arn}"
        );
        elb(&simulator, &add).await.map(|_| ())
    };
    for number in 1..=25 {
        add(&first, number).await.unwrap();
    }
    let two = format!(
        "AddListenerCertificates&ListenerArn={first}&Certificates.member.1.CertificateArn={CERTIFICATE}1&Certificates.member.2.CertificateArn={CERTIFICATE}2"
    );
    refused(&simulator, &two, "ValidationError").await;
    let many = || Err("TooManyCertificates".to_owned());
    assert_eq!(add(&first, 26).await, many());
    assert_eq!(add(&second, 26).await, many(), "of all listeners together");
    add(&first, 25).await.unwrap();
    let describe = format!("DescribeListenerCertificates&ListenerArn={first}");
    let all = elb(&simulator, &describe).await.unwrap();
    assert_eq!(all["Certificates"]["member"].as_array().unwrap().len(), 26);
}

#[tokio::test]
async fn protocols_go_together() {
    let (simulator, network) = ready().await;
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let stream = format!(
        "CreateTargetGroup&Name=tcp&TargetType=ip&Protocol=TCP&Port=443&VpcId={}",
        network.vpc
    );
    let stream = text(&simulator, &stream, "/TargetGroups/member/TargetGroupArn").await;
    let create = |group: &str| {
        listener(&balancer, 80).replace(FIXED, &forward(group).replace("Actions", "DefaultActions"))
    };
    refused(&simulator, &create(&stream), "IncompatibleProtocols").await;
    let lost = stream.replace("/tcp/", "/lost/");
    refused(&simulator, &create(&lost), "TargetGroupNotFound").await;
    let http = group(&network, "http").replace("&Protocol=HTTPS", "&Protocol=HTTP");
    let http = text(&simulator, &http, "/TargetGroups/member/TargetGroupArn").await;
    elb(&simulator, &create(&http)).await.unwrap();
}

#[tokio::test]
async fn actions_are_checked() {
    let (simulator, network) = ready().await;
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let arn = new_group(&simulator, &network, "api").await;
    let with = |action: &str| {
        listener(&balancer, 80).replace(FIXED, &action.replace("A.", "DefaultActions.member.1."))
    };
    for action in [
        "A.Type=redirect&A.RedirectConfig.StatusCode=HTTP_301",
        "A.Type=redirect&A.RedirectConfig.StatusCode=HTTP_303&A.RedirectConfig.Protocol=HTTPS",
        "A.Type=redirect&A.RedirectConfig.StatusCode=HTTP_301&A.RedirectConfig.Port=0",
        "A.Type=fixed-response&A.FixedResponseConfig.StatusCode=301",
        "A.Type=fixed-response&A.FixedResponseConfig.StatusCode=404&A.FixedResponseConfig.ContentType=text/xml",
    ] {
        refused(&simulator, &with(action), "InvalidLoadBalancerAction").await;
    }
    refused(
        &simulator,
        &with("A.Type=authenticate-oidc"),
        "ValidationError",
    )
    .await;
    refused(
        &simulator,
        &format!(
            "{}&DefaultActions.member.2.Type=forward&DefaultActions.member.2.TargetGroupArn={arn}",
            listener(&balancer, 80)
        ),
        "TooManyActions",
    )
    .await;
    let redirect = with(
        "A.Type=redirect&A.RedirectConfig.StatusCode=HTTP_301&A.RedirectConfig.Protocol=HTTPS&A.RedirectConfig.Port=443",
    );
    let host = text(
        &simulator,
        &redirect,
        "/Listeners/member/DefaultActions/member/RedirectConfig/Host",
    )
    .await;
    assert_eq!(host, "#{host}");
}

#[tokio::test]
async fn tls_policies_are_listed() {
    let (simulator, _) = ready().await;
    let name = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09";
    let describe = format!("DescribeSSLPolicies&Names.member.1={name}");
    let protocols =
        elb(&simulator, &describe).await.unwrap()["SslPolicies"]["member"]["SslProtocols"].clone();
    assert_eq!(
        protocols["member"],
        serde_json::json!(["TLSv1.3", "TLSv1.2"])
    );
    refused(
        &simulator,
        "DescribeSSLPolicies&Names.member.1=x",
        "SSLPolicyNotFound",
    )
    .await;
}
