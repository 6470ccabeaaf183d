#!/usr/bin/env python3
"""Drives the served account's Lambda by boto3.

    boto3_lambda.py http://127.0.0.1:4567
"""
import json

from boto3_common import ACCOUNT, REGION, admin, begin, check, client, end, refused, skip, status

begin()
functions = client("lambda")
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/orders"
wanted = dict(FunctionName="orders", Runtime="provided.al2023", Handler="bootstrap", Role=ROLE, Code={"ZipFile": b"anything"}, Tags={"a": "b"})
refused("ValidationException", functions.create_function, **dict(wanted, Role="orders"))
refused("InvalidParameterValueException", functions.create_function, **{k: v for k, v in wanted.items() if k != "Handler"})
refused("ValidationException", functions.create_function, **dict(wanted, FunctionName="no name"))
refused("ResourceNotFoundException", functions.get_function, 404, f"Function not found: {ARN}", FunctionName="orders")
made = status(functions.create_function(**wanted), 201)
check((made["FunctionArn"], made["Version"], made["State"], made["Timeout"]) == (ARN, "$LATEST", "Pending", 3), made)
refused("ResourceConflictException", functions.create_function, 409, "Function already exist: orders", **wanted)

for name in ("orders", f"{ACCOUNT}:function:orders", ARN, ARN + ":$LATEST", "orders:$LATEST"):
    check(functions.get_function(FunctionName=name)["Configuration"]["FunctionName"] == "orders", name)
check(functions.get_function(FunctionName="orders")["Tags"] == {"a": "b"})
check(functions.get_function_configuration(FunctionName=ARN)["Role"] == ROLE)
refused("ResourceNotFoundException", functions.get_function, words="not reachable in this region", FunctionName=ARN.replace(REGION, "us-east-1"))
refused("AccessDeniedException", functions.get_function, 403, FunctionName=ARN.replace(ACCOUNT, "444455556666"))
refused("InvalidParameterValueException", functions.get_function, words="derived qualifier", FunctionName="orders:1", Qualifier="2")
refused("ResourceNotFoundException", functions.get_function, FunctionName="orders", Qualifier="7")

# --- settings and revisions ----------------------------------------------------
refused("ResourceConflictException", functions.update_function_configuration, 409, "Pending", FunctionName="orders", Timeout=9)
skip(6)
functions.get_waiter("function_active_v2").wait(FunctionName="orders")
revision = functions.get_function_configuration(FunctionName="orders")["RevisionId"]
check(revision != made["RevisionId"], "being active is a new revision")
refused("PreconditionFailedException", functions.update_function_configuration, 412, FunctionName="orders", Timeout=9, RevisionId=made["RevisionId"])
changed = functions.update_function_configuration(FunctionName="orders", Timeout=9, RevisionId=revision)
check((changed["Timeout"], changed["LastUpdateStatus"]) == (9, "InProgress"), changed)
refused("ResourceConflictException", functions.update_function_configuration, 409, "An update is in progress", FunctionName="orders", Timeout=8)
skip(6)
functions.get_waiter("function_updated_v2").wait(FunctionName="orders")
refused("RequestEntityTooLargeException", functions.create_function, 413, **dict(wanted, FunctionName="large", Code={"ZipFile": b"x" * (17 << 20)}))

# --- versions and aliases ------------------------------------------------------
one = status(functions.publish_version(FunctionName="orders", Description="one"), 201)
check((one["Version"], one["FunctionArn"], one["Description"]) == ("1", ARN + ":1", "one"), one)
check(functions.publish_version(FunctionName="orders")["Version"] == "1", "nothing has changed")
alias = status(functions.create_alias(FunctionName="orders", Name="live", FunctionVersion="1"), 201)
check(alias["AliasArn"] == ARN + ":live", alias)
refused("ResourceConflictException", functions.create_alias, 409, FunctionName="orders", Name="live", FunctionVersion="1")
refused("ResourceNotFoundException", functions.create_alias, FunctionName="orders", Name="x", FunctionVersion="9")
refused("ValidationException", functions.create_alias, FunctionName="orders", Name="12", FunctionVersion="1")
check(functions.get_alias(FunctionName="orders", Name="live")["FunctionVersion"] == "1")
refused("ResourceNotFoundException", functions.get_alias, 404, FunctionName="orders", Name="x")
live = functions.get_function(FunctionName=ARN + ":live")["Configuration"]
check((live["FunctionArn"], live["Version"]) == (ARN + ":live", "1"), live)
refused("ResourceConflictException", functions.delete_function, FunctionName="orders", Qualifier="1")

