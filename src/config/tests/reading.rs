//! What is read: every key, variables, `--set`, and where problems stand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::super::*;
use super::{FULL, LEAST, errors, read, read_with, unset};

#[test]
fn every_key_is_read() {
    let config = read(FULL).unwrap();
    assert_eq!(config.stack, "orders-dev");
    assert_eq!(config.region.as_deref(), Some("eu-central-1"));
    assert_eq!(config.account.as_deref(), Some("111122223333"));
    assert_eq!(config.mode, Mode::RegionalDomain);
    assert_eq!(config.tags["team"], "orders");
    assert_eq!(config.network.vpc, "vpc-0a1b2c3d4e5f60718");
    assert_eq!(config.network.subnets.len(), 2);
    let clients = [
        Client::Range("10.0.0.0/8".parse().unwrap()),
        Client::PrefixList("pl-0a1b2c3d4e5f60718".into()),
        Client::Group("sg-0a1b2c3d".into()),
    ];
    assert_eq!(config.network.clients, clients);
    assert_eq!(config.domain.name, "orders.corp.example.com");
    assert_eq!(config.domain.zone, "Z0123456789ABCDEFGHIJ");
    let logs = |bucket: &str, prefix: &str| {
        Some(S3Location {
            bucket: bucket.into(),
            prefix: prefix.into(),
        })
    };
    let expected = LoadBalancer {
        tls_policy: "ELBSecurityPolicy-TLS13-1-2-2021-06".into(),
        deletion_protection: true,
        idle_timeout: 120,
        access_logs: logs("logs", "orders"),
        connection_logs: logs("logs", ""),
        health_check_logs: logs("checks", "orders/health"),
        drop_invalid_headers: false,
        health_check: HealthCheck {
            path: "/alive".into(),
            matcher: "200-299".into(),
        },
    };
    assert_eq!(config.load_balancer, expected);
    let endpoint = Endpoint {
        id: None,
        manage: false,
        private_dns: true,
        addresses: vec![[10, 0, 1, 10].into(), [10, 0, 2, 10].into()],
        foreign: false,
    };
    assert_eq!(config.endpoint, endpoint);
}

#[test]
fn every_kind_of_route_is_read() {
    let api = |source: ApiSource, stage: &str| {
        Target::Api(Api {
            source,
            integration_timeout: 29,
            resources: 300,
            stage: stage.into(),
            variables: BTreeMap::new(),
            tracing: false,
            access_logs: None,
        })
    };
    let arn = |name: &str| format!("arn:aws:lambda:eu-central-1:111122223333:function:{name}");
    let function = |name: &str| Function {
        arn: arn(name),
        multi_value_headers: false,
        health_check: None,
    };
    let status = Function {
        multi_value_headers: true,
        health_check: Some(FunctionHealth {
            path: "/alive".into(),
            matcher: "200,301".into(),
            interval: 60,
        }),
        ..function("status:live")
    };
    let site = |bucket: &str, index: &str, manage_policy, files: &[&str]| {
        Target::Site(Site {
            bucket: bucket.into(),
            index: index.into(),
            manage_policy,
            files: files.iter().map(|one| (*one).to_owned()).collect(),
        })
    };
    let (own, usual) = (&["/assets/*", "*.js"], files::USUAL);
    let with_settings = Target::Api(Api {
        source: ApiSource::Lambda(arn("orders:live")),
        integration_timeout: 29,
        resources: 300,
        stage: "v1".into(),
        variables: BTreeMap::from([("backend".into(), "a.internal".into())]),
        tracing: true,
        access_logs: Some(AccessLogs {
            destination: "arn:aws:logs:eu-central-1:111122223333:log-group:orders".into(),
            format: "$context.requestId $context.status".into(),
        }),
    });
    let routes: Vec<(String, Target)> = read(FULL)
        .unwrap()
        .routes
        .into_iter()
        .map(|route| (route.path, route.target))
        .collect();
    let expected = [
        ("/", api(ApiSource::OpenApi("openapi.json".into()), "prod")),
        (
            "/borrowed",
            api(ApiSource::Borrowed("a1b2c3d4e5".into()), "v2"),
        ),
        ("/function", with_settings),
        ("/nothing", api(ApiSource::Placeholder, "v1")),
        ("/sms", Target::Lambda(function("sms"))),
        ("/sms/status", Target::Lambda(status)),
        (
            "/app",
            site("orders-frontend", "main/start.html", true, own),
        ),
        ("/app/help", site("orders.help", "index.html", false, usual)),
    ];
    let expected = expected.map(|(path, target)| (path.to_owned(), target));
    assert_eq!(routes, expected);
}

