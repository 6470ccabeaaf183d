//! The door to AWS: clients for one account and region.
//!
//! Everything that must hold for every call is set up here once: the journal
//! that counts and logs calls, the guard that refuses writes, retries by class,
//! timeouts, the corporate proxy and the CA bundle.

use std::{
    env,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig,
};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    stop::Stop,
};
use endpoints::Endpoints;
use resend::Line;

mod bounded;
mod codes;
mod denial;
mod endpoints;
pub mod error;
pub mod journal;
mod network;
mod pacing;
pub mod partition;
pub mod read;
mod read_only;
pub mod record;
mod reply;
mod resend;
pub mod retry;
pub mod simulated;
pub mod tags;
mod turns;
mod waits;

pub use denial::permissions;
pub use error::Called;
pub use journal::Journal;
pub use partition::Partition;
pub use turns::Turns;
pub use waits::telling;

/// Where and as whom to call, as the command line says it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--profile`; otherwise the SDK's own resolution.
    pub profile: Option<String>,
    /// The region that the file or `--region` names; otherwise the SDK's own
    /// resolution. There is no silent default.
    pub region: Option<String>,
    /// `--endpoint-url`; otherwise the SDK's own resolution.
    pub endpoint_url: Option<String>,
    /// `--allow-http`: endpoints may be plain HTTP, wherever they are.
    pub allow_http: bool,
}

/// A resolved connection: credentials exist, a region is known.
#[derive(Clone)]
pub struct Connection {
    config: SdkConfig,
    line: Arc<Line>,
    turns: Turns,
    /// Every HTTP attempt of this process.
    pub journal: Arc<Journal>,
    /// The region, as in `eu-central-1`.
    pub region: String,
    /// The profile's name, for the header that is shown before asking.
    pub profile: String,
    /// The endpoints that are not AWS's own, in words.
    pub endpoint: Option<String>,
    /// Whether buckets are paths, and not host names.
    s3_by_path: bool,
    /// The simulated account at the other end, if it is in this process: its data
    /// plane is asked in the place of a network.
    pub simulated: Option<crate::simulator::Simulator>,
}

/// Clients for one account and region. Cheap to clone.
#[derive(Clone)]
pub struct Aws {
    /// Certificates.
    pub acm: aws_sdk_acm::Client,
    /// REST APIs, domains, mappings.
    pub apigateway: aws_sdk_apigateway::Client,
    /// VPC, subnets, groups, endpoints, interfaces.
    pub ec2: aws_sdk_ec2::Client,
    /// Load balancers, listeners, target groups.
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    /// What the caller may do.
    pub iam: aws_sdk_iam::Client,
    /// Functions and their permissions.
    pub lambda: aws_sdk_lambda::Client,
    /// What the account may have of everything.
    pub quotas: aws_sdk_servicequotas::Client,
    /// Zones and records.
    pub route53: aws_sdk_route53::Client,
    /// Buckets that sites are in.
    pub s3: aws_sdk_s3::Client,
    /// Who calls.
    pub sts: aws_sdk_sts::Client,
    /// The region, as in `eu-central-1`.
    pub region: String,
    /// Who may write what is written as a whole.
    pub turns: Turns,
}

/// What clients may do.
#[derive(Clone, Copy)]
enum May {
    Read,
    /// Read, and ask EC2 whether it would.
    Try,
    Write,
}

impl Aws {
    /// The partition of the region: it decides ARNs and DNS suffixes.
    pub fn partition(&self) -> Partition {
        Partition::of(&self.region)
    }
}

