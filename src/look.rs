//! A look at AWS: reads that are remembered for one pass.
//!
//! Several resources read the same list (both security groups, the endpoint and
//! its policy). Through a [`Look`] each list is asked for once, also when they
//! ask at the same time. The engine makes it forget what it is about to change.

use std::{
    any::Any,
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use crate::{aws::Aws, error::Result, resources::security_group::Record};

type Answer = Arc<dyn Any + Send + Sync>;
type Cell = Arc<OnceCell<Answer>>;

/// Read-only access to AWS, for one stack, with a memory.
pub struct Look {
    /// Clients that refuse to write (`aws::read_only`).
    pub aws: Aws,
    /// The stack whose things are looked for.
    pub stack: String,
    /// Where the configuration, if there is one, has records. They cannot be
    /// tagged: a record is found here also when nothing remembers it any more.
    pub records: Vec<Record>,
    answers: Mutex<HashMap<(&'static str, String), Cell>>,
}

impl Look {
    /// A look for the things of `stack`. `aws` must be the read-only kind.
    pub fn new(aws: Aws, stack: impl Into<String>) -> Self {
        Self {
            aws,
            stack: stack.into(),
            records: Vec::new(),
            answers: Mutex::default(),
        }
    }

    /// The same look with an empty memory.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self {
            aws: self.aws.clone(),
            stack: self.stack.clone(),
            records: self.records.clone(),
            answers: Mutex::default(),
        }
    }

    /// The answer to `operation` about `subject`, asked at most once until
    /// [`Look::forget`]. A failure is not remembered.
    ///
    /// # Panics
    ///
    /// If one operation and subject are asked for with two answer types.
    pub async fn once<T, F>(
        &self,
        operation: &'static str,
        subject: &str,
        ask: impl FnOnce() -> F,
    ) -> Result<Arc<T>>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T>>,
    {
        let cell = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let place = answers.entry((operation, subject.to_owned()));
            Arc::clone(place.or_default())
        };
        let answer = cell
            .get_or_try_init(|| async { Ok::<_, crate::Error>(Arc::new(ask().await?) as Answer) })
            .await?;
        let typed = Arc::clone(answer).downcast::<T>();
        Ok(typed.expect("one operation and subject have one answer type"))
    }

    /// Forgets every answer to these operations, so that the next question
    /// goes to AWS.
    pub fn forget(&self, operations: &[&'static str]) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|(operation, _), _| !operations.contains(operation));
    }
}
