#!/usr/bin/env python3
"""Drives the served account's Route 53 by boto3.

    boto3_route53.py http://127.0.0.1:4567
"""
from boto3_common import REGION, admin, begin, check, client, end, refused, skip, status

begin()
dns = client("route53", region="us-east-1")
vpc = client("ec2", region="us-east-1").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
far = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

# --- zones ------------------------------------------------------------------------
made = status(dns.create_hosted_zone(Name="Example.com", CallerReference="1", HostedZoneConfig={"Comment": "c", "PrivateZone": False}), 201)
zone = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
check((made["HostedZone"]["Name"], made["HostedZone"]["ResourceRecordSetCount"]) == ("example.com.", 2), made)
check(len(made["DelegationSet"]["NameServers"]) == 4 and made["Location"].endswith(zone), made)
check(made["ChangeInfo"]["Status"] == "PENDING", made)
refused("HostedZoneAlreadyExists", dns.create_hosted_zone, 409, Name="other.com", CallerReference="1")
refused("InvalidDomainName", dns.create_hosted_zone, Name="a..com", CallerReference="x")
refused("InvalidInput", dns.create_hosted_zone, Name="a.com", CallerReference="x", HostedZoneConfig={"PrivateZone": True})
place = {"VPCRegion": "us-east-1", "VPCId": vpc}
refused("InvalidVPCId", dns.create_hosted_zone, Name="a.com", CallerReference="x", VPC=dict(place, VPCId="vpc-0123456789abcdef0"))
inner = dns.create_hosted_zone(Name="corp.example.com", CallerReference="2", VPC=place)
check(inner["HostedZone"]["Config"]["PrivateZone"] is True and inner["VPC"] == place, inner)
inner = inner["HostedZone"]["Id"].removeprefix("/hostedzone/")
refused("ConflictingDomainExists", dns.create_hosted_zone, Name="corp.example.com", CallerReference="3", VPC=place)
dns.associate_vpc_with_hosted_zone(HostedZoneId=inner, VPC={"VPCRegion": REGION, "VPCId": far})
refused("PublicZoneVPCAssociation", dns.associate_vpc_with_hosted_zone, HostedZoneId=zone, VPC=place)
found = dns.get_hosted_zone(Id=inner)
check({v["VPCId"] for v in found["VPCs"]} == {vpc, far} and "DelegationSet" not in found, found)
check(len(dns.get_hosted_zone(Id="/hostedzone/" + zone)["DelegationSet"]["NameServers"]) == 4)
refused("NoSuchHostedZone", dns.get_hosted_zone, 404, "No hosted zone found with ID: ZNOTHING", Id="ZNOTHING")
another = dns.create_hosted_zone(Name="aaa.net", CallerReference="4")["HostedZone"]["Id"].removeprefix("/hostedzone/")
names = [z["Name"] for z in dns.list_hosted_zones_by_name()["HostedZones"]]
check(names == ["example.com.", "corp.example.com.", "aaa.net."], names)
by_name = dns.list_hosted_zones_by_name(DNSName="corp.example.com", MaxItems="1")
check(([z["Name"] for z in by_name["HostedZones"]], by_name["IsTruncated"], by_name["NextDNSName"]) == (["corp.example.com."], True, "aaa.net."), by_name)
pages = list(dns.get_paginator("list_hosted_zones").paginate(PaginationConfig={"PageSize": 1}))
check(len(pages) == 3 and {p["HostedZones"][0]["Id"][12:] for p in pages} == {zone, inner, another}, pages)
check(dns.get_hosted_zone_count()["HostedZoneCount"] == 3)

# --- records -----------------------------------------------------------------------
nets = [client("ec2").create_subnet(VpcId=far, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=REGION + letter)["Subnet"]["SubnetId"] for n, letter in ((1, "a"), (2, "b"))]


def balancer(name):
    return client("elbv2").create_load_balancer(Name=name, Scheme="internal", Subnets=nets)["LoadBalancers"][0]["DNSName"]


LB = balancer("orders")


def alias(name="orders.example.com", target=LB, zone_id="Z215JYRZR1TBD5", health=True, kind="A"):
    return {"Name": name, "Type": kind, "AliasTarget": {"HostedZoneId": zone_id, "DNSName": target, "EvaluateTargetHealth": health}}


def plain(name, kind="A", *values, ttl=60, **extra):
    return dict({"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": v} for v in values]}, **extra)


