//! The account over HTTP, on loopback only, with admin routes beside it. No web
//! page gets in.
//!
//! | route | what it does |
//! |---|---|
//! | `GET /_simulator/journal` | the calls so far |
//! | `GET /_simulator/world` | the whole world |
//! | `PUT /_simulator/faults` | replaces the fault rules |
//! | `PUT /_simulator/conditions` | replaces all conditions but the speed |
//! | `PUT /_simulator/denied` | `{"account", "denied": ["ec2:CreateVpcEndpoint", …]}`: what the account's user may not do |
//! | `PUT /_simulator/quota` | `{"account", "region", "code": "vpc/L-29B6F2EB", "value"}`: a quota of the account's own |
//! | `POST /_simulator/skip` | puts the clock forward: `{"seconds": 90}` |
//! | `POST /_simulator/ask` | `{"account", "region", "host", "client"}`, optionally `"path"`, `"method"`, `"port"`, `"headers"`: does a request get through? |
//! | `POST /_simulator/replace-interface` | `{"account", "region", "interface"}`: AWS moves an endpoint's interface |
//! | `POST /_simulator/reset` | empties the account |

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::conditions::Conditions;
use super::{Outcome, Request, Response, Simulator, check, ec2, faults, visitor};

/// The largest request body. API Gateway imports 6 MB, and that is the largest
/// thing that clients of this account send.
const BODY: u64 = 16 * 1024 * 1024;

/// How much of a body that is too large is read.
const READ: u64 = 256 * 1024 * 1024;

/// How long a client may be silent in the middle of a body: silent ones would
/// keep others out for ever.
const SILENCE: Duration = Duration::from_secs(10);

/// How long a connection may be idle, or at its headers.
const IDLE: Duration = Duration::from_mins(1);

/// How many connections are served at once; more wait.
const CONNECTIONS: usize = 256;

/// Listens on a loopback address; any other is refused, for the account has no locks.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    if !address.ip().is_loopback() {
        let text = format!(
            "{address} is not a loopback address: the simulated account checks no credentials"
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    TcpListener::bind(address).await
}

/// Serves the account until the shutdown comes; open connections are closed then.
pub async fn serve(
    listener: TcpListener,
    simulator: Simulator,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut shutdown = pin!(shutdown);
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Too many open files, for instance: that passes.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = &mut shutdown => return Ok(()),
        };
        let simulator = simulator.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(simulator.clone(), request));
            // A dropped reply is an error here, and hyper then closes the connection: what is meant.
            if let Err(error) = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(IDLE)
                .serve_connection(TokioIo::new(stream), service)
                .await
            {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
}

async fn answer(
    simulator: Simulator,
    request: hyper::Request<Incoming>,
) -> io::Result<hyper::Response<Full<Bytes>>> {
    if let Some(reason) = visitor::refusal(request.uri(), request.headers()) {
        tracing::warn!(reason, "a request was refused");
        return answered(Response::new(403, "application/json", said(&reason)));
    }
    let path = request.uri().path().to_owned();
    let Some(request) = understood(request).await? else {
        return answered(too_large(&path));
    };
    let outcome = match request.path.strip_prefix("/_simulator/") {
        Some(route) => Outcome::Reply(administer(&simulator, route, &request)),
        None => simulator.handle(request).await,
    };
    match outcome {
        Outcome::Reply(reply) => answered(reply),
        Outcome::Dropped => Err(io::Error::new(
            io::ErrorKind::ConnectionReset,
            "dropped by a fault rule",
        )),
    }
}

fn said(error: &str) -> Vec<u8> {
    json!({"error": error}).to_string().into_bytes()
}

fn answered(reply: Response) -> io::Result<hyper::Response<Full<Bytes>>> {
    let Response {
        status,
        headers,
        body,
    } = reply;
    let mut response = hyper::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response
        .body(Full::new(body.into()))
        .map_err(io::Error::other)
}

/// What is answered to a body that is too large. Recorded for Lambda:
/// `RequestEntityTooLargeException`, 413, at 70,167,211 bytes; this account takes less.
fn too_large(path: &str) -> Response {
    let reason = format!("Request must be smaller than {BODY} bytes in the simulated account");
    let body = json!({"error": reason, "message": reason});
    let mut response = Response::new(413, "application/json", body.to_string().into_bytes());
    if path.starts_with("/2015-03-31/functions") {
        let code = "RequestEntityTooLargeException".to_owned();
        response.headers.push(("x-amzn-errortype".to_owned(), code));
    }
    response
}

/// Reads a body; none when it is too large.
///
/// That is read to its end and forgotten, for a client that still writes does
/// not see the answer. What is announced as much larger, or by a client that
/// waits for leave (`Expect`), is not read at all.
async fn collected(mut body: Incoming, waits: bool) -> io::Result<Option<Vec<u8>>> {
    let announced = body.size_hint().lower();
    if announced > READ || (waits && announced > BODY) {
        return Ok(None);
    }
    let (mut whole, mut length) = (Vec::new(), 0_u64);
    while let Some(frame) = tokio::time::timeout(SILENCE, body.frame()).await? {
        let Ok(data) = frame.map_err(io::Error::other)?.into_data() else {
            continue;
        };
        length += data.len() as u64;
        if length > READ {
            return Ok(None);
        }
        if length > BODY {
            whole = Vec::new();
        } else {
            whole.extend_from_slice(&data);
        }
    }
    Ok((length <= BODY).then_some(whole))
}

/// The request, unless its body is too large.
async fn understood(request: hyper::Request<Incoming>) -> io::Result<Option<Request>> {
    let (parts, body) = request.into_parts();
    let waits = parts.headers.contains_key(hyper::header::EXPECT);
    let Some(body) = collected(body, waits).await? else {
        return Ok(None);
    };
    let text =
        |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Ok(Some(Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body,
    }))
}

