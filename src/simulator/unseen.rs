//! Writes that do not see yet what was made a moment ago.
//!
//! A rule of [`super::lag`] whose pattern fits a write lets it look at the world
//! as it was: what it names and does not find there, it refuses, in words that
//! are AWS's and not "not found".

use super::codec::Refusal;

/// What an operation says while it does not see what it names.
#[derive(Debug)]
pub struct Unseen {
    service: &'static str,
    operation: &'static str,
    /// The refusals, on the old world, that come of that: how their codes begin.
    of: &'static [&'static str],
    code: &'static str,
    status: u16,
    message: &'static str,
}

const TABLE: &[Unseen] = &[
    // Terraform's provider repeats both for 30 s and more.
    Unseen {
        service: "apigateway",
        operation: "CreateBasePathMapping",
        of: &["NotFound", "BadRequest"],
        code: "BadRequestException",
        status: 400,
        message: "Invalid stage identifier specified",
    },
    Unseen {
        service: "apigateway",
        operation: "CreateStage",
        of: &["NotFound", "BadRequest"],
        code: "BadRequestException",
        status: 400,
        message: "Deployment id does not exist",
    },
    // AWS re:Post and public logs: after AddPermission.
    Unseen {
        service: "elasticloadbalancing",
        operation: "RegisterTargets",
        of: &["AccessDenied"],
        code: "AccessDenied",
        status: 403,
        message: "elasticloadbalancing principal does not have permission to invoke the function from target group",
    },
    // Terraform's provider waits for up to five minutes.
    Unseen {
        service: "elasticloadbalancing",
        operation: "CreateListener",
        of: &["CertificateNotFound"],
        code: "CertificateNotFound",
        status: 400,
        message: "Certificate not found",
    },
    Unseen {
        service: "elasticloadbalancing",
        operation: "CreateRule",
        of: &["TargetGroupNotFound"],
        code: "TargetGroupNotFound",
        status: 400,
        message: "Target groups not found",
    },
    // EC2 API reference, "Eventual consistency".
    Unseen {
        service: "ec2",
        operation: "AuthorizeSecurityGroupIngress",
        of: &["InvalidGroup.NotFound"],
        code: "InvalidGroup.NotFound",
        status: 400,
        message: "The security group does not exist",
    },
    Unseen {
        service: "ec2",
        operation: "CreateVpcEndpoint",
        of: &["InvalidGroup.NotFound", "InvalidSecurityGroup"],
        code: "InvalidGroup.NotFound",
        status: 400,
        message: "The security group does not exist",
    },
];

/// What this operation says, if it is one that says something.
pub fn of(service: &str, operation: &str) -> Option<&'static Unseen> {
    TABLE
        .iter()
        .find(|one| one.service == service && one.operation == operation)
}

impl Unseen {
    /// Its refusal in place of the one that the old world gave, if that came of
    /// something that was not there.
    ///
    /// Each row of the table has its source (observed, or an assumption).
    pub fn says(&self, old: &Refusal) -> Option<Refusal> {
        let fits = self.of.iter().any(|code| old.code.starts_with(code));
        fits.then(|| Refusal::new(self.code, self.message).status(self.status))
    }
}
