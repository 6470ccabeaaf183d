//! What was ahead in EC2 happens.

use super::endpoint;
use super::state::Event;
use crate::world::Ctx;

impl Event {
    /// Lets it happen.
    pub fn happen(self, ctx: &mut Ctx<'_>) {
        match self {
            Self::EndpointSettled { id, change } => endpoint::settle(ctx, &id, change),
            Self::EndpointGone(id) => endpoint::vanish(ctx, &id),
            Self::EndpointForgotten(id) => {
                ctx.here.ec2.gone.remove(&id);
            }
            Self::InterfacesGone(ids) => {
                for id in ids {
                    ctx.here.ec2.interfaces.remove(&id);
                    ctx.here.ec2.tags.remove(&id);
                }
            }
        }
    }
}
