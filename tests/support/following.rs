//! `sync` on a simulated account: AWS replaces interfaces, and what is said.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hybridgw::{
    Error,
    aws::Connection,
    event::Silent,
    simulator::{ec2, elbv2::Verdict, world::Region},
    stop::Stop,
    sync::{
        Round, Wanted, Watch,
        gauges::Gauges,
        once,
        service::Service,
        watch::{Happened, Reloads, Total, Voice},
    },
};

use crate::bench::{ACCOUNT, Bench, REGION};

/// From one round to the next, as by default.
pub const INTERVAL: Duration = Duration::from_secs(30);

/// An interface of an endpoint.
#[derive(Clone, Debug)]
pub struct Interface {
    pub id: String,
    pub endpoint: String,
    pub address: String,
    pub tags: BTreeMap<String, String>,
}

/// A group of addresses: all that is registered and not on its way out, and of that what
/// is healthy and leads somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub registered: BTreeSet<String>,
    pub healthy: BTreeSet<String>,
}

impl Bench {
    fn here(&self) -> Region {
        let world = self.simulator.world();
        world.region(ACCOUNT, REGION).expect("it is in use").clone()
    }

    /// The interfaces of the endpoints that the stack uses: its own, or the borrowed one.
    pub fn interfaces(&self) -> Vec<Interface> {
        let here = self.here();
        let held = here.ec2.interfaces.iter();
        let held = held.filter(|(_, one)| one.kind == "vpc_endpoint" && !one.leaving);
        let own = |endpoint: &String| {
            let tags = here.ec2.tags.get(endpoint);
            let stack = tags.and_then(|tags| tags.get("hybridgw:stack"));
            stack == Some(&self.config.stack) || self.config.endpoint.id.as_ref() == Some(endpoint)
        };
        let held = held.filter(|(_, one)| own(&one.holder));
        held.map(|(id, one)| Interface {
            id: id.clone(),
            endpoint: one.holder.clone(),
            address: one.address.to_string(),
            tags: here
                .ec2
                .tags
                .get(id)
                .cloned()
                .unwrap_or_default()
                .into_iter()
                .collect(),
        })
        .collect()
    }

    /// AWS replaces an interface; returns the new address.
    pub fn replace(&self, interface: &Interface) -> String {
        let new = self.simulator.edit(|world, conditions| {
            let mut ctx = world.context(ACCOUNT, REGION, conditions);
            let id = ec2::replace_interface(&mut ctx, &interface.id).expect("it is there");
            ctx.here.ec2.interfaces[&id].address.to_string()
        });
        new.expect("it is in memory")
    }

    /// The groups of addresses of the bench's stack, by name.
    pub fn groups(&self) -> BTreeMap<String, Group> {
        let here = self.here();
        let stack = &self.config.stack;
        let own = here.elbv2.groups.values();
        let own = own
            .filter(|one| hybridgw::names::is_target_group(stack, &one.name) && one.vpc.is_some());
        own.map(|one| {
            let targets = one.targets.iter().filter(|target| !target.draining);
            let exists = |address: &str| {
                let mut held = here.ec2.interfaces.values();
                held.any(|one| one.kind == "vpc_endpoint" && one.address.to_string() == address)
            };
            let group = Group {
                registered: targets.clone().map(|one| one.id.clone()).collect(),
                healthy: targets
                    .filter(|one| one.health.verdict == Verdict::Healthy && exists(&one.id))
                    .map(|one| one.id.clone())
                    .collect(),
            };
            (one.name.clone(), group)
        })
        .collect()
    }

    /// Fails unless every group has all addresses of one endpoint, healthy, and nothing else.
    pub fn assert_followed(&self, what: &str) {
        let mut endpoints: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for one in self.interfaces() {
            endpoints
                .entry(one.endpoint)
                .or_default()
                .insert(one.address);
        }
        let groups = self.groups();
        assert!(!groups.is_empty(), "{what}: there are groups");
        for (name, group) in groups {
            let fits = endpoints.values().any(|has| *has == group.registered);
            assert!(
                fits,
                "{what}: {name} has {group:?}, and there are {endpoints:?}"
            );
            assert_eq!(group.healthy, group.registered, "{what}: {name}");
        }
    }

    /// What to follow: as the configuration says, or from tags alone.
    pub fn wanted(&self, by_tags: bool) -> Wanted {
        Wanted {
            stack: self.config.stack.clone(),
            config: (!by_tags).then(|| self.config.clone()),
        }
    }

    /// `sync`.
    pub async fn sync(&self, by_tags: bool) -> (Round, Result<(), Error>) {
        let stop = Stop::default();
        once(&self.connection, &self.wanted(by_tags), &Silent, &stop).await
    }

    /// `sync --watch`, until it is stopped.
    pub async fn watch(
        &self,
        by_tags: bool,
        stop: &Arc<Stop>,
        heard: &Heard,
        seed: u64,
    ) -> Result<Total, Error> {
        self.watch_with(self.wanted(by_tags), stop, heard, seed, &mut Never)
            .await
    }

    pub async fn watch_with(
        &self,
        wanted: Wanted,
        stop: &Arc<Stop>,
        heard: &Heard,
        seed: u64,
        reloads: &mut impl Reloads,
    ) -> Result<Total, Error> {
        self.connection.heed(stop);
        let watch = Watch {
            connection: self.connection.clone(),
            wanted,
            interval: INTERVAL,
            chance: fastrand(seed),
            stop,
            voice: heard,
            gauges: Arc::clone(&heard.gauges),
            service: Service::default(),
        };
        watch.run(reloads).await
    }
}

/// Chance from a seed.
fn fastrand(seed: u64) -> hybridgw::sync::watch::Chance {
    hybridgw::sync::watch::Chance::with_seed(seed)
}

/// Never asked to read anything again.
pub struct Never;

impl Reloads for Never {
    async fn asked(&mut self) {
        std::future::pending::<()>().await;
    }

    async fn read(&mut self) -> Result<(Wanted, Connection), Error> {
        unreachable!("nobody asks")
    }
}

/// Hears what a watcher says.
pub struct Heard {
    pub gauges: Arc<Gauges>,
    said: Mutex<Vec<(Duration, Happened)>>,
}

impl Default for Heard {
    fn default() -> Self {
        let clock = hybridgw::clock::Clock::REAL;
        Self {
            gauges: Arc::new(Gauges::new(clock, INTERVAL)),
            said: Mutex::default(),
        }
    }
}

impl Heard {
    /// All of it, one word each: `began`, `changed`, `warning`, `failing`, `well`.
    pub fn words(&self) -> Vec<&'static str> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let word = |happened: &Happened| match happened {
            Happened::Began(_) => "began",
            Happened::Changed(_) => "changed",
            Happened::Warning(_) => "warning",
            Happened::Failing(_) => "failing",
            Happened::Well(_) => "well",
            Happened::Gone => "gone",
            Happened::Back => "back",
            Happened::Reloaded => "reloaded",
            Happened::NotReloaded(_) => "not reloaded",
        };
        said.iter().map(|(_, happened)| word(happened)).collect()
    }

    /// All of it, in full.
    pub fn text(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = said
            .iter()
            .map(|(at, happened)| format!("{at:?} {happened:?}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// How often one of these was said.
    pub fn count(&self, word: &str) -> usize {
        self.words().iter().filter(|one| **one == word).count()
    }
}

impl Voice for Heard {
    fn say(&self, happened: &Happened, elapsed: Duration) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.push((elapsed, happened.clone()));
    }
}
