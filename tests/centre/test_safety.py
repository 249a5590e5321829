"""What nobody gets out of the centre: other sites, other users, and a page that was taken over."""

import json
import os
import re
import socket
import stat
import sys
from pathlib import Path

import pytest

from client_pc.centre.actions import ACTIONS, Named, NotAllowed, command_line
from client_pc.centre.places import (
    MAX_DROPPED_FILE,
    MAX_DROPPED_FILES,
    BadName,
    Drops,
    KnownPlaces,
    TooMuch,
    _parts,
)
from client_pc.centre.server import CentreHandler
from client_pc.commands import COMMAND_NAMES
from client_pc.loopback.tickets import FIRST_TICKET_S, Tickets
from tests.centre.running import Centre, Page, Refused, eventually
from tests.client_pc.test_loopback import Clock, answer_to
from tests.sources import ROOT

FINGERPRINT = "ab" * 32
TASKS = "/v1/tasks"


@pytest.mark.attack(39, 40, 51)
def test_only_its_own_page_asks_the_centre(page: Page) -> None:
    token = {"authorization": f"Bearer {page.token}"}
    page.token = ""
    refused: list[tuple[int, dict[str, str]]] = [
        (403, {}),
        (403, {"authorization": "Bearer "}),
        (403, {"authorization": "Bearer x"}),
        (403, {"authorization": "Bearer \xe9"}),
        (403, {"cookie": token["authorization"]}),
        (403, {"authorization": f"Bearer {page.ticket}"}),
        (403, {"authorization": f"Bearer {page.reload_ticket}"}),
        (403, {**token, "origin": "http://evil.example"}),
        (403, {**token, "origin": "null"}),
        (403, {**token, "sec-fetch-site": "cross-site"}),
        (403, {**token, "sec-fetch-site": "same-site"}),  # another port of this computer
        (421, {**token, "host": "evil.example"}),
        (421, {**token, "host": page.host.replace("127.0.0.1", "localhost")}),
        (421, {**token, "host": "127.0.0.1"}),
    ]
    body = json.dumps({"command": "list", "arguments": []}).encode()
    for status, headers in refused:
        for method, path, content in (
            ("GET", TASKS, None),
            ("GET", "/v1/tasks/1/events?after=0", None),
            ("POST", TASKS, body),
            ("POST", "/v1/close", b"{}"),
            ("POST", "/v1/open", b'{"path": "/"}'),
            ("PUT", "/v1/files", b'{"name": "x"}\n'),
        ):
            assert page.request(method, path, content, headers) == (status, b""), headers
    assert json.loads(page.request("GET", TASKS, None, token)[1])["tasks"] == []


@pytest.mark.attack(51)
def test_every_answer_forbids_other_pages_to_show_or_read_it(page: Page) -> None:
    with socket.create_connection(("127.0.0.1", int(page.host.rpartition(":")[2])), 20) as raw:
        raw.sendall(f"GET / HTTP/1.1\r\nHost: {page.host}\r\n\r\n".encode())
        head = raw.recv(4096).lower()
    for wanted in (
        b"content-security-policy: default-src 'none'; script-src 'self'",
        b"frame-ancestors 'none'",
        b"require-trusted-types-for 'script'",
        b"cross-origin-resource-policy: same-origin",
        b"cache-control: no-store",
        b"x-content-type-options: nosniff",
    ):
        assert wanted in head
    assert b"access-control" not in head
    assert b"set-cookie" not in head
    assert b"server:" not in head


@pytest.mark.attack(51)
@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root can play another user"
)
def test_another_users_program_is_dropped_by_the_centre(page: Page) -> None:
    port = int(page.host.rpartition(":")[2])
    assert answer_to(os.getuid(), port) == "HTTP/1.1 200"
    assert answer_to(65_534, port) == ""


@pytest.mark.attack(51, 84)
def test_a_used_ticket_shuts_its_tab_and_no_other(centre: Centre, page: Page) -> None:
    assert centre.start().wait(120) == 0
    other = centre.page(1)
    with pytest.raises(Refused) as refused:
        Page(centre.address())
    assert refused.value.status == 403
    with pytest.raises(Refused):
        page.ask("GET", TASKS)
    with pytest.raises(Refused):
        page.reload()
    assert other.ask("GET", TASKS)["tasks"] == []


