//! The published schema, and the written form, against the reader.

use std::path::PathBuf;

use serde_json::Value;

use super::super::*;
use super::{FULL, errors, read};

/// `UPDATE_SCHEMA=1 cargo test schema` writes the file anew.
#[test]
fn the_published_schema_is_the_generated_one() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/reference/hybridgw.schema.json");
    let generated = serde_json::to_string_pretty(&Config::json_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        published, generated,
        "run UPDATE_SCHEMA=1 cargo test schema"
    );
}

fn definition<'a>(schema: &'a Value, name: &str) -> &'a Value {
    match name {
        "" => schema,
        name => &schema["definitions"][name],
    }
}

/// Both come from one declaration; a form that describes what it does not read
/// would part them.
#[test]
fn the_reader_takes_exactly_the_keys_of_the_schema() {
    let schema = Config::json_schema();
    for (table, at, header) in [
        ("", "", ""),
        ("Network", "network.", "[network]"),
        ("Domain", "domain.", "[domain]"),
        ("Endpoint", "endpoint.", "[endpoint]"),
        ("LoadBalancer", "load_balancer.", "[load_balancer]"),
        (
            "HealthCheck",
            "load_balancer.health_check.",
            "[load_balancer.health_check]",
        ),
        ("Route", "route.0.", "[[route]]"),
        ("Alias", "domain.aliases.0.", "[[domain.aliases]]"),
        ("Api", "route.0.api.", "[[route]]\n[route.api]"),
        ("Site", "route.0.site.", "[[route]]\n[route.site]"),
        ("Function", "route.0.lambda.", "[[route]]\n[route.lambda]"),
        (
            "FunctionHealth",
            "route.0.lambda.health_check.",
            "[[route]]\n[route.lambda.health_check]",
        ),
    ] {
        let published = definition(&schema, table)["properties"]
            .as_object()
            .unwrap();
        // One key too many, unlike all others: the message lists what is known.
        let said = errors(&format!("{header}\nqqqqq = 1\n"));
        let expected = format!("{at}qqqqq: unknown key\n  hint: the keys here are `");
        let (_, rest) = said.split_once(&expected).expect(&said);
        let mut known: Vec<&str> = rest
            .split_once("`\n")
            .map_or(rest, |(keys, _)| keys)
            .trim_end_matches('`')
            .split("`, `")
            .collect();
        known.sort_unstable();
        let mut keys: Vec<&str> = published.keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(known, keys, "in {header}");
        for (key, property) in published {
            assert!(
                property["description"].is_string(),
                "{at}{key} has no description"
            );
        }
        assert_eq!(
            definition(&schema, table)["additionalProperties"],
            Value::Bool(false)
        );
    }
    let one_of = definition(&schema, "Api")["oneOf"].as_array().unwrap();
    assert_eq!(one_of.len(), 4);
    let one_of = definition(&schema, "Route")["oneOf"].as_array().unwrap();
    assert_eq!(one_of.len(), 3);
}

#[test]
fn no_editor_offers_a_null_that_toml_does_not_have() {
    assert!(!Config::json_schema().to_string().contains("null"));
}

#[test]
fn a_read_file_survives_being_written() {
    let config = read(FULL).unwrap();
    let written = toml::to_string(&config).unwrap();
    assert_eq!(read(&written).unwrap(), config, "{written}");
}

#[test]
fn defaults_are_published() {
    let schema = Config::json_schema();
    let expected = LoadBalancer::default();
    let published = &definition(&schema, "LoadBalancer")["properties"];
    assert_eq!(published["tls_policy"]["default"], expected.tls_policy);
    assert_eq!(published["idle_timeout"]["default"], expected.idle_timeout);
    // What the file leaves out reads as what is published.
    let config = read(FULL).unwrap();
    let published = &definition(&schema, "Api")["properties"]["stage"]["default"];
    assert_eq!(*published, config.routes[3].api().unwrap().stage);
    let published = &definition(&schema, "Site")["properties"]["index"]["default"];
    assert_eq!(*published, config.routes[7].site().unwrap().index);
    let published = &definition(&schema, "FunctionHealth")["properties"]["interval"]["default"];
    assert_eq!(*published, FunctionHealth::default().interval);
}
