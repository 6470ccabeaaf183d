#!/usr/bin/env python3
"""Drives the served account's API Gateway by boto3.

    boto3_apigateway.py http://127.0.0.1:4567
"""
import datetime
import json

from boto3_common import ACCOUNT, CERTIFICATE, KEY, REGION, admin, begin, check, client, end, refused, skip, status

begin()
gateway, ec2 = client("apigateway"), client("ec2")

# --- a network with an endpoint ------------------------------------------------
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=REGION + "a")["Subnet"]["SubnetId"]


def endpoint(service):
    made = ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.{service}", SubnetIds=[subnet], PrivateDnsEnabled=False)
    return made["VpcEndpoint"]["VpcEndpointId"]


one, two, s3 = endpoint("execute-api"), endpoint("execute-api"), endpoint("s3")
NOBODY = "vpce-0123456789abcdef0"


def policy(vpce):
    allow = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    deny = dict(allow, Effect="Deny", Condition={"StringNotEquals": {"aws:SourceVpce": vpce}})
    return json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]})


def private(*endpoints):
    return {"types": ["PRIVATE"], "vpcEndpointIds": list(endpoints)}


# --- APIs ------------------------------------------------------------------------
refused("BadRequestException", gateway.create_rest_api, name="x", endpointConfiguration=private(NOBODY))
refused("BadRequestException", gateway.create_rest_api, name="x", endpointConfiguration=private(s3))
refused("BadRequestException", gateway.create_rest_api, words="PRIVATE apis", name="x", endpointConfiguration={"types": ["REGIONAL"], "vpcEndpointIds": [one]})
refused("BadRequestException", gateway.create_rest_api, name="x", policy="{}")
refused("BadRequestException", gateway.create_rest_api, name="x", tags={"aws:x": "y"})
refused("BadRequestException", gateway.create_rest_api, name="x", tags={f"k{n}": "v" for n in range(51)})
made = status(gateway.create_rest_api(name="orders", description="d", policy=policy(one), endpointConfiguration=private(one), tags={"hybridgw:stack": "orders"}), 201)
api = made["id"]
check(len(api) == 10 and made["tags"] == {"hybridgw:stack": "orders"}, made)
check(isinstance(made["createdDate"], datetime.datetime) and made["createdDate"].year == 2026, made)
check(made["endpointConfiguration"] == {"types": ["PRIVATE"], "ipAddressType": "dualstack", "vpcEndpointIds": [one]}, made)
arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*"
check('\\"' in made["policy"], made["policy"])
read = json.loads(json.loads(f'"{made["policy"]}"'))
check([s["Resource"] for s in read["Statement"]] == [arn, arn], read)
twin = gateway.create_rest_api(name="orders")["id"]
check(twin != api, "names are not unique")
check(gateway.get_rest_api(restApiId=twin)["endpointConfiguration"]["types"] == ["EDGE"], "EDGE unless told")
admin("PUT", "conditions", {"quotas": False, "page": 1})
pages = list(gateway.get_paginator("get_rest_apis").paginate())
check(len(pages) == 2 and {p["items"][0]["id"] for p in pages} == {api, twin}, pages)
admin("PUT", "conditions", {"quotas": False})
refused("BadRequestException", gateway.get_rest_apis, limit=501)
refused("BadRequestException", gateway.get_rest_apis, position="made up")
refused("NotFoundException", gateway.get_rest_api, 404, f"Invalid API identifier specified {ACCOUNT}:nothing", restApiId="nothing")
status(gateway.delete_rest_api(restApiId=twin), 202)
refused("NotFoundException", gateway.delete_rest_api, restApiId=twin)


def patch(op, path, value=None):
    return [{"op": op, "path": path, "value": value} if value is not None else {"op": op, "path": path}]


def update(op, path, value=None):
    return gateway.update_rest_api(restApiId=api, patchOperations=patch(op, path, value))


ASSOCIATION = "/endpointConfiguration/vpcEndpointIds"
check(update("replace", "/name", "orders-2")["name"] == "orders-2")
check(update("replace", "/description", "e")["description"] == "e")
check(update("replace", "/disableExecuteApiEndpoint", "true")["disableExecuteApiEndpoint"] is True)
update("replace", "/disableExecuteApiEndpoint", "false")
check(update("add", ASSOCIATION, two)["endpointConfiguration"]["vpcEndpointIds"] == [one, two])
check(update("remove", ASSOCIATION, two)["endpointConfiguration"]["vpcEndpointIds"] == [one])
check(two in json.dumps(update("replace", "/policy", policy(two))["policy"]))
for op, path, value in [("add", ASSOCIATION, NOBODY), ("remove", ASSOCIATION, two), ("replace", ASSOCIATION, two), ("replace", "/id", "x"), ("replace", "/policy", "x"), ("add", "/name", "x")]:
    refused("BadRequestException", update, op=op, path=path, value=value)

