//! What others have to open for a stack, or have opened: the policies of its
//! sites' buckets, and an endpoint that it borrows.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::{
    aws::{Partition, read::Reads, tags},
    error::Result,
    policy,
    resource::{Kind, Resource},
    resources::{
        SecurityGroup, TargetGroup, VpcEndpoint,
        vpc_endpoint::{self, reading},
    },
};

/// The bucket behind a route to a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SiteRow {
    /// The path of the route.
    pub route: String,
    /// The bucket.
    pub bucket: String,
    /// Whether hybridgw keeps the statement in the bucket's policy.
    pub manage_policy: bool,
    /// The statement that the bucket's policy needs.
    pub statement: Value,
}

/// An endpoint that the stack borrows, and what it needs of it. With
/// `endpoint.manage` hybridgw sees to that itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opening {
    /// The endpoint's id.
    pub endpoint: String,
    /// Its security groups: one of them has to let in TCP port 443 …
    pub security_groups: Vec<String>,
    /// … from this group, the load balancer's.
    pub from: String,
    /// The statement that its policy needs.
    pub statement: Value,
}

/// The endpoints of a stack.
pub(super) struct Endpoints {
    /// For `execute-api`, its own or borrowed.
    pub(super) apis: Option<vpc_endpoint::Actual>,
    /// For S3.
    pub(super) sites: Option<vpc_endpoint::Actual>,
    /// The load balancer's group, if the endpoint for `execute-api` is borrowed.
    borrowed_for: Option<String>,
}

impl Endpoints {
    pub(super) async fn read(reads: &Reads) -> Result<Self> {
        let (own, groups) =
            tokio::try_join!(VpcEndpoint::discover(reads), SecurityGroup::discover(reads))?;
        let of = |kind: Kind| {
            let found = own.iter().find(|found| found.key.kind() == kind);
            found.map(|found| found.actual.clone())
        };
        let mut endpoints = Self {
            apis: of(Kind::VpcEndpoint),
            sites: of(Kind::SiteEndpoint),
            borrowed_for: None,
        };
        let mut groups = groups.into_iter();
        let group = groups.find(|group| group.key.kind() == Kind::LoadBalancerSecurityGroup);
        let lent = group.and_then(|group| {
            let id = group.actual.tags.get(tags::ENDPOINT)?;
            Some((id.clone(), group.id))
        });
        if let (None, Some((id, group))) = (&endpoints.apis, lent) {
            endpoints.apis = reading::one(reads, &id).await?;
            endpoints.borrowed_for = Some(group);
        }
        Ok(endpoints)
    }

    /// What the stack needs of the endpoint that it borrows for these APIs.
    pub(super) fn opening(&self, reads: &Reads, account: &str, apis: &[&str]) -> Option<Opening> {
        let (endpoint, from) = (self.apis.as_ref()?, self.borrowed_for.clone()?);
        let region = &reads.region;
        let partition = Partition::of(region).id();
        let prefix = format!("arn:{partition}:execute-api:{region}:{account}");
        let apis = apis.iter().map(|id| format!("{prefix}:{id}"));
        Some(Opening {
            endpoint: endpoint.id.clone(),
            security_groups: endpoint.groups.iter().cloned().collect(),
            from,
            statement: policy::statements::invoke(&apis.collect::<BTreeSet<String>>()),
        })
    }

    /// The buckets behind the stack's sites.
    pub(super) async fn sites(&self, reads: &Reads) -> Result<Vec<SiteRow>> {
        let Some(endpoint) = &self.sites else {
            return Ok(vec![]);
        };
        let partition = Partition::of(&reads.region).id();
        let groups = TargetGroup::discover(reads).await?;
        let mut rows: Vec<SiteRow> = groups
            .iter()
            .filter_map(|group| {
                let bucket = group.actual.tags.get(tags::BUCKET)?;
                Some(SiteRow {
                    route: group.key.path(),
                    bucket: bucket.clone(),
                    manage_policy: group.actual.tags.contains_key(tags::BUCKET_POLICY),
                    statement: policy::read_through(&endpoint.id, bucket, partition),
                })
            })
            .collect();
        rows.sort_by(|a, b| a.route.cmp(&b.route));
        Ok(rows)
    }
}
