"""The contract of --json, held to every event that the tests see: in their own process and from
the programs that they start."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from certrelay.client.json_events import violations
from certrelay.client.terminal.json_report import JsonReport
from certrelay.client.terminal.report import plain


def check(events: Iterable[Mapping[str, Any]]) -> None:
    """See that events keep to the contract.

    Raises:
        AssertionError: Says which does not, and how.
    """
    assert [fault for event in events for fault in violations(event)] == []


def checked(line: str) -> dict[str, Any]:
    """Read a line of a program, which must keep to the contract."""
    event: dict[str, Any] = json.loads(line)
    check([event])
    return event


_write = JsonReport._write


def write_checked(report: JsonReport, fields: Mapping[str, Any]) -> None:
    """What tests/conftest.py puts in the place of `JsonReport._write`."""
    check([json.loads(json.dumps(fields, default=plain))])
    _write(report, fields)
