"""ELBv2: load balancers, their attributes and tags.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
and its neighbours.
"""

import random
import re

from moto.elbv2.models import FakeLoadBalancer

from .corrections import Call, corrects, refuse
from .interfaces import check_groups, make_interface, set_groups
from .listeners import relink

# https://docs.aws.amazon.com/general/latest/gr/elb.html; other regions get an invented one.
HOSTED_ZONES = {
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-north-1": "Z23TAZ6LKFMNIO",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-2": "Z1H1FL5HABSF5",
}

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
DEFAULT_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}

TAGS_PER_RESOURCE = 50
RESOURCES_PER_DESCRIBE_TAGS = 20


def interfaces_of(ec2, arn: str) -> list:
    """A load balancer's interfaces are known by their description, as people find them on AWS."""
    description = f"ELB {arn.split(':loadbalancer/')[1]}"
    return [interface for interface in ec2.enis.values() if interface.description == description]


@corrects("elbv2", "CreateLoadBalancer")
def create(call: Call) -> dict:
    """Idempotent with the same settings, refused with others. moto makes a second one of the name."""
    request = call.request
    _check_name(request["Name"])
    subnet_ids = _subnet_ids(request)
    settings = {
        "scheme": request.get("Scheme") or "internet-facing",
        "type": request.get("Type") or "application",
        "ip_address_type": request.get("IpAddressType") or "ipv4",
        "subnets": sorted(subnet_ids),
    }
    _check_subnets(call.ec2, subnet_ids)
    vpc_id = call.ec2.get_subnet(subnet_ids[0]).vpc_id
    groups = request.get("SecurityGroups") or [call.ec2.get_default_security_group(vpc_id).id]
    for balancer in call.elbv2.load_balancers.values():
        if balancer.name == request["Name"]:
            if _settings(balancer) != settings or sorted(balancer.security_groups) != sorted(groups):
                raise refuse(
                    "DuplicateLoadBalancerName",
                    f"A load balancer with the same name '{balancer.name}' exists, but with different settings",
                )
            return {"LoadBalancers": [_describe(balancer)]}
    check_groups(call.ec2, groups, vpc_id, "InvalidSecurityGroup")

    arn = call.moto()["LoadBalancers"][0]["LoadBalancerArn"]
    balancer = call.elbv2.load_balancers[arn]
    balancer.security_groups = list(groups)
    prefix = "internal-" if balancer.scheme == "internal" else ""
    number = random.randrange(10**8, 10**10)
    balancer.dns_name = f"{prefix}{balancer.name}-{number}.{call.region}.elb.amazonaws.com"
    balancer.canonical_hosted_zone_id = HOSTED_ZONES.get(call.region, "Z2P70J7EXAMPLE")
    balancer.attrs = {**DEFAULT_ATTRIBUTES, **{k: v for k, v in balancer.attrs.items() if k not in DEFAULT_ATTRIBUTES}}
    _make_interfaces(call.ec2, balancer, subnet_ids)
    return {"LoadBalancers": [_describe(balancer)]}


def _check_name(name: str) -> None:
    if not re.fullmatch(r"(?!-)(?!internal-)[A-Za-z0-9-]{1,32}(?<!-)", name):
        raise refuse(
            "ValidationError",
            f"The load balancer name '{name}' can only contain 32 characters that are alphanumeric characters or"
            " hyphens(-), and must not begin or end with a hyphen or begin with 'internal-'",
        )


def _subnet_ids(request: dict) -> list[str]:
    return [*(request.get("Subnets") or []), *(m["SubnetId"] for m in request.get("SubnetMappings") or [])]


