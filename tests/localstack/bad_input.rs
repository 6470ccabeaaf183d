//! Bad input: a message with place and remedy, the right exit code, and nothing
//! written. The messages are snapshots.

use std::net::TcpListener;

use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_sdk_route53::types as route53;

use crate::support::{HOST, Proxy, Ran, STACK, World, make_subnet, replaced};

/// Asserts the message; ids, ports and request ids are not part of it.
macro_rules! assert_message {
    ($world:expr, $name:expr, $ran:expr) => {
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.add_filter(&$world.account, "[account]");
        settings.add_filter(r"(vpc|subnet|sg|vpce|eni)-[0-9a-f]{17}", "$1-[id]");
        settings.add_filter(r"certificate/[0-9a-f-]{36}", "certificate/[id]");
        settings.add_filter(r"\bZ[0-9A-Z]{10,}\b", "[zone]");
        settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[port]");
        settings.add_filter(r"request [0-9A-Za-z-]{20,}", "request [request]");
        settings.add_filter(r"hybridgw-localstack-\S*?/", "[dir]/");
        settings.bind(|| insta::assert_snapshot!($name, $ran.stderr));
    };
}

/// Asserts that `up` is refused with this message, and that it and `plan` say
/// the same, write nothing and leave everything as it is.
macro_rules! refused {
    ($world:expr, $code:expr, $name:expr) => {
        let before = $world.census().await;
        let ran = refused(&$world, $code);
        $world.census().await.assert_equals(&before, &ran);
        assert_message!($world, $name, ran);
    };
}

#[track_caller]
fn refused(world: &World, code: i32) -> Ran {
    let proxy = Proxy::start();
    let plan = world.call("plan").through(&proxy).run().exits(code);
    let up = world.call("up --yes").through(&proxy).run().exits(code);
    assert_eq!(plan.stderr, up.stderr, "plan and up differ");
    assert_eq!(proxy.writes(), [""; 0], "of {up}");
    // What a parser says is the remedy already.
    let remedy = ["hint:", "not valid TOML: ", "not valid JSON: "];
    let has_remedy = remedy.iter().any(|word| up.stderr.contains(word));
    assert!(has_remedy, "no remedy in {up}");
    assert_eq!(up.stdout, "", "an error is not data: {up}");
    up
}

#[tokio::test]
async fn wrong_and_missing_keys_name_their_line() {
    let world = World::new().await;
    world.write(
        &world
            .toml()
            .replace("clients", "client")
            .replace("idle_timeout = 60", "idle_timeout = \"long\""),
    );
    refused!(world, 1, "wrong_and_missing_keys");
    world.write(&replaced(&world.toml(), "stack  =", "stack  = = "));
    refused!(world, 1, "not_toml");
    std::fs::remove_file(world.dir.join("hybridgw.toml")).expect("it is there");
    refused!(world, 1, "no_file");
}

#[tokio::test]
async fn ids_that_do_not_exist_are_all_named_at_once() {
    let world = World::new().await;
    let toml = world
        .toml()
        .replace(&world.vpc, "vpc-0aaaaaaaaaaaaaaaa")
        .replace(&world.subnets[1], "subnet-0bbbbbbbbbbbbbbbb")
        .replace(&world.zone, "Z0123456789ABCDEFGHIJ")
        .replace(
            world.certificate.rsplit('/').next().expect("an id"),
            "00000000-0000-4000-8000-000000000000",
        );
    world.write(&toml);
    refused!(world, 1, "ids_that_do_not_exist");
    let lambda = world.function.replace("function:orders", "function:nobody");
    world.write_with("placeholder = true", &format!("lambda = {lambda:?}"));
    refused!(world, 1, "a_function_that_does_not_exist");
    world.write_with("placeholder = true", "id = \"a1b2c3d4e5\"");
    refused!(world, 1, "an_api_that_does_not_exist");
    let unknown = "idle_timeout = 60\ntls_policy = \"ELBSecurityPolicy-Unheard-Of\"";
    world.write_with("idle_timeout = 60", unknown);
    refused!(world, 1, "a_tls_policy_that_does_not_exist");
}

