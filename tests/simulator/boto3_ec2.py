#!/usr/bin/env python3
"""Drives the served account by boto3: botocore's parser is an outside witness.

    boto3_ec2.py http://127.0.0.1:4567
"""
import json

from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

from boto3_common import REGION, admin, begin, check, client, end, refused, skip

begin()
ec2 = client("ec2")

# --- STS -------------------------------------------------------------------
identity = client("sts").get_caller_identity()
check(identity["Account"] == "111122223333", "the access key id is the account")
check(identity["Arn"] == "arn:aws:iam::111122223333:user/simulated", identity["Arn"])
check(client("sts", region="cn-north-1").get_caller_identity()["Arn"].startswith("arn:aws-cn:"), "the partition")
check(client("sts", account="AKIAX").get_caller_identity()["Account"] == "000000000000", "the account of plain keys")

# --- VPCs ------------------------------------------------------------------
refused("InvalidVpc.Range", ec2.create_vpc, CidrBlock="10.0.0.0/8")
refused("InvalidParameterValue", ec2.create_vpc, CidrBlock="10.0.0.0")
refused("DryRunOperation", ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)
refused("UnknownParameter", ec2.create_vpc, CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)
vpc = ec2.create_vpc(
    CidrBlock="10.0.1.2/16",
    TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "main & more"}]}],
)["Vpc"]
check(vpc["CidrBlock"] == "10.0.0.0/16" and vpc["State"] == "pending", vpc)
check(vpc["Tags"] == [{"Key": "Name", "Value": "main & more"}], vpc)
vpc_id = vpc["VpcId"]
other_vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
check(len(ec2.describe_vpcs()["Vpcs"]) == 2, "two VPCs")
check([v["VpcId"] for v in ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["main*"]}])["Vpcs"]] == [vpc_id], "by tag")
refused("InvalidParameterValue", ec2.describe_vpcs, Filters=[{"Name": "colour", "Values": ["red"]}])
refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=["vpc-0123456789abcdef0"])
refused("InvalidVpcID.Malformed", ec2.describe_vpcs, VpcIds=["vpc-nonsense"])
attribute = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsHostnames")
check(attribute["EnableDnsHostnames"] == {"Value": False}, attribute)
check(client("ec2", account="222233334444").describe_vpcs()["Vpcs"] == [], "another account")
check(client("ec2", region="eu-west-1").describe_vpcs()["Vpcs"] == [], "another region")

