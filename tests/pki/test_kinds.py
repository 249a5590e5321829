import pytest

from certrelay.pki.kinds import kind_of, kind_of_policy, label
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
        ("100001.2.2.2.1", "GPKI", "공무원용"),
        ("999", "", "알 수 없음 (1.2.410.999)"),
    ],
)
def test_the_longest_prefix_tells_what_a_certificate_is_for(
    suffix: str, authority: str, korean: str
) -> None:
    kind = kind_of_policy(f"1.2.410.{suffix}")
    assert kind.authority == authority
    assert label(kind, Texts("ko").say) == korean


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_policy_at_all_is_unknown_in_every_language(language: str) -> None:
    texts = Texts(language)
    assert label(kind_of_policy(None), texts.say) == texts.say("use.unknown")


def test_a_certificate_whose_key_may_not_sign_is_for_key_management() -> None:
    issued = person()
    assert issued.km
    assert kind_of(issued.sign.certificate).use == "bank_card_insurance"
    assert kind_of(issued.km.certificate).use == "km"
