"""The hello: what is written is read, and a name is cut where it must be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certrelay.e2e.hello import Hello, fit_name
from certrelay.errors import ProtocolError
from certrelay.limits import HELLO_BYTES, MAX_NAME_BYTES
from certrelay.wire.ids import TokenHash

HASH = TokenHash(bytes(32))


@given(name=st.text())
def test_any_name_makes_a_hello_that_the_other_end_takes(name: str) -> None:
    hello = Hello(fit_name(name), "android", "app", "G5.0", "14", HASH)
    raw = hello.to_bytes()
    assert len(raw) == HELLO_BYTES
    assert Hello.from_bytes(raw, with_token=True) == hello


def test_a_long_korean_name_is_cut_at_a_letter() -> None:
    name = fit_name("가" * 30)
    assert name == "가" * (MAX_NAME_BYTES // 3)


@pytest.mark.parametrize("name", ["", "   ", "\u202e", "\x1b"])
def test_a_name_of_nothing_becomes_a_question_mark(name: str) -> None:
    assert fit_name(name) == "?"


def test_gs_hello_needs_no_token_and_ss_does() -> None:
    hello = Hello("PC", "linux", "certrelay-pc", "P1.0", "6")
    assert Hello.from_bytes(hello.to_bytes(), with_token=False) == hello
    with pytest.raises(ProtocolError, match="bad_hello"):
        Hello.from_bytes(hello.to_bytes(), with_token=True)


def test_unknown_keys_are_passed_over() -> None:
    raw = b'{"name":"x","platform":"linux","app":"a","app_version":"P1","os_version":"1","new":[1]}'
    assert Hello.from_bytes(raw.ljust(HELLO_BYTES), with_token=False).name == "x"
