from datetime import timedelta
from itertools import combinations, product

import pytest

from certrelay.bundle import Item
from certrelay.pki import der, pbe
from certrelay.pki.certificate import Certificate
from certrelay.pki.revocation import RevocationList
from certrelay.pki.verification import Evidence, Verification, verify_item
from certrelay.testkit import ca
from tests.certificates import END, NOW, PASSWORD, START, authority, key, person, root, stranger

ISSUED = person()
ITEM = ISSUED.npki(PASSWORD)
CHAIN = der.sequence(authority().certificate.der, root().certificate.der)
WHOLE = Item.of("npki", {f.role: f.content for f in ITEM.files} | {"caPubs": CHAIN})


def answers(verification: Verification) -> dict[str, tuple[str, str]]:
    return {f.question: (f.answer, f.reason) for f in verification.findings}


def changed(**contents: bytes) -> Item:
    return Item.of("npki", {f.role: f.content for f in WHOLE.files} | contents)


def test_a_sound_certificate_holds_in_every_way() -> None:
    crl = RevocationList.parse(authority().revocations([], NOW))
    found = verify_item(WHOLE, PASSWORD, Evidence(NOW, ca.TEST_IDN, (), crl))
    assert found.holds
    assert answers(found) == {
        "structure": ("holds", ""),
        "password": ("holds", ""),
        "key": ("holds", ""),
        "km": ("holds", ""),
        "vid": ("holds", ""),
        "identity": ("holds", ""),
        "validity": ("holds", "valid"),
        "chain": ("holds", "own_authorities"),
        "revocation": ("holds", ""),
    }


def test_what_was_not_asked_for_is_left_out_and_stops_nothing() -> None:
    found = verify_item(ITEM, PASSWORD, Evidence(NOW))
    assert found.holds
    assert found.answer("chain").reason == "no_authorities"
    assert found.answer("revocation").answer == "skipped"
    assert "identity" not in answers(found)


def test_without_a_password_the_rest_is_judged() -> None:
    found = verify_item(WHOLE, None, Evidence(NOW))
    assert found.holds
    assert found.answer("password").answer == "skipped"
    assert found.answer("chain").answer == "holds"


def test_an_expired_certificate_that_is_sound_says_so() -> None:
    found = verify_item(WHOLE, PASSWORD, Evidence(END + timedelta(days=1)))
    assert not found.holds
    assert found.only_expired
    assert found.answer("validity").reason == "expired"
    broken = verify_item(WHOLE, "wrong", Evidence(END + timedelta(days=1)))
    assert not broken.only_expired


@pytest.mark.parametrize(
    ("item", "password", "question", "answer", "reason"),
    [
        (WHOLE, "wrong", "password", "fails", "wrong_password"),
        (WHOLE, "wrong", "vid", "skipped", "key_not_open"),
        (
            changed(signPri=stranger().npki(PASSWORD).get("signPri") or b""),
            PASSWORD,
            "key",
            "fails",
            "key_mismatch",
        ),
        (changed(signPri=b"junk"), PASSWORD, "structure", "fails", "bad_key_file"),
        (
            changed(signPri=der.sequence(der.sequence(der.oid("1.2.3")), der.octets(b"1"))),
            PASSWORD,
            "password",
            "unknown",
            "unsupported_algorithm",
        ),
    ],
)
def test_each_thing_that_is_wrong_is_found(
    item: Item, password: str, question: str, answer: str, reason: str
) -> None:
    found = verify_item(item, password, Evidence(NOW))
    assert not found.holds
    assert answers(found)[question] == (answer, reason)


def test_a_certificate_before_its_first_day_says_only_that() -> None:
    found = verify_item(WHOLE, PASSWORD, Evidence(START - timedelta(seconds=1)))
    assert answers(found)["validity"] == ("fails", "not_yet")
    assert (found.holds, found.only_early, found.only_expired) == (False, True, False)
    broken = verify_item(WHOLE, "wrong", Evidence(START - timedelta(seconds=1)))
    assert not broken.only_early
    assert not verify_item(WHOLE, PASSWORD, Evidence(NOW)).only_early


