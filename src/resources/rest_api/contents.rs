//! What an API consists of, as API Gateway reports it: the methods aspect by
//! aspect, the rest part by part, and the record of both that is kept on the
//! API (`docs/design/0018-what-is-live.md`).
//!
//! Ids are API Gateway's and new with every import: names stand for them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use aws_sdk_apigateway::types::{self, Integration, RestApi};
use serde_json::{Value, json};
use strum::{Display, EnumIter, IntoEnumIterator};

use crate::{
    aws::read::Reads,
    body::contents::{
        API_KEY, AUTHORIZATION, Beside, INTEGRATION, Method, Methods, URI, connection, listed,
        text_of, unless,
    },
    error::Result,
    hash,
};

/// A part of an API's definition. The order is that of the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumIter)]
pub enum Part {
    /// Paths, methods and integrations.
    #[default]
    #[strum(to_string = "methods")]
    Methods,
    /// Authorizers.
    #[strum(to_string = "authorizers")]
    Authorizers,
    /// Models.
    #[strum(to_string = "models")]
    Models,
    /// Request validators.
    #[strum(to_string = "request validators")]
    Validators,
    /// Gateway responses that are not API Gateway's own.
    #[strum(to_string = "gateway responses")]
    GatewayResponses,
    /// What is set on the API itself and has no field of its own.
    #[strum(to_string = "settings")]
    Settings,
}

/// An API's definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Its methods.
    pub methods: Methods,
    /// Everything, as texts without ids; of the same thing there is one.
    pub parts: BTreeMap<Part, BTreeSet<String>>,
}

/// What a definition was when it was right: a hash of each part.
///
/// It stands in a tag of the API: there is no state file. A hash is short, and
/// what it is of is not told by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The hash of the body that was put.
    pub body: String,
    parts: BTreeMap<Part, String>,
}

/// What the record's first word is: how the hashes are taken.
const VERSION: &str = "1";

impl Contents {
    /// What the list of APIs tells of it.
    pub fn of_settings(api: &RestApi) -> Self {
        let mut parts = BTreeMap::new();
        parts.insert(Part::Settings, BTreeSet::from([settings(api)]));
        Self {
            methods: Methods::new(),
            parts,
        }
    }

    /// The first part in which another differs from it.
    pub fn differs(&self, other: &Self) -> Option<Part> {
        Part::iter().find(|part| self.parts.get(part) != other.parts.get(part))
    }

    /// Whether it consists of methods alone.
    pub fn is_nothing_beside(&self) -> bool {
        let beside = [
            Part::Authorizers,
            Part::Models,
            Part::Validators,
            Part::GatewayResponses,
        ];
        let none = |part| self.parts.get(part).is_none_or(BTreeSet::is_empty);
        beside.iter().all(none)
    }

    /// The record of this definition, made by a body of this hash.
    pub fn record(&self, body: &str) -> Record {
        let none = BTreeSet::new();
        let of = |part| {
            let texts = self.parts.get(&part).unwrap_or(&none);
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            (part, digits(&texts.join("\n")))
        };
        Record {
            body: body.to_owned(),
            parts: Part::iter().map(of).collect(),
        }
    }
}

impl Record {
    /// Reads it off its tag. None: there is none, or it was taken otherwise.
    pub fn read(tag: &str) -> Option<Self> {
        let mut words = tag.split(' ');
        let (version, body) = (words.next()?, words.next()?);
        let parts: BTreeMap<Part, String> = Part::iter().zip(words.map(str::to_owned)).collect();
        let is_whole = version == VERSION && parts.len() == Part::iter().count();
        is_whole.then(|| Self {
            body: body.to_owned(),
            parts,
        })
    }

    /// What the tag says.
    pub fn tag(&self) -> String {
        let parts: Vec<&str> = self.parts.values().map(String::as_str).collect();
        format!("{VERSION} {} {}", self.body, parts.join(" "))
    }

    /// The parts that are not what they were.
    pub fn changed<'a>(&'a self, now: &'a Self) -> impl Iterator<Item = Part> + 'a {
        Part::iter().filter(|part| self.parts.get(part) != now.parts.get(part))
    }

    /// Whether there was nothing of a part.
    fn is_without(&self, part: Part) -> bool {
        self.parts.get(&part) == Some(&digits(""))
    }
}

fn digits(text: &str) -> String {
    hash::long(text)[..8].to_owned()
}

