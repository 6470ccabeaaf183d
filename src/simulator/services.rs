//! The services of the account, in the order in which they are asked.

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
