//! What may be invoked through the endpoint: the stack's APIs and nothing else.
//!
//! Without it, whoever reaches the load balancer could reach every private API
//! that trusts the endpoint. It is apart from the endpoint because it names the
//! APIs, whose own policies name the endpoint.
//!
//! Other stacks that borrow the endpoint have a statement each in its policy:
//! these are theirs, and stay.
//!
//! A borrowed endpoint's policy is its owner's. Only if the configuration says
//! `manage` it gets a statement for the stack's APIs, known by its id; the other
//! statements stay. EC2 takes a policy as a whole, so it is read right before it
//! is written.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_ec2::types::{Filter, Tag};
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
    policy::{self, Policy, Request, Through, statements},
    resource::{Drift, Due, Found, Key, Kind, Mark, Need, Ours, Resource, UNKNOWN, tags},
    resources::{SecurityGroup, VpcEndpoint, rest_api::Api, vpc_endpoint::reading},
};

mod lent;

/// The policy of the endpoint.
#[derive(Hash)]
pub struct EndpointPolicy {
    /// The stack's name.
    pub stack: String,
    /// The endpoint.
    pub endpoint: Arc<Node<VpcEndpoint>>,
    /// The APIs behind it.
    pub apis: Vec<Api>,
    /// Begins the ARN of an API: `arn:aws:execute-api:<region>:<account>`.
    pub arn_prefix: String,
    /// For a borrowed endpoint: the security group that remembers it.
    pub group: Option<Arc<Node<SecurityGroup>>>,
}

/// How much of an endpoint's policy is the stack's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All of it.
    Whole,
    /// One statement.
    Statement,
    /// Nothing: others admit the stack's APIs.
    Nothing,
}

/// The policy as EC2 reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The endpoint's id.
    pub endpoint: String,
    /// How much of it is the stack's.
    pub share: Share,
    /// That much of it, normalised.
    pub policy: Value,
    /// For a borrowed endpoint: the security group whose tags remember it.
    pub remembered_by: Option<String>,
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// What the stack's share of the policy admits.
    Policy,
    /// The same, of a borrowed endpoint's policy.
    Statement,
}

fn key() -> Key {
    Key::bare(Kind::EndpointPolicy)
}

impl EndpointPolicy {
    fn sid(&self) -> String {
        statements::sid(&self.stack, &key())
    }

    /// The ARNs of the APIs, once all of them have one.
    fn arns(&self) -> Option<BTreeSet<String>> {
        let ids: Option<Vec<String>> = self.apis.iter().map(Api::id).collect();
        let arns = ids?.into_iter();
        Some(arns.map(|id| format!("{}:{id}", self.arn_prefix)).collect())
    }

    /// The stack's share, when it admits these APIs.
    fn admitting(&self, arns: &BTreeSet<String>) -> Value {
        match self.group {
            None => policy::only_to(arns.iter().map(String::as_str)),
            Some(_) => statements::named(&self.sid(), statements::invoke(arns)),
        }
    }

    /// What should be of the stack's share.
    fn wanted(&self) -> Option<Value> {
        Some(self.admitting(&self.arns()?))
    }

    /// The share while rules may still lead to an API that goes: it admits what
    /// it did and what it should. What somebody else has made of it goes at once.
    fn for_now(&self, has: &Value) -> Option<Value> {
        let wanted = self.arns()?;
        let before = named(has);
        if policy::normal(&self.admitting(&before)) == *has {
            Some(self.admitting(&before.union(&wanted).cloned().collect()))
        } else {
            Some(self.admitting(&wanted))
        }
    }

    async fn put(&self, aws: &Aws, endpoint: &str, share: Option<Value>) -> Result<()> {
        let wanted = share.ok_or_else(|| Error::not_yet("its APIs are not there yet"))?;
        let _turn = aws.turns.take(endpoint).await;
        let now = read(aws, endpoint).await?;
        let wanted = match self.group {
            None => {
                let theirs = lent::to_others_now(aws, &self.stack, endpoint, &now).await?;
                statements::beside(&wanted, &theirs)
            }
            // Beside a Deny of everything no statement would open anything.
            Some(_) if policy::parse(&now) == policy::normal(&policy::nothing()) => {
                statements::with("", &wanted)
            }
            Some(_) => statements::with(&now, &wanted),
        };
        set(aws, endpoint, &wanted).await
    }

