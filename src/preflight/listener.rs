//! What the listener asks for: a TLS policy, and room for rules and certificates.

use std::collections::BTreeSet;

use super::finding::{Finding, Problem, Problems, failed, problem, wrong};
use crate::{
    aws::read::Reads, checks::codes, config::Config, error::Result, resource::Resource,
    resources::Listener,
};

/// Rules and further certificates that a load balancer takes unless the account
/// has a higher quota (ELB user guide, "Quotas for your Application Load
/// Balancers").
pub(super) const RULES: usize = 100;
pub(super) const CERTIFICATES: usize = 25;

/// How many certificates the listener needs beside its default one: names may
/// share one.
pub(super) fn further_certificates(config: &Config) -> usize {
    let hosts = config.hosts();
    let all: BTreeSet<&str> = hosts.iter().map(|host| host.certificate).collect();
    all.len().saturating_sub(1)
}

/// Checks TLS policy and quotas.
pub(super) async fn check(config: &Config, reads: &Reads) -> Finding<()> {
    let (policy, quotas) = tokio::join!(check_policy(config, reads), check_quotas(config, reads));
    let mut problems = Problems::default();
    problems.take(policy);
    problems.take(quotas);
    problems.or(())
}

async fn check_policy(config: &Config, reads: &Reads) -> Finding<()> {
    let name = &config.load_balancer.tls_policy;
    // What the stack's listener has already exists; it is looked at anyway.
    let listeners = Listener::discover(reads).await.map_err(failed)?;
    if listeners.iter().any(|one| one.actual.tls_policy == *name) {
        return Ok(());
    }
    let found = match reads.ssl_policies(name).await {
        Ok(policies) => !policies.is_empty(),
        Err(error) if error.code() == Some("SSLPolicyNotFound") => false,
        Err(error) => return Err(failed(error)),
    };
    if found {
        return Ok(());
    }
    wrong(
        codes::CONFIG_TLS_POLICY_MISSING,
        "load_balancer.tls_policy",
        format!("{name} does not exist in {}", reads.region),
        "`aws elbv2 describe-ssl-policies` lists those that do; without the key a current one is used",
    )
}

async fn check_quotas(config: &Config, reads: &Reads) -> Finding<()> {
    let rules = config.rules();
    let certificates = further_certificates(config);
    // The defaults need no look at the account's own quotas.
    if rules <= RULES && certificates <= CERTIFICATES {
        return Ok(());
    }
    let limits = limits(reads).await.map_err(failed)?;
    let most = |name: &str, default| {
        let mut limits = limits.iter();
        limits
            .find(|(known, _)| known == name)
            .map_or(default, |(_, most)| *most)
    };
    let mut problems = Problems::default();
    let most_rules = most("rules-per-application-load-balancer", RULES);
    if rules > most_rules {
        problems.note(too_many("listener rules", rules, most_rules));
    }
    let most_certificates = most("certificates-per-application-load-balancer", CERTIFICATES);
    if certificates > most_certificates {
        problems.note(too_many(
            "further certificates",
            certificates,
            most_certificates,
        ));
    }
    problems.or(())
}

fn too_many(what: &str, wanted: usize, most: usize) -> Problem {
    problem(
        codes::QUOTAS_EXCEEDED,
        "route",
        format!(
            "the names and routes take {wanted} {what}, and a load balancer of this account takes {most}"
        ),
        "take routes or aliases out, or ask AWS for a higher quota",
    )
}

async fn limits(reads: &Reads) -> Result<Vec<(String, usize)>> {
    let limits = reads.account_limits().await?;
    let limits = limits.iter();
    let limits = limits.filter_map(|one| Some((one.name()?.to_owned(), one.max()?.parse().ok()?)));
    Ok(limits.collect())
}
