"""Whether a phone could reach this PC, and whether this PC reaches its relay."""

import http.client
import os
import select
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from certrelay.client.link import ConnectionLostError, Link, connect
from certrelay.e2e.origin import Origin
from certrelay.errors import CertRelayError, ProtocolError, RelayUnreachable, RoomEnded
from certrelay.limits import ANSWER_S
from certrelay.wire.ids import AccessKey, JoinSecret, RoomId, TokenHash
from certrelay.wire.messages import (
    NO_PAGE,
    SOCKET_PATH,
    Create,
    Created,
    FromDevice,
    FromRelay,
    Join,
    Leave,
    Refused,
    decode_from_relay,
    encode,
)
from certrelay.wire.release import LETTERS, PCS
from client_pc.access_key import read_access_key
from client_pc.copy import relay_origin
from client_pc.doctor.finding import CheckResult
from client_pc.embedded import LOOPBACK, listen_address, relay_on
from client_pc.interfaces import Address, addresses, others_beside

CLOCK_TOLERANCE_S: Final = 60
"""Seconds that a clock may be wrong: certificates are judged by whole days, TLS by minutes."""

_ASKED: Final = ("android", "ios", "web", "pc")
_NONE: Final = "–"
"""In place of the lowest release: none is admitted."""


FIXED_PORT: Final = 47_800
"""The port that is proposed where a firewall must be opened for one."""


def own(listen: str | None) -> Iterator[CheckResult]:
    """Look at this PC as the relay: its address, whether it answers there, what stands around."""
    try:
        host, port = listen_address(listen)
    except CertRelayError as error:
        yield CheckResult.of_error("lan", error)
        return
    address = judge_address(host, addresses(), is_asked=listen is not None)
    if host == LOOPBACK and listen is None:
        yield address
        return
    try:
        with relay_on(host, port) as origin:
            yield address
            yield _ask("own_relay", origin)
            yield _page(origin)
    except CertRelayError as error:
        yield CheckResult.of_error("own_relay", error)
        return
    if name := firewall():
        values: dict[str, str | int] = {"name": name, "address": host, "port": FIXED_PORT}
        yield CheckResult("firewall", "note", name, values)
    yield CheckResult("isolation", "note")


def remote(relay: str, key_file: Path | None = None) -> Iterator[CheckResult]:
    """Look at a relay: whether it takes a room, and whether it has the same time.

    Args:
        relay: Its address.
        key_file: The key that its operator has given to this PC.
    """
    try:
        origin = relay_origin(relay)
        key = None if key_file is None else read_access_key(key_file, origin)
    except CertRelayError as error:
        yield CheckResult.of_error("relay", error)
        return
    answer = _ask("relay", origin, key)
    yield answer
    if answer.state == "good":
        yield admitted(origin, key)
        yield compare_clocks(origin)


def judge_address(host: str, known: Sequence[Address], *, is_asked: bool) -> CheckResult:
    """Judge the address that a phone is given.

    Args:
        host: The address.
        known: All addresses of this computer.
        is_asked: Whether the person named it: then others need not be told.
    """
    if Origin.of("http", host, FIXED_PORT).is_loopback:
        return (
            CheckResult("lan", "note", "loopback")
            if is_asked
            else CheckResult("lan", "bad", "none")
        )
    interface = next((each for each in known if each.address == host), Address(host, ""))
    others = [each.address for each in others_beside(host, known)]
    values: dict[str, str | int] = {
        "address": host,
        "interface": interface.interface or "?",
        "other": others[0] if others else host,
        "others": ", ".join(others),
    }
    if interface.kind in ("tunnel", "virtual"):
        return CheckResult("lan", "bad" if others else "note", interface.kind, values)
    if others and not is_asked:
        return CheckResult("lan", "note", "several", values)
    return CheckResult("lan", "good", values=values)


def _ask(check: str, origin: Origin, key: AccessKey | None = None) -> CheckResult:
    """Open a room and leave it, as `import` begins."""
    started = time.monotonic()
    try:
        link = connect(origin.text, started, key=key)
        try:
            answer = _open_room(link)
        finally:
            link.close()
    except CertRelayError as error:
        return CheckResult.of_error(check, error)
    values: dict[str, str | int] = {
        "relay": origin.text,
        "milliseconds": round(1000 * (time.monotonic() - started)),
        "seconds": answer.expires_in_ms // 1000,
    }
    return CheckResult(check, "good", values=values)


def _open_room(link: Link) -> Created:
    answer = _answer(link, Create(RoomId(os.urandom(32)), TokenHash(os.urandom(32))))
    if not isinstance(answer, Created):
        raise ProtocolError("bad_message")
    link.send_text(encode(Leave()))
    return answer


