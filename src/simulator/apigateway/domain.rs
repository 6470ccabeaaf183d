//! Custom domain names.

use serde_json::{Map, Value, json};

use super::common::{bad, conflict, limit, missing, page, settings, tags, tidy};
use super::patch::{invalid, outside, patches};
use super::regional::target;
use super::state::{Domain, Event, State};
use super::{certificate, endpoint, policy};
use crate::codec::{Input, Output, Refusal, ok};
use crate::hosted_zones;
use crate::latency::{DOMAIN_NAME_CREATE, DOMAIN_NAME_UPDATE, PRIVATE_DOMAIN_CREATE, Span};
use crate::world::{self, Ctx};

/// API Gateway developer guide, "Quotas" (research: peers §3.2).
const MOST_PUBLIC: usize = 120;
const MOST_PRIVATE: usize = 50;

const SETTINGS: &[&str] = &["endpointAccessMode", "routingMode"];

/// Security policies: API Gateway API reference, `CreateDomainName`; the enhanced ones begin with `SecurityPolicy_`.
const LEGACY: &[&str] = &["TLS_1_0", "TLS_1_2"];
const ENHANCED: &str = "SecurityPolicy_";

impl Domain {
    /// Returns the key it is kept under.
    pub fn key(&self) -> String {
        self.id
            .as_ref()
            .map_or_else(|| self.name.clone(), |id| format!("{}+{id}", self.name))
    }

    /// Returns whether it is private.
    pub const fn is_private(&self) -> bool {
        self.id.is_some()
    }
}

/// Returns the key of the domain that a request names; private ones need `domainNameId` (API Gateway API reference).
pub fn key(input: &Input) -> Result<String, Refusal> {
    let name = input.require("domain_name")?.to_ascii_lowercase();
    let id = input.text("domainNameId").filter(|id| !id.is_empty());
    Ok(id.map_or_else(|| name.clone(), |id| format!("{name}+{id}")))
}

/// Returns the domain that a request names.
pub fn find<'a>(state: &'a State, input: &Input) -> Result<&'a Domain, Refusal> {
    let found = state.domains.get(&key(input)?);
    found.ok_or_else(|| missing("domain name"))
}

/// Returns the domain that a request names, to change it.
pub fn find_mut<'a>(state: &'a mut State, input: &Input) -> Result<&'a mut Domain, Refusal> {
    let found = state.domains.get_mut(&key(input)?);
    found.ok_or_else(|| missing("domain name"))
}

/// Returns a domain's ARN; private ones have the account in it (research: peers §3.2).
pub fn arn(ctx: &Ctx<'_>, domain: &Domain) -> String {
    let account = if domain.is_private() { ctx.account } else { "" };
    format!(
        "arn:{}:apigateway:{}:{account}:/domainnames/{}",
        ctx.partition(),
        ctx.region,
        domain.key()
    )
}

/// A domain on the wire.
fn shown(ctx: &Ctx<'_>, domain: &Domain) -> Value {
    let status = if domain.updating {
        "UPDATING"
    } else {
        "AVAILABLE"
    };
    let mut tree = json!({
        "domainName": domain.name,
        "domainNameArn": arn(ctx, domain),
        "domainNameStatus": status,
        "securityPolicy": domain.security_policy,
        "certificateUploadDate": domain.uploaded.unix_seconds(),
        "routingMode": "BASE_PATH_MAPPING_ONLY",
        "tags": domain.tags,
    });
    let own = if domain.is_private() {
        json!({
            "domainNameId": domain.id,
            "certificateArn": domain.certificate,
            "endpointConfiguration": {"types": ["PRIVATE"], "ipAddressType": "dualstack"},
            "policy": policy::shown(domain.policy.as_deref()),
        })
    } else {
        json!({
            "regionalCertificateArn": domain.certificate,
            "regionalDomainName": domain.target,
            "regionalHostedZoneId": hosted_zones::apis(ctx.region),
            "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
        })
    };
    if let (Some(members), Value::Object(own)) = (tree.as_object_mut(), own) {
        members.extend(own);
        members.extend(domain.settings.clone());
    }
    tidy(tree)
}

