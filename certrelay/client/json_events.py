"""The contract of ``--json``: every event with its fields.

One object a line, ``event`` says which.  Within a version fields and events are only added: a
script passes over what it does not know.  None goes, and none gets another type or meaning.
``text`` is the only field with sentences; every other one is data that has no language.  Under
``--interactive`` every event that a person is told has it.  ``path`` and ``fingerprint`` stand in
each event that is about a certificate.
"""

from collections.abc import Mapping
from typing import Any, Final

VERSION: Final = 1

_CERTIFICATE: Final = {
    "fingerprint": "text?",
    "kind": "text",
    "cn": "text?",
    "owner": "text?",
    "issuer": "text?",
    "authority": "text?",
    "serial": "text?",
    "use": "text?",
    "holder": "text?",
    "policy": "text?",
    "not_before": "text?",
    "not_after": "text?",
    "state": "text",
    "verified": "bool?",
}
"""What is known of a certificate; times are ISO 8601 in UTC, the serial is decimal."""

_LISTED: Final = {
    **_CERTIFICATE,
    "path": "text",
    "days_left": "int?",
    "protected": "bool?",
    "same_as": "text?",
    "replaced_by": "object?",
    "error": "text?",
}
_SHOWN: Final = {name: kind for name, kind in _LISTED.items() if name in (*_CERTIFICATE, "path")}
_TRIES: Final = {"tries_left": "int"}

EVENTS: Final[dict[str, dict[str, str]]] = {
    "address": {"address": "text", "interface": "text", "others": "list"},
    "address_wanted": {},
    "answered": {"question": "int"},
    "apps_only": {},
    "as_root": {"path": "text"},
    "ask": {"question": "int", "text": "text"},
    "asking": {"hosts": "list"},
    "browser": {"state": "text"},
    "burnt": {},
    "certificate": _SHOWN,
    "change": {
        "at": "text",
        "change": "text",
        "path": "text",
        "fingerprint": "text?",
        "to": "text?",
    },
    "changed": {"path": "text", "fingerprint": "text?"},
    "check": {
        "check": "text",
        "state": "text",
        "code": "text",
        "remedy": "text?",
        "values": "object",
    },
    "checking": _SHOWN,
    "choose": {"count": "int", "items": "list"},
    "clear_wanted": {"path": "text"},
    "cleared": {"path": "text"},
    "close_unheard": {},
    "code": {"code": "text"},
    "code_refused": {"code": "text", **_TRIES},
    "code_unavailable": {"why": "text"},
    "code_wanted": {},
    "code_withdrawn": {"why": "text"},
    "connection_back": {},
    "connection_lost": {"seconds": "int"},
    "copy": {
        "at": "text",
        "direction": "text",
        "device": "text",
        "platform": "text",
        "error": "text?",
        "items": "list",
    },
    "declined": {},
    "delete_later": {"paths": "list"},
    "delete_rule": {},
    "delete_wanted": {"path": "text", "fingerprint": "text?", "files": "list"},
    "deleted": {"path": "text", "fingerprint": "text?", "forever": "bool"},
    "demo": {"step": "text"},
    "desktop_installed": {"paths": "list", "reminds": "bool"},
    "desktop_removed": {"paths": "list"},
    "done": {},
    "dry_run": {},
    "emptied": {"count": "int", "stores": "list"},
    "empty": {},
    "empty_wanted": {"count": "int"},
    "error": {"code": "text", "text": "text"},
    "expires": {
        **_LISTED,
        "number": "int",
        "renewal": "text",
        "renewal_opens": "text",
        "renew_at": "object",
        "devices": "list",
    },
    "failed": {"path": "text", "code": "text"},
    "file": {"path": "text", "exists": "bool"},
    "finding": {
        "path": "text",
        "fingerprint": "text?",
        "question": "text",
        "answer": "text",
        "reason": "text",
    },
    "found": {"direction": "text", "original": "text"},
    "go_on_wanted": {},
    "history_not_written": {"path": "text"},
    "idn_wanted": {},
    "km_password_wanted": {},
    "leaving": {},
    "looked_in": {"stores": "list"},
    "loopback": {},
    "made": {"cn": "text", "not_after": "text", "path": "text"},
    "made_password": {"password": "text"},
    "nearby": {"addresses": "list"},
    "new_password_wanted": {"rules": "list"},
    "note": {"code": "text"},
    "noticed": {"count": "int"},
    "number": {"number": "text"},
    "number_matched": {},
    "number_unreadable": {},
    "number_wanted": _TRIES,
    "number_wrong": _TRIES,
    "offer": {"items": "list"},
    "opened": _CERTIFICATE,
    "paired": {
        "peer": "text",
        "platform": "text",
        "app": "text",
        "app_version": "text",
        "os_version": "text",
    },
    "password_changed_since": {"cn": "text?", "fingerprint": "text", "devices": "list"},
    "password_wanted": _TRIES,
    "password_wrong": _TRIES,
    "peer_back": {},
    "peer_lost": {"seconds": "int"},
    "peer_step": {"step": "text"},
    "progress": {"done": "int", "total": "int"},
    "qr_file": {"path": "text"},
    "reached": {"address": "text"},
    "receipt": {"items": "list"},
    "renewed": {"reason": "text"},
    "renewed_since": {"cn": "text?", "fingerprint": "text?", "devices": "list"},
    "replaced": {**_LISTED, "number": "int"},
    "restored": {"path": "text", "fingerprint": "text?", "owner": "text"},
    "result": {
        "index": "int",
        "target": "text",
        "path": "text",
        "fingerprint": "text?",
        "status": "text",
        "code": "text?",
        "details": "object",
        "to": "text?",
    },
    "route": {"way": "text", "own": "text", "peer": "text", "original": "text"},
    "save_wanted": {},
    "saved": {"status": "text", "path": "text", "fingerprint": "text?"},
    "scanned": {"direction": "text"},
    "searching": {},
    "second_scan": {},
    "seen_wanted": {},
    "setting_changed": {"key": "text", "value": "text?", "path": "text"},
    "setting": {
        "key": "text",
        "value": "any",
        "variable": "text",
        "origin": "text",
        "choices": "list",
        "range": "list",
    },
    "store": {"path": "text"},
    "style": {"style": "text"},
    "summary": {
        "count": "int",
        "done": "int",
        "skipped": "int",
        "failed": "int",
        "left": "int",
        "dry_run": "bool",
    },
    "trashed": {"path": "text", "fingerprint": "text?", "owner": "text", "deleted_at": "text"},
    "unconfirmed": {},
    "unjudged": {**_LISTED, "number": "int", "code": "text"},
    "unlocked": _CERTIFICATE,
    "unprotected": {},
    "unverified": {},
    "verified": {**_CERTIFICATE, "path": "text", "holds": "bool", "only_expired": "bool"},
    "waiting": {"url": "text", "expires_in_ms": "int"},
    "would_change": {"path": "text", "fingerprint": "text?"},
    "would_save": {"path": "text"},
    "would_send": {"path": "text", "fingerprint": "text?"},
}
"""The fields that each event always has; ``?`` marks one that may be null."""

