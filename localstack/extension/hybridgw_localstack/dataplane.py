"""The way of a request: record, listener, rule, target, endpoint, and then an API or a bucket.

A request to the edge port whose Host is an alias record in some hosted zone goes through what stands
behind that record, and is refused where AWS would refuse it. Every other request passes untouched. The
header ``x-hybridgw-hop`` of a refusal names the link that is missing.
"""

from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from localstack.aws.handlers import preprocess_request
from localstack.runtime import hooks
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.route53.models import route53_backends

from . import storage, transforms
from .balancers import interfaces_of
from .corrections import locked
from .execute_api import invoke
from .matching import rule_matches
from .security_groups import admits
from .targets import endpoint_at, health

# Who asks, unless the header x-hybridgw-client says otherwise: somebody on a private network.
CLIENTS = "10.0.0.0/8"


@dataclass
class Refused(Exception):
    """An answer that is not the API's."""

    status: int
    hop: str
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    why: str = ""


@dataclass
class Front:
    """A load balancer found by a record, and the account that owns both."""

    account: str
    region: str
    balancer: object

    @property
    def ec2(self):
        return ec2_backends[self.account][self.region]

    @property
    def elbv2(self):
        return elbv2_backends[self.account][self.region]


@hooks.on_infra_start()
def install() -> None:
    # Ahead of CORS and of the guess which service is meant: a balancer has neither.
    preprocess_request.append(serve)


def serve(chain, context, response) -> None:
    request = context.request
    host = request.host.rsplit(":", 1)[0].lower()
    records = find_records(host, request.headers.get("x-hybridgw-account"))
    if not records:
        return
    account, alias = records[-1]  # the youngest account, when several have the same name
    try:
        # What is read must be of one moment; the API itself is called without the lock.
        with locked(account):
            proceed = route(request, host, account, alias)
        answer = proceed()
    except Refused as refused:
        headers = {"Content-Type": "text/html", **refused.headers}
        if refused.hop != "answer":
            headers |= {"x-hybridgw-hop": refused.hop, "x-hybridgw-why": refused.why or refused.hop}
        chain.respond(refused.status, refused.body, headers)
        return
    response.update_from(answer)
    chain.stop()


def find_records(host: str, account: str | None = None) -> list[tuple[str, str]]:
    """The alias records of this name: (account, what they point at)."""
    if "." not in host:
        return []
    found = []
    for owner, backends in list(route53_backends.items()):
        if account and owner != account:
            continue
        for backend in list(backends.values()):
            for zone in list(backend.zones.values()):
                for record in list(zone.rrsets):
                    if record.alias_target and record.type_ == "A" and record.name.rstrip(".").lower() == host:
                        found.append((owner, record.alias_target["DNSName"].rstrip(".").lower()))
    return found


def route(request, host: str, account: str, alias: str):
    """Decides where the request goes; the function it returns goes there."""
    front = _balancer(account, alias)
    secure = request.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
    port = 443 if secure else 80
    _admit_client(front, port, request.headers.get("x-hybridgw-client") or CLIENTS)
    listener = next((li for li in front.balancer.listeners.values() if int(li.port) == port), None)
    if listener is None:
        raise Refused(503, "listener", "", why=f"no listener on port {port}: on AWS the connection is refused")
    if (listener.protocol == "HTTPS") != secure:
        raise Refused(400, "listener", "The plain HTTP request was sent to HTTPS port" if not secure else "")
    facts = Facts.of(request, host)
    rules = sorted(
        listener.rules.values(), key=lambda rule: (rule.is_default, 0 if rule.is_default else int(rule.priority))
    )
    rule = next(rule for rule in rules if rule.is_default or rule_matches(rule.conditions, facts))
    return _act(front, rule, request, facts, secure)


@dataclass
class Facts:
    """What conditions of rules look at."""

    host: str
    path: str
    method: str
    headers: dict[str, str]
    query: list[tuple[str, str]]
    raw_query: str

    @classmethod
    def of(cls, request, host: str) -> "Facts":
        query = request.query_string.decode("latin-1")
        headers = {name.lower(): value for name, value in request.headers.items()}
        return cls(host, request.path, request.method, headers, parse_qsl(query, keep_blank_values=True), query)

    def rewritten(self, wanted: list[dict] | None, request) -> "Facts":
        """What a target gets to see after a rule's transforms."""
        if not wanted:
            return self
        try:
            host, url = transforms.rewritten(wanted, self.host, transforms.raw_url(request))
        except transforms.Failed as failed:
            raise Refused(500, "rule", "", why=f"a transform fails: {failed}") from None
        path, query = transforms.split(url)
        pairs = parse_qsl(query, keep_blank_values=True)
        return replace(self, host=host, path=path, query=pairs, raw_query=query)


