//! The services of the account, in the order in which they are asked.

use super::conditions::Conditions;
use super::error::WorldError;
use super::pattern;
use super::service::Service;
use super::{acm, apigateway, ec2, elbv2, lambda, route53, s3, sts};

/// The services of the account.
pub const SERVICES: &[&Service] = &[
    &acm::SERVICE,
    &apigateway::SERVICE,
    &ec2::SERVICE,
    &elbv2::SERVICE,
    &lambda::SERVICE,
    &route53::SERVICE,
    &sts::SERVICE,
    // The last: its paths take anything, and unsigned requests are known by their paths.
    &s3::SERVICE,
];

/// Refuses rules about operations that no service of the account has: they
/// would strike nothing, and nobody would know.
pub fn check(conditions: &Conditions) -> Result<(), WorldError> {
    let faults = conditions.faults.iter().map(|rule| &rule.operation);
    let lags = conditions.lag.iter().map(|rule| &rule.operation);
    let unknown = faults.chain(lags).find(|pattern| !is_known(pattern));
    unknown.map_or(Ok(()), |pattern| {
        Err(WorldError::UnknownOperation(pattern.clone()))
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