# --- subnets and zones -------------------------------------------------------
zones = ec2.describe_availability_zones()["AvailabilityZones"]
check([z["ZoneName"] for z in zones] == [f"{REGION}{l}" for l in "abc"], zones)
check(zones[0]["State"] == "available" and zones[0]["ZoneId"] == "euc1-az1", zones[0])
refused("InvalidParameterValue", ec2.create_subnet, VpcId=vpc_id, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1a")
subnets = []
for number, letter in enumerate("abc"):
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{letter}")["Subnet"]
    check(subnet["AvailableIpAddressCount"] == 251, subnet)
    subnets.append(subnet["SubnetId"])
a, b, c = subnets
also_a = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.10.0/28", AvailabilityZone=f"{REGION}a")["Subnet"]["SubnetId"]
foreign = ec2.create_subnet(VpcId=other_vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
refused("InvalidSubnet.Conflict", ec2.create_subnet, VpcId=vpc_id, CidrBlock="10.0.2.128/25")
refused("InvalidSubnet.Range", ec2.create_subnet, VpcId=vpc_id, CidrBlock="10.1.0.0/24")
refused("InvalidVpcID.NotFound", ec2.create_subnet, VpcId="vpc-0123456789abcdef0", CidrBlock="10.1.0.0/24")
check(len(ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["Subnets"]) == 4, "subnets by VPC")
check(len(ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": [f"{REGION}a"]}])["Subnets"]) == 3, "by zone")
refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc_id)

# --- security groups ---------------------------------------------------------
refused("VPCIdNotSpecified", ec2.create_security_group, GroupName="x", Description="x")
refused("InvalidParameterValue", ec2.create_security_group, GroupName="sg-x", Description="x", VpcId=vpc_id)
refused("InvalidParameterValue", ec2.create_security_group, GroupName="x", Description="übel", VpcId=vpc_id)
tags = [{"ResourceType": "security-group", "Tags": [{"Key": "hybridgw:stack", "Value": "orders"}]}]
made = ec2.create_security_group(GroupName="balancer", Description="way in", VpcId=vpc_id, TagSpecifications=tags)
balancer = made["GroupId"]
check(made["SecurityGroupArn"].endswith(f":security-group/{balancer}"), made)
duplicate = refused("InvalidGroup.Duplicate", ec2.create_security_group, GroupName="balancer", Description="x", VpcId=vpc_id)
check(len(duplicate["ResponseMetadata"]["RequestId"]) == 36, "a request id in errors")
ec2.create_security_group(GroupName="balancer", Description="same name elsewhere", VpcId=other_vpc)
endpoint_group = ec2.create_security_group(GroupName="endpoint", Description="inner door", VpcId=vpc_id)["GroupId"]
group = ec2.describe_security_groups(GroupIds=[balancer])["SecurityGroups"][0]
check(group["IpPermissions"] == [], "nothing is let in")
check(group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}], "the default egress rule")
check(group["IpPermissionsEgress"][0]["IpProtocol"] == "-1" and "FromPort" not in group["IpPermissionsEgress"][0], group)
refused("InvalidGroup.NotFound", ec2.describe_security_groups, GroupIds=["sg-0123456789abcdef0"])
refused("InvalidGroupId.Malformed", ec2.describe_security_groups, GroupIds=["sg-x"])
found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["balancer"]}, {"Name": "vpc-id", "Values": [vpc_id]}])
check([g["GroupId"] for g in found["SecurityGroups"]] == [balancer], found)

