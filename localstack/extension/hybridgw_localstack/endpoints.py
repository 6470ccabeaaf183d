"""EC2: VPC endpoints.

Sources: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html (and
Modify, Delete, Describe), https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html
"""

import json

from .corrections import Call, corrects, refuse, take_filters
from .interfaces import check_groups, make_interface, set_groups

# What an endpoint has when no policy was given; AWS writes it without a version.
DEFAULT_POLICY = json.dumps({"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]})


def is_interface(endpoint) -> bool:
    return (endpoint.vpc_endpoint_type or "").lower() == "interface"


@corrects("ec2", "CreateVpcEndpoint")
def create(call: Call) -> dict:
    request = call.request
    interface = (request.get("VpcEndpointType") or "Gateway").lower() == "interface"
    if existing := _by_token(call.ec2, request):
        return {"VpcEndpoint": _describe(call, existing.id), "ClientToken": request["ClientToken"]}
    call.ec2.get_vpc(request["VpcId"])
    if interface:
        _check_subnets(call.ec2, request.get("SubnetIds") or [], request["VpcId"])
        check_groups(call.ec2, request.get("SecurityGroupIds") or [], request["VpcId"])
        # Documented default: true.
        if request.get("PrivateDnsEnabled", True):
            _check_private_dns(call.ec2, request["VpcId"], request["ServiceName"])
    _check_policy(request.get("PolicyDocument"))

    without_subnets = {k: v for k, v in request.items() if k not in ("SubnetIds", "SubnetConfigurations", "DryRun")}
    made = call.moto(without_subnets if interface else None)["VpcEndpoint"]
    endpoint = call.ec2.vpc_end_points[made["VpcEndpointId"]]
    endpoint.hybridgw_request = _identity(request)
    if not request.get("PolicyDocument"):
        endpoint.policy_document = DEFAULT_POLICY
    if interface:
        if not endpoint.security_group_ids:
            endpoint.security_group_ids = [call.ec2.get_default_security_group(endpoint.vpc_id).id]
        endpoint.subnet_ids = []
        try:
            _add_subnets(call.ec2, endpoint, request.get("SubnetIds") or [], request.get("SubnetConfigurations") or [])
        except Exception:
            _remove(call.ec2, endpoint)  # a refused call leaves nothing behind
            raise
    answer = {"VpcEndpoint": _describe(call, endpoint.id)}
    if request.get("ClientToken"):
        answer["ClientToken"] = request["ClientToken"]
    return answer


def _identity(request: dict) -> dict:
    return {key: value for key, value in request.items() if key not in ("ClientToken", "DryRun")}


def _by_token(ec2, request: dict):
    """The same token asks for the same endpoint; other parameters with it are a mistake.

    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    """
    token = request.get("ClientToken")
    for endpoint in ec2.vpc_end_points.values():
        if token and endpoint.client_token == token:
            if endpoint.hybridgw_request != _identity(request):
                raise refuse("IdempotentParameterMismatch", "The client token was used with other parameters")
            return endpoint
    return None


def _check_subnets(ec2, subnet_ids: list[str], vpc_id: str, already: tuple[str, ...] = ()) -> None:
    zones = {ec2.get_subnet(subnet_id).availability_zone for subnet_id in already}
    for subnet_id in subnet_ids:
        subnet = ec2.get_subnet(subnet_id)
        if subnet.vpc_id != vpc_id:
            raise refuse("InvalidParameter", f"The subnet {subnet_id} is not in VPC {vpc_id}")
        if subnet.availability_zone in zones:
            raise refuse(
                "DuplicateSubnetsInSameZone",
                f"Found another VPC endpoint subnet in the availability zone of {subnet_id}.",
            )
        zones.add(subnet.availability_zone)


def _check_private_dns(ec2, vpc_id: str, service: str, but: str = "") -> None:
    vpc = ec2.get_vpc(vpc_id)
    if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        raise refuse(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true"
            f" for {vpc_id}",
        )
    for other in ec2.vpc_end_points.values():
        if (other.vpc_id, other.service_name) == (vpc_id, service) and other.private_dns_enabled and other.id != but:
            raise refuse(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for"
                f" {service.split('.')[-1]}.{ec2.region_name}.amazonaws.com in the VPC {vpc_id}",
            )


def _check_policy(document: str | None) -> None:
    if not document:
        return
    try:
        parsed = json.loads(document)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict) or "Statement" not in parsed:
        raise refuse("InvalidPolicyDocument", "The policy document is not valid JSON with a Statement")


def _add_subnets(ec2, endpoint, subnet_ids: list[str], configurations: list[dict]) -> None:
    wanted = {item["SubnetId"]: item.get("Ipv4") for item in configurations if item.get("SubnetId")}
    # An address given for a subnet that stays is a new interface there.
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SubnetConfiguration.html
    moved = [s for s in wanted if s in endpoint.subnet_ids and wanted[s]]
    _remove_subnets(ec2, endpoint, moved)
    added = list(dict.fromkeys(moved + [s for s in subnet_ids if s not in endpoint.subnet_ids and s not in moved]))
    for subnet_id in added:
        interface = make_interface(
            ec2,
            subnet_id,
            endpoint.security_group_ids,
            f"VPC Endpoint Interface {endpoint.id}",
            "vpc_endpoint",
            "amazon-vpce",
            wanted.get(subnet_id),
        )
        endpoint.subnet_ids.append(subnet_id)
        endpoint.network_interface_ids.append(interface.id)
    endpoint.dns_entries = _dns_entries(ec2, endpoint)


def _remove_subnets(ec2, endpoint, subnet_ids: list[str]) -> None:
    for interface_id in list(endpoint.network_interface_ids):
        if ec2.enis[interface_id].subnet.id in subnet_ids:
            endpoint.network_interface_ids.remove(interface_id)
            del ec2.enis[interface_id]
    endpoint.subnet_ids = [s for s in endpoint.subnet_ids if s not in subnet_ids]
    endpoint.dns_entries = _dns_entries(ec2, endpoint)


def _dns_entries(ec2, endpoint) -> list[dict]:
    """A name for the endpoint and one for each zone, in a zone of the service.

    https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
    """
    service = endpoint.service_name.split(".")[-1]
    suffix = f"{service}.{ec2.region_name}.vpce.amazonaws.com"
    stem = f"{endpoint.id}-{endpoint.id[-8:]}"
    zones = sorted({ec2.get_subnet(subnet_id).availability_zone for subnet_id in endpoint.subnet_ids})
    names = [f"{stem}.{suffix}"] + [f"{stem}-{zone}.{suffix}" for zone in zones]
    return [{"dns_name": name, "hosted_zone_id": "Z273ZU8SZ5RJPC"} for name in names]


@corrects("ec2", "ModifyVpcEndpoint")
def modify(call: Call) -> dict:
    request, ec2 = call.request, call.ec2
    endpoint = ec2.vpc_end_points.get(request["VpcEndpointId"])
    if endpoint is None:
        raise _not_found(request["VpcEndpointId"])
    if not is_interface(endpoint):
        return call.inner()
    removed = request.get("RemoveSubnetIds") or []
    added = [s for s in request.get("AddSubnetIds") or [] if s not in endpoint.subnet_ids]
    staying = tuple(s for s in endpoint.subnet_ids if s not in removed)
    _check_subnets(ec2, added, endpoint.vpc_id, staying)
    check_groups(ec2, request.get("AddSecurityGroupIds") or [], endpoint.vpc_id)
    _check_policy(request.get("PolicyDocument"))
    groups = [g for g in endpoint.security_group_ids if g not in (request.get("RemoveSecurityGroupIds") or [])]
    groups += [g for g in request.get("AddSecurityGroupIds") or [] if g not in groups]
    if not groups:
        raise refuse("InvalidParameter", "An interface endpoint must have at least one security group")
    if request.get("PrivateDnsEnabled"):
        _check_private_dns(ec2, endpoint.vpc_id, endpoint.service_name, endpoint.id)

    endpoint.security_group_ids = groups
    _remove_subnets(ec2, endpoint, removed)
    _add_subnets(ec2, endpoint, added, request.get("SubnetConfigurations") or [])
    set_groups(ec2, endpoint.network_interface_ids, groups)
    if request.get("ResetPolicy"):
        endpoint.policy_document = DEFAULT_POLICY
    if request.get("PolicyDocument"):
        endpoint.policy_document = request["PolicyDocument"]
    if request.get("PrivateDnsEnabled") is not None:
        endpoint.private_dns_enabled = request["PrivateDnsEnabled"]
    return {"Return": True}


@corrects("ec2", "DeleteVpcEndpoints")
def delete(call: Call) -> dict:
    """The call succeeds; what could not be deleted is listed in its answer."""
    failed = []
    for endpoint_id in call.request.get("VpcEndpointIds") or []:
        endpoint = call.ec2.vpc_end_points.get(endpoint_id)
        if endpoint is None:
            error = {
                "Code": "InvalidVpcEndpoint.NotFound",
                "Message": f"The Vpc Endpoint Id '{endpoint_id}' does not exist",
            }
            failed.append({"ResourceId": endpoint_id, "Error": error})
        else:
            _remove(call.ec2, endpoint)
    return {"Unsuccessful": failed}


def _remove(ec2, endpoint) -> None:
    """moto keeps the endpoint as ``deleted`` forever; AWS forgets it after a while."""
    if is_interface(endpoint):
        for interface_id in endpoint.network_interface_ids:
            ec2.enis.pop(interface_id, None)
    elif endpoint.destination_prefix_list_id:
        for table in endpoint.route_table_ids:
            ec2.delete_route(table, endpoint.destination_prefix_list_id)
    ec2.vpc_end_points.pop(endpoint.id, None)


def _not_found(endpoint_id: str):
    return refuse("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{endpoint_id}' does not exist")


@corrects("ec2", "DescribeVpcEndpoints")
def describe(call: Call) -> dict:
    for endpoint_id in call.request.get("VpcEndpointIds") or []:
        if endpoint_id not in call.ec2.vpc_end_points:
            raise _not_found(endpoint_id)
    request, wanted = take_filters(
        call.request,
        {
            "vpc-endpoint-id": lambda e: e["VpcEndpointId"],
            "vpc-id": lambda e: e["VpcId"],
            "service-name": lambda e: e["ServiceName"],
            "vpc-endpoint-state": lambda e: e["State"],
            "vpc-endpoint-type": lambda e: e["VpcEndpointType"],
        },
    )
    answer = call.moto(request)
    answer["VpcEndpoints"] = [_complete(e) for e in answer.get("VpcEndpoints") or [] if wanted(e)]
    return answer


def _complete(endpoint: dict) -> dict:
    endpoint.setdefault("VpcEndpointType", "Gateway")
    endpoint.setdefault("DnsOptions", {"DnsRecordIpType": "ipv4"})
    endpoint.setdefault("IpAddressType", "ipv4")
    endpoint.setdefault("RequesterManaged", False)
    endpoint.setdefault("RouteTableIds", [])
    return endpoint


def _describe(call: Call, endpoint_id: str) -> dict:
    """The endpoint as DescribeVpcEndpoints shows it, for the answer to its creation."""
    endpoint = call.ec2.vpc_end_points[endpoint_id]
    return _complete(
        {
            "VpcEndpointId": endpoint.id,
            "VpcEndpointType": endpoint.vpc_endpoint_type or "Gateway",
            "VpcId": endpoint.vpc_id,
            "ServiceName": endpoint.service_name,
            "State": endpoint.state,
            "PolicyDocument": endpoint.policy_document,
            "RouteTableIds": endpoint.route_table_ids or [],
            "SubnetIds": endpoint.subnet_ids or [],
            "Groups": endpoint.groups,
            "PrivateDnsEnabled": endpoint.private_dns_enabled,
            "NetworkInterfaceIds": endpoint.network_interface_ids,
            "DnsEntries": [
                {"DnsName": d["dns_name"], "HostedZoneId": d["hosted_zone_id"]} for d in endpoint.dns_entries or []
            ],
            "CreationTimestamp": endpoint.creation_timestamp,
            "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in endpoint.get_tags()],
            "OwnerId": call.account,
        }
    )
