//! `verify`: the way a request takes, hop by hop.
//!
//! ```text
//!  Scene     what AWS shows of the stack, along the way of a request     scene.rs, choice.rs
//!    ├─ hops/      a check for each hop, from the control plane
//!    └─ path.rs, request.rs      what is seen from where it runs          network/
//!         │ explain.rs           what one hop breaks is put down to it
//!         ▼
//!  Findings
//! ```
//!
//! All checks run side by side. What one of them may not see, the others do
//! without.

use std::{future::ready, time::Duration};

use futures_util::future::join_all;

use crate::{
    aws::read::Reads,
    checks::{self, Check, Finding, Job},
    clock::Clock,
    config::Config,
    error::Result,
    stack::Bodies,
};
use explain::{Symptom, explained};
use network::Network;
use path::{Reached, reach};
use scene::Scene;

pub use hops::certificate::judged as certificate;

mod choice;
mod explain;
mod hops;
pub mod network;
mod path;
mod request;
mod scene;

/// How long a check of the control plane may take: a few calls, with repeats
/// where AWS throttles.
const LIMIT: Duration = Duration::from_mins(1);
/// How long requests may take: two to each route, side by side.
const REQUESTS: Duration = Duration::from_mins(3);

/// What is checked.
pub struct Walk<'a> {
    /// The reads, of the stack.
    pub reads: &'a Reads,
    /// The configuration, where there is one.
    pub config: Option<&'a Config>,
    /// The bodies of the APIs that the configuration describes.
    pub bodies: &'a Bodies,
    /// The clock of the world.
    pub clock: Clock,
    /// What time it is there, in seconds since 1970.
    pub now: i64,
}

/// The checks that need no network path: what AWS itself shows. Whoever has read
/// the stack already passes these reads on: then hardly a call is made.
///
/// # Errors
///
/// Nothing of the stack is there.
pub async fn control_plane(walk: &Walk<'_>) -> Result<Vec<Finding>> {
    // That the stack's own APIs are deployed as they are is the plan's to see.
    let scene = Scene {
        sees_deployed: false,
        ..Scene::read(walk).await?
    };
    let findings = checks::run(jobs(&scene, walk.bodies), walk.clock).await;
    Ok(explained(findings, Vec::new()))
}

/// All checks: those of the control plane, and the way from where it runs.
///
/// # Errors
///
/// Nothing of the stack is there.
pub async fn verify(walk: &Walk<'_>, network: &Network) -> Result<Vec<Finding>> {
    let scene = Scene::read(walk).await?;
    let control = checks::run(jobs(&scene, walk.bodies), walk.clock);
    let (mut findings, (seen, requests)) =
        tokio::join!(control, from_here(&scene, network, walk.clock));
    findings.extend(seen);
    Ok(explained(findings, requests))
}

fn jobs<'a>(scene: &'a Scene<'a>, bodies: &'a Bodies) -> Vec<Job<'a>> {
    vec![
        Job::new(Check::Record, LIMIT, hops::record::check(scene)),
        Job::new(
            Check::LoadBalancer,
            LIMIT,
            ready(hops::balancer::check(scene)),
        ),
        Job::new(Check::SecurityGroup, LIMIT, hops::groups::check(scene)),
        Job::new(Check::Listener, LIMIT, ready(hops::front::check(scene))),
        Job::new(Check::Certificate, LIMIT, hops::certificate::check(scene)),
        Job::new(Check::Rule, LIMIT, ready(hops::rule::check(scene))),
        Job::new(Check::TargetGroup, LIMIT, hops::targets::groups(scene)),
        Job::new(Check::TargetHealth, LIMIT, hops::targets::health(scene)),
        Job::new(Check::Endpoint, LIMIT, ready(hops::endpoint::check(scene))),
        Job::new(
            Check::EndpointPolicy,
            LIMIT,
            hops::policies::of_endpoint(scene),
        ),
        Job::new(Check::Mapping, LIMIT, hops::mapping::check(scene)),
        Job::new(Check::ApiPolicy, LIMIT, hops::policies::of_apis(scene)),
        Job::new(Check::Stage, LIMIT, hops::api::stages(scene)),
        Job::new(Check::Method, LIMIT, hops::api::methods(scene, bodies)),
        Job::new(Check::Permission, LIMIT, hops::permission::check(scene)),
        Job::new(
            Check::BucketPolicy,
            LIMIT,
            hops::policies::of_buckets(scene),
        ),
    ]
}

/// What is seen from where the command runs, and what requests came to.
async fn from_here(
    scene: &Scene<'_>,
    network: &Network,
    clock: Clock,
) -> (Vec<Finding>, Vec<Symptom>) {
    let hosts = scene.hosts.iter();
    let each = join_all(hosts.map(|host| from_here_to(scene, network, clock, &host.name))).await;
    let (mut findings, mut requests) = (Vec::new(), Vec::new());
    for (seen, asked) in each {
        findings.extend(seen);
        requests.extend(asked);
    }
    (findings, requests)
}

async fn from_here_to(
    scene: &Scene<'_>,
    network: &Network,
    clock: Clock,
    host: &str,
) -> (Vec<Finding>, Vec<Symptom>) {
    let began = clock.now();
    let reached = reach(network, Some(scene), host).await;
    let took = clock.since(began);
    let on_host = |finding: Finding| vec![finding.on_host(host)];
    let jobs = vec![
        Job::new(Check::Dns, LIMIT, async {
            on_host(Finding {
                took,
                ..path::dns(network, scene, &reached).await
            })
        }),
        Job::new(Check::Tcp, LIMIT, async {
            on_host(path::tcp(network, &reached))
        }),
        Job::new(Check::Tls, LIMIT, async {
            on_host(path::tls(network, scene.now, &reached).await)
        }),
    ];
    let requests = ask(scene, network, clock, &reached);
    tokio::join!(checks::run(jobs, clock), requests)
}

async fn ask(
    scene: &Scene<'_>,
    network: &Network,
    clock: Clock,
    reached: &Reached,
) -> Vec<Symptom> {
    let ways = scene.ways.iter().filter(|way| way.host == reached.host);
    let each = ways.map(|way| async move {
        let began = clock.now();
        let asked = request::check(network, scene, reached, way);
        let (finding, status) = tokio::select! {
            asked = asked => asked,
            () = clock.sleep(REQUESTS) => {
                (Finding::skipped(Check::Request, "not judged: it took too long"), None)
            }
        };
        let finding = finding.on_host(&way.host).on_route(&way.route.path);
        Symptom {
            finding: Finding {
                took: clock.since(began),
                ..finding
            },
            status: status.unwrap_or_default(),
        }
    });
    join_all(each).await
}
