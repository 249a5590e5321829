"""Many certificates go in one copy: each with its own password, and a result for each."""

import json
from pathlib import Path
from typing import Any

from certrelay.client.store.reading import find
from certrelay.errors import ExitStatus
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import Bench, Client

NAMES = ("㈜한빛", "(주)바다", "나무&돌", "하늘[주]")


def filled(desk: Bench) -> list[Path]:
    return fill(desk.pc_store, *(person(n, name).npki(PASSWORD) for n, name in enumerate(NAMES, 1)))


def listed(paths: list[Path], wrong: int) -> list[str]:
    return [
        json.dumps({"path": str(path), "password": "wrong" if at == wrong else PASSWORD})
        for at, path in enumerate(paths)
    ]


def finish(pc: Client, phone: Client) -> int:
    pc.answer(phone.expect("number")["number"])
    phone.finish()
    return pc.finish()


def results(pc: Client) -> list[dict[str, Any]]:
    return [event for event in pc.events if event["event"] == "result"]


def test_a_wrong_password_keeps_its_own_here_and_the_others_go(desk: Bench) -> None:
    paths = filled(desk)
    pc = desk.pc("export", "--from", "-")
    for line in (*listed(paths, 1), ""):
        pc.answer(line)
    pc.expect("waiting")
    assert finish(pc, desk.phone("--yes")) == ExitStatus.SOME_FAILED
    found = results(pc)
    assert [event["path"] for event in found] == [str(path) for path in paths]
    assert [event["code"] for event in found] == [None, "wrong_password", None, None]
    assert pc.last("summary")["failed"] == 1
    assert len(find(desk.phone_store)) == 3
    assert "save_wanted" not in desk.clients[1].names(), "--yes answers what nobody is asked"
    receipt = pc.last("receipt")["items"]
    prints = [event["fingerprint"] for event in found if event["status"] == "done"]
    assert [item["fingerprint"] for item in receipt] == prints
    assert pc.names().index("failed") < pc.names().index("waiting"), "told before the code"


def test_a_second_time_the_phone_has_them_already(desk: Bench, tmp_path: Path) -> None:
    paths = filled(desk)
    listing = tmp_path / "list.jsonl"
    listing.write_text("\n".join(listed(paths, -1)), "utf-8")
    for expected in ("done", "skipped"):
        pc = desk.pc("send", "--from", listing)
        pc.expect("waiting")
        assert finish(pc, desk.phone("--yes")) == ExitStatus.OK
        assert {event["status"] for event in results(pc)} == {expected}


def test_conditions_and_one_password_for_all(desk: Bench, tmp_path: Path) -> None:
    filled(desk)
    secret = tmp_path / "password"
    secret.write_text(PASSWORD, "utf-8")
    pc = Client(
        "client_pc",
        "export",
        *("--holder", "personal", "--owner", "한빛", "--password-fd", "3"),
        *("--store", desk.pc_store, "--relay", desk.relay or "", "--qr-png", desk.picture),
        under=("bash", "-c", 'exec "$@" 3< "$0"', str(secret)),
    )
    desk.clients.append(pc)
    pc.expect("waiting")
    assert finish(pc, desk.phone("--yes")) == ExitStatus.OK
    assert [event["status"] for event in results(pc)] == ["done"]


def test_a_rehearsal_needs_no_phone_and_shows_no_code(desk: Bench, tmp_path: Path) -> None:
    paths = filled(desk)
    listing = tmp_path / "list.jsonl"
    unknown = json.dumps({"fingerprint": "0" * 64, "password": PASSWORD})
    listing.write_text("\n".join([*listed(paths, 2), unknown]), "utf-8")
    before = files_below(desk.pc_store)
    pc = desk.pc("export", "--from", listing, "--dry-run", "--also-delete")
    assert pc.finish() == ExitStatus.SOME_FAILED
    assert "waiting" not in pc.names()
    codes = [event["code"] for event in results(pc)]
    assert codes == [None, None, "wrong_password", None, "selector_unknown"]
    assert len([name for name in pc.names() if name == "would_send"]) == 3
    assert pc.last("summary")["dry_run"] is True
    assert files_below(desk.pc_store) == before


def test_where_none_opens_no_code_is_shown(desk: Bench, tmp_path: Path) -> None:
    paths = filled(desk)
    listing = tmp_path / "list.jsonl"
    lines = [json.dumps({"path": str(path), "password": "wrong"}) for path in paths]
    listing.write_text("\n".join(lines), "utf-8")
    pc = desk.pc("export", "--from", listing)
    assert pc.finish() == ExitStatus.SOME_FAILED
    assert "waiting" not in pc.names()
    assert pc.last("summary")["failed"] == len(paths)
