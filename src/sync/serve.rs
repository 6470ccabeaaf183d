//! Health and metrics over HTTP, on loopback only: `/healthz` and `/metrics`.
//! Both are read by whoever runs on the same machine; neither takes anything.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::CONTENT_TYPE,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, task::JoinSet};

use super::gauges::Gauges;
use crate::error::{Error, Result};

/// How many connections are served at once; more wait.
const CONNECTIONS: usize = 16;
/// How long a connection may take to say what it wants.
const SILENCE: Duration = Duration::from_secs(10);
/// What Prometheus is told of the format (`OpenMetrics` 1.0, "Content types").
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Listens on a loopback address.
///
/// # Errors
///
/// Another address, or one that is taken.
pub async fn listen(address: SocketAddr) -> Result<TcpListener> {
    let refuse = |why: String| Error::invalid(format!("cannot serve metrics on {address}: {why}"));
    if !address.ip().is_loopback() {
        return Err(refuse("it is not a loopback address".to_owned()));
    }
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| {
        refuse(error.to_string()).hint("choose another port with --metrics, or leave it out")
    })
}

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener, gauges: Arc<Gauges>) {
    let mut connections = JoinSet::new();
    loop {
        if connections.len() >= CONNECTIONS {
            let _ = connections.join_next().await;
        }
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, say: the watching goes on meanwhile.
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        };
        let gauges = Arc::clone(&gauges);
        connections.spawn(async move {
            let answer = service_fn(move |request: Request<Incoming>| {
                let answer = answer(request.method(), request.uri().path(), &gauges);
                std::future::ready(Ok::<_, Infallible>(answer))
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(SILENCE)
                .serve_connection(TokioIo::new(stream), answer);
            // One that breaks off is its own loss.
            let _ = served.await;
        });
    }
}

fn answer(method: &Method, path: &str, gauges: &Gauges) -> Response<Full<Bytes>> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return say(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET\n");
    }
    match path {
        "/healthz" => {
            let (well, words) = gauges.health();
            let status = if well {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            say(status, "text/plain; charset=utf-8", format!("{words}\n"))
        }
        "/metrics" => say(StatusCode::OK, OPEN_METRICS, gauges.text()),
        _ => say(
            StatusCode::NOT_FOUND,
            "text/plain",
            "there are /healthz and /metrics\n",
        ),
    }
}

fn say(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_loopback_is_served_and_a_taken_port_is_said() {
        let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let error = listen(everywhere).await.expect_err("everybody could ask");
        assert!(error.to_string().contains("not a loopback"), "{error}");
        let first = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await;
        let first = first.expect("a port is free");
        let taken = first.local_addr().expect("it has one");
        let error = listen(taken).await.expect_err("it is taken");
        assert!(error.to_string().contains(&taken.to_string()), "{error}");
    }
}
