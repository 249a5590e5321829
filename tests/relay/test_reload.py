"""SIGHUP and the lines that tell what is wrong: a relay on its operator's first day."""

import http.client
import os
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nodes import ROOT, nodes, readiness
from tests.patience import PATIENCE_S
from tests.redis_server import RedisServer, free_port, redis_server
from tests.relay.tls import Certificate, make_certificate

WARNINGS = ("--log-level", "warning")


def shipped(**changed: str) -> dict[str, str]:
    """The environment of the shipped relay.env, with ports of the test's own."""
    lines = (ROOT / "deploy" / "relay.env").read_text("utf-8").splitlines()
    told = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
    assert set(changed) <= set(told)
    return {**os.environ, **told, **changed}


def until(process: "subprocess.Popen[str]", word: str) -> str:
    """Read the log up to the line with that word; give the line."""
    assert process.stderr is not None
    for line in process.stderr:
        if word in line:
            return line
    raise AssertionError(f"it ended without {word}")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="the system has no SIGHUP")
def test_a_reload_of_the_relay_as_shipped_is_survived_and_told() -> None:
    port = str(free_port())
    environment = shipped(
        CERTRELAY_RELAY_PORT=port, CERTRELAY_RELAY_OPERATE=f"127.0.0.1:{free_port()}"
    )
    command = [sys.executable, "-m", "relay", "serve"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "https://relay.example.kr/\n"
            process.send_signal(signal.SIGHUP)
            assert '"read": "nothing"' in until(process, "reloaded")
            assert readiness(int(port)) == (200, "ok")
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[android]\napp = "G5.0"\nblock = ["G5.3"]\n', "[android] block (at line 3)"),
        ('[service]\nsuspended = false\n\n[ios]\napp = "G5.0"\n', "[ios] app (at line 5)"),
        ('[android]\napp = "G5.0"\n[amiga]\napp = "A1"\n', "[amiga] (at line 3)"),
        ("[android]\napp = G5.0\n", "line 2"),
    ],
)
def test_a_policy_that_cannot_be_used_is_told_by_file_line_and_key(
    tmp_path: Path, text: str, where: str
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[android]\napp = "G5.0"\n')
    with nodes(1, "--policy", policy) as (relay,):
        policy.write_text(text)
        relay.send(signal.SIGHUP)
        assert relay.process is not None
        line = until(relay.process, "policy_unreadable")
        assert str(policy) in line
        assert where in line


def make(folder: Path) -> Certificate:
    folder.mkdir()
    return make_certificate(folder)


def issuer_of(port: int, trusted: Certificate) -> bool:
    """Whether a new connection is given a certificate of that authority."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusted.trusting())
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except ssl.SSLCertVerificationError:
        return False
    finally:
        connection.close()


def test_a_renewed_certificate_is_served_after_a_reload_and_half_a_pair_is_not(
    tmp_path: Path,
) -> None:
    old, new = (make(tmp_path / name) for name in ("old", "new"))
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    shutil.copy(old.chain, chain)
    shutil.copy(old.key, key)
    with nodes(1, "--tls-cert", chain, "--tls-key", key) as (relay,):
        assert relay.process is not None
        assert issuer_of(relay.port, old)
        shutil.copy(new.chain, chain)
        relay.send(signal.SIGHUP)
        assert str(chain) in until(relay.process, "tls_unreadable")
        assert issuer_of(relay.port, old), "the key of the other one goes on"
        shutil.copy(new.key, key)
        relay.send(signal.SIGHUP)
        assert "read=tls" in until(relay.process, "reloaded read=tls")
        assert issuer_of(relay.port, new)


@pytest.fixture
def locked() -> Iterator[RedisServer]:
    """A store that wants a password, which a relay does not have at first."""
    with redis_server() as server:
        server.ask(b"CONFIG SET requirepass first")
        yield server


def address(server: RedisServer, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{server.port}/0\n"


@pytest.mark.parametrize("why", ["password", "refused", "certificate"])
def test_a_store_that_is_never_reached_is_told_with_the_reason(
    locked: RedisServer, why: str, tmp_path: Path
) -> None:
    file = tmp_path / "redis.url"
    urls = {
        "password": address(locked, "wrong"),
        "refused": f"redis://127.0.0.1:{free_port()}/0",
        "certificate": "rediss://127.0.0.1:{port}/0",
    }
    with nodes(1, *tls_server(tmp_path)) as (tls,):
        file.write_text(urls[why].replace("{port}", str(tls.port)))
        with nodes(1, "--redis", f"@{file}", *WARNINGS) as (relay,):
            assert relay.process is not None
            line = until(relay.process, "store_away")
            assert f"why={why}" in line
            assert "wrong" not in line
            file.write_text(address(locked, "first"))
            relay.send(signal.SIGHUP)
            until(relay.process, "store_joined")
            while readiness(relay.port)[0] != 200:
                pass


def tls_server(folder: Path) -> tuple[str | Path, ...]:
    """Something that ends TLS with a certificate of an unknown authority."""
    certificate = make(folder / "unknown")
    return ("--tls-cert", certificate.chain, "--tls-key", certificate.key)


def test_a_password_that_is_changed_is_used_for_new_connections(
    locked: RedisServer, tmp_path: Path
) -> None:
    file = tmp_path / "redis.url"
    file.write_text(address(locked, "first"))
    with nodes(1, "--redis", f"@{file}", *WARNINGS) as (relay,):
        assert relay.process is not None
        file.write_text(address(locked, "second"))
        with_password = "AUTH first\r\nCONFIG SET requirepass second"
        locked.ask(with_password.encode())
        relay.send(signal.SIGHUP)
        assert "read=redis" in until(relay.process, "reloaded")
        locked.ask(b"AUTH second\r\nCLIENT KILL TYPE normal\r\nCLIENT KILL TYPE pubsub")
        until(relay.process, "store_joined")
        while readiness(relay.port)[0] != 200:
            pass


def test_a_full_store_and_its_room_are_told_at_the_usual_level() -> None:
    with redis_server() as server, nodes(1, "--redis", server.url) as (relay,):
        assert relay.process is not None
        server.ask(b"CONFIG SET maxmemory 1")
        until(relay.process, "store_full")
        server.ask(b"CONFIG SET maxmemory 0")
        until(relay.process, "store_has_room")


def test_the_operators_pages_answer_a_question_for_the_head_alone() -> None:
    operator = free_port()
    with nodes(1, "--operate", f"127.0.0.1:{operator}"):
        connection = http.client.HTTPConnection("127.0.0.1", operator, timeout=PATIENCE_S)
        connection.request("HEAD", "/readyz")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Content-Length")) == (200, "3")
        assert answer.read() == b""
        connection.close()
