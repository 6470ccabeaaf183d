//! What is done to the API, its stage, its domain name and the mapping.

use aws_sdk_apigateway::types::{GatewayResponseType, IntegrationType, Op, PatchOperation};

use super::{
    Console, Drift, Place,
    console::{OPEN, patch, replaced},
    done, drift,
};

const API: &[&str] = &["update rest-api"];
const STAGE: &[&str] = &["update stage"];
const MAPPING: &[&str] = &["update base-path-mapping"];
const DOMAIN: &[&str] = &["update domain-name"];

/// A method of the API: the id of its path, and its verb.
struct Method {
    path: String,
    verb: String,
}

impl Console {
    async fn method(&self) -> Method {
        let call = self.aws.apigateway.get_resources();
        let paths = done!(call.rest_api_id(self.id("rest-api")).embed("methods"));
        let mut methods = paths.items().iter().filter_map(|path| {
            let verb = path.resource_methods()?.keys().min()?.clone();
            let path = path.id.clone()?;
            Some(Method { path, verb })
        });
        methods.next().expect("the API has a method")
    }

    async fn patch_method(&self, path: &str, value: &str) {
        let method = self.method().await;
        let call = self.aws.apigateway.update_method();
        let call = call.rest_api_id(self.id("rest-api"));
        let call = call.resource_id(method.path).http_method(method.verb);
        done!(call.patch_operations(replaced(path, value)));
    }

    async fn patch_stage(&self, patches: Vec<PatchOperation>) {
        let call = self.aws.apigateway.update_stage();
        let call = call.rest_api_id(self.id("rest-api"));
        let call = call.stage_name(self.id("stage"));
        done!(call.set_patch_operations(Some(patches)));
    }
}

pub fn rows() -> Vec<Drift> {
    let mut rows = api();
    rows.extend(definition());
    rows.extend(stage());
    rows.extend(settings());
    rows.extend(domain());
    rows
}

fn api() -> Vec<Drift> {
    vec![
        drift("a method deleted", API, async |at| {
            let method = at.method().await;
            let call = at.aws.apigateway.delete_method();
            let call = call.rest_api_id(at.id("rest-api"));
            done!(call.resource_id(method.path).http_method(method.verb));
        }),
        drift("an integration altered", API, async |at| {
            let method = at.method().await;
            let call = at.aws.apigateway.put_integration();
            let call = call.rest_api_id(at.id("rest-api"));
            let call = call.resource_id(method.path).http_method(method.verb);
            let call = call.r#type(IntegrationType::HttpProxy);
            let call = call.integration_http_method("GET");
            done!(call.uri("https://elsewhere.example.com"));
        }),
        drift("the API's policy opened", API, async |at| {
            at.patch_api(at.id("rest-api"), vec![replaced("/policy", OPEN)])
                .await;
        }),
        drift("the API renamed", API, async |at| {
            at.patch_api(at.id("rest-api"), vec![replaced("/name", "mine")])
                .await;
        }),
        drift("the API taken from its endpoint", API, async |at| {
            const ENDPOINTS: &str = "/endpointConfiguration/vpcEndpointIds";
            let patch = patch(Op::Remove, ENDPOINTS, at.id("vpc-endpoint"));
            at.patch_api(at.id("rest-api"), vec![patch]).await;
        }),
        // A new API has a new id: what names it follows.
        drift(
            "the API deleted",
            &[
                "create base-path-mapping",
                "create deployment",
                "create rest-api",
                "create stage",
                "update endpoint-policy",
            ],
            async |at| {
                at.delete_mapping().await;
                let call = at.aws.apigateway.delete_rest_api();
                done!(call.rest_api_id(at.id("rest-api")));
            },
        ),
    ]
}

/// What decides who may call, and what is answered beside the integration.
fn definition() -> Vec<Drift> {
    vec![
        drift("a method's authorization altered", API, async |at| {
            at.patch_method("/authorizationType", "AWS_IAM").await;
        })
        // LocalStack's answer has the integration's timeout as text, which the SDK does not read.
        .only_in(Place::Simulator),
        drift("an API key asked for", API, async |at| {
            at.patch_method("/apiKeyRequired", "true").await;
        })
        // LocalStack's answer has the integration's timeout as text, which the SDK does not read.
        .only_in(Place::Simulator),
        drift("a gateway response altered", API, async |at| {
            let call = at.aws.apigateway.put_gateway_response();
            let call = call.rest_api_id(at.id("rest-api")).status_code("418");
            done!(call.response_type(GatewayResponseType::Unauthorized));
        })
        // LocalStack's import leaves gateway responses as they are.
        .only_in(Place::Simulator),
        drift("a binary type added", API, async |at| {
            let add = PatchOperation::builder().op(Op::Add);
            let add = add.path("/binaryMediaTypes/image~1png").build();
            at.patch_api(at.id("rest-api"), vec![add]).await;
        }),
        drift("compression switched on", API, async |at| {
            let patch = replaced("/minimumCompressionSize", "1024");
            at.patch_api(at.id("rest-api"), vec![patch]).await;
        }),
    ]
}

