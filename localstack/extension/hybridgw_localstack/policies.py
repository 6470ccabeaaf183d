"""A small evaluator of the policies on the way: the endpoint's and the API's.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
The caller is anonymous, as it is for requests without a signature. What is not understood here does
not allow, and does deny: the mistake is then seen.
"""

import ipaddress
import json
from fnmatch import fnmatchcase


def allowed(document: str | None, action: str, resource: str, facts: dict[str, str]) -> bool:
    """Is there an Allow and no Deny? No document: no Allow."""
    verdict = False
    for statement in _list(json.loads(document).get("Statement") if document else []):
        denies = statement.get("Effect") == "Deny"
        if not _applies(statement, action, resource, facts, denies):
            continue
        if denies:
            return False
        verdict = True
    return verdict


def unescaped(policy: str | None) -> str | None:
    """API Gateway shows a policy with its quotes escaped."""
    return json.loads(f'"{policy}"') if policy else None


def _list(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def _applies(statement: dict, action: str, resource: str, facts: dict, denies: bool) -> bool:
    return (
        _principal(statement)
        and _matches(statement, "Action", action)
        and _matches(statement, "Resource", resource)
        and all(
            _condition(operator, key, _list(values), facts, denies)
            for operator, pairs in (statement.get("Condition") or {}).items()
            for key, values in pairs.items()
        )
    )


def _principal(statement: dict) -> bool:
    principal = statement.get("Principal")
    return principal == "*" or (isinstance(principal, dict) and "*" in _list(principal.get("AWS")))


def _matches(statement: dict, key: str, value: str) -> bool:
    if f"Not{key}" in statement:
        return not any(_like(pattern, value) for pattern in _list(statement[f"Not{key}"]))
    return any(_like(pattern, value) for pattern in _list(statement.get(key)))


def _like(pattern: str, value: str) -> bool:
    # An action's case does not matter; a resource's does, and API Gateway's ARNs are written one way.
    return fnmatchcase(value.lower(), pattern.lower().replace("[", "[[]"))


def _condition(operator: str, key: str, values: list, facts: dict, denies: bool) -> bool:
    fact = {name.lower(): value for name, value in facts.items()}.get(key.lower())
    operator = operator.removeprefix("ForAnyValue:").removeprefix("ForAllValues:")
    if operator.endswith("IfExists"):
        if fact is None:
            return True
        operator = operator.removesuffix("IfExists")
    if operator == "Null":
        return (fact is None) == (str(values[0]).lower() == "true")
    negated = operator.startswith("StringNot") or operator == "NotIpAddress" or operator == "ArnNotLike"
    if fact is None:
        return negated
    if operator in ("StringEquals", "StringNotEquals"):
        found = fact in values
    elif operator in ("StringLike", "StringNotLike", "ArnLike", "ArnNotLike"):
        found = any(fnmatchcase(fact, value) for value in values)
    elif operator in ("IpAddress", "NotIpAddress"):
        found = any(ipaddress.ip_address(fact) in ipaddress.ip_network(value, strict=False) for value in values)
    else:
        return denies
    return found != negated