#[tokio::test]
async fn subnets_of_one_zone_or_another_vpc_are_refused() {
    let world = World::new().await;
    let second = make_subnet(&world.aws, &world.vpc, "10.0.7.0/24", "a").await;
    let subnets = format!("{:?}", world.subnets);
    let pair = format!("{:?}", [&world.subnets[0], &second]);
    world.write_with(&subnets, &pair);
    // Which of the two comes first is in the file, and the ids are redacted.
    refused!(world, 1, "one_zone_only");

    let ec2 = &world.aws.ec2;
    let other = ec2.create_vpc().cidr_block("10.9.0.0/16").send().await;
    let other = other.expect("a VPC").vpc.and_then(|vpc| vpc.vpc_id);
    let other = other.expect("the VPC's id");
    let theirs = make_subnet(&world.aws, &other, "10.9.1.0/24", "b").await;
    let pair = format!("{:?}", [&world.subnets[0], &theirs]);
    world.write_with(&subnets, &pair);
    refused!(world, 1, "a_subnet_of_another_vpc");
}

#[tokio::test]
async fn a_certificate_or_zone_that_does_not_hold_the_name_is_refused() {
    let world = World::new().await;
    let other = world.make_certificate("shop.corp.example.com").await;
    world.write_with(&world.certificate, &other);
    refused!(world, 1, "a_certificate_for_another_name");
    let zone = world.make_zone("other.example.org").await;
    world.write_with(&world.zone, &zone);
    refused!(world, 1, "a_zone_that_does_not_hold_the_name");
    world.write_with(&world.zone, "nowhere.example.org");
    refused!(world, 1, "a_zone_that_does_not_exist");
    world.make_zone("corp.example.com").await;
    world.write_with(&world.zone, "corp.example.com");
    let ran = refused(&world, 1);
    ran.says(&["corp.example.com names 2 hosted zones", &world.zone]);
}

#[tokio::test]
async fn things_of_our_names_that_are_not_ours_are_refused() {
    let world = World::new().await;
    let ec2 = &world.aws.ec2;
    let group = ec2
        .create_security_group()
        .group_name(format!("{STACK}-endpoint"))
        .description("theirs")
        .vpc_id(&world.vpc)
        .send()
        .await;
    let group = group.expect("a group").group_id.expect("its id");
    refused!(world, 1, "a_group_that_is_not_ours");
    let gone = ec2.delete_security_group().group_id(group).send().await;
    gone.expect("it can go");

    let elb = &world.aws.elb;
    let balancer = elb
        .create_load_balancer()
        .name(STACK)
        .scheme(elb::LoadBalancerSchemeEnum::Internal)
        .set_subnets(Some(world.subnets[..2].to_vec()))
        .send()
        .await;
    let arn = balancer.expect("a balancer").load_balancers()[0]
        .load_balancer_arn
        .clone();
    refused!(world, 1, "a_balancer_that_is_not_ours");
    let gone = elb.delete_load_balancer().set_load_balancer_arn(arn);
    gone.send().await.expect("it can go");

    let gateway = &world.aws.apigateway;
    let theirs = gateway
        .create_domain_name()
        .domain_name(HOST)
        .regional_certificate_arn(&world.certificate)
        .send()
        .await;
    theirs.expect("a domain");
    refused!(world, 1, "a_domain_that_is_not_ours");
}

#[tokio::test]
async fn a_record_that_leads_elsewhere_is_refused() {
    let world = World::new().await;
    let value = route53::ResourceRecord::builder()
        .value("192.0.2.7")
        .build()
        .expect("a value");
    let record = route53::ResourceRecordSet::builder()
        .name(HOST)
        .r#type(route53::RrType::A)
        .ttl(60)
        .resource_records(value)
        .build()
        .expect("a record");
    world
        .change_record(route53::ChangeAction::Create, record)
        .await;
    refused!(world, 1, "a_record_that_leads_elsewhere");
    let down = world.hybridgw("down --yes -o json").converged();
    assert_eq!(world.record().await.ttl, Some(60), "{down}");
}

