"""The hello: how a device presents itself inside the sealed handshake.

JSON, then blanks up to exactly 512 bytes.  The sender cuts a name that is too long; the
receiver repairs nothing.

Source: docs/protocol.md §5.
"""

import re
from typing import Final, Self

from certrelay.errors import ProtocolError
from certrelay.frozen import frozen
from certrelay.limits import HELLO_BYTES, MAX_NAME_BYTES
from certrelay.strict_json import NotStrict, parse_object, write_object
from certrelay.wire.ids import TokenHash
from certrelay.wire.release import LETTERS, Version, VersionUnreadable

_APP: Final = re.compile(r"[a-z0-9.-]{1,32}\Z")
_HIDDEN: Final = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)


@frozen
class Hello:
    """Who a device says it is.  The name is a hint that nobody has checked."""

    name: str
    platform: str
    app: str
    app_version: str
    os_version: str
    token_hash: TokenHash | None = None
    """S's: lets G open the room again after the relay lost it."""

    def to_bytes(self) -> bytes:
        """Write the hello, ``HELLO_BYTES``."""
        fields = {
            "name": fit_name(self.name),
            "platform": self.platform,
            "app": self.app,
            "app_version": self.app_version,
            "os_version": self.os_version,
        }
        if self.token_hash is not None:
            fields["token_hash"] = self.token_hash.hex
        return write_object(fields).encode().ljust(HELLO_BYTES, b" ")

    @classmethod
    def from_bytes(cls, raw: bytes, *, with_token: bool) -> Self:
        """Read a hello.

        Args:
            raw: What the other device sealed.
            with_token: Whether it comes from S, which must name its token's hash.

        Raises:
            ProtocolError: ``bad_hello``, for whatever is wrong with it.
        """
        try:
            return cls._read(raw, with_token)
        except (NotStrict, VersionUnreadable, ProtocolError):
            raise ProtocolError("bad_hello") from None

    @classmethod
    def _read(cls, raw: bytes, with_token: bool) -> Self:
        if len(raw) != HELLO_BYTES:
            raise ProtocolError("bad_hello")
        # Only blanks may follow the object: JSON's other white space is refused.
        if not raw.startswith(b"{") or not raw.rstrip(b" ").endswith(b"}"):
            raise ProtocolError("bad_hello")
        fields = parse_object(raw)

        def text(key: str) -> str:
            value = fields.get(key)
            if not isinstance(value, str):
                raise ProtocolError("bad_hello")
            return value

        name, platform, app = text("name"), text("platform"), text("app")
        app_version, os_version = text("app_version"), text("os_version")
        if not 1 <= len(name.encode()) <= MAX_NAME_BYTES or _HIDDEN.search(name):
            raise ProtocolError("bad_hello")
        if platform not in LETTERS or not _APP.match(app):
            raise ProtocolError("bad_hello")
        Version.parse_app(app_version)
        Version.parse_os(os_version)
        token_hash = TokenHash.from_hex(text("token_hash")) if with_token else None
        return cls(name, platform, app, app_version, os_version, token_hash)


def fit_name(name: str) -> str:
    """Cut a device's name to what a hello may hold, at a character's border."""
    visible = _HIDDEN.sub("", name).strip()
    shortened = visible.encode("utf-8", "ignore")[:MAX_NAME_BYTES].decode("utf-8", "ignore")
    return shortened.strip() or "?"
