"""The scripts of the differential test: each is a function of a run, on an account that is empty at first.

`run(service, operation, …)` makes a call that is compared; `run.client(service)`
prepares what the product finds in place.
"""
import datetime
import functools
import io
import json
import zipfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

REGION = "eu-central-1"
SERVICE = f"com.amazonaws.{REGION}.execute-api"
HOST = "orders.corp.example.com"
TAGS = [{"Key": "hybridgw:stack", "Value": "orders"}]
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "not found"}}]
REDIRECT = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]
NO_VPC, NO_SUBNET, NO_GROUP, NO_ENDPOINT = (f"{kind}-0123456789abcdef0" for kind in ("vpc", "subnet", "sg", "vpce"))
SCRIPTS = []


def script(function):
    SCRIPTS.append(function)
    return function


# --- what scripts prepare -----------------------------------------------------------


def network(run):
    """A VPC with names switched on, and subnets in three zones."""
    ec2 = run.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "main"}]}])["Vpc"]["VpcId"]
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc, **{name: {"Value": True}})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{letter}")["Subnet"]["SubnetId"]
        for number, letter in enumerate("abc")
    ]
    for one in (vpc, *subnets):
        run.numbers.name(one.partition("-")[0], one)
    return vpc, *subnets


def groups(run, vpc, *names):
    """Security groups as they come."""
    made = [run.client("ec2").create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in names]
    for one in made:
        run.numbers.name("sg", one)
    return made


def endpoint(run, vpc, *subnets):
    """An available endpoint in the default security group."""
    made = run.client("ec2").create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=SERVICE, SubnetIds=list(subnets), PrivateDnsEnabled=False)
    run.settle()
    run.numbers.name("vpce", made["VpcEndpoint"]["VpcEndpointId"])
    return made["VpcEndpoint"]["VpcEndpointId"]


def free_address(run):
    """An address of the second subnet that the cloud has not given away by chance."""
    interfaces = run.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
    taken = {interface["PrivateIpAddress"] for interface in interfaces}
    free = next(address for address in ("10.0.1.77", "10.0.1.78", "10.0.1.79") if address not in taken)
    return run.numbers.pin(free)


@functools.cache
def key_pair():
    """A certificate and its key, as PEM; the same for both clouds."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=500))
        .not_valid_after(now + datetime.timedelta(days=5000))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return certificate.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def certificate(run):
    """An imported certificate: issued without a wait."""
    body, key = key_pair()
    return run.client("acm").import_certificate(Certificate=body, PrivateKey=key)["CertificateArn"]


def patch(op, path, value=None):
    return [{"op": op, "path": path, "value": value} if value is not None else {"op": op, "path": path}]


def access(vpce):
    """The policy of an API that one endpoint may use."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    deny = {**allow, "Effect": "Deny", "Condition": {"StringNotEquals": {"aws:SourceVpce": vpce}}}
    return {"Version": "2012-10-17", "Statement": [allow, deny]}


