"""Reads the locks: every package with its version and the hashes of its files.

``locks/run.txt`` is what a relay or a client needs, for containers; ``locks/dev.txt`` adds
what the tests need.  Both hold for every system and for Python 3.11 and later:

    pip install --require-hashes -r locks/run.txt && pip install --no-deps .
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "locks"
EXTRAS = {"run": ("redis", "metrics"), "dev": ("dev",)}
"""What each lock is made of beside the program's own dependencies."""

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
    """Read a lock: ``run`` or ``dev``.

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
    """Make both locks anew, with uv, from what pyproject.toml asks for."""
    for name, extras in EXTRAS.items():
        target = LOCKS / f"{name}.txt"
        target.parent.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet"]
        command += ["--universal", "--python-version", "3.11", "--generate-hashes"]
        command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--upgrade"]
        # The project names itself in its extras: it is no package of the index.
        command += ["--no-emit-package", "certrelay"]
        for extra in extras:
            command += ["--extra", extra]
        if name == "dev":
            command += ["--constraint", str(LOCKS / "run.txt")]
        subprocess.run([*command, "--output-file", str(target)], cwd=ROOT, check=True)
        lines = target.read_text("utf-8")
        target.write_text(f"# python -m tests.supply lock\n{lines}", encoding="utf-8")
