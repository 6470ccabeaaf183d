//! The routes: a path each, and what answers there.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::schema;

/// The stage of an API that names none.
pub(super) const DEFAULT_STAGE: &str = "v1";
/// What a site shows where it has no asset.
pub(super) const DEFAULT_INDEX: &str = "index.html";

/// A path, and what answers there.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(into = "schema::RouteForm")]
#[schemars(with = "schema::RouteForm")]
pub struct Route {
    /// `/`, or levels without a slash at the end: `/orders`. One level for an API.
    pub path: String,
    /// What answers.
    pub target: Target,
}

impl Route {
    /// The API, if the route leads to one.
    pub fn api(&self) -> Option<&Api> {
        match &self.target {
            Target::Api(api) => Some(api),
            Target::Lambda(_) | Target::Site(_) => None,
        }
    }

    /// The site, if the route leads to one.
    pub fn site(&self) -> Option<&Site> {
        match &self.target {
            Target::Site(site) => Some(site),
            Target::Api(_) | Target::Lambda(_) => None,
        }
    }
}

/// What answers at a route.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A private REST API, through the `execute-api` endpoint.
    Api(Api),
    /// A function, straight behind the load balancer.
    Lambda(Function),
    /// The objects of a bucket, through an S3 endpoint.
    Site(Site),
}

/// A private REST API.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(into = "schema::ApiForm")]
#[schemars(with = "schema::ApiForm")]
pub struct Api {
    /// Where the API comes from.
    pub source: ApiSource,
    /// The stage that is served.
    pub stage: String,
}

/// Where a private REST API comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiSource {
    /// The `OpenAPI` file that describes it.
    OpenApi(PathBuf),
    /// The id of one that somebody else deploys.
    Borrowed(String),
    /// The ARN of the one function behind it.
    Lambda(String),
    /// Nothing yet: it answers 200 by itself.
    Placeholder,
}

/// A Lambda function as the load balancer's target.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(into = "schema::FunctionForm")]
#[schemars(with = "schema::FunctionForm")]
pub struct Function {
    /// The function's ARN, with an alias or a version if one is meant.
    pub arn: String,
    /// Whether headers and query parameters come and go as lists.
    pub multi_value_headers: bool,
    /// How the function is checked; not at all by default, as each check
    /// invokes it.
    pub health_check: Option<FunctionHealth>,
}

/// How a function is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunctionHealth {
    /// The path of the event that the function gets.
    #[schemars(default = "default_path", regex(pattern = r"^/[!-~]*$"))]
    pub path: String,
    /// The codes of a healthy answer, from 200 to 499: `200`, `200,301`, `200-299`.
    #[schemars(default = "default_matcher")]
    #[schemars(regex(pattern = r"^[2-4][0-9]{2}(-[2-4][0-9]{2}|(,[2-4][0-9]{2})*)$"))]
    #[schemars(example = &"200", example = &"200,301", example = &"200-299")]
    pub matcher: String,
    /// Seconds from one check to the next.
    #[schemars(default = "default_interval", range(min = 35, max = 300))]
    pub interval: u32,
}

impl Default for FunctionHealth {
    /// ELBv2's own defaults for groups of functions.
    fn default() -> Self {
        FunctionHealth {
            path: "/".to_owned(),
            matcher: "200".to_owned(),
            interval: 35,
        }
    }
}

fn default_path() -> String {
    FunctionHealth::default().path
}

fn default_matcher() -> String {
    FunctionHealth::default().matcher
}

fn default_interval() -> u32 {
    FunctionHealth::default().interval
}

/// A single-page application in a bucket of the stack's region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The bucket's name.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"))]
    #[schemars(example = &"orders-frontend")]
    pub bucket: String,
    /// The object that answers wherever a path does not end in a file's name.
    #[schemars(default = "default_index")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*$"))]
    pub index: String,
    /// Whether hybridgw may add its statement to the bucket's policy. Otherwise
    /// it prints the statement.
    #[schemars(default)]
    pub manage_policy: bool,
}

fn default_index() -> String {
    DEFAULT_INDEX.to_owned()
}
