//! What requests a rule takes.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::account::{VALUES, WILDCARDS};
use super::arn::invalid;
use super::state::{Condition, Field};
use super::transform::check_regex;
use crate::codec::{Input, Refusal};

impl Field {
    const fn word(&self) -> &'static str {
        match self {
            Self::Host => "host-header",
            Self::Path => "path-pattern",
            Self::Header(_) => "http-header",
            Self::Query => "query-string",
            Self::Method => "http-request-method",
            Self::Source => "source-ip",
        }
    }

    const fn config(&self) -> &'static str {
        match self {
            Self::Host => "HostHeaderConfig",
            Self::Path => "PathPatternConfig",
            Self::Header(_) => "HttpHeaderConfig",
            Self::Query => "QueryStringConfig",
            Self::Method => "HttpRequestMethodConfig",
            Self::Source => "SourceIpConfig",
        }
    }

    /// Whether `*` and `?` are wildcards.
    const fn wild(&self) -> bool {
        matches!(
            self,
            Self::Host | Self::Path | Self::Header(_) | Self::Query
        )
    }

    /// Whether it can stand with plain `Values` and with regular expressions.
    const fn plain(&self) -> bool {
        matches!(self, Self::Host | Self::Path)
    }
}

impl Condition {
    /// Writes the condition: host and path in the old form and in the typed one
    /// (CLI reference, examples of `describe-rules`). For regular expressions that is an assumption.
    pub fn item(&self) -> Value {
        let regexes = (!self.regexes.is_empty()).then_some(&self.regexes);
        let values = (!self.values.is_empty()).then_some(&self.values);
        let config = match &self.field {
            Field::Header(name) => {
                json!({"HttpHeaderName": name, "RegexValues": regexes, "Values": values})
            }
            Field::Query => {
                let pairs = self.keys.iter().zip(&self.values);
                let pairs: Value = pairs
                    .map(|(key, value)| json!({"Key": key, "Value": value}))
                    .collect();
                json!({"Values": pairs})
            }
            _ => json!({"RegexValues": regexes, "Values": values}),
        };
        let mut item = json!({"Field": self.field.word()});
        item[self.field.config()] = config;
        if self.field.plain() {
            item["Values"] = json!(values);
            item["RegexValues"] = json!(regexes);
        }
        item
    }
}

/// Reads the conditions of a request.
///
/// ELB user guide, "Condition types": one each of host-header,
/// http-request-method, path-pattern and source-ip; three values a condition
/// and five a rule (observed: "A rule can only have '5' condition values").
/// ELB user guide, "Quotas": five wildcards a rule.
pub fn read(input: &Input) -> Result<Vec<Condition>, Refusal> {
    let parts = input.each("Conditions");
    if parts.is_empty() {
        return Err(invalid("A rule must have at least one condition"));
    }
    let mut conditions: Vec<Condition> = Vec::new();
    for part in parts {
        let condition = one(&part)?;
        let word = condition.field.word();
        let single = !matches!(condition.field, Field::Header(_) | Field::Query);
        if single
            && conditions
                .iter()
                .any(|other| other.field == condition.field)
        {
            return Err(invalid(format!(
                "A rule can only have one '{word}' condition"
            )));
        }
        conditions.push(condition);
    }
    let count = |condition: &Condition| condition.values.len() + condition.regexes.len();
    if conditions.iter().map(count).sum::<usize>() > VALUES {
        return Err(invalid(format!(
            "A rule can only have '{VALUES}' condition values"
        )));
    }
    if conditions.iter().any(|condition| count(condition) > 3) {
        return Err(invalid("A condition can only have '3' values"));
    }
    if conditions.iter().map(wildcards).sum::<usize>() > WILDCARDS {
        return Err(invalid(format!(
            "A rule can only have '{WILDCARDS}' condition wildcards"
        )));
    }
    Ok(conditions)
}

fn wildcards(condition: &Condition) -> usize {
    let texts = condition
        .values
        .iter()
        .chain(condition.keys.iter().flatten());
    let wild = texts
        .flat_map(|text| text.chars())
        .filter(|letter| matches!(letter, '*' | '?'));
    if condition.field.wild() {
        wild.count()
    } else {
        0
    }
}

