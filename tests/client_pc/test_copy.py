"""What a person is told of the way before the code is shown."""

import io
import json
from typing import Any

import pytest

from certrelay.client.flow.session import Shell
from certrelay.client.terminal.interrupts import Interrupts
from certrelay.client.terminal.json_report import JsonReport
from certrelay.client.terminal.lines import Lines
from certrelay.e2e.qr import Direction
from certrelay.endpoint import events
from certrelay.texts import Texts
from client_pc import embedded
from client_pc.copy import CopyOptions, copy


class Bystander:
    """A handler to whom nothing matters."""

    def on_event(self, _event: events.Event, _session: object) -> None:
        """Let it happen."""


def told(options: CopyOptions) -> list[dict[str, Any]]:
    """Begin a copy that a person stops at once; give what was told."""
    out, interrupts = io.StringIO(), Interrupts()
    lines = Lines(io.StringIO(), interrupts)
    interrupts.ask()
    shell = Shell(JsonReport(Texts("en"), out), lines, lambda low, _high: low)
    try:
        ended = copy(Direction.TO_PC, Bystander, options, shell)
    finally:
        lines._wake.close()
        lines._woken.close()
    assert ended.error is not None
    assert ended.error.code == "interrupted"
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_without_a_network_it_is_said_that_only_this_computer_gets_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedded, "lan_address", lambda: None)
    assert "loopback" in [event["event"] for event in told(CopyOptions())]


def test_who_asked_for_this_computers_own_address_is_not_told_so() -> None:
    assert "loopback" not in [event["event"] for event in told(CopyOptions(listen="127.0.0.1"))]
