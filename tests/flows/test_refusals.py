"""What must not succeed: each ends on both sides, with its own words, and nothing is sent."""

import time
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from certrelay.frozen import replace
from certrelay.wire.release import ReleasePolicy
from certrelay.wire.room import RoomLimits
from certrelay.wire.service import ServicePolicy
from relay.embedded import EMBEDDED
from tests.certificates import PASSWORD, person
from tests.flows.conftest import Serve, files_below, fill
from tests.flows.programs import Bench, Client, bench, receipt_of
from tests.homes import one_home


@pytest.fixture(autouse=True)
def _phone_has_a_certificate(tmp_path: Path) -> None:
    fill(tmp_path / "phone", person().npki(PASSWORD))


def joined(desk: Bench, *phone: str) -> tuple[Client, Client]:
    """An import with a phone that is asked for the password."""
    pc = desk.pc("import", "--yes")
    pc.expect("waiting")
    scanner = desk.phone("--send", "1", *phone)
    scanner.expect("password_wanted")
    return pc, scanner


def error_of(client: Client) -> tuple[int, str]:
    status = client.finish()
    error = client.last("error")
    assert error["text"].count("\n") == 1
    assert "Traceback" not in client.stderr
    return status, error["code"]


@one_home
@pytest.mark.attack(3)
def test_the_wrong_number_three_times_closes_both_sides(desk: Bench) -> None:
    pc, phone = joined(desk)
    phone.answer(PASSWORD)
    number = int(pc.expect("number")["number"])
    for tries_left in (2, 1, 0):
        phone.expect("number_wanted")
        phone.answer(f"{(number + 1 + tries_left) % 10**6:06}")
        assert phone.expect("number_wrong")["tries_left"] == tries_left
    assert error_of(phone) == (ExitStatus.TRUST, "number_mismatch")
    assert error_of(pc) == (ExitStatus.TRUST, "number_mismatch")
    assert "offer" not in pc.names()
    assert not files_below(desk.pc_store)


@one_home
def test_the_right_number_at_the_third_try_is_right(desk: Bench) -> None:
    pc, phone = joined(desk)
    phone.answer(PASSWORD)
    number = pc.expect("number")["number"]
    for typed in ("", "1234567890123", number):
        phone.expect("number_wanted")
        phone.answer(typed)
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)


@one_home
@pytest.mark.attack(32)
def test_the_wrong_password_five_times_closes_both_sides(desk: Bench) -> None:
    pc, phone = joined(desk)
    for tries_left in (4, 3, 2, 1):
        phone.answer("not the password")
        assert phone.expect("password_wanted")["tries_left"] == tries_left
    phone.answer("not the password")
    assert error_of(phone) == (ExitStatus.PASSWORD, "password_tries")
    assert error_of(pc) == (ExitStatus.NOT_CONFIRMED, "cancelled")
    assert "offer" not in pc.names()
    assert "number_wanted" not in phone.names()


@one_home
def test_the_pc_asks_for_the_password_before_it_shows_anything(desk: Bench) -> None:
    fill(desk.pc_store, person().npki(PASSWORD))
    pc = desk.pc("export", "1")
    pc.expect("password_wanted")
    pc.answer("not the password")
    assert error_of(pc) == (ExitStatus.PASSWORD, "wrong_password")
    assert "waiting" not in pc.names()


@one_home
@pytest.mark.attack(4)
def test_who_says_no_to_saving_stores_nothing_and_the_sender_hears_it(desk: Bench) -> None:
    pc = desk.pc("import")
    pc.expect("waiting")
    phone = desk.phone("--send", "1")
    phone.expect("password_wanted")
    phone.answer(PASSWORD)
    phone.answer(pc.expect("number")["number"])
    pc.expect("save_wanted")
    pc.answer("")
    assert error_of(phone) == (ExitStatus.NOT_CONFIRMED, "declined")
    assert error_of(pc) == (ExitStatus.NOT_CONFIRMED, "declined")
    assert receipt_of(phone) == [("rejected", "declined")]
    assert not files_below(desk.pc_store)


# --- a QR code is good once, and for two minutes ---


@pytest.mark.attack(9)
def test_a_second_scan_at_the_same_time_burns_the_code_and_the_pc_shows_a_new_one(
    desk: Bench,
) -> None:
    pc = desk.pc("import", "--yes")
    url = pc.expect("waiting")["url"]
    first = desk.phone_with_url(url, "--send", "1")
    first.expect("password_wanted")
    second = desk.phone_with_url(url, "--send", "1")
    assert error_of(second) == (ExitStatus.ROOM, "already_claimed")
    assert error_of(first) == (ExitStatus.ROOM, "second_scan")
    pc.expect("second_scan")
    assert pc.expect("renewed")["reason"] == "second_scan"
    assert pc.expect("waiting")["url"] != url


@pytest.mark.attack(8)
def test_a_code_that_was_used_is_refused_as_used(desk: Bench) -> None:
    pc = desk.pc("import", "--yes")
    url = pc.expect("waiting")["url"]
    phone = desk.phone_with_url(url, "--send", "1")
    phone.expect("password_wanted")
    phone.answer(PASSWORD)
    phone.answer(pc.expect("number")["number"])
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
    late = desk.phone_with_url(url, "--send", "1")
    assert error_of(late) == (ExitStatus.ROOM, "already_used")


