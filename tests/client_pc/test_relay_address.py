"""A relay's address as people write it becomes the one that the QR code carries, or is refused."""

import pytest

from certrelay.errors import UsageError
from client_pc.copy import relay_origin
from client_pc.relay_address import complete
from client_pc.settings import read


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://relay.example.kr/", "https://relay.example.kr/"),
        ("https://relay.example.kr", "https://relay.example.kr/"),
        ("relay.example.kr", "https://relay.example.kr/"),
        ("  relay.example.kr \n", "https://relay.example.kr/"),
        ("HTTPS://Relay.Example.KR/", "https://relay.example.kr/"),
        ("relay.example.kr:8443", "https://relay.example.kr:8443/"),
        ("https://relay.example.kr:443", "https://relay.example.kr/"),
        ("https://relay.example.kr/copy", "https://relay.example.kr/copy/"),
        ("https://한국.kr/", "https://xn--3e0b707e.kr/"),
        ("중계.한국", "https://xn--989ar05c.xn--3e0b707e/"),
        ("http://192.168.0.5:8765", "http://192.168.0.5:8765/"),
        ("192.168.0.5:8765", "http://192.168.0.5:8765/"),
        ("[fd00::5]:8765", "http://[fd00::5]:8765/"),
        ("http://localhost:8765/", "http://localhost:8765/"),
    ],
)
def test_what_is_left_out_is_completed(written: str, meant: str) -> None:
    assert complete(written) == meant
    assert complete(meant) == meant


@pytest.mark.parametrize(
    "written",
    [
        *("", "nonsense", "ftp://relay.example.kr/", "https://", "https:///", "http://[::1"),
        *("https://user:word@relay.example.kr/", "https://relay.example.kr/?a=1"),
        *("https://relay.example.kr/#x", "https://relay.example.kr:0/", "relay..kr"),
        *("https://relay.example.kr:99999/", "https://relay.example.kr/A b/", "a" * 300 + ".kr"),
        "https://relay.example.kr/\x1b[2J",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(UsageError) as caught:
        complete(written)
    assert caught.value.code == "bad_relay_url"


def test_plain_http_stays_for_the_local_network() -> None:
    with pytest.raises(UsageError) as caught:
        relay_origin("http://Relay.Example.KR")
    assert caught.value.code == "relay_needs_https"


def test_a_setting_may_be_written_so_too() -> None:
    settings = read({"CERTRELAY_CONFIG": "", "CERTRELAY_RELAY": "Relay.Example.KR"})
    assert settings.error is None
    assert settings.relay == "https://relay.example.kr/"