# --- permissions ----------------------------------------------------------------
source = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:abcde12345/*"
grant = dict(FunctionName="orders", StatementId="hybridgw-orders-1", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com", SourceArn=source)
refused("ResourceNotFoundException", functions.get_policy, 404, "does not exist", FunctionName="orders")
expected = {
    "Sid": "hybridgw-orders-1",
    "Effect": "Allow",
    "Principal": {"Service": "apigateway.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Resource": ARN,
    "Condition": {"ArnLike": {"AWS:SourceArn": source}},
}
statement = json.loads(status(functions.add_permission(**grant), 201)["Statement"])
check(statement == expected, statement)
refused("ResourceConflictException", functions.add_permission, 409, "The statement id (hybridgw-orders-1) provided already exists.", **grant)
policy = functions.get_policy(FunctionName=ARN)
check(json.loads(policy["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [expected]}, policy)
refused("ResourceNotFoundException", functions.get_policy, FunctionName="orders", Qualifier="live")
qualified = json.loads(functions.add_permission(**grant, Qualifier="live")["Statement"])
check(qualified["Resource"] == ARN + ":live", "each version and alias has a policy of its own")
refused("InvalidParameterValueException", functions.add_permission, words="$LATEST", **grant, Qualifier="$LATEST")
refused("ResourceNotFoundException", functions.add_permission, words="Cannot find alias arn", **grant, Qualifier="nothing")
check(functions.get_function_configuration(FunctionName="orders")["RevisionId"] == functions.get_policy(FunctionName="orders")["RevisionId"], "one revision")
refused("ResourceNotFoundException", functions.add_permission, **dict(grant, FunctionName="other"))
refused("InvalidParameterValueException", functions.add_permission, words="principal was invalid", **dict(grant, StatementId="x", Principal="nobody"))
refused("ValidationException", functions.add_permission, **dict(grant, StatementId="a b"))
account = json.loads(functions.add_permission(FunctionName="orders", StatementId="two", Action="lambda:InvokeFunction", Principal="444455556666", SourceAccount="444455556666")["Statement"])
check(account["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"} and account["Condition"] == {"StringEquals": {"AWS:SourceAccount": "444455556666"}}, account)
refused("PreconditionFailedException", functions.remove_permission, 412, FunctionName="orders", StatementId="two", RevisionId="x")
for number in range(100):
    try:
        functions.add_permission(**dict(grant, StatementId=f"filler-{number}", SourceArn=source + "x" * 300))
    except functions.exceptions.PolicyLengthExceededException as error:
        check("bigger than the limit (20480)" in str(error), str(error))
        break
else:
    raise SystemExit("a policy has no end")
status(functions.remove_permission(FunctionName="orders", StatementId="hybridgw-orders-1"), 204)
refused("ResourceNotFoundException", functions.remove_permission, 404, "Statement hybridgw-orders-1 is not found in resource policy.", FunctionName="orders", StatementId="hybridgw-orders-1")
check(functions.get_policy(FunctionName="orders", Qualifier="live")["Policy"], "that of the alias stays")

# --- tags and lists -----------------------------------------------------------------
status(functions.tag_resource(Resource=ARN, Tags={"c": "d"}), 204)
status(functions.untag_resource(Resource=ARN, TagKeys=["a", "x"]), 204)
check(functions.list_tags(Resource=ARN)["Tags"] == {"c": "d"})
refused("InvalidParameterValueException", functions.list_tags, Resource=ARN + ":live")
functions.create_function(**dict(wanted, FunctionName="second", Publish=True))
admin("PUT", "conditions", {"quotas": False, "page": 1})
pages = list(functions.get_paginator("list_functions").paginate())
check([p["Functions"][0]["FunctionName"] for p in pages] == ["orders", "second"], pages)
admin("PUT", "conditions", {"quotas": False})
every = functions.list_functions(FunctionVersion="ALL")["Functions"]
check([f["Version"] for f in every] == ["$LATEST", "1", "$LATEST", "1"], every)
functions.delete_alias(FunctionName="orders", Name="live")
status(functions.delete_function(FunctionName="orders", Qualifier="1"), 204)
status(functions.delete_function(FunctionName="orders"), 204)
refused("ResourceNotFoundException", functions.delete_function, 404, FunctionName="orders")
refused("ResourceNotFoundException", functions.get_policy, FunctionName="orders")
end()