/// Reads the definition of an API. What neither its file has nor its record, and
/// nothing refers to, has no effect and is not asked for: a call less each.
pub async fn read(
    reads: &Reads,
    id: &str,
    record: Option<&Record>,
    beside: Beside,
    contents: &mut Contents,
) -> Result<()> {
    let (resources, answers) = tokio::try_join!(reads.resources(id), reads.gateway_responses(id))?;
    let all = || {
        resources
            .iter()
            .flat_map(|one| one.resource_methods().into_iter().flatten())
    };
    let is_due = |part: Part, has: bool, refers: fn(&types::Method) -> bool| {
        has || record.is_some_and(|record| !record.is_without(part))
            || all().any(|(_, method)| refers(method))
    };
    let authorizers = async {
        let has = beside.authorizers;
        if is_due(Part::Authorizers, has, |one| one.authorizer_id().is_some()) {
            reads.authorizers(id).await
        } else {
            Ok(Arc::default())
        }
    };
    let validators = async {
        let has = beside.validators;
        if is_due(Part::Validators, has, |one| {
            one.request_validator_id().is_some()
        }) {
            reads.request_validators(id).await
        } else {
            Ok(Arc::default())
        }
    };
    let models = async {
        if is_due(Part::Models, beside.models, refers_to_a_model) {
            reads.models(id).await
        } else {
            Ok(Arc::default())
        }
    };
    let (authorizers, validators, models) = tokio::try_join!(authorizers, validators, models)?;
    let names = Names {
        authorizers: named(authorizers.iter().map(|one| (one.id(), one.name()))),
        validators: named(validators.iter().map(|one| (one.id(), one.name()))),
    };
    contents.methods = methods(&resources, &names);
    let parts = &mut contents.parts;
    parts.insert(Part::Methods, texts_of(&contents.methods, &resources));
    parts.insert(
        Part::Authorizers,
        authorizers.iter().map(authorizer).collect(),
    );
    parts.insert(Part::Validators, validators.iter().map(validator).collect());
    parts.insert(Part::Models, models.iter().map(model).collect());
    let own = answers.iter().filter(|one| !one.default_response());
    parts.insert(Part::GatewayResponses, own.map(gateway_response).collect());
    Ok(())
}

/// `Empty` and `Error` are in every API (developer guide, "Models").
fn refers_to_a_model(method: &types::Method) -> bool {
    let requests = method
        .request_models()
        .into_iter()
        .flat_map(HashMap::values);
    let responses = method
        .method_responses()
        .into_iter()
        .flat_map(HashMap::values);
    let responses =
        responses.flat_map(|one| one.response_models().into_iter().flat_map(HashMap::values));
    requests
        .chain(responses)
        .any(|name| name != "Empty" && name != "Error")
}

/// Names by id.
#[derive(Default)]
struct Names {
    authorizers: BTreeMap<String, String>,
    validators: BTreeMap<String, String>,
}

fn named<'a>(
    pairs: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>,
) -> BTreeMap<String, String> {
    let pairs = pairs.filter_map(|(id, name)| Some((id?.to_owned(), name?.to_owned())));
    pairs.collect()
}

/// The name of what an id means; the id itself, if nothing has it.
fn name(names: &BTreeMap<String, String>, id: Option<&str>) -> String {
    let id = id.unwrap_or_default();
    names.get(id).map_or(id, String::as_str).to_owned()
}

fn methods(resources: &[types::Resource], names: &Names) -> Methods {
    let mut all = Methods::new();
    for resource in resources {
        let path = resource.path().unwrap_or_default();
        for (verb, one) in resource.resource_methods().into_iter().flatten() {
            let mut method = method(one, names);
            if let Some(integration) = one.method_integration() {
                of_integration(integration, resource.id(), &mut method);
            }
            method.retain(|_, text| !text.is_empty());
            all.insert(format!("{verb} {path}"), method);
        }
    }
    all
}

fn method(one: &types::Method, names: &Names) -> Method {
    let mut method = Method::new();
    let mut say = |aspect: &str, text: String| method.insert(aspect.to_owned(), text);
    let kind = one.authorization_type().unwrap_or("NONE");
    say(AUTHORIZATION, kind.to_ascii_uppercase());
    say("authorizer", name(&names.authorizers, one.authorizer_id()));
    say("scopes", set_of(one.authorization_scopes()));
    let wants_key = one.api_key_required().unwrap_or(false);
    say(API_KEY, if wants_key { "required" } else { "" }.to_owned());
    say(
        "request validator",
        name(&names.validators, one.request_validator_id()),
    );
    say("operation name", text(one.operation_name()));
    say("request parameters", flags(one.request_parameters()));
    say("request models", pairs(one.request_models()));
    for (status, response) in one.method_responses().into_iter().flatten() {
        let tree = json!({
            "parameters": response.response_parameters(),
            "models": response.response_models(),
        });
        say(&format!("response {status}"), text_of(&tree));
    }
    method
}

