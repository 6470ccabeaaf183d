//! What is done to the load balancer, its targets and the record.

use aws_sdk_elasticloadbalancingv2::{
    operation::{
        deregister_targets::builders::DeregisterTargetsFluentBuilder,
        modify_target_group::builders::ModifyTargetGroupFluentBuilder,
    },
    types as elb,
};
use aws_sdk_route53::types as route53;
use hybridgw::selftest::Alteration;

use super::{Console, Drift, Place, done, drift};

const BALANCER: &[&str] = &["update load-balancer"];
const GROUP: &[&str] = &["update target-group"];
const TARGETS: &[&str] = &["update targets"];

impl Console {
    fn modify_group(&self) -> ModifyTargetGroupFluentBuilder {
        let call = self.aws.elb.modify_target_group();
        call.target_group_arn(self.id("target-group"))
    }

    fn deregister(&self) -> DeregisterTargetsFluentBuilder {
        let call = self.aws.elb.deregister_targets();
        call.target_group_arn(self.id("targets"))
    }
}

pub fn rows() -> Vec<Drift> {
    let mut rows = targets();
    rows.extend(balancer());
    rows.extend(record());
    rows
}

fn targets() -> Vec<Drift> {
    vec![
        drift("a target deregistered", TARGETS, async |at| {
            at.alter(Alteration::TargetDeregistered).await;
        }),
        drift(
            "all targets deregistered",
            &["create targets"],
            async |at| {
                let all = at.targets().await;
                done!(at.deregister().set_targets(Some(all)));
            },
        ),
        drift("another target registered", TARGETS, async |at| {
            let other = elb::TargetDescription::builder().id("10.0.1.250");
            let call = at.aws.elb.register_targets();
            let call = call.target_group_arn(at.id("targets"));
            done!(call.targets(other.build()));
        }),
        drift("another path checked", GROUP, async |at| {
            done!(at.modify_group().health_check_path("/elsewhere"));
        }),
        drift("any code called healthy", GROUP, async |at| {
            let matcher = elb::Matcher::builder().http_code("200-499").build();
            done!(at.modify_group().matcher(matcher));
        }),
        drift("health checked seldom", GROUP, async |at| {
            let call = at.modify_group().health_check_interval_seconds(60);
            done!(call.healthy_threshold_count(5));
        }),
        drift("the group's delay altered", GROUP, async |at| {
            let delay = elb::TargetGroupAttribute::builder()
                .key("deregistration_delay.timeout_seconds")
                .value("300");
            let call = at.aws.elb.modify_target_group_attributes();
            let call = call.target_group_arn(at.id("target-group"));
            done!(call.attributes(delay.build()));
        }),
    ]
}

fn balancer() -> Vec<Drift> {
    vec![
        drift("the balancer's attributes altered", BALANCER, async |at| {
            let attribute = |key: &str, value: &str| {
                let attribute = elb::LoadBalancerAttribute::builder();
                attribute.key(key).value(value).build()
            };
            let call = at.aws.elb.modify_load_balancer_attributes();
            let call = call.load_balancer_arn(at.id("load-balancer"));
            let call = call.attributes(attribute("idle_timeout.timeout_seconds", "4000"));
            let headers = "routing.http.drop_invalid_header_fields.enabled";
            done!(call.attributes(attribute(headers, "false")));
        }),
        drift("the balancer in another group", BALANCER, async |at| {
            let call = at.aws.elb.set_security_groups();
            let call = call.load_balancer_arn(at.id("load-balancer"));
            done!(call.security_groups(&at.foreign.group));
        }),
        drift("a subnet taken from the balancer", BALANCER, async |at| {
            let two = at.subnets[..2].to_vec();
            let call = at.aws.elb.set_subnets();
            let call = call.load_balancer_arn(at.id("load-balancer"));
            done!(call.set_subnets(Some(two)));
        })
        // A stack of two subnets has none to give.
        .only_in(Place::Emulator),
        // A new balancer has a new ARN and DNS name: what names them follows.
        drift(
            "the balancer deleted",
            &[
                "create listener",
                "create listener-rule",
                "create load-balancer",
                "create redirect-listener",
                "update dns-record",
            ],
            async |at| {
                let call = at.aws.elb.delete_load_balancer();
                done!(call.load_balancer_arn(at.id("load-balancer")));
            },
        ),
    ]
}

fn record() -> Vec<Drift> {
    vec![
        drift("the record deleted", &["create dns-record"], async |at| {
            let record = at.record().await;
            at.change_record(route53::ChangeAction::Delete, record)
                .await;
        }),
        drift(
            "the record's health flag altered",
            &["update dns-record"],
            async |at| {
                let mut record = at.record().await;
                if let Some(alias) = &mut record.alias_target {
                    alias.evaluate_target_health = false;
                }
                at.change_record(route53::ChangeAction::Upsert, record)
                    .await;
            },
        ),
    ]
}
