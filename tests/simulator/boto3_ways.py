#!/usr/bin/env python3
"""Drives the three ways behind one name by boto3: a function and a site beside each other, asked at the front door.

    boto3_ways.py http://127.0.0.1:4567
"""
import io
import json
import zipfile

from boto3_common import ACCOUNT, CERTIFICATE, KEY, REGION, admin, begin, check, client, end, refused, skip

begin()
elb, ec2, s3 = client("elbv2"), client("ec2"), client("s3")
acm, route53, functions = client("acm"), client("route53"), client("lambda")
HOST, SHOP, BUCKET = "orders.example.com", "shop.example.com", "orders-frontend"
S3_HOST = f"{BUCKET}.s3.{REGION}.amazonaws.com"

# --- a network, a bucket, a function, a name -------------------------------------
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
a, b = (ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{letter}")["Subnet"]["SubnetId"] for n, letter in enumerate("ab"))
front, inner = (ec2.create_security_group(GroupName=n, Description=n, VpcId=vpc)["GroupId"] for n in ("front", "inner"))
https = dict(IpProtocol="tcp", FromPort=443, ToPort=443)
ec2.authorize_security_group_ingress(GroupId=front, IpPermissions=[{**https, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "clients"}]}])
ec2.authorize_security_group_ingress(GroupId=inner, IpPermissions=[{**https, "UserIdGroupPairs": [{"GroupId": front, "Description": "hybridgw:orders-dev"}]}])
s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
for key in ("index.html", "js/main.js"):
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
package = io.BytesIO()
with zipfile.ZipFile(package, "w") as archive:
    archive.writestr("index.py", "")
role = f"arn:aws:iam::{ACCOUNT}:role/orders"
functions.create_function(FunctionName="sms", Runtime="python3.13", Handler="index.handler", Role=role, Code={"ZipFile": package.getvalue()}, Publish=True)
alias = functions.create_alias(FunctionName="sms", Name="live", FunctionVersion="1")["AliasArn"]
certificate = acm.import_certificate(Certificate=CERTIFICATE.encode(), PrivateKey=KEY.encode())["CertificateArn"]
zone = route53.create_hosted_zone(Name="example.com", CallerReference="1", VPC={"VPCRegion": REGION, "VPCId": vpc}, HostedZoneConfig={"PrivateZone": True, "Comment": ""})["HostedZone"]["Id"]

