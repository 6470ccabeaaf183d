//! What is done to groups, rules and the endpoint.

use aws_sdk_ec2::{
    operation::{
        authorize_security_group_ingress::builders::AuthorizeSecurityGroupIngressFluentBuilder,
        modify_vpc_endpoint::builders::ModifyVpcEndpointFluentBuilder,
        revoke_security_group_ingress::builders::RevokeSecurityGroupIngressFluentBuilder,
    },
    types::{
        IpPermission, IpRange, PrefixListId, Tag, UserIdGroupPair, builders::IpPermissionBuilder,
    },
};
use hybridgw::selftest::Alteration;

use super::{Console, Drift, Place, console::OPEN, done, drift};

/// The keys of the two groups.
const FRONT: &str = "load-balancer-security-group";
const BACK: &str = "endpoint-security-group";

const RULES: &[&str] = &["update security-group-rules"];
const ENDPOINT: &[&str] = &["update vpc-endpoint"];

fn tcp(port: i32) -> IpPermissionBuilder {
    let traffic = IpPermission::builder().ip_protocol("tcp");
    traffic.from_port(port).to_port(port)
}

fn https_from(clients: &str) -> IpPermission {
    let range = IpRange::builder().cidr_ip(clients).build();
    tcp(443).ip_ranges(range).build()
}

impl Console {
    fn https_with(&self, group: &str) -> IpPermission {
        let pair = UserIdGroupPair::builder().group_id(self.id(group)).build();
        tcp(443).user_id_group_pairs(pair).build()
    }

    fn admit(&self, group: &str) -> AuthorizeSecurityGroupIngressFluentBuilder {
        let call = self.aws.ec2.authorize_security_group_ingress();
        call.group_id(self.id(group))
    }

    fn revoke(&self, group: &str) -> RevokeSecurityGroupIngressFluentBuilder {
        let call = self.aws.ec2.revoke_security_group_ingress();
        call.group_id(self.id(group))
    }

    fn modify_endpoint(&self) -> ModifyVpcEndpointFluentBuilder {
        let call = self.aws.ec2.modify_vpc_endpoint();
        call.vpc_endpoint_id(self.id("vpc-endpoint"))
    }
}

pub fn rows() -> Vec<Drift> {
    let mut rows = rules();
    rows.extend(endpoint());
    rows
}

fn rules() -> Vec<Drift> {
    vec![
        drift("a stranger admitted", RULES, async |at| {
            at.alter(Alteration::StrangerAdmitted).await;
        }),
        drift("a client's rule revoked", RULES, async |at| {
            done!(at.revoke(FRONT).ip_permissions(https_from("10.0.0.0/8")));
        }),
        drift("the way out revoked", RULES, async |at| {
            let call = at.aws.ec2.revoke_security_group_egress();
            let call = call.group_id(at.id(FRONT));
            done!(call.ip_permissions(at.https_with(BACK)));
        }),
        drift("the endpoint's rule revoked", RULES, async |at| {
            done!(at.revoke(BACK).ip_permissions(at.https_with(FRONT)));
        }),
        drift("another client admitted", RULES, async |at| {
            done!(at.admit(FRONT).ip_permissions(https_from("192.168.0.0/16")));
        }),
        drift("another group admitted", RULES, async |at| {
            let pair = UserIdGroupPair::builder().group_id(&at.foreign.group);
            let rule = tcp(443).user_id_group_pairs(pair.build()).build();
            done!(at.admit(FRONT).ip_permissions(rule));
        }),
        // The emulator's own prefix lists have not been tried.
        drift("a prefix list admitted", RULES, async |at| {
            let lists = done!(at.aws.ec2.describe_managed_prefix_lists());
            let id = lists.prefix_lists()[0].prefix_list_id();
            let list = PrefixListId::builder().set_prefix_list_id(id.map(str::to_owned));
            let rule = tcp(443).prefix_list_ids(list.build()).build();
            done!(at.admit(FRONT).ip_permissions(rule));
        })
        .only_in(Place::Simulator),
        drift("everybody let into the endpoint", RULES, async |at| {
            done!(at.admit(BACK).ip_permissions(https_from("0.0.0.0/0")));
        }),
        drift(
            "the tag that remembers the record deleted",
            &["update load-balancer-security-group"],
            async |at| {
                let call = at.aws.ec2.describe_security_groups();
                let shown = done!(call.group_ids(at.id(FRONT)));
                let mut tags = shown.security_groups()[0].tags().iter();
                let record = tags.find(|tag| {
                    tag.key()
                        .is_some_and(|key| key.starts_with("hybridgw:record:"))
                });
                let call = at.aws.ec2.delete_tags().resources(at.id(FRONT));
                done!(call.tags(record.expect("the group remembers the record").clone()));
            },
        ),
    ]
}

fn endpoint() -> Vec<Drift> {
    vec![
        drift("another group on the endpoint", ENDPOINT, async |at| {
            let call = at.modify_endpoint();
            done!(call.add_security_group_ids(&at.foreign.group));
        }),
        drift("the endpoint's group taken from it", ENDPOINT, async |at| {
            let call = at.modify_endpoint();
            let call = call.add_security_group_ids(&at.foreign.group);
            done!(call.remove_security_group_ids(at.id(BACK)));
        }),
        drift(
            "the endpoint opened for all",
            &["update endpoint-policy"],
            async |at| {
                done!(at.modify_endpoint().policy_document(OPEN));
            },
        ),
        drift(
            "a subnet taken from the endpoint",
            &["update targets", "update vpc-endpoint"],
            async |at| {
                let last = at.subnets.last().expect("it has subnets");
                done!(at.modify_endpoint().remove_subnet_ids(last));
            },
        ),
        drift(
            "the tags of the endpoint's interfaces deleted",
            ENDPOINT,
            async |at| {
                let call = at.aws.ec2.describe_vpc_endpoints();
                let shown = done!(call.vpc_endpoint_ids(at.id("vpc-endpoint")));
                let ids = shown.vpc_endpoints()[0].network_interface_ids();
                // By its key: LocalStack takes a call without any for nothing to do.
                let tag = Tag::builder().key("hybridgw:stack").build();
                let call = at.aws.ec2.delete_tags().tags(tag);
                done!(call.set_resources(Some(ids.to_vec())));
            },
        ),
        // A new endpoint has a new id and new addresses: what names them follows.
        drift(
            "the endpoint deleted",
            &[
                "create endpoint-policy",
                "create vpc-endpoint",
                "update deployment",
                "update rest-api",
                "update stage",
                "update targets",
            ],
            async |at| {
                let call = at.aws.ec2.delete_vpc_endpoints();
                done!(call.vpc_endpoint_ids(at.id("vpc-endpoint")));
            },
        ),
    ]
}
