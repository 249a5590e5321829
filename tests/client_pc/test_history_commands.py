"""`certrelay history` and `certrelay remind`, on stores and histories that are really there."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certrelay.bundle import Item
from certrelay.client.store.store import Store
from certrelay.client.terminal.manner import Manner, make_report
from certrelay.e2e.bodies import ItemResult
from certrelay.e2e.hello import Hello
from certrelay.endpoint.events import Ended
from certrelay.errors import ExitStatus, NotConfirmed
from certrelay.pki.check import inspect
from certrelay.safe_text import cell_width
from certrelay.testkit.ca import Authority, Owner
from certrelay.texts import Texts
from client_pc import cli
from client_pc.history import History, LocalChange
from client_pc.history.record import remember
from tests.certificates import PASSWORD, key
from tests.test_errors import error_classes
from tests.test_texts import SENTENCES

PHONE = Hello("Galaxy\x1b[2J S26", "android", "certrelay-web", "W1.0", "14")
NOW = datetime.now(UTC)


def issued(days_left: int, name: str = "홍길동", number: int = 1) -> Item:
    # A renewal keeps the name, in which the first day of validity stands.
    start, end = NOW - timedelta(days=700), NOW + timedelta(days=days_left)
    authority = Authority(NOW - timedelta(days=900), key=key(99))
    made = authority.issue(Owner(name, number), start, end, sign_key=key(1), km=False)
    return made.npki(PASSWORD)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CERTRELAY_DATA", str(tmp_path / "data"))
    return tmp_path / "NPKI"


def put(store: Path, *items: Item) -> None:
    for item in items:
        Store(store).save(item, inspect(item).place, beside=True)


def run(
    capsys: pytest.CaptureFixture[str], *arguments: str | Path
) -> tuple[int, list[dict[str, Any]]]:
    status = cli.main([*map(str, arguments), "--json"])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def written(store: Path, item: Item, error: NotConfirmed | None = None) -> None:
    """Put a copy into the history as an export leaves it."""
    results = None if error else (ItemResult("stored"),)
    report = make_report(Texts("en"), "certrelay", Manner())
    ended = Ended(error, results)
    past = History(store.parent / "data")
    remember(past.path.parent, "export", PHONE, [inspect(item)], ended=ended, report=report)


# --- history ---


def test_history_tells_when_where_and_what(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    item = issued(200)
    written(store, item)
    written(store, item, NotConfirmed("declined"))
    status, told = run(capsys, "history", "--store", store)
    assert status == ExitStatus.OK
    assert [event["error"] for event in told] == [None, "declined"]
    first = told[0]
    assert (first["direction"], first["device"]) == ("export", "Galaxy�[2J S26")
    assert first["items"][0]["status"] == "stored"
    certificate = inspect(item).certificate
    assert certificate is not None
    assert first["items"][0]["fingerprint"] == certificate.fingerprint
    assert NOW.replace(microsecond=0) <= datetime.fromisoformat(first["at"]) <= datetime.now(UTC)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_history_is_a_table_that_aligns(
    store: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    written(store, issued(200))
    written(store, issued(200, "Kim", 2), NotConfirmed("declined"))
    capsys.readouterr()
    assert cli.main(["history", "--lang", language, "--store", str(store)]) == ExitStatus.OK
    head, *rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 2
    fingerprints = [row.split()[-1] for row in rows]
    starts = [
        cell_width(row[: row.rindex(each)]) for row, each in zip(rows, fingerprints, strict=True)
    ]
    assert set(starts) == {cell_width(head[: head.rindex(head.split()[-1])])}
    assert Texts(language).say("fate.declined") in rows[1]


def test_every_fate_in_words_is_the_code_of_an_error_or_a_status() -> None:
    known = {code for kind in error_classes() for code in kind.codes} | {"stored", "duplicate"}
    words = {key.removeprefix("fate.") for key in SENTENCES["en"] if key.startswith("fate.")}
    assert words - known == {"failed"}


def test_nothing_is_remembered_where_nobody_was_met_or_nothing_shall_be(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = make_report(Texts("en"), "certrelay", Manner())
    past = History(store.parent / "data")
    seen = [inspect(issued(1))]
    remember(past.path.parent, "import", None, seen, ended=Ended(None, None), report=report)
    remember(None, "import", PHONE, seen, ended=Ended(None, None), report=report)
    assert not past.path.exists()
    assert run(capsys, "history", "--store", store) == (0, [{"event": "empty"}])


def test_a_history_that_cannot_be_written_is_told_and_spoils_nothing(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (store.parent / "data").touch()
    written(store, issued(1))
    assert "could not be written" in capsys.readouterr().err


def test_clear_removes_it(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(store, issued(200))
    status, told = run(capsys, "history", "--clear", "--yes")
    assert (status, told[0]["event"]) == (ExitStatus.OK, "cleared")
    assert [each["event"] for each in run(capsys, "history", "--store", store)[1]] == ["empty"]


def test_a_renewed_certificate_is_to_be_copied_again_until_it_was(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(store, issued(5))
    new = issued(370)
    put(store, new)
    _, told = run(capsys, "history", "--store", store)
    assert told[-1]["event"] == "renewed_since"
    assert told[-1]["devices"] == ["Galaxy�[2J S26"]
    written(store, new)
    _, told = run(capsys, "history", "--store", store)
    assert told[-1]["event"] == "copy"


def changed(store: Path, item: Item, after: timedelta) -> None:
    """Put a change of a password into the history."""
    certificate = inspect(item).certificate
    assert certificate is not None
    change = LocalChange(NOW + after, "passwd", "somewhere", certificate.fingerprint)
    History(store.parent / "data").append_change(change)


@pytest.mark.parametrize("command", ["history", "remind"])
def test_a_new_password_names_the_devices_that_have_the_old_one_until_it_is_sent_again(
    store: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    item = issued(300)
    put(store, item)
    changed(store, item, -timedelta(hours=1))
    _, told = run(capsys, command, "--store", store)
    assert "password_changed_since" not in [each["event"] for each in told], "no device had it"
    written(store, item)
    _, told = run(capsys, command, "--store", store)
    assert "password_changed_since" not in [each["event"] for each in told], "it came later"
    changed(store, item, timedelta(hours=1))
    status, told = run(capsys, command, "--store", store)
    (step,) = [each for each in told if each["event"] == "password_changed_since"]
    assert status == ExitStatus.OK
    assert len(step["devices"]) == 1
    cli.main([command, "--store", str(store), "--lang", "ko"])
    assert "비밀번호를 바" in capsys.readouterr().err


# --- remind ---


def test_remind_is_silent_and_content_where_nothing_expires(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(store, issued(200))
    assert run(capsys, "remind", "--store", store) == (ExitStatus.OK, [])
    assert cli.main(["remind", "--store", str(store)]) == ExitStatus.OK
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", "")


def test_remind_names_what_expires_and_what_has_expired(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(store, issued(10), issued(-3, "이몽룡", 2), issued(200, "성춘향", 3))
    status, told = run(capsys, "remind", "--store", store)
    assert status == ExitStatus.EXPIRES
    assert {event["state"] for event in told[:-1]} == {"expiring", "expired"}
    assert sorted(event["days_left"] for event in told[:-1]) == [-3, 10]
    assert told[-1]["code"] == "expires_soon"
    status, told = run(capsys, "remind", "--days", "9", "--store", store)
    assert [event["days_left"] for event in told[:-1]] == [-3]


@pytest.mark.parametrize(
    ("days", "said"), [(-1, "만료"), (0, "오늘 만료"), (1, "1일"), (30, "30일")]
)
def test_remind_says_how_long_is_left(
    store: Path, capsys: pytest.CaptureFixture[str], days: int, said: str
) -> None:
    put(store, issued(days))
    cli.main(["remind", "--store", str(store), "--lang", "ko"])
    assert capsys.readouterr().out.splitlines()[-1].endswith(f" {said}")


def test_remind_passes_over_what_was_renewed(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(store, issued(-3), issued(300))
    assert run(capsys, "remind", "--store", store) == (ExitStatus.OK, [])


def at_bank(days_left: int, unit: str, organisation: str = "yessign") -> Item:
    """A certificate of a bank's customer."""
    start, end = NOW - timedelta(days=700), NOW + timedelta(days=days_left)
    authority = Authority(NOW - timedelta(days=900), organisation, key=key(99))
    owner = Owner(units=(unit, "personal4IB"))
    return authority.issue(owner, start, end, sign_key=key(1), km=False).npki(PASSWORD)


