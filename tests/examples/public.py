"""What docs/app-makers.md names as public."""

import re
from functools import cache

from tests.sources import ROOT


@cache
def named() -> frozenset[tuple[str, str]]:
    """Module and name of everything in the page's table of public names."""
    page = (ROOT / "docs" / "app-makers.md").read_text("utf-8")
    rows = re.findall(r"^\| `(certrelay[a-z0-9_.]*)` \| ([^|]+) \|", page, re.M)
    return frozenset(
        (module, name) for module, names in rows for name in re.findall(r"`(\w+)`", names)
    )
