"""Route 53: what a change batch must agree with.

Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from moto.route53 import models
from moto.route53.models import route53_backends

from .corrections import Call, corrects, refuse

# Ids of hosted zones begin with Z, and people check for that. moto makes them of any letters.
_make_id = models.create_route53_zone_id
models.create_route53_zone_id = lambda **request: "Z" + _make_id(**request)[1:]


def _zone(call: Call):
    zone = route53_backends[call.account][call.context.partition].zones.get(call.request["HostedZoneId"].split("/")[-1])
    if zone is None:
        raise refuse("NoSuchHostedZone", f"No hosted zone found with ID: {call.request['HostedZoneId']}", 404)
    return zone


@corrects("route53", "CreateHostedZone")
def create_zone(call: Call) -> dict:
    """moto cannot read a configuration without a comment, and makes two zones of one reference."""
    request = call.request
    for zone in route53_backends[call.account][call.context.partition].zones.values():
        if zone.caller_reference == request["CallerReference"]:
            raise refuse(
                "HostedZoneAlreadyExists", "A hosted zone has already been created with the caller reference", 409
            )
    if not request.get("HostedZoneConfig"):
        return call.inner()
    config = {"Comment": "", "PrivateZone": bool(request.get("VPC")), **request["HostedZoneConfig"]}
    if config["PrivateZone"] and not request.get("VPC"):
        raise refuse("InvalidInput", "When you're creating a private hosted zone, you must specify a VPC")
    answer = call.moto({**request, "HostedZoneConfig": config})
    if request.get("VPC"):
        answer["VPC"] = request["VPC"]
    return answer


def _key(record: dict) -> tuple:
    return _name(record["Name"]), record["Type"], record.get("SetIdentifier")


def _name(name: str) -> str:
    """Names are compared in lower case and with the last dot; ``*`` may be written in octal."""
    return name.rstrip(".").lower().replace("\\052", "*") + "."


def _value(record: dict) -> tuple:
    """What DELETE must give exactly."""
    alias = record.get("AliasTarget")
    if alias:
        return ("alias", alias["HostedZoneId"], _name(alias["DNSName"]), bool(alias.get("EvaluateTargetHealth")))
    values = sorted(item["Value"] for item in record.get("ResourceRecords") or [])
    return ("values", int(record.get("TTL") or 0), tuple(values))


def _existing(zone) -> dict[tuple, tuple]:
    found = {}
    for record in zone.rrsets:
        if record.type_ in ("NS", "SOA"):
            continue
        key = (_name(record.name), record.type_, record.set_identifier)
        alias = record.alias_target
        if alias:
            healthy = str(alias.get("EvaluateTargetHealth")).lower() == "true"
            found[key] = ("alias", alias["HostedZoneId"], _name(alias["DNSName"]), healthy)
        else:
            found[key] = ("values", int(record.ttl or 0), tuple(sorted(record.records)))
    return found


@corrects("route53", "ChangeResourceRecordSets")
def change(call: Call) -> dict:
    """All changes or none: CREATE must find nothing, DELETE exactly what it names."""
    zone = _zone(call)
    changes = call.request["ChangeBatch"]["Changes"]
    state, problems = _existing(zone), []
    for item in changes:
        record = item["ResourceRecordSet"]
        key, shown = _key(record), f"[name='{_name(record['Name'])}', type='{record['Type']}']"
        if item["Action"] == "CREATE" and key in state:
            problems.append(f"Tried to create resource record set {shown} but it already exists")
        elif item["Action"] == "DELETE" and key not in state:
            problems.append(f"Tried to delete resource record set {shown} but it was not found")
        elif item["Action"] == "DELETE" and state[key] != _value(record):
            problems.append(
                f"Tried to delete resource record set {shown} but the values provided do not match the current values"
            )
        elif item["Action"] == "DELETE":
            del state[key]
        else:
            state[key] = _value(record)
    if problems:
        raise refuse("InvalidChangeBatch", f"[{', '.join(problems)}]")
    # moto compares with a journal of past changes; that journal refuses right ones as well.
    zone.rr_changes.clear()
    for item in changes:
        if item["Action"] == "DELETE":
            key = _key(item["ResourceRecordSet"])
            zone.rrsets = [r for r in zone.rrsets if (_name(r.name), r.type_, r.set_identifier) != key]
    rest = [
        {**item, "ResourceRecordSet": {**item["ResourceRecordSet"], "Name": _name(item["ResourceRecordSet"]["Name"])}}
        for item in changes
        if item["Action"] != "DELETE"
    ]
    if not rest:
        return {"ChangeInfo": _change_info()}
    return call.moto({**call.request, "ChangeBatch": {"Changes": rest}})


def _change_info() -> dict:
    from datetime import UTC, datetime
    from uuid import uuid4

    return {"Id": f"/change/C{uuid4().hex[:13].upper()}", "Status": "INSYNC", "SubmittedAt": datetime.now(UTC)}
