//! What of a site is a file, and what is a page of the application: patterns, and
//! the regular expressions by which a load balancer tells them apart.
//!
//! A listener rule has one condition on paths (ELBv2 API reference,
//! `RuleCondition`) with three values, and a regular expression has 128
//! characters. So the patterns are packed: as many into an expression as fit,
//! and as many expressions into a rule.

use super::problem::{Checked, refusal, shown};

/// The characters of an expression in a condition (`ELBv2` API reference,
/// `PathPatternConditionConfig`).
const LONGEST: usize = 128;

/// The values of one condition; the host name is one more of the five that a
/// rule takes (ELB user guide, "Quotas for your Application Load Balancers").
const AT_ONCE: usize = 3;

/// What the usual build tools put out (Vite, Create React App, Angular, Next's
/// export, Nuxt, `SvelteKit`): by its ending wherever it is, whatever is in the
/// folders that they name, and the well-known names without an ending.
pub(crate) const USUAL: &[&str] = &[
    // Code and data.
    "*.js",
    "*.mjs",
    "*.cjs",
    "*.css",
    "*.map",
    "*.json",
    "*.xml",
    "*.txt",
    "*.html",
    "*.htm",
    "*.webmanifest",
    "*.wasm",
    "*.csv",
    "*.md",
    "*.yaml",
    "*.yml",
    // Pictures, fonts, sound and film.
    "*.svg",
    "*.png",
    "*.apng",
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.webp",
    "*.avif",
    "*.ico",
    "*.bmp",
    "*.woff",
    "*.woff2",
    "*.ttf",
    "*.otf",
    "*.eot",
    "*.mp3",
    "*.mp4",
    "*.m4a",
    "*.webm",
    "*.ogg",
    "*.wav",
    "*.vtt",
    // To be stored.
    "*.pdf",
    "*.zip",
    "*.gz",
    "*.br",
    // Folders of build tools, and of the web's own.
    "/assets/*.*",
    "/static/*.*",
    "/_app/*",
    "/_next/*",
    "/_nuxt/*",
    "/.well-known/*",
    "/LICENSE",
    "/apple-app-site-association",
];

/// How the patterns of one expression begin.
#[derive(Clone, Copy, PartialEq)]
enum Frame {
    /// An ending: `*.js`.
    Ending,
    /// A name in any folder: `favicon-*`.
    Name,
    /// A path below the route: `/assets/*`.
    Path,
}

impl Frame {
    fn head(self, base: &str) -> String {
        let base = escaped(base);
        match self {
            Self::Ending => format!(r"^{base}/.*\."),
            Self::Name => format!("^{base}/(.*/)?"),
            Self::Path => format!("^{base}/"),
        }
    }
}

/// A pattern as a part of an expression.
fn part(pattern: &str) -> (Frame, String) {
    let is_plain = |text: &str| !text.contains(['*', '?', '/']);
    if let Some(path) = pattern.strip_prefix('/') {
        return (Frame::Path, with_wildcards(path, "."));
    }
    match pattern.strip_prefix("*.") {
        Some(ending) if is_plain(ending) => (Frame::Ending, escaped(ending)),
        _ => (Frame::Name, with_wildcards(pattern, "[^/]")),
    }
}

fn with_wildcards(pattern: &str, any: &str) -> String {
    let letters = pattern.chars().map(|letter| match letter {
        '*' => format!("{any}*"),
        '?' => any.to_owned(),
        other => escaped(other.encode_utf8(&mut [0; 4])),
    });
    letters.collect()
}

/// A text as a regular expression that matches it and nothing else.
pub(crate) fn escaped(text: &str) -> String {
    let mut regex = String::with_capacity(text.len());
    for letter in text.chars() {
        if !letter.is_ascii_alphanumeric() && !"/-_~%@:&'\"".contains(letter) {
            regex.push('\\');
        }
        regex.push(letter);
    }
    regex
}