fn one(part: &Input) -> Result<Condition, Refusal> {
    let word = part.require("Field")?.to_owned();
    let field = match word.as_str() {
        "host-header" => Field::Host,
        "path-pattern" => Field::Path,
        "http-header" => Field::Header(String::new()),
        "query-string" => Field::Query,
        "http-request-method" => Field::Method,
        "source-ip" => Field::Source,
        _ => {
            return Err(invalid(format!(
                "Condition field '{word}' must be one of '[host-header, http-header, http-request-method, path-pattern, query-string, source-ip]'"
            )));
        }
    };
    let typed = part.child(field.config());
    let (mut values, mut regexes) = (part.texts("Values"), part.texts("RegexValues"));
    if typed.is_some() && !(values.is_empty() && regexes.is_empty()) {
        // Observed (aws-controllers-k8s/community#2759).
        return Err(invalid(format!(
            "You cannot provide both Values and '{}' for a condition of type '{word}'",
            field.config()
        )));
    }
    if !field.plain() && typed.is_none() {
        return Err(invalid(format!(
            "A condition of type '{word}' needs '{}'",
            field.config()
        )));
    }
    // ELBv2 API reference, `RuleCondition`: plain `Values` hold a single one.
    if values.len() > 1 {
        return Err(invalid(format!(
            "Condition '{word}' can only have one value; use '{}' for more",
            field.config()
        )));
    }
    let mut keys = Vec::new();
    let mut field = field;
    if let Some(typed) = typed {
        regexes = typed.texts("RegexValues");
        if matches!(field, Field::Query) {
            for pair in typed.each("Values") {
                keys.push(pair.text("Key").map(str::to_owned));
                values.push(pair.require("Value")?.to_owned());
            }
        } else {
            values = typed.texts("Values");
        }
        if let Field::Header(name) = &mut field {
            *name = header_name(&typed)?;
        }
    }
    if !regexes.is_empty() && !matches!(field, Field::Host | Field::Path | Field::Header(_)) {
        return Err(invalid(format!(
            "A condition of type '{word}' takes no regular expressions"
        )));
    }
    if !regexes.is_empty() && !values.is_empty() {
        // Assumption: one kind of value a condition.
        return Err(invalid(
            "A condition has values or regular expressions, not both",
        ));
    }
    if values.is_empty() && regexes.is_empty() {
        return Err(invalid(format!(
            "A condition value must be specified for '{word}'"
        )));
    }
    for regex in &regexes {
        check_regex(regex, 128)?;
    }
    let condition = Condition {
        field,
        values,
        keys,
        regexes,
    };
    check(&condition)?;
    Ok(condition)
}

/// `ELBv2` API reference, `HttpHeaderConditionConfig`: 40 characters of RFC 7230, not the host header.
fn header_name(config: &Input) -> Result<String, Refusal> {
    let name = config.require("HttpHeaderName")?;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let fits = name.len() <= 40 && name.bytes().all(token) && !name.contains('*');
    if !fits || name.eq_ignore_ascii_case("host") {
        return Err(invalid(format!(
            "The HTTP header name '{name}' is not valid"
        )));
    }
    Ok(name.to_owned())
}

/// Checks the values by their field (`ELBv2` API reference, `RuleCondition` and the typed structures).
fn check(condition: &Condition) -> Result<(), Refusal> {
    let word = condition.field.word();
    for value in &condition.values {
        let length = value.chars().count();
        let most = if condition.field == Field::Method {
            40
        } else {
            128
        };
        let plain = |extra: &str| {
            value
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || extra.contains(letter))
        };
        let fits = match condition.field {
            // ELB user guide, "Host conditions": also underscores.
            Field::Host => plain("-_.*?") && dotted(value),
            Field::Path => plain("_-.$/~\"'@:+&*?%"),
            Field::Method => value
                .chars()
                .all(|letter| letter.is_ascii_uppercase() || "-_".contains(letter)),
            Field::Source => value.parse::<IpNet>().is_ok(),
            Field::Header(_) | Field::Query => true,
        };
        if length == 0 || length > most || !fits {
            return Err(invalid(format!(
                "The value '{value}' of the condition '{word}' is not valid"
            )));
        }
    }
    Ok(())
}

/// At least one dot; after the last only letters, or wildcards (the latter an assumption: `*.example.*` is seen).
fn dotted(host: &str) -> bool {
    let end = host.rsplit_once('.').map(|(_, end)| end);
    end.is_some_and(|end| {
        !end.is_empty()
            && end
                .chars()
                .all(|letter| letter.is_ascii_alphabetic() || "*?".contains(letter))
    })
}
