//! What API Gateway would refuse, found before anything is written.

use std::path::Path;

use serde_json::Value;

use super::{ANY_METHOD, Dialect, INTEGRATION, MOST_BYTES, shown};
use crate::config::Problem;

const METHODS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];
const KINDS: [&str; 5] = ["aws", "aws_proxy", "http", "http_proxy", "mock"];

/// Problems as they are found, in one file.
struct Problems {
    file: String,
    found: Vec<Problem>,
}

impl Problems {
    fn push(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.push_at(None, key, message.into(), hint.into());
    }

    fn push_at(&mut self, at: Option<(usize, usize)>, key: &str, message: String, hint: String) {
        self.found.push(Problem {
            file: self.file.clone(),
            line: at.map(|(line, _)| line),
            column: at.map(|(_, column)| column),
            key: key.to_owned(),
            message,
            hint: Some(hint).filter(|hint| !hint.is_empty()),
        });
    }
}

/// Parses and checks a body, and reports all that is wrong with it.
pub(super) fn body(text: &str, file: &Path) -> Result<(Value, Dialect), Vec<Problem>> {
    let mut problems = Problems {
        file: file.display().to_string(),
        found: Vec::new(),
    };
    let checked = parse(text, file, &mut problems).and_then(|document| {
        let dialect = dialect(&document, &mut problems);
        info(&document, &mut problems);
        paths(&document, &mut problems);
        Some((document, dialect?))
    });
    match checked {
        Some(checked) if problems.found.is_empty() => Ok(checked),
        _ => Err(problems.found),
    }
}

fn parse(text: &str, file: &Path, problems: &mut Problems) -> Option<Value> {
    const HINT: &str = "it must be an OpenAPI body in JSON or YAML";
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        problems.push("", "the file is empty", HINT);
        return None;
    }
    if text.len() > MOST_BYTES {
        let message = format!("{} bytes are too many", text.len());
        problems.push("", message, "API Gateway imports 6 MB at most");
        return None;
    }
    let extension = file.extension().and_then(|extension| extension.to_str());
    let is_json = match extension {
        Some("json") => true,
        Some("yaml" | "yml") => false,
        _ => text.trim_start().starts_with('{'),
    };
    let parsed = if is_json { json(text) } else { yaml(text) };
    match parsed {
        Ok(document @ Value::Object(_)) => Some(document),
        Ok(_) => {
            problems.push("", "is not an object", HINT);
            None
        }
        Err((at, message)) => {
            problems.push_at(at, "", message, String::new());
            None
        }
    }
}

/// What a parser says, and the line and column where it says so.
type Said = (Option<(usize, usize)>, String);

fn json(text: &str) -> Result<Value, Said> {
    serde_json::from_str(text).map_err(|error| {
        // serde_json repeats the place at the end of its text.
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let at = (error.line(), error.column());
        (Some(at), format!("not valid JSON: {said}"))
    })
}

/// Parses on a stack of its own: 100 levels need more than a thread's usual
/// 2 MB in a build without optimisation (tried).
fn yaml(text: &str) -> Result<Value, Said> {
    const STACK: usize = 16 * 1024 * 1024;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let parser = thread
            .spawn_scoped(scope, || yaml_here(text))
            .map_err(|error| (None, format!("no thread to parse YAML on: {error}")))?;
        let broken = |_| (None, "not valid YAML: it breaks the parser".to_owned());
        parser.join().map_err(broken).and_then(|parsed| parsed)
    })
}

fn yaml_here(text: &str) -> Result<Value, Said> {
    let options = serde_saphyr::options! {
        // YAML 1.2: the country code `no` is text.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        // `!Sub` and its kin mean something to CloudFormation only.
        reject_unsupported_tags: true,
        with_snippet: false,
        // As deep as serde_json goes, and room for what 6 MB can hold.
        budget: serde_saphyr::budget! {
            max_depth: 128,
            max_nodes: 3_000_000,
            max_events: 9_000_000,
        },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let at = error.location().and_then(|location| {
            let line = usize::try_from(location.line()).ok()?;
            Some((line, usize::try_from(location.column()).ok()?))
        });
        let said = match error.without_snippet() {
            // Its text speaks of options that only a programmer has.
            serde_saphyr::Error::DuplicateMappingKey { key, .. } => {
                format!("duplicate key `{}`", key.as_deref().unwrap_or_default())
            }
            error => error.to_string(),
        };
        let said = said.split(" at line ").next().unwrap_or_default();
        (at, format!("not valid YAML: {}", shown(said)))
    })
}

