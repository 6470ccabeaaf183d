//! EC2's dry runs: the call itself, as far as whether it would be allowed. They
//! see what a simulation of policies does not: the organisation's, and the
//! resources' own conditions.

use aws_sdk_ec2::types::VpcEndpointType;

use crate::{
    aws::{Called, read::Groups},
    doctor::Patient,
    error::{Error, ErrorKind, Result},
    names, preflight,
    resource::{Key, Kind},
};

/// An action that EC2 was asked about.
pub(super) struct Tried {
    /// IAM's name.
    pub action: &'static str,
    /// Whether it is allowed.
    pub allowed: Result<()>,
}

/// Tries what can be tried with what there is: before the first `up` what makes
/// things, afterwards what changes them. What EC2 does not answer with a yes or
/// a no is left out.
pub(super) async fn all(patient: &Patient<'_>) -> Vec<Tried> {
    let ec2 = patient.connection.prober().ec2;
    let config = patient.config;
    let vpc = &config.network.vpc;
    let groups = patient.reads.security_groups(Groups::OfStack).await;
    let groups = groups.unwrap_or_default();
    let mut tried = Vec::new();
    match groups.first().and_then(|group| group.group_id()) {
        None => {
            let key = Key::bare(Kind::LoadBalancerSecurityGroup);
            let call = ec2.create_security_group();
            let call = call
                .group_name(names::security_group(&config.stack, &key))
                .description("tried only")
                .vpc_id(vpc);
            let answer = call.dry_run(true).send().await;
            note(
                &mut tried,
                "ec2:CreateSecurityGroup",
                answer.called("CreateSecurityGroup").map(drop),
            );
        }
        Some(id) => {
            let call = ec2.delete_security_group().group_id(id);
            let answer = call.dry_run(true).send().await;
            note(
                &mut tried,
                "ec2:DeleteSecurityGroup",
                answer.called("DeleteSecurityGroup").map(drop),
            );
        }
    }
    let borrows = config.endpoint.id.is_some() || config.endpoint.foreign;
    let own = preflight::endpoint_of_apis(config, patient.reads).await;
    if config.has_api() && !borrows && matches!(own, Ok(None)) {
        let service = patient
            .connection
            .partition()
            .execute_api_service(&patient.reads.region);
        let call = ec2.create_vpc_endpoint();
        let call = call
            .vpc_id(vpc)
            .service_name(service)
            .vpc_endpoint_type(VpcEndpointType::Interface)
            .set_subnet_ids(Some(config.network.subnets.clone()))
            .private_dns_enabled(false);
        let answer = call.dry_run(true).send().await;
        note(
            &mut tried,
            "ec2:CreateVpcEndpoint",
            answer.called("CreateVpcEndpoint").map(drop),
        );
    } else if let (true, Ok(Some(id))) = (!borrows || config.endpoint.manage, &own) {
        let call = ec2.modify_vpc_endpoint().vpc_endpoint_id(id);
        let answer = call.dry_run(true).send().await;
        note(
            &mut tried,
            "ec2:ModifyVpcEndpoint",
            answer.called("ModifyVpcEndpoint").map(drop),
        );
    }
    tried
}

fn note(tried: &mut Vec<Tried>, action: &'static str, answer: Result<()>) {
    let allowed = match answer {
        Err(error) if would_be_done(&error) => Ok(()),
        Err(error) if error.kind == ErrorKind::Denied => Err(error),
        // It names something that is not there, or EC2 is not well: others say that.
        _ => return,
    };
    tried.push(Tried { action, allowed });
}

/// EC2 API reference, "Error codes": a dry run that would have been done is an
/// error.
fn would_be_done(error: &Error) -> bool {
    error.code() == Some("DryRunOperation")
}
