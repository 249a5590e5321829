"""`certrelay-relay` as an operator or a script runs it: a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect as connect_socket

from certrelay import __version__
from certrelay.errors import ExitStatus
from certrelay.wire.messages import SUBPROTOCOL, Created, PeerGone, Refused
from relay.__main__ import main
from tests.patience import PATIENCE_S
from tests.relay.device import Device, Pair
from tests.relay.raw import RawSocket
from tests.relay.tls import Certificate

Serve = Callable[..., "Program"]
ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "relay"]


class Program:
    """A relay that was started and has printed its first line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        self.url = process.stdout.readline().rstrip("\n")

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Send a signal; give back status and the rest of both streams."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start relays; whatever still runs at the end is killed."""
    with ExitStack() as stack:

        def start(*arguments: str | Path) -> Program:
            process = subprocess.Popen(
                [*COMMAND, "serve", "--port", "0", *map(str, arguments)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return Program(process)

        yield start


@pytest.fixture
def connect() -> Iterator[Callable[..., Device]]:
    """Open a socket to a program."""
    with ExitStack() as stack:

        def connect_one(program: Program, **options: Any) -> Device:
            url = f"ws://127.0.0.1:{program.port}/v1/ws"
            options |= {"subprotocols": [SUBPROTOCOL], "proxy": None}
            socket = connect_socket(url, **options)
            return Device(stack.enter_context(socket))

        yield connect_one


def run(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that ends by itself."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
    )


def events(log: str) -> list[str]:
    """The words of a log's lines, each behind date, time and level."""
    return [line.split(" ")[3] for line in log.splitlines()]


def test_the_first_line_is_the_url_of_a_relay_that_answers(
    serve: Serve, connect: Callable[..., Device], pair: Pair
) -> None:
    program = serve()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", program.url)
    g, s = pair.meet(lambda: connect(program))
    g.say(b"sealed")
    assert s.hear() == b"sealed"


def test_ctrl_c_closes_every_socket_and_ends_it_quietly(
    serve: Serve, connect: Callable[..., Device], pair: Pair
) -> None:
    program = serve()
    devices = [*pair.meet(lambda: connect(program)), connect(program)]
    program.process.send_signal(signal.SIGINT)
    for device in devices:
        assert device.hear_all()[-1] == 1012
    status, out, log = program.end(signal.SIGINT)
    assert (status, out, events(log)) == (ExitStatus.INTERRUPTED, "", ["started", "stopped"])
    assert f"version={__version__}" in log


def test_a_first_sigterm_lets_pairs_finish_and_a_second_does_not(
    serve: Serve, connect: Callable[..., Device], pair: Pair
) -> None:
    program = serve()
    g, s = pair.meet(lambda: connect(program))
    lonely = connect(program)
    program.process.send_signal(signal.SIGTERM)
    assert lonely.hear_all() == [1012]
    g.say(b"nearly done")
    assert s.hear() == b"nearly done"
    program.process.send_signal(signal.SIGTERM)
    assert [g.hear_all()[-1], s.hear_all()[-1]] == [1012, 1012]
    status, out, log = program.end(signal.SIGTERM)
    assert (status, out) == (ExitStatus.OK, "")
    assert events(log) == ["started", "draining", "stopped"]


def test_a_signal_ends_it_even_if_a_device_does_not_answer(
    serve: Serve, connect: Callable[..., Device]
) -> None:
    program = serve()
    with socket.create_connection(("127.0.0.1", program.port)) as half:
        half.sendall(b"GET /")
        status, out, log = program.end(signal.SIGTERM)
        assert (status, out) == (ExitStatus.OK, "")
        assert events(log) == ["started", "draining", "stopped"]


def test_the_url_printed_is_the_public_one(serve: Serve, connect: Callable[..., Device]) -> None:
    program = serve("--public-url", "https://relay.example.kr/cert/")
    assert program.url == "https://relay.example.kr/cert/"


def test_a_policy_file_rules(
    serve: Serve, connect: Callable[..., Device], pair: Pair, tmp_path: Path
) -> None:
    file = tmp_path / "releases.toml"
    file.write_text('[android]\napp = "G7"\n')
    program = serve("--policy", file)
    connect(program).ask(pair.create)
    refused = connect(program).ask(pair.join)
    assert isinstance(refused, Refused)
    assert (refused.code, str(refused.needed)) == ("version_too_low", "G7")


def test_a_limits_file_rules(
    serve: Serve, connect: Callable[..., Device], pair: Pair, tmp_path: Path
) -> None:
    file = tmp_path / "limits.toml"
    file.write_text("[admission]\nrooms = 1\n")
    program = serve("--limits", file)
    assert isinstance(connect(program).ask(pair.create), Created)
    assert connect(program).ask(Pair().create) == Refused("try_later")


def test_with_a_certificate_it_speaks_tls(
    serve: Serve, pair: Pair, certificate: Certificate
) -> None:
    program = serve("--tls-cert", certificate.chain, "--tls-key", certificate.key)
    assert program.url.startswith("https://127.0.0.1:")
    own = f"https://127.0.0.1:{program.port}"
    with RawSocket(program.port, tls=certificate.trusting(), origin=own) as page:
        assert isinstance(page.ask(pair.create), Created)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--host", "192.0.2.1"), ExitStatus.USAGE, "192.0.2.1"),
        (("--port", "65536"), ExitStatus.USAGE, "65536"),
        (("--policy", "none.toml"), ExitStatus.USAGE, "none.toml"),
        (("--limits", "none.toml"), ExitStatus.USAGE, "none.toml"),
        (("--tls-cert", "none.pem", "--tls-key", "none.pem"), ExitStatus.USAGE, "none.pem"),
        (("--tls-cert", str(ROOT / "pyproject.toml")), ExitStatus.USAGE, "--tls-key"),
        (
            ("--tls-cert", str(ROOT / "pyproject.toml"), "--tls-key", str(ROOT / "pyproject.toml")),
            ExitStatus.USAGE,
            "pyproject.toml",
        ),
        (("--public-url", "relay.example.kr"), ExitStatus.USAGE, "--public-url"),
        (("--allow-origin", "https://a.example/"), ExitStatus.USAGE, "--allow-origin"),
        (("--trust-proxy", "nginx"), ExitStatus.USAGE, "--trust-proxy"),
    ],
)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_cannot_start_says_why_in_one_sentence_and_a_hint(
    arguments: tuple[str, ...],
    status: ExitStatus,
    words: str,
    language: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["serve", *arguments, "--lang", language]) == status
    out, err = capsys.readouterr()
    assert out == ""
    sentence, hint = err.splitlines()
    assert words in sentence
    assert sentence.startswith("certrelay-relay: ")
    assert hint.startswith("certrelay-relay: ")
    assert bool(re.search("[가-힣]", sentence + hint)) == (language == "ko")


