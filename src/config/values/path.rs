//! The paths of routes.

use super::all;
use crate::config::form::Text;
use crate::config::problem::{Checked, refusal, shown};
use crate::config::reading::Kind;

/// The path of a route, unlike those that have been read.
pub(in crate::config) const ROUTE: Text<String> = Text::new(|text, context| {
    let path = route_path(text, context.kind)?;
    beside_aliases(&path, &context.aliases)?;
    if context.paths.contains(&path) {
        let message = format!("`{path}` is already the path of another route");
        return Err(refusal(message, "give each route a path of its own"));
    }
    Ok(path)
})
.pattern(r"^/(?!s?ping$)(?!.{126})([A-Za-z0-9._+-]+(/[A-Za-z0-9._+-]+)*)?$")
.examples(&["/", "/orders"]);

/// The path of a route: `/`, or levels that begin with a slash each.
fn route_path(text: &str, kind: Kind) -> Checked<String> {
    if text == "/" {
        return Ok(text.to_owned());
    }
    let Some(name) = text.strip_prefix('/') else {
        let message = format!("`{}` does not begin with `/`", shown(text));
        return Err(refusal(message, format!("write /{}", shown(text))));
    };
    if let Some(shorter) = text.strip_suffix('/') {
        let message = format!("`{}` ends with `/`", shown(text));
        return Err(refusal(message, format!("write {}", shown(shorter))));
    }
    if kind == Kind::Api && name.contains('/') {
        return Err(refusal(
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
        return Err(refusal(
            format!("`{}` is not a route's path", shown(text)),
            "levels of letters, digits and - _ . + that begin with `/`",
        ));
    }
    if name == "ping" || name == "sping" {
        return Err(refusal(
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
    // As many has a regular expression that finds a site's files: `.` and `+` are
    // escaped in it, and the longest of the usual ones takes 32 characters.
    const LONGEST_ESCAPED: usize = 96;
    if text.len() > LONGEST {
        let message = format!("{} characters are too many", text.len());
        let hint = format!("a listener rule leaves room for {LONGEST}");
        return Err(refusal(message, hint));
    }
    let escaped = text.len() + text.chars().filter(|c| ".+".contains(*c)).count();
    if kind == Kind::Site && escaped > LONGEST_ESCAPED {
        let message = format!("{} characters are too many for a site", text.len());
        let hint =
            format!("a listener rule leaves room for {LONGEST_ESCAPED}; `.` and `+` count twice");
        return Err(refusal(message, hint));
    }
    Ok(())
}

/// Keys tell resources apart: an alias's end with its name, others with the
/// route's path. The longest of them is a tag's value.
fn beside_aliases(path: &str, aliases: &[String]) -> Checked<()> {
    // EC2 and ELBv2: 256 characters a value.
    const LONGEST: usize = 256 - "listener-rule/".len();
    let levels = path.trim_start_matches('/');
    for alias in aliases {
        if levels == alias || levels.ends_with(&format!("/{alias}")) {
            return Err(refusal(
                format!(
                    "`{path}` ends with the alias `{alias}`: their resources would share names"
                ),
                "choose another path",
            ));
        }
        let length = levels.len() + 1 + alias.len();
        if length > LONGEST {
            return Err(refusal(
                format!("the path and the alias `{alias}` have {length} characters together"),
                format!("shorten one of them: a tag leaves room for {LONGEST}"),
            ));
        }
    }
    Ok(())
}
