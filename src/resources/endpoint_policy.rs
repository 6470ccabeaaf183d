//! What may be invoked through the endpoint: the stack's APIs and nothing else.
//!
//! Without it, whoever reaches the load balancer could reach every private API
//! that trusts the endpoint. It is apart from the endpoint because it names the
//! APIs, whose own policies name the endpoint.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    aws::{Aws, Called},
    error::{Error, Result},
    graph::Node,
    look::Look,
    ownership::{Found, Ours},
    policy,
    resource::{Drift, Key, Need, Resource, UNKNOWN},
    resources::{VpcEndpoint, rest_api::Api},
};

/// The policy of the endpoint.
pub struct EndpointPolicy {
    /// The endpoint.
    pub endpoint: Arc<Node<VpcEndpoint>>,
    /// The APIs behind it.
    pub apis: Vec<Api>,
    /// Begins the ARN of an API: `arn:aws:execute-api:<region>:<account>`.
    pub arn_prefix: String,
}

/// The policy as EC2 reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The endpoint's id.
    pub endpoint: String,
    /// The policy, normalised.
    pub policy: Value,
}

impl EndpointPolicy {
    fn wanted(&self) -> Option<Value> {
        let ids: Option<Vec<String>> = self.apis.iter().map(Api::id).collect();
        let arns: Vec<String> = ids?
            .iter()
            .map(|id| format!("{}:{id}", self.arn_prefix))
            .collect();
        Some(policy::only_to(arns.iter().map(String::as_str)))
    }

    async fn put(&self, aws: &Aws, endpoint: &str) -> Result<()> {
        let wanted = self
            .wanted()
            .ok_or_else(|| Error::not_yet("its APIs are not there yet"))?;
        set(aws, endpoint, &wanted).await
    }
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

impl Resource for EndpointPolicy {
    type Actual = Actual;
    const ASKS: &'static [&'static str] = &["DescribeVpcEndpoints"];

    fn key(&self) -> Key {
        Key::bare("endpoint-policy")
    }

    fn needs(&self) -> Vec<Need> {
        let apis = self.apis.iter().filter_map(Api::exists);
        // A pending endpoint cannot be modified (`IncorrectState`).
        apis.chain([self.endpoint.settled()]).collect()
    }

    fn summary(&self) -> String {
        "only the stack's APIs".to_owned()
    }

    async fn discover(look: &Look) -> Result<Vec<Found<Actual>>> {
        let closed = policy::normal(&policy::nothing());
        let endpoints = VpcEndpoint::discover(look).await?;
        let opened = endpoints
            .into_iter()
            .filter(|found| found.actual.policy != closed && found.state != "deleting");
        let found = opened.filter_map(|endpoint| {
            let mark = endpoint.mark()?.for_part(Key::bare("endpoint-policy"));
            let actual = Actual {
                endpoint: endpoint.id.clone(),
                policy: endpoint.actual.policy,
            };
            Some(Found::ours(mark, &endpoint.id, "active", actual).within(&endpoint.id))
        });
        Ok(found.collect())
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift> {
        let Actual {
            endpoint: _,
            policy: has,
        } = actual;
        match self.wanted() {
            None => vec![Drift::new("policy", policy::words(has), UNKNOWN)],
            Some(wanted) => {
                let wanted = policy::normal(&wanted);
                Drift::between("policy", has, &wanted).into_iter().collect()
            }
        }
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        self.put(aws, &self.endpoint.require()?.id).await
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, _drift: &[Drift]) -> Result<()> {
        self.put(aws, &actual.endpoint).await
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let closed = set(aws, &actual.endpoint, &policy::nothing()).await;
        crate::aws::error::none_if_missing(closed).map(drop)
    }
}