def test_a_port_that_is_taken_is_said_to_be(serve: Serve) -> None:
    done = run("serve", "--port", str(serve().port), "--lang", "en")
    assert done.returncode == ExitStatus.UNREACHABLE
    assert "port" in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(("language", "word"), [("ko", "예:"), ("en", "examples:")])
def test_the_help_shows_examples_in_both_languages(language: str, word: str) -> None:
    for choice in (("--lang", language), (f"--lang={language}",)):
        done = run("serve", "--help", *choice)
        assert done.returncode == 0
        assert word in done.stdout
        assert "certrelay-relay serve" in done.stdout
    by_locale = run("serve", "--help", LC_ALL="", LC_MESSAGES="", LANG=f"{language}.UTF-8")
    assert word in by_locale.stdout


def test_wrong_arguments_are_a_usage_error() -> None:
    for arguments in ((), ("fly",), ("serve", "--port", "x"), ("serve", "--lang", "fr")):
        done = run(*arguments)
        assert done.returncode == ExitStatus.USAGE
        assert "Traceback" not in done.stderr


def test_it_tells_its_version() -> None:
    assert __version__ in run("--version").stdout


@pytest.mark.attack(33)
def test_no_log_at_any_level_holds_a_secret_or_an_address(
    serve: Serve, connect: Callable[..., Device], pair: Pair
) -> None:
    program = serve("--log-level", "debug")
    g, s = pair.meet(lambda: connect(program))
    g.say(b"a sealed message")
    assert s.hear() == b"a sealed message"
    s.socket.close()
    assert g.hear() == PeerGone()
    assert isinstance(connect(program).ask(pair.stranger()), Refused)
    connect(program).ask(pair.resume_s)
    nonsense = connect(program)
    nonsense.say('{"type":"nonsense"}')
    nonsense.hear_all()
    status, _, log = program.end(signal.SIGINT)
    assert status == ExitStatus.INTERRUPTED
    for event in ("opened", "paired", "resumed", "carried", "lost", "refused"):
        assert event in log, "the log says what happened"
    assert f"room={pair.secret.room.log_name}" in log
    secrets = (pair.secret, pair.secret.room, pair.g_token, pair.s_token, pair.g_token.hashed)
    for secret in secrets:
        assert secret.hex not in log
        assert repr(secret.raw) not in log
    for text in ("127.0.0.1", "::1", "/v1/ws", "a sealed", b"a sealed".hex(), "nonsense", "G5.0"):
        assert text not in log
