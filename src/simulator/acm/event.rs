//! What was ahead in ACM happens.

use super::request;
use super::state::Event;
use crate::world::Ctx;

impl Event {
    /// Lets it happen.
    pub fn happen(self, ctx: &mut Ctx<'_>) {
        match self {
            Self::Look(arn) => request::look(ctx, &arn),
            Self::Issue(arn) => request::issue(ctx, &arn),
        }
    }
}
