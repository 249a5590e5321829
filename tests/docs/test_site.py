"""The documentation as a site: complete, every link leads somewhere, nobody else is asked."""

import functools
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from tests.patience import PATIENCE_S
from tests.sources import ROOT
from tests.web_phone import components

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = ("README.md", "README.ko.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
LOADED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}
"""Elements that make a browser load something, without being asked."""


class Page(HTMLParser):
    """What a page links to, what it loads, and where it can be pointed at."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.ids.add(values.get("id", ""))
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        if tag in LOADED and LOADED[tag] in values:
            self.loads.add(values[LOADED[tag]])


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}


def test_every_page_is_there_and_has_its_place_in_the_navigation(
    site: Path, pages: dict[Path, Page]
) -> None:
    wanted = {*PAGES, *(path.name for path in (ROOT / "docs").glob("*.md"))}
    folders = {name.removesuffix(".md") for name in wanted - {"README.md"}}
    assert {f"{name}/" for name in folders} - pages[site / "index.html"].links == set()


def test_every_link_leads_to_something_that_is_there(site: Path, pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # shown at any address; its links are absolute
        for link in page.links | page.loads:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            assert target.is_file(), f"{path.relative_to(site)}: {link}"
            assert target.is_relative_to(site)
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].ids, f"{path}: {link}"


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    assert not [load for page in pages.values() for load in page.loads if "//" in load]
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    addresses = re.findall(r"url\(\s*[\"']?([^\"')]+)", styles)
    assert addresses
    assert not [each for each in addresses if each.startswith(("http", "//"))]


def test_korean_words_are_found(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    assert index["config"]["lang"] == ["en", "ko"]
    assert any("인증번호" in document["text"] for document in index["docs"])


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = functools.partial(Silent, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")  # while it is open, no test can run a loop of its own
def chromium() -> Iterator["Browser"]:
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        components.missing("playwright")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=components.chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def test_a_browser_asks_nobody_else_and_shows_the_pictures(site: Path, chromium: "Browser") -> None:
    asked: list[str] = []
    complaints: list[str] = []
    with served(site) as address:
        page = chromium.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        widths: list[int] = []
        for path in ("", "README.ko/", "protocol/", "centre/", "screens/"):
            page.goto(f"{address}{path}")
            if path in ("centre/", "screens/"):
                widths += page.eval_on_selector_all(
                    "img", "all => all.map(one => one.naturalWidth)"
                )
        page.goto(f"{address}search.html?q=인증번호")
        page.wait_for_selector("#mkdocs-search-results article", timeout=1000 * PATIENCE_S)
        page.close()
    assert asked
    assert not [url for url in asked if not url.startswith((address, "data:"))]
    assert complaints == []
    assert len(widths) == len(list((ROOT / "docs" / "pictures").glob("*.*")))
    assert all(widths)
