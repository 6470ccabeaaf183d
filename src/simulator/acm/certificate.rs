//! Certificates: described, listed, handed out, deleted.

use serde_json::{Value, json};

use super::arn::find;
use super::encoding::pem;
use super::request::record;
use super::seam;
use super::state::{Certificate, Kind, Status};
use crate::clock::Time;
use crate::codec::{Input, Output, Refusal, ok};
use crate::paging::cut;
use crate::random::digest;
use crate::world::Ctx;

/// Returns what uses a certificate: load balancers, and what API Gateway has.
fn in_use_by(ctx: &Ctx<'_>, arn: &str) -> Vec<String> {
    let mut users = ctx.here.elbv2.users_of_certificate(arn, ctx.now);
    users.extend(seam::domains_using(ctx, arn));
    users
}

/// `DescribeCertificate`.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("CertificateArn")?;
    let certificate = find(ctx, arn)?;
    ok(json!({"Certificate": detail(ctx, arn, certificate)}))
}

fn seconds(time: Option<Time>) -> Option<u64> {
    time.map(Time::unix_seconds)
}

/// JSON has nulls where XML leaves out; botocore and the SDKs take both, but AWS leaves out.
fn without_nulls(mut tree: Value) -> Value {
    if let Some(members) = tree.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    tree
}

fn detail(ctx: &Ctx<'_>, arn: &str, certificate: &Certificate) -> Value {
    let imported = certificate.kind == Kind::Imported;
    let issued = certificate.status == Status::Issued;
    let one = |name: &String| {
        if imported {
            // Recorded: the name alone.
            json!({"DomainName": name})
        } else {
            validation(ctx, certificate, name)
        }
    };
    let validations: Value = certificate.names.iter().map(one).collect();
    let own = certificate.own.as_ref();
    let (usages, extended) = usages(certificate);
    let users = in_use_by(ctx, arn);
    let eligible = issued && !imported && !users.is_empty();
    let serial = (imported || issued).then_some(&certificate.serial);
    without_nulls(json!({
        "CertificateArn": arn,
        "CreatedAt": certificate.created.unix_seconds(),
        "DomainName": certificate.domain(),
        "DomainValidationOptions": validations,
        "ExtendedKeyUsages": extended.iter().map(|(name, oid)| json!({"Name": name, "OID": oid})).collect::<Value>(),
        "ImportedAt": seconds(certificate.issued).filter(|_| imported),
        "InUseBy": users,
        "IssuedAt": seconds(certificate.issued).filter(|_| !imported),
        "Issuer": own.map_or("Amazon", |own| own.issuer.as_str()),
        "KeyAlgorithm": certificate.algorithm.replace("RSA_", "RSA-"),
        "KeyUsages": usages.iter().map(|name| json!({"Name": name})).collect::<Value>(),
        "NotAfter": seconds(certificate.valid.map(|(_, end)| end)),
        "NotBefore": seconds(certificate.valid.map(|(start, _)| start)),
        "Options": {"CertificateTransparencyLoggingPreference": certificate.transparency, "Export": "DISABLED"},
        "RenewalEligibility": if eligible { "ELIGIBLE" } else { "INELIGIBLE" },
        "Serial": serial,
        "SignatureAlgorithm": own.map_or("SHA256WITHRSA", |own| own.signature.as_str()),
        "Status": certificate.status.word(),
        "Subject": own.map_or_else(|| format!("CN={}", certificate.domain()), |own| own.subject.clone()),
        "SubjectAlternativeNames": certificate.names,
        "Type": kind(certificate),
    }))
}

/// What a certificate's key and the certificate are for, with the object identifiers. Recorded: what
/// ACM issues is for servers (its certificates of before June 2025 were for clients, too), and before that there are none.
fn usages(certificate: &Certificate) -> (Vec<&str>, Vec<(&str, &str)>) {
    const PURPOSES: &[(&str, &str)] = &[
        ("TLS_WEB_SERVER_AUTHENTICATION", "1.3.6.1.5.5.7.3.1"),
        ("TLS_WEB_CLIENT_AUTHENTICATION", "1.3.6.1.5.5.7.3.2"),
        ("CODE_SIGNING", "1.3.6.1.5.5.7.3.3"),
        ("EMAIL_PROTECTION", "1.3.6.1.5.5.7.3.4"),
        ("TIME_STAMPING", "1.3.6.1.5.5.7.3.8"),
        ("OCSP_SIGNING", "1.3.6.1.5.5.7.3.9"),
    ];
    let Some(own) = &certificate.own else {
        return if certificate.status == Status::Issued {
            (
                vec!["DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT"],
                vec![PURPOSES[0]],
            )
        } else {
            (Vec::new(), Vec::new())
        };
    };
    let named = |oid: &'_ String| {
        let known = PURPOSES.iter().find(|(_, known)| known == oid);
        known.copied()
    };
    let extended = own.extended_usages.iter();
    let extended = extended.map(|oid| named(oid).unwrap_or(("CUSTOM", oid.as_str())));
    (
        own.usages.iter().map(String::as_str).collect(),
        extended.collect(),
    )
}

const fn kind(certificate: &Certificate) -> &'static str {
    match certificate.kind {
        Kind::AmazonIssued => "AMAZON_ISSUED",
        Kind::Imported => "IMPORTED",
    }
}

