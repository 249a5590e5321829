"""`certrelay config`: the settings, shown and changed."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, UsageError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.settings import Settings
from client_pc.words import SETTING_NAMES


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    command.add_argument(
        "act", nargs="?", choices=("set", "unset"), metavar="set|unset", help=texts.say("help.set")
    )
    command.add_argument(
        "setting", nargs="?", metavar="NAME", choices=SETTING_NAMES, help=texts.say("help.setting")
    )
    command.add_argument("value", nargs="?", metavar="VALUE", help=texts.say("help.value"))
    add_common(command, texts)
    command.set_defaults(works_without_settings=True)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay config`."""
    if arguments.act is None:
        from client_pc.config import show_settings

        return show_settings(settings, report)
    from client_pc.set_setting import set_setting

    is_set = arguments.act == "set"
    if arguments.setting is None or (is_set and arguments.value is None):
        raise UsageError("missing_arguments", argument="NAME VALUE" if is_set else "NAME")
    if not is_set and arguments.value is not None:
        raise UsageError("unknown_arguments", typed=arguments.value, near=None)
    set_setting(arguments.setting, arguments.value, report)
    return None
