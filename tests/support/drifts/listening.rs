//! What is done to the listeners and their rules.

use aws_sdk_elasticloadbalancingv2::{
    operation::{
        modify_listener::builders::ModifyListenerFluentBuilder,
        modify_rule::builders::ModifyRuleFluentBuilder,
    },
    types as elb,
};
use hybridgw::selftest::Alteration;

use super::{Console, Drift, console::fixed_answer, done, drift};

const RULE: &[&str] = &["update listener-rule"];
const LISTENER: &[&str] = &["update listener"];

impl Console {
    fn modify_rule(&self, arn: &str) -> ModifyRuleFluentBuilder {
        self.aws.elb.modify_rule().rule_arn(arn)
    }

    fn modify_listener(&self, key: &str) -> ModifyListenerFluentBuilder {
        self.aws.elb.modify_listener().listener_arn(self.id(key))
    }

    async fn delete_listener(&self, key: &str) {
        done!(self.aws.elb.delete_listener().listener_arn(self.id(key)));
    }
}

pub fn rows() -> Vec<Drift> {
    let mut rows = rules();
    rows.extend(listeners());
    rows
}

fn rules() -> Vec<Drift> {
    vec![
        drift("the rule deleted", &["create listener-rule"], async |at| {
            at.alter(Alteration::RuleDeleted).await;
        }),
        drift("the rule altered", RULE, async |at| {
            let call = at.modify_rule(at.id("listener-rule"));
            done!(call.actions(fixed_answer("503")));
        }),
        drift("the rule given another host", RULE, async |at| {
            let host = elb::HostHeaderConditionConfig::builder().values("elsewhere.example.com");
            let condition = elb::RuleCondition::builder()
                .field("host-header")
                .host_header_config(host.build());
            let call = at.modify_rule(at.id("listener-rule"));
            done!(call.conditions(condition.build()));
        }),
        drift("the rule moved", RULE, async |at| {
            let pair = elb::RulePriorityPair::builder()
                .rule_arn(at.id("listener-rule"))
                .priority(7);
            let call = at.aws.elb.set_rule_priorities();
            done!(call.rule_priorities(pair.build()));
        }),
        drift("the guard deleted", LISTENER, async |at| {
            let guard = at.guard().await;
            done!(at.aws.elb.delete_rule().rule_arn(guard));
        }),
        drift("the guard disarmed", LISTENER, async |at| {
            let guard = at.guard().await;
            done!(at.modify_rule(&guard).actions(fixed_answer("200")));
        }),
    ]
}

fn listeners() -> Vec<Drift> {
    vec![
        drift("the listener's certificate changed", LISTENER, async |at| {
            let other = elb::Certificate::builder().certificate_arn(&at.foreign.certificate);
            let call = at.modify_listener("listener");
            done!(call.certificates(other.build()));
        }),
        drift("the TLS policy lowered", LISTENER, async |at| {
            let call = at.modify_listener("listener");
            done!(call.ssl_policy("ELBSecurityPolicy-2016-08"));
        }),
        drift("the default action altered", LISTENER, async |at| {
            let call = at.modify_listener("listener");
            done!(call.default_actions(fixed_answer("200")));
        }),
        drift(
            "the redirect altered",
            &["update redirect-listener"],
            async |at| {
                let call = at.modify_listener("redirect-listener");
                done!(call.default_actions(fixed_answer("200")));
            },
        ),
        drift(
            "the redirect deleted",
            &["create redirect-listener"],
            async |at| at.delete_listener("redirect-listener").await,
        ),
        drift(
            "the listener deleted",
            &["create listener", "create listener-rule"],
            async |at| at.delete_listener("listener").await,
        ),
    ]
}
