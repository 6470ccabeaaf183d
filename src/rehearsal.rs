//! Rehearsals: `--simulate` works on a simulated AWS account instead of AWS.
//!
//! The account already holds whatever the configuration borrows: VPC, subnets,
//! zone, certificate, functions, APIs. It is topped up at each command, and what
//! was invented is said once, when it is invented.

use std::{collections::BTreeSet, fs, path::Path};

use ipnet::Ipv4Net;

use crate::{
    aws::{Connection, simulated},
    cli::Global,
    clock::Clock,
    config::{ApiSource, Config},
    error::{Error, Result},
    simulator::{
        Simulator, WorldError, acm, apigateway,
        conditions::Conditions,
        ec2, lambda, route53,
        world::{Ctx, World},
    },
    ui::Printer,
};

/// The account of a rehearsal whose configuration names none.
const ACCOUNT: &str = "111122223333";

/// The clock of a command: real for AWS, at `--speed` for a rehearsal.
pub fn clock(global: &Global) -> Clock {
    match global.simulate {
        Some(_) => Clock::at_speed(global.speed),
        None => Clock::REAL,
    }
}

/// The simulated account, in a file or in memory.
///
/// # Errors
///
/// The file is locked by another command, of another format or damaged; the
/// conditions of `--faults` are not understood.
pub fn account(global: &Global, world: Option<&Path>) -> Result<Simulator> {
    let mut conditions = match &global.faults {
        None => Conditions::default(),
        Some(path) => {
            let unreadable =
                |why: String| Error::invalid(format!("{} cannot be used: {why}", path.display()));
            let text = fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
            Conditions::from_json(&text).map_err(|error| unreadable(error.to_string()))?
        }
    };
    conditions.speed = global.speed;
    match world {
        None => Ok(Simulator::new(conditions)),
        Some(path) => Simulator::open(path, conditions).map_err(|error| unusable(&error)),
    }
}

fn unusable(error: &WorldError) -> Error {
    let shown = Error::invalid(format!("the simulated account cannot be used: {error}"));
    match error {
        WorldError::InUse(_) => shown.hint("wait for the other command, or name another file"),
        _ => shown,
    }
}

/// A connection to the simulated account in `world`, which then holds what the
/// configuration borrows.
///
/// # Errors
///
/// No region is known, or the world cannot be used.
pub fn open(
    global: &Global,
    world: &Path,
    region: Option<String>,
    config: Option<&Config>,
) -> Result<Connection> {
    let simulator = account(global, Some(world))?;
    let from_environment = || std::env::var("AWS_REGION").ok();
    let region = region
        .or_else(|| config.map(certificates_region))
        .or_else(from_environment)
        .ok_or_else(|| {
            Error::invalid("no region is configured")
                .hint("set `region` in the configuration, pass --region, or set AWS_REGION")
        })?;
    let account = match config {
        Some(config) => account_of(config),
        None => only_account(&simulator.world()),
    };
    if let Some(config) = config {
        let invented = furnish(&simulator, config, &account, &region)?;
        say(global, &invented);
    }
    let http = simulated::http_client(simulator);
    let mut connection = Connection::through(http, &account, &region, clock(global));
    connection.endpoint = Some(format!("the simulated account in {}", world.display()));
    Ok(connection)
}

/// Lets a served account hold what `--config` borrows; without it, it is empty.
///
/// # Errors
///
/// The configuration has problems, or the world cannot be written.
pub fn furnish_if_configured(global: &Global, simulator: &Simulator) -> Result<()> {
    let Some(file) = &global.config else {
        return Ok(());
    };
    let environment = |name: &str| std::env::var(name).ok();
    let config = Config::load(file, &global.set, &environment)
        .map_err(|errors| Error::invalid(errors.to_string()))?;
    let region = global
        .region
        .clone()
        .or_else(|| config.region.clone())
        .unwrap_or_else(|| certificates_region(&config));
    let account = account_of(&config);
    let invented = furnish(simulator, &config, &account, &region)?;
    say(global, &invented);
    Ok(())
}

fn say(global: &Global, invented: &[String]) {
    if !invented.is_empty() {
        Printer::new(global).note(&format!(
            "The simulated account now holds {}\n",
            invented.join(", ")
        ));
    }
}

/// ARNs name the account; the certificate always has one.
fn account_of(config: &Config) -> String {
    let named = config.domain.certificate.split(':').nth(4);
    let account = config.account.as_deref().or(named);
    account.unwrap_or(ACCOUNT).to_owned()
}

fn certificates_region(config: &Config) -> String {
    let named = config.domain.certificate.split(':').nth(3);
    named.unwrap_or_default().to_owned()
}

fn only_account(world: &World) -> String {
    let first = world.accounts().keys().next();
    first.map_or(ACCOUNT, String::as_str).to_owned()
}