/// The record shows some seconds after the request (ACM API reference, `RequestCertificate`: "a delay of several seconds").
fn validation(ctx: &Ctx<'_>, certificate: &Certificate, name: &str) -> Value {
    let (record, value) = record(ctx.account, name);
    let told = certificate.records_since <= ctx.now;
    let status = match certificate.status {
        Status::PendingValidation => "PENDING_VALIDATION",
        Status::ValidationTimedOut => "FAILED",
        _ => "SUCCESS",
    };
    without_nulls(json!({
        "DomainName": name,
        "ResourceRecord": told.then(|| json!({"Name": record, "Type": "CNAME", "Value": value})),
        "ValidationDomain": name,
        "ValidationMethod": "DNS",
        "ValidationStatus": status,
    }))
}

/// `ListCertificates`.
///
/// ACM API reference, `Filters`: without `keyTypes` only RSA of 1024 and 2048
/// bits are listed, which surprises.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let statuses = input.texts("CertificateStatuses");
    let mut kinds = input
        .child("Includes")
        .map(|filters| filters.texts("keyTypes"))
        .unwrap_or_default();
    if kinds.is_empty() {
        kinds = vec!["RSA_1024".to_owned(), "RSA_2048".to_owned()];
    }
    let asked = |certificate: &Certificate| {
        kinds.contains(&certificate.algorithm)
            && (statuses.is_empty()
                || statuses
                    .iter()
                    .any(|status| status == certificate.status.word()))
    };
    let mut found: Vec<_> = ctx
        .here
        .acm
        .certificates
        .iter()
        .filter(|(_, certificate)| asked(certificate))
        .collect();
    found.sort_by_key(|(_, certificate)| certificate.created);
    if input.text("SortOrder") == Some("DESCENDING") {
        found.reverse();
    }
    let invalid = |text: &str| Refusal::new("ValidationException", text);
    let size = input.number("MaxItems").unwrap_or(100);
    let size = usize::try_from(size)
        .ok()
        .filter(|size| (1..=1000).contains(size));
    let size = size.ok_or_else(|| invalid("MaxItems must be 1 to 1000"))?;
    let size = ctx.conditions.page.map_or(size, |most| most.min(size));
    let (found, next) = cut(found, size, input.text("NextToken"))
        .ok_or_else(|| invalid("The NextToken is not valid"))?;
    let items: Value = found
        .into_iter()
        .map(|(arn, certificate)| summary(ctx, arn, certificate))
        .collect();
    ok(without_nulls(
        json!({"CertificateSummaryList": items, "NextToken": next}),
    ))
}

/// A certificate in a list (recorded: with what it is for, and whether it can be exported).
fn summary(ctx: &Ctx<'_>, arn: &str, certificate: &Certificate) -> Value {
    let imported = certificate.kind == Kind::Imported;
    let (usages, extended) = usages(certificate);
    let extended: Vec<&str> = extended.iter().map(|(name, _)| *name).collect();
    without_nulls(json!({
        "CertificateArn": arn,
        "CreatedAt": certificate.created.unix_seconds(),
        "DomainName": certificate.domain(),
        "ExportOption": "DISABLED",
        "Exported": false,
        "ExtendedKeyUsages": extended,
        "HasAdditionalSubjectAlternativeNames": false,
        "ImportedAt": seconds(certificate.issued).filter(|_| imported),
        "InUse": !in_use_by(ctx, arn).is_empty(),
        "IssuedAt": seconds(certificate.issued).filter(|_| !imported),
        "KeyAlgorithm": certificate.algorithm.replace("RSA_", "RSA-"),
        "KeyUsages": usages,
        "NotAfter": seconds(certificate.valid.map(|(_, end)| end)),
        "NotBefore": seconds(certificate.valid.map(|(start, _)| start)),
        "RenewalEligibility": "INELIGIBLE",
        "Status": certificate.status.word(),
        "SubjectAlternativeNameSummaries": certificate.names,
        "Type": kind(certificate),
    }))
}

/// `GetCertificate`: `RequestInProgressException` until it is issued (ACM API reference). What ACM issues here is no real certificate.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("CertificateArn")?;
    let certificate = find(ctx, arn)?;
    if certificate.status != Status::Issued {
        let text = format!("Certificate {arn} is not issued yet.");
        return Err(Refusal::new("RequestInProgressException", text));
    }
    let made_up = |what: &str| pem(digest(&format!("{arn} {what}"), 64).as_bytes());
    let body = certificate.body.clone().unwrap_or_else(|| made_up("body"));
    let chain = match certificate.kind {
        Kind::AmazonIssued => Some(made_up("chain")),
        Kind::Imported => certificate.chain.clone(),
    };
    ok(without_nulls(
        json!({"Certificate": body, "CertificateChain": chain}),
    ))
}

/// `DeleteCertificate`: not while something uses it (`ResourceInUseException`).
///
/// ACM API reference, `DeleteCertificate` (the words are observed).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("CertificateArn")?;
    find(ctx, arn)?;
    if !in_use_by(ctx, arn).is_empty() {
        let text = format!("Certificate {arn} in account {} is in use.", ctx.account);
        return Err(Refusal::new("ResourceInUseException", text));
    }
    ctx.here.acm.certificates.remove(arn);
    ctx.here.acm.tokens.retain(|_, token| token.arn != arn);
    ok(json!({}))
}