@pytest.mark.parametrize(
    ("own", "answer", "reason", "holds"),
    [
        (None, "unknown", "other_password", True),
        ("x", "holds", "", True),
        ("y", "fails", "wrong_password", False),
    ],
)
def test_a_km_key_under_another_password_leaves_the_sign_pair_usable(
    own: str | None, answer: str, reason: str, holds: bool
) -> None:
    item = changed(kmPri=ISSUED.npki("x").get("kmPri") or b"")
    evidence = Evidence(NOW, km_password=own)
    found = verify_item(item, PASSWORD, evidence)
    assert answers(found)["km"] == (answer, reason)
    assert found.holds is holds
    assert "x" not in repr(evidence).replace("Evidence", "")


def test_a_key_that_lost_its_vid_is_found() -> None:
    fields = der.Element.parse(ISSUED.sign.key.der).children()[:3]
    bare = der.sequence(*[field.encoded for field in fields])
    item = changed(signPri=pbe.encrypt(pbe.seed_pbes1(bytes(8)), bare, PASSWORD))
    found = verify_item(item, PASSWORD, Evidence(NOW, ca.TEST_IDN))
    assert answers(found)["key"] == ("holds", "")
    assert answers(found)["vid"] == ("fails", "vid_missing")
    assert answers(found)["identity"] == ("unknown", "vid_missing")


def test_another_persons_number_is_found() -> None:
    found = verify_item(WHOLE, PASSWORD, Evidence(NOW, "1234567891"))
    assert answers(found)["identity"] == ("fails", "idn")
    assert not found.holds


def test_authorities_that_the_person_gave_must_be_reached() -> None:
    trusted = (root().certificate, authority().certificate)
    assert (
        verify_item(ITEM, PASSWORD, Evidence(NOW, authorities=trusted)).answer("chain").reason
        == "given"
    )
    other = (ca.Authority(NOW).certificate,)
    assert (
        verify_item(WHOLE, PASSWORD, Evidence(NOW, authorities=other)).answer("chain").answer
        == "fails"
    )


@pytest.mark.parametrize(("suspended", "reason"), [(False, "revoked"), (True, "suspended")])
def test_a_revoked_certificate_is_found(suspended: bool, reason: str) -> None:
    serial = ISSUED.sign.certificate.serial
    encoded = authority().revocations(
        [] if suspended else [serial], NOW, suspended=[serial] if suspended else []
    )
    found = verify_item(WHOLE, PASSWORD, Evidence(NOW, crl=RevocationList.parse(encoded)))
    assert answers(found)["revocation"] == ("fails", reason)


def test_a_faulty_certificate_stays_unknown_and_is_judged_on() -> None:
    content = ISSUED.sign.certificate.der
    octets = content.index(b"\x04", content.index(bytes.fromhex("0603551d20")) + 5)
    broken = content[: octets + 2] + b"\x31" + content[octets + 3 :]
    found = verify_item(changed(signCert=broken), PASSWORD, Evidence(NOW))
    assert answers(found)["structure"] == ("unknown", "extension 2.5.29.32")
    assert answers(found)["key"] == ("holds", "")
    assert answers(found)["chain"] == ("fails", "bad_signature")
    assert not found.holds


def test_a_sealed_pkcs12_file_without_a_password_ends_early() -> None:
    found = verify_item(ISSUED.pkcs12(PASSWORD, "modern"), None, Evidence(NOW))
    assert list(answers(found)) == ["structure", "password", "key"]
    opened = verify_item(ISSUED.pkcs12(PASSWORD, "modern"), PASSWORD, Evidence(NOW, ca.TEST_IDN))
    assert opened.holds


