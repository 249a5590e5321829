"""The usage history: what a relay counts for its operator, and what it does not tell."""

import json
import os
import signal
import stat
from collections import Counter
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from certrelay.safe_text import cell_width
from certrelay.wire.messages import Closed, Created, Leave, Paired, Refused
from relay import journal
from relay.__main__ import main
from relay.usage import Usage, read
from tests.nodes import nodes
from tests.redis_server import RedisServer, free_port
from tests.relay.conftest import Connect
from tests.relay.device import Pair
from tests.relay.test_codes import NO_CODE, answered, enter, showing
from tests.relay.test_operating import figures

NOON = 1_795_608_000.0
"""2026-11-25 12:00 UTC."""


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def over(by: str, word: str = "already_used", size: int = 20_000) -> None:
    journal.write("over", None, by=by, word=word, seconds=9.0, bytes=size, messages=9)


@pytest.mark.attack(33)
def test_a_relay_writes_down_numbers_and_no_names(
    tmp_path: Path, connect_to: Connect, pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "usage.jsonl"
    with nodes(1, "--usage", file) as (relay,):
        g, s = pair.meet(lambda: connect_to(relay))
        assert isinstance(connect_to(relay).ask(Pair().create), Created)
        late = connect_to(relay)
        late.say(Pair().join_as("android", "G5.0", "a stranger's words"))
        assert late.hear_all() == [Refused("no_such_room"), 4404]
        s.say(b"seven b")
        assert g.hear() == b"seven b"
        s.say(Leave())
        assert g.hear_all() == [Closed("left"), 1000]
        relay.send(signal.SIGINT)
        relay.wait()
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.read_text()
    secrets = [pair.secret, pair.secret.room, pair.g_token, pair.s_token, pair.g_token.hashed]
    for hidden in (*(secret.hex for secret in secrets), "127.0.0.1", "stranger", "android"):
        assert hidden not in written
    assert pair.secret.room.log_name not in written
    (line,) = map(json.loads, written.splitlines())
    assert {name: line[name] for name in ("opened", "paired", "bytes")} == {
        "opened": 2,
        "paired": 1,
        "bytes": 7,
    }
    assert (line["ended"], line["refused"], line["sizes"]) == (
        {"left": 1},
        {"no_such_room": 1},
        {"16": 1},
    )
    assert main(["usage", str(file), "--json"]) == ExitStatus.OK
    (told,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (told["opened"], told["ended"]) == (2, {"left": 1})


def test_a_pc_that_types_a_code_counts_as_a_phone_does(
    tmp_path: Path, connect_to: Connect, pair: Pair
) -> None:
    file = tmp_path / "usage.jsonl"
    with nodes(1, "--usage", file) as (relay,):
        g, old, new = (connect_to(relay) for _ in range(3))
        assert isinstance(g.ask(pair.create), Created)
        old.say(pair.join_as("windows", "P0.0.9", "11"))
        assert old.hear_all()[-1] == 4426
        assert isinstance(new.ask(pair.join_as("windows", "P0.1", "11")), Paired)
        assert isinstance(g.hear(), Paired)
        g.say(Leave())
        new.hear_all()
        relay.send(signal.SIGINT)
        relay.wait()
    (line,) = map(json.loads, file.read_text().splitlines())
    assert (line["opened"], line["paired"], line["ended"]) == (1, 1, {"left": 1})
    assert line["refused"] == {"version_too_low": 1}


def test_typed_codes_are_counted_shown_entered_and_missed(
    tmp_path: Path, connect_to: Connect, pair: Pair, redis: RedisServer
) -> None:
    file, operator = tmp_path / "usage.jsonl", free_port()
    told = ("--usage", file, "--redis", redis.url, "--operate", f"127.0.0.1:{operator}")
    with nodes(1, *told) as (relay,):
        g, digits = showing(lambda: connect_to(relay), pair)
        s = enter(lambda: connect_to(relay), digits)
        answered(g, s)
        assert isinstance(s.ask(pair.join), Paired)
        assert enter(lambda: connect_to(relay), digits).hear_all() == NO_CODE
        found = figures(operator)
        relay.send(signal.SIGINT)
        relay.wait()
    counted = {"published": 1, "entered": 1, "missed": 1}
    for event, count in counted.items():
        assert found[f'certrelay_codes_total{{event="{event}"}}'] == count
    (day,) = read([file], hourly=False).values()
    assert (day.codes, day.paired) == (Counter(counted), 1)


def test_lines_that_know_of_no_typed_codes_are_read(tmp_path: Path) -> None:
    usage = Usage(tmp_path / "usage", Clock())
    over("left")
    usage.close()
    (line,) = (tmp_path / "usage").read_text().splitlines()
    older = {name: value for name, value in json.loads(line).items() if name != "codes"}
    (tmp_path / "older").write_text(json.dumps(older) + "\n")
    (counted,) = read([tmp_path / "older"], hourly=False).values()
    assert (counted.ended, counted.codes) == (Counter(left=1), Counter())


def test_hours_are_told_apart_and_lines_and_files_add_up(tmp_path: Path) -> None:
    clock = Clock()
    paths = [tmp_path / "one", tmp_path / "other"]
    for path in paths:
        usage = Usage(path, clock)
        clock.now = NOON
        over("left")
        usage.write()
        over("grace")
        clock.now = NOON + 3600
        over("left", size=300_000)
        over("expired", word="expired")
        usage.close()
        over("left")  # nobody counts any more
    found = list(read(paths, hourly=True).values())
    assert [each.ended for each in found] == [Counter(left=2, grace=2), Counter(left=2)]
    assert [each.sizes for each in found] == [Counter({"64": 4}), Counter({"1024": 2})]
    assert [each.unscanned for each in found] == [Counter(), Counter(expired=2)]
    assert sum(each.bytes for each in read(paths, hourly=False).values()) == 680_000


def test_what_cannot_be_written_waits_and_what_is_no_line_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "usage"
    usage = Usage(path, Clock())
    path.unlink()
    folder.rename(tmp_path / "away")
    over("left")
    usage.write()
    (tmp_path / "away").rename(folder)
    with path.open("ab") as file:
        for line in (b"{", b"[]", b"\xff", b'{"v": 2}', b'{"v": 1, "hour": "?"}', b"[" * 99_999):
            file.write(line + b"\n")
    usage.close()
    (counted,) = read([path], hourly=False).values()
    assert counted.ended == Counter(left=1)


@pytest.mark.parametrize("short_by", [1, 60])
def test_a_line_that_the_disk_had_no_room_for_is_written_whole_later(
    tmp_path: Path, short_by: int
) -> None:
    """The system takes a part of a write as it does on a full disk: a limit of the file's size."""
    resource = pytest.importorskip("resource")
    usage = Usage(tmp_path / "usage", Clock())
    over("left")
    usage.write()
    size = (tmp_path / "usage").stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    over("grace")
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * size + 1 - short_by, limits[1]))
        usage.write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    over("timeout")
    usage.close()
    (counted,) = read([tmp_path / "usage"], hourly=False).values()
    assert counted.ended == Counter(left=1, grace=1, timeout=1)


