//! `certificate` and `zone`: what works today and will not for long, or not for
//! everybody.

use std::collections::BTreeSet;

use aws_sdk_acm::types::{CertificateDetail, CertificateStatus, CertificateType, ValidationMethod};

use super::Patient;
use crate::{
    checks::{
        Check, Finding,
        codes::{CERTIFICATE_BY_EMAIL, CERTIFICATE_NOT_LOGGED, ZONE_NOT_ASSOCIATED},
    },
    preflight, verify,
};

/// What is to be said of each certificate that is issued.
pub(super) async fn certificates(patient: &Patient<'_>) -> Vec<Finding> {
    let hosts = patient.config.hosts();
    let arns: BTreeSet<&str> = hosts.iter().map(|host| host.certificate).collect();
    let mut findings = Vec::new();
    for arn in arns {
        let named = hosts.iter().find(|host| host.certificate == arn);
        let host = named.map_or("", |host| host.name);
        match patient.reads.certificate(arn).await {
            // That it is missing or not issued the preflight says.
            Ok(detail) => {
                let issued =
                    |one: &&CertificateDetail| one.status() == Some(&CertificateStatus::Issued);
                let detail = detail.as_ref().as_ref().filter(issued);
                let said = detail.map(|detail| judge(arn, detail, patient.now));
                let said = said.into_iter().flatten();
                findings.extend(said.map(|finding| finding.on_host(host)));
            }
            Err(error) => findings.push(Finding::unseen(Check::Certificate, &error).on_host(host)),
        }
    }
    findings
}

/// ACM user guide, "Email validation" (renewed only if somebody answers a mail
/// each year) and "Certificate transparency logging" (browsers show an error for a
/// public certificate that is in no log).
fn judge(arn: &str, detail: &CertificateDetail, now: i64) -> Vec<Finding> {
    let mut findings = vec![verify::certificate(arn, detail, now)];
    if detail.r#type() != Some(&CertificateType::AmazonIssued) {
        return findings;
    }
    let mut methods = detail
        .domain_validation_options()
        .iter()
        .filter_map(|one| one.validation_method());
    if methods.any(|method| *method == ValidationMethod::Email) {
        findings.push(Finding::warning(
            CERTIFICATE_BY_EMAIL,
            format!("{arn} is validated by e-mail"),
            "it is renewed only if somebody answers AWS's mail in time",
            "request one that is validated by DNS in a public zone, and name it instead",
        ));
    }
    if is_in_no_log(detail) {
        findings.push(Finding::warning(
            CERTIFICATE_NOT_LOGGED,
            format!("{arn} is in no certificate transparency log"),
            "browsers refuse public certificates that are in none",
            "renew it, or request a new one: ACM puts both into the logs",
        ));
    }
    findings
}

/// Only certificates of before are in no log: ACM takes the wish no more.
#[expect(deprecated, reason = "what was made with it is still there")]
fn is_in_no_log(detail: &CertificateDetail) -> bool {
    use aws_sdk_acm::types::CertificateTransparencyLoggingPreference::Disabled;
    let options = detail.options();
    let logging = options.and_then(|one| one.certificate_transparency_logging_preference());
    logging == Some(&Disabled)
}

/// Whether the VPC sees each private zone.
pub(super) async fn zones(patient: &Patient<'_>) -> Vec<Finding> {
    let reads = patient.reads;
    // That a zone is missing or not the name's the preflight says.
    let records = preflight::records(patient.config, reads).await;
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for record in records.iter().filter(|one| seen.insert(&one.zone)) {
        let (id, host) = (&record.zone, &record.host.name);
        let vpc = &patient.config.network.vpc;
        let finding = match reads.hosted_zone(id).await {
            Err(error) => Finding::unseen(Check::Zone, &error),
            Ok(answer) => match answer.as_ref() {
                None => continue,
                Some(zone) if !zone.is_private => Finding::ok(
                    Check::Zone,
                    format!(
                        "{} ({id}) is public: everybody can look the name up, and sees private addresses",
                        zone.name.trim_end_matches('.')
                    ),
                ),
                Some(zone) if zone.vpcs.contains(vpc) => Finding::ok(
                    Check::Zone,
                    format!(
                        "{} ({id}) is private, and {vpc} sees it",
                        zone.name.trim_end_matches('.')
                    ),
                ),
                Some(zone) => Finding::warning(
                    ZONE_NOT_ASSOCIATED,
                    format!(
                        "the private zone {} ({id}) is not associated with {vpc}",
                        zone.name.trim_end_matches('.')
                    ),
                    "a resolver in that VPC, and a network that asks it, does not know the name",
                    format!(
                        "`aws route53 associate-vpc-with-hosted-zone --hosted-zone-id {id} --vpc VPCRegion={},VPCId={vpc}`, unless the network asks another VPC",
                        reads.region
                    ),
                ),
            },
        };
        findings.push(finding.on_host(host));
    }
    findings
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::DomainValidation;

    use super::*;

    #[test]
    fn a_certificate_that_somebody_has_to_answer_mails_for_is_named() {
        let certificate = |kind: CertificateType, method: ValidationMethod| {
            let domain = DomainValidation::builder();
            let domain = domain
                .domain_name("a.example.com")
                .validation_method(method);
            let certificate = CertificateDetail::builder()
                .status(CertificateStatus::Issued)
                .r#type(kind)
                .domain_validation_options(domain.build().expect("a domain"));
            let findings = judge("arn", &certificate.build(), 0);
            let codes = findings.into_iter().filter_map(|one| one.code);
            codes.map(|code| code.to_string()).collect::<Vec<_>>()
        };
        let own = CertificateType::AmazonIssued;
        assert_eq!(
            certificate(own.clone(), ValidationMethod::Email),
            ["certificate/validated-by-email"]
        );
        assert_eq!(certificate(own, ValidationMethod::Dns), [""; 0]);
        // Nobody validates what was imported.
        let imported = CertificateType::Imported;
        assert_eq!(certificate(imported, ValidationMethod::Email), [""; 0]);
    }
}
