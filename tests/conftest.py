"""Nothing is left out in silence: a skip is told at the end, and in CI it is a failure."""

import os
import signal
from collections import Counter
from collections.abc import Generator
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

from certrelay.client.terminal.json_report import JsonReport
from tests.attacks.plugin import pytest_addoption, pytest_configure
from tests.contract import write_checked

__all__ = ["pytest_addoption", "pytest_configure"]

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

# A busy machine is slow, and slow is not wrong.
settings.register_profile("certrelay", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("certrelay")


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads the settings, or writes the history, of whoever runs it."""
    os.environ["CERTRELAY_CONFIG"] = ""
    os.environ["CERTRELAY_DATA"] = str(tmp_path_factory.mktemp("data"))


@pytest.fixture(autouse=True)
def _contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every event that is told in a test's own process keeps to the contract of --json."""
    monkeypatch.setattr(JsonReport, "_write", write_checked)


@pytest.fixture(scope="session", autouse=True)
def _programs_hear_their_terminal() -> None:
    """Whoever runs the tests under nohup, or in a script's background, does not hand it on.

    There hang-up and Ctrl-C are ignored, and what is ignored is inherited by a new program; what
    is handled is not.
    """
    for name in ("SIGHUP", "SIGINT"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: most tests wait for a program, a socket or a browser."""
    return 2 * (os.cpu_count() or 1)


IN_CI = os.environ.get("CERTRELAY_CI") == "1"


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return _no_skip_in_ci(report) if not hasattr(report, "wasxfail") else report


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _no_skip_in_ci((yield))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(_reason(report) for report in terminalreporter.getreports("skipped"))
    if reasons:
        listed = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
        terminalreporter.write_line(f"Left out here: {listed}. CI runs them all.", yellow=True)


def _no_skip_in_ci(report: Report) -> Report:
    if IN_CI and report.skipped:
        report.longrepr = f"skipped, and CI must skip nothing: {_reason(report)}"
        report.outcome = "failed"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    # pytest gives a skip as (file, line, "Skipped: why").
    place = report.longrepr
    words = place[2] if isinstance(place, tuple) else str(place)
    return words.removeprefix("Skipped: ")
