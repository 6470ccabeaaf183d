//! `CloudFormation`, in YAML and JSON.

use super::{changed, codes, judged, text};

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

#[test]
fn each_mistake_is_accused_of_itself_and_what_comes_near_it_of_nothing() {
    changed("template.yaml", RIGHT, include_str!("cloudformation.txt"));
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
