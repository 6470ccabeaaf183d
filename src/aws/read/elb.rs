//! ELBv2: load balancers, listeners, rules, target groups, tags.
//!
//! ELBv2 lists things without their tags and cannot filter by them.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_elasticloadbalancingv2::{
    operation::{
        describe_load_balancer_attributes::DescribeLoadBalancerAttributesOutput as BalancerAttributes,
        describe_target_group_attributes::DescribeTargetGroupAttributesOutput as GroupAttributes,
    },
    types::{
        Certificate, Limit, Listener, LoadBalancer, Rule, SslPolicy, TargetGroup,
        TargetHealthDescription,
    },
};

use super::{Answers, Moment, Query, Reads, all};
use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        tags::{self, Tags},
    },
    error::{ErrorKind, Result},
};

#[derive(Debug)]
pub(super) struct Known {
    balancer: Answers<Option<String>, Vec<LoadBalancer>>,
    balancer_attributes: Answers<String, Option<BalancerAttributes>>,
    listeners: Answers<String, Vec<Listener>>,
    certificates: Answers<String, Vec<Certificate>>,
    rules: Answers<String, Vec<Rule>>,
    groups: Answers<(), Vec<TargetGroup>>,
    group_attributes: Answers<String, Option<GroupAttributes>>,
    health: Answers<String, Vec<TargetHealthDescription>>,
    tags: Answers<String, Tags>,
    policies: Answers<String, Vec<SslPolicy>>,
    limits: Answers<(), Vec<Limit>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            balancer: Answers::to(Query::DescribeLoadBalancers),
            balancer_attributes: Answers::to(Query::DescribeLoadBalancerAttributes),
            listeners: Answers::to(Query::DescribeListeners),
            certificates: Answers::to(Query::DescribeListenerCertificates),
            rules: Answers::to(Query::DescribeRules),
            groups: Answers::to(Query::DescribeTargetGroups),
            group_attributes: Answers::to(Query::DescribeTargetGroupAttributes),
            health: Answers::to(Query::DescribeTargetHealth),
            tags: Answers::to(Query::DescribeTags),
            policies: Answers::to(Query::DescribeSSLPolicies),
            limits: Answers::to(Query::DescribeAccountLimits),
        }
    }
}

impl Known {
    /// How many answers are remembered.
    pub fn len(&self) -> usize {
        let Self {
            balancer,
            balancer_attributes,
            listeners,
            certificates,
            rules,
            groups,
            group_attributes,
            health,
            tags,
            policies,
            limits,
        } = self;
        balancer.len()
            + balancer_attributes.len()
            + listeners.len()
            + certificates.len()
            + rules.len()
            + groups.len()
            + group_attributes.len()
            + health.len()
            + tags.len()
            + policies.len()
            + limits.len()
    }
}

/// `DescribeTags` takes this many ARNs at once (ELBv2 API reference).
const AT_ONCE: usize = 20;

/// The most that ELBv2 gives on one page.
const PAGE: i32 = 400;

/// The rules of a listener; none of a listener that has gone.
///
/// # Errors
///
/// AWS refuses or does not answer.
pub async fn rules(aws: &Aws, listener: &str, operation: &'static str) -> Result<Vec<Rule>> {
    let call = aws.elb.describe_rules().listener_arn(listener);
    let rules = all(call.into_paginator().items().send(), operation).await;
    Ok(none_if_missing(rules)?.unwrap_or_default())
}

