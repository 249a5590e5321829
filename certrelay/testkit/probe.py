"""One whole synthetic copy through a relay: `certrelay-relay probe`, in a process of its own.

Both devices and their people are played here, with the real drivers, links and sealed talk; what
is copied is random bytes, which end with the process.  Both ends bear the token that all probes
have, so that the relay does not count them as people; else it treats them as any other.
"""

import argparse
import os
import select
import socket
import ssl
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509

from certrelay.bundle import Item
from certrelay.client.link import ConnectionLostError, Link, connect
from certrelay.client.proxy import open_tunnel, proxy_for
from certrelay.e2e.bodies import ItemResult
from certrelay.e2e.handshake import ScanSecrets, ShowSecrets
from certrelay.e2e.hello import Hello
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Endpoint, ScanSide, ShowSide, events
from certrelay.errors import CertRelayError, ExitStatus, RelayUnreachable, ReleaseRefused
from certrelay.frozen import frozen, replace
from certrelay.texts import Texts, choose_language
from certrelay.wire.ids import PROBE, Role
from certrelay.wire.release import LETTERS, PC_POLICY, PHONE_POLICY

WHOLE_S: Final = 30.0
"""Seconds for everything; a healthy relay needs less than one."""

CERTIFICATE_S: Final = 10.0
"""Seconds to be shown a certificate."""

_PC: Final = Hello("probe", "linux", "certrelay-probe", "P9999.0", "99")
_PHONES: Final = ("android", "ios", "web")
"""The platforms that are tried, each with a release that no policy finds too low."""


@frozen
class Probed:
    """What a copy took."""

    code_s: float
    """Until a code could be shown."""

    whole_s: float
    """Until the sender knew that everything was stored."""


class _Device:
    """One end: its driver, its link, and the person in front of it."""

    def __init__(self, endpoint: Endpoint, origin: str) -> None:
        self.endpoint: Final = endpoint
        self.ended: events.Ended | None = None
        self._link: Link = connect(origin, time.monotonic())
        endpoint.connected(time.monotonic())

    @property
    def link(self) -> Link:
        return self._link

    def receive(self) -> None:
        now = time.monotonic()
        for message in self._link.receive(now):
            if isinstance(message, str):
                self.endpoint.receive_text(message, now)
            else:
                self.endpoint.receive_binary(message, now)

    def pump(self) -> list[events.Event]:
        """Carry out what the driver wants; give what its person sees."""
        seen: list[events.Event] = []
        while outputs := self.endpoint.take(time.monotonic()):
            for output in outputs:
                match output:
                    case events.SendText(text):
                        self._link.send_text(text)
                    case events.SendBinary(message):
                        self._link.send_binary(message)
                    case events.HangUp():
                        pass
                    case events.Ended():
                        self.ended = output
                    case _:
                        seen.append(output)
        if self._link.has_to_write:
            self._link.flush()
        return seen


def probe(origin: Origin) -> Probed:
    """Copy something from a phone to a PC through a relay.

    Raises:
        CertRelayError: What a person would have been told.
    """
    for platform in _PHONES:
        try:
            return _copy(origin, platform)
        except ReleaseRefused as refused:
            if refused.code != "platform_mismatch" or platform == _PHONES[-1]:
                raise
    raise AssertionError("the last platform returns or raises")


def _copy(origin: Origin, platform: str) -> Probed:
    began = time.monotonic()
    secrets = replace(ShowSecrets.fresh(os.urandom), token=PROBE)
    qr = QrCode(origin, secrets.payload(Direction.TO_PC, lan=False))
    phone = Hello("probe", platform, "certrelay-probe", f"{LETTERS[platform]}9999.0", "99")
    sent = Item.of("npki", {"signCert": os.urandom(1400), "signPri": os.urandom(1800)})
    with ExitStack() as stack:
        g = _Device(Endpoint(ShowSide(secrets, qr, _PC), _PC, PHONE_POLICY), origin.text)
        stack.callback(g.link.close)
        ends = {Role.G: g}
        code_s = 0.0
        number = ""
        asked = False
        while not all(end.ended for end in ends.values()) or len(ends) < len(Role):
            left = began + WHOLE_S - time.monotonic()
            if left <= 0:
                raise RelayUnreachable("relay_unreachable", relay=origin.text)
            for end in list(ends.values()):
                for event in end.pump():
                    match event:
                        case events.RoomOpened() if Role.S not in ends:
                            code_s = time.monotonic() - began
                            scanned = replace(ScanSecrets.fresh(os.urandom), token=PROBE)
                            scan = ScanSide(scanned, qr, phone)
                            s = _Device(Endpoint(scan, phone, PC_POLICY), origin.text)
                            s.endpoint.offer([sent])
                            stack.callback(s.link.close)
                            ends[Role.S] = s
                        case events.NumberShown(digits):
                            number = digits
                        case events.NumberWanted():
                            asked = True
                        case events.ItemsArrived(items):
                            end.endpoint.saving()
                            good = [item == sent for item in items]
                            end.endpoint.stored([_STORED if each else _BAD for each in good])
                if end.ended is not None and end.ended.error is not None:
                    raise end.ended.error
            if asked and number:
                ends[Role.S].endpoint.enter_number(number, time.monotonic())
                asked = False
            _wait(ends, origin.text, left)
        return Probed(code_s, time.monotonic() - began)


