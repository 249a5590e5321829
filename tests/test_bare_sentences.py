"""No sentence that a person reads stands in the code: all come from the two catalogues."""

import ast
import re

from tests import sources

ROOMS = (
    "client_pc/",
    "client_mobile_sim/",
    "certrelay/client/flow/",
    "certrelay/client/terminal/",
    "relay/__main__",
    "relay/serve",
)
TELLING = frozenset(
    {
        *("event", "result", "ask", "Ask", "say", "_say", "_move", "print", "write"),
        *("caption", "picture", "add_parser", "add_argument", "ArgumentParser", "Parser"),
    }
)
"""Functions whose texts a person gets to see."""

SENTENCE = re.compile(r"[가-힣]|[A-Za-z]{2,}[ ,:]+[a-z]{2,}")


def bare(tree: ast.Module) -> list[tuple[int, str]]:
    """Line and text of each sentence that is given to such a function."""
    found = []
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        if getattr(call.func, "attr", getattr(call.func, "id", "")) not in TELLING:
            continue
        # A text inside a nested call is that call's business.
        nested = {
            id(node)
            for inner in ast.walk(call)
            if isinstance(inner, ast.Call) and inner is not call
            for node in ast.walk(inner)
        }
        found += [
            (node.lineno, node.value)
            for node in ast.walk(call)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in nested
            and SENTENCE.search(node.value)
        ]
    return found


def test_no_story_has_a_bare_sentence() -> None:
    found = [
        f"{name}:{line} {text!r}"
        for path, tree in sources.trees()
        if (name := path.relative_to(sources.ROOT).as_posix()).startswith(ROOMS)
        for line, text in bare(tree)
    ]
    assert found == []


def test_a_bare_sentence_would_be_found() -> None:
    program = 'report.event("x", f"{count} are done")\nreport.result("저장")\n'
    innocent = 'report.event("saved", texts.say("a.b"), path=str(x))\nraise StateError("not so")\n'
    assert [line for line, _ in bare(ast.parse(program))] == [1, 2]
    assert bare(ast.parse(innocent)) == []
