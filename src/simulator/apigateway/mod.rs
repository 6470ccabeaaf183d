//! API Gateway: REST APIs, their deployments and stages, custom domain names and their mappings.
//!
//! Wire names are those of the API's model of 2015-07-09.

mod access;
mod body;
mod certificate;
mod common;
mod data;
mod deployment;
mod domain;
mod endpoint;
mod event;
pub mod furnish;
mod import;
mod mapping;
mod method;
mod policy;
mod regional;
mod resource;
mod rest_api;
mod stage;
pub mod state;
mod tag;

pub use data::{Mapped, deployed, mapping_for, users_of_certificate};
pub use state::{
    Api, Association, Content, Deployment, Domain, Event, Integration, Mapping, Method, Operations,
    Resource, Snapshot, Stage, State, Tags,
};

use super::codec::Protocol;
use super::service::{Operation, Service, read, write};

/// The service.
pub const SERVICE: Service = Service {
    name: "apigateway",
    protocol: Protocol::RestJson,
    namespace: "",
    operations: OPERATIONS,
};

const OPERATIONS: &[Operation] = &[
    // Their bodies are documents, not parameters: what is in them is not checked here.
    write("ImportRestApi", import::import, &[]).at("POST /restapis?mode=import"),
    write("PutRestApi", import::put, &[]).at("PUT /restapis/{restapi_id}"),
    write("CreateRestApi", rest_api::create, API).at("POST /restapis"),
    read("GetRestApis", rest_api::list, &["limit", "position"]).at("GET /restapis"),
    read("GetRestApi", rest_api::get, &["restapi_id"]).at("GET /restapis/{restapi_id}"),
    write("UpdateRestApi", rest_api::update, &["restapi_id", "patchOperations"])
        .at("PATCH /restapis/{restapi_id}"),
    write("DeleteRestApi", rest_api::delete, &["restapi_id"]).at("DELETE /restapis/{restapi_id}"),
    write("CreateResource", resource::create, &["restapi_id", "parent_id", "pathPart"])
        .at("POST /restapis/{restapi_id}/resources/{parent_id}"),
    read("GetResources", resource::list, &["restapi_id", "embed", "limit", "position"])
        .at("GET /restapis/{restapi_id}/resources"),
    read("GetResource", resource::get, &["restapi_id", "resource_id", "embed"])
        .at("GET /restapis/{restapi_id}/resources/{resource_id}"),
    write("DeleteResource", resource::delete, &["restapi_id", "resource_id"])
        .at("DELETE /restapis/{restapi_id}/resources/{resource_id}"),
    write("PutMethod", method::put, METHOD).at(METHOD_AT.0),
    read("GetMethod", method::get, &["restapi_id", "resource_id", "http_method"]).at(METHOD_AT.1),
    write("DeleteMethod", method::delete, &["restapi_id", "resource_id", "http_method"])
        .at(METHOD_AT.2),
    write("PutIntegration", method::put_integration, INTEGRATION).at(INTEGRATION_AT.0),
    read("GetIntegration", method::get_integration, &["restapi_id", "resource_id", "http_method"])
        .at(INTEGRATION_AT.1),
    write("DeleteIntegration", method::delete_integration, &["restapi_id", "resource_id", "http_method"])
        .at(INTEGRATION_AT.2),
    write("PutMethodResponse", method::put_response, RESPONSE)
        .at("PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}"),
    write("PutIntegrationResponse", method::put_integration_response, RESPONSE)
        .at("PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}"),
    write("CreateDeployment", deployment::create, &["restapi_id", "description", "stageName", "variables"])
        .at("POST /restapis/{restapi_id}/deployments"),
    read("GetDeployments", deployment::list, &["restapi_id", "limit", "position"])
        .at("GET /restapis/{restapi_id}/deployments"),
    read("GetDeployment", deployment::get, &["restapi_id", "deployment_id", "embed"])
        .at("GET /restapis/{restapi_id}/deployments/{deployment_id}"),
    write("DeleteDeployment", deployment::delete, &["restapi_id", "deployment_id"])
        .at("DELETE /restapis/{restapi_id}/deployments/{deployment_id}"),
    write("CreateStage", stage::create, STAGE).at("POST /restapis/{restapi_id}/stages"),
    read("GetStages", stage::list, &["restapi_id", "deploymentId"])
        .at("GET /restapis/{restapi_id}/stages"),
    read("GetStage", stage::get, &["restapi_id", "stage_name"])
        .at("GET /restapis/{restapi_id}/stages/{stage_name}"),
    write("UpdateStage", stage::update, &["restapi_id", "stage_name", "patchOperations"])
        .at("PATCH /restapis/{restapi_id}/stages/{stage_name}"),
    write("DeleteStage", stage::delete, &["restapi_id", "stage_name"])
        .at("DELETE /restapis/{restapi_id}/stages/{stage_name}"),
    write("CreateDomainName", domain::create, DOMAIN).at("POST /domainnames"),
    read("GetDomainNames", domain::list, &["limit", "position", "resourceOwner"])
        .at("GET /domainnames"),
    read("GetDomainName", domain::get, &["domain_name", "domainNameId"])
        .at("GET /domainnames/{domain_name}"),
    write("UpdateDomainName", domain::update, &["domain_name", "domainNameId", "patchOperations"])
        .at("PATCH /domainnames/{domain_name}"),
    write("DeleteDomainName", domain::delete, &["domain_name", "domainNameId"])
        .at("DELETE /domainnames/{domain_name}"),
    write("CreateBasePathMapping", mapping::create, &["domain_name", "domainNameId", "basePath", "restApiId", "stage"])
        .at("POST /domainnames/{domain_name}/basepathmappings"),
    read("GetBasePathMappings", mapping::list, &["domain_name", "domainNameId", "limit", "position"])
        .at("GET /domainnames/{domain_name}/basepathmappings"),
    read("GetBasePathMapping", mapping::get, &["domain_name", "domainNameId", "base_path"])
        .at("GET /domainnames/{domain_name}/basepathmappings/{base_path}"),
    write("UpdateBasePathMapping", mapping::update, &["domain_name", "domainNameId", "base_path", "patchOperations"])
        .at("PATCH /domainnames/{domain_name}/basepathmappings/{base_path}"),
    write("DeleteBasePathMapping", mapping::delete, &["domain_name", "domainNameId", "base_path"])
        .at("DELETE /domainnames/{domain_name}/basepathmappings/{base_path}"),
    write("CreateDomainNameAccessAssociation", access::create, ACCESS)
        .at("POST /domainnameaccessassociations"),
    read("GetDomainNameAccessAssociations", access::list, &["limit", "position", "resourceOwner"])
        .at("GET /domainnameaccessassociations"),
    write("DeleteDomainNameAccessAssociation", access::delete, &["arn"])
        .at("DELETE /domainnameaccessassociations/{arn+}"),
    write("TagResource", tag::tag, &["resource_arn", "tags"]).at("PUT /tags/{resource_arn+}"),
    write("UntagResource", tag::untag, &["resource_arn", "tagKeys"])
        .at("DELETE /tags/{resource_arn+}"),
    read("GetTags", tag::get, &["resource_arn", "limit", "position"]).at("GET /tags/{resource_arn+}"),
    read("GetAccount", rest_api::account, &[]).at("GET /account"),
];

