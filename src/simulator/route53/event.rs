//! What was ahead in Route 53 happens.

use super::state::Event;
use crate::world::Ctx;

impl Event {
    /// Lets it happen.
    pub fn happen(self, ctx: &mut Ctx<'_>) {
        let Self::InSync(id) = self;
        if let Some(change) = ctx.global.route53.changes.get_mut(&id) {
            change.in_sync = true;
        }
    }
}
