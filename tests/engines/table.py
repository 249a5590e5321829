"""The table of docs/browsers.md: which flow runs in which engine, on which kind of address.

    python -m tests.engines.table          writes it into the page

What stands there was run by tests/engines/test_engines.py: every cell is a test.
"""

import sys
from pathlib import Path
from typing import Final

from tests.engines.flows import FLOWS
from tests.engines.network import LOOPBACK, PRIVATE

ENGINES: Final = ("Chromium", "Firefox", "WebKitGTK")
HOSTS: Final = {LOOPBACK: "loopback", PRIVATE: "private"}

CANNOT: Final[dict[tuple[str, str, str], str]] = {}
"""What an engine cannot do: (flow, engine, host) to the reason.  Such a test is not run."""

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "browsers.md"
_BEGIN, _END = "<!-- table -->\n", "<!-- end -->\n"


def table() -> str:
    """The table, as Markdown."""
    columns = [(engine, host) for engine in ENGINES for host in HOSTS]
    heads = " | ".join(f"{engine}, {HOSTS[host]}" for engine, host in columns)
    lines = [f"| | {heads} |", "|---|" + "---|" * len(columns)]
    reasons: list[str] = []
    for name in FLOWS:
        cells = []
        for engine, host in columns:
            reason = CANNOT.get((name, engine, host))
            if reason is not None and reason not in reasons:
                reasons.append(reason)
            cells.append("runs" if reason is None else f"no ({reasons.index(reason) + 1})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    notes = [f"{at}. {reason}" for at, reason in enumerate(reasons, 1)]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def parts() -> tuple[str, str, str]:
    """The page before its table, the table, and the page after it."""
    before, _, rest = PAGE.read_text("utf-8").partition(_BEGIN)
    found, _, after = rest.partition(_END)
    return before, found, after


def main() -> int:
    """Write the table into the page."""
    before, _, after = parts()
    PAGE.write_text(f"{before}{_BEGIN}{table()}{_END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
