"""The vocabulary of what travels: items of files, each file with a role.

Shared by the sealed channel (which carries items), the certificate formats (which read
them) and the stores (which keep them), so that none of the three needs another.

Source: docs/protocol.md §7.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from certrelay.frozen import frozen

Kind = Literal["npki", "pkcs12"]

ROLES: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {"npki": ("signCert", "signPri", "kmCert", "kmPri", "caPubs"), "pkcs12": ("pkcs12",)}
)
"""The roles of each kind, in the order in which this program sends them."""


@frozen(repr=False)
class File:
    """One file: its role and its bytes.  Its name never travels."""

    role: str
    content: bytes

    @property
    def sha256(self) -> bytes:
        """The digest of the content, 32 bytes."""
        return hashlib.sha256(self.content).digest()

    def __repr__(self) -> str:
        return f"File({self.role}, {len(self.content)} bytes)"


@frozen
class Item:
    """One certificate: an NPKI set of files, or a PKCS#12 file."""

    kind: Kind
    files: tuple[File, ...]

    @classmethod
    def of(cls, kind: Kind, contents: Mapping[str, bytes]) -> "Item":
        """Make an item of ``contents`` by role, in the order of `ROLES`."""
        return cls(kind, tuple(File(r, contents[r]) for r in ROLES[kind] if r in contents))

    def get(self, role: str) -> bytes | None:
        """The content of the file with that role, if there is one."""
        return next((file.content for file in self.files if file.role == role), None)

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(len(file.content) for file in self.files)
