//! The SDK's errors in the words of this program.
//!
//! Errors are told apart by AWS's error code, never by their text: the SDK's
//! `Display` says only "service error", and messages change.

use std::{error::Error as StdError, time::SystemTime};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{
    codes::{is_clock_code, kind_of},
    reply, resend,
};
use crate::{
    error::{Error, ErrorKind, Result},
    text,
};

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
    match error {
        SdkError::ServiceError(service) => {
            let refusal = refused(operation, service.err().meta());
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

fn refused(operation: &str, meta: &aws_smithy_types::error::ErrorMetadata) -> Error {
    let code = meta.code().unwrap_or("Unknown");
    let words = text::line(meta.message().unwrap_or("no message"));
    let request = meta.extra("aws_request_id").map_or_else(
        || format!("({operation})"),
        |id| format!("({operation}, request {id})"),
    );
    let kind = kind_of(code, meta.message().unwrap_or_default());
    let error = Error::new(kind.clone(), format!("{code}: {words} {request}"));
    match kind {
        ErrorKind::Denied => error.hint(format!("allow the caller {operation}")),
        ErrorKind::Credentials => {
            error.hint("the credentials are not valid here: log in again, and check the clock")
        }
        _ => error,
    }
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
