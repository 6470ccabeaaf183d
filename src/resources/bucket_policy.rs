//! The statement in a bucket's policy that lets a site's objects be read
//! through the stack's S3 endpoint.
//!
//! The bucket is its owner's, and so is its policy: this is one statement in
//! it, known by its id. It is there only if the file says `manage_policy`; the
//! route's target group remembers in a tag which buckets have one.
//!
//! S3 takes a policy as a whole and knows no condition for that (S3 API
//! reference, `PutBucketPolicy`). So it is read right before it is written, and
//! this process changes one policy at a time. What somebody else writes in
//! between, within a fraction of a second, would be lost; a statement of ours
//! that is lost is put back by the next run.

use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::Value;
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    error::Result,
    graph::Node,
    policy::{self, statements},
    resource::{Drift, Found, Key, Kind, Need, Ours, Resource, UNKNOWN, tags},
    resources::{TargetGroup, VpcEndpoint, target_group},
};

/// The statement for one route in its bucket's policy.
#[derive(Hash)]
pub struct BucketPolicy {
    /// The stack's name.
    pub stack: String,
    /// The path of the route.
    pub path: String,
    /// The route's target group: it remembers the bucket.
    pub group: Arc<Node<TargetGroup>>,
    /// The endpoint that requests come through.
    pub endpoint: Arc<Node<VpcEndpoint>>,
    /// The bucket.
    pub bucket: String,
    /// The partition that begins its ARN.
    pub partition: &'static str,
}

/// The statement as S3 reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The bucket.
    pub bucket: String,
    /// The statement's id.
    pub sid: String,
    /// The statement, normalised.
    pub statement: Value,
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// The statement.
    Statement,
}

impl BucketPolicy {
    fn sid(&self) -> String {
        statements::sid(&self.stack, &self.key())
    }

    fn wanted(&self, endpoint: &str) -> Value {
        let reading = policy::read_through(endpoint, &self.bucket, self.partition);
        statements::named(&self.sid(), reading)
    }

    async fn put(&self, aws: &Aws) -> Result<()> {
        let wanted = self.wanted(&self.endpoint.require()?.id);
        let _turn = aws.turns.take(&self.bucket).await;
        let now = read(aws, &self.bucket).await?.unwrap_or_default();
        write(aws, &self.bucket, &statements::with(&now, &wanted)).await
    }
}

impl Resource for BucketPolicy {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::GetBucketPolicy];

    fn key(&self) -> Key {
        Key::of_route(Kind::BucketPolicy, &self.path)
    }

    fn needs(&self) -> Vec<Need> {
        // Settled: the tag that remembers the bucket is there before the
        // statement is.
        vec![self.group.settled(), self.endpoint.exists()]
    }

    fn summary(&self) -> String {
        format!("{} may be read through the site-endpoint", self.bucket)
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        those(reads, |_, _| true).await
    }

    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let own = self.key();
        let wanted = |key: &Key, bucket: &str| *key == own && bucket == self.bucket;
        Ok(those(reads, wanted).await?.into_iter().next())
    }

    async fn again(reads: &Reads, was: &Found<Actual>) -> Result<Option<Found<Actual>>> {
        let wanted = |key: &Key, bucket: &str| *key == was.key && bucket == was.id;
        Ok(those(reads, wanted).await?.into_iter().next())
    }

    fn matches(&self, found: &Found<Actual>) -> bool {
        found.key == self.key() && found.actual.bucket == self.bucket
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            bucket: _,
            sid: _,
            statement,
        } = actual;
        match self.endpoint.id() {
            None => vec![Drift::new(
                Field::Statement,
                policy::words(statement),
                UNKNOWN,
            )],
            Some(endpoint) => {
                let wanted = policy::normal(&self.wanted(&endpoint));
                let drift = Drift::between(Field::Statement, statement, &wanted);
                drift.into_iter().collect()
            }
        }
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        self.put(aws).await
    }

    async fn update(
        &self,
        aws: &Aws,
        _actual: &Ours<Actual>,
        drift: &[Drift<Field>],
    ) -> Result<()> {
        for one in drift {
            match one.field {
                Field::Statement => self.put(aws).await?,
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Statement => actual.statement = Value::Null,
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let bucket = &actual.bucket;
        let _turn = aws.turns.take(bucket).await;
        let Some(now) = read(aws, bucket).await? else {
            return Ok(());
        };
        if statements::find(&now, &actual.sid).is_none() {
            return Ok(());
        }
        if let Some(left) = statements::without(&now, &actual.sid) {
            return write(aws, bucket, &left).await;
        }
        let call = aws.s3.delete_bucket_policy().bucket(bucket);
        let deleted = call.send().await.called("DeleteBucketPolicy");
        none_if_missing(deleted).map(drop)
    }
}

/// The statements that are wanted, by their key and bucket.
async fn those(reads: &Reads, wanted: impl Fn(&Key, &str) -> bool) -> Result<Vec<Found<Actual>>> {
    let groups = target_group::listed(&reads.remembered(), |_| true).await?;
    let places = groups.iter().flat_map(|group| {
        let key = Key::of_route(Kind::BucketPolicy, &group.mark.key().path());
        let buckets = tags::now_and_before(&group.tags, tags::BUCKET_POLICY);
        let places = buckets.into_iter().map(move |bucket| (key.clone(), bucket));
        places.map(|(key, bucket)| (group.mark.for_part(key), bucket))
    });
    let wanted = places.filter(|(mark, bucket)| wanted(mark.key(), bucket));
    let looks = wanted.map(|(mark, bucket)| async move {
        let sid = statements::sid(&reads.stack, mark.key());
        let answer = reads.bucket_policy(bucket).await;
        let what = || format!("the policy of the bucket {bucket}");
        let Some(policy) = reads.readable(mark.key().as_str(), what, answer)? else {
            return Ok(None);
        };
        let policy = policy.as_deref().unwrap_or_default();
        Ok::<_, crate::Error>(statements::find(policy, &sid).map(|statement| {
            let actual = Actual {
                bucket: bucket.to_owned(),
                sid: sid.clone(),
                statement,
            };
            // Several routes may have a statement each in one bucket's policy.
            Found::ours(mark, bucket, "active", actual).scoped(sid)
        }))
    });
    let found = try_join_all(looks).await?;
    Ok(found.into_iter().flatten().collect())
}

/// A bucket's policy as it is written; none if it has none, or is gone.
async fn read(aws: &Aws, bucket: &str) -> Result<Option<String>> {
    let call = aws.s3.get_bucket_policy().bucket(bucket);
    let answer = none_if_missing(call.send().await.called("GetBucketPolicy"))?;
    Ok(answer.and_then(|answer| answer.policy))
}

async fn write(aws: &Aws, bucket: &str, policy: &Value) -> Result<()> {
    aws.s3
        .put_bucket_policy()
        .bucket(bucket)
        .policy(policy.to_string())
        .send()
        .await
        .called("PutBucketPolicy")
        .map(drop)
}
