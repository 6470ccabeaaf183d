//! The in-process door to the simulated account: an HTTP connector for the SDK.
//!
//! The SDK signs, serialises, retries and parses as it does for AWS; only the
//! network is missing.

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
            http_client_fn,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::{Response, StatusCode},
};
use aws_smithy_types::body::SdkBody;

use crate::simulator::{Outcome, Request, Simulator};

/// An HTTP client whose other end is the simulated account.
pub fn http_client(simulator: Simulator) -> SharedHttpClient {
    let door = SharedHttpConnector::new(Door(simulator));
    http_client_fn(move |_, _| door.clone())
}

#[derive(Debug)]
struct Door(Simulator);

impl HttpConnector for Door {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let simulator = self.0.clone();
        let request = understood(&request);
        HttpConnectorFuture::new(async move {
            match simulator.handle(request).await {
                Outcome::Reply(reply) => answered(reply),
                // What a reset connection looks like to the SDK: it may have
                // been applied.
                Outcome::Dropped => Err(ConnectorError::io("the connection was reset".into())),
            }
        })
    }
}

fn understood(request: &HttpRequest) -> Request {
    let uri = request.uri();
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let (host, path) = rest
        .find('/')
        .map_or((rest, "/"), |start| rest.split_at(start));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Request {
        method: request.method().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        // A connection would add it.
        headers: headers
            .chain([("host".to_owned(), host.to_owned())])
            .collect(),
        body: request.body().bytes().unwrap_or_default().to_vec(),
    }
}

fn answered(reply: crate::simulator::Response) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(reply.status)
        .map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = Response::new(status, SdkBody::from(reply.body));
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}
