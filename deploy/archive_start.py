"""The first program of ``certrelay.pyz``: unpacks what it carries once, and starts it.

Compiled libraries cannot be loaded from inside an archive.  So the packages are unpacked into a
private folder of the system's cache, as an environment of their own, whose Python then runs the
program: every process that this one starts finds the same packages, and no variable leads
other programs to them.  Only the standard library is used, and only syntax that an older
Python can read, so that it can say what is wrong.
"""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile

ARCHIVE = os.path.dirname(os.path.abspath(__file__))
WINDOWS = os.name == "nt"
UNUSED_S = 30 * 24 * 3600
"""Seconds after which what another release has unpacked is taken away."""


class CannotGoOn(Exception):
    """A reason, and what to do about it, in Korean and in English."""


def main(arguments: "list[str]") -> int:
    """Start the program; its exit status is ours."""
    try:
        python = unpacked(about())
    except CannotGoOn as problem:
        tell(str(problem))
        return 1
    except OSError as problem:
        tell(f"압축을 풀 수 없습니다. Cannot unpack: {problem}")
        return 1
    module = "client_pc"
    if arguments[:1] == ["--icon"]:
        module, arguments = "client_pc.icon", arguments[1:]
    environment = dict(os.environ)
    environment["CERTRELAY_ARCHIVE"] = ARCHIVE
    environment["CERTRELAY_ARCHIVE_PYTHON"] = sys.executable
    return become([python, "-P", "-m", module] + arguments, environment)  # noqa: RUF005 - old Pythons


def about() -> "dict[str, str]":
    """Read what the archive is made for, and refuse anything else."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        made: dict[str, str] = json.loads(archive.read("about.json").decode())
    here = kind()
    if made["kind"] != here:
        raise CannotGoOn(
            f"이 파일은 다른 Python이나 운영체제용입니다. 이 파일: {made['kind']}, 이 PC: {here}. "
            "README에 있는 다른 설치 방법을 쓰세요.\n"
            f"This file is for another Python or system. It: {made['kind']}, here: {here}. "
            "Use another way to install from the README."
        )
    return made


def kind() -> str:
    """What compiled libraries depend on, in one line."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX") or sys.platform
    name = f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"
    return f"{name} {platform.machine()} {suffix}"


def unpacked(made: "dict[str, str]") -> str:
    """Give the Python of the unpacked packages; unpack them if nobody has."""
    cache = private_folder()
    folder = os.path.join(cache, made["id"])
    python = python_of(folder)
    if not os.path.exists(python):
        shutil.rmtree(folder, ignore_errors=True)  # its Python is gone
        part = tempfile.mkdtemp(dir=cache, prefix="part-")
        try:
            fill(part)
            os.rename(part, folder)
        except OSError:
            # Another start may have been faster, with the same files.
            if not os.path.exists(python):
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    os.utime(folder)
    clean(cache, made["id"])
    return python


def fill(folder: str) -> None:
    """Make an environment and put the packages into it."""
    import venv

    venv.EnvBuilder(with_pip=False, symlinks=not WINDOWS).create(folder)
    site = sysconfig.get_path("purelib", "venv", {"base": folder})
    with zipfile.ZipFile(ARCHIVE) as archive:
        names = [name for name in archive.namelist() if name.startswith("site/")]
        archive.extractall(folder, names)
    for name in os.listdir(os.path.join(folder, "site")):
        shutil.move(os.path.join(folder, "site", name), site)
    os.rmdir(os.path.join(folder, "site"))


def python_of(folder: str) -> str:
    """Its interpreter; without a console if ours has none."""
    own = os.path.basename(sys.executable).lower()
    if WINDOWS:
        return os.path.join(folder, "Scripts", "pythonw.exe" if "pythonw" in own else "python.exe")
    return os.path.join(folder, "bin", "python")


def private_folder() -> str:
    """Our folder in the system's cache, which nobody else may write."""
    home = os.path.expanduser("~")
    if WINDOWS:
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        base = base if base.startswith("/") else os.path.join(home, ".cache")
    folder = os.path.join(base, "certrelay-archive")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if sys.platform != "win32":
        status = os.stat(folder)
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise CannotGoOn(
                f"다른 사용자가 쓸 수 있는 폴더입니다: {folder}\n"
                f"Somebody else may write into this folder: {folder}"
            )
    return folder


def clean(cache: str, own: str) -> None:
    """Take away what other releases have unpacked and nobody has started for long."""
    for name in os.listdir(cache):
        folder = os.path.join(cache, name)
        try:
            if name != own and time.time() - os.stat(folder).st_mtime > UNUSED_S:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            pass  # somebody else has been faster


def become(command: "list[str]", environment: "dict[str, str]") -> int:
    """Run the program in our place: its exit status and its Ctrl-C are its own."""
    if not WINDOWS:
        os.execve(command[0], command, environment)
    # Windows has no exec: wait, and leave Ctrl-C to the program, which hears it too.
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.call(command, env=environment)


def tell(words: str) -> None:
    """Say it where somebody may see it."""
    if sys.stderr is not None:
        sys.stderr.write(f"certrelay.pyz: {words}\n")
    elif WINDOWS:
        import ctypes

        getattr(ctypes, "windll").user32.MessageBoxW(None, words, "certrelay", 0x10)  # noqa: B009


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - any Python may be given the archive
        tell(
            "Python 3.11 이상이 필요합니다. Python 3.11 or newer is needed; this one is "
            f"{sys.version_info[0]}.{sys.version_info[1]}."
        )
        sys.exit(1)
    sys.exit(main(sys.argv[1:]))
