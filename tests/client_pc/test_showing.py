"""The code leaves the disk, whatever becomes of the screen."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from certrelay.e2e.handshake import ShowSecrets
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint.notices import RoomOpened
from certrelay.testkit.pair import ORIGIN
from client_pc.showing import CodeFiles, Showing


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


@pytest.mark.attack(46)
def test_the_files_go_before_the_screen_is_cleared(tmp_path: Path) -> None:
    qr = QrCode(ORIGIN, ShowSecrets.fresh(os.urandom).payload(Direction.TO_PC, lan=False))
    part = SimpleNamespace(hear=lambda _notice, _session: None)
    files = CodeFiles(tmp_path / "qr.png", tmp_path / "url.txt")
    showing = Showing(qr, lambda: cast(Any, part), "import", files)
    session = cast(Any, SimpleNamespace(report=GoneScreen(), now=lambda: 0.0, ticking=None))
    showing.hear(RoomOpened(120_000), session)
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(OSError, match="Input/output"):
        showing.take_away(session)
    assert not list(tmp_path.iterdir())
