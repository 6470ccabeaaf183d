//! Time passes: what is due happens.

use super::agenda::{Due, Event};
use super::clock::Time;
use super::conditions::Conditions;
use super::world::{Ctx, World};

impl World {
    /// Lets all that is due by `now` happen.
    pub fn advance(&mut self, now: Time, conditions: &Conditions) {
        while let Some(Due {
            at,
            account,
            region,
            event,
        }) = self.next_due(now)
        {
            self.now = at.max(self.now);
            event.happen(&mut self.context(&account, &region, conditions));
        }
        self.now = now.max(self.now);
    }
}

impl Event {
    /// Lets it happen.
    fn happen(self, ctx: &mut Ctx<'_>) {
        match self {
            Self::Acm(event) => event.happen(ctx),
            Self::Ec2(event) => event.happen(ctx),
            Self::Elbv2(event) => event.happen(ctx),
            Self::ApiGateway(event) => event.happen(ctx),
            Self::Route53(event) => event.happen(ctx),
        }
    }
}
