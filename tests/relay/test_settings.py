import re
from pathlib import Path

import pytest

from certrelay.errors import ReleaseRefused, UsageError
from certrelay.frozen import replace
from certrelay.texts import LANGUAGES, Texts
from certrelay.wire.release import PHONE_POLICY
from certrelay.wire.service import ServicePolicy
from relay.settings import MAX_TOML_BYTES, Settings, read_limits, read_policy


def test_a_policy_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "releases.toml"
    file.write_text('# 안드로이드\n[android]\napp = "G5.2"\nos = "9"\n', "utf-8")
    releases, service = read_policy(file)
    releases.check("android", "G5.2", "9")
    with pytest.raises(ReleaseRefused, match="version_too_low"):
        releases.check("android", "G5.1", "9")
    assert service.is_always_open


def test_hours_of_use_stand_beside_the_releases_or_alone(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[service]\nhours = ["mon-fri 09:00-18:00"]\n[ios]\napp = "I6.0"\n', "utf-8")
    releases, service = read_policy(file)
    assert set(releases.rules) == {"ios"}
    assert service.hours is not None
    file.write_text("[service]\nsuspended = true\n", "utf-8")
    assert read_policy(file) == (PHONE_POLICY, ServicePolicy(suspended=True))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"[android", "releases.toml"),
        (b"[android]\napp = G5.0", "line 2"),
        (b"[android]\napp = '5.0'", "[android] app"),
        (b"\xff", "UTF-8"),
        (b"#" * (MAX_TOML_BYTES + 1), "releases.toml"),
        (b"android = " + b"[" * 3000, "releases.toml"),
        (b"android = " + b"1" * 5000, "releases.toml"),
        (b"", "[android]"),
        (b"[service]\nhours = ['always']", "[service] hours"),
        (b"service = 1", "[service]"),
        (b"[pc]\napp = 'P0.1'\nos = '10'", "[pc] os"),
        (b"[pc]\napp = 'G5.0'", "[pc] app"),
        (b"[pc]\napp = 'P1'\nblocked = ['G1']", "[pc] blocked"),
        (b"pc = 'P0.1'", "[pc]"),
    ],
)
def test_a_policy_file_that_is_wrong_is_refused_with_the_place(
    tmp_path: Path, content: bytes, named: str
) -> None:
    file = tmp_path / "releases.toml"
    file.write_bytes(content)
    _is_refused(file, named)


def test_a_policy_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    _is_refused(tmp_path / "none.toml", "none.toml")
    _is_refused(tmp_path, tmp_path.name)


def _is_refused(file: Path, named: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_policy(file)
    assert refused.value.code == "bad_policy"
    for language in LANGUAGES:
        assert named in Texts(language).error(refused.value)


# --- limits ---


def test_a_limits_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(
        "dead_room_s = 60\nmax_dead_rooms = 7\n"
        "[room]\nunclaimed_s = 30\n[socket]\nrequest_s = 2.5\n[admission]\nrooms = 5\n"
    )
    old, new = Settings(), read_limits(file, Settings())
    assert (new.dead_room_s, new.max_dead_rooms) == (60, 7)
    assert new.room == replace(old.room, unclaimed_s=30)
    assert new.socket == replace(old.socket, request_s=2.5)
    assert new.admission == replace(old.admission, rooms=5)
    assert (new.edges, new.policy, new.drain_s) == (old.edges, old.policy, old.drain_s)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"[admission", "limits.toml"),
        (b"[admission]\nroom = 5", "[admission] room"),
        (b"[admission]\nrooms = 0", "[admission] rooms"),
        (b"[admission]\nrooms = -1", "[admission] rooms"),
        (b"[admission]\nrooms = 2.5", "[admission] rooms"),
        (b"[admission]\nrooms = true", "[admission] rooms"),
        (b"[admission]\nrooms = '5'", "[admission] rooms"),
        (b"[admission]\nrooms = " + b"9" * 30, "[admission] rooms"),
        (b"[socket]\nrequest_s = inf", "[socket] request_s"),
        (b"[socket]\nrequest_s = nan", "[socket] request_s"),
        (b"[socket]\nrequest_s = [1]", "[socket] request_s"),
        (b"[room]\nmessage_bytes = 99", "[room] message_bytes"),
        (b"[rooms]\nunclaimed_s = 9", "[rooms]"),
        (b"[edges]\nip_hosts = true", "[edges]"),
        (b"room = 5", "[room]"),
        (b"max_dead_rooms = 1.5", "max_dead_rooms"),
        (b"drain_s = 5", "[drain_s]"),
        (b"a = " + b"[" * 3000, "limits.toml"),
    ],
)
def test_a_limits_file_that_is_wrong_is_refused_with_the_place(
    tmp_path: Path, content: bytes, named: str
) -> None:
    file = tmp_path / "limits.toml"
    file.write_bytes(content)
    with pytest.raises(UsageError) as refused:
        read_limits(file, Settings())
    assert refused.value.code == "bad_limits"
    assert named in str(refused.value.details["where"])
    assert str(file) in str(refused.value.details["where"])


def test_every_limit_is_documented_with_what_is_usual() -> None:
    page = (Path(__file__).parents[2] / "docs/operations.md").read_text("utf-8")
    section = page.partition("\n## Limits\n")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^\| `([^`]+)` \| ([0-9.]+)", section, re.MULTILINE))
    usual = Settings()
    known = {name: getattr(usual, name) for name in ("dead_room_s", "max_dead_rooms")}
    for table in ("room", "socket", "admission"):
        limits = getattr(usual, table)
        known |= {f"[{table}] {name}": getattr(limits, name) for name in limits.__match_args__}
    del known["[room] message_bytes"]
    assert {name: float(value) for name, value in told.items()} == known
