//! Running checks: all side by side, each with a time limit.

use std::{future::Future, pin::Pin, time::Duration};

use futures_util::future::join_all;

use super::{Check, Finding};
use crate::clock::Clock;

/// A check with the work that answers it.
pub struct Job<'a> {
    check: Check,
    limit: Duration,
    work: Pin<Box<dyn Future<Output = Vec<Finding>> + Send + 'a>>,
}

impl<'a> Job<'a> {
    /// A check that may take so long.
    pub fn new(
        check: Check,
        limit: Duration,
        work: impl Future<Output = Vec<Finding>> + Send + 'a,
    ) -> Self {
        Self {
            check,
            limit,
            work: Box::pin(work),
        }
    }

    async fn done(self, clock: Clock) -> Vec<Finding> {
        let Self { check, limit, work } = self;
        let began = clock.now();
        let mut findings = tokio::select! {
            findings = work => findings,
            () = clock.sleep(limit) => {
                let why = format!("not judged: no answer within {} s", limit.as_secs());
                vec![Finding::skipped(check, why)]
            }
        };
        if findings.is_empty() {
            findings.push(Finding::skipped(
                check,
                "nothing of the stack is of this kind",
            ));
        }
        let took = clock.since(began);
        for finding in &mut findings {
            if finding.took.is_zero() {
                finding.took = took;
            }
        }
        findings
    }
}

/// What all of these checks have to say, in the order of the checks.
pub async fn run(jobs: Vec<Job<'_>>, clock: Clock) -> Vec<Finding> {
    let all = join_all(jobs.into_iter().map(|job| job.done(clock))).await;
    let mut all: Vec<Finding> = all.into_iter().flatten().collect();
    all.sort_by_key(|finding| finding.check);
    all
}