_STORED: Final = ItemResult("stored")
_BAD: Final = ItemResult("rejected", "bad_digest")


def _wait(ends: dict[Role, _Device], origin: str, left: float) -> None:
    """Wait for something to read, and read it; let the drivers heed the time."""
    going = [end for end in ends.values() if end.ended is None]
    links = [end.link for end in going]
    if not any(link.has_to_read for link in links):
        select.select(links, [], [], min(left, 0.05))
    for end in going:
        try:
            end.receive()
        except ConnectionLostError:
            end.pump()
            if end.ended is None:
                raise RelayUnreachable("relay_unreachable", relay=origin) from None
        end.endpoint.tick(time.monotonic())


def certificate_end(origin: Origin) -> float | None:
    """Look when the certificate ends that an origin shows, whether it is to be believed or not.

    A copy through one that has ended fails; why is told by this.

    Returns:
        Seconds since the Unix epoch; ``None`` where there is no TLS, or no answer.
    """
    if origin.scheme != "https":
        return None
    host = origin.host.strip("[]")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is said to it: it is only looked at
    try:
        proxy = proxy_for(host, origin.port)
        if proxy is None:
            stream = socket.create_connection((host, origin.port), timeout=CERTIFICATE_S)
        else:
            stream = open_tunnel(proxy, host, origin.port, CERTIFICATE_S)
        with stream, context.wrap_socket(stream, server_hostname=host) as shown:
            der = shown.getpeercert(binary_form=True)
            return x509.load_der_x509_certificate(der or b"").not_valid_after_utc.timestamp()
    except (OSError, ValueError, CertRelayError):
        return None


CERTIFICATE_ENDS: Final = "certrelay_probe_tls_certificate_not_after_timestamp_seconds"


def figures(relay: str, probed: Probed | None, ends: float | None = None) -> str:
    """Write the outcome as Prometheus reads it from a file.

    Args:
        relay: Its address.
        probed: What the copy took, if it succeeded.
        ends: When the certificate that is shown there ends, in seconds since the Unix epoch.
    """
    name = relay.replace("\\", "").replace('"', "")
    lines = [f'certrelay_probe_success{{relay="{name}"}} {int(probed is not None)}']
    if probed is not None:
        lines.append(f'certrelay_probe_code_seconds{{relay="{name}"}} {probed.code_s:.3f}')
        lines.append(f'certrelay_probe_seconds{{relay="{name}"}} {probed.whole_s:.3f}')
    if ends is not None:
        lines.append(f'{CERTIFICATE_ENDS}{{relay="{name}"}} {ends:.0f}')
    lines.append(f'certrelay_probe_timestamp_seconds{{relay="{name}"}} {time.time():.0f}')
    return "".join(f"{line}\n" for line in lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Probe, and tell it in a sentence or as figures."""
    parser = argparse.ArgumentParser(prog="certrelay-relay probe")
    parser.add_argument("relay")
    parser.add_argument("--metrics", action="store_true")
    parser.add_argument("--lang")
    arguments = parser.parse_args(argv)
    texts = Texts(choose_language(arguments.lang))
    error: CertRelayError | None = None
    probed: Probed | None = None
    ends: float | None = None
    try:
        origin = Origin.parse(arguments.relay)
        ends = certificate_end(origin)
        probed = probe(origin)
    except CertRelayError as failed:
        error = failed
        for words in (texts.error(error), texts.hint(error)):
            if words:
                sys.stderr.write(f"certrelay-relay: {words}\n")
    if arguments.metrics:
        sys.stdout.write(figures(arguments.relay, probed, ends))
    elif probed is not None:
        took = {"code": f"{probed.code_s:.2f}", "whole": f"{probed.whole_s:.2f}"}
        sys.stdout.write(texts.say("relay.probed", **took) + "\n")
    if ends is not None and not arguments.metrics:
        day = datetime.fromtimestamp(ends, UTC).date().isoformat()
        days = timedelta(seconds=ends - time.time()).days
        key = "relay.probed_certificate" if days >= 0 else "relay.probed_certificate_ended"
        sys.stdout.write(texts.say(key, day=day, days=days) + "\n")
    return ExitStatus.OK if error is None else error.exit_status


if __name__ == "__main__":
    sys.exit(main())
