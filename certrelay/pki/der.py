"""A reader and a writer of ASN.1's encodings, as far as certificate files need them.

Long because the reader and the writer of one encoding are held against each other.

Why not a library here: the copy and ``certrelay list`` start cold, and importing asn1crypto
takes longer than all the rest of a copy (about 80 ms, measured); every fault of a hostile
file must end as one error of ours; and what is passed on must stay the very same bytes.  The
tests hold this reader against asn1crypto and ``cryptography``.

It reads DER and the BER that PKCS#12 files of some programs use: lengths that are longer
than needed or indefinite, and octet strings in pieces.  It never recurses, so that nesting
costs nothing.

Source: ITU-T X.690.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, Self

from certrelay.frozen import frozen

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
BMP_STRING: Final = 0x1E
SEQUENCE: Final = 0x30
SET: Final = 0x31

_CONSTRUCTED: Final = 0x20
_MAX_CHILDREN: Final = 4096
"""Elements directly inside one: no file of `MAX_FILE_BYTES` that is meant well has more."""
_MAX_DEPTH: Final = 64
"""Levels of indefinite lengths: PKCS#12 needs about ten."""
_MAX_OID_BYTES: Final = 64
_TIME: Final = re.compile(r"(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,]\d+)?(Z|[+-]\d{4})?")


class DerError(ValueError):
    """The bytes are not the ASN.1 that was expected there.

    Stays inside `certrelay.pki`: each format turns it into its own error.
    """


FAULTS: Final = (ValueError, IndexError)
"""What reading fields raises: a `DerError`, too many or too few to unpack, or one missing."""


def context(number: int) -> int:
    """The identifier of a constructed, context-specific element, ``[number]``."""
    return 0xA0 | number


