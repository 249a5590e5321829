"""``certrelay-relay health``: asks the relay that was started with the same options how it is.

For the health checks of containers and services, which know the options and nothing else.
"""

import argparse
import http.client
import ssl
from http import HTTPStatus
from typing import Final

from certrelay.errors import RelayUnreachable
from relay.address import local_address

HEALTH_S: Final = 4.0
"""Seconds for the answer: Docker gives the whole check 5."""


def check(arguments: argparse.Namespace) -> None:
    """Ask ``/healthz``.

    Args:
        arguments: As for `relay.serve.serve`; host, port and certificate count.

    Raises:
        RelayUnreachable: ``relay_unreachable``, or ``not_a_relay`` for another answer.
    """
    host = local_address(arguments.host)
    url = f"{'https' if arguments.tls_cert else 'http'}://{host}:{arguments.port}/"
    try:
        status = _ask(host, arguments.port, tls=arguments.tls_cert is not None)
    except (OSError, http.client.HTTPException):
        raise RelayUnreachable("relay_unreachable", relay=url) from None
    if status != HTTPStatus.OK:
        raise RelayUnreachable("not_a_relay", relay=url)


def _ask(host: str, port: int, *, tls: bool) -> int:
    connection = http.client.HTTPConnection(host, port, timeout=HEALTH_S)
    if tls:
        # Whether the certificate's name fits is for those who come from outside.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=HEALTH_S, context=context)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    finally:
        connection.close()
