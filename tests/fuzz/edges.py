"""What is fuzzed beside protocol and certificates: the edges of the programs.

Long because it is a list of readers, each with what it is given.

What a relay's network sends before anything is a message, what an operator or a person keeps
in a file, and what is made of a stranger's text before it is shown or becomes a name.
"""

import contextlib
import io
import json
import socket
import tempfile
import time
import tomllib
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, cast

from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from certrelay.client import proxy
from certrelay.client.link import ConnectionLostError, Link, new_protocol
from certrelay.client.manage.stores import Stores
from certrelay.client.terminal.json_report import JsonReport
from certrelay.client.terminal.screen import open_screen
from certrelay.client.terminal.text_report import TextReport
from certrelay.errors import RelayUnreachable, UsageError
from certrelay.limits import MAX_MESSAGE_BYTES, MAX_NAME_COMPONENT_BYTES, MAX_SHOWN_CELLS
from certrelay.pki import naming
from certrelay.safe_text import cell_width, is_hidden, printable
from certrelay.texts import Texts
from certrelay.wire.ids import Role, RoomId, TokenHash
from certrelay.wire.release import PHONE_POLICY, Version, VersionUnreadable
from certrelay.wire.room import DeadWord, Participant, Room
from client_pc import settings
from client_pc.folders import CONFIG_VARIABLE
from client_pc.history import FILE_NAME, CopiedItem, Copy, History, devices_with_older
from client_pc.history.show import show_history
from relay import records
from relay.client_address import allowance_key, client_address
from relay.settings import Settings, read_limits, read_policy
from tests.fuzz.mutating_text import mutated_text
from tests.fuzz.target import Target, ours


@cache
def _folder() -> Path:
    """A folder for this process: what reads files is given real ones."""
    folder = tempfile.TemporaryDirectory(prefix="fuzz-")
    _KEPT.append(folder)
    return Path(folder.name)


_KEPT: list[Any] = []


def read_release(data: bytes) -> None:
    """A declared release and system: admitted only if at least what the policy names."""
    platform, _, versions = data.decode("utf-8", "replace").partition(" ")
    app, _, system = versions.partition(" ")
    with contextlib.suppress(VersionUnreadable):
        version = Version.parse(app)
        assert str(version) == app
        assert version.text.isascii()
        assert not version < version
    with ours():
        PHONE_POLICY.check(platform, app, system)
        rule = PHONE_POLICY.rules[platform]
        assert not Version.parse_app(app) < rule.app
        assert rule.os is None or not Version.parse_os(system) < rule.os


def read_policy_file(data: bytes) -> None:
    """An operator's policy: releases, and hours of which one comes again within a week."""
    path = _folder() / "policy.toml"
    path.write_bytes(data)
    with contextlib.suppress(UsageError):
        policy, service = read_policy(path)
        assert policy.rules
        with ours():
            policy.check("android", "G5.0", "14")
        closed = service.refusal(1_795_000_000.0)
        assert closed is None or service.suspended or 0 < (closed.retry_in_ms or 0) <= 604_800_000


def read_limits_file(data: bytes) -> None:
    """An operator's limits: whatever is taken is above zero and no protocol number."""
    path = _folder() / "limits.toml"
    path.write_bytes(data)
    with contextlib.suppress(UsageError):
        found = read_limits(path, Settings())
        for limits in (found.room, found.socket, found.admission):
            assert all(getattr(limits, name) > 0 for name in limits.__match_args__)
        assert found.room.message_bytes == MAX_MESSAGE_BYTES


def read_settings_file(data: bytes) -> None:
    """A person's settings: in force as written, or refused as a whole with the place."""
    path = _folder() / "config.toml"
    path.write_bytes(data)
    found = settings.read({CONFIG_VARIABLE: str(path)})
    if found.error is not None:
        # The fault is told in the person's language, if that can be read.
        assert found == settings.Settings(language=found.language, error=found.error)
        assert str(path) in str(found.error.details["where"])
        return
    for name in tomllib.loads(data.decode("utf-8-sig")):
        assert name in {key.name.partition(".")[0] for key in settings.KEYS}


