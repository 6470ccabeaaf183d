use std::{collections::BTreeSet, fs, path::Path};

use super::Query;

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
