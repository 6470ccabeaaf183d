//! The SDK's errors in the words of this program.
//!
//! Errors are told apart by AWS's error code, never by their text: the SDK's
//! `Display` says only "service error", and messages change.

use std::{
    error::Error as StdError,
    time::{Duration, SystemTime},
};

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::{ErrorMetadata, metadata::ProvideErrorMetadata};

use super::{
    codes::{Refusal, is_bodiless, is_clock_code, kind_of},
    denial, reply, resend,
};
use crate::{
    error::{Error, ErrorKind, Result, below},
    text,
};

/// What helps against credentials that AWS does not take, or takes no more.
const SIGN_IN: &str = "the credentials are not valid here, or no more: sign in (`aws sso login`), check the clock, and run again";

/// What helps against a refusal of a call whose answers have no body. S3 refuses
/// such calls with 400 where it says `ExpiredToken` of others.
const WORDLESS: &str = "answers to this call have no words: the credentials may have run out, or the bucket is in another region; sign in and run again";

/// How long an answer may ask to wait without a word.
const SOON: Duration = Duration::from_mins(1);

/// What to look at when an answer came from somebody in between.
const NOT_AWS: &str = "this is not AWS's answer: look at HTTPS_PROXY and --endpoint-url";

/// Turns an SDK result into ours.
pub trait Called<T> {
    /// Names the operation in the error.
    fn called(self, operation: &'static str) -> Result<T>;
}

impl<T, E> Called<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    fn called(self, operation: &'static str) -> Result<T> {
        self.map_err(|error| explain(operation, &error))
    }
}

/// Gives "not found" a value, for reads of one thing and for deletes.
pub fn none_if_missing<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn explain<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    if let Some(reason) = resend::put_off(error) {
        return Error::not_yet(format!("{operation} was not sent: {reason}"));
    }
    if let Some(lost) = no_credentials(error) {
        let words = chain(lost);
        let message = format!("{operation} was not sent: no usable credentials: {words}");
        return Error::new(ErrorKind::Credentials, message).hint(SIGN_IN);
    }
    match error {
        SdkError::ServiceError(service) => {
            let refusal = refused(operation, service.err().meta(), service.raw());
            let by_clock = service.err().meta().code().is_some_and(is_clock_code);
            match reply::wrong_clock(service.raw(), SystemTime::now()).filter(|_| by_clock) {
                Some(words) => refusal.hint(words),
                None => refusal,
            }
        }
        SdkError::ConstructionFailure(_) => Error::invalid(format!(
            "{operation} was not sent: {}",
            chain(error.source().unwrap_or(error))
        )),
        SdkError::TimeoutError(_) => Error::new(
            ErrorKind::Unknown,
            format!("{operation} got no answer in time"),
        )
        .hint("check the network, HTTPS_PROXY and --endpoint-url"),
        SdkError::DispatchFailure(failure) => {
            let kind = if failure.is_user() {
                ErrorKind::Invalid
            } else {
                ErrorKind::Unknown
            };
            Error::new(
                kind,
                format!("{operation}: {}", chain(error.source().unwrap_or(error))),
            )
            .hint("check the network, HTTPS_PROXY, AWS_CA_BUNDLE and --endpoint-url")
        }
        // A refusal that is not in the service's format: a page.
        SdkError::ResponseError(response) if !response.raw().status().is_success() => {
            let (code, words) = reply::code_and_words(response.raw());
            let mut meta = ErrorMetadata::builder();
            if !code.is_empty() {
                meta = meta.code(code).message(words);
            }
            refused(operation, &meta.build(), response.raw())
        }
        _ => senseless(operation, error),
    }
}

/// An answer that is none, although it calls itself one.
fn senseless<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: StdError + 'static,
{
    let why = chain(error.source().unwrap_or(error));
    let reply = error.raw_response();
    let page = reply.map_or_else(String::new, |reply| {
        let words = text::line(&reply::first_words(reply));
        format!(", HTTP {}{words}", reply.status().as_u16())
    });
    let message = format!("the answer makes no sense: {why} ({operation}{page})");
    Error::new(ErrorKind::Unknown, message)
        .hint("check the network, HTTPS_PROXY and --endpoint-url")
}

