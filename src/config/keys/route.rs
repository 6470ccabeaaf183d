//! The routes: a path each, and what answers there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use crate::config::choice::{choice, one_of};
use crate::config::files;
use crate::config::form::{Count, Form, List, OnlyTrue, Seconds, Switch};
use crate::config::key::{Key, optional, or, or_empty, required};
use crate::config::problem::refusal;
use crate::config::reading::{Context, Kind, Reading};
use crate::config::schema::{Definitions, Object, object};
use crate::config::section::{Given, Section};
use crate::config::table::{Table, nested, table};
use crate::config::tree::{Entries, Value, join};
use crate::config::values::api::{
    ID, LOG_DEFAULT, LOG_DESTINATION, LOG_FORMAT, OPENAPI, STAGE, VARIABLE, variable_name,
};
use crate::config::values::arn::FUNCTION;
use crate::config::values::path::ROUTE;
use crate::config::values::s3::{BUCKET, FILE, INDEX};
use crate::config::values::serving::{HEALTH_PATH, MATCHER};

table! {
    /// A path, and what answers there.
    pub struct Route, before: note_kind {
        /// `/`, or levels without a slash at the end: `/orders`. An API has one
        /// level. `/ping` and `/sping` belong to API Gateway.
        path: String = required(ROUTE).then(|path, context| context.paths.push(path.clone()));
        /// What answers.
        target: Target = one_of(
            "for example api = { openapi = \"openapi.json\", stage = \"v1\" }",
            "keep one of them, and give the others routes of their own",
        );
    }
}

choice! {
    /// What answers at a route.
    pub enum Target {
        /// The private REST API that answers.
        Api(Api) = "api", nested();
        /// The function that answers, straight behind the load balancer.
        Lambda(Function) = "lambda", FunctionOrTable;
        /// The bucket whose objects answer, through an S3 endpoint.
        Site(Site) = "site", nested();
    }
}

table! {
    /// A private REST API, from exactly one source.
    pub struct Api, before: note_owner {
        /// Where the API comes from.
        source: ApiSource = one_of(
            "for example api = { openapi = \"openapi.json\", stage = \"v1\" }",
            "keep one of them",
        );
        /// Seconds that the account's quota allows an integration of an `OpenAPI`
        /// file, if it has been raised.
        integration_timeout: u32 = or(Seconds { least: 29, most: 900 }, 29_u32);
        /// How many resources the account's quota allows an API, if it has been
        /// raised: each part of each path in its `OpenAPI` file, and the root.
        resources: u32 = or(RESOURCES, 300_u32);
        /// The stage that is served.
        stage: String = or(STAGE, "v1");
        /// The stage's variables: `${stageVariables.name}` in the API's definition.
        variables: BTreeMap<String, String> = or_empty(OfOwnApi(Variables, BTreeMap::is_empty));
        /// Whether requests are traced by X-Ray.
        tracing: bool = or(OfOwnApi(Switch, |on| !on), false);
        /// Where a line about each request goes. None is written without it.
        access_logs: Option<AccessLogs> = optional(OfOwnApi(nested(), |_| false));
    }
}

table! {
    /// Lines about the requests to a stage. For a log group the account needs a
    /// role for API Gateway (its settings, `cloudwatchRoleArn`).
    pub struct AccessLogs {
        /// The ARN of a log group, or of a Firehose stream whose name begins with
        /// `amazon-apigateway-`.
        destination: String = required(LOG_DESTINATION);
        /// What the line says, in `$context` variables; one is
        /// `$context.requestId` or `$context.extendedRequestId`.
        format: String = or(LOG_FORMAT, LOG_DEFAULT);
    }
}

const RESOURCES: Count = Count {
    least: 300,
    most: 10_000,
    what: "resources",
};

choice! {
    /// Where a private REST API comes from.
    pub enum ApiSource {
        /// The `OpenAPI` file that describes it, JSON or YAML, relative to the
        /// configuration.
        OpenApi(PathBuf) = "openapi", OPENAPI;
        /// The id of one that an application team deploys.
        Borrowed(String) = "id", ID;
        /// The ARN of the one function behind a proxy API, in the stack's region.
        Lambda(String) = "lambda", FUNCTION.examples(ORDERS);
        /// Always `true`: an API that answers 200, to prove the way in before there
        /// is an application.
        Placeholder = "placeholder", OnlyTrue {
            hint: "leave the key out, and name one of `openapi`, `id` and `lambda`",
        };
    }
}

const ORDERS: &[&str] = &["arn:aws:lambda:eu-central-1:111122223333:function:orders"];

table! {
    /// A Lambda function with the target group's settings.
    pub struct Function {
        /// The function's ARN, in the stack's region and account, with an alias or
        /// a version if one is meant.
        arn as "function": String = required(FUNCTION);
        /// Whether headers and query parameters come and go as lists.
        multi_value_headers: bool = or(Switch, false);
        /// How the function is checked. Not at all without it: each check invokes
        /// the function.
        health_check: Option<FunctionHealth> = optional(nested());
    }
}

