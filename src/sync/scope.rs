//! What is followed: the groups of addresses of a stack, and the endpoints
//! whose addresses they are. Known from tags alone; a configuration only says
//! which endpoint, where that is in doubt, and what else should be.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    aws::{read::Reads, tags},
    config::Config,
    error::Result,
    graph::Node,
    resource::{Key, Kind, Resource},
    resources::{
        SecurityGroup, TargetGroup, Targets, VpcEndpoint,
        target_group::{self, OfAddresses, Standing},
        targets,
        vpc_endpoint::{self, following},
    },
    sync::aside,
};

/// Whose addresses are to be followed.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The stack's name.
    pub stack: String,
    /// Its configuration, where there is one.
    pub config: Option<Config>,
}

/// A group of addresses.
pub struct Followed {
    /// The group's ARN.
    pub arn: String,
    /// Which of the endpoints its addresses are of.
    pub kind: Kind,
    /// The endpoint.
    pub endpoint: Arc<Node<VpcEndpoint>>,
    /// The group.
    pub group: Arc<Node<TargetGroup>>,
    /// Its targets.
    pub targets: Arc<Node<Targets>>,
}

impl Followed {
    /// The addresses that should be registered; none as long as the endpoint
    /// cannot be followed: it is changing, or has no address.
    pub fn wanted(&self) -> Option<BTreeSet<String>> {
        let actual = self.endpoint.actual()?;
        (actual.state == "available").then_some(())?;
        let wanted = self.endpoint.desired.wanted_addresses(&actual);
        (!wanted.is_empty()).then(|| wanted.into_iter().map(|one| one.ip).collect())
    }

    /// The addresses that are registered, as far as anybody has looked.
    pub fn registered(&self) -> BTreeSet<String> {
        let actual = self.targets.actual();
        let targets = actual.map(|actual| actual.targets).unwrap_or_default();
        targets.into_keys().collect()
    }

    /// Whether others are registered than should be.
    pub fn differs(&self) -> bool {
        let actual = self.targets.actual();
        let same = |actual| self.targets.desired.diff(&actual).is_empty();
        self.wanted().is_some() && !actual.is_some_and(same)
    }
}

/// What is followed, as it was found at one time.
pub struct Scope {
    /// The memory of that time: it remembers which groups there are.
    pub reads: Reads,
    /// The endpoints, with what was last seen of them.
    pub endpoints: BTreeMap<Kind, Arc<Node<VpcEndpoint>>>,
    /// Those of the endpoints that are the stack's own.
    pub own: BTreeSet<Kind>,
    /// The groups.
    pub groups: Vec<Followed>,
    /// What is not as it should be and not to be repaired here.
    pub asides: Vec<String>,
    /// Whether anything of the stack was found.
    pub exists: bool,
    /// The addresses that were wanted at the last look, by endpoint.
    pub addresses: BTreeMap<Kind, BTreeSet<String>>,
    /// The endpoints' addresses that are in no zone of the load balancer.
    pub outside: BTreeMap<Kind, BTreeSet<String>>,
    /// Whether these have changed: the load balancer may have other zones by now.
    pub is_outdated: bool,
}

/// The endpoint that the load balancer's group remembers as borrowed.
async fn remembered(reads: &Reads, wanted: &Wanted) -> Result<Option<String>> {
    if wanted.config.is_some() {
        return Ok(None);
    }
    let groups = SecurityGroup::discover(reads).await?;
    let mut groups = groups.iter();
    let group = groups.find(|group| group.key.kind() == Kind::LoadBalancerSecurityGroup);
    Ok(group.and_then(|group| group.actual.tags.get(tags::ENDPOINT).cloned()))
}

impl Scope {
    /// Looks up what is to be followed.
    ///
    /// # Errors
    ///
    /// AWS refuses or does not answer.
    pub async fn read(reads: Reads, wanted: &Wanted) -> Result<Self> {
        let (standing, own, borrowed) = tokio::try_join!(
            target_group::of_addresses(&reads),
            following::own(&reads),
            remembered(&reads, wanted),
        )?;
        Ok(Self::new(reads, wanted, standing, &own, borrowed))
    }

