//! Terraform as it is written.

use super::{Case, Folder, changed, codes, judge, judged, text};

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

const UNDEFINED: &[&str] = &["config/undefined-reference"];
const NONE: &[&str] = &[];

const REFERENCES: &[Case] = &[
    (
        "undefined group",
        "target_group_arn = aws_lb_target_group.myapp.arn\n  target_id",
        "target_group_arn = aws_lb_target_group.api.arn\n  target_id",
        UNDEFINED,
    ),
    (
        "undefined variable",
        "subnet_ids          = var.subnets",
        "subnet_ids = var.others",
        UNDEFINED,
    ),
    (
        "undefined local",
        "from_port                = local.port",
        "from_port = local.ports",
        UNDEFINED,
    ),
    (
        "undefined data",
        "zone_id = data.aws_route53_zone.local.zone_id",
        "zone_id = data.aws_route53_zone.other.zone_id",
        UNDEFINED,
    ),
    (
        "undefined module",
        "name   = \"myapp-alb\"",
        "name = module.names.alb",
        UNDEFINED,
    ),
    (
        "undefined inside of a call",
        "subnet_ids          = var.subnets",
        "subnet_ids = concat(var.subnets, [aws_subnet.a.id])",
        UNDEFINED,
    ),
    (
        "undefined inside of a text",
        "name   = \"myapp-alb\"",
        "name = \"a-${aws_vpc.x.id}\"",
        UNDEFINED,
    ),
    (
        "a loop's own names",
        "name   = \"myapp-alb\"",
        "name = join(\"\", [for some_key, some_value in var.subnets : some_value.name if some_key.ok == 1])",
        NONE,
    ),
    (
        "each, count, self, path",
        "name   = \"myapp-alb\"",
        "name = \"${path.module}${terraform.workspace}\"\n  description = try(each.value.some_name, count.index)",
        NONE,
    ),
    (
        "words of Terraform itself",
        "name   = \"myapp-alb\"",
        "name = \"a\"\n  provider = aws.other\n  lifecycle {\n    ignore_changes = [tags, some_name.x]\n  }",
        NONE,
    ),
    (
        "a dynamic block's iterator",
        "name   = \"myapp-alb\"",
        "dynamic \"some_rule\" {\n    for_each = var.subnets\n    content {\n      a = some_rule.value.x\n    }\n  }",
        NONE,
    ),
    (
        "what was moved is gone",
        "provider \"aws\" {",
        "moved {\n  from = aws_lb.old\n  to   = aws_lb.myapp\n}\n\nprovider \"aws\" {",
        NONE,
    ),
    (
        "an id without quotes",
        "vpc_endpoint_ids = [aws_vpc_endpoint.apigw.id]",
        "vpc_endpoint_ids = [vpce-11111111111111111]",
        &["config/without-quotes"],
    ),
    (
        "an id as a subtraction",
        "vpc_endpoint_ids = [aws_vpc_endpoint.apigw.id]",
        "vpc_endpoint_ids = [vpce - 11111111111111111]",
        &["config/without-quotes"],
    ),
    (
        "a key is no word without quotes",
        "name   = \"myapp-alb\"",
        "tags = { Name = \"a\", (var.vpc) = \"b\" }",
        NONE,
    ),
];

