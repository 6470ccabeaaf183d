//! Rules: which one takes a request, and what it does.

use super::{CLIENT, FORWARD, HOST, Stack, get};
use crate::acm::{Status, furnish::add_certificate};
use crate::dataplane::{Answer, Ask, Hop, Kind};

fn condition(number: u8, field: &str, config: &str) -> String {
    format!("&Conditions.member.{number}.Field={field}&Conditions.member.{number}.{config}")
}

fn teapot(conditions: &str) -> String {
    format!(
        "Actions.member.1.Type=fixed-response&Actions.member.1.FixedResponseConfig.StatusCode=418{conditions}"
    )
}

#[tokio::test]
async fn each_kind_of_condition() {
    for (field, config, path, fits) in [
        (
            "host-header",
            "HostHeaderConfig.Values.member.1=ORDERS.*.com",
            "/",
            true,
        ),
        (
            "host-header",
            "HostHeaderConfig.Values.member.1=*.other.com",
            "/",
            false,
        ),
        (
            "host-header",
            "HostHeaderConfig.RegexValues.member.1=^[a-z]%2B[.]example",
            "/",
            true,
        ),
        (
            "path-pattern",
            "PathPatternConfig.Values.member.1=/a?c/*",
            "/abc/d?e=f",
            true,
        ),
        (
            "path-pattern",
            "PathPatternConfig.Values.member.1=/ABC/*",
            "/abc/d",
            false,
        ),
        (
            "path-pattern",
            "PathPatternConfig.Values.member.1=/abc",
            "/abc/",
            false,
        ),
        (
            "path-pattern",
            "PathPatternConfig.RegexValues.member.1=^/v[0-9]%2B/",
            "/v12/x",
            true,
        ),
        (
            "http-header",
            "HttpHeaderConfig.HttpHeaderName=X-Kind&Conditions.member.1.HttpHeaderConfig.Values.member.1=BIG*",
            "/",
            true,
        ),
        (
            "http-header",
            "HttpHeaderConfig.HttpHeaderName=X-Other&Conditions.member.1.HttpHeaderConfig.Values.member.1=*",
            "/",
            false,
        ),
        (
            "query-string",
            "QueryStringConfig.Values.member.1.Key=A&Conditions.member.1.QueryStringConfig.Values.member.1.Value=x*",
            "/?b=1&a=XY",
            true,
        ),
        (
            "query-string",
            "QueryStringConfig.Values.member.1.Key=a&Conditions.member.1.QueryStringConfig.Values.member.1.Value=x",
            "/?b=x",
            false,
        ),
        (
            "query-string",
            "QueryStringConfig.Values.member.1.Value=1",
            "/?b=1",
            true,
        ),
        (
            "query-string",
            "QueryStringConfig.Values.member.1.Value=*",
            "/",
            false,
        ),
        (
            "http-request-method",
            "HttpRequestMethodConfig.Values.member.1=GET",
            "/",
            true,
        ),
        (
            "http-request-method",
            "HttpRequestMethodConfig.Values.member.1=POST",
            "/",
            false,
        ),
        (
            "source-ip",
            "SourceIpConfig.Values.member.1=192.168.0.0/16",
            "/",
            true,
        ),
        (
            "source-ip",
            "SourceIpConfig.Values.member.1=10.0.0.0/8",
            "/",
            false,
        ),
    ] {
        let stack = Stack::new().await;
        stack.rule(1, &teapot(&condition(1, field, config))).await;
        let mut ask = get(path);
        ask.headers.insert("x-kind".to_owned(), "bigger".to_owned());
        let answer = stack.ask(&ask);
        assert_eq!(
            answer.status == 418,
            fits,
            "{config} {path}: {}",
            answer.why
        );
    }
}

#[tokio::test]
async fn all_conditions_of_the_first_rule_that_fits() {
    let stack = Stack::new().await;
    let header = "HttpHeaderConfig.HttpHeaderName=x-apigw-api-id&Conditions.member.1.HttpHeaderConfig.Values.member.1=*";
    let both = format!(
        "{}{}",
        condition(1, "http-header", header),
        condition(2, "path-pattern", "Values.member.1=/shop/*")
    );
    stack.rule(1, &teapot(&both)).await;
    stack.serves("without the header");
    let mut ask = get("/shop/orders");
    ask.headers
        .insert("x-apigw-api-id".to_owned(), "other00001".to_owned());
    let answer = stack.ask(&ask);
    assert_eq!((answer.status, answer.hop), (418, Some(Hop::Rule)));
    assert_eq!(answer.seen.unwrap().kind, Kind::Fixed);
    ask.path = "/live/x".to_owned();
    assert_eq!(
        stack.ask(&ask).hop,
        Some(Hop::Mapping),
        "the other API is not there"
    );
}

async fn redirected(config: &str, ask: &Ask) -> Answer {
    let stack = Stack::new().await;
    let action = format!("Actions.member.1.Type=redirect{config}");
    let all = condition(1, "path-pattern", "Values.member.1=*");
    stack.rule(1, &format!("{action}{all}")).await;
    stack.ask(ask)
}

#[tokio::test]
async fn redirects_fill_in_what_they_keep() {
    let part = "&Actions.member.1.RedirectConfig.";
    let moved =
        format!("{part}StatusCode=HTTP_301{part}Host=new.example.com{part}Path=/v2/%23{{path}}");
    let answer = redirected(&moved, &get("/a/b?c=d")).await;
    assert_eq!((answer.status, answer.hop), (301, None));
    let seen = answer.seen.unwrap();
    assert_eq!(seen.kind, Kind::Redirect);
    assert_eq!(
        seen.location.as_deref(),
        Some("https://new.example.com:443/v2/a/b?c=d")
    );
    let found = format!("{part}StatusCode=HTTP_302{part}Port=8443{part}Query=");
    let answer = redirected(&found, &get("/")).await;
    assert_eq!(answer.status, 302);
    assert_eq!(
        answer.seen.unwrap().location.as_deref(),
        Some("https://orders.example.com:8443/")
    );
}

#[tokio::test]
async fn urls_are_rewritten_before_targets_see_them() {
    let stack = Stack::new().await;
    let rewrite = "&Transforms.member.1.Type=url-rewrite&Transforms.member.1.UrlRewriteConfig.Rewrites.member.1";
    stack
        .rule(
            1,
            &format!(
                "{FORWARD}{}{rewrite}.Regex=^/old/([^?]*)(.*)${rewrite_to}",
                condition(1, "path-pattern", "Values.member.1=/old/*"),
                rewrite_to =
                    "&Transforms.member.1.UrlRewriteConfig.Rewrites.member.1.Replace=/shop/$1$2",
            ),
        )
        .await;
    let seen = stack.get("/old/orders/42?a=b").seen.unwrap();
    assert_eq!(
        (seen.path.as_str(), seen.host.as_str()),
        ("/orders/42?a=b", HOST)
    );
}

#[tokio::test]
async fn the_load_balancers_own_name_needs_no_record() {
    let stack = Stack::new().await;
    let name = stack.edit(|ctx| ctx.here.elbv2.balancers[super::BALANCER].dns_name.clone());
    // Its certificate has the name, too.
    let names = [HOST.to_owned(), name.clone()];
    stack.edit(|ctx| add_certificate(ctx, super::CERTIFICATE, &names, Status::Issued));
    let answer = stack.ask(&Ask::new(&name, "/", CLIENT));
    assert_eq!(
        (answer.status, answer.hop),
        (404, Some(Hop::Rule)),
        "{}",
        answer.why
    );
}
