"""`certrelay centre`: the certificate centre."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.settings import Settings
from client_pc.words import DOORS


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    command.add_argument(
        "--port", type=_port, default=0, metavar="N", help=texts.say("help.centre_port")
    )
    command.add_argument("--door", choices=DOORS, default="home", help=texts.say("help.door"))
    add_common(command, texts)
    command.set_defaults(works_without_settings=True)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay centre`."""
    from client_pc import centre

    return centre.run(settings, report, arguments.door, arguments.port)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise ValueError
    return port