def batch(*changes, comment="c"):
    return {"HostedZoneId": zone, "ChangeBatch": {"Comment": comment, "Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}}


def change(*changes):
    return dns.change_resource_record_sets(**batch(*changes))["ChangeInfo"]


def no(words, *changes, code="InvalidChangeBatch"):
    refused(code, dns.change_resource_record_sets, words=words, **batch(*changes))


info = change(("CREATE", alias()))
check(info["Status"] == "PENDING" and info["Comment"] == "c" and info["Id"].startswith("/change/C"), info)
check(dns.get_change(Id=info["Id"])["ChangeInfo"]["Status"] == "PENDING")
skip(36)
check(dns.get_change(Id=info["Id"])["ChangeInfo"]["Status"] == "INSYNC")
refused("NoSuchChange", dns.get_change, 404, Id="C123")
no("[name='orders.example.com.', type='A'] but it already exists", ("CREATE", alias()))
no("do not match the current values", ("DELETE", alias(health=False)))
no("do not match the current values", ("DELETE", alias(target="internal-x-1.eu-central-1.elb.amazonaws.com")))
no("but it was not found", ("DELETE", alias(name="nothing.example.com")))
no("conflicting" if False else "as it conflicts with other records", ("CREATE", plain("orders.example.com", "CNAME", "x.example.com")))
no("at apex", ("CREATE", plain("example.com", "CNAME", "x.example.com")))
no("not permitted in zone example.com.", ("CREATE", plain("example.org", "A", "10.0.0.1")))
no("not a valid IPv4", ("CREATE", plain("a.example.com", "A", "10.0.0.300")))
no("quotation marks", ("CREATE", plain("a.example.com", "TXT", "bare")))
no("does not lie within", ("CREATE", alias(name="b.example.com", target="somewhere.org")))
no("that target was not found", ("CREATE", alias(name="b.example.com", target="internal-x-1.eu-central-1.elb.amazonaws.com")))
no("that target was not found", ("CREATE", alias(name="b.example.com", target="a.example.com", zone_id=zone)))
no("Expected exactly one of", ("CREATE", {"Name": "a.example.com", "Type": "A"}), code="InvalidInput")
no("exactly one SOA", ("DELETE", next(r for r in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"] if r["Type"] == "SOA")))
no("already exists", ("CREATE", plain("new.example.com", "A", "10.0.0.1")), ("CREATE", alias()))
names = [r["Name"] for r in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]]
check("new.example.com." not in names, "all or nothing")
change(("DELETE", alias()), ("CREATE", alias(target=balancer("orders-2"))))
change(("UPSERT", alias()))
change(("CREATE", plain("*.example.com", "A", "10.0.0.2", "10.0.0.1")), ("CREATE", plain("a.example.com", "TXT", '"t"')), ("CREATE", plain("z.a.example.com", "A", "10.0.0.1")), ("CREATE", plain("a.example.com", "A", "10.0.0.1")))
change(("CREATE", alias(name="b.example.com", target="a.example.com", zone_id=zone)))
change(("CREATE", plain("w.example.com", "A", "10.0.0.1", SetIdentifier="one", Weight=1)), ("CREATE", plain("w.example.com", "A", "10.0.0.2", SetIdentifier="two", Weight=2)))
no("other RRSets exist", ("CREATE", plain("w.example.com", "A", "10.0.0.3")))
listed = [(r["Name"], r["Type"]) for r in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]]
check(listed == [
    ("example.com.", "NS"),
    ("example.com.", "SOA"),
    ("\\052.example.com.", "A"),
    ("a.example.com.", "A"),
    ("a.example.com.", "TXT"),
    ("z.a.example.com.", "A"),
    ("b.example.com.", "A"),
    ("orders.example.com.", "A"),
    ("w.example.com.", "A"),
    ("w.example.com.", "A"),
], listed)
start = dns.list_resource_record_sets(HostedZoneId=zone, StartRecordName="orders.example.com", MaxItems="1")
check((start["ResourceRecordSets"][0]["AliasTarget"]["DNSName"], start["IsTruncated"], start["NextRecordName"], start["NextRecordType"], start["NextRecordIdentifier"], start["MaxItems"]) == (LB + ".", True, "w.example.com.", "A", "one", "1"), start)
check(start["ResourceRecordSets"][0]["AliasTarget"]["EvaluateTargetHealth"] is True)
after = dns.list_resource_record_sets(HostedZoneId=zone, StartRecordName="a.example.com", StartRecordType="TXT", MaxItems="1")
check(after["ResourceRecordSets"][0]["Type"] == "TXT", after)
refused("InvalidInput", dns.list_resource_record_sets, HostedZoneId=zone, StartRecordType="A")
admin("PUT", "conditions", {"quotas": False, "page": 2})
pages = list(dns.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone))
check([(r["Name"], r["Type"]) for p in pages for r in p["ResourceRecordSets"]] == listed, "page by page")
admin("PUT", "conditions", {"quotas": False})

# --- tags, and the way down -----------------------------------------------------------
dns.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}])
dns.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, RemoveTagKeys=["c"])
tags = dns.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone)["ResourceTagSet"]
check((tags["Tags"], tags["ResourceId"]) == ([{"Key": "a", "Value": "b"}], zone), tags)
refused("NoSuchHostedZone", dns.list_tags_for_resource, ResourceType="hostedzone", ResourceId="ZNOTHING")
refused("HostedZoneNotEmpty", dns.delete_hosted_zone, Id=zone)
records = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
change(*[("DELETE", record) for record in records if record["Name"] != "example.com."])
check(dns.delete_hosted_zone(Id=zone)["ChangeInfo"]["Status"] == "PENDING")
refused("NoSuchHostedZone", dns.delete_hosted_zone, Id=zone)
refused("NoSuchHostedZone", dns.change_resource_record_sets, 404, **batch(("CREATE", alias())))
end()
