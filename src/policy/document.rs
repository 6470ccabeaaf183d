//! A policy document as it is read: statements, each judged for itself.

use serde_json::Value;

use super::{
    condition::Test,
    pattern::{self, Fit, Piece, Texts},
    principal::{self, Place},
    request::Request,
    text::{read, texts},
    truth::Truth,
    variable::{self, Meaning, Reading},
};

/// A policy that can be judged.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(super) place: Place,
    pub(super) statements: Vec<Statement>,
    /// There is text, but it is no policy.
    pub(super) unreadable: bool,
}

/// One statement.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// Its number in the policy, from 1.
    pub number: usize,
    /// Its id, if it has one.
    pub sid: Option<String>,
    content: Value,
    /// `${…}` are variables.
    variables: bool,
    /// For an API's policy: what `execute-api:/` stands for.
    api: Option<String>,
    tests: Option<Vec<Test>>,
}

/// An element of a statement, and whether it fits a request.
#[derive(Clone, Debug)]
pub(super) enum Element {
    /// Who, what or which.
    Named(&'static str, Truth),
    /// A condition.
    Test(Test, Truth),
}

impl Element {
    pub fn truth(&self) -> &Truth {
        match self {
            Self::Named(_, truth) | Self::Test(_, truth) => truth,
        }
    }
}

impl Policy {
    /// The policy of an endpoint. Without one everything passes: AWS attaches
    /// full access then (VPC user guide, "Control access to VPC endpoints using
    /// endpoint policies").
    pub fn of_endpoint(text: &str) -> Self {
        let text = text.trim();
        let full =
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;
        let text = if text.is_empty() { full } else { text };
        Self::new(&read(text), Place::Endpoint, None)
    }

    /// The policy of a bucket. Without one nobody is let in by it.
    pub fn of_bucket(text: &str) -> Self {
        Self::new(&read(text), Place::Resource, None)
    }

    /// The policy of an API, in which `execute-api:/…` stands for what is inside
    /// of it. `api` is its ARN, as [`super::api_arn`] makes it. A private API
    /// without a policy admits nobody (API Gateway developer guide, "Private REST
    /// APIs").
    pub fn of_api(text: &str, api: &str) -> Self {
        Self::new(&read(text), Place::Resource, Some(api))
    }

    fn new(tree: &Value, place: Place, api: Option<&str>) -> Self {
        let written = match &tree["Statement"] {
            Value::Array(all) => all.iter().collect(),
            single @ Value::Object(_) => vec![single],
            _ => Vec::new(),
        };
        // Older versions, and no version, know no variables ("Version").
        let variables = tree["Version"] == "2012-10-17";
        let statements = written.into_iter().enumerate().map(|(index, content)| {
            let condition = content.get("Condition");
            Statement {
                number: index + 1,
                sid: content["Sid"]
                    .as_str()
                    .filter(|sid| !sid.is_empty())
                    .map(str::to_owned),
                content: content.clone(),
                variables,
                api: api.map(str::to_owned),
                tests: condition.map_or_else(|| Some(Vec::new()), Test::all),
            }
        });
        let statements: Vec<Statement> = statements.collect();
        let is_text = |text: &str| !text.trim().is_empty();
        Self {
            place,
            unreadable: tree.as_str().is_some_and(is_text),
            statements,
        }
    }
}

impl Statement {
    /// `Allow` or `Deny`, as AWS spells them.
    pub fn effect(&self) -> &str {
        self.content["Effect"].as_str().unwrap_or_default()
    }

    /// Each element, and whether it fits the request.
    pub fn elements(&self, request: &Request, place: Place) -> Vec<Element> {
        let mut all = vec![
            Element::Named("Principal", self.principal(request, place)),
            Element::Named("Action", self.action(request)),
            Element::Named("Resource", self.resource(request)),
        ];
        match &self.tests {
            None => all.push(Element::Named("Condition", self.broken("Condition"))),
            Some(tests) => all.extend(
                tests
                    .iter()
                    .map(|test| Element::Test(test.clone(), test.holds(self.variables, request))),
            ),
        }
        all
    }

    /// A part that AWS takes in no policy.
    fn broken(&self, element: &str) -> Truth {
        Truth::open(format!("the {element} of {self}"))
    }

    /// One of `X` and `NotX`, which have to be there and exclude each other.
    fn one_of(&self, name: &str) -> Option<(&Value, bool)> {
        let (plain, negated) = (
            self.content.get(name),
            self.content.get(format!("Not{name}")),
        );
        match (plain, negated) {
            (Some(value), None) => Some((value, false)),
            (None, Some(value)) => Some((value, true)),
            _ => None,
        }
    }

    fn principal(&self, request: &Request, place: Place) -> Truth {
        let caller = &request.caller;
        let truth = self.one_of("Principal").and_then(|(value, negated)| {
            if negated {
                principal::excepts(value, caller)
            } else {
                principal::means(value, caller, self.effect() == "Allow", place)
            }
        });
        truth.unwrap_or_else(|| self.broken("Principal"))
    }

    /// Names of actions have no case ("JSON policy elements: Action").
    fn action(&self, request: &Request) -> Truth {
        let fit = |name: &String| {
            let fit = pattern::fit_caseless(&pattern::pieces(name), &request.action);
            judged(fit, "the action")
        };
        self.listed("Action", fit)
    }

    fn resource(&self, request: &Request) -> Truth {
        self.listed("Resource", |name| self.covers(name, request))
    }

    fn listed(&self, element: &str, fit: impl FnMut(&String) -> Truth) -> Truth {
        let Some((value, negated)) = self.one_of(element) else {
            return self.broken(element);
        };
        let Some(names) = texts(value) else {
            return self.broken(element);
        };
        let fits = Truth::any(names.iter().map(fit));
        if negated { !fits } else { fits }
    }

    /// Whether a name in `Resource` takes what is asked for. Case counts.
    fn covers(&self, name: &str, request: &Request) -> Truth {
        let name = match (&self.api, name.strip_prefix("execute-api:/")) {
            (Some(api), Some(inside)) => format!("{api}/{inside}"),
            _ => name.to_owned(),
        };
        let reading = Reading {
            wildcards: true,
            variables: self.variables,
        };
        match variable::read(&name, reading, request) {
            Meaning::Either(all, by) => {
                let cases = all.iter().map(|one| taken(one, &request.resource));
                Truth::same(cases, &by.unwrap_or_default())
            }
            // Nothing fits it; that the statement does not count comes to the same.
            Meaning::Void(_) if self.content.get("NotResource").is_none() => Truth::No,
            Meaning::Void(key) | Meaning::Open(key) => Truth::open(key),
        }
    }
}

fn taken(pattern: &[Piece], asked: &Texts) -> Truth {
    match pattern::fit_arns(pattern, asked) {
        Some(fit) => judged(fit, "the method and path"),
        None => Truth::open("whether a wildcard in a resource goes beyond a colon"),
    }
}

fn judged(fit: Fit, on: &str) -> Truth {
    match fit {
        Fit::All => Truth::Yes,
        Fit::None => Truth::No,
        Fit::Some => Truth::open(on),
    }
}

impl std::fmt::Display for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.sid {
            Some(sid) => write!(f, "statement \"{sid}\""),
            None => write!(f, "statement {}", self.number),
        }
    }
}
