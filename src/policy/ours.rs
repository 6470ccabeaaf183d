//! The policies that hybridgw writes.

use serde_json::{Value, json};

/// A REST API's policy: everybody may invoke, but only through this endpoint.
///
/// The explicit Deny matters: an Allow with a condition alone would still leave
/// other statements room. The key is `aws:SourceVpce` with a `vpce-` id; a
/// `vpc-` id there admits nobody (API Gateway developer guide, "Resource policy
/// examples").
pub fn only_through(endpoint: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*"
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*",
                "Condition": { "StringNotEquals": { "aws:SourceVpce": endpoint } }
            }
        ]
    })
}

/// A REST API's policy: everybody may invoke, but only through an endpoint of
/// this VPC. For an endpoint whose id is not known.
pub fn only_from(vpc: &str) -> Value {
    let mut policy = only_through("");
    policy["Statement"][1]["Condition"] = json!({ "StringNotEquals": { "aws:SourceVpc": vpc } });
    policy
}

/// An endpoint's policy before its APIs are known: nothing passes.
pub fn nothing() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "*",
            "Resource": "*"
        }
    })
}

/// An endpoint's policy: only these APIs may be invoked through it.
///
/// The principal has to be `*`: the endpoint sees callers without AWS
/// credentials as anonymous (API Gateway developer guide, "Use VPC endpoint
/// policies for private APIs").
pub fn only_to<'a>(apis: impl IntoIterator<Item = &'a str>) -> Value {
    let mut resources: Vec<String> = apis.into_iter().map(|arn| format!("{arn}/*")).collect();
    resources.sort();
    json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": resources
        }
    })
}

/// A statement for a bucket's policy: everybody may read, but only through this
/// endpoint (S3 user guide, "Controlling access from VPC endpoints"). Such a
/// statement is not public: Block Public Access can stay on.
pub fn read_through(endpoint: &str, bucket: &str, partition: &str) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": format!("arn:{partition}:s3:::{bucket}/*"),
        "Condition": { "StringEquals": { "aws:SourceVpce": endpoint } }
    })
}
