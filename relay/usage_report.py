"""``certrelay-relay usage``: the usage history for a person or a program."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

from certrelay.errors import UsageError
from certrelay.safe_text import cell_width, pad
from certrelay.texts import Texts
from relay.usage import read, rows

_COLUMNS: Final = (
    *("when", "opened", "paired", "entered", "left", "grace", "timeout", "others"),
    *("unscanned", "refused", "kib"),
)


def report(
    paths: Sequence[Path], texts: Texts, out: TextIO, *, hourly: bool, as_json: bool
) -> None:
    """Write a table, or one JSON object a line.

    Raises:
        UsageError: ``bad_usage_file`` with ``where``.
    """
    try:
        found = read(paths, hourly=hourly)
    except OSError as error:
        raise UsageError("bad_usage_file", where=f"{error.filename}: {error.strerror}") from None
    if as_json:
        for when, counted in found.items():
            out.write(json.dumps({"when": when, **counted.fields()}) + "\n")
        return
    if not found:
        out.write(texts.say("relay.usage.nothing") + "\n")
        return
    head = tuple(texts.say(f"relay.usage.{column}") for column in _COLUMNS)
    table = [head, *rows(found)]
    widths = [max(map(cell_width, column)) for column in zip(*table, strict=True)]
    for first, *numbers in table:
        cells = [" " * (w - cell_width(n)) + n for n, w in zip(numbers, widths[1:], strict=True)]
        out.write("  ".join([pad(first, widths[0]), *cells]) + "\n")
    refused: Counter[str] = Counter()
    for counted in found.values():
        refused.update(counted.refused)
    if refused:
        words = ", ".join(f"{word} {count}" for word, count in refused.most_common())
        out.write("\n" + texts.say("relay.usage.words", words=words) + "\n")
