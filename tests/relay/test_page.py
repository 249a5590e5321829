"""How the phone's page is served: its own files only, under strict headers."""

import base64
import gzip
import hashlib
import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from relay.__main__ import main
from relay.embedded import start
from relay.page import FILES, HEADERS, export, page_files, policy

PAGE = Path(__file__).resolve().parents[2] / "web_phone"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start("127.0.0.1", page=True) as running:
        yield running.url


def get(url: str, **headers: str) -> tuple[int, Message, bytes]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def raw_status(url: str, target: str) -> int:
    """Ask for a target as it stands: clients would tidy it up."""
    host = url.split("/")[2]
    name, port = host.split(":")
    with socket.create_connection((name, int(port))) as stream:
        stream.sendall(
            f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        )
        return int(stream.makefile("rb").readline().split()[1])


def test_the_list_names_every_file_of_the_page_and_nothing_else() -> None:
    scripts = {
        path.relative_to(PAGE).as_posix()
        for path in PAGE.rglob("*.js")
        if "tools" not in path.relative_to(PAGE).parts
    }
    assert scripts == {path for path in FILES if path.endswith(".js")}


@pytest.mark.parametrize("path", ["", *(path for path in page_files() if path != "index.html")])
def test_every_file_is_served_as_it_lies_under_strict_headers(url: str, path: str) -> None:
    file = page_files()[path or "index.html"]
    status, headers, content = get(url + path)
    assert (status, content) == (200, file.content)
    assert headers["content-type"] == file.media_type
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers
    assert "set-cookie" not in headers


def test_the_page_itself_has_a_policy_without_an_exception(url: str) -> None:
    _, headers, content = get(url)
    found = headers["content-security-policy"]
    directives = dict(each.split(" ", 1) for each in found.split("; "))
    host = url.split("/")[2]
    assert directives["default-src"] == "'none'"
    assert directives["connect-src"] == f"'self' wss://{host} ws://{host}"
    assert directives["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in found
    assert "*" not in found
    inline = re.findall(rb"<script[^>]*>([^<]+)</script>", content)
    hashes = [base64.b64encode(hashlib.sha256(each).digest()).decode() for each in inline]
    assert directives["script-src"] == " ".join(["'self'", *(f"'sha256-{h}'" for h in hashes)])
    assert not re.search(rb"\son[a-z]+=|style=|<style", content)
    assert headers["integrity-policy"] == "blocked-destinations=(script)"


def test_a_strange_host_is_not_copied_into_the_policy() -> None:
    assert "connect-src 'self';" in policy("evil.example; script-src *")
    assert "connect-src 'self' wss://relay.example.kr;" in policy("relay.example.kr")
    assert "ws://[::1]:80" in policy("[::1]:80", "http")


def test_the_page_names_the_hash_of_every_script() -> None:
    page = (PAGE / "index.html").read_text("utf-8")
    found = re.search(r'<script type="importmap">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    named: dict[str, str] = json.loads(found[1])["integrity"]
    tag = re.search(r'src="boot.js" crossorigin integrity="([^"]+)"', page)
    assert tag is not None
    named["./boot.js"] = tag[1]
    right = {
        f"./{path}": "sha384-"
        + base64.b64encode(hashlib.sha384((PAGE / path).read_bytes()).digest()).decode()
        for path in FILES
        if path.endswith(".js")
    }
    assert named == right, "run: node web_phone/tools/seal.mjs"


def test_the_crypto_bundle_has_the_hash_that_stands_beside_it() -> None:
    stated = (PAGE / "vendor" / "crypto.js.sha256").read_text().split()[0]
    assert hashlib.sha256((PAGE / "vendor" / "crypto.js").read_bytes()).hexdigest() == stated


@pytest.mark.parametrize(
    "target",
    [
        "/../pyproject.toml",
        "/core/../../pyproject.toml",
        "/%2e%2e/pyproject.toml",
        "/core/..%2f..%2fpyproject.toml",
        "//etc/passwd",
        "/core/",
        "/core",
        "/index.html/",
        "/__init__.py",
        "/tools/package.json",
        "/vendor/crypto.d.ts",
        "/texts/../texts/ko.json",
        "/CORE/qr.js",
        "/core/qr.js%00",
        "/favicon.ico",
    ],
)
def test_nothing_else_is_served(url: str, target: str) -> None:
    assert raw_status(url, target) == 404


def test_what_is_packed_is_the_same_and_smaller(url: str) -> None:
    for path, file in page_files().items():
        where = "" if path == "index.html" else path
        _, headers, content = get(url + where, **{"Accept-Encoding": "gzip"})
        if headers["content-encoding"] == "gzip":
            assert gzip.decompress(content) == file.content
            assert len(content) < len(file.content)


def test_what_did_not_change_is_not_sent_again(url: str) -> None:
    _, headers, _ = get(url + "main.js")
    status, _, content = get(url + "main.js", **{"If-None-Match": headers["etag"]})
    assert (status, content) == (304, b"")


def test_the_texts_are_the_pages_alone(url: str) -> None:
    for language in ("ko", "en"):
        _, _, content = get(f"{url}texts/{language}.json")
        sentences = json.loads(content)
        assert "page.start.title" in sentences
        assert not any(key.startswith(("help.", "relay.", "pc.")) for key in sentences)


def test_a_relay_serves_no_page_unless_it_is_told_to() -> None:
    with start("127.0.0.1") as running:
        assert get(running.url)[0] == 404
        assert get(running.url + "main.js")[0] == 404


def test_an_exported_page_is_whole_and_names_its_headers(tmp_path: Path) -> None:
    export(tmp_path)
    written = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    headers = written.pop("headers.txt").decode()
    assert written == {path: file.content for path, file in page_files().items()}
    assert f"content-security-policy: {policy()}" in headers
    assert "referrer-policy: no-referrer" in headers


def test_the_program_writes_the_page_into_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["page", str(tmp_path / "page")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'page'}\n"
    assert (tmp_path / "page" / "index.html").is_file()


def test_a_folder_that_cannot_be_written_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page").write_text("a file")
    assert main(["page", str(tmp_path / "page"), "--lang", "en"]) == ExitStatus.STORAGE
    assert "certrelay-relay: " in capsys.readouterr().err