def _balancer(account: str, alias: str) -> Front:
    name = alias.removeprefix("dualstack.")
    for region, backend in list(elbv2_backends[account].items()):
        for balancer in list(backend.load_balancers.values()):
            if balancer.dns_name.lower() == name:
                # moto makes a balancer active when it is described; AWS does so by itself.
                balancer.activate()
                if balancer.state != "active":
                    raise Refused(503, "record", "", why=f"the load balancer is {balancer.state}")
                return Front(account, region, balancer)
    raise Refused(503, "record", "", why=f"the record points at {alias}, which is no load balancer")


def _admit_client(front: Front, port: int, client: str) -> None:
    groups = [front.ec2.get_security_group_from_id(group_id) for group_id in front.balancer.security_groups]
    if not admits([rule for group in groups if group for rule in group.ingress_rules], port, [client], []):
        raise Refused(
            503, "security-group", "", why=f"no rule admits {client} on {port}: on AWS the connection times out"
        )


def _act(front: Front, rule, request, facts: Facts, secure: bool):
    action = next(a.data for a in rule.actions if not a.data["Type"].startswith("authenticate"))
    if action["Type"] == "fixed-response":
        answer = action["FixedResponseConfig"]
        kind = {"Content-Type": answer.get("ContentType") or "text/plain"}
        hop = "rule" if rule.is_default else "answer"
        raise Refused(int(answer["StatusCode"]), hop, answer.get("MessageBody") or "", kind, "no rule took the request")
    if action["Type"] == "redirect":
        raise _redirect(action["RedirectConfig"], facts, request, secure)
    return _forward(front, action, request, facts.rewritten(getattr(rule, "hybridgw_transforms", None), request))


def _redirect(parts: dict, facts: Facts, request, secure: bool) -> Refused:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html"""
    own = {
        "#{protocol}": "https" if secure else "http",
        "#{host}": facts.host,
        "#{port}": "443" if secure else "80",
        "#{path}": facts.path.lstrip("/"),
        "#{query}": request.query_string.decode("latin-1"),
    }

    def fill(text: str) -> str:
        for name, value in own.items():
            text = text.replace(name, value)
        return text

    protocol = fill(parts.get("Protocol") or "#{protocol}").lower()
    host, port = fill(parts.get("Host") or "#{host}"), fill(parts.get("Port") or "#{port}")
    path, query = fill(parts.get("Path") or "/#{path}"), fill(parts.get("Query") or "#{query}")
    location = f"{protocol}://{host}:{port}{path}" + (f"?{query}" if query else "")
    return Refused(int(parts["StatusCode"].removeprefix("HTTP_")), "answer", "", {"Location": location})


def _forward(front: Front, action: dict, request, facts: Facts):
    weighted = (action.get("ForwardConfig") or {}).get("TargetGroups") or [
        {"TargetGroupArn": action.get("TargetGroupArn")}
    ]
    arn = max(weighted, key=lambda group: int(group.get("Weight", 1)))["TargetGroupArn"]
    group = front.elbv2.target_groups[arn]
    targets = list(group.targets.values())
    states = [health(front.ec2, front.elbv2, group, target) for target in targets]
    if group.target_type == "lambda":
        raise Refused(502, "target", "", why="functions need Docker, which this LocalStack does without")
    if not targets:
        raise Refused(503, "target", _page("503 Service Temporarily Unavailable"), why="no target is registered")
    healthy = [target for target, state in zip(targets, states, strict=True) if state.state == "healthy"]
    if not healthy:
        # With no healthy target a balancer tries all of them; these would not answer.
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
        raise Refused(
            503, "target", _page("503 Service Temporarily Unavailable"), why=f"no healthy target: {states[0].reason}"
        )
    address = healthy[0]["Id"]
    endpoint, _ = endpoint_at(front.ec2, group.vpc_id, address)
    source = interfaces_of(front.ec2, front.balancer.arn)[0].private_ip_address
    if endpoint.service_name.endswith(".s3"):
        return lambda: storage.serve(facts, front, endpoint, source)
    if not endpoint.service_name.endswith(".execute-api"):
        raise Refused(
            502, "endpoint", "", why=f"{address} belongs to {endpoint.service_name}: only execute-api and S3 are served"
        )
    return lambda: invoke(request, facts, front, endpoint, source)


def _page(title: str) -> str:
    return f"<html>\n<head><title>{title}</title></head>\n<body><center><h1>{title}</h1></center></body>\n</html>\n"
