//! What a document sets on the API itself, by API Gateway's extensions
//! (developer guide, "`OpenAPI` extensions for API Gateway").

use std::collections::BTreeSet;

use crate::body::Body;
use crate::body::document::{Dialect, ENDPOINT};

/// Settings of an API; the default is what holds without a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `x-amazon-apigateway-binary-media-types`.
    pub binary_types: BTreeSet<String>,
    /// `x-amazon-apigateway-minimum-compression-size`, bytes. None: nothing is
    /// compressed.
    pub compression: Option<i64>,
    /// `x-amazon-apigateway-api-key-source`: `HEADER` or `AUTHORIZER`.
    pub key_source: String,
    /// `disableExecuteApiEndpoint` of `x-amazon-apigateway-endpoint-configuration`.
    pub default_endpoint_off: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            binary_types: BTreeSet::new(),
            compression: None,
            key_source: "HEADER".to_owned(),
            default_endpoint_off: false,
        }
    }
}

impl Body {
    /// What the API itself has to be set to.
    pub fn settings(&self) -> Settings {
        let extension = |name: &str| &self.document[format!("x-amazon-apigateway-{name}")];
        let types = extension("binary-media-types").as_array();
        let types = types.into_iter().flatten();
        let source = extension("api-key-source").as_str();
        let servers = self.document["servers"].as_array();
        let places: Vec<_> = match self.dialect {
            Dialect::Swagger2 => vec![&self.document],
            Dialect::OpenApi3 => servers.into_iter().flatten().collect(),
        };
        let off = |place: &&serde_json::Value| place[ENDPOINT]["disableExecuteApiEndpoint"] == true;
        Settings {
            binary_types: types
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect(),
            compression: extension("minimum-compression-size").as_i64(),
            key_source: source.unwrap_or("HEADER").to_ascii_uppercase(),
            default_endpoint_off: places.iter().any(off),
        }
    }
}
