//! Who calls.

use std::sync::Arc;

use super::{Answers, Query, Reads};
use crate::{aws::Called, error::Result};

/// Whom the credentials belong to.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The id of the account.
    pub account: Arc<String>,
    /// The user's, or that of the session of a role.
    pub arn: String,
}

#[derive(Debug)]
pub(super) struct Known {
    caller: Answers<(), Caller>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            caller: Answers::to(Query::GetCallerIdentity),
        }
    }
}

impl Reads {
    /// The id of the account that the credentials belong to.
    pub async fn account(&self) -> Result<Arc<String>> {
        Ok(Arc::clone(&self.caller().await?.account))
    }

    /// Whom the credentials belong to.
    pub async fn caller(&self) -> Result<Arc<Caller>> {
        let call = self.aws.sts.get_caller_identity();
        self.get(&self.memory.account.caller, (), |name| async move {
            let identity = call.send().await.called(name)?;
            Ok(Caller {
                account: Arc::new(identity.account.unwrap_or_default()),
                arn: identity.arn.unwrap_or_default(),
            })
        })
        .await
    }
}
