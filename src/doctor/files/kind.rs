//! The kinds of resources that rules are about.

/// What of AWS a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A REST API.
    RestApi,
    /// A REST API's policy apart from it.
    RestApiPolicy,
    /// A deployment of a REST API.
    Deployment,
    /// A method of a REST API.
    Method,
    /// What answers a method.
    Integration,
    /// A custom domain.
    DomainName,
    /// Lets an endpoint reach a private custom domain.
    AccessAssociation,
    /// A VPC.
    Vpc,
    /// A VPC endpoint.
    Endpoint,
    /// A VPC endpoint's subnet apart from it.
    EndpointSubnet,
    /// A VPC endpoint's security group apart from it.
    EndpointGroup,
    /// A VPC endpoint's policy apart from it.
    EndpointPolicy,
    /// A security group.
    SecurityGroup,
    /// A rule of a security group that lets in.
    Ingress,
    /// A load balancer.
    LoadBalancer,
    /// A listener.
    Listener,
    /// A target group.
    TargetGroup,
    /// A target.
    Attachment,
    /// A DNS record.
    Record,
    /// A hosted zone.
    Zone,
    /// A bucket's policy.
    BucketPolicy,
    /// Who may invoke a function.
    Permission,
    /// A policy written as blocks.
    PolicyDocument,
    /// Anything else.
    Other,
}

impl Kind {
    /// By Terraform's type.
    pub fn of_terraform(name: &str) -> Self {
        match name {
            "aws_api_gateway_rest_api" => Self::RestApi,
            "aws_api_gateway_rest_api_policy" => Self::RestApiPolicy,
            "aws_api_gateway_deployment" => Self::Deployment,
            "aws_api_gateway_method" => Self::Method,
            "aws_api_gateway_integration" => Self::Integration,
            "aws_api_gateway_domain_name" => Self::DomainName,
            "aws_api_gateway_domain_name_access_association" => Self::AccessAssociation,
            "aws_vpc" => Self::Vpc,
            "aws_vpc_endpoint" => Self::Endpoint,
            "aws_vpc_endpoint_subnet_association" => Self::EndpointSubnet,
            "aws_vpc_endpoint_security_group_association" => Self::EndpointGroup,
            "aws_vpc_endpoint_policy" => Self::EndpointPolicy,
            "aws_security_group" => Self::SecurityGroup,
            "aws_security_group_rule" | "aws_vpc_security_group_ingress_rule" => Self::Ingress,
            "aws_lb" | "aws_alb" => Self::LoadBalancer,
            "aws_lb_listener" | "aws_alb_listener" => Self::Listener,
            "aws_lb_target_group" | "aws_alb_target_group" => Self::TargetGroup,
            "aws_lb_target_group_attachment" | "aws_alb_target_group_attachment" => {
                Self::Attachment
            }
            "aws_route53_record" => Self::Record,
            "aws_route53_zone" => Self::Zone,
            "aws_s3_bucket_policy" => Self::BucketPolicy,
            "aws_lambda_permission" => Self::Permission,
            "aws_iam_policy_document" => Self::PolicyDocument,
            _ => Self::Other,
        }
    }

    /// By `CloudFormation`'s type.
    pub fn of_cloudformation(name: &str) -> Self {
        match name {
            "AWS::ApiGateway::RestApi" | "AWS::Serverless::Api" => Self::RestApi,
            "AWS::ApiGateway::Deployment" => Self::Deployment,
            "AWS::ApiGateway::Method" => Self::Method,
            "AWS::ApiGateway::DomainName" | "AWS::ApiGateway::DomainNameV2" => Self::DomainName,
            "AWS::ApiGateway::DomainNameAccessAssociation" => Self::AccessAssociation,
            "AWS::EC2::VPC" => Self::Vpc,
            "AWS::EC2::VPCEndpoint" => Self::Endpoint,
            "AWS::EC2::SecurityGroup" => Self::SecurityGroup,
            "AWS::EC2::SecurityGroupIngress" => Self::Ingress,
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => Self::LoadBalancer,
            "AWS::ElasticLoadBalancingV2::Listener" => Self::Listener,
            "AWS::ElasticLoadBalancingV2::TargetGroup" => Self::TargetGroup,
            "AWS::Route53::RecordSet" => Self::Record,
            "AWS::Route53::HostedZone" => Self::Zone,
            "AWS::Lambda::Permission" => Self::Permission,
            "AWS::S3::BucketPolicy" => Self::BucketPolicy,
            _ => Self::Other,
        }
    }
}
