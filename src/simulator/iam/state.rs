//! What an account's people may not do. They may do everything else.

use serde::{Deserialize, Serialize};

/// IAM of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// What is denied to the account's only user.
    pub denied: Vec<Denial>,
}

/// An action that is denied.
///
/// In JSON it is the action alone (`"ec2:CreateVpcEndpoint"`), or
/// `{"action": "apigateway:POST", "resource": "*/restapis", "by": "service-control-policy"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Denial {
    /// IAM's action, with `*` and `?`; also an operation by its name (`apigateway:CreateRestApi`).
    pub action: String,
    /// The resources, with `*` and `?`; all of them if none are given.
    pub resource: Option<String>,
    /// What denies it.
    pub by: By,
}

impl Denial {
    /// Returns the denial of an action on all resources that no policy allows.
    pub fn of(action: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            resource: None,
            by: By::default(),
        }
    }

    /// Sets what denies it.
    #[must_use]
    pub const fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }
}

/// What denies an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// No policy of the user's allows it.
    #[default]
    NoPolicy,
    /// A policy of the user's denies it.
    IdentityPolicy,
    /// The user's permissions boundary does not allow it.
    PermissionsBoundary,
    /// A service control policy of the organization denies it.
    ServiceControlPolicy,
}

/// Both ways of writing a denial.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Action(String),
    Whole(Whole),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    action: String,
    #[serde(default)]
    resource: Option<String>,
    #[serde(default)]
    by: By,
}

impl From<Written> for Denial {
    fn from(written: Written) -> Self {
        match written {
            Written::Action(action) => Self::of(action),
            Written::Whole(Whole {
                action,
                resource,
                by,
            }) => Self {
                action,
                resource,
                by,
            },
        }
    }
}
