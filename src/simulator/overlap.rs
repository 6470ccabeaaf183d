//! Writes that lose each other when they overlap.
//!
//! Lambda reads a function's policy, changes it and writes it whole: of two
//! statements that are added at the same moment one gets lost, and both calls
//! succeed (Terraform's provider takes turns for this, "bug in the API (reported
//! and acknowledged by AWS)"). So such a call takes a moment here, and writes
//! over what it read when the moment began.

use std::time::Duration;

use super::Simulator;
use super::clock::Clock;
use super::lambda::{Policies, policies};
use super::live::Live;
use super::route::Call;
use super::wire::Response;

/// Assumption: a write to a policy is under way for this long.
const MOMENT: Duration = Duration::from_millis(1);

/// Returns whether a call reads first and writes later.
pub fn takes_a_moment(call: &Call) -> bool {
    call.service.name == "lambda"
        && matches!(call.operation.name, "AddPermission" | "RemovePermission")
}

/// Answers such a call.
pub async fn answer(simulator: &Simulator, call: &Call, clock: Clock) -> Response {
    let read = swap(&mut simulator.lock(), call, None);
    clock.sleep(MOMENT).await;
    let mut live = simulator.lock();
    let now = swap(&mut live, call, read);
    let response = live.answer(call, "");
    if response.status >= 300 {
        swap(&mut live, call, now);
    }
    response
}

/// Returns the policies of the call's function, and puts others in their place.
fn swap(live: &mut Live, call: &Call, others: Option<Policies>) -> Option<Policies> {
    live.advance();
    let Live {
        world, conditions, ..
    } = live;
    let mut ctx = world.context(&call.account, &call.region, conditions);
    let known = policies(&mut ctx, &call.input)?;
    let now = known.clone();
    if let Some(others) = others {
        *known = others;
    }
    Some(now)
}
