//! What was ahead in `ELBv2` happens.

use super::state::Event;
use super::{health, load_balancer, target};
use crate::world::Ctx;

impl Event {
    /// Lets it happen.
    pub fn happen(self, ctx: &mut Ctx<'_>) {
        match self {
            Self::Active(arn) => load_balancer::activate(ctx, &arn),
            Self::Check { group, serial } => health::check(ctx, &group, serial),
            Self::Drained { group, serial } => target::leave(ctx, &group, serial),
        }
    }
}
