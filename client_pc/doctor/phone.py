"""`certrelay doctor --phone`: whether the phone reaches this PC, proved by the phone itself.

A QR code opens one page at the very address at which `import` and `export` would relay.  No room,
no certificate, nothing secret: what is shown stands in no other place, so that whoever asks for it
has read this code.  Only a request that was seen is told.
"""

import html
import queue
import secrets
import time
from typing import Final

from certrelay.client.flow.session import Shell
from certrelay.errors import NotConfirmed, RelayUnreachable, UsageError
from certrelay.safe_text import printable
from certrelay.texts import LANGUAGES, Texts
from client_pc.embedded import LOOPBACK, USUAL_PORT, listen_address, test_page_on
from client_pc.qr_screen import draw
from client_pc.showing import lines_of

LIFE_S: Final = 120.0
"""Seconds for which the page is there."""

_LOOK_S: Final = 0.25


def try_phone(relay: str | None, listen: str | None, shell: Shell) -> None:
    """Show the code, and tell when its page has been asked for.

    Args:
        relay: The relay that copies go by, if it is another one than this PC.
        listen: Where this PC relays, if the person has said.
        shell: Report, answers, clock.

    Raises:
        NotConfirmed: ``phone_not_seen``.
        UsageError: ``phone_needs_no_pc``, ``no_network`` or ``bad_listen``.
        RelayUnreachable: ``port_taken``.
        Interrupted: At Ctrl-C.
    """
    if relay is not None:
        raise UsageError("phone_needs_no_pc", relay=printable(relay))
    host, port = listen_address(listen)
    if listen is None and host == LOOPBACK:
        raise UsageError("no_network")
    try:
        seen = _show(host, port if listen is not None else USUAL_PORT, shell)
    except RelayUnreachable:
        if listen is not None:
            raise
        seen = _show(host, 0, shell)
    if seen is None:
        raise NotConfirmed("phone_not_seen")
    text = shell.report.texts.say("doctor.phone.reached", address=seen)
    shell.report.event("reached", text, address=seen)


def _show(host: str, port: int, shell: Shell) -> str | None:
    """Give the address that has asked for the page, if one has."""
    report, asked = shell.report, queue.SimpleQueue[str]()
    path, end = secrets.token_urlsafe(9), time.monotonic() + LIFE_S
    with test_page_on(host, port, path, _page(), asked.put) as url:
        try:
            code = draw(url)
            if report.can_draw(code.columns, code.rows):
                report.picture(lines_of(code), report.texts.say("doctor.phone.scan"))
            text = report.texts.say("doctor.phone.open", url=url)
            report.event("waiting", text, url=url, expires_in_ms=round(1000 * LIFE_S))
            while (left := end - time.monotonic()) > 0:
                shell.lines.interrupts.check()
                try:
                    return asked.get(timeout=min(left, _LOOK_S))
                except queue.Empty:
                    continue
            return None
        finally:
            report.erase_picture()
            report.event("burnt")


def _page() -> bytes:
    """What the phone shows, in both languages: plain HTML without anything that runs."""
    parts = []
    for language in reversed(LANGUAGES):
        say = Texts(language).say
        title, text = (html.escape(say(f"doctor.phone.page.{each}")) for each in ("title", "text"))
        parts.append(f'<section lang="{language}"><h1>{title}</h1><p>{text}</p></section>')
    head = (
        '<!doctype html><html lang="ko"><meta charset="utf-8"><title>certrelay</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
    )
    return f"{head}{''.join(parts)}</html>\n".encode()
