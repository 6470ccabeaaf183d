//! The operations, with their routes.

use super::parameters::{
    ACCESS, API, AUTHORIZER, DEPLOYMENT, DOMAIN, INTEGRATION, INTEGRATION_AT,
    INTEGRATION_RESPONSE_AT, METHOD, METHOD_AT, METHOD_CHANGE, PAGE, RESPONSE, RESPONSE_AT,
    RESPONSE_CHANGE, RESPONSE_KEY, STAGE,
};
use super::{
    access, authorizer, deployment, domain, export, gateway_response, import, integration, mapping,
    method, model, resource, response, rest_api, rest_api_update, stage, stage_update, tag,
    validator,
};
use crate::service::{self, Operation, read, write};

/// The operations; of two whose routes fit a request the first one is meant.
pub const OPERATIONS: &[Operation] = &[
    // Their bodies are documents, not parameters: what is in them is not checked here.
    write("ImportRestApi", import::import, &[]).at("POST /restapis?mode=import"),
    write("PutRestApi", import::put, &[]).at("PUT /restapis/{restapi_id}"),
    write("CreateRestApi", rest_api::create, API).at("POST /restapis"),
    read("GetRestApis", rest_api::list, &["limit", "position"]).at("GET /restapis"),
    read("GetRestApi", rest_api::get, &["restapi_id"]).at("GET /restapis/{restapi_id}"),
    write(
        "UpdateRestApi",
        rest_api_update::update,
        &["restapi_id", "patchOperations"],
    )
    .at("PATCH /restapis/{restapi_id}"),
    write("DeleteRestApi", rest_api::delete, &["restapi_id"]).at("DELETE /restapis/{restapi_id}"),
    write(
        "CreateResource",
        resource::create,
        &["restapi_id", "parent_id", "pathPart"],
    )
    .at("POST /restapis/{restapi_id}/resources/{parent_id}"),
    read(
        "GetResources",
        resource::list,
        &["restapi_id", "embed", "limit", "position"],
    )
    .at("GET /restapis/{restapi_id}/resources"),
    read(
        "GetResource",
        resource::get,
        &["restapi_id", "resource_id", "embed"],
    )
    .at("GET /restapis/{restapi_id}/resources/{resource_id}"),
    write(
        "DeleteResource",
        resource::delete,
        &["restapi_id", "resource_id"],
    )
    .at("DELETE /restapis/{restapi_id}/resources/{resource_id}"),
    write("PutMethod", method::put, METHOD).at(METHOD_AT.0),
    read(
        "GetMethod",
        method::get,
        &["restapi_id", "resource_id", "http_method"],
    )
    .at(METHOD_AT.1),
    write(
        "DeleteMethod",
        method::delete,
        &["restapi_id", "resource_id", "http_method"],
    )
    .at(METHOD_AT.2),
    write("PutIntegration", integration::put, INTEGRATION).at(INTEGRATION_AT.0),
    read(
        "GetIntegration",
        integration::get,
        &["restapi_id", "resource_id", "http_method"],
    )
    .at(INTEGRATION_AT.1),
    write(
        "DeleteIntegration",
        integration::delete,
        &["restapi_id", "resource_id", "http_method"],
    )
    .at(INTEGRATION_AT.2),
    write("PutMethodResponse", response::put, RESPONSE).at(RESPONSE_AT.0),
    write(
        "PutIntegrationResponse",
        response::put_integration,
        RESPONSE,
    )
    .at(INTEGRATION_RESPONSE_AT.0),
    write(
        "UpdateResource",
        resource::update,
        &["restapi_id", "resource_id", "patchOperations"],
    )
    .at("PATCH /restapis/{restapi_id}/resources/{resource_id}"),
    write("UpdateMethod", method::update, METHOD_CHANGE).at(METHOD_AT.3),
    write("UpdateIntegration", integration::update, METHOD_CHANGE).at(INTEGRATION_AT.3),
    read("GetMethodResponse", response::get, RESPONSE_KEY).at(RESPONSE_AT.1),
    write("UpdateMethodResponse", response::update, RESPONSE_CHANGE).at(RESPONSE_AT.2),
    write("DeleteMethodResponse", response::delete, RESPONSE_KEY).at(RESPONSE_AT.3),
    read(
        "GetIntegrationResponse",
        response::get_integration,
        RESPONSE_KEY,
    )
    .at(INTEGRATION_RESPONSE_AT.1),
    write(
        "UpdateIntegrationResponse",
        response::update_integration,
        RESPONSE_CHANGE,
    )
    .at(INTEGRATION_RESPONSE_AT.2),
    write(
        "DeleteIntegrationResponse",
        response::delete_integration,
        RESPONSE_KEY,
    )
    .at(INTEGRATION_RESPONSE_AT.3),
    write("CreateAuthorizer", authorizer::create, AUTHORIZER)
        .at("POST /restapis/{restapi_id}/authorizers"),
    read("GetAuthorizers", authorizer::list, PAGE).at("GET /restapis/{restapi_id}/authorizers"),
    read(
        "GetAuthorizer",
        authorizer::get,
        &["restapi_id", "authorizer_id"],
    )
    .at("GET /restapis/{restapi_id}/authorizers/{authorizer_id}"),
    write(
        "UpdateAuthorizer",
        authorizer::update,
        &["restapi_id", "authorizer_id", "patchOperations"],
    )
    .at("PATCH /restapis/{restapi_id}/authorizers/{authorizer_id}"),
    write(
        "DeleteAuthorizer",
        authorizer::delete,
        &["restapi_id", "authorizer_id"],
    )
    .at("DELETE /restapis/{restapi_id}/authorizers/{authorizer_id}"),
    write(
        "CreateModel",
        model::create,
        &["restapi_id", "name", "description", "schema", "contentType"],
    )
    .at("POST /restapis/{restapi_id}/models"),
    read("GetModels", model::list, PAGE).at("GET /restapis/{restapi_id}/models"),
    read(
        "GetModel",
        model::get,
        &["restapi_id", "model_name", "flatten"],
    )
    .at("GET /restapis/{restapi_id}/models/{model_name}"),
    write(
        "UpdateModel",
        model::update,
        &["restapi_id", "model_name", "patchOperations"],
    )
    .at("PATCH /restapis/{restapi_id}/models/{model_name}"),
    write("DeleteModel", model::delete, &["restapi_id", "model_name"])
        .at("DELETE /restapis/{restapi_id}/models/{model_name}"),
    write(
        "CreateRequestValidator",
        validator::create,
        &[
            "restapi_id",
            "name",
            "validateRequestBody",
            "validateRequestParameters",
        ],
    )
    .at("POST /restapis/{restapi_id}/requestvalidators"),
    read("GetRequestValidators", validator::list, PAGE)
        .at("GET /restapis/{restapi_id}/requestvalidators"),
    read(
        "GetRequestValidator",
        validator::get,
        &["restapi_id", "requestvalidator_id"],
    )
    .at("GET /restapis/{restapi_id}/requestvalidators/{requestvalidator_id}"),
    write(
        "UpdateRequestValidator",
        validator::update,
        &["restapi_id", "requestvalidator_id", "patchOperations"],
    )
    .at("PATCH /restapis/{restapi_id}/requestvalidators/{requestvalidator_id}"),
    write(
        "DeleteRequestValidator",
        validator::delete,
        &["restapi_id", "requestvalidator_id"],
    )
    .at("DELETE /restapis/{restapi_id}/requestvalidators/{requestvalidator_id}"),
    write(
        "PutGatewayResponse",
        gateway_response::put,
        &[
            "restapi_id",
            "response_type",
            "statusCode",
            "responseParameters",
            "responseTemplates",
        ],
    )
    .at("PUT /restapis/{restapi_id}/gatewayresponses/{response_type}"),
    read("GetGatewayResponses", gateway_response::list, PAGE)
        .at("GET /restapis/{restapi_id}/gatewayresponses"),
    read(
        "GetGatewayResponse",
        gateway_response::get,
        &["restapi_id", "response_type"],
    )
    .at("GET /restapis/{restapi_id}/gatewayresponses/{response_type}"),
    write(
        "UpdateGatewayResponse",
        gateway_response::update,
        &["restapi_id", "response_type", "patchOperations"],
    )
    .at("PATCH /restapis/{restapi_id}/gatewayresponses/{response_type}"),
    write(
        "DeleteGatewayResponse",
        gateway_response::delete,
        &["restapi_id", "response_type"],
    )
    .at("DELETE /restapis/{restapi_id}/gatewayresponses/{response_type}"),
    read(
        "GetExport",
        export::get,
        &[
            "restapi_id",
            "stage_name",
            "export_type",
            "extensions",
            service::ACCEPT,
        ],
    )
    .at("GET /restapis/{restapi_id}/stages/{stage_name}/exports/{export_type}"),
    write(
        "UpdateDeployment",
        deployment::update,
        &["restapi_id", "deployment_id", "patchOperations"],
    )
    .at("PATCH /restapis/{restapi_id}/deployments/{deployment_id}"),
    write("CreateDeployment", deployment::create, DEPLOYMENT)
        .at("POST /restapis/{restapi_id}/deployments"),
    read(
        "GetDeployments",
        deployment::list,
        &["restapi_id", "limit", "position"],
    )
    .at("GET /restapis/{restapi_id}/deployments"),
    read(
        "GetDeployment",
        deployment::get,
        &["restapi_id", "deployment_id", "embed"],
    )
    .at("GET /restapis/{restapi_id}/deployments/{deployment_id}"),
    write(
        "DeleteDeployment",
        deployment::delete,
        &["restapi_id", "deployment_id"],
    )
    .at("DELETE /restapis/{restapi_id}/deployments/{deployment_id}"),
    write("CreateStage", stage::create, STAGE).at("POST /restapis/{restapi_id}/stages"),
    read("GetStages", stage::list, &["restapi_id", "deploymentId"])
        .at("GET /restapis/{restapi_id}/stages"),
    read("GetStage", stage::get, &["restapi_id", "stage_name"])
        .at("GET /restapis/{restapi_id}/stages/{stage_name}"),
    write(
        "UpdateStage",
        stage_update::update,
        &["restapi_id", "stage_name", "patchOperations"],
    )
    .at("PATCH /restapis/{restapi_id}/stages/{stage_name}"),
    write("DeleteStage", stage::delete, &["restapi_id", "stage_name"])
        .at("DELETE /restapis/{restapi_id}/stages/{stage_name}"),
    write("CreateDomainName", domain::create, DOMAIN).at("POST /domainnames"),
    read(
        "GetDomainNames",
        domain::list,
        &["limit", "position", "resourceOwner"],
    )
    .at("GET /domainnames"),
    read(
        "GetDomainName",
        domain::get,
        &["domain_name", "domainNameId"],
    )
    .at("GET /domainnames/{domain_name}"),
    write(
        "UpdateDomainName",
        domain::update,
        &["domain_name", "domainNameId", "patchOperations"],
    )
    .at("PATCH /domainnames/{domain_name}"),
    write(
        "DeleteDomainName",
        domain::delete,
        &["domain_name", "domainNameId"],
    )
    .at("DELETE /domainnames/{domain_name}"),
    write(
        "CreateBasePathMapping",
        mapping::create,
        &[
            "domain_name",
            "domainNameId",
            "basePath",
            "restApiId",
            "stage",
        ],
    )
    .at("POST /domainnames/{domain_name}/basepathmappings"),
    read(
        "GetBasePathMappings",
        mapping::list,
        &["domain_name", "domainNameId", "limit", "position"],
    )
    .at("GET /domainnames/{domain_name}/basepathmappings"),
    read(
        "GetBasePathMapping",
        mapping::get,
        &["domain_name", "domainNameId", "base_path"],
    )
    .at("GET /domainnames/{domain_name}/basepathmappings/{base_path}"),
    write(
        "UpdateBasePathMapping",
        mapping::update,
        &[
            "domain_name",
            "domainNameId",
            "base_path",
            "patchOperations",
        ],
    )
    .at("PATCH /domainnames/{domain_name}/basepathmappings/{base_path}"),
    write(
        "DeleteBasePathMapping",
        mapping::delete,
        &["domain_name", "domainNameId", "base_path"],
    )
    .at("DELETE /domainnames/{domain_name}/basepathmappings/{base_path}"),
    write("CreateDomainNameAccessAssociation", access::create, ACCESS)
        .at("POST /domainnameaccessassociations"),
    read(
        "GetDomainNameAccessAssociations",
        access::list,
        &["limit", "position", "resourceOwner"],
    )
    .at("GET /domainnameaccessassociations"),
    write(
        "DeleteDomainNameAccessAssociation",
        access::delete,
        &["arn"],
    )
    .at("DELETE /domainnameaccessassociations/{arn+}"),
    write("TagResource", tag::tag, &["resource_arn", "tags"]).at("PUT /tags/{resource_arn+}"),
    write("UntagResource", tag::untag, &["resource_arn", "tagKeys"])
        .at("DELETE /tags/{resource_arn+}"),
    read("GetTags", tag::get, &["resource_arn", "limit", "position"])
        .at("GET /tags/{resource_arn+}"),
    read("GetAccount", rest_api::account, &[]).at("GET /account"),
];
