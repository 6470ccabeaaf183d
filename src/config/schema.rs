//! The JSON schema, for editors: `#:schema ./docs/reference/hybridgw.schema.json`.

use std::path::PathBuf;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::route::DEFAULT_STAGE;
use super::{Api, ApiSource, Config, Function, FunctionHealth, Route, Site, Target};

fn default_stage() -> String {
    DEFAULT_STAGE.to_owned()
}

/// A private REST API, from exactly one source.
#[derive(Serialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum ApiForm {
    /// An API that the file describes.
    OpenApi {
        /// The `OpenAPI` file, JSON or YAML, relative to the configuration.
        #[schemars(example = &"openapi.json")]
        openapi: PathBuf,
        /// The stage that is served.
        #[schemars(default = "default_stage", regex(pattern = r"^[A-Za-z0-9_-]{1,128}$"))]
        stage: String,
    },
    /// An API that an application team deploys.
    Borrowed {
        /// The API's id.
        #[schemars(regex(pattern = r"^[a-z0-9]{10}$"), example = &"a1b2c3d4e5")]
        id: String,
        /// The stage that is served.
        #[schemars(default = "default_stage", regex(pattern = r"^[A-Za-z0-9_-]{1,128}$"))]
        stage: String,
    },
    /// A proxy API in front of one function.
    Lambda {
        /// The function's ARN, in the stack's region.
        #[schemars(regex(
            pattern = r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]{1,128})?$"
        ))]
        #[schemars(example = &"arn:aws:lambda:eu-central-1:111122223333:function:orders")]
        lambda: String,
        /// The stage that is served.
        #[schemars(default = "default_stage", regex(pattern = r"^[A-Za-z0-9_-]{1,128}$"))]
        stage: String,
    },
    /// An API that answers 200, to prove the way in before there is an application.
    Placeholder {
        /// Always `true`.
        #[schemars(extend("const" = true))]
        placeholder: bool,
        /// The stage that is served.
        #[schemars(default = "default_stage", regex(pattern = r"^[A-Za-z0-9_-]{1,128}$"))]
        stage: String,
    },
}

/// A path, and what answers there: an API, a function or a site.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["api"] }, { "required": ["lambda"] }, { "required": ["site"] }
]))]
pub(super) struct RouteForm {
    /// `/`, or levels without a slash at the end: `/orders`. An API has one
    /// level. `/ping` and `/sping` belong to API Gateway.
    #[schemars(regex(
        pattern = r"^/(?!s?ping$)(?!.{126})([A-Za-z0-9._+-]+(/[A-Za-z0-9._+-]+)*)?$"
    ))]
    #[schemars(example = &"/", example = &"/orders")]
    path: String,
    /// The private REST API that answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<Api>,
    /// The function that answers, straight behind the load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    lambda: Option<Function>,
    /// The bucket whose objects answer, through an S3 endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<Site>,
}

impl From<Route> for RouteForm {
    fn from(Route { path, target }: Route) -> Self {
        let mut form = RouteForm {
            path,
            api: None,
            lambda: None,
            site: None,
        };
        match target {
            Target::Api(api) => form.api = Some(api),
            Target::Lambda(function) => form.lambda = Some(function),
            Target::Site(site) => form.site = Some(site),
        }
        form
    }
}

/// A Lambda function as the load balancer's target: its ARN, or a table.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum FunctionForm {
    /// The function's ARN, in the stack's region and account.
    Arn(
        #[schemars(regex(
            pattern = r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]{1,128})?$"
        ))]
        #[schemars(example = &"arn:aws:lambda:eu-central-1:111122223333:function:sms")]
        String,
    ),
    /// The function with its settings.
    Table(FunctionTable),
}

/// A Lambda function with the target group's settings.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FunctionTable {
    /// The function's ARN, in the stack's region and account.
    #[schemars(regex(
        pattern = r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]{1,128})?$"
    ))]
    #[schemars(example = &"arn:aws:lambda:eu-central-1:111122223333:function:sms")]
    function: String,
    /// Whether headers and query parameters come and go as lists.
    #[schemars(default)]
    multi_value_headers: bool,
    /// How the function is checked. Not at all without it: each check invokes
    /// the function.
    #[serde(skip_serializing_if = "Option::is_none")]
    health_check: Option<FunctionHealth>,
}

impl From<Function> for FunctionForm {
    fn from(function: Function) -> Self {
        let Function {
            arn,
            multi_value_headers,
            health_check,
        } = function;
        if !multi_value_headers && health_check.is_none() {
            return FunctionForm::Arn(arn);
        }
        FunctionForm::Table(FunctionTable {
            function: arn,
            multi_value_headers,
            health_check,
        })
    }
}

impl From<Api> for ApiForm {
    fn from(Api { source, stage }: Api) -> Self {
        match source {
            ApiSource::OpenApi(openapi) => ApiForm::OpenApi { openapi, stage },
            ApiSource::Borrowed(id) => ApiForm::Borrowed { id, stage },
            ApiSource::Lambda(lambda) => ApiForm::Lambda { lambda, stage },
            ApiSource::Placeholder => ApiForm::Placeholder {
                placeholder: true,
                stage,
            },
        }
    }
}

impl Config {
    /// Returns the JSON schema of the file.
    pub fn json_schema() -> Value {
        let generator = SchemaSettings::draft07().into_generator();
        let mut schema = generator.into_root_schema_for::<Config>().to_value();
        schema["title"] = "hybridgw.toml".into();
        for_editors(&mut schema);
        schema
    }
}

/// Fits the generated schema to TOML files: a string may hold a variable where
/// a pattern asks for something else, and there is no null.
fn for_editors(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(pattern)) = members.get_mut("pattern") {
                pattern.push_str(r"|\$\{");
            }
            if let Some(kind) = members.get_mut("type")
                && let Some(first) = kind.get(0).cloned()
            {
                *kind = first;
            }
            if let Some(Value::Array(mut kinds)) = members.remove("anyOf") {
                kinds.retain(|kind| kind["type"] != "null");
                let key = if kinds.len() == 1 { "allOf" } else { "anyOf" };
                members.insert(key.to_owned(), Value::Array(kinds));
            }
            if let Some(Value::String(description)) = members.get_mut("description") {
                *description = description.replace('\n', " ");
            }
            members.values_mut().for_each(for_editors);
        }
        Value::Array(items) => items.iter_mut().for_each(for_editors),
        _ => {}
    }
}
