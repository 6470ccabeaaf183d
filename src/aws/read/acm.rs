//! ACM: certificates.

use std::sync::Arc;

use aws_sdk_acm::types::CertificateDetail;

use super::{Answers, Query, Reads};
use crate::{
    aws::{Called, error::none_if_missing},
    error::Result,
};

#[derive(Debug)]
pub(super) struct Known {
    certificate: Answers<String, Option<CertificateDetail>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            certificate: Answers::to(Query::DescribeCertificate),
        }
    }
}

impl Reads {
    /// A certificate; none if it is not there.
    pub async fn certificate(&self, arn: &str) -> Result<Arc<Option<CertificateDetail>>> {
        let call = self.aws.acm.describe_certificate().certificate_arn(arn);
        let known = &self.memory.acm.certificate;
        self.get(known, arn.to_owned(), |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            Ok(answer.and_then(|answer| answer.certificate))
        })
        .await
    }
}
