"""JSON as the protocol allows it, for control messages and for sealed bodies alike.

One object; no key twice, no null, no float, no BOM, no lone surrogate, integers from 0 to
2**53-1, at most `MAX_JSON_DEPTH` levels.  Unknown keys are kept: the reader of a message passes
over them.

Source: docs/protocol.md §4.
"""

import json
from typing import Any, NoReturn

from certrelay.limits import MAX_INTEGER, MAX_JSON_DEPTH


class NotStrict(ValueError):
    """The bytes are not an object in strict JSON."""


def parse_object(raw: bytes | str) -> dict[str, Any]:
    """Read one JSON object.

    Args:
        raw: The whole text; the caller has checked its size.

    Raises:
        NotStrict: If any rule above is broken.
    """
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        text.encode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object_without_duplicates,
            parse_int=_integer,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
        _check_values(value, 0)
    except (ValueError, RecursionError):  # json itself may run out of stack
        raise NotStrict("not strict JSON") from None
    if not isinstance(value, dict):
        raise NotStrict("not an object")
    return value


def write_object(fields: dict[str, Any]) -> str:
    """Write ``fields`` as JSON without blanks, in the order given."""
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NotStrict("a key twice")
    return fields


def _integer(digits: str) -> int:
    # The length first: int() of a very long text is slow.  "-0" is refused as negative.
    if digits.startswith("-") or len(digits) > 16 or int(digits) > MAX_INTEGER:
        raise NotStrict("an integer out of range")
    return int(digits)


def _refuse(_token: str) -> NoReturn:
    raise NotStrict("a number that is no integer")


def _check_values(value: Any, depth: int) -> None:
    """Refuse null and lone surrogates, however they were written, and what lies too deep."""
    if depth > MAX_JSON_DEPTH:
        raise NotStrict("too deep")
    match value:
        case None:
            raise NotStrict("null")
        case str():
            _check_text(value)
        case dict():
            for key, inner in value.items():
                _check_text(key)
                _check_values(inner, depth + 1)
        case list():
            for inner in value:
                _check_values(inner, depth + 1)


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotStrict("a lone surrogate") from None
