"""Attacks on the person: rows 4, 7, 17, 21, 37, 38 and 46 of docs/security.md, on real programs."""

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.e2e import bodies
from certrelay.e2e.hello import Hello
from certrelay.e2e.manifest import Manifest
from certrelay.e2e.qr import Direction
from certrelay.errors import ExitStatus
from certrelay.limits import NUMBER_DIGITS
from certrelay.safe_text import is_hidden
from certrelay.testkit.blocking_socket import BlockingSocket
from certrelay.testkit.ca import Owner
from certrelay.testkit.hostile_pc import HostilePc
from certrelay.testkit.hostile_phone import HostilePhone
from certrelay.testkit.malformed import NAMES
from certrelay.texts import LANGUAGES, Texts
from certrelay.wire.messages import Leave, encode
from tests.attacks.terminal import Terminal, words
from tests.certificates import END, PASSWORD, START, authority, key, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import Bench

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal is POSIX")

ANSWERED_AT_ONCE = "y"
UNPRINTABLE_NAMES = [
    "홍길동\x1b[2J\x1b]52;c;cm0=\x07",
    "\u202e../../../etc/passwd",
    "CON",
    "\x9b2J",
]


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for each in opened:
        each.close()


def issued_to(name: str) -> Item:
    """A real certificate, by an authority that writes whatever it is asked to."""
    owner = Owner(name, 9)
    made = authority().issue(owner, START, END + timedelta(days=300), sign_key=key(9))
    return made.npki(PASSWORD)


def push(carrier: BlockingSocket, phone: HostilePhone, item: Item) -> None:
    """Meet the PC and send it an item, without waiting for any number."""
    carrier.say(phone.join())
    while not (heard := str(carrier.hear())).startswith('{"type":"paired"'):
        assert "error" not in heard
    carrier.send(phone.m1)
    carrier.send(phone.answer(carrier.hear_sealed(2)))
    channel = phone.channel
    offer = Manifest.of([item]).to_bytes()
    content = b"".join(file.content for file in item.files)
    carrier.send(channel.say(bodies.Offer(offer)))
    for at in range(0, len(content), 16_384):
        carrier.send(channel.say(bodies.Chunk(at, content[at : at + 16_384])))
    carrier.send(channel.say(bodies.End(hashlib.sha256(offer).digest())))


def receipt(carrier: BlockingSocket, phone: HostilePhone) -> bodies.Receipt:
    while True:
        body = phone.channel.read(carrier.hear_sealed(0x10))
        if isinstance(body, bodies.Receipt):
            return body
        carrier.send(phone.channel.ack())  # before that no receipt is given


def say_goodbye(carrier: BlockingSocket, phone: HostilePhone) -> None:
    """End as an honest sender does, so that nobody waits for the room's end."""
    carrier.send(phone.channel.ack(), phone.channel.say(bodies.Close("done")))
    carrier.say(encode(Leave()))


# --- row 4 ---


@pytest.mark.attack(4)
@pytest.mark.parametrize("answer", ["", "no", "yy"])
def test_a_pushed_certificate_is_on_no_disk_until_a_person_says_yes(
    desk: Bench, answer: str
) -> None:
    pc = desk.pc("import")
    phone = HostilePhone(pc.expect("waiting")["url"], os.urandom)
    with BlockingSocket(phone.qr.origin.text) as carrier:
        push(carrier, phone, person().npki(PASSWORD))
        offer = pc.expect("offer")
        pc.expect("save_wanted")
        assert offer["items"][0]["cn"] == person().sign.certificate.cn, (
            "the person sees whose it is"
        )
        assert files_below(desk.pc_store) == {}, "not even under another name"
        pc.answer(answer)
        assert receipt(carrier, phone).items == (bodies.ItemResult("rejected", "declined"),)
        say_goodbye(carrier, phone)
    assert pc.finish() == ExitStatus.NOT_CONFIRMED
    assert files_below(desk.pc_store) == {}


@pytest.mark.attack(4)
def test_the_same_push_is_stored_after_a_yes(desk: Bench) -> None:
    """The control: the test above can fail."""
    pc = desk.pc("import")
    phone = HostilePhone(pc.expect("waiting")["url"], os.urandom)
    with BlockingSocket(phone.qr.origin.text) as carrier:
        push(carrier, phone, person().npki(PASSWORD))
        pc.expect("save_wanted")
        pc.answer(ANSWERED_AT_ONCE)
        assert receipt(carrier, phone).items == (bodies.ItemResult("stored"),)
        say_goodbye(carrier, phone)
    pc.finish()
    assert len(files_below(desk.pc_store)) == 4


# --- rows 17 and 37 ---


@pytest.mark.attack(17, 37)
@pytest.mark.parametrize("name", UNPRINTABLE_NAMES)
def test_a_hostile_certificate_neither_steers_the_terminal_nor_leaves_the_store(
    tmp_path: Path, desk: Bench, terminals: list[Terminal], name: str
) -> None:
    """On a real terminal, from the question to the list of what is stored."""
    store = tmp_path / "deep" / "store"
    pc = Terminal(
        "client_pc", "import", "--relay", str(desk.relay), "--store", store,
        "--url-file", desk.url_file, "--lang", "en", NO_COLOR="1",
    )  # fmt: skip
    terminals.append(pc)
    pc.read_until("\x1b[?1049h")
    phone = HostilePhone(desk.url_file.read_text().strip(), os.urandom)
    with BlockingSocket(phone.qr.origin.text) as carrier:
        push(carrier, phone, issued_to(name))
        pc.read_until("[y/N]")
        pc.type(ANSWERED_AT_ONCE)
        assert receipt(carrier, phone).items == (bodies.ItemResult("stored"),)
        say_goodbye(carrier, phone)
        pc.finish()
    said = pc.screen.partition(b"\x1b[?1049l")[2].decode()
    stored = [path for path in (tmp_path / "deep").rglob("*") if path.is_file()]
    assert stored
    assert all(store in path.parents for path in stored)
    listing = Terminal("client_pc", "list", "--store", store, "--lang", "en", NO_COLOR="1")
    terminals.append(listing)
    assert listing.finish() == 0
    for text in (said, listing.screen.decode()):
        own = text.replace("\x1b[K", "")  # the bar of the progress clears its line's rest
        acting = {c for c in own if is_hidden(c)} - {"\r", "\n"}
        assert acting == set(), [hex(ord(c)) for c in acting]
    assert "\N{REPLACEMENT CHARACTER}" in said or name == "CON"


