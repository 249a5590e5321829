"""What the commands that copy take from their command line and the settings."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certrelay.client.home import expanded
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from client_pc.commands.common import person
from client_pc.settings import Settings

if TYPE_CHECKING:
    from certrelay.client.flow.session import Shell
    from certrelay.client.terminal.lines import Lines
    from client_pc.batch_list import Wanted
    from client_pc.copy import CopyOptions
    from client_pc.send import SendOptions


def copy_options(arguments: argparse.Namespace, settings: Settings) -> "CopyOptions":
    """How the QR code is shown, and where the two devices meet."""
    from certrelay.endpoint.times import Times
    from certrelay.wire.release import PCS, PHONE_POLICY
    from client_pc.copy import CopyOptions

    return CopyOptions(
        relay=relay_of(arguments, settings),
        access_key=access_key_file(arguments, settings),
        listen=arguments.listen,
        qr_png=arguments.qr_png,
        url_file=arguments.url_file,
        name=arguments.name or settings.name,
        code=arguments.code,
        hears=arguments.json or arguments.browser,
        policy=PHONE_POLICY if settings.pcs else PHONE_POLICY.without(PCS),
        times=Times(number=settings.number_s, save_question=settings.save_question_s),
    )


def relay_of(arguments: argparse.Namespace, settings: Settings) -> str | None:
    """The relay's address; ``None`` for a relay of this PC's own."""
    # Whoever says --listen wants this PC's own relay, whatever the settings say.
    relay: str | None = arguments.relay or (None if arguments.listen else settings.relay)
    return relay


def access_key_file(arguments: argparse.Namespace, settings: Settings) -> Path | None:
    """The key for the relay in use: one of the settings is for their relay, and for no other."""
    if arguments.access_key_file is not None:
        return expanded(arguments.access_key_file)
    if arguments.relay or arguments.listen or settings.has_key_of_another_relay:
        return None
    return settings.access_key_file


def send_options(
    arguments: argparse.Namespace, wanted: "Sequence[Wanted] | None", **more: Any
) -> "SendOptions":
    """What is sent, and in what form.

    Args:
        arguments: The command line.
        wanted: The certificates; ``None`` asks for them.
        more: Other fields.
    """
    from client_pc.send import SendOptions

    return SendOptions(
        wanted,
        arguments.style if arguments.form else None,
        arguments.also_delete,
        None if arguments.km is None else arguments.km == "with",
        **more,
    )


def run_copy(
    copy: Callable[["Shell"], CertRelayError | None], arguments: argparse.Namespace, report: Report
) -> CertRelayError | None:
    """Run a copy in this terminal, and beside it in the centre if that is wanted."""

    def here(report: Report, lines: "Lines | None") -> CertRelayError | None:
        with person(report, lines) as shell:
            return copy(shell)

    if not arguments.browser:
        return here(report, None)
    from client_pc.centre.visiting import accompany

    return accompany(arguments.command, report, here)
