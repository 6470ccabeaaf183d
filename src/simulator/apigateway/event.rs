//! What was ahead in API Gateway happens.

use super::domain;
use super::state::Event;
use crate::world::Ctx;

impl Event {
    /// Lets it happen.
    pub fn happen(self, ctx: &mut Ctx<'_>) {
        match self {
            Self::DomainSettled { domain, change } => domain::settle(ctx, &domain, change),
        }
    }
}
