"""The services with their corrections in front. Entry points: ../pyproject.toml."""

from types import SimpleNamespace

from localstack.aws.spec import load_service
from localstack.services.moto import MotoFallbackDispatcher, call_moto
from localstack.services.plugins import Service, aws_provider

from .corrections import corrected


@aws_provider(api="elbv2", name="default")
def elbv2() -> Service:
    """The community edition has no ELBv2; moto, which it ships, has."""
    from . import balancers, listener_certificates, listeners, targets  # noqa: F401  (importing registers)

    table = {
        operation: lambda context, request: call_moto(context) for operation in load_service("elbv2").operation_names
    }
    return Service.for_provider(
        SimpleNamespace(service="elbv2"), dispatch_table_factory=lambda _: corrected("elbv2", table)
    )


@aws_provider(api="ec2", name="hybridgw")
def ec2() -> Service:
    from localstack.services.ec2.provider import Ec2Provider

    from . import endpoints, security_groups, subnets  # noqa: F401

    return Service.for_provider(
        Ec2Provider(), dispatch_table_factory=lambda p: corrected("ec2", MotoFallbackDispatcher(p))
    )


@aws_provider(api="apigateway", name="hybridgw")
def apigateway() -> Service:
    from localstack.services.apigateway.next_gen.provider import ApigatewayNextGenProvider

    from . import domains, rest_apis  # noqa: F401

    # A test invocation may call this server again: it must not hold the account's lock.
    unlocked = frozenset({"TestInvokeMethod"})
    return Service.for_provider(
        ApigatewayNextGenProvider(),
        dispatch_table_factory=lambda p: corrected("apigateway", MotoFallbackDispatcher(p), unlocked),
    )


@aws_provider(api="route53", name="hybridgw")
def route53() -> Service:
    from localstack.services.route53.provider import Route53Provider

    from . import records  # noqa: F401

    return Service.for_provider(
        Route53Provider(), dispatch_table_factory=lambda p: corrected("route53", MotoFallbackDispatcher(p))
    )


@aws_provider(api="acm", name="hybridgw")
def acm() -> Service:
    from localstack.services.acm.provider import AcmProvider

    from . import certificates  # noqa: F401

    return Service.for_provider(
        AcmProvider(), dispatch_table_factory=lambda p: corrected("acm", MotoFallbackDispatcher(p))
    )
