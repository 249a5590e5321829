"""docs/protocol.md says what the code does: its example, its words, its numbers."""

import json
import re
from typing import get_args

from certrelay import limits
from certrelay.e2e import bodies, derive, frame, hpke
from certrelay.e2e.qr import QrCode, to_digits
from certrelay.wire.close import AFTER_CLOSED, AFTER_ERROR
from certrelay.wire.messages import ClosedReason, ErrorCode
from certrelay.wire.release import LETTERS
from tests.sources import ROOT

PAGE = (ROOT / "docs" / "protocol.md").read_text("utf-8")
VECTOR = json.loads((ROOT / "tests" / "vectors" / "crp1.json").read_text("utf-8"))[0]


def example() -> dict[str, str]:
    """The values of the worked example, lines that go on joined."""
    block = PAGE.split("<!-- example -->")[1].split("<!-- end of example -->")[0]
    values: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if line.startswith(" "):
            values[name] += line.strip()
        elif found := re.match(r"(\S+(?: \S+)*?) {2,}(.+)", line):
            name = found[1]
            values[name] = found[2]
    return values


def test_the_example_is_the_first_vector() -> None:
    shown = example()
    same_name = ("origin", "skG", "seed", "join", "psk", "room", "skE", "nS", "nG", "th")
    for name in (*same_name, "m1", "m2", "m3"):
        assert shown[name] == VECTOR[name], name
    assert (shown["hello_S"], shown["hello_G"]) == (VECTOR["hello"], VECTOR["hello_g"])
    assert (shown["k_g2s"], shown["k_s2g"]) == (VECTOR["g2s"], VECTOR["s2g"])
    assert shown["number"].replace(" ", "") == VECTOR["sas"]
    assert f"{shown['origin']}#{shown['digits']}" == VECTOR["url"]


def test_the_examples_steps_lead_to_its_results() -> None:
    shown = example()
    code = QrCode.from_url(f"{shown['origin']}#{shown['digits']}")
    m1, m2, m3 = (bytes.fromhex(shown[name]) for name in ("m1", "m2", "m3"))
    assert to_digits(bytes.fromhex(shown["payload"])) == shown["digits"]
    assert code.payload.pkg.hex() == shown["pkG"]
    assert hpke.public_key(bytes.fromhex(shown["skG"])).hex() == shown["pkG"]
    assert code.info.hex() == shown["info"]
    assert derive._prk(bytes.fromhex(shown["seed"])).hex() == shown["prk"]
    assert derive.commitment(bytes.fromhex(shown["nS"])).hex() == shown["commitment"]
    assert derive.hash_items(m1).hex() == shown["H(m1)"]
    assert derive.hash_items(m1, m2).hex() == shown["H(m1,m2)"]
    context = hpke.setup_recipient(
        m1[:32],
        bytes.fromhex(shown["skG"]),
        code.info,
        bytes.fromhex(shown["psk"]),
        bytes.fromhex(shown["room"]),
    )
    opened = context.open(m1[32:], b"certrelay/1 m1")
    assert opened == bytes.fromhex(shown["commitment"]) + shown["hello_S"].encode()
    th = derive.hash_items(m1, m2, m3)
    for name, label, size in (
        ("key of m2", b"m2" + derive.hash_items(m1), 32),
        ("key of m3", b"m3" + derive.hash_items(m1, m2), 32),
        ("k_g2s", b"g2s" + th, 32),
        ("k_s2g", b"s2g" + th, 32),
        ("sas", b"sas" + th, 16),
    ):
        assert context.export(b"certrelay/1 " + label, size).hex() == shown[name]
    number = int(shown["sas"], 16) % 10**6
    assert f"{number:06}" == shown["number"].replace(" ", "")


def test_the_examples_frames_are_the_vectors() -> None:
    first, acknowledgement = VECTOR["frames_s2g"][0], VECTOR["acks_g2s"][0]
    assert f"`{first[:34]}`" in PAGE
    assert f"`{first[-32:]}`" in PAGE
    assert f"`{acknowledgement}`" in PAGE


