//! Which of IAM's actions an operation needs.

use crate::codec::Input;
use crate::world::Ctx;

/// Operations of S3 whose permission has another name (Service authorization
/// reference, "Actions, resources, and condition keys for Amazon S3").
const S3: &[(&str, &str)] = &[
    ("CopyObject", "PutObject"),
    ("DeleteBucketEncryption", "PutEncryptionConfiguration"),
    ("DeletePublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("GetBucketEncryption", "GetEncryptionConfiguration"),
    ("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
    ("HeadBucket", "ListBucket"),
    ("HeadObject", "GetObject"),
    ("ListBuckets", "ListAllMyBuckets"),
    ("ListObjectsV2", "ListBucket"),
    ("PutBucketEncryption", "PutEncryptionConfiguration"),
    ("PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
];

/// Returns IAM's action for an operation: its name, but for API Gateway, whose
/// actions are HTTP's verbs (Service authorization reference, "Amazon API
/// Gateway Management"), and for some of S3's.
pub fn action(service: &str, operation: &str, route: &str) -> String {
    let verb = route.split(' ').next().unwrap_or_default();
    match service {
        "apigateway" => format!("apigateway:{verb}"),
        "s3" => {
            let other = S3.iter().find(|(name, _)| *name == operation);
            format!("s3:{}", other.map_or(operation, |(_, action)| action))
        }
        _ => format!("{service}:{operation}"),
    }
}

/// Returns the ARN that a call is about, where it can be read off the route
/// (API Gateway developer guide, "Resource ARNs": the path), and `*` otherwise.
pub fn resource(ctx: &Ctx<'_>, service: &str, route: &str, input: &Input) -> String {
    let path = route.split_once(' ').map_or("", |(_, path)| path);
    let path = path.split('?').next().unwrap_or_default();
    if service != "apigateway" {
        return "*".to_owned();
    }
    let filled = path.split('/').map(|part| {
        let label = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        let label = label.map(|label| label.trim_end_matches('+'));
        label
            .map_or(part, |label| input.text(label).unwrap_or("*"))
            .to_owned()
    });
    let path: Vec<String> = filled.collect();
    format!(
        "arn:{}:apigateway:{}::{}",
        ctx.partition(),
        ctx.region,
        path.join("/")
    )
}
