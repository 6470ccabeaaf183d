//! What is asked, and what became of it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request from a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The host, which is resolved and sent as `Host`.
    pub host: String,
    /// The path, with the query.
    #[serde(default = "Ask::root")]
    pub path: String,
    /// The verb.
    #[serde(default = "Ask::get")]
    pub method: String,
    /// The client's address.
    pub client: Ipv4Addr,
    /// The port: 443 or 80.
    #[serde(default = "Ask::https")]
    pub port: u16,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

impl Ask {
    /// Returns a plain GET over HTTPS.
    pub fn new(host: &str, path: &str, client: Ipv4Addr) -> Self {
        Self {
            host: host.to_owned(),
            path: path.to_owned(),
            method: Self::get(),
            client,
            port: Self::https(),
            headers: BTreeMap::new(),
        }
    }

    /// Returns a header; names are alike in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn root() -> String {
        "/".to_owned()
    }

    fn get() -> String {
        "GET".to_owned()
    }

    const fn https() -> u16 {
        443
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status that the client gets; 0 when nobody answers.
    pub status: u16,
    /// Where it stopped; none when it got through.
    pub hop: Option<Hop>,
    /// Why, in words.
    pub why: String,
    /// What the final target got: S3 also when it refused.
    pub seen: Option<Seen>,
    /// The certificate that the client was shown, once it got that far over HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// Where requests stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hop {
    /// The DNS record.
    Record,
    /// A security group, of the load balancer or of the endpoint.
    SecurityGroup,
    /// The load balancer.
    LoadBalancer,
    /// The listener.
    Listener,
    /// The listener's certificates: none covers the host.
    Certificate,
    /// A rule that refuses, none that fits, or one whose transforms fail.
    Rule,
    /// The target group: nobody to send the request to.
    TargetHealth,
    /// The endpoint, or what else has the target's address.
    Endpoint,
    /// The endpoint's policy.
    EndpointPolicy,
    /// From the host to an API, or to a bucket.
    Mapping,
    /// The API's policy as deployed.
    ApiPolicy,
    /// The stage.
    Stage,
    /// The method, or S3's object.
    Method,
    /// Whether a function may be invoked, or a bucket be read.
    Permission,
}

/// What the final target got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// What it is.
    pub kind: Kind,
    /// The API.
    pub api: Option<String>,
    /// Its stage.
    pub stage: Option<String>,
    /// The path and query, after all rewriting and mapping; for S3 the object's key after a slash.
    pub path: String,
    /// The query alone, without the question mark, after all rewriting.
    pub query: String,
    /// The host.
    pub host: String,
    /// The verb.
    pub method: String,
    /// The function's ARN.
    pub function: Option<String>,
    /// The event that the function got from the load balancer.
    pub event: Option<Value>,
    /// The bucket.
    pub bucket: Option<String>,
    /// Where a redirect leads.
    pub location: Option<String>,
}

/// What a final target is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An API, whatever answers its method.
    #[default]
    Api,
    /// A function that the load balancer invokes.
    Lambda,
    /// A bucket.
    S3,
    /// A fixed response.
    Fixed,
    /// A redirect.
    Redirect,
}
