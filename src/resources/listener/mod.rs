//! The listeners: HTTPS on 443, and HTTP on 80 that redirects to it.
//!
//! What no rule takes is answered with a fixed 404. One rule before all others
//! belongs to the HTTPS listener itself: it refuses requests that carry
//! `x-apigw-api-id`. That header would let a client pick any private API that
//! trusts the endpoint.
//!
//! The certificates of aliases stand beside the default one; the load balancer
//! chooses by the name that the client asks for (SNI). What nobody wants any
//! more is taken away at last: until then a host that goes is still served. A
//! listener that has only ever served one host is not asked for further ones:
//! a call less in every plan.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_elasticloadbalancingv2::types::{
    self, Action, ActionTypeEnum, Certificate, FixedResponseActionConfig, ProtocolEnum,
    RedirectActionConfig, RedirectActionStatusCodeEnum,
};
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    error::{Error, ErrorKind, Result},
    graph::Node,
    resource::{
        Drift, Found, Key, Kind, Mark, Need, Ours, Owner, Resource,
        tags::{self, Tags},
    },
    resources::{LoadBalancer, balancing, dns_record},
};

mod certificates;
mod guard;

use certificates::Wanted;
use guard::Guard;

/// What a listener does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Serves the routes.
    Https {
        /// The default certificate's ARN.
        certificate: String,
        /// The host names.
        hosts: BTreeSet<String>,
        /// The ARNs of other certificates, for aliases.
        further: BTreeSet<String>,
        /// The security policy's name. The API's own default still allows
        /// TLS 1.0, so it is always set.
        tls_policy: String,
    },
    /// Sends plain HTTP to HTTPS.
    Redirect,
}

/// A listener.
#[derive(Hash)]
pub struct Listener {
    /// Whose it is.
    pub owner: Owner,
    /// The load balancer.
    pub load_balancer: Arc<Node<LoadBalancer>>,
    /// What it does.
    pub purpose: Purpose,
}

/// A listener as ELBv2 reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// Its ARN.
    pub arn: String,
    /// Protocol and port.
    pub traffic: String,
    /// The default certificate's ARN.
    pub certificate: String,
    /// The ARNs of the others, where there may be any.
    pub further: Option<BTreeSet<String>>,
    /// The security policy's name.
    pub tls_policy: String,
    /// The default action, in words.
    pub default_action: String,
    /// The rule that refuses `x-apigw-api-id`.
    pub guard: Option<Guard>,
    /// The ARN of a foreign rule in its place.
    pub instead: Option<String>,
    /// The host names that rules take, whoever made them.
    pub hosts: BTreeSet<String>,
    /// All its tags.
    pub tags: Tags,
}

impl Actual {
    /// Whether some rule may take requests to this host.
    pub fn serves(&self, host: &str) -> bool {
        let mut hosts = self.hosts.iter();
        hosts.any(|one| one == host || one.contains(['*', '?']))
    }
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// Protocol and port.
    Traffic,
    /// The default certificate.
    Certificate,
    /// The certificates beside it.
    #[strum(to_string = "certificates of aliases")]
    FurtherCertificates,
    /// The TLS policy.
    #[strum(to_string = "tls_policy")]
    TlsPolicy,
    /// The rule that refuses `x-apigw-api-id`.
    #[strum(to_string = "rule against x-apigw-api-id")]
    Guard,
    /// What becomes of what no rule takes.
    #[strum(to_string = "default action")]
    DefaultAction,
    /// A tag, by its key.
    #[strum(to_string = "tags.{0}")]
    Tag(String),
}

const NOT_FOUND: &str = "fixed 404";
const TO_HTTPS: &str = "redirect to https";

impl Listener {
    fn tags(&self) -> Tags {
        self.owner.tags(&self.key())
    }

    fn traffic(&self) -> (ProtocolEnum, i32) {
        match self.purpose {
            Purpose::Https { .. } => (ProtocolEnum::Https, 443),
            Purpose::Redirect => (ProtocolEnum::Http, 80),
        }
    }

    fn default_action(&self) -> (&'static str, Action) {
        match self.purpose {
            Purpose::Https { .. } => (NOT_FOUND, fixed("404", "not found\n")),
            Purpose::Redirect => {
                let redirect = RedirectActionConfig::builder()
                    .protocol("HTTPS")
                    .port("443")
                    .status_code(RedirectActionStatusCodeEnum::Http301)
                    .build();
                let action = Action::builder()
                    .r#type(ActionTypeEnum::Redirect)
                    .redirect_config(redirect)
                    .build();
                (TO_HTTPS, action)
            }
        }
    }

    fn certificate(&self) -> Option<Certificate> {
        match &self.purpose {
            Purpose::Https { certificate, .. } => {
                Some(Certificate::builder().certificate_arn(certificate).build())
            }
            Purpose::Redirect => None,
        }
    }

