import os
from pathlib import Path

import pytest

from certrelay.client.flow.choosing import candidates, select
from certrelay.client.store.reading import Entry
from certrelay.errors import CertificateError, CertRelayError, UsageError
from certrelay.pki import check
from certrelay.pki.rewrap import to_pkcs12
from certrelay.texts import Texts
from tests.certificates import NOW, PASSWORD, person


def entries() -> list[Entry]:
    """Two people; their CNs end in 0001 and 0002."""
    items = [person(1, "홍길동").npki(PASSWORD), person(2, "Kim Minji").npki(PASSWORD)]
    return [Entry(Path(str(n)), i.kind, i, check.inspect(i), None) for n, i in enumerate(items)]


def numbers(*selectors: str) -> list[int]:
    return [candidate.number for candidate in select(entries(), selectors)]


def refusal(*selectors: str) -> str:
    with pytest.raises(UsageError) as caught:
        select(entries(), selectors)
    return caught.value.code


def test_a_number_is_one_of_the_list() -> None:
    assert numbers("2", " 1 ") == [2, 1]
    assert numbers("1", "1") == [1]


@pytest.mark.parametrize("slip", ["3", "0", "00", "2026", ""])
def test_a_number_that_is_not_in_the_list_means_nobody(slip: str) -> None:
    assert all("0" in (entry.summary.cn or "") for entry in entries() if entry.summary)
    assert refusal(slip) == "selector_unknown"


def test_a_serial_number_is_whole() -> None:
    summary = entries()[1].summary
    assert summary is not None
    assert summary.serial is not None
    assert numbers(str(summary.serial)) == [2]
    assert numbers(f"{summary.serial:#X}") == [2]


@pytest.mark.parametrize(("part", "number"), [("홍길", 1), ("minji", 2)])
def test_a_part_of_the_name_is_enough(part: str, number: int) -> None:
    assert numbers(part) == [number]


def test_a_long_number_may_be_a_part_of_the_name() -> None:
    assert refusal("0099041") == "selector_ambiguous"
    cn = entries()[0].summary.cn  # type: ignore[union-attr]
    assert cn is not None
    assert numbers(cn.split(")")[1]) == [1]


def test_a_pkcs12_file_is_found_by_its_name() -> None:
    item = to_pkcs12(person(3).npki(PASSWORD), PASSWORD, PASSWORD, os.urandom, "modern")
    sealed = Entry(Path("회사 인증서.p12"), item.kind, item, check.inspect(item), None)
    (found,) = select([*entries(), sealed], ["회사"])
    assert found.number == 3
    assert found.line(Texts("en"), NOW).startswith("회사 인증서.p12 (")


def test_too_many_are_refused() -> None:
    many = entries() * 11
    with pytest.raises(CertRelayError) as caught:
        select(many, [str(number) for number in range(1, 23)])
    assert caught.value.code == "too_many_selected"


def test_where_all_is_broken_the_first_fault_is_told() -> None:
    faults = [CertificateError("unreadable_file", path="1"), CertificateError("bad_certificate")]
    broken = [Entry(Path(str(n)), "npki", None, None, fault) for n, fault in enumerate(faults)]
    with pytest.raises(CertificateError) as caught:
        candidates(broken)
    assert caught.value is faults[0], "the person mends them from the top of the list"


def test_a_whole_one_is_offered_among_broken_ones_under_its_own_number() -> None:
    broken = Entry(Path("0"), "npki", None, None, CertificateError("bad_certificate"))
    assert [each.number for each in candidates([broken, *entries()])] == [2, 3]


def test_an_empty_store_says_so() -> None:
    with pytest.raises(CertificateError) as caught:
        candidates([])
    assert caught.value.code == "no_certificates"
