//! Custom domains, and certificates.

use super::{
    super::{
        kind::Kind,
        model::{Configuration, Resource},
        said::{Said, Words},
    },
    targets::is_of_endpoint,
    types,
};
use crate::checks::codes;

fn is_private(domain: &Resource) -> bool {
    domain.get("endpoint_configuration").is_some()
        && types(domain).is_some_and(|types| types.iter().any(|one| one == "PRIVATE"))
}

/// API Gateway developer guide, "Security policies": `TLS_1_0` takes TLS 1.0.
pub fn old_tls(configuration: &Configuration, said: &mut Said) {
    for domain in configuration.of(Kind::DomainName) {
        let Some(policy) = domain
            .text("security_policy")
            .filter(|policy| policy == "TLS_1_0")
        else {
            continue;
        };
        let words = Words {
            found: format!("its security policy is {policy}"),
            cause: "it takes TLS 1.0 and 1.1, which are broken",
            remedy: "set TLS_1_2".to_owned(),
        };
        said.warned(
            codes::CONFIG_OLD_TLS,
            domain.place("security_policy"),
            &domain.address,
            words,
        );
    }
}

/// API Gateway developer guide, "Endpoint access mode": STRICT wants the request
/// through the domain's own kind of endpoint and the name in the handshake. A
/// load balancer sends none to its targets, and an endpoint is no regional way.
pub fn strict(configuration: &Configuration, said: &mut Said) {
    // A load balancer behind an API, as an integration, is another thing.
    let mut groups = configuration.of(Kind::TargetGroup);
    let fronted = groups.any(|group| is_of_endpoint(configuration, group));
    for domain in configuration.of(Kind::DomainName) {
        let strict = domain
            .text("endpoint_access_mode")
            .is_some_and(|mode| mode == "STRICT");
        if !strict || !fronted || is_private(domain) {
            continue;
        }
        let words = Words {
            found: "its endpoint access mode is STRICT".to_owned(),
            cause: "a load balancer in front sends no name in its handshake: requests end in 403",
            remedy: "set BASIC".to_owned(),
        };
        said.failed(
            codes::CONFIG_STRICT_ACCESS,
            domain.place("endpoint_access_mode"),
            &domain.address,
            words,
        );
    }
}

/// API Gateway developer guide, "Custom domain names for private APIs": the
/// certificate is `certificateArn`, and an access association lets an endpoint
/// reach the domain.
pub fn private(configuration: &Configuration, said: &mut Said) {
    for domain in configuration
        .of(Kind::DomainName)
        .filter(|one| is_private(one))
    {
        if domain.get("regional_certificate_arn").is_some() {
            let words = Words {
                found: "a private domain with a regional certificate".to_owned(),
                cause: "API Gateway takes the certificate of a private domain as certificate_arn",
                remedy: "write certificate_arn".to_owned(),
            };
            let at = domain.place("regional_certificate_arn");
            said.failed(codes::CONFIG_PRIVATE_DOMAIN, at, &domain.address, words);
        }
        let associated = configuration.of(Kind::AccessAssociation).next().is_some();
        if !associated && !configuration.partial && !configuration.passed.contains(&domain.base) {
            let words = Words {
                found: "a private domain without an access association".to_owned(),
                cause: "no endpoint reaches it: requests end in 403",
                remedy: "add an access association of the endpoint, here or in its own account"
                    .to_owned(),
            };
            said.warned(
                codes::CONFIG_PRIVATE_DOMAIN,
                &domain.at,
                &domain.address,
                words,
            );
        }
    }
}

/// Elastic Load Balancing guide, "HTTPS listeners", and API Gateway developer
/// guide, "Regional custom domain names": the certificate is of the same region.
pub fn other_region(configuration: &Configuration, said: &mut Said) {
    let Some(region) = configuration.region() else {
        return;
    };
    for (kind, path) in [
        (Kind::Listener, "certificate_arn"),
        (Kind::DomainName, "regional_certificate_arn"),
    ] {
        for one in configuration
            .of(kind)
            .filter(|one| one.get("provider").is_none())
        {
            let Some(arn) = one.text(path) else { continue };
            let mut fields = arn.split(':').skip(3);
            let Some(other) = fields
                .next()
                .filter(|other| *other != region && !other.is_empty())
            else {
                continue;
            };
            let words = Words {
                found: format!("its certificate is of {other}, and it is in {region}"),
                cause: "AWS takes certificates of the same region only",
                remedy: format!("name a certificate of {region}"),
            };
            said.failed(
                codes::CERTIFICATE_OTHER_REGION,
                one.place(path),
                &one.address,
                words,
            );
        }
    }
}
