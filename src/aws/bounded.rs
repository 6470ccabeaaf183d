//! No answer may fill the memory.
//!
//! The SDK reads an answer to its end before it looks at it, however long that
//! takes within the attempt's time. What answers without an end is not AWS.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextMut},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use http_body_util::Limited;

/// Far more than AWS answers to any of the calls: an exported API has 6 MB at
/// most (API Gateway quotas, "API import and export").
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Ends answers that are too long with an error.
#[derive(Debug)]
pub(super) struct Bounded;

impl Intercept for Bounded {
    fn name(&self) -> &'static str {
        "Bounded"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        // What is in memory already needs no bound.
        if body.bytes().is_none() {
            let unread = std::mem::replace(body, SdkBody::taken());
            *body = SdkBody::from_body_1_x(Limited::new(unread, MOST_BYTES));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use aws_smithy_runtime_api::{
        client::{
            http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
            orchestrator::{HttpRequest, HttpResponse},
        },
        http::StatusCode,
    };
    use http_body_util::StreamBody;
    use hyper::body::{Bytes, Frame};

    use crate::{
        aws::{Called, Connection},
        clock::Clock,
    };

    use super::*;

    /// Answers without an end.
    #[derive(Debug)]
    struct Endless;

    impl HttpConnector for Endless {
        fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
            static BLANKS: [u8; 1 << 20] = [b' '; 1 << 20];
            let frame = || Ok::<_, Infallible>(Frame::data(Bytes::from_static(&BLANKS)));
            let stream = futures_util::stream::repeat_with(frame);
            let body = SdkBody::from_body_1_x(StreamBody::new(stream));
            let status = StatusCode::try_from(200).expect("a status");
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, body)))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_without_an_end_is_an_error_and_fills_no_memory() {
        let client = http_client_fn(|_, _| SharedHttpConnector::new(Endless));
        let connection = Connection::through(client, "111122223333", "eu-central-1", Clock::REAL);
        let answer = connection.reader().ec2.describe_vpcs().send().await;
        let error = answer.called("DescribeVpcs").expect_err("it has no end");
        let words = error.to_string();
        assert!(words.contains("length limit exceeded"), "{words}");
    }
}
