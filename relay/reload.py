"""What SIGHUP reads anew: policy, certificate and the store's address, each if there is one.

What cannot be used changes nothing: each keeps what it had, and the line says which file, and
where in it.
"""

import hashlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from certrelay.errors import CertRelayError, UsageError
from certrelay.safe_text import printable
from relay import journal
from relay.clock import Clock, wall
from relay.server import Server, tls_context
from relay.settings import read_policy
from relay.tls_files import not_after

FINGERPRINT: Final = 12
"""Hex digits of the SHA-256 of the policy file: enough to compare the nodes."""


class Reload:
    """Reads anew, and knows what came of it.

    Args:
        server: Gets what was read.
        policy: The policy file.
        tls: Chain and key, and the context that new connections are made from.
        store: The file with the store's address.
        clock: Seconds since the Unix epoch.
    """

    def __init__(
        self,
        server: Server,
        policy: Path | None = None,
        tls: tuple[Path, Path, ssl.SSLContext] | None = None,
        store: Path | None = None,
        clock: Clock = wall,
    ) -> None:
        self._server: Final = server
        self._policy: Final = policy
        self._tls: Final = tls
        self._store: Final = store
        self._clock: Final = clock

        self.was_good = True
        """Whether the last reading found everything in order."""

        self.good_at: float = clock()
        """When that was so for the last time."""

        self.tls_ends_at = None if tls is None else not_after(tls[0])
        """When the certificate ends, in seconds since the Unix epoch; ``None`` without one."""

        self.policy_hash = "" if policy is None else fingerprint(policy)
        """Of the policy in force; empty without one."""

    def __call__(self) -> None:
        """Read everything anew."""
        steps: list[tuple[str, Callable[[], None]]] = []
        if self._policy is not None:
            steps.append(("policy", self._read_policy))
        if self._tls is not None:
            steps.append(("tls", self._read_tls))
        if self._store is not None:
            steps.append(("redis", self._read_store))
        read, bad = [], []
        for name, step in steps:
            try:
                step()
            except CertRelayError as error:
                bad.append(name)
                where = printable(str(error.details.get("where", "")), None)
                journal.write_warning(f"{name}_unreadable", code=error.code, where=where)
            else:
                read.append(name)
        self.was_good = not bad
        if self.was_good:
            self.good_at = self._clock()
        journal.write_notice("reloaded", read=",".join(read) or "nothing", policy=self.policy_hash)

    def _read_policy(self) -> None:
        assert self._policy is not None
        self._server.use_policy(*read_policy(self._policy))
        self.policy_hash = fingerprint(self._policy)

    def _read_tls(self) -> None:
        assert self._tls is not None
        chain, key, context = self._tls
        tls_context(chain, key)  # tried on another one first: half of a pair must not be loaded
        context.load_cert_chain(chain, key)
        self.tls_ends_at = not_after(chain)

    def _read_store(self) -> None:
        assert self._store is not None
        self._server.use_store(read_address(self._store))


def fingerprint(file: Path) -> str:
    """Name what a file says, by the beginning of its SHA-256; empty if it is gone."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:FINGERPRINT]
    except OSError:
        return ""


def read_address(file: Path) -> str:
    """Read the store's address from its file: a list of processes shows no secret.

    Raises:
        UsageError: ``bad_redis_url`` with ``where``, the file.
    """
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeError):
        raise UsageError("bad_redis_url", where=str(file)) from None
