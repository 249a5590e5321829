"""The relay that the PC runs in its own process: the one door from here to `relay`."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from typing import Final

from certrelay.e2e.origin import Origin
from certrelay.errors import CertRelayError, UsageError
from certrelay.safe_text import printable
from certrelay.texts import Texts
from client_pc.computer import lan_address

LOOPBACK: Final = "127.0.0.1"

USUAL_PORT: Final = 8765
"""Where the embedded relay listens if nothing else does: short to type, and the same each time."""


@contextmanager
def relay_on(host: str, port: int) -> Iterator[Origin]:
    """Run a relay, with the phone's page, on one of this computer's addresses for a while.

    Raises:
        UsageError: ``bad_listen``, if this computer has no such address.
        RelayUnreachable: ``port_taken``.
    """
    from relay.embedded import start

    with ExitStack() as stack:
        try:
            running = stack.enter_context(start(host, port, page=True))
        except UsageError:
            raise _bad_listen(f"{host}:{port}" if port else host) from None
        yield Origin.of("http", host, running.port)


@contextmanager
def test_page_on(
    host: str, port: int, path: str, content: bytes, asked: Callable[[str], None]
) -> Iterator[str]:
    """Serve one page for a while where a relay would be, and nothing else.

    Args:
        host: One of this computer's addresses.
        port: 0 for a free one.
        path: Where the page is.
        content: HTML.
        asked: Called with the address of each device that asks for it, from another thread.

    Yields:
        The page's URL.

    Raises:
        UsageError: ``bad_listen``, if this computer has no such address.
        RelayUnreachable: ``port_taken``.
    """
    from relay.embedded import start
    from relay.page import single_page

    with ExitStack() as stack:
        pages = (single_page(f"/{path}", content, asked),)
        try:
            running = stack.enter_context(start(host, port, pages=pages))
        except UsageError:
            raise _bad_listen(f"{host}:{port}" if port else host) from None
        yield f"{Origin.of('http', host, running.port).text}{path}"


def _bad_listen(listen: str) -> UsageError:
    from client_pc.interfaces import addresses

    own = [each.address for each in addresses()] or [LOOPBACK]
    return UsageError("bad_listen", listen=printable(listen), own=", ".join(own))


def listen_address(listen: str | None) -> tuple[str, int]:
    """Where the embedded relay listens.

    Args:
        listen: ``HOST``, ``HOST:PORT`` or ``[IPv6]:PORT`` from the command line.

    Returns:
        The address and the port, 0 for a free one.  Without ``listen`` it is the address
        in the local network, or loopback if there is none.

    Raises:
        UsageError: ``bad_listen``, if it is no private address.
    """
    if listen is None:
        return lan_address() or LOOPBACK, 0
    host, port = _split(listen)
    try:
        spelled = str(ip_address(host.strip("[]")))
        number = int(port or "0")
        if not 0 <= number <= 65_535 or not Origin.of("http", spelled, number or 1).is_local:
            raise _bad_listen(listen)
    except (ValueError, CertRelayError):
        raise _bad_listen(listen) from None
    return spelled, number


def _split(listen: str) -> tuple[str, str]:
    if listen.startswith("["):
        host, _, rest = listen.partition("]")
        return host, rest.removeprefix(":")
    if listen.count(":") > 1:
        return listen, ""
    host, _, port = listen.partition(":")
    return host, port


def relay_parser(texts: Texts) -> argparse.ArgumentParser:
    """The parser of `certrelay-relay`, for completions and manuals."""
    from relay.__main__ import make_parser

    return make_parser(texts)