# More information never makes a verdict worse.


def without_key_id(certificate: Certificate) -> bytes:
    return certificate.der.replace(der.oid("2.5.29.14"), der.oid("2.5.29.99"))


FORMER_KEY = Certificate.parse(
    without_key_id(ca.Authority(NOW, key=key(96), above=root()).certificate)
)
"""The issuing authority's name with another key: what it had before it changed its key."""
BESIDE = {
    "issuing": authority().certificate,
    "root": root().certificate,
    "former key": FORMER_KEY,
    "over": ca.Authority(NOW - timedelta(days=9000), key=key(99), above=root()).certificate,
    "a person": stranger().sign.certificate,
}
RANKS = {"fails": 0, "unknown": 1, "skipped": 1, "holds": 2}


def with_beside(names: tuple[str, ...]) -> Item:
    files = {f.role: f.content for f in ITEM.files}
    if names:
        files["caPubs"] = der.sequence(*(BESIDE[name].der for name in names))
    return Item.of("npki", files)


def subsets(names: list[str]) -> list[tuple[str, ...]]:
    return [some for size in range(len(names) + 1) for some in combinations(names, size)]


def test_authorities_beside_a_certificate_never_make_a_verdict_worse() -> None:
    verdicts = {
        names: verify_item(with_beside(names), None, Evidence(NOW))
        for names in subsets(list(BESIDE))
    }
    for less, more in product(verdicts, repeat=2):
        if set(less) < set(more):
            before, after = verdicts[less], verdicts[more]
            ranks = [RANKS[each.answer("chain").answer] for each in (before, after)]
            assert ranks[0] <= ranks[1], (less, more)
            assert before.holds <= after.holds, (less, more)
    assert verdicts["issuing", "root"].answer("chain").answer == "holds"


@pytest.mark.parametrize("names", [("issuing",), ("former key",), ("over",), ("a person",)])
def test_a_chain_that_ends_early_cannot_be_told_and_stops_nothing(names: tuple[str, ...]) -> None:
    found = verify_item(with_beside(names), PASSWORD, Evidence(NOW))
    assert found.answer("chain").answer == "unknown"
    assert found.holds
    given = Evidence(NOW, authorities=(root().certificate,))
    reached = verify_item(with_beside(names), PASSWORD, given).answer("chain").answer
    assert reached == ("holds" if names == ("issuing",) else "fails")


def test_a_forged_certificate_still_fails() -> None:
    forged = bytearray(ISSUED.sign.certificate.der)
    forged[-1] ^= 1
    item = Item.of("npki", {f.role: f.content for f in WHOLE.files} | {"signCert": bytes(forged)})
    assert verify_item(item, None, Evidence(NOW)).answer("chain").answer == "fails"


def test_a_name_in_another_encoding_is_a_note_and_nothing_more() -> None:
    content = ISSUED.sign.certificate.der
    name = "홍길동".encode()
    other = "홍길동길".encode("cp949")[:8] + b" "
    changed_name = content.replace(name, other.ljust(len(name), b" ")[: len(name)])
    assert changed_name != content
    found = verify_item(
        changed(signCert=changed_name, caPubs=der.sequence()), PASSWORD, Evidence(NOW)
    )
    assert answers(found)["structure"] == ("holds", "text")
    assert found.summary is not None
    assert found.summary.verified
    assert found.holds


def test_a_certificate_without_identity_value_lacks_none() -> None:
    authority_pair = ca.Authority(NOW, key=key(95))
    plain = ca.private_key(key(95), None)
    item = Item.of(
        "npki",
        {
            "signCert": authority_pair.certificate.der,
            "signPri": pbe.encrypt(pbe.seed_pbes1(bytes(8)), plain.der, PASSWORD),
        },
    )
    found = verify_item(item, PASSWORD, Evidence(NOW))
    assert found.answer("vid").answer == "skipped"
    assert found.holds
