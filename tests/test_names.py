"""One name for one thing: no public type or constant is defined in two packages.

Functions are called by their module's name (`bodies.encode`, `der.encode`) and may repeat.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.sources import ROOT

PROGRAMS = ("certrelay", "relay", "client_pc", "client_mobile_sim")

ALIKE = {
    "DEFAULT_PORT": "a proxy's and the relay's",
    "HEADERS": "of a page",
    "MAX_ANSWER_BYTES": "what is read of a server's answer, each module's own",
    "PROGRAM": "each program's own name",
    "Random": "a source of random bytes",
    "Settings": "each program's own",
    "VERSION": "of the format that the module reads and writes",
}
"""Names that mean the same in each place, and what."""


def public_names(path: Path) -> Iterator[str]:
    """The types and constants that a module defines at its top."""
    for node in ast.parse(path.read_text("utf-8")).body:
        targets: list[ast.expr] = []
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=found):
                targets = found
            case ast.AnnAssign(target=target):
                targets = [target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def repeated() -> dict[str, set[str]]:
    """Public names that several packages define, with the modules that do."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    for program in PROGRAMS:
        for path in (ROOT / program).rglob("*.py"):
            for name in public_names(path):
                if name[0].isupper():
                    places[name].add(str(path.relative_to(ROOT)))
    return {
        name: modules
        for name, modules in places.items()
        if len({module.rpartition("/")[0] for module in modules}) > 1
    }


def test_a_name_is_defined_in_one_package() -> None:
    new = {name: sorted(modules) for name, modules in repeated().items() if name not in ALIKE}
    assert not new, "choose another word, or say in ALIKE why it is the same thing"


def test_a_name_that_is_alike_is_still_there_twice() -> None:
    assert not set(ALIKE) - set(repeated())
