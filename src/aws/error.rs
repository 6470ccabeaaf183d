//! The SDK's errors in the words of this program.
//!
//! Errors are told apart by AWS's error code, never by their text: the SDK's
//! `Display` says only "service error", and messages change.

use std::{error::Error as StdError, time::SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::{ErrorMetadata, metadata::ProvideErrorMetadata};

use super::{
    codes::{Refusal, is_clock_code, kind_of},
    denial, reply, resend,
};
use crate::{
    error::{Error, ErrorKind, Result},
    text,
};

/// What helps against credentials that AWS does not take, or takes no more.
const SIGN_IN: &str = "the credentials are not valid here, or no more: sign in (`aws sso login`), check the clock, and run again";

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
        _ => Error::new(
            ErrorKind::Unknown,
            format!(
                "{operation}: the answer makes no sense: {}",
                chain(error.source().unwrap_or(error))
            ),
        ),
    }
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
    let Some(code) = meta.code() else {
        let words = text::line(&reply::first_words(reply));
        let message = format!("HTTP {status} without an error code{words} ({operation}{request})");
        return Error::new(kind, message)
            .hint("this is not AWS's answer: look at HTTPS_PROXY and --endpoint-url");
    };
    let words = text::line(meta.message().unwrap_or("no message"));
    let status = match status {
        500.. => format!(", HTTP {status}"),
        _ => String::new(),
    };
    let message = format!("{code}: {words} ({operation}{status}{request})");
    said(kind, operation, &words, message)
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
            let actions = denial::actions(operation).join(", ");
            let remedies = denial::remedies(operation, words).into_iter();
            remedies.fold(error.lacking(&actions), Error::hint)
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
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
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
