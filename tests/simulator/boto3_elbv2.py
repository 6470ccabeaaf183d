#!/usr/bin/env python3
"""Drives the served account's load balancers by boto3.

    boto3_elbv2.py http://127.0.0.1:4567
"""
from boto3_common import CERTIFICATE, KEY, REGION, begin, check, client, end, refused, skip

begin()
elb, acm = client("elbv2", parameter_validation=False), client("acm", parameter_validation=False)
ec2 = client("ec2", watched=False)

# --- a network with an endpoint -------------------------------------------------
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
a, b, c = (ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{letter}")["Subnet"]["SubnetId"] for n, letter in enumerate("abc"))
front, inner = (ec2.create_security_group(GroupName=n, Description=n, VpcId=vpc)["GroupId"] for n in ("front", "inner"))
https = dict(IpProtocol="tcp", FromPort=443, ToPort=443)
ec2.authorize_security_group_ingress(GroupId=inner, IpPermissions=[{**https, "UserIdGroupPairs": [{"GroupId": front}]}])
endpoint = ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.execute-api", SubnetIds=[a, b], SecurityGroupIds=[inner], PrivateDnsEnabled=False)["VpcEndpoint"]["VpcEndpointId"]
skip(100)
mine = [{"Name": "group-id", "Values": [inner]}]
addresses = [i["PrivateIpAddress"] for i in ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]]
certificate = acm.import_certificate(Certificate=CERTIFICATE.encode(), PrivateKey=KEY.encode())["CertificateArn"]
pending = acm.request_certificate(DomainName="orders.example.com", ValidationMethod="DNS")["CertificateArn"]

# --- load balancers ---------------------------------------------------------------
tags = [{"Key": "stack", "Value": "orders"}]
wanted = dict(Name="orders", Scheme="internal", Type="application", IpAddressType="ipv4", Subnets=[a, b], SecurityGroups=[front], Tags=tags)
made = elb.create_load_balancer(**wanted)["LoadBalancers"][0]
balancer = made["LoadBalancerArn"]
check(made["State"]["Code"] == "provisioning" and made["Scheme"] == "internal", made)
check({z["SubnetId"] for z in made["AvailabilityZones"]} == {a, b}, made)
check(elb.create_load_balancer(**wanted)["LoadBalancers"][0]["LoadBalancerArn"] == balancer, "the same settings")
refused("DuplicateLoadBalancerName", elb.create_load_balancer, **{**wanted, "Subnets": [a, c]})
for name in ("internal-x", "x-", "x" * 33, "x_y"):
    refused("ValidationError", elb.create_load_balancer, **{**wanted, "Name": name})
refused("ValidationError", elb.create_load_balancer, **{**wanted, "Name": "x", "Subnets": [a]})
refused("SubnetNotFound", elb.create_load_balancer, **{**wanted, "Name": "x", "Subnets": [a, "subnet-0123456789abcdef0"]})
refused("InvalidSecurityGroup", elb.create_load_balancer, **{**wanted, "Name": "x", "SecurityGroups": ["sg-0123456789abcdef0"]})
refused("InvalidSubnet", elb.create_load_balancer, **{**wanted, "Name": "x", "Scheme": "internet-facing"})
refused("DuplicateTagKeys", elb.create_load_balancer, **{**wanted, "Name": "x", "Tags": tags * 2})
refused("LoadBalancerNotFound", elb.describe_load_balancers, Names=["none"])
refused("ValidationError", elb.describe_load_balancers, LoadBalancerArns=["none"])

attributes = {x["Key"]: x["Value"] for x in elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]}
check(attributes["routing.http.drop_invalid_header_fields.enabled"] == "false", attributes)
change = lambda key, value: dict(LoadBalancerArn=balancer, Attributes=[{"Key": key, "Value": value}])
elb.modify_load_balancer_attributes(**change("routing.http.drop_invalid_header_fields.enabled", "true"))
refused("ValidationError", elb.modify_load_balancer_attributes, **change("colour", "red"))
check(elb.describe_capacity_reservation(LoadBalancerArn=balancer)["CapacityReservationState"] == [], "no capacity")
check(elb.describe_tags(ResourceArns=[balancer])["TagDescriptions"][0]["Tags"] == tags, "tags")
elb.add_tags(ResourceArns=[balancer], Tags=[{"Key": "a", "Value": "1"}])
elb.remove_tags(ResourceArns=[balancer], TagKeys=["a"])

# --- target groups ------------------------------------------------------------------
group = dict(Name="orders-api", TargetType="ip", Protocol="HTTPS", Port=443, VpcId=vpc, HealthCheckProtocol="HTTPS", HealthCheckPath="/ping",
             HealthCheckIntervalSeconds=10, HealthCheckTimeoutSeconds=5, HealthyThresholdCount=2, UnhealthyThresholdCount=2, Matcher={"HttpCode": "200"}, Tags=tags)
