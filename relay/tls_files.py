"""When the relay's own certificate ends: read from the file that `--tls-cert` names.

The relay has no library for certificates (docs/architecture.md), and one time of one trusted
file needs none.

Source: RFC 5280 §4.1 and §4.1.2.5.
"""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"

_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17

_BEFORE_VALIDITY: Final = 3
"""Fields between the version, which may be missing, and the validity: number, algorithm, issuer."""


def not_after(chain: Path) -> float:
    """Seconds since the Unix epoch at which the first certificate of a chain ends.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it does not begin with a certificate in PEM.
    """
    text = chain.read_text("ascii")
    try:
        begin = text.index(_BEGIN)
        pem = text[begin : text.index(_END, begin) + len(_END)]
        certificate = _field(ssl.PEM_cert_to_DER_cert(pem), 0)[1]
        fields = _field(certificate, 0)[1]
        at = 0
        if fields[0] == _VERSION:
            _, _, at = _field(fields, at)
        for _ in range(_BEFORE_VALIDITY):
            _, _, at = _field(fields, at)
        validity = _field(fields, at)[1]
        _, _, at = _field(validity, 0)
        tag, raw, _ = _field(validity, at)
    except IndexError:
        raise ValueError("no certificate") from None
    digits = raw.decode("ascii").removesuffix("Z")
    if tag == _UTC_TIME:  # two digits of the year: from 50 on it is the last century
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()


def _field(der: bytes, at: int) -> tuple[int, bytes, int]:
    """Read a field of DER: its tag, its content, and where the next one begins."""
    tag, length, begin = der[at], der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, begin = int.from_bytes(der[begin : begin + size]), begin + size
    return tag, der[begin : begin + length], begin + length
