//! `credentials` and `account`: who calls, and where.

use super::Patient;
use crate::{
    checks::{
        Check, Finding,
        codes::{ACCOUNT_OTHER, CREDENTIALS_UNUSABLE},
    },
    error::{Error, ErrorKind},
};

/// Credentials that cannot be used: nothing else can be asked then.
pub fn unusable(error: &Error) -> Finding {
    let cause = match error.causes.as_slice() {
        [] => "AWS does not take them".to_owned(),
        causes => causes.join(": "),
    };
    Finding::failed(
        CREDENTIALS_UNUSABLE,
        error.message.clone(),
        cause,
        error.hints.join("; "),
    )
}

/// Both checks, and the account; none if nothing should be asked there.
pub(super) async fn check(patient: &Patient<'_>) -> (Vec<Finding>, Option<String>) {
    let caller = match patient.reads.caller().await {
        Ok(caller) => caller,
        Err(error) if error.kind == ErrorKind::Credentials => {
            return (vec![unusable(&error)], None);
        }
        Err(error) => return (vec![Finding::unseen(Check::Credentials, &error)], None),
    };
    let (who, account) = (&caller.arn, caller.account.to_string());
    let profile = &patient.connection.profile;
    let credentials = Finding::ok(Check::Credentials, format!("{who} (profile {profile})"));
    let here = match &patient.config.account {
        None => Finding::ok(
            Check::Account,
            format!("{account}, and the file has no `account` to guard against another"),
        ),
        Some(wanted) if *wanted == account => {
            Finding::ok(Check::Account, format!("{account}, as the file says"))
        }
        Some(wanted) => {
            let other = Finding::failed(
                ACCOUNT_OTHER,
                format!("the credentials are for account {account}"),
                format!("the file allows only {wanted}, and nothing is done elsewhere"),
                "choose another --profile, or correct `account` in the configuration",
            );
            return (vec![credentials, other], None);
        }
    };
    (vec![credentials, here], Some(account))
}