    fn new(
        reads: Reads,
        wanted: &Wanted,
        standing: Standing,
        own: &BTreeMap<Kind, String>,
        borrowed: Option<String>,
    ) -> Self {
        let exists = standing.any || standing.zones.is_some() || !own.is_empty();
        let mut asides = aside::of_groups(wanted, &standing);
        let mut ids = own.clone();
        let has_apis = standing.groups.iter().any(|group| group.bucket.is_none());
        match which(wanted, own.get(&Kind::VpcEndpoint), borrowed, has_apis) {
            Ok(Some(id)) => drop(ids.insert(Kind::VpcEndpoint, id)),
            Ok(None) => {}
            Err(why) => {
                ids.remove(&Kind::VpcEndpoint);
                asides.push(why);
            }
        }
        let among: Vec<String> = ids.values().cloned().collect();
        let zones = standing.zones.clone().unwrap_or_default();
        let endpoints = ids.iter().map(|(kind, id)| {
            let source = vpc_endpoint::Source::Followed {
                id: id.clone(),
                among: among.clone(),
                zones: zones.clone(),
            };
            let kind = *kind;
            (kind, Node::new(VpcEndpoint { kind, source }))
        });
        let endpoints: BTreeMap<Kind, Arc<Node<VpcEndpoint>>> = endpoints.collect();
        let groups = standing.groups.into_iter();
        let groups = groups.filter_map(|group| followed(group, &endpoints, &mut asides));
        let groups: Vec<Followed> = groups.collect();
        let own = own.iter().filter(|(kind, id)| ids.get(kind) == Some(id));
        Self {
            own: own.map(|(kind, _)| *kind).collect(),
            groups: if standing.zones.is_some() {
                groups
            } else {
                Vec::new()
            },
            reads,
            endpoints,
            asides,
            exists,
            addresses: BTreeMap::new(),
            outside: BTreeMap::new(),
            is_outdated: false,
        }
    }

    /// This scope in the place of an earlier one: what was seen of the same things
    /// counts on.
    #[must_use]
    pub fn after(mut self, earlier: &Self) -> Self {
        let same = |a: &Followed, b: &Followed| {
            a.arn == b.arn && a.endpoint.desired.summary() == b.endpoint.desired.summary()
        };
        let is_known = |group: &Followed| earlier.groups.iter().any(|one| same(group, one));
        if self.groups.iter().all(is_known) {
            self.addresses.clone_from(&earlier.addresses);
        }
        self
    }

    /// The targets that are followed.
    pub fn keys(&self) -> Vec<Key> {
        self.groups
            .iter()
            .map(|group| group.targets.key())
            .collect()
    }
}

/// The endpoint for the APIs. None: it is the stack's own, or there is none.
fn which(
    wanted: &Wanted,
    own: Option<&String>,
    borrowed: Option<String>,
    has_apis: bool,
) -> std::result::Result<Option<String>, String> {
    if let Some(config) = &wanted.config {
        if config.endpoint.foreign && config.has_api() {
            return Err(
                "the endpoint is one that this account may not look at: its addresses are those of the configuration, and `hybridgw up` registers them"
                    .to_owned(),
            );
        }
        return Ok(config.endpoint.id.clone().filter(|_| config.has_api()));
    }
    match (own, borrowed) {
        (Some(own), Some(borrowed)) if *own != borrowed && has_apis => Err(format!(
            "the stack has the endpoint {own} and remembers that it borrows {borrowed}: only the configuration says which of them serves, so run `hybridgw sync` with it"
        )),
        (Some(_), _) => Ok(None),
        (None, borrowed) => Ok(borrowed),
    }
}

fn followed(
    group: OfAddresses,
    endpoints: &BTreeMap<Kind, Arc<Node<VpcEndpoint>>>,
    asides: &mut Vec<String>,
) -> Option<Followed> {
    let kind = match group.bucket {
        Some(_) => Kind::SiteEndpoint,
        None => Kind::VpcEndpoint,
    };
    let key = group.group.key();
    let Some(endpoint) = endpoints.get(&kind) else {
        asides.push(format!(
            "{key} has no endpoint whose addresses could be followed; `hybridgw up` repairs it"
        ));
        return None;
    };
    let node = Node::new(group.group);
    let targets = Node::new(Targets {
        group: Arc::clone(&node),
        source: targets::Source::Endpoint {
            endpoint: Arc::clone(endpoint),
            rules: None,
        },
        forwarders: Vec::new(),
    });
    Some(Followed {
        arn: group.arn,
        kind,
        endpoint: Arc::clone(endpoint),
        group: node,
        targets,
    })
}

/// A look at the stack anew, two reads at a time, so that no round makes more
/// than the others do.
pub struct Ahead {
    reads: Reads,
    step: u8,
}

impl Ahead {
    /// Begins one with an empty memory, in which all is asked again.
    pub fn new(reads: Reads) -> Self {
        Self { reads, step: 0 }
    }

    /// The next two reads; what is followed, when that was the last of them.
    ///
    /// # Errors
    ///
    /// AWS refuses or does not answer; the same step is taken again then.
    pub async fn step(&mut self, wanted: &Wanted) -> Result<Option<Scope>> {
        let reads = &self.reads;
        match self.step {
            0 => {
                tokio::try_join!(reads.load_balancer(&wanted.stack), reads.target_groups())?;
            }
            1 => {
                // The tags of all that was listed.
                tokio::try_join!(target_group::of_addresses(reads), following::own(reads))?;
            }
            _ => return Scope::read(self.reads.clone(), wanted).await.map(Some),
        }
        self.step += 1;
        Ok(None)
    }
}
