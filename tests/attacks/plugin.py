"""The pytest plugin behind ``python -m tests.attacks``: which tests prove which rows.

``--attack N`` runs the tests of these rows only; ``--attacks-json FILE`` writes what became
of each marked test, of a whole run of the suite as well.
"""

import json
from pathlib import Path
from typing import Any

import pytest

Proofs = dict[int, dict[str, str]]
"""Row to test to outcome: ``passed``, ``failed``, ``skipped`` or ``not run``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("attacks")
    group.addoption("--attack", type=int, action="append", default=[], metavar="ROW")
    group.addoption("--attacks-json", type=Path, metavar="FILE")


def rows_of(item: pytest.Item) -> tuple[int, ...]:
    """The rows that a test is marked with."""
    return tuple(row for mark in item.iter_markers("attack") for row in mark.args)


class Ledger:
    """Note what became of each marked test, also where several workers run them."""

    def __init__(self, rows: list[int], target: Path | None) -> None:
        self._wanted = frozenset(rows)
        self._target = target
        self._rows: dict[str, list[int]] = {}
        self._outcomes: dict[str, str] = {}

    @property
    def proofs(self) -> Proofs:
        """The marked tests by row, with their outcomes."""
        proofs: Proofs = {}
        for test, rows in self._rows.items():
            for row in rows:
                proofs.setdefault(row, {})[test] = self._outcomes.get(test, "not run")
        return proofs

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        self._rows |= {item.nodeid: list(rows) for item in items if (rows := rows_of(item))}
        if self._wanted:
            kept = [item for item in items if self._wanted & set(rows_of(item))]
            config.hook.pytest_deselected(items=[item for item in items if item not in kept])
            items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        worse = report.outcome != "passed"
        if (report.when == "call" or worse) and self._outcomes.get(report.nodeid) != "failed":
            self._outcomes[report.nodeid] = report.outcome

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of pytest-xdist has collected; only workers collect."""
        self._rows |= getattr(node, "workeroutput", {}).get("attack_rows", {})

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["attack_rows"] = self._rows

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        if self._target is not None and not hasattr(config, "workeroutput"):
            proofs = self.proofs
            ordered = {str(row): proofs[row] for row in sorted(proofs)}
            self._target.write_text(json.dumps(ordered, indent=1), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--attack") or config.getoption("--attacks-json"):
        ledger = Ledger(config.getoption("--attack"), config.getoption("--attacks-json"))
        config.pluginmanager.register(ledger, "attacks-ledger")


def read(source: Path) -> Proofs:
    """Read what ``--attacks-json`` wrote."""
    raw: dict[str, dict[str, str]] = json.loads(source.read_text("utf-8"))
    return {int(row): tests for row, tests in raw.items()}