def body(vpce, **extra):
    """An OpenAPI body as the product sends it."""
    answer = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}, "responses": {"default": {"statusCode": "200"}}}
    method = {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": answer}
    return json.dumps({
        "openapi": "3.0.1",
        "info": {"title": "orders", "description": "body 1", "version": "1"},
        "paths": {"/": {"get": method}, "/orders/{id}": {"get": method, "post": method}},
        "x-amazon-apigateway-policy": access(vpce),
        "servers": [{"url": "/", "x-amazon-apigateway-endpoint-configuration": {"vpcEndpointIds": [vpce]}}],
        **extra,
    }).encode()


# --- the scripts ------------------------------------------------------------------------


@script
def sts(run):
    run("sts", "GetCallerIdentity")


@script
def networks(run):
    vpc, a, b, c = network(run)
    run("ec2", "DescribeVpcs", VpcIds=[vpc])
    run("ec2", "DescribeVpcs", Filters=[{"Name": "tag:Name", "Values": ["main"]}])
    run("ec2", "DescribeVpcs", VpcIds=[NO_VPC])
    run("ec2", "DescribeVpcs", VpcIds=["vpc-nonsense"])
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        run("ec2", "DescribeVpcAttribute", VpcId=vpc, Attribute=attribute)
    run("ec2", "DescribeVpcAttribute", VpcId=NO_VPC, Attribute="enableDnsSupport")
    run("ec2", "DescribeSubnets", SubnetIds=[a, b])
    run("ec2", "DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    run("ec2", "DescribeSubnets", SubnetIds=[a, NO_SUBNET])
    run("ec2", "DescribeVpcEndpointServices", ServiceNames=[SERVICE])
    run("ec2", "DescribeVpcEndpointServices", ServiceNames=[SERVICE + "x"])
    run("ec2", "CreateTags", Resources=[vpc, a], Tags=[{"Key": "env", "Value": "dev"}])
    run("ec2", "CreateTags", Resources=[NO_VPC], Tags=[{"Key": "env", "Value": "dev"}])
    run("ec2", "CreateTags", Resources=[c], Tags=[{"Key": "aws:x", "Value": "y"}])
    run("ec2", "DescribeVpcs", VpcIds=[vpc])
    run("ec2", "DeleteTags", Resources=[vpc, a], Tags=[{"Key": "env", "Value": "other"}])
    run("ec2", "DescribeVpcs", VpcIds=[vpc])
    run("ec2", "DeleteTags", Resources=[vpc, a], Tags=[{"Key": "env"}])
    run("ec2", "DeleteTags", Resources=["nonsense"], Tags=[{"Key": "env"}])
    run("ec2", "DescribeSubnets", SubnetIds=[a])


@script
def networks_of_its_own(run):
    tagged = lambda kind: [{"ResourceType": kind, "Tags": TAGS}]
    run("ec2", "CreateVpc", CidrBlock="10.0.0.0/15")
    run("ec2", "CreateVpc", CidrBlock="10.0.0.0/29")
    run("ec2", "CreateVpc", CidrBlock="nonsense")
    run("ec2", "CreateVpc")
    run("ec2", "CreateVpc", CidrBlock="10.0.0.0/16", TagSpecifications=tagged("subnet"))
    vpc = run("ec2", "CreateVpc", CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
    # What one cloud alone accepts goes here, so that both can delete the other.
    spare = run.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    wanted = dict(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone=REGION + "a", TagSpecifications=tagged("subnet"))
    a = run("ec2", "CreateSubnet", **wanted)["Subnet"]["SubnetId"]
    run("ec2", "CreateSubnet", **wanted)
    run("ec2", "CreateSubnet", **{**wanted, "CidrBlock": "10.0.0.128/25"})
    run("ec2", "CreateSubnet", **{**wanted, "CidrBlock": "10.1.0.0/24"})
    run("ec2", "CreateSubnet", **{**wanted, "CidrBlock": "10.0.0.0/15"})
    run("ec2", "CreateSubnet", **{**wanted, "CidrBlock": "10.0.9.0/29", "VpcId": spare})
    run("ec2", "CreateSubnet", **{**wanted, "CidrBlock": "nonsense"})
    run("ec2", "CreateSubnet", **{**wanted, "CidrBlock": "10.0.1.0/24", "VpcId": NO_VPC})
    run("ec2", "CreateSubnet", **{**wanted, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": REGION + "z"})
    b = run("ec2", "CreateSubnet", VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=REGION + "b")["Subnet"]["SubnetId"]
    run("ec2", "DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    door = endpoint(run, vpc, a)
    run("ec2", "DeleteSubnet", SubnetId=a)
    run("ec2", "DeleteVpc", VpcId=vpc)
    run("ec2", "DeleteSubnet", SubnetId=NO_SUBNET)
    run("ec2", "DeleteSubnet", SubnetId="nonsense")
    run("ec2", "DeleteSubnet", SubnetId=b)
    run("ec2", "DeleteSubnet", SubnetId=b)
    run.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[door])
    run.settle()
    run("ec2", "DeleteVpc", VpcId=vpc)
    run("ec2", "DeleteSubnet", SubnetId=a)
    inner, = groups(run, vpc, "inner")
    run("ec2", "DeleteVpc", VpcId=vpc)
    run.client("ec2").delete_security_group(GroupId=inner)
    run("ec2", "DeleteVpc", VpcId=NO_VPC)
    run("ec2", "DeleteVpc", VpcId="nonsense")
    run("ec2", "DeleteVpc", VpcId=vpc)
    run("ec2", "DescribeVpcs", VpcIds=[vpc])
    run("ec2", "DeleteVpc", VpcId=vpc)


@script
def security_groups(run):
    vpc, *_ = network(run)
    tagged = [{"ResourceType": "security-group", "Tags": TAGS}]
    made = run("ec2", "CreateSecurityGroup", GroupName="balancer", Description="way in", VpcId=vpc, TagSpecifications=tagged)["GroupId"]
    run("ec2", "CreateSecurityGroup", GroupName="balancer", Description="again", VpcId=vpc)
    run("ec2", "CreateSecurityGroup", GroupName="sg-balancer", Description="x", VpcId=vpc)
    run("ec2", "CreateSecurityGroup", GroupName="x", Description="x", VpcId=NO_VPC)
    inner = run("ec2", "CreateSecurityGroup", GroupName="endpoint", Description="inner door", VpcId=vpc)["GroupId"]
    run("ec2", "DescribeSecurityGroups", GroupIds=[made, inner])
    run("ec2", "DescribeSecurityGroups", Filters=[{"Name": "group-name", "Values": ["balancer"]}, {"Name": "vpc-id", "Values": [vpc]}])
    run("ec2", "DescribeSecurityGroups", Filters=[{"Name": "tag:hybridgw:stack", "Values": ["orders"]}])
    run("ec2", "DescribeSecurityGroups", Filters=[{"Name": "vpc-id", "Values": ["vpc-0123456789abcdef1"]}])
    run("ec2", "DescribeSecurityGroups", GroupIds=[NO_GROUP])
    clients = {**HTTPS, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "clients"}]}
    ingress, egress = dict(GroupId=made, IpPermissions=[clients]), dict(GroupId=made, IpPermissions=[{**HTTPS, "UserIdGroupPairs": [{"GroupId": inner}]}])
    run("ec2", "AuthorizeSecurityGroupIngress", **ingress)
    run("ec2", "AuthorizeSecurityGroupIngress", **ingress)
    run("ec2", "AuthorizeSecurityGroupIngress", GroupId=NO_GROUP, IpPermissions=[clients])
    run("ec2", "AuthorizeSecurityGroupIngress", GroupId=made, IpPermissions=[{**HTTPS, "UserIdGroupPairs": [{"GroupId": NO_GROUP}]}])
    run("ec2", "AuthorizeSecurityGroupIngress", GroupId=made, IpPermissions=[{**HTTPS, "IpRanges": [{"CidrIp": "10.0.0.0/33"}]}])
    run("ec2", "AuthorizeSecurityGroupIngress", GroupId=inner, IpPermissions=[{**HTTPS, "UserIdGroupPairs": [{"GroupId": made, "Description": "the balancer"}]}])
    run("ec2", "AuthorizeSecurityGroupEgress", **egress)
    run("ec2", "AuthorizeSecurityGroupEgress", **egress)
    run("ec2", "RevokeSecurityGroupEgress", GroupId=made, IpPermissions=[EVERYTHING])
    run("ec2", "RevokeSecurityGroupEgress", GroupId=made, IpPermissions=[EVERYTHING])
    run("ec2", "DescribeSecurityGroups", GroupIds=[made])
    run("ec2", "DescribeSecurityGroups", GroupIds=[inner])
    run("ec2", "DescribeSecurityGroups", Filters=[{"Name": "egress.ip-permission.group-id", "Values": [inner]}])
    run("ec2", "DeleteSecurityGroup", GroupId=inner)
    run("ec2", "RevokeSecurityGroupEgress", **egress)
    run("ec2", "DeleteSecurityGroup", GroupId=made)
    run("ec2", "RevokeSecurityGroupIngress", **ingress)
    run("ec2", "RevokeSecurityGroupIngress", **ingress)
    run("ec2", "RevokeSecurityGroupIngress", GroupId=inner, IpPermissions=[{**HTTPS, "UserIdGroupPairs": [{"GroupId": made}]}])
    run("ec2", "CreateTags", Resources=[inner], Tags=TAGS)
    run("ec2", "DeleteTags", Resources=[inner], Tags=[{"Key": "hybridgw:stack"}])
    run("ec2", "DeleteSecurityGroup", GroupId=made)
    run("ec2", "DeleteSecurityGroup", GroupId=inner)
    run("ec2", "DeleteSecurityGroup", GroupId=inner)
    default = run.client("ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"][0]["GroupId"]
    run("ec2", "DeleteSecurityGroup", GroupId=default)


@script
def endpoints(run):
    vpc, a, b, c = network(run)
    inner, other, third = groups(run, vpc, "endpoint", "other", "third")
    wanted = dict(VpcEndpointType="Interface", VpcId=vpc, ServiceName=SERVICE, PrivateDnsEnabled=False, SubnetIds=[a, b], SecurityGroupIds=[inner])
    tagged = dict(wanted, TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": TAGS}], ClientToken="token-1")
    run("ec2", "CreateVpcEndpoint", **dict(wanted, VpcId=NO_VPC))
    run("ec2", "CreateVpcEndpoint", **dict(wanted, ServiceName=SERVICE + "x", SecurityGroupIds=[third]))
    run("ec2", "CreateVpcEndpoint", **dict(wanted, SubnetIds=[NO_SUBNET]))
    run("ec2", "CreateVpcEndpoint", **dict(wanted, SecurityGroupIds=[NO_GROUP]))
    run("ec2", "CreateVpcEndpoint", **dict(wanted, PolicyDocument="{}"))
    run("ec2", "CreateVpcEndpoint", **dict(wanted, SubnetConfigurations=[{"SubnetId": a, "Ipv4": "10.0.1.9"}]))
    made = run("ec2", "CreateVpcEndpoint", **tagged)["VpcEndpoint"]["VpcEndpointId"]
    run.settle()
    run("ec2", "CreateVpcEndpoint", **tagged)
    run("ec2", "CreateVpcEndpoint", **dict(tagged, SubnetIds=[a]))
    found = run("ec2", "DescribeVpcEndpoints", VpcEndpointIds=[made])["VpcEndpoints"][0]
    run("ec2", "DescribeVpcEndpoints", Filters=[{"Name": "tag:hybridgw:stack", "Values": ["orders"]}, {"Name": "vpc-endpoint-type", "Values": ["Interface"]}])
    run("ec2", "DescribeVpcEndpoints", VpcEndpointIds=[NO_ENDPOINT])
    run("ec2", "DescribeNetworkInterfaces", NetworkInterfaceIds=found["NetworkInterfaceIds"])
    run("ec2", "DescribeNetworkInterfaces", Filters=[{"Name": "group-id", "Values": [inner]}])
    run("ec2", "DescribeNetworkInterfaces", NetworkInterfaceIds=["eni-0123456789abcdef0"])
    run("ec2", "DeleteSecurityGroup", GroupId=inner)
    run("ec2", "ModifyVpcEndpoint", VpcEndpointId=made, AddSubnetIds=[c], RemoveSubnetIds=[a])
    run.settle()
    run("ec2", "DescribeNetworkInterfaces", Filters=[{"Name": "group-id", "Values": [inner]}])
    run("ec2", "ModifyVpcEndpoint", VpcEndpointId=made, AddSecurityGroupIds=[other], RemoveSecurityGroupIds=[inner])
    run.settle()
    run("ec2", "ModifyVpcEndpoint", VpcEndpointId=made, SubnetConfigurations=[{"SubnetId": b, "Ipv4": free_address(run)}])
    run.settle()
    run("ec2", "DescribeNetworkInterfaces", Filters=[{"Name": "group-id", "Values": [other]}])
    run("ec2", "ModifyVpcEndpoint", VpcEndpointId=made, PolicyDocument=json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}))
    run("ec2", "ModifyVpcEndpoint", VpcEndpointId=made, PolicyDocument="nonsense")
    run("ec2", "ModifyVpcEndpoint", VpcEndpointId=made, AddSubnetIds=[NO_SUBNET])
    run("ec2", "ModifyVpcEndpoint", VpcEndpointId=NO_ENDPOINT, AddSubnetIds=[a])
    run("ec2", "DescribeVpcEndpoints", VpcEndpointIds=[made])
    run("ec2", "ModifyVpcEndpoint", VpcEndpointId=made, ResetPolicy=True)
    run("ec2", "DescribeVpcEndpoints", VpcEndpointIds=[made])
    run("ec2", "DeleteVpcEndpoints", VpcEndpointIds=[made, NO_ENDPOINT])
    run.settle()
    run("ec2", "DescribeVpcEndpoints", VpcEndpointIds=[made])
    run("ec2", "DescribeVpcEndpoints", Filters=[{"Name": "tag:hybridgw:stack", "Values": ["orders"]}])
    run("ec2", "DescribeNetworkInterfaces", Filters=[{"Name": "group-id", "Values": [inner, other]}])
    run("ec2", "DeleteVpcEndpoints", VpcEndpointIds=[])
    run("ec2", "DeleteSecurityGroup", GroupId=other)


@script
def load_balancers(run):
    vpc, a, b, c = network(run)
    front, other = groups(run, vpc, "front", "other")
    wanted = dict(Name="orders", Scheme="internal", Type="application", IpAddressType="ipv4", Subnets=[a, b], SecurityGroups=[front], Tags=TAGS)
    made = run("elbv2", "CreateLoadBalancer", **wanted)["LoadBalancers"][0]["LoadBalancerArn"]
    run.settle()
    run("elbv2", "CreateLoadBalancer", **wanted)
    run("elbv2", "CreateLoadBalancer", **{**wanted, "Subnets": [a, c]})
    run("elbv2", "CreateLoadBalancer", **{**wanted, "Name": "internal-x"})
    run("elbv2", "CreateLoadBalancer", **{**wanted, "Name": "x" * 33})
    run("elbv2", "CreateLoadBalancer", **{**wanted, "Name": "x", "Subnets": [a]})
    run("elbv2", "CreateLoadBalancer", **{**wanted, "Name": "x", "Subnets": [a, NO_SUBNET]})
    run("elbv2", "CreateLoadBalancer", **{**wanted, "Name": "x", "SecurityGroups": [NO_GROUP]})
    nobody = made[:-16] + "0123456789abcdef"
    run("elbv2", "DescribeLoadBalancers", LoadBalancerArns=[made])
    run("elbv2", "DescribeLoadBalancers", Names=["orders"])
    run("elbv2", "DescribeLoadBalancers", Names=["nothing"])
    run("elbv2", "DescribeLoadBalancers", LoadBalancerArns=[nobody])
    run("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=made)
    run("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=nobody)
    run("elbv2", "ModifyLoadBalancerAttributes", LoadBalancerArn=made, Attributes=[{"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"}])
    run("elbv2", "ModifyLoadBalancerAttributes", LoadBalancerArn=made, Attributes=[{"Key": "colour", "Value": "red"}])
    run("elbv2", "ModifyLoadBalancerAttributes", LoadBalancerArn=made, Attributes=[{"Key": "deletion_protection.enabled", "Value": "perhaps"}])
    run("elbv2", "ModifyLoadBalancerAttributes", LoadBalancerArn=nobody, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}])
    run("elbv2", "DescribeTags", ResourceArns=[made])
    run("elbv2", "DescribeTags", ResourceArns=[nobody])
    run("elbv2", "AddTags", ResourceArns=[made], Tags=[{"Key": "a", "Value": "1"}])
    run("elbv2", "AddTags", ResourceArns=[nobody], Tags=[{"Key": "a", "Value": "1"}])
    run("elbv2", "RemoveTags", ResourceArns=[made], TagKeys=["a"])
    run("elbv2", "RemoveTags", ResourceArns=[nobody], TagKeys=["a"])
    run("elbv2", "SetIpAddressType", LoadBalancerArn=made, IpAddressType="ipv4")
    run("elbv2", "SetIpAddressType", LoadBalancerArn=nobody, IpAddressType="ipv4")
    run("elbv2", "DescribeTags", ResourceArns=[made])
    run("elbv2", "SetSubnets", LoadBalancerArn=made, Subnets=[a, c])
    run("elbv2", "SetSubnets", LoadBalancerArn=made, Subnets=[a])
    run("elbv2", "SetSubnets", LoadBalancerArn=made, Subnets=[a, NO_SUBNET])
    run("elbv2", "SetSubnets", LoadBalancerArn=nobody, Subnets=[a, c])
    run("elbv2", "SetSecurityGroups", LoadBalancerArn=made, SecurityGroups=[front, other])
    run("elbv2", "SetSecurityGroups", LoadBalancerArn=made, SecurityGroups=[NO_GROUP])
    run("elbv2", "SetSecurityGroups", LoadBalancerArn=nobody, SecurityGroups=[front])
    run.settle()
    run("elbv2", "DescribeLoadBalancers", LoadBalancerArns=[made])
    run("ec2", "DescribeNetworkInterfaces", Filters=[{"Name": "group-id", "Values": [front]}])
    run("ec2", "DeleteSecurityGroup", GroupId=front)
    protection = dict(LoadBalancerArn=made, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}])
    run("elbv2", "ModifyLoadBalancerAttributes", **protection)
    run("elbv2", "DeleteLoadBalancer", LoadBalancerArn=made)
    protection["Attributes"][0]["Value"] = "false"
    run("elbv2", "ModifyLoadBalancerAttributes", **protection)
    run("elbv2", "DeleteLoadBalancer", LoadBalancerArn=made)
    run.settle()
    run("elbv2", "DeleteLoadBalancer", LoadBalancerArn=made)
    run("elbv2", "DescribeLoadBalancers", LoadBalancerArns=[made])
    run("ec2", "DescribeNetworkInterfaces", Filters=[{"Name": "group-id", "Values": [front]}])
    run("ec2", "DeleteSecurityGroup", GroupId=front)
    run("elbv2", "CreateLoadBalancer", **{**wanted, "SecurityGroups": [other], "Tags": TAGS * 2})


