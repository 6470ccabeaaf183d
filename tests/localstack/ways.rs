//! The ways behind one name: a site in a bucket beside an API, an endpoint of
//! somebody else's, and addresses that the file chooses.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{IpPermission, IpRange, VpcEndpointType};
use aws_sdk_s3::{
    primitives::ByteStream,
    types::{BucketLocationConstraint, CreateBucketConfiguration},
};
use serde_json::{Value, json};

use crate::support::{REGION, STACK, World, replaced, words};

const INDEX: &str = "<!doctype html><title>orders</title>";
const SCRIPT: &str = "console.log('orders')";

/// The owner's statement: nobody deletes from the bucket.
fn kept(bucket: &str) -> Value {
    json!({ "Sid": "Kept", "Effect": "Deny", "Principal": "*",
        "Action": "s3:DeleteObject", "Resource": format!("arn:aws:s3:::{bucket}/*") })
}

/// A bucket with a site and its owner's policy; its name.
async fn make_bucket(world: &World) -> String {
    let bucket = format!("orders-frontend-{}", world.account);
    let s3 = &world.aws.s3;
    let here = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuCentral1)
        .build();
    let made = s3.create_bucket().bucket(&bucket);
    let made = made.create_bucket_configuration(here).send().await;
    made.expect("a bucket");
    for (key, kind, body) in [
        ("index.html", "text/html", INDEX),
        ("assets/app.js", "text/javascript", SCRIPT),
    ] {
        let put = s3.put_object().bucket(&bucket).key(key).content_type(kind);
        let body = ByteStream::from_static(body.as_bytes());
        put.body(body).send().await.expect("an object");
    }
    let policy = json!({ "Version": "2012-10-17", "Statement": [kept(&bucket)] });
    let put = s3.put_bucket_policy().bucket(&bucket);
    let put = put.policy(policy.to_string()).send().await;
    put.expect("a bucket takes a policy");
    bucket
}

/// The statements of the bucket's policy.
async fn admitted(world: &World, bucket: &str) -> Vec<Value> {
    let answer = world.aws.s3.get_bucket_policy().bucket(bucket).send().await;
    let policy = answer.expect("a policy").policy.unwrap_or_default();
    statements(&policy)
}

fn statements(policy: &str) -> Vec<Value> {
    let policy: Value = serde_json::from_str(policy).expect("a policy is JSON");
    let all = policy["Statement"].as_array();
    all.expect("a list of statements").clone()
}

