//! EC2: groups, endpoints, interfaces, VPCs and subnets.
//!
//! By filters, not by ids: an id that has just gone would fail the whole call.

use std::sync::Arc;

use aws_sdk_ec2::{
    operation::describe_vpc_attribute::DescribeVpcAttributeOutput,
    types::{
        Filter, ManagedPrefixList, NetworkInterface, SecurityGroup, ServiceDetail, Subnet, Vpc,
        VpcAttributeName, VpcEndpoint,
    },
};

use super::{Answers, Query, Reads, all};
use crate::{
    aws::{Called, error::none_if_missing, tags},
    error::Result,
};

/// Which security groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Groups {
    /// Every one.
    All,
    /// Those with any stack's tag.
    OfStacks,
    /// Those with the stack's tag.
    OfStack,
    /// Those that let in what comes from this one.
    Admitting(String),
    /// Those that let out to one of these.
    LettingOutTo(Vec<String>),
    /// Those with these ids.
    With(Vec<String>),
    /// The one of this name in this VPC.
    Named {
        /// The name.
        name: String,
        /// The VPC.
        vpc: String,
    },
}

/// Which endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoints {
    /// Every one.
    All,
    /// Those with the stack's tag.
    OfStack,
    /// The one with this id.
    With(String),
    /// Those of these ids that are there.
    Among(Vec<String>),
    /// Those in this VPC.
    In(String),
}

/// Which network interfaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Interfaces {
    /// Those with these ids.
    With(Vec<String>),
    /// Those in this security group.
    Using(String),
    /// Those that have one of these addresses in this VPC.
    At {
        /// The VPC.
        vpc: String,
        /// The addresses.
        addresses: Vec<String>,
    },
}

/// Which subnets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subnets {
    /// Those with these ids.
    With(Vec<String>),
    /// Those of this VPC.
    Of(String),
}

/// Which VPCs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Vpcs {
    /// The one with this id.
    With(String),
    /// Those with this tag.
    Tagged {
        /// The tag's key.
        key: &'static str,
        /// Its value.
        value: String,
    },
}

#[derive(Debug)]
pub(super) struct Known {
    groups: Answers<Groups, Vec<SecurityGroup>>,
    endpoints: Answers<Endpoints, Vec<VpcEndpoint>>,
    interfaces: Answers<Interfaces, Vec<NetworkInterface>>,
    prefix_lists: Answers<Vec<String>, Vec<ManagedPrefixList>>,
    subnets: Answers<Subnets, Vec<Subnet>>,
    vpcs: Answers<Vpcs, Vec<Vpc>>,
    attribute: Answers<(String, VpcAttributeName), Option<DescribeVpcAttributeOutput>>,
    services: Answers<Vec<String>, Vec<ServiceDetail>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            groups: Answers::to(Query::DescribeSecurityGroups),
            endpoints: Answers::to(Query::DescribeVpcEndpoints),
            interfaces: Answers::to(Query::DescribeNetworkInterfaces),
            prefix_lists: Answers::to(Query::DescribeManagedPrefixLists),
            subnets: Answers::to(Query::DescribeSubnets),
            vpcs: Answers::to(Query::DescribeVpcs),
            attribute: Answers::to(Query::DescribeVpcAttribute),
            services: Answers::to(Query::DescribeVpcEndpointServices),
        }
    }
}

impl Known {
    /// How many answers are remembered.
    pub fn len(&self) -> usize {
        let Self {
            groups,
            endpoints,
            interfaces,
            prefix_lists,
            subnets,
            vpcs,
            attribute,
            services,
        } = self;
        groups.len()
            + endpoints.len()
            + interfaces.len()
            + prefix_lists.len()
            + subnets.len()
            + vpcs.len()
            + attribute.len()
            + services.len()
    }
}

fn by(name: impl Into<String>, values: Vec<String>) -> Filter {
    Filter::builder()
        .name(name)
        .set_values(Some(values))
        .build()
}

impl Reads {
    fn of_stack(&self) -> Filter {
        by(format!("tag:{}", tags::STACK), vec![self.stack.clone()])
    }

    /// Security groups with their rules.
    pub async fn security_groups(&self, which: Groups) -> Result<Arc<Vec<SecurityGroup>>> {
        let filters = match &which {
            Groups::All => None,
            Groups::OfStacks => Some(vec![by("tag-key", vec![tags::STACK.to_owned()])]),
            Groups::OfStack => Some(vec![self.of_stack()]),
            Groups::Admitting(id) => Some(vec![by("ip-permission.group-id", vec![id.clone()])]),
            Groups::LettingOutTo(ids) => {
                Some(vec![by("egress.ip-permission.group-id", ids.clone())])
            }
            Groups::With(ids) => Some(vec![by("group-id", ids.clone())]),
            Groups::Named { name, vpc } => Some(vec![
                by("group-name", vec![name.clone()]),
                by("vpc-id", vec![vpc.clone()]),
            ]),
        };
        let call = self.aws.ec2.describe_security_groups();
        let pages = call.set_filters(filters).into_paginator().items();
        self.get(&self.memory.ec2.groups, which, |name| {
            all(pages.send(), name)
        })
        .await
    }