# --- resources and methods by hand -----------------------------------------------
root = made["rootResourceId"]
v1 = status(gateway.create_resource(restApiId=api, parentId=root, pathPart="v1"), 201)
check((v1["path"], v1["pathPart"], v1["parentId"]) == ("/v1", "v1", root), v1)
refused("ConflictException", gateway.create_resource, 409, restApiId=api, parentId=root, pathPart="v1")
refused("BadRequestException", gateway.create_resource, restApiId=api, parentId=root, pathPart="a b")
refused("NotFoundException", gateway.create_resource, restApiId=api, parentId="nothing", pathPart="x")
proxy = gateway.create_resource(restApiId=api, parentId=v1["id"], pathPart="{proxy+}")["id"]
refused("BadRequestException", gateway.create_resource, words="A sibling ({proxy+})", restApiId=api, parentId=v1["id"], pathPart="{id}")
refused("BadRequestException", gateway.create_resource, restApiId=api, parentId=proxy, pathPart="x")
refused("BadRequestException", gateway.create_deployment, words="doesn't contain any methods", restApiId=api)
place = dict(restApiId=api, resourceId=proxy, httpMethod="ANY")
status(gateway.put_method(**place, authorizationType="NONE"), 201)
refused("ConflictException", gateway.put_method, 409, **place, authorizationType="NONE")
refused("BadRequestException", gateway.create_deployment, words="No integration", restApiId=api)
refused("BadRequestException", gateway.put_integration, **place, type="AWS_PROXY", integrationHttpMethod="POST", uri="x")
refused("NotFoundException", gateway.put_integration_response, **place, statusCode="200")
status(gateway.put_integration(**place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}), 201)
status(gateway.put_integration_response(**place, statusCode="200"), 201)
status(gateway.put_method_response(**place, statusCode="200"), 201)
status(gateway.put_integration_response(**place, statusCode="200", responseTemplates={"application/json": "{}"}), 201)
method = gateway.get_method(**place)
check(method["methodIntegration"]["type"] == "MOCK" and method["methodIntegration"]["integrationResponses"]["200"]["statusCode"] == "200", method)
check(gateway.get_integration(**place)["timeoutInMillis"] == 29000)
items = gateway.get_resources(restApiId=api, embed=["methods"])["items"]
check({i["path"] for i in items} == {"/", "/v1", "/v1/{proxy+}"}, items)
check([i["resourceMethods"]["ANY"]["authorizationType"] for i in items if "resourceMethods" in i] == ["NONE"], items)
check(gateway.get_resources(restApiId=api)["items"] and gateway.get_resource(restApiId=api, resourceId=proxy)["resourceMethods"] == {"ANY": {}})

# --- a body ----------------------------------------------------------------------
function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"
uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"


def body(**extra):
    proxy = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}
    document = {
        "openapi": "3.0.1",
        "info": {"title": "orders", "description": "hybridgw body 1", "version": "1"},
        "paths": {"/orders/{id}": {"get": {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": proxy}}, "/": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": proxy}}},
    }
    document.update(extra)
    return json.dumps(document).encode()