fn dialect(document: &Value, problems: &mut Problems) -> Option<Dialect> {
    const HINT: &str = "openapi: \"3.0.1\", or swagger: \"2.0\"";
    let (key, version) = match (document.get("openapi"), document.get("swagger")) {
        (Some(version), None) => ("openapi", version),
        (None, Some(version)) => ("swagger", version),
        (Some(_), Some(_)) => {
            problems.push("", "names both `openapi` and `swagger`", "keep one");
            return None;
        }
        (None, None) => {
            problems.push("", "has neither `openapi` nor `swagger`", HINT);
            return None;
        }
    };
    let Some(text) = version.as_str() else {
        // YAML reads an unquoted 2.0 as a number, which API Gateway does not take.
        let hint = format!("put it in quotes: {key}: \"{version}\"");
        problems.push(key, "must be a string", hint);
        return None;
    };
    let is_3 =
        |minor| text == minor || text.strip_prefix(minor).is_some_and(|p| p.starts_with('.'));
    match key {
        "openapi" if is_3("3.0") || is_3("3.1") => Some(Dialect::OpenApi3),
        "swagger" if text == "2.0" => Some(Dialect::Swagger2),
        _ => {
            let message = format!("the version `{}` is not supported", shown(text));
            problems.push(key, message, HINT);
            None
        }
    }
}

fn info(document: &Value, problems: &mut Problems) {
    if document.get("info").is_some_and(|info| !info.is_object()) {
        problems.push("info", "must be an object", "with `title` and `version`");
    }
    let Some(servers) = document.get("servers") else {
        return;
    };
    let fits = servers
        .as_array()
        .is_some_and(|items| items.iter().all(Value::is_object));
    if !fits {
        let hint = "each entry needs a `url`; or leave the key out";
        problems.push("servers", "must be an array of objects", hint);
    }
}

fn paths(document: &Value, problems: &mut Problems) {
    let Some(paths) = document["paths"].as_object() else {
        let hint = "add `paths`, with an operation or more";
        problems.push("", "has no paths", hint);
        return;
    };
    let mut serves_something = false;
    for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
        let place = shown(path);
        if !path.starts_with('/') {
            problems.push(&place, "does not begin with `/`", "begin paths with `/`");
        }
        if !item.is_object() {
            let hint = "give it an operation or more, as in `get:`";
            problems.push(&place, "must be an object", hint);
            continue;
        }
        if item.get("trace").is_some() {
            let place = format!("TRACE {place}");
            problems.push(&place, "API Gateway has no such method", "take it out");
        }
        serves_something |= item.get("$ref").is_some();
        for (method, operation) in operations(item) {
            serves_something = true;
            integration(&format!("{method} {place}"), operation, problems);
        }
    }
    if !serves_something && problems.found.is_empty() {
        let hint = "API Gateway deploys only what has a method; add one";
        problems.push("", "has no operations", hint);
    }
}

/// The operations of a path item, by method in capitals.
pub(super) fn operations(item: &Value) -> impl Iterator<Item = (String, &Value)> {
    let named = METHODS.into_iter().filter_map(|method| {
        let operation = item.get(method)?;
        Some((method.to_ascii_uppercase(), operation))
    });
    let any = item.get(ANY_METHOD).map(|any| ("ANY".to_owned(), any));
    named.chain(any)
}

fn integration(place: &str, operation: &Value, problems: &mut Problems) {
    let Some(integration) = operation.get(INTEGRATION) else {
        let message = format!("has no {INTEGRATION}");
        let hint = "API Gateway imports only operations that say what answers them";
        return problems.push(place, message, hint);
    };
    let hint = format!("one of {}", KINDS.join(", "));
    match integration["type"].as_str() {
        Some(kind) if KINDS.contains(&kind.to_ascii_lowercase().as_str()) => {}
        Some(kind) => {
            let message = format!("{INTEGRATION}.type: unknown type `{}`", shown(kind));
            problems.push(place, message, hint);
        }
        None => problems.push(place, format!("{INTEGRATION}.type: missing"), hint),
    }
    if integration.get("uri").is_some_and(|uri| !uri.is_string()) {
        let message = format!("{INTEGRATION}.uri: must be a string");
        let hint = "API Gateway does not resolve CloudFormation functions such as Fn::Sub; write the value";
        problems.push(place, message, hint);
    }
}