@pytest.mark.parametrize(
    ("days", "unit", "organisation", "state", "where"),
    [
        (10, "WOORI", "yessign", "open", "우리은행 인터넷뱅킹의 인증센터"),
        (30, "nacf", "yessign", "open", "농협은행 인터넷뱅킹의 인증센터"),
        (31, "TEST", "yessign", "later", "발급받은 은행 인터넷뱅킹의 인증센터"),
        (-1, "IBK", "yessign", "over", "기업은행 인터넷뱅킹의 인증센터"),
        (5, "WOORI", "SignKorea", "open", "코스콤"),
        (5, "TEST", "Somebody", "open", "발급받은 은행이나 인증기관"),
    ],
)
def test_remind_says_where_a_certificate_is_renewed(
    store: Path,
    capsys: pytest.CaptureFixture[str],
    days: int,
    unit: str,
    organisation: str,
    state: str,
    where: str,
) -> None:
    put(store, at_bank(days, unit, organisation))
    _, told = run(capsys, "remind", "--store", store, "--days", "40", "--lang", "ko")
    assert told[0]["renewal"] == state
    centre = {"authority": organisation, "bank": None if unit == "TEST" else unit.upper()}
    assert told[0]["renew_at"] == (
        centre if organisation == "yessign" else {**centre, "bank": None}
    )
    cli.main(["remind", "--store", str(store), "--days", "40", "--lang", "ko"])
    said = capsys.readouterr().err
    word = {"open": "갱신하세요", "later": "갱신할 수 있습니다", "over": "신규 발급"}[state]
    assert word in said
    assert where in said