fn administer(simulator: &Simulator, route: &str, request: &Request) -> Response {
    let done = match (request.method.as_str(), route) {
        ("GET", "journal") => {
            serde_json::to_value(simulator.journal()).map_err(|error| error.to_string())
        }
        ("GET", "world") => {
            serde_json::to_value(simulator.world()).map_err(|error| error.to_string())
        }
        ("PUT", "faults") => set_faults(simulator, &request.body),
        ("PUT", "conditions") => set_conditions(simulator, &request.body),
        ("PUT", "denied") => deny(simulator, &request.body),
        ("PUT", "quota") => raise(simulator, &request.body),
        ("POST", "skip") => skip(simulator, &request.body),
        ("POST", "ask") => ask(simulator, &request.body),
        ("POST", "replace-interface") => replace_interface(simulator, &request.body),
        ("POST", "reset") => simulator
            .reset()
            .map(|()| json!({}))
            .map_err(|error| error.to_string()),
        _ => Err(format!(
            "there is no admin route {} {route}",
            request.method
        )),
    };
    let (status, body) = match done {
        Ok(body) => (200, body.to_string().into_bytes()),
        Err(error) => (400, said(&error)),
    };
    Response::new(status, "application/json", body)
}

fn parse(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn set_faults(simulator: &Simulator, body: &[u8]) -> Result<Value, String> {
    let rules: Vec<faults::Rule> =
        serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let conditions = Conditions {
        faults: rules,
        ..Conditions::default()
    };
    check(&conditions).map_err(|error| error.to_string())?;
    simulator.set_faults(conditions.faults);
    Ok(json!({}))
}

fn set_conditions(simulator: &Simulator, body: &[u8]) -> Result<Value, String> {
    let conditions =
        Conditions::from_json(&String::from_utf8_lossy(body)).map_err(|error| error.to_string())?;
    check(&conditions).map_err(|error| error.to_string())?;
    simulator.set_conditions(conditions);
    Ok(json!({}))
}

fn deny(simulator: &Simulator, body: &[u8]) -> Result<Value, String> {
    let body = parse(body)?;
    let account = body["account"].as_str().ok_or("account is missing")?;
    let denied =
        serde_json::from_value(body["denied"].clone()).map_err(|error| error.to_string())?;
    let done = simulator.deny(account, denied);
    done.map(|()| json!({})).map_err(|error| error.to_string())
}

fn raise(simulator: &Simulator, body: &[u8]) -> Result<Value, String> {
    let body = parse(body)?;
    let text = |name: &str| body[name].as_str().ok_or(format!("{name} is missing"));
    let value = body["value"].as_u64().ok_or("value is missing")?;
    let done = simulator.raise(text("account")?, text("region")?, text("code")?, value);
    done.map(|()| json!({})).map_err(|error| error.to_string())
}

fn skip(simulator: &Simulator, body: &[u8]) -> Result<Value, String> {
    let seconds = parse(body)?["seconds"]
        .as_f64()
        .ok_or("seconds is missing")?;
    simulator.skip(faults::seconds(seconds));
    Ok(json!({"now": simulator.now().iso()}))
}

fn ask(simulator: &Simulator, body: &[u8]) -> Result<Value, String> {
    let mut body = parse(body)?;
    let mut take = |name: &str| {
        let taken = body.as_object_mut().and_then(|body| body.remove(name));
        let text = taken.as_ref().and_then(Value::as_str).map(str::to_owned);
        text.ok_or_else(|| format!("{name} is missing"))
    };
    let (account, region) = (take("account")?, take("region")?);
    let ask = serde_json::from_value(body).map_err(|error| error.to_string())?;
    let answer = simulator.ask(&account, &region, &ask);
    serde_json::to_value(answer).map_err(|error| error.to_string())
}

fn replace_interface(simulator: &Simulator, body: &[u8]) -> Result<Value, String> {
    let body = parse(body)?;
    let field = |name: &str| {
        body[name]
            .as_str()
            .ok_or_else(|| format!("{name} is missing"))
    };
    let (account, region, id) = (field("account")?, field("region")?, field("interface")?);
    let replaced = simulator.edit(|world, conditions| {
        ec2::replace_interface(&mut world.context(account, region, conditions), id)
    });
    let id = replaced
        .map_err(|error| error.to_string())?
        .map_err(|refusal| refusal.to_string())?;
    Ok(json!({"interface": id}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::account;

    #[tokio::test]
    async fn a_body_that_is_too_large_is_answered_to_a_client_that_still_writes() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, account(), std::future::pending()));
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let length = 17 * 1024 * 1024;
        let head = format!(
            "POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; length]).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(
            answer.contains("RequestEntityTooLargeException"),
            "{answer}"
        );
    }

    fn asked(body: &Value) -> (u16, Value) {
        let request = Request {
            method: "POST".to_owned(),
            body: body.to_string().into_bytes(),
            ..Request::default()
        };
        let response = administer(&account(), "ask", &request);
        let tree = serde_json::from_slice(&response.body).unwrap();
        (response.status, tree)
    }

    #[test]
    fn whether_a_request_gets_through_is_asked_over_http() {
        let mut body = json!({"account": "111122223333", "region": "eu-central-1", "host": "a.example.com", "client": "10.0.0.1"});
        let (status, answer) = asked(&body);
        assert_eq!(
            (status, &answer["hop"]),
            (200, &json!("record")),
            "{answer}"
        );
        assert_eq!(answer["status"], 0);
        body["pth"] = "/".into();
        assert_eq!(asked(&body).0, 400);
        assert_eq!(asked(&json!({"account": "111122223333"})).0, 400);
    }
}
