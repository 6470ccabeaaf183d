//! One GET, and the beginning of what answers.

use http_body_util::{BodyExt, Empty};
use hyper::{
    Request,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{HOST, HeaderMap, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Answer;

/// How much of a body is read.
const MOST_BYTES: usize = 4096;
/// How much of it is told.
const MOST_LETTERS: usize = 200;

/// Asks for a path over a connection.
///
/// # Errors
///
/// No answer came; why.
pub async fn get<S>(stream: S, host: &str, path: &str) -> Result<Answer, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let request = Request::get(path)
        .header(HOST, host)
        .header(
            USER_AGENT,
            concat!("hybridgw/", env!("CARGO_PKG_VERSION"), " verify"),
        )
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let asked = async move {
        let answer = sender.send_request(request).await;
        let answer = answer.map_err(|error| crate::aws::error::chain(&error))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = beginning(answer.into_body()).await;
        Ok(read(status, &headers, &body))
    };
    // The connection does its work while the answer is waited for.
    let working = async {
        let _ = connection.await;
        std::future::pending::<Result<Answer, String>>().await
    };
    tokio::select! {
        answer = asked => answer,
        never = working => never,
    }
}

async fn beginning(mut body: Incoming) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(data) = frame.data_ref() {
            all.extend_from_slice(data);
        }
        if all.len() >= MOST_BYTES {
            break;
        }
    }
    all.truncate(MOST_BYTES);
    all
}

fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Answer {
    let text = |name: &str| {
        let value = headers.get(name).map(|value| value.as_bytes());
        value.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let body = String::from_utf8_lossy(body);
    // API Gateway developer guide, "Gateway responses": `x-amzn-errortype`; the
    // part behind a colon is a namespace.
    let kind =
        text("x-amzn-errortype").map(|word| word.split(':').next().unwrap_or_default().to_owned());
    let words: String = crate::text::line(&body)
        .chars()
        .take(MOST_LETTERS)
        .collect();
    Answer {
        status,
        is_application: kind.is_none() && text("x-amz-apigw-id").is_some(),
        error: kind.or_else(|| code_of_s3(&body)),
        words,
    }
}

/// S3 API reference, "Error responses": `<Error><Code>…</Code>`.
fn code_of_s3(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("<Error>")?;
    let (_, rest) = rest.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    Some(code.to_owned())
}