/// Lets the account hold what the configuration borrows; says what was added.
///
/// # Errors
///
/// The world cannot be written.
pub fn furnish(
    simulator: &Simulator,
    config: &Config,
    account: &str,
    region: &str,
) -> Result<Vec<String>> {
    simulator
        .edit(|world, conditions| {
            let mut ctx = world.context(account, region, conditions);
            add_missing(&mut ctx, config)
        })
        .map_err(|error| unusable(&error))
}

/// Adds what the configuration borrows and the account does not have; says what.
fn add_missing(ctx: &mut Ctx<'_>, config: &Config) -> Vec<String> {
    let mut invented = add_network(ctx, config);
    let domain = &config.domain;
    if !ctx.here.acm.certificates.contains_key(&domain.certificate) {
        let names = [domain.name.clone()];
        acm::furnish::add_certificate(ctx, &domain.certificate, &names, acm::Status::Issued);
        invented.push(format!("a certificate for {}", domain.name));
    }
    invented.extend(add_zone(ctx, config));
    for route in &config.routes {
        let Some(api) = route.api() else {
            continue;
        };
        match &api.source {
            ApiSource::Lambda(arn) => {
                let name = arn.split(':').nth(6).unwrap_or_default();
                if !ctx.here.lambda.functions.contains_key(name) {
                    lambda::add_function(ctx, arn);
                    invented.push(format!("the function {name}"));
                }
            }
            ApiSource::Borrowed(id) => {
                let missing = !ctx.here.apigateway.apis.contains_key(id);
                if missing && apigateway::furnish::add_api(ctx, id, &api.stage, &[]).is_ok() {
                    invented.push(format!("the API {id}"));
                }
            }
            ApiSource::OpenApi(_) | ApiSource::Placeholder => {}
        }
    }
    invented
}

/// The VPC's range; each subnet gets a /24 of it, in a zone of its own.
const VPC_RANGE: [u8; 4] = [10, 0, 0, 0];

fn add_network(ctx: &mut Ctx<'_>, config: &Config) -> Vec<String> {
    let mut invented = Vec::new();
    let network = &config.network;
    let [a, b, ..] = VPC_RANGE;
    let missing = !ctx.here.ec2.vpcs.contains_key(&network.vpc);
    if missing && let Ok(range) = Ipv4Net::new(VPC_RANGE.into(), 16) {
        ec2::furnish::add_vpc(ctx, &network.vpc, range);
        invented.push(format!("{} ({range})", network.vpc));
    }
    for subnet in &network.subnets {
        if ctx.here.ec2.subnets.contains_key(subnet) {
            continue;
        }
        let known = &ctx.here.ec2.subnets;
        let here = known.values().filter(|one| one.vpc == network.vpc);
        let taken: BTreeSet<Ipv4Net> = here.map(|one| one.cidr).collect();
        // A zone that none of the file's other subnets is in.
        let named = network.subnets.iter().filter_map(|id| known.get(id));
        let used: BTreeSet<&str> = named.map(|one| one.zone.as_str()).collect();
        let zones = ec2::zones(ctx.region);
        let zone = zones.iter().find(|zone| !used.contains(zone.name.as_str()));
        let ranges = (1..=250u8).filter_map(|third| Ipv4Net::new([a, b, third, 0].into(), 24).ok());
        let free = ranges.into_iter().find(|range| !taken.contains(range));
        let (Some(range), Some(zone)) = (free, zone.or(zones.first())) else {
            continue;
        };
        ec2::furnish::add_subnet(ctx, subnet, &network.vpc, range, &zone.name);
        invented.push(format!("{subnet} ({range}, {})", zone.name));
    }
    invented
}

fn add_zone(ctx: &mut Ctx<'_>, config: &Config) -> Option<String> {
    let domain = &config.domain;
    let zones = &ctx.global.route53.zones;
    let is_id = domain.zone.starts_with('Z') && !domain.zone.contains('.');
    let vpc = route53::Vpc {
        id: config.network.vpc.clone(),
        region: ctx.region.to_owned(),
    };
    if is_id {
        if zones.contains_key(&domain.zone) {
            return None;
        }
        let parent = domain.name.split_once('.').map_or("", |(_, rest)| rest);
        route53::add_zone(ctx, &domain.zone, parent, true, &[vpc]);
        return Some(format!("the private zone {parent} ({})", domain.zone));
    }
    let wanted = domain.zone.trim_end_matches('.');
    let known = |zone: &str| zone.trim_end_matches('.') == wanted;
    if zones.values().any(|zone| known(&zone.name)) {
        return None;
    }
    let id = format!("Z{}", crate::names::long_hash(wanted)[..20].to_uppercase());
    route53::add_zone(ctx, &id, wanted, true, &[vpc]);
    Some(format!("the private zone {wanted} ({id})"))
}
