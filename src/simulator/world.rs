//! The world: accounts, their regions, what lies ahead, and the seed.
//!
//! Everything here is written to the world file. What takes time is put on
//! the agenda: an endpoint that becomes available in ninety seconds is an
//! [`Event`] due then. Before each request [`World::advance`] lets all that is
//! due happen, in order, each at its own time. There is no other lifecycle.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use super::agenda::Event;

use super::acm::state as acm;
use super::agenda::{Agenda, Due};
use super::apigateway::state as apigateway;
use super::clock::Time;
use super::conditions::Conditions;
use super::ec2::state as ec2;
use super::elbv2::state as elbv2;
use super::iam::state as iam;
use super::lambda::state as lambda;
use super::latency::Span;
use super::quotas::Buckets;
use super::random::Random;
use super::route53::state as route53;
use super::s3::state as s3;

/// The format of the world file; another one is refused.
pub const VERSION: u32 = 1;

/// All there is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct World {
    /// The format, [`VERSION`].
    pub version: u32,
    /// What the ids are drawn from.
    pub seed: u64,
    /// The reading of the clock.
    pub now: Time,
    /// How many requests were answered: request ids come from it.
    pub requests: u64,
    random: Random,
    agenda: Agenda,
    #[serde(default)]
    claims: Claims,
    accounts: BTreeMap<String, Account>,
}

/// One account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// What has no region.
    pub global: Global,
    /// The regions that were used.
    pub regions: BTreeMap<String, Region>,
}

/// The services without a region (Route 53 goes here).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Global {
    /// IAM.
    pub iam: iam::State,
    /// Route 53.
    pub route53: route53::State,
    /// S3.
    pub s3: s3::State,
}

/// Names that no two accounts share, and the account that has each: `s3/<bucket>`.
pub type Claims = BTreeMap<String, String>;

/// One region of an account: a field for each service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Region {
    /// The request quotas' buckets.
    pub buckets: Buckets,
    /// Quotas that are not AWS's default here, under `service/code`.
    pub raised: BTreeMap<String, u64>,
    /// ACM.
    pub acm: acm::State,
    /// EC2.
    pub ec2: ec2::State,
    /// `ELBv2`.
    pub elbv2: elbv2::State,
    /// API Gateway.
    pub apigateway: apigateway::State,
    /// Lambda.
    pub lambda: lambda::State,
}

impl World {
    /// Returns an empty world.
    pub fn new(seed: u64, now: Time) -> Self {
        Self {
            version: VERSION,
            seed,
            now,
            requests: 0,
            random: Random::seeded(seed),
            agenda: Agenda::default(),
            claims: Claims::new(),
            accounts: BTreeMap::new(),
        }
    }

    /// Takes what is due next off the agenda.
    pub(crate) fn next_due(&mut self, now: Time) -> Option<Due> {
        self.agenda.next(now)
    }

    /// Returns when the next event is due.
    pub fn next_event(&self) -> Option<Time> {
        self.agenda.first()
    }

    /// Returns the context of a call to one region of an account; both exist from then on.
    pub fn context<'a>(
        &'a mut self,
        account: &'a str,
        region: &'a str,
        conditions: &'a Conditions,
    ) -> Ctx<'a> {
        let targets = Targets::of(&self.accounts);
        let home = self.accounts.entry(account.to_owned()).or_default();
        Ctx {
            targets,
            account,
            region,
            now: self.now,
            here: home.regions.entry(region.to_owned()).or_default(),
            global: &mut home.global,
            random: &mut self.random,
            conditions,
            agenda: &mut self.agenda,
            claims: &mut self.claims,
        }
    }

    /// Returns a region of an account, if it was ever used.
    pub fn region(&self, account: &str, region: &str) -> Option<&Region> {
        self.accounts.get(account)?.regions.get(region)
    }

    /// Returns the accounts, for those who look at the world from outside.
    pub const fn accounts(&self) -> &BTreeMap<String, Account> {
        &self.accounts
    }
}

/// What an alias can lead to, of all accounts and regions, as a call finds it.
#[derive(Debug, Default)]
pub struct Targets {
    /// The names of load balancers.
    pub balancers: BTreeSet<String>,
    /// How the names of interface endpoints begin: `vpce-0a1b-2c3d`.
    pub endpoints: BTreeSet<String>,
    /// The names that regional domain names lead to.
    pub apis: BTreeSet<String>,
}

impl Targets {
    fn of(accounts: &BTreeMap<String, Account>) -> Self {
        let mut targets = Self::default();
        for region in accounts.values().flat_map(|one| one.regions.values()) {
            let balancers = region.elbv2.balancers.values();
            let balancers = balancers.map(|one| one.dns_name.to_ascii_lowercase());
            targets.balancers.extend(balancers);
            let endpoints = region.ec2.endpoints.iter();
            let endpoints = endpoints.map(|(id, one)| format!("{id}-{}", one.label));
            targets.endpoints.extend(endpoints);
            let domains = region.apigateway.domains.values();
            targets
                .apis
                .extend(domains.filter_map(|one| one.target.clone()));
        }
        targets
    }
}

/// What an operation works with: one region of one account, at one moment.
pub struct Ctx<'a> {
    /// The account's twelve digits.
    pub account: &'a str,
    /// The region's name.
    pub region: &'a str,
    /// The simulated time.
    pub now: Time,
    /// The region's services.
    pub here: &'a mut Region,
    /// The account's services without a region.
    pub global: &'a mut Global,
    /// The source of ids and of chance.
    pub random: &'a mut Random,
    /// The conditions in force.
    pub conditions: &'a Conditions,
    /// Names that no two accounts share.
    pub claims: &'a mut Claims,
    /// What Route 53 sees of all accounts and regions.
    pub targets: Targets,
    agenda: &'a mut Agenda,
}

impl Ctx<'_> {
    /// Draws how long something takes this time.
    pub fn takes(&mut self, span: Span) -> Duration {
        self.conditions.latency.draw(span, self.random)
    }

    /// Puts an event on the agenda of this region.
    pub fn after(&mut self, delay: Duration, event: Event) {
        let at = self.now + delay;
        self.agenda.add(Due {
            at,
            account: self.account.to_owned(),
            region: self.region.to_owned(),
            event,
        });
    }

    /// Returns the partition: `aws`, `aws-cn`, `aws-us-gov`.
    pub fn partition(&self) -> &'static str {
        match self.region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// Returns the suffix of the partition's DNS names.
    pub fn dns_suffix(&self) -> &'static str {
        if self.partition() == "aws-cn" {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        }
    }

    /// Returns an ARN of this region and account.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            account, region, ..
        } = self;
        format!(
            "arn:{}:{service}:{region}:{account}:{resource}",
            self.partition()
        )
    }
}
