"""Changes well-formed bytes into ill-formed ones, the same ones for the same seed.

Plain noise rarely gets past a parser's first length, so the changes know ASN.1: elements are
dropped, doubled, swapped and retyped, and the lengths around them are made right again.
"""

import random

from certrelay.pki import der
from certrelay.pki.der import FAULTS, Element


def mutated(seed: bytes, dice: random.Random) -> bytes:
    """Give one changed form of ``seed``."""
    content = seed
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        content = dice.choice((_byte, _byte, _cut, _inserted, _element, _element, _element))(
            content, dice
        )
    return content


def _byte(content: bytes, dice: random.Random) -> bytes:
    if not content:
        return b"\x30"
    at = dice.randrange(len(content))
    new = dice.choice((0, 1, 0x7F, 0x80, 0xFF, content[at] ^ 1 << dice.randrange(8)))
    return content[:at] + bytes([new]) + content[at + 1 :]


def _cut(content: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(content) + 1)
    return content[:at] if dice.random() < 0.5 else content[:at] + content[at + 1 + at % 7 :]


def _inserted(content: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(content) + 1)
    piece = dice.choice((b"\0", b"\x30\x80", b"\x05\x00", b"\xff" * 9, dice.randbytes(3)))
    return content[:at] + piece + content[at:]


def _element(content: bytes, dice: random.Random) -> bytes:
    """Change one element somewhere in the tree and mend the lengths above it."""
    try:
        root = Element.parse(content)
    except FAULTS:
        return content
    return _changed(root, dice, 0)


def _changed(element: Element, dice: random.Random, depth: int) -> bytes:
    try:
        children = element.children()
    except FAULTS:
        children = []
    if not children and element.tag == der.OCTET_STRING:
        try:  # extensions and bags lie inside octet strings
            inner = Element.parse(element.content)
        except FAULTS:
            pass
        else:
            if dice.random() < 0.8:
                return der.encode(element.tag, _changed(inner, dice, depth + 1))
    if not children or dice.random() < 0.1 + 0.05 * depth:
        return _retyped(element, dice)
    at = dice.randrange(len(children))
    parts = [child.encoded for child in children]
    action = dice.randrange(8)
    if action == 0:
        del parts[at]
    elif action == 1:
        parts.insert(at, parts[at])
    elif action == 2:
        parts.append(parts.pop(at))
    else:
        parts[at] = _changed(children[at], dice, depth + 1)
    return der.encode(element.tag, b"".join(parts))


def _retyped(element: Element, dice: random.Random) -> bytes:
    tag = dice.choice((element.tag, element.tag, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x30, 0xA0))
    edges = (b"", b"\0", b"\xff" * 4, bytes(200), b"\x80", b"\x7f" + b"\xff" * 8)
    content = dice.choice((element.content, _byte(element.content, dice), dice.choice(edges)))
    return der.encode(tag, content)
