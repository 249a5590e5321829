"""The code leaves the disk, whatever becomes of the screen."""

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from certrelay.client.terminal.report import Beside
from certrelay.e2e.handshake import ShowSecrets
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint.events import RoomOpened
from certrelay.testkit.pair import ORIGIN
from client_pc import code_files
from client_pc.code_files import CodeFiles
from client_pc.qr_screen import draw
from client_pc.showing import CodeWindow


class GoneScreen:
    """A report whose screen goes away once the code is on it."""

    texts = SimpleNamespace(say=lambda _key, **_values: "")

    def can_draw(self, _columns: int, _rows: int) -> bool:
        return True

    def picture(self, _lines: object, _caption: str, _beside: object) -> None:
        """Shown."""

    def event(self, _name: str, _text: str = "", **_fields: object) -> None:
        """Told."""

    def erase_picture(self) -> None:
        raise OSError(5, "Input/output error")


class KeptReport:
    """A report that keeps what it was told, in order, by the names of the sentences."""

    texts = SimpleNamespace(say=lambda key, **_values: key)

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def can_draw(self, _columns: int, _rows: int) -> bool:
        return True

    def picture(self, _lines: object, caption: str, beside: Beside) -> None:
        self.told.append(("picture", caption, beside.text))

    def event(self, name: str, text: str = "", **_fields: object) -> None:
        self.told.append((name, text))


@pytest.mark.parametrize("purpose", ["import", "export"])
@pytest.mark.parametrize("has_page", [True, False], ids=["page", "apps only"])
def test_that_a_code_is_for_apps_alone_is_said_before_it_is_seen_and_beside_it(
    purpose: str, has_page: bool
) -> None:
    qr = QrCode(ORIGIN, ShowSecrets.fresh(os.urandom).payload(Direction.TO_PC, lan=False))
    handler = SimpleNamespace(on_event=lambda _event, _session: None)
    report = KeptReport()
    showing = CodeWindow(qr, lambda: cast(Any, handler), purpose, CodeFiles(None, None))
    session = SimpleNamespace(
        report=report, now=lambda: 0.0, relay_has_page=has_page, listen=lambda _wish, **_reads: None
    )
    showing.on_event(RoomOpened(120_000), cast(Any, session))
    first = [] if has_page else [("apps_only", "pc.apps_only")]
    how = purpose if has_page else f"app.{purpose}"
    picture = ("picture", f"pc.scan.{how}", f"pc.steps.{how}")
    assert report.told == [*first, picture, ("waiting", "")]


@pytest.mark.attack(46)
def test_the_files_go_before_the_screen_is_cleared(tmp_path: Path) -> None:
    qr = QrCode(ORIGIN, ShowSecrets.fresh(os.urandom).payload(Direction.TO_PC, lan=False))
    handler = SimpleNamespace(on_event=lambda _event, _session: None)
    files = CodeFiles(tmp_path / "qr.png", tmp_path / "url.txt")
    showing = CodeWindow(qr, lambda: cast(Any, handler), "import", files)
    session = cast(
        Any,
        SimpleNamespace(
            report=GoneScreen(),
            now=lambda: 0.0,
            ticking=None,
            relay_has_page=True,
            listen=lambda _wish, **_reads: None,
        ),
    )
    showing.on_event(RoomOpened(120_000), session)
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(OSError, match="Input/output"):
        showing.take_away(session)
    assert not list(tmp_path.iterdir())


def files_of_a_code(folder: Path, life_s: float) -> CodeFiles:
    qr = QrCode(ORIGIN, ShowSecrets.fresh(os.urandom).payload(Direction.TO_PC, lan=False))
    files = CodeFiles(folder / "qr.png", folder / "url.txt")
    files.write(draw(qr.url), qr.url, life_s)
    return files


@pytest.mark.attack(71, 46)
def test_the_files_go_at_the_end_of_the_codes_life_though_nobody_takes_them_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_files, "FILES_GRACE_S", 0.1)
    files_of_a_code(tmp_path, life_s=0.0)
    while list(tmp_path.iterdir()):  # the test's own limit ends it
        time.sleep(0.05)


def test_a_fresh_code_has_a_life_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_files, "FILES_GRACE_S", 0.0)
    files = files_of_a_code(tmp_path, life_s=600.0)
    first = files._timer
    files.write(draw("http://127.0.0.1:1/#1"), "http://127.0.0.1:1/#1", 600.0)
    assert first is not None
    assert first.finished.is_set()
    assert len(list(tmp_path.iterdir())) == 2
    files.remove()
