//! Buckets, and places and objects in them.

use std::fmt;

use super::{all, lower_or_digit};
use crate::config::files;
use crate::config::form::Text;
use crate::config::problem::{Checked, refusal, shown};

/// The name of a bucket.
pub(in crate::config) const BUCKET: Text<String> = Text::new(|text, _| bucket(text))
    .pattern(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    .examples(&["orders-frontend"]);

/// The object that a site shows where it has no other.
pub(in crate::config) const INDEX: Text<String> =
    Text::new(|text, _| index(text)).pattern(r"^[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*$");

/// What of a site is a file; the route's path has been read before it.
pub(in crate::config) const FILE: Text<String> = Text::new(|text, context| {
    let path = context.paths.last().map_or("/", String::as_str);
    files::check(text, path)
})
.pattern(r"^[A-Za-z0-9._~@+$!(),;=:&'/*?-]+$")
.examples(&["/assets/*", "*.js"]);

/// Where logs go.
pub(in crate::config) const LOGS: Text<S3Location> = Text::new(|text, _| logs(text))
    .pattern(r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/].*[^/]|/[^/])?$")
    .examples(&["s3://bucket/prefix"]);

/// A place in S3, written `s3://bucket/prefix`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct S3Location {
    /// The bucket.
    pub bucket: String,
    /// What keys begin with, without slashes at its ends; may be empty.
    pub prefix: String,
}

impl fmt::Display for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if !self.prefix.is_empty() {
            write!(f, "/{}", self.prefix)?;
        }
        Ok(())
    }
}

/// Whether the text can be a general purpose bucket's name (S3 user guide,
/// "Bucket naming rules").
fn is_bucket(text: &str) -> bool {
    (3..=63).contains(&text.len())
        && all(text, |c| lower_or_digit(c) || c == '.' || c == '-')
        && !text.starts_with(['.', '-'])
        && !text.ends_with(['.', '-'])
        && !text.contains("..")
        && text.parse::<std::net::Ipv4Addr>().is_err()
}

fn bucket(text: &str) -> Checked<String> {
    if is_bucket(text) {
        return Ok(text.to_owned());
    }
    let hint = match text.strip_prefix("s3://") {
        Some(_) => "write the name alone, without s3://",
        None => "3 to 63 of a-z, 0-9, '-' and '.', as in orders-frontend",
    };
    let message = format!("`{}` is not a bucket's name", shown(text));
    Err(refusal(message, hint))
}

/// The name of the object that a site shows. The listener rule writes it into
/// the request's path as it is, so it holds only what needs no escape there.
fn index(text: &str) -> Checked<String> {
    // The rule's replacement has 1024 characters with its leading slash.
    const LONGEST: usize = 1023;
    let refused = |why: String, hint: &str| Err(refusal(why, hint));
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

fn logs(text: &str) -> Checked<S3Location> {
    const EXAMPLE: &str = "write s3://bucket or s3://bucket/prefix";
    let Some(rest) = text.strip_prefix("s3://") else {
        let message = format!("`{}` is not a place in S3", shown(text));
        return Err(refusal(message, EXAMPLE));
    };
    let (bucket, prefix) = match rest.split_once('/') {
        Some((bucket, prefix)) => (bucket, Some(prefix)),
        None => (rest, None),
    };
    if !is_bucket(bucket) {
        let message = format!("`{}` is not a bucket's name", shown(bucket));
        return Err(refusal(message, EXAMPLE));
    }
    if prefix.is_some_and(|p| p.is_empty() || p.starts_with('/') || p.ends_with('/')) {
        let message = "the prefix neither begins nor ends with `/`";
        return Err(refusal(message, EXAMPLE));
    }
    let prefix = prefix.unwrap_or_default();
    // AWS adds it below the prefix, and refuses it within.
    if prefix.contains("AWSLogs") {
        let message = "the prefix must not contain `AWSLogs`";
        return Err(refusal(
            message,
            "leave it out; AWS adds it below the prefix",
        ));
    }
    if !prefix.chars().all(|c| c.is_ascii_graphic()) {
        let message = format!("`{}` is not a usable prefix", shown(prefix));
        return Err(refusal(message, "ASCII without spaces"));
    }
    Ok(S3Location {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
    })
}
