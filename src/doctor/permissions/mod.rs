//! `permissions`: what the caller may do of what this file needs.
//!
//! IAM is asked by `SimulatePrincipalPolicy`, with resources of the shape that
//! the stack's will have; EC2 besides by dry runs. Who may not ask IAM is told
//! so: what may be done is then known of EC2 alone.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::Patient;
use crate::{
    aws::read::{Decision, Evaluation, Reads},
    checks::{
        Check, Finding, Verdict,
        codes::{PERMISSIONS_DENIED, PERMISSIONS_UNCLEAR},
    },
    error::{Error, ErrorKind, Result},
    graph::Owned,
    pipeline::survey,
    preflight,
    resource::tags,
};
pub(super) use needs::operations;
use needs::{Need, Needs};
use tries::Tried;

mod needs;
mod place;
mod tries;

/// Whose policies decide.
enum Principal {
    /// A user's or a role's.
    Of(String),
    /// Nobody's: the root user may do everything that the organisation lets him.
    Root,
    /// It cannot be told; why.
    Unknown(String),
}

/// Findings of what is not allowed, by what stands in the way.
pub(super) async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let reads = patient.reads;
    let caller = match reads.caller().await {
        Ok(caller) => caller,
        Err(error) => return vec![Finding::unseen(Check::Permissions, &error)],
    };
    let records = preflight::records(patient.config, reads).await;
    let zones: BTreeSet<String> = records.into_iter().map(|one| one.zone).collect();
    // What cannot be read is stood in for: others say that it cannot.
    let owned: Vec<Owned> = match survey(reads).await {
        Ok(found) => found.owned().cloned().collect(),
        Err(_) => Vec::new(),
    };
    let (account, region) = (&caller.account, &reads.region);
    let needs = needs::of(patient.config, account, region, &zones, &owned);
    let principal = principal(&caller.arn, reads);
    let (principal, tried) = tokio::join!(principal, tries::all(patient));
    let asked = match &principal {
        Principal::Of(arn) => ask(arn, &needs, patient).await,
        Principal::Root | Principal::Unknown(_) => Ok(Vec::new()),
    };
    let mut findings = refused_by_ec2(&tried);
    let tried_words = format!("{} tried at EC2", tried.len());
    match (principal, asked) {
        (Principal::Root, _) => findings.push(Finding::ok(
            Check::Permissions,
            format!("the root user may do all that the organisation lets it, {tried_words}"),
        )),
        (Principal::Unknown(why), _) => findings.push(
            Finding::skipped(Check::Permissions, why)
                .because(format!("of the rest, {tried_words}")),
        ),
        (Principal::Of(_), Err(error)) => {
            let unseen = Finding::unseen(Check::Permissions, &error);
            findings.push(unseen.because(format!(
                "what the caller may do is not asked, {tried_words}"
            )));
        }
        (Principal::Of(arn), Ok(evaluations)) => {
            let said = judge(&arn, &needs, &evaluations, &tried);
            findings.extend(said);
            if findings.is_empty() {
                findings.push(Finding::ok(
                    Check::Permissions,
                    format!(
                        "all {} actions that this file needs are allowed, {tried_words}",
                        actions(&needs)
                    ),
                ));
            }
        }
    }
    findings
}

