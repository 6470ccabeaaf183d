//! Routes to sites: single-page applications in buckets.

use std::time::Duration;

use hybridgw::{
    outputs::{Outputs, Status},
    rehearsal,
    simulator::{conditions::Conditions, dataplane::Kind},
};
use serde_json::{Value, json};

use crate::{
    bench::{ACCOUNT, Bench, REGION, assert_same, config},
    quick,
    watch::{ask, assert_answered, up_watched},
};

const HOST: &str = "orders.corp.example.com";
const KINDS: &str = "everything.toml";

/// Changes the file, on the same account.
fn change(bench: &mut Bench, name: &str, set: &[String]) {
    bench.config = config(name, set);
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
}

/// The bucket's host, and the path and query that S3 sees.
fn seen(bench: &Bench, path: &str) -> (String, String) {
    let answer = ask(bench, HOST, path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.why);
    let seen = answer.seen.expect("something answered");
    assert_eq!(seen.kind, Kind::S3, "{path}");
    (seen.host, seen.path)
}

fn host_of(bucket: &str) -> String {
    format!("{bucket}.s3.{REGION}.amazonaws.com")
}

#[tokio::test(start_paused = true)]
async fn files_come_as_they_are_and_every_other_path_shows_the_index() {
    let bench = Bench::new("site.toml", quick());
    assert!(bench.up().await.ok());
    let cases = [
        ("/", "/index.html"),
        // An identity provider's callback: dots and slashes in the query.
        ("/?code=a.b/c&state=https://x.y/z.js", "/index.html"),
        ("/orders/17", "/index.html"),
        ("/v1.2/orders", "/index.html"),
        ("/assets/app.js", "/assets/app.js"),
        // S3 takes these for questions of another kind, which nobody may ask.
        ("/assets/app.js?v=1.2", "/assets/app.js"),
        ("/assets/app.js?acl", "/assets/app.js"),
        (
            "/assets/app.js?response-content-type=text/html",
            "/assets/app.js",
        ),
        ("/?acl", "/index.html"),
    ];
    for (path, sees) in cases {
        let (host, path_seen) = seen(&bench, path);
        assert_eq!(
            (host, path_seen.as_str()),
            (host_of("shop-frontend"), sees),
            "{path}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_with_a_dot_is_a_page_and_well_known_names_are_files() {
    let mut bench = Bench::new("site.toml", quick());
    assert!(bench.up().await.ok());
    // A file that the bucket does not have is S3's to refuse.
    let sees = |bench: &Bench, path: &str| {
        let answer = ask(bench, HOST, path);
        answer.seen.map(|seen| seen.path).unwrap_or_default()
    };
    for (path, object) in [
        ("/users/jane.doe", "/index.html"),
        ("/releases/v1.2", "/index.html"),
        (
            "/.well-known/openid-configuration",
            "/.well-known/openid-configuration",
        ),
        ("/LICENSE", "/LICENSE"),
        ("/help/users/jane.doe", "/index.html"),
        ("/help/.well-known/x", "/.well-known/x"),
    ] {
        assert_eq!(sees(&bench, path), object, "{path}");
    }
    let set = ["route.0.site.files=[\"/assets/*\", \"jane.*\"]".to_owned()];
    change(&mut bench, "site.toml", &set);
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    for (path, object) in [
        ("/users/jane.doe", "/users/jane.doe"),
        ("/assets/x", "/assets/x"),
        ("/main.js", "/index.html"),
    ] {
        assert_eq!(sees(&bench, path), object, "{path}");
    }
    assert!(bench.unconverged().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_site_below_a_path_sees_paths_without_it_and_relative_links_work() {
    let bench = Bench::new("site.toml", quick());
    assert!(bench.up().await.ok());
    let cases = [
        ("/help/", "/index.html"),
        ("/help/?code=a.b/c&state=d", "/index.html"),
        ("/help/orders/17", "/index.html"),
        ("/help/assets/app.js?v=1.2", "/assets/app.js"),
    ];
    for (path, sees) in cases {
        let (host, path_seen) = seen(&bench, path);
        assert_eq!(
            (host, path_seen.as_str()),
            (host_of("shop-help"), sees),
            "{path}"
        );
    }
    let answer = ask(&bench, HOST, "/help?code=a.b/c&state=d");
    let location = answer.seen.and_then(|seen| seen.location);
    assert_eq!(answer.status, 302);
    assert_eq!(
        location.as_deref(),
        Some("https://orders.corp.example.com:443/help/?code=a.b/c&state=d")
    );
    let outputs = Outputs::read(&bench.look(), ACCOUNT).await;
    let outputs = outputs.expect("reads work");
    let buckets: Vec<(&str, &str)> = outputs
        .sites
        .iter()
        .map(|row| (row.route.as_str(), row.bucket.as_str()))
        .collect();
    assert_eq!(buckets, [("/", "shop-frontend"), ("/help", "shop-help")]);
    let kept: Vec<bool> = outputs.sites.iter().map(|row| row.manage_policy).collect();
    assert_eq!(kept, [true, false], "the second is its owner's to open");
    let statement = &outputs.sites[1].statement;
    assert_eq!(statement["Resource"], "arn:aws:s3:::shop-help/*");
    let through = &statement["Condition"]["StringEquals"]["aws:SourceVpce"];
    assert_eq!(through.as_str(), outputs.site_endpoint_id.as_deref());
    assert_eq!(outputs.endpoint_id, None, "there is no API");
    // Not below the path: the other site's.
    assert_eq!(seen(&bench, "/helpless").0, host_of("shop-frontend"));
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_route_gets_its_own_requests() {
    let bench = Bench::new(KINDS, quick());
    assert!(bench.up().await.ok());
    for (path, kind, sees) in [
        ("/orders/17", Kind::S3, "/index.html"),
        ("/assets/app.js", Kind::S3, "/assets/app.js"),
        ("/api", Kind::Api, "/"),
        ("/hooks/paid?x=1", Kind::Lambda, "/hooks/paid?x=1"),
    ] {
        let answer = ask(&bench, HOST, path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.why);
        let seen = answer.seen.expect("something answered");
        assert_eq!((seen.kind, seen.path.as_str()), (kind, sees), "{path}");
    }
    let status = Status::read(&bench.look()).await.expect("reads work");
    let mut routes: Vec<(&str, bool)> = status
        .targets
        .iter()
        .map(|row| (row.route.as_str(), row.zone.starts_with(REGION)))
        .collect();
    routes.dedup();
    assert_eq!(routes, [("/", true), ("/api", true), ("/hooks", false)]);
}

/// Alters something in the simulated account.
fn tamper(bench: &Bench, alter: impl FnOnce(&mut Value)) {
    let mut world = serde_json::to_value(bench.simulator.world()).expect("a world is JSON");
    alter(&mut world["accounts"][ACCOUNT]);
    let world = serde_json::from_value(world).expect("it is still a world");
    let placed = bench.simulator.edit(|now, _| *now = world);
    placed.expect("it is in memory");
}

/// Whether a tag names this part; that of files has a number with it.
fn is_part(tag: &Value, part: &str) -> bool {
    let tag = tag.as_str().unwrap_or_default();
    tag == part || tag.starts_with(&format!("{part}-"))
}

/// The ARN of the rule that is this part of a site.
fn rule_of(bench: &Bench, part: &str) -> String {
    let census = bench.census();
    let tags = census["regions"]["elbv2"]["tags"].as_object();
    let mut tags = tags.expect("tags").iter();
    let own = tags.find(|(_, tags)| is_part(&tags["hybridgw:part"], part));
    own.expect("there is such a rule").0.clone()
}

/// Waits as long as a person would, and kills a run in which every call hangs
/// from some point on.
async fn up_killed(bench: &Bench) {
    let stuck = async {
        let mut before = usize::MAX;
        loop {
            let now = bench.connection.journal.attempts();
            if now == before {
                return;
            }
            before = now;
            tokio::time::sleep(Duration::from_secs(8)).await;
        }
    };
    tokio::select! {
        outcome = bench.up() => panic!("the run was not killed: {outcome:?}"),
        () = stuck => {}
    }
}

#[tokio::test(start_paused = true)]
async fn routes_come_and_go_and_the_others_are_answered_all_the_while() {
    let bench_of = || Bench::new(KINDS, quick());
    let mut bench = bench_of();
    let site = |path: &str, bucket: &str| {
        format!("{{path=\"{path}\", site={{bucket=\"{bucket}\", manage_policy=true}}}}")
    };
    let api = "{path=\"/api\", api={placeholder=true}}".to_owned();
    let routes = |all: &[String]| vec![format!("route=[{}]", all.join(","))];
    let start = routes(std::slice::from_ref(&api));
    change(&mut bench, KINDS, &start);
    assert!(bench.up().await.ok());
    let with_site = routes(&[api.clone(), site("/", "orders-frontend")]);
    let with_two = routes(&[
        api.clone(),
        site("/", "orders-frontend"),
        site("/app", "orders-app"),
    ]);
    // A site comes, another one, and goes.
    let steps = [
        (&with_site, vec![(HOST, "/api")]),
        (&with_two, vec![(HOST, "/api"), (HOST, "/deep/link")]),
        (&with_site, vec![(HOST, "/api"), (HOST, "/deep/link")]),
        (&start, vec![(HOST, "/api")]),
    ];
    let mut before = Value::Null;
    for (number, (set, others)) in steps.into_iter().enumerate() {
        change(&mut bench, KINDS, set);
        if number == 0 {
            before = bench.census();
        }
        let outcome = up_watched(&bench, &others).await;
        assert!(outcome.ok(), "step {number}: {outcome:?}");
    }
    let now = bench.census();
    let kinds = |census: &Value| census["regions"]["elbv2"]["groups"].clone();
    assert_eq!(
        kinds(&before).as_object().map(serde_json::Map::len),
        kinds(&now).as_object().map(serde_json::Map::len)
    );
    let endpoints = now["regions"]["ec2"]["endpoints"].as_object();
    assert_eq!(endpoints.map(serde_json::Map::len), Some(1));
}

/// A bucket's policy, to compare its meaning.
fn policy_of(bench: &Bench, bucket: &str) -> Value {
    let census = bench.census();
    let text = census["global"]["s3"]["buckets"][bucket]["policy"].as_str();
    text.map_or(Value::Null, |text| {
        serde_json::from_str(text).expect("a policy is JSON")
    })
}

fn set_policy(bench: &Bench, bucket: &str, policy: &Value) {
    tamper(bench, |account| {
        account["global"]["s3"]["buckets"][bucket]["policy"] = json!(policy.to_string());
    });
}

fn foreign() -> Value {
    json!({"Version": "2012-10-17", "Id": "owner", "Statement": [
        {"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
         "Resource": ["arn:aws:s3:::orders-frontend", "arn:aws:s3:::orders-frontend/*"],
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    ]})
}

#[tokio::test(start_paused = true)]
async fn the_owners_statements_stay_and_ours_comes_is_repaired_and_goes() {
    let bucket = "orders-frontend";
    let mut bench = Bench::new(KINDS, quick());
    set_policy(&bench, bucket, &foreign());
    assert!(bench.up().await.ok());
    let managed = policy_of(&bench, bucket);
    let statements = managed["Statement"].as_array().expect("a list").clone();
    assert_eq!(statements.len(), 2);
    let outputs = Outputs::read(&bench.look(), ACCOUNT).await;
    assert!(outputs.expect("reads work").sites[0].manage_policy);
    assert_eq!(statements[0], foreign()["Statement"][0]);
    assert_eq!(managed["Id"], "owner");

    // Altered, and its owner has added another one since.
    let mut altered = managed.clone();
    altered["Statement"][1]["Resource"] = json!("arn:aws:s3:::orders-frontend/secret/*");
    let more = json!({"Sid": "More", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::orders-frontend/*"});
    altered["Statement"]
        .as_array_mut()
        .expect("a list")
        .push(more.clone());
    set_policy(&bench, bucket, &altered);
    let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
    let shown = hybridgw::ui::plan::render(&plan);
    assert!(shown.contains("bucket-policy"), "{shown}");
    assert!(bench.up().await.ok());
    let repaired = policy_of(&bench, bucket);
    assert_eq!(repaired["Statement"][1], managed["Statement"][1]);
    assert_eq!(repaired["Statement"][2], more);

    // No longer to be managed: it goes, the others stay.
    let off = "route=[{path=\"/\", site={bucket=\"orders-frontend\"}}]".to_owned();
    change(&mut bench, KINDS, std::slice::from_ref(&off));
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    let left = policy_of(&bench, bucket)["Statement"].clone();
    assert_eq!(left, json!([foreign()["Statement"][0], more]));
}

#[tokio::test(start_paused = true)]
async fn a_route_with_another_bucket_takes_its_statement_out_of_the_old_one() {
    let mut bench = Bench::new(KINDS, quick());
    let to = |bucket: &str| {
        vec![format!(
            "route=[{{path=\"/\", site={{bucket=\"{bucket}\", manage_policy=true}}}}]"
        )]
    };
    for bucket in ["second", "first"] {
        change(&mut bench, KINDS, &to(bucket));
    }
    assert!(bench.up().await.ok());
    assert_ne!(policy_of(&bench, "first"), Value::Null);
    change(&mut bench, KINDS, &to("second"));
    // The application is there all the while, from one bucket or the other.
    let outcome = up_watched(&bench, &[(HOST, "/deep/link"), (HOST, "/assets/app.js")]).await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(policy_of(&bench, "first"), Value::Null);
    assert_eq!(seen(&bench, "/").0, host_of("second"));
    assert!(bench.down().await.ok());
    assert_eq!(policy_of(&bench, "second"), Value::Null);
}

#[tokio::test(start_paused = true)]
async fn of_two_routes_to_one_bucket_each_takes_its_own_statement_with_it() {
    let set = |paths: &[&str]| {
        let site = "site={bucket=\"pages\", manage_policy=true}";
        let one = |path: &&str| format!("{{path=\"{path}\", {site}}}");
        let all: Vec<String> = paths.iter().map(one).collect();
        [format!("route=[{}]", all.join(","))]
    };
    let mut bench = Bench::new("site.toml", quick());
    for paths in [&["/", "/app"][..], &["/"], &["/", "/help"], &["/help"]] {
        change(&mut bench, "site.toml", &set(paths));
        let outcome = bench.up().await;
        assert!(outcome.ok(), "{paths:?}: {outcome:?}");
        let statements = policy_of(&bench, "pages")["Statement"].clone();
        let count = statements.as_array().map(Vec::len);
        assert_eq!(count, Some(paths.len()), "{paths:?}: {statements}");
    }
    assert!(bench.down().await.ok());
    assert_eq!(policy_of(&bench, "pages"), Value::Null);
}

/// What somebody does to a site's rules behind our back, and the word in the
/// plan that names it.
type Mischief = (&'static str, &'static str, fn(&mut Value));

#[tokio::test(start_paused = true)]
async fn every_part_of_a_sites_rules_is_repaired_and_the_others_are_not_touched() {
    let bench = Bench::new("site.toml", quick());
    assert!(bench.up().await.ok());
    let mischief: [Mischief; 6] = [
        ("rest", "rest rule transforms", |rule| {
            rule["transforms"] = json!([]);
        }),
        ("assets", "assets rule transforms", |rule| {
            rule["transforms"][0]["replace"] = json!("wrong");
        }),
        ("assets", "assets rule path", |rule| {
            rule["conditions"][1]["regexes"] = json!(["^/x$"]);
        }),
        ("redirect", "redirect rule redirect", |rule| {
            rule["action"]["deed"]["Redirect"]["path"] = json!("/elsewhere/");
        }),
        ("rest", "rest rule priority", |rule| {
            rule["priority"] = json!(77);
        }),
        ("redirect", "redirect rule host", |rule| {
            rule["conditions"][0]["values"] = json!(["x.example.com"]);
        }),
    ];
    for (part, field, alter) in mischief {
        let arn = rule_of(&bench, part);
        tamper(&bench, |account| {
            alter(&mut account["regions"][REGION]["elbv2"]["rules"][&arn]);
        });
        let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
        let changes: Vec<String> = plan
            .actions
            .iter()
            .flat_map(|one| &one.changes)
            .map(|drift| drift.field.clone())
            .collect();
        assert_eq!(changes, [field]);
        let writes = bench.writes();
        let outcome = bench.up().await;
        assert!(outcome.ok(), "{field}: {outcome:?}");
        assert_eq!(bench.writes(), writes + 1, "{field}: one call repairs it");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_part_is_made_again_and_its_duplicate_goes() {
    let bench = Bench::new("site.toml", quick());
    assert!(bench.up().await.ok());
    let rules = |bench: &Bench| {
        let calls = bench.connection.journal.by_operation();
        let of = |name: &str| calls.get(name).copied().unwrap_or_default();
        (of("CreateRule"), of("DeleteRule"))
    };
    let aws = bench.connection.writer();
    for part in ["rest", "assets", "redirect"] {
        let arn = rule_of(&bench, part);
        let call = aws.elb.delete_rule().rule_arn(arn);
        call.send().await.expect("it can be deleted");
        let before = rules(&bench);
        let outcome = bench.up().await;
        assert!(outcome.ok(), "{part}: {outcome:?}");
        assert_eq!(rules(&bench), (before.0 + 1, before.1), "{part}");
    }
    // Made twice: the reply to the first was lost, and nobody looked.
    let arn = rule_of(&bench, "assets");
    tamper(&bench, |account| {
        let elb = &mut account["regions"][REGION]["elbv2"];
        let (mut rule, tags) = (elb["rules"][&arn].clone(), elb["tags"][&arn].clone());
        rule["priority"] = json!(rule["priority"].as_u64().map(|one| one - 1));
        let duplicate = format!("{}0123456789abcdef", &arn[..arn.len() - 16]);
        elb["rules"][&duplicate] = rule;
        elb["tags"][&duplicate] = tags;
    });
    let before = rules(&bench);
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(rules(&bench), (before.0, before.1 + 1));
    assert_answered(&bench, &[(HOST, "/x"), (HOST, "/assets/app.js")]);
}

#[tokio::test(start_paused = true)]
async fn a_stack_killed_at_any_call_ends_with_one_of_everything() {
    let calls = {
        // The pauses after a throttle are random, and so is the number of calls.
        let conditions = Conditions {
            quotas: false,
            ..quick()
        };
        let bench = Bench::new(KINDS, conditions);
        assert!(bench.up().await.ok());
        bench.simulator.journal().len()
    };
    for point in (5..calls - 40).step_by(47) {
        for fate in ["hang", "hang-reply"] {
            let faults = format!(
                r#"{{"quotas": false, "faults": [
                    {{"operation": "*", "calls": [{point}], "then": "{fate}"}},
                    {{"operation": "*", "from": {}, "then": "hang"}}]}}"#,
                point + 1
            );
            let conditions = Conditions::from_json(&faults).expect("it is understood");
            let bench = Bench::new(KINDS, conditions);
            let before = bench.census();
            up_killed(&bench).await;
            bench.simulator.set_faults(Vec::new());
            let outcome = bench.up().await;
            assert!(outcome.ok(), "call {point}, {fate}: {outcome:?}");
            let outcome = bench.down().await;
            assert!(outcome.ok(), "call {point}, {fate}: {outcome:?}");
            assert_same(&before, &bench.census(), &format!("call {point}, {fate}"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_up_with_nothing_to_do_costs_few_calls() {
    // A site asks for its bucket, index, encryption and policy.
    for (name, most) in [
        ("placeholder.toml", 25),
        ("borrowed-endpoint.toml", 28),
        ("site.toml", 31),
        ("everything.toml", 35),
    ] {
        let bench = Bench::new(name, quick());
        assert!(bench.up().await.ok());
        let before = bench.connection.journal.attempts();
        assert!(bench.up().await.ok());
        let calls = bench.connection.journal.attempts() - before;
        println!("{name}: {calls} calls");
        assert!(calls <= most, "{name}: {calls} calls");
    }
}
