//! `record`: the name is an alias for the load balancer.

use crate::{
    checks::{
        Check, Finding,
        codes::{RECORD_MISSING, RECORD_NO_ZONE, RECORD_NOT_AN_ALIAS, RECORD_OTHER_TARGET},
    },
    error::Result,
    verify::{
        hops::UP,
        scene::{HostPlace, Scene},
    },
};

/// A finding for each host.
pub async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for host in &scene.hosts {
        let finding = one(scene, host).await;
        let finding = finding.unwrap_or_else(|error| Finding::unseen(Check::Record, &error));
        findings.push(finding.on_host(&host.name));
    }
    findings
}

async fn one(scene: &Scene<'_>, host: &HostPlace) -> Result<Finding> {
    let Some(zone) = &host.zone else {
        return no_zone(scene, host).await;
    };
    let records = scene.reads.records_from(zone, &host.name).await?;
    let here = records.iter().filter(|record| {
        record
            .name()
            .trim_end_matches('.')
            .eq_ignore_ascii_case(&host.name)
    });
    let mut addresses = here.filter(|record| record.r#type().as_str() == "A");
    let Some(record) = addresses.next() else {
        let found = format!("the hosted zone {zone} has no A record of this name");
        let cause = "nobody made it, or somebody deleted it";
        return Ok(Finding::failed(RECORD_MISSING, found, cause, UP));
    };
    let Some(alias) = record.alias_target() else {
        let values: Vec<&str> = record
            .resource_records()
            .iter()
            .map(|one| one.value())
            .collect();
        let found = format!("the record holds {}", values.join(", "));
        let cause = "it is not an alias: it does not follow the load balancer's addresses";
        let remedy = "delete the record, and run `hybridgw up`";
        return Ok(Finding::failed(RECORD_NOT_AN_ALIAS, found, cause, remedy));
    };
    let target = plain(alias.dns_name());
    let balancer = scene.balancer.as_ref().map_err(Clone::clone)?;
    let Some(balancer) = balancer else {
        let found = format!("it is an alias for {target}");
        let why = "there is no load balancer to compare it with";
        return Ok(Finding::skipped(Check::Record, found).because(why));
    };
    let own = plain(balancer.dns_name().unwrap_or_default());
    if target != own {
        let found = format!("it is an alias for {target}");
        let cause = format!("the stack's load balancer is {own}");
        let remedy = "run `hybridgw up`; if the record is somebody's, choose another `domain.name`";
        return Ok(Finding::failed(RECORD_OTHER_TARGET, found, cause, remedy));
    }
    Ok(Finding::ok(
        Check::Record,
        format!("alias for {own} in {zone}"),
    ))
}

/// The zone is not known: it may not be looked at, or is not there.
async fn no_zone(scene: &Scene<'_>, host: &HostPlace) -> Result<Finding> {
    let named = scene.config.map(|config| {
        let hosts = config.hosts().into_iter();
        let mut hosts = hosts.filter(|one| one.name == host.name);
        hosts.next().map_or("", |one| one.zone).to_owned()
    });
    let Some(zone) = named else {
        let why = "nothing remembers the hosted zone of this name";
        return Ok(Finding::skipped(Check::Record, why));
    };
    if crate::config::is_zone_id(&zone) {
        scene.reads.hosted_zone(&zone).await?;
    } else {
        scene.reads.hosted_zones_from(&zone).await?;
    }
    let found = format!("the hosted zone {zone} is not there, or does not hold the name");
    let remedy = "correct `domain.zone`; `hybridgw plan` names the zones there are";
    Ok(Finding::failed(
        RECORD_NO_ZONE,
        found,
        "the file names a zone that cannot have the record",
        remedy,
    ))
}

/// Route 53 developer guide, "Values for alias records": `dualstack.` before a
/// load balancer's name is the same one.
fn plain(name: &str) -> String {
    let name = name.trim_end_matches('.').to_lowercase();
    name.strip_prefix("dualstack.").unwrap_or(&name).to_owned()
}
