//! `RequestCertificate`, and how a certificate is validated.

use std::time::Duration;

use serde_json::json;

use super::seam::record_exists;
use super::state::{Certificate, Event, Kind, Status, Token};
use super::tag;
use crate::clock::Time;
use crate::codec::{Input, Output, Refusal, ok};
use crate::latency;
use crate::random::{Random, digest};
use crate::servicequotas::most;
use crate::world::{self, Ctx};

/// How often ACM looks for records (assumption).
const LOOK: Duration = Duration::from_secs(15);
/// ACM user guide, "DNS validation": after 72 hours the request has timed out.
const PATIENCE: Duration = Duration::from_hours(72);
/// ACM API reference, `RequestCertificate`: idempotency tokens time out after one hour.
const TOKEN: Duration = Duration::from_hours(1);
/// ACM user guide, "Certificate characteristics": Amazon's certificates are valid for 13 months (395 days) (198 days from 2026 on are announced).
const VALIDITY: Duration = Duration::from_hours(395 * 24);
/// ACM user guide, "Quotas": ten names a certificate before a raise.
const NAMES: usize = 10;

/// `RequestCertificate`, for public certificates with DNS validation.
///
/// ACM API reference: `LimitExceededException` (the words are an assumption).
pub fn request(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let names = requested_names(input)?;
    check_options(input)?;
    let tags = tag::read(input)?;
    let token = input.text("IdempotencyToken");
    if let Some(token) = token
        && let Some(arn) = replayed(ctx, token, input)?
    {
        return ok(json!({"CertificateArn": arn}));
    }
    if ctx.here.acm.certificates.len() >= most(ctx, "acm/L-F141DD1D") {
        let text = "The maximum number of certificates has been reached";
        return Err(Refusal::new("LimitExceededException", text));
    }
    let algorithm = input.text("KeyAlgorithm").unwrap_or("RSA_2048").to_owned();
    let transparency = input.child("Options").and_then(|options| {
        options
            .text("CertificateTransparencyLoggingPreference")
            .map(str::to_owned)
    });
    let certificate = Certificate {
        names,
        status: Status::PendingValidation,
        kind: Kind::AmazonIssued,
        algorithm,
        created: ctx.now,
        issued: None,
        valid: None,
        records_since: ctx.now + ctx.takes(latency::CERTIFICATE_RECORDS),
        found: false,
        body: None,
        chain: None,
        serial: serial(ctx.random),
        transparency: transparency.unwrap_or_else(|| "ENABLED".to_owned()),
        tags,
        own: None,
    };
    let arn = new_arn(ctx);
    ctx.here.acm.certificates.insert(arn.clone(), certificate);
    if let Some(token) = token {
        let used = Token {
            parameters: parameters(input),
            arn: arn.clone(),
            at: ctx.now,
        };
        ctx.here.acm.tokens.insert(token.to_owned(), used);
    }
    ctx.after(LOOK, world::Event::Acm(Event::Look(arn.clone())));
    ok(json!({"CertificateArn": arn}))
}

/// Returns a new certificate's ARN: its id is a UUID.
pub fn new_arn(ctx: &mut Ctx<'_>) -> String {
    let digits = ctx.random.hex(32);
    let id = format!(
        "{}-{}-4{}-8{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    );
    ctx.arn("acm", &format!("certificate/{id}"))
}

/// Returns a serial number as ACM writes it.
pub fn serial(random: &mut Random) -> String {
    let digits = random.hex(32);
    let bytes: Vec<&str> = (0..16)
        .map(|place| &digits[place * 2..place * 2 + 2])
        .collect();
    bytes.join(":")
}

fn parameters(input: &Input) -> String {
    let names = format!(
        "{:?} {:?}",
        input.text("DomainName"),
        input.texts("SubjectAlternativeNames")
    );
    digest(&names, 32)
}

/// Returns the certificate of a token used within the hour. Assumption: with
/// other names the token is refused (the API reference says only that the same request gives the same certificate).
fn replayed(ctx: &Ctx<'_>, token: &str, input: &Input) -> Result<Option<String>, Refusal> {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if token.is_empty() || token.len() > 32 || !token.chars().all(word) {
        let text = format!(
            "Value '{token}' at 'idempotencyToken' failed to satisfy constraint: \\w+ of up to 32"
        );
        return Err(Refusal::new("ValidationException", text));
    }
    let state = &ctx.here.acm;
    let live = |used: &&Token| {
        ctx.now.since(used.at) < TOKEN && state.certificates.contains_key(&used.arn)
    };
    let Some(used) = state.tokens.get(token).filter(live) else {
        return Ok(None);
    };
    if used.parameters != parameters(input) {
        let text = "The idempotency token was already used with other parameters";
        return Err(Refusal::new("InvalidParameterException", text));
    }
    Ok(Some(used.arn.clone()))
}

