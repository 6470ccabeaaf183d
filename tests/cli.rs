//! What a person sees before AWS is asked anything: help, usage errors,
//! configuration errors, refusals, generated pages.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use clap::CommandFactory;

/// The least that a configuration needs.
const LEAST: &str = concat!("\n", include_str!("support/least.toml"));

/// A folder of its own for each test; removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hybridgw-cli-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).expect("the folder can be made");
        Self(path)
    }

    fn with(test: &str, configuration: &str) -> Self {
        let folder = Self::new(test);
        fs::write(folder.0.join("hybridgw.toml"), configuration).expect("it can be written");
        folder
    }

    /// Runs the program here, with no environment but `extra`, and no terminal.
    fn run(&self, arguments: &[&str], extra: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hybridgw"))
            .args(arguments)
            .current_dir(&self.0)
            .env_clear()
            .env("HOME", &self.0)
            // No instance metadata: credentials are missing, not slow.
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(extra.iter().copied())
            .stdin(Stdio::null())
            .output()
            .expect("the program runs")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "111122223333"),
    ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
];

/// Exit code, stdout and stderr as one text.
fn seen(output: &Output) -> String {
    format!(
        "exit {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    )
}

#[test]
fn help_is_as_documented() {
    let folder = Folder::new("help");
    insta::assert_snapshot!(seen(&folder.run(&["--help"], &[])));
    insta::assert_snapshot!(seen(&folder.run(&["up", "--help"], &[])));
}

#[test]
fn a_usage_error_exits_with_1_because_2_means_differences() {
    let folder = Folder::new("usage");
    insta::assert_snapshot!(seen(&folder.run(&["plan", "--detailed-exit-code"], &[])));
    for arguments in [
        vec!["plan", "--timeout", "soon"],
        vec!["deploy"],
        vec![],
        vec!["status", "--all", "--stack", "x"],
        vec!["plan", "-o", "env"],
    ] {
        let output = folder.run(&arguments, &[]);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_missing_configuration_is_named() {
    let folder = Folder::new("missing");
    insta::assert_snapshot!(seen(&folder.run(&["plan"], &KEYS)), @"
    exit 1
    --- stdout
    --- stderr
    error: the configuration has 1 problem
    cannot read hybridgw.toml: No such file or directory (os error 2)
      hint: pass --config FILE, or run in the folder of hybridgw.toml
    ");
}

#[test]
fn every_problem_of_a_configuration_is_reported_with_its_line() {
    let text = LEAST
        .replace("subnets =", "subnet =")
        .replace("10.0.0.0/8", "10.1.2.3/8")
        .replace("orders-dev", "-orders");
    let folder = Folder::with("problems", &text);
    insta::assert_snapshot!(seen(&folder.run(&["up", "--yes"], &KEYS)));
}

#[test]
fn no_region_is_an_error_and_not_a_default() {
    let folder = Folder::with("region", &LEAST.replace("region = \"eu-central-1\"", ""));
    insta::assert_snapshot!(seen(&folder.run(&["plan"], &KEYS)), @"
    exit 1
    --- stdout
    --- stderr
    error: no region is configured

    hint: set `region` in the configuration, pass --region, or set AWS_REGION
    ");
}

#[test]
fn another_region_than_the_files_is_an_error() {
    let folder = Folder::with("other-region", LEAST);
    let output = folder.run(&["plan", "--region", "eu-west-1"], &KEYS);
    insta::assert_snapshot!(seen(&output), @r#"
    exit 1
    --- stdout
    --- stderr
    error: --region eu-west-1 contradicts `region = "eu-central-1"` of hybridgw.toml

    hint: leave one of them out
    "#);
}

#[test]
fn missing_credentials_exit_with_4() {
    let folder = Folder::with("credentials", LEAST);
    let output = folder.run(&["plan"], &[]);
    assert_eq!(output.status.code(), Some(4));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.starts_with("error: no usable AWS credentials\n"),
        "{text}"
    );
    assert!(text.contains("hint: run `aws sso login`"), "{text}");
}

#[test]
fn doctor_without_credentials_says_so_in_its_document_and_exits_with_2() {
    let folder = Folder::with("doctor-credentials", LEAST);
    let output = folder.run(&["doctor", "-o", "json"], &[]);
    assert_eq!(output.status.code(), Some(2), "{}", seen(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a document");
    assert_eq!(report["ok"], false);
    let checks = report["checks"].as_array().expect("a list");
    assert_eq!(checks.len(), 18);
    assert_eq!(checks[0]["check"], "credentials");
    assert_eq!(checks[0]["code"], "credentials/unusable");
    assert!(checks[1..].iter().all(|one| one["verdict"] == "skipped"));
}

/// No account, no configuration: 0 where nothing is wrong, 2 with a mistake, 1
/// for what cannot be read.
#[test]
fn doctor_judges_files_of_others_and_its_exit_code_says_what_came_of_it() {
    let folder = Folder::new("doctor-files");
    let write = |name: &str, text: &str| {
        fs::write(folder.0.join(name), text).expect("it can be written");
    };
    write(
        "wrong.tf",
        concat!(
            "resource \"aws_api_gateway_rest_api\" \"a\" {\n  name = \"a\"\n",
            "  endpoint_configuration {\n    types = [\"PRIVATE\"]\n  }\n",
            "  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Principal = \"*\", Action = \"execute-api:Invoke\", ",
            "Resource = \"execute-api:/*\", Condition = { StringEquals = { \"aws:SourceVpce\" = \"vpc-11111111\" } } }] })\n}\n",
        ),
    );
    write(
        "right.tf",
        "resource \"aws_route53_zone\" \"a\" {\n  name = \"a.example.com\"\n}\n",
    );
    write("broken.tf", "resource \"aws_lb\" {{\n");
    for (file, code, words) in [
        ("right.tf", 0, "1 resource looked at"),
        ("wrong.tf", 2, "policy/wrong-key"),
        ("broken.tf", 1, "broken.tf"),
        ("none.tf", 1, "none.tf"),
    ] {
        let output = folder.run(&["doctor", "--file", file], &[]);
        let said = seen(&output);
        assert_eq!(output.status.code(), Some(code), "{file}: {said}");
        assert!(said.contains(words), "{file}: {said}");
    }
    let output = folder.run(&["doctor", "--file", "wrong.tf", "-o", "json"], &[]);
    assert_eq!(output.status.code(), Some(2));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a document");
    assert_eq!(
        (&report["format_version"], &report["ok"]),
        (&1.into(), &false.into())
    );
    let found = report["checks"][0]["found"].as_str().unwrap_or_default();
    assert!(found.starts_with("wrong.tf:"), "{report}");
}

#[test]
fn all_stacks_are_those_of_the_region_of_the_file_that_is_there() {
    let folder = Folder::with("all", LEAST);
    let output = folder.run(&["--simulate", "status", "--all"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", seen(&output));
    let none = Folder::new("all-without-a-file");
    let output = none.run(&["--simulate", "status", "--all"], &[]);
    assert_eq!(output.status.code(), Some(1), "{}", seen(&output));
}

#[test]
fn outputs_of_a_stack_that_is_not_there_say_so() {
    let folder = Folder::with("outputs", LEAST);
    let output = folder.run(&["--simulate", "outputs", "-o", "env"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", seen(&output));
    let said = seen(&output);
    assert!(said.contains("warning: nothing of "), "{said}");
}

#[test]
fn doctor_is_asked_of_a_rehearsal_like_everything_else() {
    let folder = Folder::with("doctor-rehearsal", LEAST);
    let simulated = ["doctor", "--simulate=world.json", "--color", "never"];
    let output = folder.run(&simulated, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", seen(&output));
    assert!(
        seen(&output).contains("All is well: 18 ok"),
        "{}",
        seen(&output)
    );
    let faults = r#"{"denied": ["elasticloadbalancing:CreateLoadBalancer"]}"#;
    fs::write(folder.0.join("faults.json"), faults).expect("it can be written");
    let denied = [&simulated[..], &["--faults", "faults.json", "--short"]].concat();
    let output = folder.run(&denied, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", seen(&output));
    let said = seen(&output);
    assert!(
        said.contains("Failed permissions/denied: 1 failed, 17 ok"),
        "{said}"
    );
    assert!(!said.contains("  ok  "), "{said}");
    // One that is left alone counts no more.
    let left = [&denied[..], &["--suppress", "permissions/denied"]].concat();
    let output = folder.run(&left, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", seen(&output));
}

#[test]
fn an_unreachable_endpoint_is_named_and_nothing_hangs() {
    let folder = Folder::with("endpoint", LEAST);
    // Port 9 is reserved (discard) and closed.
    let output = folder.run(&["plan", "--endpoint-url", "http://127.0.0.1:9"], &KEYS);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("GetCallerIdentity"), "{text}");
    assert!(text.contains("Connection refused"), "{text}");
    assert!(
        text.contains("the endpoint is http://127.0.0.1:9"),
        "{text}"
    );
    assert!(text.contains("hint: check the network"), "{text}");
    assert!(!text.contains("canary-secret"), "{text}");
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_asked_of_aws() {
    let folder = Folder::with("consent", LEAST);
    // Any call would fail with another message: nothing listens there.
    let extra = [KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL", "http://127.0.0.1:9")];
    for verb in ["up", "down"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(seen(&folder.run(&[verb], &extra)), @"
            exit 1
            --- stdout
            --- stderr
            error: there is no terminal to ask on

            hint: pass --yes to go ahead without asking, or --dry-run to see the plan
            ");
        }
    }
}

#[test]
fn the_result_line_comes_on_failure_too() {
    let folder = Folder::with("result", LEAST);
    let extra = [KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL", "http://127.0.0.1:9")];
    for verb in ["up", "down"] {
        let output = folder.run(&[verb, "--yes", "-o", "json"], &extra);
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().last().expect("there is a line");
        let value: serde_json::Value = serde_json::from_str(last).expect("it is JSON");
        assert_eq!(value["event"], "result");
        assert_eq!(value["ok"], false);
        for list in ["created", "updated", "deleted", "failed", "left_behind"] {
            assert_eq!(value[list], serde_json::json!([]), "{list}");
        }
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn a_file_that_is_no_plan_is_refused() {
    let folder = Folder::with("no-plan", LEAST);
    let output = folder.run(&["up", "hybridgw.toml"], &KEYS);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("hybridgw.toml is not a saved plan"), "{text}");
}

#[test]
fn verify_refuses_what_it_cannot_use_before_it_asks_anybody() {
    let folder = Folder::with("verify", LEAST);
    fs::write(folder.0.join("ca.pem"), "no certificate").expect("it can be written");
    for (arguments, words) in [
        (["verify", "--cacert", "ca.pem"], "it holds no certificate"),
        (["verify", "--cacert", "none.pem"], "it cannot be read"),
        (["verify", "--resolve", "orders:443"], "HOST:PORT:ADDRESS"),
        (["verify", "--resolver", "somewhere"], "write an address"),
        (["verify", "--wait", "soon"], "write a number"),
        (
            ["verify", "--suppress", "rule/mising"],
            "did you mean rule/missing?",
        ),
    ] {
        let output = folder.run(&arguments, &KEYS);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    }
}

#[test]
fn a_suppressed_code_in_the_file_is_one_that_exists() {
    let configuration = format!("{LEAST}\n[checks]\nsuppress = [\"rule/mising\"]\n");
    let folder = Folder::with("checks", &configuration);
    let output = folder.run(&["verify"], &KEYS);
    let said = seen(&output);
    assert!(said.contains("did you mean `rule/missing`?"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn completions_and_the_man_page_are_written() {
    let folder = Folder::new("generated");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = folder.run(&["completions", shell], &[]);
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("detailed-exitcode"));
    }
    let page = folder.run(&["man"], &[]);
    assert!(String::from_utf8_lossy(&page.stdout).starts_with(".ie \\n(.g .ds Aq"));
}

#[test]
fn the_published_schema_is_what_the_program_writes_and_takes_the_least_configuration() {
    let folder = Folder::new("schema");
    let written: serde_json::Value =
        serde_json::from_slice(&folder.run(&["schema"], &[]).stdout).expect("it is JSON");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/hybridgw.schema.json");
    let published = fs::read_to_string(path).expect("the schema is published");
    let published: serde_json::Value = serde_json::from_str(&published).expect("it is JSON");
    assert_eq!(written, published);

    let schema = jsonschema::validator_for(&written).expect("it is a schema");
    let least: serde_json::Value = toml::from_str(LEAST).expect("it is TOML");
    assert!(schema.is_valid(&least));
    let wrong: serde_json::Value =
        toml::from_str(&LEAST.replace("vpc-0a1b", "vpc-XXXX")).expect("it is TOML");
    assert!(!schema.is_valid(&wrong));
}

/// The reference of the command line, made from the same types.
fn reference() -> String {
    let mut command = hybridgw::cli::Cli::command().term_width(100);
    command.build();
    let mut text = String::from(
        "# Command line\n\nMade from the program's own help by `UPDATE_CLI=1 cargo test --test cli`.\n",
    );
    let mut section = |title: &str, command: &mut clap::Command| {
        let help = command.render_long_help();
        let help = help.to_string();
        let _ = write!(text, "\n## {title}\n\n```text\n{}\n```\n", help.trim_end());
    };
    section("hybridgw", &mut command.clone());
    for verb in command.get_subcommands_mut() {
        if verb.get_name() != "help" {
            let title = format!("hybridgw {}", verb.get_name());
            section(&title, verb);
        }
    }
    text
}

#[test]
fn the_command_line_reference_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/cli.md");
    if std::env::var_os("UPDATE_CLI").is_some() {
        fs::write(&path, reference()).expect("it can be written");
    }
    let published = fs::read_to_string(path).expect("the reference is published");
    assert_eq!(
        published,
        reference(),
        "run UPDATE_CLI=1 cargo test --test cli"
    );
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = Folder::new("pipe");
    let program = env!("CARGO_BIN_EXE_hybridgw");
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!(
            "{program} schema | true; {program} schema > /dev/full; echo $?"
        ))
        .current_dir(&folder.0)
        .output()
        .expect("sh runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n", "{text}");
    assert!(
        text.starts_with("error: the output cannot be written"),
        "{text}"
    );
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn plain_http_is_refused_but_on_this_machine_and_by_the_flag() {
    let folder = Folder::with("plain-http", LEAST);
    fs::create_dir_all(folder.0.join(".aws")).expect("a folder");
    let profile = "[default]\nservices = own\n[services own]\ns3 =\n  endpoint_url = http://profile.invalid:9\n";
    let refused = |arguments: &[&str], extra: &[(&str, &str)], url: &str| {
        let extra: Vec<_> = KEYS.iter().chain(extra).copied().collect();
        let output = folder.run(arguments, &extra);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        let refusal = format!("error: the endpoint {url} is plain HTTP and not on this machine");
        assert!(text.starts_with(&refusal), "{text}");
        assert!(text.contains("--allow-http"), "{text}");
    };
    let url = "http://192.0.2.1:4566";
    refused(&["plan", "--endpoint-url", url], &[], url);
    refused(
        &["status", "--stack", "x", "--region", "eu-central-1"],
        &[("AWS_ENDPOINT_URL", url)],
        url,
    );
    refused(&["down", "--yes"], &[("AWS_ENDPOINT_URL_S3", url)], url);
    fs::write(folder.0.join(".aws/config"), profile).expect("written");
    refused(&["up", "--yes"], &[], "http://profile.invalid:9");

    // The name cannot be resolved: the call is tried, and fails.
    let arguments = [
        "plan",
        "--allow-http",
        "--endpoint-url",
        "http://flag.invalid:9",
    ];
    let output = folder.run(&arguments, &KEYS);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("the endpoint is http://flag.invalid:9"),
        "{text}"
    );
}

#[test]
fn what_the_environment_says_of_the_network_ends_in_no_panic() {
    let folder = Folder::with("network", LEAST);
    let pem = "-----BEGIN CERTIFICATE-----\ngarbage!!\n-----END CERTIFICATE-----\n";
    fs::write(folder.0.join("bad.pem"), pem).expect("it can be written");
    for (set, said) in [
        (("AWS_CA_BUNDLE", "bad.pem"), "AWS_CA_BUNDLE names bad.pem"),
        (
            ("AWS_ENDPOINT_URL", "127.0.0.1:9"),
            "not the URL of a server",
        ),
        (
            ("AWS_ENDPOINT_URL_IAM", "http://192.0.2.1:9"),
            "is plain HTTP",
        ),
    ] {
        let output = folder.run(&["plan"], &[KEYS[0], KEYS[1], set]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(said), "{said}: {text}");
    }
    // Set to nothing is as good as not set, for one service and for all.
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2"] {
        let proxy = ("HTTPS_PROXY", "http://127.0.0.1:9");
        let output = folder.run(&["plan"], &[KEYS[0], KEYS[1], (name, ""), proxy]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("GetCallerIdentity"), "{text}");
        assert!(!text.contains("the endpoint is"), "{text}");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_told_where_and_what_to_do() {
    let folder = Folder::new("not-utf-8");
    fs::write(folder.0.join("hybridgw.toml"), b"stack = \"a\"\n# \xff\n").expect("written");
    let output = folder.run(&["plan"], &KEYS);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("line 2 is not UTF-8"), "{text}");
    assert!(text.contains("hint: save it as UTF-8"), "{text}");
}

#[test]
fn an_endpoint_of_one_service_is_named() {
    let folder = Folder::with("own-endpoint", LEAST);
    let extra = [
        KEYS[0],
        KEYS[1],
        ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9"),
    ];
    let output = folder.run(&["plan"], &extra);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("the endpoint is http://127.0.0.1:9 for STS"),
        "{text}"
    );
}

#[test]
fn services_of_a_profile_are_spelt_as_aws_documents_them() {
    let folder = Folder::with("services", LEAST);
    let settings = "[profile emulated]\nservices = local\nendpoint_url = http://127.0.0.1:9\n\
        [services local]\n\
        route_53 =\n  endpoint_url = http://127.0.0.1:11\n\
        api_gateway =\n  endpoint_url = http://127.0.0.1:12\n\
        elastic_load_balancing_v2 =\n  endpoint_url = http://127.0.0.1:13\n\
        service_quotas =\n  endpoint_url = http://127.0.0.1:14\n\
        s3 =\n  endpoint_url = http://127.0.0.1:15\n";
    fs::write(folder.0.join("aws"), settings).expect("it can be written");
    let file = folder.0.join("aws").display().to_string();
    let set = [KEYS[0], KEYS[1], ("AWS_CONFIG_FILE", &file)];
    let by_flag = folder.run(&["plan", "--profile", "emulated"], &set);
    let by_environment = folder.run(
        &["plan"],
        &[&set[..], &[("AWS_PROFILE", "emulated")]].concat(),
    );
    let text = String::from_utf8_lossy(&by_environment.stderr);
    for named in [
        "http://127.0.0.1:9",
        "http://127.0.0.1:11 for Route 53",
        "http://127.0.0.1:12 for API Gateway",
        "http://127.0.0.1:13 for Elastic Load Balancing v2",
        "http://127.0.0.1:14 for Service Quotas",
        "http://127.0.0.1:15 for S3",
    ] {
        assert!(text.contains(named), "{named}: {text}");
    }
    // A profile on the command line has to have credentials of its own.
    let text = String::from_utf8_lossy(&by_flag.stderr);
    assert!(text.contains("no usable AWS credentials"), "{text}");
    // The environment beats the profile.
    let own = ("AWS_ENDPOINT_URL_ROUTE_53", "http://127.0.0.1:21");
    let output = folder.run(
        &["plan"],
        &[&set[..], &[("AWS_PROFILE", "emulated"), own]].concat(),
    );
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("http://127.0.0.1:21 for Route 53"), "{text}");
}

#[test]
fn a_path_without_an_end_is_refused_wherever_a_file_is_read() {
    let text = LEAST.replace("placeholder = true", "openapi = \"/dev/zero\"");
    assert_ne!(text, LEAST, "the route's API is a file now");
    let folder = Folder::with("endless", &text);
    for arguments in [
        vec!["--simulate", "plan"],
        vec!["--simulate", "plan", "--config", "/dev/zero"],
        vec!["--simulate", "plan", "--faults", "/dev/zero"],
        vec!["up", "/dev/zero"],
    ] {
        let output = folder.run(&arguments, &KEYS);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        assert!(text.contains("/dev/zero"), "{arguments:?}: {text}");
        assert!(text.contains("bytes are too many"), "{arguments:?}: {text}");
    }
    let output = folder.run(&["--simulate=/dev/zero", "plan"], &KEYS);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_stack_is_called_on_the_command_line_as_in_the_file() {
    let folder = Folder::new("stack-name");
    let long = "a".repeat(25);
    for verb in ["status", "outputs", "verify", "sync", "down"] {
        for name in [
            "",
            "Orders",
            "orders_dev",
            "orders-",
            "internal-x",
            "x y",
            &long,
        ] {
            let mut arguments = vec![verb, "--stack", name, "--region", "eu-central-1"];
            arguments.extend((verb == "down").then_some("--yes"));
            // Nothing listens there: it is refused before anything is asked.
            let extra = [KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL", "http://127.0.0.1:9")];
            let output = folder.run(&arguments, &extra);
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
            assert!(text.contains("--stack names none"), "{arguments:?}: {text}");
            assert!(text.contains("hint: "), "{arguments:?}: {text}");
        }
    }
}

#[test]
fn what_is_shown_obeys_nobody_else() {
    let folder = Folder::new("escaped");
    let stack = "a\u{9b}2J\u{202e}\nb";
    let arguments = [
        "down",
        "--yes",
        "--region",
        "eu-central-1",
        "--stack",
        stack,
    ];
    // A pipe would have everything stripped that looks like a colour.
    let output = folder.run(&[&arguments[..], &["--color", "always"]].concat(), &KEYS);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains(r"a\u{9b}2J\u{202e}\nb"), "{text:?}");
    assert!(!text.contains(['\u{9b}', '\u{202e}']), "{text:?}");
    assert_eq!(text.lines().count(), 4, "{text:?}");

    let output = folder.run(&[&arguments[..], &["-o", "json"]].concat(), &KEYS);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains(['\u{9b}', '\u{202e}']), "{text:?}");
    let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(value["ok"], false);
}

#[test]
fn usage_errors_and_help_are_coloured_only_where_everything_is() {
    let folder = Folder::new("usage-colour");
    let coloured = |arguments: &[&str], forced: &[(&str, &str)]| {
        let output = folder.run(arguments, forced);
        assert!(!(output.stderr.is_empty() && output.stdout.is_empty()));
        [output.stderr, output.stdout].concat().contains(&0x1b)
    };
    let forced = [("CLICOLOR_FORCE", "1")];
    for wrong in [
        &["plan", "--nonsense"][..],
        &["nonsense"],
        &["--help"],
        &["plan", "--help"],
    ] {
        assert!(coloured(wrong, &forced), "{wrong:?}");
        for never in [&["--color", "never"][..], &["--color=never"]] {
            assert!(!coloured(&[never, wrong].concat(), &forced), "{wrong:?}");
            assert!(!coloured(&[wrong, never].concat(), &forced), "{wrong:?}");
        }
        assert!(
            coloured(&[&["--color", "always"], wrong].concat(), &[]),
            "{wrong:?}"
        );
        assert!(!coloured(wrong, &[]), "a pipe: {wrong:?}");
    }
    // Behind `--` and as another flag's value it is none.
    assert!(coloured(
        &["up", "--nonsense", "--", "--color=never"],
        &forced
    ));
}

#[test]
fn the_log_is_coloured_only_where_everything_is() {
    let folder = Folder::with("log", LEAST);
    let coloured = |more: &[&str], extra: &[(&str, &str)]| {
        let output = folder.run(&[&["--simulate", "plan", "-vv"], more].concat(), extra);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("DEBUG"), "there is a log: {text}");
        text.contains('\u{1b}')
    };
    assert!(coloured(&["--color", "always"], &[]));
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("NO_COLOR", "1")]));
    assert!(!coloured(&[], &[]), "a pipe");
}
