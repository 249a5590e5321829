"""Malformed messages of every kind, each with a name: what a decoder must refuse.

Long because it is a list: what a decoder must refuse, kind by kind.

    CONTROL_FROM_DEVICE, CONTROL_FROM_RELAY    texts for the relay's channel
    BODIES                                     kind and body of a frame
    MANIFESTS                                  bodies of an OFFER, with the word of the REJECT
    HELLOS                                     what a device may not say of itself
    NAMES                                      texts that act on a terminal or a page

Source: docs/protocol.md §4, §5 and §7.
"""

import json
from typing import Any, Final

from certrelay.e2e.bodies import BodyKind
from certrelay.limits import HELLO_BYTES, MAX_BUNDLE_BYTES, MAX_FILE_BYTES, MAX_ITEMS

_HEX32: Final = "0123456789abcdef" * 4
_HEX16: Final = "0123456789abcdef" * 2

_BAD_JSON: Final = {
    "nothing": "",
    "blank": " ",
    "no object": "[]",
    "a text": '"create"',
    "a number": "17",
    "null": "null",
    "cut off": '{"type":"create"',
    "two objects": "{}{}",
    "no type": "{}",
    "type is a number": '{"type":1}',
    "type is null": '{"type":null}',
    "type is a list": '{"type":["leave"]}',
    "unknown type": '{"type":"open"}',
    "type in capitals": '{"type":"LEAVE"}',
    "a key twice": '{"type":"leave","type":"leave"}',
    "a BOM": "\ufeff" + '{"type":"leave"}',
    "a lone surrogate": '{"type":"leave","x":"\\ud800"}',
    "not a number": '{"type":"leave","x":NaN}',
    "endless": '{"type":"leave","x":Infinity}',
    "a fraction": '{"type":"leave","x":1.5}',
    "an exponent": '{"type":"leave","x":1e3}',
    "a huge integer": '{"type":"leave","x":' + "9" * 400 + "}",
    "one too many": '{"type":"leave","x":9007199254740992}',
    "negative": '{"type":"leave","x":-1}',
    "null inside": '{"type":"leave","x":null}',
    "null deep inside": '{"type":"leave","x":[{"y":null}]}',
    "a control character": '{"type":"leave","x":"\x00"}',
    "deep": '{"type":"leave","x":' + "[" * 490 + "]" * 490 + "}",
    "too long": '{"type":"leave","x":"' + "a" * 1024 + '"}',
    "too long in bytes": '{"type":"leave","x":"' + "가" * 340 + '"}',
    "single quotes": "{'type':'leave'}",
    "a comment": '{"type":"leave"/**/}',
}


def _without(fields: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != key}


def _variants(fields: dict[str, Any]) -> dict[str, str]:
    """A message with each of its fields missing, and of each wrong type."""
    made = {}
    for key, right in fields.items():
        if key == "type":
            continue
        name = f"{fields['type']}: {key}"
        made[f"{name} is missing"] = json.dumps(_without(fields, key))
        wrong: list[Any] = [True, [], {}, None, -1, 1.5]
        wrong.append("1000" if isinstance(right, int) else 1000)
        if isinstance(right, str):
            wrong += ["g" * 64, *([] if key in _FREE else [""])]
        if isinstance(right, str) and len(right) >= 32:
            wrong += [right.upper(), right[2:], f"{right}00"]
        for value in wrong:
            made[f"{name} is {value!r}"] = json.dumps({**fields, key: value})
    return made


_FREE: Final = ("platform", "app_version", "os_version")
"""Any text of up to 32 characters: whether it is a version is the policy's business."""

CONTROL_FROM_DEVICE: Final[dict[str, str]] = {
    **_BAD_JSON,
    **_variants({"type": "create", "room": _HEX32, "token_hash": _HEX32}),
    "create: a bad hash of the other end": json.dumps(
        {"type": "create", "room": _HEX32, "token_hash": _HEX32, "peer_token_hash": "00"}
    ),
    **_variants(
        {
            "type": "join",
            "join": _HEX16,
            "token_hash": _HEX32,
            "platform": "android",
            "app_version": "G5.0",
            "os_version": "14",
        }
    ),
    "join: platform is too long": json.dumps(
        {
            "type": "join",
            "join": _HEX16,
            "token_hash": _HEX32,
            "platform": "a" * 33,
            "app_version": "G5.0",
            "os_version": "14",
        }
    ),
    **_variants({"type": "resume", "room": _HEX32, "role": "g", "token": _HEX16}),
    "resume: an unknown role": json.dumps(
        {"type": "resume", "room": _HEX32, "role": "G", "token": _HEX16}
    ),
    "a word of the relay": '{"type":"paired","expires_in_ms":1}',
}
"""What a relay must answer with ``bad_message``."""

