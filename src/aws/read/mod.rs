//! Reads of AWS: one typed, paged, remembered accessor an operation.
//!
//! Several resources read the same list (both security groups, the endpoint and
//! its policy). Through [`Reads`] each list is asked for once, also when they
//! ask at the same time, and whoever has written asks for answers that are
//! newer than that ([`Reads::afresh`]).

use std::{future::Future, sync::Arc};

use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{
    Aws, Called,
    record::{Invoked, Record},
};
use crate::error::Result;

mod account;
mod acm;
mod apigateway;
mod ec2;
mod elb;
mod iam;
mod lambda;
mod memory;
mod quotas;
mod route53;
mod s3;
mod unreadable;

pub use account::Caller;
pub use ec2::{Endpoints, Groups, Interfaces, Subnets, Vpcs};
pub use elb::rules;
pub use iam::{Decision, Evaluation};
pub use memory::Moment;
pub use s3::{Bucket, Object};
pub use unreadable::{Unreadable, stands_aside};

use memory::{Answers, Order};

/// Names the variants as AWS names its operations.
macro_rules! queries {
    ($($name:ident),* $(,)?) => {
        /// The operations that only read, as AWS calls them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "AWS's names say it")]
        pub enum Query { $($name),* }

        impl Query {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// AWS's name for it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

queries![
    DescribeAccountLimits,
    DescribeCertificate,
    DescribeListenerCertificates,
    DescribeListeners,
    DescribeLoadBalancerAttributes,
    DescribeLoadBalancers,
    DescribeManagedPrefixLists,
    DescribeNetworkInterfaces,
    DescribeRules,
    DescribeSSLPolicies,
    DescribeSecurityGroups,
    DescribeSubnets,
    DescribeTags,
    DescribeTargetGroupAttributes,
    DescribeTargetGroups,
    DescribeTargetHealth,
    DescribeVpcAttribute,
    DescribeVpcEndpointServices,
    DescribeVpcEndpoints,
    DescribeVpcs,
    GetAccount,
    GetAuthorizers,
    GetBasePathMappings,
    GetBucketEncryption,
    GetBucketPolicy,
    GetCallerIdentity,
    GetChange,
    GetDeployment,
    GetDeployments,
    GetDomainNames,
    GetExport,
    GetFunction,
    GetGatewayResponses,
    GetHostedZone,
    GetModels,
    GetPolicy,
    GetPublicAccessBlock,
    GetRequestValidators,
    GetResources,
    GetRestApi,
    GetRestApis,
    GetRole,
    GetStage,
    GetStages,
    HeadBucket,
    HeadObject,
    ListHostedZonesByName,
    ListHostedZonesByVPC,
    ListResourceRecordSets,
    ListServiceQuotas,
    SimulatePrincipalPolicy,
];

/// Read-only access to AWS, for one stack, with a memory. A clone shares it.
#[derive(Clone)]
pub struct Reads {
    /// Clients that refuse to write (`aws::read_only`).
    aws: Aws,
    /// The stack whose things are looked for.
    pub stack: String,
    /// The region.
    pub region: String,
    /// Where the configuration, if there is one, has records. They cannot be
    /// tagged: a record is found here also when nothing remembers it any more.
    pub records: Vec<Record>,
    /// Where it leads to functions. Their policies cannot be tagged, either.
    pub functions: Vec<Invoked>,
    /// Where it has records in a zone that cannot be read, and nothing remembers
    /// them.
    pub unplaced: Vec<Unreadable>,
    memory: Arc<Memory>,
    fresh: Fresh,
    /// What could not be read and is done without; none: nothing is.
    gaps: Option<Arc<unreadable::Gaps>>,
}

/// From when on answers count.
#[derive(Clone, Copy, Debug, Default)]
struct Fresh {
    /// The answers to these queries have to be new; those to others may be old.
    queries: &'static [Query],
    /// When the first of these queries must have been asked at the earliest.
    first: Moment,
    /// When the others must have been.
    others: Moment,
}

#[derive(Debug, Default)]
struct Memory {
    order: Order,
    account: account::Known,
    acm: acm::Known,
    apigateway: apigateway::Known,
    ec2: ec2::Known,
    elb: elb::Known,
    iam: iam::Known,
    lambda: lambda::Known,
    quotas: quotas::Known,
    route53: route53::Known,
    s3: s3::Known,
}

impl Reads {
    /// Reads for the things of `stack`. `aws` must be the read-only kind.
    pub fn new(aws: Aws, stack: impl Into<String>) -> Self {
        Self {
            region: aws.region.clone(),
            aws,
            stack: stack.into(),
            records: Vec::new(),
            functions: Vec::new(),
            unplaced: Vec::new(),
            memory: Arc::default(),
            fresh: Fresh::default(),
            gaps: None,
        }
    }

    /// The same with an empty memory.
    #[must_use]
    pub fn forgetful(&self) -> Self {
        Self {
            memory: Arc::default(),
            fresh: Fresh::default(),
            ..self.clone()
        }
    }

    /// How many answers of EC2 and ELBv2 are remembered: who asks for hours must
    /// not remember more and more.
    pub fn remembered_answers(&self) -> usize {
        self.memory.ec2.len() + self.memory.elb.len()
    }

    /// A moment after all that was asked so far.
    pub fn now(&self) -> Moment {
        self.memory.order.now()
    }

    /// The same memory, of which the answers to these queries count only if they
    /// were asked at this moment or later.
    #[must_use]
    pub fn since(&self, moment: Moment, queries: &'static [Query]) -> Self {
        self.watching(moment, moment, queries)
    }

    /// The same for who waits for AWS: only the first of these queries shows how
    /// far it has come; the others count since the last write.
    #[must_use]
    pub fn watching(&self, news: Moment, written: Moment, queries: &'static [Query]) -> Self {
        Self {
            fresh: Fresh {
                queries,
                first: news,
                others: written,
            },
            ..self.clone()
        }
    }

    /// The same memory; these queries are asked again, though only once for all
    /// that ask with these reads.
    #[must_use]
    pub fn afresh(&self, queries: &'static [Query]) -> Self {
        self.since(self.now(), queries)
    }

    /// The same memory, of which every answer counts: for what a thing belongs
    /// to, when only the thing itself may have changed.
    #[must_use]
    pub fn remembered(&self) -> Self {
        self.since(Moment::default(), &[])
    }

    /// The same memory, of which the answers to these queries have to be as new
    /// as those that these reads are for.
    #[must_use]
    pub fn likewise(&self, queries: &'static [Query]) -> Self {
        self.since(self.fresh.first, queries)
    }

    /// From when on answers to this query count.
    fn floor(&self, query: Query) -> Moment {
        let Fresh {
            queries,
            first,
            others,
        } = self.fresh;
        match queries.iter().position(|one| *one == query) {
            Some(0) => first,
            Some(_) => others,
            None => Moment::default(),
        }
    }

    /// What is remembered and counts, or else what AWS says now. `ask` is told
    /// the operation's name.
    async fn get<K, T, F>(
        &self,
        answers: &Answers<K, T>,
        about: K,
        ask: impl FnOnce(&'static str) -> F,
    ) -> Result<Arc<T>>
    where
        K: Eq + std::hash::Hash + Clone,
        F: Future<Output = Result<T>>,
    {
        let query = answers.query();
        let ask = || ask(query.name());
        answers
            .get(&about, self.floor(query), &self.memory.order, ask)
            .await
    }
}

/// Every item of every page.
async fn all<T, E>(
    pages: PaginationStream<Result<T, SdkError<E, HttpResponse>>>,
    operation: &'static str,
) -> Result<Vec<T>>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let all: Result<Vec<T>, _> = pages.collect().await;
    all.called(operation)
}

#[cfg(test)]
mod tests;
