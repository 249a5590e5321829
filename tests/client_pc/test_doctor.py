"""Each reason for failure that `certrelay doctor` knows: made for real, found, with its remedy."""

import io
import json
import os
import pty
import socket
import termios
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from certrelay.client.store.store import Store
from certrelay.errors import ExitStatus
from certrelay.frozen import replace
from certrelay.pki.check import inspect
from certrelay.texts import LANGUAGES, Texts
from certrelay.wire.release import LETTERS, ReleasePolicy
from client_pc import cli
from client_pc.copy import relay_origin
from client_pc.doctor import network, places, screen
from client_pc.doctor.finding import CheckResult
from client_pc.interfaces import Address, addresses
from client_pc.qr_screen import draw, png
from relay import journal
from relay.embedded import EMBEDDED, start
from tests.certificates import PASSWORD, person

Findings = dict[str, dict[str, Any]]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CERTRELAY_DATA", str(tmp_path / "data"))
    return tmp_path / "NPKI"


def examine(
    store: Path, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, Findings]:
    """Run it on loopback, which every machine has."""
    way = ("--listen", "127.0.0.1", "--store", str(store), "--json")
    status = cli.main(["doctor", *way, *arguments])
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return status, {event["check"]: event for event in told if event["event"] == "check"}


def test_a_healthy_pc_has_nothing_to_put_right(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = person().npki(PASSWORD)
    Store(store).save(item, inspect(item).place)
    status, found = examine(store, capsys)
    assert status == ExitStatus.OK
    assert found["qr"]["state"] == found["own_relay"]["state"] == found["page"]["state"] == "good"
    assert found["place"]["values"] == {"path": str(store), "count": 1, "broken": 0}
    assert (found["store"]["state"], found["store"]["code"]) == ("good", "")
    assert found["lan"]["code"] == "loopback"
    assert found["isolation"]["remedy"]
    assert found["reach"]["remedy"]
    assert cli.main(["doctor", "--listen", "127.0.0.1", "--store", str(store), "--lang", "ko"]) == 0
    assert capsys.readouterr().err == f"{Texts('ko').say('doctor.well')}\n"
    assert sorted(path.name for path in store.iterdir()) == ["yessign"], "nothing is left behind"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_reads_findings_and_remedies(
    store: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    texts = Texts(language)
    status = cli.main(
        ["doctor", "--listen", "127.0.0.1", "--store", "/dev/null/x", "--lang", language]
    )
    assert status == ExitStatus.NOT_CONFIRMED
    seen = capsys.readouterr()
    assert f"[{texts.say('health.good')}]" in seen.out
    assert f"[{texts.say('health.bad')}]" in seen.out
    assert texts.say("remedy.store.no_folder") in seen.out
    assert texts.say("error.unwell", count=1) in seen.err


# --- the network ---


def test_a_relay_that_works_is_told_with_its_time(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with start("127.0.0.1") as relay:
        status, found = examine(store, capsys, "--relay", relay.url)
    assert status == ExitStatus.OK
    assert found["relay"]["values"]["seconds"] == 120
    assert found["clock"]["state"] == "good"
    lowest = {"android": "G5.0", "ios": "I5.0", "web": "W1.0", "pc": "P0.1"}
    assert (found["policy"]["state"], found["policy"]["values"]) == ("good", lowest)


@pytest.mark.parametrize(
    ("table", "lowest", "code"),
    [
        ({"android": {"app": "G7.1", "os": "10"}}, ("G7.1", "–", "–", "–"), "no_page"),
        (
            {p: {"app": f"{LETTERS.get(p, 'P')}0"} for p in ("android", "ios", "web", "pc")},
            ("G0", "I0", "W0", "P0"),
            "",
        ),
    ],
)
def test_what_a_relay_admits_is_found_by_its_refusals(
    store: Path,
    capsys: pytest.CaptureFixture[str],
    table: dict[str, Any],
    lowest: tuple[str, ...],
    code: str,
) -> None:
    policy = ReleasePolicy.from_table(table)
    with start("127.0.0.1", settings=replace(EMBEDDED, policy=policy)) as relay:
        status, found = examine(store, capsys, "--relay", relay.url)
    assert status == ExitStatus.OK
    assert found["policy"]["code"] == code
    assert tuple(found["policy"]["values"].values()) == lowest
    assert bool(found["policy"]["remedy"]) == bool(code)


def test_a_relay_that_is_away_or_is_none(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        away = f"http://127.0.0.1:{free.getsockname()[1]}/"
    for relay, code in (
        (away, "relay_unreachable"),
        ("http://relay.example.kr/", "relay_needs_https"),
        ("nonsense", "bad_relay_url"),
    ):
        status, found = examine(store, capsys, "--relay", relay)
        assert status == ExitStatus.NOT_CONFIRMED
        assert (found["relay"]["state"], found["relay"]["code"]) == ("bad", code)
        assert found["relay"]["remedy"]
        assert "clock" not in found


class WebSite:
    """Something that speaks HTTP and is no relay, at a time of its own."""

    def __init__(self, date: str | None) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response_only(404)
                if date is not None:
                    self.send_header("date", date)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> str:
        self._thread.start()
        return self.url

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_a_web_site_is_no_relay() -> None:
    with WebSite(None) as url:
        (found,) = network.remote(url)
    assert found.error is not None
    assert found.error.code == "not_a_relay"


@pytest.mark.parametrize(
    ("ahead", "says"),
    [(timedelta(), "good"), (timedelta(hours=1), "slow"), (timedelta(days=-1), "fast")],
)
def test_a_wrong_clock_is_told_with_its_direction(ahead: timedelta, says: str) -> None:
    date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)
    with WebSite(date) as url:
        found = network.compare_clocks(relay_origin(url))
    assert found.says or found.state == says
    assert (found.state == "bad") == bool(ahead)
    if ahead:
        assert abs(int(found.values["seconds"]) - abs(ahead.total_seconds())) < 30


@pytest.mark.parametrize("date", [None, "yesterday", "Mon, 99 Jan 2026 00:00:00 GMT"])
def test_a_relay_without_a_clock_is_not_compared(date: str | None) -> None:
    with WebSite(date) as url:
        assert network.compare_clocks(relay_origin(url)).says == "untold"


WIFI = Address("192.168.0.10", "wlan0")
CABLE = Address("10.0.0.5", "enp3s0")
VPN = Address("10.8.0.2", "tun0")
DOCKER = Address("172.17.0.1", "docker0")


@pytest.mark.parametrize(
    ("host", "known", "state", "says"),
    [
        ("127.0.0.1", [], "bad", "none"),
        (WIFI.address, [WIFI, DOCKER], "good", ""),
        (WIFI.address, [WIFI, CABLE, VPN], "note", "several"),
        (VPN.address, [VPN, WIFI], "bad", "tunnel"),
        (VPN.address, [VPN], "note", "tunnel"),
        (DOCKER.address, [DOCKER, WIFI], "bad", "virtual"),
        ("fd00::2", [], "good", ""),
    ],
)
def test_the_address_is_judged_by_its_interface(
    host: str, known: list[Address], state: str, says: str
) -> None:
    found = network.judge_address(host, known, is_asked=False)
    assert (found.state, found.says) == (state, says)
    if says in ("several", "tunnel", "virtual") and state != "note":
        assert found.values["other"] == WIFI.address


def test_an_address_that_the_person_chose_needs_no_others() -> None:
    assert network.judge_address(WIFI.address, [WIFI, CABLE], is_asked=True).state == "good"
    assert network.judge_address("127.0.0.1", [], is_asked=True).says == "loopback"


def test_an_address_that_is_not_ours_is_told(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for listen, check, code in (
        ("10.99.98.97", "own_relay", "bad_listen"),
        ("8.8.8.8", "lan", "bad_listen"),
    ):
        status, found = examine(store, capsys, "--listen", listen)
        assert status == ExitStatus.NOT_CONFIRMED
        assert found[check]["code"] == code
        assert found.get("lan", {}).get("state") != "good"
        assert all(each.address in found[check]["values"]["own"] for each in addresses())


def test_this_computers_addresses_are_private_ones_that_can_be_bound() -> None:
    for each in addresses():
        family = socket.AF_INET6 if ":" in each.address else socket.AF_INET
        with socket.socket(family) as probe:
            probe.bind((each.address, 0))


def test_a_firewall_is_seen_where_a_normal_user_can_see_it(tmp_path: Path) -> None:
    etc, run = tmp_path / "etc", tmp_path / "run"
    assert network.firewall(etc, run) is None
    (run / "firewalld").mkdir(parents=True)
    assert network.firewall(etc, run) == "firewalld"
    (etc / "ufw").mkdir(parents=True)
    (etc / "ufw" / "ufw.conf").write_text("# comment\nENABLED=no\n")
    assert network.firewall(etc, run) == "firewalld"
    (etc / "ufw" / "ufw.conf").write_text("ENABLED=yes\n")
    assert network.firewall(etc, run) == "ufw"


# --- the screen ---


@pytest.mark.parametrize(
    ("columns", "rows", "says"), [(80, 24, ""), (45, 24, ""), (44, 24, "small"), (80, 23, "small")]
)
def test_the_terminal_must_hold_the_code_and_a_line(columns: int, rows: int, says: str) -> None:
    number, side = pty.openpty()
    try:
        termios.tcsetwinsize(side, (rows, columns))
        with open(side, "w", encoding="utf-8", closefd=False) as stream:
            found = screen.terminal(stream)
    finally:
        os.close(number)
        os.close(side)
    assert found.says == says
    assert found.values["found"] == f"{columns}×{rows}"


def test_a_terminal_without_the_letters_is_told() -> None:
    found = screen.terminal(io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert (found.state, found.says, found.values["encoding"]) == ("bad", "encoding", "ascii")


def test_a_drawing_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    other = png(draw("something else"))
    monkeypatch.setattr("client_pc.doctor.screen.png", lambda _code: other)
    assert screen.qr_code().state == "bad"


# --- the places ---


def found_in(folder: Path, check: str) -> CheckResult:
    return next(each for each in places.all_places(folder) if each.check == check)


def test_a_certificate_that_cannot_be_read_is_counted(store: Path) -> None:
    item = person().npki(PASSWORD)
    folder = Store(store).save(item, inspect(item).place).path
    (folder / "signPri.key").unlink()
    found = found_in(store, "place")
    assert (found.state, found.values["count"], found.values["broken"]) == ("note", 0, 1)


def test_a_place_in_which_nothing_can_be_written_is_told(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found_in(store, "store").says == "new"
    store.parent.joinpath("file").touch()
    assert found_in(store.parent / "file" / "NPKI", "store").says == "no_folder"

    def read_only(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    # Whoever runs the tests may be root, whom no permission stops.
    monkeypatch.setattr("client_pc.doctor.places.tempfile.TemporaryFile", read_only)
    found = found_in(store, "store")
    assert (found.state, found.says, found.values["why"]) == (
        "bad",
        "denied",
        "Read-only file system",
    )
    assert found_in(store, "history").state == "bad"


def test_settings_that_cannot_be_used_are_a_finding_and_not_the_end(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTRELAY_RELAY", "nonsense")
    status, found = examine(store, capsys)
    assert status == ExitStatus.NOT_CONFIRMED
    assert (found["settings"]["state"], found["settings"]["code"]) == ("bad", "bad_settings")
    assert found["own_relay"]["state"] == "good"


def test_the_doctor_is_no_old_app_to_the_relay_that_it_asks() -> None:
    heard: list[str] = []

    def hear(event: str, values: Mapping[str, journal.Value]) -> None:
        heard.append(f"{event} {values.get('code')}")

    journal.listen(hear)
    try:
        with start("127.0.0.1") as relay:
            found = {finding.check: finding for finding in network.remote(relay.url)}
    finally:
        journal.unlisten(hear)
    assert found["policy"].values["android"] == "G5.0"
    assert "opened None" in heard
    assert [each for each in heard if each.startswith("refused")] == []


def test_the_doctor_leaves_no_room_behind_at_the_relay_that_it_asks() -> None:
    opened: list[str] = []
    ended: list[str] = []

    def hear(event: str, values: Mapping[str, journal.Value]) -> None:
        if event == "opened":
            opened.append(event)
        elif event in ("lost", "over"):
            ended.append(str(values.get("by", event)))

    journal.listen(hear)
    try:
        with start("127.0.0.1") as relay:
            assert len(list(network.remote(relay.url))) == 3
            while len(ended) < len(opened):  # the test's own limit ends it
                time.sleep(0.01)
    finally:
        journal.unlisten(hear)
    assert opened
    assert ended == ["left"] * len(opened), "none is lost, and none waits for somebody"