@pytest.mark.attack(8)
def test_a_code_whose_time_is_over_is_renewed_and_refused_as_expired(
    tmp_path: Path, serve: Serve
) -> None:
    url = serve(replace(EMBEDDED, room=RoomLimits(unclaimed_s=0.5)))
    with bench(tmp_path, url) as desk:
        pc = desk.pc("import", "--yes")
        url = pc.expect("waiting")["url"]
        assert pc.expect("renewed")["reason"] == "expired"
        assert pc.expect("waiting")["url"] != url
        late = desk.phone_with_url(url, "--send", "1")
        assert error_of(late) == (ExitStatus.ROOM, "expired")
        # Five renewals, and then the PC gives up by itself.
        assert error_of(pc) == (ExitStatus.NOT_CONFIRMED, "renewals_used_up")
        assert pc.names().count("waiting") == 6
        assert not desk.picture.exists()
        assert not desk.url_file.exists()


# --- releases: G5.0 and I5.0 or later ---

EVERYTHING = ReleasePolicy.from_table(
    {"android": {"app": "G0"}, "ios": {"app": "I0"}, "web": {"app": "W0"}}
)


@pytest.fixture(scope="session")
def lying_relay(serve: Serve) -> str:
    """A relay that admits every release."""
    return serve(replace(EMBEDDED, policy=EVERYTHING))


REFUSED = {
    "Android below the floor": ("android", "G4.9", "14", "version_too_low", "G4.9", "G5.0"),
    "iOS below the floor": ("ios", "I4.12", "17", "version_too_low", "I4.12", "I5.0"),
    "an Android release on iOS": ("ios", "G5.0", "17", "platform_mismatch", "G5.0", "I5.0"),
    "an old Android": ("android", "G5.0", "7.1", "os_too_low", "7.1", "8"),
    "an old iOS": ("ios", "I5.0", "12.5", "os_too_low", "12.5", "13"),
    "no letter": ("android", "5.0", "14", "version_unreadable", None, "G5.0"),
    "no numbers": ("android", "Gx", "14", "version_unreadable", None, "G5.0"),
}


@one_home
@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_the_relay_refuses_a_release(
    desk: Bench, case: tuple[str, str, str, str, str | None, str]
) -> None:
    platform, app, system, code, found, needed = case
    pc = desk.pc("import")
    pc.expect("waiting")
    phone = desk.phone("--send", "1", "--platform", platform, "--app", app, "--os", system)
    assert error_of(phone) == (ExitStatus.RELEASE, code)
    error = phone.last("error")
    assert error.get("found") == found
    assert error["needed"] == needed
    for told in (found, needed) if found else ():
        assert told in error["text"]
    assert "Store" in error["text"] or "settings" in error["text"]
    shown = ["apps_only", "waiting"]  # what this PC knows of its relay, and its code
    assert pc.names() == shown, "the PC hears nothing of the phone, and its code stays good"


@one_home
@pytest.mark.attack(20)
@pytest.mark.parametrize(
    "case", [case for case in REFUSED.values() if case[3] != "version_unreadable"]
)
def test_the_pc_refuses_a_release_that_a_lying_relay_admitted(
    tmp_path: Path, lying_relay: str, case: tuple[str, str, str, str, str, str]
) -> None:
    platform, app, system, code, found, needed = case
    with bench(tmp_path, lying_relay) as desk:
        pc = desk.pc("import")
        pc.expect("waiting")
        phone = desk.phone("--send", "1", "--platform", platform, "--app", app, "--os", system)
        lied = code == "platform_mismatch"
        if not lied:
            assert error_of(pc) == (ExitStatus.RELEASE, code)
            assert (pc.last("error")["found"], pc.last("error")["needed"]) == (found, needed)
            assert "number" not in pc.names()
        assert error_of(phone) == (ExitStatus.RELEASE, code)


@one_home
@pytest.mark.parametrize(
    ("platform", "app"), [("android", "G5.0"), ("android", "G5.10"), ("ios", "I5.0")]
)
def test_a_release_at_or_above_the_floor_is_admitted(desk: Bench, platform: str, app: str) -> None:
    pc, phone = joined(desk, "--platform", platform, "--app", app)
    assert pc.expect("paired")["app_version"] == app
    phone.answer(PASSWORD)
    phone.answer(pc.expect("number")["number"])
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)


# --- a relay that its operator has closed ---


def test_a_closed_relay_is_told_to_both(tmp_path: Path, desk: Bench, serve: Serve) -> None:
    """이용중지: the PC hears it before it shows a code, and so does a phone with an old one."""
    pc = desk.pc("import")
    address = pc.expect("waiting")["url"].partition("#")
    closed = serve(replace(EMBEDDED, service=ServicePolicy(suspended=True)))
    phone = desk.phone_with_url(f"{closed}#{address[2]}", "--send", "1")
    assert error_of(phone) == (ExitStatus.ROOM, "suspended")
    with bench(tmp_path / "other", closed) as other:
        assert error_of(other.pc("import")) == (ExitStatus.ROOM, "suspended")
        assert not other.picture.exists()


def test_out_of_its_hours_a_relay_lets_people_know_when_it_opens(
    tmp_path: Path, serve: Serve
) -> None:
    tomorrow = time.gmtime(time.time() + 26 * 3600)
    day, hour = time.strftime("%a", tomorrow).lower(), tomorrow.tm_hour
    table = {"hours": [f"{day} {hour:02}:00-{hour:02}:59"], "utc_offset": "+00:00"}
    closed = serve(replace(EMBEDDED, service=ServicePolicy.from_table(table)))
    with bench(tmp_path, closed) as desk:
        pc = desk.pc("import")
        assert error_of(pc) == (ExitStatus.ROOM, "out_of_hours")
        assert pc.last("error")["hours"] in (25, 26)
        assert f"{pc.last('error')['hours']} h" in pc.last("error")["text"]
