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

#[tokio::test(start_paused = true)]
async fn a_subnet_without_room_is_refused_before_anything_is_made() {
    let full = Bench::new(API).spoil(|ctx| {
        let subnet = ctx.here.ec2.subnets.get_mut("subnet-0bbbbbbb").unwrap();
        subnet.cidr = "10.0.2.0/28".parse().unwrap();
    });
    insta::assert_snapshot!(full.refused().await, @"network.subnets: subnet-0bbbbbbb is a /28, and a load balancer wants a /27 or larger");
    let taken = Bench::new(&format!("{API}{SITE}")).spoil(|ctx| {
        let subnet = ctx.here.ec2.subnets.get_mut("subnet-0bbbbbbb").unwrap();
        subnet.cidr = "10.0.2.0/27".parse().unwrap();
        for place in 4..22 {
            let new = crate::simulator::ec2::NewInterface {
                subnet: "subnet-0bbbbbbb".to_owned(),
                groups: Vec::new(),
                address: Some([10, 0, 2, place].into()),
                description: "a node".to_owned(),
                kind: "interface",
                requester: "others",
                holder: "others".to_owned(),
                since: ctx.now,
            };
            crate::simulator::ec2::attach_interface(ctx, new).unwrap();
        }
    });
    insta::assert_snapshot!(taken.refused().await, @"network.subnets: subnet-0bbbbbbb has 9 free addresses, and 10 are needed: 8 for the load balancer and 2 for endpoints");
}

fn with_clients(clients: &str) -> String {
    // The table that the least stack has takes the list from here.
    HEAD.replace(
        "clients = [\"10.0.0.0/8\"]",
        &format!("clients = [{clients}]"),
    )
}

fn bench_of_clients(clients: &str) -> Bench {
    let text = format!("{}{API}", with_clients(clients));
    let config = Config::parse(&text, Path::new("x"), &[], &|_| None)
        .unwrap_or_else(|errors| panic!("{errors}"));
    let bench = Bench::new(API);
    rehearsal::furnish(&bench.simulator, &config, ACCOUNT, REGION).unwrap();
    Bench { config, ..bench }
}

#[tokio::test(start_paused = true)]
async fn clients_are_lists_and_groups_that_rules_can_name() {
    let all = "\"10.0.0.0/8\", \"pl-0a1b2c3d\", \"sg-0a1b2c3d\"";
    bench_of_clients(all).check().await.unwrap();
    let gone = bench_of_clients(all).spoil(|ctx| {
        ctx.here.ec2.prefix_lists.clear();
        ctx.here.ec2.groups.remove("sg-0a1b2c3d");
    });
    insta::assert_snapshot!(gone.refused().await, @r"
    2 references of the configuration do not fit
    network.clients.1: pl-0a1b2c3d does not exist in eu-central-1, or is not shared with this account
    network.clients.2: sg-0a1b2c3d does not exist in eu-central-1
    ");
    let wrong = bench_of_clients(all).spoil(|ctx| {
        ctx.here
            .ec2
            .prefix_lists
            .get_mut("pl-0a1b2c3d")
            .unwrap()
            .ipv6 = true;
        "vpc-0fffffff".clone_into(&mut ctx.here.ec2.groups.get_mut("sg-0a1b2c3d").unwrap().vpc);
    });
    insta::assert_snapshot!(wrong.refused().await, @r"
    2 references of the configuration do not fit
    network.clients.1: pl-0a1b2c3d is a list of IPv6 ranges
    network.clients.2: sg-0a1b2c3d is in vpc-0fffffff, not in vpc-0a1b2c3d
    ");
}

#[tokio::test(start_paused = true)]
async fn more_rules_than_a_group_takes_are_refused_with_what_counts() {
    let ranges = |count: usize| -> String {
        let all: Vec<String> = (0..count).map(|i| format!("\"10.{i}.0.0/16\"")).collect();
        all.join(", ")
    };
    bench_of_clients(&ranges(30)).check().await.unwrap();
    insta::assert_snapshot!(bench_of_clients(&ranges(31)).refused().await, @"network.clients: rules each way of a security group: it takes 62, and this account has a quota of 60 (vpc L-0EA8095F)");
    // A list counts with its largest size, whatever is in it.
    let list = |most: usize| {
        bench_of_clients("\"pl-0a1b2c3d\"").spoil(move |ctx| {
            ctx.here
                .ec2
                .prefix_lists
                .get_mut("pl-0a1b2c3d")
                .unwrap()
                .most = most;
        })
    };
    list(30).check().await.unwrap();
    assert!(list(31).refused().await.contains("it takes 62"));
}

#[tokio::test(start_paused = true)]
async fn a_more_specific_private_zone_that_hides_the_record_is_said() {
    let bench = Bench::new(API).spoil(|ctx| {
        let vpc = crate::simulator::route53::Vpc {
            id: "vpc-0a1b2c3d".to_owned(),
            region: REGION.to_owned(),
        };
        let name = "orders.corp.example.com";
        crate::simulator::route53::add_zone(ctx, "ZHIDES", name, true, &[vpc]);
        crate::simulator::route53::add_zone(ctx, "ZPUBLIC", name, false, &[]);
    });
    insta::assert_snapshot!(bench.warnings().await, @"domain.zone: vpc-0a1b2c3d sees the private zone orders.corp.example.com (ZHIDES, of account 111122223333), which hides the record of orders.corp.example.com in corp.example.com there; put the record into that zone, or take the zone off the VPC");
}

#[tokio::test(start_paused = true)]
async fn twenty_six_names_may_share_a_certificate() {
    let alias = |i: usize, certificate: &str| {
        format!(
            "[[domain.aliases]]\nname = \"a{i}.corp.example.com\"\ncertificate = \"arn:aws:acm:eu-central-1:111122223333:certificate/{certificate}\"\n"
        )
    };
    let shared: String = (0..27)
        .map(|i| alias(i, "aaaaaaaa-1234-1234-1234-123456789012"))
        .collect();
    Bench::new(&format!("{shared}{FUNCTION}"))
        .check()
        .await
        .unwrap();
    let own = |count: usize| -> String {
        let all = (0..count).map(|i| alias(i, &format!("{i:08x}-1234-1234-1234-123456789012")));
        all.collect()
    };
    let lambda = FUNCTION;
    Bench::new(&format!("{}{lambda}", own(25)))
        .check()
        .await
        .unwrap();
    insta::assert_snapshot!(Bench::new(&format!("{}{lambda}", own(26))).refused().await, @"route: the names and routes take 26 further certificates, and a load balancer of this account takes 25");
}