impl Reads {
    /// The load balancer of this name, or none.
    pub async fn load_balancer(&self, named: &str) -> Result<Option<LoadBalancer>> {
        let call = self.aws.elb.describe_load_balancers().names(named);
        let known = &self.memory.elb.balancer;
        let found = self.get(known, Some(named.to_owned()), |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            Ok(answer
                .and_then(|answer| answer.load_balancers)
                .unwrap_or_default())
        });
        Ok(found.await?.first().cloned())
    }

    /// Every load balancer of the account and region.
    pub async fn load_balancers(&self) -> Result<Arc<Vec<LoadBalancer>>> {
        let call = self.aws.elb.describe_load_balancers();
        let pages = call.page_size(PAGE).into_paginator().items();
        self.get(&self.memory.elb.balancer, None, |name| {
            all(pages.send(), name)
        })
        .await
    }

    /// The attributes of a load balancer; none if it has gone.
    pub async fn load_balancer_attributes(
        &self,
        arn: &str,
    ) -> Result<Arc<Option<BalancerAttributes>>> {
        let call = self.aws.elb.describe_load_balancer_attributes();
        let call = call.load_balancer_arn(arn);
        let known = &self.memory.elb.balancer_attributes;
        self.get(known, arn.to_owned(), |name| async move {
            none_if_missing(call.send().await.called(name))
        })
        .await
    }

    /// The listeners of a load balancer; none of one that has gone.
    pub async fn listeners(&self, balancer: &str) -> Result<Arc<Vec<Listener>>> {
        let call = self.aws.elb.describe_listeners();
        let pages = call.load_balancer_arn(balancer).into_paginator().items();
        let known = &self.memory.elb.listeners;
        self.get(known, balancer.to_owned(), |name| async move {
            none_if_missing(all(pages.send(), name).await).map(Option::unwrap_or_default)
        })
        .await
    }

    /// The certificates of a listener, the default one among them; none of one
    /// that has gone.
    pub async fn listener_certificates(&self, listener: &str) -> Result<Arc<Vec<Certificate>>> {
        let call = self.aws.elb.describe_listener_certificates();
        let pages = call.listener_arn(listener).into_paginator().items();
        let known = &self.memory.elb.certificates;
        self.get(known, listener.to_owned(), |name| async move {
            none_if_missing(all(pages.send(), name).await).map(Option::unwrap_or_default)
        })
        .await
    }

    /// The rules of a listener, the default one among them; none of one that
    /// has gone.
    pub async fn rules(&self, listener: &str) -> Result<Arc<Vec<Rule>>> {
        let known = &self.memory.elb.rules;
        self.get(known, listener.to_owned(), |name| {
            rules(&self.aws, listener, name)
        })
        .await
    }

    /// Every target group of the account and region.
    pub async fn target_groups(&self) -> Result<Arc<Vec<TargetGroup>>> {
        let call = self.aws.elb.describe_target_groups();
        let pages = call.page_size(PAGE).into_paginator().items();
        self.get(&self.memory.elb.groups, (), |name| all(pages.send(), name))
            .await
    }

    /// The attributes of a target group; none if it has gone.
    pub async fn target_group_attributes(&self, arn: &str) -> Result<Arc<Option<GroupAttributes>>> {
        let call = self.aws.elb.describe_target_group_attributes();
        let call = call.target_group_arn(arn);
        let known = &self.memory.elb.group_attributes;
        self.get(known, arn.to_owned(), |name| async move {
            none_if_missing(call.send().await.called(name))
        })
        .await
    }

    /// The targets of a group and how they are; none of a group that has gone.
    pub async fn target_health(&self, group: &str) -> Result<Arc<Vec<TargetHealthDescription>>> {
        let call = self.aws.elb.describe_target_health();
        let call = call.target_group_arn(group);
        let known = &self.memory.elb.health;
        self.get(known, group.to_owned(), |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            let targets = answer.and_then(|answer| answer.target_health_descriptions);
            Ok(targets.unwrap_or_default())
        })
        .await
    }

    /// The tags of these things, in the order of their ARNs. What has gone has
    /// none. Remembered ones count, too, unless they may be `in_question`: that
    /// is told from the place among the ARNs and from the tags.
    pub async fn tags(
        &self,
        arns: &[String],
        in_question: impl Fn(usize, &Tags) -> bool,
    ) -> Result<Vec<Tags>> {
        let known = &self.memory.elb.tags;
        let floor = self.floor(Query::DescribeTags);
        let wanted = arns.iter().enumerate().map(|(place, arn)| {
            let remembered = known.known(arn);
            let settled = remembered.is_some_and(|tags| !in_question(place, &tags));
            let since = if settled { Moment::default() } else { floor };
            (arn.clone(), since)
        });
        let wanted: Vec<(String, Moment)> = wanted.collect();
        let ask = |some: Vec<String>| async move { self.describe_tags(&some).await };
        let found = known.get_all(&wanted, AT_ONCE, &self.memory.order, ask);
        Ok(found.await?.iter().map(|tags| Tags::clone(tags)).collect())
    }

    /// The call fails as a whole when one of the things has gone meanwhile: then
    /// each is asked about alone.
    async fn describe_tags(&self, arns: &[String]) -> Result<BTreeMap<String, Tags>> {
        let ask = async |arns: &[String]| {
            let call = self.aws.elb.describe_tags();
            let answer = call.set_resource_arns(Some(arns.to_vec())).send().await;
            let answer = answer.called(Query::DescribeTags.name())?;
            let all = answer.tag_descriptions.unwrap_or_default().into_iter();
            let all = all.filter_map(|one| {
                let pairs = one.tags().iter().map(|tag| (tag.key(), tag.value()));
                let tags = tags::from_pairs(pairs);
                Some((one.resource_arn?, tags))
            });
            Ok::<BTreeMap<String, Tags>, crate::Error>(all.collect())
        };
        match ask(arns).await {
            Err(error) if error.kind == ErrorKind::NotFound && arns.len() > 1 => {
                let mut all = BTreeMap::new();
                for arn in arns {
                    let own = ask(std::slice::from_ref(arn)).await;
                    all.extend(none_if_missing(own)?.unwrap_or_default());
                }
                Ok(all)
            }
            other => Ok(none_if_missing(other)?.unwrap_or_default()),
        }
    }

    /// The TLS policy of this name.
    ///
    /// # Errors
    ///
    /// `SSLPolicyNotFound`, if there is none.
    pub async fn ssl_policies(&self, named: &str) -> Result<Arc<Vec<SslPolicy>>> {
        let call = self.aws.elb.describe_ssl_policies().names(named);
        let known = &self.memory.elb.policies;
        self.get(known, named.to_owned(), |name| async move {
            let answer = call.send().await.called(name)?;
            Ok(answer.ssl_policies.unwrap_or_default())
        })
        .await
    }

    /// The account's quotas.
    pub async fn account_limits(&self) -> Result<Arc<Vec<Limit>>> {
        let call = self.aws.elb.describe_account_limits();
        self.get(&self.memory.elb.limits, (), |name| async move {
            let answer = call.send().await.called(name)?;
            Ok(answer.limits.unwrap_or_default())
        })
        .await
    }
}