fn actions(needs: &Needs) -> usize {
    let mut all: Vec<&str> = needs
        .values()
        .flatten()
        .map(|one| one.action.as_str())
        .collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

/// Who stands behind an ARN of STS. Policies belong to roles, not to their
/// sessions; a session's ARN lacks the role's path, which IAM tells (IAM user
/// guide, "IAM identifiers").
async fn principal(arn: &str, reads: &Reads) -> Principal {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, service, _, account, name] = parts.as_slice() else {
        return Principal::Unknown(format!(
            "{arn} is not an ARN whose policies can be asked for"
        ));
    };
    match (*service, name.split('/').collect::<Vec<_>>().as_slice()) {
        ("iam", ["root"]) => Principal::Root,
        ("iam", ["user", ..]) => Principal::Of(arn.to_owned()),
        ("sts", ["assumed-role", role, ..]) => match reads.role(role).await.as_deref() {
            Ok(Some(arn)) => Principal::Of(arn.clone()),
            // Most roles have no path; those of IAM Identity Center have one.
            _ if !role.starts_with("AWSReservedSSO_") => {
                Principal::Of(format!("arn:{partition}:iam::{account}:role/{role}"))
            }
            _ => Principal::Unknown(format!(
                "the policies of the role {role} cannot be asked for without iam:GetRole"
            )),
        },
        _ => Principal::Unknown(format!("the policies of {arn} cannot be asked for")),
    }
}

/// Asks IAM, a call for each set of resources.
async fn ask(arn: &str, needs: &Needs, patient: &Patient<'_>) -> Result<Vec<Evaluation>> {
    let (stack, region) = (&patient.config.stack, &patient.reads.region);
    // What requests of hybridgw have, and what policies ask for most.
    let requested = format!("aws:RequestTag/{}", tags::STACK);
    let existing = format!("aws:ResourceTag/{}", tags::STACK);
    let context = [
        (requested.as_str(), stack.as_str()),
        (existing.as_str(), stack.as_str()),
        ("aws:RequestedRegion", region.as_str()),
        ("aws:SecureTransport", "true"),
    ];
    let calls = needs.iter().map(|(resources, all)| {
        let actions = all.iter().map(|one| one.action.clone()).collect();
        patient
            .reads
            .simulated(arn, actions, resources.clone(), &context)
    });
    let mut evaluations = Vec::new();
    for answer in join_all(calls).await {
        evaluations.extend(answer?.iter().cloned());
    }
    Ok(evaluations)
}

/// What IAM does not allow, a finding for each thing in the way. What EC2 itself
/// has allowed is allowed.
fn judge(arn: &str, needs: &Needs, evaluations: &[Evaluation], tried: &[Tried]) -> Vec<Finding> {
    let mut refused: BTreeMap<(bool, Decision), Refused> = BTreeMap::new();
    let mut missing: Vec<String> = Vec::new();
    for one in evaluations {
        let asked_ec2 = tried.iter().any(|known| known.action == one.action);
        if one.decision == Decision::Allowed || asked_ec2 {
            continue;
        }
        let mut all = needs
            .iter()
            .filter(|(on, _)| on.contains(&one.resource))
            .flat_map(|(_, all)| all);
        let is_optional = all.any(|need: &Need| need.action == one.action && need.optional);
        let of_kind = refused.entry((is_optional, one.decision)).or_default();
        let on = of_kind.entry(&one.action).or_default();
        on.extend(Some(one.resource.as_str()).filter(|resource| *resource != "*"));
        missing.extend(one.missing.iter().cloned());
    }
    missing.sort();
    missing.dedup();
    refused
        .into_iter()
        .map(|((is_optional, decision), refused)| {
            finding(arn, is_optional, decision, &refused, &missing)
        })
        .collect()
}

/// What is refused on what; on nothing in particular, if that is empty.
type Refused<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// How many resources of an action are named: the others are of the same kind.
const NAMED: usize = 2;

fn in_words(refused: &Refused<'_>) -> String {
    let all = refused.iter().map(|(action, on)| match on.as_slice() {
        [] => (*action).to_owned(),
        some if some.len() <= NAMED => format!("{action} on {}", some.join(" and ")),
        many => format!(
            "{action} on {} and {} more",
            many[..NAMED].join(", "),
            many.len() - NAMED
        ),
    });
    all.collect::<Vec<_>>().join("; ")
}

