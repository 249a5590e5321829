"""`certrelay desktop`: the icon and the daily reminder."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import UsageError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import warn_root
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    command.add_argument("step", choices=("install", "remove"), help=texts.say("help.desktop_step"))
    options.add_flag(command, texts, "--remind", "desktop_remind")
    add_common(command, texts)
    command.set_defaults(works_without_settings=True)


def run(arguments: argparse.Namespace, _settings: Settings, report: Report) -> None:
    """Run `certrelay desktop`."""
    from client_pc.desktop.placing import install, remove

    warn_root(report)
    if arguments.step == "install":
        install(report, remind=arguments.remind)
    elif arguments.remind:
        raise UsageError("not_together", one="--remind", other="remove")
    else:
        remove(report)