@pytest.mark.attack(84)
def test_the_note_for_a_second_start_is_this_users_and_opens_nothing_in_a_browser(
    centre: Centre, page: Page
) -> None:
    note = centre.data / "centre.json"
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    body = json.dumps({"secret": json.loads(note.read_text())["secret"]}).encode()
    assert page.request("POST", "/v1/ticket", body)[0] == 403, "a browser's"
    page.token = ""
    for wrong in (b"{}", b'{"secret": ""}', b'{"secret": "x"}', b'{"secret": 1}'):
        assert bare(page, "/v1/ticket", wrong).startswith(b"HTTP/1.1 403 ")
    assert bare(page, "/v1/ticket", body).startswith(b"HTTP/1.1 200 ")
    secret = json.loads(body)["secret"].encode()
    for process in centre.processes:
        assert secret not in Path(f"/proc/{process.pid}/cmdline").read_bytes()


def bare(page: Page, path: str, body: bytes) -> bytes:
    """The beginning of what a program is answered that is no browser."""
    with socket.create_connection(("127.0.0.1", int(page.host.rpartition(":")[2])), 20) as raw:
        head = f"POST {path} HTTP/1.1\r\nHost: {page.host}\r\nContent-Length: {len(body)}\r\n\r\n"
        raw.sendall(head.encode() + body)
        return raw.recv(100)


@pytest.mark.attack(51)
def test_a_ticket_is_good_for_two_minutes_and_each_tab_has_its_own() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    first, second = tickets.issue(), tickets.issue("import")
    clock.now += FIRST_TICKET_S + 1
    assert tickets.redeem(first) is None
    third = tickets.issue("import")
    admission = tickets.redeem(third)
    assert admission is not None
    assert admission.door == "import"
    assert tickets.admits(admission.token)
    assert not tickets.admits("")
    assert not tickets.admits("비밀")
    clock.now += 10 * FIRST_TICKET_S
    reloaded = tickets.redeem(admission.reload_ticket)
    assert reloaded is not None
    assert reloaded.door == "home"
    assert not tickets.admits(admission.token)
    assert tickets.redeem(second) is None
    assert tickets.admits(reloaded.token), "a stranger's late ticket shuts nobody else"
    assert tickets.redeem(third) is None
    assert not tickets.admits(reloaded.token)


# --- what a page that was taken over asks ---


@pytest.fixture
def named(tmp_path: Path) -> Named:
    return Named(KnownPlaces(), Drops(tmp_path), lambda: tmp_path)


HOSTILE = [
    ("demo", []),
    ("completion", ["bash"]),
    ("centre", []),
    ("desktop", ["remove"]),
    ("List", []),
    ("list", ["--csv"]),
    ("list", ["--lang", "ko"]),
    ("list", ["--store", "/etc"]),
    ("list", ["--store=/etc"]),
    ("list", ["--store"]),
    ("list", ["--store", "f1"]),
    ("list", ["--store", "../.."]),
    ("list", [FINGERPRINT]),
    ("list", ["--stor", "/etc"]),
    ("show", ["/etc/passwd"]),
    ("show", ["../../etc/passwd"]),
    ("show", ["file:///etc/passwd"]),
    ("show", ["1"]),
    ("show", [FINGERPRINT, FINGERPRINT]),
    ("show", ["--"]),
    ("show", ["-"]),
    ("show", [FINGERPRINT + "\n"]),
    ("show", [""]),
    ("convert", ["--to", "p12", "--out", "/etc/cron.d", FINGERPRINT]),
    ("convert", ["--to", "p12", "--out=/etc/cron.d", FINGERPRINT]),
    ("convert", ["--to", "p12", "-o/etc/cron.d", FINGERPRINT]),
    ("convert", ["--to", "p12", "--out", "-", FINGERPRINT]),
    ("convert", ["--to", "p12", "--out", "@downloads/../x", FINGERPRINT]),
    ("convert", ["--to", "p12", "--out", "f1", FINGERPRINT]),
    ("convert", ["--to", "p12", "--name", "../x", FINGERPRINT]),
    ("convert", ["--to", "p12", "--name", "", FINGERPRINT]),
    ("convert", ["--to", "p12", "--name", "..", FINGERPRINT]),
    ("convert", ["--to", "p12", "--name", "a\x1b[2J", FINGERPRINT]),
    ("convert", ["--to", "pem", FINGERPRINT]),
    ("verify", ["--ca", "/etc/ssl/cert.pem", FINGERPRINT]),
    ("verify", ["--from", "/etc/passwd"]),
    ("verify", ["--password-fd", "0", FINGERPRINT]),
    ("delete", ["--forever", FINGERPRINT]),
    ("import", ["--relay", "https://evil.example/"]),
    ("import", ["--listen", "0.0.0.0"]),
    ("import", ["--url-file", "/tmp/x"]),
    ("import", ["--qr-png", "/tmp/x"]),
    ("import", ["--yes"]),
    ("import", ["--access-key-file", "/etc/passwd"]),
    ("join", ["evil.example"]),
    ("join", ["--send", "/etc/passwd"]),
    ("join", ["--picture", "/etc/passwd"]),
    ("remind", ["--days", "-1"]),
    ("remind", ["--days", "٣"]),
    ("config", ["set"]),
    ("config", ["set", "relay", "https://evil.example/"]),
    ("config", ["set", "store", "/etc"]),
    ("config", ["set", "access_key_file", "/etc/passwd"]),
    ("config", ["unset", "store"]),
    ("config", ["set", "language", "fr"]),
    ("config", ["set", "history", "--json"]),
    ("config", ["set", "name", "a\nrelay = 'x'"]),
    (
        "config",
        ["set", "name", '"'],
    ),
    ("config", ["set", "timeouts.number_s", "-1"]),
    ("config", ["set", "pcs", "true", "x"]),
    ("list", ["x" * 5000]),
    ("list", ["a\0b"]),
    ("delete", [FINGERPRINT] * 2000),
]


