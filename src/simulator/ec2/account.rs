//! Account attributes.

use serde_json::{Value, json};

use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// The attributes (EC2 API reference, `DescribeAccountAttributes`); this account has no default VPC.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("default-vpc", "none"),
    ("max-elastic-ips", "5"),
    ("max-instances", "20"),
    ("supported-platforms", "VPC"),
    ("vpc-max-elastic-ips", "5"),
    ("vpc-max-security-groups-per-interface", "5"),
];

/// `DescribeAccountAttributes`.
///
/// EC2 API reference, "Error codes": `InvalidParameterValue` (the words are an assumption).
pub fn describe(_ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let wanted = input.texts("AttributeName");
    if let Some(lost) = wanted
        .iter()
        .find(|name| !ATTRIBUTES.iter().any(|(known, _)| known == name))
    {
        let text =
            format!("Value ({lost}) for parameter attributeName is invalid. Unknown attribute.");
        return Err(Refusal::new("InvalidParameterValue", text));
    }
    let named =
        |(name, _): &&(&str, &str)| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let item = |(name, value): &(&str, &str)| json!({"attributeName": name, "attributeValueSet": [{"attributeValue": value}]});
    ok(json!({"accountAttributeSet": ATTRIBUTES.iter().filter(named).map(item).collect::<Value>()}))
}
