"""S's part up to the copy: from a picture, a URL or typed digits to what the QR code says.

The simulated phone and the PC that joins another one share it.

Source: docs/protocol.md §2 and §10.1.
"""

import os
from pathlib import Path
from typing import Final

from certrelay.client.flow.loop import Loop
from certrelay.client.flow.session import CopySession, Handler, Names, Shell
from certrelay.client.home import expanded
from certrelay.client.terminal.lines import Lines
from certrelay.e2e.code import Code
from certrelay.e2e.handshake import ScanSecrets
from certrelay.e2e.hello import Hello
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import QrCode
from certrelay.endpoint import Endpoint, ScanSide, Times, events
from certrelay.endpoint.code_entry import CodeEntry
from certrelay.errors import QrError, StateError
from certrelay.wire.release import PC_POLICY


def read_url(picture: str | Path, lines: Lines) -> str:
    """Read the URL of a QR code: from a picture, or, for ``-``, as a line of standard input.

    Raises:
        QrError: If there is none of ours; ``picture_unreadable`` with ``path``.
    """
    from certrelay.client.camera import MAX_PICTURE_BYTES, read_url, recognise

    if str(picture) == "-":
        return recognise([lines.wait().strip()])
    try:
        with expanded(Path(picture)).open("rb") as file:
            return read_url(file.read(MAX_PICTURE_BYTES + 1))
    except OSError:
        raise QrError("picture_unreadable", path=str(picture)) from None


def enter(code: Code, origin: Origin, shell: Shell, times: Times | None = None) -> QrCode:
    """Enter a typed code at the relay, once.

    Args:
        code: As it was typed.
        origin: The relay that this device is set to; it must be the other device's.
        shell: Report, answers, clock.
        times: Time limits.

    Returns:
        What the other device's QR code says.

    Raises:
        CertRelayError: Why there is nothing; the code is used up then, but where the relay was
            not reached.
    """
    driver = _Entry(CodeEntry(code, origin, os.urandom, times))
    ended = Loop(driver, origin.text, shell).run()
    if ended.error is not None:
        raise ended.error
    if driver.entry.qr is None:
        raise StateError("an entry ends with a result")
    return driver.entry.qr


def follow(
    qr: QrCode, hello: Hello, handler: Handler, names: Names, shell: Shell, *, times: Times | None
) -> events.Ended:
    """Join the room of a QR code and play S's part to its end.

    Args:
        qr: What was scanned, or opened by a typed code.
        hello: What this device says of itself.
        handler: What it does.
        names: How the texts call both.
        shell: Report, answers, clock.
        times: Time limits.

    Raises:
        QrError: ``qr_key``.
        RelayUnreachable: If the relay cannot be reached.
    """
    side = ScanSide(ScanSecrets.fresh(os.urandom), qr, hello)
    endpoint = Endpoint(side, hello, PC_POLICY, times)
    return CopySession(endpoint, handler, qr.origin.text, names, shell).run()


class _Entry:
    """A code's entry as a driver of the loop."""

    def __init__(self, entry: CodeEntry) -> None:
        self.entry: Final = entry
        self._has_ended = False

    @property
    def wants_connection(self) -> bool:
        return not self.entry.is_over

    def take(self, _now: float) -> list[events.Command | events.Event]:
        out: list[events.Command | events.Event] = [*self.entry.take()]
        if self.entry.is_over and not self._has_ended:
            self._has_ended = True
            out.append(events.Ended(self.entry.error, None))
        return out

    def deadline(self) -> float | None:
        return self.entry.deadline()

    def connected(self, now: float) -> None:
        self.entry.connected(now)

    def connection_lost(self, now: float) -> None:
        self.entry.connection_lost(now)

    def receive_text(self, text: str, now: float) -> None:
        self.entry.receive_text(text, now)

    def receive_binary(self, message: bytes, now: float) -> None:
        self.entry.receive_binary(message, now)

    def tick(self, now: float) -> None:
        self.entry.tick(now)

    def interrupt(self, _now: float) -> None:
        self.entry.interrupt()
