//! Retry by class: what may be repeated blindly, and what may not.
//!
//! The SDK repeats a call whose reply was lost. For a call that makes a new
//! thing each time that means two things: one lost reply to `CreateRestApi`
//! leaves two APIs, and the call returns success. For such calls the SDK's
//! retry is off, here and nowhere else. The engine looks before it tries again.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeSerializationInterceptorContextRef},
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{config_bag::ConfigBag, retry::RetryConfig};

/// Operations that make another thing when repeated: no unique name, no client
/// token (API Gateway and ELBv2 API references).
const DUPLICATES: &[&str] = &["CreateDeployment", "CreateRestApi", "CreateRule"];

/// Turns the SDK's retry off for calls that duplicate.
#[derive(Debug)]
pub(super) struct ByClass;

impl Intercept for ByClass {
    fn name(&self) -> &'static str {
        "RetryByClass"
    }

    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let duplicates = config
            .load::<Metadata>()
            .is_some_and(|call| DUPLICATES.contains(&call.name()));
        if duplicates {
            config
                .interceptor_state()
                .store_put(RetryConfig::disabled());
        }
        Ok(())
    }
}