#[tokio::test]
async fn an_openapi_file_that_is_not_one_is_refused() {
    let world = World::new().await;
    world.write_with("placeholder = true", "openapi = \"openapi.json\"");
    refused!(world, 1, "no_openapi_file");
    world.save("openapi.json", "{ \"openapi\": \"3.0.1\", ");
    refused!(world, 1, "openapi_that_is_not_json");
    world.save("openapi.json", "{\"name\": \"package\"}");
    refused!(world, 1, "json_that_is_not_openapi");
    world.save(
        "openapi.json",
        r#"{"openapi": "3.0.1", "info": {"title": "a", "version": "1"},
            "paths": {"/orders": {"get": {"responses": {}}}}}"#,
    );
    refused!(world, 1, "an_operation_without_integration");
}

#[tokio::test]
async fn without_credentials_it_says_how_to_get_some() {
    let world = World::new().await;
    let proxy = Proxy::start();
    for args in ["plan", "up --yes", "down --yes", "status", "outputs"] {
        let call = world.call(args).through(&proxy);
        let call = call.without("AWS_ACCESS_KEY_ID");
        let ran = call.without("AWS_SECRET_ACCESS_KEY").run().exits(4);
        assert_message!(world, "no_credentials", ran);
    }
    let ran = world.call("plan --profile nobody").through(&proxy).run();
    assert_message!(world, "no_such_profile", ran.exits(4));
    assert_eq!(proxy.calls(), [""; 0]);
}

#[tokio::test]
async fn a_named_profile_beats_the_credentials_in_the_environment() {
    let world = World::new().await;
    let aws = world.dir.join(".aws");
    std::fs::create_dir_all(&aws).expect("a folder");
    let keys = "[other]\naws_access_key_id = 999999999999\naws_secret_access_key = test\n";
    std::fs::write(aws.join("credentials"), keys).expect("a file");
    let ran = world.hybridgw("outputs --stack any --region eu-central-1 --profile other -o json");
    assert_eq!(ran.exits(0).json()["account"], "999999999999");
}

#[tokio::test]
async fn without_a_region_or_with_two_it_refuses() {
    let world = World::new().await;
    let proxy = Proxy::start();
    world.write_with("region = \"eu-central-1\"\n", "");
    for args in ["plan", "up --yes", "status"] {
        let ran = world.call(args).through(&proxy).run().exits(1);
        assert_message!(world, "no_region", ran);
    }
    world
        .call("plan")
        .env("AWS_REGION", "eu-central-1")
        .run()
        .exits(0);
    world.write(&world.toml());
    let ran = world.call("plan --region eu-west-1").through(&proxy).run();
    assert_message!(world, "two_regions", ran.exits(1));
    assert_eq!(proxy.calls(), [""; 0]);
}

#[tokio::test]
async fn in_another_account_than_the_guard_names_nothing_is_done() {
    let world = World::new().await;
    world.write_with(
        "region = \"eu-central-1\"\n",
        "region = \"eu-central-1\"\naccount = \"999999999999\"\n",
    );
    refused!(world, 1, "a_certificate_of_another_account");
    let toml = std::fs::read_to_string(world.dir.join("hybridgw.toml")).expect("the file");
    let theirs = format!("acm:eu-central-1:{}:", world.account);
    world.write(&replaced(&toml, &theirs, "acm:eu-central-1:999999999999:"));
    refused!(world, 1, "another_account");
    let ran = world.hybridgw("down --yes").exits(1);
    ran.says(&["999999999999", &world.account]);
}

#[tokio::test]
async fn an_unreachable_endpoint_is_named() {
    let world = World::new().await;
    // A port that nobody listens on: it was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("a bound port");
    drop(free);
    let url = format!("http://{address}");
    for args in ["plan", "up --yes", "down --yes"] {
        let ran = world.call(args).env("AWS_ENDPOINT_URL", &url).run();
        assert_message!(world, "an_unreachable_endpoint", ran.exits(1));
    }
}