fn refused(operation: &str, meta: &ErrorMetadata, reply: &HttpResponse) -> Error {
    let status = reply.status().as_u16();
    let request = meta.extra("aws_request_id");
    let request = request.map_or_else(String::new, |id| format!(", request {id}"));
    let kind = kind_of(&Refusal {
        operation,
        status,
        code: meta.code().unwrap_or_default(),
        words: meta.message().unwrap_or_default(),
        says_when: reply::says_when(reply),
    });
    if meta.code().is_none() && is_bodiless(operation) {
        let message = format!("HTTP {status} without a word ({operation}{request})");
        let error = Error::new(kind, message);
        return match error.kind {
            ErrorKind::Denied => said(error.kind, operation, "", error.message),
            _ => later(error.hint(WORDLESS), reply),
        };
    }
    let Some(code) = meta.code() else {
        let words = text::line(&reply::first_words(reply));
        let message = format!("HTTP {status} without an error code{words} ({operation}{request})");
        return later(Error::new(kind, message).hint(NOT_AWS), reply);
    };
    let words = text::line(meta.message().unwrap_or("no message"));
    let status = match status {
        500.. => format!(", HTTP {status}"),
        _ => String::new(),
    };
    let message = format!("{code}: {words} ({operation}{status}{request})");
    later(said(kind, operation, &words, message), reply)
}

/// Says when an answer asks to come back, if that is not soon.
fn later(error: Error, reply: &HttpResponse) -> Error {
    match reply::retry_after(reply) {
        Some(wait) if wait > SOON => {
            let minutes = wait.as_secs().div_ceil(60);
            error.hint(format!("the answer asks to come back in {minutes} minutes"))
        }
        _ => error,
    }
}

/// A refusal that an answer carries for one of several things.
pub fn of_item(operation: &str, code: &str, words: &str) -> Error {
    let kind = kind_of(&Refusal {
        operation,
        status: 200,
        code,
        words,
        says_when: false,
    });
    let words = text::line(words);
    let message = format!("{code}: {words} ({operation})");
    said(kind, operation, &words, message)
}

fn said(kind: ErrorKind, operation: &str, words: &str, message: String) -> Error {
    let error = Error::new(kind, message);
    match &error.kind {
        ErrorKind::Denied => {
            let remedies = denial::remedies(operation, words).into_iter();
            remedies.fold(error, Error::hint)
        }
        ErrorKind::Credentials => error.hint(SIGN_IN),
        // Not the caller's permission: what was asked is the function's policy.
        ErrorKind::Unseen(refusal) if refusal.code == "AccessDenied" => error.hint(
            "the function's own policy does not admit the load balancer: run `hybridgw up` again",
        ),
        _ => error,
    }
}

/// The error of a provider of credentials, somewhere below an error: what was
/// good for hours may be gone in the middle of a run.
fn no_credentials<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a CredentialsError> {
    below(error)
}