@pytest.mark.attack(83)
@pytest.mark.parametrize(("command", "arguments"), HOSTILE)
def test_what_is_not_in_the_list_cannot_be_asked_for(
    named: Named, command: str, arguments: list[str]
) -> None:
    with pytest.raises(NotAllowed):
        command_line(command, arguments, named, "en")


@pytest.mark.attack(83)
def test_a_value_is_no_option_and_a_target_is_none(named: Named) -> None:
    named.places.learn(["--out", "/home/a b"])
    line = command_line("passwd", ["--better", "--out"], named, "en")
    assert line == ["passwd", "--json", "--interactive", "--lang=en", "--better", "--", "--out"]
    named.places.learn(["-x"])
    line = command_line("list", ["--store", "-x"], named, "en")
    assert line[4:] == ["--store=-x"]
    shown = command_line("show", ["--open", "/home/a b"], named, "ko")
    assert shown[-3:] == ["--open", "--", "/home/a b"]


@pytest.mark.attack(83)
def test_two_paths_that_look_the_same_name_none(named: Named) -> None:
    named.places.learn(["/a/홍\u202e길동"])
    shown = "/a/홍\ufffd길동"
    assert command_line("show", [shown], named, "ko")[-1] == "/a/홍\u202e길동"
    named.places.learn(["/a/홍\u202d길동"])
    with pytest.raises(NotAllowed):
        command_line("show", [shown], named, "ko")


@pytest.mark.attack(83)
def test_the_program_refuses_over_real_sockets_and_starts_nothing(page: Page) -> None:
    for command, arguments in HOSTILE[:24]:
        with pytest.raises(Refused) as refused:
            page.start(command, *arguments)
        assert refused.value.status == 400
    bodies: list[dict[str, object]] = [
        {},
        {"command": 1},
        {"command": "list", "arguments": "--all-places"},
        {"command": "list", "arguments": [1]},
        {"command": ["list"], "arguments": []},
    ]
    for body in bodies:
        with pytest.raises(Refused) as refused:
            page.ask("POST", TASKS, body)
        assert refused.value.status == 400
    assert page.ask("GET", TASKS)["tasks"] == []
    for path in ("/", "/etc", "", "f1"):
        with pytest.raises(Refused):
            page.ask("POST", "/v1/open", {"path": path})


@pytest.mark.parametrize("command", sorted(ACTIONS))
def test_every_action_is_a_command_with_such_options(command: str) -> None:
    from certrelay.texts import Texts
    from client_pc.parser import make_parser

    action = ACTIONS[command]
    arguments = [*action.flags]
    values = {"--to": "p12", "--as": "p12", "--style": "field", "--km": "with", "--days": "3"}
    for option in action.options:
        arguments.append(f"{option}={values.get(option, 'x')}")
    targets = ["x"] if action.targets else ["set", "pcs", "true"] if action.sets else []
    line = [command, "--json", "--interactive", "--lang=ko", *arguments, "--", *targets]
    parsed = make_parser(Texts("en")).parse_args(line if targets else line[:-1])
    assert callable(parsed.run)


# --- what is dropped ---


