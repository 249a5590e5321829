"""deploy/alerts.yml and dashboard.json: tried by promtool, explained, and of real figures."""

import json
import re
import subprocess
from pathlib import Path

from tests.component import program
from tests.deploy.fronts import DEPLOY, free_port
from tests.nodes import ROOT, nodes
from tests.redis_server import redis_server
from tests.relay.test_operating import get
from tests.relay.tls import make_certificate

ALERTS = (DEPLOY / "alerts.yml").read_text("utf-8")
RULES = ROOT / "tests" / "deploy" / "alerts_test.yml"
DASHBOARD = (DEPLOY / "dashboard.json").read_text("utf-8")
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
NAMES = re.findall(r"^ +- alert: (\w+)$", ALERTS, re.M)


def promtool(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [program("promtool"), *words], check=False, capture_output=True, text=True
    )


def test_every_alarm_fires_where_it_should_and_no_other() -> None:
    done = promtool("test", "rules", RULES)
    assert done.returncode == 0, done.stdout + done.stderr
    tried = RULES.read_text("utf-8")
    assert [name for name in NAMES if name not in tried] == []


def test_a_rule_that_is_wrong_is_found(tmp_path: Path) -> None:
    """A copy with another threshold: else the test above would prove nothing."""
    broken = ALERTS.replace("certrelay_connections_limit > 0.8", "certrelay_connections_limit > 8")
    assert broken != ALERTS
    (tmp_path / "alerts.yml").write_text(broken)
    rules = RULES.read_text("utf-8").replace("../../deploy/alerts.yml", "alerts.yml")
    (tmp_path / "test.yml").write_text(rules)
    assert promtool("test", "rules", tmp_path / "test.yml").returncode != 0


def test_every_alarm_has_its_place_in_the_runbook_with_three_commands() -> None:
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", RUNBOOK, re.M | re.S))
    assert [name for name in NAMES if name not in sections] == []
    assert set(NAMES) == set(sections), "and no section is about an alarm that is gone"
    for name in NAMES:
        commands = re.search(r"^```\n(.*?)^```", sections[name], re.M | re.S)
        assert commands is not None, name
        assert len(commands[1].strip().splitlines()) == 3, name
        assert f"docs/runbook.md#{name.lower()}" in ALERTS


def test_all_figures_of_alarms_and_dashboard_are_there(tmp_path: Path) -> None:
    operator = free_port()
    certificate = make_certificate(tmp_path)
    policy = tmp_path / "policy.toml"
    policy.write_text('[android]\napp = "G5.0"\n')
    told = ("--policy", policy, "--operate", f"127.0.0.1:{operator}")
    tls = ("--tls-cert", certificate.chain, "--tls-key", certificate.key)
    with redis_server() as server, nodes(1, *told, *tls, "--redis", server.url):
        _, text = get(operator, "/metrics")
    queries = "\n".join(json.dumps(panel["targets"]) for panel in json.loads(DASHBOARD)["panels"])
    wanted = set(re.findall(r"(?:certrelay|process)_\w+", ALERTS + queries))
    wanted = {name for name in wanted if not name.startswith("certrelay_probe")}
    found = set(re.findall(r"^(\w+)", text, re.M))
    assert len(wanted) > 15
    assert wanted - found == set()
