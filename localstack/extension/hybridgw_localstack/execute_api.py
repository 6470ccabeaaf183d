"""What API Gateway does with a request that came in through an endpoint.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html
"""

from urllib.parse import quote

from localstack.http import Request, Response
from localstack.services.apigateway.models import apigateway_stores
from localstack.services.apigateway.next_gen.execute_api.router import ApiGatewayEndpoint
from moto.apigateway.models import apigateway_backends
from werkzeug.datastructures import Headers

from .policies import allowed, unescaped
from .targets import HEALTH_PATHS

FORBIDDEN = {"message": "Forbidden"}


def invoke(request, facts, front, endpoint, source: str) -> Response:
    """Finds the API as API Gateway does, asks both policies, and calls it."""
    if facts.path in HEALTH_PATHS:
        return Response("healthy", status=200)
    direct = facts.headers.get("x-apigw-api-id")
    if direct:
        # The header beats the Host: this is how one reaches other APIs through somebody's endpoint.
        stage, path = _first(facts.path)
        owner = _owner_of(direct)
    else:
        found = _mapping(facts.host, facts.path, front)
        if found is None:
            return _forbidden("mapping", FORBIDDEN, f"no domain name or mapping for {facts.host}{facts.path}")
        direct, stage, path = found
        owner = _owner_of(direct)
    if owner is None:
        return _forbidden("mapping", FORBIDDEN, f"there is no API {direct}")
    account, region = owner
    resource = f"arn:aws:execute-api:{region}:{account}:{direct}/{stage}/{request.method}/{path.lstrip('/')}"
    facts_for_policies = {"aws:SourceVpce": endpoint.id, "aws:SourceVpc": endpoint.vpc_id, "aws:VpcSourceIp": source}
    if not allowed(endpoint.policy_document, "execute-api:Invoke", resource, facts_for_policies):
        return _forbidden(
            "policy", _denied(resource, "vpc endpoint"), f"the policy of {endpoint.id} does not admit {direct}"
        )
    deployment = _deployment(direct, stage)
    if deployment is None:
        return _forbidden("stage", FORBIDDEN, f"API {direct} has no stage {stage}")
    policy = unescaped((deployment.rest_api.rest_api or {}).get("policy"))
    private = "PRIVATE" in ((deployment.rest_api.rest_api or {}).get("endpointConfiguration") or {}).get("types", [])
    if (policy or private) and not allowed(policy, "execute-api:Invoke", resource, facts_for_policies):
        return _forbidden(
            "policy", _denied(resource, "resource-based"), f"the policy of API {direct} does not admit {endpoint.id}"
        )
    return _call(request, facts, direct, stage, path, source)


def _first(path: str) -> tuple[str, str]:
    head, _, tail = path.lstrip("/").partition("/")
    return head, "/" + tail


def _mapping(host: str, path: str, front) -> tuple[str, str, str] | None:
    """Domain names are unique in a region, whoever owns them; those of the balancer's account go first."""
    stores = sorted(list(apigateway_stores.items()), key=lambda item: item[0] != front.account)
    for _, regions in stores:
        for region, store in list(regions.items()):
            if region == front.region and host in store.domain_names:
                mappings = {m["basePath"]: m for m in store.base_path_mappings.get(host) or []}
                return _resolve(mappings, path)
    return None


def _resolve(mappings: dict[str, dict], path: str) -> tuple[str, str, str] | None:
    """The first segment if it is a base path, which is then taken off; else the empty base path."""
    head, tail = _first(path)
    mapping, rest = (mappings[head], tail) if head in mappings else (mappings.get("(none)"), path)
    if mapping is None:
        return None
    stage = mapping.get("stage")
    if not stage:  # a mapping without a stage takes it from the path
        stage, rest = _first(rest)
    return mapping["restApiId"], stage, rest


def _owner_of(api_id: str) -> tuple[str, str] | None:
    for account, regions in list(apigateway_backends.items()):
        for region, backend in list(regions.items()):
            if api_id in backend.apis:
                return account, region
    return None


def _deployment(api_id: str, stage: str):
    """The API as it was deployed: what has changed since then does not count yet."""
    store = apigateway_stores["000000000000"]["us-east-1"]  # these two are kept across accounts
    deployment_id = store.active_deployments.get(api_id.lower(), {}).get(stage)
    return store.internal_deployments.get(api_id.lower(), {}).get(deployment_id)


def _call(request, facts, api_id: str, stage: str, path: str, source: str) -> Response:
    inner_path = f"/_aws/execute-api/{api_id}/{stage}{quote(path)}"
    own = ("x-hybridgw-", "host")
    headers = [(name, value) for name, value in request.headers.items() if not name.lower().startswith(own)]
    headers += [("Host", facts.host)]
    headers += [("X-Forwarded-For", source), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "443")]
    inner = Request(
        method=request.method,
        path=inner_path,
        query_string=facts.raw_query,
        headers=Headers(headers),
        body=request.get_data(),
        scheme="https",
        remote_addr=source,
        server=(facts.host, 443),
    )
    inner.environ["RAW_URI"] = inner_path + (f"?{facts.raw_query}" if facts.raw_query else "")
    endpoint = ApiGatewayEndpoint(store=apigateway_stores)
    return endpoint(inner, api_id=api_id, stage=stage, path=path.lstrip("/"))


def _denied(resource: str, kind: str) -> dict:
    return {
        "Message": "User: anonymous is not authorized to perform: execute-api:Invoke on resource: "
        f"{resource} with an explicit deny in a {kind} policy"
    }


def _forbidden(hop: str, body: dict, why: str) -> Response:
    response = Response(status=403)
    response.set_json(body)
    # Headers of API Gateway that tell its refusals from a balancer's.
    kind = "ForbiddenException" if body is FORBIDDEN else "AccessDeniedException"
    response.headers.update({"x-amzn-ErrorType": kind, "x-hybridgw-hop": hop, "x-hybridgw-why": why})
    return response
