//! AWS's own bad moments: a share of all calls ends in a 5xx.
//!
//! `"errors": 0.05` in the conditions. Half of the calls that are struck are
//! applied all the same: the answer does not tell. The codes are those of each
//! service ("Common errors" of its API reference); a server in between may also
//! answer with a page of its own.

use super::faults::Fault;
use super::random::Random;

/// The share of calls that is struck, and its chance.
#[derive(Debug)]
pub struct Unwell {
    share: f64,
    random: Random,
}

impl Unwell {
    /// Puts a share in force; chance is drawn from the seed, apart from the world's.
    pub fn new(share: f64, seed: u64) -> Self {
        Self {
            share,
            random: Random::seeded(seed ^ 0x5eeu64),
        }
    }

    /// What a call of this service meets, if anything.
    pub fn strike(&mut self, service: &str) -> Option<Fault> {
        if self.share <= 0.0 || self.random.unit() >= self.share {
            return None;
        }
        let applied = self.random.unit() < 0.5;
        let kinds = codes(service);
        let place = self.random.unit();
        // One in five is a page.
        if place < 0.2 {
            let status = if applied { 504 } else { 502 };
            return Some(Fault::Page { status, applied });
        }
        // API Gateway API reference, LimitExceededException: retry after the time in the header.
        if service == "apigateway" && place < 0.4 {
            return Some(Fault::Later {
                code: "LimitExceededException".to_owned(),
                status: 429,
                seconds: 5,
            });
        }
        let (code, status) = *kinds.get(usize::from(place > 0.7)).unwrap_or(&kinds[0]);
        let code = code.to_owned();
        Some(if applied {
            Fault::RefuseReply { code, status }
        } else {
            let message = "An internal error has occurred.".to_owned();
            Fault::Refuse {
                code,
                status,
                message,
            }
        })
    }
}

/// What a service calls its own failures.
fn codes(service: &str) -> [(&'static str, u16); 2] {
    match service {
        "ec2" => [("InternalError", 500), ("Unavailable", 503)],
        // ELBv2 API reference, RegisterTargets and DescribeTargetHealth: HealthUnavailable, 500.
        "elasticloadbalancing" => [("InternalFailure", 500), ("HealthUnavailable", 500)],
        "apigateway" => [
            ("InternalServerErrorException", 500),
            ("ServiceUnavailableException", 503),
        ],
        "lambda" => [("ServiceException", 500), ("ServiceUnavailable", 503)],
        "s3" => [("InternalError", 500), ("ServiceUnavailable", 503)],
        _ => [("InternalFailure", 500), ("ServiceUnavailable", 503)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_struck_and_the_same_one_again() {
        let struck = |seed| {
            let mut unwell = Unwell::new(0.3, seed);
            (0..1_000)
                .map(|_| unwell.strike("apigateway"))
                .collect::<Vec<_>>()
        };
        assert_eq!(struck(1), struck(1));
        let count = struck(1).iter().flatten().count();
        assert!((200..400).contains(&count), "{count}");
        let applied = |fault: &&Fault| {
            matches!(
                fault,
                Fault::RefuseReply { .. } | Fault::Page { applied: true, .. }
            )
        };
        assert!(struck(1).iter().flatten().filter(applied).count() > 50);
    }

    #[test]
    fn nothing_is_struck_by_default() {
        let mut unwell = Unwell::new(0.0, 1);
        assert!((0..100).all(|_| unwell.strike("ec2").is_none()));
    }
}
