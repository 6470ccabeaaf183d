//! Fake resources that are seen only through a list that AWS is asked for:
//! what waits for them shares the answers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
    },
    http::{Response, StatusCode},
};
use aws_smithy_types::body::SdkBody;
use hybridgw::{
    Result,
    aws::{
        Aws, Connection,
        read::{Query, Reads},
    },
    clock::Clock,
    graph::{Node, Step},
    resource::{Drift, Found, Key, Mark, Need, Ours, Resource, Settled},
    stack::Stack,
};
use tokio::time::{Instant, sleep};

use super::fake::{Field, key};

/// How long the list takes from the account to who asked for it.
const WAY: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct State {
    /// When each thing that exists is ready.
    ready: BTreeMap<String, Instant>,
    reads: usize,
    refused: usize,
}

/// An account with a list of things, each ready after a while.
#[derive(Clone, Debug)]
pub struct List {
    state: Arc<Mutex<State>>,
    ready_after: Duration,
}

impl List {
    pub fn of_things_ready_after(ready_after: Duration) -> Self {
        Self {
            state: Arc::default(),
            ready_after,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("no test panics while it holds the list")
    }

    /// How often the list was asked for.
    pub fn reads(&self) -> usize {
        self.state().reads
    }

    /// Refuses the list so many times.
    pub fn refuse(&self, times: usize) {
        self.state().refused = times;
    }

    /// The stack of these things, each of which takes so long to be created.
    pub fn stack(&self, wishes: &[(&str, Duration)]) -> Stack {
        let steps = wishes.iter().map(|(name, takes)| {
            let step: Arc<dyn Step> = Node::new(Listed {
                list: self.clone(),
                name: (*name).to_owned(),
                takes: *takes,
            });
            step
        });
        Stack {
            name: "fake".to_owned(),
            account: "111122223333".to_owned(),
            region: "eu-central-1".to_owned(),
            steps: steps.collect(),
        }
    }

    fn connection(&self) -> Connection {
        let connector = SharedHttpConnector::new(Door(self.clone()));
        let client = http_client_fn(move |_, _| connector.clone());
        Connection::through(client, "111122223333", "eu-central-1", Clock::REAL)
    }

    pub fn look(&self) -> Reads {
        Reads::new(self.connection().reader(), "fake")
    }

    pub fn writer(&self) -> Aws {
        self.connection().writer()
    }
}

/// Answers `GET /restapis` with what there is when the question arrives.
#[derive(Debug)]
struct Door(List);

impl HttpConnector for Door {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        assert_eq!(request.method(), "GET");
        let (status, body) = {
            let mut state = self.0.state();
            state.reads += 1;
            if state.refused > 0 {
                state.refused -= 1;
                (403, r#"{"message": "no"}"#.to_owned())
            } else {
                let now = Instant::now();
                let item = |(name, ready): (&String, &Instant)| {
                    let state = if *ready <= now { "ready" } else { "pending" };
                    format!(r#"{{"id": "{name}", "name": "{name}", "description": "{state}"}}"#)
                };
                let items: Vec<String> = state.ready.iter().map(item).collect();
                (200, format!(r#"{{"item": [{}]}}"#, items.join(",")))
            }
        };
        HttpConnectorFuture::new(async move {
            sleep(WAY).await;
            let status = StatusCode::try_from(status).expect("a status");
            let mut reply: HttpResponse = Response::new(status, SdkBody::from(body));
            let headers = reply.headers_mut();
            headers.insert("content-type", "application/json");
            if status.is_client_error() {
                headers.insert("x-amzn-errortype", "AccessDeniedException");
            }
            Ok(reply)
        })
    }
}

/// A thing on the list.
struct Listed {
    list: List,
    name: String,
    takes: Duration,
}

/// A thing as the list shows it.
#[derive(Clone)]
struct Seen {
    ready: bool,
}

fn found(name: &str, api: &aws_sdk_apigateway::types::RestApi) -> Option<Found<Seen>> {
    let mark = Mark::signed("fake", key(name), true)?;
    let ready = api.description() == Some("ready");
    let seen = Seen { ready };
    Some(Found::ours(mark, name, "available", seen))
}

impl std::hash::Hash for Listed {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Resource for Listed {
    type Actual = Seen;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::GetRestApis];

    fn key(&self) -> Key {
        key(&self.name)
    }

    fn needs(&self) -> Vec<Need> {
        vec![]
    }

    fn summary(&self) -> String {
        String::new()
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Seen>>> {
        let apis = reads.rest_apis().await?;
        let all = apis.iter().filter_map(|api| found(api.name()?, api));
        Ok(all.collect())
    }

    fn diff(&self, _actual: &Seen) -> Vec<Drift<Field>> {
        vec![]
    }

    fn settled(&self, actual: &Seen) -> Settled {
        if actual.ready {
            Settled::Yes
        } else {
            Settled::NotYet("pending".to_owned())
        }
    }

    async fn create(&self, _aws: &Aws) -> Result<()> {
        sleep(self.takes).await;
        let ready = Instant::now() + self.list.ready_after;
        self.list.state().ready.insert(self.name.clone(), ready);
        Ok(())
    }

    async fn update(
        &self,
        _aws: &Aws,
        _actual: &Ours<Seen>,
        _drift: &[Drift<Field>],
    ) -> Result<()> {
        Ok(())
    }

    async fn delete(_aws: &Aws, _actual: &Ours<Seen>) -> Result<()> {
        Ok(())
    }
}
