"""certrelay.pyz: how it unpacks, with a small package inside; .ci/run makes and tries the whole."""

import ast
import json
import os
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest

from deploy import archive
from tests.sources import ROOT

START = ROOT / "deploy" / "archive_start.py"
PROGRAM = """
import json, os, sys
import certrelay_probe
print(json.dumps({
    "argv": sys.argv[1:], "python": sys.executable, "module": __spec__.name,
    "package": certrelay_probe.__file__, "archive": os.environ["CERTRELAY_ARCHIVE"],
    "under": os.environ["CERTRELAY_ARCHIVE_PYTHON"],
}))
"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """An archive whose program tells how it was started."""
    return make(tmp_path / "a.pyz", tmp_path / "content", "one")


def make(target: Path, content: Path, name: str, kind: str | None = None) -> Path:
    package = content / "site" / "client_pc"
    package.mkdir(parents=True, exist_ok=True)
    (content / "site" / "certrelay_probe.py").write_text("")
    for module in ("__init__", "__main__", "icon"):
        (package / f"{module}.py").write_text("" if module == "__init__" else PROGRAM)
    (content / "__main__.py").write_text(START.read_text("utf-8"), "utf-8")
    about = {"id": name, "kind": kind or archive.start_module().kind()}
    (content / "about.json").write_text(json.dumps(about))
    zipapp.create_archive(content, target)
    return target


def start(
    own: Path, *arguments: str, cwd: Path | None = None, **more: str
) -> "subprocess.CompletedProcess[str]":
    home = own.with_name("home")
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, str(own), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONUTF8": "1", **more},
    )


def test_it_starts_the_program_in_an_environment_of_its_own(made: Path, tmp_path: Path) -> None:
    (tmp_path / "certrelay_probe.py").write_text("raise SystemExit('a foreign one')")
    for _ in range(2):
        done = start(made, "list", "--json", cwd=tmp_path)
        assert done.stderr == ""
        told = json.loads(done.stdout)
        assert told["argv"] == ["list", "--json"]
        assert told["module"] == "client_pc.__main__"
        cache = tmp_path / "home" / ".cache" / "certrelay-archive"
        assert Path(told["package"]).is_relative_to(cache / "one")
        assert Path(told["python"]).is_relative_to(cache / "one"), "what it starts finds them too"
        assert (told["archive"], told["under"]) == (str(made), sys.executable)
        assert [path.name for path in cache.iterdir()] == ["one"]
    assert cache.stat().st_mode & 0o777 == 0o700


def test_an_icon_leads_to_the_icons_door(made: Path) -> None:
    told = json.loads(start(made, "--icon", "x").stdout)
    assert (told["module"], told["argv"]) == ("client_pc.icon", ["x"])


def test_another_python_or_system_is_refused_with_both_names(tmp_path: Path) -> None:
    own = make(tmp_path / "a.pyz", tmp_path / "content", "one", "cpython 3.99 mips .so")
    done = start(own, "list")
    assert done.returncode == 1
    assert "cpython 3.99 mips .so" in done.stderr
    assert archive.start_module().kind() in done.stderr
    assert "README" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_older_python_can_read_it_to_the_sentence_that_refuses_it() -> None:
    ast.parse(START.read_text("utf-8"), feature_version=(3, 7))


def test_starts_at_the_same_time_share_one_environment(made: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}
    running = [
        subprocess.Popen([sys.executable, str(made)], stdout=subprocess.DEVNULL, env=own)
        for _ in range(4)
    ]
    assert [each.wait(timeout=120) for each in running] == [0] * 4
    assert len(list((tmp_path / "home/.cache/certrelay-archive").iterdir())) == 1


def test_an_environment_whose_python_is_gone_is_made_anew(made: Path, tmp_path: Path) -> None:
    start(made)
    python = tmp_path / "home/.cache/certrelay-archive/one/bin/python"
    python.unlink()
    python.symlink_to("/no/such/python")
    assert start(made).returncode == 0
    assert python.exists()


def test_only_what_nobody_has_started_for_long_is_taken_away(made: Path, tmp_path: Path) -> None:
    cache = tmp_path / "home" / ".cache" / "certrelay-archive"
    start(made)
    for name, age in (("old", 40 * 86_400), ("young", 86_400)):
        (cache / name).mkdir()
        then = (cache / "one").stat().st_mtime - age
        os.utime(cache / name, (then, then))
    start(made)
    assert {path.name for path in cache.iterdir()} == {"one", "young"}


def test_a_folder_that_others_may_write_is_refused(made: Path, tmp_path: Path) -> None:
    cache = tmp_path / "home" / ".cache" / "certrelay-archive"
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    done = start(made)
    assert done.returncode == 1
    assert str(cache) in done.stderr


def test_a_cache_that_cannot_be_written_is_said(made: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".cache").write_text("a file")
    done = start(made)
    assert done.returncode == 1
    assert "Cannot unpack" in done.stderr
    assert "Traceback" not in done.stderr
