//! `CloudFormation`, in YAML and JSON.

use super::{Case, changed, codes, judged, text};

const RIGHT: &str = include_str!("right.yaml");
const NONE: &[&str] = &[];

#[test]
fn a_right_template_is_accused_of_nothing() {
    let said = judged("template.yaml", RIGHT);
    assert_eq!(
        text(&said),
        "ok config\n  template.yaml: 15 resources looked at\n"
    );
}

const CASES: &[Case] = &[
    (
        "undefined by Ref",
        "VpcEndpointIds: [!Ref Endpoint]",
        "VpcEndpointIds: [!Ref Endpoints]",
        &["config/undefined-reference"],
    ),
    (
        "undefined by GetAtt",
        "ResourceId: !GetAtt Api.RootResourceId",
        "ResourceId: !GetAtt [Apis, RootResourceId]",
        &["config/undefined-reference"],
    ),
    (
        "undefined by Sub",
        "Value: !Sub https://${Domain}/${Stage}",
        "Value: !Sub https://${Domains}/${Stage}",
        &["config/undefined-reference"],
    ),
    (
        "undefined by DependsOn",
        "DependsOn: Root",
        "DependsOn: [Root, Other]",
        &["config/undefined-reference"],
    ),
    (
        "what Sub brings itself",
        "Value: !Sub https://${Domain}/${Stage}",
        "Value: !Sub ['https://${Host}/${!literal}${AWS::Region}', {Host: !Ref Domain}]",
        NONE,
    ),
    (
        "a VPC's id",
        "aws:SourceVpce: !Ref Endpoint",
        "aws:SourceVpce: vpc-11111111",
        &["policy/wrong-key"],
    ),
    (
        "an endpoint under the VPC's key",
        "aws:SourceVpce: !Ref Endpoint",
        "aws:SourceVpc: !Ref Endpoint",
        &["policy/wrong-key"],
    ),
    (
        "a VPC's id in a list",
        "aws:SourceVpce: !Ref Endpoint",
        "aws:SourceVpce: [vpce-1, vpc-1]",
        &["policy/wrong-key"],
    ),
    (
        "a VPC that somebody names",
        "aws:SourceVpce: !Ref Endpoint",
        "aws:SourceVpc: !Ref Vpc",
        NONE,
    ),
    (
        "a text that is not told",
        "aws:SourceVpce: !Ref Endpoint",
        "aws:SourceVpce: !ImportValue endpoint",
        NONE,
    ),
    (
        "no condition",
        "            Condition:\n              StringEquals:\n                aws:SourceVpce: !Ref Endpoint\n",
        "",
        &["policy/open"],
    ),
    (
        "a public API",
        "Types: [PRIVATE]",
        "Types: [EDGE]",
        &["config/public-api"],
    ),
    (
        "a fixed deployment",
        "Deployment20260101:\n",
        "Deployment:\n",
        &["config/not-redeployed", "config/undefined-reference"],
    ),
    (
        "deployed before its methods",
        "    DependsOn: Root\n",
        "",
        &["config/deployed-before-methods"],
    ),
    (
        "a timeout above the quota",
        "TimeoutInMillis: 29000",
        "TimeoutInMillis: 60000",
        &["quotas/integration-timeout"],
    ),
    (
        "private DNS",
        "PrivateDnsEnabled: false",
        "PrivateDnsEnabled: true",
        &["private-dns/on"],
    ),
    (
        "private DNS that is not told",
        "PrivateDnsEnabled: false",
        "PrivateDnsEnabled: !If [A, true, false]",
        NONE,
    ),
    (
        "no type",
        "      VpcEndpointType: Interface\n",
        "",
        &["config/endpoint-type"],
    ),
    (
        "no subnets",
        "      SubnetIds: !Ref Subnets\n",
        "",
        &["subnets/none"],
    ),
    (
        "a closed group",
        "FromPort: 443\n          ToPort: 443",
        "FromPort: 80\n          ToPort: 80",
        &["config/endpoint-closed"],
    ),
    (
        "a rule apart",
        "      SecurityGroupIngress:\n        - IpProtocol: tcp\n          FromPort: 443\n          ToPort: 443\n          SourceSecurityGroupId: !GetAtt BalancerGroup.GroupId\n",
        "  Rule:\n    Type: AWS::EC2::SecurityGroupIngress\n    Properties:\n      GroupId: !GetAtt EndpointGroup.GroupId\n      IpProtocol: tcp\n      FromPort: 443\n      ToPort: 443\n",
        NONE,
    ),
    (
        "a typed address",
        "- Id: !GetAtt Addresses.First",
        "- Id: 10.0.1.10",
        &["config/typed-address"],
    ),
    (
        "an address by parameter",
        "- Id: !GetAtt Addresses.First",
        "- Id: !Ref Vpc",
        &["config/typed-address"],
    ),
    (
        "another target type",
        "TargetType: ip",
        "TargetType: instance",
        &["config/target-type"],
    ),
    (
        "another port",
        "      Port: 443\n      Protocol: HTTPS\n      TargetType",
        "      Port: 80\n      Protocol: HTTPS\n      TargetType",
        &["config/target-protocol"],
    ),
    (
        "health by HTTP",
        "      HealthCheckProtocol: HTTPS\n",
        "",
        &["config/target-protocol"],
    ),
    (
        "4xx for healthy",
        "HttpCode: \"200\"",
        "HttpCode: 200-499",
        &["config/health-hides-errors"],
    ),
    (
        "a number for healthy",
        "HttpCode: \"200\"",
        "HttpCode: 200",
        NONE,
    ),
    (
        "never healthy",
        "Default: /ping",
        "Default: /",
        &["config/health-never-well"],
    ),
    ("a path that is not told", "    Default: /ping\n", "", NONE),
    (
        "a public balancer",
        "Scheme: internal",
        "Scheme: internet-facing",
        &["config/public-balancer"],
    ),
    (
        "a public balancer, by default",
        "      Scheme: internal\n",
        "",
        &["config/public-balancer"],
    ),
    (
        "a scheme that is not told",
        "Scheme: internal",
        "Scheme: !If [A, internal, internet-facing]",
        NONE,
    ),
    (
        "one subnet",
        "Subnets: !Ref Subnets\n      SecurityGroups",
        "Subnets: [subnet-1]\n      SecurityGroups",
        &["subnets/too-few"],
    ),
    (
        "a list in a list",
        "Subnets: !Ref Subnets\n      SecurityGroups",
        "Subnets: [!Ref Subnets]\n      SecurityGroups",
        NONE,
    ),
    (
        "old TLS",
        "SslPolicy: ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        "SslPolicy: ELBSecurityPolicy-TLS-1-0-2015-04",
        &["config/old-tls"],
    ),
    (
        "plain HTTP",
        "      Port: 443\n      Protocol: HTTPS\n      SslPolicy: ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        "      Port: 80\n      Protocol: HTTP",
        &["config/plain-http"],
    ),
    (
        "old TLS of a domain",
        "SecurityPolicy: TLS_1_2",
        "SecurityPolicy: TLS_1_0",
        &["config/old-tls"],
    ),
    (
        "strict access",
        "SecurityPolicy: TLS_1_2",
        "EndpointAccessMode: STRICT",
        &["config/strict-access"],
    ),
    (
        "the zone's own id",
        "HostedZoneId: !GetAtt Balancer.CanonicalHostedZoneID",
        "HostedZoneId: !Ref Zone",
        &["record/other-zone-id"],
    ),
    (
        "a zone of somebody",
        "HostedZoneId: !GetAtt Balancer.CanonicalHostedZoneID",
        "HostedZoneId: !ImportValue zone",
        NONE,
    ),
];

