"""ELBv2: target groups, targets and their health.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html,
API_RegisterTargets.html, API_TargetHealth.html and their neighbours.
"""

import ipaddress
import json
from fnmatch import fnmatchcase
from typing import NamedTuple

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to

from .balancers import interfaces_of
from .corrections import Call, corrects, refuse
from .security_groups import admits

# What an ip target may be outside of the VPC.
PRIVATE_RANGES = [ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
# API Gateway answers these for itself; any other path without a known host is forbidden.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
HEALTH_PATHS = ("/ping", "/sping")


class Health(NamedTuple):
    state: str
    reason: str | None = None
    description: str | None = None


@corrects("elbv2", "CreateTargetGroup")
def create(call: Call) -> dict:
    """Idempotent with the same settings. moto refuses every second call of a name."""
    settings = {key: value for key, value in call.request.items() if key not in ("Name", "Tags")}
    for group in call.elbv2.target_groups.values():
        if group.name == call.request["Name"]:
            if getattr(group, "hybridgw_request", None) != settings:
                raise refuse(
                    "DuplicateTargetGroupName",
                    f"A target group with the same name '{group.name}' exists, but with different settings",
                )
            return {"TargetGroups": [_describe(group)]}
    answer = call.moto()
    group = call.elbv2.target_groups[answer["TargetGroups"][0]["TargetGroupArn"]]
    group.hybridgw_request = settings
    # moto keeps counts as it read them; compared with numbers they would always differ.
    group.healthy_threshold_count = int(group.healthy_threshold_count)
    group.unhealthy_threshold_count = int(group.unhealthy_threshold_count)
    return {"TargetGroups": [_describe(group)]}


def _describe(group) -> dict:
    described = {
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        "TargetType": group.target_type,
        "HealthCheckEnabled": group.health_check_enabled,
        "HealthCheckIntervalSeconds": int(group.health_check_interval_seconds),
        "HealthCheckTimeoutSeconds": int(group.health_check_timeout_seconds),
        "HealthyThresholdCount": int(group.healthy_threshold_count),
        "UnhealthyThresholdCount": int(group.unhealthy_threshold_count),
        "HealthCheckPath": group.health_check_path,
        "Matcher": getattr(group, "matcher", None),
        "LoadBalancerArns": group.load_balancer_arns,
        "IpAddressType": group.ip_address_type,
    }
    if group.target_type != "lambda":
        described |= {
            "Protocol": group.protocol,
            "ProtocolVersion": group.protocol_version,
            "Port": int(group.port),
            "VpcId": group.vpc_id,
            "HealthCheckProtocol": group.health_check_protocol,
            "HealthCheckPort": str(group.health_check_port),
        }
    return {key: value for key, value in described.items() if value is not None}


@corrects("elbv2", "ModifyTargetGroup")
def modify(call: Call) -> dict:
    call.moto()
    group = call.elbv2.target_groups[call.request["TargetGroupArn"]]
    changed = {key: value for key, value in call.request.items() if key != "TargetGroupArn"}
    group.hybridgw_request = {**getattr(group, "hybridgw_request", {}), **changed}
    return {"TargetGroups": [_describe(group)]}


@corrects("elbv2", "DescribeTargetGroups")
def describe(call: Call) -> dict:
    answer = call.moto()
    groups = [call.elbv2.target_groups[g["TargetGroupArn"]] for g in answer.get("TargetGroups") or []]
    return {**answer, "TargetGroups": [_describe(group) for group in groups]}


@corrects("elbv2", "ModifyTargetGroupAttributes")
def modify_attributes(call: Call) -> dict:
    call.moto()
    group = call.elbv2.target_groups[call.request["TargetGroupArn"]]
    return {"Attributes": [{"Key": key, "Value": str(value)} for key, value in group.attributes.items()]}


def _group(call: Call):
    group = call.elbv2.target_groups.get(call.request["TargetGroupArn"])
    if group is None:
        raise refuse("TargetGroupNotFound", f"Target groups '{call.request['TargetGroupArn']}' not found")
    return group


@corrects("elbv2", "RegisterTargets")
def register(call: Call) -> dict:
    group = _group(call)
    if group.target_type == "ip":
        for target in call.request["Targets"]:
            _check_address(call.ec2, group.vpc_id, target)
    if group.target_type == "lambda":
        _check_function(call, group, [target["Id"] for target in call.request["Targets"]])
    return call.moto()


def _check_function(call: Call, group, functions: list[str]) -> None:
    """One function a group, and it must let the balancer invoke it for this group.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """
    if len({*group.targets, *functions}) > 1:
        raise refuse("TooManyTargets", "A target group of type 'lambda' has one target")
    for function in functions:
        if not _may_invoke(call, function, group.arn):
            raise refuse(
                "AccessDenied",
                f"elasticloadbalancing principal does not have permission to invoke {function}"
                f" from target group {group.arn}",
                403,
            )


def _may_invoke(call: Call, function: str, group_arn: str) -> bool:
    client = connect_to(aws_access_key_id=call.account, region_name=call.region).lambda_
    try:
        # The ARN's own alias or version is the one that is asked.
        statements = json.loads(client.get_policy(FunctionName=function)["Policy"])["Statement"]
    except ClientError:
        return False
    for statement in statements:
        source = ((statement.get("Condition") or {}).get("ArnLike") or {}).get("AWS:SourceArn", "*")
        principal = statement["Principal"]
        named = principal == "*" or principal.get("Service") == "elasticloadbalancing.amazonaws.com"
        if named and fnmatchcase(group_arn, source) and fnmatchcase("lambda:InvokeFunction", statement["Action"]):
            return True
    return False


def _check_address(ec2, vpc_id: str, target: dict) -> None:
    """Addresses of the VPC, or private ones elsewhere, which need the zone ``all``."""
    try:
        address = ipaddress.ip_address(target["Id"])
    except ValueError:
        raise refuse("ValidationError", f"'{target['Id']}' is not a valid IPv4 or IPv6 address") from None
    ranges = [ipaddress.ip_network(a["cidr_block"]) for a in ec2.get_vpc(vpc_id).cidr_block_association_set]
    if any(address in network for network in ranges):
        return
    if not any(address in network for network in PRIVATE_RANGES):
        raise refuse("InvalidTarget", f"The IP address '{address}' is not a valid target: it is public")
    if target.get("AvailabilityZone") != "all":
        raise refuse(
            "InvalidTarget", f"The IP address '{address}' is outside of the VPC: its Availability Zone must be 'all'"
        )


@corrects("elbv2", "DeregisterTargets")
def deregister(call: Call) -> dict:
    """What is not registered is no error here, as documented; moto raises InvalidTarget."""
    group = _group(call)
    for target in call.request["Targets"]:
        gone = group.targets.pop(target["Id"], None)
        if gone:
            group.deregistered_targets[target["Id"]] = gone
    return {}


@corrects("elbv2", "DescribeTargetHealth")
def describe_health(call: Call) -> dict:
    group = _group(call)
    wanted = call.request.get("Targets") or list(group.targets.values())
    descriptions = []
    for item in wanted:
        target = group.targets.get(item["Id"])
        if target is None:
            found = Health("unused", "Target.NotRegistered", "Target is not registered to the target group")
            target = {"Id": item["Id"], "Port": item.get("Port") or group.port}
        else:
            found = health(call.ec2, call.elbv2, group, target)
        descriptions.append(_describe_health(call.ec2, group, target, found))
    return {"TargetHealthDescriptions": descriptions}


def _describe_health(ec2, group, target: dict, found: Health) -> dict:
    shown = {"Id": target["Id"]}
    answer = {"Target": shown, "TargetHealth": {"State": found.state}}
    if found.reason:
        answer["TargetHealth"] |= {"Reason": found.reason, "Description": found.description}
    if group.target_type == "ip":
        shown["Port"] = int(target["Port"])
        shown["AvailabilityZone"] = _zone(ec2, group.vpc_id, target["Id"])
        answer["HealthCheckPort"] = str(target["Port"])
    return answer


def _zone(ec2, vpc_id: str, address: str) -> str:
    for zone in ec2.subnets.values():
        for subnet in zone.values():
            if subnet.vpc_id == vpc_id and ipaddress.ip_address(address) in ipaddress.ip_network(subnet.cidr_block):
                return subnet.availability_zone
    return "all"


def endpoint_at(ec2, vpc_id: str, address: str):
    """The endpoint whose interface has this address, and the interface."""
    for endpoint in ec2.vpc_end_points.values():
        for interface_id in endpoint.network_interface_ids if endpoint.vpc_id == vpc_id else []:
            interface = ec2.enis.get(interface_id)
            if interface is not None and interface.private_ip_address == address:
                return endpoint, interface
    return None, None


def health(ec2, elbv2, group, target: dict) -> Health:
    """What the balancer finds when it asks: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"""
    balancers = [b for b in elbv2.load_balancers.values() if b.arn in group.load_balancer_arns]
    if not balancers:
        return Health(
            "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
        )
    if not group.health_check_enabled or group.target_type == "lambda":
        return Health("unavailable", "Target.HealthCheckDisabled", "Health checks are not enabled for this target")
    endpoint, interface = endpoint_at(ec2, group.vpc_id, target["Id"])
    timeout = Health("unhealthy", "Target.Timeout", "Request timed out")
    if endpoint is None or not _reachable(ec2, balancers[0], interface, int(target["Port"])):
        return timeout
    if endpoint.service_name.endswith(".execute-api"):
        code = 200 if (group.health_check_path or "/").split("?")[0] in HEALTH_PATHS else 403
    elif endpoint.service_name.endswith(".s3"):
        # AWS's blog on load balancers and S3 behind PrivateLink: matcher 307,405. 403 elsewhere is an assumption.
        code = 307 if (group.health_check_path or "/").split("?")[0] == "/" else 403
    else:
        return Health("healthy")
    if not _matches((group.matcher or {}).get("HttpCode") or "200", code):
        return Health("unhealthy", "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{code}]")
    return Health("healthy")


def _reachable(ec2, balancer, interface, port: int) -> bool:
    """Out of the balancer's groups and into the interface's. An endpoint listens on 443 only."""
    if port != 443:
        return False
    sources = [i.private_ip_address for i in interfaces_of(ec2, balancer.arn)]
    ours = [ec2.get_security_group_from_id(group_id) for group_id in balancer.security_groups]
    theirs = list(interface.group_set)
    leaves = admits(
        [r for g in ours if g for r in g.egress_rules], port, [interface.private_ip_address], [g.id for g in theirs]
    )
    enters = admits([r for g in theirs for r in g.ingress_rules], port, sources, [g.id for g in ours if g])
    return leaves and enters


def _matches(matcher: str, code: int) -> bool:
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= code <= int(high or low):
            return True
    return False
