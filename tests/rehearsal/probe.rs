//! The old way in, asked at every simulated second of every change: a name keeps
//! answering, with the answer it had or with the new one.

use std::time::Duration;

use hybridgw::{
    rehearsal,
    simulator::faults::{Fault, Rule},
};

use crate::{
    bench::{ACCOUNT, Bench, REGION, config},
    onlooker::{ask, heard, probed},
    quick,
};

pub const HOST: &str = "orders.corp.example.com";

/// The rows of a table, and what of it is wrong.
#[derive(Default)]
struct Table {
    wrong: Vec<String>,
}

impl Table {
    /// Changes the file to this and applies it.
    async fn row(
        &mut self,
        bench: &mut Bench,
        what: &str,
        file: &str,
        set: &[String],
        asked: &[(&str, &str)],
    ) {
        bench.config = config(file, set);
        rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
        let (outcome, heard) = probed(bench, asked).await;
        println!("{what}: {} of {} seconds", heard.outage, heard.seconds);
        if !outcome.ok() {
            self.wrong.push(format!("{what}: {outcome:?}"));
        }
        if let Some(first) = heard.first {
            let outage = heard.outage;
            self.wrong
                .push(format!("{what}: {outage} seconds, {first}"));
        }
        assert!(heard.seconds > 0);
    }

    fn end(self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}

fn arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// What a route can lead to.
const KINDS: [&str; 5] = ["openapi", "placeholder", "api lambda", "lambda", "site"];

fn route(path: &str, kind: &str) -> Option<String> {
    let target = match kind {
        "openapi" => "api={openapi=\"openapi.yaml\"}".to_owned(),
        "placeholder" => "api={placeholder=true}".to_owned(),
        "api lambda" => format!("api={{lambda=\"{}\"}}", arn("behind")),
        "lambda" => format!("lambda=\"{}\"", arn("alone")),
        "checked lambda" => format!(
            "lambda={{function=\"{}\", health_check={{path=\"/up\"}}}}",
            arn("checked")
        ),
        "site" => "site={bucket=\"pages\", manage_policy=true}".to_owned(),
        "other lambda" => format!("lambda=\"{}\"", arn("other")),
        "other site" => "site={bucket=\"papers\", manage_policy=true}".to_owned(),
        "borrowed" => "api={id=\"a1b2c3d4e5\", stage=\"v1\"}".to_owned(),
        _ => return None,
    };
    Some(format!("{{path=\"{path}\", {target}}}"))
}

fn routes(all: &[Option<String>]) -> [String; 1] {
    let all: Vec<&str> = all.iter().flatten().map(String::as_str).collect();
    [format!("route=[{}]", all.join(","))]
}

/// A way through these that takes each step from one to another once.
fn every_pair<'a>(kinds: &[&'a str]) -> Vec<&'a str> {
    let mut way = Vec::new();
    for (place, one) in kinds.iter().enumerate() {
        way.extend(kinds[place + 1..].iter().flat_map(|other| [*one, *other]));
    }
    way.push(kinds[0]);
    way
}

/// All pairs of kinds of a path, beside other routes.
async fn pairs(path: &str, kinds: &[&str], beside: &[(&str, &str)], asked: &[&str]) {
    let asked: Vec<(&str, &str)> = asked.iter().map(|path| (HOST, *path)).collect();
    let set = |kind: &str| {
        let others = beside.iter().map(|(path, kind)| route(path, kind));
        let all: Vec<Option<String>> = others.chain([route(path, kind)]).collect();
        routes(&all)
    };
    let way = every_pair(kinds);
    let mut bench = Bench::new("placeholder.toml", quick());
    bench.config = config("placeholder.toml", &set(way[0]));
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    let mut table = Table::default();
    for step in way.windows(2) {
        let what = format!("{path}, {} -> {}", step[0], step[1]);
        let set = set(step[1]);
        table
            .row(&mut bench, &what, "placeholder.toml", &set, &asked)
            .await;
    }
    table.end();
}

