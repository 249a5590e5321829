"""From the arguments of ``serve`` to settings: all that is read before a relay begins."""

import argparse
import ipaddress
import ssl
from pathlib import Path

from certrelay.errors import UsageError
from certrelay.frozen import replace
from relay.address import public_origin
from relay.reload import read_address
from relay.server import tls_context
from relay.settings import Edges, Settings, read_limits, read_policy


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Read the files that the arguments name.

    Raises:
        UsageError: What cannot be used.
    """
    settings = Settings(
        edges=_edges(arguments),
        redis_url=_redis_url(arguments.redis),
        drain_s=arguments.drain_s,
    )
    if arguments.limits is not None:
        settings = read_limits(arguments.limits, settings)
    if arguments.policy is not None:
        releases, service = read_policy(arguments.policy)
        settings = replace(settings, policy=releases, service=service)
    return settings


def tls_of(arguments: argparse.Namespace) -> ssl.SSLContext | None:
    """Read certificate and key; ``None`` if there are to be none.

    Raises:
        UsageError: ``bad_tls_files``.
    """
    if not (arguments.tls_cert or arguments.tls_key):
        return None
    if not (arguments.tls_cert and arguments.tls_key):
        raise UsageError("bad_tls_files", where="--tls-cert, --tls-key")
    return tls_context(arguments.tls_cert, arguments.tls_key)


def _edges(arguments: argparse.Namespace) -> Edges:
    origins = {_origin(url) for url in arguments.allow_origin}
    if arguments.public_url:
        origins.add(public_origin(arguments.public_url))
    try:
        proxies = tuple(ipaddress.ip_network(text) for text in arguments.trust_proxy)
    except ValueError:
        raise UsageError("bad_proxy") from None
    return Edges(origins=frozenset(origins), trusted_proxies=proxies)


def _origin(url: str) -> str:
    try:
        origin = public_origin(f"{url}/")
    except UsageError:
        raise UsageError("bad_origin") from None
    if origin != url:
        raise UsageError("bad_origin")
    return origin


def _redis_url(argument: str | None) -> str | None:
    """The store's address, or what the file ``@FILE`` says."""
    file = address_file(argument)
    return argument if file is None else read_address(file)


def address_file(argument: str | None) -> Path | None:
    """The file that ``--redis @FILE`` names; ``None`` if it is an address."""
    return Path(argument[1:]) if argument is not None and argument.startswith("@") else None
