//! Whether a request gets through an endpoint to a method of an API: two
//! policies, and how the method authorizes.
//!
//! API Gateway developer guide, "How API Gateway resource policies affect
//! authorization workflow", with its tables A (one account) and B (two).

use std::{collections::BTreeSet, fmt};

use super::{
    authorization::Authorization,
    document::Policy,
    judge::{Answer, Refusal},
    request::{Caller, Request},
};

/// What decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The endpoint's policy.
    Endpoint,
    /// The API's policy.
    Api,
    /// What the method wants besides: a signature, an authorizer's word.
    Method,
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Endpoint => "the policy of the endpoint",
            Self::Api => "the policy of the API",
            Self::Method => "the method",
        })
    }
}

/// Whether a request reaches the method, and what decides that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The first gate that does not say yes; the last one if all do.
    pub gate: Gate,
    /// What it says.
    pub answer: Answer,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.gate, self.answer)
    }
}

/// Whether a request through an endpoint reaches a method of a private API.
///
/// `endpoint` and `api` are the policies as AWS reports them
/// ([`Policy::of_endpoint`], [`Policy::of_api`]; the API's counts as it was last
/// deployed). For one method: `Request::invoke(&api_arn(…), Some("prod"),
/// Some("GET"), Some("/orders"), &through)`.
///
/// ```
/// use hybridgw::policy::{self, Authorization, Policy, Request, Through};
///
/// let api = policy::api_arn("aws", "eu-central-1", "111122223333", "a1b2c3d4e5");
/// let through = Through { endpoint: Some("vpce-1"), vpc: "vpc-1", from: &[] };
/// let request = Request::invoke(&api, Some("prod"), Some("GET"), Some("/"), &through);
/// let theirs = policy::only_through("vpce-2").to_string();
/// let reach = policy::reach(
///     &Policy::of_endpoint(""),
///     &Policy::of_api(&theirs, &api),
///     Authorization::None,
///     &request,
/// );
/// assert_eq!(
///     reach.to_string(),
///     "the policy of the API: statement 2 denies it (StringNotEquals aws:SourceVpce vpce-2)"
/// );
/// ```
pub fn reach(endpoint: &Policy, api: &Policy, method: Authorization, request: &Request) -> Reach {
    let at = |gate: Gate, answer: Answer| Reach { gate, answer };
    let first = endpoint.judge(request);
    if first.is_no() {
        return at(Gate::Endpoint, first);
    }
    let second = api.judge(request);
    let (gate, second) = authorized(api, second, method, request);
    match (&first, &second) {
        // A no is one whatever the endpoint's policy depends on.
        (_, Answer::No(_)) | (Answer::Yes(_), _) => at(gate, second),
        _ => at(Gate::Endpoint, first),
    }
}

/// What the API says in the end, by how the method authorizes.
fn authorized(
    api: &Policy,
    answer: Answer,
    method: Authorization,
    request: &Request,
) -> (Gate, Answer) {
    let depends = |on: &str, by: &str| {
        let answer = Answer::Depends {
            on: BTreeSet::from([on.to_owned()]),
            by: vec![by.to_owned()],
        };
        (Gate::Method, answer)
    };
    // Nobody reaches a private API without a policy, and of one that cannot be
    // read nothing can be told.
    if answer.is_denied() || api.unreadable || (api.statements.is_empty() && answer.is_no()) {
        return (Gate::Api, answer);
    }
    match method {
        Authorization::None | Authorization::Cognito => (Gate::Api, answer),
        // Table A: what is silent is made good by the other, and both may deny.
        Authorization::Lambda => depends("what its authorizer returns", "Lambda authorizer"),
        Authorization::Iam => match &request.caller {
            Caller::Anonymous => (Gate::Method, Answer::No(Refusal::Unsigned)),
            // Whoever is of the API's account.
            Caller::Signed => depends("the identity policies of the caller", "AWS_IAM"),
            // Table B: from another account both have to allow.
            caller if caller.account() != request.owner() && answer.is_no() => (Gate::Api, answer),
            _ => depends("the identity policies of the caller", "AWS_IAM"),
        },
    }
}
