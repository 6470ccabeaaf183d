//! Clients that go past the program: the SDK as it is, without the program's guards and retries.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use hybridgw::aws::{Aws, Turns};

/// Clients of an account, by this way and perhaps to this endpoint.
pub fn clients(http: SharedHttpClient, endpoint: Option<&str>, account: &str, region: &str) -> Aws {
    let credentials = Credentials::new(account, "test", None, None, "tests");
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http);
    config.set_endpoint_url(endpoint.map(str::to_owned));
    let config = config.build();
    let by_path = aws_sdk_s3::config::Builder::from(&config).force_path_style(true);
    Aws {
        acm: aws_sdk_acm::Client::new(&config),
        apigateway: aws_sdk_apigateway::Client::new(&config),
        ec2: aws_sdk_ec2::Client::new(&config),
        elb: aws_sdk_elasticloadbalancingv2::Client::new(&config),
        iam: aws_sdk_iam::Client::new(&config),
        lambda: aws_sdk_lambda::Client::new(&config),
        quotas: aws_sdk_servicequotas::Client::new(&config),
        route53: aws_sdk_route53::Client::new(&config),
        s3: aws_sdk_s3::Client::from_conf(by_path.build()),
        sts: aws_sdk_sts::Client::new(&config),
        region: region.to_owned(),
        turns: Turns::default(),
    }
}