@script
def listeners(run):
    vpc, a, b, c = network(run)
    front, = groups(run, vpc, "front")
    issued = certificate(run)
    run("acm", "DescribeCertificate", CertificateArn=issued)
    balancer = run.client("elbv2").create_load_balancer(Name="orders", Scheme="internal", Subnets=[a, b], SecurityGroups=[front])["LoadBalancers"][0]["LoadBalancerArn"]
    run.settle()
    secure = dict(LoadBalancerArn=balancer, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": issued}], SslPolicy=TLS_POLICY, DefaultActions=FIXED, Tags=TAGS)
    run("elbv2", "CreateListener", **{**secure, "SslPolicy": "nothing"})
    run("elbv2", "CreateListener", **{**secure, "Certificates": [{"CertificateArn": issued[:-12] + "0123456789ab"}]})
    run("elbv2", "CreateListener", **{**secure, "Certificates": []})
    run("elbv2", "CreateListener", **{**secure, "LoadBalancerArn": balancer[:-16] + "0123456789abcdef"})
    listener = run("elbv2", "CreateListener", **secure)["Listeners"][0]["ListenerArn"]
    run("elbv2", "CreateListener", **secure)
    run("elbv2", "CreateListener", **{**secure, "SslPolicy": "ELBSecurityPolicy-2016-08"})
    simple = run("elbv2", "CreateListener", LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=REDIRECT)["Listeners"][0]["ListenerArn"]
    nobody = listener[:-16] + "0123456789abcdef"
    run("elbv2", "DescribeListeners", LoadBalancerArn=balancer)
    run("elbv2", "DescribeListeners", ListenerArns=[listener])
    run("elbv2", "DescribeListeners", ListenerArns=[nobody])
    run("elbv2", "DescribeListeners", LoadBalancerArn=balancer[:-16] + "0123456789abcdef")
    run("elbv2", "DescribeTags", ResourceArns=[listener, simple])
    run("elbv2", "ModifyListener", ListenerArn=listener, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06")
    run("elbv2", "ModifyListener", ListenerArn=listener, SslPolicy="nothing")
    run("elbv2", "ModifyListener", ListenerArn=simple, Port=443)
    run("elbv2", "ModifyListener", ListenerArn=nobody, Port=8080)
    run("acm", "DescribeCertificate", CertificateArn=issued)
    run("elbv2", "DeleteListener", ListenerArn=simple)
    run("elbv2", "DeleteListener", ListenerArn=simple)
    run("elbv2", "DeleteLoadBalancer", LoadBalancerArn=balancer)
    run("elbv2", "DescribeListeners", ListenerArns=[listener])
    run.settle()
    run("acm", "DescribeCertificate", CertificateArn=issued)
    run("acm", "DescribeCertificate", CertificateArn=issued[:-12] + "0123456789ab")
    run("acm", "DescribeCertificate", CertificateArn="nonsense")


@script
def listener_certificates(run):
    vpc, a, b, c = network(run)
    front, = groups(run, vpc, "front")
    default, second, third = (certificate(run) for _ in range(3))
    balancer = run.client("elbv2").create_load_balancer(Name="orders", Scheme="internal", Subnets=[a, b], SecurityGroups=[front])["LoadBalancers"][0]["LoadBalancerArn"]
    run.settle()
    create = run.client("elbv2").create_listener
    listener = create(LoadBalancerArn=balancer, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": default}], SslPolicy=TLS_POLICY, DefaultActions=FIXED)["Listeners"][0]["ListenerArn"]
    simple = create(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=REDIRECT)["Listeners"][0]["ListenerArn"]
    nobody, nothing = listener[:-16] + "0123456789abcdef", default[:-12] + "0123456789ab"
    wanted = lambda *arns, of=listener: dict(ListenerArn=of, Certificates=[{"CertificateArn": arn} for arn in arns])
    run("elbv2", "DescribeListenerCertificates", ListenerArn=listener)
    run("elbv2", "DescribeListenerCertificates", ListenerArn=simple)
    run("elbv2", "DescribeListenerCertificates", ListenerArn=nobody)
    run("elbv2", "AddListenerCertificates", **wanted(second))
    run("elbv2", "AddListenerCertificates", **wanted(second))
    run("elbv2", "AddListenerCertificates", **wanted(third))
    run("elbv2", "AddListenerCertificates", **wanted(second, of=nobody))
    run("elbv2", "AddListenerCertificates", **wanted(second, of=simple))
    run("elbv2", "AddListenerCertificates", **wanted(nothing))
    run("elbv2", "AddListenerCertificates", **wanted())
    run("elbv2", "AddListenerCertificates", ListenerArn=listener, Certificates=[{"CertificateArn": second, "IsDefault": True}])
    run("elbv2", "DescribeListenerCertificates", ListenerArn=listener)
    run("elbv2", "DescribeListenerCertificates", ListenerArn=listener, PageSize=401)
    run("elbv2", "DescribeListenerCertificates", ListenerArn=listener, PageSize=0)
    run("elbv2", "DescribeListenerCertificates", ListenerArn=listener, Marker="nonsense")
    run("elbv2", "DescribeListeners", ListenerArns=[listener])
    run("elbv2", "RemoveListenerCertificates", **wanted(second))
    run("elbv2", "RemoveListenerCertificates", **wanted(second))
    run("elbv2", "RemoveListenerCertificates", **wanted(default))
    run("elbv2", "RemoveListenerCertificates", **wanted(nothing))
    run("elbv2", "RemoveListenerCertificates", **wanted(third, of=nobody))
    run("elbv2", "RemoveListenerCertificates", **wanted(third, of=simple))
    run("elbv2", "RemoveListenerCertificates", **wanted())
    run("elbv2", "DescribeListenerCertificates", ListenerArn=listener)


@script
def limits_and_policies(run):
    run("elbv2", "DescribeAccountLimits")
    run("elbv2", "DescribeAccountLimits", PageSize=401)
    run("elbv2", "DescribeAccountLimits", PageSize=0)
    run("elbv2", "DescribeAccountLimits", Marker="nonsense")
    run("elbv2", "DescribeSSLPolicies", Names=[TLS_POLICY, "ELBSecurityPolicy-2016-08"])
    run("elbv2", "DescribeSSLPolicies", Names=["nothing"])
    run("elbv2", "DescribeSSLPolicies", Names=[TLS_POLICY, "nothing"])
    run("elbv2", "DescribeSSLPolicies", PageSize=401)
    run("elbv2", "DescribeSSLPolicies", Marker="nonsense")


@script
def rules(run):
    vpc, a, b, c = network(run)
    front, = groups(run, vpc, "front")
    elb = run.client("elbv2")
    balancer = elb.create_load_balancer(Name="orders", Scheme="internal", Subnets=[a, b], SecurityGroups=[front])["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="api", TargetType="ip", Protocol="HTTPS", Port=443, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=FIXED)["Listeners"][0]["ListenerArn"]
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": [HOST]}}
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/sms", "/sms/*"]}}
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    wanted = dict(ListenerArn=listener, Priority=100, Conditions=[host, path], Actions=forward, Tags=TAGS)
    made = run("elbv2", "CreateRule", **wanted)["Rules"][0]["RuleArn"]
    run("elbv2", "CreateRule", **wanted)
    run("elbv2", "CreateRule", **{**wanted, "Priority": 7, "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{n}" for n in range(6)]}}]})
    run("elbv2", "CreateRule", **{**wanted, "Priority": 7, "Actions": [{"Type": "forward", "TargetGroupArn": group[:-16] + "0123456789abcdef"}]})
    run("elbv2", "CreateRule", **{**wanted, "Priority": 7, "ListenerArn": listener[:-16] + "0123456789abcdef"})
    guard = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-apigw-api-id", "Values": ["*"]}}
    refuse = run("elbv2", "CreateRule", ListenerArn=listener, Priority=1, Conditions=[guard], Actions=FIXED)["Rules"][0]["RuleArn"]
    rewrite = [{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/sms/(.*)$", "Replace": "/v1/$1"}]}}]
    run("elbv2", "CreateRule", ListenerArn=listener, Priority=9, Conditions=[path], Actions=forward, Transforms=rewrite)
    nobody = made[:-16] + "0123456789abcdef"
    run("elbv2", "DescribeRules", ListenerArn=listener)
    run("elbv2", "DescribeRules", RuleArns=[made])
    run("elbv2", "DescribeRules", RuleArns=[nobody])
    run("elbv2", "DescribeRules", ListenerArn=listener[:-16] + "0123456789abcdef")
    run("elbv2", "DescribeTags", ResourceArns=[made])
    run("elbv2", "ModifyRule", RuleArn=made, Conditions=[host])
    run("elbv2", "ModifyRule", RuleArn=made, Actions=FIXED)
    run("elbv2", "ModifyRule", RuleArn=nobody, Conditions=[host])
    run("elbv2", "SetRulePriorities", RulePriorities=[{"RuleArn": made, "Priority": 1}, {"RuleArn": refuse, "Priority": 100}])
    run("elbv2", "SetRulePriorities", RulePriorities=[{"RuleArn": made, "Priority": 9}])
    run("elbv2", "SetRulePriorities", RulePriorities=[{"RuleArn": nobody, "Priority": 5}])
    every = run("elbv2", "DescribeRules", ListenerArn=listener)["Rules"]
    run("elbv2", "DeleteRule", RuleArn=next(rule["RuleArn"] for rule in every if rule["IsDefault"]))
    run("elbv2", "DeleteTargetGroup", TargetGroupArn=group)
    run("elbv2", "DeleteRule", RuleArn=refuse)
    run("elbv2", "DeleteRule", RuleArn=refuse)
    run("elbv2", "DescribeRules", ListenerArn=listener)
    run("elbv2", "CreateRule", **{**wanted, "Priority": 50001})


@script
def target_groups(run):
    vpc, a, b, c = network(run)
    front, inner = groups(run, vpc, "front", "inner")
    ec2, elb = run.client("ec2"), run.client("elbv2")
    ec2.authorize_security_group_ingress(GroupId=inner, IpPermissions=[{**HTTPS, "UserIdGroupPairs": [{"GroupId": front}]}])
    vpce = ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=SERVICE, SubnetIds=[a, b], SecurityGroupIds=[inner], PrivateDnsEnabled=False)["VpcEndpoint"]["VpcEndpointId"]
    run.numbers.name("vpce", vpce)
    run.settle()
    interfaces = run("ec2", "DescribeNetworkInterfaces", Filters=[{"Name": "group-id", "Values": [inner]}])["NetworkInterfaces"]
    targets = [{"Id": interface["PrivateIpAddress"]} for interface in sorted(interfaces, key=lambda one: one["AvailabilityZone"])]
    wanted = dict(
        Name="api", TargetType="ip", Protocol="HTTPS", Port=443, VpcId=vpc, HealthCheckProtocol="HTTPS", HealthCheckPath="/ping", HealthCheckIntervalSeconds=10,
        HealthCheckTimeoutSeconds=5, HealthyThresholdCount=2, UnhealthyThresholdCount=2, Matcher={"HttpCode": "200"}, Tags=TAGS,
    )
    group = run("elbv2", "CreateTargetGroup", **wanted)["TargetGroups"][0]["TargetGroupArn"]
    run("elbv2", "CreateTargetGroup", **wanted)
    run("elbv2", "CreateTargetGroup", **{**wanted, "Port": 444})
    run("elbv2", "CreateTargetGroup", **{**wanted, "Name": "x-"})
    run("elbv2", "CreateTargetGroup", **{**wanted, "Name": "x", "VpcId": NO_VPC})
    run("elbv2", "CreateTargetGroup", **{**wanted, "Name": "x", "HealthCheckTimeoutSeconds": 10})
    function = run("elbv2", "CreateTargetGroup", Name="function", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    nobody = group[:-16] + "0123456789abcdef"
    run("elbv2", "DescribeTargetGroups", TargetGroupArns=[group])
    run("elbv2", "DescribeTargetGroups", Names=["api", "function"])
    run("elbv2", "DescribeTargetGroups", Names=["nothing"])
    run("elbv2", "DescribeTargetGroups", TargetGroupArns=[nobody])
    run("elbv2", "DescribeTags", ResourceArns=[group])
    run("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=group)
    run("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=function)
    run("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=nobody)
    run("elbv2", "ModifyTargetGroupAttributes", TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}])
    run("elbv2", "ModifyTargetGroupAttributes", TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "3601"}])
    run("elbv2", "ModifyTargetGroupAttributes", TargetGroupArn=nobody, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}])
    run("elbv2", "ModifyTargetGroup", TargetGroupArn=group, HealthCheckIntervalSeconds=20)
    run("elbv2", "ModifyTargetGroup", TargetGroupArn=nobody, HealthCheckIntervalSeconds=20)
    run("elbv2", "RegisterTargets", TargetGroupArn=group, Targets=targets)
    run("elbv2", "RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "8.8.8.8"}])
    run("elbv2", "RegisterTargets", TargetGroupArn=nobody, Targets=targets)
    run("elbv2", "DescribeTargetHealth", TargetGroupArn=group)
    run("elbv2", "DescribeTargetHealth", TargetGroupArn=group, Targets=[{"Id": "10.0.2.99"}])
    run("elbv2", "DescribeTargetHealth", TargetGroupArn=nobody)
    balancer = elb.create_load_balancer(Name="orders", Scheme="internal", Subnets=[a, b], SecurityGroups=[front])["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])["Listeners"][0]["ListenerArn"]
    run.settle()
    run("elbv2", "DescribeTargetHealth", TargetGroupArn=group)
    run("elbv2", "DescribeTargetGroups", TargetGroupArns=[group])
    run("elbv2", "ModifyTargetGroup", TargetGroupArn=group, HealthCheckPath="/other")
    run.settle()
    run("elbv2", "DescribeTargetHealth", TargetGroupArn=group)
    run("elbv2", "DeregisterTargets", TargetGroupArn=group, Targets=targets[:1])
    run("elbv2", "DeregisterTargets", TargetGroupArn=nobody, Targets=targets[:1])
    run.settle()
    run("elbv2", "DescribeTargetHealth", TargetGroupArn=group)
    run("elbv2", "DeleteTargetGroup", TargetGroupArn=group)
    elb.delete_listener(ListenerArn=listener)
    run.settle()
    run("elbv2", "DeleteTargetGroup", TargetGroupArn=group)
    run("elbv2", "DeleteTargetGroup", TargetGroupArn=group)
    run("elbv2", "ModifyTargetGroup", TargetGroupArn=function, HealthyThresholdCount=11)


@script
def rest_apis(run):
    vpc, a, b, c = network(run)
    one = endpoint(run, vpc, a)
    private = {"types": ["PRIVATE"], "vpcEndpointIds": [one]}
    made = run("apigateway", "CreateRestApi", name="orders", description="d", endpointConfiguration=private, policy=json.dumps(access(one)), tags={"hybridgw:stack": "orders"})["id"]
    run("apigateway", "CreateRestApi", name="x", policy="nonsense")
    run("apigateway", "GetRestApi", restApiId=made)
    run("apigateway", "GetRestApi", restApiId="nothing")
    run("apigateway", "GetRestApis", limit=500)
    run("apigateway", "GetRestApis", limit=501)
    run("apigateway", "GetResources", restApiId=made, embed=["methods"])
    run("apigateway", "GetResources", restApiId="nothing")
    run("apigateway", "CreateDeployment", restApiId=made)
    for op, path, value in [("replace", "/name", "orders-2"), ("replace", "/description", "e"), ("replace", "/policy", json.dumps(access(one))), ("replace", "/id", "x"), ("add", "/name", "x")]:
        run("apigateway", "UpdateRestApi", restApiId=made, patchOperations=patch(op, path, value))
    run("apigateway", "UpdateRestApi", restApiId="nothing", patchOperations=patch("replace", "/name", "x"))
    run("apigateway", "PutRestApi", restApiId=made, mode="overwrite", failOnWarnings=True, body=body(one))
    run("apigateway", "PutRestApi", restApiId=made, mode="overwrite", body=b"nonsense")
    run("apigateway", "PutRestApi", restApiId="nothing", mode="overwrite", body=body(one))
    run("apigateway", "GetRestApi", restApiId=made)
    run("apigateway", "GetResources", restApiId=made, embed=["methods"])
    arn = f"arn:aws:apigateway:{REGION}::/restapis/"
    run("apigateway", "TagResource", resourceArn=arn + made, tags={"x": "y"})
    run("apigateway", "TagResource", resourceArn=arn + "nothing", tags={"x": "y"})
    run("apigateway", "UntagResource", resourceArn=arn + made, tagKeys=["x"])
    run("apigateway", "UntagResource", resourceArn=arn + "nothing", tagKeys=["x"])
    run("apigateway", "GetRestApi", restApiId=made)
    run("apigateway", "DeleteRestApi", restApiId=made)
    run("apigateway", "DeleteRestApi", restApiId=made)
    run("apigateway", "GetRestApis")
    run("apigateway", "CreateRestApi", name="x", endpointConfiguration={"types": ["REGIONAL"], "vpcEndpointIds": [one]})


@script
def deployments(run):
    vpc, a, b, c = network(run)
    one = endpoint(run, vpc, a)
    gateway = run.client("apigateway")
    api = gateway.create_rest_api(name="orders", endpointConfiguration={"types": ["PRIVATE"], "vpcEndpointIds": [one]}, policy=json.dumps(access(one)))["id"]
    run.numbers.name("api", api)
    gateway.put_rest_api(restApiId=api, mode="overwrite", body=body(one))
    first = run("apigateway", "CreateDeployment", restApiId=api, description="first")["id"]
    second = run("apigateway", "CreateDeployment", restApiId=api, description="second")["id"]
    run("apigateway", "CreateDeployment", restApiId="nothing")
    run("apigateway", "GetDeployments", restApiId=api)
    run("apigateway", "GetDeployments", restApiId="nothing")
    run("apigateway", "CreateStage", restApiId=api, stageName="live", deploymentId=first, description="d", tags={"hybridgw:stack": "orders"})
    run("apigateway", "CreateStage", restApiId=api, stageName="live", deploymentId=first)
    run("apigateway", "GetStage", restApiId=api, stageName="live")
    run("apigateway", "GetStage", restApiId=api, stageName="nothing")
    run("apigateway", "GetStages", restApiId=api)
    run("apigateway", "GetStages", restApiId="nothing")
    run("apigateway", "DeleteDeployment", restApiId=api, deploymentId=first)
    run("apigateway", "UpdateStage", restApiId=api, stageName="live", patchOperations=patch("replace", "/deploymentId", second))
    run("apigateway", "UpdateStage", restApiId=api, stageName="live", patchOperations=patch("replace", "/deploymentId", "nothing"))
    run("apigateway", "UpdateStage", restApiId=api, stageName="nothing", patchOperations=patch("replace", "/deploymentId", second))
    run("apigateway", "DeleteDeployment", restApiId=api, deploymentId=first)
    run("apigateway", "DeleteDeployment", restApiId=api, deploymentId=first)
    run("apigateway", "DeleteStage", restApiId=api, stageName="live")
    run("apigateway", "DeleteStage", restApiId=api, stageName="live")
    run("apigateway", "GetStages", restApiId=api)
    run("apigateway", "CreateStage", restApiId=api, stageName="a b", deploymentId=second)
    run("apigateway", "CreateStage", restApiId=api, stageName="other", deploymentId="nothing")


@script
def domain_names(run):
    vpc, a, b, c = network(run)
    one, issued = endpoint(run, vpc, a), certificate(run)
    run.client("acm")
    gateway = run.client("apigateway")
    api = gateway.create_rest_api(name="orders", endpointConfiguration={"types": ["PRIVATE"], "vpcEndpointIds": [one]}, policy=json.dumps(access(one)))["id"]
    run.numbers.name("api", api)
    gateway.put_rest_api(restApiId=api, mode="overwrite", body=body(one))
    gateway.create_deployment(restApiId=api, stageName="live")
    gateway.create_deployment(restApiId=api, stageName="other")
    wanted = dict(domainName=HOST, regionalCertificateArn=issued, endpointConfiguration={"types": ["REGIONAL"]}, securityPolicy="TLS_1_2", tags={"hybridgw:stack": "orders"})
    run("apigateway", "CreateDomainName", **wanted)
    run.settle()
    run("apigateway", "CreateDomainName", **wanted)
    run("apigateway", "GetDomainNames", limit=500)
    run("apigateway", "GetDomainNames", limit=501)
    run("apigateway", "UpdateDomainName", domainName=HOST, patchOperations=patch("replace", "/regionalCertificateArn", certificate(run)))
    run.settle()
    run("apigateway", "UpdateDomainName", domainName="other.example.com", patchOperations=patch("replace", "/securityPolicy", "TLS_1_2"))
    mapping = dict(domainName=HOST, basePath="orders", restApiId=api, stage="live")
    run("apigateway", "CreateBasePathMapping", **mapping)
    run("apigateway", "CreateBasePathMapping", **mapping)
    run("apigateway", "CreateBasePathMapping", **{**mapping, "basePath": "(none)"})
    run("apigateway", "CreateBasePathMapping", **{**mapping, "basePath": "x", "stage": "nothing"})
    run("apigateway", "CreateBasePathMapping", **{**mapping, "basePath": "x", "restApiId": "nothing"})
    run("apigateway", "CreateBasePathMapping", **{**mapping, "domainName": "other.example.com"})
    run("apigateway", "GetBasePathMappings", domainName=HOST)
    run("apigateway", "GetBasePathMappings", domainName="other.example.com")
    run("apigateway", "UpdateBasePathMapping", domainName=HOST, basePath="orders", patchOperations=patch("replace", "/stage", "other"))
    run("apigateway", "UpdateBasePathMapping", domainName=HOST, basePath="orders", patchOperations=patch("replace", "/stage", "nothing"))
    run("apigateway", "UpdateBasePathMapping", domainName=HOST, basePath="nothing", patchOperations=patch("replace", "/stage", "live"))
    run("apigateway", "DeleteRestApi", restApiId=api)
    run("apigateway", "DeleteStage", restApiId=api, stageName="other")
    run("apigateway", "DeleteBasePathMapping", domainName=HOST, basePath="orders")
    run("apigateway", "DeleteBasePathMapping", domainName=HOST, basePath="orders")
    run("apigateway", "DeleteBasePathMapping", domainName=HOST, basePath="(none)")
    run("apigateway", "CreateBasePathMapping", **{**mapping, "basePath": "a/b"})
    run("apigateway", "DeleteDomainName", domainName=HOST)
    run("apigateway", "DeleteDomainName", domainName=HOST)
    run("apigateway", "GetBasePathMappings", domainName=HOST)
    run("apigateway", "GetDomainNames")
    run("apigateway", "CreateDomainName", **{**wanted, "domainName": "no name"})


@script
def records(run):
    vpc, a, b, c = network(run)
    dns = run.client("route53")
    zone = dns.create_hosted_zone(Name="corp.example.com", CallerReference="1", HostedZoneConfig={"Comment": "c", "PrivateZone": True}, VPC={"VPCRegion": REGION, "VPCId": vpc})["HostedZone"]["Id"].rpartition("/")[2]
    public = dns.create_hosted_zone(Name="example.com", CallerReference="2", HostedZoneConfig={"Comment": "c", "PrivateZone": False})["HostedZone"]["Id"].rpartition("/")[2]
    run.numbers.name("zone", zone)
    run.numbers.name("zone", public)
    run("route53", "GetHostedZone", Id=zone)
    run("route53", "GetHostedZone", Id="/hostedzone/" + public)
    run("route53", "GetHostedZone", Id="ZNOTHING")
    run("route53", "ListHostedZonesByName")
    run("route53", "ListHostedZonesByName", DNSName="corp.example.com", MaxItems="1")
    run("route53", "ListHostedZonesByName", DNSName="a..b")
    # What an alias leads to has to be there.
    elb = run.client("elbv2")
    made = [elb.create_load_balancer(Name=name, Scheme="internal", Subnets=[a, b])["LoadBalancers"][0] for name in ("orders", "billing")]
    balancer, other = (one["DNSName"] for one in made)
    for one in (balancer, other):
        run.numbers.name("balancer", one)
    front = made[0]["CanonicalHostedZoneId"]
    run.numbers.name("zone", front)

    def alias(target=balancer, health=True, name=HOST):
        return {"Name": name, "Type": "A", "AliasTarget": {"HostedZoneId": front, "DNSName": target, "EvaluateTargetHealth": health}}

    def change(*changes, place=zone):
        batch = {"Comment": "c", "Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
        return run("route53", "ChangeResourceRecordSets", HostedZoneId=place, ChangeBatch=batch)

    plain = {"Name": "plain.corp.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
    made = change(("CREATE", alias()))["ChangeInfo"]["Id"]
    run.settle()
    run("route53", "GetChange", Id=made)
    run("route53", "GetChange", Id="C0123456789ABC")
    change(("CREATE", alias()))
    change(("CREATE", plain), ("CREATE", alias()))
    change(("DELETE", alias(health=False)))
    change(("DELETE", alias("internal-x-1.eu-central-1.elb.amazonaws.com")))
    change(("DELETE", plain))
    change(("CREATE", {**plain, "Name": "plain.example.org"}))
    change(("CREATE", alias()), place="ZNOTHING")
    change(("UPSERT", alias(other)))
    change(("UPSERT", plain))
    change(("CREATE", {**plain, "Name": "*.corp.example.com"}))
    run("route53", "ListResourceRecordSets", HostedZoneId=zone)
    run("route53", "ListResourceRecordSets", HostedZoneId=zone, StartRecordName=HOST, StartRecordType="A", MaxItems="1")
    run("route53", "ListResourceRecordSets", HostedZoneId=zone, StartRecordType="A")
    run("route53", "ListResourceRecordSets", HostedZoneId="ZNOTHING")
    change(("DELETE", plain), ("DELETE", alias(other)))
    run("route53", "ListResourceRecordSets", HostedZoneId=zone)
    change(("CREATE", {**plain, "Name": "*.corp.example.com", "Type": "CNAME", "ResourceRecords": [{"Value": "x.example.com"}]}))


@script
def functions(run):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bootstrap", "")
    client, role = run.client("lambda"), f"arn:aws:iam::{run.account}:role/orders"
    client.create_function(FunctionName="orders", Runtime="provided.al2023", Handler="bootstrap", Role=role, Code={"ZipFile": buffer.getvalue()}, Tags={"a": "b"})
    run.settle()
    client.publish_version(FunctionName="orders")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    arn = f"arn:aws:lambda:{REGION}:{run.account}:function:orders"
    run("lambda", "GetFunction", FunctionName=arn)
    run("lambda", "GetFunction", FunctionName=arn + ":live")
    run("lambda", "GetFunction", FunctionName="nothing")
    run("lambda", "GetFunction", FunctionName="orders", Qualifier="nothing")
    grant = dict(FunctionName=arn, StatementId="hybridgw-1", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com", SourceArn=f"arn:aws:execute-api:{REGION}:{run.account}:abcde12345/*")
    run("lambda", "GetPolicy", FunctionName=arn)
    run("lambda", "AddPermission", **grant)
    run("lambda", "AddPermission", **grant)
    run("lambda", "AddPermission", **{**grant, "FunctionName": "nothing"})
    run("lambda", "AddPermission", **{**grant, "StatementId": "a b"})
    run("lambda", "AddPermission", **grant, Qualifier="live")
    run("lambda", "AddPermission", FunctionName=arn, StatementId="two", Action="lambda:InvokeFunction", Principal="elasticloadbalancing.amazonaws.com")
    run("lambda", "GetPolicy", FunctionName=arn)
    run("lambda", "GetPolicy", FunctionName=arn, Qualifier="live")
    run("lambda", "GetPolicy", FunctionName="nothing")
    run("lambda", "RemovePermission", FunctionName=arn, StatementId="hybridgw-1")
    run("lambda", "RemovePermission", FunctionName=arn, StatementId="hybridgw-1")
    run("lambda", "RemovePermission", FunctionName=arn, StatementId="two")
    run("lambda", "GetPolicy", FunctionName=arn)


@script
def buckets(run):
    place, name = {"LocationConstraint": REGION}, f"orders-frontend-{run.account}"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*", "Condition": {"StringEquals": {"aws:SourceVpce": NO_ENDPOINT}}}
    policy = lambda **more: json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **more}]})
    run("s3", "HeadBucket", Bucket=name)
    run("s3", "CreateBucket", Bucket="No.Name", CreateBucketConfiguration=place)
    run("s3", "CreateBucket", Bucket=name)
    run.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)
    run("s3", "CreateBucket", Bucket=name, CreateBucketConfiguration=place)
    run("s3", "HeadBucket", Bucket=name)
    run("s3", "GetBucketLocation", Bucket=name)
    run("s3", "GetBucketEncryption", Bucket=name)
    run("s3", "GetBucketEncryption", Bucket=name + "-nothing")
    run("s3", "GetBucketPolicy", Bucket=name)
    run("s3", "PutBucketPolicy", Bucket=name, Policy="{}")
    run("s3", "PutBucketPolicy", Bucket=name, Policy=policy(Resource="arn:aws:s3:::other/*"))
    run("s3", "PutBucketPolicy", Bucket=name, Policy=policy())
    run("s3", "GetBucketPolicy", Bucket=name)
    run("s3", "GetPublicAccessBlock", Bucket=name)
    run("s3", "DeleteBucketPolicy", Bucket=name)
    run("s3", "DeleteBucketPolicy", Bucket=name)
    run("s3", "DeleteBucketPolicy", Bucket=name + "-nothing")
    run("s3", "GetBucketPolicy", Bucket=name)
    run.client("s3").put_object(Bucket=name, Key="index.html", Body=b"x", ContentType="text/html")
    run("s3", "HeadObject", Bucket=name, Key="index.html")
    run("s3", "HeadObject", Bucket=name, Key="nothing")
    run("s3", "HeadObject", Bucket=name + "-nothing", Key="index.html")
    run("s3", "DeleteBucket", Bucket=name)
    run("s3", "DeleteObject", Bucket=name, Key="index.html")
    run("s3", "DeleteBucket", Bucket=name)


@script
def ways(run):
    vpc, a, b, c = network(run)
    front, inner = groups(run, vpc, "front", "inner")
    elb = run.client("elbv2")
    balancer = elb.create_load_balancer(Name="orders", Scheme="internal", Subnets=[a, b], SecurityGroups=[front])["LoadBalancers"][0]["LoadBalancerArn"]
    site = elb.create_target_group(Name="site", TargetType="ip", Protocol="HTTPS", Port=443, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=FIXED)["Listeners"][0]["ListenerArn"]
    lambdas = dict(Name="sms", TargetType="lambda", Tags=TAGS)
    sms = run("elbv2", "CreateTargetGroup", **lambdas)["TargetGroups"][0]["TargetGroupArn"]
    run("elbv2", "DescribeTargetGroups", TargetGroupArns=[sms])
    run("elbv2", "ModifyTargetGroupAttributes", TargetGroupArn=sms, Attributes=[{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}])
    run("elbv2", "RegisterTargets", TargetGroupArn=sms, Targets=[{"Id": f"arn:aws:lambda:{REGION}:{run.account}:function:nothing"}])
    run("elbv2", "ModifyTargetGroup", TargetGroupArn=sms, HealthCheckEnabled=True, HealthCheckPath="/up", HealthCheckIntervalSeconds=40)
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": [HOST]}}
    assets = {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": [r"^/app/(.*/)?[^/]*\.[^/]*$"]}}
    rewrites = [
        {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": "^.*$", "Replace": f"orders-frontend.s3.{REGION}.amazonaws.com"}]}},
        {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": r"^/app/([^?]*)(\?.*)?$", "Replace": "/$1"}]}},
    ]
    wanted = dict(ListenerArn=listener, Priority=20, Conditions=[host, assets], Actions=[{"Type": "forward", "TargetGroupArn": site}])
    rule = run("elbv2", "CreateRule", **wanted, Transforms=rewrites)["Rules"][0]["RuleArn"]
    run("elbv2", "CreateRule", **{**wanted, "Priority": 21}, Transforms=rewrites + rewrites[:1])
    slash = [{"Type": "redirect", "RedirectConfig": {"Path": "/app/", "Query": "#{query}", "StatusCode": "HTTP_302"}}]
    run("elbv2", "CreateRule", ListenerArn=listener, Priority=10, Conditions=[host, {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/app"]}}], Actions=slash)
    run("elbv2", "ModifyRule", RuleArn=rule, Transforms=rewrites[1:])
    run("elbv2", "ModifyRule", RuleArn=rule, ResetTransforms=True)
    run("elbv2", "DescribeRules", RuleArns=[rule])
    run("elbv2", "DeleteTargetGroup", TargetGroupArn=sms)
