"""`certrelay-relay check`: what would keep a relay from serving, before it serves."""

from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from relay import records
from relay.__main__ import main
from tests.redis_server import RedisServer, free_port, redis_server
from tests.relay.tls import Certificate

Out = pytest.CaptureFixture[str]

ACL = (
    "~certrelay:* &certrelay:* -@all +evalsha +script|load +get +set +del +pexpire +exists"
    " +publish +subscribe +time"
)
"""The rights that docs/operations.md gives a node."""


def check(*arguments: str | Path) -> int:
    return main(["check", "--lang", "en", *map(str, arguments)])


def test_all_that_a_relay_would_have_is_told(
    redis: RedisServer, certificate: Certificate, tmp_path: Path, capsys: Out
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[android]\napp = "G5.0"\n')
    tls = ("--tls-cert", certificate.chain, "--tls-key", certificate.key)
    assert check("--policy", policy, *tls, "--redis", redis.url) == ExitStatus.OK
    told = capsys.readouterr().out
    for words in (
        "options and files: good",
        "valid for 0 more days",
        "connections: ",
        "reached in",
    ):
        assert words in told


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, capsys: Out) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[android]\nap = "G5.0"\n')
    assert check("--policy", policy) == ExitStatus.USAGE
    assert f"{policy}: [android] ap (at line 2)" in capsys.readouterr().err


def test_a_store_that_is_not_reached_is_told_with_the_reason(capsys: Out) -> None:
    assert check("--redis", f"redis://127.0.0.1:{free_port()}/0") == ExitStatus.UNREACHABLE
    assert "not reached (refused)" in capsys.readouterr().out


def test_a_store_of_another_release_is_told(capsys: Out) -> None:
    with redis_server() as server:
        server.ask(f"SET certrelay:records {records.VERSION + 1}".encode())
        assert check("--redis", server.url) == ExitStatus.UNREACHABLE
    assert f"version of records ({records.VERSION + 1})" in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["", "+subscribe", "+evalsha", "+set", "+publish"])
def test_the_rights_that_the_document_gives_suffice_and_none_of_these_can_be_left_out(
    missing: str, capsys: Out
) -> None:
    with redis_server() as server:
        rights = ACL.replace(f" {missing}", "") if missing else ACL
        answer = server.ask(f"ACL SETUSER relay on >secret {rights}".encode())
        assert answer == b"+OK"
        status = check("--redis", f"redis://relay:secret@127.0.0.1:{server.port}/0")
    assert status == (ExitStatus.UNREACHABLE if missing else ExitStatus.OK)
    told = capsys.readouterr().out
    assert ("not reached (permission)" in told) == bool(missing)
