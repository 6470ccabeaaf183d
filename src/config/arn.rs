//! ARNs and partitions.

use super::check;
use super::problem::{Wrong, shown, wrong};
use crate::aws::Partition;

/// The parts of an ARN that names a region and an account.
pub(super) struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads an ARN.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut part = || parts.next();
        let (prefix, partition) = (part()?, part()?);
        let (service, region, account) = (part()?, part()?, part()?);
        let resource = part()?;
        let well_formed =
            prefix == "arn" && check::region(region).is_ok() && check::account(account).is_ok();
        well_formed.then_some(Arn {
            partition,
            service,
            region,
            account,
            resource,
        })
    }

    /// Refuses an ARN of a region other than the given one, and a partition
    /// that is not its region's.
    pub fn in_region(&self, region: Option<&str>) -> Result<(), Wrong> {
        let partition = Partition::of(self.region).id();
        if self.partition != partition {
            return Err(wrong(
                format!(
                    "`{}` is not the partition of {}",
                    shown(self.partition),
                    self.region
                ),
                format!("write arn:{partition}:…"),
            ));
        }
        match region {
            Some(region) if region != self.region => Err(wrong(
                format!("names {}, but the stack is in {region}", self.region),
                format!("name one in {region}"),
            )),
            _ => Ok(()),
        }
    }
}
