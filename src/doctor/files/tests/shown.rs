//! What `terraform show -json` writes: plans and states.

use super::{Case, changed, codes, judged, text};

const RIGHT: &str = include_str!("right.json");
const NONE: &[&str] = &[];

#[test]
fn a_right_plan_is_accused_of_nothing() {
    let said = judged("plan.json", RIGHT);
    assert_eq!(
        text(&said),
        "ok config\n  plan.json: 10 resources looked at\n"
    );
}

const CASES: &[Case] = &[
    (
        "a public API",
        r#""endpoint_configuration": [{"types": ["PRIVATE"]}]"#,
        r#""endpoint_configuration": [{"types": ["REGIONAL"]}]"#,
        &["config/public-api"],
    ),
    (
        "no policy",
        r#""policy": {"references": ["data.aws_iam_policy_document.api.json", "data.aws_iam_policy_document.api"]}"#,
        r#""other": {}"#,
        &["policy/missing"],
    ),
    (
        "a VPC's id",
        r#""body": null"#,
        r#""policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"*\", \"Resource\": \"*\", \"Condition\": {\"StringEquals\": {\"aws:SourceVpce\": \"vpc-1\"}}}]}""#,
        &["policy/wrong-key"],
    ),
    (
        "private DNS",
        r#""private_dns_enabled": false"#,
        r#""private_dns_enabled": true"#,
        &["private-dns/on"],
    ),
    (
        "a gateway",
        r#""vpc_endpoint_type": "Interface""#,
        r#""vpc_endpoint_type": "Gateway""#,
        &["config/endpoint-type"],
    ),
    (
        "no subnets",
        r#""subnet_ids": ["subnet-1", "subnet-2"]"#,
        r#""subnet_ids": []"#,
        &["subnets/none"],
    ),
    (
        "a closed group",
        r#""from_port": 443"#,
        r#""from_port": 444"#,
        &["config/endpoint-closed"],
    ),
    (
        "no triggers",
        r#", "triggers": {"references": ["aws_api_gateway_rest_api.myapp.policy", "aws_api_gateway_rest_api.myapp"]}"#,
        "",
        &["config/not-redeployed"],
    ),
    (
        "a public balancer",
        r#""internal": true"#,
        r#""internal": false"#,
        &["config/public-balancer"],
    ),
    (
        "one subnet",
        r#""subnets": ["subnet-1", "subnet-2"]"#,
        r#""subnets": ["subnet-1"]"#,
        &["subnets/too-few"],
    ),
    (
        "old TLS",
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "ELBSecurityPolicy-2016-08",
        &["config/old-tls"],
    ),
    (
        "a certificate of another region",
        "arn:aws:acm:us-east-1",
        "arn:aws:acm:us-west-2",
        &["certificate/other-region"],
    ),
    (
        "4xx for healthy",
        r#""matcher": "200""#,
        r#""matcher": "200-499""#,
        &["config/health-hides-errors"],
    ),
    (
        "never healthy",
        r#""path": "/ping""#,
        r#""path": "/""#,
        &["config/health-never-well"],
    ),
    (
        "another type",
        r#""target_type": "ip""#,
        r#""target_type": "instance""#,
        &["config/target-type"],
    ),
    (
        "another port",
        r#"{"port": 443, "protocol": "HTTPS", "target_type""#,
        r#"{"port": 8443, "protocol": "HTTPS", "target_type""#,
        &["config/target-protocol"],
    ),
    (
        "a variable",
        r#"["data.aws_network_interface.apigw", "count.index"]"#,
        r#"["var.vpce_ip_1"]"#,
        &["config/typed-address"],
    ),
    (
        "a variable whose value is known",
        r#"{"port": null}"#,
        r#"{"port": null, "target_id": "10.0.1.10"}"#,
        NONE,
    ),
    (
        "another zone's id",
        r#"["aws_lb.myapp.zone_id", "aws_lb.myapp"]"#,
        r#"["aws_route53_zone.x.zone_id", "aws_route53_zone.x"]"#,
        NONE,
    ),
    (
        "the zone's own id",
        r#""alias": [{"evaluate_target_health": false}]"#,
        r#""alias": [{"evaluate_target_health": false, "zone_id": "Z0123456789ABCDEFGHIJ"}]"#,
        &["record/other-zone-id"],
    ),
];

#[test]
fn plans_are_judged() {
    changed("plan.json", RIGHT, CASES);
}

#[test]
fn a_typed_address_with_its_value_is_one() {
    let known = RIGHT
        .replace(
            r#"{"port": null}"#,
            r#"{"port": null, "target_id": "10.0.1.10"}"#,
        )
        .replace(
            r#"["data.aws_network_interface.apigw", "count.index"]"#,
            r#"["var.vpce_ip_1"]"#,
        );
    assert_eq!(
        codes(&judged("plan.json", &known)),
        ["config/typed-address"]
    );
}

#[test]
fn modules_and_states_are_looked_into() {
    let state = r#"{"format_version": "1.0", "values": {"root_module": {"child_modules": [{"address": "module.a[\"x.y\"]", "resources": [
{"address": "module.a[\"x.y\"].aws_vpc_endpoint.e", "mode": "managed", "type": "aws_vpc_endpoint", "name": "e", "values":
  {"id": "vpce-1", "vpc_id": "vpc-1", "service_name": "com.amazonaws.eu-central-1.execute-api", "vpc_endpoint_type": "Interface", "subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"], "private_dns_enabled": true}},
{"address": "module.a[\"x.y\"].aws_security_group.g", "mode": "managed", "type": "aws_security_group", "name": "g", "values": {"id": "sg-1", "ingress": []}},
{"address": "module.a[\"x.y\"].aws_lb.l", "mode": "managed", "type": "aws_lb", "name": "l", "values": {"internal": true, "dns_name": "internal-a-1.eu-central-1.elb.amazonaws.com", "zone_id": "Z215JYRZR1TBD5"}},
{"address": "module.a[\"x.y\"].aws_route53_record.r", "mode": "managed", "type": "aws_route53_record", "name": "r", "values": {"zone_id": "Z1", "alias": [{"name": "internal-a-1.eu-central-1.elb.amazonaws.com", "zone_id": "Z215JYRZR1TBD5"}]}}
]}]}}}"#;
    let said = judged("state.json", state);
    assert_eq!(codes(&said), ["config/endpoint-closed", "private-dns/on"]);
    assert!(
        text(&said).contains(r#"module.a["x.y"].aws_vpc_endpoint.e"#),
        "{}",
        text(&said)
    );
    let other = state.replace(r#""zone_id": "Z215JYRZR1TBD5"}]"#, r#""zone_id": "Z1"}]"#);
    let expected = [
        "config/endpoint-closed",
        "private-dns/on",
        "record/other-zone-id",
    ];
    assert_eq!(codes(&judged("state.json", &other)), expected);
}
