//! What API Gateway knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Time;

/// The tags of one thing.
pub type Tags = BTreeMap<String, String>;

/// A structure's members, under their names on the wire.
pub type Members = Map<String, Value>;

/// API Gateway in one region of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// REST APIs, by id.
    pub apis: BTreeMap<String, Api>,
    /// Custom domain names, by host name; private ones by host name, `+` and id.
    pub domains: BTreeMap<String, Domain>,
    /// Domain name access associations, by ARN.
    pub associations: BTreeMap<String, Association>,
    /// The role by which it writes to log groups, where the account has set one.
    pub log_role: Option<String>,
}

/// A REST API.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Api {
    /// Its name, which others may have too.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The version that its body names.
    pub version: Option<String>,
    /// When it was made.
    pub created: Time,
    /// What the next deployment takes a copy of.
    pub content: Content,
    /// Further settings, under their names on the wire.
    pub settings: Map<String, Value>,
    /// Its tags.
    pub tags: Tags,
    /// The root resource's id.
    pub root: String,
    /// Resources, by id.
    pub resources: BTreeMap<String, Resource>,
    /// What its methods refer to.
    pub parts: Parts,
    /// Deployments, by id.
    pub deployments: BTreeMap<String, Deployment>,
    /// Stages, by name.
    pub stages: BTreeMap<String, Stage>,
}

/// The settings of an API that take effect with its next deployment.
///
/// API Gateway developer guide, "Control access to a REST API with resource
/// policies" and "Private REST APIs": deploy after a change of policy, endpoint
/// association or default endpoint (research: peers §2.3).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// `PRIVATE`, `REGIONAL` or `EDGE`.
    pub kind: String,
    /// `ipv4` or `dualstack`; empty is the type's default.
    pub address_type: String,
    /// The endpoints it is associated with, in order.
    pub vpc_endpoints: Vec<String>,
    /// Its policy as JSON, with `execute-api:/…` expanded.
    pub policy: Option<String>,
    /// Whether its default endpoint is off.
    pub default_endpoint_off: bool,
}

/// What the methods of an API refer to, and what it says for itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parts {
    /// Authorizers, by id.
    pub authorizers: BTreeMap<String, Members>,
    /// Models, by name.
    pub models: BTreeMap<String, Members>,
    /// Request validators, by id.
    pub validators: BTreeMap<String, Members>,
    /// Gateway responses that differ from the defaults, by type.
    pub gateway_responses: BTreeMap<String, Members>,
}

/// A resource: a path.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Resource {
    /// The resource above; the root has none.
    pub parent: Option<String>,
    /// The last part of the path.
    pub part: Option<String>,
    /// The whole path.
    pub path: String,
    /// Methods, by verb; `ANY` stands for all.
    pub methods: BTreeMap<String, Method>,
}

/// A method of a resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Method {
    /// `NONE`, `AWS_IAM`, `CUSTOM`, `COGNITO_USER_POOLS`, `JWT`.
    pub authorization: String,
    /// Whether it wants an API key.
    pub api_key_required: bool,
    /// Further settings, under their names on the wire.
    pub settings: Map<String, Value>,
    /// Responses, by status code.
    pub responses: BTreeMap<String, Value>,
    /// What answers it.
    pub integration: Option<Integration>,
}

/// What answers a method.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Integration {
    /// `MOCK`, `AWS`, `AWS_PROXY`, `HTTP`, `HTTP_PROXY`.
    pub kind: String,
    /// The verb towards the backend.
    pub http_method: Option<String>,
    /// The backend.
    pub uri: Option<String>,
    /// Further settings, under their names on the wire.
    pub settings: Map<String, Value>,
    /// Responses, by status code.
    pub responses: BTreeMap<String, Value>,
}

/// Methods by path, then by verb.
pub type Operations = BTreeMap<String, BTreeMap<String, Method>>;

/// A deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deployment {
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created: Time,
    /// What it serves.
    pub snapshot: Snapshot,
}

/// What an API was when it was deployed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// Policy, endpoints, default endpoint.
    pub content: Content,
    /// Its methods.
    pub operations: Operations,
    /// What they refer to.
    pub parts: Parts,
    /// The API's further settings.
    pub settings: Members,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The version that its body named.
    pub version: Option<String>,
}

/// A stage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stage {
    /// The deployment it serves.
    pub deployment: String,
    /// When it was made.
    pub created: Time,
    /// When it was changed.
    pub updated: Time,
    /// Its variables.
    pub variables: BTreeMap<String, String>,
    /// Further settings, under their names on the wire.
    pub settings: Map<String, Value>,
    /// Its tags.
    pub tags: Tags,
}

/// A custom domain name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Domain {
    /// The host name.
    pub name: String,
    /// Private ones have an id too.
    pub id: Option<String>,
    /// The certificate's ARN.
    pub certificate: String,
    /// When the certificate was set.
    pub uploaded: Time,
    /// `TLS_1_2` and the like.
    pub security_policy: String,
    /// Who may invoke through it (private ones), as JSON.
    pub policy: Option<String>,
    /// Further settings, under their names on the wire.
    pub settings: Map<String, Value>,
    /// Where DNS has to lead (regional ones).
    pub target: Option<String>,
    /// Whether a change is under way.
    pub updating: bool,
    /// Counts the changes; only the last one's end settles it.
    pub change: u64,
    /// Base path mappings, by base path; the empty path is `(none)`.
    pub mappings: BTreeMap<String, Mapping>,
    /// Its tags.
    pub tags: Tags,
}

/// A base path mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The API.
    pub api: String,
    /// The stage; without one the caller names it.
    pub stage: Option<String>,
}

/// An access association: an endpoint through which a private domain name is reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Association {
    /// The domain's ARN.
    pub domain: String,
    /// The endpoint.
    pub endpoint: String,
    /// Its tags.
    pub tags: Tags,
}

/// What lies ahead in API Gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A change of a domain name is done.
    DomainSettled {
        /// The domain's key.
        domain: String,
        /// The change's number.
        change: u64,
    },
}

impl Api {
    /// Returns its methods by path.
    pub fn operations(&self) -> Operations {
        let with_methods = self
            .resources
            .values()
            .filter(|resource| !resource.methods.is_empty());
        with_methods
            .map(|resource| (resource.path.clone(), resource.methods.clone()))
            .collect()
    }

    /// Returns the resource of a path.
    pub fn at(&self, path: &str) -> Option<&str> {
        let mut all = self.resources.iter();
        all.find(|(_, resource)| resource.path == path)
            .map(|(id, _)| id.as_str())
    }
}
