"""`certrelay doctor`: what keeps a copy from working."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import person
from client_pc.commands.copying import access_key_file, relay_of
from client_pc.commands.stores import store_of
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_relay(command, texts)
    options.add_flag(command, texts, "--phone", "doctor_phone")
    options.add_store(command, texts)
    add_common(command, texts)
    command.set_defaults(works_without_settings=True)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay doctor`."""
    relay = relay_of(arguments, settings)
    if arguments.phone:
        from client_pc.doctor.phone import try_phone

        with person(report) as shell:
            try_phone(relay, arguments.listen, shell)
        return None
    from client_pc.doctor import Patient, doctor

    plain = arguments.plain or settings.plain
    store = store_of(arguments, settings, report)
    key = access_key_file(arguments, settings)
    return doctor(Patient(settings, relay, key, arguments.listen, store, plain), report)
