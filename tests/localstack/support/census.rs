//! Everything that exists in an account, in a form that can be compared.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::{self, Debug, Write},
};

use serde_json::Value;

use super::World;

/// What exists: by kind, a line each.
#[derive(Clone, Default)]
pub struct Census(BTreeMap<&'static str, BTreeSet<String>>);

impl Census {
    fn add(&mut self, kind: &'static str, items: impl IntoIterator<Item = impl Debug>) {
        let lines = items.into_iter().map(|item| format!("{item:?}"));
        self.0.entry(kind).or_default().extend(lines);
    }

    /// The kinds of which something else exists in the two.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        let kinds: BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        let differing = kinds
            .into_iter()
            .filter(|kind| self.0.get(*kind) != other.0.get(*kind));
        differing.copied().collect()
    }

    /// How many things of a kind exist.
    pub fn count(&self, kind: &str) -> usize {
        self.0.get(kind).map_or(0, BTreeSet::len)
    }

    /// Asserts that the account is as it was.
    #[track_caller]
    pub fn assert_equals(&self, before: &Self, ran: &super::Ran) {
        let differing = self.differing(before);
        let mut text = String::new();
        for kind in &differing {
            let (was, is) = (before.0.get(kind), self.0.get(kind));
            let lines = |set: Option<&BTreeSet<String>>, other: Option<&BTreeSet<String>>| {
                let gone = |line: &&String| !other.is_some_and(|other| other.contains(*line));
                let lines: Vec<String> = set.into_iter().flatten().filter(gone).cloned().collect();
                lines.join("\n    ")
            };
            let _ = write!(
                text,
                "\n{kind}\n  gone:\n    {}\n  new:\n    {}",
                lines(was, is),
                lines(is, was)
            );
        }
        assert!(
            differing.is_empty(),
            "the account has changed:{text}\n{ran}"
        );
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#?}", self.0)
    }
}

/// The answer to a read, or the test fails.
macro_rules! read {
    ($call:expr) => {
        $call.send().await.expect("a census can be taken")
    };
}

impl World {
    /// Counts everything that exists in the account.
    pub async fn census(&self) -> Census {
        let mut census = Census::default();
        self.count_network(&mut census).await;
        self.count_balancing(&mut census).await;
        self.count_gateway(&mut census).await;
        self.count_names(&mut census).await;
        self.count_functions(&mut census).await;
        self.count_buckets(&mut census).await;
        census
    }

    async fn count_network(&self, census: &mut Census) {
        let ec2 = &self.aws.ec2;
        census.add("vpcs", read!(ec2.describe_vpcs()).vpcs());
        let subnets = read!(ec2.describe_subnets());
        census.add("subnets", subnets.subnets());
        let groups = read!(ec2.describe_security_groups());
        census.add("security groups", groups.security_groups());
        let endpoints = read!(ec2.describe_vpc_endpoints());
        for endpoint in endpoints.vpc_endpoints() {
            let mut endpoint = endpoint.clone();
            // Written anew it may be laid out in another way.
            let policy = endpoint.policy_document.take();
            census.add("endpoints", [(endpoint, policy.map(parsed))]);
        }
        let interfaces = read!(ec2.describe_network_interfaces());
        census.add("interfaces", interfaces.network_interfaces());
    }

    async fn count_balancing(&self, census: &mut Census) {
        let elb = &self.aws.elb;
        let balancers = read!(elb.describe_load_balancers());
        for balancer in balancers.load_balancers() {
            let arn = balancer.load_balancer_arn().unwrap_or_default();
            let attributes = read!(
                elb.describe_load_balancer_attributes()
                    .load_balancer_arn(arn)
            );
            let listeners = read!(elb.describe_listeners().load_balancer_arn(arn));
            census.add("balancers", [(balancer, attributes.attributes())]);
            for listener in listeners.listeners() {
                let arn = listener.listener_arn().unwrap_or_default();
                let rules = read!(elb.describe_rules().listener_arn(arn));
                census.add("rules", rules.rules());
            }
            census.add("listeners", listeners.listeners());
        }
        let groups = read!(elb.describe_target_groups());
        for group in groups.target_groups() {
            let arn = group.target_group_arn().unwrap_or_default();
            let targets = read!(elb.describe_target_health().target_group_arn(arn));
            census.add("targets", targets.target_health_descriptions());
        }
        census.add("target groups", groups.target_groups());
    }

