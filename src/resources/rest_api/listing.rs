//! The stack's own APIs as the list of all APIs has them: whose each is, and
//! which of two of a key counts.

use std::collections::BTreeSet;

use aws_sdk_apigateway::types;

use super::{Actual, Contents, Record, RestApi, settings};
use crate::{
    aws::read::Reads,
    error::Result,
    graph::Node,
    policy,
    resource::{
        Found, Key, Mark, Resource,
        tags::{self, Tags},
    },
    resources::BasePathMapping,
};

/// An API of the stack's own, as the list has it.
pub(in crate::resources) struct Listed {
    /// Its id.
    pub id: String,
    /// The proof that it is the stack's.
    pub mark: Mark,
    /// All its tags.
    pub tags: Tags,
    api: types::RestApi,
}

impl Listed {
    /// Whether it is the API of this node: of two of a key, the one that the
    /// node has.
    pub fn is(&self, node: &Node<RestApi>) -> bool {
        node.id()
            .map_or_else(|| *self.mark.key() == node.key(), |id| id == self.id)
    }
}

/// The stack's own APIs as the list has them.
///
/// Where there are two of a key, the one that is mapped comes first, else the
/// older one, else the one of the smaller id: every run decides alike.
pub(in crate::resources) async fn listed(reads: &Reads) -> Result<Vec<Listed>> {
    let apis = reads.rest_apis().await?;
    let own = apis.iter().filter_map(|api| {
        let tags = tags_of(api);
        Some(Listed {
            id: api.id()?.to_owned(),
            mark: Mark::of_tags(&tags, &reads.stack)?,
            tags,
            api: api.clone(),
        })
    });
    let mut own: Vec<Listed> = own.collect();
    let keys: BTreeSet<&Key> = own.iter().map(|api| api.mark.key()).collect();
    let mapped = if keys.len() < own.len() {
        mapped(reads).await?
    } else {
        BTreeSet::new()
    };
    own.sort_by_key(|one| {
        let created = one.api.created_date().map_or(0, |date| date.secs());
        (!mapped.contains(&one.id), created, one.id.clone())
    });
    Ok(own)
}

/// The stack's own APIs that are wanted, without what takes calls of its own.
pub(super) async fn those(
    reads: &Reads,
    wanted: impl Fn(&Listed) -> bool,
) -> Result<Vec<Found<Actual>>> {
    let own = listed(reads).await?.into_iter();
    Ok(own.filter(wanted).map(found).collect())
}

/// The APIs that a mapping in a domain of ours names, asked afresh: another run
/// may have mapped one a moment ago.
async fn mapped(reads: &Reads) -> Result<BTreeSet<String>> {
    let afresh = reads.afresh(BasePathMapping::READS);
    let mappings = BasePathMapping::discover(&afresh).await?;
    Ok(mappings.into_iter().map(|found| found.actual.api).collect())
}

fn tags_of(api: &types::RestApi) -> Tags {
    let pairs = api.tags().into_iter().flatten();
    pairs
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn found(listed: Listed) -> Found<Actual> {
    let Listed {
        id,
        mark,
        tags,
        api,
    } = listed;
    let record = tags.get(tags::CONTENTS).and_then(|tag| Record::read(tag));
    let configuration = api.endpoint_configuration();
    let actual = Actual {
        name: api.name().unwrap_or_default().to_owned(),
        description: api.description().unwrap_or_default().to_owned(),
        policy: policy::parse_of_api(api.policy().unwrap_or_default(), &id),
        endpoints: configuration
            .into_iter()
            .flat_map(|configuration| configuration.vpc_endpoint_ids())
            .cloned()
            .collect(),
        settings: settings::of(&api),
        contents: Contents::of_settings(&api),
        record,
        tags,
        put: None,
        is_empty: false,
        id,
    };
    let found = Found::ours(mark, actual.id.clone(), "available", actual);
    found.since(api.created_date().copied())
}
