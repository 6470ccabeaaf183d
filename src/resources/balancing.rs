//! What the ELBv2 resources share: listings and tags.
//!
//! ELBv2 lists things without their tags and cannot filter by them. The tags of
//! what is listed together are asked for together.

use aws_sdk_elasticloadbalancingv2::types::{self, LoadBalancer, TargetGroup};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        tags::{self, Tags},
    },
    error::{ErrorKind, Result},
    look::Look,
    names,
};

/// `DescribeTags` takes this many ARNs at once (ELBv2 API reference).
const AT_ONCE: usize = 20;

/// The question for the tags of [`Standing`] things, to be forgotten by those
/// whose tags these are.
pub(super) const TAGS_OF_STANDING: &str = "DescribeTags of load balancers and target groups";

/// The question for the tags of listeners and rules.
pub(super) const TAGS_OF_FRONT: &str = "DescribeTags of listeners and rules";

/// What stands by itself: the load balancer of the stack's name and the target
/// groups whose names can be the stack's, whoever made them.
pub(super) struct Standing {
    /// The load balancer.
    pub balancer: Option<(LoadBalancer, Tags)>,
    /// The target groups. They outlive their load balancer, and are found
    /// without it.
    pub groups: Vec<(TargetGroup, Tags)>,
}

/// Looks at what stands by itself.
pub(super) async fn standing(look: &Look) -> Result<Standing> {
    let (balancer, groups) = tokio::try_join!(
        look.once("DescribeLoadBalancers", "", || named(look)),
        look.once("DescribeTargetGroups", "", || candidates(look)),
    )?;
    let balancer = Option::clone(&balancer);
    let own = balancer.iter().map(|one| arn(one.load_balancer_arn()));
    let arns: Vec<String> = own
        .chain(groups.iter().map(|one| arn(one.target_group_arn())))
        .collect();
    let mut tags = tags_of(look, TAGS_OF_STANDING, &arns).await?.into_iter();
    Ok(Standing {
        balancer: balancer.map(|one| (one, tags.next().unwrap_or_default())),
        groups: groups.iter().cloned().zip(tags).collect(),
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

/// The listeners of a load balancer and their rules.
pub(super) async fn fronts(look: &Look, balancer: &str) -> Result<Vec<Front>> {
    let listeners = look
        .once("DescribeListeners", balancer, || listeners(look, balancer))
        .await?;
    let asked = listeners.iter().map(|listener| async move {
        if listener.protocol() != Some(&types::ProtocolEnum::Https) {
            return Ok(Vec::new());
        }
        let arn = arn(listener.listener_arn());
        let rules = look
            .once("DescribeRules", &arn, || rules(look, &arn))
            .await?;
        Ok::<_, crate::Error>(rules.to_vec())
    });
    let rules = futures_util::future::try_join_all(asked).await?;
    let of_listeners = listeners.iter().map(|one| arn(one.listener_arn()));
    let of_rules = rules.iter().flatten().map(|one| arn(one.rule_arn()));
    let arns: Vec<String> = of_listeners.chain(of_rules).collect();
    let mut tags = tags_of(look, TAGS_OF_FRONT, &arns).await?.into_iter();
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

async fn named(look: &Look) -> Result<Option<LoadBalancer>> {
    let answer = look
        .aws
        .elb
        .describe_load_balancers()
        .names(&look.stack)
        .send()
        .await
        .called("DescribeLoadBalancers");
    let found = none_if_missing(answer)?.and_then(|answer| answer.load_balancers);
    Ok(found.and_then(|found| found.into_iter().next()))
}

async fn candidates(look: &Look) -> Result<Vec<TargetGroup>> {
    let pages = look
        .aws
        .elb
        .describe_target_groups()
        .page_size(400)
        .into_paginator()
        .items()
        .send();
    let all = pages
        .collect::<Result<Vec<_>, _>>()
        .await
        .called("DescribeTargetGroups")?;
    let named = all.into_iter().filter(|group| {
        let name = group.target_group_name().unwrap_or_default();
        names::is_target_group(&look.stack, name)
    });
    Ok(named.collect())
}

async fn listeners(look: &Look, balancer: &str) -> Result<Vec<types::Listener>> {
    let pages = look
        .aws
        .elb
        .describe_listeners()
        .load_balancer_arn(balancer)
        .into_paginator()
        .items()
        .send();
    let all = pages.collect::<Result<Vec<_>, _>>().await;
    let all = none_if_missing(all.called("DescribeListeners"))?;
    Ok(all.unwrap_or_default())
}

async fn rules(look: &Look, listener: &str) -> Result<Vec<types::Rule>> {
    let pages = look
        .aws
        .elb
        .describe_rules()
        .listener_arn(listener)
        .into_paginator()
        .items()
        .send();
    let all = pages.collect::<Result<Vec<_>, _>>().await;
    let all = none_if_missing(all.called("DescribeRules"))?.unwrap_or_default();
    let own = all
        .into_iter()
        .filter(|rule| rule.is_default() != Some(true));
    Ok(own.collect())
}

/// The tags of these things, in the order of their ARNs.
async fn tags_of(look: &Look, operation: &'static str, arns: &[String]) -> Result<Vec<Tags>> {
    let described = look
        .once(operation, &arns.join(","), || async {
            let mut all = Vec::new();
            for some in arns.chunks(AT_ONCE) {
                all.extend(describe_tags(look, some).await?);
            }
            Ok(all)
        })
        .await?;
    let tags = arns.iter().map(|arn| {
        let own = described.iter().find(|one| one.resource_arn() == Some(arn));
        let pairs = own.map(types::TagDescription::tags).unwrap_or_default();
        tags::from_pairs(pairs.iter().map(|tag| (tag.key(), tag.value())))
    });
    Ok(tags.collect())
}

/// The call fails as a whole when one of the things has gone meanwhile: then
/// each is asked about alone. Only what is gone has no tags.
async fn describe_tags(look: &Look, arns: &[String]) -> Result<Vec<types::TagDescription>> {
    let ask = async |arns: &[String]| {
        let call = look.aws.elb.describe_tags();
        let answer = call.set_resource_arns(Some(arns.to_vec())).send().await;
        let answer = answer.called("DescribeTags")?;
        Ok::<_, crate::Error>(answer.tag_descriptions.unwrap_or_default())
    };
    match ask(arns).await {
        Err(error) if error.kind == ErrorKind::NotFound && arns.len() > 1 => {
            let mut all = Vec::new();
            for arn in arns {
                let own = ask(std::slice::from_ref(arn)).await;
                all.extend(none_if_missing(own)?.unwrap_or_default());
            }
            Ok(all)
        }
        other => Ok(none_if_missing(other)?.unwrap_or_default()),
    }
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
