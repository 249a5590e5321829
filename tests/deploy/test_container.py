"""deploy/Containerfile: what can be known of it without building it.

CI carries out its steps one by one (`python -m tests.deploy.containerfile replay`).
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from certrelay.texts import Texts
from relay.__main__ import make_parser
from relay.embedded import start
from relay.environment import PREFIX as VARIABLES
from relay.environment import arguments_of
from tests.component import missing
from tests.deploy.containerfile import (
    FILE,
    context,
    environment,
    health_command,
    program,
    rest_of,
    steps,
)
from tests.relay.tls import make_certificate
from tests.sources import ROOT


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        missing("hadolint")
    done = subprocess.run([hadolint, FILE], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_its_environment_is_options_of_the_relay() -> None:
    settings = {name: text for name, text in environment().items() if name.startswith(VARIABLES)}
    assert settings
    words = [*program()[1:], *arguments_of(settings)]
    arguments = make_parser(Texts("en")).parse_args(words)
    assert (arguments.host, str(arguments.port)) == ("0.0.0.0", rest_of("EXPOSE"))


def test_it_runs_as_nobody_in_particular() -> None:
    user, group = rest_of("USER").split(":")
    assert int(user) >= 1000
    assert int(group) >= 1000


def test_every_package_is_installed_by_its_hash_or_from_here() -> None:
    installs = [part for step in steps() for part in step.rest.split("&&") if "pip install" in part]
    assert len(installs) == 3
    for each in installs:
        assert "--require-hashes" in each or "--no-index --no-deps" in each
        locks = re.findall(r"-r (\S+)", each)
        assert all((ROOT / lock).is_file() for lock in locks)


def test_the_build_sees_what_the_wheel_is_made_of_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    seen = context()
    assert {path.partition("/")[0] for path in seen} == {
        *packages,
        *("LICENSE", "README.md", "hatch_build.py", "locks", "pyproject.toml"),
    }
    assert not [path for path in seen if path.startswith("web_phone/tools/")]


@pytest.mark.parametrize("is_there", [True, False], ids=["there", "gone"])
@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_its_health_command_heeds_address_port_and_tls(
    tmp_path: Path, is_there: bool, is_tls: bool, host: str
) -> None:
    tls = make_certificate(tmp_path).files if is_tls else None
    told = {f"{VARIABLES}HOST": host}
    if tls is not None:
        told |= {f"{VARIABLES}TLS_CERT": str(tls[0]), f"{VARIABLES}TLS_KEY": str(tls[1])}
    with start(host, tls=tls) as relay:
        told[f"{VARIABLES}PORT"] = str(relay.port)
        if not is_there:
            relay.stop()
        program, *words = health_command()
        assert program == "certrelay-relay"
        asked = [sys.executable, "-m", "relay", *words]
        done = subprocess.run(
            asked, check=False, capture_output=True, env={**os.environ, **told}, cwd=ROOT
        )
    assert (done.returncode == 0) == is_there, done.stderr
