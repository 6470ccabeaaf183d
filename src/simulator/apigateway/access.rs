//! Domain name access associations: the endpoints through which private domain names are reached.

use serde_json::{Value, json};

use super::common::{bad, conflict, missing, page, tags};
use super::domain;
use super::endpoint::check_endpoint;
use super::state::Association;
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

fn shown(arn: &str, association: &Association) -> Value {
    json!({
        "domainNameAccessAssociationArn": arn,
        "domainNameArn": association.domain,
        "accessAssociationSourceType": "VPCE",
        "accessAssociationSource": association.endpoint,
        "tags": association.tags,
    })
}

/// `CreateDomainNameAccessAssociation`.
///
/// API Gateway API reference: `BadRequestException`, `ConflictException`. Which
/// for what is an assumption; the ARN's form is the developer guide's
/// ("API consumer: Associate your VPC endpoint").
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.require("domainNameArn")?.to_owned();
    if input.require("accessAssociationSourceType")? != "VPCE" {
        return Err(bad("Invalid access association source type"));
    }
    let endpoint = input.require("accessAssociationSource")?.to_owned();
    let domains = &ctx.here.apigateway.domains;
    let found = domains.values().find(|one| domain::arn(ctx, one) == name);
    let found = found.filter(|one| one.is_private());
    let key = found
        .map(super::state::Domain::key)
        .ok_or_else(|| bad("Invalid private domain name ARN specified"))?;
    check_endpoint(ctx, &endpoint)?;
    let arn = ctx.arn(
        "apigateway",
        &format!("/domainnameaccessassociations/domainname/{key}/vpcesource/{endpoint}"),
    );
    if ctx.here.apigateway.associations.contains_key(&arn) {
        return Err(conflict("Domain name access association already exists"));
    }
    let association = Association {
        domain: name,
        endpoint,
        tags: tags(input)?,
    };
    let tree = shown(&arn, &association);
    ctx.here.apigateway.associations.insert(arn, association);
    Ok(Output::from(tree).status(201))
}

/// `GetDomainNameAccessAssociations`.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let own = input.text("resourceOwner").unwrap_or("SELF") == "SELF";
    let all = ctx.here.apigateway.associations.iter().filter(|_| own);
    let items = all.map(|(arn, one)| shown(arn, one)).collect();
    ok(page(ctx, input, items)?)
}

/// `DeleteDomainNameAccessAssociation`.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("arn")?;
    let gone = ctx.here.apigateway.associations.remove(arn);
    gone.ok_or_else(|| missing("domain name access association"))?;
    Ok(Output::empty(202))
}
