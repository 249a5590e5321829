"""What a script and a person read of a certificate."""

from datetime import timedelta

import pytest

from certrelay.client.flow.describing import fields_of, line_of, state_of
from certrelay.pki.check import inspect, inspect_with_password
from certrelay.pki.validity import last_day
from certrelay.texts import LANGUAGES, Texts
from tests.certificates import END, NOW, PASSWORD, person

SEALED = inspect(person().pkcs12(PASSWORD, "modern"))
OPENED = inspect_with_password(person().pkcs12(PASSWORD, "modern"), PASSWORD)
NPKI = inspect(person().npki(PASSWORD))


def test_nothing_is_known_of_a_sealed_file() -> None:
    fields = fields_of(SEALED, NOW)
    assert fields["state"] == "unknown", "neither valid nor expired: nobody has seen it"
    assert fields["verified"] is False
    assert {fields[name] for name in ("cn", "issuer", "serial", "not_after")} == {None}
    assert state_of(SEALED, END + timedelta(days=9999)) == "unknown"


def test_the_password_makes_the_same_file_known() -> None:
    fields = fields_of(OPENED, NOW)
    assert (fields["state"], fields["verified"]) == ("valid", True)
    assert fields["cn"] == OPENED.cn is not None


def test_an_npki_pair_shows_its_certificate_and_is_not_verified() -> None:
    fields = fields_of(NPKI, NOW)
    assert (fields["state"], fields["verified"]) == ("valid", False)
    assert fields["serial"] == str(NPKI.serial)
    assert fields_of(NPKI, END + timedelta(days=1))["state"] == "expired"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_names_a_sealed_file_and_says_what_is_unchecked(language: str) -> None:
    texts = Texts(language)
    assert "owner.p12" in line_of(SEALED, texts, NOW, file="owner.p12")
    assert line_of(SEALED, texts, NOW) == texts.say("story.item.sealed")
    unchecked = line_of(NPKI, texts, NOW)
    assert NPKI.not_after is not None
    assert last_day(NPKI.not_after) in unchecked
    assert NPKI.cn is not None
    assert NPKI.cn in unchecked
    assert unchecked != line_of(NPKI, texts, NOW, checked=False)
    assert line_of(OPENED, texts, NOW) == line_of(OPENED, texts, NOW, checked=False)
