//! The services of the account, in the order in which they are asked.

use super::conditions::Conditions;
use super::error::WorldError;
use super::pattern;
use super::service::Service;
use super::{acm, apigateway, ec2, elbv2, iam, lambda, route53, s3, servicequotas, sts};

/// The services of the account.
pub const SERVICES: &[&Service] = &[
    &acm::SERVICE,
    &apigateway::SERVICE,
    &ec2::SERVICE,
    &elbv2::SERVICE,
    &iam::SERVICE,
    &lambda::SERVICE,
    &route53::SERVICE,
    &servicequotas::SERVICE,
    &sts::SERVICE,
    // The last: its paths take anything, and unsigned requests are known by their paths.
    &s3::SERVICE,
];

/// Refuses rules about operations that no service of the account has: they
/// would strike nothing, and nobody would know.
pub fn check(conditions: &Conditions) -> Result<(), WorldError> {
    let faults = conditions.faults.iter().map(|rule| &rule.operation);
    let lags = conditions.lag.iter().map(|rule| &rule.operation);
    let denied = conditions.denied.iter().map(|denial| &denial.action);
    let undeniable = denied.into_iter().find(|pattern| !is_action(pattern));
    let unknown = faults.chain(lags).find(|pattern| !is_known(pattern));
    let unknown = unknown.or(undeniable);
    unknown.map_or(Ok(()), |pattern| {
        Err(WorldError::UnknownOperation(pattern.clone()))
    })
}

/// Whether an action that is denied is one of IAM's, or an operation's name.
pub fn is_action(pattern: &str) -> bool {
    let fits = |name: &str| pattern::matches(&pattern.to_lowercase(), &name.to_lowercase());
    is_known(pattern)
        || SERVICES.iter().any(|service| {
            let mut operations = service.operations.iter();
            operations.any(|one| fits(&iam::action(service.name, one.name, one.route.0)))
        })
}

fn is_known(pattern: &str) -> bool {
    SERVICES.iter().any(|service| {
        let mut operations = service.operations.iter();
        operations.any(|operation| {
            pattern::matches(pattern, &format!("{}:{}", service.name, operation.name))
        })
    })
}
