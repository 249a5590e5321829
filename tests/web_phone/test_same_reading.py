"""What a stranger sends means the same to the page and to the PC, or is refused by both.

Changed messages, codes and files are read by both; a text that one takes and the other
refuses would be a message for one of them only.
"""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from certrelay.e2e import bodies, frame
from certrelay.e2e.hello import Hello
from certrelay.e2e.manifest import Manifest
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import QrCode
from certrelay.errors import CertRelayError, ProtocolError
from certrelay.pki import naming, pbe
from certrelay.pki.certificate import Certificate
from certrelay.strict_json import NotStrict, parse_object
from certrelay.wire import messages
from tests.fuzz.target import kept
from tests.fuzz.targets import TARGETS
from tests.web_phone.node import evaluate

ROUNDS = 600
WHATEVER, EITHER = None, "taken or refused"
"""What the page makes of it is not compared; not even whether it takes it."""

UNKNOWN_TO_BROWSERS = b"xn--"
"""A label that only looks like Punycode: no name server has one, and a browser takes none."""


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def read_from_relay(data: bytes) -> object:
    message = messages.decode_from_relay(text(data))
    if isinstance(message, messages.Created):
        raise ProtocolError("bad_message")  # the page never is the one that creates
    return json.loads(messages.encode(message))["type"]


def read_body(data: bytes) -> object:
    bodies.decode(data[0], data[1:])
    return WHATEVER


def read_manifest(data: bytes) -> object:
    found = Manifest.parse(data)
    return [[file.size, file.sha256.hex()] for item in found.items for file in item.files]


def read_payload(data: bytes) -> object:
    return frame.unpad(data[0], data[1:].ljust(1024, b"\0")).hex()


def read_certificate(data: bytes) -> object:
    found = Certificate.parse(data)
    if found.faults:
        return EITHER  # each reads of a broken one what it can
    return [naming.written(found.subject_rdns), naming.written(found.issuer_rdns)]


def read_key_file(data: bytes) -> object:
    pbe.parse(data)
    return WHATEVER


READERS: dict[str, tuple[str, str, Callable[[bytes], object]]] = {
    "control_from_relay": (
        "core/messages.js",
        "m.decodeFromRelay(text(raw)).type",
        read_from_relay,
    ),
    "strict_json": ("core/strict_json.js", "m.parseObject(raw)", parse_object),
    "qr": (
        "core/qr.js",
        "hex(m.parseQr(text(raw)).info)",
        lambda data: QrCode.from_url(text(data)).info.hex(),
    ),
    "origin": (
        "core/origin.js",
        "m.parseOrigin(text(raw)).text",
        lambda data: Origin.parse(text(data)).text,
    ),
    "hello": (
        "core/hello.js",
        "m.readHello(raw, false).name",
        lambda data: Hello.from_bytes(data, with_token=False).name,
    ),
    "manifest": (
        "core/manifest.js",
        "m.readManifest(raw).items.flatMap((i) => i.files.map((f) => [f.size, f.sha256]))",
        read_manifest,
    ),
    "body": ("core/bodies.js", "m.decodeBody(raw[0], raw.slice(1)) && null", read_body),
    "payload": (
        "core/frame.js",
        "hex(m.unpad(raw[0], bytes(hex(raw.slice(1)).padEnd(2048, '0'))))",
        read_payload,
    ),
    "name": (
        "pki/naming.js",
        "m.component(text(raw), 'fallback')",
        lambda data: naming.component(text(data), "fallback"),
    ),
    "certificate": (
        "pki/certificate.js",
        "(({subject, issuer}) => [n.written(subject), n.written(issuer)])(m.parseCertificate(raw))",
        read_certificate,
    ),
    "key_file": ("pki/pbe.js", "m.parseKeyFile(raw) && null", read_key_file),
}
"""A fuzzing target's inputs, the page's module, its reader and Python's."""


def verdict(read: Callable[[bytes], object], data: bytes) -> Any:
    try:
        return ["taken", read(data)]
    except (CertRelayError, NotStrict):
        return ["refused"]


@pytest.mark.attack(44)
@pytest.mark.parametrize("name", READERS)
def test_page_and_pc_read_the_same(name: str) -> None:
    compare(name, ROUNDS, 1)


def compare(name: str, rounds: int, seed: int) -> None:
    """Let both read so many changed inputs; the seed tells which."""
    module, expression, read = READERS[name]
    target, dice = TARGETS[name], random.Random(seed)
    seeds = [each for each in (*target.seeds, *kept(name)) if each]
    inputs = [*seeds, *(target.change(dice.choice(seeds), dice) for _ in range(rounds))]
    inputs = [each for each in inputs if each and len(each) <= 4096]
    inputs = [each for each in inputs if UNKNOWN_TO_BROWSERS not in each]
    expected = [verdict(read, data) for data in inputs]
    found = evaluate(
        {"m": module, "n": "pki/naming.js", "strict": "core/strict_json.js"},
        "data.map((given) => { const raw = bytes(given);"
        "  const text = (b) => new TextDecoder('utf-8', {ignoreBOM: true}).decode(b);"
        f"  try {{ return ['taken', {expression}]; }}"
        "  catch (e) {"
        "    if (e.code === undefined && !(e instanceof strict.NotStrict)) throw e;"
        "    return ['refused']; } })",
        [data.hex() for data in inputs],
    )
    differing = [
        (data, mine, its)
        for data, mine, its in zip(inputs, expected, found, strict=True)
        if mine != its
        and (mine, its[0]) != (["taken", WHATEVER], "taken")
        and mine != ["taken", EITHER]
    ]
    assert not differing, differing[:3]
    assert {"taken", "refused"} == {each[0] for each in found} or name == "name"