#[test]
fn references_to_nothing_are_seen_and_names_of_loops_are_none() {
    changed("main.tf", RIGHT, REFERENCES);
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

const POLICIES: &[Case] = &[
    (
        "a VPC's id in blocks",
        "values   = [aws_vpc_endpoint.apigw.id]",
        "values   = [\"vpc-11111111\"]",
        &["policy/wrong-key"],
    ),
    (
        "a VPC by a variable",
        "values   = [aws_vpc_endpoint.apigw.id]",
        "values   = [var.vpc]",
        &["policy/wrong-key"],
    ),
    (
        "an endpoint that is somebody's",
        "values   = [aws_vpc_endpoint.apigw.id]",
        "values   = [var.subnets]",
        NONE,
    ),
    (
        "another method of asking",
        "variable = \"aws:SourceVpce\"\n      values   = [aws_vpc_endpoint.apigw.id]",
        "variable = \"aws:SourceVpc\"\n      values   = [var.vpc]",
        NONE,
    ),
    (
        "another VPC",
        "variable = \"aws:SourceVpce\"\n      values   = [aws_vpc_endpoint.apigw.id]",
        "variable = \"aws:SourceVpc\"\n      values   = [\"vpc-2\"]",
        &["policy/admits-nobody"],
    ),
    (
        "an action nobody asks for",
        "actions   = [\"execute-api:Invoke\"]",
        "actions = [\"execute-api:ManageConnections\"]",
        &["policy/admits-nobody"],
    ),
    (
        "without a condition",
        "condition {\n      test     = \"StringEquals\"\n      variable = \"aws:SourceVpce\"\n      values   = [aws_vpc_endpoint.apigw.id]\n    }",
        "",
        &["policy/open"],
    ),
    (
        "with a Deny for others",
        "condition {\n      test     = \"StringEquals\"\n      variable = \"aws:SourceVpce\"\n      values   = [aws_vpc_endpoint.apigw.id]\n    }\n  }",
        "}\n  statement {\n    effect = \"Deny\"\n    actions = [\"execute-api:Invoke\"]\n    resources = [\"execute-api:/*\"]\n    principals {\n      type = \"*\"\n      identifiers = [\"*\"]\n    }\n    condition {\n      test = \"StringNotEquals\"\n      variable = \"aws:SourceVpce\"\n      values = [aws_vpc_endpoint.apigw.id]\n    }\n  }",
        NONE,
    ),
    (
        "a dynamic condition",
        "condition {\n      test     = \"StringEquals\"\n      variable = \"aws:SourceVpce\"\n      values   = [aws_vpc_endpoint.apigw.id]\n    }",
        "dynamic \"condition\" {\n      for_each = [1]\n      content {\n        test = \"x\"\n      }\n    }",
        NONE,
    ),
    (
        "no policy",
        "policy = data.aws_iam_policy_document.api.json\n",
        "\n",
        &["policy/missing"],
    ),
    (
        "a policy apart",
        "policy = data.aws_iam_policy_document.api.json\n  endpoint_configuration {\n    types            = [\"PRIVATE\"]\n    vpc_endpoint_ids = [aws_vpc_endpoint.apigw.id]\n  }\n}",
        "endpoint_configuration {\n    types = [\"PRIVATE\"]\n  }\n}\nresource \"aws_api_gateway_rest_api_policy\" \"x\" {\n  rest_api_id = aws_api_gateway_rest_api.myapp.id\n  policy = data.aws_iam_policy_document.api.json\n}",
        NONE,
    ),
    (
        "a policy in the body",
        "policy = data.aws_iam_policy_document.api.json\n",
        "body = templatefile(\"api.yaml\", {})\n",
        NONE,
    ),
];

#[test]
fn what_a_policy_lets_in_is_judged() {
    changed("main.tf", RIGHT, POLICIES);
}

const APIS: &[Case] = &[
    (
        "a public API",
        "types            = [\"PRIVATE\"]",
        "types = [\"REGIONAL\"]",
        &["config/public-api"],
    ),
    (
        "an API without a type",
        "  endpoint_configuration {\n    types            = [\"PRIVATE\"]\n    vpc_endpoint_ids = [aws_vpc_endpoint.apigw.id]\n  }\n",
        "",
        &["config/public-api"],
    ),
    (
        "a type that is not told",
        "types            = [\"PRIVATE\"]",
        "types = [join(\"\", var.subnets)]",
        NONE,
    ),
    (
        "a public API beside a private one",
        "data \"aws_route53_zone\"",
        "resource \"aws_api_gateway_rest_api\" \"other\" {\n  name = \"a\"\n}\ndata \"aws_route53_zone\"",
        NONE,
    ),
    (
        "a timeout above the quota",
        "timeout_milliseconds = 29000",
        "timeout_milliseconds = 29001",
        &["quotas/integration-timeout"],
    ),
    (
        "a stage in the deployment",
        "lifecycle {",
        "stage_name = \"v1\"\n  lifecycle {",
        &["config/stage-in-deployment"],
    ),
    (
        "a stage's name of the deployment",
        "stage_name  = aws_api_gateway_stage.v1.stage_name",
        "stage_name = aws_api_gateway_deployment.myapp.stage_name",
        &["config/stage-in-deployment"],
    ),
    (
        "deleted before it is made",
        "create_before_destroy = true",
        "create_before_destroy = false",
        &["config/deployment-order"],
    ),
    (
        "no lifecycle",
        "  lifecycle {\n    create_before_destroy = true\n  }\n",
        "",
        &["config/deployment-order"],
    ),
    (
        "no triggers",
        "  triggers = {\n    redeployment = sha1(jsonencode([\n      aws_api_gateway_method.root,\n      aws_api_gateway_integration.root,\n      data.aws_iam_policy_document.api.json,\n    ]))\n  }\n",
        "  depends_on = [aws_api_gateway_integration.root]\n",
        &["config/not-redeployed"],
    ),
    (
        "triggers that miss the policy",
        "      data.aws_iam_policy_document.api.json,\n    ]))",
        "    ]))",
        &["config/not-redeployed"],
    ),
    (
        "triggers that see the policy of the API",
        "      data.aws_iam_policy_document.api.json,\n    ]))",
        "      aws_api_gateway_rest_api.myapp.policy,\n    ]))",
        NONE,
    ),
    (
        "triggers that see the whole API",
        "      data.aws_iam_policy_document.api.json,\n    ]))",
        "      aws_api_gateway_rest_api.myapp,\n    ]))",
        NONE,
    ),
    (
        "triggers by the time",
        "sha1(jsonencode([\n      aws_api_gateway_method.root,\n      aws_api_gateway_integration.root,\n      data.aws_iam_policy_document.api.json,\n    ]))\n  }",
        "timestamp()\n  }\n  depends_on = [aws_api_gateway_integration.root]",
        NONE,
    ),
    (
        "deployed before its methods",
        "      aws_api_gateway_method.root,\n      aws_api_gateway_integration.root,\n",
        "",
        &["config/deployed-before-methods"],
    ),
];

#[test]
fn apis_and_deployments_are_judged() {
    changed("main.tf", RIGHT, APIS);
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

const ENDPOINTS: &[Case] = &[
    (
        "private DNS",
        "private_dns_enabled = false",
        "private_dns_enabled = true",
        &["private-dns/on"],
    ),
    (
        "private DNS that is not told",
        "private_dns_enabled = false",
        "private_dns_enabled = var.subnets",
        NONE,
    ),
    (
        "private DNS of S3",
        "data \"aws_route53_zone\"",
        "resource \"aws_vpc_endpoint\" \"s3\" {\n  vpc_id = var.vpc\n  service_name = \"com.amazonaws.us-east-1.s3\"\n  private_dns_enabled = true\n}\ndata \"aws_route53_zone\"",
        NONE,
    ),
    (
        "no type",
        "  vpc_endpoint_type   = \"Interface\"\n",
        "",
        &["config/endpoint-type"],
    ),
    (
        "a gateway",
        "vpc_endpoint_type   = \"Interface\"",
        "vpc_endpoint_type = \"Gateway\"",
        &["config/endpoint-type"],
    ),
    (
        "no subnets",
        "  subnet_ids          = var.subnets\n",
        "",
        &["subnets/none"],
    ),
    (
        "empty subnets",
        "subnet_ids          = var.subnets",
        "subnet_ids = []",
        &["subnets/none"],
    ),
    (
        "subnets apart",
        "  subnet_ids          = var.subnets\n",
        "}\nresource \"aws_vpc_endpoint_subnet_association\" \"a\" {\n  vpc_endpoint_id = aws_vpc_endpoint.apigw.id\n}\nresource \"null_resource\" \"x\" {\n  vpc_endpoint_type = \"Interface\"\n",
        &["config/undefined-reference"],
    ),
    (
        "another port",
        "from_port                = local.port\n  to_port                  = local.port",
        "from_port = 80\n  to_port = 80",
        &["config/endpoint-closed"],
    ),
    (
        "another protocol",
        "protocol                 = \"tcp\"",
        "protocol = \"udp\"",
        &["config/endpoint-closed"],
    ),
    (
        "a rule that lets out",
        "type                     = \"ingress\"",
        "type = \"egress\"",
        &["config/endpoint-closed"],
    ),
    (
        "a rule of another group",
        "security_group_id        = aws_security_group.apigw.id",
        "security_group_id = aws_security_group.alb.id",
        &["config/endpoint-closed"],
    ),
    (
        "a rule of a group that is not told",
        "security_group_id        = aws_security_group.apigw.id",
        "security_group_id = var.subnets[0]",
        NONE,
    ),
    (
        "all ports",
        "protocol                 = \"tcp\"\n  from_port                = local.port\n  to_port                  = local.port",
        "protocol = \"-1\"\n  from_port = 0\n  to_port = 0",
        NONE,
    ),
    (
        "a range",
        "from_port                = local.port",
        "from_port = 1",
        NONE,
    ),
    (
        "a group of somebody",
        "security_group_ids  = [aws_security_group.apigw.id]",
        "security_group_ids = [aws_security_group.alb.id, var.vpc]",
        NONE,
    ),
    (
        "a group without a rule",
        "security_group_ids  = [aws_security_group.apigw.id]",
        "security_group_ids = [aws_security_group.alb.id]",
        &["config/endpoint-closed"],
    ),
    (
        "a group that a module gets",
        "data \"aws_route53_zone\"",
        "module \"rules\" {\n  source = \"./rules\"\n  group = aws_security_group.apigw.id\n}\ndata \"aws_route53_zone\"",
        NONE,
    ),
];

#[test]
fn endpoints_are_judged() {
    changed("main.tf", RIGHT, &ENDPOINTS[..7]);
    changed("main.tf", RIGHT, &ENDPOINTS[8..]);
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

const TARGETS: &[Case] = &[
    (
        "an address",
        "for_each         = data.aws_network_interface.apigw\n  target_group_arn = aws_lb_target_group.myapp.arn\n  target_id        = each.value.private_ip",
        "target_group_arn = aws_lb_target_group.myapp.arn\n  target_id = \"10.0.1.10\"",
        TYPED,
    ),
    (
        "a variable",
        "for_each         = data.aws_network_interface.apigw\n  target_group_arn = aws_lb_target_group.myapp.arn\n  target_id        = each.value.private_ip",
        "target_group_arn = aws_lb_target_group.myapp.arn\n  target_id = var.subnets",
        TYPED,
    ),
    (
        "a variable by index",
        "for_each         = data.aws_network_interface.apigw\n  target_group_arn = aws_lb_target_group.myapp.arn\n  target_id        = each.value.private_ip",
        "count = 2\n  target_group_arn = aws_lb_target_group.myapp.arn\n  target_id = var.subnets[count.index]",
        TYPED,
    ),
    (
        "each of a variable",
        "for_each         = data.aws_network_interface.apigw\n  target_group_arn = aws_lb_target_group.myapp.arn\n  target_id        = each.value.private_ip",
        "for_each = toset(var.subnets)\n  target_group_arn = aws_lb_target_group.myapp.arn\n  target_id = each.value",
        TYPED,
    ),
    (
        "an interface by a variable",
        "target_id        = each.value.private_ip",
        "target_id = data.aws_network_interface.apigw[var.subnets[0]].private_ip",
        NONE,
    ),
    (
        "what a module gives",
        "for_each         = data.aws_network_interface.apigw\n  target_group_arn = aws_lb_target_group.myapp.arn\n  target_id        = each.value.private_ip",
        "target_group_arn = aws_lb_target_group.myapp.arn\n  target_id = module.a.ip\n}\nmodule \"a\" {\n  source = \"./a\"",
        NONE,
    ),
    (
        "another type",
        "target_type = \"ip\"",
        "target_type = \"instance\"",
        &["config/target-type"],
    ),
    (
        "no type",
        "  target_type = \"ip\"\n",
        "",
        &["config/target-type"],
    ),
    (
        "another port",
        "port        = 443",
        "port = 80",
        &["config/target-protocol"],
    ),
    (
        "another protocol",
        "port        = 443\n  protocol    = \"HTTPS\"",
        "port = 443\n  protocol = \"HTTP\"",
        &["config/target-protocol"],
    ),
    (
        "health by HTTP",
        "path     = \"/ping\"\n    protocol = \"HTTPS\"",
        "path     = \"/ping\"\n    protocol = \"HTTP\"",
        &["config/target-protocol"],
    ),
    (
        "health by nothing",
        "path     = \"/ping\"\n    protocol = \"HTTPS\"",
        "path     = \"/ping\"",
        &["config/target-protocol"],
    ),
    (
        "4xx for healthy",
        "matcher  = \"200\"",
        "matcher  = \"200-499\"",
        &["config/health-hides-errors"],
    ),
    (
        "403 for healthy",
        "matcher  = \"200\"",
        "matcher  = \"200,403\"",
        &["config/health-hides-errors"],
    ),
    (
        "up to 399",
        "matcher  = \"200\"",
        "matcher  = \"200-399\"",
        NONE,
    ),
    (
        "never healthy",
        "path     = \"/ping\"",
        "path     = \"/\"",
        &["config/health-never-well"],
    ),
    (
        "never healthy, by default",
        "    path     = \"/ping\"\n",
        "",
        &["config/health-never-well"],
    ),
    (
        "the other reserved path",
        "path     = \"/ping\"",
        "path     = \"/sping\"",
        NONE,
    ),
    (
        "a path that is not told",
        "path     = \"/ping\"",
        "path     = join(\"\", var.subnets)",
        NONE,
    ),
];

#[test]
fn targets_and_their_health_are_judged() {
    changed("main.tf", RIGHT, TARGETS);
}

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
fn words_of_the_language_are_no_references() {
    let words = "resource \"aws_instance\" \"x\" {\n  provisioner \"local-exec\" {\n    when = destroy\n    on_failure = continue\n    command = self.id\n  }\n  lifecycle {\n    ignore_changes = all\n    action_trigger {\n      events = [before_create]\n    }\n  }\n}\nvariable \"typed\" {\n  type = object({ a = optional(string) })\n}\nremoved {\n  from = aws_lb.old\n}\nimport {\n  to = aws_lb.myapp\n  id = \"x\"\n}\n";
    assert_eq!(codes(&judged("main.tf", &format!("{RIGHT}{words}"))), NONE);
}

const BALANCERS: &[Case] = &[
    (
        "public",
        "internal        = true",
        "internal = false",
        &["config/public-balancer"],
    ),
    (
        "public, by default",
        "  internal        = true\n",
        "",
        &["config/public-balancer"],
    ),
    (
        "not told",
        "internal        = true",
        "internal = length(var.subnets) > 1",
        NONE,
    ),
    (
        "one subnet",
        "subnets         = var.subnets",
        "subnets = [\"subnet-1\"]",
        &["subnets/too-few"],
    ),
    (
        "a list that is not told",
        "subnets         = var.subnets",
        "subnets = [join(\",\", var.subnets)]",
        NONE,
    ),
    (
        "two subnets",
        "subnets         = var.subnets",
        "subnets = [\"subnet-1\", \"subnet-2\"]",
        NONE,
    ),
    (
        "a long name",
        "name            = \"myapp\"",
        "name = \"myapp-of-the-whole-company-for-everybody\"",
        &["config/balancer-name"],
    ),
    (
        "a kept name",
        "name            = \"myapp\"",
        "name = \"internal-myapp\"",
        &["config/balancer-name"],
    ),
    (
        "a name with dots",
        "name            = \"myapp\"",
        "name = \"my.app\"",
        &["config/balancer-name"],
    ),
    (
        "a name as long as may be",
        "name            = \"myapp\"",
        "name = \"m2345678901234567890123456789012\"",
        NONE,
    ),
    (
        "old TLS",
        "ssl_policy        = \"ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09\"",
        "ssl_policy = \"ELBSecurityPolicy-2016-08\"",
        &["config/old-tls"],
    ),
    (
        "old TLS, by default",
        "  ssl_policy        = \"ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09\"\n",
        "",
        &["config/old-tls"],
    ),
    (
        "TLS of a name that nobody knows",
        "ssl_policy        = \"ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09\"",
        "ssl_policy = \"ELBSecurityPolicy-TLS14-2030-01\"",
        NONE,
    ),
    (
        "plain HTTP",
        "type = \"redirect\"",
        "type = \"forward\"",
        &["config/plain-http"],
    ),
    (
        "a fixed answer",
        "type = \"redirect\"",
        "type = \"fixed-response\"",
        NONE,
    ),
    (
        "a certificate of another region",
        "certificate_arn   = \"arn:aws:acm:us-east-1",
        "certificate_arn = \"arn:aws:acm:eu-west-1",
        &["certificate/other-region"],
    ),
    (
        "a listener of another region",
        "certificate_arn   = \"arn:aws:acm:us-east-1",
        "provider = aws.west\n  certificate_arn = \"arn:aws:acm:eu-west-1",
        NONE,
    ),
];

#[test]
fn balancers_and_listeners_are_judged() {
    changed("main.tf", RIGHT, BALANCERS);
}

const ZONE: &[&str] = &["record/other-zone-id"];

const NAMES: &[Case] = &[
    (
        "the zone's own id",
        "zone_id                = aws_lb.myapp.zone_id",
        "zone_id = data.aws_route53_zone.local.zone_id",
        ZONE,
    ),
    (
        "another one's",
        "zone_id                = aws_lb.myapp.zone_id",
        "zone_id = aws_api_gateway_domain_name.myapp.regional_zone_id",
        ZONE,
    ),
    (
        "another attribute",
        "zone_id                = aws_lb.myapp.zone_id",
        "zone_id = aws_lb.myapp.arn",
        ZONE,
    ),
    (
        "a literal",
        "zone_id                = aws_lb.myapp.zone_id",
        "zone_id = \"Z0123456789ABCDEFGHIJ\"",
        ZONE,
    ),
    (
        "the region's",
        "zone_id                = aws_lb.myapp.zone_id",
        "zone_id = \"Z35SXDOTRQ7X7K\"",
        NONE,
    ),
    (
        "a variable",
        "zone_id                = aws_lb.myapp.zone_id",
        "zone_id = var.vpc_zone\n  }\n}\nvariable \"vpc_zone\" {\n  validation {",
        NONE,
    ),
    (
        "another record of the zone",
        "name                   = aws_lb.myapp.dns_name\n    zone_id                = aws_lb.myapp.zone_id",
        "name = \"other.local.mycompany.com\"\n    zone_id = data.aws_route53_zone.local.zone_id",
        NONE,
    ),
    (
        "old TLS of a domain",
        "security_policy          = \"TLS_1_2\"",
        "security_policy = \"TLS_1_0\"",
        &["config/old-tls"],
    ),
    (
        "strict access",
        "security_policy          = \"TLS_1_2\"",
        "security_policy = \"SecurityPolicy_TLS13_1_2_2021_06\"\n  endpoint_access_mode = \"STRICT\"",
        &["config/strict-access"],
    ),
    (
        "basic access",
        "security_policy          = \"TLS_1_2\"",
        "security_policy = \"SecurityPolicy_TLS13_1_2_2021_06\"\n  endpoint_access_mode = \"BASIC\"",
        NONE,
    ),
    (
        "a private domain",
        "types = [\"REGIONAL\"]",
        "types = [\"PRIVATE\"]",
        &["config/private-domain", "config/private-domain"],
    ),
];

#[test]
fn records_and_domains_are_judged() {
    changed("main.tf", RIGHT, NAMES);
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
