//! What a check says that found nothing wrong: what it saw.

use super::{Patient, filled};
use crate::{
    checks::{Check, Finding},
    config::Target,
};

/// Adds what is well, and says nothing twice.
pub(super) async fn finish(mut findings: Vec<Finding>, patient: &Patient<'_>) -> Vec<Finding> {
    let zones = zones(patient).await;
    let mut said = Vec::new();
    // One denied read may have kept several parts from their answers.
    findings.retain(|one| {
        let words = (
            one.check,
            one.route.clone(),
            one.host.clone(),
            one.found.clone(),
        );
        let is_new = !said.contains(&words);
        said.push(words);
        is_new
    });
    // What is well beside what is not, or was not judged, would be read as a contradiction.
    let bad: Vec<Check> = findings
        .iter()
        .filter(|one| !one.is_ok() && one.host.is_none() && one.route.is_none())
        .map(|one| one.check)
        .collect();
    findings.retain(|one| !one.is_ok() || !bad.contains(&one.check));
    filled(findings, |check| {
        Finding::ok(check, words(check, patient, &zones))
    })
}

/// The zones of the subnets, in words.
async fn zones(patient: &Patient<'_>) -> String {
    use crate::aws::read::Subnets;
    let wanted = Subnets::With(patient.config.network.subnets.clone());
    let subnets = patient.reads.subnets(wanted).await.unwrap_or_default();
    let mut zones: Vec<&str> = subnets
        .iter()
        .filter_map(|one| one.availability_zone())
        .collect();
    zones.sort_unstable();
    zones.join(", ")
}

fn words(check: Check, patient: &Patient<'_>, zones: &str) -> String {
    let config = patient.config;
    match check {
        Check::Subnets => format!(
            "{} of {}, with room for all that comes",
            count(config.network.subnets.len(), "subnet"),
            config.network.vpc
        ),
        Check::Zones => zones.to_owned(),
        Check::EndpointService => match &config.endpoint.id {
            Some(id) if config.has_api() => format!("{id} fits"),
            _ if config.has_api() || config.has_site() => {
                "offered in all of these zones".to_owned()
            }
            _ => "no endpoint is needed".to_owned(),
        },
        Check::Record => format!(
            "nothing else has {}",
            match config.hosts().len() {
                1 => "the name",
                _ => "the names",
            }
        ),
        Check::Clients => {
            let clients = config.network.clients.iter();
            let clients: Vec<String> = clients.map(ToString::to_string).collect();
            clients.join(", ")
        }
        Check::Logs => match config
            .load_balancer
            .logs()
            .iter()
            .filter(|one| one.1.is_some())
            .count()
        {
            0 => "the load balancer's logs are not asked for".to_owned(),
            some => format!("{} can be delivered", count(some, "kind of logs")),
        },
        Check::Config => self::config(patient),
        _ => "nothing is wrong".to_owned(),
    }
}

/// The file in a line.
pub(super) fn config(patient: &Patient<'_>) -> String {
    let config = patient.config;
    let kind = |wanted: fn(&Target) -> bool| {
        config
            .routes
            .iter()
            .filter(|route| wanted(&route.target))
            .count()
    };
    let kinds = [
        (kind(|one| matches!(one, Target::Api(_))), "API"),
        (kind(|one| matches!(one, Target::Lambda(_))), "function"),
        (kind(|one| matches!(one, Target::Site(_))), "site"),
    ];
    let kinds = kinds.into_iter().filter(|(many, _)| *many > 0);
    let kinds: Vec<String> = kinds.map(|(many, word)| count(many, word)).collect();
    format!(
        "{}: {}, {}",
        patient.file.display(),
        count(config.hosts().len(), "name"),
        kinds.join(", ")
    )
}

fn count(many: usize, word: &str) -> String {
    match (many, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (many, Some(stem)) => format!("{many} {stem}ies"),
        (many, None) if word.ends_with("logs") => {
            format!("{many} {}", word.replacen("kind", "kinds", 1))
        }
        (many, None) => format!("{many} {word}s"),
    }
}