#[test]
fn templates_are_judged() {
    changed("template.yaml", RIGHT, CASES);
}

#[test]
fn json_is_read_as_yaml_is() {
    let text = r#"{"Resources": {
  "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {
    "EndpointConfiguration": {"Types": ["PRIVATE"]},
    "Policy": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*",
      "Condition": {"StringEquals": {"aws:SourceVpce": {"Ref": "Vpc"}}}}}}},
  "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
  "Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {
    "Protocol": "HTTPS", "Port": 443, "TargetType": "ip", "HealthCheckPath": "/ping", "HealthCheckProtocol": "HTTPS",
    "Targets": [{"Id": {"Fn::Join": [".", ["10", "0", "1", "10"]]}}, {"Id": {"Fn::GetAtt": ["Nothing", "Ip"]}}]}}
}}"#;
    let said = judged("template.json", text);
    let expected = [
        "config/typed-address",
        "config/undefined-reference",
        "policy/wrong-key",
    ];
    assert_eq!(codes(&said), expected);
    assert!(
        super::text(&said).contains("template.json:9: Group.Targets.0: "),
        "{}",
        super::text(&said)
    );
}

#[test]
fn a_function_as_target_needs_a_permission() {
    let template = "Resources:\n  Sms:\n    Type: AWS::Lambda::Function\n    Properties: {}\n  Group:\n    Type: AWS::ElasticLoadBalancingV2::TargetGroup\n    Properties:\n      TargetType: lambda\n      Targets: [{Id: !GetAtt Sms.Arn}]\n";
    assert_eq!(codes(&judged("a.yaml", template)), ["config/not-permitted"]);
    let permission = "  Permission:\n    Type: AWS::Lambda::Permission\n    Properties:\n      FunctionName: !Ref Sms\n      Principal: elasticloadbalancing.amazonaws.com\n";
    assert_eq!(
        codes(&judged("a.yaml", &format!("{template}{permission}"))),
        NONE
    );
    let other = permission.replace("elasticloadbalancing", "apigateway");
    let expected = ["config/not-permitted"];
    assert_eq!(
        codes(&judged("a.yaml", &format!("{template}{other}"))),
        expected
    );
    let somebodys = template.replace("!GetAtt Sms.Arn", "arn:aws:lambda:us-east-1:1:function:a");
    assert_eq!(codes(&judged("a.yaml", &somebodys)), NONE);
}

#[test]
fn what_a_transform_adds_is_not_missing() {
    let template = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: v1\n      EndpointConfiguration: PRIVATE\n      Auth:\n        ResourcePolicy:\n          IntrinsicVpceWhitelist: [vpce-1]\nOutputs:\n  Stage:\n    Value: !Ref ApiStage\n";
    insta::assert_snapshot!(text(&judged("sam.yaml", template)));
    let open = template.replace(
        "      Auth:\n        ResourcePolicy:\n          IntrinsicVpceWhitelist: [vpce-1]\n",
        "",
    );
    assert_eq!(codes(&judged("sam.yaml", &open)), ["policy/missing"]);
}

#[test]
fn merges_and_aliases_of_yaml_are_followed() {
    let template = "X: &check\n  HealthCheckPath: /ping\n  Matcher: {HttpCode: 200-499}\nResources:\n  Api:\n    Type: AWS::ApiGateway::RestApi\n    Properties:\n      Body: {}\n      EndpointConfiguration: {Types: [PRIVATE]}\n  Group:\n    Type: AWS::ElasticLoadBalancingV2::TargetGroup\n    Properties:\n      <<: *check\n      Port: 80\n";
    assert_eq!(
        codes(&judged("a.yaml", template)),
        ["config/health-hides-errors"]
    );
}
