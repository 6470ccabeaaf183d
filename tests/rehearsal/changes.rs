//! Routes that come, go, move and change their kind: nobody else's requests stop.

use hybridgw::{rehearsal, resource::Kind, simulator::clock::Time};

use crate::{
    bench::{ACCOUNT, Bench, REGION, assert_same, config},
    quick,
    watch::{ask, assert_answered, function, up_watched},
};

const HOST: &str = "orders.corp.example.com";

fn api(path: &str) -> String {
    format!("{{path=\"{path}\", api={{placeholder=true}}}}")
}

fn lambda(path: &str, name: &str) -> String {
    format!("{{path=\"{path}\", lambda=\"{}\"}}", arn(name))
}

fn arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// Changes the file's routes.
fn reroute(bench: &mut Bench, routes: &[String]) {
    let set = format!("route=[{}]", routes.join(","));
    bench.config = config("placeholder.toml", &[set]);
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
}

/// Changes the file's routes and applies that, while these paths are asked for.
/// Returns what was deleted.
async fn change(bench: &mut Bench, routes: &[String], others: &[&str]) -> Vec<String> {
    reroute(bench, routes);
    let others: Vec<(&str, &str)> = others.iter().map(|path| (HOST, *path)).collect();
    assert_answered(bench, &others);
    let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
    let planned = plan.with(hybridgw::pipeline::Action::Delete).len();
    let replaced = plan.with(hybridgw::pipeline::Action::Replace).len();
    assert_eq!(
        replaced,
        0,
        "{routes:?}: {}",
        hybridgw::ui::plan::render(&plan)
    );
    let outcome = up_watched(bench, &others).await;
    assert!(outcome.ok(), "{routes:?}: {outcome:?}");
    let deleted = outcome.report.deleted;
    assert_eq!(
        deleted.len(),
        planned,
        "only what the plan shows is deleted"
    );
    deleted.iter().map(ToString::to_string).collect()
}

#[tokio::test(start_paused = true)]
async fn routes_come_move_and_go_while_the_others_are_answered() {
    let mut bench = Bench::new("placeholder.toml", quick());
    let start = [api("/"), api("/soon"), lambda("/sms", "sms")];
    reroute(&mut bench, &start);
    let before = bench.census();
    assert!(bench.up().await.ok());

    // One comes.
    let routes = [
        api("/"),
        api("/soon"),
        lambda("/sms", "sms"),
        lambda("/texts/old", "texts"),
    ];
    let gone = change(&mut bench, &routes, &["/", "/soon", "/sms"]).await;
    assert_eq!(gone, [""; 0]);
    assert_eq!(function(&bench, HOST, "/texts/old/x"), arn("texts"));

    // One moves.
    let routes = [
        api("/"),
        api("/soon"),
        lambda("/messages", "sms"),
        lambda("/texts/old", "texts"),
    ];
    let gone = change(&mut bench, &routes, &["/", "/soon", "/texts/old"]).await;
    let expected = [
        "lambda-permission/sms",
        "listener-rule/sms",
        "target-group/sms",
        "targets/sms",
    ];
    assert_eq!(sorted(gone), expected);
    assert_eq!(function(&bench, HOST, "/messages"), arn("sms"));
    // The path belongs to `/` again.
    assert!(
        ask(&bench, HOST, "/sms")
            .seen
            .is_some_and(|seen| seen.api.is_some())
    );

    // Two change their kind at once.
    let routes = [
        api("/"),
        lambda("/soon", "soon"),
        api("/messages"),
        lambda("/texts/old", "texts"),
    ];
    let gone = change(&mut bench, &routes, &["/", "/texts/old", "/soon"]).await;
    let of_api = [
        "base-path-mapping/soon",
        "deployment/soon",
        "rest-api/soon",
        "stage/soon",
    ];
    assert!(
        of_api.iter().all(|key| gone.iter().any(|one| one == key)),
        "{gone:?}"
    );
    assert_eq!(function(&bench, HOST, "/soon"), arn("soon"));
    assert!(
        ask(&bench, HOST, "/messages")
            .seen
            .is_some_and(|seen| seen.api.is_some())
    );

    // One goes.
    let routes = [api("/"), lambda("/soon", "soon"), api("/messages")];
    let gone = change(&mut bench, &routes, &["/", "/soon", "/messages"]).await;
    assert_eq!(gone.len(), 4, "{gone:?}");

    assert!(bench.down().await.ok());
    // The account got functions as the file named them.
    let without_functions = |mut census: serde_json::Value| {
        census["regions"]["lambda"] = serde_json::Value::Null;
        census
    };
    let after = without_functions(bench.census());
    assert_same(&without_functions(before), &after, "after down");
}

