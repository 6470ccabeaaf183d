//! What the ELBv2 resources share: listings and tags.
//!
//! The tags of what is listed together are asked for together.

use aws_sdk_elasticloadbalancingv2::types::{self, LoadBalancer, TargetGroup};

use crate::{
    aws::{Aws, Called, read::Reads},
    error::Result,
    names,
    resource::tags::{self, Tags},
};

/// What stands by itself: the load balancer of the stack's name and the target
/// groups whose names can be the stack's, whoever made them.
pub(super) struct Standing {
    /// The load balancer.
    pub balancer: Option<(LoadBalancer, Tags)>,
    /// The target groups. They outlive their load balancer, and are found
    /// without it.
    pub groups: Vec<(TargetGroup, Tags)>,
}

/// Of what stands by itself, what a look is about. The tags of the rest may be
/// remembered ones.
pub(super) enum About<'a> {
    /// The load balancer.
    Balancer,
    /// These target groups.
    Groups(&'a (dyn Fn(&TargetGroup) -> bool + Sync)),
}

/// Looks at what stands by itself.
pub(super) async fn standing(reads: &Reads, about: About<'_>) -> Result<Standing> {
    let (balancer, groups) =
        tokio::try_join!(reads.load_balancer(&reads.stack), reads.target_groups())?;
    let candidates = groups.iter().filter(|group| {
        let name = group.target_group_name().unwrap_or_default();
        names::is_target_group(&reads.stack, name)
    });
    let groups: Vec<&TargetGroup> = candidates.collect();
    let own = balancer.iter().map(|one| arn(one.load_balancer_arn()));
    let arns: Vec<String> = own
        .chain(groups.iter().map(|one| arn(one.target_group_arn())))
        .collect();
    let first = usize::from(balancer.is_some());
    let in_question = |place: usize, _: &Tags| match &about {
        About::Balancer => place < first,
        About::Groups(ours) => place >= first && ours(groups[place - first]),
    };
    let mut tags = reads.tags(&arns, in_question).await?.into_iter();
    Ok(Standing {
        balancer: balancer.map(|one| (one, tags.next().unwrap_or_default())),
        groups: groups.into_iter().cloned().zip(tags).collect(),
    })
}

/// A listener with its rules, but for the default one.
pub(super) struct Front {
    /// The listener.
    pub listener: types::Listener,
    /// Its tags.
    pub tags: Tags,
    /// Its rules. A listener that is not HTTPS has none of ours: not asked.
    pub rules: Vec<(types::Rule, Tags)>,
}

/// The listeners of a load balancer and their rules. Tags without the stack's
/// mark are asked for again, and those that the look is about: the others tell
/// whose a rule is for good.
pub(super) async fn fronts(
    reads: &Reads,
    balancer: &str,
    is_about: impl Fn(&Tags) -> bool,
) -> Result<Vec<Front>> {
    let listeners = reads.listeners(balancer).await?;
    let asked = listeners.iter().map(|listener| async move {
        if listener.protocol() != Some(&types::ProtocolEnum::Https) {
            return Ok(Vec::new());
        }
        let arn = arn(listener.listener_arn());
        let all = reads.rules(&arn).await?;
        let own = all.iter().filter(|rule| rule.is_default() != Some(true));
        Ok::<_, crate::Error>(own.cloned().collect())
    });
    let rules = futures_util::future::try_join_all(asked).await?;
    let of_listeners = listeners.iter().map(|one| arn(one.listener_arn()));
    let of_rules = rules.iter().flatten().map(|one| arn(one.rule_arn()));
    let arns: Vec<String> = of_listeners.chain(of_rules).collect();
    let in_question = |_: usize, tags: &Tags| {
        let marked = tags::key_of(tags, &reads.stack).is_some();
        !marked || is_about(tags)
    };
    let mut tags = reads.tags(&arns, in_question).await?.into_iter();
    let own: Vec<Tags> = tags.by_ref().take(listeners.len()).collect();
    let fronts = listeners.iter().zip(own).zip(rules);
    Ok(fronts
        .map(|((listener, own), rules)| Front {
            listener: listener.clone(),
            tags: own,
            rules: rules.into_iter().zip(tags.by_ref()).collect(),
        })
        .collect())
}

fn arn(arn: Option<&str>) -> String {
    arn.unwrap_or_default().to_owned()
}

/// Sets these tags.
pub(super) async fn set_tags(aws: &Aws, arn: &str, changes: &Tags) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    aws.elb
        .add_tags()
        .resource_arns(arn)
        .set_tags(Some(tags::to_elb(changes)))
        .send()
        .await
        .called("AddTags")
        .map(drop)
}
