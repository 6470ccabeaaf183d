"""EC2: network interfaces as described, and the refusals of networks that are still in use."""

from .corrections import Call, corrects, refuse, take_filters
from .security_groups import all_groups


@corrects("ec2", "DescribeNetworkInterfaces")
def describe_interfaces(call: Call) -> dict:
    """With the filters used to find who holds a security group, and the owner of a load balancer's interface.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html
    """
    for interface_id in call.request.get("NetworkInterfaceIds") or []:
        if interface_id not in call.ec2.enis:
            raise refuse(
                "InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{interface_id}' does not exist"
            )
    request, wanted = take_filters(
        call.request,
        {
            "network-interface-id": lambda i: i["NetworkInterfaceId"],
            "vpc-id": lambda i: i["VpcId"],
            "subnet-id": lambda i: i["SubnetId"],
            "group-id": lambda i: [g["GroupId"] for g in i.get("Groups") or []],
            "group-name": lambda i: [g["GroupName"] for g in i.get("Groups") or []],
            "description": lambda i: i.get("Description"),
            "interface-type": lambda i: i.get("InterfaceType"),
            "status": lambda i: i.get("Status"),
            "requester-id": lambda i: i.get("RequesterId"),
            "requester-managed": lambda i: str(i.get("RequesterManaged")).lower(),
            "private-ip-address": lambda i: i.get("PrivateIpAddress"),
            "addresses.private-ip-address": lambda i: [
                a["PrivateIpAddress"] for a in i.get("PrivateIpAddresses") or []
            ],
            "attachment.instance-owner-id": lambda i: (i.get("Attachment") or {}).get("InstanceOwnerId"),
        },
    )
    answer = call.moto(request)
    interfaces = [_complete(interface) for interface in answer.get("NetworkInterfaces") or []]
    answer["NetworkInterfaces"] = [interface for interface in interfaces if wanted(interface)]
    return answer


def _complete(interface: dict) -> dict:
    if interface.get("RequesterManaged"):
        owner = "amazon-elb" if interface.get("RequesterId") == "amazon-elb" else "amazon-aws"
        interface["Attachment"] = {
            "AttachmentId": interface["NetworkInterfaceId"].replace("eni-", "ela-attach-"),
            "DeleteOnTermination": False,
            "DeviceIndex": 1,
            "InstanceOwnerId": owner,
            "Status": "attached",
        }
    return interface


@corrects("ec2", "DeleteNetworkInterface")
def delete_interface(call: Call) -> dict:
    interface = call.ec2.enis.get(call.request["NetworkInterfaceId"])
    if interface is not None and interface.requester_managed:
        raise refuse("InvalidNetworkInterface.InUse", f"Network interface '{interface.id}' is currently in use.")
    return call.moto()


@corrects("ec2", "DeleteSubnet")
def delete_subnet(call: Call) -> dict:
    subnet_id = call.request["SubnetId"]
    if any(interface.subnet.id == subnet_id for interface in call.ec2.enis.values()):
        raise refuse("DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    return call.moto()


@corrects("ec2", "DeleteVpc")
def delete_vpc(call: Call) -> dict:
    vpc_id = call.request["VpcId"]
    subnets = [s for zone in call.ec2.subnets.values() for s in zone.values() if s.vpc_id == vpc_id]
    groups = [g for g in all_groups(call.ec2) if g.vpc_id == vpc_id and g.name != "default"]
    endpoints = [e for e in call.ec2.vpc_end_points.values() if e.vpc_id == vpc_id]
    if subnets or groups or endpoints:
        raise refuse("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    return call.moto()