fn finding(
    arn: &str,
    is_optional: bool,
    decision: Decision,
    refused: &Refused<'_>,
    missing: &[String],
) -> Finding {
    let all = in_words(refused);
    if decision == Decision::Unclear {
        return Finding::warning(
            PERMISSIONS_UNCLEAR,
            format!("whether the caller may depends on more than was asked: {all}"),
            format!("a policy asks for {}", missing.join(", ")),
            "look whether the requests of `up` will have these values; `up` says what is refused",
        );
    }
    let (cause, remedy) = match decision {
        Decision::Bounded => (
            format!("the permissions boundary of {arn} does not allow it"),
            "let who has set the boundary add it there; another policy of the caller does not help",
        ),
        Decision::Organization => (
            "a policy of the organisation does not allow it".to_owned(),
            "only who administers the organisation can; no policy of this account",
        ),
        Decision::Denied => (
            format!("a policy of {arn} denies it"),
            "take that statement out or narrow it; another Allow does not help",
        ),
        _ if refused.values().flatten().any(|on| place::stands_in(on)) => (
            format!(
                "no policy of {arn} allows it; ids that AWS has yet to choose are stood in for"
            ),
            "allow the caller these actions, and by a pattern where the id is not known yet",
        ),
        _ => (
            format!("no policy of {arn} allows it"),
            "allow the caller these actions",
        ),
    };
    let finding = Finding::failed(
        PERMISSIONS_DENIED,
        format!("the caller may not {all}"),
        cause,
        remedy,
    );
    if is_optional {
        let found = format!("{}; hybridgw does without, and sees less", finding.found);
        return Finding {
            verdict: Verdict::Warning,
            found,
            ..finding
        };
    }
    finding
}

/// What EC2 refuses to the caller, in its own words.
fn refused_by_ec2(tried: &[Tried]) -> Vec<Finding> {
    let refused = tried.iter().filter_map(|one| {
        let error: &Error = one.allowed.as_ref().err()?;
        debug_assert_eq!(error.kind, ErrorKind::Denied);
        Some(Finding::failed(
            PERMISSIONS_DENIED,
            format!("the caller may not {}", one.action),
            error.to_string(),
            error.hints.join("; "),
        ))
    });
    refused.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aws::{Connection, simulated},
        clock::Clock,
        simulator::{Simulator, conditions::Conditions},
    };

    #[tokio::test(start_paused = true)]
    async fn the_policies_of_a_session_are_those_of_its_role() {
        let simulator = Simulator::new(Conditions::default());
        let http = simulated::http_client(simulator);
        let connection = Connection::through(http, "111122223333", "eu-central-1", Clock::REAL);
        let reads = Reads::new(connection.reader(), "orders");
        for (arn, policies) in [
            (
                "arn:aws:iam::111122223333:user/ops/ada",
                Ok("arn:aws:iam::111122223333:user/ops/ada"),
            ),
            // IAM knows no such role here, or may not be asked.
            (
                "arn:aws-cn:sts::111122223333:assumed-role/deploy/ci",
                Ok("arn:aws-cn:iam::111122223333:role/deploy"),
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Ops_0a1b2c3d/ada",
                Err(
                    "the policies of the role AWSReservedSSO_Ops_0a1b2c3d cannot be asked for without iam:GetRole",
                ),
            ),
            (
                "arn:aws:sts::111122223333:federated-user/ada",
                Err(
                    "the policies of arn:aws:sts::111122223333:federated-user/ada cannot be asked for",
                ),
            ),
            (
                "ada",
                Err("ada is not an ARN whose policies can be asked for"),
            ),
        ] {
            match (principal(arn, &reads).await, policies) {
                (Principal::Of(of), Ok(expected)) => assert_eq!(of, expected),
                (Principal::Unknown(why), Err(expected)) => assert_eq!(why, expected),
                _ => panic!("{arn}"),
            }
        }
        let root = principal("arn:aws:iam::111122223333:root", &reads).await;
        assert!(matches!(root, Principal::Root));
    }
}