servers = [{"url": "/", "x-amazon-apigateway-endpoint-configuration": {"vpcEndpointIds": [one], "disableExecuteApiEndpoint": False}}]
whole = body(**{"x-amazon-apigateway-policy": json.loads(policy(one)), "servers": servers})
merged = gateway.put_rest_api(restApiId=api, mode="merge", body=body())
check(merged["policy"] and merged["endpointConfiguration"]["vpcEndpointIds"] == [one], "merge keeps what the body does not name")
check({i["path"] for i in gateway.get_resources(restApiId=api)["items"]} == {"/", "/v1", "/v1/{proxy+}", "/orders", "/orders/{id}"}, "merge takes no path away")
dropped = gateway.put_rest_api(restApiId=api, mode="overwrite", body=body())
check("policy" not in dropped and "vpcEndpointIds" not in dropped["endpointConfiguration"], dropped)
refused("BadRequestException", gateway.create_deployment, words="resource policy", restApiId=api)
put = status(gateway.put_rest_api(restApiId=api, mode="overwrite", failOnWarnings=True, body=whole), 200)
check((put["name"], put["description"], put["tags"]) == ("orders", "hybridgw body 1", {"hybridgw:stack": "orders"}), put)
check(put["endpointConfiguration"]["vpcEndpointIds"] == [one] and put["rootResourceId"] == root, put)
items = gateway.get_resources(restApiId=api, embed=["methods"])["items"]
found = {(i["path"], verb): m["methodIntegration"] for i in items for verb, m in i.get("resourceMethods", {}).items()}
check({key: one["type"] for key, one in found.items()} == {("/", "ANY"): "AWS_PROXY", ("/orders/{id}", "GET"): "AWS_PROXY"}, found)
check(found["/", "ANY"]["uri"] == uri and found["/", "ANY"]["httpMethod"] == "POST", found)
dangling = body(paths={"/": {"get": {"responses": {"200": {"$ref": "#/components/nothing"}}, "x-amazon-apigateway-integration": {"type": "mock"}}}})
refused("BadRequestException", gateway.put_rest_api, words="Warnings found", restApiId=api, mode="overwrite", failOnWarnings=True, body=dangling)
refused("BadRequestException", gateway.put_rest_api, restApiId=api, mode="overwrite", body=b"no json")
refused("BadRequestException", gateway.put_rest_api, restApiId=api, body=json.dumps({"openapi": "4.0"}).encode())
refused("BadRequestException", gateway.put_rest_api, words="Errors found", restApiId=api, body=body(paths={"/": {"get": {"x-amazon-apigateway-integration": {"type": "aws", "httpMethod": "POST", "uri": "x"}}}}))
check(len(gateway.get_resources(restApiId=api)["items"]) == 3, "a refused body changes nothing")
swagger = json.dumps({"swagger": "2.0", "info": {"title": "imported", "version": "1"}, "paths": {"/": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}, "x-amazon-apigateway-endpoint-configuration": {"vpcEndpointIds": [one]}})
refused("BadRequestException", gateway.import_rest_api, body=swagger.encode())
imported = status(gateway.import_rest_api(parameters={"endpointConfigurationTypes": "PRIVATE"}, body=swagger.encode()), 201)
check((imported["name"], imported["endpointConfiguration"]["vpcEndpointIds"]) == ("imported", [one]), imported)
status(gateway.delete_rest_api(restApiId=imported["id"]), 202)

# --- what methods refer to ---------------------------------------------------------
twin = gateway.create_rest_api(name="parts")
check("tags" not in twin and gateway.get_rest_api(restApiId=twin["id"])["tags"] == {}, twin)
own = dict(restApiId=twin["id"])
check({m["name"] for m in gateway.get_models(**own)["items"]} == {"Empty", "Error"}, "a new API has two models")
model = status(gateway.create_model(**own, name="Pet", contentType="application/json", schema="{}"), 201)
check(gateway.get_model(**own, modelName="Pet")["id"] == model["id"], model)
refused("ConflictException", gateway.create_model, 409, **own, name="Pet", contentType="application/json", schema="{}")
validator = status(gateway.create_request_validator(**own, name="v", validateRequestBody=True), 201)["id"]
check(gateway.get_request_validators(**own)["items"][0]["validateRequestParameters"] is False)
authorizer = status(gateway.create_authorizer(**own, name="a", type="TOKEN", authorizerUri=uri, identitySource="method.request.header.Auth"), 201)
check(authorizer["authType"] == "custom" and gateway.get_authorizers(**own)["items"][0]["id"] == authorizer["id"], authorizer)
here = dict(own, resourceId=twin["rootResourceId"], httpMethod="GET")
refused("BadRequestException", gateway.put_method, words="requires a valid authorizer", **here, authorizationType="CUSTOM")
put = gateway.put_method(**here, authorizationType="CUSTOM", authorizerId=authorizer["id"], requestValidatorId=validator, requestModels={"application/json": "Pet"})
check(put["authorizerId"] == authorizer["id"] and put["requestModels"] == {"application/json": "Pet"}, put)
refused("ConflictException", gateway.delete_model, 409, "is referenced in method request: //GET", **own, modelName="Pet")
changed = gateway.update_method(**here, patchOperations=patch("replace", "/authorizationType", "NONE"))
check(changed["authorizationType"] == "NONE" and "authorizerId" not in changed, changed)
gateway.put_integration(**here, type="HTTP", integrationHttpMethod="GET", uri="http://example.com")
changed = gateway.update_integration(**here, patchOperations=patch("replace", "/timeoutInMillis", "1000"))
check((changed["timeoutInMillis"], changed["connectionType"]) == (1000, "INTERNET"), changed)
responses = gateway.get_gateway_responses(**own)["items"]
check(len(responses) == 21 and all(one["defaultResponse"] for one in responses), responses)
status(gateway.put_gateway_response(**own, responseType="UNAUTHORIZED", statusCode="418"), 201)
check(gateway.get_gateway_response(**own, responseType="UNAUTHORIZED")["statusCode"] == "418")
gateway.create_deployment(**own, stageName="live")
export = gateway.get_export(**own, stageName="live", exportType="oas30", parameters={"extensions": "apigateway"})
check(export["contentDisposition"].startswith('attachment; filename="oas30_'), export)
check(json.loads(export["body"].read())["paths"]["/"]["get"]["x-amazon-apigateway-integration"]["timeoutInMillis"] == 1000)
gateway.delete_rest_api(**own)

