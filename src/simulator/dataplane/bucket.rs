//! From the endpoint for S3 to an object.

use super::answer::{Answer, Hop, Kind, Seen};
use super::entrance::Entrance;
use super::passed::{Passed, Stop, bare, through};
use super::policy::{Question, Verdict, judge};
use crate::s3::{self, Bucket};
use crate::world::Ctx;

/// Follows a request without a signature: a GET or HEAD of an object.
///
/// AWS's blog on load balancers and S3 behind `PrivateLink`: the host names the
/// bucket, and its policy admits the endpoint. Whatever S3 answers, it has seen
/// the request.
pub fn answer(ctx: &Ctx<'_>, entrance: &Entrance<'_>, passed: &Passed<'_>) -> Result<Answer, Stop> {
    let read = Read::of(ctx, entrance, passed);
    let seen = read.seen();
    match read.answered() {
        Ok(why) => Ok(through(200, why, seen)),
        Err(stop) => Err(Stop {
            seen: Some(Box::new(seen)),
            ..stop
        }),
    }
}

/// A request as S3 reads it.
struct Read<'a> {
    ctx: &'a Ctx<'a>,
    entrance: &'a Entrance<'a>,
    passed: &'a Passed<'a>,
    bucket: String,
    key: String,
    query: &'a str,
}

impl<'a> Read<'a> {
    fn of(ctx: &'a Ctx<'a>, entrance: &'a Entrance<'a>, passed: &'a Passed<'a>) -> Self {
        let (path, query) = passed.path();
        let (bucket, key) = addressed(&bare(&passed.host), path, ctx.dns_suffix());
        Self {
            ctx,
            entrance,
            passed,
            bucket,
            key: decoded(&key),
            query: query.trim_start_matches('?'),
        }
    }

    fn seen(&self) -> Seen {
        let mut seen = self.passed.seen(Kind::S3);
        seen.path = format!("/{}", self.key);
        seen.bucket = Some(self.bucket.clone());
        seen
    }

    /// S3's checks in their order (assumption), with what it says in the end.
    fn answered(&self) -> Result<String, Stop> {
        self.anonymous()?;
        let (verb, name) = (self.passed.ask.method.as_str(), &self.bucket);
        if !matches!(verb, "GET" | "HEAD") {
            let text = format!("anonymous {verb} is not simulated for S3");
            return Err(Stop::at(Hop::Method, 405, text));
        }
        let bucket = self.bucket()?;
        self.permitted(bucket)?;
        if self.key.is_empty() {
            return Ok(format!("S3 answers about the bucket {name}"));
        }
        let Some(object) = bucket.objects.get(&self.key) else {
            return Err(self.missing(bucket));
        };
        if object.needs_kms() {
            // S3 user guide, "Using SSE-KMS"; the words and the status are observed.
            let text = format!(
                "{} is encrypted with a key of KMS: \"Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.\"",
                self.key
            );
            return Err(Stop::at(Hop::Permission, 400, text));
        }
        Ok(format!("S3 answers from the bucket {name}"))
    }

    /// What S3 takes only with a signature, which load balancers do not make.
    fn anonymous(&self) -> Result<(), Stop> {
        let refused = |text: String| Err(Stop::at(Hop::Permission, 400, text));
        if let Some(given) = self.passed.ask.header("authorization") {
            // Observed: `InvalidArgument` for `Bearer` and `Basic`; that a signature made for
            // another host does not fit either is an assumption.
            let kind = given.split(' ').next().unwrap_or_default();
            return refused(format!(
                "Unsupported Authorization Type: S3 reads the client's header Authorization ({kind} …)"
            ));
        }
        for name in names(self.query) {
            if name.starts_with("response-") {
                // S3 API reference, `GetObject`: these need a signed request.
                return refused(format!(
                    "Request specific response headers cannot be used for anonymous GET requests: {name}"
                ));
            }
            // S3 API reference, "Authenticating requests: query parameters". The status is an assumption.
            if matches!(
                name,
                "X-Amz-Algorithm" | "X-Amz-Signature" | "AWSAccessKeyId" | "Signature"
            ) {
                return refused(format!(
                    "the query has a signature that does not fit: {name}"
                ));
            }
        }
        Ok(())
    }

