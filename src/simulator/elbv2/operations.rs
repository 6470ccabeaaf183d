//! The operations, and what each may be asked.

use super::{
    account, attribute, certificate, health, listener, load_balancer, network, rule, ssl_policy,
    tag, target, target_group,
};
use crate::service::{Operation, read, write};

const BALANCER: &[&str] = &["LoadBalancerArn"];
const GROUP: &[&str] = &["TargetGroupArn"];
const LISTENER: &[&str] = &["ListenerArn"];

/// All of them.
pub const ALL: &[Operation] = &[
    write(
        "CreateLoadBalancer",
        load_balancer::create,
        &[
            "IpAddressType",
            "Name",
            "Scheme",
            "SecurityGroups",
            "SubnetMappings",
            "Subnets",
            "Tags",
            "Type",
        ],
    ),
    read(
        "DescribeLoadBalancers",
        load_balancer::describe,
        &["LoadBalancerArns", "Marker", "Names", "PageSize"],
    ),
    write("DeleteLoadBalancer", load_balancer::delete, BALANCER),
    read(
        "DescribeLoadBalancerAttributes",
        attribute::describe_balancer,
        BALANCER,
    ),
    write(
        "ModifyLoadBalancerAttributes",
        attribute::modify_balancer,
        &["Attributes", "LoadBalancerArn"],
    ),
    write(
        "SetSubnets",
        network::set_subnets,
        &[
            "IpAddressType",
            "LoadBalancerArn",
            "SubnetMappings",
            "Subnets",
        ],
    ),
    write(
        "SetSecurityGroups",
        network::set_groups,
        &["LoadBalancerArn", "SecurityGroups"],
    ),
    write(
        "SetIpAddressType",
        network::set_addresses,
        &["IpAddressType", "LoadBalancerArn"],
    ),
    read("DescribeCapacityReservation", account::capacity, BALANCER),
    write("CreateTargetGroup", target_group::create, TARGET_GROUP),
    read(
        "DescribeTargetGroups",
        target_group::describe,
        &[
            "LoadBalancerArn",
            "Marker",
            "Names",
            "PageSize",
            "TargetGroupArns",
        ],
    ),
    write("ModifyTargetGroup", target_group::modify, HEALTH_CHECK),
    write("DeleteTargetGroup", target_group::delete, GROUP),
    read(
        "DescribeTargetGroupAttributes",
        attribute::describe_group,
        GROUP,
    ),
    write(
        "ModifyTargetGroupAttributes",
        attribute::modify_group,
        &["Attributes", "TargetGroupArn"],
    ),
    write(
        "RegisterTargets",
        target::register,
        &["TargetGroupArn", "Targets"],
    ),
    write(
        "DeregisterTargets",
        target::deregister,
        &["TargetGroupArn", "Targets"],
    ),
    read(
        "DescribeTargetHealth",
        health::describe,
        &["Include", "TargetGroupArn", "Targets"],
    ),
    write("CreateListener", listener::create, NEW_LISTENER),
    read(
        "DescribeListeners",
        listener::describe,
        &["ListenerArns", "LoadBalancerArn", "Marker", "PageSize"],
    ),
    write("ModifyListener", listener::modify, LISTENER_CHANGES),
    write("DeleteListener", listener::delete, LISTENER),
    read(
        "DescribeListenerAttributes",
        attribute::describe_listener,
        LISTENER,
    ),
    write(
        "ModifyListenerAttributes",
        attribute::modify_listener,
        &["Attributes", "ListenerArn"],
    ),
    read(
        "DescribeListenerCertificates",
        certificate::describe,
        &["ListenerArn", "Marker", "PageSize"],
    ),
    write(
        "AddListenerCertificates",
        certificate::add,
        &["Certificates", "ListenerArn"],
    ),
    write(
        "RemoveListenerCertificates",
        certificate::remove,
        &["Certificates", "ListenerArn"],
    ),
    write(
        "CreateRule",
        rule::create,
        &[
            "Actions",
            "Conditions",
            "ListenerArn",
            "Priority",
            "Tags",
            "Transforms",
        ],
    ),
    read(
        "DescribeRules",
        rule::describe,
        &["ListenerArn", "Marker", "PageSize", "RuleArns"],
    ),
    write(
        "ModifyRule",
        rule::modify,
        &[
            "Actions",
            "Conditions",
            "ResetTransforms",
            "RuleArn",
            "Transforms",
        ],
    ),
    write("DeleteRule", rule::delete, &["RuleArn"]),
    write(
        "SetRulePriorities",
        rule::set_priorities,
        &["RulePriorities"],
    ),
    write("AddTags", tag::add, &["ResourceArns", "Tags"]),
    write("RemoveTags", tag::remove, &["ResourceArns", "TagKeys"]),
    read("DescribeTags", tag::describe, &["ResourceArns"]),
    read(
        "DescribeSSLPolicies",
        ssl_policy::describe,
        &["LoadBalancerType", "Marker", "Names", "PageSize"],
    ),
    read(
        "DescribeAccountLimits",
        account::limits,
        &["Marker", "PageSize"],
    ),
];

const TARGET_GROUP: &[&str] = &[
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "IpAddressType",
    "Matcher",
    "Name",
    "Port",
    "Protocol",
    "ProtocolVersion",
    "Tags",
    "TargetType",
    "UnhealthyThresholdCount",
    "VpcId",
];

const HEALTH_CHECK: &[&str] = &[
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "Matcher",
    "TargetGroupArn",
    "UnhealthyThresholdCount",
];

const NEW_LISTENER: &[&str] = &[
    "AlpnPolicy",
    "Certificates",
    "DefaultActions",
    "LoadBalancerArn",
    "MutualAuthentication",
    "Port",
    "Protocol",
    "SslPolicy",
    "Tags",
];

const LISTENER_CHANGES: &[&str] = &[
    "AlpnPolicy",
    "Certificates",
    "DefaultActions",
    "ListenerArn",
    "MutualAuthentication",
    "Port",
    "Protocol",
    "SslPolicy",
];
