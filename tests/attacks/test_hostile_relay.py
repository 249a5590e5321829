"""Real programs at a hostile relay: rows 1, 20, 25, 27, 44 and 52 of docs/security.md.

What it can do in every variation is tried between drivers in one process; here stands that
the programs around the drivers do not undo it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certrelay.e2e.origin import Origin
from certrelay.errors import ExitStatus
from certrelay.limits import CODES_PER_ROOM, UNCLAIMED_S
from certrelay.testkit.guessing import GuessingRelay
from certrelay.testkit.hostile_relay import HostileRelay
from certrelay.testkit.tampering import Altering, Lie, Replay, Tampering, flip
from certrelay.wire.ids import Role
from relay.embedded import Running
from tests.certificates import PASSWORD, person, stranger
from tests.flows.conftest import files_below, fill
from tests.flows.programs import Bench, Client, bench


@contextmanager
def desk_at(relay: Running, folder: Path, trick: Tampering) -> Iterator[Bench]:
    """A PC and a phone, and between them and the relay one that does this."""
    with HostileRelay(relay.url, trick) as hostile, bench(folder, hostile.url) as desk:
        fill(desk.phone_store, person().npki(PASSWORD), stranger().npki(PASSWORD))
        yield desk


def begin(desk: Bench) -> tuple[Client, Client]:
    pc = desk.pc("import", "--yes")
    pc.expect("waiting")
    return pc, desk.phone("--send", "1", "--send", "2")


def finish(pc: Client, phone: Client) -> None:
    phone.expect("password_wanted")
    phone.answer(PASSWORD)
    number = pc.expect("number")["number"]
    phone.expect("number_wanted")
    phone.answer(number)
    assert (pc.finish(), phone.finish()) == (ExitStatus.OK, ExitStatus.OK)


@pytest.mark.attack(52)
def test_a_relay_that_guesses_has_five_answers_of_a_real_pc_and_opens_none(
    relay: Running, tmp_path: Path
) -> None:
    with start_guessing(relay) as (hostile, trick), bench(tmp_path, hostile) as desk:
        fill(desk.phone_store, person().npki(PASSWORD))
        pc = desk.pc("import", "--yes", "--code")
        url = pc.expect("waiting")["url"]
        for _ in range(CODES_PER_ROOM):
            pc.expect("code")
            pc.expect("code_withdrawn")
        assert pc.expect("code_unavailable")["why"] == "used_up"
        assert (trick.answers, trick.found) == (CODES_PER_ROOM, [])
        phone = desk.phone_with_url(url, "--send", "1")  # the QR code is as good as it was
        finish(pc, phone)


@contextmanager
def start_guessing(relay: Running) -> Iterator[tuple[str, GuessingRelay]]:
    """A relay that knocks at each code with a secret of its own; its origin, and what it got."""
    with HostileRelay(relay.url, Tampering()) as hostile:
        secret = iter(range(10**8))
        origin = Origin.parse(hostile.url)
        trick = GuessingRelay(origin, lambda: f"{next(secret):08}", os.urandom)
        hostile.tampering = trick
        yield hostile.url, trick


@pytest.mark.attack(1)
@pytest.mark.parametrize("carrier", [2, 3])
def test_a_changed_opening_ends_both_programs_with_nothing_stored(
    relay: Running, tmp_path: Path, carrier: int
) -> None:
    with desk_at(relay, tmp_path, Altering(carrier, flip(33))) as desk:
        pc, phone = begin(desk)
        trusting, waiting = (phone, pc) if carrier == 2 else (pc, phone)
        assert trusting.finish() == ExitStatus.TRUST
        assert trusting.last("error")["code"] in ("m2_open", "m3_open")
        if waiting is pc:  # the phone has gone before the number: a fresh code, by itself
            pc.expect("waiting")
            pc.interrupt()
        assert waiting.finish() != ExitStatus.OK
        assert "number" not in pc.names()
        assert files_below(desk.pc_store) == {}


@pytest.mark.attack(1, 25)
def test_a_changed_frame_ends_both_programs_with_nothing_stored(
    relay: Running, tmp_path: Path
) -> None:
    def last_byte_of_chunks(message: bytes) -> bytes:
        return flip(-1)(message) if len(message) > 2000 else message

    with desk_at(relay, tmp_path, Altering(0x10, last_byte_of_chunks)) as desk:
        pc, phone = begin(desk)
        phone.expect("password_wanted")
        phone.answer(PASSWORD)
        phone.answer(pc.expect("number")["number"])
        assert pc.finish() == ExitStatus.TRUST
        assert phone.finish() != ExitStatus.OK
        assert "done" not in phone.names()
        assert files_below(desk.pc_store) == {}


@pytest.mark.attack(27)
def test_a_relay_that_says_everything_twice_does_no_harm(relay: Running, tmp_path: Path) -> None:
    with desk_at(relay, tmp_path, Replay(1)) as desk:
        finish(*begin(desk))
        assert files_below(desk.pc_store) == files_below(desk.phone_store)


@pytest.mark.attack(20)
def test_a_relay_cannot_lengthen_the_life_of_a_code(relay: Running, tmp_path: Path) -> None:
    def lie(_role: Role, text: str) -> list[str]:
        return [
            '{"type":"created","expires_in_ms":9007199254740991}' if "created" in text else text
        ]

    with desk_at(relay, tmp_path, Lie(told=lie)) as desk:
        pc = desk.pc("import")
        assert pc.expect("waiting")["expires_in_ms"] <= UNCLAIMED_S * 1000


@pytest.mark.attack(44)
@pytest.mark.parametrize(
    "word",
    [
        '{"type":"closed","reason":"call 02-123-4567"}',
        '{"type":"error","code":"version_too_low","found":"https://evil.example/"}',
        '{"type":"created","expires_in_ms":-1}',
        "\x1b[2J",
    ],
)
def test_a_relays_own_words_are_never_shown(relay: Running, tmp_path: Path, word: str) -> None:
    with desk_at(relay, tmp_path, Lie(told=lambda _role, _text: [word])) as desk:
        pc = desk.pc("import")
        assert pc.finish() == ExitStatus.PROTOCOL
        shown = str(pc.events) + pc.stderr
        assert pc.last("error")["code"] == "bad_message"
        for part in ("02-123", "evil", "\x1b"):
            assert part not in shown
