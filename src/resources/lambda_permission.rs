//! The permission for an API or the load balancer to invoke a function.
//!
//! It cannot be tagged. It is found by its statement id, which names the stack,
//! on the function that a tag of the API or of the target group names; so it
//! goes before they do.
//!
//! Of statements that are written to one function at the same moment Lambda
//! loses some (Terraform's provider writes them one at a time, and says that AWS
//! has acknowledged it). So the writers of a function take turns, whichever
//! version or alias they write to.

use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::Value;
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    error::{Error, Result},
    graph::Node,
    hash,
    resource::{
        Drift, Found, Key, Kind, Mark, Need, Ours, Resource, UNKNOWN,
        tags::{self, Tags},
    },
    resources::{RestApi, TargetGroup, rest_api, target_group},
};

/// The permission for one route.
#[derive(Hash)]
pub struct LambdaPermission {
    /// The stack's name.
    pub stack: String,
    /// The path of the route.
    pub path: String,
    /// The function's ARN, with a version or an alias if the route names one.
    pub function: String,
    /// Who invokes it.
    pub caller: Caller,
}

/// Who invokes a function.
#[derive(Hash)]
pub enum Caller {
    /// A REST API.
    Api {
        /// The API.
        api: Arc<Node<RestApi>>,
        /// Begins the ARN of an API: `arn:aws:execute-api:<region>:<account>`.
        arn_prefix: String,
    },
    /// The load balancer, through a target group.
    Balancer(Arc<Node<TargetGroup>>),
}

/// The service that acts for an API.
const GATEWAY: &str = "apigateway.amazonaws.com";
/// The service that acts for a load balancer (ELB user guide, "Lambda functions
/// as targets").
const BALANCING: &str = "elasticloadbalancing.amazonaws.com";

/// A statement of the function's policy.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The function's ARN, with its qualifier.
    pub function: String,
    /// The statement's id.
    pub statement: String,
    /// Who may invoke.
    pub principal: String,
    /// On behalf of which API or target group.
    pub source: String,
    /// What remembers the function, where it was found by that.
    pub memory: Option<Memory>,
}

/// The thing whose tags remember functions, and those of its tags that go with
/// a permission.
#[derive(Clone, Debug)]
pub struct Memory {
    holder: Holder,
    keys: Vec<String>,
}

#[derive(Clone, Debug)]
enum Holder {
    /// An API, by its id.
    Api(String),
    /// A target group, by its ARN.
    Group(String),
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// Who may invoke.
    Principal,
    /// On behalf of what.
    Source,
}

/// A function's ARN without its version or alias, and the latter.
fn split_qualifier(arn: &str) -> (String, Option<String>) {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.get(7) {
        Some(qualifier) => (parts[..7].join(":"), Some((*qualifier).to_owned())),
        None => (arn.to_owned(), None),
    }
}

/// Another caller's statement has another id: when a route changes its kind
/// both stand, until nothing uses the old one.
fn statement_id(stack: &str, key: &Key, principal: &str) -> String {
    let of = match principal {
        BALANCING => format!("{key} {BALANCING}"),
        _ => key.to_string(),
    };
    format!("{}{}", statement_prefix(stack), hash::short(&of))
}

fn statement_prefix(stack: &str) -> String {
    format!("hybridgw-{stack}-")
}

impl LambdaPermission {
    fn principal(&self) -> &'static str {
        match self.caller {
            Caller::Api { .. } => GATEWAY,
            Caller::Balancer(_) => BALANCING,
        }
    }

    fn statement(&self) -> String {
        statement_id(&self.stack, &self.key(), self.principal())
    }

    fn source(&self) -> Option<String> {
        match &self.caller {
            Caller::Api { api, arn_prefix } => Some(format!("{arn_prefix}:{}/*", api.id()?)),
            Caller::Balancer(group) => group.id(),
        }
    }

    async fn add(&self, aws: &Aws) -> Result<()> {
        let source = self
            .source()
            .ok_or_else(|| Error::not_yet("what invokes it is not there yet"))?;
        let (function, qualifier) = split_qualifier(&self.function);
        let _turn = aws.turns.take(&function).await;
        aws.lambda
            .add_permission()
            .function_name(function)
            .set_qualifier(qualifier)
            .statement_id(self.statement())
            .action("lambda:InvokeFunction")
            .principal(self.principal())
            .source_arn(source)
            .send()
            .await
            .called("AddPermission")
            .map(drop)
    }
}