#[test]
fn every_name_has_its_certificate_and_zone() {
    let config = read(FULL).unwrap();
    let hosts: Vec<(&str, &str, &str)> = config
        .hosts()
        .iter()
        .map(|host| (host.name, &host.certificate[50..58], host.zone))
        .collect();
    assert_eq!(
        hosts,
        [
            (
                "orders.corp.example.com",
                "12345678",
                "Z0123456789ABCDEFGHIJ"
            ),
            ("shop.corp.example.com", "aaaaaaaa", "corp.example.com"),
            ("orders.example.org", "bbbbbbbb", "Z0123456789ABCDEFGHIJ"),
        ]
    );
}

#[test]
fn the_listeners_rules_are_counted_by_name_and_route() {
    let count = |route: &str| {
        let text = LEAST.replace("path = \"/\"\napi = { placeholder = true }", route);
        read(&text).unwrap().rules()
    };
    let site = "site = { bucket = \"shop\" }";
    assert_eq!(read(LEAST).unwrap().rules(), 2);
    assert_eq!(count(&format!("path = \"/\"\n{site}")), 3);
    assert_eq!(count(&format!("path = \"/app\"\n{site}")), 4);
    // Six single rules and two sites below the root, for each of three names.
    assert_eq!(read(FULL).unwrap().rules(), 1 + 3 * (6 + 2 * 3));
}

#[test]
fn a_table_for_a_function_may_say_nothing_but_the_function() {
    let arn = "arn:aws:lambda:eu-central-1:111122223333:function:sms";
    let lambda = |value: &str| {
        let text = LEAST.replace("api = { placeholder = true }", &format!("lambda = {value}"));
        read(&text).unwrap().routes.remove(0).target
    };
    let plain = lambda(&format!("'{arn}'"));
    assert_eq!(lambda(&format!("{{ function = '{arn}' }}")), plain);
    let checked = lambda(&format!("{{ function = '{arn}', health_check = {{}} }}"));
    let Target::Lambda(function) = checked else {
        panic!("not a function: {checked:?}");
    };
    assert_eq!(function.health_check, Some(FunctionHealth::default()));
}

#[test]
fn a_borrowed_endpoint_is_read() {
    let endpoint = "[endpoint]\nid = \"vpce-0123456789abcdef0\"\nmanage = true\n[[route]]";
    let config = read(&LEAST.replace("[[route]]", endpoint)).unwrap();
    assert_eq!(
        config.endpoint.id.as_deref(),
        Some("vpce-0123456789abcdef0")
    );
    assert!(config.endpoint.manage);
    let written = toml::to_string(&config).unwrap();
    assert_eq!(read(&written).unwrap(), config, "{written}");
}

#[test]
fn an_endpoint_that_may_not_be_looked_at_is_read_with_its_id_or_without() {
    for id in ["", "id = \"vpce-0123456789abcdef0\"\n"] {
        let keys = "foreign = true\naddresses = [\"10.0.1.10\"]\n[[route]]";
        let endpoint = format!("[endpoint]\n{id}{keys}");
        let config = read(&LEAST.replace("[[route]]", &endpoint)).unwrap();
        assert!(config.endpoint.foreign);
        assert_eq!(config.endpoint.id.is_some(), !id.is_empty());
        let written = toml::to_string(&config).unwrap();
        assert_eq!(read(&written).unwrap(), config, "{written}");
    }
}

