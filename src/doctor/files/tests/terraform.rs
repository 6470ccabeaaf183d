//! Terraform as it is written.

use super::{Folder, changed, codes, judge, judged, text};
use crate::checks::Report;

const ARTICLE: &str = include_str!("article.tf");
pub const RIGHT: &str = include_str!("right.tf");

#[test]
fn the_article_is_told_all_of_its_mistakes() {
    insta::assert_snapshot!(text(&judged("article.tf", ARTICLE)));
}

#[test]
fn a_right_configuration_is_accused_of_nothing() {
    let said = judged("main.tf", RIGHT);
    assert_eq!(
        text(&said),
        "ok config\n  main.tf: 17 resources looked at\n"
    );
}

const NONE: &[&str] = &[];

#[test]
fn each_mistake_is_accused_of_itself_and_what_comes_near_it_of_nothing() {
    changed("main.tf", RIGHT, include_str!("terraform.txt"));
}

const HEREDOC: &str = "policy = <<POLICY\n{ \"Version\": \"2012-10-17\", \"Statement\": [{\n\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"execute-api:Invoke\",\n\"Resource\": \"execute-api:/*\"CONDITION }] }\nPOLICY\n";

#[test]
fn policies_are_read_wherever_they_are_written() {
    let inline = "policy = data.aws_iam_policy_document.api.json\n  endpoint";
    let with = |policy: &str, condition: &str| {
        let policy = policy.replace("CONDITION", condition);
        // The triggers see the document that is not used any more.
        let said = judged(
            "main.tf",
            &RIGHT.replace(inline, &format!("{policy}\n  endpoint")),
        );
        let codes = codes(&said);
        codes
            .into_iter()
            .filter(|code| code != "config/not-redeployed")
            .collect::<Vec<_>>()
    };
    let heredoc = |condition: &str| with(HEREDOC, condition);
    let call = |condition: &str| {
        let policy = "policy = jsonencode({ Version = \"2012-10-17\", Statement = [{ Effect = \"Allow\", Principal = { AWS = \"*\" }, Action = \"execute-api:Invoke\", Resource = \"execute-api:/*\"CONDITION }] })";
        with(policy, condition)
    };
    for (name, said, expected) in [
        ("none", heredoc(""), "policy/open"),
        (
            "a VPC's id",
            heredoc(r#", "Condition": {"StringEquals": {"aws:sourceVpce": "vpc-1"}}"#),
            "policy/wrong-key",
        ),
        (
            "an endpoint's id",
            heredoc(r#", "Condition": {"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpce-1"]}}"#),
            "policy/wrong-key",
        ),
        (
            "a reference",
            heredoc(
                r#", "Condition": {"StringEquals": {"aws:SourceVpc": "${aws_vpc_endpoint.apigw.id}"}}"#,
            ),
            "policy/wrong-key",
        ),
        (
            "right",
            heredoc(
                r#", "Condition": {"StringEquals": {"aws:SourceVpce": "${aws_vpc_endpoint.apigw.id}"}}"#,
            ),
            "",
        ),
        (
            "by VPC",
            heredoc(r#", "Condition": {"StringEquals": {"aws:SourceVpc": "${var.vpc}"}}"#),
            "",
        ),
        (
            "another VPC",
            heredoc(r#", "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-22222222"}}"#),
            "policy/admits-nobody",
        ),
        ("no JSON", heredoc(", }"), "policy/not-json"),
        (
            "not told",
            heredoc(r#", "Condition": ${jsonencode(var.condition)}"#),
            "config/undefined-reference",
        ),
        (
            "not told by a variable",
            heredoc(
                r#", "Condition": {"StringEquals": {"aws:SourceVpce": "${join("", var.subnets)}"}}"#,
            ),
            "",
        ),
        ("none in a call", call(""), "policy/open"),
        (
            "a VPC's id in a call",
            call(", Condition = { StringEquals = { \"aws:SourceVpce\" = \"vpc-1\" } }"),
            "policy/wrong-key",
        ),
        (
            "right in a call",
            call(
                ", Condition = { StringEquals = { \"aws:SourceVpce\" = aws_vpc_endpoint.apigw.id } }",
            ),
            "",
        ),
        ("none at all", with("", ""), "policy/missing"),
        ("in a file", with("policy = file(\"policy.json\")", ""), ""),
    ] {
        assert_eq!(said.join(" "), expected, "{name}");
    }
}

#[test]
fn an_older_provider_still_takes_a_stage_in_a_deployment() {
    let older = RIGHT
        .replace("~> 6.0", "~> 5.31")
        .replace("lifecycle {", "stage_name = \"v1\"\n  lifecycle {");
    let said = judged("main.tf", &older);
    assert!(
        text(&said).starts_with("warning config/stage-in-deployment"),
        "{}",
        text(&said)
    );
}

#[test]
fn subnets_may_be_associated_apart() {
    let apart = "resource \"aws_vpc_endpoint_subnet_association\" \"a\" {\n  for_each = toset(var.subnets)\n  vpc_endpoint_id = aws_vpc_endpoint.apigw.id\n  subnet_id = each.value\n}\n";
    let text = RIGHT.replace("  subnet_ids          = var.subnets\n", "") + apart;
    assert_eq!(codes(&judged("main.tf", &text)), NONE);
}

#[test]
fn a_vpc_without_names_takes_no_private_dns() {
    let vpc = "resource \"aws_vpc\" \"main\" {\n  cidr_block = \"10.0.0.0/16\"\n  enable_dns_hostnames = true\n}\n";
    let text = RIGHT
        .replace("vpc_id              = var.vpc", "vpc_id = aws_vpc.main.id")
        .replace("private_dns_enabled = false", "private_dns_enabled = true");
    let said = |vpc: &str| codes(&judged("main.tf", &format!("{text}{vpc}")));
    assert_eq!(said(vpc), ["private-dns/on"]);
    let off = vpc.replace("hostnames = true", "hostnames = false");
    assert_eq!(said(&off), ["private-dns/on", "vpc-dns/off"]);
    let silent = vpc.replace("  enable_dns_hostnames = true\n", "");
    assert_eq!(said(&silent), ["private-dns/on", "vpc-dns/off"]);
}

const TYPED: &[&str] = &["config/typed-address"];

#[test]
fn addresses_that_the_endpoint_is_pinned_to_are_no_mistake() {
    let typed = RIGHT.replace(
        "for_each         = data.aws_network_interface.apigw\n  target_group_arn = aws_lb_target_group.myapp.arn\n  target_id        = each.value.private_ip",
        "target_group_arn = aws_lb_target_group.myapp.arn\n  target_id = \"10.0.1.10\"",
    );
    let pinned = typed.replace(
        "private_dns_enabled = false",
        "private_dns_enabled = false\n  subnet_configuration {\n    ipv4 = \"10.0.1.10\"\n    subnet_id = \"subnet-1\"\n  }",
    );
    assert_eq!(codes(&judged("main.tf", &typed)), TYPED);
    assert_eq!(codes(&judged("main.tf", &pinned)), NONE);
}

#[test]
fn groups_of_others_are_left_alone() {
    // A container's group, a server's address, and a site's group beside the endpoint's.
    let others = r#"
resource "aws_lb_target_group" "container" {
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
}
resource "aws_lb_target_group_attachment" "server" {
  target_group_arn = aws_lb_target_group.container.arn
  target_id        = "10.9.9.9"
}
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = var.vpc
  service_name      = "com.amazonaws.us-east-1.s3"
  vpc_endpoint_type = "Interface"
}
resource "aws_lb_target_group" "site" {
  port        = 443
  protocol    = "HTTPS"
  target_type = "ip"
  health_check {
    path     = "/"
    protocol = "HTTPS"
    matcher  = "307,405"
  }
}
resource "aws_lb_target_group" "function" {
  target_type = "lambda"
}
"#;
    assert_eq!(codes(&judged("main.tf", &format!("{RIGHT}{others}"))), NONE);
    // And without any way to a private API nothing of all this is a mistake.
    let public = "resource \"aws_lb\" \"x\" {\n  subnets = [aws_subnet.a.id, aws_subnet.b.id]\n}\nresource \"aws_lb_target_group\" \"x\" {\n  health_check {\n    matcher = \"200-499\"\n  }\n}\nresource \"aws_subnet\" \"a\" {}\nresource \"aws_subnet\" \"b\" {}\n";
    assert_eq!(codes(&judged("main.tf", public)), NONE);
}

#[test]
fn interfaces_that_the_plan_does_not_know_are_no_keys() {
    let from = "for_each = { for i in range(length(var.subnets)) : i => tolist(aws_vpc_endpoint.apigw.network_interface_ids)[i] }";
    let to = |to: &str| codes(&judged("main.tf", &RIGHT.replace(from, to)));
    let expected = ["config/unknown-for-each"];
    assert_eq!(
        to("for_each = toset(aws_vpc_endpoint.apigw.network_interface_ids)"),
        expected
    );
    assert_eq!(
        to("for_each = aws_vpc_endpoint.apigw.network_interface_ids"),
        expected
    );
    assert_eq!(to("count = length(var.subnets)"), NONE);
}

#[test]
fn a_public_balancer_of_something_else_is_left_alone() {
    let other = "resource \"aws_lb\" \"shop\" {\n  internal = false\n}\nresource \"aws_lb_listener\" \"shop\" {\n  load_balancer_arn = aws_lb.shop.arn\n  default_action {\n    type = \"fixed-response\"\n  }\n}\n";
    assert_eq!(codes(&judged("main.tf", &format!("{RIGHT}{other}"))), NONE);
    let rule = "resource \"aws_lb_listener_rule\" \"api\" {\n  listener_arn = aws_lb_listener.shop.arn\n  action {\n    type = \"forward\"\n    target_group_arn = aws_lb_target_group.myapp.arn\n  }\n}\n";
    let both = format!("{RIGHT}{other}{rule}");
    assert_eq!(codes(&judged("main.tf", &both)), ["config/public-balancer"]);
}

#[test]
fn a_balancer_behind_an_api_is_no_way_in() {
    let behind = "resource \"aws_lb\" \"service\" {\n  internal = true\n}\nresource \"aws_lb_listener\" \"service\" {\n  load_balancer_arn = aws_lb.service.arn\n  port = 80\n  protocol = \"HTTP\"\n  default_action {\n    type = \"forward\"\n  }\n}\nresource \"aws_api_gateway_domain_name\" \"private\" {\n  certificate_arn = \"arn:aws:acm:us-east-1:1:certificate/1\"\n  endpoint_access_mode = \"STRICT\"\n  endpoint_configuration {\n    types = [\"PRIVATE\"]\n  }\n}\nresource \"aws_api_gateway_domain_name_access_association\" \"private\" {\n  domain_name_arn = aws_api_gateway_domain_name.private.arn\n}\n";
    assert_eq!(codes(&judged("main.tf", &format!("{RIGHT}{behind}"))), NONE);
}

#[test]
fn mistakes_end_in_2_and_warnings_alone_in_0() {
    let exit = |text: &str| {
        let report = Report::new("main.tf", judged("main.tf", text), &[]);
        report.exit_code()
    };
    assert_eq!(exit(RIGHT), 0);
    assert_eq!(exit(ARTICLE), 2);
    let warned = RIGHT.replace("matcher  = \"200\"", "matcher = \"200,403\"");
    assert_eq!(
        (codes(&judged("main.tf", &warned)).len(), exit(&warned)),
        (1, 0)
    );
    // Nothing of the kind in it: nothing was judged.
    assert_eq!(exit("locals {\n  a = 1\n}\n"), 2);
}

#[test]
fn words_of_the_language_are_no_references() {
    let words = "resource \"aws_instance\" \"x\" {\n  provisioner \"local-exec\" {\n    when = destroy\n    on_failure = continue\n    command = self.id\n  }\n  lifecycle {\n    ignore_changes = all\n    action_trigger {\n      events = [before_create]\n    }\n  }\n}\nvariable \"typed\" {\n  type = object({ a = optional(string) })\n}\nremoved {\n  from = aws_lb.old\n}\nimport {\n  to = aws_lb.myapp\n  id = \"x\"\n}\n";
    assert_eq!(codes(&judged("main.tf", &format!("{RIGHT}{words}"))), NONE);
}

#[test]
fn files_are_judged_together_and_a_folder_is_its_files() {
    let (head, tail) = RIGHT.split_at(RIGHT.find("resource \"aws_lb\" ").expect("a balancer"));
    let folder = Folder::with(&[("a.tf", head), ("b.tf", tail), ("notes.txt", "not read")]);
    let whole = judge(std::slice::from_ref(&folder.0)).expect("read");
    assert_eq!(
        folder.plain(&text(&whole)),
        "ok config\n  FOLDER: 17 resources looked at\n"
    );
    let both = judge(&[folder.0.join("a.tf"), folder.0.join("b.tf")]).expect("read");
    assert_eq!(
        folder.plain(&text(&both)),
        "ok config\n  a.tf, b.tf: 17 resources looked at\n"
    );
    // One of them alone: what the other may define is not missing.
    let half = judge(&[folder.0.join("b.tf")]).expect("read");
    insta::assert_snapshot!(folder.plain(&text(&half)));
}

/// What no file of the folder declares is missing, also where one alone is given.
#[test]
fn a_file_given_alone_is_accused_of_what_nobody_declares() {
    let given = "output \"a\" {\n  value = [var.beside, var.nowhere]\n}\n";
    let accused = |beside: &str| {
        let folder = Folder::with(&[("a.tf", given), ("b.tf", beside)]);
        let said = judge(&[folder.0.join("a.tf")]).expect("read");
        let codes = said.iter().filter(|one| one.code.is_some());
        codes
            .map(|one| folder.plain(&one.found))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        accused("variable \"beside\" {}\n"),
        ["a.tf:2: var.nowhere is not defined"]
    );
    // Of a file that cannot be read nobody knows what it declares.
    assert_eq!(accused("variable \"beside\" {{\n"), [""; 0]);
}

#[test]
fn modules_are_said_to_be_unread() {
    let text = "module \"a\" {\n  source = \"./a\"\n}\nmodule \"b\" {\n  source = \"./b\"\n}\nresource \"aws_lb\" \"x\" {}\n";
    insta::assert_snapshot!(super::text(&judged("main.tf", text)));
}

#[test]
fn terraform_in_json_says_the_same() {
    let text = r#"{
  "//": "a remark",
  "variable": {"ip": {}},
  "resource": {
    "aws_vpc_endpoint": {"e": {
      "vpc_id": "vpc-1", "service_name": "com.amazonaws.us-east-1.execute-api",
      "vpc_endpoint_type": "Interface", "subnet_ids": ["subnet-1"], "private_dns_enabled": true
    }},
    "aws_api_gateway_rest_api": {"a": [{
      "name": "a", "endpoint_configuration": {"types": ["PRIVATE"]},
      "policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"*\", \"Resource\": \"*\", \"Condition\": {\"StringEquals\": {\"aws:SourceVpc\": \"${aws_vpc_endpoint.e.id}\"}}}]}"
    }]},
    "aws_lb_target_group": {"t": {"port": 443, "protocol": "HTTPS", "target_type": "ip",
      "health_check": {"path": "/ping", "protocol": "HTTPS", "matcher": "200-499"}}},
    "aws_lb_target_group_attachment": {"x": {"target_group_arn": "${aws_lb_target_group.t.arn}", "target_id": "${var.ip}"},
      "y": {"target_group_arn": "${aws_lb_target_group.api.arn}", "target_id": "10.0.0.1"}}
  }
}"#;
    let said = judged("main.tf.json", text);
    assert_eq!(
        codes(&said),
        [
            "config/health-hides-errors",
            "config/typed-address",
            "config/typed-address",
            "config/undefined-reference",
            "policy/wrong-key",
            "private-dns/on",
        ]
    );
    assert!(
        super::text(&said).contains("main.tf.json:11: aws_api_gateway_rest_api.a: "),
        "{}",
        super::text(&said)
    );
}

#[test]
fn defaults_and_locals_are_resolved_and_loops_of_them_end() {
    let text = r#"
variable "matcher" { default = "200-499" }
locals {
  first  = local.second
  second = local.first
  health = { matcher = var.matcher }
}
resource "aws_vpc_endpoint" "e" {
  service_name = "com.amazonaws.${local.first}.execute-api"
  vpc_endpoint_type = "Interface"
  subnet_ids = [local.first]
}
resource "aws_lb_target_group" "t" {
  health_check {
    matcher = local.health.matcher
  }
}
"#;
    assert_eq!(
        codes(&judged("main.tf", text)),
        ["config/health-hides-errors"]
    );
}

/// What is said of a folder of files, by the codes.
fn folder_codes(files: &[(&str, &str)], given: &[&str]) -> Vec<String> {
    let folder = Folder::with(files);
    let paths: Vec<_> = given.iter().map(|name| folder.0.join(name)).collect();
    codes(&judge(&paths).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn variables_are_what_the_files_that_terraform_takes_set_them_to() {
    let text = RIGHT.replace("target_type = \"ip\"", "target_type = var.target_type")
        + "variable \"target_type\" {\n  default = \"ip\"\n}\n";
    assert_ne!(text.len(), RIGHT.len());
    let (right, wrong) = ("target_type = \"ip\"\n", "target_type = \"instance\"\n");
    let json = "{\"target_type\": \"instance\"}";
    let main = ("main.tf", text.as_str());
    let accused = |files: &[(&str, &str)], given: &[&str]| {
        let files: Vec<_> = [main].into_iter().chain(files.iter().copied()).collect();
        !folder_codes(&files, given).is_empty()
    };
    for (files, given, expected) in [
        (&[][..], &[""][..], false),
        (&[("terraform.tfvars", wrong)], &[""], true),
        // Terraform takes it whoever names the file beside it.
        (&[("terraform.tfvars", wrong)], &["main.tf"], true),
        (&[("terraform.tfvars.json", json)], &[""], true),
        // A later one beats an earlier one.
        (
            &[("terraform.tfvars", wrong), ("a.auto.tfvars", right)],
            &[""],
            false,
        ),
        (
            &[("terraform.tfvars", right), ("a.auto.tfvars.json", json)],
            &[""],
            true,
        ),
        (
            &[("a.auto.tfvars", wrong), ("b.auto.tfvars", right)],
            &[""],
            false,
        ),
        // Somebody may give it to Terraform, or not: then nothing is known.
        (&[("prod.tfvars", wrong)], &[""], false),
        (
            &[("terraform.tfvars", wrong), ("prod.tfvars", right)],
            &[""],
            false,
        ),
        (&[("prod.tfvars", wrong)], &["", "prod.tfvars"], true),
        (
            &[("terraform.tfvars", wrong), ("prod.tfvars", right)],
            &["main.tf", "prod.tfvars"],
            false,
        ),
        // What is no value and what is not declared says nothing.
        (
            &[("terraform.tfvars", "target_type = null\nother = 1\n")],
            &[""],
            false,
        ),
        (&[("prod.tfvars", "not HCL")], &[""], false),
    ] {
        assert_eq!(accused(files, given), expected, "{files:?} {given:?}");
    }
}

#[test]
fn values_that_cannot_be_read_are_named_and_alone_they_are_nothing() {
    let said = |files: &[(&str, &str)], given: &str| {
        let folder = Folder::with(files);
        let error = judge(&[folder.0.join(given)]).expect_err("it cannot be judged");
        folder.plain(&error.to_string())
    };
    let broken = said(&[("main.tf", RIGHT), ("terraform.tfvars", "a = \n")], "");
    assert!(broken.starts_with("terraform.tfvars:"), "{broken}");
    let alone = said(&[("prod.tfvars", "a = 1\n")], "prod.tfvars");
    assert_eq!(alone, "only values of variables are given");
}
