//! What is said of records in the way, and what is done on a simulated account
//! to those that are the stack's.

use aws_sdk_route53::types::{
    GeoLocation, GeoProximityLocation, ResourceRecord, ResourceRecordSetFailover,
    ResourceRecordSetRegion, builders::ResourceRecordSetBuilder,
};

use super::{whose::in_the_way, *};
use crate::{
    aws::{Connection, simulated},
    clock::Clock,
    error::ErrorKind,
    simulator::{Simulator, conditions::Conditions, ec2, route53},
};

const HOST: &str = "orders.corp.example.com";
const ZONE: &str = "Z0123456789ABCDEFGHIJ";
/// Another zone of the same name.
const OTHER: &str = "Z9876543210ABCDEFGHIJ";
const SHAPE: Shape<'_> = Shape {
    stack: "orders",
    region: "eu-central-1",
};

fn record(kind: RrType) -> ResourceRecordSetBuilder {
    ResourceRecordSet::builder().name(HOST).r#type(kind)
}

fn valued(kind: RrType, value: &str) -> ResourceRecordSetBuilder {
    let value = ResourceRecord::builder().value(value).build();
    record(kind).resource_records(value.expect("it has a value"))
}

fn alias(kind: RrType, region: &str) -> ResourceRecordSetBuilder {
    let target = AliasTarget::builder()
        .hosted_zone_id("Z215JYRZR1TBD5")
        .dns_name(format!("internal-orders-123.{region}.elb.amazonaws.com"))
        .evaluate_target_health(true)
        .build();
    record(kind).alias_target(target.expect("it is whole"))
}

#[test]
fn what_is_in_the_way_is_told_with_what_chooses_it_and_what_to_do() {
    let of_set = || valued(RrType::A, "10.0.0.9").set_identifier("blue");
    let rows = [
        (
            valued(RrType::Cname, "old.example.com"),
            "the record CNAME old.example.com, which",
            "delete the record, or choose",
        ),
        (
            of_set().weight(0),
            "the record A 10.0.0.9 of the weighted set blue, which",
            "a name that several sets share",
        ),
        (
            of_set().region(ResourceRecordSetRegion::EuWest1),
            "of the latency set blue,",
            "a name that several sets share",
        ),
        (
            of_set().failover(ResourceRecordSetFailover::Primary),
            "of the failover set blue,",
            "a name that several sets share",
        ),
        (
            of_set().geo_location(GeoLocation::builder().country_code("DE").build()),
            "of the geographic set blue,",
            "a name that several sets share",
        ),
        (
            of_set().geo_proximity_location(GeoProximityLocation::builder().bias(1).build()),
            "of the geographic set blue,",
            "a name that several sets share",
        ),
        (
            of_set().multi_value_answer(true),
            "of the multivalue set blue,",
            "a name that several sets share",
        ),
        (
            of_set(),
            "of the routed set blue,",
            "a name that several sets share",
        ),
        (
            valued(RrType::Ns, "ns-1.example.net"),
            "the record NS ns-1.example.net,",
            "the name is delegated",
        ),
        (
            valued(RrType::Aaaa, "2001:db8::1"),
            "the record AAAA 2001:db8::1,",
            "clients that have IPv6",
        ),
        (
            alias(RrType::A, "eu-west-1"),
            "internal-orders-123.eu-west-1.elb.amazonaws.com,",
            "a stack of this name in eu-west-1",
        ),
        (
            alias(RrType::A, "eu-central-1"),
            "internal-orders-123.eu-central-1.elb.amazonaws.com,",
            "nothing here remembers",
        ),
        // Its partition ends names in another way: no load balancer is called so.
        (
            alias(RrType::A, "cn-north-1"),
            "internal-orders-123.cn-north-1.elb.amazonaws.com,",
            "delete the record, or choose",
        ),
    ];
    for (record, words, remedy) in rows {
        let record = record.build().expect("it is whole");
        let error = in_the_way(&[record], HOST, &SHAPE).expect("it is in the way");
        assert!(error.message.contains(words), "{words}: {}", error.message);
        assert_eq!(error.hints.len(), 1, "{words}");
        assert!(
            error.hints[0].contains(remedy),
            "{remedy}: {}",
            error.hints[0]
        );
    }
    assert!(in_the_way(&[], HOST, &SHAPE).is_none());
}

/// A simulated account with a zone, and a group that remembers these records.
struct Account {
    simulator: Simulator,
    connection: Connection,
}

const GROUP: &str = "sg-0123456789abcdef0";
const BALANCER: &str = "internal-orders-123.eu-central-1.elb.amazonaws.com";

impl Account {
    fn new(remembered: &[Record], records: &[route53::Record]) -> Self {
        let simulator = Simulator::new(Conditions::default());
        let mut group = Tags::from([
            (tags::STACK.to_owned(), "orders".to_owned()),
            (
                tags::RESOURCE.to_owned(),
                "load-balancer-security-group".to_owned(),
            ),
            (tags::BALANCER.to_owned(), BALANCER.to_owned()),
        ]);
        group.extend(remembered.iter().map(Record::tag));
        let edited = simulator.edit(|world, conditions| {
            let mut ctx = world.context("111122223333", "eu-central-1", conditions);
            ec2::furnish::add_vpc(&mut ctx, "vpc-1", "10.0.0.0/16".parse().expect("a range"));
            ec2::furnish::add_group(&mut ctx, GROUP, "vpc-1", "orders-load-balancer", "ours");
            ctx.here
                .ec2
                .tags
                .insert(GROUP.to_owned(), group.into_iter().collect());
            for id in [ZONE, OTHER] {
                route53::add_zone(&mut ctx, id, "corp.example.com", false, &[]);
                let zone = ctx.global.route53.zones.get_mut(id).expect("just added");
                zone.records.extend(records.iter().cloned());
                zone.records
                    .sort_by(|one, other| one.key().cmp(&other.key()));
            }
        });
        edited.expect("it is in memory");
        let http = simulated::http_client(simulator.clone());
        let connection = Connection::through(http, "111122223333", "eu-central-1", Clock::REAL);
        Self {
            simulator,
            connection,
        }
    }