impl Resource for LambdaPermission {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::GetPolicy];
    const MADE_ONCE: bool = true;

    fn key(&self) -> Key {
        Key::of_route(Kind::LambdaPermission, &self.path)
    }

    fn needs(&self) -> Vec<Need> {
        // Settled: a caller's tags name the function before its policy names the
        // caller, so that a killed run's statement is found.
        match &self.caller {
            Caller::Api { api, .. } => vec![api.exists()],
            Caller::Balancer(group) => vec![group.settled()],
        }
    }

    fn summary(&self) -> String {
        let who = match self.caller {
            Caller::Api { .. } => "API Gateway",
            Caller::Balancer(_) => "the load balancer",
        };
        format!("{who} may invoke {}", self.function)
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        let parents = reads.remembered();
        let (apis, groups) = tokio::try_join!(
            rest_api::listed(&parents),
            target_group::listed(&parents, |_| true)
        )?;
        let of_apis = apis.iter().map(|api| {
            let holder = Holder::Api(api.id.clone());
            held(reads, api.mark.key(), &api.tags, GATEWAY, holder)
        });
        let of_groups = groups.iter().map(|group| {
            let holder = Holder::Group(group.arn.clone());
            held(reads, group.mark.key(), &group.tags, BALANCING, holder)
        });
        let (of_apis, of_groups) =
            tokio::try_join!(try_join_all(of_apis), try_join_all(of_groups))?;
        let mut found: Vec<_> = of_apis.into_iter().chain(of_groups).flatten().collect();
        // Another run may have added one after what remembers it had gone.
        for invoked in &reads.functions {
            let key = Key::of_route(Kind::LambdaPermission, &invoked.path);
            let principal = if invoked.by_api { GATEWAY } else { BALANCING };
            let wanted = statement_id(&reads.stack, &key, principal);
            let is_known = |one: &Found<Actual>| {
                one.actual.statement == wanted && one.actual.function == invoked.function
            };
            if !found.iter().any(is_known) {
                found.extend(own(reads, key, &invoked.function, principal).await?);
            }
        }
        Ok(found)
    }

    async fn again(reads: &Reads, was: &Found<Actual>) -> Result<Option<Found<Actual>>> {
        let Actual {
            function,
            principal,
            memory,
            ..
        } = &was.actual;
        let mut now = own(reads, was.key.clone(), function, principal).await?;
        if let Some(now) = &mut now {
            now.actual.memory.clone_from(memory);
        }
        Ok(now)
    }

    /// The function is known here, also when what names it has gone.
    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        own(reads, self.key(), &self.function, self.principal()).await
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            function: _,
            statement: _,
            principal,
            source,
            memory: _,
        } = actual;
        let wanted = self.source().unwrap_or_else(|| UNKNOWN.to_owned());
        let principal = Drift::between(Field::Principal, principal.as_str(), self.principal());
        let source = Drift::between(Field::Source, source, &wanted);
        principal.into_iter().chain(source).collect()
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        self.add(aws).await
    }

    /// A statement cannot be changed: the old one goes, the new one comes.
    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let differs = |one: &Drift<Field>| match one.field {
            Field::Principal | Field::Source => true,
        };
        if !drift.iter().any(differs) {
            return Ok(());
        }
        remove(aws, actual).await?;
        self.add(aws).await
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Principal => actual.principal = "another".to_owned(),
            Field::Source => actual.source = "another".to_owned(),
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        remove(aws, actual).await?;
        match &actual.memory {
            Some(memory) => forget(aws, memory).await,
            None => Ok(()),
        }
    }
}

async fn remove(aws: &Aws, actual: &Actual) -> Result<()> {
    let (function, qualifier) = split_qualifier(&actual.function);
    let _turn = aws.turns.take(&function).await;
    let removed = aws
        .lambda
        .remove_permission()
        .function_name(function)
        .set_qualifier(qualifier)
        .statement_id(&actual.statement)
        .send()
        .await
        .called("RemovePermission");
    none_if_missing(removed).map(drop)
}

