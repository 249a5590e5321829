"""A PC that shows a code to type is found by the other one, where both are in one local network.

By DNS service discovery over multicast DNS, with the library ``zeroconf`` where it is installed;
without it the address is typed.  What is announced is an address, a port and the version of the
protocol, under a name drawn at random, and only while a code is on the screen.  What is heard is
somebody's word: an address of this network to try, and nothing else of it is used or shown.

Source: RFC 6762, RFC 6763; docs/protocol.md §10.1; docs/security.md, attack 82.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from certrelay.client.terminal.interrupts import Interrupts
from certrelay.e2e.origin import Origin
from certrelay.errors import CertRelayError
from client_pc.interfaces import addresses

if TYPE_CHECKING:
    from zeroconf import ServiceInfo, Zeroconf

SERVICE: Final = "_certrelay._tcp.local."
VERSION: Final = "1"
"""Of the protocol, CRP/1."""

SEARCH_S: Final = 3.0
"""Seconds for which another PC is looked for: it answers in a tenth, or when asked again."""

MORE_S: Final = 1.0
"""Seconds for which a second one is waited for, once there is a first."""

MAX_FOUND: Final = 8
"""Addresses that are shown to a person: a stranger may announce as many as he likes."""

_LIFE_S: Final = 120
"""Seconds for which others keep an announcement: as long as a code lives."""

_GOODBYE_S: Final = 1.0
"""Seconds for which the end of an announcement may take the end of the program up."""

_RESOLVE_MS: Final = 500


def can_search() -> bool:
    """Tell whether the library is there."""
    return find_spec("zeroconf") is not None


class Announcement:
    """Says in the local network that a code is shown at this PC's own relay.

    Everything is done beside the loop: nobody waits for it, and where it fails nobody is told,
    since the address stands on the screen.

    Args:
        relay: This PC's own relay; ``None``, or one on loopback, is announced to nobody.
    """

    def __init__(self, relay: Origin | None) -> None:
        is_reachable = relay is not None and relay.is_local and not relay.is_loopback
        self._relay: Final = relay if is_reachable else None
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    def begin(self) -> None:
        """Announce from now on."""
        if self._relay is not None and (self._thread is None or self._over.is_set()):
            self._over = threading.Event()
            arguments = (self._relay, self._over)
            self._thread = threading.Thread(target=_announce, args=arguments, daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Take it back."""
        self._over.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.end()
        if self._thread is not None:
            self._thread.join(_GOODBYE_S)


def _announce(relay: Origin, over: threading.Event) -> None:
    with contextlib.suppress(Exception), _service(relay.host) as service:
        about = announced(relay)
        service.register_service(about)
        over.wait()
        service.unregister_service(about)


def announced(relay: Origin) -> "ServiceInfo":
    """What is said of a relay: nothing of the computer, of its person or of the code."""
    from zeroconf import ServiceInfo

    name = f"certrelay-{os.urandom(4).hex()}"
    return ServiceInfo(
        SERVICE,
        f"{name}.{SERVICE}",
        port=relay.port,
        parsed_addresses=[relay.host],
        server=f"{name}.local.",
        properties={"v": VERSION},
        host_ttl=_LIFE_S,
        other_ttl=_LIFE_S,
    )


def search(interrupts: Interrupts) -> tuple[Origin, ...]:
    """Look for PCs in the local network that show a code; each is an address to try.

    Raises:
        Interrupted: ``interrupted``, at Ctrl-C.
    """
    own = [each.address for each in addresses() if each.kind in ("network", "unknown")]
    found: dict[str, Origin] = {}
    with contextlib.suppress(OSError, RuntimeError, ImportError), _service(*own) as service:
        heard, end = _listen(service), time.monotonic() + SEARCH_S
        known = 0
        while (left := end - time.monotonic()) > 0:
            interrupts.check()
            if len(heard) == known or len(found) >= MAX_FOUND:
                time.sleep(min(left, 0.05))
                continue
            for place in _places(service, heard[known]):
                found.setdefault(place.text, place)
                end = min(end, time.monotonic() + MORE_S)
            known += 1
    return tuple(found.values())[:MAX_FOUND]


def _listen(service: "Zeroconf") -> list[str]:
    """Begin to ask; the names that answer come into the list."""
    from zeroconf import ServiceBrowser, ServiceStateChange

    names: list[str] = []

    def hear(*, name: str, state_change: ServiceStateChange, **_: Any) -> None:
        if state_change is ServiceStateChange.Added:
            names.append(name)

    ServiceBrowser(service, SERVICE, handlers=[hear])
    return names


def _places(service: "Zeroconf", name: str) -> Iterator[Origin]:
    """Where an announced name says that it is: addresses of a local network, of this version."""
    from zeroconf import Error, ServiceInfo

    with contextlib.suppress(Error):  # a name that is none
        about = ServiceInfo(SERVICE, name)
        if about.request(service, _RESOLVE_MS):
            yield from places_of(about)


def places_of(about: "ServiceInfo") -> Iterator[Origin]:
    """The addresses of an announcement that may be tried."""
    if about.properties.get(b"v") != VERSION.encode():
        return
    for address in about.parsed_addresses():
        with contextlib.suppress(CertRelayError):
            place = Origin.of("http", address, about.port or 0)
            if place.is_local and not place.is_loopback:
                yield place


@contextlib.contextmanager
def _service(*own: str) -> "Iterator[Zeroconf]":
    """Speak multicast DNS on these addresses of this computer, and on no other.

    Raises:
        OSError, RuntimeError: Where there is none.
        ImportError: Where the library is not what it should be.
    """
    if not own or not can_search():
        raise RuntimeError("nobody to speak to")
    from zeroconf import Zeroconf

    quiet = logging.getLogger("zeroconf")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    service = Zeroconf(interfaces=list(own))
    try:
        yield service
    finally:
        service.close()
