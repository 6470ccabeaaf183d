//! The rules for single values, continued: the routes and what they lead to.

use std::path::PathBuf;

use super::arn::Arn;
use super::check::{Checked, all, lower_or_digit};
use super::problem::{shown, wrong};

/// What a route leads to, as far as its path depends on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Api,
    Lambda,
    Site,
    /// None of them, or several: reported elsewhere.
    Unclear,
}

/// The path of a route: `/`, or levels that begin with a slash each.
pub(super) fn route_path(text: &str, kind: Kind) -> Checked<String> {
    if text == "/" {
        return Ok(text.to_owned());
    }
    let Some(name) = text.strip_prefix('/') else {
        let message = format!("`{}` does not begin with `/`", shown(text));
        return Err(wrong(message, format!("write /{}", shown(text))));
    };
    if let Some(shorter) = text.strip_suffix('/') {
        let message = format!("`{}` ends with `/`", shown(text));
        return Err(wrong(message, format!("write {}", shown(shorter))));
    }
    if kind == Kind::Api && name.contains('/') {
        return Err(wrong(
            format!("`{}` has more than one level", shown(text)),
            "API Gateway's base paths have one level: /orders, not /shop/orders",
        ));
    }
    // The characters that base paths, the load balancer's path patterns and
    // tags share: the path is part of the tag `hybridgw:resource`.
    let fits = |level: &str| {
        all(level, |c| c.is_ascii_alphanumeric() || "-_.+".contains(c))
            && level.chars().any(|c| c != '.')
    };
    if !name.split('/').all(fits) {
        return Err(wrong(
            format!("`{}` is not a route's path", shown(text)),
            "levels of letters, digits and - _ . + that begin with `/`",
        ));
    }
    if name == "ping" || name == "sping" {
        return Err(wrong(
            format!("`{text}` is reserved by API Gateway for its own health check"),
            "choose another path",
        ));
    }
    room(text, kind).map(|()| text.to_owned())
}

/// Whether the listener rules of a route have room for its path.
fn room(text: &str, kind: Kind) -> Checked<()> {
    // A rule's path pattern has 128 characters at most, and one ends in `/*`.
    const LONGEST: usize = 126;
    // As many has the regular expression that finds a site's assets: `.` and
    // `+` are escaped in it, and 32 characters are around the path.
    const LONGEST_ESCAPED: usize = 96;
    if text.len() > LONGEST {
        let message = format!("{} characters are too many", text.len());
        let hint = format!("a listener rule leaves room for {LONGEST}");
        return Err(wrong(message, hint));
    }
    let escaped = text.len() + text.chars().filter(|c| ".+".contains(*c)).count();
    if kind == Kind::Site && escaped > LONGEST_ESCAPED {
        let message = format!("{} characters are too many for a site", text.len());
        let hint =
            format!("a listener rule leaves room for {LONGEST_ESCAPED}; `.` and `+` count twice");
        return Err(wrong(message, hint));
    }
    Ok(())
}

/// Keys tell resources apart: an alias's end with its name, others with the
/// route's path. The longest of them is a tag's value.
pub(super) fn beside_aliases(path: &str, aliases: &[String]) -> Checked<()> {
    // EC2 and ELBv2: 256 characters a value.
    const LONGEST: usize = 256 - "listener-rule/".len();
    let levels = path.trim_start_matches('/');
    for alias in aliases {
        if levels == alias || levels.ends_with(&format!("/{alias}")) {
            return Err(wrong(
                format!(
                    "`{path}` ends with the alias `{alias}`: their resources would share names"
                ),
                "choose another path",
            ));
        }
        let length = levels.len() + 1 + alias.len();
        if length > LONGEST {
            return Err(wrong(
                format!("the path and the alias `{alias}` have {length} characters together"),
                format!("shorten one of them: a tag leaves room for {LONGEST}"),
            ));
        }
    }
    Ok(())
}

pub(super) fn file(text: &str) -> Checked<PathBuf> {
    if text.is_empty() || text.contains('\0') {
        let message = "is not a file's name";
        return Err(wrong(message, "name the OpenAPI file, as in openapi.json"));
    }
    Ok(PathBuf::from(text))
}

pub(super) fn api_id(text: &str) -> Checked<String> {
    if text.len() == 10 && all(text, lower_or_digit) {
        return Ok(text.to_owned());
    }
    Err(wrong(
        format!("`{}` is not a REST API's id", shown(text)),
        "10 lower-case letters and digits, as in a1b2c3d4e5",
    ))
}