@pytest.mark.attack(37)
def test_a_devices_name_is_shown_as_text_only(desk: Bench, terminals: list[Terminal]) -> None:
    """Names with hidden characters end the session; what is left is harmless and cut."""
    for name in (NAMES["is markup"], NAMES["is a format"]):
        pc = HostilePc(str(desk.relay), Direction.TO_PC, os.urandom, hello=named(name))
        with BlockingSocket(str(desk.relay)) as carrier:
            carrier.say(pc.create())
            carrier.hear()
            phone = Terminal(
                "client_mobile_sim", "scan", "-", "--keystore", desk.phone_store, "--lang", "en"
            )
            terminals.append(phone)
            phone.type(pc.url)
            carrier.send(pc.answer(carrier.hear_sealed(1)))
            phone.read_until(name)
    assert named("x") != named("y")


def named(name: str) -> bytes:
    return Hello(name, "linux", "test-pc", "P1.0", "6.1").to_bytes()


# --- rows 7 and 21 ---


@pytest.mark.attack(7, 21)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("device", ["phone", "pc", "other_pc"])
def test_the_way_of_the_certificate_is_told_before_the_number_is_asked(
    language: str, device: str
) -> None:
    texts = Texts(language)
    leaving = texts.say(f"story.leaving.{device}")
    number = texts.say(f"story.ask.number.{device}")
    words = {"ko": ("전송합니다", "전화"), "en": ("leave", "phone")}[language]
    assert all(word in leaving.lower() for word in words), leaving
    assert number != leaving


@pytest.mark.attack(7, 21)
def test_a_sender_hears_that_its_certificate_leaves_and_no_option_skips_the_number(
    desk: Bench, terminals: list[Terminal]
) -> None:
    fill(desk.phone_store, person().npki(PASSWORD))
    pc = desk.pc("import", "--yes")
    pc.expect("waiting")
    phone = Terminal(
        "client_mobile_sim", "scan", desk.picture, "--keystore", desk.phone_store,
        "--send", "1", "--yes", "--lang", "en",
    )  # fmt: skip
    terminals.append(phone)
    leaving = Texts("en").say("story.leaving.pc").partition("\n")[0]
    assert leaving in words(phone.read_until("assword"))
    phone.type(PASSWORD)
    question = Texts("en").say("story.ask.number.pc")
    said = words(phone.read_until(question))
    assert said.index(leaving) < said.index(question)
    number = pc.expect("number")["number"]
    assert re.fullmatch(rf"[0-9]{{{NUMBER_DIGITS}}}", number)
    assert files_below(desk.pc_store) == {}, "with --yes on both sides nothing moves without it"
    assert "offer" not in pc.names()
    phone.type(number)
    assert pc.finish() == ExitStatus.OK


# --- row 56: a code is dictated ---


@pytest.mark.attack(56)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", ["pc.code.words", "browser.code.warning"])
def test_beside_a_code_stands_who_must_not_get_it(language: str, key: str) -> None:
    said = Texts(language).say(key, address="a", url="u")
    assert {"ko": "사기", "en": "scam"}[language] in said
    assert {"ko": "알려 주지 마", "en": "Do not share it"}[
        language
    ] in said or "알려 주지 말" in said


# --- row 46: the code leaves screen and files ---


@pytest.mark.attack(8, 46)
def test_a_burnt_code_leaves_screen_and_files(desk: Bench, terminals: list[Terminal]) -> None:
    pc = Terminal(
        "client_pc", "import", "--relay", str(desk.relay), "--store", desk.pc_store,
        "--qr-png", desk.picture, "--url-file", desk.url_file, "--lang", "en",
    )  # fmt: skip
    terminals.append(pc)
    pc.read_until("\x1b[?1049h")
    url = desk.url_file.read_text().strip()
    for path in (desk.picture, desk.url_file):
        assert path.stat().st_mode & 0o777 == 0o600
    phone = HostilePhone(url, os.urandom)
    with BlockingSocket(phone.qr.origin.text) as carrier:
        carrier.say(phone.join())
        carrier.hear()
        assert b"\x1b[?1049l" not in pc.screen, "a join alone burns nothing"
        assert desk.picture.exists()
        carrier.send(phone.m1)
        carrier.hear_sealed(2)
        pc.read_until("\x1b[?1049l")
        carrier.send(phone.answer(phone_m2(phone, carrier)))
        pc.read_until(" ")
    assert not desk.picture.exists()
    assert not desk.url_file.exists()
    # The number may be there by now: it is large, on a screen of its own.
    left = pc.screen.partition(b"\x1b[?1049l")[2].partition(b"\x1b[?1049h")[0]
    assert "█".encode() not in left
    assert url.partition("#")[2][:34].encode() not in pc.screen


def phone_m2(phone: HostilePhone, carrier: BlockingSocket) -> bytes:
    """Ask for m2 once more: an m1 that is repeated gets the same answer."""
    carrier.send(phone.m1)
    return carrier.hear_sealed(2)