https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
clients = dict(https, IpRanges=[{"CidrIp": "10.1.2.3/8", "Description": "clients"}])
to_endpoint = dict(https, UserIdGroupPairs=[{"GroupId": endpoint_group}])
from_balancer = dict(https, UserIdGroupPairs=[{"GroupId": balancer, "Description": "the balancer"}])
rules = ec2.authorize_security_group_ingress(
    GroupId=balancer,
    IpPermissions=[clients],
    TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": [{"Key": "k", "Value": "v"}]}],
)["SecurityGroupRules"]
check(rules[0]["CidrIpv4"] == "10.0.0.0/8" and rules[0]["IsEgress"] is False and rules[0]["Tags"] == [{"Key": "k", "Value": "v"}], rules)
refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=balancer, IpPermissions=[dict(clients, IpProtocol="6")])
refused("InvalidParameterValue", ec2.authorize_security_group_ingress, GroupId=balancer, IpPermissions=[dict(https, IpRanges=[{"CidrIp": "10.0.0.0/33"}])])
refused("InvalidParameterValue", ec2.authorize_security_group_ingress, GroupId=balancer, IpPermissions=[{"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
refused("InvalidGroup.NotFound", ec2.authorize_security_group_ingress, GroupId=balancer, IpPermissions=[dict(https, UserIdGroupPairs=[{"GroupId": "sg-0123456789abcdef0"}])])
refused("MissingParameter", ec2.authorize_security_group_ingress, GroupId=balancer)
ec2.authorize_security_group_egress(GroupId=balancer, IpPermissions=[to_endpoint])
ec2.authorize_security_group_ingress(GroupId=endpoint_group, IpPermissions=[from_balancer])
everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
revoked = ec2.revoke_security_group_egress(GroupId=balancer, IpPermissions=[everything])
check(revoked["RevokedSecurityGroupRules"][0]["CidrIpv4"] == "0.0.0.0/0", revoked)
refused("InvalidPermission.NotFound", ec2.revoke_security_group_egress, GroupId=balancer, IpPermissions=[everything])
group = ec2.describe_security_groups(GroupIds=[endpoint_group])["SecurityGroups"][0]
check(group["IpPermissions"][0]["UserIdGroupPairs"] == [{"Description": "the balancer", "UserId": "111122223333", "GroupId": balancer}], group)
naming = ec2.describe_security_groups(Filters=[{"Name": "egress.ip-permission.group-id", "Values": [endpoint_group]}])
check([g["GroupId"] for g in naming["SecurityGroups"]] == [balancer], naming)
listed = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [balancer]}])["SecurityGroupRules"]
check(len(listed) == 2, listed)
inbound = next(rule for rule in listed if not rule["IsEgress"])
outbound = next(rule for rule in listed if rule["IsEgress"])
check(outbound["ReferencedGroupInfo"]["GroupId"] == endpoint_group, outbound)
ec2.modify_security_group_rules(
    GroupId=balancer,
    SecurityGroupRules=[{"SecurityGroupRuleId": inbound["SecurityGroupRuleId"], "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "172.16.0.0/12"}}],
)
ec2.update_security_group_rule_descriptions_ingress(
    GroupId=balancer, SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": inbound["SecurityGroupRuleId"], "Description": "anew"}]
)
rule = ec2.describe_security_group_rules(SecurityGroupRuleIds=[inbound["SecurityGroupRuleId"]])["SecurityGroupRules"][0]
check((rule["CidrIpv4"], rule["Description"]) == ("172.16.0.0/12", "anew"), rule)
refused("InvalidSecurityGroupRuleId.NotFound", ec2.revoke_security_group_ingress, GroupId=balancer, SecurityGroupRuleIds=["sgr-0123456789abcdef0"])
refused("DependencyViolation", ec2.delete_security_group, GroupId=endpoint_group)
default = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}, {"Name": "vpc-id", "Values": [vpc_id]}])["SecurityGroups"][0]
refused("CannotDelete", ec2.delete_security_group, GroupId=default["GroupId"])

# --- endpoints ---------------------------------------------------------------
SERVICE = f"com.amazonaws.{REGION}.execute-api"
services = ec2.describe_vpc_endpoint_services(ServiceNames=[SERVICE])
check(services["ServiceDetails"][0]["AvailabilityZones"] == [z["ZoneName"] for z in zones], services)
check(services["ServiceDetails"][0]["ServiceType"] == [{"ServiceType": "Interface"}], services)
refused("InvalidServiceName", ec2.describe_vpc_endpoint_services, ServiceNames=["com.amazonaws.eu-central-1.nothing"])
east = client("ec2", region="us-east-1").describe_vpc_endpoint_services(ServiceNames=["com.amazonaws.us-east-1.execute-api"])
check(len(east["ServiceDetails"][0]["AvailabilityZones"]) == 5, "a zone that does not offer the service")

