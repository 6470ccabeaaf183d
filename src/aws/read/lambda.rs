//! Lambda: functions and who may invoke them.

use std::sync::Arc;

use super::{Answers, Query, Reads};
use crate::{
    aws::{Called, error::none_if_missing},
    error::Result,
};

#[derive(Debug)]
pub(super) struct Known {
    function: Answers<String, bool>,
    policy: Answers<(String, Option<String>), Option<String>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            function: Answers::to(Query::GetFunction),
            policy: Answers::to(Query::GetPolicy),
        }
    }
}

impl Reads {
    /// Whether there is a function of this ARN, with its version or alias.
    pub async fn has_function(&self, arn: &str) -> Result<bool> {
        let call = self.aws.lambda.get_function().function_name(arn);
        let known = &self.memory.lambda.function;
        let found = self.get(known, arn.to_owned(), |name| async move {
            Ok(none_if_missing(call.send().await.called(name))?.is_some())
        });
        Ok(*found.await?)
    }

    /// The policy of a function as it is written. "No function" and "no policy"
    /// both are "not found": none.
    pub async fn function_policy(
        &self,
        function: &str,
        qualifier: Option<String>,
    ) -> Result<Arc<Option<String>>> {
        let call = self.aws.lambda.get_policy().function_name(function);
        let call = call.set_qualifier(qualifier.clone());
        let known = &self.memory.lambda.policy;
        self.get(known, (function.to_owned(), qualifier), |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            Ok(answer.and_then(|answer| answer.policy))
        })
        .await
    }
}
