"""The block cipher RC2, reading only: PKCS#12 files of older programs hide certificates in it.

With 40 bits it hides nothing; it is here so that such a file can be opened and moved, and
the common library has no RC2 of that length.

Source: RFC 2268; the tests hold its vectors.
"""

from typing import Final

BLOCK_BYTES: Final = 8

_PI: Final = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2"
    "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82"
    "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626"
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7"
    "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec"
    "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731"
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9"
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad"
)
"""A permutation made of the digits of π."""

_SHIFTS: Final = (1, 2, 3, 5)


def decrypt_cbc(key: bytes, iv: bytes, content: bytes) -> bytes:
    """Decrypt whole blocks; the padding stays.

    Args:
        key: 1 to 128 bytes, all of whose bits count.
        iv: 8 bytes.
        content: Whole blocks.
    """
    words = _expanded(key, 8 * len(key))
    plain, previous = bytearray(), iv
    for at in range(0, len(content), BLOCK_BYTES):
        block = content[at : at + BLOCK_BYTES]
        opened = int.from_bytes(_decrypted(words, block)) ^ int.from_bytes(previous)
        plain += opened.to_bytes(BLOCK_BYTES)
        previous = block
    return bytes(plain)


def _expanded(key: bytes, effective_bits: int) -> list[int]:
    """The 64 words of 16 bits that the rounds use."""
    table = bytearray(key)
    for at in range(len(key), 128):
        table.append(_PI[table[at - 1] + table[at - len(key)] & 0xFF])
    size = (effective_bits + 7) // 8
    table[128 - size] = _PI[table[128 - size] & 0xFF >> (8 * size - effective_bits)]
    for at in range(127 - size, -1, -1):
        table[at] = _PI[table[at + 1] ^ table[at + size]]
    return [int.from_bytes(table[at : at + 2], "little") for at in range(0, 128, 2)]


def _decrypted(words: list[int], block: bytes) -> bytes:
    r = [int.from_bytes(block[at : at + 2], "little") for at in range(0, 8, 2)]
    at = 63
    for turn in range(16):
        if turn in (5, 11):
            for i in (3, 2, 1, 0):
                r[i] = r[i] - words[r[i - 1] & 63] & 0xFFFF
        for i in (3, 2, 1, 0):
            turned = (r[i] >> _SHIFTS[i] | r[i] << 16 - _SHIFTS[i]) & 0xFFFF
            mixed = (r[i - 1] & r[i - 2]) + (~r[i - 1] & r[i - 3])
            r[i] = turned - words[at] - mixed & 0xFFFF
            at -= 1
    return b"".join(word.to_bytes(2, "little") for word in r)
