"""The contract of --json: the page is made from the code, and the code tells nothing else."""

import ast
import json
import re

from certrelay.client.json_events import EVENTS, schema, violations
from tests.sources import ROOT

STARTS_PROGRAMS = re.compile(r"subprocess|Popen|Process\(|\bin_shell\(")
PASSED_OVER = {
    "flows/test_streams.py": "looks at statuses alone",
    "flows/test_interrupts.py": "looks at statuses alone",
    "client_pc/test_commands.py": "reads events of its own process",
    "test_copy_path.py": "looks at the modules that are loaded",
    "web_phone/test_screens.py": "looks at pictures",
    "relay/test_usage.py": "the relay's own table",
    "relay/test_admin.py": "the relay's own answers",
    "deploy/test_archive.py": "a program of its own that is no certrelay",
    "test_commands_page.py": "looks at the options",
    "client/test_json_events.py": "this file",
}
"""Files that start programs with --json and read no event of theirs."""

PAGE = ROOT / "docs" / "events.schema.json"
SHELLS = ("client_pc", "client_mobile_sim", "certrelay/client")


def told() -> dict[str, set[str]]:
    """The events of the source, each with the fields that are written beside it."""
    found: dict[str, set[str]] = {}
    for shell in SHELLS:
        for path in (ROOT / shell).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                    continue
                name = node.args[0] if node.args else None
                is_event = node.func.attr == "event" or (
                    node.func.attr == "say" and len(node.args) > 1
                )
                if is_event and isinstance(name, ast.Constant) and isinstance(name.value, str):
                    fields = {keyword.arg for keyword in node.keywords if keyword.arg}
                    found.setdefault(name.value, set()).update(fields)
    return found


def test_the_page_is_made_from_the_code() -> None:
    assert json.loads(PAGE.read_text("utf-8")) == schema()


def test_every_event_of_the_source_is_in_the_contract() -> None:
    assert set(told()) - set(EVENTS) == set()


def test_what_breaks_the_contract_is_seen() -> None:
    assert violations({"event": "progress", "done": 1, "total": 2, "more": "x"}) == []
    assert violations({"event": "progress", "done": 1}) == ["progress lacks total"]
    assert violations({"event": "progress", "done": "1", "total": 2}) == ["progress.done is str"]
    assert violations({"event": "progress", "done": True, "total": 2}) == ["progress.done is bool"]
    assert violations({"event": "frobnicated"}) != []


def test_whoever_reads_a_programs_events_holds_them_to_the_contract() -> None:
    readers = set()
    for path in (ROOT / "tests").rglob("*.py"):
        source = path.read_text("utf-8")
        reads = '"--json"' in source and "json.loads" in source
        if reads and STARTS_PROGRAMS.search(source):
            name = path.relative_to(ROOT / "tests").as_posix()
            if "from tests.contract import" not in source and "violations(" not in source:
                readers.add(name)
    assert readers - set(PASSED_OVER) == set()
