//! An account of its own with a network, a zone, a certificate and a function:
//! what a stack borrows.

use std::{
    collections::BTreeMap,
    env, fs,
    hash::{BuildHasher, RandomState},
    path::PathBuf,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use aws_sdk_lambda::{primitives::Blob, types as lambda};
use aws_sdk_route53::types as route53;
use hybridgw::aws::{Aws, Turns};
use serde_json::Value;

use super::server;

/// The region of every test.
pub const REGION: &str = "eu-central-1";
/// The stack's name.
pub const STACK: &str = "orders-dev";
/// The private zone.
pub const ZONE: &str = "corp.example.com";
/// The stack's host name.
pub const HOST: &str = "orders.corp.example.com";

/// An account and what a stack in it borrows.
pub struct World {
    /// Twelve digits; also the access key id, by which LocalStack knows it.
    pub account: String,
    /// Clients that go past the program.
    pub aws: Aws,
    /// The program's home and working directory.
    pub dir: PathBuf,
    /// The VPC, `10.0.0.0/16`.
    pub vpc: String,
    /// `10.0.1.0/24` to `10.0.3.0/24`, in three zones.
    pub subnets: Vec<String>,
    /// The private zone's id.
    pub zone: String,
    /// A certificate for [`HOST`].
    pub certificate: String,
    /// A function's ARN.
    pub function: String,
}

impl World {
    /// A new account with a network and a configuration of three subnets and
    /// one placeholder.
    pub async fn new() -> Self {
        let account = (100_000_000_000 + random() % 900_000_000_000).to_string();
        let dir = env::temp_dir().join(format!("hybridgw-localstack-{account}"));
        fs::create_dir_all(&dir).expect("a temporary directory");
        let aws = clients(&account);
        let (vpc, subnets) = network(&aws).await;
        let mut world = Self {
            account,
            dir,
            vpc,
            subnets,
            zone: String::new(),
            certificate: String::new(),
            function: String::new(),
            aws,
        };
        world.zone = world.make_zone(ZONE).await;
        world.certificate = world.make_certificate(HOST).await;
        world.function = make_function(&world.aws).await;
        world.write(&world.toml());
        world
    }

    /// The configuration of three subnets and one placeholder.
    pub fn toml(&self) -> String {
        format!(
            r#"stack  = "{STACK}"
region = "{REGION}"

[network]
vpc     = "{}"
subnets = {:?}
clients = ["10.0.0.0/8"]

[domain]
name        = "{HOST}"
zone        = "{}"
certificate = "{}"

[load_balancer]
idle_timeout = 60

[[route]]
path = "/"
api  = {{ placeholder = true, stage = "v1" }}
"#,
            self.vpc, self.subnets, self.zone, self.certificate
        )
    }

    /// Writes the configuration.
    pub fn write(&self, toml: &str) {
        self.save("hybridgw.toml", toml);
    }

    /// Writes the configuration with one thing said otherwise.
    #[track_caller]
    pub fn write_with(&self, from: &str, to: &str) {
        self.write(&replaced(&self.toml(), from, to));
    }

    /// Writes a file beside the configuration.
    pub fn save(&self, name: &str, text: &str) {
        fs::write(self.dir.join(name), text).expect("a file can be written");
    }

    /// Makes a private zone of the VPC; its id.
    pub async fn make_zone(&self, name: &str) -> String {
        let network = route53::Vpc::builder()
            .vpc_id(&self.vpc)
            .vpc_region(route53::VpcRegion::EuCentral1)
            .build();
        let private = route53::HostedZoneConfig::builder()
            .private_zone(true)
            .build();
        let made = self
            .aws
            .route53
            .create_hosted_zone()
            .name(name)
            .caller_reference(format!("{name}-{}", random()))
            .vpc(network)
            .hosted_zone_config(private)
            .send()
            .await
            .expect("a hosted zone");
        let id = made.hosted_zone.expect("a hosted zone").id;
        id.trim_start_matches("/hostedzone/").to_owned()
    }

    /// Makes an issued certificate; its ARN.
    pub async fn make_certificate(&self, name: &str) -> String {
        let made = self
            .aws
            .acm
            .request_certificate()
            .domain_name(name)
            .validation_method(aws_sdk_acm::types::ValidationMethod::Dns)
            .send()
            .await;
        made.expect("a certificate")
            .certificate_arn
            .expect("the certificate's ARN")
    }

    /// The stack's record.
    pub async fn record(&self) -> route53::ResourceRecordSet {
        let records = self.aws.route53.list_resource_record_sets();
        let records = records.hosted_zone_id(&self.zone).send().await;
        let mut all = records.expect("records").resource_record_sets.into_iter();
        all.find(|record| record.r#type == route53::RrType::A)
            .expect("the record")
    }

    /// Deletes the stack's record.
    pub async fn delete_record(&self) {
        let record = self.record().await;
        self.change_record(route53::ChangeAction::Delete, record)
            .await;
    }

    /// Changes a record of the zone.
    pub async fn change_record(
        &self,
        action: route53::ChangeAction,
        record: route53::ResourceRecordSet,
    ) {
        let change = route53::Change::builder()
            .action(action)
            .resource_record_set(record)
            .build()
            .expect("a change");
        let batch = route53::ChangeBatch::builder()
            .changes(change)
            .build()
            .expect("a batch");
        self.aws
            .route53
            .change_resource_record_sets()
            .hosted_zone_id(&self.zone)
            .change_batch(batch)
            .send()
            .await
            .expect("a record can be changed");
    }

    /// The ids of what exists, by resource key, as `status` shows them.
    #[track_caller]
    pub fn ids(&self) -> BTreeMap<String, String> {
        let status = self.hybridgw("status -o json").exits(0).json();
        let rows = status["resources"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        rows.map(|row| (text(&row["resource"]), text(&row["id"])))
            .collect()
    }

    /// Runs `up` and asserts that it converges.
    #[track_caller]
    pub fn up(&self) -> super::Ran {
        self.hybridgw("up --yes -o json").converged()
    }

    /// Runs `down` and asserts that nothing is left.
    #[track_caller]
    pub fn down(&self) -> super::Ran {
        self.hybridgw("down --yes -o json").converged()
    }

    /// Asserts that a plan is empty.
    #[track_caller]
    pub fn plan_is_empty(&self, after: &str) {
        let ran = self.hybridgw("plan --detailed-exitcode -o json");
        assert_eq!(ran.code, Some(0), "after {after}: {ran}");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// One thing of a text said otherwise.
#[track_caller]
pub fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
    text.replace(from, to)
}

/// Each `RandomState` has keys of its own.
fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

fn clients(account: &str) -> Aws {
    let credentials = Credentials::new(account, "test", None, None, "tests");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(server::endpoint())
        // Plain HTTP only: reading the system's certificates takes a while.
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let by_path = aws_sdk_s3::config::Builder::from(&config).force_path_style(true);
    Aws {
        acm: aws_sdk_acm::Client::new(&config),
        apigateway: aws_sdk_apigateway::Client::new(&config),
        ec2: aws_sdk_ec2::Client::new(&config),
        elb: aws_sdk_elasticloadbalancingv2::Client::new(&config),
        lambda: aws_sdk_lambda::Client::new(&config),
        route53: aws_sdk_route53::Client::new(&config),
        s3: aws_sdk_s3::Client::from_conf(by_path.build()),
        sts: aws_sdk_sts::Client::new(&config),
        region: REGION.to_owned(),
        turns: Turns::default(),
    }
}

async fn network(aws: &Aws) -> (String, Vec<String>) {
    let named = TagSpecification::builder()
        .resource_type(ResourceType::Vpc)
        .tags(Tag::builder().key("Name").value("tests").build())
        .build();
    let made = aws
        .ec2
        .create_vpc()
        .cidr_block("10.0.0.0/16")
        .tag_specifications(named)
        .send()
        .await;
    let vpc = made.expect("a VPC").vpc.and_then(|vpc| vpc.vpc_id);
    let vpc = vpc.expect("the VPC's id");
    let mut subnets = Vec::new();
    for (number, letter) in [(1, "a"), (2, "b"), (3, "c")] {
        let block = format!("10.0.{number}.0/24");
        subnets.push(make_subnet(aws, &vpc, &block, letter).await);
    }
    (vpc, subnets)
}

/// Makes a subnet in the zone with this letter; its id.
pub async fn make_subnet(aws: &Aws, vpc: &str, block: &str, letter: &str) -> String {
    let made = aws
        .ec2
        .create_subnet()
        .vpc_id(vpc)
        .cidr_block(block)
        .availability_zone(format!("{REGION}{letter}"))
        .send()
        .await;
    let subnet = made.expect("a subnet").subnet;
    subnet
        .and_then(|subnet| subnet.subnet_id)
        .expect("the subnet's id")
}

async fn make_function(aws: &Aws) -> String {
    let code = lambda::FunctionCode::builder()
        .zip_file(Blob::new(EMPTY_ZIP))
        .build();
    let made = aws
        .lambda
        .create_function()
        .function_name("orders")
        .runtime(lambda::Runtime::from("python3.11"))
        .handler("index.handler")
        .role("arn:aws:iam::000000000000:role/orders")
        .code(code)
        .send()
        .await;
    made.expect("a function")
        .function_arn
        .expect("the function's ARN")
}

/// An archive without files: the end record alone.
const EMPTY_ZIP: &[u8] = &[
    b'P', b'K', 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];
