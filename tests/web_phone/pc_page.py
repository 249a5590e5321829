"""A ``certrelay --browser`` process with its page of the centre in a real browser.

The program opens the "browser" that BROWSER names: a script that writes the address down, for
the tests to open it in their own.
"""

import io
import time
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from client_pc.centre.instance import ask_first
from tests.centre import running
from tests.centre.desk import Desk
from tests.centre.running import eventually
from tests.patience import PATIENCE_S
from tests.qr_pictures import read
from tests.web_phone.pc import Pc

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request


def read_codes(page: "Page") -> list[str]:
    """The texts of all QR codes that a page shows."""
    return read(Image.open(io.BytesIO(page.screenshot())).convert("L"))


class PcPage:
    """The program and the page it opened."""

    def __init__(self, pc: Pc, address: str, tab: Desk) -> None:
        self.pc = pc
        self.address = address
        self.tab = tab
        self.token = ""
        """What the page shows with its requests: it keeps it in memory only."""
        tab.page.on("request", self._note)
        tab.open(address)

    def _note(self, request: "Request") -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind == "Bearer":
            self.token = token

    @property
    def origin(self) -> str:
        return self.address.partition("#")[0]

    def read_code(self) -> str:
        """Read the QR code off a screenshot, as a phone does."""
        self.tab.page.locator(".code svg").wait_for()
        (found,) = read_codes(self.tab.page)
        return found

    @property
    def number(self) -> str:
        return self.tab.page.locator(".big-number [aria-hidden]").inner_text()


class Opener:
    """A browser that only writes down which address it was given."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._address = folder / "address"
        script = folder / "browser"
        script.write_text(
            f'#!/bin/sh\nprintf %s "$1" > "{self._address}.part"\n'
            f'mv "{self._address}.part" "{self._address}"\n'
        )
        script.chmod(0o700)
        monkeypatch.setenv("BROWSER", f"{script} %s")

    def address(self) -> str:
        end = time.monotonic() + PATIENCE_S
        while not self._address.exists():
            assert time.monotonic() < end, "no browser was opened"
            time.sleep(0.02)
        return self._address.read_text()


def close_centre(data: Path) -> None:
    """Close the centre of a data folder, if one runs."""
    address = ask_first(data, "home")
    if address is not None:
        with suppress(OSError, HTTPException):  # it may be gone before it has answered
            running.Page(address).ask("POST", "/v1/close", {})
    eventually(lambda: not (data / "centre.json").exists(), "the centre's end")
