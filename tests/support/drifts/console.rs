//! What somebody at the console has before them: a stack's ids, and things of others.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{Op, PatchOperation};
use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_sdk_route53::types as route53;
use hybridgw::{aws::Aws, selftest::Alteration};

use super::done;

/// Ids by resource key.
pub type Ids = BTreeMap<String, String>;

/// A stack, and how to get at it past the program.
pub struct Console {
    /// Clients that the program does not see.
    pub aws: Aws,
    /// What the stack consists of.
    pub ids: Ids,
    /// Its host name.
    pub host: String,
    /// The zone's id.
    pub zone: String,
    /// The subnets that its file names.
    pub subnets: Vec<String>,
    /// What others have.
    pub foreign: Foreign,
}

/// Things that are not the stack's and that it can be led to.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// A security group of the same VPC.
    pub group: String,
    /// A certificate that fits the host name.
    pub certificate: String,
    /// An API with a stage `v1`.
    pub api: String,
}

impl Console {
    /// The id of a resource of the stack.
    #[track_caller]
    pub fn id(&self, key: &str) -> &str {
        let id = self.ids.get(key);
        id.unwrap_or_else(|| panic!("{key} stands: {:?}", self.ids))
    }

    /// Does what `hybridgw selftest` does.
    pub async fn alter(&self, alteration: Alteration) {
        let id = self.id(alteration.done_to().as_str());
        let done = alteration.make(&self.aws, id).await;
        assert!(done.expect("it can be done"), "{alteration}");
    }

    /// The stack's record.
    pub async fn record(&self) -> route53::ResourceRecordSet {
        record(&self.aws, &self.zone, &self.host).await
    }

    /// Changes a record of the zone.
    pub async fn change_record(
        &self,
        action: route53::ChangeAction,
        record: route53::ResourceRecordSet,
    ) {
        change_record(&self.aws, &self.zone, action, record).await;
    }

    /// Replaces a property of an API.
    pub async fn patch_api(&self, api: &str, patches: Vec<PatchOperation>) {
        let call = self.aws.apigateway.update_rest_api().rest_api_id(api);
        done!(call.set_patch_operations(Some(patches)));
    }

    /// Replaces a property of the domain name.
    pub async fn patch_domain(&self, path: &str, value: &str) {
        let call = self.aws.apigateway.update_domain_name();
        let call = call.domain_name(&self.host);
        done!(call.patch_operations(replaced(path, value)));
    }

    /// Replaces a property of the mapping.
    pub async fn patch_mapping(&self, path: &str, value: &str) {
        let call = self.aws.apigateway.update_base_path_mapping();
        let call = call.domain_name(&self.host).base_path("(none)");
        done!(call.patch_operations(replaced(path, value)));
    }

    /// Deletes the mapping.
    pub async fn delete_mapping(&self) {
        let call = self.aws.apigateway.delete_base_path_mapping();
        done!(call.domain_name(&self.host).base_path("(none)"));
    }

    /// Deletes the stage.
    pub async fn delete_stage(&self) {
        let call = self.aws.apigateway.delete_stage();
        let call = call.rest_api_id(self.id("rest-api"));
        done!(call.stage_name(self.id("stage")));
    }

    /// The targets of the group.
    pub async fn targets(&self) -> Vec<elb::TargetDescription> {
        let call = self.aws.elb.describe_target_health();
        let health = done!(call.target_group_arn(self.id("targets")));
        let all = health.target_health_descriptions().iter();
        all.filter_map(|one| one.target().cloned()).collect()
    }

    /// The rule that refuses `x-apigw-api-id`: the first.
    pub async fn guard(&self) -> String {
        let call = self.aws.elb.describe_rules();
        let rules = done!(call.listener_arn(self.id("listener")));
        let mut rules = rules.rules().iter();
        let first = rules.find(|rule| rule.priority() == Some("1"));
        let arn = first.and_then(|rule| rule.rule_arn.clone());
        arn.expect("the guard stands")
    }
}

/// The record of a host in a zone.
pub async fn record(aws: &Aws, zone: &str, host: &str) -> route53::ResourceRecordSet {
    let records = aws.route53.list_resource_record_sets();
    let records = done!(records.hosted_zone_id(zone)).resource_record_sets;
    let is_it = |one: &route53::ResourceRecordSet| {
        one.r#type == route53::RrType::A && one.name.trim_end_matches('.') == host
    };
    let record = records.into_iter().find(is_it);
    record.expect("the record stands")
}

/// Changes a record of a zone.
pub async fn change_record(
    aws: &Aws,
    zone: &str,
    action: route53::ChangeAction,
    record: route53::ResourceRecordSet,
) {
    let change = route53::Change::builder()
        .action(action)
        .resource_record_set(record);
    let change = change.build().expect("a change");
    let batch = route53::ChangeBatch::builder().changes(change).build();
    let call = aws.route53.change_resource_record_sets();
    let call = call.hosted_zone_id(zone);
    done!(call.change_batch(batch.expect("a batch")));
}

/// A property set to a value.
pub fn replaced(path: &str, value: &str) -> PatchOperation {
    patch(Op::Replace, path, value)
}

/// One change of a property.
pub fn patch(op: Op, path: &str, value: &str) -> PatchOperation {
    let property = PatchOperation::builder().op(op).path(path);
    property.value(value).build()
}

/// An action that answers by itself.
pub fn fixed_answer(status: &str) -> elb::Action {
    let response = elb::FixedResponseActionConfig::builder().status_code(status);
    elb::Action::builder()
        .r#type(elb::ActionTypeEnum::FixedResponse)
        .fixed_response_config(response.build())
        .build()
}

/// A policy that lets everybody do everything.
pub const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