/// What is set on the stage.
fn settings() -> Vec<Drift> {
    vec![
        drift("a stage variable added", STAGE, async |at| {
            at.patch_stage(vec![replaced("/variables/backend", "elsewhere")])
                .await;
        }),
        drift("tracing switched on", STAGE, async |at| {
            at.patch_stage(vec![replaced("/tracingEnabled", "true")])
                .await;
        }),
        drift("access logs led elsewhere", STAGE, async |at| {
            let group = "arn:aws:logs:eu-central-1:111122223333:log-group:elsewhere";
            let place = replaced("/accessLogSettings/destinationArn", group);
            let format = replaced("/accessLogSettings/format", "$context.requestId");
            at.patch_stage(vec![place, format]).await;
        })
        // LocalStack takes the patch that removes them and keeps them.
        .only_in(Place::Simulator),
        drift("a part of the requests led elsewhere", STAGE, async |at| {
            let other = at.aws.apigateway.create_deployment();
            let other = done!(other.rest_api_id(at.id("rest-api")).description("by hand"));
            let other = other.id().expect("a deployment has an id");
            let canary = replaced("/canarySettings/deploymentId", other);
            let share = replaced("/canarySettings/percentTraffic", "50");
            at.patch_stage(vec![canary, share]).await;
        })
        // LocalStack's canaries are of another shape.
        .only_in(Place::Simulator),
        drift(
            "an edit deployed by hand",
            &["update rest-api", "update stage"],
            async |at| {
                at.patch_method("/authorizationType", "AWS_IAM").await;
                let call = at.aws.apigateway.create_deployment().description("by hand");
                let call = call.rest_api_id(at.id("rest-api"));
                done!(call.stage_name(at.id("stage")));
            },
        )
        // As above: LocalStack's answer to the edit is not read.
        .only_in(Place::Simulator),
    ]
}

/// AWS refuses to delete a stage that a mapping leads to; `LocalStack` does it.
fn stage() -> Vec<Drift> {
    vec![
        drift("the stage led elsewhere", STAGE, async |at| {
            let api = at.id("rest-api");
            let call = at.aws.apigateway.create_deployment().rest_api_id(api);
            let other = done!(call.description("by hand"));
            let call = at.aws.apigateway.update_stage().rest_api_id(api);
            let call = call.stage_name(at.id("stage"));
            let other = other.id().expect("a deployment has an id");
            done!(call.patch_operations(replaced("/deploymentId", other)));
        }),
        drift("the stage deleted", &["create stage"], async |at| {
            at.delete_stage().await;
        })
        .only_in(Place::Emulator),
        drift(
            "stage and mapping deleted",
            &["create base-path-mapping", "create stage"],
            async |at| {
                at.delete_mapping().await;
                at.delete_stage().await;
            },
        ),
        drift(
            "stage and deployment deleted",
            &["create deployment", "create stage"],
            async |at| {
                at.delete_stage().await;
                let call = at.aws.apigateway.delete_deployment();
                let call = call.rest_api_id(at.id("rest-api"));
                done!(call.deployment_id(at.id("deployment")));
            },
        )
        .only_in(Place::Emulator),
    ]
}

fn domain() -> Vec<Drift> {
    vec![
        drift(
            "the mapping deleted",
            &["create base-path-mapping"],
            async |at| {
                at.delete_mapping().await;
            },
        ),
        drift("the mapping led to another stage", MAPPING, async |at| {
            let call = at.aws.apigateway.create_stage().stage_name("theirs");
            let call = call.rest_api_id(at.id("rest-api"));
            done!(call.deployment_id(at.id("deployment")));
            at.patch_mapping("/stage", "theirs").await;
        })
        // The oracle of the simulated account counts the stages of an API.
        .only_in(Place::Emulator),
        drift("the mapping led to another API", MAPPING, async |at| {
            at.patch_mapping("/restapiId", &at.foreign.api).await;
        }),
        drift("the domain's certificate changed", DOMAIN, async |at| {
            at.patch_domain("/regionalCertificateArn", &at.foreign.certificate)
                .await;
        }),
        drift("the domain's TLS lowered", DOMAIN, async |at| {
            at.patch_domain("/securityPolicy", "TLS_1_0").await;
        }),
        drift(
            "the domain deleted",
            &["create base-path-mapping", "create domain-name"],
            async |at| {
                let call = at.aws.apigateway.delete_domain_name();
                done!(call.domain_name(&at.host));
            },
        ),
    ]
}