#[tokio::test(start_paused = true)]
async fn the_only_route_answers_while_its_kind_changes() {
    let asked = ["/", "/orders", "/deep/x", "/assets/app.js"];
    pairs("/", &KINDS, &[], &asked).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_route_and_those_beside_it_answer_while_its_kind_changes() {
    let beside = [("/soon", "placeholder"), ("/sms", "other lambda")];
    let asked = ["/", "/orders", "/assets/app.js", "/soon", "/sms/x"];
    pairs("/", &KINDS, &beside, &asked).await;
}

#[tokio::test(start_paused = true)]
async fn a_route_below_another_answers_while_it_comes_changes_and_goes() {
    let kinds = [&["none"], &KINDS[..]].concat();
    let beside = [("/", "borrowed"), ("/help", "other site")];
    let asked = ["/", "/app", "/app/", "/app/x", "/app/app.js", "/help/x"];
    pairs("/app", &kinds, &beside, &asked).await;
}

#[tokio::test(start_paused = true)]
async fn a_route_below_a_site_answers_while_it_comes_changes_and_goes() {
    let kinds = ["none", "placeholder", "lambda", "checked lambda", "site"];
    let beside = [("/", "other site")];
    let asked = ["/", "/app", "/app/", "/app/x", "/app/app.js", "/x.js"];
    pairs("/app", &kinds, &beside, &asked).await;
}

#[tokio::test(start_paused = true)]
async fn a_route_answers_while_what_it_leads_to_is_another_of_its_kind() {
    let kinds = ["borrowed", "placeholder", "lambda", "other lambda"];
    pairs("/", &kinds, &[], &["/", "/x"]).await;
    let kinds = ["site", "other site", "checked lambda"];
    pairs("/", &kinds, &[], &["/", "/x", "/x.js"]).await;
}

#[tokio::test(start_paused = true)]
async fn every_path_answers_while_routes_move() {
    let moved = ["placeholder", "lambda", "site"];
    let asked = ["/", "/old", "/old/x", "/new", "/new/x", "/new/x.js"];
    let asked: Vec<(&str, &str)> = asked.iter().map(|path| (HOST, *path)).collect();
    let mut table = Table::default();
    for kind in moved {
        let set = |path: &str| routes(&[route("/", "borrowed"), route(path, kind)]);
        let mut bench = Bench::new("placeholder.toml", quick());
        bench.config = config("placeholder.toml", &set("/old"));
        rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
        assert!(bench.up().await.ok());
        for (from, to) in [("/old", "/new"), ("/new", "/old")] {
            let what = format!("{kind}, {from} -> {to}");
            let set = set(to);
            table
                .row(&mut bench, &what, "placeholder.toml", &set, &asked)
                .await;
        }
        // The wide route moves below, and back.
        let root = routes(&[route("/old", kind)]);
        let what = format!("{kind}, / goes");
        table
            .row(&mut bench, &what, "placeholder.toml", &root, &asked)
            .await;
        let both = set("/old");
        let what = format!("{kind}, / comes");
        table
            .row(&mut bench, &what, "placeholder.toml", &both, &asked)
            .await;
    }
    table.end();
}

/// What a file is, is switched as a whole: nothing that is one before and after
/// is a page in between, also where several rules are needed.
#[tokio::test(start_paused = true)]
async fn files_stay_files_and_pages_pages_while_what_is_one_changes() {
    let site = |files: &[String]| {
        let files: Vec<String> = files.iter().map(|one| format!("\"{one}\"")).collect();
        let files = match files.as_slice() {
            [] => String::new(),
            files => format!(", files=[{}]", files.join(",")),
        };
        let site = format!("{{bucket=\"pages\", manage_policy=true{files}}}");
        [format!("route=[{{path=\"/app\", site={site}}}]")]
    };
    let many = |from: usize| -> Vec<String> {
        let long = (from..from + 40).map(|i| format!("/folder-with-a-long-name-{i}/*"));
        long.chain(["*.js".to_owned(), "*.css".to_owned()])
            .collect()
    };
    let asked = [
        "/app/",
        "/app/users/jane.doe",
        "/app/assets/app.js",
        "/app/x.bin",
    ];
    let asked: Vec<(&str, &str)> = asked.iter().map(|path| (HOST, *path)).collect();
    let mut bench = Bench::new("placeholder.toml", quick());
    bench.config = config("placeholder.toml", &site(&[]));
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
    assert!(bench.up().await.ok());
    let mut table = Table::default();
    for (what, files) in [
        ("the usual -> many", many(0)),
        ("many -> others", many(7)),
        (
            "others -> two",
            vec!["/assets/*".to_owned(), "*.js".to_owned()],
        ),
        (
            "two -> one more",
            vec![
                "/assets/*".to_owned(),
                "*.js".to_owned(),
                "*.bin".to_owned(),
            ],
        ),
        ("one more -> the usual", Vec::new()),
    ] {
        table
            .row(&mut bench, what, "placeholder.toml", &site(&files), &asked)
            .await;
    }
    table.end();
}

const SHOP: &str = "shop.corp.example.com";
const BILLS: &str = "bills.corp.example.com";

fn certificate(first: char) -> String {
    format!("arn:aws:acm:{REGION}:{ACCOUNT}:certificate/{first}2345678-1234-1234-1234-123456789012")
}

fn names(own: (&str, char), aliases: &[(&str, char)]) -> Vec<String> {
    let aliases = aliases.iter().map(|(host, digit)| {
        let certificate = certificate(*digit);
        format!("{{name=\"{host}\", certificate=\"{certificate}\"}}")
    });
    let aliases: Vec<String> = aliases.collect();
    vec![
        format!("domain.name={}", own.0),
        format!("domain.certificate={}", certificate(own.1)),
        format!("domain.aliases=[{}]", aliases.join(",")),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_host_answers_while_names_and_certificates_change() {
    let asked = [
        (HOST, "/"),
        (HOST, "/sms/x"),
        (SHOP, "/"),
        (SHOP, "/sms/x"),
        (BILLS, "/"),
    ];
    let rows = [
        (
            "aliases come",
            names((HOST, '1'), &[(SHOP, '2'), (BILLS, '5')]),
        ),
        (
            "an alias gets another certificate",
            names((HOST, '1'), &[(SHOP, '3'), (BILLS, '5')]),
        ),
        (
            "the name gets another certificate",
            names((HOST, '4'), &[(SHOP, '3'), (BILLS, '5')]),
        ),
        (
            "name and alias change places",
            names((SHOP, '3'), &[(HOST, '4'), (BILLS, '5')]),
        ),
        ("an alias goes", names((SHOP, '3'), &[(HOST, '4')])),
        (
            "the name goes, an alias takes its place",
            names((HOST, '4'), &[]),
        ),
        ("the name is another one", names((BILLS, '5'), &[])),
        (
            "and back, with an alias",
            names((HOST, '1'), &[(SHOP, '2')]),
        ),
    ];
    let mut bench = Bench::new("aliases.toml", quick());
    bench.config = config("aliases.toml", &names((HOST, '1'), &[]));
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
    assert!(bench.up().await.ok());
    let mut table = Table::default();
    for (what, set) in &rows {
        table
            .row(&mut bench, what, "aliases.toml", set, &asked)
            .await;
    }
    table.end();
}

#[tokio::test(start_paused = true)]
async fn the_name_answers_while_the_network_and_settings_change() {
    let subnet = |letter: char| format!("\"subnet-0{}\"", letter.to_string().repeat(16));
    let subnets = |letters: &str| {
        let all: Vec<String> = letters.chars().map(subnet).collect();
        format!("network.subnets=[{}]", all.join(","))
    };
    let pins = |set: &str| vec![format!("endpoint.addresses={set}")];
    let text = |one: &str| vec![one.to_owned()];
    let files = [
        (
            "placeholder.toml",
            vec![
                ("a subnet goes", vec![subnets("ab")]),
                ("a subnet comes", vec![subnets("abc")]),
                ("a subnet is another one", vec![subnets("abd")]),
                ("all but one go", vec![subnets("be")]),
                (
                    "pins come",
                    vec![
                        subnets("ab"),
                        "endpoint.addresses=[\"10.0.1.10\",\"10.0.2.10\"]".to_owned(),
                    ],
                ),
                ("pins go", vec![subnets("ab")]),
                (
                    "clients come",
                    text("network.clients=[\"10.0.0.0/8\",\"172.16.0.0/12\"]"),
                ),
                ("clients change", text("network.clients=[\"10.1.0.0/16\"]")),
                (
                    "a policy",
                    text("load_balancer.tls_policy=ELBSecurityPolicy-TLS13-1-2-2021-06"),
                ),
                ("a timeout", text("load_balancer.idle_timeout=90")),
                (
                    "a check",
                    text("load_balancer.health_check={path=\"/ping\", matcher=\"200-299\"}"),
                ),
                ("tags", text("tags={team=\"orders\"}")),
            ],
        ),
        (
            "pinned.toml",
            vec![
                ("one pin moves", pins("[\"10.0.1.11\",\"10.0.2.10\"]")),
                ("all pins move", pins("[\"10.0.1.12\",\"10.0.2.12\"]")),
                ("back", pins("[\"10.0.1.10\",\"10.0.2.10\"]")),
            ],
        ),
    ];
    let mut table = Table::default();
    for (file, rows) in files {
        let mut bench = Bench::new(file, quick());
        assert!(bench.up().await.ok());
        for (what, set) in rows {
            table
                .row(&mut bench, what, file, &set, &[(HOST, "/")])
                .await;
        }
    }
    table.end();
}

/// Each zone gets another subnet: in none of them the old node goes before
/// another zone has its new one, wherever the run is killed.
#[tokio::test(start_paused = true)]
async fn the_name_answers_while_every_subnet_is_another_one() {
    let subnets = |letters: [char; 2]| {
        let all = letters.map(|one| format!("\"subnet-0{}\"", one.to_string().repeat(16)));
        [format!("network.subnets=[{}]", all.join(","))]
    };
    let mut table = Table::default();
    for file in ["placeholder.toml", "lambda.toml"] {
        for second in [0, 1, 2, 5, 10, 14, 15, 20] {
            let mut bench = Bench::new(file, quick());
            bench.config = config(file, &subnets(['a', 'b']));
            assert!(bench.up().await.ok());
            let set = subnets(['d', 'e']);
            bench.config = config(file, &set);
            rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION)
                .expect("in memory");
            let asked = [(HOST, "/")];
            let killed = Duration::from_secs(second);
            let killed = tokio::time::timeout(killed, bench.up());
            let (_, heard) = heard(&bench, &asked, Box::pin(killed)).await;
            assert_eq!((heard.outage, &heard.first), (0, &None), "{file}, {second}");
            let what = format!("{file}, killed after {second}");
            table.row(&mut bench, &what, file, &set, &asked).await;
        }
    }
    table.end();
}

/// How many rules there are.
fn rules(bench: &Bench) -> usize {
    let census = bench.census();
    let rules = census["regions"]["elbv2"]["rules"].as_object();
    rules.map_or(0, serde_json::Map::len)
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_killed_anywhere_is_finished_by_the_next_run_and_all_is_answered() {
    let beside = |kind: &str| routes(&[route("/", "borrowed"), route("/app", kind)]);
    let asked = [(HOST, "/"), (HOST, "/app/x"), (HOST, "/app/app.js")];
    let mut table = Table::default();
    for (from, to) in [("lambda", "site"), ("site", "lambda"), ("none", "site")] {
        let mut made = None;
        for second in [0, 2, 3, 4, 6, 9, 14, 30] {
            let mut bench = Bench::new("placeholder.toml", quick());
            bench.config = config("placeholder.toml", &beside(from));
            let furnish = |bench: &Bench| {
                rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION)
                    .expect("in memory");
            };
            furnish(&bench);
            let before = bench.census();
            assert!(bench.up().await.ok());
            bench.config = config("placeholder.toml", &beside(to));
            furnish(&bench);
            let first = asked.map(|one| ask(&bench, &one));
            // 0 is the run that nobody kills.
            if second > 0 {
                let killed = Duration::from_secs(second);
                let _ = tokio::time::timeout(killed, bench.up()).await;
            }
            let half = asked.map(|one| ask(&bench, &one));
            let what = format!("{from} -> {to}, killed after {second}");
            let set = beside(to);
            table
                .row(&mut bench, &what, "placeholder.toml", &set, &asked)
                .await;
            let after = asked.map(|one| ask(&bench, &one));
            for place in 0..asked.len() {
                let said = &half[place];
                assert!(
                    *said == first[place] || *said == after[place],
                    "{what}: {said:?}"
                );
            }
            let count = rules(&bench);
            assert_eq!(*made.get_or_insert(count), count, "{what}: rules");
            assert!(bench.down().await.ok(), "{what}");
            let left = crate::bench::differences(&before, &bench.census());
            let left: Vec<&String> = left
                .iter()
                .filter(|one| !one.contains("/lambda/") && !one.contains("/s3/"))
                .collect();
            assert!(left.is_empty(), "{what}: {left:?}");
        }
    }
    table.end();
}

/// A mapping takes requests from the one above it as soon as it is there.
#[tokio::test(start_paused = true)]
async fn a_path_is_mapped_when_what_it_leads_to_may_be_reached() {
    let asked = [(HOST, "/"), (HOST, "/more"), (HOST, "/more/x")];
    let rows = [
        ("placeholder", "ec2:ModifyVpcEndpoint"),
        ("api lambda", "lambda:AddPermission"),
    ];
    for (kind, denied) in rows {
        let mut bench = Bench::new("placeholder.toml", quick());
        assert!(bench.up().await.ok());
        let set = routes(&[route("/", "placeholder"), route("/more", kind)]);
        bench.config = config("placeholder.toml", &set);
        rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
        bench.simulator.set_faults(vec![Rule {
            operation: denied.to_owned(),
            calls: None,
            from: Some(1),
            probability: None,
            times: None,
            then: Fault::Refuse {
                code: "AccessDeniedException".to_owned(),
                status: 403,
                message: "not authorized".to_owned(),
            },
        }]);
        let before = asked.map(|one| ask(&bench, &one));
        let (outcome, heard) = probed(&bench, &asked).await;
        assert!(!outcome.ok(), "{denied} is denied");
        assert_eq!(asked.map(|one| ask(&bench, &one)), before, "{denied}");
        assert_eq!((heard.outage, heard.first), (0, None), "{denied}");
        bench.heal();
        let (outcome, heard) = probed(&bench, &asked).await;
        assert!(outcome.ok(), "{outcome:?}");
        assert_eq!((heard.outage, heard.first), (0, None), "{denied}, healed");
    }
}
