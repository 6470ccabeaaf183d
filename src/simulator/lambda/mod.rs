//! Lambda: functions, as far as somebody else invokes them, and who may.
//!
//! Wire names are those of the API's model of 2015-03-31.

mod alias;
mod check;
mod function;
mod name;
mod permission;
mod revision;
pub mod state;
mod tag;
mod update;

pub use permission::{permits, policies};
pub use state::{Alias, Function, Policies, Policy, State, Tags, Version};

use serde_json::json;

use super::codec::Protocol;
use super::service::{Operation, Service, read, write};
use super::world::Ctx;

/// The service.
pub const SERVICE: Service = Service {
    name: "lambda",
    protocol: Protocol::RestJson,
    namespace: "lambda",
    operations: OPERATIONS,
};

const OPERATIONS: &[Operation] = &[
    write("CreateFunction", function::create, &[]).at("POST /2015-03-31/functions"),
    read(
        "ListFunctions",
        function::list,
        &["FunctionVersion", "Marker", "MaxItems"],
    )
    .at("GET /2015-03-31/functions"),
    read("GetFunction", function::get, QUALIFIED).at("GET /2015-03-31/functions/{FunctionName}"),
    read(
        "GetFunctionConfiguration",
        function::configuration,
        QUALIFIED,
    )
    .at("GET /2015-03-31/functions/{FunctionName}/configuration"),
    write(
        "UpdateFunctionConfiguration",
        update::update,
        check::CHANGES,
    )
    .at("PUT /2015-03-31/functions/{FunctionName}/configuration"),
    write("DeleteFunction", function::delete, QUALIFIED)
        .at("DELETE /2015-03-31/functions/{FunctionName}"),
    write(
        "PublishVersion",
        function::publish,
        &["FunctionName", "CodeSha256", "Description", "RevisionId"],
    )
    .at("POST /2015-03-31/functions/{FunctionName}/versions"),
    write(
        "CreateAlias",
        alias::create,
        &["FunctionName", "Name", "FunctionVersion", "Description"],
    )
    .at("POST /2015-03-31/functions/{FunctionName}/aliases"),
    read("GetAlias", alias::get, &["FunctionName", "Name"])
        .at("GET /2015-03-31/functions/{FunctionName}/aliases/{Name}"),
    write("DeleteAlias", alias::delete, &["FunctionName", "Name"])
        .at("DELETE /2015-03-31/functions/{FunctionName}/aliases/{Name}"),
    write("AddPermission", permission::add, PERMISSION)
        .at("POST /2015-03-31/functions/{FunctionName}/policy"),
    read("GetPolicy", permission::get, QUALIFIED)
        .at("GET /2015-03-31/functions/{FunctionName}/policy"),
    write(
        "RemovePermission",
        permission::remove,
        &["FunctionName", "StatementId", "Qualifier", "RevisionId"],
    )
    .at("DELETE /2015-03-31/functions/{FunctionName}/policy/{StatementId}"),
    write("TagResource", tag::tag, &["Resource", "Tags"]).at("POST /2017-03-31/tags/{Resource+}"),
    write("UntagResource", tag::untag, &["Resource", "tagKeys"])
        .at("DELETE /2017-03-31/tags/{Resource+}"),
    read("ListTags", tag::list_tags, &["Resource"]).at("GET /2017-03-31/tags/{Resource+}"),
];

const QUALIFIED: &[&str] = &["FunctionName", "Qualifier"];

const PERMISSION: &[&str] = &[
    "Action",
    "EventSourceToken",
    "FunctionName",
    "FunctionUrlAuthType",
    "Principal",
    "PrincipalOrgID",
    "Qualifier",
    "RevisionId",
    "SourceAccount",
    "SourceArn",
    "StatementId",
];

/// Adds a function under an ARN that is given, with the version or alias that the ARN names.
pub fn add_function(ctx: &mut Ctx<'_>, arn: &str) {
    let parts: Vec<&str> = arn.split(':').collect();
    let Some(name) = parts.get(6) else {
        return;
    };
    let revision = revision::revision(ctx.random);
    let role = format!("arn:{}:iam::{}:role/{name}", ctx.partition(), ctx.account);
    let settings = json!({"Runtime": "provided.al2023", "Handler": "bootstrap", "Role": role});
    let version = Version {
        settings: settings.as_object().cloned().unwrap_or_default(),
        modified: ctx.now,
        code: (*name).to_owned(),
        revision,
        ..Version::default()
    };
    let functions = &mut ctx.here.lambda.functions;
    let function = functions.entry((*name).to_owned()).or_default();
    function.latest = version.clone();
    let Some(qualifier) = parts.get(7).filter(|qualifier| **qualifier != "$LATEST") else {
        return;
    };
    let number = qualifier.parse().unwrap_or(1);
    function.published = function.published.max(number);
    function.versions.insert(number, version.clone());
    if qualifier.parse::<u64>().is_err() {
        let alias = Alias {
            version: number.to_string(),
            description: String::new(),
            revision: version.revision,
        };
        function.aliases.insert((*qualifier).to_owned(), alias);
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_functions;