/// Reads the names: the main one of up to 64 characters, all of up to 253 (ACM API reference).
fn requested_names(input: &Input) -> Result<Vec<String>, Refusal> {
    let main = input.require("DomainName")?.to_ascii_lowercase();
    let mut names = vec![main];
    for name in input.texts("SubjectAlternativeNames") {
        let name = name.to_ascii_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in &names {
        if !is_name(name) {
            let text = format!(
                "Value '{name}' failed to satisfy constraint: a fully qualified domain name"
            );
            return Err(Refusal::new("ValidationException", text));
        }
    }
    if names.first().is_some_and(|name| name.len() > 64) {
        let text = "The first domain name can be no longer than 64 characters.";
        return Err(Refusal::new("InvalidParameterException", text));
    }
    if names.len() > NAMES {
        let text = format!("The limit of {NAMES} domain names of a certificate has been reached");
        return Err(Refusal::new("LimitExceededException", text));
    }
    Ok(names)
}

/// ACM API reference, the pattern of `DomainNameString`: labels, and `*.` in front at most.
fn is_name(name: &str) -> bool {
    let bare = name.strip_prefix("*.").unwrap_or(name);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.len() <= 253 && bare.contains('.') && bare.split('.').all(label)
}

/// Only DNS validation, no private authority, no export (the last two are not among the parameters).
fn check_options(input: &Input) -> Result<(), Refusal> {
    const ALGORITHMS: &[&str] = &["RSA_2048", "EC_prime256v1", "EC_secp384r1"];
    const KNOWN: &[&str] = &[
        "RSA_1024",
        "RSA_2048",
        "RSA_3072",
        "RSA_4096",
        "EC_prime256v1",
        "EC_secp384r1",
        "EC_secp521r1",
    ];
    let invalid = |text: String| Err(Refusal::new("InvalidParameterException", text));
    // ACM API reference: without a method it is EMAIL for the API.
    match input.text("ValidationMethod").unwrap_or("EMAIL") {
        "DNS" => {}
        method => return invalid(format!("The validation method {method} is not simulated")),
    }
    let algorithm = input.text("KeyAlgorithm").unwrap_or("RSA_2048");
    // ACM API reference, `KeyAlgorithm`: what is none at all does not fit the model (assumption, as elsewhere).
    if !KNOWN.contains(&algorithm) {
        let text = format!(
            "1 validation error detected: Value '{algorithm}' at 'keyAlgorithm' failed to satisfy constraint: Member must satisfy enum value set"
        );
        return Err(Refusal::new("ValidationException", text));
    }
    if !ALGORITHMS.contains(&algorithm) {
        return invalid(format!("The key algorithm {algorithm} cannot be requested"));
    }
    for option in input.each("DomainValidationOptions") {
        let (name, over) = (
            option.require("DomainName")?,
            option.require("ValidationDomain")?,
        );
        // ACM API reference, `DomainValidationOption`: the same or a superdomain.
        if name != over && !name.ends_with(&format!(".{over}")) {
            let text = format!("{over} is not {name} or above it");
            return Err(Refusal::new(
                "InvalidDomainValidationOptionsException",
                text,
            ));
        }
    }
    Ok(())
}

/// Returns the validation record of a name: the same for every certificate of
/// the account, and for a wildcard as for the name below it (ACM user guide, "DNS validation").
pub fn record(account: &str, name: &str) -> (String, String) {
    let bare = name.strip_prefix("*.").unwrap_or(name);
    let label = digest(&format!("{account} {bare} name"), 32);
    let value = digest(&format!("{account} {bare} value"), 32);
    let zone: String = digest(&format!("{account} {bare} zone"), 10)
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| char::from_digit(digit + 10, 36))
                .unwrap_or('a')
        })
        .collect();
    (
        format!("_{label}.{bare}."),
        format!("_{value}.{zone}.acm-validations.aws."),
    )
}

/// ACM looks for the records of a certificate: all found, it will be issued; else it looks again, for 72 hours.
pub fn look(ctx: &mut Ctx<'_>, arn: &str) {
    let Some(certificate) = ctx.here.acm.certificates.get(arn) else {
        return;
    };
    if certificate.status != Status::PendingValidation || certificate.found {
        return;
    }
    let there = |name: &String| {
        let (name, value) = record(ctx.account, name);
        record_exists(ctx, &name, &value)
    };
    let found = certificate.names.iter().all(there);
    let late = ctx.now.since(certificate.created) >= PATIENCE;
    let (delay, event) = if found {
        (
            ctx.takes(latency::CERTIFICATE_VALIDATE),
            Event::Issue(arn.to_owned()),
        )
    } else {
        (LOOK, Event::Look(arn.to_owned()))
    };
    if let Some(certificate) = ctx.here.acm.certificates.get_mut(arn) {
        certificate.found = found;
        if !found && late {
            certificate.status = Status::ValidationTimedOut;
            return;
        }
    }
    ctx.after(delay, world::Event::Acm(event));
}

/// A certificate is issued, unless it was deleted in between.
pub fn issue(ctx: &mut Ctx<'_>, arn: &str) {
    let now = ctx.now;
    if let Some(certificate) = ctx.here.acm.certificates.get_mut(arn) {
        certificate.status = Status::Issued;
        certificate.issued = Some(now);
        certificate.valid = Some(validity(now));
    }
}

/// Returns from when to when a certificate issued now is valid.
pub fn validity(now: Time) -> (Time, Time) {
    (now, now + VALIDITY)
}
