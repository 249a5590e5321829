"""Gets the page into the person's browser, without letting the browser near our streams.

`webbrowser` runs in a process of its own: browsers write their warnings wherever they stand,
some of its ways wait for the browser, and Ctrl-C in the terminal must end the copy and not the
browser.  That process reads the address from standard input.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.stdin.readline().strip()))"


def has_screen(environment: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Tell whether a browser with a window can be had.

    Where there is no screen, `webbrowser` would put a text browser into this terminal.
    """
    if platform in ("win32", "darwin"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


@contextmanager
def opening(address: str, failed: Callable[[], None]) -> Iterator[None]:
    """Open an address in the browser, beside what the block does.

    Args:
        address: The page's, with its ticket.
        failed: Called, from any thread, if no browser could be opened.
    """
    open_page(address, failed)
    yield


def open_page(address: str, failed: Callable[[], None]) -> None:
    """Open an address in the browser; it comes up by itself, whatever becomes of this program.

    Args:
        address: The page's, with its ticket.
        failed: Called, from any thread, if no browser could be opened.
    """
    if not has_screen(os.environ):
        failed()
        return
    process = subprocess.Popen(
        # -I: no webbrowser.py of the folder in which the program was started is taken for it.
        [sys.executable, "-I", "-c", _OPEN],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        encoding="ascii",
        start_new_session=True,
    )

    assert process.stdin is not None
    with suppress(OSError), process.stdin:
        process.stdin.write(f"{address}\n")

    def watch() -> None:
        if process.wait():
            failed()

    threading.Thread(target=watch, daemon=True, name="browser").start()
