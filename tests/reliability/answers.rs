//! Answers that make no sense: a field is missing, a word is new, a page repeats itself.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use futures_util::future::BoxFuture;
use hybridgw::simulator::random::Random;
use serde_json::Value;

use crate::{
    bench::API_EXAMPLES,
    support::{
        door::{Call, Gate},
        scene::{Scene, Verb, steady},
        sweep::{Breach, Ran, seeds, sweep},
    },
};

/// How an answer is spoilt.
#[derive(Clone, Copy, Debug)]
enum Spoil {
    /// One field is missing.
    Missing,
    /// One value is a word that nobody knows.
    Unknown,
    /// One value is empty.
    Empty,
    /// It says that there is more, with the same token each time.
    Endless,
    /// Half of it is missing.
    Torn,
    /// There is nothing in it.
    Blank,
}

const WAYS: [Spoil; 6] = [
    Spoil::Missing,
    Spoil::Unknown,
    Spoil::Empty,
    Spoil::Endless,
    Spoil::Torn,
    Spoil::Blank,
];

/// Calls after which a run is taken for an endless loop: twenty times as many as it needs.
const ENDLESS: usize = 20_000;

/// Spoils answers from one call on.
#[derive(Debug)]
struct Spoiler {
    way: Spoil,
    from: usize,
    left: AtomicUsize,
    random: Mutex<Random>,
}

impl Gate for Spoiler {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        assert!(
            call.number < ENDLESS,
            "an endless loop at {}",
            call.operation
        );
        Box::pin(std::future::ready(()))
    }

    fn after<'a>(&'a self, call: &'a Call, reply: &'a mut HttpResponse) -> BoxFuture<'a, ()> {
        let body = reply.body().bytes().unwrap_or_default().to_vec();
        // Only answers that say something count.
        if call.number >= self.from && !body.is_empty() && self.left.load(Ordering::Relaxed) > 0 {
            let spoilt = {
                let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
                spoil(&String::from_utf8_lossy(&body), self.way, &mut random)
            };
            if let Some(spoilt) = spoilt {
                self.left.fetch_sub(1, Ordering::Relaxed);
                *reply.body_mut() = SdkBody::from(spoilt);
            }
        }
        Box::pin(std::future::ready(()))
    }
}

/// The spoilt answer; none where this one cannot be spoilt in this way.
fn spoil(text: &str, way: Spoil, random: &mut Random) -> Option<String> {
    match way {
        Spoil::Torn => Some(text.chars().take(text.chars().count() / 2).collect()),
        Spoil::Blank => Some(String::new()),
        _ if text.trim_start().starts_with('<') => spoil_xml(text, way, random),
        _ => {
            let mut value: Value = serde_json::from_str(text).ok()?;
            spoil_json(&mut value, way, random).then(|| value.to_string())
        }
    }
}

fn pick(random: &mut Random, count: usize) -> usize {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    usize::try_from(random.below(count)).unwrap_or(0)
}

/// The innermost elements: name, and where the whole and the text begin and end.
fn leaves(text: &str) -> Vec<(&str, [usize; 4])> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('<').map(|place| place + at) {
        let Some(close) = text[open..].find('>').map(|place| place + open) else {
            break;
        };
        let name = text[open + 1..close].split(' ').next().unwrap_or_default();
        let rest = &text[close + 1..];
        let end = format!("</{name}>");
        if let Some(next) = rest.find('<')
            && rest[next..].starts_with(&end)
            && next > 0
        {
            let inner = close + 1;
            found.push((name, [open, inner, inner + next, inner + next + end.len()]));
        }
        at = close + 1;
    }
    found
}

fn spoil_xml(text: &str, way: Spoil, random: &mut Random) -> Option<String> {
    let leaves = leaves(text);
    if leaves.is_empty() {
        return None;
    }
    let (name, [open, from, to, close]) = leaves[pick(random, leaves.len())];
    let (before, after) = (&text[..open], &text[close..]);
    match way {
        Spoil::Missing => Some(format!("{before}{after}")),
        Spoil::Unknown => Some(format!("{}unheard-of{}", &text[..from], &text[to..])),
        Spoil::Empty => Some(format!("{before}<{name}></{name}>{after}")),
        _ => endless_xml(text),
    }
}

