//! `clock`: whether this machine knows what time it is.

use super::Patient;
use crate::checks::{Check, Finding, codes::CLOCK_WRONG};

/// From this many seconds on the clock is not kept by anything. AWS refuses a
/// signature that is 5 minutes off (IAM user guide, "Signature Version 4"); the
/// SDK then signs by AWS's time, and other programs do not.
const OFF: u64 = 60;

/// Compares the clock with what AWS's answers said.
pub(super) fn check(patient: &Patient<'_>) -> Finding {
    if patient.connection.simulated.is_some() {
        let words = "a rehearsal has a clock of its own";
        return Finding::ok(Check::Clock, words);
    }
    judge(patient.connection.journal.clock_is_late_by())
}

fn judge(late: Option<i64>) -> Finding {
    let Some(late) = late else {
        let why = "no answer of AWS's named a time";
        return Finding::skipped(Check::Clock, why);
    };
    let span = late.unsigned_abs();
    let side = if late < 0 { "ahead of" } else { "behind" };
    let found = match span {
        0 | 1 => "as AWS has it".to_owned(),
        seconds if seconds < 120 => format!("{seconds} s {side} AWS's"),
        seconds => format!("{} minutes {side} AWS's", seconds / 60),
    };
    if span < OFF {
        return Finding::ok(Check::Clock, found);
    }
    let remedy = "let the machine keep its clock (NTP)";
    if span < 300 {
        let cause = "from 5 minutes on AWS refuses what it signs";
        return Finding::warning(CLOCK_WRONG, found, cause, remedy);
    }
    let cause = "AWS refuses signatures that are 5 minutes off, and certificates seem expired or not yet valid";
    Finding::failed(CLOCK_WRONG, found, cause, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Verdict;

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off() {
        for (late, verdict, words) in [
            (Some(0), Verdict::Ok, "as AWS has it"),
            (Some(-1), Verdict::Ok, "as AWS has it"),
            (Some(30), Verdict::Ok, "30 s behind AWS's"),
            (Some(-90), Verdict::Warning, "90 s ahead of AWS's"),
            (Some(299), Verdict::Warning, "4 minutes behind AWS's"),
            (Some(-3600), Verdict::Failed, "60 minutes ahead of AWS's"),
            (None, Verdict::Skipped, "no answer of AWS's named a time"),
        ] {
            let finding = judge(late);
            assert_eq!((finding.verdict, finding.found.as_str()), (verdict, words));
        }
    }
}