    async fn count_gateway(&self, census: &mut Census) {
        let gateway = &self.aws.apigateway;
        for api in read!(gateway.get_rest_apis().limit(500)).items() {
            let id = api.id().unwrap_or_default();
            let stages = read!(gateway.get_stages().rest_api_id(id));
            let deployments = read!(gateway.get_deployments().rest_api_id(id));
            let name = api.name().unwrap_or_default();
            let tags = sorted(api.tags());
            census.add("apis", [(id, name, tags, api.policy())]);
            let stages = stages.item().iter();
            census.add(
                "stages",
                stages.map(|one| {
                    (
                        id,
                        one.stage_name(),
                        one.deployment_id(),
                        sorted(one.tags()),
                    )
                }),
            );
            let deployments = deployments.items().iter();
            census.add("deployments", deployments.map(|one| (id, one.id())));
        }
        for domain in read!(gateway.get_domain_names().limit(500)).items() {
            let host = domain.domain_name().unwrap_or_default();
            let mappings = read!(gateway.get_base_path_mappings().domain_name(host));
            census.add("mappings", mappings.items().iter().map(|one| (host, one)));
            let certificate = domain.regional_certificate_arn();
            census.add("domains", [(host, certificate, sorted(domain.tags()))]);
        }
    }

    async fn count_names(&self, census: &mut Census) {
        let zones = read!(self.aws.route53.list_hosted_zones());
        for zone in zones.hosted_zones() {
            let records = read!(
                self.aws
                    .route53
                    .list_resource_record_sets()
                    .hosted_zone_id(zone.id())
            );
            census.add("records", records.resource_record_sets());
        }
        census.add("zones", zones.hosted_zones());
        let certificates = read!(self.aws.acm.list_certificates());
        for certificate in certificates.certificate_summary_list() {
            let arn = certificate.certificate_arn().unwrap_or_default();
            let shown = read!(self.aws.acm.describe_certificate().certificate_arn(arn));
            let shown = shown.certificate();
            let used_by = shown.map(|one| one.in_use_by().to_vec());
            census.add("certificates", [(arn, used_by)]);
        }
    }

    async fn count_functions(&self, census: &mut Census) {
        let functions = read!(self.aws.lambda.list_functions());
        for function in functions.functions() {
            let name = function.function_name().unwrap_or_default();
            // A function without a policy is "not found".
            let policy = self.aws.lambda.get_policy().function_name(name);
            let policy = policy.send().await.ok().and_then(|answer| answer.policy);
            census.add("functions", [(function.function_arn(), policy)]);
        }
    }

    async fn count_buckets(&self, census: &mut Census) {
        let s3 = &self.aws.s3;
        let buckets = read!(s3.list_buckets());
        for bucket in buckets.buckets() {
            let name = bucket.name().unwrap_or_default();
            // A bucket without a policy is an error.
            let policy = s3.get_bucket_policy().bucket(name).send().await.ok();
            let policy = policy.and_then(|answer| answer.policy).map(parsed);
            let objects = read!(s3.list_objects_v2().bucket(name));
            let objects = objects.contents().iter();
            let objects: BTreeSet<_> = objects
                .map(|object| (object.key().unwrap_or_default(), object.e_tag()))
                .collect();
            census.add("buckets", [(name, policy, objects)]);
        }
    }
}

/// A policy, however it is laid out.
fn parsed(policy: String) -> Value {
    serde_json::from_str(&policy).unwrap_or(Value::String(policy))
}

fn sorted(tags: Option<&HashMap<String, String>>) -> BTreeMap<&String, &String> {
    // The id of a deployment is another in each run.
    let all = tags.into_iter().flatten();
    all.filter(|(key, _)| *key != "hybridgw:deployed").collect()
}