@frozen(repr=False)
class Element:
    """One element: its identifier, its content, and all of its bytes."""

    tag: int
    content: bytes
    encoded: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read bytes that are exactly one element.

        Raises:
            DerError: If they are cut off, go on after the element, or are none.
        """
        element = cls._at(data, 0)
        if len(element.encoded) != len(data):
            raise DerError("bytes after the end")
        return element

    @classmethod
    def first(cls, data: bytes) -> Self:
        """Read the element that bytes begin with; what follows it is left alone.

        Raises:
            DerError: If it is cut off, or none.
        """
        return cls._at(data, 0)

    @classmethod
    def _at(cls, data: bytes, start: int) -> Self:
        tag, body, end = _header(data, start)
        if end is not None:
            return cls(tag, data[body:end], data[start:end])
        inner_end = _find_end(data, body)
        return cls(tag, data[body:inner_end], data[start : inner_end + 2])

    def expect(self, tag: int) -> Self:
        """Give this element back if it is a ``tag``.

        Raises:
            DerError: If it is something else.
        """
        if self.tag != tag:
            raise DerError(f"expected {tag:#x}, found {self.tag:#x}")
        return self

    def children(self, tag: int | None = None, most: int = _MAX_CHILDREN) -> list[Self]:
        """The elements inside, ``most`` of them; with ``tag``, after `expect`."""
        if tag is not None:
            self.expect(tag)
        if not self.tag & _CONSTRUCTED:
            raise DerError("nothing can be inside")
        found: list[Self] = []
        at = 0
        while at < len(self.content):
            if len(found) == most:
                raise DerError("too many elements")
            element = self._at(self.content, at)
            found.append(element)
            at += len(element.encoded)
        return found

    def integer(self) -> int:
        """Read an INTEGER of any size."""
        self.expect(INTEGER)
        if not self.content:
            raise DerError("empty integer")
        return int.from_bytes(self.content, signed=True)

    def oid(self) -> str:
        """Read an OBJECT IDENTIFIER as dotted numbers."""
        return _dotted(self.expect(OID).content)

    def octets(self) -> bytes:
        """Read an OCTET STRING, in one piece or in several."""
        if self.tag == OCTET_STRING | _CONSTRUCTED:
            return b"".join(piece.octets() for piece in self._pieces())
        return self.expect(OCTET_STRING).content

    def implicit_octets(self) -> bytes:
        """Read an octet string whose identifier is context-specific."""
        if self.tag & _CONSTRUCTED:
            return b"".join(piece.octets() for piece in self._pieces())
        return self.content

    def _pieces(self) -> list[Self]:
        pieces = self.children()
        if any(piece.tag != OCTET_STRING for piece in pieces):
            raise DerError("octet string in pieces of pieces")
        return pieces

    def bits(self) -> bytes:
        """Read a BIT STRING of whole bytes."""
        content = self.expect(BIT_STRING).content
        if not content or content[0] != 0:
            raise DerError("not a string of whole bytes")
        return content[1:]

    def text(self) -> tuple[str, bool]:
        """Read a character string; tell whether it was what its type promises.

        Old Korean certificates hold CP949 under any string type: it is tried where the
        type's own encoding fails, and the second value is ``False`` then.
        """
        encoding = {BMP_STRING: "utf-16-be", 0x1C: "utf-32-be"}.get(self.tag, "utf-8")
        try:
            return self.content.decode(encoding), True
        except UnicodeDecodeError:
            pass
        try:
            return self.content.decode("cp949"), self.tag == 0x14
        except UnicodeDecodeError:
            return self.content.decode("latin-1"), False

    def time(self) -> datetime:
        """Read a UTCTime or a GeneralizedTime, in UTC; no zone counts as UTC."""
        if self.tag not in (UTC_TIME, GENERALIZED_TIME):
            raise DerError("not a time")
        match = _TIME.fullmatch(self.content.decode("latin-1"))
        if not match or (len(match[1]) == 2) != (self.tag == UTC_TIME):
            raise DerError("time")
        year = int(match[1])
        if self.tag == UTC_TIME:
            year += 1900 if year >= 50 else 2000
        zone = match[7] or "Z"
        try:
            offset = timedelta(0)
            if zone != "Z":
                offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
                offset = -offset if zone[0] == "-" else offset
            month, day, hour, minute, second = (int(match[n] or 0) for n in range(2, 7))
            local = datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset))
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            raise DerError("time") from None

    def __repr__(self) -> str:
        return f"Element({self.tag:#x}, {len(self.content)} bytes)"


def _header(data: bytes, start: int) -> tuple[int, int, int | None]:
    """Give the identifier, where the content starts, and where it ends if that is told."""
    if start + 2 > len(data):
        raise DerError("cut off")
    tag, length, body = data[start], data[start + 1], start + 2
    if tag & 0x1F == 0x1F:
        raise DerError("identifier of several bytes")
    if length == 0x80:
        if not tag & _CONSTRUCTED:
            raise DerError("indefinite length")
        return tag, body, None
    if length & 0x80:
        count = length & 0x7F
        if count > 8 or body + count > len(data):
            raise DerError("length")
        length = int.from_bytes(data[body : body + count])
        body += count
    if body + length > len(data):
        raise DerError("cut off")
    return tag, body, body + length


def _find_end(data: bytes, at: int) -> int:
    """Find the end mark of an element of indefinite length whose content starts ``at``."""
    depth = 1
    while True:
        if data[at : at + 2] == b"\0\0":
            depth -= 1
            if depth == 0:
                return at
            at += 2
            continue
        _, body, end = _header(data, at)
        if end is None:
            depth += 1
            if depth > _MAX_DEPTH:
                raise DerError("nested too deep")
            at = body
        else:
            at = end


@lru_cache(256)
def _dotted(raw: bytes) -> str:
    """Spell an object identifier; the same few dozen come again in every certificate."""
    if not raw or len(raw) > _MAX_OID_BYTES or raw[-1] & 0x80:
        raise DerError("object identifier")
    arcs, arc = [], 0
    for byte in raw:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


# Writing: DER, nothing else.


def encode(tag: int, content: bytes) -> bytes:
    """Write one element."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*elements: bytes) -> bytes:
    """Write a SEQUENCE of elements that are encoded already."""
    return encode(SEQUENCE, b"".join(elements))


def set_of(elements: Iterable[bytes]) -> bytes:
    """Write a SET OF, in DER's order."""
    return encode(SET, b"".join(sorted(elements)))


def explicit(number: int, *elements: bytes) -> bytes:
    """Write ``[number] EXPLICIT`` around elements."""
    return encode(context(number), b"".join(elements))


def integer(value: int) -> bytes:
    """Write an INTEGER."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return encode(INTEGER, value.to_bytes(size, signed=True))


def oid(dotted: str) -> bytes:
    """Write an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        content += bytes(reversed(septets))
    return encode(OID, content)


def octets(content: bytes) -> bytes:
    """Write an OCTET STRING."""
    return encode(OCTET_STRING, content)


def bits(content: bytes) -> bytes:
    """Write a BIT STRING of whole bytes."""
    return encode(BIT_STRING, b"\0" + content)


def null() -> bytes:
    """Write a NULL."""
    return encode(NULL, b"")


def utf8(text: str) -> bytes:
    """Write a UTF8String."""
    return encode(UTF8_STRING, text.encode())


def printable(text: str) -> bytes:
    """Write a PrintableString."""
    return encode(PRINTABLE_STRING, text.encode("ascii"))