#[test]
fn what_is_left_out_has_defaults() {
    let config = read(LEAST).unwrap();
    assert_eq!((config.region, config.account), (None, None));
    assert_eq!(config.mode, Mode::RegionalDomain);
    assert!(config.tags.is_empty());
    assert_eq!(config.endpoint, Endpoint::default());
    assert_eq!(config.load_balancer, LoadBalancer::default());
    assert_eq!(config.domain.zone, "corp.example.com");
}

#[test]
fn file_names_are_relative_to_the_configuration() {
    for (given, expected) in [
        ("api.yaml", "envs/dev/api.yaml"),
        ("/srv/api.yaml", "/srv/api.yaml"),
    ] {
        let text = LEAST.replace("placeholder = true", &format!("openapi = '{given}'"));
        let file = Path::new("envs/dev/hybridgw.toml");
        let config = Config::parse(&text, file, &[], &unset).unwrap();
        let expected = ApiSource::OpenApi(PathBuf::from(expected));
        assert_eq!(config.routes[0].api().unwrap().source, expected);
    }
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
    let text = r#"stack = "a b"
[network]
subnet = ["x"]
clients = ["10.1.2.3/8"]
[domain]
name = "orders.example.com"
zone = "example.org"
certificate = "request"
[[route]]
path = "/a~b"
"#;
    insta::assert_snapshot!(errors(text), @r#"
    hybridgw.toml:1: stack: `a b` is not a stack name
      hint: 1 to 24 of a-z, 0-9 and '-', as in orders-dev
    hybridgw.toml:2: network.vpc: missing required key
      hint: add to [network]: vpc = "vpc-0a1b2c3d4e5f60718"
    hybridgw.toml:2: network.subnets: missing required key
      hint: add to [network]: subnets = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]
    hybridgw.toml:3: network.subnet: unknown key
      hint: did you mean `subnets`?
    hybridgw.toml:4: network.clients.0: `10.1.2.3/8` is not the range's canonical form
      hint: write 10.0.0.0/8
    hybridgw.toml:7: domain.zone: the name `orders.example.com` is outside the zone `example.org`
      hint: name a zone that the domain name ends with, or the zone's id
    hybridgw.toml:8: domain.certificate: must be an ACM certificate ARN
      hint: arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012
    hybridgw.toml:9: route.0: needs one of `api`, `lambda` and `site`
      hint: for example api = { openapi = "openapi.json", stage = "v1" }
    hybridgw.toml:10: route.0.path: `/a~b` is not a route's path
      hint: levels of letters, digits and - _ . + that begin with `/`
    "#);
}

#[test]
fn missing_tables_name_their_keys() {
    insta::assert_snapshot!(errors(""), @r#"
    hybridgw.toml:1: stack: missing required key
      hint: add at the top: stack = "orders-dev"
    hybridgw.toml:1: network.vpc: missing required key
      hint: add to [network]: vpc = "vpc-0a1b2c3d4e5f60718"
    hybridgw.toml:1: network.subnets: missing required key
      hint: add to [network]: subnets = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]
    hybridgw.toml:1: network.clients: missing required key
      hint: add to [network]: clients = ["10.0.0.0/8"]
    hybridgw.toml:1: domain.name: missing required key
      hint: add to [domain]: name = "orders.corp.example.com"
    hybridgw.toml:1: domain.zone: missing required key
      hint: add to [domain]: zone = "Z0123456789ABCDEFGHIJ"
    hybridgw.toml:1: domain.certificate: missing required key
      hint: add to [domain]: certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
    hybridgw.toml:1: route: missing required key
      hint: add [[route]] with path = "/" and api = { openapi = "openapi.json", stage = "v1" }
    "#);
}

#[test]
fn columns_count_characters() {
    let ConfigErrors(problems) = read("stack = 'é'\ntags = { 'é' = 'ü', x = 1 }").unwrap_err();
    let tag = problems.iter().find(|p| p.key == "tags.x").unwrap();
    assert_eq!((tag.line, tag.column), (Some(2), Some(25)));
}

