//! How the methods of an API authorize.

/// How a method of an API authorizes, as API Gateway names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// `NONE`: the API's policy decides alone.
    None,
    /// `AWS_IAM`: the caller's own policies count too.
    Iam,
    /// `CUSTOM`: what a Lambda authorizer returns counts too.
    Lambda,
    /// `COGNITO_USER_POOLS`: with a valid token, the API's policy decides alone.
    Cognito,
}

impl Authorization {
    /// By API Gateway's own word; none if it is not one.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "NONE" => Self::None,
            "AWS_IAM" => Self::Iam,
            "CUSTOM" => Self::Lambda,
            "COGNITO_USER_POOLS" => Self::Cognito,
            _ => return None,
        })
    }
}
