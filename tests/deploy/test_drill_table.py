"""docs/drill.md: every incident has a test that is there, every alarm an incident or a reason."""

import ast
import re
from pathlib import Path

from tests.deploy.fronts import DEPLOY
from tests.sources import ROOT

TABLE = (ROOT / "docs" / "drill.md").read_text("utf-8")
ROWS = [line for line in TABLE.splitlines() if line.startswith("| ") and "`tests/" in line]
DRILL = [ROOT / "tests" / "deploy" / name for name in ("test_drill.py", "test_drill_files.py")]
ALARMS = set(re.findall(r"^ +- alert: (\w+)$", (DEPLOY / "alerts.yml").read_text("utf-8"), re.M))


def cases_in(path: Path) -> dict[str, str]:
    """The tests of a file, with what each says."""
    text = path.read_text("utf-8")
    return {
        node.name: ast.get_source_segment(text, node) or ""
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def proofs() -> dict[str, set[str]]:
    """The tests that the table names, with the alarms of their rows."""
    found: dict[str, set[str]] = {}
    for row in ROWS:
        (proof,) = re.findall(r"`(tests/[^`]+)`", row)
        found.setdefault(proof, set()).update(re.findall(r"`(Certrelay\w+)`", row))
    return found


def test_every_test_of_the_table_is_there_and_rings_its_alarms() -> None:
    assert len(ROWS) > 20
    for proof, alarms in proofs().items():
        path, _, name = proof.partition("::")
        tests = cases_in(ROOT / path)
        assert name in tests or (not name and tests), proof
        assert [alarm for alarm in sorted(alarms) if alarm not in tests.get(name, "")] == [], proof


def test_no_test_of_the_drill_is_missing_in_the_table() -> None:
    named = {proof.partition("::")[2] for proof in proofs()}
    made = {name for path in DRILL for name in cases_in(path)}
    assert made - named == set()


def test_every_alarm_has_an_incident_or_is_said_to_have_none() -> None:
    incidents = set().union(*proofs().values())
    without = set(re.findall(r"`(Certrelay\w+)`", TABLE.partition("These alarms have")[2]))
    assert ALARMS - incidents == without
    assert incidents - ALARMS == set()
