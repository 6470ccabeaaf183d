//! Somebody who asks for names at every simulated second while something is done:
//! each has to answer what it did before, or what it does afterwards.

use std::{cell::RefCell, net::Ipv4Addr, time::Duration};

use hybridgw::simulator::dataplane::{Answer, Ask, Hop, Kind};

use crate::bench::{ACCOUNT, Bench, Outcome};

/// A client on the corporate network.
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 3);

/// What a client sees of an answer, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    status: u16,
    hop: Option<Hop>,
    who: Option<(Kind, String)>,
    path: String,
    location: Option<String>,
}

impl Said {
    /// Whether something has answered, and well.
    pub fn is_ok(&self) -> bool {
        self.status == 200 && self.hop.is_none()
    }

    /// Whether somebody answered who was meant to.
    pub fn is_good(&self) -> bool {
        self.status == 200 && self.hop.is_none()
    }

    /// Whether it is the same but for the API: one of the stack's own that is
    /// made anew has another id.
    pub fn is_like(&self, other: &Self) -> bool {
        let is_api = |said: &Self| matches!(said.who, Some((Kind::Api, _)));
        let nameless = |said: &Self| Self {
            who: None,
            ..said.clone()
        };
        self == other || is_api(self) && is_api(other) && nameless(self) == nameless(other)
    }

    fn of(answer: Answer) -> Self {
        let seen = answer.seen.unwrap_or_default();
        let name = seen.api.or(seen.function).or(seen.bucket);
        Self {
            status: answer.status,
            hop: answer.hop,
            who: name.map(|name| (seen.kind, name)),
            path: seen.path,
            location: seen.location,
        }
    }
}

/// What a client on the corporate network gets to hear there.
pub fn ask(bench: &Bench, (host, path): &(&str, &str)) -> Said {
    let ask = Ask::new(host, path, CLIENT);
    Said::of(bench.simulator.ask(ACCOUNT, &bench.connection.region, &ask))
}

/// What was heard while something was done.
pub struct Heard {
    /// How many seconds it took.
    pub seconds: usize,
    /// The seconds in which somebody got neither the old answer nor the new one.
    pub outage: usize,
    /// The first of those answers.
    pub first: Option<String>,
}

/// Does something while these are asked for every second.
pub async fn heard<T>(
    bench: &Bench,
    asked: &[(&str, &str)],
    work: impl Future<Output = T>,
) -> (T, Heard) {
    let all = || asked.iter().map(|one| ask(bench, one)).collect::<Vec<_>>();
    let before = all();
    let heard: RefCell<Vec<Vec<Said>>> = RefCell::default();
    let watch = async {
        loop {
            heard.borrow_mut().push(all());
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let done = tokio::select! {
        done = work => done,
        () = watch => unreachable!(),
    };
    let after = all();
    let heard = heard.into_inner();
    let mut wrong = Vec::new();
    for (second, answers) in heard.iter().enumerate() {
        let places = answers.iter().enumerate();
        let mut others = places.filter(|(place, said)| {
            !said.is_like(&before[*place]) && !said.is_like(&after[*place])
        });
        wrong.extend(others.next().map(|(place, said)| {
            format!(
                "second {second}, {:?}: {said:?}\n  before {:?}\n  after {:?}",
                asked[place], before[place], after[place]
            )
        }));
    }
    let heard = Heard {
        seconds: heard.len(),
        outage: wrong.len(),
        first: wrong.into_iter().next(),
    };
    (done, heard)
}

/// Applies the bench's configuration while these are asked for every second.
pub async fn probed(bench: &Bench, asked: &[(&str, &str)]) -> (Outcome, Heard) {
    heard(bench, asked, Box::pin(bench.up())).await
}
