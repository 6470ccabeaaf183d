//! What `terraform show -json` writes: plans and states.

use super::{changed, codes, judged, text};

const RIGHT: &str = include_str!("right.json");

#[test]
fn a_right_plan_is_accused_of_nothing() {
    let said = judged("plan.json", RIGHT);
    assert_eq!(
        text(&said),
        "ok config\n  plan.json: 10 resources looked at\n"
    );
}

#[test]
fn each_mistake_is_accused_of_itself_and_what_comes_near_it_of_nothing() {
    changed("plan.json", RIGHT, include_str!("shown.txt"));
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