wanted = dict(VpcEndpointType="Interface", VpcId=vpc_id, ServiceName=SERVICE, PrivateDnsEnabled=False, SubnetIds=[a, b], SecurityGroupIds=[endpoint_group])
refused("InvalidVpcId.NotFound", ec2.create_vpc_endpoint, **dict(wanted, VpcId="vpc-0123456789abcdef0"))
refused("InvalidServiceName", ec2.create_vpc_endpoint, **dict(wanted, ServiceName=SERVICE + "s"))
refused("InvalidSubnetId.NotFound", ec2.create_vpc_endpoint, **dict(wanted, SubnetIds=["subnet-0123456789abcdef0"]))
refused("InvalidParameter", ec2.create_vpc_endpoint, **dict(wanted, SubnetIds=[foreign]))
refused("DuplicateSubnetsInSameZone", ec2.create_vpc_endpoint, **dict(wanted, SubnetIds=[a, also_a]))
refused("InvalidGroup.NotFound", ec2.create_vpc_endpoint, **dict(wanted, SecurityGroupIds=["sg-0123456789abcdef0"]))
refused("InvalidPolicyDocument", ec2.create_vpc_endpoint, **dict(wanted, PolicyDocument="{}"))
refused("InvalidParameter", ec2.create_vpc_endpoint, **dict(wanted, PrivateDnsEnabled=True))
refused("InvalidParameterValue", ec2.create_vpc_endpoint, **wanted, SubnetConfigurations=[{"SubnetId": a, "Ipv4": "10.0.1.9"}])
refused("InvalidParameterValue", ec2.create_vpc_endpoint, **wanted, SubnetConfigurations=[{"SubnetId": a, "Ipv4": "10.0.0.3"}])
refused("InvalidParameterValue", ec2.create_vpc_endpoint, **wanted, TagSpecifications=tags)

tagged = dict(wanted, TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "hybridgw:stack", "Value": "orders"}]}])
made = ec2.create_vpc_endpoint(ClientToken="token-1", **tagged)
endpoint = made["VpcEndpoint"]["VpcEndpointId"]
check(made["VpcEndpoint"]["State"] == "pending" and made["ClientToken"] == "token-1", made)
check(ec2.create_vpc_endpoint(ClientToken="token-1", **tagged)["VpcEndpoint"]["VpcEndpointId"] == endpoint, "a token repeats its answer")
refused("IdempotentParameterMismatch", ec2.create_vpc_endpoint, ClientToken="token-1", **dict(tagged, SubnetIds=[a]))
check(made["VpcEndpoint"]["NetworkInterfaceIds"] == [], "interfaces show later")
refused("IncorrectState", ec2.modify_vpc_endpoint, VpcEndpointId=endpoint, AddSubnetIds=[c])
refused("DependencyViolation", ec2.delete_subnet, SubnetId=a)
skip(15)
described = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
check(described["State"] == "pending" and len(described["NetworkInterfaceIds"]) == 2, described)
interfaces = ec2.describe_network_interfaces(NetworkInterfaceIds=described["NetworkInterfaceIds"])["NetworkInterfaces"]
for interface in interfaces:
    place = {a: "10.0.0.", b: "10.0.1."}[interface["SubnetId"]]
    check(interface["PrivateIpAddress"].startswith(place), interface)
    check(interface["InterfaceType"] == "vpc_endpoint" and interface["RequesterManaged"], interface)
    check(interface["Groups"] == [{"GroupId": endpoint_group, "GroupName": "endpoint"}], interface)
    check(interface["Description"] == f"VPC Endpoint Interface {endpoint}", interface)
skip(80)
described = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-endpoint-state", "Values": ["available"]}, {"Name": "tag:hybridgw:stack", "Values": ["orders"]}])["VpcEndpoints"]
check([e["VpcEndpointId"] for e in described] == [endpoint], described)
check(described[0]["DnsEntries"][0]["DnsName"].startswith(endpoint + "-") and len(described[0]["DnsEntries"]) == 3, described[0]["DnsEntries"])
check(json.loads(described[0]["PolicyDocument"])["Statement"][0]["Effect"] == "Allow", described)

before = {i["SubnetId"]: i["PrivateIpAddress"] for i in interfaces}
ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=[c], RemoveSubnetIds=[a])
check(ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"] == "pending", "a change takes time")
skip(60)
interfaces = ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": [f"VPC Endpoint Interface {endpoint}"]}])["NetworkInterfaces"]
after = {i["SubnetId"]: i["PrivateIpAddress"] for i in interfaces}
check(set(after) == {b, c} and after[b] == before[b], after)
ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, SubnetConfigurations=[{"SubnetId": b, "Ipv4": "10.0.1.77"}])
skip(60)
pinned = ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [b]}])["NetworkInterfaces"]
check([i["PrivateIpAddress"] for i in pinned] == ["10.0.1.77"], pinned)
policy = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]})
ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=policy)
check(ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["PolicyDocument"] == policy, "the policy as given")
moved = admin("POST", "replace-interface", {"account": "111122223333", "region": REGION, "interface": pinned[0]["NetworkInterfaceId"]})
check(moved["interface"] in ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["NetworkInterfaceIds"], "AWS moves an interface")

