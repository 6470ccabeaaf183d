//! Each managed thing removed or altered behind our back: `plan` names exactly
//! that, `up` repairs just that, and the stack answers again.

use aws_sdk_apigateway::types::IntegrationType;
use aws_sdk_elasticloadbalancingv2::types as elb;

use crate::{
    drifts::{self, Console, Drift, Foreign, Place, done, fixed_answer},
    support::{HOST, World},
};

/// Plays rows of the table one after the other on one stack.
async fn play(rows: Vec<Drift>) {
    let world = World::new().await;
    let foreign = world.foreign().await;
    world.up();
    let mut wrong = Vec::new();
    for row in rows {
        row.make(&world.console(foreign.clone())).await;
        let planned = world.hybridgw("plan --detailed-exitcode -o json");
        if planned.code != Some(2) || planned.planned() != row.plan {
            let words = planned.planned();
            wrong.push(format!("{row}: planned {words:?}\n{planned}"));
        }
        let repaired = world.hybridgw("up --yes -o json").converged();
        if repaired.done() != row.plan {
            let words = repaired.done();
            wrong.push(format!("{row}: did {words:?}\n{repaired}"));
        }
        world.plan_is_empty(row.what);
        world.answers(row.what);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

impl World {
    fn console(&self, foreign: Foreign) -> Console {
        Console {
            aws: self.aws.clone(),
            ids: self.ids(),
            host: HOST.to_owned(),
            zone: self.zone.clone(),
            subnets: self.subnets.clone(),
            foreign,
        }
    }

    async fn foreign(&self) -> Foreign {
        let group = self.aws.ec2.create_security_group().vpc_id(&self.vpc);
        let group = done!(group.group_name("another").description("another"));
        let gateway = &self.aws.apigateway;
        let api = done!(gateway.create_rest_api().name("another"));
        let api = api.id.expect("an API has an id");
        let paths = done!(gateway.get_resources().rest_api_id(&api));
        let root = paths.items()[0].id.clone().expect("a path has an id");
        let method = gateway.put_method().rest_api_id(&api).resource_id(&root);
        done!(method.http_method("GET").authorization_type("NONE"));
        let answer = gateway.put_integration().rest_api_id(&api);
        let answer = answer.resource_id(&root).http_method("GET");
        done!(answer.r#type(IntegrationType::Mock));
        done!(
            gateway
                .create_deployment()
                .rest_api_id(&api)
                .stage_name("v1")
        );
        Foreign {
            group: group.group_id.expect("a group has an id"),
            certificate: self.make_certificate("*.corp.example.com").await,
            api,
        }
    }
}

#[tokio::test]
async fn what_is_done_to_the_network_is_named_and_repaired() {
    play(drifts::to_the_network(Place::Emulator)).await;
}

#[tokio::test]
async fn what_is_done_to_the_api_is_named_and_repaired() {
    play(drifts::to_the_api(Place::Emulator)).await;
}

#[tokio::test]
async fn what_is_done_to_the_listeners_is_named_and_repaired() {
    play(drifts::to_the_listeners(Place::Emulator)).await;
}

#[tokio::test]
async fn what_is_done_to_balancer_targets_and_record_is_named_and_repaired() {
    play(drifts::to_balancer_targets_and_record(Place::Emulator)).await;
}

#[tokio::test]
async fn wanted_tags_are_kept_and_what_others_add_is_left_alone() {
    let world = World::new().await;
    world.write_with("[network]", "[tags]\nteam = \"orders\"\n\n[network]");
    world.up();
    let ids = world.ids();

    let tag = |value: &str| elb::Tag::builder().key("team").value(value).build();
    let extra = elb::Tag::builder().key("cost").value("7").build();
    let add = |key: &str, tag: elb::Tag| {
        let call = world.aws.elb.add_tags().resource_arns(&ids[key]);
        call.tags(tag)
    };
    for key in ["load-balancer", "target-group", "listener", "listener-rule"] {
        done!(add(key, extra.clone()));
    }
    let tag_group = aws_sdk_ec2::types::Tag::builder().key("cost").value("7");
    done!(
        world
            .aws
            .ec2
            .create_tags()
            .resources(&ids["vpc-endpoint"])
            .resources(&ids["endpoint-security-group"])
            .tags(tag_group.build())
    );
    let gateway = format!(
        "arn:aws:apigateway:eu-central-1::/restapis/{}",
        ids["rest-api"]
    );
    let call = world.aws.apigateway.tag_resource().resource_arn(gateway);
    done!(call.tags("cost", "7"));
    let theirs = world.aws.elb.create_listener();
    let listener = done!(
        theirs
            .load_balancer_arn(&ids["load-balancer"])
            .protocol(elb::ProtocolEnum::Http)
            .port(8080)
            .default_actions(fixed_answer("200"))
    );
    let host = elb::HostHeaderConditionConfig::builder()
        .values("theirs.example.com")
        .build();
    let condition = elb::RuleCondition::builder()
        .field("host-header")
        .host_header_config(host)
        .build();
    let rule = world.aws.elb.create_rule().listener_arn(&ids["listener"]);
    let rule = done!(
        rule.priority(40000)
            .conditions(condition)
            .actions(fixed_answer("200"))
    );
    let standing = world.census().await;
    world.plan_is_empty("tags, a listener and a rule of somebody else's");

    for key in ["load-balancer", "target-group", "listener", "listener-rule"] {
        done!(add(key, tag("sales")));
        let plan = world.hybridgw("plan --detailed-exitcode -o json").exits(2);
        assert_eq!(plan.planned(), [format!("update {key}")], "{plan}");
        let up = world.up();
        assert_eq!(up.done(), [format!("update {key}")], "{up}");
        world.census().await.assert_equals(&standing, &up);
    }
    // What is somebody else's would go along: they are asked first.
    let listener = listener.listeners()[0].listener_arn().expect("it has one");
    let rule = rule.rules()[0].rule_arn().expect("it has one");
    let refused = world.hybridgw("down --yes -o json").exits(1);
    let refused = refused.says(&[listener, rule, "nothing was deleted"]);
    world.census().await.assert_equals(&standing, &refused);
    done!(world.aws.elb.delete_listener().listener_arn(listener));
    done!(world.aws.elb.delete_rule().rule_arn(rule));
    let down = world.hybridgw("down --yes -o json").converged();
    let left = world.census().await;
    assert_eq!(left.count("balancers"), 0, "{down}");
}
