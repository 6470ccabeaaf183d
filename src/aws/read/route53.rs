//! Route 53: hosted zones and records.

use std::sync::Arc;

use aws_sdk_route53::types::{
    ChangeInfo, HostedZone, HostedZoneSummary, ResourceRecordSet, VpcRegion,
};

use super::{Answers, Query, Reads};
use crate::{
    aws::{Called, error::none_if_missing},
    error::Result,
};

#[derive(Debug)]
pub(super) struct Known {
    zone: Answers<String, Option<Zone>>,
    zones: Answers<String, Vec<HostedZone>>,
    zones_of_vpc: Answers<String, Vec<HostedZoneSummary>>,
    /// Of a zone, from a name on; all of it without a name.
    records: Answers<(String, Option<String>), Vec<ResourceRecordSet>>,
    change: Answers<String, Option<ChangeInfo>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            zone: Answers::to(Query::GetHostedZone),
            zones: Answers::to(Query::ListHostedZonesByName),
            zones_of_vpc: Answers::to(Query::ListHostedZonesByVPC),
            records: Answers::to(Query::ListResourceRecordSets),
            change: Answers::to(Query::GetChange),
        }
    }
}

/// How many records of one name are looked at: one of each type at most, but
/// for sets.
const OF_A_NAME: i32 = 10;

/// A hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name as Route 53 writes it, with the dot at its end.
    pub name: String,
    /// Whether only VPCs see it.
    pub is_private: bool,
    /// The VPCs that see it, if it is private.
    pub vpcs: Vec<String>,
}

impl Reads {
    /// A hosted zone; none if it is not there.
    pub async fn hosted_zone(&self, id: &str) -> Result<Arc<Option<Zone>>> {
        let call = self.aws.route53.get_hosted_zone().id(id);
        let known = &self.memory.route53.zone;
        self.get(known, id.to_owned(), |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            Ok(answer.and_then(|answer| {
                let zone = answer.hosted_zone?;
                let vpcs = answer.vpcs.unwrap_or_default().into_iter();
                Some(Zone {
                    is_private: zone.config.is_some_and(|config| config.private_zone),
                    name: zone.name,
                    vpcs: vpcs.filter_map(|vpc| vpc.vpc_id).collect(),
                })
            }))
        })
        .await
    }

    /// The hosted zones from this name on, in the order of names.
    pub async fn hosted_zones_from(&self, named: &str) -> Result<Arc<Vec<HostedZone>>> {
        let call = self.aws.route53.list_hosted_zones_by_name();
        let call = call.dns_name(named);
        let known = &self.memory.route53.zones;
        self.get(known, named.to_owned(), |name| async move {
            Ok(call.send().await.called(name)?.hosted_zones)
        })
        .await
    }

    /// The private zones that a VPC of this region sees, whoever has them.
    pub async fn hosted_zones_of_vpc(&self, vpc: &str) -> Result<Arc<Vec<HostedZoneSummary>>> {
        let known = &self.memory.route53.zones_of_vpc;
        self.get(known, vpc.to_owned(), |name| async move {
            // The SDK has no paginator for this operation.
            let region = VpcRegion::from(self.region.as_str());
            let mut zones = Vec::new();
            let mut token = None;
            loop {
                let call = self.aws.route53.list_hosted_zones_by_vpc();
                let call = call.vpc_id(vpc).vpc_region(region.clone());
                let page = call.set_next_token(token).send().await.called(name)?;
                zones.extend(page.hosted_zone_summaries);
                token = page.next_token;
                if token.is_none() {
                    return Ok(zones);
                }
            }
        })
        .await
    }

    /// The first records of a zone from this name on: all of the name are among
    /// them. None of a zone that is not there.
    pub async fn records_from(
        &self,
        zone: &str,
        host: &str,
    ) -> Result<Arc<Vec<ResourceRecordSet>>> {
        let call = self.aws.route53.list_resource_record_sets();
        let call = call.hosted_zone_id(zone).start_record_name(host);
        let call = call.max_items(OF_A_NAME);
        let about = (zone.to_owned(), Some(host.to_owned()));
        let known = &self.memory.route53.records;
        self.get(known, about, |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            let records = answer.map(|answer| answer.resource_record_sets);
            Ok(records.unwrap_or_default())
        })
        .await
    }

    /// Every record of a zone.
    pub async fn records_of(&self, zone: &str) -> Result<Arc<Vec<ResourceRecordSet>>> {
        let known = &self.memory.route53.records;
        self.get(known, (zone.to_owned(), None), |name| async move {
            // The SDK has no paginator for this operation.
            let list = || {
                let call = self.aws.route53.list_resource_record_sets();
                call.hosted_zone_id(zone)
            };
            let mut records = Vec::new();
            let mut call = list();
            loop {
                let page = call.send().await.called(name)?;
                records.extend(page.resource_record_sets);
                if !page.is_truncated {
                    return Ok(records);
                }
                call = list()
                    .set_start_record_name(page.next_record_name)
                    .set_start_record_type(page.next_record_type)
                    .set_start_record_identifier(page.next_record_identifier);
            }
        })
        .await
    }

    /// How far a change has come; none if it is long past.
    pub async fn change(&self, id: &str) -> Result<Arc<Option<ChangeInfo>>> {
        let call = self.aws.route53.get_change().id(id);
        let known = &self.memory.route53.change;
        self.get(known, id.to_owned(), |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            Ok(answer.and_then(|answer| answer.change_info))
        })
        .await
    }
}
