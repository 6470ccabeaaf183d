//! The resources that IAM is asked about.

use std::collections::BTreeSet;

use crate::{
    aws::Partition,
    config::{ApiSource, Config, Target, is_zone_id},
};

/// What an operation is called on: the resources that IAM is asked about. Where
/// a thing does not exist yet, one of its shape stands in for it (Service
/// Authorization Reference, "Resource types" of each service).
#[derive(Clone, Copy)]
pub(super) enum On {
    /// Whatever there is: lists, and what takes no resource.
    Any,
    Groups,
    Endpoints,
    Interfaces,
    Balancers,
    Listeners,
    Rules,
    TargetGroups,
    Certificates,
    Zones,
    Changes,
    Apis,
    Deployments,
    Stages,
    Domains,
    Mappings,
    Functions,
    SiteBuckets,
    SiteObjects,
    LogBuckets,
    GatewayAccount,
    GatewayTags,
}

/// Where the resources are.
pub(super) struct Place<'a> {
    config: &'a Config,
    account: &'a str,
    region: &'a str,
    partition: &'static str,
    /// The hosted zones of the file's names, as far as they are known.
    zones: &'a BTreeSet<String>,
}

impl<'a> Place<'a> {
    pub fn new(
        config: &'a Config,
        account: &'a str,
        region: &'a str,
        zones: &'a BTreeSet<String>,
    ) -> Self {
        Self {
            config,
            account,
            region,
            partition: Partition::of(region).id(),
            zones,
        }
    }

    /// An ARN in the account and region.
    fn arn(&self, service: &str, rest: &str) -> String {
        let Self {
            partition,
            region,
            account,
            ..
        } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{rest}")
    }

    /// API Gateway's ARNs are paths (API Gateway developer guide, "Amazon Resource
    /// Name (ARN) reference").
    fn gateway(&self, path: &str) -> Vec<String> {
        let Self {
            partition, region, ..
        } = self;
        vec![format!("arn:{partition}:apigateway:{region}::{path}")]
    }

    /// What an action is called on; nothing if the file names nothing of the kind.
    pub fn resources(&self, action: &str, on: On) -> Vec<String> {
        const ID: &str = "0123456789abcdef";
        let stack = &self.config.stack;
        let elb = |kind: &str, rest: &str| {
            vec![self.arn("elasticloadbalancing", &format!("{kind}/{rest}"))]
        };
        let partition = self.partition;
        match on {
            On::Any => vec!["*".to_owned()],
            On::Groups => vec![self.arn("ec2", &format!("security-group/sg-0{ID}"))],
            On::Endpoints => {
                let id = self.config.endpoint.id.clone();
                let id = id.unwrap_or_else(|| format!("vpce-0{ID}"));
                vec![self.arn("ec2", &format!("vpc-endpoint/{id}"))]
            }
            On::Interfaces => vec![self.arn("ec2", &format!("network-interface/eni-0{ID}"))],
            On::Balancers => elb("loadbalancer", &format!("app/{stack}/{ID}")),
            On::Listeners => elb("listener", &format!("app/{stack}/{ID}/{ID}")),
            On::Rules => elb("listener-rule", &format!("app/{stack}/{ID}/{ID}/{ID}")),
            On::TargetGroups => elb("targetgroup", &format!("{stack}-0123456/{ID}")),
            On::Certificates => Self::each(
                self.config
                    .hosts()
                    .iter()
                    .map(|host| host.certificate.to_owned()),
            ),
            On::Zones => {
                let hosts = self.config.hosts().into_iter();
                let named = hosts.map(|host| host.zone).filter(|zone| is_zone_id(zone));
                let ids = named.chain(self.zones.iter().map(String::as_str));
                Self::each(ids.map(|id| format!("arn:{partition}:route53:::hostedzone/{id}")))
            }
            On::Changes => vec![format!(
                "arn:{partition}:route53:::change/C0123456789ABCDEFGHIJ"
            )],
            On::Apis if action == "apigateway:POST" => self.gateway("/restapis"),
            On::Apis => self.gateway("/restapis/a1b2c3d4e5"),
            On::Deployments => self.gateway("/restapis/a1b2c3d4e5/deployments"),
            On::Stages => self.gateway("/restapis/a1b2c3d4e5/stages"),
            On::Domains if action == "apigateway:POST" => self.gateway("/domainnames"),
            On::Domains => self.gateway(&format!("/domainnames/{}", self.config.domain.name)),
            On::Mappings => self.gateway(&format!(
                "/domainnames/{}/basepathmappings",
                self.config.domain.name
            )),
            On::GatewayTags => self.gateway("/tags/*"),
            On::GatewayAccount => self.gateway("/account"),
            On::Functions => Self::each(functions(self.config).into_iter().map(str::to_owned)),
            On::SiteBuckets => Self::each(
                self.config
                    .sites()
                    .map(|(_, site)| format!("arn:{partition}:s3:::{}", site.bucket)),
            ),
            On::SiteObjects => {
                Self::each(self.config.sites().map(|(_, site)| {
                    format!("arn:{partition}:s3:::{}/{}", site.bucket, site.index)
                }))
            }
            On::LogBuckets => {
                let logs = self.config.load_balancer.logs();
                let buckets = logs
                    .iter()
                    .filter_map(|(_, logs)| logs.map(|one| &one.bucket));
                Self::each(buckets.map(|bucket| format!("arn:{partition}:s3:::{bucket}")))
            }
        }
    }

    /// Each once.
    fn each(all: impl Iterator<Item = String>) -> Vec<String> {
        let all: BTreeSet<String> = all.collect();
        all.into_iter().collect()
    }
}

/// The functions that the file names.
pub(super) fn functions(config: &Config) -> Vec<&str> {
    let named = config
        .routes
        .iter()
        .filter_map(|route| match &route.target {
            Target::Lambda(function) => Some(function.arn.as_str()),
            Target::Api(api) => match &api.source {
                ApiSource::Lambda(arn) => Some(arn.as_str()),
                ApiSource::OpenApi(_) | ApiSource::Borrowed(_) | ApiSource::Placeholder => None,
            },
            Target::Site(_) => None,
        });
    named.collect()
}