#[tokio::test]
async fn a_site_and_an_api_share_a_name_and_leave_the_buckets_owner_its_policy() {
    let world = World::new().await;
    let bucket = make_bucket(&world).await;
    let before = world.census().await;
    let toml = replaced(&world.toml(), "path = \"/\"", "path = \"/api\"");
    world.write(&format!(
        "{toml}\n[[route]]\npath = \"/\"\nsite = {{ bucket = {bucket:?}, manage_policy = true }}\n"
    ));
    let up = world.up();
    world.plan_is_empty("a site beside an API");
    let ids = world.ids();
    for key in ["site-endpoint", "vpc-endpoint", "bucket-policy"] {
        assert!(ids.contains_key(key), "{key}: {ids:?}\n{up}");
    }

    // Files as they are; every other path is the application's own business.
    for (path, kind, body) in [
        ("/", "text/html", INDEX),
        ("/?code=a.b/c&state=d", "text/html", INDEX),
        ("/orders/17", "text/html", INDEX),
        ("/apiary", "text/html", INDEX),
        ("/assets/app.js", "text/javascript", SCRIPT),
        ("/assets/app.js?v=1.2", "text/javascript", SCRIPT),
        (
            "/assets/app.js?response-content-type=text/html",
            "text/javascript",
            SCRIPT,
        ),
    ] {
        let answer = world.ask(path);
        assert_eq!((answer.status, &*answer.body), (200, body), "{path}");
        let headers = answer.headers.to_lowercase();
        let kind = format!("content-type: {kind}");
        assert!(headers.contains(&kind), "{path}: {headers}");
    }
    assert_eq!(world.ask("/assets/gone.js").status, 403, "{up}");
    for path in ["/api", "/api/orders?id=7"] {
        let answer = world.ask(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(answer.body.contains("The way in works"), "{answer:?}");
    }

    let policy = admitted(&world, &bucket).await;
    assert_eq!((policy.len(), &policy[0]), (2, &kept(&bucket)));
    let through = &policy[1]["Condition"]["StringEquals"]["aws:SourceVpce"];
    assert_eq!(*through, *ids["site-endpoint"], "{policy:?}");

    // The owner writes the policy anew and knows nothing of the stack.
    let theirs = json!({ "Version": "2012-10-17", "Statement": [kept(&bucket)] });
    let put = world.aws.s3.put_bucket_policy().bucket(&bucket);
    let put = put.policy(theirs.to_string()).send().await;
    put.expect("a bucket takes a policy");
    assert_eq!(world.ask("/").status, 403);
    let plan = world.hybridgw("plan --detailed-exitcode -o json").exits(2);
    assert_eq!(plan.planned(), ["create bucket-policy"], "{plan}");
    world.up();
    assert_eq!(admitted(&world, &bucket).await, policy);
    assert_eq!(world.ask("/").body, INDEX);

    let down = world.down();
    world.census().await.assert_equals(&before, &down);
}

/// An endpoint for `execute-api` with a group and a policy of its owner's.
struct Lent {
    endpoint: String,
    group: String,
}

impl Lent {
    async fn make(world: &World) -> Self {
        let ec2 = &world.aws.ec2;
        let call = ec2.create_security_group().vpc_id(&world.vpc);
        let call = call.group_name("shared").description("everybody's");
        let group = call.send().await.expect("a group").group_id;
        let group = group.expect("the group's id");
        let range = IpRange::builder().cidr_ip("10.9.0.0/16");
        let rule = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(443)
            .to_port(443)
            .ip_ranges(range.description("the other network").build());
        let call = ec2.authorize_security_group_ingress().group_id(&group);
        let call = call.ip_permissions(rule.build()).send().await;
        call.expect("a rule");
        let policy = json!({ "Version": "2012-10-17", "Statement": [Self::theirs(world)] });
        let call = ec2
            .create_vpc_endpoint()
            .vpc_endpoint_type(VpcEndpointType::Interface)
            .vpc_id(&world.vpc)
            .service_name(format!("com.amazonaws.{REGION}.execute-api"))
            .set_subnet_ids(Some(world.subnets.clone()))
            .security_group_ids(&group)
            .private_dns_enabled(false)
            .policy_document(policy.to_string());
        let made = call.send().await.expect("an endpoint").vpc_endpoint;
        let endpoint = made.and_then(|made| made.vpc_endpoint_id);
        Self {
            endpoint: endpoint.expect("the endpoint's id"),
            group,
        }
    }

    /// The owner's statement: another API may be invoked.
    fn theirs(world: &World) -> Value {
        let api = format!("arn:aws:execute-api:{REGION}:{}:theirs/*", world.account);
        json!({ "Sid": "Theirs", "Effect": "Allow", "Principal": "*",
            "Action": "execute-api:Invoke", "Resource": api })
    }

    /// The configuration that borrows it.
    fn toml(&self, world: &World, manage: bool) -> String {
        let endpoint = format!(
            "[endpoint]\nid = {:?}\nmanage = {manage}\n\n[load_balancer]",
            self.endpoint
        );
        replaced(&world.toml(), "[load_balancer]", &endpoint)
    }

    /// Its owner opens it for the whole VPC and all APIs of the account; the
    /// statement.
    async fn open(&self, world: &World) -> Value {
        let ec2 = &world.aws.ec2;
        let call = ec2.authorize_security_group_ingress();
        let call = call.group_id(&self.group).ip_protocol("tcp");
        let call = call.from_port(443).to_port(443).cidr_ip("10.0.0.0/16");
        call.send().await.expect("a rule");
        let apis = format!("arn:aws:execute-api:{REGION}:{}:*/*", world.account);
        let statement = json!({ "Sid": "Opened", "Effect": "Allow", "Principal": "*",
            "Action": "execute-api:Invoke", "Resource": apis });
        let mut all = self.statements(world).await;
        all.push(statement.clone());
        let policy = json!({ "Version": "2012-10-17", "Statement": all });
        let call = ec2.modify_vpc_endpoint().vpc_endpoint_id(&self.endpoint);
        let call = call.policy_document(policy.to_string()).send().await;
        call.expect("a policy");
        statement
    }

    /// The statements of its policy.
    async fn statements(&self, world: &World) -> Vec<Value> {
        let call = world.aws.ec2.describe_vpc_endpoints();
        let call = call.vpc_endpoint_ids(&self.endpoint).send().await;
        let endpoints = call.expect("endpoints").vpc_endpoints;
        let endpoint = endpoints.into_iter().flatten().next();
        let policy = endpoint.and_then(|one| one.policy_document);
        statements(&policy.expect("a policy"))
    }

    /// Whom its group lets in, each with what the rule says of itself.
    async fn admitted(&self, world: &World) -> BTreeMap<String, String> {
        let call = world.aws.ec2.describe_security_groups();
        let call = call.group_ids(&self.group).send().await;
        let groups = call.expect("groups").security_groups;
        let rules = groups.iter().flatten().flat_map(|one| one.ip_permissions());
        let said = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let mut admitted = BTreeMap::new();
        for rule in rules {
            for range in rule.ip_ranges() {
                admitted.insert(said(range.cidr_ip()), said(range.description()));
            }
            for peer in rule.user_id_group_pairs() {
                admitted.insert(said(peer.group_id()), said(peer.description()));
            }
        }
        admitted
    }
}

#[tokio::test]
async fn a_borrowed_endpoint_is_opened_for_the_stack_and_closed_with_it() {
    let world = World::new().await;
    let lent = Lent::make(&world).await;
    let before = world.census().await;
    world.write(&lent.toml(&world, true));
    let up = world.up();
    world.plan_is_empty("a borrowed endpoint");
    world.answers("a borrowed endpoint");
    let ids = world.ids();
    for key in ["vpc-endpoint", "endpoint-security-group"] {
        assert!(!ids.contains_key(key), "{key}: {ids:?}\n{up}");
    }
    let outputs = world.hybridgw("outputs -o json").exits(0);
    assert_eq!(outputs.json()["endpoint_id"], *lent.endpoint, "{outputs}");

    let own = &ids["load-balancer-security-group"];
    let opened = BTreeMap::from([
        ("10.9.0.0/16".to_owned(), "the other network".to_owned()),
        (own.clone(), format!("hybridgw:{STACK}")),
    ]);
    assert_eq!(lent.admitted(&world).await, opened, "{up}");
    let policy = lent.statements(&world).await;
    assert_eq!((policy.len(), &policy[0]), (2, &Lent::theirs(&world)));
    let api = format!(
        "arn:aws:execute-api:{REGION}:{}:{}/*",
        world.account, ids["rest-api"]
    );
    assert!(policy[1].to_string().contains(&api), "{policy:?}");

    // Without the file: the stack's own group remembers what it has opened.
    std::fs::remove_file(world.dir.join("hybridgw.toml")).expect("a file");
    let down = format!("down --stack {STACK} --region {REGION} --yes -o json");
    let down = world.hybridgw(&down).converged();
    world.census().await.assert_equals(&before, &down);
}

#[tokio::test]
async fn once_its_owner_opens_a_borrowed_endpoint_the_stack_takes_its_own_back() {
    let world = World::new().await;
    let lent = Lent::make(&world).await;
    world.write(&lent.toml(&world, true));
    world.up();

    let statement = lent.open(&world).await;
    world.write(&lent.toml(&world, false));
    let up = world.up();
    assert!(!up.stderr.contains("does not admit"), "{up}");
    assert!(!up.stderr.contains("do not admit"), "{up}");
    world.plan_is_empty("its owner has opened it");
    world.answers("its owner has opened it");
    let rules = ["10.0.0.0/16", "10.9.0.0/16"];
    let admitted = lent.admitted(&world).await;
    assert_eq!(admitted.keys().collect::<Vec<_>>(), rules, "{up}");
    let policy = lent.statements(&world).await;
    assert_eq!(policy, [Lent::theirs(&world), statement], "{up}");

    let standing = world.census().await;
    let down = world.down();
    let after = world.census().await;
    assert_eq!(after.count("endpoints"), 1, "{down}");
    let changed = after.differing(&standing);
    assert!(!changed.contains(&"endpoints"), "{changed:?}\n{down}");
    assert_eq!(lent.admitted(&world).await, admitted, "{down}");
}

/// The configuration with an address in each of the three subnets.
fn pinned(world: &World, last: u8) -> (String, Vec<String>) {
    let addresses: Vec<String> = (1..=3).map(|net| format!("10.0.{net}.{last}")).collect();
    let endpoint = format!("[endpoint]\naddresses = {addresses:?}\n\n[load_balancer]");
    let toml = replaced(&world.toml(), "[load_balancer]", &endpoint);
    (toml, addresses)
}

#[tokio::test]
async fn pinned_addresses_are_taken_moved_and_left_to_aws_again() {
    let world = World::new().await;
    let before = world.census().await;
    for last in [10, 20] {
        let (toml, addresses) = pinned(&world, last);
        world.write(&toml);
        let up = world.up();
        world.plan_is_empty("pinned addresses");
        world.answers("pinned addresses");
        let outputs = world.hybridgw("outputs -o json").exits(0);
        assert_eq!(words(&outputs.json()["addresses"]), addresses, "{up}");
        let status = world.hybridgw("status -o json").exits(0).json();
        let targets = status["targets"].as_array().into_iter().flatten();
        let targets: Vec<_> = targets
            .map(|row| (row["address"].clone(), row["health"].clone()))
            .collect();
        let healthy: Vec<_> = addresses
            .iter()
            .map(|one| (json!(one), json!("healthy")))
            .collect();
        assert_eq!(targets, healthy, "{up}");
    }

    // Nobody chooses any more: what is there may stay.
    world.write(&world.toml());
    world.plan_is_empty("the addresses are left to AWS");

    let down = world.down();
    world.census().await.assert_equals(&before, &down);
}

#[tokio::test]
async fn an_address_that_somebody_has_is_refused_before_anything_is_made() {
    let world = World::new().await;
    let call = world.aws.ec2.create_network_interface();
    let call = call.subnet_id(&world.subnets[1]).description("a printer");
    let taken = call.private_ip_address("10.0.2.10").send().await;
    taken.expect("an interface");
    let before = world.census().await;
    world.write(&pinned(&world, 10).0);
    let up = world.hybridgw("up --yes -o json").exits(1);
    let up = up.says(&["endpoint.addresses", "10.0.2.10 is taken", "a printer"]);
    world.census().await.assert_equals(&before, &up);
}
