//! REST APIs.

use super::{
    super::{
        kind::Kind,
        model::Configuration,
        said::{Said, Words},
    },
    endpoints, private_apis, types,
};
use crate::checks::codes;

/// API Gateway developer guide, "API endpoint types": only a PRIVATE API is
/// reached through an interface endpoint, and only from there. What else is in
/// the account is not known: where there is a private API, a public one beside
/// it is meant.
pub fn public_beside_endpoint(configuration: &Configuration, said: &mut Said) {
    let Some(endpoint) = endpoints(configuration).next() else {
        return;
    };
    if private_apis(configuration).next().is_some() {
        return;
    }
    for api in configuration.of(Kind::RestApi) {
        let Some(types) = types(api) else { continue };
        let words = Words {
            found: format!(
                "its type is {}, beside the endpoint {}",
                types.join(", "),
                endpoint.address
            ),
            cause: "it is reached from the internet, and not through the endpoint",
            remedy: "set the type of its endpoint configuration to PRIVATE, and deploy it"
                .to_owned(),
        };
        let at = api.place("endpoint_configuration");
        said.failed(codes::CONFIG_PUBLIC_API, at, &api.address, words);
    }
}

/// API Gateway developer guide, "Quotas": 29 seconds, unless the account's quota
/// is raised for its regional and private APIs.
pub fn integration_timeout(configuration: &Configuration, said: &mut Said) {
    for (kind, path) in [
        (Kind::Integration, "timeout_milliseconds"),
        (Kind::Method, "integration.timeout_in_millis"),
    ] {
        for one in configuration.of(kind) {
            let time = one.text(path).and_then(|text| text.parse::<u64>().ok());
            let Some(time) = time.filter(|time| *time > 29_000) else {
                continue;
            };
            let words = Words {
                found: format!("its timeout is {time} ms"),
                cause: "API Gateway refuses more than 29000 ms, unless the account's quota is raised",
                remedy: "set at most 29000, or have the quota \"Maximum integration timeout\" raised first".to_owned(),
            };
            said.warned(
                codes::QUOTAS_INTEGRATION_TIMEOUT,
                one.place(path),
                &one.address,
                words,
            );
        }
    }
}
