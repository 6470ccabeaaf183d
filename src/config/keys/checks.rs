//! The checks of `verify` and `doctor`.

use crate::checks::Code;
use crate::config::form::List;
use crate::config::key::or_empty;
use crate::config::table::table;
use crate::config::values::checks::CODE;

table! {
    /// What the checks of `verify` and `doctor` leave alone.
    pub struct Checks: Default {
        /// Codes that do not count, as in `target-health/initial`. The reference of
        /// checks lists them.
        suppress: Vec<Code> = or_empty(List::of(CODE));
    }
}
