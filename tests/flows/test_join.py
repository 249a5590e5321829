"""Two PCs and a code to type: real programs, in both directions."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import chain, repeat
from pathlib import Path

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from certrelay.client.store.store import Store
from certrelay.errors import ExitStatus
from certrelay.frozen import replace
from certrelay.pki.check import inspect
from certrelay.wire.ids import LobbyDigits, Share, Sid
from certrelay.wire.messages import SUBPROTOCOL, Enter, encode
from certrelay.wire.release import ReleasePolicy
from certrelay.wire.room import RoomLimits
from certrelay.wire.service import ServicePolicy
from relay.embedded import EMBEDDED, start
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below
from tests.flows.programs import Client
from tests.nodes import Node
from tests.redis_server import free_port, redis_server
from tests.splice import Splice


class TwoPcs:
    """Two PCs with a home folder each: one shows a code, the other one types it."""

    def __init__(self, folder: Path, relay: str | None) -> None:
        self.folder = folder
        self.relay = relay
        self.programs: list[Client] = []

    def store(self, pc: str) -> Path:
        return self.folder / pc / "NPKI"

    def fill(self, pc: str) -> Path:
        """Give a PC a certificate; give its path."""
        item = person().npki(PASSWORD)
        return Store(self.store(pc)).save(item, inspect(item).place).path

    def run(self, pc: str, *arguments: str | Path, **settings: str | None) -> Client:
        """Start a command; settings come by the environment."""
        home = self.folder / pc
        home.mkdir(parents=True, exist_ok=True)
        chosen = {f"CERTRELAY_{key.upper()}": value for key, value in settings.items() if value}
        more = {"HOME": str(home), "CERTRELAY_CONFIG": "", "CERTRELAY_DATA": str(home / "data")}
        client = Client("tests.flows.hasty", *arguments, **more, **chosen)
        self.programs.append(client)
        return client

    def copy(self, pc: str, *arguments: str | Path, **settings: str | None) -> Client:
        own: list[str | Path] = ["--store", self.store(pc), "--name", f"{pc} PC"]
        return self.run(pc, *arguments, *own, **settings)

    def show(self, command: str, *arguments: str | Path, **settings: str | None) -> Client:
        way = ["--relay", self.relay] if self.relay else ["--listen", "127.0.0.1"]
        pc = "old" if command == "export" else "new"
        return self.copy(pc, command, *way, *arguments, **settings)

    def join(self, pc: str, *arguments: str | Path, **settings: str | None) -> Client:
        return self.copy(pc, "join", *arguments, **settings)


@contextmanager
def two_pcs(folder: Path, relay: str | None = None) -> Iterator[TwoPcs]:
    """Two PCs whose programs are gone when the test ends."""
    made = TwoPcs(folder, relay)
    try:
        yield made
    finally:
        for program in made.programs:
            program.close()


@pytest.fixture
def pcs(tmp_path: Path) -> Iterator[TwoPcs]:
    """With the embedded relay."""
    with two_pcs(tmp_path) as made:
        yield made


@pytest.fixture
def pcs_at_a_relay(tmp_path: Path) -> Iterator[TwoPcs]:
    with start("127.0.0.1") as relay, two_pcs(tmp_path, relay.url) as made:
        yield made


def asked_for(g: Client) -> dict[str, object]:
    """Ask for a code as a script does."""
    g.expect("waiting")
    g.answer("code")
    return g.expect("code")


def typed(joining: Client, code: object) -> None:
    joining.expect("code_wanted")
    joining.answer(str(code))


def finish(sender: Client, receiver: Client) -> None:
    """The number is typed on the sender; both end well."""
    sender.expect("number_wanted")
    sender.answer(receiver.expect("number")["number"])
    assert (sender.finish(), receiver.finish()) == (ExitStatus.OK, ExitStatus.OK)


def wrong(code: object) -> str:
    digits = str(code).replace(" ", "")
    return digits[:-1] + str((int(digits[-1]) + 1) % 10)


def test_the_new_pc_imports_and_the_old_one_types_the_code(pcs: TwoPcs) -> None:
    pcs.fill("old")
    new = pcs.show("import")
    shown = asked_for(new)
    old = pcs.join("old", str(shown["address"]), "--send", "1")
    old.expect("code_wanted")
    old.answer(str(shown["code"]))
    found = old.expect("found")
    assert (found["direction"], found["original"]) == ("export", "stays")
    old.expect("go_on_wanted")
    assert "paired" not in new.names(), "nobody joins before the person said yes"
    old.answer("y")
    route = old.expect("route")
    assert (route["own"], route["peer"], route["original"]) == ("old PC", "new PC", "stays")
    old.expect("password_wanted")
    old.answer(PASSWORD)
    number = new.expect("number")["number"]
    old.expect("number_wanted")
    old.answer(number)
    new.expect("save_wanted")
    new.answer("y")
    assert (old.finish(), new.finish()) == (ExitStatus.OK, ExitStatus.OK)
    assert files_below(pcs.store("new")) == files_below(pcs.store("old"))
    told = new.last("route")
    assert (told["way"], told["peer"], told["original"]) == ("receive", "old PC", "unknown")
    assert new.last("paired")["platform"] == old.last("paired")["platform"] == "linux"
    for pc, direction in (("new", "import"), ("old", "export")):
        history = pcs.run(pc, "history")
        assert history.finish() == ExitStatus.OK
        assert direction in str(history.events)


def test_the_old_pc_exports_and_the_new_one_types_the_code(pcs_at_a_relay: TwoPcs) -> None:
    pcs = pcs_at_a_relay
    original = pcs.fill("old")
    old = pcs.show("export", "1", "--code", "--also-delete")
    old.expect("password_wanted")
    old.answer(PASSWORD)
    shown = old.expect("code")
    assert shown["address"] == str(pcs.relay).removeprefix("http://").removesuffix("/")
    new = pcs.join("new", str(pcs.relay), "--yes")
    typed(new, shown["code"])
    assert new.expect("found")["original"] == "unknown"
    before = files_below(pcs.store("old"))
    finish(old, new)
    assert files_below(pcs.store("new")) == before
    assert not original.exists()
    assert old.last("route")["original"] == "deleted"
    assert "go_on_wanted" not in new.names()


def test_with_a_configured_relay_only_the_code_is_typed_and_the_joining_sender_may_delete(
    pcs_at_a_relay: TwoPcs,
) -> None:
    pcs = pcs_at_a_relay
    original = pcs.fill("old")
    new = pcs.show("import", "--yes")
    code = asked_for(new)["code"]
    old = pcs.join("old", "--also-delete", "--send", "1", "--yes", relay=pcs.relay)
    typed(old, code)
    assert old.expect("found")["original"] == "deleted"
    old.expect("password_wanted")
    old.answer(PASSWORD)
    finish(old, new)
    assert not original.exists()
    assert len(files_below(pcs.store("new"))) == 4


def test_a_joining_pc_sends_what_it_is_told_to_in_the_form_that_export_knows(pcs: TwoPcs) -> None:
    pcs.fill("old")
    new = pcs.show("import", "--yes", "--code")
    shown = new.expect("code")
    form = ("--as", "p12", "--style", "modern", "--km", "with")
    old = pcs.join("old", str(shown["address"]), "--send", "1", "--yes", *form)
    typed(old, shown["code"])
    old.expect("password_wanted")
    old.answer(PASSWORD)
    assert old.expect("style")["style"] == "modern"
    finish(old, new)
    (path,) = files_below(pcs.store("new"))
    assert str(path).endswith(".p12")


def test_without_address_and_relay_the_address_is_asked_for(pcs: TwoPcs) -> None:
    pcs.fill("old")
    new = pcs.show("import", "--yes", "--code")
    shown = new.expect("code")
    old = pcs.join("old", "--send", "1", "--yes")
    old.expect("address_wanted")
    old.answer(str(shown["address"]))
    typed(old, shown["code"])
    old.expect("password_wanted")
    old.answer(PASSWORD)
    finish(old, new)


@pytest.mark.parametrize("way", ["picture", "url"])
def test_a_pc_reads_the_qr_code_too(pcs: TwoPcs, way: str) -> None:
    pcs.fill("old")
    picture = pcs.folder / "qr.png"
    new = pcs.show("import", "--yes", "--qr-png", picture)
    url = new.expect("waiting")["url"]
    if way == "picture":
        old = pcs.join("old", "--picture", picture, "--send", "1", "--yes")
    else:
        old = pcs.join("old", "-", "--send", "1", "--yes")
        old.answer(url)
    old.expect("password_wanted")
    old.answer(PASSWORD)
    finish(old, new)
    assert "code" not in new.names(), "nobody asked for one"


def test_a_wrong_digit_is_said_and_the_fresh_code_succeeds(pcs: TwoPcs) -> None:
    pcs.fill("old")
    new = pcs.show("import", "--yes")
    shown = asked_for(new)
    old = pcs.join("old", str(shown["address"]), "--send", "1", "--yes")
    typed(old, wrong(shown["code"]))
    refused = old.expect("code_refused")
    assert (refused["code"], refused["tries_left"]) == ("code_open", 4)
    assert new.expect("code_withdrawn")["why"] == "entered"
    fresh = new.expect("code")
    assert fresh["renewed"]
    assert fresh["code"] != shown["code"]
    typed(old, shown["code"])  # the old one is used up
    assert old.expect("code_refused")["code"] in ("no_such_code", "code_open")
    typed(old, "4821")
    assert old.expect("code_refused")["code"] == "code_shape"
    typed(old, fresh["code"])
    old.expect("password_wanted")
    old.answer(PASSWORD)
    finish(old, new)


def test_after_five_wrong_ones_a_new_code_takes_a_new_qr_code(pcs: TwoPcs) -> None:
    pcs.fill("old")
    new = pcs.show("import", "--yes")
    shown = asked_for(new)
    old = pcs.join("old", str(shown["address"]), "--send", "1", "--yes")
    for left in range(4, -1, -1):
        typed(old, wrong(shown["code"]))
        if left:
            assert old.expect("code_refused")["tries_left"] == left
            shown = new.expect("code")
    assert old.finish() == ExitStatus.TRUST
    assert old.last("error")["code"] == "code_open"
    assert new.expect("code_unavailable")["why"] == "used_up"
    new.answer("code")
    assert new.expect("renewed")["reason"] == "code"
    shown = new.expect("code")
    again = pcs.join("old", str(shown["address"]), "--send", "1", "--yes")
    typed(again, shown["code"])
    again.expect("password_wanted")
    again.answer(PASSWORD)
    finish(again, new)


def test_a_script_with_one_code_hears_why_it_was_refused(pcs: TwoPcs) -> None:
    new = pcs.show("import", "--code")
    shown = new.expect("code")
    old = pcs.join("old", str(shown["address"]))
    typed(old, wrong(shown["code"]))
    assert old.process.stdin is not None
    old.process.stdin.close()
    assert old.finish() == ExitStatus.TRUST
    assert old.last("error")["code"] == "code_open"


def phone(pcs: TwoPcs, url: str) -> Client:
    Store(pcs.folder / "phone").save((item := person().npki(PASSWORD)), inspect(item).place)
    client = Client(
        "client_mobile_sim", "scan", "-", "--keystore", pcs.folder / "phone", "--send", "1"
    )
    pcs.programs.append(client)
    client.answer(url)
    return client


def test_a_phone_that_scans_first_wins_and_the_typing_pc_is_told(pcs: TwoPcs) -> None:
    new = pcs.show("import", "--yes", "--code")
    url = new.expect("waiting")["url"]
    shown = new.expect("code")
    old = pcs.join("old", str(shown["address"]), "--yes")
    old.expect("code_wanted")
    winner = phone(pcs, url)
    winner.expect("paired")
    old.answer(str(shown["code"]))
    assert old.expect("code_refused")["code"] == "no_such_code"
    winner.expect("password_wanted")
    winner.answer(PASSWORD)
    finish(winner, new)


def test_a_phone_that_scans_after_a_code_was_typed_is_told_and_so_is_everybody(
    pcs: TwoPcs,
) -> None:
    pcs.fill("old")
    new = pcs.show("import", "--yes", "--code")
    url = new.expect("waiting")["url"]
    shown = new.expect("code")
    old = pcs.join("old", str(shown["address"]), "--send", "1", "--yes")
    typed(old, shown["code"])
    old.expect("password_wanted")
    late = phone(pcs, url)
    assert late.finish() == ExitStatus.ROOM
    assert late.last("error")["code"] == "already_claimed"
    assert old.finish() == ExitStatus.ROOM
    assert old.last("error")["code"] == "second_scan"
    assert new.expect("renewed")["reason"] == "second_scan"
    assert not files_below(pcs.store("new"))


def test_a_typed_code_wins_and_the_phone_that_scans_later_is_told(pcs_at_a_relay: TwoPcs) -> None:
    pcs = pcs_at_a_relay
    pcs.fill("old")
    new = pcs.show("import", "--yes", "--code")
    url = new.expect("waiting")["url"]
    shown = new.expect("code")
    old = pcs.join("old", str(shown["address"]), "--send", "1", "--yes")
    typed(old, shown["code"])
    old.expect("password_wanted")
    old.answer(PASSWORD)
    old.expect("number_wanted")
    old.answer(new.expect("number")["number"])
    assert (old.finish(), new.finish()) == (ExitStatus.OK, ExitStatus.OK)
    late = phone(pcs, url)
    assert late.finish() == ExitStatus.ROOM
    assert late.last("error")["code"] == "already_used"


def test_a_code_whose_time_is_over_opens_nothing_and_another_is_shown(tmp_path: Path) -> None:
    settings = replace(EMBEDDED, room=RoomLimits(unclaimed_s=3.0))
    with start("127.0.0.1", settings=settings) as relay, two_pcs(tmp_path, relay.url) as pcs:
        pcs.fill("old")
        new = pcs.show("import", "--yes", "--code")
        shown = new.expect("code")
        old = pcs.join("old", relay.url, "--send", "1", "--yes")
        old.expect("code_wanted")
        assert new.expect("renewed")["reason"] == "expired"
        old.answer(str(shown["code"]))
        assert old.expect("code_refused")["code"] in ("no_such_code", "code_open")


def test_a_code_that_a_stranger_burns_is_replaced_and_the_owner_is_told(
    pcs_at_a_relay: TwoPcs,
) -> None:
    pcs = pcs_at_a_relay
    pcs.fill("old")
    new = pcs.show("import", "--yes")
    shown = asked_for(new)
    address = str(pcs.relay).replace("http", "ws") + "v1/ws"
    with connect(address, subprotocols=[Subprotocol(SUBPROTOCOL)]) as stranger:
        lobby = LobbyDigits(str(shown["code"]).split()[0])
        enter = Enter(lobby, Sid(os.urandom(16)), Share(os.urandom(32)))
        stranger.send(encode(enter))
        assert new.expect("code_withdrawn")["why"] == "entered"
        old = pcs.join("old", str(pcs.relay), "--send", "1", "--yes")
        typed(old, shown["code"])
        assert old.expect("code_refused")["code"] in ("no_such_code", "code_open")
        fresh = new.expect("code")
    typed(old, fresh["code"])
    old.expect("password_wanted")
    old.answer(PASSWORD)
    finish(old, new)


def test_a_node_that_dies_between_publish_and_knock_costs_a_code_and_no_more(
    tmp_path: Path,
) -> None:
    with redis_server() as server, closing(Splice()) as way, ExitStack() as stack:
        url = f"http://127.0.0.1:{way.port}/"
        both = [
            Node("--redis", server.url, "--public-url", url, port=free_port()) for _ in range(2)
        ]
        for node in both:
            stack.callback(node.kill)
            node.start()
        dying, living = both
        pcs = stack.enter_context(two_pcs(tmp_path, url))
        way.begin(chain([("127.0.0.1", dying.port)], repeat(("127.0.0.1", living.port), 50)))
        pcs.fill("old")
        new = pcs.show("import", "--yes")
        shown = asked_for(new)
        dying.send(signal.SIGKILL)
        assert new.expect("code_withdrawn")["why"] == "connection"
        old = pcs.join("old", str(pcs.relay), "--send", "1", "--yes")
        typed(old, shown["code"])
        refused = old.expect("code_refused")
        assert refused["code"] in ("no_such_code", "code_unanswered", "code_open")
        fresh = new.expect("code")
        assert fresh["renewed"]
        typed(old, fresh["code"])
        old.expect("password_wanted")
        old.answer(PASSWORD)
        finish(old, new)


def test_a_relay_whose_policy_names_no_pcs_or_that_is_closed_takes_no_pc(tmp_path: Path) -> None:
    phones = ReleasePolicy.from_table({"android": {"app": "G5.0"}})
    with (
        start("127.0.0.1", settings=replace(EMBEDDED, policy=phones)) as relay,
        two_pcs(tmp_path, relay.url) as pcs,
    ):
        new = pcs.show("import", "--code")
        shown = new.expect("code")
        old = pcs.join("old", relay.url, "--yes")
        typed(old, shown["code"])
        assert old.finish() == ExitStatus.RELEASE
        assert old.last("error")["code"] == "platform_mismatch"
        assert "paired" not in new.names()
    closed = replace(EMBEDDED, service=ServicePolicy(suspended=True))
    with start("127.0.0.1", settings=closed) as relay, two_pcs(tmp_path, relay.url) as pcs:
        old = pcs.join("old", relay.url, "--yes")
        typed(old, "4821 7730 1946")
        assert old.finish() == ExitStatus.ROOM
        assert old.last("error")["code"] == "suspended"


def test_a_pc_that_does_not_copy_to_pcs_refuses_them_in_both_parts(pcs: TwoPcs) -> None:
    pcs.fill("old")
    new = pcs.show("import", "--code", pcs="false")
    shown = new.expect("code")
    old = pcs.join("old", str(shown["address"]), "--yes")
    typed(old, shown["code"])
    assert old.finish() == ExitStatus.RELEASE
    assert new.finish() == ExitStatus.RELEASE
    assert "number" not in new.names()
    closed = pcs.join("old", "127.0.0.1:1", pcs="false")
    assert closed.finish() == ExitStatus.USAGE
    assert closed.last("error")["code"] == "direction_closed"