impl Connection {
    /// Resolves credentials, region and endpoint the way every AWS tool does.
    ///
    /// # Errors
    ///
    /// No region, or no usable credentials. AWS is not called, except by a
    /// credential provider that has to (SSO, assumed roles, instance metadata).
    pub async fn open(options: &Options) -> Result<Self> {
        let http = network::http_client()?;
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http.clone())
            .timeout_config(timeouts());
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(url) = &options.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let mut config = endpoints::as_documented(loader.load().await);
        if let Some(profile) = &options.profile {
            config = of_profile(&config, profile, http);
        }
        let profile = options
            .profile
            .clone()
            .or_else(|| env::var("AWS_PROFILE").ok())
            .unwrap_or_else(|| "default".to_owned());
        let region = config.region().map(ToString::to_string).ok_or_else(|| {
            Error::invalid("no region is configured")
                .hint("set `region` in the configuration, pass --region, or set AWS_REGION")
        })?;
        let endpoints = Endpoints::of(&config, options.endpoint_url.as_deref());
        endpoints.refuse_unusable()?;
        if !options.allow_http {
            endpoints.refuse_plain_http()?;
        }
        let connection = Self {
            journal: Arc::default(),
            endpoint: endpoints.words(),
            // A server that is not AWS's rarely has a host name for each bucket.
            s3_by_path: endpoints.for_service("S3").is_some(),
            region,
            profile,
            line: Arc::new(Line::unforeseen(Clock::REAL)),
            turns: Turns::default(),
            config,
            simulated: None,
        };
        connection.check_credentials().await?;
        Ok(connection)
    }

    /// A connection through a given HTTP client, by a clock: the simulated
    /// account's, or a test's. An access key of twelve digits is an account.
    /// What chance decides is the same every time.
    pub fn through(http: SharedHttpClient, account: &str, region: &str, clock: Clock) -> Self {
        let credentials =
            aws_credential_types::Credentials::new(account, "simulated", None, None, "simulated");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http)
            .sleep_impl(Paced(clock))
            .timeout_config(timeouts())
            .build();
        Self {
            journal: Arc::default(),
            region: region.to_owned(),
            profile: "simulated".to_owned(),
            endpoint: None,
            s3_by_path: false,
            line: Arc::new(Line::new(clock, 0)),
            turns: Turns::default(),
            config,
            simulated: None,
        }
    }

    /// The same connection, but for what chance decides: two machines do not
    /// wait in step. A line of its own, in which nobody stands yet.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.line = Arc::new(self.line.anew(seed));
        self
    }

    /// Ends the waits of all its calls when this is thrown; what is under way
    /// finishes.
    pub fn heed(&self, stop: &Arc<Stop>) {
        self.line.heed(stop);
    }

    /// What time it is in the world at the other end, in seconds since 1970: a
    /// rehearsal's is ahead of this machine's.
    pub fn now(&self) -> i64 {
        let seconds = match &self.simulated {
            Some(simulator) => simulator.now().unix_seconds(),
            None => SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .map_or(0, |span| span.as_secs()),
        };
        i64::try_from(seconds).unwrap_or(i64::MAX)
    }

    /// The partition of the region.
    pub fn partition(&self) -> Partition {
        Partition::of(&self.region)
    }

    /// Clients that refuse every operation that is not a read.
    pub fn reader(&self) -> Aws {
        self.clients(May::Read)
    }

    /// Clients that refuse every operation that is not a read, and not a dry run.
    pub fn prober(&self) -> Aws {
        self.clients(May::Try)
    }

    /// Clients that may write. Only what has been approved gets one.
    pub fn writer(&self) -> Aws {
        self.clients(May::Write)
    }

    fn clients(&self, may: May) -> Aws {
        /// Every crate has its own configuration type of the same shape.
        macro_rules! client {
            ($service:ident) => {{ client!($service, $service::config::Builder::from(&self.config)) }};
            ($service:ident, $builder:expr) => {{
                use $service::config::retry::{RetryPartition, TokenBucket};
                // How often to send again is not the SDK's to decide.
                let partition = RetryPartition::custom("hybridgw")
                    .token_bucket(TokenBucket::unlimited())
                    .build();
                let mut config = $builder
                    .retry_partition(partition)
                    .retry_classifier(resend::AsDecided)
                    .interceptor(bounded::Bounded)
                    .interceptor(resend::Resend(Arc::clone(&self.line)))
                    .interceptor(journal::Recorder::new(Arc::clone(&self.journal)));
                match may {
                    May::Read => config = config.interceptor(read_only::Guard),
                    May::Try => config = config.interceptor(read_only::DryRuns),
                    May::Write => {}
                }
                $service::Client::from_conf(config.build())
            }};
        }
        let s3 = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(self.s3_by_path);
        Aws {
            acm: client!(aws_sdk_acm),
            apigateway: client!(aws_sdk_apigateway),
            ec2: client!(aws_sdk_ec2),
            elb: client!(aws_sdk_elasticloadbalancingv2),
            iam: client!(aws_sdk_iam),
            lambda: client!(aws_sdk_lambda),
            quotas: client!(aws_sdk_servicequotas),
            route53: client!(aws_sdk_route53),
            s3: client!(aws_sdk_s3, s3),
            sts: client!(aws_sdk_sts),
            region: self.region.clone(),
            turns: self.turns.clone(),
        }
    }

    /// Asks the credential chain once, so that a missing credential is named
    /// here and not in the middle of seven parallel calls.
    async fn check_credentials(&self) -> Result<()> {
        let unusable = |why: String| {
            let place = match self.profile.as_str() {
                "default" => String::new(),
                named => format!(" in the profile {named}"),
            };
            let message = format!("no usable AWS credentials{place}");
            let mut error = Error::new(ErrorKind::Credentials, message);
            error.causes.push(why);
            error
                .hint("run `aws sso login` or `aws login`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID")
                .hint("a profile with `mfa_serial` cannot be used directly: get session credentials first, for example with `aws configure export-credentials`")
        };
        let Some(provider) = self.config.credentials_provider() else {
            return Err(unusable("no credential provider is configured".to_owned()));
        };
        match provider.provide_credentials().await {
            Ok(_) => Ok(()),
            Err(error) => Err(unusable(error::chain(&error))),
        }
    }
}

/// A profile that is named on the command line beats the credentials in the
/// environment, as in the AWS CLI. The SDK would take those, and say nothing.
fn of_profile(config: &SdkConfig, profile: &str, http: SharedHttpClient) -> SdkConfig {
    let settings = ProviderConfig::without_region()
        .with_region(config.region().cloned())
        .with_http_client(http);
    let provider = ProfileFileCredentialsProvider::builder()
        .configure(&settings)
        .profile_name(profile)
        .build();
    let provider = SharedCredentialsProvider::new(provider);
    let builder = config.clone().into_builder();
    builder.credentials_provider(provider).build()
}

/// The SDK's own waits (retries, timeouts), by a clock.
#[derive(Debug)]
struct Paced(Clock);

impl AsyncSleep for Paced {
    fn sleep(&self, span: Duration) -> Sleep {
        let clock = self.0;
        Sleep::new(async move { clock.sleep(span).await })
    }
}

/// The SDK has no read timeout by default: a silent server would hang `up`
/// for good. A whole operation has more time than the waits for throttles and
/// for slots may add up to; `--timeout` bounds the command.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(30))
        .operation_attempt_timeout(Duration::from_secs(35))
        .operation_timeout(Duration::from_mins(45))
        .build()
}
