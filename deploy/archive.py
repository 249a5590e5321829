"""Makes ``certrelay.pyz``: one file that runs without installing.

    python3 run.py pyz [FILE]

It holds the packages of ``locks/run.txt``, by their hashes, and this project, for the system and
the Python that it is made on: compiled libraries are for one of each.  Made twice from the same
sources it is the same file, byte for byte.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipapp
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
START = Path(__file__).with_name("archive_start.py")
LEFT_OUT = ("bin", "share", "__pycache__")
"""What pip puts beside the packages, and what an archive has no use for."""

LONG_AGO = 315_619_200
"""Seconds: the first of January 1980, before which no archive has a date."""


def main(arguments: list[str]) -> int:
    """Make the archive."""
    target = Path(arguments[0] if arguments else "dist/certrelay.pyz").absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="certrelay-pyz-") as folder:
        content = Path(folder) / "content"
        collect(content / "site")
        shutil.copyfile(START, content / "__main__.py")
        about = {"id": digest(content)[:32], "kind": start_module().kind()}
        (content / "about.json").write_text(json.dumps(about), encoding="utf-8")
        for path in content.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
            os.utime(path, (LONG_AGO, LONG_AGO))
        zipapp.create_archive(content, target, "/usr/bin/env python3", compressed=True)
    megabytes = target.stat().st_size / 1e6
    sys.stdout.write(f"{target}: {megabytes:.1f} MB, {about['kind']}\n")
    return 0


def collect(site: Path) -> None:
    """Put the packages into a folder, as files."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    into = [*pip, "--no-compile", "--target", str(site)]
    locked = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "locks" / "run.txt")]
    subprocess.run([*into, *locked], check=True)
    subprocess.run([*into, "--no-deps", "--upgrade", str(ROOT)], check=True)
    for name in LEFT_OUT:
        for path in list(site.rglob(name)) if name == "__pycache__" else [site / name]:
            shutil.rmtree(path, ignore_errors=True)
    for record in site.glob("*.dist-info/*"):
        if record.name in ("RECORD", "direct_url.json", "INSTALLER", "REQUESTED"):
            record.unlink()  # of this folder, and not of where it is unpacked


def digest(folder: Path) -> str:
    """Hash names and contents of all files."""
    state = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name, content = path.relative_to(folder).as_posix().encode(), path.read_bytes()
        state.update(b"%d:%b%d:" % (len(name), name, len(content)))
        state.update(content)
    return state.hexdigest()


def start_module() -> ModuleType:
    """The archive's first program, which knows what compiled libraries depend on."""
    spec = importlib.util.spec_from_file_location("archive_start", START)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
