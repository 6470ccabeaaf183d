"""How a correction takes the place of an answer, or changes one.

A correction is a function of one ``Call``, registered for one operation of one service. It may refuse
(raise ``refuse(...)``), let the original answer (``call.inner()``) and change that, or answer itself.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.services.moto import call_moto, call_moto_with_request

Correction = Callable[["Call"], dict | None]

_registry: dict[tuple[str, str], Correction] = {}

# moto keeps plain dictionaries and checks before it acts. One call of an account at a time keeps two
# callers from both finding a name free. It must be one lock for all services: ELBv2 reads EC2's state.
_locks: dict[str, threading.RLock] = defaultdict(threading.RLock)


class Call:
    """One request to AWS on its way to an answer."""

    def __init__(self, context: RequestContext, request: dict, inner: Callable):
        self.context = context
        self.request = request
        self.account: str = context.account_id
        self.region: str = context.region
        self._inner = inner

    def inner(self) -> Any:
        """The answer LocalStack gives by itself."""
        return self._inner(self.context, self.request)

    def moto(self, request: dict | None = None) -> Any:
        """moto's answer, to this request or to another one of the same operation."""
        if request is None:
            return call_moto(self.context)
        return call_moto_with_request(self.context, request)

    @property
    def ec2(self):
        from moto.ec2.models import ec2_backends

        return ec2_backends[self.account][self.region]

    @property
    def elbv2(self):
        from moto.elbv2.models import elbv2_backends

        return elbv2_backends[self.account][self.region]


def corrects(service: str, *operations: str) -> Callable[[Correction], Correction]:
    """Registers the function as the answer to these operations."""

    def register(function: Correction) -> Correction:
        for operation in operations:
            _registry[service, operation] = function
        return function

    return register


def refuse(code: str, message: str, status: int = 400) -> CommonServiceException:
    """An AWS error, to be raised."""
    return CommonServiceException(code, message, status_code=status, sender_fault=True)


def corrected(service: str, table: dict[str, Callable], unlocked: frozenset[str] = frozenset()) -> dict:
    """The dispatch table with this service's corrections in front."""

    def wrap(operation: str, inner: Callable) -> Callable:
        correction = _registry.get((service, operation))

        def answer(context: RequestContext, request: dict):
            call = Call(context, request or {}, inner)
            function = correction or Call.inner
            # What LocalStack calls for one service within a call of another comes on another thread,
            # while the first still holds the lock.
            if operation in unlocked or context.is_internal_call:
                return function(call)
            with _locks[context.account_id]:
                return function(call)

        return answer

    unknown = {name for owner, name in _registry if owner == service} - table.keys()
    if unknown:
        raise LookupError(f"{service} has no such operations: {sorted(unknown)}")
    return {operation: wrap(operation, inner) for operation, inner in table.items()}


def locked(account: str) -> threading.RLock:
    """The lock of an account, for readers that are not operations."""
    return _locks[account]


def take_filters(request: dict, known: dict[str, Callable[[dict], Any]]) -> tuple[dict, Callable[[dict], bool]]:
    """Splits EC2 filters: those known here (and tags) become a test, the rest stays in the request.

    Values of one filter are alternatives, filters add up, and ``*`` and ``?`` are wildcards.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html
    """
    mine, rest = [], []
    for item in request.get("Filters") or []:
        name, values = item.get("Name", ""), item.get("Values") or []
        if name.startswith("tag:"):
            key = name.removeprefix("tag:")
            mine.append((lambda it, key=key: [t["Value"] for t in it.get("Tags") or [] if t["Key"] == key], values))
        elif name == "tag-key":
            mine.append((lambda it: [t["Key"] for t in it.get("Tags") or []], values))
        elif name in known:
            mine.append((known[name], values))
        else:
            rest.append(item)

    def test(item: dict) -> bool:
        for read, values in mine:
            found = read(item)
            found = found if isinstance(found, list) else [found]
            if not any(fnmatchcase(str(f), v) for f in found if f is not None for v in values):
                return False
        return True

    request = {key: value for key, value in request.items() if key != "Filters"}
    if rest:
        request["Filters"] = rest
    return request, test
