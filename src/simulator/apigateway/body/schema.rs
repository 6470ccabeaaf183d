//! The models of a body.

use serde_json::{Map, Value, json};

use super::Reader;
use crate::apigateway::common::failed;
use crate::apigateway::model;
use crate::codec::Refusal;
use crate::random::digest;

/// What a reference to a schema begins with in each version.
const PLACES: &[&str] = &["#/definitions/", "#/components/schemas/"];

/// What a model's reference to another begins with until the API's id is known.
pub const MODELS: &str = "https://apigateway.amazonaws.com/restapis/{api}/models/";

impl Reader<'_> {
    /// Every schema is a model, also one that no method uses (recorded).
    pub(super) fn read_models(&mut self) -> Result<(), Refusal> {
        let schemas = if self.swagger {
            &self.document["definitions"]
        } else {
            &self.document["components"]["schemas"]
        };
        for (name, schema) in schemas.as_object().cloned().unwrap_or_default() {
            self.add_model(&name, &schema)?;
        }
        Ok(())
    }

    /// A name that cannot be refuses the whole body (the sentence is observed, as for resources).
    fn add_model(&mut self, name: &str, schema: &Value) -> Result<(), Refusal> {
        let what = format!("create model '{name}'");
        model::check_name(name).map_err(|refusal| failed(&what, &refusal))?;
        let mut tree = Map::new();
        tree.insert("name".to_owned(), name.into());
        tree.insert("contentType".to_owned(), "application/json".into());
        if let Some(description) = schema.get("description").filter(|one| one.is_string()) {
            tree.insert("description".to_owned(), description.clone());
        }
        let text = model::pretty(&pointing(schema));
        tree.insert("schema".to_owned(), text.into());
        self.body.models.insert(name.to_owned(), tree);
        Ok(())
    }

    /// The model of a schema: the one it names, or one of its own. The own one's name is an assumption.
    pub(super) fn model_of(&mut self, schema: &Value) -> Result<Option<String>, Refusal> {
        if schema.is_null() {
            return Ok(None);
        }
        if let Some(target) = schema["$ref"].as_str() {
            let named = PLACES.iter().find_map(|place| target.strip_prefix(place));
            // One that is not there has its warning already.
            return Ok(named
                .filter(|name| self.body.models.contains_key(*name))
                .map(str::to_owned));
        }
        let name = format!("MODEL{}", digest(&schema.to_string(), 6));
        self.add_model(&name, schema)?;
        Ok(Some(name))
    }

    /// The models of the media types of a body or a response: type → model.
    pub(super) fn models_of(&mut self, content: &Value) -> Result<Option<Value>, Refusal> {
        let mut models = Map::new();
        for (kind, media) in content.as_object().cloned().unwrap_or_default() {
            if let Some(name) = self.model_of(&media["schema"])? {
                models.insert(kind, name.into());
            }
        }
        Ok((!models.is_empty()).then_some(Value::Object(models)))
    }

    /// The same in Swagger 2, where a list has the media types; JSON when there is none.
    pub(super) fn models_by(
        &mut self,
        types: &Value,
        schema: &Value,
    ) -> Result<Option<Value>, Refusal> {
        let fallback = json!(["application/json"]);
        let types = if types.as_array().is_some_and(|all| !all.is_empty()) {
            types
        } else {
            &fallback
        };
        let name = self.model_of(schema)?;
        let types = super::texts(types).unwrap_or_default();
        Ok(name.map(|name| {
            types
                .into_iter()
                .map(|kind| (kind, json!(name)))
                .collect::<Map<_, _>>()
                .into()
        }))
    }
}

/// A schema whose references point to models (recorded).
fn pointing(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let pointed = members.iter().map(|(name, value)| {
                let target = value.as_str().filter(|_| name == "$ref");
                let target = target
                    .and_then(|target| PLACES.iter().find_map(|place| target.strip_prefix(place)));
                let value =
                    target.map_or_else(|| pointing(value), |name| json!(format!("{MODELS}{name}")));
                (name.clone(), value)
            });
            Value::Object(pointed.collect())
        }
        Value::Array(items) => items.iter().map(pointing).collect(),
        other => other.clone(),
    }
}
