"""Payload, digits and URL, and the sizes that the design promises."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, Payload, QrCode, from_digits, to_digits
from certrelay.errors import QrError
from certrelay.wire.messages import SOCKET_PATH

VECTORS = Path(__file__).parents[1] / "vectors"


@given(st.binary(min_size=1, max_size=80))
def test_digits_read_back_as_the_same_bytes(raw: bytes) -> None:
    assert from_digits(to_digits(raw)) == raw


def test_sixty_five_bytes_are_158_digits() -> None:
    assert len(to_digits(bytes(65))) == 158


@given(
    direction=st.sampled_from(Direction),
    pkg=st.binary(min_size=32, max_size=32),
    seed=st.binary(min_size=32, max_size=32),
)
def test_a_code_reads_back_as_itself(direction: Direction, pkg: bytes, seed: bytes) -> None:
    qr = QrCode(Origin.parse("https://relay.example.kr/"), Payload(direction, False, pkg, seed))
    assert QrCode.from_url(qr.url) == qr


@pytest.mark.parametrize(
    "text",
    [
        "https://relay.example.kr/",
        "https://xn--o39a.example/cert/v1.2/",
        "http://127.0.0.1:8765/",
        "https://[2001:db8::1]:8443/",
        "https://[::ffff:c0a8:1]/",
        "https://localhost/",
        "https://a.b-c.d1/",
    ],
)
def test_an_origin_in_its_one_spelling(text: str) -> None:
    assert Origin.parse(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "https://relay.example.kr",
        "https://-a.example/",
        "https://a_b.example/",
        "https://0x7f.1/",
        "https://1.2.3.4.5/",
        "https://[::FFFF:c0a8:1]/",
        "https://[fe80::1%25eth0]/",
        "https://relay.example.kr/\n",
        "https://" + "a" * 64 + ".kr/",
    ],
)
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(QrError, match="qr_origin"):
        Origin.parse(text)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("192.168.1.1", True),
        ("169.254.9.9", True),
        ("127.0.0.1", True),
        ("100.64.0.1", False),
        ("fd00::2", True),
        ("fe80::1", True),
        ("::1", True),
        ("2001:db8::1", False),
        ("localhost", False),
    ],
)
def test_which_hosts_are_local(host: str, local: bool) -> None:
    assert Origin.of("http", host, 8765).is_local is local


def test_the_secret_is_not_in_a_repr() -> None:
    seed = bytes(range(100, 132))
    payload = Payload(Direction.TO_PC, True, bytes(32), seed)
    qr = QrCode(Origin.parse("http://127.0.0.1:1/"), payload)
    digits = qr.url.partition("#")[2]
    for shown in (repr(payload), repr(qr), str(qr)):
        assert digits[40:60] not in shown
        assert seed[:4].hex() not in shown
        assert repr(seed)[2:8] not in shown


ORIGINS = json.loads((VECTORS / "crp1-text.json").read_text("utf-8"))["origins"]


@pytest.mark.parametrize(
    "vector", ORIGINS, ids=lambda vector: f"{vector['origin']} {vector['lan']}"
)
def test_a_good_origin_is_taken_and_leads_to_its_socket(vector: dict[str, Any]) -> None:
    payload = Payload(Direction.TO_PC, vector["lan"], (9).to_bytes(32, "little"), bytes(32))
    url = f"{vector['origin']}#{to_digits(payload.to_bytes())}"
    assert QrCode.from_url(url).origin.text == vector["origin"]
    assert f"ws{vector['origin'].removeprefix('http')}{SOCKET_PATH}" == vector["socket"]
