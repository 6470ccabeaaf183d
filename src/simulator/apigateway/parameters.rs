//! Which parameters the operations take, and where they are.

/// `PUT`, `GET`, `DELETE` and `PATCH` of a method.
pub const METHOD_AT: (&str, &str, &str, &str) = (
    "PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
    "GET /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
    "DELETE /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
    "PATCH /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
);

/// `PUT`, `GET`, `DELETE` and `PATCH` of an integration.
pub const INTEGRATION_AT: (&str, &str, &str, &str) = (
    "PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration",
    "GET /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration",
    "DELETE /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration",
    "PATCH /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration",
);

/// `PUT`, `GET`, `PATCH` and `DELETE` of a method's response.
pub const RESPONSE_AT: (&str, &str, &str, &str) = (
    "PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
    "GET /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
    "PATCH /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
    "DELETE /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
);

/// `PUT`, `GET`, `PATCH` and `DELETE` of an integration's response.
pub const INTEGRATION_RESPONSE_AT: (&str, &str, &str, &str) = (
    "PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
    "GET /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
    "PATCH /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
    "DELETE /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
);

/// What changes of a method and of an integration take.
pub const METHOD_CHANGE: &[&str] = &[
    "restapi_id",
    "resource_id",
    "http_method",
    "patchOperations",
];

/// What names a response.
pub const RESPONSE_KEY: &[&str] = &["restapi_id", "resource_id", "http_method", "status_code"];

/// What changes of a response take.
pub const RESPONSE_CHANGE: &[&str] = &[
    "restapi_id",
    "resource_id",
    "http_method",
    "status_code",
    "patchOperations",
];

/// What lists of an API's parts take.
pub const PAGE: &[&str] = &["restapi_id", "limit", "position"];

/// What `CreateAuthorizer` takes.
pub const AUTHORIZER: &[&str] = &[
    "authType",
    "authorizerCredentials",
    "authorizerResultTtlInSeconds",
    "authorizerUri",
    "identitySource",
    "identityValidationExpression",
    "jwtConfiguration",
    "name",
    "providerARNs",
    "restapi_id",
    "type",
];

/// What `CreateDeployment` takes.
pub const DEPLOYMENT: &[&str] = &[
    "cacheClusterEnabled",
    "cacheClusterSize",
    "canarySettings",
    "description",
    "restapi_id",
    "stageDescription",
    "stageName",
    "tracingEnabled",
    "variables",
];

/// What `CreateRestApi` takes.
pub const API: &[&str] = &[
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

/// What `PutMethod` takes.
pub const METHOD: &[&str] = &[
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

/// What `PutIntegration` takes.
pub const INTEGRATION: &[&str] = &[
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

/// What `PutMethodResponse` and `PutIntegrationResponse` take.
pub const RESPONSE: &[&str] = &[
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

/// What `CreateStage` takes.
pub const STAGE: &[&str] = &[
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

/// What `CreateDomainName` takes.
pub const DOMAIN: &[&str] = &[
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

/// What `CreateDomainNameAccessAssociation` takes.
pub const ACCESS: &[&str] = &[
    "accessAssociationSource",
    "accessAssociationSourceType",
    "domainNameArn",
    "tags",
];
