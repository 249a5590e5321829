"""Changes texts and short binary messages, the same way for the same seed.

Plain noise ends at the first brace: the changes know the words of the protocol, JSON's own
marks, and numbers at the edges.
"""

import random

WORDS: tuple[bytes, ...] = (
    b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\", b"\\u0000", b"\\ud800", b"\xff",
    b"\xed\xa0\x80",
    b"null", b"true", b"false", b"NaN", b"-1", b"0", b"-0", b"1e3", b"9007199254740991",
    b"9007199254740992", b"1" * 400, b" ", b"\n", b"\t", b"\xef\xbb\xbf", b"\0", b"{}", b"[]",
    b'"type"', b'"create"', b'"created"', b'"join"', b'"paired"', b'"resume"', b'"resumed"',
    b'"leave"', b'"closed"', b'"error"', b'"peer_back"', b'"peer_gone"', b'"second_scan"',
    b'"room"', b'"token"', b'"token_hash"', b'"peer_token_hash"', b'"role"', b'"platform"',
    b'"app_version"', b'"os_version"', b'"expires_in_ms"', b'"reason"', b'"code"', b'"found"',
    b'"items"', b'"kind"', b'"files"', b'"size"', b'"sha256"', b'"total"', b'"npki"', b'"pkcs12"',
    b'"signCert"', b'"signPri"', b'"kmCert"', b'"kmPri"', b'"status"', b'"step"', b'"name"',
    b"G5.0", b"I5.0", b"G99999.99999.99999.99999", b"http://", b"https://", b"#", b"/", b"..", b"@",
    b"?", b"[::1]", b"127.0.0.1", b"0x7f.1", b":443", b":65536", b"xn--", b".", b"-",
    "가".encode(), "１".encode(), "\u202e".encode(), b"\x1b[2J",
)  # fmt: skip


def mutated_text(seed: bytes, dice: random.Random) -> bytes:
    """Give one changed form of ``seed``."""
    content = seed
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        content = dice.choice((_word, _word, _byte, _gone, _doubled, _number, _exchanged))(
            content, dice
        )
    return content


def _word(content: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(content) + 1)
    end = min(len(content), at + dice.choice((0, 0, 1, 4, 12)))
    return content[:at] + dice.choice(WORDS) + content[end:]


def _byte(content: bytes, dice: random.Random) -> bytes:
    if not content:
        return dice.randbytes(1)
    at = dice.randrange(len(content))
    new = dice.choice((0, 0x7F, 0x80, 0xFF, content[at] ^ 1 << dice.randrange(8)))
    return content[:at] + bytes([new]) + content[at + 1 :]


def _gone(content: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(content) + 1)
    return content[:at] + content[at + dice.choice((1, 2, 8, len(content))) :]


def _doubled(content: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(content) + 1)
    end = min(len(content), at + dice.choice((1, 8, 40, 600)))
    return content[:end] + content[at:]


def _number(content: bytes, dice: random.Random) -> bytes:
    digits = [at for at, byte in enumerate(content) if 0x30 <= byte <= 0x39]
    if not digits:
        return content
    at = dice.choice(digits)
    return content[:at] + dice.choice((b"0", b"9", b"", b"00", b"-1", b"1.5")) + content[at + 1 :]


def _exchanged(content: bytes, dice: random.Random) -> bytes:
    parts = content.split(b",")
    dice.shuffle(parts)
    return b",".join(parts)
