//! Rules: what requests they take, and what they do with them.

use serde::{Deserialize, Serialize};

/// A rule of a listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its listener's ARN.
    pub listener: String,
    /// Its place; none for the default rule, which comes last.
    pub priority: Option<u16>,
    /// What requests it takes; all of these must hold.
    pub conditions: Vec<Condition>,
    /// What it does with them.
    pub action: Action,
    /// How requests are rewritten before they go to targets.
    pub transforms: Vec<Transform>,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What it looks at.
    pub field: Field,
    /// Values, of which one must fit; with wildcards where the field knows them.
    pub values: Vec<String>,
    /// For query strings: the keys of the values, in their order.
    pub keys: Vec<Option<String>>,
    /// Regular expressions, of which one must fit.
    pub regexes: Vec<String>,
}

/// What a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Field {
    /// `host-header`.
    Host,
    /// `path-pattern`.
    Path,
    /// `http-header`, of this name.
    Header(String),
    /// `query-string`.
    Query,
    /// `http-request-method`.
    Method,
    /// `source-ip`.
    Source,
}

/// An action, with the place the request gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// What is done.
    pub deed: Deed,
    /// Its `Order`, if one was given.
    pub order: Option<u32>,
}

/// What is done with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// It goes to a target of one of these groups, by their weights.
    Forward {
        /// ARNs and weights.
        groups: Vec<(String, u32)>,
        /// Whether a client stays with a group, and for how many seconds.
        sticky: Option<u32>,
    },
    /// The client is sent elsewhere.
    Redirect {
        /// `HTTP`, `HTTPS` or `#{protocol}`.
        protocol: String,
        /// A number or `#{port}`.
        port: String,
        /// The host.
        host: String,
        /// The path.
        path: String,
        /// The query, without `?`.
        query: String,
        /// `HTTP_301` or `HTTP_302`.
        status: String,
    },
    /// The client is answered.
    Respond {
        /// The status code.
        status: String,
        /// The content type.
        content_type: Option<String>,
        /// The body.
        body: Option<String>,
    },
}

/// A rewrite: what the expression finds is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transform {
    /// What is rewritten.
    pub part: Part,
    /// The regular expression.
    pub regex: String,
    /// What takes the place of the match; `$1` is its first group.
    pub replace: String,
}

/// What a transform rewrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// The host header.
    Host,
    /// Path and query.
    Url,
}
