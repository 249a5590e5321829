import re

import pytest

from certrelay.errors import (
    CertRelayError,
    ExitStatus,
    Interrupted,
    ProtocolError,
    QrError,
    ReleaseRefused,
    StateError,
    TrustError,
)
from certrelay.texts import LANGUAGES, Texts


def error_classes() -> list[type[CertRelayError]]:
    """Every kind of error there is, in the order of the file."""
    found = list(CertRelayError.__subclasses__())
    for each in found:
        found.extend(each.__subclasses__())
    return [each for each in found if each.__module__ == "certrelay.errors"]


def test_the_exit_statuses_are_the_promised_ones() -> None:
    promised = {
        "OK": 0,
        "INTERNAL": 1,
        "USAGE": 2,
        "UNREACHABLE": 3,
        "ROOM": 4,
        "PROTOCOL": 5,
        "TRUST": 6,
        "STORAGE": 7,
        "RELEASE": 8,
        "QR": 9,
        "CERTIFICATE": 10,
        "PASSWORD": 11,
        "NOT_CONFIRMED": 12,
        "EXPIRES": 13,
        "SOME_FAILED": 14,
        "INTERRUPTED": 130,
        "READER_GONE": 141,
    }
    assert {each.name: int(each) for each in ExitStatus} == promised


def test_every_exit_status_but_success_has_one_kind_of_error() -> None:
    statuses = sorted(each.exit_status for each in error_classes())
    # Nobody is left to be told that he has gone.
    assert statuses == sorted(set(ExitStatus) - {ExitStatus.OK, ExitStatus.READER_GONE})


def test_codes_are_stable_words_and_belong_to_one_kind() -> None:
    codes = [code for each in error_classes() for code in each.codes]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch("[a-z][a-z0-9_]*", code) for code in codes)


def test_a_code_of_another_kind_is_a_bug() -> None:
    with pytest.raises(ValueError, match="has no code 'expired'"):
        ProtocolError("expired")


def test_codes_with_one_meaning_for_people_share_a_sentence() -> None:
    assert ProtocolError("chunk_gap").text_key == "protocol"
    assert TrustError("bad_tag").text_key == "tampered"
    assert QrError("qr_digits").text_key == "qr_damaged"
    assert QrError("qr_version").text_key == "qr_version"


def test_an_error_prints_its_code_and_its_details() -> None:
    error = ReleaseRefused("version_too_low", found="G4.9", needed="G5.0")
    assert str(error) == "version_too_low found=G4.9 needed=G5.0"
    assert str(Interrupted("interrupted")) == "interrupted"


def test_a_bug_of_ours_says_what_was_called_out_of_order() -> None:
    error = StateError("seal before confirm")
    assert (error.code, error.details) == ("internal", {"what": "seal before confirm"})
    assert error.exit_status is ExitStatus.INTERNAL


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_exit_status_has_its_words_for_the_manual_page(language: str) -> None:
    for status in ExitStatus:
        assert Texts(language).say(f"exit.{status.name.lower()}")