def read_history_file(data: bytes) -> None:
    """A history: every line that is one of ours can be shown, written and read again."""
    path = _folder() / FILE_NAME
    path.write_bytes(data)
    history, stores = History(_folder()), Stores((_folder() / "nothing",))
    copies = history.read()
    for copy in copies:
        for item in copy.items:
            devices_with_older(copies, item)
    out, err = io.StringIO(), io.StringIO()
    texts = Texts("ko")
    show_history(history, stores, JsonReport(texts, out))
    assert all(json.loads(line)["event"] for line in out.getvalue().splitlines())
    show_history(history, stores, TextReport(texts, "certrelay", out, open_screen(err)))
    assert not any(map(is_hidden, (out.getvalue() + err.getvalue()).replace("\n", "")))
    path.unlink()
    for copy in copies:
        history.append(copy)
    again = history.read()
    assert [copy.at for copy in again] == [copy.at.replace(microsecond=0) for copy in copies]


def name_a_folder(data: bytes) -> None:
    """Any name makes exactly one component that every system takes, or the fallback."""
    text = data.decode("utf-8", "surrogatepass") if _is_wtf8(data) else data.decode("latin-1")
    name = naming.component(text, "fallback")
    assert name
    assert len(name.encode()) <= MAX_NAME_COMPONENT_BYTES
    assert not set(name) & set('/\\:*?"<>|\0')
    assert not any(map(is_hidden, name))
    assert name not in (".", "..")
    assert name[0] not in ". "
    assert name[-1] not in ". "
    assert naming.component(name, "fallback") == name
    place = naming.npki_place((("cn", text),), (("o", text),), "0" * 64)
    assert naming.is_place(place)


