//! What is no file that can be judged, and what nobody should write.

use std::{fmt::Write, fs, os::unix::fs::symlink, time::Instant};

use proptest::prelude::*;

use super::{Folder, codes, judge, judged, terraform, text};
use crate::{checks::Check, error::Error};

/// Why a file cannot be judged: the error and its remedies.
fn refused(name: &str, content: &[u8]) -> String {
    let folder = Folder::new();
    fs::write(folder.0.join(name), content).expect("written");
    let error = judge(&[folder.0.join(name)]).expect_err(name);
    folder.plain(&words(&error))
}

fn words(error: &Error) -> String {
    assert_eq!(error.exit_code(), 1);
    assert!(!error.hints.is_empty(), "{error}");
    let also = error.also.iter().map(|also| format!("\n  {also}"));
    let hints = error.hints.iter().map(|hint| format!("\n  hint: {hint}"));
    format!(
        "{error}{}{}\n",
        also.collect::<String>(),
        hints.collect::<String>()
    )
}

#[test]
fn what_cannot_be_read_is_said_with_its_place_and_a_way_out() {
    let mut all = String::new();
    for (name, content) in [
        (
            "a.tf",
            "resource \"a_b\" \"c\" {\n  x = = 1\n}\n".as_bytes(),
        ),
        ("b.tf", b"resource \"a_b\" \"c\" {\n  x = 1\n"),
        ("c.yaml", b"Resources:\n  A: [1\nB: 2\n"),
        ("d.json", b"{\"Resources\": {\n\"A\": }}"),
        ("e.tf", b""),
        ("f.yaml", b" \n\t\n"),
        ("g.tfplan", b"PK\x03\x04\xff\xfe"),
        ("h.bin", b"a\0b"),
        ("i.json", b"{\"some\": \"thing\"}"),
        ("j.txt", b"just words\n"),
        (
            "k.json",
            br#"{"version": 4, "serial": 1, "lineage": "x", "resources": []}"#,
        ),
        ("l.yaml", b"- a\n- b\n"),
        ("m.json", b"[1, 2]"),
    ] {
        all += &refused(name, content);
    }
    let folder = Folder::new();
    for path in [folder.0.clone(), folder.0.join("missing.tf")] {
        let error = judge(&[path]).expect_err("nothing there");
        all += &folder.plain(&words(&error));
    }
    fs::write(folder.0.join("notes.txt"), "x").expect("written");
    let error = judge(std::slice::from_ref(&folder.0)).expect_err("no Terraform");
    all += &folder.plain(&words(&error));
    insta::assert_snapshot!(all);
}

#[test]
fn an_empty_file_beside_others_is_no_mistake() {
    let folder = Folder::with(&[("a.tf", terraform::RIGHT), ("outputs.tf", "\n")]);
    assert_eq!(
        codes(&judge(std::slice::from_ref(&folder.0)).expect("read")),
        [""; 0]
    );
    let folder = Folder::with(&[("a.tf", ""), ("b.tf", " ")]);
    let error = judge(std::slice::from_ref(&folder.0)).expect_err("empty");
    assert!(
        words(&error).contains("every .tf file in the folder is empty"),
        "{error}"
    );
}

#[test]
fn every_file_that_cannot_be_read_is_named_at_once() {
    let folder = Folder::with(&[("a.tf", "x = ["), ("b.tf", "y = {"), ("c.yaml", "")]);
    let paths = [
        folder.0.clone(),
        folder.0.join("c.yaml"),
        folder.0.join("no.tf"),
    ];
    let error = judge(&paths).expect_err("three of them");
    let said = folder.plain(&words(&error));
    for name in [
        "a.tf:1",
        "b.tf:1",
        "c.yaml: the file is empty",
        "no.tf: there is no such file",
    ] {
        assert!(said.contains(name), "{name}: {said}");
    }
}

#[test]
fn loops_of_links_end() {
    let folder = Folder::with(&[("a.tf", terraform::RIGHT)]);
    symlink("loop.tf", folder.0.join("loop.tf")).expect("a link");
    let error = judge(&[folder.0.join("loop.tf")]).expect_err("a loop");
    assert!(words(&error).contains("loop.tf"), "{error}");
    fs::remove_file(folder.0.join("loop.tf")).expect("removed");
    // A folder that holds itself is not gone into.
    symlink(&folder.0, folder.0.join("inner.tf")).expect("a link");
    assert_eq!(
        codes(&judge(std::slice::from_ref(&folder.0)).expect("read")),
        [""; 0]
    );
}

