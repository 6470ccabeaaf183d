//! Quotas, told.

use serde_json::{Value, json};

use super::table::{QUOTAS, Quota, SERVICES, find};
use super::{most, unknown};
use crate::codec::{Input, Output, Refusal, ok};
use crate::paging::cut;
use crate::world::Ctx;

/// Whose value is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// The account's.
    Account,
    /// AWS's.
    Aws,
}

/// `GetServiceQuota`: the account's value.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    one(ctx, input, Of::Account)
}

/// `GetAWSDefaultServiceQuota`: AWS's value.
pub fn get_default(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    one(ctx, input, Of::Aws)
}

fn one(ctx: &Ctx<'_>, input: &Input, of: Of) -> Result<Output, Refusal> {
    let (service, code) = (input.require("ServiceCode")?, input.require("QuotaCode")?);
    let quota = find(&format!("{service}/{code}")).ok_or_else(unknown)?;
    ok(json!({"Quota": item(ctx, quota, of)}))
}

/// `ListServiceQuotas`.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    all(ctx, input, Of::Account)
}

/// `ListAWSDefaultServiceQuotas`.
pub fn list_defaults(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    all(ctx, input, Of::Aws)
}

fn all(ctx: &Ctx<'_>, input: &Input, of: Of) -> Result<Output, Refusal> {
    let service = input.require("ServiceCode")?;
    if !SERVICES.iter().any(|(code, _)| *code == service) {
        return Err(unknown());
    }
    let code = input.text("QuotaCode");
    let asked = |quota: &&Quota| {
        let parts = quota.key.split_once('/');
        parts.is_some_and(|(of, own)| of == service && code.is_none_or(|code| code == own))
    };
    let items = QUOTAS
        .iter()
        .filter(asked)
        .map(|quota| item(ctx, quota, of));
    page(ctx, input, "Quotas", items.collect())
}

/// `ListServices`.
pub fn services(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let items = SERVICES.iter();
    let items = items.map(|(code, name)| json!({"ServiceCode": code, "ServiceName": name}));
    page(ctx, input, "Services", items.collect())
}

/// A hundred a page at most (Service Quotas API reference: `InvalidPaginationTokenException`).
fn page(ctx: &Ctx<'_>, input: &Input, name: &str, all: Vec<Value>) -> Result<Output, Refusal> {
    let asked = input.number("MaxResults").unwrap_or(100).clamp(1, 100);
    let asked = usize::try_from(asked).unwrap_or(100);
    let size = ctx.conditions.page.map_or(asked, |most| most.min(asked));
    let (items, next) = cut(all, size, input.text("NextToken")).ok_or_else(|| {
        let text = "The request failed because the pagination token is not valid.";
        Refusal::new("InvalidPaginationTokenException", text)
    })?;
    let mut tree = json!({name: items});
    if let Some(next) = next {
        tree["NextToken"] = next.into();
    }
    ok(tree)
}

/// Service Quotas API reference, `ServiceQuota`. The ARN of a default has no account.
fn item(ctx: &Ctx<'_>, quota: &Quota, of: Of) -> Value {
    let (service, code) = quota.key.split_once('/').unwrap_or_default();
    let name = SERVICES.iter().find(|(known, _)| *known == service);
    let (owner, value) = match of {
        Of::Account => (ctx.account, number(most(ctx, quota.key))),
        Of::Aws => (
            "",
            number(usize::try_from(quota.default).unwrap_or(usize::MAX)),
        ),
    };
    let mut item = json!({
        "Adjustable": quota.adjustable,
        "GlobalQuota": false,
        "QuotaArn": format!("arn:{}:servicequotas:{}:{owner}:{}", ctx.partition(), ctx.region, quota.key),
        "QuotaCode": code,
        "QuotaName": quota.name,
        "ServiceCode": service,
        "ServiceName": name.map(|(_, name)| name),
        "Unit": "None",
        "Value": value,
    });
    if of == Of::Account {
        item["QuotaAppliedAtLevel"] = "ACCOUNT".into();
    }
    item
}

/// The wire has doubles, and no quota needs more than 32 bits.
fn number(value: usize) -> f64 {
    u32::try_from(value).map_or(f64::from(u32::MAX), f64::from)
}