/// `CreateDomainName`: REGIONAL or PRIVATE; EDGE is not simulated.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = check_name(input.require("domainName")?)?;
    let configuration = input.child("endpointConfiguration");
    let types = configuration
        .as_ref()
        .map(|one| one.texts("types"))
        .unwrap_or_default();
    let private = match types.as_slice() {
        [kind] if kind == "REGIONAL" => false,
        [kind] if kind == "PRIVATE" => true,
        // API Gateway API reference, `EndpointConfiguration`: EDGE unless told.
        _ => {
            return Err(bad(
                "An EDGE domain name is not simulated: give one endpoint type, REGIONAL or PRIVATE",
            ));
        }
    };
    let family = configuration
        .as_ref()
        .and_then(|one| one.text("ipAddressType"));
    if family.is_some_and(|family| !["", "ipv4", "dualstack"].contains(&family)) {
        // Recorded for `CreateRestApi`.
        let place = "createDomainNameInput.endpointConfiguration.ipAddressType";
        invalid(&[outside(
            family.unwrap_or_default(),
            place,
            &["ipv4", "dualstack"],
        )])?;
    }
    endpoint::check_family(if private { "PRIVATE" } else { "REGIONAL" }, family)?;
    let certificate = certificate_of(input, private)?.to_owned();
    certificate::check(ctx, &certificate, &name)?;
    let security_policy = security_policy(input.text("securityPolicy"), private)?;
    let settings = settings(input, SETTINGS);
    check_access_mode(&settings, &security_policy)?;
    let tags = tags(input)?;
    claim(ctx, &name, private)?;
    let mut domain = Domain {
        id: private.then(|| ctx.random.letters(10)),
        certificate,
        uploaded: ctx.now,
        security_policy,
        policy: None,
        settings,
        target: (!private).then(|| target(ctx)),
        updating: false,
        change: 0,
        mappings: std::collections::BTreeMap::new(),
        tags,
        name,
    };
    if let Some(text) = input.text("policy").filter(|text| !text.is_empty()) {
        domain.policy = Some(private_policy(ctx, &domain, text)?);
    }
    let span = if private {
        PRIVATE_DOMAIN_CREATE
    } else {
        DOMAIN_NAME_CREATE
    };
    change(ctx, &mut domain, span);
    let tree = shown(ctx, &domain);
    ctx.here.apigateway.domains.insert(domain.key(), domain);
    Ok(Output::from(tree).status(201))
}

fn private_policy(ctx: &Ctx<'_>, domain: &Domain, text: &str) -> Result<String, Refusal> {
    if !domain.is_private() {
        // API Gateway API reference, `CreateDomainName`: supported only for private custom domain names.
        return Err(bad("policy is supported only for PRIVATE domain names"));
    }
    policy::for_domain(ctx, &domain.key(), text)
}

/// RFC 1123, in lower case, and a wildcard as the first label (API Gateway developer guide, "Wildcard custom domain names").
fn check_name(name: &str) -> Result<String, Refusal> {
    let lower = name.to_ascii_lowercase();
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let plain = lower.strip_prefix("*.").unwrap_or(&lower);
    if lower.len() > 253 || !plain.contains('.') || !plain.split('.').all(label) {
        return Err(bad(format!("Invalid domain name: {name}")));
    }
    Ok(lower)
}

/// The certificate that an endpoint type takes; the other one's field is refused (observed: sst#4131).
fn certificate_of(input: &Input, private: bool) -> Result<&str, Refusal> {
    let (own, other) = if private {
        ("certificateArn", "regionalCertificateArn")
    } else {
        ("regionalCertificateArn", "certificateArn")
    };
    if input.has(other) {
        return Err(bad(if private {
            "Cannot import certificates for REGIONAL while PRIVATE is active."
        } else {
            "Cannot import certificates for EDGE while REGIONAL is active."
        }));
    }
    input.require(own)
}

fn security_policy(given: Option<&str>, private: bool) -> Result<String, Refusal> {
    let policy = given.unwrap_or("TLS_1_2");
    let known = LEGACY.contains(&policy) || policy.starts_with(ENHANCED);
    // API Gateway developer guide, "Security policies": private domain names have TLS 1.2 at least.
    if !known || (private && policy == "TLS_1_0") {
        return Err(bad(format!("Invalid security policy {policy}")));
    }
    Ok(policy.to_owned())
}

/// API Gateway API reference, `CreateDomainName`: an endpoint access mode only with policies that begin with `SecurityPolicy_`.
fn check_access_mode(settings: &Map<String, Value>, security_policy: &str) -> Result<(), Refusal> {
    match settings.get("endpointAccessMode").and_then(Value::as_str) {
        None => Ok(()),
        Some("BASIC" | "STRICT") if security_policy.starts_with(ENHANCED) => Ok(()),
        Some(mode) => Err(bad(format!(
            "Endpoint access mode {mode} is not supported with the security policy {security_policy}"
        ))),
    }
}

