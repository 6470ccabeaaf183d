//! STS: who is asking.

use serde_json::json;

use super::codec::{Input, Output, Protocol, Refusal, ok};
use super::random::digest;
use super::service::{Service, read};
use super::world::Ctx;

/// The service.
pub const SERVICE: Service = Service {
    name: "sts",
    protocol: Protocol::Query,
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    operations: &[read("GetCallerIdentity", get_caller_identity, &[])],
};

/// `GetCallerIdentity`: a user called `simulated` of the account that the access key id names.
fn get_caller_identity(ctx: &mut Ctx<'_>, _input: &Input) -> Result<Output, Refusal> {
    let account = ctx.account;
    // IAM user guide, "Unique identifiers": users' ids begin with AIDA.
    let id = format!("AIDA{}", digest(account, 17).to_uppercase());
    ok(json!({"Account": account, "Arn": caller(ctx), "UserId": id}))
}

/// Returns the ARN of whoever asks.
pub fn caller(ctx: &Ctx<'_>) -> String {
    let (partition, account) = (ctx.partition(), ctx.account);
    format!("arn:{partition}:iam::{account}:user/simulated")
}
