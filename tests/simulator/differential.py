#!/usr/bin/env python3
"""Replays the same scripts on the simulated account and on LocalStack, and compares field by field.

    differential.py SIMULATOR LOCALSTACK [SCRIPT …]

The scripts are in differential_scripts.py. A step's answer, or the code and
status of its refusal, is written down with ids, times and the like replaced by
placeholders; texts of errors are not compared. Every difference must be in
differences.toml, and everything there must still occur.
"""
import datetime
import json
import pathlib
import random
import re
import sys
import tomllib
import typing
import urllib.request

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

import differential_scripts
from boto3_common import REGION, unknown_names

HERE = pathlib.Path(__file__).parent
SERVICES = ("ec2", "elbv2", "apigateway", "route53", "acm", "lambda", "s3", "sts")

# Operations of the product that no input of a script gets refused.
NEVER_REFUSED = {"GetCallerIdentity"}

# Lists in an order that AWS documents; all others are compared as sets.
ORDERED = {("ListResourceRecordSets", "ResourceRecordSets"), ("ListHostedZonesByName", "HostedZones")}

# What tells the members of a list apart, the first that fits.
KEYS = ("Key", "SubnetId", "GroupId", "GroupName", "path", "basePath", "stageName", "Field", "Priority", "CidrIp", "Sid", "Name", "name")

# What a cloud makes up, by its looks: a kind, and a pattern whose whole is replaced.
MADE_UP = [(kind, re.compile(pattern)) for kind, pattern in [
    ("time", r"\b\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?"),
    ("uuid", r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
    ("mac", r"\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b"),
    *((kind, rf"\b{kind}-[0-9a-f]{{8,17}}\b") for kind in ("vpc-cidr-assoc", "vpc", "subnet", "sgr", "sg", "eni-attach", "eni", "vpce-svc", "vpce", "dopt", "acl", "rtb", "eipassoc", "ela-attach")),
    ("balancer", r"(?<=internal-orders-)\d+(?=\.)"),
    ("hex", r"(?<=/)[0-9a-f]{16}\b"),
    ("name server", r"\bns-\d+\.awsdns-\d+\.(?:com|net|org|co\.uk)\b"),
    ("regional", r"\bd-[a-z0-9]{10}\b"),
    ("change", r"(?<=/change/)C[A-Z0-9]+"),
    ("zone", r"(?<=/hostedzone/)Z[A-Z0-9]+"),
    ("address", r"\bip-10-0-\d+-\d+\b"),
    ("address", r"\b10\.0\.\d+\.\d+\b(?!/)"),
    ("user", r"\bA[IK][A-Z0-9]{14,30}\b"),
]]

# What a cloud makes up, by the field it is in.
NAMED = {"rootResourceId": "resource", "deploymentId": "deployment", "UserId": "user", "CodeSha256": "digest", "RevisionId": "uuid", "Location": "url", "MacAddress": "mac"}
IDS = {"Api": "api", "Deployment": "deployment", "Resource": "resource", "DomainName": "domain"}

# Kinds that no answer puts in an order common to both clouds.
UNNUMBERED = {"time", "mac", "eni", "digest", "url", "name server"}


class Numbers:
    """Placeholders of one account, numbered as they first appear."""

    def __init__(self, account):
        self.known, self.counts = {account: "<account>"}, {}

    def name(self, kind, value):
        if value not in self.known:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.known[value] = f"<{kind}>" if kind in UNNUMBERED else f"<{kind} {self.counts[kind]}>"
        return self.known[value]

    def pin(self, value):
        """Marks a value as the script's own choice; all others are the cloud's."""
        self.known[value] = "<chosen>"
        return value

    def text(self, text, invent=True):
        """Replaces what is known; what is new is numbered, or called by its kind only."""
        for value in sorted(self.known, key=len, reverse=True):
            text = text.replace(value, self.known[value])
        for kind, pattern in MADE_UP:
            def placeholder(match, kind=kind):
                return self.name(kind, match[0]) if invent else f"<{kind}>"
            text = pattern.sub(placeholder, text)
        return re.sub(r"(<vpce \d+>|<vpce>)-[a-z0-9]{8}\b", r"\1-<suffix>", text)


class Step(typing.NamedTuple):
    """A call, and what came of it."""

    name: str
    operation: str
    refusal: str | None
    tree: dict


class Run:
    """One script on one endpoint, in an account of its own."""

    def __init__(self, endpoint, simulated):
        self.account = str(random.randrange(10**11, 10**12))
        self.endpoint, self.simulated = endpoint, simulated
        self.numbers, self.steps, self.clients, self.counts = Numbers(self.account), [], {}, {}

    def client(self, service):
        """A client, for what is prepared without being compared."""
        if service not in self.clients:
            config = Config(proxies={}, retries={"total_max_attempts": 1}, read_timeout=60, parameter_validation=False)
            made = SESSION.client(
                service,
                region_name=REGION,
                endpoint_url=self.endpoint,
                aws_access_key_id=self.account,
                aws_secret_access_key="test",
                config=config,
            )
            if self.simulated:
                made.meta.events.register("before-parse", watch)
            self.clients[service] = made
        return self.clients[service]

    def __call__(self, service, operation, **parameters):
        """Makes a call and writes down what came; None if it was refused."""
        client = self.client(service)
        try:
            answer, refusal = getattr(client, xform_name(operation))(**parameters), None
            status = answer.pop("ResponseMetadata")["HTTPStatusCode"]
            noted = {"status": status, **answer}
        except ClientError as error:
            answer, refusal = None, error.response["Error"]["Code"]
            noted = {"status": error.response["ResponseMetadata"]["HTTPStatusCode"], "error": refusal}
        self.counts[operation] = self.counts.get(operation, 0) + 1
        name = f"{operation} {self.counts[operation]}"
        self.steps.append(Step(name, operation, refusal, plain(noted)))
        return answer

    def normal(self, step):
        """An answer with placeholders; to be asked for in the order of the steps."""
        learn(self.numbers, step.tree, step.operation)
        return replaced(arranged(step.tree, step.operation, self.numbers), self.numbers)

    def settle(self):
        """Lets simulated time pass; on LocalStack all happens at once."""
        if self.simulated:
            administer(self.endpoint, "POST", "skip", {"seconds": 900})


SESSION = boto3.session.Session()


def watch(operation_model, response_dict, **_):
    unknown = unknown_names(operation_model, response_dict)
    if unknown:
        raise SystemExit(f"{operation_model.name}: names unknown to botocore: {unknown}")


def administer(endpoint, method, route, body):
    request = urllib.request.Request(f"{endpoint}/_simulator/{route}", method=method, data=json.dumps(body).encode())
    urllib.request.urlopen(request).read()


def plain(value):
    """JSON from what botocore parsed: times as text, JSON in strings unpacked."""
    if isinstance(value, dict):
        # An empty list in XML is no element, or an empty one: clients read both alike.
        return {name: plain(child) for name, child in value.items() if child != []}
    if isinstance(value, list):
        return [plain(child) for child in value]
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, str) and value.startswith("{"):
        # API Gateway escapes policies once more.
        for text in (value, value.replace('\\"', '"').replace("\\/", "/")):
            try:
                return plain(json.loads(text))
            except ValueError:
                continue
    return value


