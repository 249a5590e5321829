"""Every event that a command tells here keeps to the contract of --json."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from certrelay.client.json_events import violations
from certrelay.client.terminal.report import JsonReport, plain


@pytest.fixture(autouse=True)
def _contract(monkeypatch: pytest.MonkeyPatch) -> None:
    write = JsonReport._write

    def checked(report: JsonReport, fields: Mapping[str, Any]) -> None:
        assert violations(json.loads(json.dumps(fields, default=plain))) == []
        write(report, fields)

    monkeypatch.setattr(JsonReport, "_write", checked)
