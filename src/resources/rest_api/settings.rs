//! What is set on the API itself: compared with the file value by value, and
//! patched where a put does not bring it.

use aws_sdk_apigateway::types::{Op, PatchOperation, RestApi};

use super::Field;
use crate::{
    body::contents::Settings,
    resource::Drift,
    resources::patches::{bare, replace},
};

/// The settings as API Gateway reports them.
pub(super) fn of(api: &RestApi) -> Settings {
    Settings {
        binary_types: api.binary_media_types().iter().cloned().collect(),
        compression: api.minimum_compression_size().map(i64::from),
        key_source: api
            .api_key_source()
            .map_or("HEADER", |source| source.as_str())
            .to_owned(),
        default_endpoint_off: api.disable_execute_api_endpoint(),
    }
}

/// Every setting that is not as the file has it.
pub(super) fn drift(actual: &Settings, wanted: &Settings) -> Vec<Drift<Field>> {
    let Settings {
        binary_types,
        compression,
        key_source,
        default_endpoint_off: off,
    } = actual;
    let list = |types: &std::collections::BTreeSet<String>| {
        let types: Vec<&str> = types.iter().map(String::as_str).collect();
        types.join(", ")
    };
    let bytes = |size: &Option<i64>| size.map(|size| size.to_string()).unwrap_or_default();
    let all = [
        Drift::between(
            Field::BinaryTypes,
            &list(binary_types),
            &list(&wanted.binary_types),
        ),
        Drift::between(
            Field::Compression,
            &bytes(compression),
            &bytes(&wanted.compression),
        ),
        Drift::between(Field::KeySource, key_source, &wanted.key_source),
        Drift::between(Field::DefaultEndpoint, off, &wanted.default_endpoint_off),
    ];
    all.into_iter().flatten().collect()
}

/// What sets one of them (API Gateway API reference, "Patch Operations").
pub(super) fn patches(field: &Field, actual: &Settings, wanted: &Settings) -> Vec<PatchOperation> {
    match field {
        Field::BinaryTypes => {
            let (has, wants) = (&actual.binary_types, &wanted.binary_types);
            // A slash within a name is `~1` (RFC 6901).
            let at = |kind: &String| format!("/binaryMediaTypes/{}", kind.replace('/', "~1"));
            let new = wants.difference(has).map(|kind| bare(Op::Add, &at(kind)));
            let old = has
                .difference(wants)
                .map(|kind| bare(Op::Remove, &at(kind)));
            new.chain(old).collect()
        }
        Field::Compression => {
            let path = "/minimumCompressionSize";
            vec![match wanted.compression {
                Some(size) => replace(path, size.to_string()),
                // Without a value it is off.
                None => bare(Op::Replace, path),
            }]
        }
        Field::KeySource => vec![replace("/apiKeySource", &wanted.key_source)],
        Field::DefaultEndpoint => {
            let off = wanted.default_endpoint_off.to_string();
            vec![replace("/disableExecuteApiEndpoint", off)]
        }
        _ => Vec::new(),
    }
}
