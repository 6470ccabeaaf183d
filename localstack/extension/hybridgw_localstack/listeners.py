"""ELBv2: listeners and rules.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html,
API_CreateRule.html, API_RuleCondition.html, API_Action.html and their neighbours.
"""

from moto.elbv2.responses import SSL_POLICIES

from .corrections import Call, corrects, refuse
from .matching import regexes

# moto's list is older than these, which the API takes.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
NEWER_POLICIES = (
    "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
)
VALUES_PER_RULE = 5
_like = next(policy for policy in SSL_POLICIES if policy["name"] == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06")
SSL_POLICIES.extend(
    {**_like, "name": name} for name in NEWER_POLICIES if name not in {policy["name"] for policy in SSL_POLICIES}
)


def target_groups_of(actions: list) -> list[str]:
    """The groups that actions forward to, whichever of the two spellings they use."""
    arns = []
    for action in actions:
        data = action.data
        arns += [g["TargetGroupArn"] for g in (data.get("ForwardConfig") or {}).get("TargetGroups") or []]
        if data.get("TargetGroupArn") and data["TargetGroupArn"] not in arns:
            arns.append(data["TargetGroupArn"])
    return arns


def relink(elbv2) -> None:
    """Sets what each target group says about its balancers. moto only ever adds to that."""
    for group in elbv2.target_groups.values():
        group.load_balancer_arns = [
            balancer.arn
            for balancer in elbv2.load_balancers.values()
            if any(
                group.arn in target_groups_of(rule.actions)
                for listener in balancer.listeners.values()
                for rule in listener.rules.values()
            )
        ]


def _check_tls(request: dict, protocol: str, certificates_needed: bool) -> None:
    policy = request.get("SslPolicy")
    if policy and policy not in {known["name"] for known in SSL_POLICIES}:
        raise refuse("SSLPolicyNotFound", f"SSL policy '{policy}' not found")
    if protocol == "HTTPS" and certificates_needed and not request.get("Certificates"):
        raise refuse("ValidationError", "A certificate must be specified for HTTPS listeners")


def _check_actions(call: Call, actions: list[dict], balancer_arn: str) -> None:
    """A target group serves one load balancer only."""
    for action in actions:
        wanted = [g["TargetGroupArn"] for g in (action.get("ForwardConfig") or {}).get("TargetGroups") or []]
        for arn in {*wanted, *([action["TargetGroupArn"]] if action.get("TargetGroupArn") else [])}:
            group = call.elbv2.target_groups.get(arn)
            if group is None:
                raise refuse("TargetGroupNotFound", f"Target groups '{arn}' not found")
            if any(other != balancer_arn for other in group.load_balancer_arns):
                raise refuse(
                    "TargetGroupAssociationLimit",
                    f"The following target groups cannot be associated with more than one load balancer: {arn}",
                )


@corrects("elbv2", "CreateListener")
def create(call: Call) -> dict:
    """Idempotent with the same settings, one listener a port. moto makes a second one."""
    request = call.request
    balancer = call.elbv2.load_balancers.get(request["LoadBalancerArn"])
    if balancer is None:
        raise refuse("LoadBalancerNotFound", f"Load balancer '{request['LoadBalancerArn']}' not found")
    _check_tls(request, request.get("Protocol") or "", True)
    _check_actions(call, request.get("DefaultActions") or [], balancer.arn)
    for listener in balancer.listeners.values():
        if int(listener.port) == int(request["Port"]):
            if getattr(listener, "hybridgw_request", None) == _identity(request):
                return {"Listeners": [_complete_listener(_describe(listener))]}
            raise refuse(
                "DuplicateListener", f"A listener already exists on port {request['Port']} of this load balancer"
            )
    if request.get("Protocol") == "HTTPS":
        arn = request["Certificates"][0].get("CertificateArn", "")
        if not call.elbv2._certificate_exists(arn):
            raise refuse("CertificateNotFound", f"Certificate ARN '{arn}' is not valid")
    answer = call.moto()
    relink(call.elbv2)
    made = answer["Listeners"][0]
    listener = balancer.listeners[made["ListenerArn"]]
    listener.hybridgw_request = _identity(request)
    if listener.protocol != "HTTPS":
        listener.ssl_policy = None  # moto gives plain listeners a policy too
    return {"Listeners": [_complete_listener(_describe(listener))]}


def _identity(request: dict) -> dict:
    return {key: value for key, value in request.items() if key not in ("Tags", "LoadBalancerArn")}


def _describe(listener) -> dict:
    described = {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.load_balancer_arn,
        "Port": int(listener.port),
        "Protocol": listener.protocol,
        "DefaultActions": [action.data for action in listener.default_actions],
    }
    if listener.protocol == "HTTPS":
        described["SslPolicy"] = listener.ssl_policy
        described["Certificates"] = [{"CertificateArn": listener.certificate}]
    return described


def _complete_listener(described: dict) -> dict:
    described["DefaultActions"] = [_complete_action(action) for action in described.get("DefaultActions") or []]
    return described


@corrects("elbv2", "DescribeListeners")
def describe(call: Call) -> dict:
    answer = call.moto()
    answer["Listeners"] = [_complete_listener(listener) for listener in answer.get("Listeners") or []]
    return answer


@corrects("elbv2", "ModifyListener")
def modify(call: Call) -> dict:
    request = call.request
    listener = call.elbv2.describe_listeners(None, [request["ListenerArn"]])[0]
    protocol = request.get("Protocol") or listener.protocol
    _check_tls(request, protocol, not listener.certificates)
    _check_actions(call, request.get("DefaultActions") or [], listener.load_balancer_arn)
    balancer = call.elbv2.load_balancers[listener.load_balancer_arn]
    for other in balancer.listeners.values():
        if request.get("Port") and other is not listener and int(other.port) == int(request["Port"]):
            raise refuse(
                "DuplicateListener", f"A listener already exists on port {request['Port']} of this load balancer"
            )
    extra = listener.certificates[1:]
    call.moto()
    # moto forgets the further certificates when it is given a default one.
    if listener.protocol == "HTTPS":
        listener.certificates[1:] = extra
    relink(call.elbv2)
    listener.hybridgw_request = {
        **getattr(listener, "hybridgw_request", {}),
        **{k: v for k, v in request.items() if k != "ListenerArn"},
    }
    return {"Listeners": [_complete_listener(_describe(listener))]}


@corrects("elbv2", "DeleteListener")
def delete(call: Call) -> dict:
    call.moto()
    relink(call.elbv2)
    return {}


def _complete_action(action: dict) -> dict:
    """AWS answers a single group in both spellings, and fills a redirect's parts in.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html
    """
    action = dict(action)
    if action.get("Type") == "forward":
        config = dict(action.get("ForwardConfig") or {})
        groups = config.get("TargetGroups") or [{"TargetGroupArn": action.get("TargetGroupArn")}]
        config["TargetGroups"] = [{"Weight": 1, **group} for group in groups]
        config.setdefault("TargetGroupStickinessConfig", {"Enabled": False})
        action["ForwardConfig"] = config
        if len(groups) == 1:
            action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    if action.get("Type") == "redirect":
        parts = {
            "Protocol": "#{protocol}",
            "Port": "#{port}",
            "Host": "#{host}",
            "Path": "/#{path}",
            "Query": "#{query}",
        }
        action["RedirectConfig"] = {**parts, **{k: v for k, v in action["RedirectConfig"].items() if v is not None}}
    return action


def _complete_condition(condition: dict) -> dict:
    """Host and path conditions come back in both spellings."""
    condition = dict(condition)
    config = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}.get(condition.get("Field"))
    if config:
        values = (condition.get(config) or {}).get("Values") or condition.get("Values") or []
        both = {"Values": values, "RegexValues": regexes(condition)}
        both = {name: found for name, found in both.items() if found}
        condition[config] = dict(both)
        condition = {**{k: v for k, v in condition.items() if k not in ("Values", "RegexValues")}, **both}
    return condition


