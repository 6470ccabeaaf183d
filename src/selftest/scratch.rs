//! A VPC with two subnets, built for the test and deleted afterwards.
//!
//! All three cost nothing. They carry a tag with the stack's name, by which the
//! next run finds what a killed one has left.

use std::time::Duration;

use aws_sdk_ec2::types::{ResourceType, ServiceType, Tag, TagSpecification};
use tokio::time::sleep;

use crate::{
    aws::{
        Aws, Called, Connection, Partition,
        error::none_if_missing,
        read::{Reads, Subnets, Vpcs},
    },
    error::{Error, ErrorKind, Result},
};

/// Says for which stack's test a VPC was built.
const TAG: &str = "hybridgw:selftest";
const RANGE: &str = "10.97.0.0/24";
const SUBNETS: [&str; 2] = ["10.97.0.0/26", "10.97.0.64/26"];

/// How often a deletion is tried while AWS still holds what is inside.
const TRIES: u32 = 60;

/// A VPC of the test's own.
#[derive(Clone, Debug)]
pub struct Scratch {
    stack: String,
    /// The VPC.
    pub vpc: String,
    /// Its subnets, in two zones.
    pub subnets: Vec<String>,
}

impl Scratch {
    /// Builds the VPC, or completes one that an earlier run has left.
    ///
    /// # Errors
    ///
    /// AWS refuses, or fewer than two zones offer the endpoint service.
    pub async fn build(connection: &Connection, stack: &str) -> Result<Self> {
        let aws = connection.writer();
        let reads = Reads::new(connection.reader(), stack);
        let zones = zones(&reads).await?;
        let vpc = match vpc(&reads).await? {
            Some(vpc) => vpc,
            None => create_vpc(&aws, stack).await?,
        };
        let mut have = subnets(&reads, &vpc).await?;
        for (range, zone) in SUBNETS.iter().zip(&zones) {
            if !have.iter().any(|(_, has)| has == range) {
                have.push(create_subnet(&aws, stack, &vpc, range, zone).await?);
            }
        }
        have.sort_by(|a, b| a.1.cmp(&b.1));
        Ok(Self {
            stack: stack.to_owned(),
            vpc,
            subnets: have.into_iter().map(|(id, _)| id).collect(),
        })
    }

    /// What the configuration has to say instead of its own network.
    pub fn overrides(&self) -> Vec<String> {
        let quoted: Vec<String> = self.subnets.iter().map(|id| format!("\"{id}\"")).collect();
        vec![
            format!("network.vpc={}", self.vpc),
            format!("network.subnets=[{}]", quoted.join(", ")),
        ]
    }

    /// Deletes subnets and VPC.
    ///
    /// # Errors
    ///
    /// AWS still holds something inside: it is named, and the next run tries again.
    pub async fn remove(&self, connection: &Connection) -> Result<()> {
        let aws = connection.writer();
        let reads = Reads::new(connection.reader(), &self.stack);
        if vpc(&reads).await?.as_ref() != Some(&self.vpc) {
            return Ok(());
        }
        for (subnet, _) in subnets(&reads, &self.vpc).await? {
            patiently(async || {
                let call = aws.ec2.delete_subnet().subnet_id(&subnet);
                call.send().await.called("DeleteSubnet").map(drop)
            })
            .await
            .map_err(|error| error.context(format!("could not delete {subnet}")))?;
        }
        patiently(async || {
            let call = aws.ec2.delete_vpc().vpc_id(&self.vpc);
            call.send().await.called("DeleteVpc").map(drop)
        })
        .await
        .map_err(|error| error.context(format!("could not delete {}", self.vpc)))
    }
}

/// Tries again while AWS still holds the thing; "not there" is success.
async fn patiently(delete: impl AsyncFn() -> Result<()>) -> Result<()> {
    for _ in 0..TRIES {
        match none_if_missing(delete().await) {
            Err(error) if matches!(error.kind, ErrorKind::NotYet | ErrorKind::Unknown) => {
                sleep(Duration::from_secs(5)).await;
            }
            other => return other.map(drop),
        }
    }
    Err(Error::new(
        ErrorKind::TimedOut,
        "something in it is still in use",
    ))
}

fn tags(stack: &str, kind: ResourceType) -> TagSpecification {
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    TagSpecification::builder()
        .resource_type(kind)
        .tags(tag(TAG, stack))
        .tags(tag("Name", &format!("hybridgw selftest {stack}")))
        .build()
}

/// Two zones in which the endpoint service is offered.
async fn zones(reads: &Reads) -> Result<Vec<String>> {
    let service = Partition::of(&reads.region).execute_api_service(&reads.region);
    let offers = reads.vpc_endpoint_services(vec![service.clone()]).await?;
    let interface = offers.iter().find(|detail| {
        let mut kinds = detail.service_type().iter();
        kinds.any(|kind| kind.service_type() == Some(&ServiceType::Interface))
    });
    let mut zones = interface
        .map(|detail| detail.availability_zones().to_vec())
        .unwrap_or_default();
    zones.sort();
    zones.truncate(SUBNETS.len());
    if zones.len() < SUBNETS.len() {
        return Err(Error::invalid(format!(
            "{service} is not offered in two zones of {}",
            reads.region
        )));
    }
    Ok(zones)
}

async fn vpc(reads: &Reads) -> Result<Option<String>> {
    let which = Vpcs::Tagged {
        key: TAG,
        value: reads.stack.clone(),
    };
    let vpcs = reads.vpcs(which).await?;
    let first = vpcs.first();
    Ok(first.and_then(|vpc| vpc.vpc_id().map(str::to_owned)))
}

async fn create_vpc(aws: &Aws, stack: &str) -> Result<String> {
    let call = aws.ec2.create_vpc().cidr_block(RANGE);
    let call = call.tag_specifications(tags(stack, ResourceType::Vpc));
    let made = call.send().await.called("CreateVpc")?;
    let id = made.vpc().and_then(|vpc| vpc.vpc_id());
    Ok(id.unwrap_or_default().to_owned())
}

/// The id and range of each subnet.
async fn subnets(reads: &Reads, vpc: &str) -> Result<Vec<(String, String)>> {
    let subnets = reads.subnets(Subnets::Of(vpc.to_owned())).await?;
    let pairs = subnets.iter().filter_map(|subnet| {
        let range = subnet.cidr_block()?.to_owned();
        Some((subnet.subnet_id()?.to_owned(), range))
    });
    Ok(pairs.collect())
}

async fn create_subnet(
    aws: &Aws,
    stack: &str,
    vpc: &str,
    range: &str,
    zone: &str,
) -> Result<(String, String)> {
    let call = aws.ec2.create_subnet().vpc_id(vpc).cidr_block(range);
    let call = call.availability_zone(zone);
    let call = call.tag_specifications(tags(stack, ResourceType::Subnet));
    let made = call.send().await.called("CreateSubnet")?;
    let id = made.subnet().and_then(|subnet| subnet.subnet_id());
    Ok((id.unwrap_or_default().to_owned(), range.to_owned()))
}
