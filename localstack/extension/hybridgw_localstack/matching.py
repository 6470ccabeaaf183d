"""Conditions of listener rules.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

import ipaddress
import re


def like(pattern: str, value: str, *, case: bool) -> bool:
    """``*`` is any characters, ``?`` is one."""
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, value, re.DOTALL if case else re.DOTALL | re.IGNORECASE) is not None


def rule_matches(conditions: list[dict], facts) -> bool:
    """All conditions must hold; of the values of one, any."""
    return all(_holds(condition, facts) for condition in conditions)


def _holds(condition: dict, facts) -> bool:
    kind = condition["Field"]
    values = _values(condition)
    if kind == "host-header":
        return any(like(value, facts.host, case=False) for value in values) or _expressed(condition, facts.host)
    if kind == "path-pattern":
        return any(like(value, facts.path, case=True) for value in values) or _expressed(condition, facts.path)
    if kind == "http-header":
        found = facts.headers.get(condition["HttpHeaderConfig"]["HttpHeaderName"].lower())
        if found is None:
            return False
        return any(like(value, found, case=False) for value in values) or _expressed(condition, found)
    if kind == "http-request-method":
        return facts.method in values
    if kind == "query-string":
        return any(
            like(value["Value"], given, case=False) and ("Key" not in value or like(value["Key"], name, case=False))
            for value in values
            for name, given in facts.query
        )
    if kind == "source-ip":
        client = ipaddress.ip_network(facts.headers.get("x-hybridgw-client") or "10.0.0.0/8")
        return any(client.overlaps(ipaddress.ip_network(value)) for value in values)
    return False


def _values(condition: dict) -> list:
    for name, config in condition.items():
        if name.endswith("Config") and config.get("Values"):
            return config["Values"]
    return condition.get("Values") or []


def _expressed(condition: dict, text: str) -> bool:
    """Regular expressions are searched for; anchors are theirs to bring (assumption)."""
    return any(re.search(regex, text) for regex in regexes(condition))


def regexes(condition: dict) -> list[str]:
    """A condition's regular expressions, whichever of the two spellings they are in."""
    for name, config in condition.items():
        if name.endswith("Config") and config.get("RegexValues"):
            return config["RegexValues"]
    return condition.get("RegexValues") or []
