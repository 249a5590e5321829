import re

import pytest

from certrelay.frozen import replace
from certrelay.pki import kinds
from certrelay.pki.certificate import Certificate
from certrelay.pki.kinds import kind_of, label
from certrelay.texts import LANGUAGES, Texts
from tests.certificates import person


@pytest.mark.parametrize(
    ("suffix", "authority", "korean"),
    [
        ("200005.1.1.1", "yessign", "범용 (개인)"),
        ("200005.1.1.5", "yessign", "범용 (사업자)"),
        ("200005.1.1.4", "yessign", "은행/신용카드/보험용 (개인)"),
        ("200005.1.1.6.1", "yessign", "은행용 (사업자)"),
        ("200005.1.1.6.8", "yessign", "전자세금용"),
        ("200005.1.1.4.77", "yessign", "은행/신용카드/보험용 (개인)"),
        ("200005.1.1.44", "yessign", "알 수 없음 (1.2.410.200005.1.1.44)"),
        ("200004.5.1.1.9", "SignKorea", "증권/보험용"),
        ("200004.5.1.1.9.2", "SignKorea", "신용카드용"),
        ("200004.5.1.1.11", "SignKorea", "용도제한용 (1.2.410.200004.5.1.1.11)"),
        ("200004.5.5.1.1", "INIPASS", "범용 (1.2.410.200004.5.5.1.1)"),
        ("200012.1.1.2", "TradeSign", "암호화용"),
        ("100001.2.2.1", "GPKI", "공무원용"),
        ("100001.2.2.2", "GPKI", "공공·민간 개인용 (개인)"),
        ("100001.2.1.1", "GPKI", "전자관인 (기관)"),
        ("100001.2.1.6", "GPKI", "특수목적용 (기관)"),
        ("100001.5.3.1.3", "EPKI", "교육기관용 (개인)"),
        ("200005.1.1.3", "yessign", "서버용 (사업자)"),
        ("200004.5.2.1.3", "KICA", "특수목적용"),
        ("200004.5.2.1.4", "KICA", "서버용"),
        ("200004.5.2.1.5", "KICA", "특수목적용 (사업자)"),
        ("200012.1.1.5", "TradeSign", "서버용"),
        ("200012.1.1.7", "TradeSign", "전자무역용 (개인)"),
        ("200012.1.1.12", "TradeSign", "암호화용"),
        ("200004.5.5.1.3.1", "INIPASS", "용도제한용 (개인, 1.2.410.200004.5.5.1.3.1)"),
        ("200004.5.5.1.4.2", "INIPASS", "전자세금용 (사업자)"),
        ("999", "", "알 수 없음 (1.2.410.999)"),
    ],
)
def test_the_longest_prefix_tells_what_a_certificate_is_for(
    suffix: str, authority: str, korean: str
) -> None:
    kind = kind_of(with_policies(suffix))
    assert kind.authority == authority
    assert label(kind, Texts("ko").say) == korean


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_policy_at_all_is_unknown_in_every_language(language: str) -> None:
    texts = Texts(language)
    assert label(kind_of(with_policies()), texts.say) == texts.say("use.unknown")


def with_policies(*suffixes: str) -> Certificate:
    """A certificate with these policies, in their order."""
    certificate = person().sign.certificate
    policies = tuple(f"1.2.410.{suffix}" for suffix in suffixes)
    return replace(certificate, extensions=replace(certificate.extensions, policies=policies))


@pytest.mark.parametrize(
    ("suffixes", "authority", "use", "oid"),
    [
        (("200004.2.1", "200012.1.1.1"), "TradeSign", "general", "200012.1.1.1"),
        (("200012.1.1.1", "200004.2.1"), "TradeSign", "general", "200012.1.1.1"),
        (("200005.1.1", "200004.5.1.1.9.2"), "SignKorea", "card", "200004.5.1.1.9.2"),
        (("200005.1.1.99", "200005.1.1.4"), "yessign", "bank_card_insurance", "200005.1.1.4"),
        (("999", "998"), "", "unknown", "999"),
    ],
)
def test_of_several_policies_the_one_that_is_known_most_exactly_counts(
    suffixes: tuple[str, ...], authority: str, use: str, oid: str
) -> None:
    kind = kind_of(with_policies(*suffixes))
    assert (kind.authority, kind.use, kind.oid) == (authority, use, f"1.2.410.{oid}")


def test_every_line_has_sources_that_the_module_names() -> None:
    named = set(re.findall(r"^    ([A-Z])  ", kinds.__doc__ or "", re.M))
    for oid, *_, use, sources in kinds._ROWS:
        assert set(sources) <= named | {"?"}, oid
        assert sources or use in ("unknown", "km", "etax"), oid
    assert len({row[0] for row in kinds._ROWS}) == len(kinds._ROWS)


def test_a_certificate_whose_key_may_not_sign_is_for_key_management() -> None:
    issued = person()
    assert issued.km
    assert kind_of(issued.sign.certificate).use == "bank_card_insurance"
    assert kind_of(issued.km.certificate).use == "km"
