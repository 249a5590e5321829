"""The operator's key on a PC: whose it is, who gets to see it, and what is said of a bad one."""

import argparse
import os
import socket
import stat
import threading
import time
from pathlib import Path

import pytest

from certrelay.client.link import connect
from certrelay.e2e.origin import Origin
from certrelay.errors import CertRelayError, ExitStatus, UsageError
from certrelay.wire.ids import AccessKey
from client_pc.access_key import read_access_key
from client_pc.commands.copying import access_key_file
from client_pc.settings import read
from relay.__main__ import main as relay_main

pytestmark = pytest.mark.attack(81)

HTTPS = Origin.parse("https://relay.example.kr/")


def test_the_relays_program_makes_a_key_and_tells_its_hash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "jongno.key"
    assert relay_main(["key", str(path)]) == ExitStatus.OK
    told = capsys.readouterr().out.strip()
    key = read_access_key(path, HTTPS)
    assert told == key.hashed.hex
    assert told != key.hex
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert relay_main(["key", str(path)]) == ExitStatus.STORAGE, "a key is never written over"
    assert read_access_key(path, HTTPS) == key


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff" * 64, b"0" * 63, b"0" * 1_000_000])
def test_what_is_no_key_is_refused_with_its_place(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "relay.key"
    path.write_bytes(content)
    for each in (path, tmp_path / "none", tmp_path):
        with pytest.raises(UsageError) as refused:
            read_access_key(each, HTTPS)
        assert refused.value.code == "bad_access_key"
        assert refused.value.details == {"path": str(each)}


@pytest.mark.parametrize(
    ("relay", "may_see"),
    [
        ("https://relay.example.kr/", True),
        ("http://127.0.0.1:8765/", True),
        ("http://[::1]:8765/", True),
        ("http://192.168.0.10:8765/", False),
        ("https://192.168.0.10:8765/", True),
    ],
)
def test_a_key_is_not_shown_where_others_read_it_on_the_way(
    tmp_path: Path, relay: str, may_see: bool
) -> None:
    path = tmp_path / "relay.key"
    path.write_text(AccessKey(bytes(32)).hex, "ascii")
    if may_see:
        assert read_access_key(path, Origin.parse(relay)) == AccessKey(bytes(32))
        return
    with pytest.raises(UsageError) as refused:
        read_access_key(path, Origin.parse(relay))
    assert refused.value.code == "access_key_needs_https"


@pytest.mark.parametrize(
    ("words", "environment", "found"),
    [
        ({}, {}, "of-the-file"),
        ({"relay": "https://other.example.kr/"}, {}, None),
        ({"listen": "127.0.0.1"}, {}, None),
        ({"relay": "https://other.example.kr/", "access_key_file": Path("own")}, {}, "own"),
        ({}, {"CERTRELAY_RELAY": "https://other.example.kr/"}, None),
        ({}, {"CERTRELAY_RELAY": "x.kr", "CERTRELAY_ACCESS_KEY_FILE": "its"}, "its"),
        ({}, {"CERTRELAY_ACCESS_KEY_FILE": "its"}, "its"),
    ],
)
def test_a_key_of_the_settings_is_for_their_relay_alone(
    tmp_path: Path, words: dict[str, object], environment: dict[str, str], found: str | None
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('relay = "relay.example.kr"\naccess_key_file = "of-the-file"\n', "utf-8")
    settings = read({"CERTRELAY_CONFIG": str(file), **environment})
    assert settings.error is None
    arguments = argparse.Namespace(
        **{"relay": None, "listen": None, "access_key_file": None, **words}
    )
    assert access_key_file(arguments, settings) == (None if found is None else Path(found))


def test_the_key_stands_in_a_header_and_in_no_path() -> None:
    key = AccessKey(os.urandom(32))
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hear() -> None:
            stream, _ = listener.accept()
            with stream:
                heard.append(stream.recv(65_536))

        for shown in (key, None):
            hearing = threading.Thread(target=hear)
            hearing.start()
            with pytest.raises(CertRelayError):
                connect(
                    f"http://127.0.0.1:{listener.getsockname()[1]}/", time.monotonic(), key=shown
                )
            hearing.join()
    head = heard[0].decode("ascii").split("\r\n")
    assert head[0] == "GET /v1/ws HTTP/1.1"
    assert f"Authorization: Bearer {key.hex}" in head
    assert key.hex not in heard[1].decode("ascii")
    assert "authorization" not in heard[1].decode("ascii").lower()
