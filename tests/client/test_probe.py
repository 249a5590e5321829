"""`certrelay-relay probe`: a whole copy through a relay that is really there."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from certrelay.frozen import replace
from certrelay.testkit.probe import CERTIFICATE_ENDS
from certrelay.wire.release import ReleasePolicy
from relay import journal
from relay.embedded import EMBEDDED, start
from tests.nodes import ROOT
from tests.patience import PATIENCE_S
from tests.redis_server import free_port
from tests.relay.tls import make_certificate


def probe(url: str, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "relay", "probe", url, "--lang", "en", *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("platform", ["android", "web"])
def test_a_whole_copy_goes_through_whatever_phones_the_policy_admits(platform: str) -> None:
    heard: list[tuple[str, journal.Value | None]] = []
    letter = {"android": "G5.0", "web": "W1.0"}[platform]
    policy = ReleasePolicy.from_table({platform: {"app": letter}})

    def hear(event: str, values: Mapping[str, journal.Value]) -> None:
        heard.append((event, values.get("what")))

    journal.listen(hear)
    try:
        with start("127.0.0.1", settings=replace(EMBEDDED, policy=policy)) as relay:
            done = probe(relay.url)
    finally:
        journal.unlisten(hear)
    assert (done.returncode, done.stderr) == (ExitStatus.OK, "")
    assert done.stdout.startswith("A whole copy went through in ")
    assert [event for event, _ in heard if event != "probed"] == []
    assert ("probed", "paired") in heard


def test_the_outcome_is_told_as_figures() -> None:
    with start("127.0.0.1") as relay:
        done = probe(relay.url, "--metrics")
        name = relay.url
    told = dict(line.split(" ") for line in done.stdout.splitlines())
    assert told[f'certrelay_probe_success{{relay="{name}"}}'] == "1"
    assert float(told[f'certrelay_probe_seconds{{relay="{name}"}}']) > 0


def test_a_relay_that_is_not_there_is_told_and_counted() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    done = probe(url, "--metrics")
    assert done.returncode == ExitStatus.UNREACHABLE
    assert f'certrelay_probe_success{{relay="{url}"}} 0' in done.stdout
    assert done.stderr.startswith("certrelay-relay: ")


@pytest.mark.parametrize(("days", "status"), [(20.5, ExitStatus.OK), (-1, ExitStatus.UNREACHABLE)])
def test_the_end_of_the_certificate_is_told_also_where_nobody_believes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: float, status: ExitStatus
) -> None:
    certificate = make_certificate(tmp_path, days=days)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
    with start("127.0.0.1", tls=certificate.files) as relay:
        told = probe(relay.url, "--metrics")
        said = probe(relay.url)
        name = relay.url
    assert (told.returncode, said.returncode) == (status, status)
    figures = dict(line.split(" ") for line in told.stdout.splitlines())
    ends = float(figures[f'{CERTIFICATE_ENDS}{{relay="{name}"}}'])
    assert abs(ends - time.time() - days * 86_400) < PATIENCE_S
    assert ("20 more days" if days > 0 else "The certificate there ended on ") in said.stdout


def test_without_tls_there_is_no_certificate_to_tell_of() -> None:
    with start("127.0.0.1") as relay:
        assert CERTIFICATE_ENDS not in probe(relay.url, "--metrics").stdout
