"""What phones find at the relay's address: its page, or words about apps, under any prefix."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import pytest

from certrelay.errors import UsageError
from certrelay.wire.messages import NO_PAGE
from relay.apps import app_routes, apps_only_page, read_app_links
from relay.embedded import Running
from relay.settings import AppLinks, Front, MobileApp
from tests.nodes import Node, nodes
from tests.patience import PATIENCE_S
from tests.redis_server import free_port
from tests.relay.conftest import Connect

Start = Callable[..., Running]

PRINT = ":".join(["AB"] * 32)
LINKS = f"""
[android]
package = "kr.example.cert"
fingerprints = ["{PRINT}"]
store = "https://play.google.com/store/apps/details?id=kr.example.cert"
[ios]
app_id = "ABCDE12345.kr.example.cert"
"""


def get(port: int, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@contextmanager
def behind(*options: str | Path) -> Iterator[Node]:
    """A relay whose public URL has a path."""
    node = Node("--public-url", "https://bank.example/cert/", *options, port=free_port())
    try:
        node.start()
        yield node
    finally:
        node.kill()


@pytest.fixture
def links(tmp_path: Path) -> Path:
    path = tmp_path / "apps.toml"
    path.write_text(LINKS, "utf-8")
    return path


def test_a_relay_without_a_page_says_that_it_is_for_apps(shared_relay: Running) -> None:
    status, headers, body = get(shared_relay.port, "/")
    assert status == 404
    assert headers[NO_PAGE[0]] == NO_PAGE[1]
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["content-security-policy"]
    text = body.decode()
    assert "앱으로 열어 주세요" in text
    assert "Please open this with the app" in text
    assert "<script" not in text


def test_a_socket_is_told_too_and_one_of_a_relay_with_a_page_is_not(
    connect: Connect, connect_to: Connect
) -> None:
    told = connect().socket.response
    assert told is not None
    assert told.headers[NO_PAGE[0]] == NO_PAGE[1]
    with nodes(1, "--page") as (with_page,), nodes(1, "--page-elsewhere") as (elsewhere,):
        for node in (with_page, elsewhere):
            told = connect_to(node).socket.response
            assert told is not None
            assert NO_PAGE[0] not in told.headers
        assert get(with_page.port, "/")[0] == 200
        assert NO_PAGE[0] not in get(elsewhere.port, "/")[1]


@pytest.mark.parametrize("option", ["--page", "--page-elsewhere"])
@pytest.mark.parametrize("path", ["/", "/cert/"], ids=["stripped", "kept"])
def test_below_a_path_a_proxy_may_strip_it_or_keep_it(
    option: str, path: str, connect_to: Connect
) -> None:
    with behind(option) as node:
        for page in ("healthz", "readyz"):
            status, _, body = get(node.port, f"{path}{page}")
            assert (status, body) == (200, b"ok\n")
        if option == "--page":
            status, _, body = get(node.port, path)
            assert (status, b"<html" in body) == (200, True)
            assert get(node.port, f"{path}style.css")[0] == 200
        assert connect_to(node, path=f"{path}v1/ws").socket.subprotocol


def test_the_phones_files_are_made_from_the_operators_settings(links: Path) -> None:
    with behind("--app-links", links) as node:
        status, headers, body = get(node.port, "/.well-known/assetlinks.json")
        assert (status, headers["content-type"]) == (200, "application/json")
        assert json.loads(body) == [
            {
                "relation": ["delegate_permission/common.handle_all_urls"],
                "target": {
                    "namespace": "android_app",
                    "package_name": "kr.example.cert",
                    "sha256_cert_fingerprints": [PRINT],
                },
            }
        ]
        status, headers, body = get(node.port, "/.well-known/apple-app-site-association")
        assert (status, headers["content-type"]) == (200, "application/json")
        details = {"appIDs": ["ABCDE12345.kr.example.cert"], "components": [{"/": "/cert/"}]}
        assert json.loads(body) == {"applinks": {"details": [details]}}
        for path in ("/", "/cert/"):
            assert b"https://play.google.com/" in get(node.port, path)[2]


def test_a_relay_without_these_settings_has_no_such_files(shared_relay: Running) -> None:
    for name in ("assetlinks.json", "apple-app-site-association"):
        assert get(shared_relay.port, f"/.well-known/{name}")[0] == 404


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("[android]", "[tizen]", "[tizen]"),
        ("package", "packages", "[android] packages"),
        ('kr.example.cert"\nf', '../evil"\nf', "[android] package"),
        ("AB:", "ab:", "[android] fingerprints"),
        ("https://play", "javascript://play", "[android] store"),
        ("ABCDE12345", "abc", "[ios] app_id"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_place(
    links: Path, old: str, new: str, where: str
) -> None:
    links.write_text(LINKS.replace(old, new, 1), "utf-8")
    with pytest.raises(UsageError) as refused:
        read_app_links(links)
    assert refused.value.code == "bad_app_links"
    assert str(refused.value.details["where"]) == f"{links}: {where}"


def test_no_word_of_the_settings_becomes_markup() -> None:
    apps = AppLinks(MobileApp("kr.x", (PRINT,), 'https://x.example/"><script>alert(1)</script>'))
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, _attributes: object) -> None:
            found.append(tag)

    Reader().feed(apps_only_page(apps))
    assert "script" not in found
    assert found.count("a") == 1


def test_each_path_is_answered_once() -> None:
    assert len(app_routes(Front(), {}, has_page=False)) == 1
    assert len(app_routes(Front("/x/"), {}, has_page=False)) == 2
    assert not app_routes(Front("/x/"), {}, has_page=True)
