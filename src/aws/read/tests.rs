use std::{collections::BTreeSet, fs, path::Path};

use super::{Moment, Query, Reads};
use crate::{
    aws::{Connection, simulated},
    clock::Clock,
    simulator::{Simulator, conditions::Conditions},
};

#[test]
fn every_query_has_an_accessor_and_a_name_of_its_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/aws/read");
    let files = fs::read_dir(folder).expect("the sources are there");
    let texts = files.map(|entry| {
        let path = entry.expect("it can be read").path();
        let text = fs::read_to_string(path).expect("sources are text");
        text.split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .to_owned()
    });
    let sources: String = texts.collect();
    for query in Query::ALL {
        let made = format!("Answers::to(Query::{})", query.name());
        assert_eq!(sources.matches(&made).count(), 1, "{made}");
    }
    let names: BTreeSet<&str> = Query::ALL.iter().map(|query| query.name()).collect();
    assert_eq!(names.len(), Query::ALL.len());
}

#[test]
fn answers_count_from_the_moment_that_is_said_for_their_query() {
    let http = simulated::http_client(Simulator::new(Conditions::default()));
    let connection = Connection::through(http, "111122223333", "eu-central-1", Clock::REAL);
    let reads = Reads::new(connection.reader(), "orders");
    let (written, news) = (reads.now(), reads.now());
    let own: &[Query] = &[Query::DescribeLoadBalancers, Query::DescribeTags];
    let floors = |reads: &Reads| {
        let all = own.iter().chain([&Query::DescribeRules]);
        let floors: Vec<Moment> = all.map(|query| reads.floor(*query)).collect();
        floors
    };
    let any = Moment::default();
    assert_eq!(floors(&reads.since(written, own)), [written, written, any]);
    // Who waits for AWS asks for the first one, and takes the rest as it is.
    let watching = reads.watching(news, written, own);
    assert_eq!(floors(&watching), [news, written, any]);
    assert_eq!(floors(&watching.remembered()), [any, any, any]);
    let rules = watching.likewise(&[Query::DescribeRules]);
    assert_eq!(floors(&rules), [any, any, news]);
    assert!(reads.now() > news);
}
