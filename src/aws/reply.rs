//! What a refusal says, read off the raw reply.
//!
//! The SDK's typed errors differ by operation. Below the calls, where it is
//! decided whether to send again, only the reply itself is at hand.

use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::date_time::{DateTime, Format};

/// From this on a clock is wrong, and not only the network slow. AWS refuses a
/// signature that is 5 minutes off (IAM user guide, "Signature Version 4").
const TOLERATED: Duration = Duration::from_mins(4);

/// AWS's code and words in a reply that is a refusal; empty where there are none.
pub(super) fn code_and_words(reply: &HttpResponse) -> (String, String) {
    let body = reply.body().bytes().unwrap_or_default();
    let text = String::from_utf8_lossy(body);
    let header = reply.headers().get("x-amzn-errortype");
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) {
        let field = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| json[name].as_str());
            found.unwrap_or_default().to_owned()
        };
        let code = header.map_or_else(|| field(["__type", "code"]), str::to_owned);
        return (bare(&code), field(["message", "Message"]));
    }
    let code = header.map_or_else(|| element(&text, "Code"), str::to_owned);
    (bare(&code), element(&text, "Message"))
}

/// Whether a reply says when to come back.
pub(super) fn says_when(reply: &HttpResponse) -> bool {
    reply.headers().get("retry-after").is_some()
}

/// The time that a reply asks to wait, in whole seconds (RFC 9110; a date is
/// not used by AWS).
pub(super) fn retry_after(reply: &HttpResponse) -> Option<Duration> {
    let seconds = reply.headers().get("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The beginning of a page that is not AWS's, without its tags; with a colon in
/// front, or nothing.
pub(super) fn first_words(reply: &HttpResponse) -> String {
    let body = reply.body().bytes().unwrap_or_default();
    let text = String::from_utf8_lossy(body);
    let mut plain = String::new();
    let mut inside = false;
    for letter in text.chars().take(2_000) {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                plain.push(' ');
            }
            _ if inside => {}
            _ if letter.is_control() => plain.push(' '),
            _ => plain.push(letter),
        }
    }
    let words: Vec<&str> = plain.split_whitespace().take(12).collect();
    if words.is_empty() {
        return String::new();
    }
    let short: String = words.join(" ").chars().take(100).collect();
    format!(": {short}")
}

/// `namespace#Code:url` is how codes may be dressed (Smithy, "AWS restJson1").
fn bare(code: &str) -> String {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().to_owned()
}

fn element(xml: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inner = xml.split_once(&open).map(|(_, rest)| rest);
    let inner = inner.and_then(|rest| rest.split_once(&close));
    inner.map(|(text, _)| text.to_owned()).unwrap_or_default()
}

/// How far this machine's clock is off, in words, if it is off by much: AWS
/// says what time it is in every reply.
pub(super) fn wrong_clock(reply: &HttpResponse, now: SystemTime) -> Option<String> {
    let said = reply.headers().get("date")?;
    let late = late(reply, now)?;
    let side = if late < 0 { "ahead" } else { "behind" };
    let span = Duration::from_secs(late.unsigned_abs());
    let minutes = span.as_secs() / 60;
    (span > TOLERATED)
        .then(|| format!("this machine's clock is {minutes} minutes {side}: AWS says {said}"))
}

/// By how many seconds this machine's clock is behind the one that sent a reply;
/// less than nothing if it is ahead. None: the reply names no time.
pub(super) fn late(reply: &HttpResponse, now: SystemTime) -> Option<i64> {
    let said = reply.headers().get("date")?;
    let date = DateTime::from_str(said, Format::HttpDate).ok()?;
    let now = DateTime::from(now);
    Some(date.secs() - now.secs())
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn reply(headers: &[(&'static str, String)], body: &'static str) -> HttpResponse {
        let status = StatusCode::try_from(400).expect("a status");
        let mut reply = HttpResponse::new(status, SdkBody::from(body));
        for (name, value) in headers {
            reply.headers_mut().insert(*name, value.clone());
        }
        reply
    }

    #[test]
    fn codes_are_read_in_every_protocol() {
        let two = |code: &str, words: &str| (code.to_owned(), words.to_owned());
        let ec2 = "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Slow</Message></Error></Errors></Response>";
        assert_eq!(
            code_and_words(&reply(&[], ec2)),
            two("RequestLimitExceeded", "Slow")
        );
        let typed = "TooManyRequestsException:http://internal.amazon.com/".to_owned();
        assert_eq!(
            code_and_words(&reply(
                &[("x-amzn-errortype", typed)],
                r#"{"message":"Too Many"}"#
            )),
            two("TooManyRequestsException", "Too Many")
        );
        let acm = r#"{"__type":"com.amazonaws.acm#ThrottlingException","Message":"Rate exceeded"}"#;
        assert_eq!(
            code_and_words(&reply(&[], acm)),
            two("ThrottlingException", "Rate exceeded")
        );
        assert_eq!(code_and_words(&reply(&[], "")), two("", ""));
    }

    #[test]
    fn a_clock_that_is_off_is_named_with_the_time_that_aws_has() {
        let server = SystemTime::UNIX_EPOCH + Duration::from_hours(480_000);
        let date = DateTime::from(server)
            .fmt(Format::HttpDate)
            .expect("a date");
        let reply = reply(&[("date", date.clone())], "");
        assert_eq!(wrong_clock(&reply, server + Duration::from_mins(3)), None);
        let words = wrong_clock(&reply, server + Duration::from_mins(61)).expect("it is off");
        assert_eq!(
            words,
            format!("this machine's clock is 61 minutes ahead: AWS says {date}")
        );
        let words = wrong_clock(&reply, server - Duration::from_mins(6)).expect("it is off");
        assert!(words.contains("6 minutes behind"), "{words}");
    }
}