def _check_subnets(ec2, subnet_ids: list[str]) -> None:
    subnets = []
    for subnet_id in subnet_ids:
        found = [s for zone in ec2.subnets.values() for s in zone.values() if s.id == subnet_id]
        if not found:
            raise refuse("SubnetNotFound", f"The subnet ID '{subnet_id}' is not valid")
        subnets += found
    zones = {subnet.availability_zone for subnet in subnets}
    if len(zones) < len(subnets):
        raise refuse(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    if len(zones) < 2:
        raise refuse("ValidationError", "At least two subnets in two different Availability Zones must be specified")
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise refuse("InvalidConfigurationRequest", "All subnets must belong to the same VPC")


def _settings(balancer: FakeLoadBalancer) -> dict:
    return {
        "scheme": balancer.scheme,
        "type": balancer.type,
        "ip_address_type": balancer.ip_address_type,
        "subnets": sorted(subnet.id for subnet in balancer.subnets),
    }


def _make_interfaces(ec2, balancer: FakeLoadBalancer, subnet_ids: list[str]) -> None:
    description = f"ELB {balancer.arn.split(':loadbalancer/')[1]}"
    for subnet_id in subnet_ids:
        make_interface(ec2, subnet_id, balancer.security_groups, description, "interface", "amazon-elb")


def _describe(balancer: FakeLoadBalancer) -> dict:
    return {
        "LoadBalancerArn": balancer.arn,
        "LoadBalancerName": balancer.name,
        "DNSName": balancer.dns_name,
        "CanonicalHostedZoneId": balancer.canonical_hosted_zone_id,
        "CreatedTime": balancer.created_time,
        "Scheme": balancer.scheme,
        "VpcId": balancer.vpc_id,
        "State": {"Code": balancer.state},
        "Type": balancer.type,
        "IpAddressType": balancer.ip_address_type,
        "AvailabilityZones": [{"ZoneName": s.availability_zone, "SubnetId": s.id} for s in balancer.subnets],
        "SecurityGroups": balancer.security_groups,
    }


@corrects("elbv2", "DescribeLoadBalancers")
def describe(call: Call) -> dict:
    """An ARN or name that is not there is an error. moto answers with the balancer named before it."""
    balancers = call.elbv2.load_balancers
    names = {balancer.name for balancer in balancers.values()}
    missing = [arn for arn in call.request.get("LoadBalancerArns") or [] if arn not in balancers]
    missing += [name for name in call.request.get("Names") or [] if name not in names]
    if missing:
        raise refuse("LoadBalancerNotFound", f"One or more load balancers not found: {missing}")
    return call.moto()


@corrects("elbv2", "DeleteLoadBalancer")
def delete(call: Call) -> dict:
    """Deleting what is not there succeeds; deletion protection refuses; listeners go with it."""
    balancer = call.elbv2.load_balancers.get(call.request["LoadBalancerArn"])
    if balancer is None:
        return {}
    if balancer.attrs.get("deletion_protection.enabled") == "true":
        raise refuse(
            "OperationNotPermitted",
            f"Load balancer '{balancer.arn}' cannot be deleted because deletion protection is enabled",
        )
    for interface in interfaces_of(call.ec2, balancer.arn):
        del call.ec2.enis[interface.id]
    call.moto()
    relink(call.elbv2)
    return {}


@corrects("elbv2", "SetSubnets")
def set_subnets(call: Call) -> dict:
    balancer = _balancer(call)
    subnet_ids = _subnet_ids(call.request)
    _check_subnets(call.ec2, subnet_ids)
    answer = call.moto()
    kept = set()
    for interface in interfaces_of(call.ec2, balancer.arn):
        if interface.subnet.id in subnet_ids:
            kept.add(interface.subnet.id)
        else:
            del call.ec2.enis[interface.id]
    _make_interfaces(call.ec2, balancer, [s for s in subnet_ids if s not in kept])
    return answer


@corrects("elbv2", "SetSecurityGroups")
def set_security_groups(call: Call) -> dict:
    balancer = _balancer(call)
    groups = call.request.get("SecurityGroups") or []
    check_groups(call.ec2, groups, balancer.vpc_id, "InvalidSecurityGroup")
    answer = call.moto()
    set_groups(call.ec2, [i.id for i in interfaces_of(call.ec2, balancer.arn)], groups)
    return {"SecurityGroupIds": answer.get("SecurityGroupIds") or groups}


def _balancer(call: Call) -> FakeLoadBalancer:
    balancer = call.elbv2.load_balancers.get(call.request["LoadBalancerArn"])
    if balancer is None:
        raise refuse("LoadBalancerNotFound", f"Load balancer '{call.request['LoadBalancerArn']}' not found")
    return balancer


@corrects("elbv2", "ModifyLoadBalancerAttributes")
def modify_attributes(call: Call) -> dict:
    _balancer(call)
    for item in call.request.get("Attributes") or []:
        if item["Key"] not in FakeLoadBalancer.VALID_ATTRS:
            raise refuse("ValidationError", f"Load balancer attribute key '{item['Key']}' is not recognized")
    return call.moto()


@corrects("elbv2", "AddTags")
def add_tags(call: Call) -> dict:
    """Fifty tags a resource; moto stops at ten.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-tags.html
    """
    for arn in call.request.get("ResourceArns") or []:
        call.elbv2._get_resource_by_arn(arn)
        existing = call.elbv2.tagging_service.get_tag_dict_for_resource(arn)
        if len(existing.keys() | {tag["Key"] for tag in call.request["Tags"]}) > TAGS_PER_RESOURCE:
            raise refuse("TooManyTags", "The maximum number of tags has been exceeded")
        call.elbv2.tagging_service.tag_resource(arn, call.request["Tags"])
    return {}


@corrects("elbv2", "DescribeTags")
def describe_tags(call: Call) -> dict:
    """Twenty resources a call, and each must exist; moto has no limit and no such error."""
    arns = call.request.get("ResourceArns") or []
    if len(arns) > RESOURCES_PER_DESCRIBE_TAGS:
        raise refuse("ValidationError", f"Up to {RESOURCES_PER_DESCRIBE_TAGS} resources can be described at once")
    for arn in arns:
        call.elbv2._get_resource_by_arn(arn)
    return call.moto()
