"""The pytest plugin behind ``python -m tests.attacks``: which tests prove which rows.

``--attack N`` runs the tests of these rows only; ``--attacks-json FILE`` writes what became
of each marked test, of a whole run of the suite as well.
"""

import json
from pathlib import Path

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
    """Notes what became of each marked test."""

    def __init__(self, rows: list[int], target: Path | None) -> None:
        self._wanted = frozenset(rows)
        self._target = target
        self.proofs: Proofs = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        for item in items:
            for row in rows_of(item):
                self.proofs.setdefault(row, {})[item.nodeid] = "not run"
        if self._wanted:
            kept = [item for item in items if self._wanted & set(rows_of(item))]
            config.hook.pytest_deselected(items=[item for item in items if item not in kept])
            items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        worse = report.outcome != "passed"
        if report.when == "call" or worse:
            for tests in self.proofs.values():
                if report.nodeid in tests and tests[report.nodeid] != "failed":
                    tests[report.nodeid] = report.outcome

    def pytest_sessionfinish(self) -> None:
        if self._target is not None:
            ordered = {str(row): self.proofs[row] for row in sorted(self.proofs)}
            self._target.write_text(json.dumps(ordered, indent=1), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--attack") or config.getoption("--attacks-json"):
        ledger = Ledger(config.getoption("--attack"), config.getoption("--attacks-json"))
        config.pluginmanager.register(ledger, "attacks-ledger")


def read(source: Path) -> Proofs:
    """Read what ``--attacks-json`` wrote."""
    raw: dict[str, dict[str, str]] = json.loads(source.read_text("utf-8"))
    return {int(row): tests for row, tests in raw.items()}
