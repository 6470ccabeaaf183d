"""Network interfaces that services keep in a VPC, and the addresses they take."""

import ipaddress
import random

from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from .corrections import refuse


def _taken(ec2, subnet_id: str) -> set[str]:
    return {
        address["PrivateIpAddress"]
        for interface in ec2.enis.values()
        if interface.subnet.id == subnet_id
        for address in interface.private_ip_addresses
    }


def free_address(ec2, subnet, wanted: str | None = None) -> str:
    """An address of the subnet. AWS keeps the first four and the last one for itself.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    network = ipaddress.ip_network(subnet.cidr_block)
    usable = range(int(network.network_address) + 4, int(network.broadcast_address))
    taken = _taken(ec2, subnet.id)
    if wanted:
        if int(ipaddress.ip_address(wanted)) not in usable:
            raise refuse("InvalidParameterValue", f"Address {wanted} does not fall within the subnet's address range")
        if wanted in taken:
            raise refuse("InvalidIPAddress.InUse", f"Address {wanted} is in use.")
        return wanted
    free = [number for number in usable if str(ipaddress.ip_address(number)) not in taken]
    if not free:
        raise refuse(
            "InsufficientFreeAddressesInSubnet", f"There are not enough free addresses in subnet '{subnet.id}'"
        )
    # From the upper half as long as there are any: nobody says how AWS chooses, and what tests pin
    # is in the lower half, so that no run meets by chance an address that another interface has got.
    upper = [number for number in free if number > int(network.network_address) + network.num_addresses // 2]
    return str(ipaddress.ip_address(random.choice(upper or free)))


def make_interface(
    ec2, subnet_id: str, group_ids: list[str], description: str, kind: str, requester: str, wanted: str | None = None
) -> NetworkInterface:
    """An interface that a service makes and manages in the customer's subnet.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html
    """
    subnet = ec2.get_subnet(subnet_id)
    interface = ec2.create_network_interface(
        subnet, free_address(ec2, subnet, wanted), group_ids=group_ids, description=description
    )
    interface.interface_type = kind
    interface.requester_managed = True
    interface.requester_id = requester
    interface.status = "in-use"
    return interface


def set_groups(ec2, interface_ids: list[str], group_ids: list[str]) -> None:
    groups = [ec2.get_security_group_from_id(group_id) for group_id in group_ids]
    for interface_id in interface_ids:
        ec2.enis[interface_id]._group_set = groups


def check_groups(ec2, group_ids: list[str], vpc_id: str, code: str = "InvalidGroup.NotFound") -> None:
    for group_id in group_ids:
        group = ec2.get_security_group_from_id(group_id)
        if group is None or group.vpc_id != vpc_id:
            raise refuse(code, f"The security group '{group_id}' does not exist in VPC '{vpc_id}'")