/// Takes a name: regional ones are unique in a region across all accounts, private ones need not be (research: peers §2.6).
fn claim(ctx: &mut Ctx<'_>, name: &str, private: bool) -> Result<(), Refusal> {
    let domains = &ctx.here.apigateway.domains;
    let alike = domains
        .values()
        .filter(|domain| domain.is_private() == private);
    let most = if private { MOST_PRIVATE } else { MOST_PUBLIC };
    if alike.count() >= most {
        return Err(limit(
            "Maximum number of domain names for this account reached",
        ));
    }
    if private {
        return Ok(());
    }
    let key = claim_key(ctx.region, name);
    let foreign = ctx
        .claims
        .get(&key)
        .is_some_and(|owner| owner != ctx.account);
    // The code and the words are observed (Zappa#1410); research (reliability §2.1) had left the code open.
    if domains.contains_key(name) || foreign {
        return Err(bad("The domain name you provided already exists."));
    }
    ctx.claims.insert(key, ctx.account.to_owned());
    Ok(())
}

fn claim_key(region: &str, name: &str) -> String {
    format!("apigateway/{region}/{name}")
}

/// Begins a change: `UPDATING`, and `AVAILABLE` in time. That a new domain is `UPDATING` at first is an assumption.
fn change(ctx: &mut Ctx<'_>, domain: &mut Domain, span: Span) {
    domain.updating = true;
    domain.change += 1;
    let event = Event::DomainSettled {
        domain: domain.key(),
        change: domain.change,
    };
    let delay = ctx.takes(span);
    ctx.after(delay, world::Event::ApiGateway(event));
}

/// Ends a change, unless another one has begun.
pub fn settle(ctx: &mut Ctx<'_>, key: &str, change: u64) {
    let domain = ctx.here.apigateway.domains.get_mut(key);
    if let Some(domain) = domain.filter(|domain| domain.change == change) {
        domain.updating = false;
    }
}

/// `GetDomainName`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let domain = find(&ctx.here.apigateway, input)?;
    ok(shown(ctx, domain))
}

/// `GetDomainNames`; nobody shares any with this account.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let own = input.text("resourceOwner").unwrap_or("SELF") == "SELF";
    let all = ctx.here.apigateway.domains.values().filter(|_| own);
    let items = all.map(|domain| shown(ctx, domain)).collect();
    ok(page(ctx, input, items)?)
}

const REGIONAL_PATHS: &[&str] = &[
    "/regionalCertificateArn",
    "/securityPolicy",
    "/endpointAccessMode",
];
const PRIVATE_PATHS: &[&str] = &[
    "/certificateArn",
    "/securityPolicy",
    "/endpointAccessMode",
    "/policy",
];

/// `UpdateDomainName`.
///
/// API Gateway API reference, `DomainName`: while `UPDATING` it cannot be
/// modified. The code is an assumption, that of other concurrent changes
/// (research: peers §2.6). Types cannot be changed (research: peers §2.6).
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let mut domain = find(&ctx.here.apigateway, input)?.clone();
    if domain.updating {
        return Err(conflict(
            "Unable to complete operation due to concurrent modification. Please try again later.",
        ));
    }
    for patch in patches(input, "updateDomainNameInput")? {
        let known = if domain.is_private() {
            PRIVATE_PATHS
        } else {
            REGIONAL_PATHS
        };
        if patch.op != "replace" || !known.contains(&patch.path.as_str()) {
            return Err(patch.refuse(known));
        }
        match patch.path.as_str() {
            "/securityPolicy" => {
                domain.security_policy = security_policy(Some(&patch.value), domain.is_private())?;
            }
            "/endpointAccessMode" => {
                domain
                    .settings
                    .insert("endpointAccessMode".to_owned(), patch.value.clone().into());
            }
            "/policy" => domain.policy = Some(private_policy(ctx, &domain, &patch.value)?),
            _ => {
                certificate::check(ctx, &patch.value, &domain.name)?;
                domain.certificate.clone_from(&patch.value);
                domain.uploaded = ctx.now;
            }
        }
    }
    check_access_mode(&domain.settings, &domain.security_policy)?;
    change(ctx, &mut domain, DOMAIN_NAME_UPDATE);
    let tree = shown(ctx, &domain);
    ctx.here.apigateway.domains.insert(domain.key(), domain);
    ok(tree)
}

/// `DeleteDomainName`: its mappings go with it (observed; research: reliability §5.2).
///
/// A private one with access associations stays: assumption (API Gateway
/// developer guide, "Tutorial: Create and invoke a custom domain name for
/// private APIs", deletes the association first).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let domain = find(&ctx.here.apigateway, input)?;
    let (key, arn) = (domain.key(), arn(ctx, domain));
    let claim = claim_key(ctx.region, &domain.name);
    let regional = !domain.is_private();
    let state = &mut ctx.here.apigateway;
    if state
        .associations
        .values()
        .any(|association| association.domain == arn)
    {
        return Err(bad(
            "Please remove all domain name access associations before deleting the domain name",
        ));
    }
    state.domains.remove(&key);
    if regional {
        ctx.claims.remove(&claim);
    }
    Ok(Output::empty(202))
}