/// The expressions that the paths of a site's files match, for each listener
/// rule that they take. `path` is the route's.
pub(crate) fn expressions(path: &str, patterns: &[String]) -> Vec<Vec<String>> {
    let base = path.trim_end_matches('/');
    let parts: Vec<(Frame, String)> = patterns.iter().map(|one| part(one)).collect();
    let all = [Frame::Ending, Frame::Name, Frame::Path].into_iter();
    let all: Vec<String> = all
        .flat_map(|frame| {
            let own = parts.iter().filter(|(of, _)| *of == frame);
            packed(&frame.head(base), own.map(|(_, part)| part.as_str()))
        })
        .collect();
    all.chunks(AT_ONCE).map(<[String]>::to_vec).collect()
}

/// Expressions of as many alternatives each as fit.
fn packed<'a>(head: &str, parts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let closed = |alternatives: &str| {
        if alternatives.contains('|') {
            format!("{head}({alternatives})$")
        } else {
            format!("{head}{alternatives}$")
        }
    };
    let mut all = Vec::new();
    let mut open = String::new();
    for part in parts {
        let longer = match open.as_str() {
            "" => part.to_owned(),
            open => format!("{open}|{part}"),
        };
        if !open.is_empty() && closed(&longer).len() > LONGEST {
            all.push(closed(&open));
            part.clone_into(&mut open);
        } else {
            open = longer;
        }
    }
    if !open.is_empty() {
        all.push(closed(&open));
    }
    all
}

