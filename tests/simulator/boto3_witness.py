"""What the boto3 scripts share: clients, checks, and a parser that knows no mercy.

Botocore ignores what its model does not name; the witness here does not.
"""
import json
import sys
import urllib.request
import xml.etree.ElementTree

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
REGION = "eu-central-1"
count = 0


def check(truth, what):
    global count
    count += 1
    if not truth:
        raise SystemExit(f"not so: {what}")


def refused(code, call, **arguments):
    global count
    count += 1
    try:
        call(**arguments)
    except ClientError as error:
        found = error.response["Error"]["Code"]
        if found != code:
            raise SystemExit(f"{call.__name__} {arguments}: expected {code}, got {found}: {error}")
        return error
    raise SystemExit(f"{call.__name__} {arguments}: expected {code}, and it was accepted")


def unknown_xml(shape, element, path):
    if shape.type_name == "structure":
        for child in element:
            name = child.tag.rpartition("}")[2]
            if name not in shape.members:
                yield f"{path}.{name}"
            else:
                yield from unknown_xml(shape.members[name], child, f"{path}.{name}")
    elif shape.type_name == "list":
        for child in element:
            if child.tag.rpartition("}")[2] != "member":
                yield f"{path}: {child.tag}"
            else:
                yield from unknown_xml(shape.member, child, path)
    elif getattr(shape, "enum", None) and element.text not in shape.enum:
        yield f"{path}: {element.text} is not one of {shape.enum}"


def unknown_json(shape, tree, path):
    if shape.type_name == "structure":
        for name, child in tree.items():
            if name not in shape.members:
                yield f"{path}.{name}"
            else:
                yield from unknown_json(shape.members[name], child, f"{path}.{name}")
    elif shape.type_name == "list":
        for child in tree:
            yield from unknown_json(shape.member, child, path)
    elif tree is None:
        yield f"{path}: null"


def witness(operation_model, response_dict, **_):
    if response_dict["status_code"] != 200 or operation_model.output_shape is None:
        return
    shape, name = operation_model.output_shape, operation_model.name
    if operation_model.service_model.metadata["protocol"] == "json":
        unknown = list(unknown_json(shape, json.loads(response_dict["body"]), name))
    else:
        root = xml.etree.ElementTree.fromstring(response_dict["body"])
        root = next(child for child in root if child.tag.endswith(shape.serialization["resultWrapper"]))
        unknown = list(unknown_xml(shape, root, name))
    check(not unknown, f"unknown to botocore: {unknown}")


def client(name, watched=True):
    made = boto3.client(
        name,
        region_name=REGION,
        endpoint_url=ENDPOINT,
        aws_access_key_id="111122223333",
        aws_secret_access_key="secret",
        # The account judges, not botocore's own checks of parameters.
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}, parameter_validation=False),
    )
    if watched:
        made.meta.events.register("before-parse", witness)
    return made


def admin(method, route, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{ENDPOINT}/_simulator/{route}", method=method, data=data)
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def skip(seconds):
    admin("POST", "skip", {"seconds": seconds})


def fresh():
    admin("POST", "reset")
    admin("PUT", "conditions", {"quotas": False})


KEY = "-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----\n"
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBdTCCARqgAwIBAgIIASNFZ4mrze8wCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwR
b3RoZXIuZXhhbXBsZS5jb20wIBcNMjUwMTAxMDAwMDAwWhgPMjA1NTAzMDExMjMw
MDVaMBwxGjAYBgNVBAMMEW90aGVyLmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEymB3tsekdpcaFyoFD2wXiA2c4/ZHEEYxyg/++ghhyPtFN2V4
1gIXONiSuR84hMiZ+HUE2xDJ2bO3tPSCdUJ4XKNEMEIwMgYDVR0RBCswKYISb3Jk
ZXJzLmV4YW1wbGUuY29tgg0qLkV4YW1wbGUuY29thwQKAAABMAwGA1UdEwEB/wQC
MAAwCgYIKoZIzj0EAwIDSQAwRgIhAPST2XCYQVd5Lwj1H4gip3vi6aEAcsF40poH
bQouymFhAiEAkQmOMqeYpdVi0NBzzIMsWmz4fGNlschl7S5JEzdbi6A=
-----END CERTIFICATE-----
"""