def test_remind_lists_the_devices_that_have_it_and_those_that_still_have_the_old_one(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ending, old, new = issued(10, "이몽룡", 2), issued(-3), issued(300)
    written(store, ending)
    written(store, old)
    put(store, ending, new)
    status, told = run(capsys, "remind", "--store", store)
    assert status == ExitStatus.EXPIRES
    steps = {each["event"]: each for each in told if "devices" in each}
    assert len(steps["expires"]["devices"]) == 1
    assert len(steps["renewed_since"]["devices"]) == 1
    cli.main(["remind", "--store", str(store), "--lang", "en"])
    said = capsys.readouterr().err
    assert said.index("To do") < min(said.index("renew it at"), said.index("send the renewed one"))
    assert said.count("Galaxy") == 2
    assert "\x1b" not in said


def test_remind_ends_well_where_only_copies_are_to_do(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(store, issued(-3))
    put(store, issued(300))
    status, told = run(capsys, "remind", "--store", store)
    assert (status, [each["event"] for each in told]) == (ExitStatus.OK, ["renewed_since"])


@pytest.mark.parametrize("days", ["-1", "soon", "40000"])
def test_remind_wants_a_number_of_days(
    store: Path, capsys: pytest.CaptureFixture[str], days: str
) -> None:
    status, told = run(capsys, "remind", "--days", days, "--store", store)
    assert (status, told[-1]["code"]) == (ExitStatus.USAGE, "bad_value")