@pytest.mark.parametrize(("language", "word"), [("ko", "시간초과"), ("en", "timed out")])
def test_a_person_gets_a_table_whose_columns_align(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, word: str
) -> None:
    usage = Usage(tmp_path / "usage", Clock())
    for by in ("left", "timeout", "over_budget"):
        over(by, size=5_000_000)
    journal.write("refused", None, code="version_too_low")
    usage.close()
    assert main(["usage", str(tmp_path / "usage"), "--hours", "--lang", language]) == ExitStatus.OK
    head, row, _, refused = capsys.readouterr().out.splitlines()
    assert word in head
    assert cell_width(head) == cell_width(row)
    assert row.split()[2:] == ["0", "0", "0", "1", "0", "1", "1", "0", "1", "14648"]
    assert refused.endswith("version_too_low 1")


@pytest.mark.parametrize("command", ["usage", "serve"])
def test_a_history_that_cannot_be_used_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    path = str(tmp_path / "none" / "usage")
    arguments = [path] if command == "usage" else ["--port", "0", "--usage", path]
    assert main([command, *arguments, "--lang", "en"]) == ExitStatus.USAGE
    assert f"cannot be used: {path}: No such file" in capsys.readouterr().err


def test_a_history_of_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Usage(tmp_path / "usage", Clock()).close()
    assert main(["usage", str(tmp_path / "usage"), "--lang", "en"]) == ExitStatus.OK
    assert capsys.readouterr().out == "Nothing has been counted yet.\n"
