//! EC2: networks, security groups, interface endpoints and their interfaces, tags.
//!
//! Wire names are those of the API's model of 2016-11-15; input names are as
//! they stand in requests (`SubnetId.1`, `GroupDescription`).

mod account;
mod endpoint;
mod event;
mod filter;
pub mod furnish;
mod id;
mod interface;
mod network;
mod permission;
mod prefix_list;
mod prefix_list_change;
mod rule;
mod security_group;
pub mod state;
mod subnet;
mod tag;
mod vpc;
mod zone;

pub use interface::release as release_interfaces;
pub use interface::{NewInterface, attach_interface, free_addresses, replace_interface};
pub use network::{Flow, groups_admit};
pub use state::{
    Endpoint, EndpointState, Event, Group, Interface, Peer, PrefixList, PrefixListChange, Rule,
    State, Subnet, Tags, Traffic, Vpc,
};
pub use zone::{Zone, zones};

use super::codec::Protocol;
use super::service::{Operation, Service, read, write};

/// The service.
pub const SERVICE: Service = Service {
    name: "ec2",
    protocol: Protocol::Ec2,
    namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
    operations: OPERATIONS,
};

const OPERATIONS: &[Operation] = &[
    write(
        "CreateVpc",
        vpc::create,
        &[
            "AmazonProvidedIpv6CidrBlock",
            "CidrBlock",
            "InstanceTenancy",
            "TagSpecification",
            "DryRun",
        ],
    ),
    read(
        "DescribeVpcs",
        vpc::describe,
        &["VpcId", "Filter", "MaxResults", "NextToken", "DryRun"],
    ),
    write("DeleteVpc", vpc::delete, &["VpcId", "DryRun"]),
    read(
        "DescribeVpcAttribute",
        vpc::describe_attribute,
        &["VpcId", "Attribute", "DryRun"],
    ),
    write(
        "ModifyVpcAttribute",
        vpc::modify_attribute,
        &["VpcId", "EnableDnsSupport", "EnableDnsHostnames"],
    ),
    write(
        "CreateSubnet",
        subnet::create,
        &[
            "VpcId",
            "CidrBlock",
            "AvailabilityZone",
            "AvailabilityZoneId",
            "TagSpecification",
            "DryRun",
        ],
    ),
    read(
        "DescribeSubnets",
        subnet::describe,
        &["SubnetId", "Filter", "MaxResults", "NextToken", "DryRun"],
    ),
    write("DeleteSubnet", subnet::delete, &["SubnetId", "DryRun"]),
    read(
        "DescribeAvailabilityZones",
        zone::describe,
        &[
            "ZoneName",
            "ZoneId",
            "AllAvailabilityZones",
            "Filter",
            "DryRun",
        ],
    ),
    write(
        "CreateSecurityGroup",
        security_group::create,
        &[
            "GroupName",
            "GroupDescription",
            "VpcId",
            "TagSpecification",
            "DryRun",
        ],
    ),
    read(
        "DescribeSecurityGroups",
        security_group::describe,
        &[
            "GroupId",
            "GroupName",
            "Filter",
            "MaxResults",
            "NextToken",
            "DryRun",
        ],
    ),
    write(
        "DeleteSecurityGroup",
        security_group::delete,
        &["GroupId", "GroupName", "DryRun"],
    ),
    write(
        "AuthorizeSecurityGroupIngress",
        rule::authorize_ingress,
        RULES,
    ),
    write(
        "AuthorizeSecurityGroupEgress",
        rule::authorize_egress,
        RULES,
    ),
    write("RevokeSecurityGroupIngress", rule::revoke_ingress, RULES),
    write("RevokeSecurityGroupEgress", rule::revoke_egress, RULES),
    read(
        "DescribeSecurityGroupRules",
        rule::describe,
        &[
            "SecurityGroupRuleId",
            "Filter",
            "MaxResults",
            "NextToken",
            "DryRun",
        ],
    ),
    write(
        "ModifySecurityGroupRules",
        rule::modify,
        &["GroupId", "SecurityGroupRule", "DryRun"],
    ),
    write(
        "UpdateSecurityGroupRuleDescriptionsIngress",
        rule::describe_ingress_anew,
        DESCRIPTIONS,
    ),
    write(
        "UpdateSecurityGroupRuleDescriptionsEgress",
        rule::describe_egress_anew,
        DESCRIPTIONS,
    ),
    write("CreateVpcEndpoint", endpoint::create, ENDPOINT),
    write("ModifyVpcEndpoint", endpoint::modify, ENDPOINT_CHANGES),
    read(
        "DescribeVpcEndpoints",
        endpoint::describe,
        &[
            "VpcEndpointId",
            "Filter",
            "MaxResults",
            "NextToken",
            "DryRun",
        ],
    ),
    write(
        "DeleteVpcEndpoints",
        endpoint::delete,
        &["VpcEndpointId", "DryRun"],
    ),
    read(
        "DescribeVpcEndpointServices",
        endpoint::describe_services,
        &["ServiceName", "Filter", "MaxResults", "NextToken", "DryRun"],
    ),
    read(
        "DescribeNetworkInterfaces",
        interface::describe,
        &[
            "NetworkInterfaceId",
            "Filter",
            "MaxResults",
            "NextToken",
            "DryRun",
        ],
    ),
    read(
        "DescribePrefixLists",
        prefix_list::describe,
        &[
            "PrefixListId",
            "Filter",
            "MaxResults",
            "NextToken",
            "DryRun",
        ],
    ),
    write(
        "CreateManagedPrefixList",
        prefix_list::create,
        &[
            "AddressFamily",
            "ClientToken",
            "DryRun",
            "Entry",
            "MaxEntries",
            "PrefixListName",
            "TagSpecification",
        ],
    ),
    read(
        "DescribeManagedPrefixLists",
        prefix_list::describe_managed,
        &[
            "PrefixListId",
            "Filter",
            "MaxResults",
            "NextToken",
            "DryRun",
        ],
    ),
    read(
        "GetManagedPrefixListEntries",
        prefix_list::entries,
        &[
            "PrefixListId",
            "TargetVersion",
            "MaxResults",
            "NextToken",
            "DryRun",
        ],
    ),
    write(
        "ModifyManagedPrefixList",
        prefix_list_change::modify,
        &[
            "AddEntry",
            "CurrentVersion",
            "DryRun",
            "MaxEntries",
            "PrefixListId",
            "PrefixListName",
            "RemoveEntry",
        ],
    ),
    write(
        "DeleteManagedPrefixList",
        prefix_list::delete,
        &["PrefixListId", "DryRun"],
    ),
    write("CreateTags", tag::create, &["ResourceId", "Tag", "DryRun"]),
    write("DeleteTags", tag::delete, &["ResourceId", "Tag", "DryRun"]),
    read(
        "DescribeTags",
        tag::describe,
        &["Filter", "MaxResults", "NextToken", "DryRun"],
    ),
    read(
        "DescribeAccountAttributes",
        account::describe,
        &["AttributeName", "DryRun"],
    ),
];

const RULES: &[&str] = &[
    "GroupId",
    "GroupName",
    "IpPermissions",
    "SecurityGroupRuleId",
    "IpProtocol",
    "FromPort",
    "ToPort",
    "CidrIp",
    "TagSpecification",
    "DryRun",
];

const DESCRIPTIONS: &[&str] = &[
    "GroupId",
    "GroupName",
    "IpPermissions",
    "SecurityGroupRuleDescription",
    "DryRun",
];

const ENDPOINT: &[&str] = &[
    "ClientToken",
    "DryRun",
    "IpAddressType",
    "PolicyDocument",
    "PrivateDnsEnabled",
    "SecurityGroupId",
    "ServiceName",
    "SubnetConfiguration",
    "SubnetId",
    "TagSpecification",
    "VpcEndpointType",
    "VpcId",
];

const ENDPOINT_CHANGES: &[&str] = &[
    "AddSecurityGroupId",
    "AddSubnetId",
    "DryRun",
    "IpAddressType",
    "PolicyDocument",
    "PrivateDnsEnabled",
    "RemoveSecurityGroupId",
    "RemoveSubnetId",
    "ResetPolicy",
    "SubnetConfiguration",
    "VpcEndpointId",
];

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_prefix;
