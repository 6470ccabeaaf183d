//! ARNs: their kinds, and the codes for one that leads nowhere.

use std::collections::BTreeMap;

use super::state::State;
use crate::codec::Refusal;
use crate::world::Ctx;

/// A kind of thing, as ARNs and errors name it. Codes: `ELBv2` API reference, the errors of each call.
#[derive(Debug)]
pub struct Kind {
    /// What stands before the first slash of the resource part.
    pub prefix: &'static str,
    /// What messages call it.
    noun: &'static str,
    /// The code for one that does not exist.
    missing: &'static str,
}

/// Load balancers.
pub const BALANCER: Kind = Kind {
    prefix: "loadbalancer",
    noun: "load balancer",
    missing: "LoadBalancerNotFound",
};
/// Target groups.
pub const GROUP: Kind = Kind {
    prefix: "targetgroup",
    noun: "target group",
    missing: "TargetGroupNotFound",
};
/// Listeners.
pub const LISTENER: Kind = Kind {
    prefix: "listener",
    noun: "listener",
    missing: "ListenerNotFound",
};
/// Rules.
pub const RULE: Kind = Kind {
    prefix: "listener-rule",
    noun: "rule",
    missing: "RuleNotFound",
};

const KINDS: &[&Kind] = &[&BALANCER, &GROUP, &LISTENER, &RULE];

impl Kind {
    /// Returns whether this is an ARN of the kind.
    pub fn fits(&self, arn: &str) -> bool {
        let mut parts = arn.splitn(6, ':');
        let front = (parts.next(), parts.nth(1)) == (Some("arn"), Some("elasticloadbalancing"));
        let resource = parts.nth(2).unwrap_or_default();
        front
            && resource
                .split_once('/')
                .is_some_and(|(prefix, _)| prefix == self.prefix)
    }

    /// Returns the thing under an ARN, or the error for its absence.
    pub fn find<'a, T>(&self, all: &'a BTreeMap<String, T>, arn: &str) -> Result<&'a T, Refusal> {
        all.get(arn).ok_or_else(|| self.absent(arn))
    }

    /// Returns the thing under an ARN, to change it.
    pub fn find_mut<'a, T>(
        &self,
        all: &'a mut BTreeMap<String, T>,
        arn: &str,
    ) -> Result<&'a mut T, Refusal> {
        all.get_mut(arn).ok_or_else(|| self.absent(arn))
    }

    /// Returns the error for an ARN that leads nowhere; a malformed one is a `ValidationError` (observed: "'x' is not a valid target group ARN").
    pub fn absent(&self, arn: &str) -> Refusal {
        if self.fits(arn) {
            self.lost(arn)
        } else {
            invalid(format!("'{arn}' is not a valid {} ARN", self.noun))
        }
    }

    /// Returns the error for a name or ARN of something that does not exist (ELB API
    /// reference: `LoadBalancerNotFound` and the like; the words are observed).
    pub fn lost(&self, what: &str) -> Refusal {
        let noun = self.noun;
        Refusal::new(self.missing, format!("The {noun} '{what}' was not found"))
    }
}

/// `ValidationError`: `ELBv2`'s code for parameters that cannot be (Query APIs, "Common errors").
pub fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", text)
}

/// Refuses what AWS has and this account does not.
///
/// AWS would take it: the code is an assumption.
pub fn unsupported(what: &str) -> Refusal {
    invalid(format!("{what} is not simulated"))
}

/// Checks that something exists that can be tagged.
///
/// `ValidationError` as for other ARNs (assumption).
pub fn exists(state: &State, arn: &str) -> Result<(), Refusal> {
    let kind = KINDS.iter().find(|kind| kind.fits(arn));
    let kind = kind.ok_or_else(|| invalid(format!("'{arn}' is not a valid resource ARN")))?;
    let found = match kind.prefix {
        "loadbalancer" => state.balancers.contains_key(arn),
        "targetgroup" => state.groups.contains_key(arn),
        "listener" => state.listeners.contains_key(arn),
        _ => state.rules.contains_key(arn),
    };
    if found { Ok(()) } else { Err(kind.absent(arn)) }
}

/// Returns an ARN of this region: `targetgroup`, `orders/0123456789abcdef`.
pub fn arn(ctx: &Ctx<'_>, kind: &Kind, rest: &str) -> String {
    ctx.arn("elasticloadbalancing", &format!("{}/{rest}", kind.prefix))
}

/// Returns the ARN of something below another: a listener's load balancer becomes `listener/app/…/<id>`.
pub fn below(parent: &str, from: &Kind, kind: &Kind, id: &str) -> String {
    let inside = parent.replacen(
        &format!(":{}/", from.prefix),
        &format!(":{}/", kind.prefix),
        1,
    );
    format!("{inside}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_know_their_arns() {
        let balancer = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/a/0123456789abcdef";
        assert!(BALANCER.fits(balancer));
        assert!(!LISTENER.fits(balancer));
        let listener = below(balancer, &BALANCER, &LISTENER, "f");
        assert_eq!(
            listener,
            "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/a/0123456789abcdef/f"
        );
        assert!(LISTENER.fits(&listener) && !RULE.fits(&listener));
        assert_eq!(BALANCER.absent("a").code, "ValidationError");
    }
}
