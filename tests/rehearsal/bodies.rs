//! An `OpenAPI` file as a person brings it: kept as API Gateway spells it, or
//! refused before anything is made.

use std::fs;

use super::Folder;

/// The commands of a folder whose API has this body.
fn runs(name: &str, body: &str, commands: &[&[&str]]) -> Vec<(Option<i32>, String)> {
    let folder = Folder::new(name);
    fs::write(folder.0.join("openapi.yaml"), body).expect("it can be written");
    let all = commands.iter().map(|arguments| {
        let all = [&["--simulate", "--config", "apis.toml"], *arguments].concat();
        let output = folder.run(&all);
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    });
    all.collect()
}

#[test]
fn a_body_in_another_spelling_converges() {
    let body = "openapi: 3.0.1
info: {title: t, version: 1.0}
servers: [{url: 'https://a.example.com/v1'}]
paths:
  /items/:
    get:
      responses: {200: {description: ok}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:orders/invocations
  //a//{id}:
    get:
      responses: {200: {description: ok}}
      x-amazon-apigateway-integration: {type: mock, responses: {default: {statusCode: 200}}}
";
    let ran = runs(
        "spelling",
        body,
        &[&["up", "--yes"], &["plan", "--detailed-exitcode"]],
    );
    assert_eq!(ran[0].0, Some(0), "{}", ran[0].1);
    assert_eq!(ran[1].0, Some(0), "{}", ran[1].1);
    assert!(ran[1].1.contains("base path `/v1`"), "{}", ran[1].1);
}

#[test]
fn what_the_file_protects_is_refused_before_anything_is_made() {
    let of = |rest: &str| {
        format!(
            "openapi: 3.0.1\npaths:\n  /x:\n    get:\n      x-amazon-apigateway-integration: {{type: mock}}\n{rest}\n"
        )
    };
    let policy = "x-amazon-apigateway-policy: {Version: '2012-10-17', Statement: [{Effect: Deny, Principal: '*', Action: 'execute-api:Invoke', Resource: '*'}]}";
    let endpoint = "servers: [{url: /, x-amazon-apigateway-endpoint-configuration: {vpcEndpointIds: [vpce-0aaaaaaaaaaaaaaaa]}}]";
    let security = "security: [{a: []}]";
    for (name, rest, words) in [
        (
            "policy",
            policy,
            "openapi.yaml:6: x-amazon-apigateway-policy: is not the policy",
        ),
        ("endpoint", endpoint, "no other is let in"),
        (
            "security",
            security,
            "`a` is not defined: this would be open",
        ),
    ] {
        let ran = runs(name, &of(rest), &[&["up", "--yes"], &["status"]]);
        assert_eq!(ran[0].0, Some(1), "{}", ran[0].1);
        assert!(ran[0].1.contains(words), "{}", ran[0].1);
        assert!(!ran[0].1.contains("created"), "{}", ran[0].1);
    }
}

#[test]
fn what_is_warned_of_has_a_place_in_json_and_several_problems_are_one_list() {
    let folder = Folder::new("warnings");
    let file = folder.0.join("openapi.yaml");
    let run = |arguments: &[&str]| {
        let all = [&["--simulate", "--config", "apis.toml"], arguments].concat();
        folder.run(&all)
    };
    let body = "openapi: 3.0.1
security: [{guard: []}]
paths:
  /a:
    get: {x-amazon-apigateway-integration: {type: mock}}
components: {securitySchemes: {guard: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4}}}
";
    fs::write(&file, body).expect("it can be written");
    let of_file =
        "openapi.yaml:2: security: is written into each operation that has none of its own: GET /a";
    let plan = run(&["plan", "-o", "json"]);
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).expect("a document");
    let warnings = plan["warnings"].as_array().expect("a list");
    let told = |one: &serde_json::Value| {
        one["message"]
            .as_str()
            .is_some_and(|text| text.contains(of_file))
    };
    assert!(warnings.iter().any(told), "{warnings:#?}");
    let up = run(&["up", "--yes", "-o", "json"]);
    assert_eq!(up.status.code(), Some(0));
    let lines: Vec<serde_json::Value> = String::from_utf8_lossy(&up.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON lines"))
        .collect();
    let before: Vec<_> = lines
        .iter()
        .take_while(|line| line["event"] != "plan")
        .collect();
    assert!(
        before
            .iter()
            .any(|line| line["event"] == "warning" && told(line)),
        "{lines:#?}"
    );
    assert_eq!(before.len(), warnings.len(), "no more and no less");

    fs::write(
        &file,
        "openapi: 3.0.1\npaths:\n  /a: {get: {}}\n  /b: {get: {}}\n",
    )
    .expect("it can be written");
    let refused = run(&["plan"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!said.contains("caused by"), "{said}");
    let places = said.lines().filter(|line| line.contains("openapi.yaml:"));
    let indented: Vec<bool> = places.map(|line| line.starts_with(' ')).collect();
    assert_eq!(indented, [false, false], "{said}");
}
