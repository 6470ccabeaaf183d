//! Each managed thing removed or altered behind our back: `plan` names exactly
//! that, `up` repairs just that, and the stack answers again.

// Tables: a case after the other.
#![expect(clippy::too_many_lines)]

use std::{collections::BTreeMap, future::Future, pin::Pin};

use aws_sdk_apigateway::types::{Op, PatchOperation};
use aws_sdk_ec2::types::{IpPermission, IpRange, UserIdGroupPair};
use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_sdk_route53::types as route53;

use crate::support::{HOST, World};

type Ids = BTreeMap<String, String>;
type Done<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Something done behind our back.
struct Case {
    /// What was done.
    name: &'static str,
    /// What the plan says about it, sorted.
    plan: &'static [&'static str],
    /// What `up` does about it, sorted.
    up: &'static [&'static str],
    /// Does it.
    tamper: for<'a> fn(&'a World, &'a Ids) -> Done<'a>,
}

/// A case whose repair is as planned.
fn case(
    name: &'static str,
    plan: &'static [&'static str],
    tamper: for<'a> fn(&'a World, &'a Ids) -> Done<'a>,
) -> Case {
    Case {
        name,
        plan,
        up: plan,
        tamper,
    }
}

/// Plays the cases one after the other on one stack.
async fn play(cases: Vec<Case>) {
    let world = World::new().await;
    world.up();
    let mut wrong = Vec::new();
    for Case {
        name,
        plan,
        up,
        tamper,
    } in cases
    {
        tamper(&world, &world.ids()).await;
        let code = if plan.is_empty() { 0 } else { 2 };
        let planned = world.hybridgw("plan --detailed-exitcode -o json");
        if planned.code != Some(code) || planned.planned() != plan {
            wrong.push(format!(
                "{name}: planned {:?}\n{planned}",
                planned.planned()
            ));
        }
        let repaired = world.hybridgw("up --yes -o json").converged();
        if repaired.done() != up {
            wrong.push(format!("{name}: did {:?}\n{repaired}", repaired.done()));
        }
        world.plan_is_empty(name);
        world.answers(name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The call succeeds, or the test has not done what it says.
macro_rules! done {
    ($call:expr) => {
        $call.send().await.expect("it can be done behind our back")
    };
}

fn replace(path: &str, value: &str) -> PatchOperation {
    PatchOperation::builder()
        .op(Op::Replace)
        .path(path)
        .value(value)
        .build()
}

fn tcp(port: i32) -> aws_sdk_ec2::types::builders::IpPermissionBuilder {
    IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(port)
        .to_port(port)
}

fn from_clients(port: i32, clients: &str) -> IpPermission {
    let range = IpRange::builder().cidr_ip(clients).build();
    tcp(port).ip_ranges(range).build()
}

fn to_group(group: &str) -> IpPermission {
    let pair = UserIdGroupPair::builder().group_id(group).build();
    tcp(443).user_id_group_pairs(pair).build()
}

fn answer(status: &str) -> elb::Action {
    let response = elb::FixedResponseActionConfig::builder()
        .status_code(status)
        .build();
    elb::Action::builder()
        .r#type(elb::ActionTypeEnum::FixedResponse)
        .fixed_response_config(response)
        .build()
}

const OPEN: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;

#[tokio::test]
async fn what_is_done_to_the_network_is_named_and_repaired() {
    const RULES: &[&str] = &["update security-group-rules"];
    play(vec![
        case("a client's rule revoked", RULES, |world, ids| {
            Box::pin(async move {
                done!(
                    world
                        .aws
                        .ec2
                        .revoke_security_group_ingress()
                        .group_id(&ids["load-balancer-security-group"])
                        .ip_permissions(from_clients(443, "10.0.0.0/8"))
                );
            })
        }),
        case("the way out revoked", RULES, |world, ids| {
            Box::pin(async move {
                done!(
                    world
                        .aws
                        .ec2
                        .revoke_security_group_egress()
                        .group_id(&ids["load-balancer-security-group"])
                        .ip_permissions(to_group(&ids["endpoint-security-group"]))
                );
            })
        }),
        case("the endpoint's rule revoked", RULES, |world, ids| {
            Box::pin(async move {
                done!(
                    world
                        .aws
                        .ec2
                        .revoke_security_group_ingress()
                        .group_id(&ids["endpoint-security-group"])
                        .ip_permissions(to_group(&ids["load-balancer-security-group"]))
                );
            })
        }),
        case("another client admitted", RULES, |world, ids| {
            Box::pin(async move {
                done!(
                    world
                        .aws
                        .ec2
                        .authorize_security_group_ingress()
                        .group_id(&ids["load-balancer-security-group"])
                        .ip_permissions(from_clients(443, "192.168.0.0/16"))
                );
            })
        }),
        case("everybody let into the endpoint", RULES, |world, ids| {
            Box::pin(async move {
                done!(
                    world
                        .aws
                        .ec2
                        .authorize_security_group_ingress()
                        .group_id(&ids["endpoint-security-group"])
                        .ip_permissions(from_clients(22, "0.0.0.0/0"))
                );
            })
        }),
        case(
            "another group on the endpoint",
            &["update vpc-endpoint"],
            |world, ids| {
                Box::pin(async move {
                    let foreign = done!(
                        world
                            .aws
                            .ec2
                            .create_security_group()
                            .group_name("another")
                            .description("another")
                            .vpc_id(&world.vpc)
                    );
                    done!(
                        world
                            .aws
                            .ec2
                            .modify_vpc_endpoint()
                            .vpc_endpoint_id(&ids["vpc-endpoint"])
                            .set_add_security_group_ids(foreign.group_id.map(|id| vec![id]))
                    );
                })
            },
        ),
        case(
            "the endpoint opened for all",
            &["update endpoint-policy"],
            |world, ids| {
                Box::pin(async move {
                    done!(
                        world
                            .aws
                            .ec2
                            .modify_vpc_endpoint()
                            .vpc_endpoint_id(&ids["vpc-endpoint"])
                            .policy_document(OPEN)
                    );
                })
            },
        ),
        case(
            "a subnet taken from the endpoint",
            &["update targets", "update vpc-endpoint"],
            |world, ids| {
                Box::pin(async move {
                    done!(
                        world
                            .aws
                            .ec2
                            .modify_vpc_endpoint()
                            .vpc_endpoint_id(&ids["vpc-endpoint"])
                            .remove_subnet_ids(&world.subnets[2])
                    );
                })
            },
        ),
        case(
            // A new endpoint has a new id and new addresses: what names them follows.
            "the endpoint deleted",
            &[
                "create endpoint-policy",
                "create vpc-endpoint",
                "update deployment",
                "update rest-api",
                "update stage",
                "update targets",
            ],
            |world, ids| {
                Box::pin(async move {
                    done!(
                        world
                            .aws
                            .ec2
                            .delete_vpc_endpoints()
                            .vpc_endpoint_ids(&ids["vpc-endpoint"])
                    );
                })
            },
        ),
        case(
            "the tag that remembers the record deleted",
            &["update load-balancer-security-group"],
            |world, ids| {
                Box::pin(async move {
                    let group = &ids["load-balancer-security-group"];
                    let shown = done!(world.aws.ec2.describe_security_groups().group_ids(group));
                    let tags = shown.security_groups()[0].tags();
                    let record = tags
                        .iter()
                        .find(|tag| {
                            tag.key()
                                .is_some_and(|key| key.starts_with("hybridgw:record:"))
                        })
                        .expect("the group remembers the record");
                    done!(
                        world
                            .aws
                            .ec2
                            .delete_tags()
                            .resources(group)
                            .tags(record.clone())
                    );
                })
            },
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_done_to_the_api_is_named_and_repaired() {
    play(vec![
        case("a method deleted", &["update rest-api"], |world, ids| {
            Box::pin(async move {
                let gateway = &world.aws.apigateway;
                let resources = done!(gateway.get_resources().rest_api_id(&ids["rest-api"]));
                let root = resources.items().iter().find(|one| one.path() == Some("/"));
                done!(
                    gateway
                        .delete_method()
                        .rest_api_id(&ids["rest-api"])
                        .set_resource_id(root.and_then(|root| root.id.clone()))
                        .http_method("ANY")
                );
            })
        }),
        case(
            "the API's policy opened",
            &["update rest-api"],
            |world, ids| {
                Box::pin(async move {
                    done!(
                        world
                            .aws
                            .apigateway
                            .update_rest_api()
                            .rest_api_id(&ids["rest-api"])
                            .patch_operations(replace("/policy", OPEN))
                    );
                })
            },
        ),
        case("the API renamed", &["update rest-api"], |world, ids| {
            Box::pin(async move {
                done!(
                    world
                        .aws
                        .apigateway
                        .update_rest_api()
                        .rest_api_id(&ids["rest-api"])
                        .patch_operations(replace("/name", "mine"))
                );
            })
        }),
        case(
            "the stage led elsewhere",
            &["update stage"],
            |world, ids| {
                Box::pin(async move {
                    let gateway = &world.aws.apigateway;
                    let other = done!(gateway.create_deployment().rest_api_id(&ids["rest-api"]));
                    done!(
                        gateway
                            .update_stage()
                            .rest_api_id(&ids["rest-api"])
                            .stage_name("v1")
                            .patch_operations(replace(
                                "/deploymentId",
                                other.id().unwrap_or_default()
                            ))
                    );
                })
            },
        ),
        case("the stage deleted", &["create stage"], |world, ids| {
            Box::pin(async move {
                let gateway = &world.aws.apigateway;
                done!(
                    gateway
                        .delete_stage()
                        .rest_api_id(&ids["rest-api"])
                        .stage_name("v1")
                );
            })
        }),
        case(
            "stage and deployment deleted",
            &["create deployment", "create stage"],
            |world, ids| {
                Box::pin(async move {
                    let gateway = &world.aws.apigateway;
                    let api = &ids["rest-api"];
                    done!(gateway.delete_stage().rest_api_id(api).stage_name("v1"));
                    done!(
                        gateway
                            .delete_deployment()
                            .rest_api_id(api)
                            .deployment_id(&ids["deployment"])
                    );
                })
            },
        ),
        case(
            "the mapping deleted",
            &["create base-path-mapping"],
            |world, _| {
                Box::pin(async move {
                    done!(
                        world
                            .aws
                            .apigateway
                            .delete_base_path_mapping()
                            .domain_name(HOST)
                            .base_path("(none)")
                    );
                })
            },
        ),
        case(
            "the mapping led to another stage",
            &["update base-path-mapping"],
            |world, ids| {
                Box::pin(async move {
                    let gateway = &world.aws.apigateway;
                    done!(
                        gateway
                            .create_stage()
                            .rest_api_id(&ids["rest-api"])
                            .stage_name("theirs")
                            .deployment_id(&ids["deployment"])
                    );
                    done!(
                        gateway
                            .update_base_path_mapping()
                            .domain_name(HOST)
                            .base_path("(none)")
                            .patch_operations(replace("/stage", "theirs"))
                    );
                })
            },
        ),
        case(
            "the domain's certificate changed",
            &["update domain-name"],
            |world, _| {
                Box::pin(async move {
                    let other = world.make_certificate("*.corp.example.com").await;
                    done!(
                        world
                            .aws
                            .apigateway
                            .update_domain_name()
                            .domain_name(HOST)
                            .patch_operations(replace("/regionalCertificateArn", &other))
                    );
                })
            },
        ),
        case(
            "the domain deleted",
            &["create base-path-mapping", "create domain-name"],
            |world, _| {
                Box::pin(async move {
                    done!(world.aws.apigateway.delete_domain_name().domain_name(HOST));
                })
            },
        ),
        case(
            // A new API has a new id: what names it follows.
            "the API deleted",
            &[
                "create base-path-mapping",
                "create deployment",
                "create rest-api",
                "create stage",
                "update endpoint-policy",
            ],
            |world, ids| {
                Box::pin(async move {
                    let gateway = &world.aws.apigateway;
                    done!(
                        gateway
                            .delete_base_path_mapping()
                            .domain_name(HOST)
                            .base_path("(none)")
                    );
                    done!(gateway.delete_rest_api().rest_api_id(&ids["rest-api"]));
                })
            },
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_done_to_the_listeners_is_named_and_repaired() {
    play(vec![
        case(
            "the rule deleted",
            &["create listener-rule"],
            |world, ids| {
                Box::pin(async move {
                    done!(world.aws.elb.delete_rule().rule_arn(&ids["listener-rule"]));
                })
            },
        ),
        case(
            "the rule altered",
            &["update listener-rule"],
            |world, ids| {
                Box::pin(async move {
                    let rule = &ids["listener-rule"];
                    done!(
                        world
                            .aws
                            .elb
                            .modify_rule()
                            .rule_arn(rule)
                            .actions(answer("503"))
                    );
                })
            },
        ),
        case(
            "the rule given another host",
            &["update listener-rule"],
            |world, ids| {
                Box::pin(async move {
                    let host = elb::HostHeaderConditionConfig::builder()
                        .values("elsewhere.example.com")
                        .build();
                    let condition = elb::RuleCondition::builder()
                        .field("host-header")
                        .host_header_config(host)
                        .build();
                    let rule = &ids["listener-rule"];
                    done!(
                        world
                            .aws
                            .elb
                            .modify_rule()
                            .rule_arn(rule)
                            .conditions(condition)
                    );
                })
            },
        ),
        case("the rule moved", &["update listener-rule"], |world, ids| {
            Box::pin(async move {
                let pair = elb::RulePriorityPair::builder()
                    .rule_arn(&ids["listener-rule"])
                    .priority(7)
                    .build();
                done!(world.aws.elb.set_rule_priorities().rule_priorities(pair));
            })
        }),
        case("the guard deleted", &["update listener"], |world, ids| {
            Box::pin(async move {
                let guard = guard(world, ids).await;
                done!(world.aws.elb.delete_rule().rule_arn(guard));
            })
        }),
        case("the guard disarmed", &["update listener"], |world, ids| {
            Box::pin(async move {
                let guard = guard(world, ids).await;
                done!(
                    world
                        .aws
                        .elb
                        .modify_rule()
                        .rule_arn(guard)
                        .actions(answer("200"))
                );
            })
        }),
        case(
            "the TLS policy lowered",
            &["update listener"],
            |world, ids| {
                Box::pin(async move {
                    let listener = &ids["listener"];
                    let call = world.aws.elb.modify_listener().listener_arn(listener);
                    done!(call.ssl_policy("ELBSecurityPolicy-2016-08"));
                })
            },
        ),
        case(
            "the default action altered",
            &["update listener"],
            |world, ids| {
                Box::pin(async move {
                    let listener = &ids["listener"];
                    let call = world.aws.elb.modify_listener().listener_arn(listener);
                    done!(call.default_actions(answer("200")));
                })
            },
        ),
        case(
            "the redirect altered",
            &["update redirect-listener"],
            |world, ids| {
                Box::pin(async move {
                    let listener = &ids["redirect-listener"];
                    let call = world.aws.elb.modify_listener().listener_arn(listener);
                    done!(call.default_actions(answer("200")));
                })
            },
        ),
        case(
            "the redirect deleted",
            &["create redirect-listener"],
            |world, ids| {
                Box::pin(async move {
                    let listener = &ids["redirect-listener"];
                    done!(world.aws.elb.delete_listener().listener_arn(listener));
                })
            },
        ),
        case(
            "the listener deleted",
            &["create listener", "create listener-rule"],
            |world, ids| {
                Box::pin(async move {
                    let listener = &ids["listener"];
                    done!(world.aws.elb.delete_listener().listener_arn(listener));
                })
            },
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_done_to_balancer_targets_and_record_is_named_and_repaired() {
    play(vec![
        case(
            "a target deregistered",
            &["update targets"],
            |world, ids| {
                Box::pin(async move {
                    let group = &ids["targets"];
                    let health = done!(
                        world
                            .aws
                            .elb
                            .describe_target_health()
                            .target_group_arn(group)
                    );
                    let one = health.target_health_descriptions()[0].target().cloned();
                    let call = world.aws.elb.deregister_targets().target_group_arn(group);
                    done!(call.set_targets(one.map(|one| vec![one])));
                })
            },
        ),
        case(
            "all targets deregistered",
            &["create targets"],
            |world, ids| {
                Box::pin(async move {
                    let group = &ids["targets"];
                    let health = done!(
                        world
                            .aws
                            .elb
                            .describe_target_health()
                            .target_group_arn(group)
                    );
                    let all = health.target_health_descriptions().iter();
                    let all = all.filter_map(|one| one.target().cloned()).collect();
                    let call = world.aws.elb.deregister_targets().target_group_arn(group);
                    done!(call.set_targets(Some(all)));
                })
            },
        ),
        case(
            "another target registered",
            &["update targets"],
            |world, ids| {
                Box::pin(async move {
                    let other = elb::TargetDescription::builder().id("10.0.1.250").build();
                    let call = world.aws.elb.register_targets();
                    done!(call.target_group_arn(&ids["targets"]).targets(other));
                })
            },
        ),
        case(
            "the health check altered",
            &["update target-group"],
            |world, ids| {
                Box::pin(async move {
                    let matcher = elb::Matcher::builder().http_code("200-499").build();
                    let call = world.aws.elb.modify_target_group();
                    let call = call.target_group_arn(&ids["target-group"]).matcher(matcher);
                    done!(call.health_check_path("/"));
                })
            },
        ),
        case(
            "the group's delay altered",
            &["update target-group"],
            |world, ids| {
                Box::pin(async move {
                    let delay = elb::TargetGroupAttribute::builder()
                        .key("deregistration_delay.timeout_seconds")
                        .value("300")
                        .build();
                    let call = world.aws.elb.modify_target_group_attributes();
                    done!(
                        call.target_group_arn(&ids["target-group"])
                            .attributes(delay)
                    );
                })
            },
        ),
        case(
            "the balancer's attributes altered",
            &["update load-balancer"],
            |world, ids| {
                Box::pin(async move {
                    let attribute = |key: &str, value: &str| {
                        elb::LoadBalancerAttribute::builder()
                            .key(key)
                            .value(value)
                            .build()
                    };
                    let call = world.aws.elb.modify_load_balancer_attributes();
                    done!(
                        call.load_balancer_arn(&ids["load-balancer"])
                            .attributes(attribute("idle_timeout.timeout_seconds", "4000"))
                            .attributes(attribute(
                                "routing.http.drop_invalid_header_fields.enabled",
                                "false"
                            ))
                    );
                })
            },
        ),
        case(
            "a subnet taken from the balancer",
            &["update load-balancer"],
            |world, ids| {
                Box::pin(async move {
                    let two = world.subnets[..2].to_vec();
                    let call = world.aws.elb.set_subnets();
                    done!(
                        call.load_balancer_arn(&ids["load-balancer"])
                            .set_subnets(Some(two))
                    );
                })
            },
        ),
        case("the record deleted", &["create dns-record"], |world, _| {
            Box::pin(async move {
                world.delete_record().await;
            })
        }),
        case(
            "the record's health flag altered",
            &["update dns-record"],
            |world, _| {
                Box::pin(async move {
                    let mut record = world.record().await;
                    if let Some(alias) = &mut record.alias_target {
                        alias.evaluate_target_health = false;
                    }
                    world
                        .change_record(route53::ChangeAction::Upsert, record)
                        .await;
                })
            },
        ),
        case(
            // A new balancer has a new ARN and DNS name: what names them follows.
            "the balancer deleted",
            &[
                "create listener",
                "create listener-rule",
                "create load-balancer",
                "create redirect-listener",
                "update dns-record",
            ],
            |world, ids| {
                Box::pin(async move {
                    let balancer = &ids["load-balancer"];
                    done!(
                        world
                            .aws
                            .elb
                            .delete_load_balancer()
                            .load_balancer_arn(balancer)
                    );
                })
            },
        ),
    ])
    .await;
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
    done!(
        theirs
            .load_balancer_arn(&ids["load-balancer"])
            .protocol(elb::ProtocolEnum::Http)
            .port(8080)
            .default_actions(answer("200"))
    );
    let host = elb::HostHeaderConditionConfig::builder()
        .values("theirs.example.com")
        .build();
    let condition = elb::RuleCondition::builder()
        .field("host-header")
        .host_header_config(host)
        .build();
    let rule = world.aws.elb.create_rule().listener_arn(&ids["listener"]);
    done!(
        rule.priority(40000)
            .conditions(condition)
            .actions(answer("200"))
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
    let down = world.hybridgw("down --yes -o json").converged();
    let left = world.census().await;
    assert_eq!(left.count("balancers"), 0, "{down}");
}

/// The rule that refuses `x-apigw-api-id`: the first.
async fn guard(world: &World, ids: &Ids) -> String {
    let rules = done!(
        world
            .aws
            .elb
            .describe_rules()
            .listener_arn(&ids["listener"])
    );
    let first = rules
        .rules()
        .iter()
        .find(|rule| rule.priority() == Some("1"));
    first
        .and_then(|rule| rule.rule_arn.clone())
        .expect("the guard")
}
