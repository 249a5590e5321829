import ntpath
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certrelay.limits import MAX_NAME_COMPONENT_BYTES
from certrelay.pki import naming

HOSTILE = {
    "cn=../../x": "cn=.._.._x",
    "..": "fallback",
    ".": "fallback",
    "": "fallback",
    "   ": "fallback",
    "/etc/passwd": "_etc_passwd",
    "\\\\server\\share": "__server_share",
    "C:\\Windows": "C__Windows",
    "name:stream": "name_stream",
    "CON": "_CON",
    "nul": "_nul",
    "NUL ": "_NUL",
    "com1.txt": "_com1.txt",
    "LPT9  .x": "_LPT9  .x",
    "COM¹": "COM_",
    "trailing...": "trailing",
    "trailing. . ": "trailing",
    ".hidden": "_hidden",
    "a\x00b": "a_b",
    "a\nb\x1b[2J": "a_b__2J",
    "abc\u202ecod": "abc_cod",
    "zero\u200bwidth": "zero_width",
    "filler\u3164": "filler_",
    "lone\ud800": "lone_",
    '*?<>|"': "______",
    "홍길동": "홍길동",
    unicodedata.normalize("NFD", "홍길동"): "홍길동",
}


@pytest.mark.attack(17)
@pytest.mark.attack(17)
@pytest.mark.parametrize(("text", "safe"), HOSTILE.items())
def test_a_hostile_name_becomes_one_harmless_component(text: str, safe: str) -> None:
    assert naming.component(text, "fallback") == safe


texts = st.one_of(
    st.text(max_size=300),
    st.text(st.sampled_from("./\\: \u202e\u1112\u1161\u11abCONul1=,홍"), max_size=40),
)


@pytest.mark.attack(17)
@pytest.mark.attack(17)
@given(texts)
@example("CON" + " " * 400 + ".x")
@example("ﬁ" * 200)
@example("홍" * 300)
def test_any_text_becomes_one_component_inside_its_folder(text: str) -> None:
    name = naming.component(text, "fallback")
    assert 0 < len(name.encode()) <= MAX_NAME_COMPONENT_BYTES
    assert name == unicodedata.normalize("NFC", name)
    assert PurePosixPath("/store", name).parent == PurePosixPath("/store")
    windows = PureWindowsPath("C:/store") / name
    assert windows.parent == PureWindowsPath("C:/store")
    assert ntpath.splitdrive(name)[0] == ""
    assert not windows.is_reserved()
    assert not name.startswith(".")
    assert name[-1] not in ". "
    assert naming.component(name, "fallback") == name, "safe names stay"


@pytest.mark.attack(17)
def test_long_names_are_cut_and_stay_two() -> None:
    one, other = naming.component("가" * 200 + "1", ""), naming.component("가" * 200 + "2", "")
    assert one != other
    assert len(one.encode()) <= MAX_NAME_COMPONENT_BYTES


@pytest.mark.attack(17)
@pytest.mark.parametrize(
    ("organisation", "folder"),
    [
        ("yessign", "yessign"),
        ("SignKorea", "SignKorea"),
        ("SIGNKOREA", "SignKorea"),
        ("KICA", "KICA"),
        ("signGATE", "KICA"),
        ("CrossCert", "CrossCert"),
        ("TradeSign", "TradeSign"),
        ("NCASign", "NCASign"),
        ("INIPASS", "INIPASS"),
        ("Some New Authority", "Some New Authority"),
        ("../yessign", "_._yessign"),
        ("pkcs12", "_pkcs12"),
        ("", "Unknown"),
    ],
)
def test_an_authority_has_its_folder(organisation: str, folder: str) -> None:
    assert naming.ca_folder((("cn", "CA"), ("o", organisation))) == folder


@pytest.mark.attack(17)
def test_a_place_is_a_safe_one_or_none() -> None:
    subject = (("cn", "홍길동()009904"), ("o", "yessign"), ("c", "kr"))
    place = naming.npki_place(subject, (("o", "yessign"),), "ab" * 32)
    assert place == ("yessign", "USER", "cn=홍길동()009904,o=yessign,c=kr")
    assert naming.is_place(place)
    assert naming.is_place(naming.pkcs12_place("0123456789abcdef"))
    for bad in [
        (),
        ("yessign",),
        ("yessign", "USER", ".."),
        ("yessign", "USER", ""),
        ("yessign", "other", "cn=x"),
        ("..", "USER", "cn=x"),
        ("PKCS12", "x.txt"),
        ("PKCS12", ".p12"),
        ("PKCS12", "../x.p12"),
        ("yessign", "USER", "a/b"),
    ]:
        assert not naming.is_place(bad)


def test_a_certificate_without_a_name_is_kept_by_its_fingerprint() -> None:
    assert naming.npki_place((), (), "ab" * 32) == ("Unknown", "USER", "ab" * 8)


def test_numbers_go_before_the_ending_of_a_file() -> None:
    assert naming.numbered(("PKCS12", "name.p12"), 2) == ("PKCS12", "name (2).p12")
    assert naming.numbered(("KICA", "USER", "cn=a.b"), 3) == ("KICA", "USER", "cn=a.b (3)")


@pytest.mark.attack(17)
@pytest.mark.parametrize(
    ("cn", "stem"),
    [
        ("홍길동()0020041200806232804005", "홍길동_yessign_2027-11-28"),
        ("홍길동(HONG GIL DONG)0012345678", "홍길동_yessign_2027-11-28"),
        ("(주)시험상사()0020041200806232804005", "(주)시험상사_yessign_2027-11-28"),
        ("시험상사_0000123456", "시험상사_yessign_2027-11-28"),
        ("성춘향", "성춘향_yessign_2027-11-28"),
        ("홍길동(1)", "홍길동(1)_yessign_2027-11-28"),
        ("()0020041200806232804005", "()0020041200806232804005_yessign_2027-11-28"),
        ("../../etc/passwd", "_._.._etc_passwd_yessign_2027-11-28"),
        ("CON", "_CON_yessign_2027-11-28"),
        ("\u202egnp.exe", "_gnp.exe_yessign_2027-11-28"),
        ("", "ff_yessign_2027-11-28"),
        ("가" * 200, "가" * 40 + "_yessign_2027-11-28"),
        ("각", "각_yessign_2027-11-28"),
    ],
)
def test_a_file_is_named_for_people(cn: str, stem: str) -> None:
    found = naming.file_stem(cn, (("o", "yessign"),), "2027-11-28", "ff")
    assert found == stem
    assert naming.is_place(naming.pkcs12_place(found))
    assert naming.component(found, "") == found


def test_a_file_whose_last_day_cannot_be_read_is_named_without_it() -> None:
    assert naming.file_stem("홍길동", (("o", "yessign"),), None, "ff") == "홍길동_yessign"


@pytest.mark.attack(17)
@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("홍길동()0020041200806232804005", "홍길동_01234567"),
        ("", "0123456789abcdef"),
        (" . ", "0123456789abcdef"),
        ("../x", "_._x_01234567"),
        ("{1F2A-3B}", "_1F2A-3B__01234567"),
        ("가" * 99, "가" * 40 + "_01234567"),
    ],
)
def test_a_sealed_file_is_named_by_what_it_calls_its_key(name: str, stem: str) -> None:
    found = naming.sealed_stem(name, "0123456789abcdef")
    assert found == stem
    assert naming.is_place(naming.pkcs12_place(found))
