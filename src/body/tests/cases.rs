//! Every refusal and every warning, one by one, in YAML and in JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Line, Value, read};

const CASES: &str = include_str!("cases.txt");

/// The document around what a case gives.
fn document(given: &[&str]) -> String {
    let [line] = given else {
        return given.join("\n");
    };
    let (kind, text) = line.split_once(' ').unwrap_or((line, ""));
    let head = "openapi: 3.0.1\ninfo: {title: t, version: '1'}\n";
    let mock = "get:\n      x-amazon-apigateway-integration: {type: mock}\n";
    match kind {
        "root" => format!("{head}paths:\n  /x:\n    {mock}{text}\n"),
        "paths" => format!(
            "{head}paths:\n  {}\n",
            text.replace(
                "MOCK",
                "{get: {x-amazon-apigateway-integration: {type: mock}}}"
            )
        ),
        "operation" => format!(
            "{head}paths:\n  /x/{{id}}:\n    get:\n      {text}\n      x-amazon-apigateway-integration: {{type: mock}}\n"
        ),
        "integration" => format!(
            "{head}paths:\n  /x/{{id}}:\n    get:\n      parameters:\n      - {{name: id, in: path}}\n      - {{name: q, in: query}}\n      responses:\n        200: {{description: ok, headers: {{X-A: {{schema: {{type: string}}}}}}}}\n      x-amazon-apigateway-integration:\n        {}\n",
            text.replace("; ", "\n        ")
        ),
        "secured" => format!(
            "{head}paths:\n  /x:\n    {mock}      security: [{{s: []}}]\ncomponents:\n  securitySchemes:\n    s: {text}\n"
        ),
        _ => (*line).to_owned(),
    }
}

/// What is said of a document: problems first, then warnings.
fn said(text: &str, file: &str) -> String {
    let mut said = String::new();
    match read(text, file) {
        Err(error) => {
            let _ = write!(said, "{error}");
        }
        Ok(read) => {
            let warnings = read
                .warnings
                .iter()
                .map(|one| format!("warning: {}", Line(one)));
            said = warnings.collect::<Vec<_>>().join("\n");
            if said.is_empty() {
                said = "taken".to_owned();
            }
        }
    }
    said
}

/// What is said without lines, in any order: JSON has its own.
fn without_lines(said: &str) -> BTreeMap<String, usize> {
    let mut parts = BTreeMap::new();
    for line in said.lines() {
        let line = line.trim_start_matches("warning: ");
        let after = ["api.yaml", "api.json"]
            .iter()
            .find_map(|file| line.strip_prefix(file));
        let line = after.map_or(line, |rest| {
            rest.trim_start_matches(|letter: char| letter == ':' || letter.is_ascii_digit())
        });
        *parts.entry(line.to_owned()).or_default() += 1;
    }
    parts
}

#[test]
fn what_api_gateway_refuses_or_does_not_heed_is_said() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let (mut new, mut count) = (String::new(), 0);
    for case in CASES.trim_end().split("\n\n") {
        let given: Vec<&str> = case
            .lines()
            .filter_map(|line| line.strip_prefix("| "))
            .collect();
        if given.is_empty() {
            let _ = write!(new, "{case}\n\n");
            continue;
        }
        count += 1;
        let text = document(&given);
        let said = said(&text, "api.yaml");
        let expected: Vec<&str> = case
            .lines()
            .filter(|line| !line.starts_with("| "))
            .collect();
        for line in &given {
            let _ = writeln!(new, "| {line}");
        }
        let _ = write!(new, "{said}\n\n");
        if !update {
            assert_eq!(said, expected.join("\n"), "{case}");
        }
        in_json_too(&text, &said);
    }
    if update {
        std::fs::write(
            concat!(env!("CARGO_MANIFEST_DIR"), "/src/body/tests/cases.txt"),
            format!("{}\n", new.trim_end()),
        )
        .expect("the cases can be written");
    }
    assert!(count > 100, "cases are not read: {count}");
}

/// The same is said of the same document in JSON, each with a line.
fn in_json_too(text: &str, said: &str) {
    let value: Result<Value, _> = serde_saphyr::from_str(text);
    let Some(value) = value.ok().filter(Value::is_object) else {
        return;
    };
    if said.contains("duplicate key") || said.contains("unsupported tag") {
        return;
    }
    let json = serde_json::to_string_pretty(&value).expect("JSON");
    let of_json = self::said(&json, "api.json");
    assert_eq!(without_lines(&of_json), without_lines(said), "{json}");
    for line in of_json.lines().filter(|line| line.contains("api.json")) {
        let whole = [
            "has neither",
            "names both",
            "has no paths",
            "has no operations",
            "is a CloudFormation",
        ];
        let has_line = line.contains("api.json:1")
            || line
                .trim_start_matches("warning: ")
                .chars()
                .nth(9)
                .is_some_and(|letter| letter.is_ascii_digit());
        assert!(
            has_line || whole.iter().any(|words| line.contains(words)),
            "{line}\n{json}"
        );
    }
}

#[test]
fn lines_are_of_what_is_wrong_in_both_languages() {
    let yaml = "openapi: 3.0.1\npaths:\n  # a comment\n  /a/:\n    get: &mock\n      x-amazon-apigateway-integration:\n        type: mock\n        timeoutInMillis: soon\n  \"/\\u0062/{x}y\":\n    get: *mock\n";
    let json = "{\"openapi\": \"3.0.1\",\n\"paths\": {\n  \"/a/\": {\"get\": {\"x-amazon-apigateway-integration\":\n    {\"type\": \"mock\", \"x\": [\"}\", \"\\\\\\\"\", 1.5e3, null],\n     \"timeoutInMillis\": \"soon\"}}},\n  \"/\\u0062/{x}y\":\n    {\"get\": {\"x-amazon-apigateway-integration\": {\"type\": \"mock\"}}}\n}}";
    let lines = |text: &str, file: &str| -> Vec<Option<usize>> {
        let problems = read(text, file).unwrap_err().0;
        problems.iter().map(|problem| problem.line).collect()
    };
    // The third stands where the alias does.
    assert_eq!(lines(yaml, "a.yaml"), [Some(8), Some(9), Some(10)]);
    assert_eq!(lines(json, "a.json"), [Some(5), Some(6)]);
}
