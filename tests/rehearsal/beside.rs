//! A name keeps answering while a stack beside it is made anew.

use std::time::Duration;

use hybridgw::{outputs::Status, pipeline::Action, rehearsal};

use crate::{
    bench::{ACCOUNT, Bench, REGION, config},
    onlooker::{heard, probed},
    probe::HOST,
    quick,
    watch::{ask, assert_answered},
};

const BILLING: &str = "billing.corp.example.com";

/// What makes a stack another one, under its own name.
fn neighbour() -> Vec<String> {
    vec![
        "stack=billing".to_owned(),
        format!("domain.name={BILLING}"),
        format!(
            "domain.certificate=arn:aws:acm:{REGION}:{ACCOUNT}:certificate/{}",
            "22345678-1234-1234-1234-123456789012"
        ),
    ]
}

/// The same account, with another file.
fn beside(bench: &Bench, name: &str, set: &[String]) -> Bench {
    let config = config(name, set);
    rehearsal::furnish(&bench.simulator, &config, ACCOUNT, REGION).expect("in memory");
    Bench::at(bench.simulator.clone(), config)
}

/// A stack that borrows the endpoint of this one.
async fn borrower(owner: &Bench) -> Bench {
    let status = Status::read(&owner.look()).await.expect("reads work");
    let mut all = status.resources.iter();
    let endpoint = all.find(|one| one.resource.as_str() == "vpc-endpoint");
    let mut set = neighbour();
    set.push(format!("endpoint.id={}", endpoint.expect("it exists").id));
    set.push("endpoint.manage=true".to_owned());
    beside(owner, "borrowed-endpoint.toml", &set)
}

/// Another route beside the first: the owner has something to do, too.
fn changed(owner: &Bench) -> Bench {
    let route = "route=[{path=\"/\", api={placeholder=true}},{path=\"/more\", api={placeholder=true, stage=\"v2\"}}]";
    beside(owner, "placeholder.toml", &[route.to_owned()])
}

/// Both at once, the second one some seconds later; the first one's name is asked for.
async fn together(first: &Bench, second: &Bench, late: u64) {
    let second = async {
        tokio::time::sleep(Duration::from_secs(late)).await;
        second.up().await
    };
    let both = futures_util::future::join(Box::pin(first.up()), Box::pin(second));
    let ((one, two), heard) = heard(first, &[(HOST, "/")], both).await;
    println!("{late}: {} of {} seconds", heard.outage, heard.seconds);
    assert!(one.ok() && two.ok(), "{late}: {one:?}\n{two:?}");
    assert_eq!((heard.outage, &heard.first), (0, &None), "{late}");
    assert!(heard.seconds > 20, "the second one was made anew");
    assert_answered(first, &[(HOST, "/"), (HOST, "/more"), (BILLING, "/")]);
}

/// What a stack would make anew.
async fn replaced(bench: &Bench) -> Vec<String> {
    let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
    let replaced = plan.with(Action::Replace);
    let replaced = replaced.iter().map(|one| one.resource.to_string());
    replaced.collect()
}

#[tokio::test(start_paused = true)]
async fn a_name_answers_while_who_borrows_its_endpoint_is_made_anew() {
    for late in [0, 15, 60] {
        let owner = Bench::new("placeholder.toml", quick());
        assert!(Box::pin(owner.up()).await.ok());
        let borrower = borrower(&owner).await;
        assert!(Box::pin(borrower.up()).await.ok());
        assert_answered(&owner, &[(HOST, "/"), (BILLING, "/")]);
        // A group of another protocol: only a new one has the right one.
        let altered = owner.simulator.edit(|world, conditions| {
            let ctx = world.context(ACCOUNT, REGION, conditions);
            let groups = ctx.here.elbv2.groups.values_mut();
            for group in groups.filter(|one| one.name.starts_with("billing")) {
                group.protocol = Some("HTTP".to_owned());
            }
        });
        altered.expect("it is in memory");
        let anew = replaced(&borrower).await;
        assert!(anew.iter().any(|key| key == "target-group"), "{anew:?}");
        Box::pin(together(&changed(&owner), &borrower, late)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_answers_while_a_stack_beside_it_moves_to_another_network() {
    for late in [0, 15, 60] {
        let owner = Bench::new("placeholder.toml", quick());
        assert!(Box::pin(owner.up()).await.ok());
        let other = beside(&owner, "placeholder.toml", &neighbour());
        assert!(Box::pin(other.up()).await.ok());
        let mut set = neighbour();
        set.push("network.vpc=vpc-0b1b2c3d4e5f60718".to_owned());
        let subnets = ["d", "e", "f"].map(|one| format!("\"subnet-0{}\"", one.repeat(16)));
        set.push(format!("network.subnets=[{}]", subnets.join(",")));
        let moved = beside(&owner, "placeholder.toml", &set);
        let anew = replaced(&moved).await;
        assert!(anew.iter().any(|key| key == "load-balancer"), "{anew:?}");
        Box::pin(together(&changed(&owner), &moved, late)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_lends_its_endpoint_is_not_made_anew_and_both_names_answer() {
    let owner = Bench::new("placeholder.toml", quick());
    assert!(Box::pin(owner.up()).await.ok());
    let borrower = borrower(&owner).await;
    assert!(Box::pin(borrower.up()).await.ok());
    let mut set = vec!["network.vpc=vpc-0b1b2c3d4e5f60718".to_owned()];
    let subnets = ["d", "e", "f"].map(|one| format!("\"subnet-0{}\"", one.repeat(16)));
    set.push(format!("network.subnets=[{}]", subnets.join(",")));
    let moved = beside(&owner, "placeholder.toml", &set);
    let writes = moved.writes();
    let (outcome, heard) = Box::pin(probed(&moved, &[(HOST, "/"), (BILLING, "/")])).await;
    assert!(!outcome.ok(), "{outcome:?}");
    assert_eq!(moved.writes(), writes, "something was written");
    assert_eq!((heard.outage, &heard.first), (0, &None));
    assert_eq!(ask(&owner, BILLING, "/").status, 200);
    assert_answered(&owner, &[(HOST, "/"), (BILLING, "/")]);
}
