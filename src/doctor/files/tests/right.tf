terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "subnets" {
  type = list(string)
}

variable "vpc" {
  default = "vpc-11111111"
}

locals {
  port = 443
}

data "aws_iam_policy_document" "api" {
  statement {
    actions   = ["execute-api:Invoke"]
    resources = ["execute-api:/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceVpce"
      values   = [aws_vpc_endpoint.apigw.id]
    }
  }
}

resource "aws_api_gateway_rest_api" "myapp" {
  name   = "myapp"
  policy = data.aws_iam_policy_document.api.json
  endpoint_configuration {
    types            = ["PRIVATE"]
    vpc_endpoint_ids = [aws_vpc_endpoint.apigw.id]
  }
}

resource "aws_api_gateway_method" "root" {
  rest_api_id   = aws_api_gateway_rest_api.myapp.id
  resource_id   = aws_api_gateway_rest_api.myapp.root_resource_id
  http_method   = "ANY"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "root" {
  rest_api_id          = aws_api_gateway_rest_api.myapp.id
  resource_id          = aws_api_gateway_rest_api.myapp.root_resource_id
  http_method          = aws_api_gateway_method.root.http_method
  type                 = "MOCK"
  timeout_milliseconds = 29000
}

resource "aws_api_gateway_deployment" "myapp" {
  rest_api_id = aws_api_gateway_rest_api.myapp.id
  triggers = {
    redeployment = sha1(jsonencode([
      aws_api_gateway_method.root,
      aws_api_gateway_integration.root,
      data.aws_iam_policy_document.api.json,
    ]))
  }
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "v1" {
  rest_api_id   = aws_api_gateway_rest_api.myapp.id
  deployment_id = aws_api_gateway_deployment.myapp.id
  stage_name    = "v1"
}

resource "aws_vpc_endpoint" "apigw" {
  vpc_id              = var.vpc
  service_name        = "com.amazonaws.us-east-1.execute-api"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = var.subnets
  security_group_ids  = [aws_security_group.apigw.id]
  private_dns_enabled = false
}

resource "aws_security_group" "apigw" {
  name   = "myapp-apigw"
  vpc_id = var.vpc
}

resource "aws_security_group_rule" "apigw" {
  type                     = "ingress"
  security_group_id        = aws_security_group.apigw.id
  source_security_group_id = aws_security_group.alb.id
  protocol                 = "tcp"
  from_port                = local.port
  to_port                  = local.port
}

resource "aws_security_group" "alb" {
  name   = "myapp-alb"
  vpc_id = var.vpc
}

resource "aws_api_gateway_domain_name" "myapp" {
  domain_name              = "myapp.local.mycompany.com"
  regional_certificate_arn = "arn:aws:acm:us-east-1:111111111111:certificate/1"
  security_policy          = "TLS_1_2"
  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_base_path_mapping" "myapp" {
  api_id      = aws_api_gateway_rest_api.myapp.id
  stage_name  = aws_api_gateway_stage.v1.stage_name
  domain_name = aws_api_gateway_domain_name.myapp.domain_name
}

resource "aws_lb" "myapp" {
  name            = "myapp"
  security_groups = [aws_security_group.alb.id]
  subnets         = var.subnets
  internal        = true
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.myapp.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
  certificate_arn   = "arn:aws:acm:us-east-1:111111111111:certificate/1"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.myapp.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.myapp.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_target_group" "myapp" {
  port        = 443
  protocol    = "HTTPS"
  vpc_id      = var.vpc
  target_type = "ip"
  health_check {
    path     = "/ping"
    protocol = "HTTPS"
    matcher  = "200"
  }
}

data "aws_network_interface" "apigw" {
  for_each = { for i in range(length(var.subnets)) : i => tolist(aws_vpc_endpoint.apigw.network_interface_ids)[i] }
  id       = each.value
}

resource "aws_lb_target_group_attachment" "myapp" {
  for_each         = data.aws_network_interface.apigw
  target_group_arn = aws_lb_target_group.myapp.arn
  target_id        = each.value.private_ip
}

resource "aws_route53_record" "myapp" {
  zone_id = data.aws_route53_zone.local.zone_id
  name    = "myapp.local.mycompany.com"
  type    = "A"
  alias {
    name                   = aws_lb.myapp.dns_name
    zone_id                = aws_lb.myapp.zone_id
    evaluate_target_health = true
  }
}

data "aws_route53_zone" "local" {
  name = "local.mycompany.com"
}
