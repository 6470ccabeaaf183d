//! What becomes of hosts and URLs on the way: transforms and redirects.

use super::answer::{Ask, Hop};
use super::passed::{Passed, Stop, bare};
use crate::elbv2::{Deed, Part, Transform};
use crate::regex::Regex;

/// Lets a rule's transforms rewrite a request.
///
/// ELB user guide, "Transforms for listener rules": host header, and path with
/// query; what does not match stays as it is, and a transform that fails is 500.
/// Assumptions: the first match is replaced, and a transform fails when it
/// leaves no host, or no path.
pub fn rewritten<'a>(transforms: &[Transform], mut passed: Passed<'a>) -> Result<Passed<'a>, Stop> {
    for transform in transforms {
        let text = match transform.part {
            Part::Host => &mut passed.host,
            Part::Url => &mut passed.url,
        };
        let regex = Regex::new(&transform.regex);
        if let Some(new) = regex.and_then(|regex| regex.replace(text, &transform.replace)) {
            *text = new;
        }
    }
    let host = bare(&passed.host);
    let legible = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if host.is_empty() || !host.chars().all(legible) {
        return Err(failed(&format!("\"{host}\" is no host")));
    }
    if !passed.url.starts_with('/') {
        return Err(failed(&format!("\"{}\" is no path", passed.url)));
    }
    Ok(passed)
}

fn failed(text: &str) -> Stop {
    let text = format!("a transform of the rule fails: {text}");
    Stop::at(Hop::Rule, 500, text)
}

/// Returns where a redirect leads.
///
/// `ELBv2` API reference, `RedirectActionConfig`: `#{protocol}`, `#{host}`,
/// `#{port}`, `#{path}` (without its first slash), `#{query}`. The port is
/// always written (observed).
pub fn location(deed: &Deed, ask: &Ask, listener: &str) -> Option<String> {
    let Deed::Redirect {
        protocol,
        port,
        host,
        path,
        query,
        ..
    } = deed
    else {
        return None;
    };
    let (own_path, own_query) = ask.path.split_once('?').unwrap_or((&ask.path, ""));
    let fill = |text: &str| {
        text.replace("#{protocol}", listener)
            .replace("#{host}", &bare(&ask.host))
            .replace("#{port}", &ask.port.to_string())
            .replace("#{path}", own_path.trim_start_matches('/'))
            .replace("#{query}", own_query)
    };
    let (protocol, query) = (fill(protocol).to_ascii_lowercase(), fill(query));
    let mark = if query.is_empty() { "" } else { "?" };
    Some(format!(
        "{protocol}://{}:{}{}{mark}{query}",
        fill(host),
        fill(port),
        fill(path)
    ))
}
