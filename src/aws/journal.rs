//! Every HTTP attempt, counted and logged.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef},
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

use super::{reply, resend};

/// What this process sent to AWS: attempts by operation.
#[derive(Debug, Default)]
pub struct Journal {
    attempts: Mutex<BTreeMap<String, usize>>,
    late: Mutex<Option<i64>>,
}

impl Journal {
    /// By how many seconds this machine's clock was behind that of the last
    /// reply which named a time; less than nothing if it was ahead.
    pub fn clock_is_late_by(&self) -> Option<i64> {
        *self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// HTTP attempts so far, retries included.
    pub fn attempts(&self) -> usize {
        self.by_operation().values().sum()
    }

    /// HTTP attempts so far of each operation.
    pub fn by_operation(&self) -> BTreeMap<String, usize> {
        self.attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn heard(&self, late: i64) {
        let mut known = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(late);
    }

    fn note(&self, operation: &str) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        *attempts.entry(operation.to_owned()).or_default() += 1;
    }
}

/// Writes the journal. It logs names, ids and outcomes, never bodies or
/// headers: those may hold secrets.
#[derive(Debug)]
pub(super) struct Recorder {
    journal: Arc<Journal>,
}

impl Recorder {
    pub(super) fn new(journal: Arc<Journal>) -> Self {
        Self { journal }
    }
}

impl Intercept for Recorder {
    fn name(&self) -> &'static str {
        "Recorder"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config.load::<Metadata>() {
            self.journal.note(call.name());
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config
            .load::<Metadata>()
            .filter(|_| resend::was_sent(config))
        {
            let reply = context.response();
            let late = reply.and_then(|reply| reply::late(reply, SystemTime::now()));
            if let Some(late) = late {
                self.journal.heard(late);
            }
            let status = reply.map_or(0, |reply| reply.status().as_u16());
            tracing::debug!(
                service = call.service(),
                operation = call.name(),
                status,
                "aws call"
            );
        }
        Ok(())
    }
}