    fn wanted_certificates(&self) -> Option<Wanted<'_>> {
        match &self.purpose {
            Purpose::Https {
                certificate: default,
                further,
                ..
            } => Some(Wanted { default, further }),
            Purpose::Redirect => None,
        }
    }

    fn tls_policy(&self) -> Option<&String> {
        match &self.purpose {
            Purpose::Https { tls_policy, .. } => Some(tls_policy),
            Purpose::Redirect => None,
        }
    }

    async fn modify(&self, aws: &Aws, actual: &Actual) -> Result<()> {
        let (protocol, port) = self.traffic();
        aws.elb
            .modify_listener()
            .listener_arn(&actual.arn)
            .protocol(protocol)
            .port(port)
            .set_certificates(self.certificate().map(|one| vec![one]))
            .set_ssl_policy(self.tls_policy().cloned())
            .default_actions(self.default_action().1)
            .send()
            .await
            .called("ModifyListener")
            .map(drop)
    }
}

fn fixed(status: &str, body: &str) -> Action {
    let response = FixedResponseActionConfig::builder()
        .status_code(status)
        .content_type("text/plain")
        .message_body(body)
        .build();
    Action::builder()
        .r#type(ActionTypeEnum::FixedResponse)
        .fixed_response_config(response)
        .build()
}

impl Resource for Listener {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[
        Query::DescribeListeners,
        Query::DescribeListenerCertificates,
        Query::DescribeRules,
        Query::DescribeTags,
    ];

    fn key(&self) -> Key {
        match self.purpose {
            Purpose::Https { .. } => Key::bare(Kind::Listener),
            Purpose::Redirect => Key::bare(Kind::RedirectListener),
        }
    }

    fn needs(&self) -> Vec<Need> {
        vec![self.load_balancer.exists()]
    }

    fn summary(&self) -> String {
        match &self.purpose {
            Purpose::Https { tls_policy, .. } => format!("HTTPS:443, {tls_policy}"),
            Purpose::Redirect => "HTTP:80, redirects to HTTPS".to_owned(),
        }
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        let mut found = Vec::new();
        let is_about = |tags: &Tags| {
            let key = tags::key_of(tags, &reads.stack);
            key.is_some_and(|key| key.kind() != Kind::ListenerRule)
        };
        for balancer in LoadBalancer::discover(&reads.remembered()).await? {
            for front in balancing::fronts(reads, &balancer.id, is_about).await? {
                let Some(mark) = Mark::of_tags(&front.tags, &reads.stack) else {
                    continue;
                };
                let key = mark.key();
                let mut actual = actual(&front.listener, front.tags);
                // The guard carries the listener's own key.
                let guard = front
                    .rules
                    .iter()
                    .find(|(_, tags)| tags::key_of(tags, &reads.stack).as_ref() == Some(key));
                actual.guard = guard.map(|(rule, _)| Guard::of(rule));
                let is_foreign = |tags: &Tags| tags::key_of(tags, &reads.stack).is_none();
                let foreign = front.rules.iter().filter(|(_, tags)| is_foreign(tags));
                actual.instead = guard::instead(foreign.map(|(rule, _)| rule));
                let others = front.rules.iter().map(|(rule, _)| rule).filter(|rule| {
                    guard.is_none_or(|(guard, _)| guard.rule_arn() != rule.rule_arn())
                });
                actual.hosts = others.flat_map(hosts).collect();
                let listener = Found::ours(mark, actual.arn.clone(), "active", actual);
                found.push(listener.within(&balancer.id));
            }
        }
        Ok(found)
    }

    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let all = Self::discover(reads).await?;
        let found = all.into_iter().find(|found| self.matches(found));
        let (Some(mut found), Purpose::Https { hosts, .. }) = (found.clone(), &self.purpose) else {
            return Ok(found);
        };
        let mut served = dns_record::remembered(reads).await?;
        served.extend(hosts.iter().cloned());
        // The rules of a host that goes are the last of it.
        served.extend(found.actual.hosts.iter().cloned());
        if served.len() > 1 {
            found.actual.further = Some(certificates::further(reads, &found.id).await?);
        }
        Ok(Some(found))
    }

    async fn conflict(&self, reads: &Reads) -> Result<Option<Error>> {
        let (_, wanted) = self.traffic();
        for balancer in LoadBalancer::discover(reads).await? {
            let listeners = reads.listeners(&balancer.id).await?;
            let other = listeners.iter().find(|one| one.port() == Some(wanted));
            if let Some(arn) = other.and_then(|one| one.listener_arn()) {
                let message = format!("the listener {arn} on port {wanted} is not this stack's");
                let error = Error::new(ErrorKind::NotOurs, message);
                return Ok(Some(error.hint(
                    "delete it: the stack's load balancer needs its port for its own listener",
                )));
            }
        }
        Ok(None)
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            arn: _,
            traffic,
            certificate,
            further,
            tls_policy,
            default_action,
            guard,
            instead,
            hosts: _, // the rules'
            tags: has,
        } = actual;
        let (protocol, port) = self.traffic();
        let wanted = format!("{}:{port}", protocol.as_str());
        let mut drift: Vec<Drift<Field>> = Drift::between(Field::Traffic, traffic, &wanted)
            .into_iter()
            .collect();
        if let Some(wanted) = self.wanted_certificates() {
            drift.extend(wanted.drift(certificate, further.as_ref()));
        }
        if let Some(wanted_policy) = self.tls_policy() {
            drift.extend(Drift::between(Field::TlsPolicy, tls_policy, wanted_policy));
            let has = guard::shown(guard.as_ref(), instead.as_deref());
            drift.extend(Drift::between(Field::Guard, has.as_str(), guard::WANTED));
        }
        let (action, _) = self.default_action();
        drift.extend(Drift::between(
            Field::DefaultAction,
            default_action,
            &action.to_owned(),
        ));
        drift.extend(tags::drift(has, &self.tags(), Field::Tag));
        drift
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let (protocol, port) = self.traffic();
        aws.elb
            .create_listener()
            .load_balancer_arn(self.load_balancer.require()?.arn)
            .protocol(protocol)
            .port(port)
            .set_certificates(self.certificate().map(|one| vec![one]))
            .set_ssl_policy(self.tls_policy().cloned())
            .default_actions(self.default_action().1)
            .set_tags(Some(tags::to_elb(&self.tags())))
            .send()
            .await
            .called("CreateListener")
            .map(drop)
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let mut changes = Tags::new();
        let (mut differs, mut is_unguarded) = (false, false);
        for one in drift {
            match &one.field {
                Field::Traffic | Field::Certificate | Field::TlsPolicy | Field::DefaultAction => {
                    differs = true;
                }
                Field::FurtherCertificates => {} // below, before the default one
                Field::Guard => is_unguarded = true,
                Field::Tag(key) => {
                    changes.extend(tags::to_repair(key, &actual.tags, &self.tags()));
                }
            }
        }
        balancing::set_tags(aws, &actual.arn, &changes).await?;
        if let Some(wanted) = self.wanted_certificates() {
            wanted.put(aws, actual, drift).await?;
        }
        if differs {
            self.modify(aws, actual).await?;
        }
        if is_unguarded {
            guard::put(aws, actual, &self.tags()).await?;
        }
        Ok(())
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Traffic => actual.traffic = "HTTP:8080".to_owned(),
            Field::Certificate => actual.certificate = "another".to_owned(),
            Field::FurtherCertificates => {
                actual.further = Some(BTreeSet::from(["another".to_owned()]));
            }
            Field::TlsPolicy => actual.tls_policy = "another".to_owned(),
            Field::Guard => actual.guard = None,
            Field::DefaultAction => actual.default_action = "fixed 200".to_owned(),
            Field::Tag(_) => tags::alter(&mut actual.tags),
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let deleted = aws
            .elb
            .delete_listener()
            .listener_arn(&actual.arn)
            .send()
            .await
            .called("DeleteListener");
        none_if_missing(deleted).map(drop)
    }
}

