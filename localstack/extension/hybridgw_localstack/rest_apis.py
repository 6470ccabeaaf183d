"""API Gateway: REST APIs, their policies, deployments and tags.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRestApi.html and its neighbours,
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html
"""

import io
import json

from localstack.services.apigateway.helpers import get_apigateway_store, get_moto_rest_api
from localstack.services.apigateway.legacy.provider import remove_empty_attributes_from_rest_api
from localstack.utils.json import parse_json_or_yaml

from .corrections import Call, corrects, refuse


def _bad_request(message: str):
    return refuse("BadRequestException", message)


def _expand_policy(call: Call, api) -> None:
    """AWS reads ``execute-api:/*`` back as a full ARN of this API."""
    if not api.policy:
        return
    try:
        document = json.loads(api.policy)
    except ValueError:
        raise _bad_request("Invalid policy document. Please check the policy syntax.") from None
    prefix = f"arn:aws:execute-api:{call.region}:{call.account}:{api.id}/"
    statements = document.get("Statement") or []
    for statement in statements if isinstance(statements, list) else [statements]:
        resources = statement.get("Resource")
        if isinstance(resources, str):
            statement["Resource"] = _expanded(resources, prefix)
        elif isinstance(resources, list):
            statement["Resource"] = [_expanded(resource, prefix) for resource in resources]
    api.policy = json.dumps(document, separators=(",", ":"))


def _expanded(resource: str, prefix: str) -> str:
    return prefix + resource.removeprefix("execute-api:/") if resource.startswith("execute-api:/") else resource


def _describe(call: Call, api) -> dict:
    """The API as GetRestApi shows it; also what the next deployment will freeze."""
    shown = remove_empty_attributes_from_rest_api(api.to_dict(), remove_tags=False)
    get_apigateway_store(context=call.context).rest_apis[api.id].rest_api = shown
    return dict(shown)


@corrects("apigateway", "CreateRestApi")
def create(call: Call) -> dict:
    if call.request.get("policy"):
        try:
            json.loads(call.request["policy"])
        except ValueError:
            raise _bad_request("Invalid policy document. Please check the policy syntax.") from None
    api = get_moto_rest_api(call.context, call.inner()["id"])
    _expand_policy(call, api)
    return _describe(call, api)


@corrects("apigateway", "UpdateRestApi")
def update(call: Call) -> dict:
    """LocalStack's patch knows no removal of one endpoint id, and keeps what follows ``replace`` as text."""
    api = get_moto_rest_api(call.context, call.request["restApiId"])
    operations, endpoints = [], list((api.endpoint_configuration or {}).get("vpcEndpointIds") or [])
    for operation in call.request.get("patchOperations") or []:
        if operation["path"] != "/endpointConfiguration/vpcEndpointIds":
            operations.append(operation)
        elif operation["op"] == "remove":
            endpoints = [e for e in endpoints if operation.get("value") not in (None, "", e)]
        else:
            endpoints += [e for e in [operation["value"]] if e not in endpoints]
    call.request["patchOperations"] = operations
    if operations:
        call.inner()
    if endpoints != list((api.endpoint_configuration or {}).get("vpcEndpointIds") or []):
        api.endpoint_configuration = {**api.endpoint_configuration, "vpcEndpointIds": endpoints}
    _expand_policy(call, api)
    return _describe(call, api)


@corrects("apigateway", "PutRestApi")
def put(call: Call) -> dict:
    """``overwrite`` takes everything from the body: what it leaves out is gone.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api-update.html
    """
    body = call.request["body"].read()
    call.request["body"] = io.BytesIO(body)
    api = get_moto_rest_api(call.context, call.request["restApiId"])
    configuration = dict(api.endpoint_configuration or {})
    description = api.description
    answer = call.inner()
    document = parse_json_or_yaml(body.decode())
    information = document.get("info") or {}
    given = document.get("x-amazon-apigateway-endpoint-configuration") or _servers(document)
    if call.request.get("mode") == "overwrite":
        if not document.get("x-amazon-apigateway-policy"):
            api.policy = None
        api.name = information.get("title") or api.name
        configuration["vpcEndpointIds"] = (given or {}).get("vpcEndpointIds") or []
    else:
        # LocalStack takes the description from every body.
        api.description = information.get("description") or description
        if given:
            configuration |= given
    # LocalStack puts the body's part in the place of the whole, and the type goes missing.
    api.endpoint_configuration = {k: v for k, v in configuration.items() if v or k != "vpcEndpointIds"}
    _expand_policy(call, api)
    shown = _describe(call, api)
    return {**shown, **({"warnings": answer["warnings"]} if answer.get("warnings") else {})}


