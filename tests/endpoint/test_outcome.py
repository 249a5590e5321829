"""How a session ended, from the words of the relay and of the other end."""

from typing import Any

import pytest

from certrelay.e2e.bodies import Close, ItemResult
from certrelay.endpoint import outcome
from certrelay.errors import (
    CertRelayError,
    NotConfirmed,
    ProtocolError,
    ReleaseRefused,
    RoomEnded,
    TrustError,
)
from certrelay.testkit.pair import PHONE_HELLO
from certrelay.wire.messages import Refused
from certrelay.wire.release import Version

STORED, DUPLICATE = ItemResult("stored"), ItemResult("duplicate")
UNSEEN = ItemResult("unconfirmed")
DECLINED, NO_SPACE = ItemResult("rejected", "declined"), ItemResult("rejected", "no_space")


def told(error: CertRelayError | None) -> tuple[Any, ...]:
    """What a person hears: the kind, the code, the details."""
    assert error is not None
    return type(error), error.code, dict(error.details)


def test_all_kept_is_done() -> None:
    assert outcome.of_results([STORED, DUPLICATE]) is None


@pytest.mark.parametrize(
    ("results", "code", "details"),
    [
        ([UNSEEN], "unconfirmed", {}),
        ([STORED, UNSEEN], "unconfirmed", {}),
        ([STORED, NO_SPACE], "partial", {"kept": 1, "total": 2}),
        ([UNSEEN, DECLINED], "partial", {"kept": 0, "total": 2}),
        ([DUPLICATE, UNSEEN, DECLINED], "partial", {"kept": 1, "total": 3}),
        ([DECLINED, DECLINED], "declined", {}),
        ([NO_SPACE], "rejected", {"reason": "no_space"}),
        ([ItemResult("rejected")], "rejected", {"reason": "other"}),
    ],
)
def test_what_was_not_kept_has_its_own_word(
    results: list[ItemResult], code: str, details: dict[str, Any]
) -> None:
    assert told(outcome.of_results(results)) == (NotConfirmed, code, details)


def test_reasons_that_differ_are_one_of_them() -> None:
    error = outcome.of_results([DECLINED, NO_SPACE])
    assert error is not None
    assert error.code == "rejected"
    assert error.details["reason"] in ("declined", "no_space")


@pytest.mark.parametrize("code", ["version_too_low", "version_blocked", "os_too_low"])
def test_a_refused_release_says_found_needed_and_platform(code: str) -> None:
    refused = Refused(code, Version.parse("G4.9"), Version.parse("G5.0"))  # type: ignore[arg-type]
    details = {"platform": PHONE_HELLO.platform, "found": "G4.9", "needed": "G5.0"}
    assert told(outcome.of_refusal(refused, PHONE_HELLO)) == (ReleaseRefused, code, details)


def test_what_the_relay_leaves_out_is_left_out() -> None:
    refused = Refused("version_unreadable", None, Version.parse("G5.0"))
    details = {"platform": PHONE_HELLO.platform, "needed": "G5.0"}
    error = outcome.of_refusal(refused, PHONE_HELLO)
    assert told(error) == (ReleaseRefused, "version_unreadable", details)


@pytest.mark.parametrize(
    ("retry_in_ms", "hours", "minutes"),
    [(60_000, 0, 1), (60_001, 0, 2), (3_600_000, 1, 0), (5_400_000, 1, 30), (1, 0, 1)],
)
def test_out_of_hours_says_in_how_many_hours_and_begun_minutes(
    retry_in_ms: int, hours: int, minutes: int
) -> None:
    error = outcome.of_refusal(Refused("suspended", retry_in_ms=retry_in_ms), PHONE_HELLO)
    assert told(error) == (RoomEnded, "out_of_hours", {"hours": hours, "minutes": minutes})


def test_suspended_without_an_end_is_just_that() -> None:
    error = outcome.of_refusal(Refused("suspended"), PHONE_HELLO)
    assert told(error) == (RoomEnded, "suspended", {})


def test_a_time_with_another_refusal_is_not_an_opening_hour() -> None:
    error = outcome.of_refusal(Refused("rate_limited", retry_in_ms=60_000), PHONE_HELLO)
    assert told(error) == (RoomEnded, "rate_limited", {})


@pytest.mark.parametrize("code", ["bad_message", "unsupported_protocol"])
def test_a_message_that_the_relay_does_not_know_is_a_fault_of_the_program(code: str) -> None:
    refused = Refused(code)  # type: ignore[arg-type]
    assert told(outcome.of_refusal(refused, PHONE_HELLO)) == (ProtocolError, code, {})


@pytest.mark.parametrize(
    ("code", "kind", "told_code"),
    [
        ("bad_message", RoomEnded, "codes_unsupported"),
        ("no_such_code", RoomEnded, "no_such_code"),
        ("rate_limited", RoomEnded, "rate_limited"),
        ("suspended", RoomEnded, "suspended"),
        ("try_later", RoomEnded, "try_later"),
        ("over_budget", ProtocolError, "bad_message"),
    ],
)
def test_a_typed_code_that_is_refused(code: str, kind: type, told_code: str) -> None:
    refused = Refused(code)  # type: ignore[arg-type]
    assert told(outcome.of_refusal_of_code(refused)) == (kind, told_code, {})


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("os_too_low", PHONE_HELLO.os_version),
        ("version_too_low", PHONE_HELLO.app_version),
        ("platform_mismatch", PHONE_HELLO.app_version),
    ],
)
def test_a_refusal_inside_the_seal_falls_back_on_what_this_end_had_said(
    reason: str, said: str
) -> None:
    details = {"platform": PHONE_HELLO.platform, "found": said}
    assert told(outcome.of_close(Close(reason), PHONE_HELLO)) == (ReleaseRefused, reason, details)
    said_otherwise = Close(reason, found="9", needed="10")
    details = {"platform": PHONE_HELLO.platform, "found": "9", "needed": "10"}
    assert told(outcome.of_close(said_otherwise, PHONE_HELLO))[2] == details


@pytest.mark.parametrize(
    ("reason", "kind", "code"),
    [
        ("cancelled", NotConfirmed, "cancelled"),
        ("number_mismatch", TrustError, "number_mismatch"),
        ("second_scan", RoomEnded, "second_scan"),
        ("timeout", RoomEnded, "timeout"),
        ("page_closed", RoomEnded, "page_closed"),
        ("protocol", ProtocolError, "protocol"),
    ],
)
def test_the_other_ends_close(reason: str, kind: type, code: str) -> None:
    assert told(outcome.of_close(Close(reason), PHONE_HELLO)) == (kind, code, {})