/// Takes away the tags that remembered what is gone now.
async fn forget(aws: &Aws, memory: &Memory) -> Result<()> {
    if memory.keys.is_empty() {
        return Ok(());
    }
    let keys = Some(memory.keys.clone());
    let forgotten = match &memory.holder {
        Holder::Api(id) => {
            let arn = rest_api::arn(aws, &format!("/restapis/{id}"));
            let call = aws.apigateway.untag_resource().resource_arn(arn);
            let sent = call.set_tag_keys(keys).send().await;
            sent.called("UntagResource").map(drop)
        }
        Holder::Group(arn) => {
            let call = aws.elb.remove_tags().resource_arns(arn);
            let sent = call.set_tag_keys(keys).send().await;
            sent.called("RemoveTags").map(drop)
        }
    };
    // With the holder its tags are gone.
    none_if_missing(forgotten).map(drop)
}

/// The functions that tags name. A value that is none, which only somebody else
/// can have written, names no policy to look at.
fn functions(tags: &Tags) -> impl Iterator<Item = &str> {
    let values = tags::now_and_before(tags, tags::FUNCTION).into_iter();
    values.filter(|value| {
        let parts: Vec<&str> = value.split(':').collect();
        matches!(
            parts.as_slice(),
            ["arn", _, "lambda", _, _, "function", _, ..]
        )
    })
}

/// The permissions of one caller, for all functions that its tags name.
///
/// Each remembers which tags go with it: the one that keeps its function once
/// the caller has another, and what a killed run has left of functions that have
/// no permission any more.
async fn held(
    reads: &Reads,
    caller: &Key,
    tags: &Tags,
    principal: &str,
    holder: Holder,
) -> Result<Vec<Found<Actual>>> {
    let key = Key::of_route(Kind::LambdaPermission, &caller.path());
    let looks = functions(tags).map(async |function| {
        let found = own(reads, key.clone(), function, principal).await?;
        Ok::<_, Error>((function, found))
    });
    let looked = try_join_all(looks).await?;
    let kept = |function: &str| Some(tags::beside(tags::FUNCTION, function));
    let idle = looked.iter().filter(|(_, found)| found.is_none());
    let idle = idle.filter_map(|(function, _)| kept(function));
    let idle: Vec<String> = idle.filter(|key| tags.contains_key(key)).collect();
    let found = looked.into_iter().filter_map(|(function, found)| {
        let mut found = found?;
        // A route to another function has another target group, but the same API.
        let is_api = matches!(holder, Holder::Api(_));
        let own = kept(function).filter(|key| is_api || tags.contains_key(key));
        let keys = idle.iter().cloned().chain(own).collect();
        let holder = holder.clone();
        found.actual.memory = Some(Memory { holder, keys });
        Some(found)
    });
    Ok(found.collect())
}

/// The statement of a function's policy that is this resource's.
async fn own(
    reads: &Reads,
    key: Key,
    function: &str,
    principal: &str,
) -> Result<Option<Found<Actual>>> {
    let wanted = statement_id(&reads.stack, &key, principal);
    let answer = statements(reads, function).await;
    let what = || format!("the policy of the function {function}");
    let Some(statements) = reads.readable(key.as_str(), what, answer)? else {
        return Ok(None);
    };
    Ok(statements.into_iter().find_map(|one| {
        let mark = Mark::signed(&reads.stack, key.clone(), one.statement == wanted)?;
        // The same statement may stand in the policies of several functions.
        Some(Found::ours(mark, one.statement.clone(), "active", one).scoped(function))
    }))
}

/// The statements of a function's policy that are the stack's.
async fn statements(reads: &Reads, function: &str) -> Result<Vec<Actual>> {
    let (name, qualifier) = split_qualifier(function);
    let policy = reads.function_policy(&name, qualifier).await?;
    let document: Value = policy
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let prefix = statement_prefix(&reads.stack);
    let all = document["Statement"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let own = all.iter().filter_map(|statement| {
        let id = statement["Sid"].as_str()?;
        id.starts_with(&prefix).then_some(())?;
        let principal = &statement["Principal"];
        Some(Actual {
            function: function.to_owned(),
            statement: id.to_owned(),
            principal: principal["Service"]
                .as_str()
                .or_else(|| principal.as_str())
                .unwrap_or_default()
                .to_owned(),
            source: source_of(&statement["Condition"]),
            memory: None,
        })
    });
    Ok(own.collect())
}

fn source_of(condition: &Value) -> String {
    let operators = ["ArnLike", "ArnEquals", "StringEquals", "StringLike"];
    let keys = ["AWS:SourceArn", "aws:SourceArn"];
    let mut values = operators
        .iter()
        .flat_map(|operator| keys.iter().map(move |key| &condition[*operator][*key]));
    values
        .find_map(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
