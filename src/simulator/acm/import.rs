//! `ImportCertificate`.

use std::fmt::Write;

use serde_json::json;

use super::arn::find;
use super::encoding::{block, decode};
use super::request::new_arn;
use super::state::{Certificate, Kind, Own, Status};
use super::tag;
use super::x509::{Facts, facts};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// Reads a blob, which JSON has in base64, as text.
///
/// ACM user guide, "Prerequisites for importing": all of it is PEM (the words are an assumption).
fn blob(input: &Input, name: &str) -> Result<Option<String>, Refusal> {
    let Some(text) = input.text(name) else {
        return Ok(None);
    };
    let bytes = decode(text).and_then(|bytes| String::from_utf8(bytes).ok());
    bytes
        .map(Some)
        .ok_or_else(|| invalid(&format!("{name} is not in PEM format")))
}

/// ACM API reference: `ValidationException` (recorded for what is not PEM; the words are an assumption).
fn invalid(text: &str) -> Refusal {
    Refusal::new("ValidationException", text)
}

/// `ImportCertificate`: a new one, or in place of one imported before.
///
/// The signature and the key are not verified. ACM API reference: an encrypted
/// key is refused; a certificate outside its validity is; only an imported one
/// can be replaced. ACM user guide, "Reimporting a certificate": without tags,
/// and with the key's type and size and all that the one before was for.
pub fn import(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let body = blob(input, "Certificate")?.ok_or_else(|| input.protocol.missing("Certificate"))?;
    let key = blob(input, "PrivateKey")?.ok_or_else(|| input.protocol.missing("PrivateKey"))?;
    let chain = blob(input, "CertificateChain")?;
    let facts = block(&body, "CERTIFICATE").as_deref().and_then(facts);
    let facts = facts.ok_or_else(|| {
        invalid("The certificate field contains a value that is not a certificate in PEM format")
    })?;
    check_key(&key)?;
    if chain
        .as_ref()
        .is_some_and(|chain| block(chain, "CERTIFICATE").is_none())
    {
        return Err(invalid("The certificate chain is not in PEM format"));
    }
    if facts.names.is_empty() {
        return Err(invalid("The certificate names no domain"));
    }
    let (start, end) = facts.valid;
    if ctx.now < start || end <= ctx.now {
        return Err(invalid("The certificate is not valid at this time"));
    }
    let tags = tag::read(input)?;
    let (arn, created, tags) = match input.text("CertificateArn") {
        None => (new_arn(ctx), ctx.now, tags),
        Some(arn) => {
            let old = find(ctx, arn)?;
            if old.kind != Kind::Imported || !tags.is_empty() {
                return Err(invalid(
                    "Only an imported certificate can be imported again, and without tags",
                ));
            }
            check_same(old, &facts)?;
            (arn.to_owned(), old.created, old.tags.clone())
        }
    };
    let serial = hexadecimal(&facts);
    let Facts {
        names,
        common_name,
        subject,
        issuer,
        usages,
        extended_usages,
        signature,
        valid,
        algorithm,
        ..
    } = facts;
    // Recorded: the common name; without one the first of its names (observed: moto#9912).
    let domain = common_name.or_else(|| names.first().cloned());
    let own = Own {
        domain: domain.unwrap_or_default(),
        subject,
        issuer,
        usages: usages.into_iter().map(str::to_owned).collect(),
        extended_usages,
        signature: signature.to_owned(),
    };
    let certificate = Certificate {
        names,
        status: Status::Issued,
        kind: Kind::Imported,
        algorithm,
        created,
        issued: Some(ctx.now),
        valid: Some(valid),
        records_since: ctx.now,
        found: true,
        body: Some(body),
        chain,
        serial,
        transparency: "DISABLED".to_owned(),
        tags,
        own: Some(own),
    };
    ctx.here.acm.certificates.insert(arn.clone(), certificate);
    ok(json!({"CertificateArn": arn}))
}

/// ACM user guide, "Reimporting a certificate": what must stay as it was (the code and the words are an assumption).
fn check_same(old: &Certificate, new: &Facts) -> Result<(), Refusal> {
    let own = old.own.as_ref();
    let mut usages = own.into_iter().flat_map(|own| &own.usages);
    let mut extended = own.into_iter().flat_map(|own| &own.extended_usages);
    if old.algorithm != new.algorithm {
        return Err(invalid("The key type and size cannot be changed"));
    }
    if !usages.all(|usage| new.usages.contains(&usage.as_str()))
        || !extended.all(|usage| new.extended_usages.contains(usage))
    {
        return Err(invalid("Key usages cannot be removed"));
    }
    Ok(())
}

/// A serial number, without the byte that only says that it is positive (recorded: `03:e9`; the byte is an assumption).
fn hexadecimal(facts: &Facts) -> String {
    let mut text = String::new();
    let serial = match facts.serial.as_slice() {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    for (place, byte) in serial.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{byte:02x}", if place == 0 { "" } else { ":" });
    }
    text
}

/// ACM user guide, "Prerequisites for importing": 5 KB at most, not encrypted, in PEM.
fn check_key(key: &str) -> Result<(), Refusal> {
    const LABELS: &[&str] = &["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
    if key.len() > 5120 {
        return Err(invalid("The private key is larger than 5120 bytes"));
    }
    if key.contains("ENCRYPTED") {
        return Err(invalid("The private key is encrypted"));
    }
    if LABELS.iter().any(|label| block(key, label).is_some()) {
        return Ok(());
    }
    Err(invalid("The private key is not in PEM format"))
}
