//! Pacing: calls with a fixed quota wait for their slot instead of being refused.
//!
//! API Gateway's control plane allows some calls once in 30 s, for the whole
//! account, and cannot be asked for more. What runs in this process stands in
//! one line for them. The first call never waits.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A quota: so many calls at once, and then one at a time.
#[derive(Debug)]
pub(super) struct Quota {
    /// An operation, or a service for the sum of its calls.
    of: &'static str,
    burst: u32,
    /// Milliseconds from one call to the next.
    every: u64,
}

const fn quota(of: &'static str, burst: u32, every: u64) -> Quota {
    Quota { of, burst, every }
}

/// API Gateway developer guide, "Quotas for configuring and running a REST API
/// in API Gateway": per account and region, cannot be raised. It names no
/// bursts for single operations.
const OPERATIONS: &[Quota] = &[
    quota("CreateRestApi", 1, 3_000),
    quota("ImportRestApi", 1, 3_000),
    quota("PutRestApi", 1, 1_000),
    quota("DeleteRestApi", 1, 30_000),
    quota("CreateDeployment", 1, 5_000),
    quota("CreateResource", 5, 200),
    quota("GetResources", 5, 400),
    quota("CreateDomainName", 1, 30_000),
    quota("UpdateDomainName", 1, 30_000),
    quota("DeleteDomainName", 1, 30_000),
    // ELB user guide, "Request throttling": calls that change something have
    // buckets of their own, of 20 and 3 a second (assumption: each operation one).
    quota("AddTags", 20, 334),
    quota("CreateRule", 20, 334),
    quota("CreateTargetGroup", 20, 334),
    quota("DeleteRule", 20, 334),
    quota("DeleteTargetGroup", 20, 334),
    quota("ModifyRule", 20, 334),
    quota("ModifyTargetGroupAttributes", 20, 334),
    quota("RemoveTags", 20, 334),
    // The same guide: registrations, 20 and 4 a second.
    quota("DeregisterTargets", 20, 250),
    quota("RegisterTargets", 20, 250),
];

/// The sums, by the SDK's name of the service. API Gateway: as above. Route 53
/// developer guide, "Throttling API requests". Lambda developer guide,
/// "Quotas": 15 a second for the control plane. ELB: see [`sum`].
const SERVICES: &[Quota] = &[
    quota("API Gateway", 40, 100),
    quota("Route 53", 50, 100),
    quota("Lambda", 15, 67),
    quota(READS_OF_BALANCERS, 40, 100),
];

/// ELB user guide, "Request throttling": the calls that change nothing.
const READS_OF_BALANCERS: &str = "Elastic Load Balancing v2 Describe";

/// Keeps a little more distance than asked for: requests take unequal times to
/// arrive.
const DISTANCE: f64 = 1.03;

impl Quota {
    /// What is allowed, in words: `DeleteDomainName once in 30 s`.
    pub(super) fn words(&self) -> String {
        let (of, every) = (self.of, Duration::from_millis(self.every));
        match 1_000 / self.every {
            0 | 1 => format!("{of} once in {} s", every.as_secs()),
            each => format!("{each} calls a second of {of}"),
        }
    }
}

/// The quota of an operation alone, if it has one.
pub(super) fn own(operation: &str) -> Option<&'static Quota> {
    OPERATIONS.iter().find(|quota| quota.of == operation)
}

/// The quota that it shares with other operations, if there is one.
pub(super) fn sum(service: &str, operation: &str) -> Option<&'static Quota> {
    let of = match service {
        "Elastic Load Balancing v2" if operation.starts_with("Describe") => READS_OF_BALANCERS,
        other => other,
    };
    SERVICES.iter().find(|quota| quota.of == of)
}

/// The line in which calls stand, for each quota.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// When the bucket of each quota is full again.
    full: Mutex<BTreeMap<&'static str, Duration>>,
    /// The same by what was really sent: who has waited for a slot of the sum
    /// may come at the same time as those behind.
    sent: Mutex<BTreeMap<&'static str, Duration>>,
}

impl Slots {
    /// Takes the next slot and returns when it is; `now` if it is free. Slots
    /// are given out in the order of the questions.
    pub(super) fn take(&self, quota: &Quota, now: Duration) -> Duration {
        let every = Duration::from_millis(quota.every).mul_f64(DISTANCE);
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let full = full.entry(quota.of).or_default();
        let slot = now.max(full.saturating_sub(every * (quota.burst - 1)));
        *full = slot.max(*full) + every;
        slot
    }

    /// Counts a call as sent now, or says when it may be sent.
    pub(super) fn send(&self, quota: &Quota, now: Duration) -> Result<(), Duration> {
        let every = Duration::from_millis(quota.every).mul_f64(DISTANCE);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let full = sent.entry(quota.of).or_default();
        let slot = full.saturating_sub(every * (quota.burst - 1));
        if slot > now {
            return Err(slot);
        }
        *full = now.max(*full) + every;
        Ok(())
    }

    /// A call that was sent was refused for load: it does not count.
    pub(super) fn refused(&self, quota: &Quota) {
        let every = Duration::from_millis(quota.every).mul_f64(DISTANCE);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let full = sent.entry(quota.of).or_default();
        *full = full.saturating_sub(every);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_first_call_never_waits_and_the_next_ones_keep_their_distance() {
        let slots = Slots::default();
        let domain = own("CreateDomainName").expect("it has a quota");
        assert_eq!(slots.take(domain, at(7)), at(7));
        assert_eq!(slots.take(domain, at(7)), at(30_907));
        assert_eq!(slots.take(domain, at(8)), at(61_807));
        assert_eq!(slots.take(domain, at(200_000)), at(200_000));
        let other = own("DeleteDomainName").expect("it has a quota");
        assert_eq!(slots.take(other, at(9)), at(9));
    }

    #[test]
    fn those_who_come_late_to_their_slots_still_keep_their_distance() {
        let slots = Slots::default();
        let quota = own("CreateDeployment").expect("it has a quota");
        assert_eq!(slots.send(quota, at(9_000)), Ok(()));
        assert_eq!(slots.send(quota, at(9_100)), Err(at(14_150)));
        slots.refused(quota);
        assert_eq!(slots.send(quota, at(9_200)), Ok(()));
        assert_eq!(slots.send(quota, at(14_350)), Ok(()));
    }

    #[test]
    fn a_burst_goes_at_once_and_comes_back_with_time() {
        let slots = Slots::default();
        let service = sum("API Gateway", "GetStages").expect("it has a quota");
        for _ in 0..40 {
            assert_eq!(slots.take(service, at(1_000)), at(1_000));
        }
        assert_eq!(slots.take(service, at(1_000)), at(1_103));
        assert_eq!(slots.take(service, at(60_000)), at(60_000));
    }

    #[test]
    fn reads_of_balancers_share_a_line_and_changes_have_their_own() {
        let elb = "Elastic Load Balancing v2";
        assert!(sum(elb, "DescribeRules").is_some());
        assert!(sum(elb, "CreateRule").is_none());
        assert!(own("DescribeRules").is_none() && own("CreateRule").is_some());
        assert!(sum("EC2", "DescribeVpcs").is_none());
    }
}