CONTROL_FROM_RELAY: Final[dict[str, str]] = {
    **_BAD_JSON,
    "a word of a device": '{"type":"leave"}',
    **_variants({"type": "created", "expires_in_ms": 1000}),
    **_variants({"type": "paired", "expires_in_ms": 1000}),
    **_variants({"type": "resumed", "peer": "here", "expires_in_ms": 1000}),
    "resumed: an unknown peer": '{"type":"resumed","peer":"near","expires_in_ms":1}',
    "closed: no reason": '{"type":"closed"}',
    "closed: a text of its own": '{"type":"closed","reason":"Call 02-123-4567"}',
    "error: no code": '{"type":"error"}',
    "error: a text of its own": '{"type":"error","code":"visit https://evil.example/"}',
    "error: a version that is none": (
        '{"type":"error","code":"version_too_low","found":"https://evil.example/"}'
    ),
    "error: markup as a version": (
        '{"type":"error","code":"version_too_low","needed":"<b>G5.0</b>"}'
    ),
    "error: a wait in words": '{"type":"error","code":"rate_limited","retry_in_ms":"soon"}',
}
"""What a device must refuse, with ``protocol``."""

_WORD_KINDS: Final = {
    BodyKind.REJECT: "reason",
    BodyKind.CLOSE: "reason",
    BodyKind.PROGRESS: "step",
}

BODIES: Final[dict[str, tuple[int, bytes]]] = {
    **{f"unknown kind {kind}": (kind, b"{}") for kind in (0, 9, 16, 127, 255)},
    **{
        f"{BodyKind(kind).name}: {name}": (kind, body)
        for kind in (
            BodyKind.ACCEPT,
            BodyKind.REJECT,
            BodyKind.RECEIPT,
            BodyKind.CLOSE,
            BodyKind.PROGRESS,
        )
        for name, body in {
            "empty": b"",
            "not UTF-8": b'{"reason":"\xff"}',
            "no object": b"[]",
            "a key twice": b'{"reason":"done","reason":"done","step":"asking"}',
            "null": b'{"reason":null,"step":null,"items":null}',
            "deep": b'{"x":' + b"[" * 400 + b"]" * 400 + b"}",
            "a huge integer": b'{"x":' + b"9" * 900 + b"}",
        }.items()
    },
    **{
        f"{kind.name}: {name}": (kind, f'{{"{key}":{value}}}'.encode())
        for kind, key in _WORD_KINDS.items()
        for name, value in {"a number": "1", "a list": "[]", "an object": "{}"}.items()
    },
    "REJECT: no reason": (BodyKind.REJECT, b"{}"),
    "CLOSE: no reason": (BodyKind.CLOSE, b"{}"),
    "PROGRESS: no step": (BodyKind.PROGRESS, b"{}"),
    "RECEIPT: no items": (BodyKind.RECEIPT, b"{}"),
    "RECEIPT: items are words": (BodyKind.RECEIPT, b'{"items":["stored"]}'),
    "RECEIPT: no status": (BodyKind.RECEIPT, b'{"items":[{}]}'),
    "RECEIPT: a reason that is no text": (
        BodyKind.RECEIPT,
        b'{"items":[{"status":"stored","reason":1}]}',
    ),
    "CHUNK: empty": (BodyKind.CHUNK, b""),
    "CHUNK: no data": (BodyKind.CHUNK, bytes(4)),
    "CHUNK: half an offset": (BodyKind.CHUNK, b"\0\0"),
    "CHUNK: one byte too many": (BodyKind.CHUNK, bytes(4 + 16_385)),
    "END: empty": (BodyKind.END, b""),
    "END: half a digest": (BodyKind.END, bytes(16)),
    "END: a byte too many": (BodyKind.END, bytes(33)),
}
"""Kind and body of frames that end a session with CLOSE protocol, whoever gets them."""


def _entry(role: str, size: Any = 100, sha256: Any = "00" * 32) -> dict[str, Any]:
    return {"role": role, "size": size, "sha256": sha256}


def _manifest(items: Any, total: Any = None, **more: Any) -> bytes:
    if total is None:
        total = sum(file["size"] for item in items for file in item["files"])
    return json.dumps({"items": items, "total": total, **more}).encode()


def _npki(*files: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "npki", "files": list(files)}


_PAIR: Final = _npki(_entry("signCert"), _entry("signPri"))
_BIG: Final = {"kind": "pkcs12", "files": [_entry("pkcs12", MAX_FILE_BYTES)]}