#[test]
fn deep_nesting_is_refused_and_breaks_nothing() {
    let began = Instant::now();
    for open in [
        "(",
        "[",
        "{a=",
        "{\"a\":",
        "f(",
        "!",
        "-",
        "\"${",
        "a[",
        "a ? ",
        "[for a in ",
        "- ",
        "? ",
        "&a [*a,",
        "%{if ",
    ] {
        for (name, before) in [("a.tf", "x = "), ("a.yaml", "x: "), ("a.json", "{\"x\": ")] {
            let folder = Folder::new();
            let path = folder.0.join(name);
            fs::write(&path, format!("{before}{}", open.repeat(20_000))).expect("written");
            assert!(judge(&[path]).is_err(), "{name} {open}");
        }
    }
    let deepest = format!(
        "locals {{\n  x = {}1{}\n}}\n",
        "[".repeat(60),
        "]".repeat(60)
    );
    assert!(text(&judged("a.tf", &deepest)).contains("no resources in it"));
    assert!(began.elapsed().as_secs() < 120, "{:?}", began.elapsed());
}

#[test]
fn line_ends_of_windows_are_line_ends() {
    for (name, right) in [
        ("main.tf", terraform::RIGHT),
        ("a.yaml", include_str!("right.yaml")),
        ("a.json", include_str!("right.json")),
    ] {
        let said = judged(name, &right.replace('\n', "\r\n"));
        assert_eq!(codes(&said), [""; 0], "{}", text(&said));
    }
    let article = include_str!("article.tf");
    let there = codes(&judged("a.tf", &article.replace('\n', "\r\n")));
    assert_eq!(there, codes(&judged("a.tf", article)));
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        let _ = writeln!(bomb, "a{level}: &a{level} [{before}]");
    }
    bomb += "Resources: {}\n";
    let said = refused("bomb.yaml", bomb.as_bytes());
    assert!(said.contains("too many"), "{said}");
}

