//! Service Quotas: what the account may have.

use std::{collections::BTreeMap, sync::Arc};

use super::{Answers, Query, Reads, all};
use crate::error::Result;

#[derive(Debug)]
pub(super) struct Known {
    quotas: Answers<String, BTreeMap<String, f64>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            quotas: Answers::to(Query::ListServiceQuotas),
        }
    }
}

impl Reads {
    /// The account's quotas of a service, by their codes.
    pub async fn service_quotas(&self, service: &str) -> Result<Arc<BTreeMap<String, f64>>> {
        let call = self.aws.quotas.list_service_quotas();
        let pages = call.service_code(service).into_paginator().items();
        let known = &self.memory.quotas.quotas;
        self.get(known, service.to_owned(), |name| async move {
            let quotas = all(pages.send(), name).await?.into_iter();
            let pairs = quotas.filter_map(|one| Some((one.quota_code?, one.value?)));
            Ok(pairs.collect())
        })
        .await
    }
}
