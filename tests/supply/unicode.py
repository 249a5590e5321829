"""Tables of Unicode's properties for the sanitiser of texts, in Python and JavaScript alike.

Read from the files of the Unicode Character Database: UnicodeData.txt, PropList.txt,
DerivedCoreProperties.txt, EastAsianWidth.txt and HangulSyllableType.txt (the package
``unicode-data`` of Debian has them, https://www.unicode.org/Public/UCD/latest/ucd/ the newest).

Source: UAX #44 for the files and properties.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tests.sources import ROOT

PYTHON: Final = ROOT / "certrelay" / "unicode_ranges.py"
SCRIPT: Final = ROOT / "web_phone" / "core" / "unicode_ranges.js"

_LINE: Final = re.compile(r"([0-9A-F]{4,6})(?:\.\.([0-9A-F]{4,6}))? *; *(\w+)")
_BRAILLE_BLANK: Final = 0x2800
"""Its picture is nothing, though no property says so."""

_NO_CHARACTERS: Final = "Noncharacter_Code_Point"

WHAT: Final = {
    "HIDDEN": "What acts or is not seen: controls, formats, default-ignorable code points, lone\n"
    "surrogates, separators of lines, noncharacters, the blank Braille pattern.",
    "MARKS": "What stands on the character before it: nonspacing and enclosing marks, and the\n"
    "vowels and finals of Korean syllables that are written in parts.",
    "WIDE": "What takes two cells of a terminal.",
}


def sets(folder: Path) -> tuple[str, dict[str, set[int]]]:
    """Read the files.

    Returns:
        The standard's version, and each table of `WHAT` as code points.
    """
    properties = {**_read(folder, "PropList.txt"), **_read(folder, "DerivedCoreProperties.txt")}
    syllables = _read(folder, "HangulSyllableType.txt")
    widths = _read(folder, "EastAsianWidth.txt")
    visible = properties["Prepended_Concatenation_Mark"]
    of: dict[str, set[int]] = {}
    for point, kind in _categories(folder):
        of.setdefault(kind, set()).add(point)
    hidden = properties["Default_Ignorable_Code_Point"] | (of["Cf"] - visible)
    hidden |= of["Cc"] | of["Zl"] | of["Zp"] | properties[_NO_CHARACTERS] | {_BRAILLE_BLANK}
    hidden |= set(range(0xD800, 0xE000))
    marks = (of["Mn"] | of["Me"] | syllables["V"] | syllables["T"]) - hidden
    wide = (widths["W"] | widths["F"]) - marks - hidden
    first_line = (folder / "DerivedCoreProperties.txt").read_text("utf-8").partition("\n")[0]
    version = first_line.partition("-")[2].removesuffix(".txt").strip()
    return version, {"HIDDEN": hidden, "MARKS": marks, "WIDE": wide}


def write(folder: Path) -> None:
    """Write both tables."""
    version, found = sets(folder)
    tables = {name: list(boundaries(found[name])) for name in WHAT}
    PYTHON.write_text(_python(version, tables), encoding="utf-8")
    SCRIPT.write_text(_script(version, tables), encoding="utf-8")


def boundaries(points: Iterable[int]) -> Iterator[int]:
    """Give where a set of code points begins and ends, by turns: each end is the first outside."""
    last = None
    for point in sorted(points):
        if last is None:
            yield point
        elif point != last + 1:
            yield from (last + 1, point)
        last = point
    if last is not None:
        yield last + 1


def _categories(folder: Path) -> Iterator[tuple[int, str]]:
    """The general category of every assigned character."""
    first = None
    for line in (folder / "UnicodeData.txt").read_text("utf-8").splitlines():
        point, name, kind, *_ = line.split(";")
        if name.endswith(", First>"):
            first = int(point, 16)
            continue
        start = first if first is not None else int(point, 16)
        yield from ((each, kind) for each in range(start, int(point, 16) + 1))
        first = None


def _read(folder: Path, name: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for line in (folder / name).read_text("utf-8").splitlines():
        if match := _LINE.match(line):
            start, end, value = match.groups()
            found.setdefault(value, set()).update(range(int(start, 16), int(end or start, 16) + 1))
    return found


def _python(version: str, tables: dict[str, list[int]]) -> str:
    parts = [
        f'"""Sets of characters by the properties of Unicode {version}: see `certrelay.safe_text`.'
        "\n\n"
        "Each is the points at which it begins and ends, by turns.  Written by\n"
        "``python -m tests.supply unicode``, which says what from.\n"
        '"""\n\nfrom typing import Final\n\n'
        f'VERSION: Final = "{version}"\n'
    ]
    for name, points in tables.items():
        rows = "".join(f"    {row}\n" for row in _rows([f"{point:#x}," for point in points], 92))
        parts.append(f'\n# fmt: off\n{name}: Final = (\n{rows})\n# fmt: on\n"""{WHAT[name]}"""\n')
    return "".join(parts)


def _script(version: str, tables: dict[str, list[int]]) -> str:
    parts = [
        f"// Sets of characters by the properties of Unicode {version}, for safe_text.js.\n"
        "//\n"
        "// Each is the distances between the points at which it begins and ends, in base 36.\n"
        "// Written by `python -m tests.supply unicode`, as certrelay/unicode_ranges.py is.\n"
    ]
    for name, points in tables.items():
        steps = [_base36(point - last) for last, point in zip([0, *points], points, strict=False)]
        rows = _rows([f"{step} " for step in steps], 92)
        lines = " +\n".join(f'  "{row} "' for row in rows)
        what = "\n".join(f"// {line}" for line in WHAT[name].split("\n"))
        parts.append(f"\n{what}\nexport const {name} = points(\n{lines},\n);\n")
    parts.append(
        "\n/** @param {string} steps */\n"
        "function points(steps) {\n"
        "  let at = 0;\n"
        '  return steps.trim().split(" ").map((step) => (at += parseInt(step, 36)));\n'
        "}\n"
    )
    return "".join(parts)


def _rows(words: list[str], width: int) -> list[str]:
    rows = [""]
    for word in words:
        if len(rows[-1]) + len(word) + 1 > width:
            rows.append("")
        rows[-1] += word if not rows[-1] or word.endswith(" ") else f" {word}"
    return [row.strip() for row in rows]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"
