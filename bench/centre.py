"""How fluent the centre is with many certificates, and how much memory it takes.

    python -m bench.centre [COUNT]

Makes a store of COUNT certificates (1000) in a temporary folder, opens the centre in Chromium, and
prints milliseconds and MiB.  Needs what the tests of the page need.
"""

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.centre.certificates import many
from tests.centre.desk import OPTIONS, Desk
from tests.centre.running import Centre, running
from tests.web_phone import components

WORDS = ("김", "민", "yessign", "0123", "없는 이름")

_SEARCH = """(word) => new Promise((done) => {
  const input = document.getElementById("search");
  const began = performance.now();
  input.value = word;
  input.dispatchEvent(new Event("input"));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began), 0));
})"""
"""From a letter to the frame that shows what it found."""


def main() -> int:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder) / "home"
        print(f"{sum(1 for _ in many(home / 'NPKI', count))} certificates")
        browser = playwright.chromium.launch(executable_path=components.chromium())
        with running(Path(folder), CERTRELAY_LANGUAGE="ko") as centre:
            _measure(centre, Desk(browser.new_context(locale="ko-KR", **OPTIONS)))
        browser.close()
    return 0


def _measure(centre: Centre, desk: Desk) -> None:
    page = desk.page
    began = time.monotonic()
    page.goto(centre.address())
    page.locator("h1").wait_for()
    print(f"page shown after its address was opened: {_since(began):.0f} ms")
    page.locator(".lines a.line").first.wait_for()
    print(f"certificates on the first screen: {_since(began):.0f} ms")
    for name in ("the first time", "again"):
        began = time.monotonic()
        page.locator("a[href='#/list']").first.click()
        page.locator(".results .line").first.wait_for()
        print(f"list usable after the click, {name}: {_since(began):.0f} ms")
        page.go_back()
        page.locator(".doors").wait_for()
    page.locator("a[href='#/list']").first.click()
    page.locator(".results .line").first.wait_for()
    for word in WORDS:
        taken = sorted(float(page.evaluate(_SEARCH, word)) for _ in range(9))
        print(f"search for {word}: {taken[4]:.0f} ms (median of 9), {taken[-1]:.0f} ms at most")
    for pid, name in [
        (centre.process.pid, "the centre"),
        *((c, "a child") for c in centre.children()),
    ]:
        print(f"memory of {name}: {_memory(pid):.0f} MiB")


def _since(began: float) -> float:
    return 1000 * (time.monotonic() - began)


def _memory(pid: int) -> float:
    """Memory of a process that is in use and its own or shared, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (resident,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(resident.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