/// A pattern for the files of a site at `path`.
pub(super) fn check(text: &str, path: &str) -> Checked<String> {
    const EXAMPLE: &str = "an ending as in *.js, a name as in favicon-*, or a path as in /assets/*";
    let text_shown = shown(text);
    if text.is_empty() {
        return Err(refusal("is empty", EXAMPLE));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.~@+$!(),;=:&'/*?".contains(c);
    if !text.chars().all(fits) {
        let message = format!("`{text_shown}` has characters that a URL would escape");
        return Err(refusal(message, EXAMPLE));
    }
    if !text.starts_with('/') && text.contains('/') {
        let message = format!("`{text_shown}` is a path that does not begin with `/`");
        let hint =
            format!("write /{text_shown}; a pattern without `/` is a file's name, in any folder");
        return Err(refusal(message, hint));
    }
    if text.contains("//") || text.contains("**") {
        let message = format!("`{text_shown}` has `//` or `**`");
        return Err(refusal(
            message,
            "one `*` stands for any characters, `/` among them",
        ));
    }
    if text.chars().all(|c| "*?/".contains(c)) {
        let message = format!("`{text_shown}` takes every path: none would be left for the index");
        return Err(refusal(message, EXAMPLE));
    }
    let (frame, part) = part(text);
    let length = packed(
        &frame.head(path.trim_end_matches('/')),
        [part.as_str()].into_iter(),
    )
    .first()
    .map_or(0, String::len);
    if length > LONGEST {
        let message = format!(
            "`{text_shown}` and the route's path take {length} characters of a regular expression"
        );
        let hint = format!("a listener rule takes {LONGEST}; shorten one of them");
        return Err(refusal(message, hint));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::regex::Regex;

    fn usual() -> Vec<String> {
        USUAL.iter().map(|one| (*one).to_owned()).collect()
    }

    fn takes(path: &str, patterns: &[String], asked: &str) -> bool {
        let all = expressions(path, patterns).into_iter().flatten();
        all.map(|one| Regex::new(&one).expect("it is one"))
            .any(|regex| regex.find(asked).is_some())
    }

    /// As they stand in the folders that `vite build`, `react-scripts build`,
    /// `ng build`, `next build` (export), `nuxi generate` and `vite build` of
    /// `SvelteKit` leave behind.
    const BUILT: &[&str] = &[
        "/assets/index-BQkz1V3p.js",
        "/assets/index-D3a.css",
        "/vite.svg",
        "/assets/inter.woff2",
        "/static/js/main.073c9b0a.js",
        "/static/js/main.073c9b0a.js.LICENSE.txt",
        "/manifest.json",
        "/static/css/main.f855e6bc.css.map",
        "/logo192.png",
        "/robots.txt",
        "/asset-manifest.json",
        "/main-5JMGZVBY.js",
        "/polyfills-SCHOHYNV.js",
        "/styles-5INURTSO.css",
        "/favicon.ico",
        "/3rdpartylicenses.txt",
        "/ngsw.json",
        "/manifest.webmanifest",
        "/safety-worker.js",
        "/_next/static/chunks/app/users/[id]/page-1a.js",
        "/_next/static/media/a.p.woff",
        "/_next/static/x/_buildManifest.js",
        "/404.html",
        "/index.txt",
        "/_nuxt/entry.DkT.js",
        "/_nuxt/builds/latest.json",
        "/_payload.json",
        "/200.html",
        "/_app/immutable/nodes/0.CQ.js",
        "/_app/version.json",
        "/_app/immutable/x",
        "/.well-known/openid-configuration",
        "/.well-known/acme-challenge/a-b_c",
        "/LICENSE",
        "/apple-app-site-association",
        "/assets/engine.wasm",
        "/assets/model.gltf",
        "/sitemap.xml",
    ];

    const PAGES: &[&str] = &[
        "/",
        "/users",
        "/users/jane.doe",
        "/releases/v1.2",
        "/releases/v1.2/notes",
        "/assets/17",
        "/domains/example.com",
        "/static",
        "/users/jane.doe/",
        "/LICENSE/terms",
        "/app.js/edit",
        "/10.0.0.1",
        "/well-known/x",
        "/a/LICENSE",
        "/mail/a@b.org",
    ];

    #[test]
    fn what_build_tools_put_out_is_a_file_and_a_name_with_a_dot_is_a_page() {
        for base in ["", "/app", "/a.b/c+d"] {
            for (all, is_file) in [(BUILT, true), (PAGES, false)] {
                for one in all {
                    let asked = format!("{base}{one}");
                    assert_eq!(takes(base, &usual(), &asked), is_file, "{asked}");
                }
            }
            assert!(!takes(base, &usual(), "/elsewhere/x.js") || base.is_empty());
        }
    }

    #[test]
    fn patterns_mean_endings_names_or_paths() {
        for (pattern, file, page) in [
            ("*.js", "/a/b.js", "/a/b.jsx"),
            ("*.min.js", "/a/b.min.js", "/a/b.js"),
            ("*.*", "/a/b.c", "/a.b/c"),
            ("favicon-*", "/a/favicon-32", "/favicon-/x"),
            ("v?.bin", "/v1.bin", "/v12.bin"),
            ("LICENSE", "/a/LICENSE", "/LICENSES"),
            ("/LICENSE", "/LICENSE", "/a/LICENSE"),
            ("/assets/*", "/assets/a/b", "/x/assets/a"),
            ("/a*/x", "/a/b/x", "/b/x"),
        ] {
            let patterns = [pattern.to_owned()];
            assert!(takes("/", &patterns, file), "{pattern} {file}");
            assert!(!takes("/", &patterns, page), "{pattern} {page}");
            let below = |path: &str| format!("/app{path}");
            assert!(takes("/app", &patterns, &below(file)), "{pattern} below");
            assert!(!takes("/app", &patterns, file), "{pattern} outside");
        }
    }

    #[test]
    fn the_usual_files_take_one_rule_unless_the_path_is_long() {
        assert_eq!(expressions("/", &usual()).len(), 1);
        assert_eq!(expressions("/frontend", &usual()).len(), 1);
        let longest = format!("/{}", "x".repeat(95));
        let rules = expressions(&longest, &usual());
        assert!((2..8).contains(&rules.len()), "{}", rules.len());
        for rule in &rules {
            assert!(rule.len() <= AT_ONCE);
            assert!(rule.iter().all(|one| one.len() <= LONGEST), "{rule:?}");
        }
        assert!(takes(
            &longest,
            &usual(),
            &format!("{longest}/a/b.webmanifest")
        ));
    }
}