def admitted(origin: Origin, key: AccessKey | None = None) -> CheckResult:
    """Find which app releases a relay admits: by its refusals of devices that are far too old."""
    try:
        lowest = {platform: _lowest(origin, platform, key) for platform in _ASKED}
    except CertRelayError as error:
        return CheckResult.of_error("policy", error)
    if lowest["web"] == _NONE:
        return CheckResult("policy", "note", "no_page", lowest)
    return CheckResult("policy", "good", values=lowest)


def _lowest(origin: Origin, platform: str, key: AccessKey | None) -> str:
    """Scan a room's code as a device with release 0 of its app; give the release it needs."""
    platform = PCS[0] if platform == "pc" else platform
    secret, too_old = JoinSecret(os.urandom(JoinSecret.SIZE)), f"{LETTERS[platform]}0"
    with closing(connect(origin.text, time.monotonic(), key=key)) as own:
        _answer(own, Create(secret.room, TokenHash(os.urandom(32))))
        with closing(connect(origin.text, time.monotonic())) as phone:
            join = Join(secret, TokenHash(os.urandom(32)), platform, too_old, too_old[1:])
            answer = _answer(phone, join, refusals=True)
        own.send_text(encode(Leave()))
    if not isinstance(answer, Refused):
        return too_old  # it is admitted: there is no limit
    return _NONE if answer.needed is None else str(answer.needed)


def _answer(link: Link, request: FromDevice, *, refusals: bool = False) -> FromRelay:
    """Ask, and wait for the relay's answer.

    Args:
        link: A fresh connection.
        request: What is asked.
        refusals: Whether a refusal is an answer too; otherwise it is raised.

    Raises:
        CertRelayError: The refusal, or that this is no relay.
    """
    link.send_text(encode(request))
    deadline = time.monotonic() + ANSWER_S
    while (left := deadline - time.monotonic()) > 0:
        select.select([link], [], [], 0.0 if link.has_to_read else left)
        try:
            messages = link.receive(time.monotonic())
        except ConnectionLostError:
            break
        for message in messages:
            answer = decode_from_relay(message) if isinstance(message, str) else None
            if isinstance(answer, Refused) and not refusals:
                known = answer.code in RoomEnded.codes
                raise RoomEnded(answer.code) if known else ProtocolError("bad_message")
            if answer is None:
                raise ProtocolError("bad_message")
            return answer
    raise RelayUnreachable("not_a_relay")


def _page(origin: Origin) -> CheckResult:
    """Fetch the page that the phone's camera opens."""
    try:
        status, headers = _get(origin, "")
    except OSError as error:
        return CheckResult("page", "bad", "failed", {"why": error.strerror or type(error).__name__})
    if headers.get(NO_PAGE[0]) == NO_PAGE[1]:
        return CheckResult("page", "note", "apps_only")
    if status != http.client.OK or not headers.get("content-type", "").startswith("text/html"):
        return CheckResult("page", "bad", "failed", {"why": f"HTTP {status}"})
    return CheckResult("page", "good", values={"page": origin.text})


def compare_clocks(origin: Origin) -> CheckResult:
    """Compare this PC's clock with the relay's, which every HTTP answer tells."""
    try:
        _, headers = _get(origin, SOCKET_PATH)
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except (OSError, ValueError, http.client.HTTPException):
        return CheckResult("clock", "note", "untold")
    wrong = round((datetime.now(UTC) - theirs).total_seconds())
    if abs(wrong) > CLOCK_TOLERANCE_S:
        return CheckResult("clock", "bad", "fast" if wrong > 0 else "slow", {"seconds": abs(wrong)})
    return CheckResult("clock", "good")


def _get(origin: Origin, path: str) -> tuple[int, http.client.HTTPMessage]:
    """Ask for a page below an origin.

    Raises:
        OSError: If there is no answer.
    """
    host, port = origin.host, origin.port
    secure = origin.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(host, port, timeout=ANSWER_S)
    try:
        connection.request("GET", f"{origin.path}{path}")
        answer = connection.getresponse()
        return answer.status, answer.headers
    finally:
        connection.close()


def firewall(etc: Path = Path("/etc"), run: Path = Path("/run")) -> str | None:
    """Name the firewall that is on, as far as a normal user can see it.

    Returns:
        ``ufw``, ``firewalld``, ``windows``, ``macos`` (which always may have one), ``None``.
    """
    if sys.platform != "linux":
        return {"win32": "windows", "darwin": "macos"}.get(sys.platform)
    try:
        if "ENABLED=yes" in (etc / "ufw" / "ufw.conf").read_text("utf-8").split():
            return "ufw"
    except (OSError, ValueError):
        pass
    return "firewalld" if (run / "firewalld").is_dir() else None
