//! From the endpoint for S3 to an object.

use super::policy::{Question, Verdict, judge};
use super::target::Entrance;
use super::{Answer, Hop, Kind, Passed, Stop, bare, through};
use crate::simulator::world::Ctx;

/// Follows a request without a signature: a GET or HEAD of an object.
///
/// AWS's blog on load balancers and S3 behind `PrivateLink`: the bucket has the
/// host's name, and its policy admits the endpoint.
pub fn answer(ctx: &Ctx<'_>, entrance: &Entrance<'_>, passed: &Passed<'_>) -> Result<Answer, Stop> {
    let (path, _) = passed.path();
    let (name, key) = addressed(&bare(&passed.host), path);
    let method = passed.ask.method.as_str();
    if !matches!(method, "GET" | "HEAD") {
        let text = format!("anonymous {method} is not simulated for S3");
        return Err(Stop::at(Hop::Method, 405, text));
    }
    // S3 API reference, "Error responses": `NoSuchBucket`, 404.
    let bucket = ctx
        .global
        .s3
        .buckets
        .get(&name)
        .ok_or_else(|| Stop::at(Hop::Mapping, 404, format!("there is no bucket {name}")))?;
    let own = format!("arn:{}:s3:::{name}", ctx.partition());
    let object = format!("{own}/{key}");
    // S3 user guide, "How Amazon S3 authorizes a request": the bucket itself is listed.
    let (action, resource) = if key.is_empty() {
        ("s3:ListBucket", &own)
    } else {
        ("s3:GetObject", &object)
    };
    let judged = |policy: &str, action: &str, resource: &str| {
        let question = Question {
            action,
            resource,
            keys: &entrance.keys(),
        };
        judge(policy, &question)
    };
    let verdict = judged(&entrance.endpoint.policy, action, resource);
    if verdict != Verdict::Allowed {
        let text = format!(
            "{action} on {resource}: the policy of the endpoint {} {}",
            entrance.id,
            verdict.words()
        );
        return Err(Stop::at(Hop::EndpointPolicy, 403, text));
    }
    let policy = bucket.policy.as_deref().unwrap_or_default();
    let verdict = judged(policy, action, resource);
    if verdict != Verdict::Allowed {
        let text = format!(
            "{action} on {resource}: the bucket's policy {}",
            verdict.words()
        );
        return Err(Stop::at(Hop::Permission, 403, text));
    }
    if !key.is_empty() && !bucket.objects.contains_key(&key) {
        // S3 API reference, `GetObject`: 404 for those who may list the bucket, 403 for others.
        let lists = judged(policy, "s3:ListBucket", &own) == Verdict::Allowed;
        let text = format!("the bucket {name} has no object {key}");
        return Err(Stop::at(Hop::Method, if lists { 404 } else { 403 }, text));
    }
    let mut seen = passed.seen(Kind::S3);
    seen.path = format!("/{key}");
    Ok(through(
        200,
        format!("S3 answers from the bucket {name}"),
        seen,
    ))
}

/// The bucket and the key that a host and a path name.
///
/// S3 user guide, "Virtual hosting of buckets": in S3's own names the bucket
/// stands first, or the path begins with it; any other host is a bucket's name.
fn addressed(host: &str, path: &str) -> (String, String) {
    let key = path.trim_start_matches('/');
    let plain = ["s3.", "vpce-", "bucket.vpce-"];
    if plain.iter().any(|start| host.starts_with(start)) {
        let (bucket, key) = key.split_once('/').unwrap_or((key, ""));
        return (bucket.to_owned(), key.to_owned());
    }
    let own = [".s3.", ".bucket.vpce-"];
    let place = own.iter().filter_map(|own| host.find(own)).min();
    let bucket = place.map_or(host, |place| &host[..place]);
    (bucket.to_owned(), key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::addressed;

    #[test]
    fn hosts_and_paths_name_buckets() {
        for (host, bucket, key) in [
            ("site.example.com", "site.example.com", "a/b"),
            ("site.s3.eu-central-1.amazonaws.com", "site", "a/b"),
            (
                "site.bucket.vpce-1.s3.eu-central-1.vpce.amazonaws.com",
                "site",
                "a/b",
            ),
            ("s3.eu-central-1.amazonaws.com", "a", "b"),
            ("bucket.vpce-1.s3.eu-central-1.vpce.amazonaws.com", "a", "b"),
        ] {
            let found = addressed(host, "/a/b");
            assert_eq!(found, (bucket.to_owned(), key.to_owned()), "{host}");
        }
    }
}
