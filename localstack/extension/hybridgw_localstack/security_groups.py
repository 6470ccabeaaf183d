"""EC2: security groups and their rules.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html (and
AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress and their egress twins).
"""

import ipaddress

from moto.ec2.models.security_groups import SecurityGroupRule

from .corrections import Call, corrects, refuse, take_filters


def _identity(rule: SecurityGroupRule) -> tuple:
    return (
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.ip_range.get("CidrIp"),
        rule.ip_range.get("CidrIpv6"),
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )


# A rule is known by protocol, ports and source; its description is no part of that. moto compares the
# whole source group with its description, and an address range with a group as equal.
SecurityGroupRule.__eq__ = lambda self, other: _identity(self) == _identity(other)
SecurityGroupRule.__hash__ = object.__hash__
# moto knows only the description of an address range.
SecurityGroupRule.description = property(
    lambda self: self.ip_range.get("Description") or self.source_group.get("Description")
)


def _rules(group) -> list[SecurityGroupRule]:
    return [*group.ingress_rules, *group.egress_rules]


def all_groups(ec2) -> list:
    return [group for groups in list(ec2.groups.values()) for group in list(groups.values())]


@corrects("ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def authorize(call: Call) -> dict:
    """All rules of the call or none. moto keeps those before the one it refuses."""
    group = _group(call)
    ingress, egress = list(group.ingress_rules), list(group.egress_rules)
    for permission in call.request.get("IpPermissions") or []:
        for pair in permission.get("UserIdGroupPairs") or []:
            if pair.get("GroupId") and call.ec2.get_security_group_from_id(pair["GroupId"]) is None:
                raise refuse("InvalidGroup.NotFound", f"The security group '{pair['GroupId']}' does not exist")
    try:
        return call.moto()
    except Exception:
        group.ingress_rules, group.egress_rules = ingress, egress
        raise


@corrects("ec2", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress")
def revoke(call: Call) -> dict:
    """A rule that is not there is InvalidPermission.NotFound; LocalStack lets that pass for egress."""
    _group(call)
    return call.moto()


def _group(call: Call):
    wanted = call.request.get("GroupId") or call.request.get("GroupName")
    group = call.ec2.get_security_group_by_name_or_id(wanted)
    if group is None:
        raise refuse("InvalidGroup.NotFound", f"The security group '{wanted}' does not exist")
    return group


@corrects("ec2", "DeleteSecurityGroup")
def delete(call: Call) -> dict:
    group = _group(call)
    if group.name == "default":
        raise refuse("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
    interfaces = [i for i in call.ec2.enis.values() if group in i.group_set]
    referring = [
        other
        for other in all_groups(call.ec2)
        if other.id != group.id and any(rule.source_group.get("GroupId") == group.id for rule in _rules(other))
    ]
    if interfaces or referring:
        raise refuse("DependencyViolation", f"resource {group.id} has a dependent object")
    return call.moto()


@corrects("ec2", "DescribeSecurityGroups")
def describe(call: Call) -> dict:
    """moto's own filters know no wildcards and no references in rules."""
    for group_id in call.request.get("GroupIds") or []:
        if call.ec2.get_security_group_from_id(group_id) is None:
            raise refuse("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
    request, wanted = take_filters(
        call.request,
        {
            "group-id": lambda g: g["GroupId"],
            "group-name": lambda g: g["GroupName"],
            "vpc-id": lambda g: g.get("VpcId"),
            "description": lambda g: g.get("Description"),
            "ip-permission.group-id": lambda g: _referred(g, "IpPermissions"),
            "egress.ip-permission.group-id": lambda g: _referred(g, "IpPermissionsEgress"),
        },
    )
    answer = call.moto(request)
    answer["SecurityGroups"] = [group for group in answer.get("SecurityGroups") or [] if wanted(group)]
    return answer


@corrects("ec2", "DescribeSecurityGroupRules")
def describe_rules(call: Call) -> dict:
    """By ``group-id``, ``security-group-rule-id`` and tags; moto knows no wildcards and no tag filters."""
    request, wanted = take_filters(
        call.request,
        {
            "group-id": lambda rule: rule["GroupId"],
            "security-group-rule-id": lambda rule: rule["SecurityGroupRuleId"],
        },
    )
    answer = call.moto(request)
    answer["SecurityGroupRules"] = [rule for rule in answer.get("SecurityGroupRules") or [] if wanted(rule)]
    return answer


def _referred(group: dict, direction: str) -> list[str]:
    return [
        pair["GroupId"]
        for permission in group.get(direction) or []
        for pair in permission.get("UserIdGroupPairs") or []
        if pair.get("GroupId")
    ]


def admits(rules: list[SecurityGroupRule], port: int, addresses: list[str], group_ids: list[str]) -> bool:
    """Do the rules let TCP to this port pass for one of the addresses or groups?"""
    for rule in rules:
        if rule.ip_protocol not in ("-1", "tcp"):
            continue
        if rule.ip_protocol == "tcp" and not int(rule.from_port) <= port <= int(rule.to_port):
            continue
        if rule.source_group.get("GroupId") in group_ids:
            return True
        cidr = rule.ip_range.get("CidrIp")
        if cidr and any(ipaddress.ip_network(a).overlaps(ipaddress.ip_network(cidr, strict=False)) for a in addresses):
            return True
    return False
