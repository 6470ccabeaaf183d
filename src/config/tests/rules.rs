//! Every rule, one by one: the least file with one change, and what is said.

use super::{LEAST, errors_with, read};

#[test]
fn what_is_wrong_is_refused() {
    let cases = include_str!("refusals.txt").split("\n\n");
    let mut count = 0;
    for case in cases.filter(|case| case.starts_with("- ")) {
        let marked = |mark: &str| -> String {
            let lines = case.lines().filter_map(|line| line.strip_prefix(mark));
            lines.collect::<Vec<_>>().join("\n")
        };
        let expected: Vec<&str> = case
            .lines()
            .filter(|line| !line.starts_with("- ") && !line.starts_with("+ "))
            .collect();
        let said = errors_with(&marked("- "), &marked("+ "));
        assert_eq!(said, expected.join("\n"), "{case}");
        count += 1;
    }
    assert_eq!(count, 192, "a case is not read");
}

#[test]
fn what_is_right_is_accepted() {
    for (from, to) in [
        ("orders-dev", "a"),
        ("orders-dev", "123456789012345678901234"),
        ("orders-dev", "internal"),
        ("[network]", "tags = {}\n[network]"),
        (
            "[network]",
            "tags = { \"Kosten Stelle:1/2=3+4-5@6_7.8\" = \"\" }\n[network]",
        ),
        ("10.0.0.0/8", "10.1.2.3/32"),
        ("10.0.0.0/8", "128.0.0.0/1"),
        ("corp.example.com\"\nzone", "CORP.example.com.\"\nzone"),
        ("zone = \"corp.example.com", "zone = \"Corp.Example.com."),
        (
            "zone = \"corp.example.com",
            "zone = \"orders.corp.example.com",
        ),
        ("zone = \"corp.example.com", "zone = \"com"),
        (
            "zone = \"corp.example.com",
            "zone = \"/hostedzone/Z0123456789ABC",
        ),
        ("path = \"/\"", "path = \"/v1.0_a-+\""),
        ("path = \"/\"", "path = \"/pings\""),
        ("placeholder = true", "openapi = \"../api.yaml\""),
        (
            "placeholder = true",
            "lambda = \"arn:aws:lambda:eu-central-1:111122223333:function:f:live\"",
        ),
        (
            "[[route]]",
            "[load_balancer]\naccess_logs = \"s3://logs.example\"\n[[route]]",
        ),
        (
            "[[route]]",
            "[load_balancer]\naccess_logs = \"s3://logs/a/b\"\n[[route]]",
        ),
        (
            "[[route]]",
            "[load_balancer]\nidle_timeout = 4000\n[[route]]",
        ),
        (
            "[[route]]",
            "[load_balancer]\nhealth_check = { matcher = \"200,301\" }\n[[route]]",
        ),
        (
            "[[route]]",
            "[load_balancer]\nhealth_check = { path = \"/\" }\n[[route]]",
        ),
        (
            "path = \"/\"\napi = { placeholder = true }",
            "path = \"/a/b.c/d\"\nsite = { bucket = \"a.b-c\" }",
        ),
        (
            "path = \"/\"\napi = { placeholder = true }",
            "path = \"/app\"\nsite = { bucket = \"app\", index = \"a/b/in-d_e(x)!'*.html\" }",
        ),
        (
            "[[route]]",
            "[endpoint]\naddresses = [\"203.0.113.7\", \"10.0.2.10\"]\n[[route]]",
        ),
        ("[[route]]", "[endpoint]\naddresses = []\n[[route]]"),
        (
            "[[route]]",
            "[endpoint]\nid = \"vpce-0a1b2c3d\"\nprivate_dns = false\n[[route]]",
        ),
    ] {
        assert_eq!(errors_with(from, to), "accepted", "{to}");
    }
}

#[test]
fn other_partitions_are_accepted() {
    for (region, partition) in [
        ("us-gov-west-1", "aws-us-gov"),
        ("cn-north-1", "aws-cn"),
        ("ap-southeast-7", "aws"),
    ] {
        let certificate = format!("arn:{partition}:acm:{region}");
        let text = LEAST.replace("arn:aws:acm:eu-central-1", &certificate);
        let config = read(&format!("region = \"{region}\"\n{text}")).unwrap();
        assert_eq!(config.region.as_deref(), Some(region));
    }
}

