//! What the ELBv2 resources share: tags.

use aws_sdk_elasticloadbalancingv2::types;

use crate::{
    aws::{
        Aws, Called,
        tags::{self, Tags},
    },
    error::Result,
    look::Look,
    resource::Drift,
};

/// `DescribeTags` takes this many ARNs at once (ELBv2 API reference).
const AT_ONCE: usize = 20;

/// The tags of these things, in the order of their ARNs; what has gone in the
/// meantime has none. `operation` names the question, to be forgotten by those
/// whose tags these are.
pub(super) async fn tags_of(
    look: &Look,
    operation: &'static str,
    arns: &[String],
) -> Result<Vec<Tags>> {
    if arns.is_empty() {
        return Ok(vec![]);
    }
    let described = look
        .once(operation, &arns.join(","), || async {
            let mut all: Vec<types::TagDescription> = Vec::new();
            for some in arns.chunks(AT_ONCE) {
                let answer = look
                    .aws
                    .elb
                    .describe_tags()
                    .set_resource_arns(Some(some.to_vec()))
                    .send()
                    .await
                    .called("DescribeTags");
                let answer = crate::aws::error::none_if_missing(answer)?;
                all.extend(
                    answer
                        .and_then(|answer| answer.tag_descriptions)
                        .into_iter()
                        .flatten(),
                );
            }
            Ok(all)
        })
        .await?;
    let tags = arns.iter().map(|arn| {
        described
            .iter()
            .find(|one| one.resource_arn() == Some(arn))
            .map(|one| tags::from_pairs(one.tags().iter().map(|tag| (tag.key(), tag.value()))))
            .unwrap_or_default()
    });
    Ok(tags.collect())
}

/// Sets the tags that differ.
pub(super) async fn set_tags(aws: &Aws, arn: &str, drift: &[Drift]) -> Result<()> {
    let changes = tags::to_repair(drift);
    if changes.is_empty() {
        return Ok(());
    }
    aws.elb
        .add_tags()
        .resource_arns(arn)
        .set_tags(Some(tags::to_elb(&changes)))
        .send()
        .await
        .called("AddTags")
        .map(drop)
}
