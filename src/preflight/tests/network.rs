//! Networks, names, the listener.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_vpc_that_does_not_exist_is_all_there_is_to_say_of_the_network() {
    let bench = Bench::new(API).spoil(|ctx| ctx.here.ec2.vpcs.clear());
    insta::assert_snapshot!(bench.refused().await, @"network.vpc: vpc-0a1b2c3d does not exist in eu-central-1");
    let bench = Bench::new(API).spoil(|ctx| {
        ctx.here.ec2.vpcs.clear();
        ctx.here.ec2.subnets.clear();
    });
    assert!(!bench.refused().await.contains("subnet"));
}

/// S3 has an entry for gateway endpoints too, which are offered everywhere.
#[tokio::test(start_paused = true)]
async fn a_subnet_where_no_interface_endpoint_for_s3_can_be_is_refused() {
    let simulator = Simulator::new(Conditions::default());
    let keys = SITE.to_owned();
    let text = format!("{HEAD}{keys}").replace("eu-central-1", "us-east-1");
    let config = Config::parse(&text, Path::new("x"), &[], &|_| None).unwrap();
    rehearsal::furnish(&simulator, &config, ACCOUNT, "us-east-1").unwrap();
    let not_offered = simulator.edit(|world, conditions| {
        let ctx = world.context(ACCOUNT, "us-east-1", conditions);
        let zones = crate::simulator::ec2::zones("us-east-1");
        let zone = zones.iter().find(|zone| zone.id == "use1-az3").unwrap();
        let subnet = ctx.here.ec2.subnets.get_mut("subnet-0bbbbbbb").unwrap();
        subnet.zone.clone_from(&zone.name);
        zone.name.clone()
    });
    let bench = Bench {
        config,
        connection: Connection::through(
            simulated::http_client(simulator.clone()),
            ACCOUNT,
            "us-east-1",
            Clock::REAL,
        ),
        simulator,
    };
    assert_eq!(
        bench.refused().await,
        format!(
            "network.subnets: subnet-0bbbbbbb is in {}, where com.amazonaws.us-east-1.s3 is not offered",
            not_offered.unwrap()
        )
    );
}

#[tokio::test(start_paused = true)]
async fn each_alias_has_its_certificate_and_zone() {
    let keys = format!(
        "[[domain.aliases]]\nname = \"shop.example.org\"\ncertificate = \"arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012\"\n[[domain.aliases]]\nname = \"orders.example.org\"\nzone = \"example.org\"\ncertificate = \"arn:aws:acm:eu-central-1:111122223333:certificate/aaaaaaaa-1234-1234-1234-123456789012\"\n{API}"
    );
    let bench = Bench::new(API).with(&keys);
    insta::assert_snapshot!(bench.refused().await, @r"
    4 references of the configuration do not fit
    domain.aliases.1.zone: there is no hosted zone example.org
    domain.aliases.0.name: shop.example.org is not in the zone corp.example.com
    domain.aliases.0.certificate: it covers orders.corp.example.com, not shop.example.org
    domain.aliases.1.certificate: arn:aws:acm:eu-central-1:111122223333:certificate/aaaaaaaa-1234-1234-1234-123456789012 does not exist
    ");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_tls_policy_is_found_before_anything_is_written() {
    let keys = format!("[load_balancer]\ntls_policy = \"ELBSecurityPolicy-Unheard-Of\"\n{API}");
    insta::assert_snapshot!(Bench::new(&keys).refused().await, @"load_balancer.tls_policy: ELBSecurityPolicy-Unheard-Of does not exist in eu-central-1");
}

#[tokio::test(start_paused = true)]
async fn more_rules_than_a_load_balancer_takes_are_refused() {
    let routes = |count: usize| -> String {
        let function = FUNCTION.replace("/sms", "/sms-N");
        let all = (0..count).map(|i| function.replace("-N", &i.to_string()));
        all.collect()
    };
    Bench::new(&routes(99)).check().await.unwrap();
    insta::assert_snapshot!(Bench::new(&routes(100)).refused().await, @"route: the names and routes take 101 listener rules, and a load balancer of this account takes 100");
}
