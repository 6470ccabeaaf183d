//! What becomes of hosts and URLs on the way: transforms and redirects.

use super::regex::Regex;
use super::{Ask, Passed, bare};
use crate::simulator::elbv2::{Deed, Part, Transform};

/// Lets a rule's transforms rewrite a request.
///
/// ELB user guide, "Transforms for listener rules": host header, and path with
/// query; what does not match stays as it is. Assumption: the first match is replaced.
pub fn rewritten<'a>(transforms: &[Transform], mut passed: Passed<'a>) -> Passed<'a> {
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
    if !passed.url.starts_with('/') {
        passed.url.insert(0, '/');
    }
    passed
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