def learn(numbers, tree, operation):
    """Gives names to ids without looks of their own."""
    if isinstance(tree, list):
        for child in tree:
            learn(numbers, child, operation)
    elif isinstance(tree, dict):
        for name, child in tree.items():
            kind = NAMED.get(name)
            if name == "id":
                kind = next((IDS[word] for word in IDS if word in operation), None)
            if kind and isinstance(child, str) and child:
                numbers.name(kind, child)
            learn(numbers, child, operation)


def key(item, numbers):
    if isinstance(item, dict):
        for name in KEYS:
            if isinstance(item.get(name), str):
                return f"{name}={numbers.text(item[name], invent=False)}"
    return ""


def arranged(tree, operation, numbers, field=""):
    """Sorts the lists that have no order."""
    if isinstance(tree, dict):
        return {name: arranged(tree[name], operation, numbers, name) for name in sorted(tree)}
    if isinstance(tree, list):
        children = [arranged(child, operation, numbers, field) for child in tree]
        if (operation, field) not in ORDERED:
            children.sort(key=lambda child: (key(child, numbers), numbers.text(json.dumps(child, sort_keys=True), invent=False)))
        return children
    return tree


def replaced(tree, numbers):
    if isinstance(tree, dict):
        return {numbers.text(name): replaced(child, numbers) for name, child in tree.items()}
    if isinstance(tree, list):
        return [replaced(child, numbers) for child in tree]
    return numbers.text(tree) if isinstance(tree, str) else tree


ABSENT = object()