fn of_integration(one: &Integration, resource: Option<&str>, method: &mut Method) {
    let mut say = |aspect: &str, text: String| method.insert(aspect.to_owned(), text);
    let kind = one
        .r#type()
        .map(|kind| kind.as_str().to_owned())
        .unwrap_or_default();
    say(URI, text(one.uri()));
    say("integration method", text(one.http_method()));
    say(INTEGRATION, kind);
    say("credentials", text(one.credentials()));
    let kind = one.connection_type().map_or("", |kind| kind.as_str());
    say(
        "connection",
        connection(kind, one.connection_id().unwrap_or_default()),
    );
    // Not said is 0 here.
    let timeout = match one.timeout_in_millis() {
        0 | 29_000 => String::new(),
        other => other.to_string(),
    };
    say("timeout", timeout);
    let passthrough = one.passthrough_behavior().unwrap_or_default();
    say(
        "passthrough",
        unless(&passthrough.to_ascii_uppercase(), "WHEN_NO_MATCH"),
    );
    say("integration parameters", map(one.request_parameters()));
    say("templates", map(one.request_templates()));
    say(
        "content handling",
        one.content_handling()
            .map_or("", |one| one.as_str())
            .to_owned(),
    );
    // Without a word it is the id of the path (API reference, `Integration`).
    let namespace = one.cache_namespace().filter(|name| Some(*name) != resource);
    say("cache namespace", text(namespace));
    say("cache keys", set_of(one.cache_key_parameters()));
    let unverified = one
        .tls_config()
        .is_some_and(types::TlsConfig::insecure_skip_verification);
    say(
        "TLS",
        if unverified { "not verified" } else { "" }.to_owned(),
    );
    let mode = one
        .response_transfer_mode()
        .map_or("", |mode| mode.as_str());
    say("transfer mode", unless(mode, "BUFFERED"));
    say("integration target", text(one.integration_target()));
    for (status, response) in one.integration_responses().into_iter().flatten() {
        let tree = json!({
            "pattern": response.selection_pattern(),
            "parameters": response.response_parameters(),
            "templates": response.response_templates(),
            "content handling": response.content_handling().map(|one| one.as_str()),
        });
        say(&format!("integration response {status}"), text_of(&tree));
    }
}

/// Each method, and each path without one.
fn texts_of(methods: &Methods, resources: &[types::Resource]) -> BTreeSet<String> {
    let methods = methods
        .iter()
        .map(|(name, method)| format!("{name} {}", text_of(&json!(method))));
    let paths = resources
        .iter()
        .filter_map(|one| one.path().map(str::to_owned));
    methods.chain(paths).collect()
}

fn authorizer(one: &types::Authorizer) -> String {
    text_of(&json!({
        "name": one.name(),
        "type": one.r#type().map(|kind| kind.as_str()),
        "providers": one.provider_arns(),
        "auth type": one.auth_type(),
        "uri": one.authorizer_uri(),
        "credentials": one.authorizer_credentials(),
        "source": one.identity_source(),
        "expression": one.identity_validation_expression(),
        "seconds": one.authorizer_result_ttl_in_seconds(),
    }))
}

fn validator(one: &types::RequestValidator) -> String {
    text_of(&json!({
        "name": one.name(),
        "body": one.validate_request_body(),
        "parameters": one.validate_request_parameters(),
    }))
}

fn model(one: &types::Model) -> String {
    let schema = one.schema().unwrap_or_default();
    // Its layout does not matter.
    let schema = serde_json::from_str(schema).unwrap_or_else(|_| Value::from(schema));
    text_of(&json!({
        "name": one.name(),
        "description": one.description(),
        "type": one.content_type(),
        "schema": schema,
    }))
}

fn gateway_response(one: &types::GatewayResponse) -> String {
    text_of(&json!({
        "type": one.response_type().map(|kind| kind.as_str()),
        "status": one.status_code(),
        "parameters": one.response_parameters(),
        "templates": one.response_templates(),
    }))
}

/// What has a field of its own ([`super::Field`]) is not here.
fn settings(api: &RestApi) -> String {
    text_of(&json!({
        "version": api.version(),
        "security policy": api.security_policy().map(|one| one.as_str()),
        "access mode": api.endpoint_access_mode().map(|one| one.as_str()),
    }))
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn set_of(items: &[String]) -> String {
    let mut items = items.to_vec();
    items.sort();
    items.join(", ")
}

fn map(map: Option<&HashMap<String, String>>) -> String {
    map.map(|map| unless(&text_of(&json!(map)), "{}"))
        .unwrap_or_default()
}

fn pairs(map: Option<&HashMap<String, String>>) -> String {
    listed(
        map.into_iter()
            .flatten()
            .map(|(key, value)| (key, value.clone())),
    )
}

fn flags(map: Option<&HashMap<String, bool>>) -> String {
    listed(
        map.into_iter()
            .flatten()
            .map(|(key, value)| (key, value.to_string())),
    )
}
