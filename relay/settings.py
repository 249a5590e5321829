"""What an operator or a test may change, with units in the names.

The protocol's own numbers are `certrelay.limits`; most of these begin as one of them.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Final, TypeVar

from certrelay import limits
from certrelay.errors import UsageError
from certrelay.frozen import frozen, replace
from certrelay.limits import KIB, MIB
from certrelay.wire.release import PHONE_POLICY, ReleasePolicy
from certrelay.wire.room import RoomLimits
from certrelay.wire.service import Network, ServicePolicy

_T = TypeVar("_T")


@frozen
class SocketLimits:
    """What one socket may cost."""

    first_message_s: float = limits.FIRST_MESSAGE_S
    """Seconds for the first message, and between messages until a room is reached."""

    code_wait_s: float = limits.CODE_WAIT_S
    """Seconds for which who has entered a typed code waits for its answer."""

    outbox_bytes: int = 256 * KIB
    """Bytes that wait for one device; a peer that sends more is not read meanwhile."""

    slow_reader_s: float = 30.0
    """Seconds a peer is kept waiting before the slow device's socket is cut off."""

    close_s: float = 10.0
    """Seconds for a device to take its last messages and answer the close."""

    request_s: float = 10.0
    """Seconds for a whole HTTP request, and for the TLS handshake before it."""

    answer_s: float = 60.0
    """Seconds more for the answer to be taken, if that is what is not finished by then."""

    ping_s: float = limits.PING_S
    """Seconds between two pings."""

    ping_timeout_s: float = limits.SILENCE_S
    """Seconds for a device to answer one."""


@frozen
class AdmissionLimits:
    """How many may come in.  Whoever is in is never put out for a newcomer.

    An address is an IPv4 address or an IPv6 /64; an IPv6 /56 may have twice as much, a /48 four
    times.  The defaults leave room for a mobile carrier that shows thousands of phones as one
    address.
    """

    connections: int = 50_000
    """TCP connections at once, of any kind."""

    connections_per_address: int = 5_000
    """TCP connections at once from one address that is no trusted proxy."""

    connects_per_address: int = 5_000
    """TCP connections that one address may begin at once."""

    connects_per_address_per_s: float = 100.0
    """How fast that allowance fills again."""

    requests_per_address: int = 1_000
    """HTTP requests that one address may send at once; each further one waits its turn."""

    requests_per_address_per_s: float = 50.0
    """How fast that allowance fills again."""

    sockets_per_address: int = 4_000
    """WebSockets at once from one address, behind a trusted proxy or not."""

    rooms: int = 20_000
    """Rooms at once."""

    rooms_per_address: int = 2_000
    """Rooms at once that were created from one address."""

    half_rooms: int = 5_000
    """Rooms at once that nobody has claimed and whose creator is gone; the oldest goes first."""

    half_rooms_per_address: int = 200
    """The same of those that were created from one address."""

    asks_per_address: int = 1_000
    """Creates, joins and resumes that one address may send at once."""

    asks_per_address_per_s: float = 20.0
    """How fast that allowance fills again."""

    enters_per_address: int = 30
    """Typed codes that one address may enter at once."""

    enters_per_address_per_s: float = 0.5
    """How fast that allowance fills again."""

    waiting_bytes: int = 96 * MIB
    """Bytes that wait in memory for all slow sockets: see `relay.ledger`."""

    waiting_bytes_per_address: int = 16 * MIB
    """The same for the sockets of one address."""


@frozen
class Edges:
    """Which browsers and which proxies are believed."""

    hosts: frozenset[str] | None = None
    """The ``Host`` headers answered, lower case, with port unless it is the scheme's own.
    ``None`` answers all: right for a public relay, wrong in a LAN, where a page that rebinds
    its name to this machine must not reach it."""

    ip_hosts: bool = False
    """Whether any ``Host`` that is an IP address is answered beside those."""

    origins: frozenset[str] = frozenset()
    """The origins of pages (``https://host[:port]``) that may connect, beside the relay's
    own.  A client that is no browser sends none and is admitted."""

    trusted_proxies: tuple[Network, ...] = ()
    """Networks whose ``X-Forwarded-For`` is believed, counted from the right."""


@frozen
class MobileApp:
    """An app that a relay's codes open."""

    identity: str
    """Android: the package's name; Apple: team and bundle, with a dot between."""

    fingerprints: tuple[str, ...] = ()
    """Android: SHA-256 of the certificates that sign it, ``AA:BB:…``."""

    store: str = ""
    """Where it is to be had, ``https://…``; empty if nowhere."""


@frozen
class AppLinks:
    """The apps that a relay's codes open."""

    android: MobileApp | None = None
    ios: MobileApp | None = None


@frozen
class Front:
    """What phones find at the relay's address beside the socket."""

    path: str = "/"
    """The path of the public URL, ending in "/".  Pages answer there and at "/": a proxy in front
    may keep the path, or strip it."""

    page_elsewhere: bool = False
    """Whether something in front of the relay serves the phone's page."""

    apps: AppLinks = AppLinks()