#[test]
fn a_large_file_is_judged_in_a_moment() {
    let mut large = String::from(terraform::RIGHT);
    for index in 0..3000 {
        let _ = writeln!(
            large,
            "resource \"aws_security_group_rule\" \"r{index}\" {{\n  type = \"ingress\"\n  security_group_id = aws_security_group.alb.id\n  from_port = {index}\n}}"
        );
    }
    let began = Instant::now();
    assert_eq!(codes(&judged("main.tf", &large)), [""; 0]);
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

#[test]
fn bodies_are_judged_by_what_judges_the_configurations() {
    let body = "openapi: 3.0.1\ninfo: {title: a, version: '1'}\nx-amazon-apigateway-policy:\n  Statement:\n    - Effect: Allow\n      Principal: '*'\n      Action: execute-api:Invoke\n      Resource: execute-api:/*\n      Condition: {StringEquals: {'aws:SourceVpce': vpc-1}}\npaths:\n  /orders:\n    get:\n      responses: {}\n";
    insta::assert_snapshot!(text(&judged("openapi.yaml", body)));
    let templated = body.replace("responses: {}", "responses: {}\n      operationId: !Sub a");
    let said = text(&judged("openapi.yaml", &templated));
    assert!(
        said.contains("openapi.yaml:14: Fn::Sub is for CloudFormation to resolve"),
        "{said}"
    );
    assert!(!said.contains("body/refused"), "{said}");
    let right = include_str!("../../../../docs/examples/openapi.yaml");
    let said = text(&judged("openapi.yaml", right));
    assert!(said.starts_with("ok body\n"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_breaks_anything(text in "\\PC{0,300}", name in prop::sample::select(&["a.tf", "a.yaml", "a.json", "a.tf.json", "a"][..])) {
        let folder = Folder::with(&[(name, &text)]);
        let _ = judge(&[folder.0.join(name)]);
    }

    #[test]
    fn no_mangled_file_breaks_anything(
        which in 0..5usize,
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..40usize, "[{}()\\[\\]\":=$*&!<>,\\n\\\\a-z0-9 .-]{0,6}"), 1..6),
    ) {
        let (name, text) = [
            ("a.tf", terraform::RIGHT),
            ("a.tf", include_str!("article.tf")),
            ("a.yaml", include_str!("right.yaml")),
            ("a.json", include_str!("right.json")),
            ("a.yaml", include_str!("../../../../docs/examples/openapi.yaml")),
        ][which];
        let mut mangled: Vec<char> = text.chars().collect();
        for (at, length, insert) in &cuts {
            let at = at.index(mangled.len().max(1)).min(mangled.len());
            let end = (at + length).min(mangled.len());
            mangled.splice(at..end, insert.chars());
        }
        let mangled: String = mangled.into_iter().collect();
        let folder = Folder::with(&[(name, &mangled)]);
        if let Err(error) = judge(&[folder.0.join(name)]) {
            prop_assert!(!error.to_string().contains("break the parser"), "{}", error);
        }
    }
}

/// An API that a body makes, in Terraform's words.
fn with_body(body: &str) -> String {
    format!("resource \"aws_api_gateway_rest_api\" \"a\" {{\n  name = \"a\"\n  body = {body}\n}}\n")
}

/// What is said of bodies.
fn of_bodies(name: &str, file: &str) -> String {
    let all = judged(name, file);
    let of_bodies: Vec<_> = all
        .into_iter()
        .filter(|one| one.check == Check::Body)
        .collect();
    text(&of_bodies)
}

#[test]
fn a_body_in_a_resource_is_judged_as_one_in_a_file() {
    let good = "jsonencode({ openapi = \"3.0.1\", info = { title = \"a\", version = \"1\" }, paths = { \"/a\" = { get = { responses = { 200 = { description = \"ok\" } }, x-amazon-apigateway-integration = { type = \"mock\" } } } } })";
    let bad = good.replace("\"mock\"", "\"mocked\"");
    let said = of_bodies("main.tf", &with_body(good));
    assert!(said.starts_with("ok body\n  main.tf:3: "), "{said}");
    let said = of_bodies("main.tf", &with_body(&bad));
    assert!(
        said.starts_with("failed body/refused\n  main.tf:3: "),
        "{said}"
    );
    // A text has lines, which are told.
    let lines = "<<BODY\nopenapi: 3.0.1\ninfo: {title: a, version: '1'}\npaths:\n  /a:\n    get:\n      x-amazon-apigateway-integration: {type: mocked}\n      responses: {}\nBODY\n";
    let said = of_bodies("main.tf", &with_body(lines));
    assert!(
        said.starts_with("failed body/refused\n  main.tf:9: "),
        "{said}"
    );
    let template = "Resources:\n  Api:\n    Type: AWS::ApiGateway::RestApi\n    Properties:\n      Body:\n        openapi: 3.0.1\n        info: {title: a, version: '1'}\n        paths:\n          /a:\n            get:\n              x-amazon-apigateway-integration: {type: mocked}\n              responses: {}\n";
    let said = of_bodies("template.yaml", template);
    assert!(
        said.starts_with("failed body/refused\n  template.yaml:"),
        "{said}"
    );
}

#[test]
fn a_body_of_which_a_part_is_not_told_is_not_judged() {
    let part = "jsonencode({ openapi = \"3.0.1\", info = { title = \"a\", version = \"1\" }, paths = { \"/a\" = { get = { x-amazon-apigateway-integration = { type = \"mocked\", uri = aws_lambda_function.a.invoke_arn } } } } })";
    let method = "resource \"aws_api_gateway_method\" \"a\" {\n  rest_api_id = aws_api_gateway_rest_api.a.id\n}\n";
    let whole = part.replace(", uri = aws_lambda_function.a.invoke_arn", "");
    let sam = "Resources:\n  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: v1\n      DefinitionBody: {openapi: 3.0.1, paths: {/a: {get: {}}}}\n";
    let elsewhere = "Resources:\n  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: v1\n      DefinitionUri: openapi.yaml\n";
    for (name, file, expected) in [
        ("main.tf", with_body(part), "skipped"),
        ("main.tf", with_body(&whole) + method, "skipped"),
        (
            "main.tf",
            with_body("templatefile(\"a.yaml\", {})"),
            "skipped",
        ),
        ("main.tf", with_body("file(\"a.yaml\")"), "skipped"),
        ("template.yaml", sam.to_owned(), "skipped"),
        ("template.yaml", elsewhere.to_owned(), "skipped"),
    ] {
        let said = of_bodies(name, &file);
        let verdict = said.split(' ').next().unwrap_or_default();
        assert_eq!(verdict, expected, "{file}: {said}");
    }
}