def shown(value):
    return "absent" if value is ABSENT else value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def differing(one, other, path, numbers, count):
    """Yields (path, one's, other's) where they differ; counts the leaves that were compared."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            yield from differing(one.get(name, ABSENT), other.get(name, ABSENT), f"{path}.{name}" if path else name, numbers, count)
    elif isinstance(one, list) and isinstance(other, list):
        keys = [[key(item, numbers) for item in items] for items in (one, other)]
        if all(len(set(k)) == len(k) and "" not in k for k in keys) and (one or other):
            ours, theirs = (dict(zip(k, items)) for k, items in zip(keys, (one, other)))
            for name in sorted(ours.keys() | theirs.keys()):
                yield from differing(ours.get(name, ABSENT), theirs.get(name, ABSENT), f"{path}[{name}]", numbers, count)
        elif len(one) != len(other):
            count[0] += 1
            yield path, one, other
        else:
            for number, (ours, theirs) in enumerate(zip(one, other)):
                yield from differing(ours, theirs, f"{path}[{number}]", numbers, count)
    else:
        count[0] += 1
        if one is ABSENT or other is ABSENT or one != other:
            yield path, one, other


def glob(pattern, text):
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


class Known:
    """The differences that are listed, and which of them occurred."""

    FIELDS = ("script", "step", "field", "simulator", "localstack")

    def __init__(self, path):
        self.entries = tomllib.loads(path.read_text())["difference"]
        self.hits = [0] * len(self.entries)
        for entry in self.entries:
            if entry.keys() != {*self.FIELDS, "right", "why"} or entry["right"] not in ("simulator", "localstack", "unknown") or not entry["why"]:
                raise SystemExit(f"differences.toml: {entry} is not complete")

    def hit(self, *found):
        """An entry's field and values may be lists of alternatives."""
        for number, entry in enumerate(self.entries):
            wanted = (entry[name] if isinstance(entry[name], list) else [entry[name]] for name in self.FIELDS)
            if all(any(glob(one, text) for one in patterns) for patterns, text in zip(wanted, found)):
                self.hits[number] += 1
                return True
        return False


def called():
    """The operations that the product calls, from its source without its unit tests."""
    sources = (HERE.parents[1] / "src").rglob("*.rs")
    texts = (path.read_text() for path in sources if path.stem != "tests" and "tests" not in path.parts[-3:])
    # A module in place is at the end of its file; one in a file of its own may be declared anywhere.
    shipped = (re.split(r"#\[cfg\(test\)\]\s*mod \w+ \{", text)[0] for text in texts)
    return {name for text in shipped for name in re.findall(r'\.called\("(\w+)"\)', text)}


def replay(script, endpoint, simulated):
    run = Run(endpoint, simulated)
    try:
        script(run)
    except Exception as error:  # noqa: BLE001 - the steps so far say where
        last = run.steps[-1] if run.steps else "the preparation"
        return run, f"{type(error).__name__} after {last}: {error}"
    return run, None


def main(simulator, localstack, *only):
    administer(simulator, "PUT", "conditions", {"quotas": False})
    known, problems, steps, count, found = Known(HERE / "differences.toml"), [], 0, [0], 0
    good, refused = set(), set()
    scripts = [s for s in differential_scripts.SCRIPTS if not only or s.__name__ in only]
    for script in scripts:
        (ours, our_end), (theirs, their_end) = replay(script, simulator, True), replay(script, localstack, False)
        name = script.__name__
        problems += [f"{name} on {place} broke off: {end}" for place, end in (("the simulator", our_end), ("LocalStack", their_end)) if end]
        for step, their_step in zip(ours.steps, theirs.steps):
            steps += 1
            if step.refusal is None and their_step.refusal is None:
                good.add(step.operation)
            elif step.refusal:
                refused.add(step.operation)
            if (step.refusal is None) != (their_step.refusal is None):
                # Field by field there is nothing to compare, and nothing to number on one side only.
                one, other = ({"outcome": s.refusal or "accepted"} for s in (step, their_step))
            else:
                one, other = ours.normal(step), theirs.normal(their_step)
            for path, left, right in differing(one, other, "", ours.numbers, count):
                found += 1
                if not known.hit(name, step.name, path, shown(left), shown(right)):
                    problems.append(f"{name}: {step.name}: {path}\n    simulator   {shown(left)}\n    localstack  {shown(right)}")
    if not only:
        problems += [f"listed, but it does not occur: {e['script']}, {e['step']}, {e['field']}" for e, hits in zip(known.entries, known.hits) if not hits]
        problems += [f"no script has both clouds accept {operation}" for operation in sorted(called() - good)]
        problems += [f"no script has the simulator refuse {operation}" for operation in sorted(called() - refused - NEVER_REFUSED)]
    for problem in problems:
        print(problem)
    sides = {side: sum(e["right"] == side for e in known.entries) for side in ("simulator", "localstack", "unknown")}
    print(f"{len(scripts)} scripts, {steps} steps, {count[0]} fields compared, {len(good)} operations accepted by both, {len(refused)} refused by the simulator")
    print(f"{found} differences, {len(known.entries)} listed: {sides['simulator']} times the simulator is right, {sides['localstack']} times LocalStack, {sides['unknown']} unknown")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
