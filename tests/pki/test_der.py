import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from certrelay.pki import der
from certrelay.pki.der import DerError, Element


@given(st.integers(-(2**600), 2**600))
def test_integers_are_written_and_read_as_asn1crypto_does(value: int) -> None:
    encoded = der.integer(value)
    assert encoded == core.Integer(value).dump()
    assert Element.parse(encoded).integer() == value


@given(
    st.tuples(st.integers(0, 2), st.integers(0, 39)),
    st.lists(st.integers(0, 2**40), max_size=7),
)
def test_object_identifiers_are_written_and_read_as_asn1crypto_does(
    first: tuple[int, int], rest: list[int]
) -> None:
    dotted = ".".join(map(str, (*first, *rest)))
    encoded = der.oid(dotted)
    assert encoded == core.ObjectIdentifier(dotted).dump()
    assert Element.parse(encoded).oid() == dotted


@given(st.binary(max_size=70_000))
def test_any_length_is_written_and_read(content: bytes) -> None:
    encoded = der.octets(content)
    assert encoded == core.OctetString(content).dump()
    assert Element.parse(encoded).octets() == content


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_one_way(junk: bytes) -> None:
    try:
        element = Element.parse(junk)
        assert element.encoded == junk
        for child in element.children():
            assert child.encoded in junk
    except DerError:
        pass


@pytest.mark.parametrize("cut", range(1, 8))
def test_what_is_cut_off_is_refused(cut: int) -> None:
    whole = der.sequence(der.integer(5), der.octets(b"abc"))
    with pytest.raises(DerError):
        Element.parse(whole[:-cut]).children()


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(DerError):
        Element.parse(der.integer(5) + b"\0")


def test_an_indefinite_length_is_read() -> None:
    inner = der.octets(b"ab")
    element = Element.parse(b"\x30\x80" + b"\x24\x80" + inner + inner + b"\0\0" + b"\0\0")
    (octets,) = element.children()
    assert octets.octets() == b"abab"


def test_an_indefinite_length_of_what_has_nothing_inside_is_refused() -> None:
    with pytest.raises(DerError):
        Element.parse(b"\x04\x80ab\0\0")


def test_nesting_beyond_measure_is_refused_and_costs_nothing() -> None:
    with pytest.raises(DerError):
        Element.parse(b"\x30\x80" * 30_000)
    deep = b""
    for _ in range(12_000):
        deep = der.encode(der.SEQUENCE, deep)
    element = Element.parse(deep)
    assert len(element.children()) == 1


def test_too_many_elements_are_refused() -> None:
    with pytest.raises(DerError):
        Element.parse(der.sequence(*[der.null()] * 5000)).children()


@pytest.mark.parametrize(
    ("tag", "written", "read"),
    [
        (0x17, "270101145959Z", "2027-01-01T14:59:59+00:00"),
        (0x17, "500101000000Z", "1950-01-01T00:00:00+00:00"),
        (0x17, "2701012359Z", "2027-01-01T23:59:00+00:00"),
        (0x17, "270101235959+0900", "2027-01-01T14:59:59+00:00"),
        (0x17, "270101112959-0330", "2027-01-01T14:59:59+00:00"),
        (0x18, "20570101145959Z", "2057-01-01T14:59:59+00:00"),
        (0x18, "20270101145959.25Z", "2027-01-01T14:59:59+00:00"),
        (0x18, "20270101145959", "2027-01-01T14:59:59+00:00"),
    ],
)
def test_times_are_read(tag: int, written: str, read: str) -> None:
    assert Element.parse(der.encode(tag, written.encode())).time().isoformat() == read


@pytest.mark.parametrize(
    "written", ["", "27", "271301000000Z", "270230000000Z", "270101000000X", "2701010000００Z"]
)
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(DerError):
        Element.parse(der.encode(0x17, written.encode())).time()


def test_korean_texts_in_another_encoding_than_promised_are_read_and_marked() -> None:
    assert Element.parse(der.encode(0x0C, "홍길동".encode())).text() == ("홍길동", True)
    assert Element.parse(der.encode(0x0C, "홍길동".encode("cp949"))).text() == ("홍길동", False)
    assert Element.parse(der.encode(0x1E, "홍길동".encode("utf-16-be"))).text() == ("홍길동", True)
    assert Element.parse(der.encode(0x14, "홍길동".encode("cp949"))).text() == ("홍길동", True)
    text, clean = Element.parse(der.encode(0x0C, b"\xff\xff\xff")).text()
    assert (text, clean) == ("ÿÿÿ", False)