    /// Whether a borrowed endpoint admits the APIs without the stack's doing.
    async fn is_open(&self, reads: &Reads, endpoint: &str) -> Result<bool> {
        // APIs that are still to come: only a pattern can admit them.
        let to_come = || BTreeSet::from([format!("{}:0000000000", self.arn_prefix)]);
        let arns = self.arns().unwrap_or_else(to_come);
        let found = reading::by_id(reads, endpoint).await?;
        let Some(found) = found.first() else {
            return Ok(false);
        };
        let text = found.policy_document().unwrap_or_default();
        let others = statements::without(text, &self.sid());
        let through = Through {
            endpoint: Some(endpoint),
            vpc: found.vpc_id().unwrap_or_default(),
            // Not known here: a policy that asks is not open.
            from: &[],
        };
        Ok(others.is_some_and(|others| {
            let others = Policy::of_endpoint(&others.to_string());
            arns.iter().all(|arn| {
                let request = Request::invoke(arn, None, None, None, &through);
                others.judge(&request).is_yes()
            })
        }))
    }
}

impl Resource for EndpointPolicy {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::DescribeVpcEndpoints];

    fn key(&self) -> Key {
        key()
    }

    fn needs(&self) -> Vec<Need> {
        let apis = self.apis.iter().filter_map(Api::exists);
        // Settled: the tag that remembers the endpoint is there before the
        // statement is.
        let group = self.group.iter().map(|group| group.settled());
        // A pending endpoint cannot be modified (`IncorrectState`).
        apis.chain(group).chain([self.endpoint.settled()]).collect()
    }

    fn summary(&self) -> String {
        match self.group {
            None => "only the stack's APIs".to_owned(),
            Some(_) => "the stack's APIs too".to_owned(),
        }
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        let closed = policy::normal(&policy::nothing());
        let mut found = Vec::new();
        for endpoint in VpcEndpoint::discover(reads).await? {
            let is_for_apis = endpoint.key.kind() == Kind::VpcEndpoint;
            let Some(mark) = endpoint.mark().filter(|_| is_for_apis) else {
                continue;
            };
            let own = lent::own_share(reads, &endpoint.id, &endpoint.actual).await?;
            let Some(policy) = own.filter(|own| *own != closed && endpoint.state != "deleting")
            else {
                continue;
            };
            let actual = Actual {
                endpoint: endpoint.id.clone(),
                share: Share::Whole,
                policy,
                remembered_by: None,
            };
            let own = Found::ours(mark.for_part(key()), &endpoint.id, "active", actual);
            found.push(own.within(&endpoint.id));
        }
        found.extend(in_borrowed_ones(reads).await?);
        Ok(found)
    }

    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let endpoint = self.endpoint.desired.find(reads).await?;
        let Some(endpoint) = endpoint.map(|found| found.id) else {
            return Ok(None);
        };
        let all = Self::discover(reads).await?;
        let own = all.into_iter().find(|found| found.id == endpoint);
        if own.is_some() || self.group.is_none() || !self.is_open(reads, &endpoint).await? {
            return Ok(own);
        }
        let actual = Actual {
            endpoint: endpoint.clone(),
            share: Share::Nothing,
            policy: Value::Null,
            remembered_by: None,
        };
        Ok(Some(Found::borrowed(key(), endpoint, "active", actual)))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            endpoint: _,
            share,
            policy: has,
            remembered_by: _,
        } = actual;
        if *share == Share::Nothing {
            return vec![];
        }
        let field = match self.group {
            None => Field::Policy,
            Some(_) => Field::Statement,
        };
        let (Some(now), Some(wanted)) = (self.for_now(has), self.wanted()) else {
            return vec![Drift::new(field, policy::words(has), UNKNOWN)];
        };
        let (now, wanted) = (policy::normal(&now), policy::normal(&wanted));
        let opened = Drift::between(field.clone(), has, &now);
        let narrowed = Drift::between(field, &now, &wanted).map(Drift::deferred);
        opened.into_iter().chain(narrowed).collect()
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        self.put(aws, &self.endpoint.require()?.id, self.wanted())
            .await
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        for one in drift {
            match (&one.field, one.due) {
                (Field::Policy | Field::Statement, Due::Now | Due::Switch) => {
                    let share = self.for_now(&actual.policy);
                    self.put(aws, &actual.endpoint, share).await?;
                }
                (Field::Policy | Field::Statement, Due::Deferred) => {
                    self.put(aws, &actual.endpoint, self.wanted()).await?;
                }
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Policy | Field::Statement => actual.policy = Value::Null,
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let closed = match actual.share {
            Share::Whole => close(aws, actual).await,
            Share::Statement => withdraw(aws, actual).await,
            Share::Nothing => return Ok(()),
        };
        none_if_missing(closed)?;
        forget(aws, actual).await
    }
}