def rows(heading: str) -> dict[str, list[str]]:
    """The first table below a heading, by the word in its first cell."""
    table: dict[str, list[str]] = {}
    for line in PAGE.split(heading, 1)[1].splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            table[cells[0].strip("`")] = cells
        elif table:
            break
    return {word: cells for word, cells in table.items() if cells[0].startswith("`")}


def test_every_error_has_its_row_and_close_code() -> None:
    table = rows("### 4.4")
    assert set(table) == set(get_args(ErrorCode))
    for code, cells in table.items():
        closes = AFTER_ERROR.get(code)  # type: ignore[call-overload]
        assert cells[2] == ("stays open" if closes is None else str(int(closes)))


def test_every_reason_of_closed_has_its_row_and_close_code() -> None:
    table = rows("`closed` {reason}, and the close code after it")
    assert {word: cells[2] for word, cells in table.items()} == {
        reason: str(int(AFTER_CLOSED[reason])) for reason in get_args(ClosedReason)
    }


def test_every_word_of_a_sealed_message_is_listed() -> None:
    section = PAGE.split("### 7.2")[1].split("### 7.3")[0]
    for words in (bodies.STATUSES, bodies.REASONS, bodies.CLOSE_REASONS, bodies.STEPS):
        for word in words:
            assert f"`{word}`" in section
    for kind in bodies.BodyKind:
        assert f"| {kind.value} | {kind.name} |" in section
    assert all(f"`{platform}`" in PAGE for platform in LETTERS)


def test_the_numbers_are_those_of_the_code() -> None:
    for number in (
        limits.MAX_MESSAGE_BYTES,
        limits.MAX_CONTROL_BYTES,
        limits.ROOM_BUDGET_MESSAGES,
        limits.SMALL_PAYLOAD_BYTES,
        limits.LARGE_PAYLOAD_BYTES,
        limits.CHUNK_BYTES,
        limits.MAX_FILE_BYTES,
        *frame.FRAME_BYTES,
    ):
        assert f"{number:,}" in PAGE
    times = PAGE.split("## 8. Time")[1].split("## 9.")[0]
    for row in (
        f"| first message on a new socket | {limits.FIRST_MESSAGE_S:.0f} s |",
        f"| unclaimed room, from `created` | {limits.UNCLAIMED_S:.0f} s |",
        f"fresh payload | {limits.QR_RENEWALS} |",
        f"| handshake, from `paired` | {limits.HANDSHAKE_S:.0f} s |",
        f"| session and room, from `paired` | {limits.SESSION_S / 60:.0f} min |",
        f"| the number, from its display | {limits.NUMBER_S:.0f} s |",
        f"no answer is no | {limits.SAVE_QUESTION_S:.0f} s |",
        f"| grace, per loss | {limits.GRACE_S:.0f} s |",
        f"| WebSocket ping | every {limits.PING_S:.0f} s |",
        f"heard nothing for so long | {limits.QUIET_S:.0f} s |",
        f"no answer to it: the connection counts as lost | {limits.ANSWER_PING_S:.0f} s |",
        f"counts as lost | {limits.SILENCE_S:.0f} s |",
        f"| repetition of m1 and m3 | {limits.HANDSHAKE_REPEAT_S:.0f} s |",
        "| repetition of frames | " + ", ".join(f"{s:.0f}" for s in limits.FRAME_REPEAT_S),
        f"| `join` again after `peer_not_ready` | {limits.JOIN_RETRY_S:.0f} s |",
        "| tries to reconnect, with a random part | {:.0f} to {:.0f} s |".format(
            *limits.RECONNECT_S
        ),
        f"`closed` after it | {limits.CLOSE_WAIT_S:.0f} s each |",
        f"| memory of a room that is over | {limits.DEAD_ROOM_S / 60:.0f} min |",
    ):
        assert row in times, row


def test_its_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