/// The hosts that a rule takes; `*` for what is not spelled out.
fn hosts(rule: &types::Rule) -> Vec<String> {
    let conditions = rule.conditions().iter();
    let mut about_hosts = conditions.filter(|one| one.field() == Some("host-header"));
    let Some(condition) = about_hosts.next() else {
        return vec!["*".to_owned()];
    };
    let typed = condition.host_header_config();
    let values = typed.map(|config| config.values()).unwrap_or_default();
    let values: Vec<String> = values.iter().map(|host| host.to_lowercase()).collect();
    if values.is_empty() {
        return vec!["*".to_owned()];
    }
    values
}

fn actual(listener: &types::Listener, tags: Tags) -> Actual {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let certificate = listener.certificates().first();
    Actual {
        arn: text(listener.listener_arn()),
        traffic: format!(
            "{}:{}",
            listener.protocol().map_or("", ProtocolEnum::as_str),
            listener.port().unwrap_or_default()
        ),
        certificate: text(certificate.and_then(|one| one.certificate_arn())),
        further: None,
        tls_policy: text(listener.ssl_policy()),
        default_action: words(listener.default_actions()),
        guard: None,
        instead: None,
        hosts: BTreeSet::new(),
        tags,
    }
}

/// Default actions in words; what hybridgw does not set is told by its type.
fn words(actions: &[Action]) -> String {
    let [action] = actions else {
        return format!("{} actions", actions.len());
    };
    let fixed = action.fixed_response_config();
    let redirect = action.redirect_config();
    match (fixed.and_then(|config| config.status_code()), redirect) {
        (Some(status), _) => format!("fixed {status}"),
        (None, Some(config))
            if config.protocol() == Some("HTTPS") && config.port() == Some("443") =>
        {
            TO_HTTPS.to_owned()
        }
        _ => action
            .r#type()
            .map_or("no type", ActionTypeEnum::as_str)
            .to_owned(),
    }
}
