//! ARNs and partitions, and what the configuration names by ARN.

use super::{all, stack};
use crate::aws::Partition;
use crate::config::form::Text;
use crate::config::problem::{Checked, Refusal, refusal, shown};
use crate::config::reading::Context;

/// The ARN of a certificate, in the stack's region and account.
pub(in crate::config) const CERTIFICATE: Text<String> = Text::new(certificate)
    .pattern(r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9A-Fa-f-]{36}$")
    .examples(&[
        "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
    ]);

/// The ARN of a function, in the stack's region and account.
pub(in crate::config) const FUNCTION: Text<String> = Text::new(function)
    .pattern(r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]{1,128})?$")
    .examples(&["arn:aws:lambda:eu-central-1:111122223333:function:sms"]);

/// The parts of an ARN that names a region and an account.
pub(in crate::config) struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads an ARN.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut part = || parts.next();
        let (prefix, partition) = (part()?, part()?);
        let (service, region, account) = (part()?, part()?, part()?);
        let resource = part()?;
        let well_formed =
            prefix == "arn" && stack::region(region).is_ok() && stack::account(account).is_ok();
        well_formed.then_some(Arn {
            partition,
            service,
            region,
            account,
            resource,
        })
    }

    /// Refuses an ARN of a region other than the given one, and a partition
    /// that is not its region's.
    pub fn in_region(&self, region: Option<&str>) -> Result<(), Refusal> {
        let partition = Partition::of(self.region).id();
        if self.partition != partition {
            return Err(refusal(
                format!(
                    "`{}` is not the partition of {}",
                    shown(self.partition),
                    self.region
                ),
                format!("write arn:{partition}:…"),
            ));
        }
        match region {
            Some(region) if region != self.region => Err(refusal(
                format!("names {}, but the stack is in {region}", self.region),
                format!("name one in {region}"),
            )),
            _ => Ok(()),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts
            .iter()
            .all(|part| all(part, |c| c.is_ascii_hexdigit()))
}

fn certificate(text: &str, context: &Context) -> Checked<String> {
    let refused = || {
        refusal(
            "must be an ACM certificate ARN",
            "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
        )
    };
    let arn = Arn::parse(text).ok_or_else(refused)?;
    let id = arn
        .resource
        .strip_prefix("certificate/")
        .unwrap_or_default();
    if arn.service != "acm" || !is_uuid(id) {
        return Err(refused());
    }
    arn.in_region(context.region.as_deref())?;
    match &context.account {
        Some(account) if *account != arn.account => Err(refusal(
            format!(
                "the certificate is of account {}, not {account}",
                arn.account
            ),
            "request or import one in the account of this stack",
        )),
        _ => Ok(text.to_owned()),
    }
}

/// A function's ARN, in the stack's region and account where they are known: a
/// load balancer invokes no other (ELBv2 user guide, "Lambda functions as
/// targets"), and hybridgw gives permission in its own account only.
fn function(text: &str, context: &Context) -> Checked<String> {
    let refused = || {
        refusal(
            "must be a Lambda function's ARN",
            "arn:aws:lambda:eu-central-1:111122223333:function:orders",
        )
    };
    let arn = Arn::parse(text).ok_or_else(refused)?;
    let name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let rest = arn.resource.strip_prefix("function:").ok_or_else(refused)?;
    let (function, qualifier) = rest.split_once(':').unwrap_or((rest, "1"));
    let qualifier_fits = qualifier == "$LATEST" || (qualifier.len() <= 128 && all(qualifier, name));
    if arn.service != "lambda" || function.len() > 64 || !all(function, name) || !qualifier_fits {
        return Err(refused());
    }
    // Lambda: "We currently do not support adding policies for $LATEST."
    if qualifier == "$LATEST" {
        let message = "no permission can be given on `$LATEST`";
        let hint = "leave it out: the function's own ARN means the same";
        return Err(refusal(message, hint));
    }
    arn.in_region(context.region.as_deref())?;
    match &context.account {
        Some(account) if *account != arn.account => Err(refusal(
            format!("the function is of account {}, not {account}", arn.account),
            "name one in the account of this stack",
        )),
        _ => Ok(text.to_owned()),
    }
}