    fn reads(&self) -> Reads {
        Reads::new(self.connection.reader(), "orders")
    }

    /// What the group remembers.
    fn remembered(&self) -> Vec<Record> {
        let world = self.simulator.world();
        let region = world
            .region("111122223333", "eu-central-1")
            .expect("it is there");
        let tags = region.ec2.tags.get(GROUP).expect("it has tags").clone();
        Record::of_tags(&tags.into_iter().collect())
    }
}

fn host() -> Record {
    Record {
        zone: ZONE.to_owned(),
        host: Host::own(HOST),
    }
}

fn shop() -> Record {
    Record {
        zone: ZONE.to_owned(),
        host: Host::alias("shop.corp.example.com"),
    }
}

/// An alias as the simulated account keeps it.
fn leading(host: &str, target: &str) -> route53::Record {
    route53::Record {
        name: format!("{host}."),
        kind: "A".to_owned(),
        alias: Some(route53::Alias {
            zone: "Z215JYRZR1TBD5".to_owned(),
            name: format!("{target}."),
            follows_health: true,
        }),
        ..route53::Record::default()
    }
}

fn both() -> Vec<route53::Record> {
    vec![
        leading(HOST, BALANCER),
        leading(&shop().host.name, BALANCER),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_record_is_found_once_wherever_it_is_remembered() {
    let account = Account::new(&[host()], &both());
    let elsewhere = Record {
        zone: OTHER.to_owned(),
        ..host()
    };
    let mut reads = account.reads();
    let places = async |reads: &Reads| {
        let found = DnsRecord::discover(reads).await.expect("reads work");
        let place = |found: Found<Actual>| (found.actual.zone, found.actual.host);
        found.into_iter().map(place).collect::<Vec<_>>()
    };
    let own = (ZONE.to_owned(), HOST.to_owned());
    assert_eq!(places(&reads).await, std::slice::from_ref(&own));
    // The same from the file, another zone of the same name, another name.
    reads.records = vec![host(), elsewhere, shop()];
    let shop = shop().host.name;
    let all = [
        own,
        (OTHER.to_owned(), HOST.to_owned()),
        (ZONE.to_owned(), shop.clone()),
    ];
    assert_eq!(places(&reads).await, all);
    let hosts = remembered(&reads).await.expect("reads work");
    assert_eq!(hosts, BTreeSet::from([HOST.to_owned(), shop]));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_record_is_gone_from_the_zone_and_from_memory_and_so_it_stays() {
    let account = Account::new(&[host(), shop()], &both());
    let reads = account.reads();
    let found = DnsRecord::discover(&reads).await.expect("reads work");
    let first = found.first().expect("it is there");
    assert_eq!(first.actual.host, HOST);
    let again = async || {
        let reads = account.reads();
        let again = DnsRecord::again(&reads, first).await.expect("reads work");
        again.map(|found| found.actual.host)
    };
    assert_eq!(again().await.as_deref(), Some(HOST));
    let aws = account.connection.writer();
    let own = first.own().expect("it is ours");
    DnsRecord::delete(&aws, &own)
        .await
        .expect("it can be deleted");
    assert_eq!(again().await, None);
    assert_eq!(account.remembered(), [shop()]);
    // Somebody else was faster.
    DnsRecord::delete(&aws, &own)
        .await
        .expect("it is not there");
}

#[tokio::test(start_paused = true)]
async fn what_another_run_of_this_stack_has_made_exists_and_is_not_foreign() {
    let account = Account::new(&[host()], &both());
    let aws = account.connection.writer();
    let place = Place {
        zone: ZONE,
        host: HOST,
        shape: SHAPE,
    };
    let wanted = valued(RrType::A, "10.0.0.1")
        .ttl(60)
        .build()
        .expect("it is whole");
    let error = change::create(&aws, &place, wanted)
        .await
        .expect_err("it is there");
    assert!(matches!(error.kind, ErrorKind::Exists(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn only_what_is_called_like_ours_and_is_not_seems_to_be_ours() {
    let stranger = "internal-orders-999.eu-central-1.elb.amazonaws.com";
    let other = "internal-billing-1.eu-central-1.elb.amazonaws.com";
    let six = route53::Record {
        kind: "AAAA".to_owned(),
        ..leading(HOST, stranger)
    };
    let rows = [
        (vec![leading(HOST, BALANCER)], true, false),
        (vec![leading(HOST, stranger)], false, true),
        (vec![leading(HOST, other)], false, false),
        // Ours is there: what stands beside it is named otherwise.
        (vec![leading(HOST, BALANCER), six], true, false),
    ];
    for (records, is_own, seems_ours) in rows {
        let account = Account::new(&[host()], &records);
        let reads = account.reads();
        let standing = whose::standing(&reads, ZONE, HOST, None).await;
        let standing = standing.expect("reads work");
        assert_eq!(standing.own.is_some(), is_own, "{records:?}");
        assert_eq!(standing.seems_ours(&SHAPE), seems_ours, "{records:?}");
    }
}
