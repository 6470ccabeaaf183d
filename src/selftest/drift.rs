//! Alters a stack behind hybridgw's back, as a person at the console would.

use aws_sdk_ec2::types::{IpPermission, IpRange};
use aws_sdk_elasticloadbalancingv2::types::TargetDescription;

use crate::{
    aws::{Called, Connection, read::Reads},
    error::Result,
    resource::{Found, Kind, Ours, Resource},
    resources::{ListenerRule, SecurityGroup, Targets},
};

/// Alters a few things of the stack's own; returns the keys of what was altered.
///
/// # Errors
///
/// AWS cannot be asked, or refuses.
pub(super) async fn alter(connection: &Connection, stack: &str) -> Result<Vec<String>> {
    let reads = Reads::new(connection.reader(), stack);
    let aws = connection.writer();
    let mut altered = Vec::new();
    if let Some(rule) = first::<ListenerRule>(&reads).await? {
        ListenerRule::delete(&aws, &rule).await?;
        altered.push(rule.key().to_string());
    }
    if let Some(targets) = first::<Targets>(&reads).await?
        && let Some(id) = targets.targets.keys().next()
    {
        let call = aws.elb.deregister_targets();
        let call = call.target_group_arn(&targets.group);
        let target = TargetDescription::builder().id(id).build();
        let done = call.targets(target).send().await;
        done.called("DeregisterTargets")?;
        altered.push(targets.key().to_string());
    }
    let groups = SecurityGroup::discover(&reads).await?;
    let front = groups
        .iter()
        .find(|group| group.key.kind() == Kind::LoadBalancerSecurityGroup);
    if let Some(group) = front {
        let group = group.own()?;
        let range = IpRange::builder().cidr_ip("192.0.2.0/24").build();
        let rule = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(22)
            .to_port(22)
            .ip_ranges(range)
            .build();
        let call = aws.ec2.authorize_security_group_ingress();
        let done = call.group_id(&group.id).ip_permissions(rule).send().await;
        done.called("AuthorizeSecurityGroupIngress")?;
        altered.push(Kind::SecurityGroupRules.to_string());
    }
    Ok(altered)
}

async fn first<R: Resource>(reads: &Reads) -> Result<Option<Ours<R::Actual>>> {
    let found: Vec<Found<R::Actual>> = R::discover(reads).await?;
    found.first().map(Found::own).transpose()
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