/// `PUT`, `GET` and `DELETE` of a method.
const METHOD_AT: (&str, &str, &str) = (
    "PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
    "GET /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
    "DELETE /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
);

/// `PUT`, `GET` and `DELETE` of an integration.
const INTEGRATION_AT: (&str, &str, &str) = (
    "PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration",
    "GET /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration",
    "DELETE /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration",
);

const API: &[&str] = &[
    "apiKeySource",
    "binaryMediaTypes",
    "cloneFrom",
    "description",
    "disableExecuteApiEndpoint",
    "endpointAccessMode",
    "endpointConfiguration",
    "minimumCompressionSize",
    "name",
    "policy",
    "securityPolicy",
    "tags",
    "version",
];

const METHOD: &[&str] = &[
    "apiKeyRequired",
    "authorizationScopes",
    "authorizationType",
    "authorizerId",
    "http_method",
    "operationName",
    "requestModels",
    "requestParameters",
    "requestValidatorId",
    "resource_id",
    "restapi_id",
];

const INTEGRATION: &[&str] = &[
    "cacheKeyParameters",
    "cacheNamespace",
    "connectionId",
    "connectionType",
    "contentHandling",
    "credentials",
    "httpMethod",
    "http_method",
    "integrationTarget",
    "passthroughBehavior",
    "requestParameters",
    "requestTemplates",
    "resource_id",
    "responseTransferMode",
    "restapi_id",
    "timeoutInMillis",
    "tlsConfig",
    "type",
    "uri",
];

const RESPONSE: &[&str] = &[
    "contentHandling",
    "http_method",
    "resource_id",
    "responseModels",
    "responseParameters",
    "responseTemplates",
    "restapi_id",
    "selectionPattern",
    "status_code",
];

const STAGE: &[&str] = &[
    "cacheClusterEnabled",
    "cacheClusterSize",
    "canarySettings",
    "deploymentId",
    "description",
    "documentationVersion",
    "restapi_id",
    "stageName",
    "tags",
    "tracingEnabled",
    "variables",
];

const DOMAIN: &[&str] = &[
    "certificateArn",
    "domainName",
    "endpointAccessMode",
    "endpointConfiguration",
    "policy",
    "regionalCertificateArn",
    "routingMode",
    "securityPolicy",
    "tags",
];

const ACCESS: &[&str] = &[
    "accessAssociationSource",
    "accessAssociationSourceType",
    "domainNameArn",
    "tags",
];

#[cfg(test)]
mod tests;
