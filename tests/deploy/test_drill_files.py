"""The drill with files: certificates that have ended, policies that cannot be used, reloads."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from certrelay.wire.messages import Created, Refused
from tests.client.test_probe import probe
from tests.deploy.fronts import Caddy, Front, Nginx
from tests.deploy.standing import Series, Standing, promtools, rings, standing
from tests.deploy.test_drill import node_of
from tests.nodes import readiness
from tests.relay.conftest import Connect
from tests.relay.device import Pair
from tests.relay.tls import Certificate, make_certificate


def reloaded(relay: Standing, section: str) -> str:
    """Carry out a section that reloads; return once that is done."""
    at = len(relay.log.read_text())
    told = relay.carry_out(section)
    relay.logged("reloaded", after=at)
    return told


def outside(url: str) -> tuple[int, Series, str]:
    """Probe from outside as the monitoring does; give its status, its figures, its words."""
    done = probe(url, "--metrics")
    told = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    return done.returncode, promtools(told), done.stderr


def test_a_certificate_of_the_relay_that_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path, days=30)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "fullchain.pem").symlink_to(certificate.chain)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
    tls = ("--tls-cert", certificate.chain, "--tls-key", certificate.key)
    with standing(tmp_path / "a", *tls) as relay:
        before = relay.scrape()
        assert not rings(tmp_path, before, before, "CertrelayCertificateEnds")
        status, good, _ = outside(relay.url)
        assert status == ExitStatus.OK
        assert not rings(tmp_path, good, good, "CertrelayProbeFails")

        make_certificate(tmp_path, days=-1)
        assert "notAfter=" in reloaded(relay, "CertrelayCertificateEnds")
        assert rings(tmp_path, before, relay.scrape(), "CertrelayCertificateEnds")
        status, failed, words = outside(relay.url)
        assert status == ExitStatus.UNREACHABLE
        assert words
        assert rings(tmp_path, failed, failed, "CertrelayProbeFails")
        assert readiness(relay.operator) == (200, "ok"), "the node itself is well"

        make_certificate(tmp_path, days=30)
        reloaded(relay, "CertrelayCertificateEnds")
        assert outside(relay.url)[0] == ExitStatus.OK


@pytest.mark.parametrize("kind", [Nginx, Caddy], ids=lambda kind: kind.name)
def test_a_certificate_of_the_proxy_that_has_ended(
    kind: type[Front], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path, days=-1)
    for variable in ("SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(certificate.chain))
    with behind(kind, tmp_path, certificate) as relay:
        status, failed, _ = outside(relay.url)
        assert status == ExitStatus.UNREACHABLE
        assert rings(tmp_path, failed, failed, "CertrelayProbeFails")
        assert rings(tmp_path, failed, failed, "CertrelayProxyCertificateEnds")
        told = relay.carry_out("CertrelayProbeFails")
        assert "The certificate there ended on " in told
        assert "expired" in told, "curl says why"
        assert "ok\n" in told, "and the node is well"
        told = relay.carry_out("CertrelayProxyCertificateEnds")
        assert "notAfter=" in told


@pytest.mark.parametrize(("days", "is_told"), [(30, False), (13, True)], ids=["30 days", "13 days"])
def test_a_certificate_of_the_proxy_that_will_end_is_told_before(
    days: int, is_told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path, days=days)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
    with behind(Nginx, tmp_path, certificate) as relay:
        status, seen, _ = outside(relay.url)
        assert status == ExitStatus.OK
        assert rings(tmp_path, seen, seen, "CertrelayProxyCertificateEnds") == is_told
        assert f", {days - 1} more days." in probe(relay.url).stdout


@contextmanager
def behind(kind: type[Front], folder: Path, certificate: Certificate) -> Iterator[Standing]:
    """A node with a proxy in front of it."""
    (folder / kind.name).mkdir()
    relay = Standing(folder / "a", "--trust-proxy", "127.0.0.1")
    front = kind(folder / kind.name, certificate, relay.port)
    relay.stand_behind(front)
    try:
        relay.start()
        front.start()
        yield relay
    finally:
        front.kill()
        relay.stop()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "policy.toml"
    path.write_text('[android]\napp = "G5.0"\n')
    return path


def test_a_reload_with_a_policy_that_is_good_and_one_that_is_not(
    policy: Path, tmp_path: Path, connect_to: Connect
) -> None:
    with standing(tmp_path / "a", "--policy", policy) as relay:
        before = relay.scrape()
        policy.write_text("[service]\nsuspended = true\n")
        assert "policy_info" in reloaded(relay, "CertrelayPoliciesDiffer")
        relay.logged("use_suspended")
        refused = connect_to(node_of(relay))
        refused.say(Pair().create)
        assert refused.hear_all()[0] == Refused("suspended")
        assert not rings(tmp_path, before, relay.scrape(), "CertrelayReloadFailed")

        policy.write_text("[service]\nsuspended = maybe\n")
        relay.send(signal.SIGHUP)
        assert str(policy) in relay.logged("policy_unreadable")
        assert "line 2" in relay.logged("policy_unreadable")
        assert rings(tmp_path, before, relay.scrape(), "CertrelayReloadFailed")
        told = reloaded(relay, "CertrelayReloadFailed")
        assert "policy_unreadable" in told
        refused = connect_to(node_of(relay))
        refused.say(Pair().create)
        assert refused.hear_all()[0] == Refused("suspended"), "what was in force stays"

        policy.write_text("[service]\nsuspended = false\n")
        reloaded(relay, "CertrelayReloadFailed")
        assert not rings(tmp_path, before, relay.scrape(), "CertrelayReloadFailed")
        assert isinstance(connect_to(node_of(relay)).ask(Pair().create), Created)


def test_nodes_with_two_policies(policy: Path, tmp_path: Path) -> None:
    other = tmp_path / "policy.toml"
    other.write_text('[android]\napp = "G6.0"\n')
    with (
        standing(tmp_path / "a", "--policy", policy) as one,
        standing(tmp_path / "b", "--policy", other) as two,
    ):
        differ = one.scrape() | two.scrape("b")
        ten_minutes = "CertrelayPoliciesDiffer"
        assert rings(tmp_path, differ, differ, ten_minutes, minutes=12)
        other.write_bytes(policy.read_bytes())
        assert "policy_info" in reloaded(two, "CertrelayPoliciesDiffer")
        same = one.scrape() | two.scrape("b")
        assert not rings(tmp_path, same, same, ten_minutes, minutes=12)


def test_a_reload_without_a_policy(tmp_path: Path) -> None:
    with standing(tmp_path / "a") as relay:
        relay.send(signal.SIGHUP)
        assert "read=nothing" in relay.logged("reloaded")
        assert readiness(relay.operator) == (200, "ok")
        assert probe(relay.url).returncode == ExitStatus.OK