@pytest.mark.attack(83)
@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../x",
        "a/../../x",
        "a\\..\\..\\x",
        "/etc/passwd",
        "C:\\x",
        "a//b",
        ".",
        "a/.",
        "x ",
        "x.",
        "nul",
        "CON.txt",
        "a/lpt1",
        "a\nb",
        "a\0b",
        "a\u202eb",
        "x" * 200,
        "/".join("a" * 20),
        "x:stream",
    ],
)
def test_a_hostile_name_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        _parts(name)


@pytest.mark.attack(83)
def test_dropped_files_stay_in_a_private_folder_and_go_with_the_centre(
    centre: Centre, page: Page
) -> None:
    drop = page.drop(b"one", "NPKI/홍길동/signCert.der")
    assert page.drop(b"two", "NPKI/홍길동/signPri.key", drop) == drop
    (place,) = centre.data.rglob("signCert.der")
    folder = centre.data / "centre-files"
    assert place.is_relative_to(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = sorted(centre.data.rglob("*"))
    for head in (
        {"name": "../x"},
        {"name": "/tmp/x"},
        {"name": "x", "into": "f2"},
        {"name": "x", "into": "../f1"},
        {"name": "x", "into": "f0"},
        {"name": "NPKI/홍길동/signCert.der", "into": drop},
        {"name": 1},
        {},
    ):
        assert page.put(b"x", head)[0] == 400, head
    assert sorted(centre.data.rglob("*")) == before
    assert centre.stop() == 130
    assert not folder.exists()


@pytest.mark.attack(83)
def test_too_much_is_refused_before_it_is_read(page: Page, tmp_path: Path) -> None:
    port = int(page.host.rpartition(":")[2])
    for size in (MAX_DROPPED_FILE + 100, 10**30):
        with socket.create_connection(("127.0.0.1", port), 20) as raw:
            head = (
                f"PUT /v1/files HTTP/1.1\r\nHost: {page.host}\r\nContent-Length: {size}\r\n"
                f"Authorization: Bearer {page.token}\r\n\r\n"
            )
            raw.sendall(head.encode() + b'{"name": "x"}\n')
            assert raw.recv(100).startswith(b"HTTP/1.1 413 ")
    drops = Drops(tmp_path)
    drops._files = MAX_DROPPED_FILES
    with (tmp_path / "x").open("w+b") as empty, pytest.raises(TooMuch):
        drops.put("x", None, empty, 0)


@pytest.mark.attack(83)
def test_a_body_that_is_larger_than_any_task_is_not_waited_for(page: Page) -> None:
    size = CentreHandler.max_body + 1
    with socket.create_connection(("127.0.0.1", int(page.host.rpartition(":")[2])), 20) as raw:
        head = f"POST /v1/tasks HTTP/1.1\r\nHost: {page.host}\r\nContent-Length: {size}\r\n\r\n"
        raw.sendall(head.encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.attack(83)
def test_a_page_that_begins_tasks_without_end_fills_nothing(centre: Centre, page: Page) -> None:
    tasks = [page.start("join") for _ in range(8)]
    for _ in range(20):
        with pytest.raises(Refused) as refused:
            page.start("join")
        assert refused.value.status == 429
    assert len(centre.children()) <= 8 + 1 + 1, "the spare one, and the browser's"
    tasks[0].stop()
    tasks[0].finish()
    eventually(lambda: page.start("join"), "room for one more")


@pytest.mark.attack(46)
def test_no_secret_stands_in_an_argument_or_what_the_terminal_hears(
    centre: Centre, page: Page
) -> None:
    task = page.start("join")
    task.expect("ask")
    secrets = [page.token.encode(), page.ticket.encode(), page.reload_ticket.encode()]
    for number in (centre.process.pid, *centre.children()):
        arguments = Path(f"/proc/{number}/cmdline").read_bytes()
        assert not [secret for secret in secrets if secret in arguments]
        assert b"join" not in arguments, "what is done is nobody else's business"
    assert centre.stop() == 130
    out, err = centre.process.communicate()
    assert not [secret for secret in secrets if secret.decode() in out + err]


def test_every_command_is_in_the_centre_or_said_to_be_for_terminals() -> None:
    page = (ROOT / "docs" / "centre.md").read_text("utf-8")
    _, _, section = page.partition("## Each command, and where it stands")
    told = dict(re.findall(r"^\| (`.+?) \| (.+?) \|$", section, re.M))
    placed = {
        name: "in a terminal" not in where
        for names, where in told.items()
        for name in re.findall(r"`([a-z]+)`", names)
    }
    assert {name for name, is_in_it in placed.items() if is_in_it} == set(ACTIONS)
    assert set(placed) | {"centre"} == set(COMMAND_NAMES)
