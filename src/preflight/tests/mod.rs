//! Every check, asked of a simulated account that holds what the configuration
//! borrows and is then spoiled in one place.

use std::path::Path;

use serde_json::json;

use super::{References, check};
use crate::{
    aws::{Connection, read::Reads, simulated},
    clock::Clock,
    config::Config,
    error::Error,
    rehearsal,
    simulator::{Simulator, conditions::Conditions, world::Ctx},
};

mod endpoints;
mod logs;
mod network;
mod quotas;
mod routes;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-central-1";

/// The least stack: the keys below come after it.
const HEAD: &str = r#"stack = "orders"
[network]
vpc = "vpc-0a1b2c3d"
subnets = ["subnet-0aaaaaaa", "subnet-0bbbbbbb"]
clients = ["10.0.0.0/8"]
[domain]
name = "orders.corp.example.com"
zone = "Z0123456789ABCDEFGHIJ"
certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
"#;

const API: &str = "[[route]]\npath = \"/\"\napi = { placeholder = true }\n";
const SITE: &str = "[[route]]\npath = \"/app\"\nsite = { bucket = \"orders-frontend\" }\n";
const FUNCTION: &str = "[[route]]\npath = \"/sms\"\nlambda = \"arn:aws:lambda:eu-central-1:111122223333:function:sms:live\"\n";

/// A configuration, and the account it is checked against.
struct Bench {
    config: Config,
    simulator: Simulator,
    connection: Connection,
}

impl Bench {
    /// An account that holds what the stack with these keys borrows.
    fn new(keys: &str) -> Self {
        let simulator = Simulator::new(Conditions::default());
        let config = parsed(keys);
        rehearsal::furnish(&simulator, &config, ACCOUNT, REGION).unwrap();
        let http = simulated::http_client(simulator.clone());
        Self {
            config,
            simulator,
            connection: Connection::through(http, ACCOUNT, REGION, Clock::REAL),
        }
    }

    /// The same account, looked at with other keys.
    fn with(mut self, keys: &str) -> Self {
        self.config = parsed(keys);
        self
    }

    /// Changes the account.
    fn spoil(self, change: impl FnOnce(&mut Ctx<'_>)) -> Self {
        let edited = self.simulator.edit(|world, conditions| {
            change(&mut world.context(ACCOUNT, REGION, conditions));
        });
        edited.unwrap();
        self
    }

    async fn check(&self) -> Result<References, Error> {
        let reads = Reads::new(self.connection.reader(), &self.config.stack);
        check(&self.config, &reads).await
    }

    /// What is wrong, a line each.
    async fn refused(&self) -> String {
        let error = self.check().await.expect_err("it is accepted");
        assert!(!error.hints.is_empty(), "no remedy: {error}");
        let lines = std::iter::once(error.to_string()).chain(error.also);
        lines.collect::<Vec<_>>().join("\n")
    }

    /// What is worth saying of an accepted configuration, a line each.
    async fn warnings(&self) -> String {
        let accepted = self.check().await;
        let accepted = accepted.unwrap_or_else(|error| panic!("{error}\n{:?}", error.also));
        let warnings = accepted.warnings.iter().map(ToString::to_string);
        warnings.collect::<Vec<_>>().join("\n")
    }
}

fn parsed(keys: &str) -> Config {
    let text = format!("{HEAD}{keys}");
    Config::parse(&text, Path::new("hybridgw.toml"), &[], &|_| None)
        .unwrap_or_else(|errors| panic!("{errors}"))
}

#[tokio::test(start_paused = true)]
async fn what_a_rehearsal_furnishes_fits_without_a_word() {
    let alias = "[[domain.aliases]]\nname = \"shop.corp.example.com\"\ncertificate = \"arn:aws:acm:eu-central-1:111122223333:certificate/aaaaaaaa-1234-1234-1234-123456789012\"\n[[domain.aliases]]\nname = \"orders.example.org\"\nzone = \"example.org\"\ncertificate = \"arn:aws:acm:eu-central-1:111122223333:certificate/aaaaaaaa-1234-1234-1234-123456789012\"\n";
    let pins = "[endpoint]\naddresses = [\"10.0.7.10\", \"10.0.3.9\"]\n";
    let bench = Bench::new(&format!("{alias}{pins}{API}{SITE}{FUNCTION}"));
    let references = bench.check().await.unwrap();
    assert_eq!(references.warnings, []);
    assert_eq!(
        references.hosted_zone("shop.corp.example.com"),
        "Z0123456789ABCDEFGHIJ"
    );
    assert_ne!(
        references.hosted_zone("orders.example.org"),
        "Z0123456789ABCDEFGHIJ"
    );
    assert_eq!(
        references.site_endpoint_service,
        "com.amazonaws.eu-central-1.s3"
    );
    assert_eq!(references.addresses.len(), 2);

    let borrowed = "[endpoint]\nid = \"vpce-0123456789abcdef0\"\n";
    for keys in [borrowed.to_owned(), format!("{borrowed}manage = true\n")] {
        let references = Bench::new(&format!("{keys}{API}")).check().await.unwrap();
        assert_eq!(references.warnings, []);
        let endpoint = references.endpoint.unwrap();
        assert_eq!((endpoint.groups.len(), endpoint.subnets.len()), (1, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn all_that_does_not_fit_is_said_at_once() {
    let keys = format!(
        "[load_balancer]\ntls_policy = \"ELBSecurityPolicy-Unheard-Of\"\n{API}{SITE}{FUNCTION}"
    );
    let bench = Bench::new(&keys).spoil(|ctx| {
        ctx.here.lambda.functions.clear();
        ctx.here.acm.certificates.clear();
        ctx.global.s3.buckets.clear();
        ctx.global.route53.zones.clear();
    });
    insta::assert_snapshot!(bench.refused().await, @r"
    5 references of the configuration do not fit
    domain.zone: the hosted zone Z0123456789ABCDEFGHIJ does not exist
    domain.certificate: arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012 does not exist
    load_balancer.tls_policy: ELBSecurityPolicy-Unheard-Of does not exist in eu-central-1
    route /sms: the function arn:aws:lambda:eu-central-1:111122223333:function:sms:live does not exist
    route /app: the bucket orders-frontend does not exist
    ");
}

/// Each is one more for every `up`, but for those that `Look` remembers for the
/// plan (endpoints, groups, APIs, domains, records), and for those that are asked
/// only while something is to be made: quotas, and what there is of everything.
#[tokio::test(start_paused = true)]
async fn the_checks_cost_few_calls() {
    for (keys, most) in [
        (API.to_owned(), 20),
        (FUNCTION.to_owned(), 18),
        (format!("{API}{SITE}{FUNCTION}"), 26),
    ] {
        let bench = Bench::new(&keys);
        bench.check().await.unwrap();
        let calls = bench.connection.journal.by_operation();
        assert!(bench.connection.journal.attempts() <= most, "{calls:?}");
    }
}
