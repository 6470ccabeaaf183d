//! The protocols.

use super::refusal::Refusal;

/// The protocol a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// EC2's dialect of the query protocol: flat lists, `<item>`s, `<Response><Errors>`.
    Ec2,
    /// The query protocol: `.member.N`, `<member>`s, `<ErrorResponse>` (`ELBv2`, STS).
    Query,
    /// REST with XML bodies (Route 53).
    RestXml,
    /// REST with XML bodies and a bare `<Error>` (S3).
    S3,
    /// REST with JSON bodies (API Gateway, Lambda).
    RestJson,
    /// JSON 1.1: one path, `X-Amz-Target` names the operation (ACM).
    Json,
}

impl Protocol {
    /// Returns whether the operation is named by `Action`.
    pub const fn is_query(self) -> bool {
        matches!(self, Self::Ec2 | Self::Query)
    }

    /// Returns the refusal of a request that lacks a parameter.
    pub fn missing(self, name: &str) -> Refusal {
        match self {
            // EC2 API reference, "Error codes": MissingParameter.
            Self::Ec2 => Refusal::new(
                "MissingParameter",
                format!("The request must contain the parameter {name}"),
            ),
            // Query APIs, "Common errors": ValidationError.
            Self::Query => Refusal::new("ValidationError", format!("{name} is required")),
            Self::RestXml => Refusal::new("InvalidInput", format!("{name} is required")),
            Self::S3 => Refusal::new("InvalidRequest", format!("{name} is required")),
            Self::RestJson => Refusal::new("BadRequestException", format!("{name} is required")),
            Self::Json => Refusal::new("ValidationException", format!("{name} is required")),
        }
    }
}
