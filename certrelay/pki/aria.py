"""The block cipher ARIA, in CBC mode: no maintained Python library has it.

Written for a few kilobytes, not for speed or against a watcher of the processor's cache: it
opens one key on the owner's own machine.  A block takes about 30 µs.

A block is one integer of 128 bits.  Substitution and diffusion of a round are one look-up
per byte: diffusion is linear, so what byte ``v`` at position ``i`` adds to the result is
``S(v)`` at every position that row ``i`` of the matrix names.

Source: RFC 5794; the tests hold its vectors.
"""

from functools import cache
from typing import Final

BLOCK_BYTES: Final = 16
_MASK: Final = (1 << 128) - 1

_CONSTANTS: Final = (
    0x517CC1B727220A94FE13ABE8FA9A6EE0,
    0x6DB14ACC9E21C820FF28B1D5EF5DE2B0,
    0xDB92371D2126E9700324977504E8C90E,
)
"""The first 384 bits of the fraction of 1/π."""

_DIFFUSION: Final = (
    (3, 4, 6, 8, 9, 13, 14),
    (2, 5, 7, 8, 9, 12, 15),
    (1, 4, 6, 10, 11, 12, 15),
    (0, 5, 7, 10, 11, 13, 14),
    (0, 2, 5, 8, 11, 14, 15),
    (1, 3, 4, 9, 10, 14, 15),
    (0, 2, 7, 9, 10, 12, 13),
    (1, 3, 6, 8, 11, 12, 13),
    (0, 1, 4, 7, 10, 13, 15),
    (0, 1, 5, 6, 11, 12, 14),
    (2, 3, 5, 6, 8, 13, 15),
    (2, 3, 4, 7, 9, 12, 14),
    (1, 2, 6, 7, 9, 11, 12),
    (0, 3, 6, 7, 8, 10, 13),
    (0, 3, 4, 5, 9, 11, 14),
    (1, 2, 4, 5, 8, 10, 15),
)
"""Which bytes of its input each byte of the output is the sum of; the matrix is symmetric."""

_Table = tuple[tuple[int, ...], ...]


def decrypt_cbc(key: bytes, iv: bytes, content: bytes) -> bytes:
    """Decrypt whole blocks; the padding stays.

    Args:
        key: 16, 24 or 32 bytes.
        iv: 16 bytes.
        content: Whole blocks.
    """
    keys = _round_keys(key)
    # The same rounds with the keys turned round, all but the outer two diffused.
    turned = (keys[-1], *(_diffuse(key) for key in keys[-2:0:-1]), keys[0])
    previous, plain = int.from_bytes(iv), bytearray()
    for block in _blocks(content):
        plain += (_crypt(turned, block) ^ previous).to_bytes(BLOCK_BYTES)
        previous = block
    return bytes(plain)


def encrypt_cbc(key: bytes, iv: bytes, content: bytes) -> bytes:
    """Encrypt whole blocks; arguments as `decrypt_cbc`."""
    keys = _round_keys(key)
    previous, sealed = int.from_bytes(iv), bytearray()
    for block in _blocks(content):
        previous = _crypt(keys, block ^ previous)
        sealed += previous.to_bytes(BLOCK_BYTES)
    return bytes(sealed)


def _blocks(content: bytes) -> list[int]:
    return [
        int.from_bytes(content[at : at + BLOCK_BYTES]) for at in range(0, len(content), BLOCK_BYTES)
    ]


def _round_keys(key: bytes) -> tuple[int, ...]:
    size = len(key)
    left, right = int.from_bytes(key[:16]), int.from_bytes(key[16:].ljust(16, b"\0"))
    first = {16: 0, 24: 1, 32: 2}[size]
    one, two, three = (_CONSTANTS[(first + n) % 3] for n in range(3))
    odd, even, _ = _tables()
    w0 = left
    w1 = _look_up(odd, w0 ^ one) ^ right
    w2 = _look_up(even, w1 ^ two) ^ w0
    w3 = _look_up(odd, w2 ^ three) ^ w1
    words = (w0, w1, w2, w3)
    keys = [
        words[n] ^ _turn_right(words[(n + 1) % 4], by)
        for by in (19, 31, 128 - 61, 128 - 31)
        for n in range(4)
    ]
    keys.append(w0 ^ _turn_right(w1, 128 - 19))
    return tuple(keys[: size // 4 + 9])


def _turn_right(word: int, by: int) -> int:
    return (word >> by | word << (128 - by)) & _MASK


def _crypt(keys: tuple[int, ...], block: int) -> int:
    odd, even, last = _tables()
    *rounds, before, after = keys
    for number, key in enumerate(rounds):
        block = _look_up(even if number % 2 else odd, block ^ key)
    return _look_up(last, block ^ before) ^ after


def _look_up(table: _Table, block: int) -> int:
    result = 0
    for row, byte in zip(table, block.to_bytes(BLOCK_BYTES), strict=True):
        result ^= row[byte]
    return result


def _diffuse(block: int) -> int:
    x = block.to_bytes(BLOCK_BYTES)
    result = bytearray()
    for row in _DIFFUSION:
        byte = 0
        for at in row:
            byte ^= x[at]
        result.append(byte)
    return int.from_bytes(result)


@cache
def _tables() -> tuple[_Table, _Table, _Table]:
    """Odd rounds, even rounds, and the last one, which does not diffuse."""
    s1 = _substitution(0x63, (0x1F, 0x3E, 0x7C, 0xF8, 0xF1, 0xE3, 0xC7, 0x8F))
    s2 = _substitution(0xE2, (0xAC, 0xFD, 0xC6, 0x83, 0x26, 0xA7, 0xFB, 0x5F))
    boxes = (s1, s2, _inverse(s1), _inverse(s2))
    places = [sum(1 << 8 * (15 - at) for at in row) for row in _DIFFUSION]
    alone = [1 << 8 * (15 - at) for at in range(16)]

    def table(first: int, where: list[int]) -> _Table:
        return tuple(
            tuple(value * where[at] for value in boxes[(first + at) % 4]) for at in range(16)
        )

    return table(0, places), table(2, places), table(2, alone)


def _substitution(constant: int, columns: tuple[int, ...]) -> tuple[int, ...]:
    """Inverse in the field of 256 elements, then a linear map, then a constant."""
    box = []
    for inverse in _field_inverses():
        result = constant
        for bit in range(8):
            if inverse >> bit & 1:
                result ^= columns[bit]
        box.append(result)
    return tuple(box)


@cache
def _field_inverses() -> tuple[int, ...]:
    """The inverse of each element modulo x^8 + x^4 + x^3 + x + 1; that of 0 is 0."""
    powers = [1]
    while len(powers) < 255:  # of x + 1, which gives every element but 0
        last = powers[-1]
        powers.append(last ^ last << 1 ^ (0x11B if last & 0x80 else 0))
    inverses = [0] * 256
    for at, value in enumerate(powers):
        inverses[value] = powers[-at % 255]
    return tuple(inverses)


def _inverse(box: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(box.index(value) for value in range(256))