#[test]
fn limits_are_exact() {
    let tags = |n: usize| {
        let tags: Vec<String> = (0..n).map(|i| format!("t{i} = \"x\"")).collect();
        errors_with(
            "[network]",
            &format!("tags = {{ {} }}\n[network]", tags.join(", ")),
        )
    };
    assert_eq!(tags(40), "accepted");
    insta::assert_snapshot!(tags(41), @r"
    hybridgw.toml:2: tags: 41 tags are too many
      hint: 40 at most
    ");

    let tag = |key: usize, value: usize| {
        let tag = format!(
            "[tags]\n{} = \"{}\"\n[network]",
            "k".repeat(key),
            "v".repeat(value)
        );
        errors_with("[network]", &tag)
    };
    assert_eq!(tag(128, 256), "accepted");
    assert!(tag(129, 1).contains("a tag's key has 1 to 128 characters"));
    assert!(tag(1, 257).contains("a tag's value has at most 256 characters"));

    let host = |n: usize| {
        let label = "a".repeat(60);
        let rest = "b".repeat(n - 60 - 1 - ".corp.example.com".len());
        errors_with(
            "orders.corp.example.com",
            &format!("{label}.{rest}.corp.example.com"),
        )
    };
    assert_eq!(host(128), "accepted");
    insta::assert_snapshot!(host(129), @r"
    hybridgw.toml:7: domain.name: 129 characters are too many
      hint: a listener rule takes host names up to 128
    ");

    let path = |n: usize| {
        errors_with(
            "path = \"/\"",
            &format!("path = \"/{}\"", "p".repeat(n - 1)),
        )
    };
    assert_eq!(path(126), "accepted");
    insta::assert_snapshot!(path(127), @r"
    hybridgw.toml:11: route.0.path: 127 characters are too many
      hint: a listener rule leaves room for 126
    ");
}

#[test]
fn a_site_has_the_room_that_its_pattern_needs() {
    let site = |path: &str| {
        errors_with(
            "path = \"/\"\napi = { placeholder = true }",
            &format!("path = \"{path}\"\nsite = {{ bucket = \"app\" }}"),
        )
    };
    assert_eq!(site(&format!("/{}", "p".repeat(95))), "accepted");
    insta::assert_snapshot!(site(&format!("/{}", "p".repeat(96))), @r"
    hybridgw.toml:11: route.0.path: 97 characters are too many for a site
      hint: a listener rule leaves room for 96; `.` and `+` count twice
    ");
    assert_eq!(site(&format!("/.{}", "p".repeat(93))), "accepted");
    insta::assert_snapshot!(site(&format!("/.{}", "p".repeat(94))), @r"
    hybridgw.toml:11: route.0.path: 96 characters are too many for a site
      hint: a listener rule leaves room for 96; `.` and `+` count twice
    ");
}

#[test]
fn an_index_fits_the_rules_replacement() {
    let index = |length: usize| {
        errors_with(
            "api = { placeholder = true }",
            &format!(
                "site = {{ bucket = \"app\", index = \"{}\" }}",
                "i".repeat(length)
            ),
        )
    };
    assert_eq!(index(1023), "accepted");
    insta::assert_snapshot!(index(1024), @r"
    hybridgw.toml:12: route.0.site.index: 1024 bytes are too many
      hint: a listener rule leaves room for 1023
    ");
}

/// The longest key that becomes a tag is `listener-rule/<path>/<alias>`.
#[test]
fn a_path_and_an_alias_fit_a_tag_together() {
    let both = |path: usize| {
        let alias = format!("{}.{}.corp.example.com", "a".repeat(60), "b".repeat(50));
        assert_eq!(alias.len(), 128);
        let text = format!(
            "[[domain.aliases]]\nname = \"{alias}\"\ncertificate = \"arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012\"\n[[route]]\npath = \"/{}\"\napi = {{ placeholder = true }}\n[[route]]",
            "p".repeat(path)
        );
        errors_with("[[route]]", &text)
    };
    assert_eq!("listener-rule/".len() + 113 + 1 + 128, 256);
    assert_eq!(both(113), "accepted");
    insta::assert_snapshot!(both(114), @r"
    hybridgw.toml:14: route.0.path: the path and the alias `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.corp.example.com` have 243 characters together
      hint: shorten one of them: a tag leaves room for 242
    ");
}