    /// VPC endpoints.
    pub async fn vpc_endpoints(&self, which: Endpoints) -> Result<Arc<Vec<VpcEndpoint>>> {
        let filters = match &which {
            Endpoints::All => None,
            Endpoints::OfStack => Some(vec![self.of_stack()]),
            Endpoints::With(id) => Some(vec![by("vpc-endpoint-id", vec![id.clone()])]),
            Endpoints::Among(ids) => Some(vec![by("vpc-endpoint-id", ids.clone())]),
            Endpoints::In(vpc) => Some(vec![by("vpc-id", vec![vpc.clone()])]),
        };
        let call = self.aws.ec2.describe_vpc_endpoints();
        let pages = call.set_filters(filters).into_paginator().items();
        self.get(&self.memory.ec2.endpoints, which, |name| {
            all(pages.send(), name)
        })
        .await
    }

    /// Network interfaces.
    pub async fn network_interfaces(
        &self,
        which: Interfaces,
    ) -> Result<Arc<Vec<NetworkInterface>>> {
        let filters = match &which {
            Interfaces::With(ids) => vec![by("network-interface-id", ids.clone())],
            Interfaces::Using(group) => vec![by("group-id", vec![group.clone()])],
            Interfaces::At { vpc, addresses } => vec![
                by("addresses.private-ip-address", addresses.clone()),
                by("vpc-id", vec![vpc.clone()]),
            ],
        };
        let call = self.aws.ec2.describe_network_interfaces();
        let pages = call.set_filters(Some(filters)).into_paginator().items();
        self.get(&self.memory.ec2.interfaces, which, |name| {
            all(pages.send(), name)
        })
        .await
    }

    /// The prefix lists of these ids that the account can see.
    pub async fn prefix_lists(&self, ids: Vec<String>) -> Result<Arc<Vec<ManagedPrefixList>>> {
        let call = self.aws.ec2.describe_managed_prefix_lists();
        let call = call.filters(by("prefix-list-id", ids.clone()));
        let pages = call.into_paginator().items();
        self.get(&self.memory.ec2.prefix_lists, ids, |name| {
            all(pages.send(), name)
        })
        .await
    }

    /// Subnets.
    pub async fn subnets(&self, which: Subnets) -> Result<Arc<Vec<Subnet>>> {
        let filter = match &which {
            Subnets::With(ids) => by("subnet-id", ids.clone()),
            Subnets::Of(vpc) => by("vpc-id", vec![vpc.clone()]),
        };
        let call = self.aws.ec2.describe_subnets().filters(filter);
        let pages = call.into_paginator().items();
        self.get(&self.memory.ec2.subnets, which, |name| {
            all(pages.send(), name)
        })
        .await
    }

    /// VPCs.
    pub async fn vpcs(&self, which: Vpcs) -> Result<Arc<Vec<Vpc>>> {
        let filter = match &which {
            Vpcs::With(id) => by("vpc-id", vec![id.clone()]),
            Vpcs::Tagged { key, value } => by(format!("tag:{key}"), vec![value.clone()]),
        };
        let call = self.aws.ec2.describe_vpcs().filters(filter);
        let pages = call.into_paginator().items();
        self.get(&self.memory.ec2.vpcs, which, |name| all(pages.send(), name))
            .await
    }

    /// An attribute of a VPC; none if the VPC is not there.
    pub async fn vpc_attribute(
        &self,
        vpc: &str,
        attribute: VpcAttributeName,
    ) -> Result<Arc<Option<DescribeVpcAttributeOutput>>> {
        let call = self.aws.ec2.describe_vpc_attribute().vpc_id(vpc);
        let call = call.attribute(attribute.clone());
        let known = &self.memory.ec2.attribute;
        self.get(known, (vpc.to_owned(), attribute), |name| async move {
            none_if_missing(call.send().await.called(name))
        })
        .await
    }

    /// Endpoint services of these names.
    pub async fn vpc_endpoint_services(
        &self,
        names: Vec<String>,
    ) -> Result<Arc<Vec<ServiceDetail>>> {
        let call = self.aws.ec2.describe_vpc_endpoint_services();
        let call = call.set_service_names(Some(names.clone()));
        let known = &self.memory.ec2.services;
        self.get(known, names, |name| async move {
            let answer = call.send().await.called(name)?;
            Ok(answer.service_details.unwrap_or_default())
        })
        .await
    }
}
