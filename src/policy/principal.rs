//! `Principal` and `NotPrincipal` (IAM user guide, "JSON policy elements:
//! Principal", "`NotPrincipal`").

use serde_json::Value;

use super::{request::Caller, text::texts, truth::Truth};

/// What a policy is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An endpoint: it filters, and gives nobody a permission.
    Endpoint,
    /// A resource: a bucket, an API.
    Resource,
}

/// How a principal is named for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    /// By the account alone.
    Account,
    /// By its own name, or as everybody.
    Itself,
}

/// Whether the element means the caller; none if it is none that AWS takes.
pub(super) fn means(element: &Value, caller: &Caller, allow: bool, place: Place) -> Option<Truth> {
    let named = names(element, caller)?;
    if named.is_empty() && may_be_meant(element, caller) {
        return Some(Truth::open(WHO));
    }
    Some(match named.iter().max() {
        None => Truth::No,
        // The account may hand on what a resource's policy gives it: its own
        // policies say to whom ("Principal": AWS accounts). A Deny strikes all.
        Some(Named::Account) if allow && place == Place::Resource => {
            Truth::open("the identity policies of the caller")
        }
        Some(Named::Itself | Named::Account) => Truth::Yes,
    })
}

/// Whether everybody but the named is meant, and the caller is.
///
/// "When you use `NotPrincipal` with Deny, you must also specify the account of
/// the principal", and for a role its session: else it might be denied.
pub(super) fn excepts(element: &Value, caller: &Caller) -> Option<Truth> {
    let named = names(element, caller)?;
    if named.is_empty() && may_be_meant(element, caller) {
        return Some(Truth::open(WHO));
    }
    let Caller::Identity { session, .. } = caller else {
        return Some(named.is_empty().into());
    };
    let all = texts(&element["AWS"]).unwrap_or_default();
    let everybody = element == "*" || all.iter().any(|name| name == "*");
    let wanted = 2 + usize::from(session.is_some());
    Some(if named.is_empty() {
        Truth::Yes
    } else if everybody || named.len() >= wanted {
        Truth::No
    } else {
        Truth::open("what NotPrincipal leaves out besides")
    })
}

/// What a name of a user, a role or an account leaves open of somebody unknown.
const WHO: &str = "who has signed it";

/// Whether a name may be that of somebody of whom only the signature is known.
fn may_be_meant(element: &Value, caller: &Caller) -> bool {
    let signs = |kind: &str| !matches!(kind, "Service" | "CanonicalUser");
    let mut kinds = element.as_object().into_iter().flatten();
    *caller == Caller::Signed && kinds.any(|(kind, _)| signs(kind))
}

/// The names in the element that mean the caller.
fn names(element: &Value, caller: &Caller) -> Option<Vec<Named>> {
    if element == "*" {
        return Some(vec![Named::Itself]);
    }
    let mut found = Vec::new();
    for (kind, names) in element.as_object()? {
        if !matches!(
            kind.as_str(),
            "AWS" | "Service" | "Federated" | "CanonicalUser"
        ) {
            return None;
        }
        let names = texts(names)?;
        found.extend(names.iter().filter_map(|name| is(kind, name, caller)));
    }
    Some(found)
}

/// Whether this names the caller. Wildcards in a name are none: only `*` alone
/// is everybody. The id of a deleted principal, `AROA…`, is nobody's any more.
fn is(kind: &str, name: &str, caller: &Caller) -> Option<Named> {
    match (kind, caller) {
        ("AWS", _) if name == "*" => Some(Named::Itself),
        ("Service", Caller::Service(service)) if name == service => Some(Named::Itself),
        ("AWS", Caller::Identity { arn, session }) => {
            let named = account(name);
            // Of an account as a whole its id is a name, too.
            let is_whole = named.is_some() && named == account(arn);
            if name == arn || Some(name) == session.as_deref() || is_whole {
                Some(Named::Itself)
            } else {
                (named.as_deref() == caller.account()).then_some(Named::Account)
            }
        }
        _ => None,
    }
}

/// The account that is named as a whole: by its id, or as
/// `arn:aws:iam::<id>:root`, which mean the same.
pub(super) fn account(name: &str) -> Option<String> {
    let is_id = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_id(name) {
        return Some(name.to_owned());
    }
    match name.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "iam", "", id, "root"] if is_id(id) => Some((*id).to_owned()),
        _ => None,
    }
}
