//! The resources that IAM is asked about.

use std::collections::BTreeSet;

use crate::{
    aws::Partition,
    config::{ApiSource, Config, Target, is_zone_id},
    graph::Owned,
    resource::Kind,
};

/// Ids that AWS has not given to anything, in the shapes of its own: of most
/// things, and of APIs.
const ID: &str = "0123456789abcdef";
const API: &str = "0123456789";

/// What an operation is called on: the resources that IAM is asked about. What
/// exists is asked about by its own id: a policy may name it. Where a thing does
/// not exist yet, one of its shape stands in for it (Service Authorization
/// Reference, "Resource types" of each service).
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
    Exports,
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
    /// What exists of the stack, as far as it can be read.
    owned: &'a [Owned],
}

impl<'a> Place<'a> {
    pub fn new(
        config: &'a Config,
        account: &'a str,
        region: &'a str,
        zones: &'a BTreeSet<String>,
        owned: &'a [Owned],
    ) -> Self {
        Self {
            config,
            account,
            region,
            partition: Partition::of(region).id(),
            zones,
            owned,
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

    /// The ids of what exists of these kinds; without any, one that stands in.
    fn ids(&self, kinds: &[Kind], stand_in: impl Into<String>) -> Vec<String> {
        let of_kind = |thing: &&Owned| kinds.contains(&thing.key.kind());
        let ids: BTreeSet<&String> = self
            .owned
            .iter()
            .filter(of_kind)
            .map(|one| &one.id)
            .collect();
        if ids.is_empty() {
            vec![stand_in.into()]
        } else {
            ids.into_iter().cloned().collect()
        }
    }

    /// Things of the stack, which ELB knows by their ARNs.
    fn balancing(&self, kinds: &[Kind], stand_in: &str) -> Vec<String> {
        self.ids(kinds, self.arn("elasticloadbalancing", stand_in))
    }

    fn ec2(&self, word: &str, ids: &[String]) -> Vec<String> {
        let ids = ids.iter();
        ids.map(|id| self.arn("ec2", &format!("{word}/{id}")))
            .collect()
    }

    /// What is below the stack's own APIs.
    fn apis(&self, below: &str) -> Vec<String> {
        let apis = self.ids(&[Kind::RestApi], API);
        let paths = apis.iter().map(|id| format!("/restapis/{id}{below}"));
        paths.flat_map(|path| self.gateway(&path)).collect()
    }

    /// What is below the stack's names.
    fn domains(&self, below: &str) -> Vec<String> {
        let hosts = self.config.hosts().into_iter();
        let paths = hosts.map(|host| format!("/domainnames/{}{below}", host.name));
        Self::each(paths.flat_map(|path| self.gateway(&path)))
    }

    /// What is exported of APIs that are borrowed.
    fn exports(&self) -> Vec<String> {
        let apis = self.config.routes.iter().filter_map(|route| route.api());
        let paths = apis.filter_map(|api| match &api.source {
            ApiSource::Borrowed(id) => {
                Some(format!("/restapis/{id}/stages/{}/exports/oas30", api.stage))
            }
            _ => None,
        });
        Self::each(paths.flat_map(|path| self.gateway(&path)))
    }

    /// What an action is called on; nothing if the file names nothing of the kind.
    pub fn resources(&self, action: &str, on: On) -> Vec<String> {
        const GROUPS: &[Kind] = &[Kind::LoadBalancerSecurityGroup, Kind::EndpointSecurityGroup];
        const ENDPOINTS: &[Kind] = &[Kind::VpcEndpoint, Kind::SiteEndpoint];
        const LISTENERS: &[Kind] = &[Kind::Listener, Kind::RedirectListener];
        let stack = &self.config.stack;
        let partition = self.partition;
        match on {
            On::Any => vec!["*".to_owned()],
            On::Groups => self.ec2("security-group", &self.ids(GROUPS, format!("sg-0{ID}"))),
            On::Endpoints => match &self.config.endpoint.id {
                Some(id) => self.ec2("vpc-endpoint", std::slice::from_ref(id)),
                None => self.ec2("vpc-endpoint", &self.ids(ENDPOINTS, format!("vpce-0{ID}"))),
            },
            On::Interfaces => vec![self.arn("ec2", &format!("network-interface/eni-0{ID}"))],
            On::Balancers => self.balancing(
                &[Kind::LoadBalancer],
                &format!("loadbalancer/app/{stack}/{ID}"),
            ),
            On::Listeners => self.balancing(LISTENERS, &format!("listener/app/{stack}/{ID}/{ID}")),
            On::Rules => self.balancing(
                &[Kind::ListenerRule],
                &format!("listener-rule/app/{stack}/{ID}/{ID}/{ID}"),
            ),
            On::TargetGroups => self.balancing(
                &[Kind::TargetGroup],
                &format!("targetgroup/{stack}-0123456/{ID}"),
            ),
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
            On::Apis => self.apis(""),
            On::Deployments => self.apis("/deployments"),
            On::Stages => self.apis("/stages"),
            On::Exports => self.exports(),
            On::Domains if action == "apigateway:POST" => self.gateway("/domainnames"),
            On::Domains => self.domains(""),
            On::Mappings => self.domains("/basepathmappings"),
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

/// Whether a resource only stands in for one whose id AWS has yet to choose.
pub(super) fn stands_in(resource: &str) -> bool {
    let is_id =
        |part: &str| part == API || part == ID || part.strip_prefix('0').is_some_and(|id| id == ID);
    resource.split(['/', '-']).any(is_id)
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