/// Takes away the tag that has kept an endpoint which the stack no longer
/// borrows. Its rule there has gone before, and is found by its description.
async fn forget(aws: &Aws, actual: &Actual) -> Result<()> {
    let Some(group) = &actual.remembered_by else {
        return Ok(());
    };
    let kept = Tag::builder().key(tags::beside(tags::ENDPOINT, &actual.endpoint));
    let call = aws.ec2.delete_tags().resources(group).tags(kept.build());
    none_if_missing(call.send().await.called("DeleteTags")).map(drop)
}

/// The APIs that a share of the stack's admits.
fn named(share: &Value) -> BTreeSet<String> {
    let statement = share.get("Statement").unwrap_or(share);
    let resources = match &statement["Resource"] {
        Value::Array(several) => several.iter().collect(),
        one => vec![one],
    };
    let arns = resources.into_iter().filter_map(Value::as_str);
    arns.filter_map(|text| text.strip_suffix("/*"))
        .map(str::to_owned)
        .collect()
}

/// The stack's statements in the policies of endpoints that it borrows or has
/// borrowed: the load balancer's group remembers them.
async fn in_borrowed_ones(reads: &Reads) -> Result<Vec<Found<Actual>>> {
    let sid = statements::sid(&reads.stack, &key());
    let mut found = Vec::new();
    for group in SecurityGroup::discover(reads).await? {
        for id in tags::now_and_before(&group.actual.tags, tags::ENDPOINT) {
            let endpoints = reading::by_id(reads, id).await?;
            let text = endpoints.first().and_then(|one| one.policy_document());
            let statement = text.and_then(|text| statements::find(text, &sid));
            // The id names the stack.
            let mark = Mark::signed(&reads.stack, key(), statement.is_some());
            let (Some(mark), Some(policy)) = (mark, statement) else {
                continue;
            };
            let actual = Actual {
                endpoint: id.to_owned(),
                share: Share::Statement,
                policy,
                remembered_by: Some(group.id.clone()),
            };
            found.push(Found::ours(mark, id, "active", actual));
        }
    }
    Ok(found)
}

/// Takes everything out of an own endpoint's policy but what is lent.
async fn close(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
    let endpoint = &actual.endpoint;
    let _turn = aws.turns.take(endpoint).await;
    let now = read(aws, endpoint).await?;
    let theirs = lent::to_others_now(aws, actual.stack(), endpoint, &now).await?;
    let left = statements::only(&theirs).unwrap_or_else(policy::nothing);
    set(aws, endpoint, &left).await
}

/// Takes the stack's statement out of a borrowed endpoint's policy. AWS takes no
/// policy without statements: what then is left lets nothing pass, as it did.
async fn withdraw(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
    let sid = statements::sid(actual.stack(), &key());
    let _turn = aws.turns.take(&actual.endpoint).await;
    let now = read(aws, &actual.endpoint).await?;
    if statements::find(&now, &sid).is_none() {
        return Ok(());
    }
    let left = statements::without(&now, &sid).unwrap_or_else(policy::nothing);
    set(aws, &actual.endpoint, &left).await
}

/// An endpoint's policy as it is written.
async fn read(aws: &Aws, endpoint: &str) -> Result<String> {
    let filter = Filter::builder().name("vpc-endpoint-id").values(endpoint);
    let call = aws.ec2.describe_vpc_endpoints().filters(filter.build());
    let answer = call.send().await.called("DescribeVpcEndpoints")?;
    let found = answer.vpc_endpoints().first();
    let text = found.and_then(|found| found.policy_document());
    Ok(text.unwrap_or_default().to_owned())
}

async fn set(aws: &Aws, endpoint: &str, policy: &Value) -> Result<()> {
    aws.ec2
        .modify_vpc_endpoint()
        .vpc_endpoint_id(endpoint)
        .policy_document(policy.to_string())
        .send()
        .await
        .called("ModifyVpcEndpoint")
        .map(drop)
}