/// The tokens of the XML services: EC2's, ELB's, Route 53's.
fn endless_xml(text: &str) -> Option<String> {
    let more = "<nextToken>again</nextToken><NextMarker>again</NextMarker>\
                <NextRecordName>again.example.com.</NextRecordName><NextRecordType>A</NextRecordType>";
    let text = text.replace("<IsTruncated>false", "<IsTruncated>true");
    let result = text
        .rfind("Result>")
        .and_then(|end| text[..end].rfind("</"));
    let place = result.or_else(|| text.rfind("</"))?;
    Some(format!("{}{more}{}", &text[..place], &text[place..]))
}

fn spoil_json(value: &mut Value, way: Spoil, random: &mut Random) -> bool {
    if matches!(way, Spoil::Endless) {
        let Some(map) = value.as_object_mut() else {
            return false;
        };
        for token in ["position", "NextToken", "NextMarker"] {
            map.insert(token.to_owned(), Value::from("again"));
        }
        return true;
    }
    let mut paths = Vec::new();
    collect(value, "", &mut paths);
    if paths.is_empty() {
        return false;
    }
    let path = paths.swap_remove(pick(random, paths.len()));
    if matches!(way, Spoil::Missing) {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let Some(Value::Object(map)) = value.pointer_mut(parent) else {
            return false;
        };
        let name = name.replace("~1", "/").replace("~0", "~");
        return map.remove(&name).is_some();
    }
    let word = if matches!(way, Spoil::Empty) {
        ""
    } else {
        "unheard-of"
    };
    let Some(place) = value.pointer_mut(&path) else {
        return false;
    };
    *place = Value::from(word);
    true
}

/// The pointers of the fields of all objects.
fn collect(value: &Value, path: &str, paths: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                let name = name.replace('~', "~0").replace('/', "~1");
                let path = format!("{path}/{name}");
                if inner.is_string() || inner.is_object() || inner.is_array() {
                    paths.push(path.clone());
                }
                collect(inner, &path, paths);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                collect(inner, &format!("{path}/{index}"), paths);
            }
        }
        _ => {}
    }
}

#[test]
fn answers_that_make_no_sense_end_in_an_error_or_in_nothing_at_all() {
    sweep("answers_that_make_no_sense", &seeds(12), async |seed| {
        let mut random = Random::seeded(*seed);
        let verbs = [Verb::Up, Verb::Down, Verb::Change];
        let scene = Scene::of(
            API_EXAMPLES[pick(&mut random, 2)],
            verbs[pick(&mut random, 3)],
        );
        let spoiler = Arc::new(Spoiler {
            way: WAYS[pick(&mut random, WAYS.len())],
            from: 1 + pick(&mut random, scene.calls),
            // One answer, a few, or all that come.
            left: AtomicUsize::new([1, 1, 5, usize::MAX][pick(&mut random, 4)]),
            random: Mutex::new(Random::seeded(*seed)),
        });
        let way = spoiler.way;
        let bench = scene.bench(steady());
        let first = scene.go(&bench.behind(spoiler)).await;
        let outcome = scene.go(&bench).await;
        let mut ran = Ran::with(scene.judge(&bench, &outcome).await);
        if !ran.findings.is_empty() {
            let words = format!("answers were spoilt by {way:?}; the run ended so: {first:?}");
            ran.findings.push((Breach::Report, words));
        }
        ran.count("runs that failed", u64::from(!first.ok()));
        ran
    });
}

#[test]
fn spoiling_does_what_it_says() {
    let mut random = Random::seeded(3);
    let xml = "<Reply><Result><a>one</a></Result></Reply>";
    let spoilt = |way, random: &mut Random| spoil(xml, way, random).expect("it can be spoilt");
    assert_eq!(
        spoilt(Spoil::Missing, &mut random),
        "<Reply><Result></Result></Reply>"
    );
    assert!(spoilt(Spoil::Unknown, &mut random).contains("<a>unheard-of</a>"));
    assert!(spoilt(Spoil::Endless, &mut random).contains("<nextToken>again</nextToken>"));
    let json = r#"{"a":"one"}"#;
    assert_eq!(
        spoil(json, Spoil::Missing, &mut random).as_deref(),
        Some("{}")
    );
}
