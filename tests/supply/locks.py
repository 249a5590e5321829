"""Reads the locks: every package with its version and the hashes of its files.

``locks/run.txt`` is what a relay or a client needs, for containers; ``locks/dev.txt`` adds
what the tests need; ``locks/build.txt`` is what makes the wheel.  All hold for every system and
for Python 3.11 and later:

    pip install --require-hashes -r locks/run.txt && pip install --no-deps .
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "locks"
EXTRAS = {"run": ("redis", "metrics", "lan"), "dev": ("dev",)}
"""What each lock is made of beside the program's own dependencies."""

GROUPS = {"build": "build"}
"""The locks that are made of a dependency group alone."""

_PACKAGE = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\"
)
_HASH = re.compile(r"    --hash=sha256:(?P<hash>[0-9a-f]{64})(?: \\)?")


@dataclass(frozen=True)
class Locked:
    """One package of a lock."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def read(name: str) -> tuple[Locked, ...]:
    """Read a lock: ``run``, ``dev`` or ``build``.

    Raises:
        ValueError: For any line that is neither a package nor a hash.
    """
    packages: list[Locked] = []
    for line in (LOCKS / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        if package := _PACKAGE.fullmatch(line):
            marker = (package["marker"] or "").strip()
            packages.append(Locked(package["name"], package["version"], marker, ()))
        elif (found := _HASH.fullmatch(line)) and packages:
            last = packages.pop()
            hashes = (*last.hashes, found["hash"])
            packages.append(Locked(last.name, last.version, last.marker, hashes))
        else:
            raise ValueError(f"{name}.txt: {line!r}")
    return tuple(packages)


def write() -> None:
    """Make the locks anew, with uv, from what pyproject.toml asks for."""
    for name, extras in EXTRAS.items():
        words = ["pyproject.toml", *(word for extra in extras for word in ("--extra", extra))]
        _compile(name, *words, *(["--constraint", str(LOCKS / "run.txt")] * (name == "dev")))
    for name, group in GROUPS.items():
        # What developers have too comes in the same version.
        _compile(name, "--group", group, "--constraint", str(LOCKS / "dev.txt"))


def _compile(name: str, *words: str) -> None:
    target = LOCKS / f"{name}.txt"
    target.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet"]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--upgrade"]
    # The project names itself in its extras: it is no package of the index.
    command += ["--no-emit-package", "certrelay"]
    subprocess.run([*command, *words, "--output-file", str(target)], cwd=ROOT, check=True)
    lines = target.read_text("utf-8")
    target.write_text(f"# python -m tests.supply lock\n{lines}", encoding="utf-8")