    /// S3 API reference, "Error responses": `NoSuchBucket`, 404; `PermanentRedirect`, 301.
    fn bucket(&self) -> Result<&'a Bucket, Stop> {
        let (ctx, name) = (self.ctx, &self.bucket);
        if s3::foreign(ctx, name).is_some() {
            let text =
                format!("the bucket {name} is another account's; its policy is not looked at here");
            return Err(Stop::at(Hop::Permission, 403, text));
        }
        let bucket = ctx.global.s3.buckets.get(name);
        let bucket = bucket
            .ok_or_else(|| Stop::at(Hop::Mapping, 404, format!("there is no bucket {name}")))?;
        if bucket.region == ctx.region {
            return Ok(bucket);
        }
        // S3 user guide, "`PrivateLink`": an endpoint reaches the buckets of its own region.
        let text = format!(
            "the bucket {name} is in {}, not in {}",
            bucket.region, ctx.region
        );
        Err(Stop::at(Hop::Mapping, 301, text))
    }

    /// Asks both policies, first the endpoint's.
    fn permitted(&self, bucket: &Bucket) -> Result<(), Stop> {
        let action = self.action();
        let resource = self.resource();
        let refused = |hop, who: &str, words: &str| {
            let text = format!("{action} on {resource}: {who} {words}");
            Err(Stop::at(hop, 403, text))
        };
        let verdict = self.judged(&self.entrance.endpoint.policy, action, &resource);
        if verdict != Verdict::Allowed {
            let who = format!("the policy of the endpoint {}", self.entrance.id);
            return refused(Hop::EndpointPolicy, &who, verdict.words());
        }
        let policy = bucket.policy.as_deref().unwrap_or_default();
        let verdict = self.judged(policy, action, &resource);
        if verdict != Verdict::Allowed {
            return refused(Hop::Permission, "the bucket's policy", verdict.words());
        }
        if s3::restricted(bucket) {
            let words =
                "is public, and RestrictPublicBuckets shuts out everybody without credentials";
            return refused(Hop::Permission, "the bucket's policy", words);
        }
        Ok(())
    }

    /// S3 API reference, `GetObject`: 404 for those who may list the bucket, 403 for others.
    fn missing(&self, bucket: &Bucket) -> Stop {
        let policy = bucket.policy.as_deref().unwrap_or_default();
        let lists = self.judged(policy, "s3:ListBucket", &self.own()) == Verdict::Allowed;
        let text = format!("the bucket {} has no object {}", self.bucket, self.key);
        Stop::at(Hop::Method, if lists { 404 } else { 403 }, text)
    }

    fn own(&self) -> String {
        format!("arn:{}:s3:::{}", self.ctx.partition(), self.bucket)
    }

    fn resource(&self) -> String {
        if self.key.is_empty() {
            self.own()
        } else {
            format!("{}/{}", self.own(), self.key)
        }
    }

    /// The permission that a request needs: a query may ask for something else than the object.
    ///
    /// Service authorization reference, "Actions for Amazon S3"; S3 API
    /// reference: the queries that name an operation. Others do not count.
    fn action(&self) -> &'static str {
        let (of_bucket, of_object) = ("s3:ListBucket", "s3:GetObject");
        let mut asked = names(self.query).filter_map(|name| {
            Some(match name {
                "acl" => ("s3:GetBucketAcl", "s3:GetObjectAcl"),
                "attributes" => (of_bucket, "s3:GetObjectAttributes"),
                "legal-hold" => (of_bucket, "s3:GetObjectLegalHold"),
                "retention" => (of_bucket, "s3:GetObjectRetention"),
                "tagging" => ("s3:GetBucketTagging", "s3:GetObjectTagging"),
                "torrent" => (of_bucket, "s3:GetObjectTorrent"),
                "uploadId" => (of_bucket, "s3:ListMultipartUploadParts"),
                "versionId" => (of_bucket, "s3:GetObjectVersion"),
                "location" => ("s3:GetBucketLocation", of_object),
                "policy" => ("s3:GetBucketPolicy", of_object),
                _ => return None,
            })
        });
        let (bucket, object) = asked.next().unwrap_or((of_bucket, of_object));
        if self.key.is_empty() { bucket } else { object }
    }

    fn judged(&self, policy: &str, action: &str, resource: &str) -> Verdict {
        let question = Question {
            action,
            resource,
            keys: &self.entrance.keys(),
        };
        judge(policy, &question)
    }
}

/// The names of a query's parameters.
fn names(query: &str) -> impl Iterator<Item = &str> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split('=').next().unwrap_or(pair))
}

/// The bucket and the key that a host and a path name.
///
/// S3 user guide, "Virtual hosting of buckets": in S3's own names the bucket
/// stands first, or the path begins with it; any other host is a bucket's name.
fn addressed(host: &str, path: &str, suffix: &str) -> (String, String) {
    let key = path.strip_prefix('/').unwrap_or(path);
    let named = |bucket: &str| (bucket.to_owned(), key.to_owned());
    let Some(inside) = host.strip_suffix(suffix) else {
        return named(host);
    };
    let plain = ["s3.", "vpce-", "bucket.vpce-"];
    if plain.iter().any(|start| inside.starts_with(start)) {
        let (bucket, key) = key.split_once('/').unwrap_or((key, ""));
        return (bucket.to_owned(), key.to_owned());
    }
    let own = [".s3.", ".bucket.vpce-"];
    let place = own.iter().filter_map(|own| inside.find(own)).min();
    named(place.map_or(host, |place| &inside[..place]))
}

/// A key as it is meant: S3 decodes what is percent-encoded, and `+` stays.
fn decoded(key: &str) -> String {
    let bytes = key.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let code = (*byte == b'%')
            .then(|| key.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{addressed, decoded};

    #[test]
    fn hosts_and_paths_name_buckets() {
        for (host, bucket, key) in [
            ("site.example.com", "site.example.com", "a/b"),
            ("site.s3.eu-central-1.amazonaws.com", "site", "a/b"),
            ("my.site.s3.eu-central-1.amazonaws.com", "my.site", "a/b"),
            (
                "site.bucket.vpce-1.s3.eu-central-1.vpce.amazonaws.com",
                "site",
                "a/b",
            ),
            ("s3.eu-central-1.amazonaws.com", "a", "b"),
            ("bucket.vpce-1.s3.eu-central-1.vpce.amazonaws.com", "a", "b"),
            // China's names end otherwise: here this is no name of S3's own.
            (
                "site.s3.cn-north-1.amazonaws.com.cn",
                "site.s3.cn-north-1.amazonaws.com.cn",
                "a/b",
            ),
        ] {
            let found = addressed(host, "/a/b", "amazonaws.com");
            assert_eq!(found, (bucket.to_owned(), key.to_owned()), "{host}");
        }
    }

    #[test]
    fn keys_are_decoded_once() {
        for (path, key) in [
            ("a%20b+c.js", "a b+c.js"),
            ("%C3%A4.html", "ä.html"),
            ("100%", "100%"),
            ("%2525", "%25"),
            ("%zz", "%zz"),
        ] {
            assert_eq!(decoded(path), key);
        }
    }
}
