//! The certificates of the HTTPS listener: the default one, and those beside it.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::Certificate;

use super::{Actual, Field};
use crate::{
    aws::{Aws, Called, read::Reads},
    error::Result,
    resource::{Drift, Due},
};

/// The ARNs of the certificates that a listener should have.
pub(super) struct Wanted<'a> {
    /// The default one.
    pub default: &'a String,
    /// The others.
    pub further: &'a BTreeSet<String>,
}

impl Wanted<'_> {
    /// What is missing is added, and only later is taken away what is too much.
    /// `further` is none where nobody asked, since there has been one host only.
    pub fn drift(&self, default: &String, further: Option<&BTreeSet<String>>) -> Vec<Drift<Field>> {
        let mut drift: Vec<Drift<Field>> =
            Drift::between(Field::Certificate, default, self.default)
                .into_iter()
                .collect();
        let further = further.into_iter().flatten();
        // The default one may be in the list, too.
        let has: BTreeSet<String> = further
            .filter(|one| *one != self.default)
            .cloned()
            .collect();
        let all: BTreeSet<String> = has.union(self.further).cloned().collect();
        if all != has {
            drift.push(Drift::new(
                Field::FurtherCertificates,
                join(&has),
                join(&all),
            ));
        }
        if all != *self.further {
            drift.push(
                Drift::new(Field::FurtherCertificates, join(&all), join(self.further)).deferred(),
            );
        }
        drift
    }

    /// Adds certificates, or takes them away where that is due. A default one
    /// that is about to change joins the others before: its host may go on as an
    /// alias, or is served until everything else works.
    pub async fn put(&self, aws: &Aws, actual: &Actual, drift: &[Drift<Field>]) -> Result<()> {
        // None: one host all along, whose new certificate takes over at once.
        let Some(further) = &actual.further else {
            return Ok(());
        };
        let (mut added, mut removed) = (BTreeSet::new(), BTreeSet::new());
        for one in drift {
            match (&one.field, one.due) {
                (Field::FurtherCertificates, Due::Now) => {
                    added.extend(self.further.difference(further).cloned());
                }
                (Field::FurtherCertificates, Due::Deferred) => {
                    let unwanted = further.difference(self.further);
                    removed.extend(unwanted.filter(|arn| *arn != self.default).cloned());
                }
                (Field::Certificate, _) if !actual.certificate.is_empty() => {
                    added.insert(actual.certificate.clone());
                }
                _ => {} // the listener's own
            }
        }
        // Both calls take one certificate at a time (ELBv2 API reference).
        for one in added {
            aws.elb
                .add_listener_certificates()
                .listener_arn(&actual.arn)
                .certificates(certificate(one))
                .send()
                .await
                .called("AddListenerCertificates")?;
        }
        for one in removed {
            aws.elb
                .remove_listener_certificates()
                .listener_arn(&actual.arn)
                .certificates(certificate(one))
                .send()
                .await
                .called("RemoveListenerCertificates")?;
        }
        Ok(())
    }
}

/// The ARNs of the certificates beside the default one.
pub(super) async fn further(reads: &Reads, listener: &str) -> Result<BTreeSet<String>> {
    let all = reads.listener_certificates(listener).await?;
    let further = all.iter().filter(|one| one.is_default() != Some(true));
    Ok(further
        .filter_map(|one| one.certificate_arn.clone())
        .collect())
}

fn certificate(arn: String) -> Certificate {
    Certificate::builder().certificate_arn(arn).build()
}

fn join(arns: &BTreeSet<String>) -> String {
    arns.iter().cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(arns: &[&str]) -> BTreeSet<String> {
        arns.iter().map(|arn| (*arn).to_owned()).collect()
    }

    #[test]
    fn certificates_come_before_others_go() {
        let (default, further) = ("own".to_owned(), set(&["shop"]));
        let wanted = Wanted {
            default: &default,
            further: &further,
        };
        let drift = wanted.drift(&default, Some(&set(&["old"])));
        let fields: Vec<(&str, &str, Due)> = drift
            .iter()
            .map(|one| (one.actual.as_str(), one.desired.as_str(), one.due))
            .collect();
        assert_eq!(
            fields,
            [
                ("old", "old, shop", Due::Now),
                ("old, shop", "shop", Due::Deferred)
            ]
        );
        assert!(
            wanted
                .drift(&default, Some(&set(&["own", "shop"])))
                .is_empty()
        );
    }
}