/// A function's ARN, in the stack's region and account where they are known: a
/// load balancer invokes no other (ELBv2 user guide, "Lambda functions as
/// targets"), and hybridgw gives permission in its own account only.
pub(super) fn lambda(text: &str, region: Option<&str>, account: Option<&str>) -> Checked<String> {
    let refused = || {
        wrong(
            "must be a Lambda function's ARN",
            "arn:aws:lambda:eu-central-1:111122223333:function:orders",
        )
    };
    let arn = Arn::parse(text).ok_or_else(refused)?;
    let name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let rest = arn.resource.strip_prefix("function:").ok_or_else(refused)?;
    let (function, qualifier) = rest.split_once(':').unwrap_or((rest, "1"));
    let qualifier_fits = qualifier == "$LATEST" || (qualifier.len() <= 128 && all(qualifier, name));
    if arn.service != "lambda" || function.len() > 64 || !all(function, name) || !qualifier_fits {
        return Err(refused());
    }
    // Lambda: "We currently do not support adding policies for $LATEST."
    if qualifier == "$LATEST" {
        let message = "no permission can be given on `$LATEST`";
        let hint = "leave it out: the function's own ARN means the same";
        return Err(wrong(message, hint));
    }
    arn.in_region(region)?;
    match account {
        Some(account) if account != arn.account => Err(wrong(
            format!("the function is of account {}, not {account}", arn.account),
            "name one in the account of this stack",
        )),
        _ => Ok(text.to_owned()),
    }
}

pub(super) fn stage(text: &str) -> Checked<String> {
    let fits =
        text.len() <= 128 && all(text, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if fits {
        return Ok(text.to_owned());
    }
    Err(wrong(
        format!("`{}` is not a stage's name", shown(text)),
        "1 to 128 letters, digits, '_' and '-', as in v1",
    ))
}

/// Whether the text can be a general purpose bucket's name (S3 user guide,
/// "Bucket naming rules").
pub(super) fn is_bucket(text: &str) -> bool {
    (3..=63).contains(&text.len())
        && all(text, |c| lower_or_digit(c) || c == '.' || c == '-')
        && !text.starts_with(['.', '-'])
        && !text.ends_with(['.', '-'])
        && !text.contains("..")
        && text.parse::<std::net::Ipv4Addr>().is_err()
}

pub(super) fn bucket(text: &str) -> Checked<String> {
    if is_bucket(text) {
        return Ok(text.to_owned());
    }
    let hint = match text.strip_prefix("s3://") {
        Some(_) => "write the name alone, without s3://",
        None => "3 to 63 of a-z, 0-9, '-' and '.', as in orders-frontend",
    };
    let message = format!("`{}` is not a bucket's name", shown(text));
    Err(wrong(message, hint))
}

/// The name of the object that a site shows. The listener rule writes it into
/// the request's path as it is, so it holds only what needs no escape there.
pub(super) fn index(text: &str) -> Checked<String> {
    // The rule's replacement has 1024 characters with its leading slash.
    const LONGEST: usize = 1023;
    let refused = |why: String, hint: &str| Err(wrong(why, hint));
    if text.is_empty() {
        return refused("is empty".to_owned(), "name an object, as in index.html");
    }
    if let Some(rest) = text.strip_prefix('/') {
        let hint = format!("write {}", shown(rest));
        return refused(format!("`{}` begins with `/`", shown(text)), &hint);
    }
    if text.len() > LONGEST {
        let why = format!("{} bytes are too many", text.len());
        return refused(why, "a listener rule leaves room for 1023");
    }
    let steps = |level: &str| level.is_empty() || level.chars().all(|c| c == '.');
    if text.split('/').any(steps) {
        let why = format!("`{}` has an empty level, or one of dots", shown(text));
        return refused(why, "name an object, as in app/index.html");
    }
    // S3 user guide, "Naming Amazon S3 objects": the safe characters.
    if !all(text, |c| {
        c.is_ascii_alphanumeric() || "!-_.*'()/".contains(c)
    }) {
        let why = format!("`{}` has characters that a URL would escape", shown(text));
        return refused(why, "letters, digits and ! - _ . * ' ( ) /");
    }
    Ok(text.to_owned())
}
