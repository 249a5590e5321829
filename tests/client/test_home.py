"""An account without a home folder: what needs none works, what needs one says so."""

from pathlib import Path

import pytest

from certrelay.client.home import expanded
from certrelay.errors import ExitStatus
from client_pc.cli import main


@pytest.fixture
def _homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a user whom the system does not know, without HOME."""

    def unknown(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", unknown)
    for name in ("CERTRELAY_CONFIG", "CERTRELAY_DATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_homeless")
def test_what_needs_a_home_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--lang", "en"]) == ExitStatus.USAGE
    assert "no home folder" in capsys.readouterr().err


@pytest.mark.usefixtures("_homeless")
@pytest.mark.parametrize("command", [["list"], ["list", "--all-places"], ["config"]])
def test_what_needs_none_works(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--store", str(tmp_path)] if command[0] == "list" else []
    assert main([*command, *options, "--lang", "en"]) == ExitStatus.OK
    told = capsys.readouterr()
    assert "home" not in told.err
    assert ("no home folder" in told.out) is (command == ["config"])


@pytest.mark.usefixtures("_homeless")
def test_a_name_that_nobody_has_stays_as_it_is() -> None:
    assert expanded(Path("~nobody/NPKI")) == Path("~nobody/NPKI")
