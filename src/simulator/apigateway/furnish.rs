//! Things under ids that are given: what a configuration borrows and the account is to hold.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use super::state::{Integration, Method, Tags};
use super::{deployment, policy, rest_api, stage};
use crate::codec::Refusal;
use crate::world::Ctx;

/// Adds a private API that an application team deployed: a mock behind every path, and a stage.
///
/// With endpoints it is associated with them, and its policy admits them only;
/// without, its policy admits all.
pub fn add_api(
    ctx: &mut Ctx<'_>,
    id: &str,
    stage: &str,
    vpc_endpoints: &[String],
) -> Result<(), Refusal> {
    rest_api::add(ctx, id, &format!("borrowed {id}"));
    let policy = policy::for_api(ctx, id, &admitting(vpc_endpoints))?;
    let (now, random) = (ctx.now, &mut *ctx.random);
    let Some(api) = ctx.here.apigateway.apis.get_mut(id) else {
        return Ok(());
    };
    api.settings
        .insert("apiKeySource".to_owned(), "HEADER".into());
    "PRIVATE".clone_into(&mut api.content.kind);
    api.content.vpc_endpoints = vpc_endpoints.to_vec();
    api.content.policy = Some(policy);
    api.parts.models = super::model::defaults(random).collect();
    let root = api.root.clone();
    let proxy = super::resource::add(random, api, &root, "{proxy+}")?;
    for id in [&root, &proxy] {
        if let Some(resource) = api.resources.get_mut(id) {
            resource.methods.insert("ANY".to_owned(), mock(id));
        }
    }
    let deployment = deployment::deploy(random, now, api, None)?;
    stage::add(now, api, stage, &deployment, Vec::new(), Tags::new())
}

fn admitting(vpc_endpoints: &[String]) -> String {
    let statement = |effect: &str| json!({"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"});
    let mut statements = vec![statement("Allow")];
    if !vpc_endpoints.is_empty() {
        let mut deny = statement("Deny");
        deny["Condition"] = json!({"StringNotEquals": {"aws:SourceVpce": vpc_endpoints}});
        statements.push(deny);
    }
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn mock(resource: &str) -> Method {
    let response = json!({"statusCode": "200"});
    let mut settings = Map::new();
    settings.insert(
        "requestTemplates".to_owned(),
        json!({"application/json": "{\"statusCode\": 200}"}),
    );
    let responses = BTreeMap::from([("200".to_owned(), response)]);
    let mut integration = Integration {
        kind: "MOCK".to_owned(),
        settings,
        responses: responses.clone(),
        ..Integration::default()
    };
    super::integration::defaults(&mut integration, resource);
    Method {
        authorization: "NONE".to_owned(),
        responses,
        integration: Some(integration),
        ..Method::default()
    }
}