/// An error and its sources in one line, each said once.
pub fn chain(error: &dyn StdError) -> String {
    let mut parts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
        source = inner.source();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use aws_smithy_runtime_api::{
        client::{
            http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
            orchestrator::HttpRequest,
        },
        http::StatusCode,
    };
    use aws_smithy_types::body::SdkBody;

    use super::*;
    use crate::{aws::Connection, clock::Clock};

    /// Answers everything with the same page.
    #[derive(Clone, Debug)]
    struct Page {
        status: u16,
        body: &'static str,
        retry_after: &'static str,
        asked: Arc<AtomicUsize>,
    }

    impl HttpConnector for Page {
        fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let status = StatusCode::try_from(self.status).expect("a status");
            let mut reply = HttpResponse::new(status, SdkBody::from(self.body));
            if !self.retry_after.is_empty() {
                reply.headers_mut().insert("retry-after", self.retry_after);
            }
            HttpConnectorFuture::ready(Ok(reply))
        }
    }

    /// What is said of this page in the place of an answer, in a format and
    /// another, and how often it was asked for.
    async fn said(
        status: u16,
        body: &'static str,
        retry_after: &'static str,
    ) -> ([Error; 2], usize) {
        let asked = Arc::default();
        let page = Page {
            status,
            body,
            retry_after,
            asked: Arc::clone(&asked),
        };
        let client = http_client_fn(move |_, _| SharedHttpConnector::new(page.clone()));
        let connection = Connection::through(client, "111122223333", "eu-central-1", Clock::REAL);
        let aws = connection.reader();
        let arn = "arn:aws:acm:eu-central-1:111122223333:certificate/1";
        let json = aws.acm.describe_certificate().certificate_arn(arn).send();
        let json = json.await.called("DescribeCertificate");
        let xml = aws.ec2.describe_vpcs().send().await.called("DescribeVpcs");
        let errors = [json.expect_err("a page"), xml.expect_err("a page")];
        (errors, asked.load(Ordering::Relaxed))
    }

    const SIGN_IN_PAGE: &str = "<html><title>Proxy</title><p>Please log in</p></html>";

    #[tokio::test(start_paused = true)]
    async fn a_page_is_named_with_its_status_whatever_format_the_service_speaks() {
        for status in [302, 403, 407, 502] {
            let (errors, _) = said(status, SIGN_IN_PAGE, "").await;
            for error in errors {
                let words = error.to_string();
                let wanted = format!("HTTP {status} without an error code: Proxy Please log in");
                assert!(words.starts_with(&wanted), "{words}");
                assert_eq!(error.kind, ErrorKind::Unknown);
                assert!(error.hints[0].contains("HTTPS_PROXY"), "{error:?}");
            }
        }
        let (errors, _) = said(503, "", "").await;
        for error in errors {
            let words = error.to_string();
            assert!(
                words.starts_with("HTTP 503 without an error code ("),
                "{words}"
            );
        }
        let ([json, _], _) = said(200, SIGN_IN_PAGE, "").await;
        let words = json.to_string();
        assert!(words.ends_with("HTTP 200: Proxy Please log in)"), "{words}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_asks_to_come_back_in_hours_is_not_waited_for() {
        for status in [429, 503] {
            let began = tokio::time::Instant::now();
            let (errors, asked) = said(status, "", "36000").await;
            assert_eq!((asked, began.elapsed().as_secs()), (2, 0), "{status}");
            for error in errors {
                assert!(error.kind.passes(), "{error:?}");
                let hint = "the answer asks to come back in 600 minutes";
                assert!(error.hints.iter().any(|one| one == hint), "{error:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_asks_to_come_back_soon_is_obeyed_for_ten_minutes_at_most() {
        for (status, asks) in [(429, 10), (503, 4)] {
            let began = tokio::time::Instant::now();
            let (_, asked) = said(status, "", "65").await;
            assert_eq!(asked, 2 * asks, "{status}");
            assert!(began.elapsed().as_secs() < 2 * 10 * 60, "{status}");
        }
    }

    #[test]
    fn what_an_allow_cannot_help_against_is_not_answered_with_one() {
        let words = "User: arn:aws:iam::111122223333:user/ops is not authorized to perform: elasticloadbalancing:DescribeRules on resource: * with an explicit deny in a service control policy";
        let error = of_item("DescribeRules", "AccessDenied", words);
        assert_eq!(error.action(), None, "{error:?}");
        assert!(
            error.hints[0].contains("an Allow in this account does not help"),
            "{error:?}"
        );
        let error = of_item("DescribeRules", "AccessDenied", "no");
        assert_eq!(
            error.hints,
            ["allow the caller elasticloadbalancing:DescribeRules"]
        );
        assert_eq!(error.action(), Some("elasticloadbalancing:DescribeRules"));
    }
}
