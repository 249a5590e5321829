#!/usr/bin/env python3
"""Try it or test it from a fresh clone, with nothing but Python 3.11 and pip.

    python3 run.py demo [ARGUMENTS]     copies a certificate phone -> PC and PC -> phone
    python3 run.py test [ARGUMENTS]     runs the tests, in parallel; arguments go to pytest
    python3 run.py pyz [FILE]           makes one file that runs without installing

The first run makes an environment in .venv-run and installs the project into it; later
runs reuse it until pyproject.toml names other packages.  Nothing else is touched, and
nothing needs to be activated.  Only the standard library is used here, and only syntax
that an older Python can read, so that it can say what is wrong.
"""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv-run"
STAMP = ENVIRONMENT / "installed.json"
WINDOWS = os.name == "nt"
PROGRAMS = ENVIRONMENT / ("Scripts" if WINDOWS else "bin")
EXTRAS = {"demo": "", "test": "dev", "pyz": ""}
"""What each command needs beyond the program itself; "dev" contains the others."""

OFFLINE_SIGNS = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "NameResolutionError",
    "ProxyError",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Connection refused",
    "Network is unreachable",
)


class CannotGoOn(Exception):
    """A reason, and what to do about it, in one sentence for the person."""


def main(arguments: "list[str]") -> int:
    """Run one command; the exit status is that of the program that it starts."""
    if not arguments or arguments[0] not in EXTRAS:
        print(__doc__)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    command, rest = arguments[0], arguments[1:]
    try:
        prepare(EXTRAS[command])
    except CannotGoOn as problem:
        print(f"run.py: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nrun.py: interrupted; the next run goes on from here.", file=sys.stderr)
        return 130
    if command == "demo":
        return become([str(PROGRAMS / "certrelay"), "demo", *rest])
    if command == "pyz":
        return become([str(PROGRAMS / "python"), str(ROOT / "deploy" / "archive.py"), *rest])
    return become([str(PROGRAMS / "python"), "-m", "pytest", *workers(rest), *rest])


def workers(arguments: "list[str]") -> "list[str]":
    """Run the whole suite in parallel; a few named tests start faster in one process.

    A third of the tests waits for a clock: one worker more than cores keeps the cores at work.
    """
    is_whole = all(argument.startswith("-") for argument in arguments)
    is_said = any(argument.startswith(("-n", "--numprocesses", "-p")) for argument in arguments)
    count = (os.cpu_count() or 1) + 1
    return ["-n", str(count), "--dist", "worksteal"] if is_whole and not is_said else []


def prepare(extra: str) -> None:
    """Make sure that the environment stands and holds what is needed.

    The stamp is written last and removed first: an environment without one is half made,
    and is made anew.
    """
    # An environment works for one Python and in one place only.
    python = {"version": sys.version, "base": sys.base_prefix, "root": str(ROOT)}
    packages = packages_hash()
    found = read_stamp()
    usable = found.get("python") == python
    if usable and found.get("packages") == packages and extra in ("", found.get("extra")):
        return
    extra = extra or str(found.get("extra", ""))
    pip = [str(PROGRAMS / "python"), "-m", "pip"]
    stamp = json.dumps({"python": python, "packages": packages, "extra": extra})
    try:
        STAMP.unlink(missing_ok=True)
        if not usable or not works([*pip, "--version"]):
            pip = make_environment()
        install(pip, f".[{extra}]" if extra else ".")
        STAMP.write_text(stamp, encoding="utf-8")
    except OSError as problem:
        raise CannotGoOn(
            f"the folder {ENVIRONMENT} cannot be written ({problem.strerror}): clone the project "
            "to a place that is yours."
        ) from None


