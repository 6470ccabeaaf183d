//! IAM, as far as a caller asks what it may do: everything but what the account is told to deny.
//!
//! What is denied stands in the account ([`State::denied`]) or in the conditions.
//! An operation that is denied is refused as its service does it, and
//! `SimulatePrincipalPolicy` says so beforehand.

mod action;
mod simulate;
pub mod state;

pub use action::action;
pub use state::{By, Denial, State};

use super::codec::{Input, Protocol, Refusal};
use super::faults::Fault;
use super::pattern::matches;
use super::random::digest;
use super::service::{Operation, Service, read};
use super::sts;
use super::world::Ctx;

/// The service.
pub const SERVICE: Service = Service {
    name: "iam",
    protocol: Protocol::Query,
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    operations: &[
        read(
            "SimulatePrincipalPolicy",
            simulate::simulate,
            &[
                "ActionNames",
                "CallerArn",
                "ContextEntries",
                "Marker",
                "MaxItems",
                "PolicySourceArn",
                "ResourceArns",
            ],
        ),
        read(
            "GetContextKeysForPrincipalPolicy",
            simulate::context_keys,
            &["PolicySourceArn"],
        ),
    ],
};

/// Returns what denies an action, on a resource or on `*`; also by an operation's own name.
fn denial<'a>(ctx: &'a Ctx<'_>, action: &str, name: &str, resource: &str) -> Option<&'a Denial> {
    let told = ctx.global.iam.denied.iter();
    let mut all = told.chain(&ctx.conditions.denied);
    all.find(|denial| {
        // IAM user guide, "JSON policy elements: Action": case does not count.
        let fits = |text: &str| matches(&denial.action.to_lowercase(), &text.to_lowercase());
        let there = denial.resource.as_deref();
        (fits(action) || fits(name)) && there.is_none_or(|there| matches(there, resource))
    })
}

/// Returns the refusal of a call that the account denies.
///
/// STS API reference, `GetCallerIdentity`: it cannot be denied.
pub fn refused(
    ctx: &Ctx<'_>,
    service: &Service,
    operation: &Operation,
    input: &Input,
) -> Option<Refusal> {
    if service.name == "sts" {
        return None;
    }
    let route = operation.route.0;
    let action = action(service.name, operation.name, route);
    let name = format!("{}:{}", service.name, operation.name);
    let resource = action::resource(ctx, service.name, route, input);
    let denial = denial(ctx, &action, &name, &resource)?;
    Some(refusal(ctx, service.name, &action, &resource, denial.by))
}

/// IAM user guide, "Troubleshoot access denied error messages": who, what, on
/// what, and why. Codes: EC2 API reference, "Error codes" (`UnauthorizedOperation`),
/// and each service's common errors; JSON 1.1 has 400 where the others have 403.
fn refusal(ctx: &Ctx<'_>, service: &str, action: &str, resource: &str, by: By) -> Refusal {
    let why = match by {
        By::NoPolicy => format!("because no identity-based policy allows the {action} action"),
        By::IdentityPolicy => "with an explicit deny in an identity-based policy".to_owned(),
        By::PermissionsBoundary => {
            format!("because no permissions boundary allows the {action} action")
        }
        By::ServiceControlPolicy => "with an explicit deny in a service control policy".to_owned(),
    };
    let place = match resource {
        "*" => String::new(),
        resource => format!(" on resource: {resource}"),
    };
    let caller = sts::caller(ctx);
    let text = format!("User: {caller} is not authorized to perform: {action}{place} {why}");
    match service {
        "ec2" => {
            let sealed = digest(&text, 64);
            let text = format!(
                "You are not authorized to perform this operation. {text}. Encoded authorization failure message: {sealed}"
            );
            Refusal::new("UnauthorizedOperation", text).status(403)
        }
        "apigateway" | "lambda" => Refusal::new("AccessDeniedException", text).status(403),
        "acm" | "servicequotas" => Refusal::new("AccessDeniedException", text),
        _ => Refusal::new("AccessDenied", text).status(403),
    }
}

/// Returns whether fault rules refuse an operation always, as one that is denied.
fn refused_by_faults(ctx: &Ctx<'_>, name: &str) -> bool {
    let mut rules = ctx.conditions.faults.iter();
    rules.any(|rule| {
        let always = rule.calls.is_none() && rule.probability.is_none() && rule.times.is_none();
        let denies = |code: &str| {
            matches!(
                code,
                "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation"
            )
        };
        always
            && matches(&rule.operation, name)
            && matches!(&rule.then, Fault::Refuse { code, .. } if denies(code))
    })
}

#[cfg(test)]
mod tests;