for name in ("EnableDnsSupport", "EnableDnsHostnames"):
    ec2.modify_vpc_attribute(VpcId=vpc_id, **{name: {"Value": True}})
dns = ec2.create_vpc_endpoint(**dict(wanted, PrivateDnsEnabled=True, SubnetIds=[a]))["VpcEndpoint"]
check(any(e["DnsName"] == f"execute-api.{REGION}.amazonaws.com" for e in dns["DnsEntries"]), dns["DnsEntries"])
conflict = refused("InvalidParameter", ec2.create_vpc_endpoint, **dict(wanted, PrivateDnsEnabled=True))
check("conflicting DNS domain" in str(conflict), str(conflict))

# --- tags and pages ----------------------------------------------------------
ec2.create_tags(Resources=[vpc_id, a], Tags=[{"Key": "env", "Value": "dev"}])
refused("InvalidParameterValue", ec2.create_tags, Resources=[vpc_id], Tags=[{"Key": "aws:x", "Value": "y"}])
refused("InvalidID", ec2.create_tags, Resources=["nonsense"], Tags=[{"Key": "x", "Value": "y"}])
found = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["env"]}])["Tags"]
check({t["ResourceType"] for t in found} == {"vpc", "subnet"}, found)
ec2.delete_tags(Resources=[vpc_id, a], Tags=[{"Key": "env"}])
check(ec2.describe_tags(Filters=[{"Name": "key", "Values": ["env"]}])["Tags"] == [], "tags are gone")
refused("InvalidParameterValue", ec2.describe_tags, MaxResults=2)
refused("InvalidNextToken", ec2.describe_subnets, NextToken="x")
admin("PUT", "conditions", {"quotas": False, "page": 1})
pages = list(ec2.get_paginator("describe_subnets").paginate())
check(len(pages) == 5 and len({p["Subnets"][0]["SubnetId"] for p in pages}) == 5, "page by page")
pages = list(ec2.get_paginator("describe_vpc_endpoints").paginate())
check(len(pages) == 2, "endpoints page by page")
admin("PUT", "conditions", {"quotas": False})
attributes = ec2.describe_account_attributes(AttributeNames=["supported-platforms"])["AccountAttributes"]
check(attributes[0]["AttributeValues"] == [{"AttributeValue": "VPC"}], attributes)
refused("InvalidAction", ec2.describe_instances)
refused("InvalidAction", client("rds").describe_db_instances)

# --- prefix lists ------------------------------------------------------------
clients = ec2.create_managed_prefix_list(PrefixListName="clients", AddressFamily="IPv4", MaxEntries=2, Entries=[{"Cidr": "10.0.0.0/8", "Description": "all"}])
clients = clients["PrefixList"]["PrefixListId"]
change = dict(PrefixListId=clients, AddEntries=[{"Cidr": "10.1.0.0/16"}], RemoveEntries=[{"Cidr": "10.0.0.0/8"}])
refused("PrefixListVersionMismatch", ec2.modify_managed_prefix_list, CurrentVersion=2, **change)
changed = ec2.modify_managed_prefix_list(CurrentVersion=1, **change)["PrefixList"]
check((changed["Version"], changed["State"]) == (2, "modify-complete"), changed)
check(ec2.get_managed_prefix_list_entries(PrefixListId=clients)["Entries"] == [{"Cidr": "10.1.0.0/16"}], "another entry")
ec2.delete_managed_prefix_list(PrefixListId=clients)

