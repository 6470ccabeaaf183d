//! Who calls.

use std::sync::Arc;

use super::{Answers, Query, Reads};
use crate::{aws::Called, error::Result};

#[derive(Debug)]
pub(super) struct Known {
    account: Answers<(), String>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            account: Answers::to(Query::GetCallerIdentity),
        }
    }
}

impl Reads {
    /// The id of the account that the credentials belong to.
    pub async fn account(&self) -> Result<Arc<String>> {
        let call = self.aws.sts.get_caller_identity();
        self.get(&self.memory.account.account, (), |name| async move {
            let identity = call.send().await.called(name)?;
            Ok(identity.account.unwrap_or_default())
        })
        .await
    }
}