# --- the endpoint for S3, pinned ---------------------------------------------------
details = ec2.describe_vpc_endpoint_services(ServiceNames=[f"com.amazonaws.{REGION}.s3"])["ServiceDetails"]
check([d["ServiceType"][0]["ServiceType"] for d in details] == ["Gateway", "Interface"], details)
admits = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
document = lambda **more: json.dumps({"Version": "2012-10-17", "Statement": [dict(admits, **more)]})
wanted = dict(VpcEndpointType="Interface", VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", SubnetIds=[a, b], SecurityGroupIds=[inner], PrivateDnsEnabled=False)
pins = lambda *pairs: [{"SubnetId": subnet, "Ipv4": address} for subnet, address in pairs]
refused("InvalidParameterValue", ec2.create_vpc_endpoint, **wanted, SubnetConfigurations=pins((a, "10.0.1.9")))
refused("InvalidParameter", ec2.create_vpc_endpoint, **wanted, SubnetConfigurations=pins((a, "10.0.0.9"), (a, "10.0.0.10")))
made = ec2.create_vpc_endpoint(**wanted, SubnetConfigurations=pins((a, "10.0.0.9"), (b, "10.0.1.9")), PolicyDocument=document())
endpoint = made["VpcEndpoint"]["VpcEndpointId"]
skip(100)

# --- two target groups ---------------------------------------------------------------
site = elb.create_target_group(Name="site", TargetType="ip", Protocol="HTTPS", Port=443, VpcId=vpc, HealthCheckProtocol="HTTPS", HealthCheckPath="/",
                               HealthCheckIntervalSeconds=10, HealthyThresholdCount=2, Matcher={"HttpCode": "307,405"})["TargetGroups"][0]["TargetGroupArn"]
elb.register_targets(TargetGroupArn=site, Targets=[{"Id": "10.0.0.9"}, {"Id": "10.0.1.9"}])
refused("ValidationError", elb.create_target_group, Name="sms", TargetType="lambda", Protocol="HTTPS")
sms = elb.create_target_group(Name="sms", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
refused("AccessDenied", elb.register_targets, TargetGroupArn=sms, Targets=[{"Id": alias}])
permission = dict(StatementId="alb", Action="lambda:InvokeFunction", Principal="elasticloadbalancing.amazonaws.com", SourceArn=sms)
functions.add_permission(FunctionName="sms", **permission)
refused("AccessDenied", elb.register_targets, TargetGroupArn=sms, Targets=[{"Id": alias}])
functions.add_permission(FunctionName="sms", Qualifier="live", **permission)
elb.register_targets(TargetGroupArn=sms, Targets=[{"Id": alias}])
refused("TooManyTargets", elb.register_targets, TargetGroupArn=sms, Targets=[{"Id": alias.removesuffix(":live")}])

# --- the load balancer, its rules, the record -----------------------------------------
balancer = elb.create_load_balancer(Name="orders", Scheme="internal", Subnets=[a, b], SecurityGroups=[front])["LoadBalancers"][0]
fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
listener = elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": certificate}], DefaultActions=fixed)["Listeners"][0]["ListenerArn"]


def conditions(host, *values, regex=None):
    path = {"RegexValues": [regex]} if regex else {"Values": list(values)}
    return [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}, {"Field": "path-pattern", "PathPatternConfig": path}]


def rewrites(regex, replace):
    return [
        {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": "^.*$", "Replace": S3_HOST}]}},
        {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": regex, "Replace": replace}]}},
    ]


to = lambda group: [{"Type": "forward", "TargetGroupArn": group}]
slash = [{"Type": "redirect", "RedirectConfig": {"Path": "/app/", "Query": "#{query}", "StatusCode": "HTTP_302"}}]
add = lambda priority, where, what, **more: elb.create_rule(ListenerArn=listener, Priority=priority, Conditions=where, Actions=what, **more)["Rules"][0]
add(10, conditions(HOST, "/app"), slash)
add(20, conditions(HOST, regex=r"^/app/(.*/)?[^/]*\.[^/]*$"), to(site), Transforms=rewrites(r"^/app/([^?]*)(\?.*)?$", "/$1"))
rest = add(30, conditions(HOST, "/app/*"), to(site), Transforms=rewrites("^.*$", "/index.html"))
add(40, conditions(HOST, "/sms", "/sms/*"), to(sms))
refused("ValidationError", add, priority=50, where=conditions(HOST, regex="(?=x)"), what=to(sms))
refused("ValidationError", add, priority=50, where=conditions(HOST, "/a", "/b", "/c", "/d"), what=to(sms))
refused("ValidationError", add, priority=50, where=conditions(HOST, "/a"), what=to(site), Transforms=rewrites("a", "b") + rewrites("a", "b")[:1])
alias_target = {"HostedZoneId": balancer["CanonicalHostedZoneId"], "DNSName": balancer["DNSName"], "EvaluateTargetHealth": False}
for name in (HOST, SHOP):
    change = {"Action": "CREATE", "ResourceRecordSet": {"Name": name, "Type": "A", "AliasTarget": alias_target}}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
skip(300)
health = lambda group: {(t["TargetHealth"]["State"], t["TargetHealth"].get("Reason")) for t in elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]}
check(health(site) == {("healthy", None)}, health(site))
check(health(sms) == {("unavailable", "Target.HealthCheckDisabled")}, health(sms))


# --- at the front door ------------------------------------------------------------------
def ask(path, host=HOST, **more):
    return admin("POST", "ask", dict(account=ACCOUNT, region=REGION, host=host, path=path, client="10.1.2.3", **more))


def seen(path, /, **wanted):
    answer = ask(path)
    found = answer["seen"] or {}
    check(answer["hop"] is None and {name: found.get(name) for name in wanted} == wanted, (path, answer))
    return found


def stops(path, hop, status, **more):
    answer = ask(path, **more)
    check((answer["hop"], answer["status"]) == (hop, status), (path, answer))
    return answer


s3.put_bucket_policy(Bucket=BUCKET, Policy=document(Condition={"StringEquals": {"aws:SourceVpce": endpoint}}))
seen("/app?code=1", location=f"https://{HOST}:443/app/?code=1")
for path in ("/app/", "/app/?code=1", "/app/orders/42?acl"):
    seen(path, kind="s3", host=S3_HOST, path="/index.html", query="", bucket=BUCKET)
seen("/app/js/main.js?response-expires=1", kind="s3", path="/js/main.js", query="")
stops("/app/gone.js", "method", 403)
stops("/other", "rule", 404)
event = seen("/sms/send?to=1&to=2", kind="lambda", function=alias, host=HOST, path="/sms/send?to=1&to=2")["event"]
check((event["path"], event["queryStringParameters"]) == ("/sms/send", {"to": "2"}), event)
elb.modify_target_group_attributes(TargetGroupArn=sms, Attributes=[{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}])
event = seen("/sms?to=1&to=2", kind="lambda")["event"]
check(event["multiValueQueryStringParameters"] == {"to": ["1", "2"]} and event["multiValueHeaders"]["host"] == [HOST], event)

# --- each link taken away ------------------------------------------------------------------
functions.remove_permission(FunctionName="sms", Qualifier="live", StatementId="alb")
stops("/sms", "permission", 502)
s3.put_object(Bucket=BUCKET, Key="index.html", Body=b"x", ServerSideEncryption="aws:kms")
check("KMS" in stops("/app/", "permission", 400)["why"], "it says why")
s3.put_object(Bucket=BUCKET, Key="index.html", Body=b"x")
ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=document(Resource="arn:aws:s3:::other/*"))
stops("/app/", "endpoint-policy", 403)
ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=document())
s3.delete_bucket_policy(Bucket=BUCKET)
check(stops("/app/", "permission", 403)["seen"]["path"] == "/index.html", "S3 has seen it")
s3.put_bucket_policy(Bucket=BUCKET, Policy=document(Condition={"StringEquals": {"aws:SourceVpce": endpoint}}))
elb.modify_rule(RuleArn=rest["RuleArn"], Transforms=rewrites("^.*$", "/index.html?acl"))
check("s3:GetObjectAcl" in stops("/app/", "endpoint-policy", 403)["why"], "a query of its own is another question")
elb.modify_rule(RuleArn=rest["RuleArn"], Transforms=rewrites("^.*$", "/index.html"))
seen("/app/", path="/index.html")

# --- another host: its certificate by SNI ---------------------------------------------------
# The default certificate has orders.example.com and *.Example.com in it: nothing to add for the shop.
add(60, conditions(SHOP, "/sms"), fixed)
check(ask("/sms", host=SHOP)["certificate"] == certificate, "the wildcard covers it")

# --- a pin is moved: one zone at a time ---------------------------------------------------------
ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, SubnetConfigurations=pins((a, "10.0.0.10")))
skip(30)
check(health(site) == {("healthy", None), ("unhealthy", "Target.Timeout")}, health(site))
seen("/app/", path="/index.html")
skip(60)
elb.register_targets(TargetGroupArn=site, Targets=[{"Id": "10.0.0.10"}])
elb.deregister_targets(TargetGroupArn=site, Targets=[{"Id": "10.0.0.9"}])
skip(330)
check(health(site) == {("healthy", None)}, health(site))
seen("/app/", path="/index.html")
end()
