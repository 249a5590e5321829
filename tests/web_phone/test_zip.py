"""The page's reader of ZIP files beside Python's, and what a hostile file gets."""

import io
import os
import random
import struct
import zipfile
import zlib
from typing import Any

from tests.web_phone.node import evaluate

READ = """data.map((raw) => {
  try {
    return m.readZip(bytes(raw)).map(({path, size, read}) => {
      try { return [path.join("/"), hex(read())]; }
      catch (e) { if (e.code === undefined) throw e; return [path.join("/"), e.code]; }
    });
  } catch (e) { if (e.code === undefined) throw e; return e.code; }
})"""
LEVELS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_in_page(*archives: bytes) -> list[Any]:
    found: list[Any] = evaluate({"m": "core/unzip.js"}, READ, [each.hex() for each in archives])
    return found


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, level: int = 6) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=level) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_what_python_packs_is_read() -> None:
    dice = random.Random(1)
    words = [dice.randbytes(dice.randint(1, 9)) for _ in range(40)]
    contents = [
        b"",
        b"x",
        os.urandom(3000),
        b"a" * 65536,
        b"".join(dice.choices(words, k=4000))[:65536],
        bytes(dice.choices(b"ab", weights=(30, 1), k=20000)),
    ]
    files = {f"NPKI/yessign/USER/cn=홍길동/{at}.der": each for at, each in enumerate(contents)}
    archives = [packed(files, method, level) for method in LEVELS for level in (1, 6, 9)]
    expected = [[name, content.hex()] for name, content in files.items()]
    assert read_in_page(*archives) == [expected] * len(archives)


def test_every_kind_of_block_is_inflated() -> None:
    dice = random.Random(2)
    texts = [bytes(dice.choices(b"abcdefgh \n", k=dice.randint(0, 4000))) for _ in range(30)]
    streams = []
    for text in texts:
        for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE):
            for level in (0, 1, 9):
                packer = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
                streams.append((packer.compress(text) + packer.flush(), text))
    found = evaluate(
        {"m": "core/inflate.js"},
        "data.map(([raw, size]) => hex(m.inflate(bytes(raw), size)))",
        [[raw.hex(), len(text)] for raw, text in streams],
    )
    assert found == [text.hex() for _, text in streams]


def test_a_stream_that_gives_more_or_less_than_promised_is_refused() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(10_000_000)) + packer.flush()
    sizes = [0, 65536, 9_999_999, 10_000_001]
    found = evaluate(
        {"m": "core/inflate.js"},
        "data[1].map((size) => { try { return m.inflate(bytes(data[0]), size).length; }"
        " catch (e) { if (!(e instanceof m.InflateError)) throw e; return e.message; } })",
        [bomb.hex(), sizes],
    )
    assert found == [
        *["more bytes than promised"] * 3,
        "fewer bytes than promised",
    ]


def test_changed_streams_end_as_errors_of_ours() -> None:
    dice = random.Random(3)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    text = bytes(dice.choices(b"abcdefgh \n", k=3000))
    whole = packer.compress(text) + packer.flush()
    cases = []
    for _ in range(400):
        changed = bytearray(whole[: dice.randint(1, len(whole))])
        for _ in range(dice.randint(0, 3)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        cases.append(bytes(changed))
    found = evaluate(
        {"m": "core/inflate.js"},
        "data.map((raw) => { try { return hex(m.inflate(bytes(raw), 3000)); }"
        " catch (e) { if (!(e instanceof m.InflateError)) throw e; return null; } })",
        [each.hex() for each in cases],
    )
    for case, its in zip(cases, found, strict=True):
        try:
            mine = zlib.decompressobj(-15)
            whole_text = mine.decompress(case)
        except zlib.error:
            whole_text = b""
        expected = whole_text.hex() if len(whole_text) == 3000 and mine.eof else None
        assert its == expected


def test_damaged_and_foreign_files_are_named() -> None:
    good = packed({"a.der": b"0123456789" * 10})
    stored = packed({"a.der": b"0123456789"}, zipfile.ZIP_STORED)
    wrong_sum = stored.replace(b"0123456789", b"0123456780")
    encrypted = bytearray(good)
    for mark, flag in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        encrypted[encrypted.index(mark) + flag] |= 1
    method = bytearray(good)
    method[method.index(b"PK\x01\x02") + 10] = 12
    nowhere = bytearray(good)
    at = nowhere.index(b"PK\x01\x02") + 42
    nowhere[at : at + 4] = struct.pack("<I", 2**31)
    assert read_in_page(
        good[:-1],
        b"",
        b"PK\x03\x04",
        good,
        wrong_sum,
        bytes(encrypted),
        bytes(method),
        bytes(nowhere),
    ) == [
        "bad_zip",
        "bad_zip",
        "bad_zip",
        [["a.der", (b"0123456789" * 10).hex()]],
        [["a.der", "zip_damaged"]],
        [["a.der", "zip_encrypted"]],
        [["a.der", "zip_method"]],
        [["a.der", "zip_damaged"]],
    ]


def test_names_of_korean_windows_are_read() -> None:
    archive = packed({"AA.der": b"x"}).replace(b"AA.der", "가.der".encode("cp949"))
    assert read_in_page(archive) == [[["가.der", "78"]]]


def test_folders_are_passed_over_and_a_comment_does_no_harm() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.mkdir("NPKI")
        archive.writestr("NPKI/a.der", b"x")
        archive.comment = b"PK\x05\x06" + b"c" * 300
    assert read_in_page(buffer.getvalue()) == [[["NPKI/a.der", "78"]]]