// ELBv2's own defaults for groups of functions. The interval is above the 30 s
// that a check of a function may take (ELBv2: it is greater than the timeout).
table! {
    /// How a function is checked.
    pub struct FunctionHealth: Default {
        /// The path of the event that the function gets.
        path: String = or(HEALTH_PATH, "/");
        /// The codes of a healthy answer, from 200 to 499: `200`, `200,301`, `200-299`.
        matcher: String = or(MATCHER, "200");
        /// Seconds from one check to the next.
        interval: u32 = or(Seconds { least: 35, most: 300 }, 35_u32);
    }
}

table! {
    /// A single-page application in a bucket of the stack's region.
    pub struct Site {
        /// The bucket's name.
        bucket: String = required(BUCKET);
        /// The object that answers wherever a path is not a file's.
        index: String = or(INDEX, "index.html");
        /// Whether hybridgw may add its statement to the bucket's policy. Otherwise
        /// it prints the statement.
        manage_policy: bool = or(Switch, false);
        /// What is a file; every other path shows the index. An ending (`*.js`) or
        /// a name in any folder, or from the route's path on (`/assets/*`). By
        /// default what the usual build tools put out.
        files: Vec<String> = or(
            List::of(FILE).at_least(1, "without files the index is all there is; leave the key out for the usual ones"),
            usual_files(),
        );
    }
}

fn usual_files() -> Vec<String> {
    let usual = files::USUAL.iter();
    usual.map(|pattern| (*pattern).to_owned()).collect()
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

/// The stage of a borrowed API is its team's.
fn note_owner(section: &Section, context: &mut Context) {
    context.is_borrowed = section.has("id");
}

/// A key of APIs of the stack's own, and whether a value asks for nothing.
struct OfOwnApi<F: Form>(F, fn(&F::Value) -> bool);

impl<F: Form> Form for OfOwnApi<F> {
    type Value = F::Value;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<F::Value> {
        let (at, path) = (given.node.origin, given.path.clone());
        let value = self.0.read(given, reading)?;
        if reading.context.is_borrowed && !(self.1)(&value) {
            let message = "is for APIs that hybridgw makes, and this one is borrowed";
            let hint = "leave the key out: the API's team sets it";
            reading.refuse(at, &path, refusal(message, hint));
        }
        Some(value)
    }

    fn write(&self, value: &F::Value) -> Json {
        self.0.write(value)
    }

    fn schema(&self, definitions: &mut Definitions) -> Object {
        self.0.schema(definitions)
    }

    fn example(&self) -> String {
        self.0.example()
    }
}

/// The variables of a stage: a table whose keys are the user's own.
struct Variables;

impl Form for Variables {
    type Value = BTreeMap<String, String>;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<Self::Value> {
        let section = given.section(reading)?;
        let mut variables = BTreeMap::new();
        for (key, (at, node)) in section.entries {
            let path = join(&section.path, &key);
            if let Err(refusal) = variable_name(&key) {
                reading.refuse(at, &path, refusal);
            }
            if let Some(value) = VARIABLE.read(Given { at, path, node }, reading) {
                variables.insert(key, value);
            }
        }
        Some(variables)
    }

    fn write(&self, variables: &Self::Value) -> Json {
        json!(variables)
    }

    fn schema(&self, definitions: &mut Definitions) -> Object {
        let value = VARIABLE.schema(definitions);
        object(json!({ "type": "object", "additionalProperties": value }))
    }

    fn example(&self) -> String {
        "{ backend = \"orders.internal\" }".to_owned()
    }
}

/// What the route leads to decides which paths it may have.
fn note_kind(section: &Section, context: &mut Context) {
    let given = |key| section.has(key);
    context.kind = match (given("api"), given("lambda"), given("site")) {
        (true, false, false) => Kind::Api,
        (false, true, false) => Kind::Lambda,
        (false, false, true) => Kind::Site,
        _ => Kind::Unclear,
    };
}

/// A function: its ARN alone, or a table with settings.
struct FunctionOrTable;

impl Form for FunctionOrTable {
    type Value = Function;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<Function> {
        match given.node.value {
            Value::Table(_) => nested().read(given, reading),
            // A string, also one that `--set` gave without quotes.
            Value::String(_) | Value::Broken => {
                let Given { at, path, node } = given;
                let entry = ("function".to_owned(), (at, node.clone()));
                let settings = Section::new(path.clone(), at, Entries::from([entry]));
                // Checked as what it is here, then read as the table it stands for.
                FUNCTION.read(Given { at, path, node }, reading)?;
                Function::read(settings, reading)
            }
            _ => {
                let hint = "write lambda = \"arn:aws:lambda:…\", or lambda = { function = \"arn:aws:lambda:…\" }";
                given.unexpected("a string or a table", hint, reading);
                None
            }
        }
    }

    fn write(&self, value: &Function) -> Json {
        value.write().into()
    }

    fn schema(&self, definitions: &mut Definitions) -> Object {
        let arn = FUNCTION.schema(definitions);
        let settings = nested::<Function>().schema(definitions);
        object(json!({ "anyOf": [arn, settings] }))
    }

    fn example(&self) -> String {
        FUNCTION.example()
    }
}