@frozen(repr=False)  # the store's URL may hold a password
class Settings:
    """All of a relay's settings."""

    room: RoomLimits = RoomLimits()
    socket: SocketLimits = SocketLimits()
    admission: AdmissionLimits = AdmissionLimits()
    edges: Edges = Edges()
    front: Front = Front()
    policy: ReleasePolicy = PHONE_POLICY
    service: ServicePolicy = ServicePolicy()
    dead_room_s: float = limits.DEAD_ROOM_S
    max_dead_rooms: int = limits.MAX_DEAD_ROOMS
    """Of each node."""

    redis_url: str | None = None
    """The store that several nodes share; ``None`` keeps the rooms in memory."""

    drain_s: float = 60.0
    """Seconds that paired devices have to finish before the relay stops."""

    stop_s: float = 2.0
    """Seconds that devices have to answer the close when it stops."""


MAX_TOML_BYTES: Final = 64 * KIB
"""Bytes of a policy or a limits file: a real one is below 1 KiB."""

MAX_LIMIT: Final = 2**53
"""Of any limit, whatever its unit."""

_ROOM_WORDS: Final = ("dead_room_s", "max_dead_rooms")
_OF_THE_PROTOCOL: Final = ("message_bytes",)
"""What both ends count on: no operator's business."""


def read_policy(path: Path) -> tuple[ReleasePolicy, ServicePolicy]:
    """Read a policy file: TOML, one table per platform, and ``[service]`` for the hours of use.

    A file with that one alone leaves the releases at their default.

    Raises:
        UsageError: ``bad_policy`` with ``where``: the file, the line or the key.
    """
    table = read_toml(path, "bad_policy")
    releases = PHONE_POLICY
    try:
        if set(table) != {"service"}:
            rules = {name: rule for name, rule in table.items() if name != "service"}
            releases = ReleasePolicy.from_table(rules)
        return releases, ServicePolicy.from_table(table.get("service", {}))
    except UsageError as error:
        key = str(error.details["where"])
        raise UsageError("bad_policy", where=f"{path}: {key}{_line_of(path, key)}") from None


def _line_of(path: Path, where: str) -> str:
    """Say in which line ``[table] key`` stands, as the TOML reader says it; empty if nowhere."""
    header, _, key = where.partition(" ")
    found = 0
    inside = False
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        begin = line.strip()
        if begin.startswith("["):
            inside = begin.partition("]")[0] + "]" == header
            found = number if inside else found
        elif inside and key and re.split(r"[\s=]", begin, maxsplit=1)[0] == key:
            return f" (at line {number})"
    return f" (at line {found})" if found else ""


def read_limits(path: Path, settings: Settings) -> Settings:
    """Read limits: a TOML file with the tables ``[room]``, ``[socket]`` and ``[admission]``.

    Args:
        path: The file; its keys are the fields of `RoomLimits`, `SocketLimits` and
            `AdmissionLimits`, and before any table ``dead_room_s`` and ``max_dead_rooms``.
        settings: What holds where the file says nothing.

    Raises:
        UsageError: ``bad_limits`` with ``where``: the file, the line or the key.
    """
    table = read_toml(path, "bad_limits")
    words: dict[str, Any] = {key: table.pop(key) for key in _ROOM_WORDS if key in table}
    settings = _changed(settings, words, _ROOM_WORDS, f"{path}:")
    for name, values in table.items():
        where = f"{path}: [{name}]"
        if name not in ("room", "socket", "admission") or not isinstance(values, dict):
            raise UsageError("bad_limits", where=where)
        old: Any = getattr(settings, name)
        keys = tuple(key for key in old.__match_args__ if key not in _OF_THE_PROTOCOL)
        settings = replace(settings, **{name: _changed(old, values, keys, where)})
    return settings


def _changed(old: _T, values: dict[str, Any], keys: tuple[str, ...], where: str) -> _T:
    """Change some limits: a whole number stays one, and all are above zero."""
    for key, value in values.items():
        if key not in keys or not _is_like(value, getattr(old, key)):
            raise UsageError("bad_limits", where=f"{where} {key}")
    return replace(old, **values)


def _is_like(value: Any, limit: float) -> bool:
    kinds = (int, float) if isinstance(limit, float) else (int,)
    return type(value) in kinds and 0 < value <= MAX_LIMIT


def read_toml(path: Path, code: str) -> dict[str, Any]:
    """Read a small TOML file.

    Raises:
        UsageError: ``code`` with ``where``: the file, and the line where there is one.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_TOML_BYTES + 1)
        if len(raw) > MAX_TOML_BYTES:
            raise UsageError(code, where=str(path))
        return tomllib.loads(raw.decode())
    except OSError as error:
        raise UsageError(code, where=f"{path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(code, where=f"{path}: {error}") from None
    except UnicodeDecodeError:
        raise UsageError(code, where=f"{path}: UTF-8") from None
    except (ValueError, RecursionError):  # an endless integer, brackets without end
        raise UsageError(code, where=str(path)) from None
