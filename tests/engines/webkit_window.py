"""A small WebKitGTK window that WebKitWebDriver can drive; run by Debian's own Python.

    webkit_window.py DOWNLOADS

It is as large as its page is told to be, asks for Korean, and puts downloads into a folder.
"""

# mypy: ignore-errors
import sys
from pathlib import Path

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402


def main() -> None:
    downloads = Path(sys.argv[1])
    context = WebKit2.WebContext.new_ephemeral()
    context.set_automation_allowed(True)
    context.set_preferred_languages(["ko-KR"])
    kept = []  # else Python would forget what it holds of them

    def new_view(*_):
        view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True)
        window = Gtk.Window(decorated=False, resizable=True)
        window.set_default_size(360, 740)
        window.add(view)
        window.show_all()
        view.connect("close", lambda _: window.destroy())
        kept.append(view)
        return view

    def started(_, session):
        kept.append(session)
        session.connect("create-web-view", new_view)

    def download(_, each):
        def place(_, suggested):
            target = downloads / Path(suggested).name
            at = 1
            while target.exists():
                target = downloads / f"{at}-{Path(suggested).name}"
                at += 1
            each.set_destination(target.as_uri())
            return True

        each.connect("decide-destination", place)

    context.connect("automation-started", started)
    context.connect("download-started", download)
    Gtk.main()


if __name__ == "__main__":
    main()
