"""Test peers at the command line, for whoever builds an app: see docs/app-makers.md.

python -m certrelay.testkit list
python -m certrelay.testkit pc NAME [--relay URL] [--qr-png FILE]
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from certrelay.e2e.origin import Origin
from certrelay.errors import CertRelayError, RelayUnreachable
from certrelay.testkit.blocking_socket import BlockingSocket
from certrelay.testkit.hostile_pc import HostilePc
from certrelay.testkit.proxy import FaultProxy
from certrelay.testkit.trials import TRIALS, Stage, Trial
from certrelay.wire.messages import Leave, encode

PATIENCE_S: Final = 120.0
"""Seconds for whoever holds the phone: to scan, to choose, to type."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; status 0 if the app did right, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m certrelay.testkit", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name the PCs, and what each does wrong")
    pc = commands.add_parser("pc", help="be a PC that does one thing wrong")
    pc.add_argument("name", choices=list(TRIALS), metavar="NAME")
    pc.add_argument("--relay", default="http://127.0.0.1:8765/", metavar="URL")
    pc.add_argument("--qr-png", type=Path, metavar="FILE", help="write the QR code as a picture")
    arguments = parser.parse_args(argv)
    if arguments.command == "list":
        for name, trial in TRIALS.items():
            _say(f"{name:17} {trial.direction.name.lower():9} {trial.about}")
        return 0
    try:
        return play(TRIALS[arguments.name], arguments.relay, arguments.qr_png)
    except CertRelayError as error:
        _say(f"no trial: {error.code}")
        return int(error.exit_status)


def play(trial: Trial, relay: str, picture: Path | None) -> int:
    """Show a code, play the trial with whoever scans it, and judge.

    Raises:
        CertRelayError: If there is no relay, or nobody scans.
    """
    with ExitStack() as stack:
        proxy = None
        if trial.through_proxy:
            origin = Origin.parse(relay if relay.endswith("/") else f"{relay}/")
            proxy = stack.enter_context(FaultProxy(origin.host, origin.port))
            relay = proxy.url
        return _judge(trial, relay, picture, proxy)


def _judge(trial: Trial, relay: str, picture: Path | None, proxy: FaultProxy | None) -> int:
    pc = HostilePc(relay, trial.direction, os.urandom, hello=trial.hello)
    with BlockingSocket(pc.qr.origin.text, PATIENCE_S) as carrier:
        carrier.say(pc.create())
        carrier.hear()
        code = None
        if trial.is_typed:
            carrier.say(pc.publish())
            code = pc.code(str(carrier.hear()))
            _say(f"code {code.shown} at {pc.qr.origin.text}")
        else:
            _show(pc.url, picture)
            while '"paired"' not in str(carrier.hear()):
                pass
        saw = trial.play(Stage(carrier, pc, lambda n: _say(f"number {n}"), _ask, proxy, code))
        carrier.say(encode(Leave()))  # else the app would wait for us to come back
        with suppress(RelayUnreachable):  # and hanging up at once could overtake it
            while True:
                carrier.hear()
    right = saw in trial.right
    _say("right" if right else f"wrong: {saw}, and not {' or '.join(trial.right)}")
    return 0 if right else 1


def _ask(question: str) -> str:
    """Ask whoever holds the phone; without an answer the trial is not passed."""
    _say(question)
    return sys.stdin.readline().strip().lower()[:1]


def _show(url: str, picture: Path | None) -> None:
    import qrcode

    code = qrcode.QRCode(border=2)
    code.add_data(url, optimize=8)
    if picture is not None:
        code.make_image().save(str(picture))
    if sys.stdout.isatty():
        code.print_ascii(invert=True)
    _say(url)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
