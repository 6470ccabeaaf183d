//! What would be made, against what the account may have.
//!
//! Service Quotas is asked only if something is to be made, once a service. Where
//! it may not be asked, or does not answer, AWS's documented defaults hold.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use aws_sdk_apigateway::types::EndpointType;
use aws_sdk_elasticloadbalancingv2::types::LoadBalancerTypeEnum;
use futures_util::future::join_all;

use super::{
    finding::{Finding, Problem, Problems, failed, problem},
    listener, own_endpoint,
};
use crate::{
    aws::read::{Endpoints, Groups, Reads},
    checks::codes,
    config::{ApiSource, Config, Route, Target},
    error::Result,
    names,
    resource::{Kind, tags},
};

/// A quota, and its default (AWS General Reference, "Service quotas").
struct Quota {
    service: &'static str,
    code: &'static str,
    default: usize,
    /// What it counts, and where.
    what: &'static str,
}

const BALANCERS: Quota = Quota {
    service: "elasticloadbalancing",
    code: "L-53DA6B97",
    default: 50,
    what: "application load balancers in a region",
};
const TARGET_GROUPS: Quota = Quota {
    service: "elasticloadbalancing",
    code: "L-B22855CB",
    default: 3000,
    what: "target groups in a region",
};
const RULES: Quota = Quota {
    service: "elasticloadbalancing",
    code: "L-7EED9B64",
    default: listener::RULES,
    what: "listener rules of a load balancer",
};
const CERTIFICATES: Quota = Quota {
    service: "elasticloadbalancing",
    code: "L-9365A611",
    default: listener::CERTIFICATES,
    what: "further certificates of a load balancer",
};
const ENDPOINTS: Quota = Quota {
    service: "vpc",
    code: "L-29B6F2EB",
    default: 50,
    what: "interface endpoints of a VPC",
};
const GROUP_RULES: Quota = Quota {
    service: "vpc",
    code: "L-0EA8095F",
    default: 60,
    what: "rules each way of a security group",
};
const DOMAINS: Quota = Quota {
    service: "apigateway",
    code: "L-A93447B8",
    default: 120,
    what: "custom domain names in a region",
};
const APIS: Quota = Quota {
    service: "apigateway",
    code: "L-A966AB5C",
    default: 600,
    what: "private REST APIs in a region",
};

/// Something that is to be made.
struct Want {
    quota: &'static Quota,
    place: &'static str,
    /// How many of it there are already.
    used: usize,
    /// How many more there would be.
    new: usize,
    remedy: &'static str,
}

const ASK: &str = "ask AWS for a higher quota, or take what is not used away";
const FEWER: &str = "join neighbouring ranges, put what asks into one security group and name that (`sg-…`, one rule a port), or ask AWS for a higher quota; a prefix list (`pl-…`) counts with its largest size";

/// How much of a quota is used, with what is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// What it counts, and where.
    pub what: &'static str,
    /// The service and the code that Service Quotas has for it.
    pub quota: String,
    /// How many there are and will be.
    pub all: usize,
    /// How many there may be.
    pub most: usize,
}

/// Checks all that is to be made. `rules` is how many the load balancer's group
/// needs.
pub(super) async fn check(config: &Config, reads: &Reads, rules: usize) -> Finding<()> {
    let wants = wants(config, reads, rules).await.map_err(failed)?;
    let new = wants.into_iter().filter(|want| want.new > 0).collect();
    let mut problems = Problems::default();
    for (want, most) in limits(new, reads).await {
        if let Some(problem) = want.beyond(most) {
            problems.note(problem);
        }
    }
    problems.or(())
}

/// How much of each quota is used, with what is to be made.
pub(super) async fn loads(config: &Config, reads: &Reads, rules: usize) -> Result<Vec<Load>> {
    let wants = wants(config, reads, rules).await?;
    let loads = limits(wants, reads).await.into_iter();
    let loads = loads.map(|(want, most)| Load {
        what: want.quota.what,
        quota: format!("{} {}", want.quota.service, want.quota.code),
        all: want.used + want.new,
        most,
    });
    Ok(loads.collect())
}

async fn wants(config: &Config, reads: &Reads, rules: usize) -> Result<Vec<Want>> {
    let mut wants = balancing(config, reads).await?;
    let (network, gateway) = tokio::join!(network(config, reads, rules), gateway(config, reads));
    wants.extend(network?);
    wants.extend(gateway?);
    Ok(wants)
}

/// Each with how many there may be.
async fn limits(wants: Vec<Want>, reads: &Reads) -> Vec<(Want, usize)> {
    let services: BTreeSet<&str> = wants.iter().map(|want| want.quota.service).collect();
    let asked = services.into_iter().map(|service| ask(reads, service));
    let known: BTreeMap<&str, Arc<BTreeMap<String, f64>>> =
        join_all(asked).await.into_iter().flatten().collect();
    let limited = wants.into_iter().map(|want| {
        let account = known.get(want.quota.service);
        let account = account.and_then(|all| all.get(want.quota.code));
        let most = account.and_then(|most| whole(*most));
        let most = most.unwrap_or(want.quota.default);
        (want, most)
    });
    limited.collect()
}

impl Want {
    fn beyond(&self, most: usize) -> Option<Problem> {
        let Quota {
            service,
            code,
            what,
            ..
        } = self.quota;
        let all = self.used + self.new;
        let how = match self.used {
            0 => format!("it takes {all}"),
            used => format!("it takes {} more beside the {used} there are", self.new),
        };
        (all > most).then(|| {
            let words =
                format!("{what}: {how}, and this account has a quota of {most} ({service} {code})");
            problem(codes::QUOTAS_EXCEEDED, self.place, words, self.remedy)
        })
    }
}

