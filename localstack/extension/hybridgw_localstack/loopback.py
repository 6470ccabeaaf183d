"""Listen where GATEWAY_LISTEN says. LocalStack 4.13 takes its host for IPv6 only, and else listens on all."""

from functools import partial
from types import SimpleNamespace

from localstack import config
from localstack.runtime import hooks


@hooks.on_infra_start()
def listen_on_loopback() -> None:
    from localstack.runtime.server import twisted as server

    (address,) = config.GATEWAY_LISTEN
    server.endpoints = SimpleNamespace(
        TCP4ServerEndpoint=partial(server.endpoints.TCP4ServerEndpoint, interface=address.host),
        TCP6ServerEndpoint=server.endpoints.TCP6ServerEndpoint,
    )