# --- deployments and stages --------------------------------------------------------
first = status(gateway.create_deployment(restApiId=api, description="hybridgw 1"), 201)["id"]
skip(5)
second = gateway.create_deployment(restApiId=api, description="hybridgw 2")["id"]
items = gateway.get_deployments(restApiId=api, limit=500)["items"]
check({i["description"] for i in items} == {"hybridgw 1", "hybridgw 2"} and first != second, items)
summary = gateway.get_deployment(restApiId=api, deploymentId=first, embed=["apisummary"])["apiSummary"]
check(summary["/"]["ANY"] == {"authorizationType": "NONE", "apiKeyRequired": False}, summary)
stage = status(gateway.create_stage(restApiId=api, stageName="live", deploymentId=first, tags={"a": "b"}), 201)
check((stage["deploymentId"], stage["tags"]) == (first, {"a": "b"}), stage)
refused("ConflictException", gateway.create_stage, 409, restApiId=api, stageName="live", deploymentId=first)
refused("BadRequestException", gateway.create_stage, restApiId=api, stageName="a b", deploymentId=first)
refused("BadRequestException", gateway.create_stage, restApiId=api, stageName="x", deploymentId="nothing")
refused("BadRequestException", gateway.delete_deployment, words="Active stages", restApiId=api, deploymentId=first)
moved = gateway.update_stage(restApiId=api, stageName="live", patchOperations=patch("replace", "/deploymentId", second) + patch("replace", "/variables/v", "1"))
check((moved["deploymentId"], moved["variables"]) == (second, {"v": "1"}), moved)
refused("BadRequestException", gateway.update_stage, restApiId=api, stageName="live", patchOperations=patch("replace", "/deploymentId", "nothing"))
refused("BadRequestException", gateway.update_stage, restApiId=api, stageName="live", patchOperations=patch("replace", "/stageName", "x"))
status(gateway.delete_deployment(restApiId=api, deploymentId=first), 202)
refused("NotFoundException", gateway.get_deployment, restApiId=api, deploymentId=first)
check([s["stageName"] for s in gateway.get_stages(restApiId=api)["item"]] == ["live"])
refused("NotFoundException", gateway.get_stage, 404, restApiId=api, stageName="nothing")
with_stage = gateway.create_deployment(restApiId=api, stageName="other")["id"]
check(gateway.get_stage(restApiId=api, stageName="other")["deploymentId"] == with_stage)

# --- domain names --------------------------------------------------------------------
HOST = "orders.example.com"


def imported(account=ACCOUNT):
    return client("acm", account=account).import_certificate(Certificate=CERTIFICATE.encode(), PrivateKey=KEY.encode())["CertificateArn"]


