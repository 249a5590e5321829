"""What becomes of the centre and its tasks when something around them goes: nothing is lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from certrelay.client.store.reading import read_item
from certrelay.client.store.store import Store
from certrelay.errors import ExitStatus
from certrelay.pki.check import inspect, inspect_with_password
from certrelay.texts import Texts
from client_pc.centre.children import Child
from client_pc.centre.instance import Instance
from client_pc.centre.places import Drops, KnownPlaces
from client_pc.centre.server import LEFT_ALONE_S, CentreServer
from client_pc.centre.tasks import BURN_GRACE_S, CentreTask, Tasks
from relay.embedded import start as start_relay
from tests.centre.running import (
    Centre,
    Page,
    PageTask,
    Refused,
    beside,
    eventually,
    is_gone,
    running,
)
from tests.certificates import PASSWORD, person
from tests.client_pc.test_loopback import Clock
from tests.flows.programs import Client

NEW = "Newpw!8274xz"


@pytest.fixture
def stored(centre: Centre) -> Path:
    item = person().npki(PASSWORD)
    return Store(centre.home / "NPKI").save(item, inspect(item).place).path


def again(page: Page, task: PageTask) -> PageTask:
    """The same task, from its beginning."""
    return PageTask(page, task.number)


# --- the page ---


def test_a_reload_at_each_step_shows_the_same_and_goes_on(page: Page, stored: Path) -> None:
    task = page.start("passwd", str(page.run("list").of("certificate")[0]["path"]))
    for line in (PASSWORD, NEW, NEW):
        page.reload()
        (row,) = [row for row in page.ask("GET", "/v1/tasks")["tasks"] if not row["is_over"]]
        assert (row["task"], row["command"]) == (task.number, "passwd")
        before = task.events
        task = again(page, task)
        question = eventually(partial(open_question, task), "the question")
        assert task.events[: len(before)] == before
        page.ask("POST", f"/v1/tasks/{task.number}/answer", {"question": question, "line": line})
    page.reload()
    assert again(page, task).finish()["status"] == 0
    inspect_with_password(read_item(stored), NEW)


def open_question(task: PageTask) -> int | None:
    """The question that is open now."""
    task.more()
    rows = task.page.ask("GET", "/v1/tasks")["tasks"]
    found: int | None = next(row["question"] for row in rows if row["task"] == task.number)
    return found


def test_two_tabs_see_the_same_task_and_one_answer_counts(
    centre: Centre, page: Page, stored: Path
) -> None:
    assert centre.start().wait(120) == 0
    other = centre.page(1)
    task = page.start("passwd", str(page.run("list").of("certificate")[0]["path"]))
    seen = PageTask(other, task.number)
    question = seen.expect("ask")["question"]
    path = f"/v1/tasks/{task.number}/answer"
    other.ask("POST", path, {"question": question, "line": PASSWORD})
    with pytest.raises(Refused) as refused:
        page.ask("POST", path, {"question": question, "line": PASSWORD})
    assert refused.value.status == 409
    task.expect("answered")
    task.expect("new_password_wanted")
    task.stop()
    assert seen.finish() == task.finish()


def test_a_closed_page_leaves_a_running_task_and_a_second_start_finds_it(
    centre: Centre, page: Page, stored: Path
) -> None:
    task = page.start("passwd", str(page.run("list").of("certificate")[0]["path"]))
    task.expect("ask")  # and then the browser is closed
    assert centre.start().wait(120) == 0
    fresh = centre.page(1)
    (row,) = [row for row in fresh.ask("GET", "/v1/tasks")["tasks"] if not row["is_over"]]
    found = PageTask(fresh, row["task"])
    for line in (PASSWORD, NEW, NEW):
        found.answer(line)
    assert found.finish()["status"] == 0


def test_a_click_gets_through_while_many_tabs_wait(page: Page) -> None:
    """A browser has six connections for all its tabs: held requests must not take them all."""
    count = page.ask("GET", "/v1/tasks")["count"]
    waiting = [beside(lambda: page.ask("GET", f"/v1/tasks?after={count}")) for _ in range(12)]
    eventually(lambda: sum(each.is_alive() for each in waiting) <= 4, "those sent home")
    page.run("config")
    for each in waiting:
        each.join(120)


# --- the program ---


def test_a_second_start_opens_a_page_of_the_first_and_ends(centre: Centre, page: Page) -> None:
    second = centre.start()
    assert second.wait(120) == 0
    assert centre.page(1).host == page.host
    assert centre.process.poll() is None


def test_starts_at_one_moment_are_one_centre(tmp_path: Path) -> None:
    with running(tmp_path) as centre:
        others = [centre.start() for _ in range(3)]
        pages = [centre.page(number) for number in range(4)]
        assert len({page.host for page in pages}) == 1
        alive = eventually(
            lambda: (
                (left := [p for p in (centre.process, *others) if p.poll() is None])
                and len(left) == 1
                and left
            ),
            "one",
        )
        assert all(p.returncode == 0 for p in (centre.process, *others) if p not in alive)
        alive[0].send_signal(signal.SIGINT)
        alive[0].wait(120)


def test_a_killed_centre_leaves_no_child_no_lock_and_no_dropped_file(
    centre: Centre, page: Page, stored: Path
) -> None:
    page.drop(b"secret", "x.p12")
    task = page.start("passwd", str(page.run("list").of("certificate")[0]["path"]))
    task.expect("ask")
    left = centre.children()
    centre.process.kill()
    centre.process.wait()
    for number in left:
        eventually(partial(is_gone, number), "a child's end")
    inspect_with_password(read_item(stored), PASSWORD)
    centre.process = centre.start()
    fresh = centre.page(1)
    assert fresh.ask("GET", "/v1/tasks")["tasks"] == []
    assert not list(centre.data.rglob("x.p12"))
    with pytest.raises(OSError, match=r"."):
        page.ask("GET", "/v1/tasks")


def test_a_tasks_process_that_is_killed_is_said_and_nothing_else_ends(
    centre: Centre, page: Page, stored: Path
) -> None:
    task = page.start("passwd", str(page.run("list").of("certificate")[0]["path"]))
    task.expect("ask")
    for number in centre.children():
        os.kill(number, signal.SIGKILL)
    end = task.finish()
    assert (end["code"], end["status"]) == ("lost", -signal.SIGKILL)
    assert end["text"] == Texts(page.language).say("pc.centre.lost")
    inspect_with_password(read_item(stored), PASSWORD)
    assert page.run("list").events[-1]["status"] == 0


def test_the_close_button_ends_it_and_what_runs_is_asked_to_stop_first(
    centre: Centre, page: Page, stored: Path
) -> None:
    page.start("passwd", str(page.run("list").of("certificate")[0]["path"])).expect("ask")
    page.ask("POST", "/v1/close", {})
    assert centre.process.wait(120) == 0
    assert not (centre.data / "centre.json").exists()
    inspect_with_password(read_item(stored), PASSWORD)


def test_without_a_desktop_it_says_so_and_ends(tmp_path: Path) -> None:
    with running(tmp_path) as centre:
        centre.stop()
        del centre.environment["BROWSER"]
        bare = centre.start()
        assert bare.wait(120) == ExitStatus.USAGE
        assert '"no_page"' in bare.communicate()[0]


def test_a_port_that_is_taken_is_said(centre: Centre, page: Page, tmp_path: Path) -> None:
    port = page.host.rpartition(":")[2]
    data = tmp_path / "other"
    other = Client("client_pc", "centre", "--port", port, CERTRELAY_DATA=str(data))
    assert other.finish() == ExitStatus.UNREACHABLE
    assert other.last("error")["code"] == "port_taken"
    other.close()


# --- what lies on the disk ---


@pytest.mark.parametrize("below", ["", "folder"])
def test_a_data_folder_that_is_a_file_is_said_and_no_certificate_is_blamed(
    tmp_path: Path, below: str
) -> None:
    taken = tmp_path / "data"
    taken.write_text("somebody's")
    place = taken / below if below else taken
    told = Client("client_pc", "centre", CERTRELAY_DATA=str(place), CERTRELAY_LANGUAGE="ko")
    assert told.finish() == ExitStatus.STORAGE
    error = told.last("error")
    assert (error["code"], error["path"]) == ("data_folder", str(place))
    assert "인증서" not in error["text"]
    assert taken.read_text() == "somebody's"
    told.close()


def test_a_store_that_changes_is_told_as_it_is(page: Page, stored: Path, centre: Centre) -> None:
    known = page.run("list").of("certificate")[0]["path"]
    shutil.move(stored, centre.home / "elsewhere")
    end = page.run("show", known).events[-1]
    assert end["status"] != 0
    assert end["text"]
    assert page.run("list").of("empty")
    shutil.move(centre.home / "elsewhere", stored)
    assert page.run("show", known).events[-1]["status"] == 0


def test_a_stick_that_is_pulled_in_the_middle_is_said(page: Page, stored: Path) -> None:
    task = page.start("passwd", str(page.run("list").of("certificate")[0]["path"]))
    for line in (PASSWORD, NEW):
        task.answer(line)
    question = task.expect("ask")["question"]
    shutil.rmtree(stored.parent)
    path = f"/v1/tasks/{task.number}/answer"
    page.ask("POST", path, {"question": question, "line": NEW})
    end = task.finish()
    assert end["status"] in (ExitStatus.STORAGE, ExitStatus.CERTIFICATE)
    assert end["text"]


# --- how long it lives ---


def test_it_lives_while_a_page_or_a_task_is_there_and_ten_minutes_more(tmp_path: Path) -> None:
    clock = Clock()
    server = CentreServer(Instance(tmp_path, "x"), Drops(tmp_path), "en", clock=clock)
    try:
        ticket = server.tickets.issue()
        admission = server.tickets.redeem(ticket)
        assert admission is not None
        clock.now += LEFT_ALONE_S
        server.service_actions()
        assert not server.closed.is_set()
        assert server.admits(admission.token)
        clock.now += LEFT_ALONE_S
        server.service_actions()
        assert not server.closed.is_set()
        assert not server.admits("x"), "and who has no token keeps it alive no longer"
        clock.now += 1
        server.service_actions()
        assert server.closed.is_set()
    finally:
        server.server_close()


def test_a_running_copy_keeps_it_alive(tmp_path: Path) -> None:
    clock = Clock()
    server = CentreServer(Instance(tmp_path, "x"), Drops(tmp_path), "en", clock=clock)
    try:
        number = server.tasks.start("join", ["join", "--json", "--interactive"], tmp_path)
        assert number == 1
        clock.now += 10 * LEFT_ALONE_S
        server.service_actions()
        assert not server.closed.is_set()
        assert server.tasks.stop(1)
        eventually(lambda: not server.tasks.running, "its end")
        clock.now += LEFT_ALONE_S + 1
        server.service_actions()
        assert server.closed.is_set()
    finally:
        server.tasks.close()
        server.server_close()


# --- a copy ---


@pytest.mark.attack(8)
def test_a_phone_gives_a_certificate_through_the_centre(tmp_path: Path) -> None:
    phone_store = tmp_path / "phone"
    item = person().npki(PASSWORD)
    Store(phone_store).save(item, inspect(item).place)
    with start_relay(host="127.0.0.1") as relay:
        url = f"http://127.0.0.1:{relay.port}/"
        with running(tmp_path, CERTRELAY_RELAY=url) as centre:
            page = centre.page()
            task = page.start("import")
            shown = task.expect("waiting")
            assert "url" not in shown
            assert shown["left_ms"] > 0
            code = code_in(shown["rows"], tmp_path / "qr.png")
            phone = Client("client_mobile_sim", "scan", code, "--keystore", phone_store)
            phone.expect("choose")
            phone.answer("1")
            phone.expect("password_wanted")
            phone.answer(PASSWORD)
            number = task.expect("number")["number"]
            assert not again_from_start(page, task).of("waiting")[0].get("rows"), "burnt"
            phone.expect("number_wanted")
            phone.answer(number)
            task.expect("save_wanted")
            task.answer("y")
            saved = task.expect("saved")
            assert task.finish()["status"] == 0
            assert Path(saved["path"]).is_relative_to(centre.home / "NPKI")
            assert phone.finish() == 0
            phone.close()


def again_from_start(page: Page, task: PageTask) -> PageTask:
    found = again(page, task)
    found.more()
    return found


def code_in(rows: list[str], picture: Path) -> Path:
    """The QR code as the page draws it."""
    from PIL import Image

    side = len(rows) + 8
    image = Image.new("L", (side, side), 255)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark == "1":
                image.putpixel((x + 4, y + 4), 0)
    image.resize((8 * side, 8 * side), Image.Resampling.NEAREST).save(picture)
    return picture


@pytest.mark.attack(8, 66, 71)
def test_a_code_goes_from_the_record_at_its_end_whatever_its_process_does(tmp_path: Path) -> None:
    clock = Clock()
    tasks = Tasks(KnownPlaces(), lambda: "", clock)
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    task = tasks._tasks[1] = CentreTask(1, "import", Child(process))
    url = "https://relay.example/#AAECAwQFBgcICQ"

    def told() -> str:
        found = tasks.events(1, 0, 0, lambda: True)
        assert found is not None
        return "".join(found[0])

    def tell(event: dict[str, object]) -> None:
        tasks.take(task, [json.dumps(event).encode()])

    def show() -> None:
        digits = {"event": "code", "code": "4821 7730", "address": "a", "renewed": False}
        tell({"event": "waiting", "url": url, "expires_in_ms": 120_000})
        tell({**digits, "text": "4821 7730"})

    show()
    assert '"rows"' in told()
    assert "4821" in told()
    assert "relay.example" not in told()
    clock.now += 120
    tasks.watch()
    assert '"left_ms": 0' in told()
    clock.now += BURN_GRACE_S + 1
    tasks.watch()
    assert '"rows"' not in told()
    assert "4821" not in told()
    assert told().count('"burnt"') == 1
    show()
    tell({"event": "code_withdrawn", "why": "entered"})
    assert '"rows"' in told()
    assert "4821" not in told()
    tell({"event": "burnt"})
    assert '"rows"' not in told()
    process.communicate()
    tasks.close()