api = elb.create_target_group(**group)["TargetGroups"][0]["TargetGroupArn"]
check(elb.create_target_group(**group)["TargetGroups"][0]["TargetGroupArn"] == api, "the same settings")
refused("DuplicateTargetGroupName", elb.create_target_group, **{**group, "Port": 444})
refused("ValidationError", elb.create_target_group, **{**group, "Name": "x", "HealthCheckTimeoutSeconds": 10})
lambdas = elb.create_target_group(Name="fn", TargetType="lambda")["TargetGroups"][0]
check(lambdas["HealthCheckEnabled"] is False and "Port" not in lambdas, lambdas)
refused("AccessDenied", elb.register_targets, TargetGroupArn=lambdas["TargetGroupArn"], Targets=[{"Id": f"arn:aws:lambda:{REGION}:111122223333:function:x"}])
elb.modify_target_group_attributes(TargetGroupArn=api, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}])
check(len(elb.describe_target_group_attributes(TargetGroupArn=api)["Attributes"]) > 5, "attributes")
refused("TargetGroupNotFound", elb.describe_target_groups, Names=["none"])
check(len(list(elb.get_paginator("describe_target_groups").paginate(PageSize=1))) == 2, "two pages")
targets = [{"Id": address} for address in addresses]
elb.register_targets(TargetGroupArn=api, Targets=targets)
refused("InvalidTarget", elb.register_targets, TargetGroupArn=api, Targets=[{"Id": "8.8.8.8"}])
health = lambda **more: [(t["TargetHealth"]["State"], t["TargetHealth"].get("Reason")) for t in elb.describe_target_health(TargetGroupArn=api, **more)["TargetHealthDescriptions"]]
check(health() == [("unused", "Target.NotInUse")] * 2, health())
check(health(Targets=[{"Id": "10.0.0.99"}]) == [("unused", "Target.NotRegistered")], "not registered")

# --- listeners ------------------------------------------------------------------------
fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "not found\n"}}]
secure = dict(LoadBalancerArn=balancer, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": certificate}], SslPolicy="ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", DefaultActions=fixed, Tags=tags)
refused("UnsupportedCertificate", elb.create_listener, **{**secure, "Certificates": [{"CertificateArn": pending}]})
refused("CertificateNotFound", elb.create_listener, **{**secure, "Certificates": [{"CertificateArn": pending[:-1] + "x"}]})
refused("SSLPolicyNotFound", elb.create_listener, **{**secure, "SslPolicy": "bogus"})
made = elb.create_listener(**secure)["Listeners"][0]
listener = made["ListenerArn"]
check(made["DefaultActions"][0]["FixedResponseConfig"]["MessageBody"] == "not found\n", made)
check(elb.create_listener(**secure)["Listeners"][0]["ListenerArn"] == listener, "the same settings")
refused("DuplicateListener", elb.create_listener, **{**secure, "SslPolicy": "ELBSecurityPolicy-2016-08"})
redirect = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]
plain = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=redirect)["Listeners"][0]
check(plain["DefaultActions"][0]["RedirectConfig"]["Query"] == "#{query}", plain)
refused("ValidationError", elb.describe_listeners)
check(len(elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]) == 2, "two listeners")
check(acm.describe_certificate(CertificateArn=certificate)["Certificate"]["InUseBy"] == [balancer], "in use")
refused("ResourceInUseException", acm.delete_certificate, CertificateArn=certificate)
elb.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": certificate}])
check([x["IsDefault"] for x in elb.describe_listener_certificates(ListenerArn=listener)["Certificates"]] == [True, False], "default and listed")
elb.remove_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": certificate}])
refused("OperationNotPermitted", elb.remove_listener_certificates, ListenerArn=listener, Certificates=[{"CertificateArn": certificate}])
elb.modify_listener_attributes(ListenerArn=listener, Attributes=[{"Key": "routing.http.response.server.enabled", "Value": "false"}])
check(any(x["Value"] == "false" for x in elb.describe_listener_attributes(ListenerArn=listener)["Attributes"]), "listener attributes")
check(len(elb.describe_ssl_policies()["SslPolicies"]) > 30, "TLS policies")
check(any(x["Name"] == "target-groups" for x in elb.describe_account_limits()["Limits"]), "limits")