certificate, newer = imported(), imported()
wanted = dict(domainName=HOST, regionalCertificateArn=certificate, endpointConfiguration={"types": ["REGIONAL"]}, securityPolicy="TLS_1_2", tags={"hybridgw:stack": "orders"})
refused("BadRequestException", gateway.create_domain_name, words=f"Certificate must be in '{REGION}'", **dict(wanted, regionalCertificateArn=certificate.replace(REGION, "us-east-1")))
refused("BadRequestException", gateway.create_domain_name, words="owned by the account", **dict(wanted, regionalCertificateArn=certificate.replace(ACCOUNT, "444455556666")))
refused("BadRequestException", gateway.create_domain_name, **dict(wanted, domainName="no name"))
refused("BadRequestException", gateway.create_domain_name, **dict(wanted, securityPolicy="TLS_1_2", endpointAccessMode="STRICT"))
refused("BadRequestException", gateway.create_domain_name, words="EDGE while REGIONAL", **dict(wanted, certificateArn=certificate))
domain = status(gateway.create_domain_name(**wanted), 201)
check(domain["regionalDomainName"].startswith("d-") and domain["regionalHostedZoneId"] == "Z1U9ULNL0V5AJ3", domain)
check((domain["domainNameStatus"], domain["tags"], domain["securityPolicy"]) == ("UPDATING", {"hybridgw:stack": "orders"}, "TLS_1_2"), domain)
refused("BadRequestException", gateway.create_domain_name, words="The domain name you provided already exists.", **wanted)
refused("BadRequestException", client("apigateway", account="444455556666").create_domain_name, words="already exists", **dict(wanted, regionalCertificateArn=imported("444455556666")))
change = dict(domainName=HOST, patchOperations=patch("replace", "/regionalCertificateArn", newer))
refused("ConflictException", gateway.update_domain_name, **change)
skip(10)
check(gateway.get_domain_name(domainName=HOST)["domainNameStatus"] == "AVAILABLE")
check(gateway.update_domain_name(**change)["domainNameStatus"] == "UPDATING")
skip(61)
check([(d["domainNameStatus"], d["regionalCertificateArn"]) for d in gateway.get_domain_names(limit=500)["items"]] == [("AVAILABLE", newer)])
refused("BadRequestException", gateway.update_domain_name, domainName=HOST, patchOperations=patch("replace", "/endpointConfiguration/types/REGIONAL", "PRIVATE"))
refused("NotFoundException", gateway.get_domain_name, 404, "Invalid domain name identifier", domainName="other.example.com")

# --- mappings ------------------------------------------------------------------------
mapping = dict(domainName=HOST, basePath="orders", restApiId=api, stage="live")
refused("BadRequestException", gateway.create_base_path_mapping, words="Invalid stage identifier specified", **dict(mapping, stage="nothing"))
refused("BadRequestException", gateway.create_base_path_mapping, **dict(mapping, restApiId="nothing"))
refused("BadRequestException", gateway.create_base_path_mapping, words="use API Gateway V2", **dict(mapping, basePath="orders/v1"))
refused("NotFoundException", gateway.create_base_path_mapping, **dict(mapping, domainName="other.example.com"))
check(status(gateway.create_base_path_mapping(**mapping), 201)["basePath"] == "orders")
refused("ConflictException", gateway.create_base_path_mapping, 409, "Base path already exists for this domain name", **mapping)
check(gateway.create_base_path_mapping(**dict(mapping, basePath=""))["basePath"] == "(none)")
refused("ConflictException", gateway.create_base_path_mapping, 409, **dict(mapping, basePath="(none)"))
check(gateway.get_base_path_mapping(domainName=HOST, basePath="(none)")["stage"] == "live")
check({m["basePath"] for m in gateway.get_base_path_mappings(domainName=HOST)["items"]} == {"(none)", "orders"})
moved = gateway.update_base_path_mapping(domainName=HOST, basePath="orders", patchOperations=patch("replace", "/stage", "other") + patch("replace", "/restapiId", api))
check(moved == dict(moved, basePath="orders", stage="other", restApiId=api), moved)
refused("BadRequestException", gateway.update_base_path_mapping, domainName=HOST, basePath="orders", patchOperations=patch("replace", "/stage", "nothing"))
refused("BadRequestException", gateway.update_base_path_mapping, domainName=HOST, basePath="orders", patchOperations=patch("replace", "/restApiId", api))
refused("NotFoundException", gateway.get_base_path_mapping, 404, domainName=HOST, basePath="nothing")
refused("BadRequestException", gateway.delete_rest_api, words=f"Please remove all base path mappings related to the RestApi in your domains: {HOST}", restApiId=api)
refused("BadRequestException", gateway.delete_stage, restApiId=api, stageName="other")

