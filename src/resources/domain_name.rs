//! The REGIONAL custom domain: it lets API Gateway find the private API by the
//! Host header that the load balancer passes on.
//!
//! Endpoint access mode stays BASIC with a legacy security policy: STRICT wants
//! SNI, and the load balancer sends none to its targets (API Gateway developer
//! guide, "Security policies"). Changes are limited to one in 30 seconds.

use aws_sdk_apigateway::types::{self, EndpointConfiguration, EndpointType, SecurityPolicy};
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    error::{Error, ErrorKind, Result},
    resource::{
        Drift, Found, Host, Key, Kind, Mark, Need, Ours, Owner, Resource, Settled,
        tags::{self, Tags},
    },
    resources::{patches::replace, rest_api},
};

/// A REGIONAL custom domain.
#[derive(Hash)]
pub struct DomainName {
    /// Whose it is.
    pub owner: Owner,
    /// The host name.
    pub host: Host,
    /// The certificate's ARN.
    pub certificate: String,
}

/// A domain as API Gateway reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The host name.
    pub host: String,
    /// The certificate's ARN.
    pub certificate: String,
    /// The lowest TLS version.
    pub security_policy: String,
    /// `available`, `updating`, `pending`, …
    pub status: String,
    /// All its tags.
    pub tags: Tags,
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// The certificate.
    Certificate,
    /// The lowest TLS version.
    #[strum(to_string = "security policy")]
    SecurityPolicy,
    /// A tag, by its key.
    #[strum(to_string = "tags.{0}")]
    Tag(String),
}

/// The only endpoint type that answers through a private API's endpoint without
/// being private itself.
const TLS: SecurityPolicy = SecurityPolicy::Tls12;

impl DomainName {
    fn tags(&self) -> Tags {
        let mut tags = self.owner.tags(&self.key());
        tags.insert(tags::HOST.to_owned(), self.host.name.clone());
        tags
    }
}

impl Resource for DomainName {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::GetDomainNames];

    fn key(&self) -> Key {
        self.host.key(Kind::DomainName, "/")
    }

    fn needs(&self) -> Vec<Need> {
        vec![]
    }

    fn summary(&self) -> String {
        format!("{}, REGIONAL", self.host.name)
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        let domains = reads.domain_names().await?;
        let own = domains.iter().filter_map(|domain| {
            let tags = tags_of(domain);
            let host = domain.domain_name()?.to_owned();
            let status = domain
                .domain_name_status()
                .map_or("AVAILABLE", |status| status.as_str())
                .to_ascii_lowercase();
            let named = tags.get(tags::HOST).unwrap_or(&host).clone();
            let mark = Mark::of_tags_and_name(&tags, &reads.stack, &host, |_| named)?;
            let actual = Actual {
                host,
                certificate: domain
                    .regional_certificate_arn()
                    .unwrap_or_default()
                    .to_owned(),
                security_policy: domain
                    .security_policy()
                    .map_or("", |policy| policy.as_str())
                    .to_owned(),
                status,
                tags,
            };
            let (id, state) = (actual.host.clone(), actual.status.clone());
            Some(Found::ours(mark, id, state, actual))
        });
        Ok(own.collect())
    }

    fn matches(&self, found: &Found<Actual>) -> bool {
        // Not by key: an alias that becomes the stack's own name keeps its domain.
        found.actual.host == self.host.name
    }

    async fn conflict(&self, reads: &Reads) -> Result<Option<Error>> {
        let domains = reads.domain_names().await?;
        let foreign = domains
            .iter()
            .any(|domain| domain.domain_name() == Some(&self.host.name));
        Ok(foreign.then(|| {
            Error::new(
                ErrorKind::NotOurs,
                format!(
                    "the API Gateway domain {} is not this stack's",
                    self.host.name
                ),
            )
            .hint("delete it, or choose another `domain.name`")
        }))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            host: _,
            certificate,
            security_policy,
            status: _,
            tags: has,
        } = actual;
        let certificate = Drift::between(Field::Certificate, certificate, &self.certificate);
        let policy = Drift::between(
            Field::SecurityPolicy,
            security_policy.as_str(),
            TLS.as_str(),
        );
        certificate
            .into_iter()
            .chain(policy)
            .chain(tags::drift(has, &self.tags(), Field::Tag))
            .collect()
    }

    fn settled(&self, actual: &Actual) -> Settled {
        match actual.status.as_str() {
            "available" => Settled::Yes,
            "failed" => Settled::Never("the domain is failed".to_owned()),
            other => Settled::NotYet(other.to_owned()),
        }
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let configuration = EndpointConfiguration::builder()
            .types(EndpointType::Regional)
            .build();
        aws.apigateway
            .create_domain_name()
            .domain_name(&self.host.name)
            .regional_certificate_arn(&self.certificate)
            .endpoint_configuration(configuration)
            .security_policy(TLS)
            .set_tags(Some(tags::to_map(&self.tags())))
            .send()
            .await
            .called("CreateDomainName")
            .map(drop)
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let (mut changes, mut patches) = (Tags::new(), Vec::new());
        for one in drift {
            match &one.field {
                Field::Certificate => {
                    patches.push(replace("/regionalCertificateArn", &self.certificate));
                }
                Field::SecurityPolicy => patches.push(replace("/securityPolicy", TLS.as_str())),
                Field::Tag(key) => {
                    changes.extend(tags::to_repair(key, &actual.tags, &self.tags()));
                }
            }
        }
        rest_api::tag(aws, &format!("/domainnames/{}", actual.host), &changes).await?;
        if patches.is_empty() {
            return Ok(());
        }
        aws.apigateway
            .update_domain_name()
            .domain_name(&actual.host)
            .set_patch_operations(Some(patches))
            .send()
            .await
            .called("UpdateDomainName")
            .map(drop)
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Certificate => actual.certificate = "another".to_owned(),
            Field::SecurityPolicy => actual.security_policy = "TLS_1_0".to_owned(),
            Field::Tag(_) => tags::alter(&mut actual.tags),
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let deleted = aws
            .apigateway
            .delete_domain_name()
            .domain_name(&actual.host)
            .send()
            .await
            .called("DeleteDomainName");
        none_if_missing(deleted).map(drop)
    }
}

fn tags_of(domain: &types::DomainName) -> Tags {
    let pairs = domain.tags().into_iter().flatten();
    pairs
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