# --- the way down ------------------------------------------------------------
answer = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint, dns["VpcEndpointId"], "vpce-0123456789abcdef0"])
check([u["ResourceId"] for u in answer["Unsuccessful"]] == ["vpce-0123456789abcdef0"], answer)
check(answer["Unsuccessful"][0]["Error"]["Code"] == "InvalidVpcEndpoint.NotFound", answer)
check(ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"] == "deleting", "deleting takes time")
ec2.revoke_security_group_egress(GroupId=balancer, SecurityGroupRuleIds=[outbound["SecurityGroupRuleId"]])
refused("DependencyViolation", ec2.delete_security_group, GroupId=endpoint_group)
skip(62)
check(ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"] == "deleted", "for a while")
refused("DependencyViolation", ec2.delete_security_group, GroupId=endpoint_group)
skip(12)
check(ec2.describe_network_interfaces()["NetworkInterfaces"] == [], "interfaces are gone")
ghost = ec2.create_vpc_endpoint(ClientToken="token-1", **tagged)["VpcEndpoint"]
check((ghost["VpcEndpointId"], ghost["State"]) == (endpoint, "deleted"), ghost)
skip(20)
refused("InvalidVpcEndpointId.NotFound", ec2.describe_vpc_endpoints, VpcEndpointIds=[endpoint])
ec2.delete_security_group(GroupId=endpoint_group)
ec2.delete_security_group(GroupId=balancer)
refused("InvalidGroup.NotFound", ec2.delete_security_group, GroupId=balancer)
for subnet in (*subnets, also_a):
    ec2.delete_subnet(SubnetId=subnet)
refused("InvalidSubnetID.NotFound", ec2.delete_subnet, SubnetId=a)
ec2.delete_vpc(VpcId=vpc_id)
refused("InvalidVpcID.NotFound", ec2.delete_vpc, VpcId=vpc_id)

# --- faults, quotas, lag -----------------------------------------------------
admin("PUT", "faults", [{"operation": "ec2:CreateVpc", "calls": [1], "then": "drop-reply"}])
count = len(ec2.describe_vpcs()["Vpcs"])
try:
    ec2.create_vpc(CidrBlock="10.20.0.0/16")
    raise SystemExit("the reply was to be lost")
except (ConnectionClosedError, EndpointConnectionError):
    check(len(ec2.describe_vpcs()["Vpcs"]) == count + 1, "applied, and the reply lost")
admin("PUT", "faults", [{"operation": "ec2:CreateVpc", "calls": [1], "then": "drop-request"}])
check("VpcId" in client("ec2", attempts=3).create_vpc(CidrBlock="10.21.0.0/16")["Vpc"], "a lost request is repeated")
check(len(ec2.describe_vpcs()["Vpcs"]) == count + 2, "and made once")
admin("PUT", "faults", [{"operation": "ec2:DescribeVpcs", "then": {"refuse": {"code": "UnauthorizedOperation", "status": 403}}}])
refused("UnauthorizedOperation", ec2.describe_vpcs)
admin("PUT", "conditions", {"lag": [{"operation": "ec2:DescribeVpcs", "seconds": 30}]})
late = ec2.create_vpc(CidrBlock="10.22.0.0/16")["Vpc"]["VpcId"]
refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[late])
skip(31)
check(len(ec2.describe_vpcs(VpcIds=[late])["Vpcs"]) == 1, "seen in the end")
admin("PUT", "conditions", {})
for _ in range(4):
    refused("InvalidVpcEndpointId.NotFound", ec2.modify_vpc_endpoint, VpcEndpointId=endpoint)
refused("RequestLimitExceeded", ec2.modify_vpc_endpoint, VpcEndpointId=endpoint)
journal = admin("GET", "journal")
check(journal[-1]["operation"] == "ec2:ModifyVpcEndpoint" and journal[-1]["outcome"] == "RequestLimitExceeded", journal[-1])
end()