# --- a private domain name -------------------------------------------------------------
own = dict(domainName="own.example.com", certificateArn=certificate, endpointConfiguration={"types": ["PRIVATE"]}, policy=policy(one))
named = status(gateway.create_domain_name(**own), 201)
also = gateway.create_domain_name(**own)
check(named["domainNameId"] != also["domainNameId"], "private names need not be unique")
check(named["domainNameArn"] == f"arn:aws:apigateway:{REGION}:{ACCOUNT}:/domainnames/own.example.com+{named['domainNameId']}", named)
key = dict(domainName="own.example.com", domainNameId=named["domainNameId"])
refused("NotFoundException", gateway.get_domain_name, domainName="own.example.com")
skip(100)
check(gateway.get_domain_name(**key)["domainNameStatus"] == "UPDATING")
skip(100)
check(gateway.get_domain_name(**key)["domainNameStatus"] == "AVAILABLE")
refused("NotFoundException", gateway.create_base_path_mapping, domainName="own.example.com", restApiId=api, stage="live")
gateway.create_base_path_mapping(**key, restApiId=api, stage="live", basePath="x")
access = dict(domainNameArn=named["domainNameArn"], accessAssociationSourceType="VPCE", accessAssociationSource=one)
joined = status(gateway.create_domain_name_access_association(**access, tags={"a": "b"}), 201)["domainNameAccessAssociationArn"]
refused("ConflictException", gateway.create_domain_name_access_association, **access)
refused("BadRequestException", gateway.create_domain_name_access_association, **dict(access, accessAssociationSource=NOBODY))
refused("BadRequestException", gateway.create_domain_name_access_association, **dict(access, domainNameArn=domain["domainNameArn"]))
check(gateway.get_domain_name_access_associations()["items"][0]["accessAssociationSource"] == one)
check(gateway.get_tags(resourceArn=joined)["tags"] == {"a": "b"})
refused("BadRequestException", gateway.delete_domain_name, **key)
status(gateway.delete_domain_name_access_association(domainNameAccessAssociationArn=joined), 202)
status(gateway.delete_base_path_mapping(**key, basePath="x"), 202)
status(gateway.delete_domain_name(**key), 202)

# --- tags ------------------------------------------------------------------------------
for path in (f"/restapis/{api}", f"/restapis/{api}/stages/live", f"/domainnames/{HOST}"):
    resource = f"arn:aws:apigateway:{REGION}::{path}"
    status(gateway.tag_resource(resourceArn=resource, tags={"x": "y", "z": "z"}), 204)
    status(gateway.untag_resource(resourceArn=resource, tagKeys=["z", "nothing"]), 204)
    tags = gateway.get_tags(resourceArn=resource)["tags"]
    check(tags["x"] == "y" and "z" not in tags, tags)
check(gateway.get_rest_api(restApiId=api)["tags"]["x"] == "y", "tags are inline")
refused("NotFoundException", gateway.get_tags, resourceArn=f"arn:aws:apigateway:{REGION}::/restapis/nothing")
refused("BadRequestException", gateway.get_tags, resourceArn=f"arn:aws:apigateway:{REGION}::/restapis/{api}/deployments/{second}")
check(gateway.get_account()["throttleSettings"]["burstLimit"] == 5000)

# --- the way down ------------------------------------------------------------------------
status(gateway.delete_base_path_mapping(domainName=HOST, basePath="(none)"), 202)
status(gateway.delete_base_path_mapping(domainName=HOST, basePath="orders"), 202)
refused("NotFoundException", gateway.delete_base_path_mapping, domainName=HOST, basePath="orders")
status(gateway.delete_domain_name(domainName=HOST), 202)
refused("NotFoundException", gateway.delete_domain_name, domainName=HOST)
status(gateway.delete_stage(restApiId=api, stageName="other"), 202)
status(gateway.delete_integration(restApiId=api, resourceId=root, httpMethod="ANY"), 204)
status(gateway.delete_method(restApiId=api, resourceId=root, httpMethod="ANY"), 204)
orders = next(i["id"] for i in gateway.get_resources(restApiId=api)["items"] if i["path"] == "/orders")
status(gateway.delete_resource(restApiId=api, resourceId=orders), 202)
check(len(gateway.get_resources(restApiId=api)["items"]) == 1, "what is below goes too")
refused("BadRequestException", gateway.delete_resource, restApiId=api, resourceId=root)
status(gateway.delete_rest_api(restApiId=api), 202)

# --- the fixed limits ----------------------------------------------------------------------
admin("PUT", "conditions", {})
gateway.create_rest_api(name="a")
refused("TooManyRequestsException", gateway.create_rest_api, 429, name="b")
skip(3)
gateway.create_rest_api(name="b")
gateway.create_domain_name(**wanted)
refused("TooManyRequestsException", gateway.create_domain_name, 429, **dict(wanted, domainName="x.example.com"))
skip(30)
gateway.create_domain_name(**dict(wanted, domainName="x.example.com"))
end()