MANIFESTS: Final[dict[str, tuple[bytes, str]]] = {
    "nothing": (b"", "bad_manifest"),
    "no object": (b"[]", "bad_manifest"),
    "no items": (b'{"total":0}', "bad_manifest"),
    "empty items": (_manifest([], 0), "bad_manifest"),
    "items in words": (_manifest(["npki"], 0), "bad_manifest"),
    "no total": (json.dumps({"items": [_PAIR]}).encode(), "bad_manifest"),
    "total too small": (_manifest([_PAIR], 1), "bad_manifest"),
    "total true": (_manifest([_PAIR], True), "bad_manifest"),
    "a key twice": (b'{"items":[],"items":[],"total":0}', "bad_manifest"),
    "an unknown kind": (_manifest([{"kind": "zip", "files": [_entry("zip")]}]), "bad_manifest"),
    "a path as a role": (
        _manifest([_npki(_entry("../../etc/passwd"), _entry("signPri"))]),
        "bad_manifest",
    ),
    "no key": (_manifest([_npki(_entry("signCert"))]), "bad_manifest"),
    "half a km pair": (
        _manifest([_npki(_entry("signCert"), _entry("signPri"), _entry("kmCert"))]),
        "bad_manifest",
    ),
    "a role twice": (
        _manifest([_npki(_entry("signCert"), _entry("signCert"), _entry("signPri"))]),
        "bad_manifest",
    ),
    "an empty file": (_manifest([_npki(_entry("signCert", 0), _entry("signPri"))]), "bad_manifest"),
    "a negative size": (
        _manifest([_npki(_entry("signCert", -1), _entry("signPri"))]),
        "bad_manifest",
    ),
    "a size in words": (
        _manifest([_npki(_entry("signCert", "1"), _entry("signPri"))], 101),
        "bad_manifest",
    ),
    "a short digest": (
        _manifest([_npki(_entry("signCert", sha256="00"), _entry("signPri"))]),
        "bad_manifest",
    ),
    "a digest in capitals": (
        _manifest([_npki(_entry("signCert", sha256="AA" * 32), _entry("signPri"))]),
        "bad_manifest",
    ),
    "a file too large": (
        _manifest([_npki(_entry("signCert", MAX_FILE_BYTES + 1), _entry("signPri"))]),
        "too_large",
    ),
    "a file of 8 PiB": (
        _manifest([_npki(_entry("signCert", 2**53 - 201), _entry("signPri"))]),
        "too_large",
    ),
    "too many items": (_manifest([_PAIR] * (MAX_ITEMS + 1)), "too_large"),
    "too much in all": (
        _manifest([_BIG] * (MAX_BUNDLE_BYTES // MAX_FILE_BYTES + 1)),
        "too_large",
    ),
}
"""OFFER bodies that are answered by REJECT with this reason, before a byte is taken."""

NAMES: Final[dict[str, str]] = {
    "clears the screen": "\x1b[2J\x1b[H홍길동",
    "sets the title": "\x1b]0;owned\x07",
    "fills the clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "is a link": "\x1b]8;;https://evil.example/\x1b\\홍길동\x1b]8;;\x1b\\",
    "speaks C1": "\x9b2J\x9d0;owned\x9c",
    "turns the direction": "\u202egnp.exe",
    "isolates": "\u2066\u2067\u2069",
    "hides": "홍\u200b길\u200d동\u2060\ufeff",
    "breaks the line": "홍길동\r\n저장하시겠습니까? y",
    "backspaces": "홍길동\x08\x08\x08\x08\x08\x08",
    "rings": "\x07" * 20,
    "is markup": "<img src=x onerror=alert(1)>",
    "is a format": "%s%n{0}{name}$(id)`id`",
    "is long": "가" * 4000,
}
"""Texts of a certificate or a device that must never act on what shows them."""

_HELLO: Final = {
    "name": "Phone",
    "platform": "android",
    "app": "test",
    "app_version": "G5.0",
    "os_version": "14",
    "token_hash": "00" * 32,
}


def _hello(**changes: Any) -> bytes:
    fields = {key: value for key, value in {**_HELLO, **changes}.items() if value is not None}
    raw = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    return raw[:HELLO_BYTES].ljust(HELLO_BYTES)


HELLOS: Final[dict[str, bytes]] = {
    "empty": b"",
    "blanks": b" " * HELLO_BYTES,
    "a byte short": _hello()[:-1],
    "a byte long": _hello() + b" ",
    "zeros behind": _hello().rstrip().ljust(HELLO_BYTES, b"\0"),
    "a line feed behind": _hello().rstrip().ljust(HELLO_BYTES, b"\n"),
    "a blank in front": b" " + _hello()[:-1],
    "not UTF-8": _hello().replace(b"Phone", b"\xff\xff\xff\xff\xff"),
    "no token": _hello(token_hash=None),
    "a short token": _hello(token_hash="00"),  # noqa: S106 - malformed on purpose
    "no name": _hello(name=None),
    "an empty name": _hello(name=""),
    "a long name": _hello(name="a" * 65),
    "an unknown platform": _hello(platform="symbian"),
    "an app in capitals": _hello(app="Test"),
    "a release without a letter": _hello(app_version="5.0"),
    "a release with a line feed": _hello(app_version="G5.0\n"),
    "a system with a letter": _hello(os_version="G14"),
    **{
        f"a name that {name}": _hello(name=text)
        for name, text in NAMES.items()
        if name not in ("is markup", "is a format", "is long")
    },
}
"""What G must refuse as S's hello, with ``bad_hello``."""