def packages_hash() -> str:
    """Hash what decides which packages are installed: dependencies, scripts, the builder."""
    import tomllib  # not in older Pythons, which never come this far

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [project["project"], project["build-system"], project["tool"].get("hatch")]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_stamp() -> "dict[str, object]":
    """Read what is installed; nothing if the environment is missing, half made or moved."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    # A link to an interpreter that is gone does not exist.
    python = PROGRAMS / ("python.exe" if WINDOWS else "python")
    return stamp if isinstance(stamp, dict) and python.exists() else {}


def make_environment() -> "list[str]":
    """Make the environment anew; give the command that installs into it."""
    if ENVIRONMENT.exists():
        shutil.rmtree(ENVIRONMENT)
    say(f"Making an environment in {ENVIRONMENT.name} (once) ...")
    make = [sys.executable, "-m", "venv"]
    if works([*make, str(ENVIRONMENT)]):
        return [str(PROGRAMS / "python"), "-m", "pip"]
    # Debian's Python has no ensurepip without python3-venv; its pip can do the same work.
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--python", str(PROGRAMS / "python")]
    if works([*make, "--without-pip", str(ENVIRONMENT)]) and works([*pip, "--version"]):
        return pip
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    if not os.access(str(ROOT), os.W_OK):
        raise PermissionError(13, "no permission")
    raise CannotGoOn(
        "this Python cannot make a virtual environment: install its venv module (Debian, "
        "Ubuntu: sudo apt install python3-venv), then run this command again."
    )


def install(pip: "list[str]", what: str) -> None:
    """Install the project, editable, with its packages; pip is heard only when it fails."""
    say("Installing what it needs (once, about a minute) ...")
    started = time.monotonic()
    # What a person's pip is told elsewhere about other places must not lead it astray.
    astray = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV")
    kept = {name: value for name, value in os.environ.items() if name not in astray}
    options = ["--disable-pip-version-check", "--no-input", "--retries", "2"]
    process = subprocess.Popen(
        [*pip, "install", *options, "--editable", what],
        cwd=str(ROOT),
        env=kept,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    lines = []
    assert process.stdout is not None
    try:
        for line in process.stdout:
            lines.append(line)
            show_progress(line)
    except KeyboardInterrupt:
        # A terminal's Ctrl-C reaches pip too: let it tidy up.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        process.terminate()
        process.wait()
        raise
    show_progress("")
    if process.wait() == 0:
        say(f"Ready after {time.monotonic() - started:.0f} s.")
        return
    output = "".join(lines)
    print(output, file=sys.stderr)
    if any(sign in output for sign in OFFLINE_SIGNS):
        raise CannotGoOn(
            "the package index cannot be reached: connect to the internet (behind a proxy, "
            "set HTTPS_PROXY), then run this command again."
        )
    raise CannotGoOn("pip could not install the packages; its own words stand above.")


def works(command: "list[str]") -> bool:
    """Run a command silently and tell whether it succeeded."""
    silent = subprocess.DEVNULL
    try:
        return subprocess.call(command, stdin=silent, stdout=silent, stderr=silent) == 0
    except OSError:
        return False


def become(command: "list[str]") -> int:
    """Run the program in our place: its exit status and its Ctrl-C are its own."""
    os.chdir(str(ROOT))
    if not WINDOWS:
        os.execv(command[0], command)
    # Windows has no exec: wait, and leave Ctrl-C to the program, which hears it too.
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.call(command)


def say(words: str) -> None:
    """Print a line at once."""
    print(words, flush=True)


def show_progress(line: str) -> None:
    """Show what pip is at in the terminal's last line; an empty one clears it."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        words = " ".join(line.split()[:2])[:width]
        print(f"\r{' ' * width}\r{words}", end="", flush=True)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - run.py itself may be started by any Python
        sys.exit(
            "run.py: this needs Python 3.11 or newer, and this one is "
            f"{sys.version_info[0]}.{sys.version_info[1]}: install a newer one and start run.py "
            "with it, for example: python3.12 run.py demo"
        )
    sys.exit(main(sys.argv[1:]))