def _is_wtf8(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def show_text(data: bytes) -> None:
    """Any text is shown without one acting character, within its cells."""
    text = data.decode("utf-8", "surrogatepass") if _is_wtf8(data) else data.decode("latin-1")
    for cells in (None, MAX_SHOWN_CELLS, 1, 7):
        shown = printable(text, cells)
        assert not any(map(is_hidden, shown))
        assert cells is None or cell_width(shown) <= cells
        shown.encode()


_PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def find_address(data: bytes) -> None:
    """What stands in X-Forwarded-For: never an address that a stranger wrote."""
    values = data.decode("latin-1").split("\n")
    assert client_address("203.0.113.9", values, _PROXIES) == "203.0.113.9"
    client = client_address("10.0.0.1", values, _PROXIES)
    hops = [hop.strip() for value in values for hop in value.split(",")]
    assert client == "10.0.0.1" or client in hops
    appended = client_address("10.0.0.1", [*values, "198.51.100.7"], _PROXIES)
    assert appended == "198.51.100.7"
    key = allowance_key(client)
    assert not key or str(ip_address(key)) == key


def read_record(data: bytes) -> None:
    """What lies in the common store, and what another node sent."""
    with contextlib.suppress(records.RecordUnreadable):
        stored = records.decode(RoomId(bytes(32)), data)
        assert records.decode(RoomId(bytes(32)), records.encode(stored)) == stored
    with contextlib.suppress(records.RecordUnreadable):
        message = records.unpack("node", data)
        assert records.unpack("node", records.pack(message)) == message


def read_proxy_answer(data: bytes) -> None:
    """What a company's proxy says to CONNECT, and how it is named in the environment."""
    ours_end, its_end = socket.socketpair()
    with ours_end, its_end, contextlib.suppress(RelayUnreachable):
        its_end.sendall(data[:65_536])
        its_end.shutdown(socket.SHUT_WR)
        status = proxy.read_status(ours_end, time.monotonic() + 5)
        assert 0 <= status <= 999
    with contextlib.suppress(RelayUnreachable):
        found = proxy.Proxy.parse(data.decode("utf-8", "replace"))
        assert found.host
        assert 0 < found.port < 65_536
        assert found.authorization is None or found.authorization.isprintable()


def hear_relay(data: bytes) -> None:
    """Raw bytes from a relay on an open WebSocket: whole messages of a size, or the end."""
    ours_end, its_end = socket.socketpair()
    with ours_end, its_end:
        protocol, server = new_protocol(parse_uri("ws://relay.example/v1/ws")), ServerProtocol()
        protocol.send_request(protocol.connect())
        server.receive_data(b"".join(protocol.data_to_send()))
        (request,) = server.events_received()
        server.send_response(server.accept(cast(Request, request)))
        protocol.receive_data(b"".join(server.data_to_send()))
        protocol.events_received()
        ours_end.setblocking(False)
        its_end.setblocking(False)
        link = Link(ours_end, protocol, now=0.0)
        half = len(data) // 2
        with contextlib.suppress(ConnectionLostError):
            for piece in (data[:half], data[half:65_536]):
                its_end.sendall(piece)
                for message in link.receive(0.0):
                    assert len(message) <= MAX_MESSAGE_BYTES
                link.keep_alive(30.0)
                link.send_binary(b"x")
        link.close()


# --- seeds ---

_NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
_ITEM = CopiedItem("홍길동", "cn=홍길동,c=kr", "ab" * 32, _NOW, "stored")
_SECOND = CopiedItem(None, None, None, None, "full")
_COPIES = (
    Copy(_NOW, "import", "phone", "android", (_ITEM, _SECOND), None),
    Copy(_NOW, "export", "pc", "linux", (), "timeout"),
)


def _history() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        history = History(Path(folder))
        for copy in _COPIES:
            history.append(copy)
        return history.path.read_bytes()


def _records() -> tuple[bytes, ...]:
    room = RoomId(bytes(32))
    places = (
        Participant(TokenHash(bytes(32))),
        Participant(TokenHash(bytes(range(32))), 12.5, missed_scan=True),
    )
    record = records.encode(
        records.Record(Room(room, *places, 99.0, 5, 2), {Role.G: "node:1", Role.S: "other:2"})
    )
    notice = records.Notice(room, record, (("node:1", "say", "{}"), ("node:1", "close", 1000)), "a")
    return (
        record,
        records.encode(DeadWord.USED),
        records.pack(notice),
        records.pack(records.Letter(room, "node:7", b"sealed")),
    )


_POLICY = b'[android]\napp = "G5.0"\nos = "8"\nblocked = ["G5.3"]\n[ios]\napp = "I5.0"\n'
_HOURS = (
    b'[service]\nsuspended = false\nhours = ["mon-fri,sun 09:00-18:00"]\nutc_offset = "+09:00"\n'
)
_LIMITS = (
    b"max_dead_rooms = 9\n[socket]\nping_s = 20.5\n[admission]\nrooms = 5\n[room]\ngrace_s=1\n"
)
_SETTINGS = (
    b'relay = "https://relay.example.com/"\nstore = "~/NPKI"\nlanguage = "ko"\nname = "PC"\n'
    b"history = false\nplain = true\n[timeouts]\nnumber_s = 60\nsave_question_s = 45.5\n"
)
_NAMES = ("홍길동()0001,ou=HTS,o=yessign,c=kr", "../CON", "NUL .txt", "a" * 300, "\u202e가 ")
_HEARD = (
    b"\x81\x02{}",
    b"\x82\x7e\x00\x80" + bytes(128),
    b"\x02\x01a\x80\x01b\x89\x00",
    b"\x88\x02\x03\xe8",
    b"\x01\x00" + b"\x00\x00" * 70,
    b"\x82\x7f\x00\x00\x00\x00\x00\x00\x80\x01",
)
_ANSWERS = (
    b"HTTP/1.1 200 Connection established\r\n\r\n",
    b"HTTP/1.0 407 Who\r\nProxy-Authenticate: Basic\r\n\r\n",
    b"http://user:pass@proxy.example:3128",
)

EDGES = {
    "release": Target(read_release, (b"android G5.0 14", b"ios I5.10 13.1.2"), mutated_text),
    "policy": Target(read_policy_file, (_POLICY, _HOURS, b"a=" + b"[" * 900), mutated_text),
    "limits": Target(read_limits_file, (_LIMITS,), mutated_text),
    "settings": Target(read_settings_file, (_SETTINGS, b"a=" + b"[" * 900), mutated_text),
    "history": Target(read_history_file, (_history(), b"[" * 3000), mutated_text),
    "name": Target(name_a_folder, tuple(map(str.encode, _NAMES)), mutated_text),
    "shown": Target(
        show_text, (*map(str.encode, _NAMES), b"\x1b]52;c;x\x07\xc2\x9b2J"), mutated_text
    ),
    "address": Target(
        find_address, (b"1.2.3.4, 10.0.0.2", b"::1\nfd00::1, 2001:db8::1%eth0"), mutated_text
    ),
    "record": Target(read_record, _records(), mutated_text),
    "proxy": Target(read_proxy_answer, _ANSWERS, mutated_text),
    "link": Target(hear_relay, _HEARD, mutated_text),
}  # fmt: skip
EDGE_ROWS = {
    "release": [20],
    "policy": [20],
    "name": [17],
    "shown": [37],
    "address": [41],
    "proxy": [44],
    "link": [44],
}
"""The rows of docs/security.md; the others read what only their owner writes."""