def _complete_rule(rule: dict, transforms: list | None) -> dict:
    rule["Actions"] = [_complete_action(action) for action in rule.get("Actions") or []]
    rule["Conditions"] = [_complete_condition(condition) for condition in rule.get("Conditions") or []]
    rule["Priority"] = str(rule.get("Priority"))
    if transforms:
        rule["Transforms"] = transforms
    return rule


def _rule(call: Call, arn: str):
    return call.elbv2.describe_rules(None, [arn])[0]


def _described(call: Call, rules: list[dict]) -> list[dict]:
    rules = [_complete_rule(r, getattr(_rule(call, r["RuleArn"]), "hybridgw_transforms", None)) for r in rules]
    return sorted(
        rules, key=lambda r: (r["Priority"] == "default", int(r["Priority"]) if r["Priority"].isdigit() else 0)
    )


def _check_conditions(conditions: list[dict]) -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"""
    values = 0
    for condition in conditions:
        for config in (
            "HostHeaderConfig",
            "PathPatternConfig",
            "HttpHeaderConfig",
            "SourceIpConfig",
            "QueryStringConfig",
            "HttpRequestMethodConfig",
        ):
            values += len((condition.get(config) or {}).get("Values") or [])
        values += len(regexes(condition))
        values += 0 if any(key.endswith("Config") for key in condition) else len(condition.get("Values") or [])
    if values > VALUES_PER_RULE:
        raise refuse("ValidationError", f"A rule can only have '{VALUES_PER_RULE}' condition values")


@corrects("elbv2", "CreateRule")
def create_rule(call: Call) -> dict:
    listener = call.elbv2.describe_listeners(None, [call.request["ListenerArn"]])[0]
    _check_actions(call, call.request.get("Actions") or [], listener.load_balancer_arn)
    _check_conditions(call.request.get("Conditions") or [])
    _check_transforms(call.request.get("Transforms") or [])
    answer = call.moto(_plain(call.request))
    relink(call.elbv2)
    # moto drops rewrites of host and path, and knows no regular expressions.
    rule = _rule(call, answer["Rules"][0]["RuleArn"])
    rule.hybridgw_transforms = call.request.get("Transforms")
    rule.conditions = call.request.get("Conditions") or []
    answer["Rules"][0]["Conditions"] = rule.conditions
    return {"Rules": _described(call, answer["Rules"])}


def _plain(request: dict) -> dict:
    """The request with a wildcard in place of regular expressions, which moto would take for nothing."""
    request = dict(request)
    plain = [
        {"Field": c["Field"], "Values": ["*"]} if regexes(c) and c["Field"] in ("host-header", "path-pattern") else c
        for c in request.get("Conditions") or []
    ]
    return {**request, "Conditions": plain} if plain else request


def _check_transforms(transforms: list[dict]) -> None:
    """One of each kind. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html"""
    kinds = [transform["Type"] for transform in transforms]
    for kind in set(kinds):
        if kinds.count(kind) > 1:
            raise refuse("ValidationError", f"A rule can only have one '{kind}' transform")


@corrects("elbv2", "ModifyRule")
def modify_rule(call: Call) -> dict:
    rule = _rule(call, call.request["RuleArn"])
    if rule.is_default:
        raise refuse("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be modified")
    listener = call.elbv2.describe_listeners(None, [rule.listener_arn])[0]
    _check_actions(call, call.request.get("Actions") or [], listener.load_balancer_arn)
    _check_conditions(call.request.get("Conditions") or [])
    _check_transforms(call.request.get("Transforms") or [])
    if call.request.get("Actions") or call.request.get("Conditions"):
        call.moto(_plain(call.request))
    if call.request.get("Conditions"):
        rule.conditions = call.request["Conditions"]
    if call.request.get("ResetTransforms"):
        rule.hybridgw_transforms = None
    if call.request.get("Transforms"):
        rule.hybridgw_transforms = call.request["Transforms"]
    relink(call.elbv2)
    return describe_rules(Call(call.context, {"RuleArns": [rule.arn]}, call._inner), one=rule)


@corrects("elbv2", "DescribeRules")
def describe_rules(call: Call, one=None) -> dict:
    """In the order in which they are tried, the default last. moto keeps the order of creation."""
    if one is not None:
        shown = {
            "RuleArn": one.arn,
            "Priority": str(one.priority),
            "Conditions": one.conditions,
            "Actions": [action.data for action in one.actions],
            "IsDefault": False,
        }
        return {"Rules": _described(call, [shown])}
    answer = call.moto()
    answer["Rules"] = _described(call, answer.get("Rules") or [])
    return answer


@corrects("elbv2", "DeleteRule")
def delete_rule(call: Call) -> dict:
    rule = _rule(call, call.request["RuleArn"])
    if rule.is_default:
        raise refuse("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be deleted")
    call.moto()
    relink(call.elbv2)
    return {}


@corrects("elbv2", "SetRulePriorities")
def set_priorities(call: Call) -> dict:
    """Priorities may be swapped in one call; only a rule outside of it can be in the way."""
    wanted = {item["RuleArn"]: int(item["Priority"]) for item in call.request.get("RulePriorities") or []}
    rules = [_rule(call, arn) for arn in wanted]
    if len(set(wanted.values())) < len(wanted):
        raise refuse("ValidationError", "A priority was given twice")
    for rule in rules:
        listener = call.elbv2.describe_listeners(None, [rule.listener_arn])[0]
        for other in listener.rules.values():
            if other.arn not in wanted and not other.is_default and int(other.priority) == wanted[rule.arn]:
                raise refuse("PriorityInUse", f"Priority '{wanted[rule.arn]}' is currently in use")
    for rule in rules:
        rule.priority = wanted[rule.arn]
    shown = [
        {
            "RuleArn": r.arn,
            "Priority": r.priority,
            "Conditions": r.conditions,
            "Actions": [a.data for a in r.actions],
            "IsDefault": False,
        }
        for r in rules
    ]
    return {"Rules": _described(call, shown)}
