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
    assert_eq!(count, 105, "a case is not read");
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
        ("path = \"/\"", "path = \"/v1.0_a-$+\""),
        ("path = \"/\"", "path = \"/pings\""),
        ("placeholder = true", "openapi = \"../api.yaml\""),
        (
            "placeholder = true",
            "lambda = \"arn:aws:lambda:eu-central-1:111122223333:function:f:$LATEST\"",
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
