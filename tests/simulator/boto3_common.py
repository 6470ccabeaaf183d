"""What the boto3 scripts share: clients, checks, and a witness that knows every name of botocore's models.

Botocore ignores what its model does not name; the witness here does not.
"""
import json
import sys
import urllib.request
import xml.etree.ElementTree

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1] if len(sys.argv) > 1 else ""
REGION = "eu-central-1"
ACCOUNT = "111122223333"
count = 0


def client(name, account=ACCOUNT, region=REGION, attempts=1, watched=True, **extra):
    config = Config(proxies={}, retries={"total_max_attempts": attempts, "mode": "standard"}, **extra)
    made = boto3.client(
        name,
        region_name=region,
        endpoint_url=ENDPOINT,
        aws_access_key_id=account,
        aws_secret_access_key="secret",
        config=config,
    )
    if watched:
        made.meta.events.register("before-parse", witness)
    return made


def check(truth, what=""):
    global count
    if not truth:
        raise SystemExit(f"not so: {what}")
    count += 1


def refused(code, call, status=None, words="", **parameters):
    try:
        answer = call(**parameters)
    except ClientError as error:
        found = error.response["Error"]
        check(found["Code"] == code, f"{call.__name__} {parameters}: {found} is not {code}")
        check(status in (None, error.response["ResponseMetadata"]["HTTPStatusCode"]), error.response)
        check(words in found.get("Message", ""), f"{found} does not say {words}")
        return error.response
    raise SystemExit(f"not refused with {code}: {call.__name__} {parameters} gave {answer}")


def status(answer, wanted):
    check(answer["ResponseMetadata"]["HTTPStatusCode"] == wanted, answer)
    return answer


def unknown_json(shape, tree, path):
    """Yields members that botocore's model does not know."""
    if shape.type_name == "structure" and isinstance(tree, dict):
        members = {m.serialization.get("name", name): m for name, m in shape.members.items()}
        for name, child in tree.items():
            if name not in members:
                yield f"{path}.{name}"
            else:
                yield from unknown_json(members[name], child, f"{path}.{name}")
    elif shape.type_name == "map" and isinstance(tree, dict):
        for name, child in tree.items():
            yield from unknown_json(shape.value, child, f"{path}[{name}]")
    elif shape.type_name == "list":
        if not isinstance(tree, list):
            yield f"{path}: no list"
            return
        for child in tree:
            yield from unknown_json(shape.member, child, path)
    elif tree is None:
        yield f"{path}: null"


def unknown_xml(shape, element, path):
    """Yields elements that botocore's model does not know, and lists that it would not find."""
    if shape.type_name == "structure":
        members = {}
        for name, member in shape.members.items():
            flat = member.type_name == "list" and member.serialization.get("flattened")
            wire = member.serialization.get("name") or (flat and member.member.serialization.get("name")) or name
            members[wire] = member.member if flat else member
        for child in element:
            name = child.tag.rpartition("}")[2]
            if name in ("requestId", "ResponseMetadata"):
                continue
            if name not in members:
                yield f"{path}.{name}"
            else:
                yield from unknown_xml(members[name], child, f"{path}.{name}")
    elif shape.type_name == "list":
        wanted = shape.member.serialization.get("name", "member")
        for child in element:
            name = child.tag.rpartition("}")[2]
            if name != wanted:
                yield f"{path}: <{name}>, not <{wanted}>"
            else:
                yield from unknown_xml(shape.member, child, path)
    elif getattr(shape, "enum", None) and element.text.lower() not in map(str.lower, shape.enum):
        # EC2 answers "available" where its model says "Available".
        yield f"{path}: {element.text} is not one of {shape.enum}"


def unknown_names(operation_model, response_dict):
    """Returns what botocore would ignore in an answer."""
    shape = operation_model.output_shape
    body = response_dict["body"]
    if response_dict["status_code"] >= 300 or shape is None or not isinstance(body, bytes) or not body:
        return []
    payload = shape.serialization.get("payload")
    if payload:
        shape = shape.members[payload]
        if shape.type_name != "structure":
            return []
    if "json" in operation_model.service_model.metadata["protocol"]:
        return list(unknown_json(shape, json.loads(body), operation_model.name))
    if operation_model.name == "GetBucketLocation":
        return []  # its root is its only member
    root = xml.etree.ElementTree.fromstring(body)
    wrapper = operation_model.output_shape.serialization.get("resultWrapper")
    if wrapper:
        root = next(child for child in root if child.tag.endswith(wrapper))
    return list(unknown_xml(shape, root, operation_model.name))


def witness(operation_model, response_dict, **_):
    unknown = unknown_names(operation_model, response_dict)
    check(not unknown, f"names unknown to botocore: {unknown}")


def admin(method, route, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{ENDPOINT}/_simulator/{route}", method=method, data=data)
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def skip(seconds):
    admin("POST", "skip", {"seconds": seconds})


def begin():
    admin("POST", "reset")
    admin("PUT", "conditions", {"quotas": False})


def end():
    print(f"{count} checks passed, {len(admin('GET', 'journal'))} calls")


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