_TYPES: Final = {
    "text": "string",
    "int": "integer",
    "bool": "boolean",
    "list": "array",
    "object": "object",
}


def schema() -> dict[str, Any]:
    """The contract as a JSON Schema of one line.

    Source: JSON Schema, draft 2020-12.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A line of certrelay --json, version {VERSION}",
        "oneOf": [_event_schema(name, fields) for name, fields in sorted(EVENTS.items())],
    }


def _event_schema(name: str, fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": name,
        "type": "object",
        "properties": {
            "event": {"const": name},
            **{field: _type_schema(kind) for field, kind in fields.items()},
        },
        "required": ["event", *fields],
    }


def _type_schema(kind: str) -> dict[str, Any]:
    if kind == "any":
        return {}
    name = _TYPES[kind.removesuffix("?")]
    return {"type": [name, "null"] if kind.endswith("?") else name}


def violations(event: Mapping[str, Any]) -> list[str]:
    """Tell where an event breaks the contract; nothing is wrong with an empty list."""
    fields = EVENTS.get(str(event.get("event")))
    if fields is None:
        return [f"{event.get('event')} is no event of the contract"]
    found = [f"{event['event']} lacks {name}" for name in fields if name not in event]
    found += [
        f"{event['event']}.{name} is {type(event[name]).__name__}"
        for name, kind in fields.items()
        if name in event and not _fits(event[name], kind)
    ]
    return found


def _fits(value: object, kind: str) -> bool:
    if kind == "any" or (value is None and kind.endswith("?")):
        return True
    wanted: dict[str, type] = {"text": str, "int": int, "bool": bool, "list": list, "object": dict}
    return type(value) is wanted[kind.removesuffix("?")]
