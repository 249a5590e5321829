"""`certrelay remind --notice` on a real session bus, with a desktop of the test's own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from certrelay.texts import Texts
from tests.client_pc.test_history_commands import issued
from tests.component import missing, program
from tests.flows.conftest import fill
from tests.flows.programs import environment

if os.name != "posix":
    pytest.skip("the bus is that of Linux's desktops", allow_module_level=True)

DESKTOP = """
import sys, gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib

PAGE = '''<node><interface name="org.freedesktop.Notifications"><method name="Notify">
<arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
<arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/>
</method></interface></node>'''

def called(connection, sender, path, interface, method, parameters, invocation):
    with open(sys.argv[1], "a") as file:
        words = parameters.unpack()
        print(words[0], words[3], words[4], sep="\\t", file=file)
    invocation.return_value(GLib.Variant("(u)", (1,)))

def has_bus(connection, name):
    node = Gio.DBusNodeInfo.new_for_xml(PAGE)
    path = "/org/freedesktop/Notifications"
    connection.register_object(path, node.interfaces[0], called, None, None)

def has_name(connection, name):
    open(sys.argv[2], "w").close()

flags = Gio.BusNameOwnerFlags.NONE
own = "org.freedesktop.Notifications"
Gio.bus_own_name(Gio.BusType.SESSION, own, flags, has_bus, has_name, None)
GLib.MainLoop().run()
"""
"""A desktop: it writes the notices that it gets into a file."""


def remind(store: Path, folder: Path, *words: str) -> "tuple[int, str, str, list[str]]":
    """Run `remind` on a bus of its own: its status, its words, and the notices that came."""
    python = "/usr/bin/python3"
    if subprocess.run([python, "-c", "import gi"], capture_output=True, check=False).returncode:
        missing("python3-gi")
    notices, ready = folder / "notices", folder / "ready"
    script = (
        f'{python} -c "$DESKTOP" {notices} {ready} & '
        f"until [ -e {ready} ]; do sleep 0.05; done; "
        '"$@"; status=$?; kill $!; exit $status'
    )
    command = [sys.executable, "-m", "client_pc", "remind", "--store", str(store), *words]
    done = subprocess.run(
        [program("dbus-run-session"), "--", "bash", "-c", script, "bash", *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=environment(DESKTOP=DESKTOP, CERTRELAY_DATA=str(folder / "data")),
    )
    told = notices.read_text("utf-8").splitlines() if notices.exists() else []
    return done.returncode, done.stdout, done.stderr, told


def store_with(folder: Path, days: int) -> Path:
    fill(folder, issued(days))
    return folder


@pytest.mark.parametrize(("language", "word"), [("ko", "만료"), ("en", "expire")])
def test_what_expires_is_a_notice_without_a_name(tmp_path: Path, language: str, word: str) -> None:
    store = store_with(tmp_path / "store", 5)
    status, out, _, told = remind(store, tmp_path, "--notice", "--lang", language)
    assert status == ExitStatus.EXPIRES
    (notice,) = told
    sender, title, text = notice.split("\t")
    assert sender == "certrelay"
    assert word in title
    assert re.search("20[0-9]{2}-[0-9]{2}-[0-9]{2}", text)
    assert "홍길동" not in notice
    assert out == "", "the log of a timer has no names either"
    assert not (tmp_path / "data").exists(), "nobody has seen the numbers"


def test_where_nothing_expires_there_is_no_notice(tmp_path: Path) -> None:
    status, _, _, told = remind(store_with(tmp_path / "store", 300), tmp_path, "--notice")
    assert (status, told) == (ExitStatus.OK, [])


def test_no_desktop_is_told_by_the_status(tmp_path: Path) -> None:
    """So that systemd tries it again."""
    store = store_with(tmp_path / "store", 5)
    command = [sys.executable, "-m", "client_pc", "remind", "--store", str(store), "--notice"]
    own = environment(CERTRELAY_DATA=str(tmp_path), DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=own)
    assert done.returncode == ExitStatus.NOT_CONFIRMED
    assert "notify-send" in done.stderr


def test_what_keeps_a_reminder_from_its_work_is_a_notice_too(tmp_path: Path) -> None:
    """Silence would be taken for good news."""
    gone = tmp_path / "<gone> & away"
    status, _, _, told = remind(gone, tmp_path, "--notice", "--lang", "en")
    assert status == ExitStatus.STORAGE
    (notice,) = told
    assert Texts("en").say("pc.remind.notice.failed") in notice
    assert "&lt;gone&gt; &amp; away" in notice