#[test]
fn syntax_errors_have_their_lines() {
    insta::assert_snapshot!(errors("stack = \nregion = 'x\n[network\nvpc = 1"), @r"
    hybridgw.toml:1: not valid TOML: string values must be quoted, expected literal string
    hybridgw.toml:2: not valid TOML: invalid literal string, expected `'`
    hybridgw.toml:3: not valid TOML: unclosed table, expected `]`
    ");
    insta::assert_snapshot!(errors("stack = 'a'\nstack = 'b'"), @"hybridgw.toml:2: not valid TOML: duplicate key");
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    let text = format!("\u{feff}{}", LEAST.replace('\n', "\r\n"));
    assert_eq!(read(&text).unwrap(), read(LEAST).unwrap());
    let text = text.replace("vpc-", "vpx-");
    assert!(errors(&text).starts_with("hybridgw.toml:3: network.vpc: "));
}

#[test]
fn a_missing_file_says_what_to_do() {
    let error = Config::load(Path::new("/nowhere/hybridgw.toml"), &[], &unset).unwrap_err();
    insta::assert_snapshot!(error, @r"
    cannot read /nowhere/hybridgw.toml: No such file or directory (os error 2)
      hint: pass --config FILE, or run in the folder of hybridgw.toml
    ");
}

fn home(name: &str) -> Option<String> {
    match name {
        "TEAM" => Some("blue".into()),
        "EMPTY" => Some(String::new()),
        "TRICK" => Some("${TEAM}".into()),
        _ => None,
    }
}

fn tag(text: &str) -> String {
    let file = LEAST.replace("[network]", &format!("[tags]\nx = '{text}'\n[network]"));
    match Config::parse(&file, Path::new("hybridgw.toml"), &[], &home) {
        Ok(config) => config.tags["x"].clone(),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn variables_are_filled_in() {
    for (text, expected) in [
        ("${TEAM}", "blue"),
        ("a-${TEAM}-${TEAM}", "a-blue-blue"),
        ("${NONE:-red}", "red"),
        ("${NONE:-}", ""),
        ("${EMPTY}", ""),
        ("${EMPTY:-red}", "red"),
        ("${TEAM:-red}", "blue"),
    ] {
        assert_eq!(tag(text), expected, "{text}");
    }
}

#[test]
fn variables_can_be_escaped_and_are_filled_in_once() {
    for (text, expected) in [
        ("$${TEAM}", "${TEAM}"),
        ("$$${TEAM}", "$${TEAM}"),
        ("$TEAM $ {}", "$TEAM $ {}"),
        ("${TRICK}", "${TEAM}"),
        ("$${${TEAM}}", "${blue}"),
    ] {
        assert_eq!(interpolate::fill(text, &home).unwrap(), expected, "{text}");
    }
}

#[test]
fn variables_that_cannot_be_filled_in_are_refused() {
    insta::assert_snapshot!(tag("${NONE}"), @r"
    hybridgw.toml:3: tags.x: the variable `NONE` is not set
      hint: set NONE, or give a default: ${NONE:-value}
    ");
    insta::assert_snapshot!(tag("x${TEAM"), @r"
    hybridgw.toml:3: tags.x: `${` without `}` in `x${TEAM`
      hint: close it, or write `$${` for a plain `${`
    ");
    insta::assert_snapshot!(tag("${a b}"), @r"
    hybridgw.toml:3: tags.x: `a b` is not a variable's name
      hint: write ${VAR} or ${VAR:-default}, or `$${` for a plain `${`
    ");
    insta::assert_snapshot!(tag("${}"), @r"
    hybridgw.toml:3: tags.x: `` is not a variable's name
      hint: write ${VAR} or ${VAR:-default}, or `$${` for a plain `${`
    ");
}

#[test]
fn a_variable_in_a_key_is_no_variable() {
    let file = LEAST.replace("[network]", "[tags]\n'${TEAM}' = 'x'\n[network]");
    let error = Config::parse(&file, Path::new("hybridgw.toml"), &[], &home).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    hybridgw.toml:3: tags."${TEAM}": `$` is not allowed in a tag
      hint: letters, digits, spaces and _ . : / = + - @
    "#);
}

#[test]
fn set_beats_the_file_and_adds_keys() {
    let sets = [
        "stack=other",
        "account=111122223333",
        "tags.cost=1234",
        "tags.\"example.com/on\"=true",
        "tags.words=a = b",
        "network.clients.0=192.168.0.0/16",
        "network.clients.1=172.16.0.0/12",
        "load_balancer.idle_timeout=30",
        "load_balancer.health_check.path=/up",
        "route.0.path=/first",
        "route.1.path=/",
        "route.1.api={ id = 'a1b2c3d4e5' }",
        "route.2.path=/sms",
        "route.2.lambda=arn:aws:lambda:eu-central-1:111122223333:function:sms",
        "route.3.path=/app",
        "route.3.site.bucket=orders-frontend",
        "route.3.site.manage_policy=true",
        "domain.aliases.0.name=shop.corp.example.com",
        "domain.aliases.0.certificate=arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
        "endpoint.addresses.0=10.0.1.10",
        "endpoint.addresses.1=10.0.2.10",
        "stack=\"last\"",
    ];
    let config = read_with(LEAST, &sets).unwrap();
    assert_eq!(config.stack, "last");
    assert_eq!(config.account.as_deref(), Some("111122223333"));
    assert_eq!(config.tags["cost"], "1234");
    assert_eq!(config.tags["example.com/on"], "true");
    assert_eq!(config.tags["words"], "a = b");
    let clients: Vec<String> = config
        .network
        .clients
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(clients, ["192.168.0.0/16", "172.16.0.0/12"]);
    assert_eq!(config.load_balancer.idle_timeout, 30);
    assert_eq!(config.load_balancer.health_check.path, "/up");
    let paths: Vec<&str> = config
        .routes
        .iter()
        .map(|route| route.path.as_str())
        .collect();
    assert_eq!(paths, ["/first", "/", "/sms", "/app"]);
    assert!(matches!(&config.routes[2].target, Target::Lambda(f) if f.arn.ends_with(":sms")));
    assert!(matches!(&config.routes[3].target, Target::Site(site) if site.manage_policy));
    assert_eq!(config.domain.aliases[0].name, "shop.corp.example.com");
    assert_eq!(config.endpoint.addresses.len(), 2);
}

#[test]
fn set_covers_a_variable_that_is_not_set() {
    let text = LEAST.replace("orders-dev", "${STACK}");
    assert_eq!(read_with(&text, &["stack=x"]).unwrap().stack, "x");
}

#[test]
fn set_is_refused_by_its_key() {
    for (set, expected) in [
        (
            "stack",
            "--set stack: needs a value\n  hint: write --set KEY=VALUE",
        ),
        (
            "network.subnet=x",
            "--set network.subnet: unknown key\n  hint: did you mean `subnets`?",
        ),
        (
            "route.0.pth=x",
            "--set route.0.pth: unknown key\n  hint: did you mean `path`?",
        ),
        (
            "stack=A",
            "--set stack: `A` is not a stack name\n  hint: 1 to 24 of a-z, 0-9 and '-', as in orders-dev",
        ),
        (
            "a..b=1",
            "--set a..b: not a key\n  hint: write --set KEY=VALUE, as in route.0.path=/orders",
        ),
        (
            "=1",
            "--set =1: not a key\n  hint: write --set KEY=VALUE, as in route.0.path=/orders",
        ),
        (
            "a\nb=1",
            "--set a\\nb: not a key\n  hint: write --set KEY=VALUE, as in route.0.path=/orders",
        ),
        (
            "stack.x=1",
            "--set stack.x: `stack` is a string, not a table\n  hint: name the key itself, without what follows it",
        ),
        (
            "route.7.path=/",
            "--set route.7.path: `7` is not an index of `route`\n  hint: count from 0; 1 adds an entry",
        ),
        (
            "route.x=1",
            "--set route.x: `x` is not an index of `route`\n  hint: count from 0; 1 adds an entry",
        ),
        (
            "region=",
            "--set region: `` is not a region\n  hint: a region looks like eu-central-1, us-gov-west-1 or cn-north-1",
        ),
        (
            "region=${NONE}",
            "--set region: the variable `NONE` is not set\n  hint: set NONE, or give a default: ${NONE:-value}",
        ),
        (
            "network.clients=10.0.0.0/8",
            "--set network.clients: must be an array, not a string\n  hint: write clients = [\"10.0.0.0/8\"]",
        ),
    ] {
        let said = read_with(LEAST, &[set]).unwrap_err().to_string();
        assert_eq!(said, expected);
    }
}

#[test]
fn a_region_from_elsewhere_is_checked_against_the_arns() {
    let config = read(&FULL.replace("region  = \"eu-central-1\"\n", "")).unwrap();
    insta::assert_snapshot!(config.check_region("eu-west-1").unwrap_err(), @r"
    domain.certificate: names eu-central-1, but the stack is in eu-west-1
      hint: name one in eu-west-1
    domain.aliases.0.certificate: names eu-central-1, but the stack is in eu-west-1
      hint: name one in eu-west-1
    domain.aliases.1.certificate: names eu-central-1, but the stack is in eu-west-1
      hint: name one in eu-west-1
    route.2.api.lambda: names eu-central-1, but the stack is in eu-west-1
      hint: name one in eu-west-1
    route.2.api.access_logs.destination: names eu-central-1, but the stack is in eu-west-1
      hint: name one in eu-west-1
    route.4.lambda: names eu-central-1, but the stack is in eu-west-1
      hint: name one in eu-west-1
    route.5.lambda: names eu-central-1, but the stack is in eu-west-1
      hint: name one in eu-west-1
    ");
    assert_eq!(config.check_region("eu-central-1"), Ok(()));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*", set in "\\PC*") {
        let _ = Config::parse(&text, Path::new("x"), &[set], &home);
    }

    /// Lines and values shuffled: mostly valid TOML, mostly wrong.
    #[test]
    fn no_shuffle_makes_the_reader_panic(
        lines in prop::collection::vec(prop::sample::select(FULL.lines().collect::<Vec<_>>()), 0..40),
        value in "[\"'\\[{]?[$a-z0-9{}:/.=-]{0,12}[\"'\\]}]?",
        sets in prop::collection::vec("[a-z0-9.\"]{0,12}=[$a-z0-9{}\\[\\]:-]{0,8}", 0..3),
    ) {
        let text = lines.join("\n").replace("\"orders\"", &value);
        // A refusal without a reason would leave the user with nothing.
        if let Err(ConfigErrors(problems)) = Config::parse(&text, Path::new("x"), &sets, &home) {
            prop_assert!(!problems.is_empty());
        }
    }

    #[test]
    fn what_is_accepted_reads_back_the_same(
        stack in "[a-z0-9-]{1,26}", path in "/[a-zA-Z0-9._$+~-]{0,6}", stage in "[a-zA-Z0-9_-]{1,4}",
        client in "[0-9]{1,3}\\.0\\.0\\.0/[0-9]{1,2}",
        idle in 0u32..5000, key in "[a-zA-Z .:/]{1,8}", value in "[^'\\x00-\\x1f\\x7f]{0,8}",
    ) {
        let sets = [
            format!("stack='{stack}'"), format!("route.0.path='{path}'"),
            format!("route.0.api.stage='{stage}'"), format!("network.clients.0='{client}'"),
            format!("load_balancer.idle_timeout={idle}"), format!("tags.'{key}'='{value}'"),
        ];
        if let Ok(config) = Config::parse(LEAST, Path::new("x"), &sets, &unset) {
            let written = toml::to_string(&config).unwrap();
            // A value may hold `${` only by way of an escape.
            prop_assert_eq!(read(&written.replace("${", "$${")).unwrap(), config);
        }
    }
}