#[tokio::test(start_paused = true)]
async fn the_first_route_may_become_a_function_and_the_last_api_may_go() {
    let mut bench = Bench::new("placeholder.toml", quick());
    reroute(&mut bench, &[api("/"), api("/soon"), lambda("/sms", "sms")]);
    assert!(bench.up().await.ok());

    // A function's group and the one that the APIs share stand side by side.
    let routes = [lambda("/", "web"), api("/soon"), lambda("/sms", "sms")];
    change(&mut bench, &routes, &["/", "/soon", "/sms"]).await;
    assert_eq!(function(&bench, HOST, "/other"), arn("web"));

    // Without an API nothing of API Gateway and no endpoint is left.
    let routes = [
        lambda("/", "web"),
        lambda("/soon", "soon"),
        lambda("/sms", "sms"),
    ];
    let gone = change(&mut bench, &routes, &["/", "/soon", "/sms"]).await;
    for key in [
        "vpc-endpoint",
        "endpoint-security-group",
        "domain-name",
        "target-group",
        "targets",
    ] {
        assert!(gone.iter().any(|one| one == key), "{key}: {gone:?}");
    }
    let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
    let groups = plan
        .actions
        .iter()
        .filter(|one| one.resource.kind() == Kind::TargetGroup);
    let groups: Vec<&str> = groups.map(|one| one.resource.as_str()).collect();
    assert_eq!(
        groups,
        ["target-group", "target-group/soon", "target-group/sms"]
    );

    // And back: the function at `/` is untouched.
    let routes = [lambda("/", "web"), api("/soon"), lambda("/sms", "sms")];
    change(&mut bench, &routes, &["/", "/sms"]).await;
    assert!(
        ask(&bench, HOST, "/soon")
            .seen
            .is_some_and(|seen| seen.api.is_some())
    );
    assert!(bench.down().await.ok());
}

#[tokio::test(start_paused = true)]
async fn a_deployment_follows_one_that_counts_as_newer_for_a_while() {
    let bench = Bench::new("placeholder.toml", quick());
    assert!(bench.up().await.ok());
    // API Gateway tells seconds. Of two in one second one counts as the newer,
    // whichever was made first; and it seems so until that second is over.
    let soon = |now: Time| Time::from_unix_millis(now.unix_millis() + 3000);
    let altered = bench.simulator.edit(|world, conditions| {
        let ctx = world.context(ACCOUNT, REGION, conditions);
        let until = soon(ctx.now);
        let apis = ctx.here.apigateway.apis.values_mut();
        for deployment in apis.flat_map(|api| api.deployments.values_mut()) {
            deployment.description = Some("hybridgw of another content".to_owned());
            deployment.created = until;
        }
    });
    altered.expect("it is in memory");
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    let updated: Vec<&str> = outcome
        .report
        .updated
        .iter()
        .map(|key| key.as_str())
        .collect();
    assert_eq!(updated, ["deployment", "stage"]);
    assert_answered(&bench, &[(HOST, "/")]);
    let census = bench.census();
    let apis = census["regions"]["apigateway"]["apis"].as_object();
    let mut apis = apis.expect("APIs").values();
    let left = apis.next().map(|api| api["deployments"].clone());
    let left = left.as_ref().and_then(serde_json::Value::as_object);
    assert_eq!(left.map(serde_json::Map::len), Some(1), "{left:?}");
}

fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort();
    keys
}
