"""API Gateway: custom domain names and their base path mappings.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDomainName.html,
API_CreateBasePathMapping.html and their neighbours.
"""

import hashlib

from localstack.services.apigateway.helpers import get_apigateway_store, get_moto_rest_api
from moto.acm.models import acm_backends
from moto.apigateway.models import apigateway_backends

from .corrections import Call, corrects, refuse

# https://docs.aws.amazon.com/general/latest/gr/apigateway.html; other regions get an invented one.
HOSTED_ZONES = {
    "eu-central-1": "Z1U9ULNL0V5AJ3",
    "eu-west-1": "ZLY8HYME6SFDD",
    "us-east-1": "Z1UJRXOUMOOFQ8",
    "us-west-2": "Z2OJLYMUO9EFXC",
}


def _store(call: Call):
    return get_apigateway_store(context=call.context)


def _domain(call: Call) -> dict:
    domain = _store(call).domain_names.get(call.request["domainName"])
    if domain is None:
        raise refuse("NotFoundException", "Invalid domain name identifier specified", 404)
    return domain


@corrects("apigateway", "CreateDomainName")
def create(call: Call) -> dict:
    """LocalStack drops the tags and the TLS policy, and shows names and zones of its own."""
    request, name = call.request, call.request["domainName"]
    for key in ("regionalCertificateArn", "certificateArn"):
        if request.get(key) and request[key] not in acm_backends[call.account][call.region]._certificates:
            raise refuse("BadRequestException", f"The provided certificate does not exist: {request[key]}")
    domain = call.inner()
    label = hashlib.sha256(f"{call.account}/{call.region}/{name}".encode()).hexdigest()[:10]
    domain["domainNameArn"] = f"arn:aws:apigateway:{call.region}::/domainnames/{name}"
    domain["regionalDomainName"] = f"d-{label}.execute-api.{call.region}.amazonaws.com"
    domain["regionalHostedZoneId"] = HOSTED_ZONES.get(call.region, "Z2FDTNDATAQYW2")
    domain["securityPolicy"] = request.get("securityPolicy") or "TLS_1_2"
    domain["endpointConfiguration"] = request.get("endpointConfiguration") or {"types": ["EDGE"]}
    domain["tags"] = dict(request.get("tags") or {})
    if request.get("endpointAccessMode"):
        domain["endpointAccessMode"] = request["endpointAccessMode"]
    return domain


@corrects("apigateway", "UpdateDomainName")
def update(call: Call) -> dict:
    """LocalStack passes this on to moto, which does not know the domain."""
    domain = _domain(call)
    for operation in call.request.get("patchOperations") or []:
        key = operation["path"].strip("/")
        known = (
            "securityPolicy",
            "regionalCertificateArn",
            "regionalCertificateName",
            "endpointAccessMode",
            "routingMode",
        )
        if operation["op"] != "replace" or key not in known:
            raise refuse(
                "BadRequestException", f"Invalid patch path '{operation['path']}' specified for op '{operation['op']}'"
            )
        domain[key] = operation["value"]
    return domain


@corrects("apigateway", "DeleteDomainName")
def delete(call: Call) -> None:
    """The mappings go with the domain. LocalStack keeps them, for the next domain of the name."""
    _domain(call)
    _store(call).base_path_mappings.pop(call.request["domainName"], None)
    return call.inner()


@corrects("apigateway", "GetBasePathMappings")
def get_mappings(call: Call) -> dict:
    _domain(call)
    return call.inner()


@corrects("apigateway", "GetBasePathMapping")
def get_mapping(call: Call) -> dict:
    """The same word for a missing mapping as AWS has."""
    _domain(call)
    if not any(m["basePath"] == call.request["basePath"] for m in _mappings(call)):
        raise refuse("NotFoundException", "Invalid base path mapping identifier specified", 404)
    return call.inner()


def _mappings(call: Call) -> list[dict]:
    return _store(call).base_path_mappings.get(call.request["domainName"]) or []


@corrects("apigateway", "CreateBasePathMapping")
def create_mapping(call: Call) -> dict:
    """LocalStack checks neither the domain nor the API nor the stage, and takes a path twice."""
    _domain(call)
    path = call.request.get("basePath") or "(none)"
    _check_target(call, call.request["restApiId"], call.request.get("stage"))
    if any(mapping["basePath"] == path for mapping in _mappings(call)):
        raise refuse("ConflictException", "Base path already exists for this domain name", 409)
    return call.inner()


@corrects("apigateway", "UpdateBasePathMapping")
def update_mapping(call: Call) -> dict:
    _domain(call)
    mapping = next((m for m in _mappings(call) if m["basePath"] == call.request["basePath"]), None)
    if mapping is None:
        raise refuse("NotFoundException", "Invalid base path mapping identifier specified", 404)
    wanted = {
        operation["path"].strip("/").lower(): operation["value"]
        for operation in call.request.get("patchOperations") or []
    }
    _check_target(call, wanted.get("restapiid", mapping["restApiId"]), wanted.get("stage", mapping["stage"]))
    return call.inner()


def _check_target(call: Call, api_id: str, stage: str | None) -> None:
    if api_id not in apigateway_backends[call.account][call.region].apis:
        raise refuse("BadRequestException", "Invalid REST API identifier specified")
    if stage and stage not in get_moto_rest_api(call.context, api_id).stages:
        raise refuse("BadRequestException", "Invalid stage identifier specified")
