//! The certificates of listeners.

use serde_json::{Value, json};

use super::arn::{LISTENER, invalid};
use super::list::page;
use super::state::State;
use super::usage;
use crate::acm::{self, Status};
use crate::codec::{Input, Output, Refusal, ok};
use crate::servicequotas::{code, most};
use crate::world::Ctx;

/// Reads a certificate that a listener is to use: it is in ACM, here, and issued.
///
/// `ELBv2` API reference: `CertificateNotFound`. One that is not issued is
/// `UnsupportedCertificate` (observed: "… must have a fully-qualified domain
/// name, a supported signature, and a supported key size."). IAM's server certificates are not simulated.
pub fn usable(ctx: &Ctx<'_>, certificate: &Input) -> Result<String, Refusal> {
    let arn = certificate.require("CertificateArn")?;
    if certificate.has("IsDefault") {
        // ELBv2 API reference, `CreateListener`: "do not set IsDefault".
        return Err(invalid(
            "You cannot set the isDefault parameter for a certificate",
        ));
    }
    match acm::status(ctx, arn) {
        None => {
            let text = format!("Certificate '{arn}' not found");
            Err(Refusal::new("CertificateNotFound", text))
        }
        Some(Status::Issued) => Ok(arn.to_owned()),
        Some(_) => {
            let text = format!(
                "The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a supported key size."
            );
            Err(Refusal::new("UnsupportedCertificate", text))
        }
    }
}

fn secure(state: &State, arn: &str) -> Result<(), Refusal> {
    if LISTENER.find(&state.listeners, arn)?.protocol == "HTTPS" {
        return Ok(());
    }
    // Assumption: the code.
    Err(invalid("Certificates are for HTTPS listeners"))
}

/// `DescribeListenerCertificates`: the default one, and the list.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("ListenerArn")?;
    let listener = LISTENER.find(&ctx.here.elbv2.listeners, arn)?;
    let default = listener.certificate.iter().map(|arn| (arn, true));
    let all: Vec<_> = default
        .chain(listener.extra.iter().map(|arn| (arn, false)))
        .collect();
    let (all, next) = page(ctx, all, input)?;
    let items: Value = all
        .into_iter()
        .map(|(arn, default)| json!({"CertificateArn": arn, "IsDefault": default}))
        .collect();
    ok(json!({"Certificates": items, "NextMarker": next}))
}

/// `AddListenerCertificates`: what is in the list already stays once (`ELBv2` API reference).
pub fn add(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("ListenerArn")?;
    secure(&ctx.here.elbv2, arn)?;
    let parts = input.each("Certificates");
    one_at_a_time(input, parts.len())?;
    let mut added = Vec::new();
    for part in parts {
        added.push(usable(ctx, &part)?);
    }
    let listener = LISTENER.find_mut(&mut ctx.here.elbv2.listeners, arn)?;
    for certificate in &added {
        if !listener.extra.contains(certificate) {
            listener.extra.push(certificate.clone());
        }
    }
    let balancer = listener.balancer.clone();
    let count: usize = ctx
        .here
        .elbv2
        .listeners_of(&balancer)
        .map(|(_, listener)| listener.extra.len())
        .sum();
    let limit = most(ctx, code::CERTIFICATES);
    if count > limit {
        let text = format!("The limit of {limit} certificates of a load balancer has been reached");
        return Err(Refusal::new("TooManyCertificates", text));
    }
    usage::refresh_certificates(ctx);
    let items: Value = added
        .iter()
        .map(|arn| json!({"CertificateArn": arn, "IsDefault": false}))
        .collect();
    ok(json!({"Certificates": items}))
}

/// "You can specify one certificate per call" (ELBv2 API reference, both calls);
/// the code for several is an assumption.
fn one_at_a_time(input: &Input, count: usize) -> Result<(), Refusal> {
    match count {
        0 => Err(input.protocol.missing("Certificates")),
        1 => Ok(()),
        _ => {
            let text = "One certificate a call can be specified";
            Err(Refusal::new("ValidationError", text))
        }
    }
}

/// `RemoveListenerCertificates`: not the default one (`OperationNotPermitted`); what is not in the list is a success (assumption).
pub fn remove(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("ListenerArn")?;
    secure(&ctx.here.elbv2, arn)?;
    let listener = LISTENER.find_mut(&mut ctx.here.elbv2.listeners, arn)?;
    let parts = input.each("Certificates");
    one_at_a_time(input, parts.len())?;
    for part in parts {
        let certificate = part.require("CertificateArn")?;
        let listed = listener.extra.iter().any(|extra| extra == certificate);
        if !listed && listener.certificate.as_deref() == Some(certificate) {
            let text = "The default certificate cannot be removed";
            return Err(Refusal::new("OperationNotPermitted", text));
        }
        listener.extra.retain(|extra| extra != certificate);
    }
    usage::refresh_certificates(ctx);
    ok(json!({}))
}
