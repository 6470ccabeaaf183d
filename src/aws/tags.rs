//! Tags as AWS has them: the only place that spells the program's own, and what
//! the SDK's tag types are made of. What they mean is `resource::tags`.

use std::collections::BTreeMap;

/// The stack a thing belongs to.
pub const STACK: &str = "hybridgw:stack";
/// The resource key of a thing.
pub const RESOURCE: &str = "hybridgw:resource";
/// The host name that a rule or a domain serves.
pub const HOST: &str = "hybridgw:host";
/// Which of a route's rules a listener rule is, where there are several.
pub const PART: &str = "hybridgw:part";
/// The function that a REST API or a target group invokes; its permission is
/// found by it.
pub const FUNCTION: &str = "hybridgw:function";
/// The bucket behind a target group.
pub const BUCKET: &str = "hybridgw:bucket";
/// The bucket in whose policy the stack has a statement; it is found by it.
pub const BUCKET_POLICY: &str = "hybridgw:bucket-policy";
/// The endpoint that the stack borrows. On the load balancer's security group;
/// what was opened of it is found by it.
pub const ENDPOINT: &str = "hybridgw:endpoint";
/// What an API consisted of when it was right, on the API itself: see
/// `resources::rest_api::contents`.
pub const CONTENTS: &str = "hybridgw:contents";
/// The deployment of which it is known that it serves what was put. On the API:
/// a deployment has no tags.
pub const DEPLOYED: &str = "hybridgw:deployed";
/// Begins the tags of the load balancer's security group that remember DNS
/// records, which cannot be tagged. The value is `<zone id>/<host name>`, with
/// `/alias` behind it for an alias of the stack.
pub const RECORD: &str = "hybridgw:record:";

/// How the stack's load balancers are called in DNS, newest first, between
/// spaces: a record is the stack's if it leads to one of them. On the load
/// balancer's security group; empty until there is one.
pub const BALANCER: &str = "hybridgw:balancer";

/// Tags, ordered by key.
pub type Tags = BTreeMap<String, String>;

/// Tags from the pairs that an SDK type gives.
pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>) -> Tags {
    pairs
        .into_iter()
        .filter_map(|(key, value)| Some((key?.to_owned(), value.unwrap_or_default().to_owned())))
        .collect()
}

/// EC2's tags.
pub fn of_ec2(tags: &[aws_sdk_ec2::types::Tag]) -> Tags {
    from_pairs(tags.iter().map(|tag| (tag.key(), tag.value())))
}

/// EC2's tag list.
pub fn to_ec2(tags: &Tags) -> Vec<aws_sdk_ec2::types::Tag> {
    let tag = |(key, value): (&String, &String)| {
        aws_sdk_ec2::types::Tag::builder()
            .key(key)
            .value(value)
            .build()
    };
    tags.iter().map(tag).collect()
}

/// ELBv2's tag list.
pub fn to_elb(tags: &Tags) -> Vec<aws_sdk_elasticloadbalancingv2::types::Tag> {
    tags.iter()
        .map(|(key, value)| {
            aws_sdk_elasticloadbalancingv2::types::Tag::builder()
                .key(key)
                .value(value)
                .build()
        })
        .collect()
}

/// API Gateway's tag map.
pub fn to_map(tags: &Tags) -> std::collections::HashMap<String, String> {
    tags.clone().into_iter().collect()
}
