//! Alters a stack behind hybridgw's back, as a person at the console would.

use std::{collections::BTreeMap, fmt};

use aws_sdk_ec2::types::{IpPermission, IpRange};
use aws_sdk_elasticloadbalancingv2::types::{TargetHealthDescription, TargetHealthStateEnum};

use crate::{
    aws::{Aws, Called, Connection, read::Reads},
    error::Result,
    pipeline::observe::discover,
    resource::Kind,
};

/// What is done: safe in an account that is in use, and each repaired by an update or by making
/// one thing again. The tests do these and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alteration {
    /// The rule of a route is deleted.
    RuleDeleted,
    /// One target is deregistered.
    TargetDeregistered,
    /// The load balancer's group admits addresses that no one has (RFC 5737).
    StrangerAdmitted,
}

impl Alteration {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::RuleDeleted,
        Self::TargetDeregistered,
        Self::StrangerAdmitted,
    ];

    /// The kind of the thing that it is done to.
    pub const fn done_to(self) -> Kind {
        match self {
            Self::RuleDeleted => Kind::ListenerRule,
            Self::TargetDeregistered => Kind::Targets,
            Self::StrangerAdmitted => Kind::LoadBalancerSecurityGroup,
        }
    }

    /// Does it to the thing with this id. False: there is nothing to do it to.
    ///
    /// # Errors
    ///
    /// AWS refuses.
    pub async fn make(self, aws: &Aws, id: &str) -> Result<bool> {
        match self {
            Self::RuleDeleted => {
                let done = aws.elb.delete_rule().rule_arn(id).send().await;
                done.called("DeleteRule")?;
            }
            Self::TargetDeregistered => {
                let health = aws.elb.describe_target_health().target_group_arn(id);
                let health = health.send().await.called("DescribeTargetHealth")?;
                let draining = |one: &&TargetHealthDescription| {
                    let state = one.target_health().and_then(|health| health.state());
                    state == Some(&TargetHealthStateEnum::Draining)
                };
                let mut staying = health.target_health_descriptions().iter();
                let staying = staying.find(|one| !draining(one));
                let Some(target) = staying.and_then(|one| one.target().cloned()) else {
                    return Ok(false);
                };
                let call = aws.elb.deregister_targets().target_group_arn(id);
                let done = call.targets(target).send().await;
                done.called("DeregisterTargets")?;
            }
            Self::StrangerAdmitted => {
                let range = IpRange::builder().cidr_ip("192.0.2.0/24").build();
                let rule = IpPermission::builder()
                    .ip_protocol("tcp")
                    .from_port(22)
                    .to_port(22)
                    .ip_ranges(range)
                    .build();
                let call = aws.ec2.authorize_security_group_ingress();
                let done = call.group_id(id).ip_permissions(rule).send().await;
                done.called("AuthorizeSecurityGroupIngress")?;
            }
        }
        Ok(true)
    }
}

impl fmt::Display for Alteration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RuleDeleted => "the rule deleted",
            Self::TargetDeregistered => "a target deregistered",
            Self::StrangerAdmitted => "a stranger admitted",
        })
    }
}

/// Alters a few things of the stack's own; returns the keys of what a plan has to repair.
///
/// # Errors
///
/// AWS cannot be asked, or refuses.
pub(super) async fn alter(connection: &Connection, stack: &str) -> Result<Vec<String>> {
    let reads = Reads::new(connection.reader(), stack);
    let aws = connection.writer();
    let owned = discover(&reads).await?;
    // Of a kind that has several, the first: BTreeMap keeps the last that it is given.
    let first: BTreeMap<Kind, _> = owned
        .iter()
        .rev()
        .map(|one| (one.key.kind(), one))
        .collect();
    let mut altered = Vec::new();
    for alteration in Alteration::ALL {
        let Some(thing) = first.get(&alteration.done_to()) else {
            continue;
        };
        if alteration.make(&aws, &thing.id).await? {
            altered.push(match alteration {
                Alteration::StrangerAdmitted => Kind::SecurityGroupRules.to_string(),
                _ => thing.key.to_string(),
            });
        }
    }
    Ok(altered)
}

/// The altered keys that a plan (JSON) does not want to repair.
pub(super) fn missing_from(plan: &str, altered: &[String]) -> Vec<String> {
    let plan: serde_json::Value = serde_json::from_str(plan).unwrap_or_default();
    let actions = plan["actions"].as_array().cloned().unwrap_or_default();
    let named = |key: &String| {
        actions
            .iter()
            .any(|one| one["resource"] == key.as_str() && one["action"] != "keep")
    };
    altered.iter().filter(|key| !named(key)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_keeps_what_was_altered_does_not_name_it() {
        let plan = r#"{"actions":[
            {"resource":"targets","action":"update"},
            {"resource":"listener-rule","action":"keep"}]}"#;
        let altered = ["targets", "listener-rule"].map(str::to_owned);
        assert_eq!(missing_from(plan, &altered), ["listener-rule"]);
        assert_eq!(missing_from("no plan", &altered), altered);
    }
}
