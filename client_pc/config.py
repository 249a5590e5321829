"""`certrelay config`: what is in force, and why."""

from certrelay.client.terminal import layout
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, UsageError
from certrelay.safe_text import printable
from client_pc.computer import hello
from client_pc.folders import config_file
from client_pc.places import default_root
from client_pc.settings import KEYS, Setting, Settings


def show_settings(settings: Settings, report: Report) -> CertRelayError | None:
    """Tell each setting, its value, and where that comes from; give the settings' fault."""
    texts = report.texts
    path = config_file()
    if path is not None:
        state = "there" if path.exists() else "missing"
        text = texts.say(f"pc.config.file.{state}", path=str(path))
        report.event("file", text, path=path, exists=path.exists())
    rows = []
    for key in KEYS:
        origin = settings.origins.get(key.name)
        value = getattr(settings, key.attribute)
        shown = _shown(key, value, report)
        report.event(
            "setting",
            key=key.name,
            value=_data(key, value, report),
            variable=key.variable,
            origin="default" if origin is None else origin,
            choices=list(key.choices),
            range=list(key.span),
        )
        why = texts.say("pc.config.default") if origin is None else printable(origin, None)
        rows.append([key.name, shown, why, key.variable])
    head = [texts.say(f"pc.config.{column}") for column in ("name", "value", "why", "variable")]
    for line in layout.table(head, rows, report.columns):
        report.result(line)
    return settings.error


def _data(key: Setting, value: object, report: Report) -> object:
    """A value as a script reads it; what is in force where nothing is set."""
    if value is not None or key.name == "relay":  # without one this PC relays
        return value
    return _shown(key, value, report)


def _shown(key: Setting, value: object, report: Report) -> str:
    """A value as a person reads it; in place of "none" what then happens."""
    texts = report.texts
    match key.name, value:
        case _, bool():
            return "true" if value else "false"
        case _, float():
            return f"{value:g}"
        case "relay", None:
            return texts.say("pc.config.own_relay")
        case "access_key_file", None:
            return texts.say("pc.config.no_key")
        case "store", None:
            try:
                return str(default_root())
            except UsageError as error:
                return texts.error(error)
        case "language", None:
            return texts.language
        case "name", None:
            return hello(None).name
        case _:
            return printable(str(value), None)
