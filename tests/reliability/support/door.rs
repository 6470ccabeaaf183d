//! A door to the simulated account with a gate in it: it sees every call, and
//! can hold it, kill the run, or change the answer.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
        http_client_fn,
    },
    orchestrator::{HttpRequest, HttpResponse},
};
use futures_util::future::BoxFuture;
use hybridgw::{
    aws::simulated,
    simulator::{Simulator, random::Random},
};
use tokio::sync::Notify;

/// A call on its way.
#[derive(Debug)]
pub struct Call {
    /// Its number, from 1.
    pub number: usize,
    /// `CreateVpcEndpoint`, or `PUT /restapis/…` for the services with paths.
    pub operation: String,
}

/// What happens to calls.
pub trait Gate: fmt::Debug + Send + Sync {
    /// Before the account sees it.
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        let _ = call;
        Box::pin(std::future::ready(()))
    }

    /// When it is applied, and before the run sees the answer.
    fn after<'a>(&'a self, call: &'a Call, reply: &'a mut HttpResponse) -> BoxFuture<'a, ()> {
        let _ = (call, reply);
        Box::pin(std::future::ready(()))
    }
}

/// An HTTP client to the account, through this gate.
pub fn client(simulator: Simulator, gate: Arc<dyn Gate>) -> SharedHttpClient {
    let inner = simulated::http_client(simulator);
    let calls = Arc::new(AtomicUsize::new(0));
    http_client_fn(move |settings, components| {
        SharedHttpConnector::new(Door {
            inner: inner.http_connector(settings, components),
            gate: Arc::clone(&gate),
            calls: Arc::clone(&calls),
        })
    })
}

#[derive(Debug)]
struct Door {
    inner: SharedHttpConnector,
    gate: Arc<dyn Gate>,
    calls: Arc<AtomicUsize>,
}

impl HttpConnector for Door {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = operation(&request);
        let (inner, gate) = (self.inner.clone(), Arc::clone(&self.gate));
        let calls = Arc::clone(&self.calls);
        HttpConnectorFuture::new(async move {
            let number = calls.fetch_add(1, Ordering::Relaxed) + 1;
            let call = Call { number, operation };
            gate.before(&call).await;
            let mut reply = inner.call(request).await?;
            gate.after(&call, &mut reply).await;
            Ok(reply)
        })
    }
}

/// The name of the operation, as far as the request says it.
fn operation(request: &HttpRequest) -> String {
    let body = request.body().bytes().unwrap_or_default();
    let text = String::from_utf8_lossy(body);
    if let Some(rest) = text.strip_prefix("Action=") {
        return rest.split('&').next().unwrap_or_default().to_owned();
    }
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let uri = request.uri();
    let path = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = path.find('/').map_or("/", |start| &path[start..]);
    let path = path.split('?').next().unwrap_or_default();
    format!("{} {path}", request.method())
}

impl Call {
    /// Whether it only reads.
    pub fn reads(&self) -> bool {
        let reads = ["GET ", "Describe", "Get", "List"];
        reads.iter().any(|read| self.operation.starts_with(read))
    }
}

/// Writes down which calls write.
#[derive(Debug, Default)]
pub struct Listener(Mutex<Vec<usize>>);

impl Listener {
    /// The numbers of the calls that wrote.
    pub fn writes(&self) -> Vec<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Gate for Listener {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        if !call.reads() {
            let mut writes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            writes.push(call.number);
        }
        Box::pin(std::future::ready(()))
    }
}

/// Kills the run at one call: nothing after it is sent.
#[derive(Debug)]
pub struct Kill {
    at: usize,
    applied: bool,
    struck: Notify,
}

impl Kill {
    /// A kill at the n-th call: before it is sent, or after it was applied.
    pub fn at(at: usize, applied: bool) -> Arc<Self> {
        Arc::new(Self {
            at,
            applied,
            struck: Notify::new(),
        })
    }

    /// Runs until the end or until the kill; none when it was killed.
    pub async fn limit<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.struck.notified() => None,
            done = work => Some(done),
        }
    }

    async fn strike(&self) {
        self.struck.notify_one();
        std::future::pending::<()>().await;
    }
}

impl Gate for Kill {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if call.number > self.at || (call.number == self.at && !self.applied) {
                self.strike().await;
            }
        })
    }

    fn after<'a>(&'a self, call: &'a Call, _reply: &'a mut HttpResponse) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if call.number == self.at && self.applied {
                self.strike().await;
            }
        })
    }
}

/// Holds every call for a while before it is sent, and every answer on its way
/// back: two processes with different seeds interleave at any call.
#[derive(Debug)]
pub struct Pace(Mutex<Random>);

impl Pace {
    /// A pace drawn from a seed.
    pub fn seeded(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Random::seeded(seed ^ 0x9ace))))
    }

    /// Mostly moments, sometimes seconds, seldom longer than others need for all they do.
    fn draw(&self) -> Duration {
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let most = match random.below(40) {
            0 => 25_000,
            1..=6 => 3_000,
            _ => 150,
        };
        Duration::from_millis(random.below(most))
    }
}

impl Gate for Pace {
    fn before<'a>(&'a self, _call: &'a Call) -> BoxFuture<'a, ()> {
        Box::pin(tokio::time::sleep(self.draw()))
    }

    fn after<'a>(&'a self, _call: &'a Call, _reply: &'a mut HttpResponse) -> BoxFuture<'a, ()> {
        Box::pin(tokio::time::sleep(self.draw()))
    }
}
