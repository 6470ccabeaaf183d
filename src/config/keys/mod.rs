//! The keys of `hybridgw.toml`, each declared once: its type, its default, its
//! range or pattern, its documentation. A new key is a line here.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::choice::{word, words};
use super::form::List;
use super::key::{Key, optional, or, or_empty, required};
use super::reading::Context;
use super::table::{Table, section, section_or_default, table, tables};
use super::values::network::{CLIENTS, Client, SUBNET, VPC};
use super::values::stack::{ACCOUNT, REGION, STACK};

mod checks;
mod domain;
pub(super) mod endpoint;
mod load_balancer;
mod route;
mod tags;

pub use checks::Checks;
pub use domain::{Alias, Domain};
pub use endpoint::Endpoint;
pub use load_balancer::{HealthCheck, LoadBalancer};
pub use route::{AccessLogs, Api, ApiSource, Function, FunctionHealth, Route, Site, Target};

table! {
    /// One stack: a private name, the load balancer behind it, and what it leads to.
    pub struct Config {
        /// The stack's name. It names and owns everything that hybridgw makes.
        stack: String = required(STACK);
        /// The region. Without it the environment or `--region` says.
        region: Option<String> = optional(REGION).then(|region, context| {
            context.region.clone_from(region);
        });
        /// The account's 12 digits. A guard: hybridgw refuses to act in any other.
        account: Option<String> = optional(ACCOUNT).then(|account, context| {
            context.account.clone_from(account);
        });
        /// How a request's host name finds the API.
        mode: Mode = or(word::<Mode>(), Mode::RegionalDomain);
        /// Tags for everything that is made, 40 at most. Keys beginning `aws:` and
        /// `hybridgw:` are reserved.
        tags: BTreeMap<String, String> = or_empty(tags::Tags);
        /// The network that the stack stands in.
        network: Network = section().then(note_network);
        /// The private name.
        domain: Domain = section().then(note_domain);
        /// The VPC endpoint for `execute-api`.
        endpoint: Endpoint = section_or_default().then(endpoint::note);
        /// The internal load balancer.
        load_balancer: LoadBalancer = section_or_default();
        /// What the checks of `verify` and `doctor` leave alone.
        checks: Checks = section_or_default();
        /// The routes. The longest path wins; `/` takes the rest.
        routes as "route": Vec<Route> = required(
            tables("write [[route]], in two brackets")
                .one_or_more("needs one route or more", ROUTE),
        )
        .then(|routes, context| note_routes(routes, context));
    }
}

const ROUTE: &str =
    "add [[route]] with path = \"/\" and api = { openapi = \"openapi.json\", stage = \"v1\" }";

words! {
    /// How a request's host name finds the API.
    pub enum Mode, called "mode" {
        /// A regional custom domain in API Gateway carries the name.
        RegionalDomain = "regional-domain";
    }
}

table! {
    /// The network that the stack stands in.
    pub struct Network {
        /// The VPC.
        vpc: String = required(VPC);
        /// Two subnets or more, one a zone, in zones that the endpoint service offers.
        subnets: Vec<String> = required(
            List::of(SUBNET).at_least(2, "two subnets or more, each in a zone of its own"),
        );
        /// Who may reach the load balancer: canonical IPv4 ranges, prefix lists
        /// (`pl-…`), security groups of the VPC (`sg-…`). `0.0.0.0/0` is refused.
        clients: Vec<Client> = required(
            List::of(CLIENTS).at_least(1, "say who may reach the load balancer"),
        );
    }
}

/// Written as the file would have it, with all that was filled in.
impl Serialize for Config {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.write().serialize(serializer)
    }
}

fn note_network(network: &Network, context: &mut Context) {
    context.subnets = Some(network.subnets.len());
}

fn note_domain(domain: &Domain, context: &mut Context) {
    let aliases = domain.aliases.iter();
    context.aliases = aliases.map(|alias| alias.name.clone()).collect();
}

fn note_routes(routes: &[Route], context: &mut Context) {
    context.has_api = Some(routes.iter().any(|route| route.api().is_some()));
}