/// The wire has doubles.
fn whole(number: f64) -> Option<usize> {
    format!("{number:.0}").parse().ok()
}

/// Longer than any answer takes; where nobody answers, `up` does without.
const PATIENCE: Duration = Duration::from_secs(5);

async fn ask<'a>(reads: &Reads, service: &'a str) -> Option<(&'a str, Arc<BTreeMap<String, f64>>)> {
    let answer = tokio::time::timeout(PATIENCE, reads.service_quotas(service)).await;
    let why = match answer {
        Ok(Ok(quotas)) => return Some((service, quotas)),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    tracing::info!("the quotas of {service} are taken to be AWS's defaults: {why}");
    None
}

async fn balancing(config: &Config, reads: &Reads) -> Result<Vec<Want>> {
    let (balancer, groups) =
        tokio::try_join!(reads.load_balancer(&config.stack), reads.target_groups())?;
    let own = groups.iter().filter(|group| {
        let name = group.target_group_name().unwrap_or_default();
        names::is_target_group(&config.stack, name)
    });
    let apart = |target: &Target| matches!(target, Target::Lambda(_) | Target::Site(_));
    let apart = config.routes.iter().filter(|route| apart(&route.target));
    let wanted = apart.count() + usize::from(config.has_api());
    let mut wants = vec![Want {
        quota: &TARGET_GROUPS,
        place: "route",
        used: groups.len(),
        new: wanted.saturating_sub(own.count()),
        remedy: ASK,
    }];
    if balancer.is_some() {
        return Ok(wants);
    }
    let all = reads.load_balancers().await?;
    let application = Some(&LoadBalancerTypeEnum::Application);
    let used = all.iter().filter(|one| one.r#type() == application).count();
    let mut want = |quota: &'static Quota, place, used, new, remedy| {
        wants.push(Want {
            quota,
            place,
            used,
            new,
            remedy,
        });
    };
    want(&BALANCERS, "load_balancer", used, 1, ASK);
    // Beyond the default the listener's own check has something to say.
    let fewer = "take routes or aliases out, or ask AWS for a higher quota";
    if config.rules() <= RULES.default {
        want(&RULES, "route", 0, config.rules(), fewer);
    }
    let further = listener::further_certificates(config);
    if further <= CERTIFICATES.default {
        want(&CERTIFICATES, "domain.aliases", 0, further, fewer);
    }
    Ok(wants)
}

async fn network(config: &Config, reads: &Reads, rules: usize) -> Result<Vec<Want>> {
    let mut wants = Vec::new();
    let groups = reads.security_groups(Groups::OfStack).await?;
    if groups.is_empty() || rules > GROUP_RULES.default {
        wants.push(Want {
            quota: &GROUP_RULES,
            place: "network.clients",
            used: 0,
            new: rules,
            remedy: FEWER,
        });
    }
    let borrows = config.endpoint.id.is_some() || config.endpoint.foreign;
    let kinds = [
        (config.has_api() && !borrows, Kind::VpcEndpoint),
        (config.has_site(), Kind::SiteEndpoint),
    ];
    let mut new = 0;
    for (_, kind) in kinds.into_iter().filter(|(wanted, _)| *wanted) {
        new += usize::from(own_endpoint(reads, kind).await?.is_none());
    }
    if new > 0 {
        let all = Endpoints::In(config.network.vpc.clone());
        let all = reads.vpc_endpoints(all).await?;
        let interfaces = all.iter().filter(|one| {
            let kind = one.vpc_endpoint_type().map_or("", |kind| kind.as_str());
            let state = one.state().map_or("", |state| state.as_str());
            kind == "Interface" && !state.eq_ignore_ascii_case("deleted")
        });
        wants.push(Want {
            quota: &ENDPOINTS,
            place: "network.vpc",
            used: interfaces.count(),
            new,
            remedy: "borrow an endpoint with `endpoint.id`, take one that is not used away, or ask AWS for a higher quota",
        });
    }
    Ok(wants)
}

async fn gateway(config: &Config, reads: &Reads) -> Result<Vec<Want>> {
    if !config.has_api() {
        return Ok(Vec::new());
    }
    let (domains, apis) = tokio::try_join!(reads.domain_names(), reads.rest_apis())?;
    let of_kind = |types: &[EndpointType]| types.contains(&EndpointType::Private);
    let public = domains.iter().filter(|domain| {
        let configuration = domain.endpoint_configuration();
        !configuration.is_some_and(|one| of_kind(one.types()))
    });
    let named = |host: &str| {
        let mut all = domains.iter().filter_map(|domain| domain.domain_name());
        all.any(|name| name.eq_ignore_ascii_case(host))
    };
    let hosts = config.hosts();
    let missing = hosts.iter().filter(|host| !named(host.name));
    let private = apis.iter().filter(|api| {
        let configuration = api.endpoint_configuration();
        configuration.is_some_and(|one| of_kind(one.types()))
    });
    let own = apis.iter().filter(|api| {
        let stack = api.tags().and_then(|all| all.get(tags::STACK));
        stack == Some(&config.stack)
    });
    let made = config.routes.iter().filter_map(Route::api);
    let made = made.filter(|api| !matches!(api.source, ApiSource::Borrowed(_)));
    Ok(vec![
        Want {
            quota: &DOMAINS,
            place: "domain",
            used: public.count(),
            new: missing.count(),
            remedy: ASK,
        },
        Want {
            quota: &APIS,
            place: "route",
            used: private.count(),
            new: made.count().saturating_sub(own.count()),
            remedy: ASK,
        },
    ])
}