# --- rules ------------------------------------------------------------------------------
host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["orders.example.com"]}}
path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/sms", "/sms/*"]}}
forward = [{"Type": "forward", "TargetGroupArn": api}]
rule = dict(ListenerArn=listener, Priority=100, Conditions=[host, path], Actions=forward, Tags=tags)
made = elb.create_rule(**rule)["Rules"][0]
check(made["Conditions"][0]["Values"] == ["orders.example.com"] == made["Conditions"][0]["HostHeaderConfig"]["Values"], made)
check(made["Actions"][0]["TargetGroupArn"] == api == made["Actions"][0]["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"], made)
refused("PriorityInUse", elb.create_rule, **rule)
refused("ValidationError", elb.create_rule, **{**rule, "Priority": 50001})
refused("ValidationError", elb.create_rule, **{**rule, "Priority": 7, "Conditions": [host, host]})
refused("ValidationError", elb.create_rule, **{**rule, "Priority": 7, "Conditions": [{**host, "Values": ["a.b"]}]})
refused("TargetGroupNotFound", elb.create_rule, **{**rule, "Priority": 7, "Actions": [{"Type": "forward", "TargetGroupArn": api[:-1] + "x"}]})
every = [
    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-apigw-api-id", "Values": ["*"]}},
    {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}]}},
    {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
    {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
    {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/a+$"]}},
]
transforms = [
    {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": "^(.*)$", "Replace": "x.$1"}]}},
    {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/sms(.*)$", "Replace": "/v1$1"}]}},
]
deny = elb.create_rule(ListenerArn=listener, Priority=1, Conditions=every, Actions=fixed, Transforms=transforms)["Rules"][0]
check(deny["Transforms"] == transforms and [x["Field"] for x in deny["Conditions"]] == [x["Field"] for x in every], deny)
check(deny["Conditions"][4]["PathPatternConfig"]["RegexValues"] == ["^/a+$"], deny)
rules = elb.describe_rules(ListenerArn=listener)["Rules"]
check([x["Priority"] for x in rules] == ["1", "100", "default"] and rules[2]["IsDefault"], rules)
refused("OperationNotPermitted", elb.delete_rule, RuleArn=rules[2]["RuleArn"])
refused("PriorityInUse", elb.set_rule_priorities, RulePriorities=[{"RuleArn": deny["RuleArn"], "Priority": 100}])
elb.set_rule_priorities(RulePriorities=[{"RuleArn": deny["RuleArn"], "Priority": 2}])
check(elb.modify_rule(RuleArn=deny["RuleArn"], ResetTransforms=True)["Rules"][0]["Transforms"] == [], "no transforms")
elb.delete_rule(RuleArn=deny["RuleArn"])
refused("RuleNotFound", elb.delete_rule, RuleArn=deny["RuleArn"])

# --- health in time -----------------------------------------------------------------------
check(health() == [("initial", "Elb.RegistrationInProgress")] * 2, health())
elb.get_waiter("load_balancer_available") and skip(180)
check(elb.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]["State"]["Code"] == "active", "active")
skip(30)
check(health() == [("healthy", None)] * 2, health())
described = elb.describe_target_health(TargetGroupArn=api)["TargetHealthDescriptions"]
check({t["Target"]["AvailabilityZone"] for t in described} == {f"{REGION}a", f"{REGION}b"}, described)
elb.modify_target_group(TargetGroupArn=api, HealthCheckPath="/health")
skip(20)
check(health() == [("unhealthy", "Target.ResponseCodeMismatch")] * 2, health())
elb.modify_target_group(TargetGroupArn=api, HealthCheckPath="/ping")
skip(20)
ec2.revoke_security_group_ingress(GroupId=inner, IpPermissions=[{**https, "UserIdGroupPairs": [{"GroupId": front}]}])
skip(20)
check(health() == [("unhealthy", "Target.Timeout")] * 2, health())
elb.deregister_targets(TargetGroupArn=api, Targets=targets[:1])
check(sorted(health())[0] == ("draining", "Target.DeregistrationInProgress"), health())
refused("InvalidTarget", elb.register_targets, TargetGroupArn=api, Targets=targets[:1])
skip(30)
check(len(health()) == 1, health())

# --- the end --------------------------------------------------------------------------------
refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=api)
elb.modify_load_balancer_attributes(**change("deletion_protection.enabled", "true"))
refused("OperationNotPermitted", elb.delete_load_balancer, LoadBalancerArn=balancer)
elb.modify_load_balancer_attributes(**change("deletion_protection.enabled", "false"))
elb.set_subnets(LoadBalancerArn=balancer, Subnets=[a, c])
elb.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=[front, inner])
elb.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=[front])
elb.set_ip_address_type(LoadBalancerArn=balancer, IpAddressType="ipv4")
elb.delete_listener(ListenerArn=plain["ListenerArn"])
refused("ListenerNotFound", elb.delete_listener, ListenerArn=plain["ListenerArn"])
elb.delete_load_balancer(LoadBalancerArn=balancer)
elb.delete_load_balancer(LoadBalancerArn=balancer)
refused("ListenerNotFound", elb.describe_rules, ListenerArn=listener)
refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=api)
skip(5)
elb.delete_target_group(TargetGroupArn=api)
refused("TargetGroupNotFound", elb.delete_target_group, TargetGroupArn=api)
ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
refused("DependencyViolation", ec2.delete_security_group, GroupId=front)
skip(90)
ec2.delete_security_group(GroupId=front)
acm.delete_certificate(CertificateArn=certificate)
end()
