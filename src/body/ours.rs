//! What a file says of the API's policy and endpoints, which are hybridgw's to
//! say: a stricter policy is not dropped, and another endpoint not let in.

use std::fmt;

use serde_json::Value;

use super::document::{ENDPOINT, POLICY};
use super::{OpenApiError, lines};
use super::{at::At, findings::problem};
use crate::config::Problem;
use crate::policy;

/// Whom hybridgw's own policy lets in.
#[derive(Clone, Copy, Debug)]
pub enum Admitted<'a> {
    /// The stack's endpoint, which is not there yet.
    ToCome,
    /// This endpoint alone.
    Endpoint(&'a str),
    /// Every endpoint of this VPC: the stack's is another account's, and its id
    /// is not known.
    Vpc(&'a str),
}

impl Admitted<'_> {
    /// The policy that says so, if it can be told.
    fn policy(self) -> Option<Value> {
        match self {
            Self::ToCome => None,
            Self::Endpoint(id) => Some(policy::only_through(id)),
            Self::Vpc(id) => Some(policy::only_from(id)),
        }
    }
}

/// What the file says, and where.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    file: String,
    found: Vec<Claim>,
}

#[derive(Clone, Debug)]
struct Claim {
    at: At,
    place: Option<lines::Place>,
    value: Value,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Policy,
    Endpoints,
    Types,
}

impl Claims {
    /// What a checked document says.
    pub(super) fn of(document: &Value, file: &str, text: &str, is_json: bool) -> Self {
        let mut found: Vec<(At, Kind, Value)> = Vec::new();
        if let Some(value) = document.get(POLICY) {
            found.push((At::of([POLICY]), Kind::Policy, value.clone()));
        }
        let mut configuration = |at: At, value: &Value| {
            for (key, kind) in [("vpcEndpointIds", Kind::Endpoints), ("types", Kind::Types)] {
                if let Some(value) = value.get(key) {
                    found.push((at.key(key), kind, value.clone()));
                }
            }
        };
        if let Some(value) = document.get(ENDPOINT) {
            configuration(At::of([ENDPOINT]), value);
        }
        let servers = document["servers"].as_array().into_iter().flatten();
        for (index, server) in servers.enumerate() {
            if let Some(value) = server.get(ENDPOINT) {
                let at = At::of(["servers", &index.to_string(), ENDPOINT]);
                configuration(at, value);
            }
        }
        let places = if found.is_empty() {
            Vec::new()
        } else {
            let wanted: Vec<&At> = found.iter().map(|(at, ..)| at).collect();
            lines::find(text, is_json, &wanted)
        };
        let found = found.into_iter().zip(places);
        Self {
            file: file.to_owned(),
            found: found
                .map(|((at, kind, value), place)| Claim {
                    at,
                    place,
                    value,
                    kind,
                })
                .collect(),
        }
    }

    /// Whether the file says anything of the kind.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Compares what the file says with what hybridgw will say.
    ///
    /// # Errors
    ///
    /// All that differs.
    pub fn check(&self, admitted: Admitted<'_>) -> Result<(), OpenApiError> {
        let problems: Vec<Problem> = self
            .found
            .iter()
            .filter_map(|claim| self.refuse(claim, admitted))
            .collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(OpenApiError(problems))
    }

    fn refuse(&self, claim: &Claim, admitted: Admitted<'_>) -> Option<Problem> {
        const TO_COME: &str = "<the stack's endpoint>";
        let policy = admitted.policy();
        let endpoint = match admitted {
            Admitted::Endpoint(id) => Some(id),
            Admitted::ToCome | Admitted::Vpc(_) => None,
        };
        let (is_ours, message, hint) = match claim.kind {
            Kind::Policy => (
                policy
                    .as_ref()
                    .is_some_and(|ours| is_ours(&claim.value, ours)),
                "is not the policy that hybridgw puts there, and would be lost".to_owned(),
                format!(
                    "take it out; hybridgw's is {}; for another policy deploy the API yourself and borrow it: api = {{ id = … }}",
                    policy.unwrap_or_else(|| policy::only_through(TO_COME))
                ),
            ),
            Kind::Endpoints => {
                let named: Vec<&str> = texts(&claim.value).collect();
                (
                    named.iter().all(|id| Some(*id) == endpoint),
                    match admitted {
                        Admitted::Vpc(_) => "the stack's endpoint is another account's, and the API is associated with none".to_owned(),
                        _ => format!(
                            "the stack's endpoint is {}, and no other is let in",
                            endpoint.unwrap_or(TO_COME)
                        ),
                    },
                    "take it out: hybridgw puts its endpoint there; an endpoint of yours is named in the configuration, under [endpoint]".to_owned(),
                )
            }
            Kind::Types => (
                texts(&claim.value).all(|kind| kind.eq_ignore_ascii_case("private")),
                "hybridgw's APIs are private".to_owned(),
                "write PRIVATE, or take it out".to_owned(),
            ),
        };
        (!is_ours).then(|| problem(&self.file, &claim.at, claim.place, message, hint))
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Whether a policy says what hybridgw's own does: resources may be written out,
/// as exports have them, or short.
fn is_ours(value: &Value, ours: &Value) -> bool {
    policy::same(&contracted(value), ours, None)
}

/// Resources as `execute-api:/…`, of whatever API: the file's may have been
/// another one's.
fn contracted(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let fields: Vec<&str> = text.splitn(6, ':').collect();
            match fields.as_slice() {
                ["arn", _, "execute-api", _, _, rest] => {
                    let rest = rest.split_once('/').map_or("*", |(_, rest)| rest);
                    format!("execute-api:/{rest}").into()
                }
                _ => value.clone(),
            }
        }
        Value::Array(items) => items.iter().map(contracted).collect(),
        Value::Object(members) => {
            let all = members.iter();
            let all = all.map(|(key, value)| (key.clone(), contracted(value)));
            all.collect::<serde_json::Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// One line of a warning.
pub struct Line<'a>(pub &'a Problem);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem {
            file,
            line,
            key,
            message,
            hint,
            ..
        } = self.0;
        write!(f, "{file}")?;
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        if !key.is_empty() {
            write!(f, "{key}: ")?;
        }
        f.write_str(message)?;
        match hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}