def _servers(document: dict) -> dict | None:
    """OpenAPI 3 has the endpoint configuration in a server object.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-endpoint-configuration.html
    """
    for server in document.get("servers") or []:
        if found := server.get("x-amazon-apigateway-endpoint-configuration"):
            return found
    return None


@corrects("apigateway", "CreateResource")
def create_resource(call: Call) -> dict:
    api = get_moto_rest_api(call.context, call.request["restApiId"])
    for resource in api.resources.values():
        if (resource.parent_id, resource.path_part) == (call.request["parentId"], call.request["pathPart"]):
            raise refuse(
                "ConflictException",
                "Another resource with the same parent already has this name: " + resource.path_part,
                409,
            )
    return call.inner()


@corrects("apigateway", "CreateDeployment")
def deploy(call: Call) -> dict:
    api = get_moto_rest_api(call.context, call.request["restApiId"])
    methods = [method for resource in api.resources.values() for method in resource.resource_methods.values()]
    if not methods:
        raise _bad_request("The REST API doesn't contain any methods")
    if any(method.method_integration is None for method in methods):
        raise _bad_request("No integration defined for method")
    private = "PRIVATE" in ((api.endpoint_configuration or {}).get("types") or [])
    if private and not api.policy:
        raise _bad_request("Private REST API doesn't have a resource policy attached to it")
    return call.inner()


@corrects("apigateway", "DeleteDeployment")
def delete_deployment(call: Call) -> None:
    """LocalStack looks only at the stage that the deployment was made with."""
    api = get_moto_rest_api(call.context, call.request["restApiId"])
    if any(stage.deployment_id == call.request["deploymentId"] for stage in api.stages.values()):
        raise _bad_request("Active stages pointing to this deployment must be moved or deleted")
    return call.inner()


@corrects("apigateway", "DeleteRestApi")
def delete(call: Call) -> None:
    api = get_moto_rest_api(call.context, call.request["restApiId"])
    for mappings in get_apigateway_store(context=call.context).base_path_mappings.values():
        if any(mapping["restApiId"] == api.id for mapping in mappings):
            raise _bad_request(
                "Please remove all base path mappings from your custom domain names that refer to this API"
            )
    get_apigateway_store(context=call.context).TAGS.pop(f"arn:aws:apigateway:{call.region}::/restapis/{api.id}", None)
    return call.inner()


def tagged(call: Call) -> dict:
    """The tags behind an ARN. LocalStack keeps those of TagResource apart from those of the thing itself."""
    parts = call.request["resourceArn"].split("::/", 1)[-1].split("/")
    if parts[0] == "domainnames":
        domain = get_apigateway_store(context=call.context).domain_names.get(parts[1])
        if domain is None:
            raise refuse("NotFoundException", "Invalid domain name identifier specified", 404)
        return domain.setdefault("tags", {})
    owner = get_moto_rest_api(call.context, parts[1]) if parts[0] == "restapis" else None
    if owner is None:
        raise refuse("NotFoundException", "Invalid resource identifier specified", 404)
    if parts[2:3] == ["stages"]:
        owner = owner.stages.get(parts[3])
        if owner is None:
            raise refuse("NotFoundException", "Invalid stage identifier specified", 404)
    owner.tags = owner.tags or {}
    return owner.tags


@corrects("apigateway", "GetTags")
def get_tags(call: Call) -> dict:
    return {"tags": dict(tagged(call))}


@corrects("apigateway", "TagResource")
def tag(call: Call) -> None:
    tagged(call).update(call.request["tags"])


@corrects("apigateway", "UntagResource")
def untag(call: Call) -> None:
    tags = tagged(call)
    for key in call.request["tagKeys"]:
        tags.pop(key, None)
