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
from importlib.resources import files
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from certrelay.texts import LANGUAGES
from relay.__main__ import main
from relay.embedded import start
from relay.page import HEADERS, export, page_files, policy

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
    inline = re.findall(rb"<script>(.*?)</script>", content, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(each).digest()).decode() for each in inline]
    assert directives["script-src"] == " ".join(["'self'", *(f"'sha256-{h}'" for h in hashes)])
    assert not re.search(rb"\son[a-z]+=|style=|<style", content)


def test_a_strange_host_is_not_copied_into_the_policy() -> None:
    assert "connect-src 'self';" in policy("evil.example; script-src *")
    assert "connect-src 'self' wss://relay.example.kr;" in policy("relay.example.kr")
    # Browsers complain of an IPv6 address there, which the policy's grammar does not have.
    assert "connect-src 'self';" in policy("[::1]:80", "http")


def test_the_page_names_the_hash_of_everything_that_runs_in_it_or_dresses_it() -> None:
    found = page_files()
    page = found["index.html"].content.decode()
    named = dict(re.findall(r'(?:src|href)="([a-z.]+)" crossorigin integrity="([^"]+)"', page))
    assert named == {
        path: "sha384-" + base64.b64encode(hashlib.sha384(found[path].content).digest()).decode()
        for path in ("style.css", "page.js")
    }
    assert page.count("<script") == 2  # the other one is inside, and in the policy


def test_the_map_of_the_script_holds_its_modules_as_they_lie_here() -> None:
    found = json.loads(page_files()["page.js.map"].content)
    held = dict(zip(found["sources"], found["sourcesContent"], strict=True))
    modules = {path: text for path, text in held.items() if path.endswith(".js")}
    assert {"../main.js", "../ui/app.js", "../core/endpoint.js", "../vendor/crypto.js"} < set(
        modules
    )
    for path, text in modules.items():
        assert (PAGE / "built" / path).read_text("utf-8") == text, path


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
        "/built/page.js",
        "/main.js",
        "/PAGE.js",
        "/page.js%00",
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
    _, headers, _ = get(url + "page.js")
    status, _, content = get(url + "page.js", **{"If-None-Match": headers["etag"]})
    assert (status, content) == (304, b"")


def test_both_languages_are_in_the_script_and_the_programs_own_texts_are_not() -> None:
    script = page_files()["page.js"].content.decode()
    for language in LANGUAGES:
        raw = (files("certrelay.texts") / f"{language}.json").read_text("utf-8")
        for key in json.loads(raw):
            is_said = key.startswith(("page.", "error.", "hint.", "state.", "use.", "holder."))
            found = script.count(f'"{key}":')
            assert (found >= len(LANGUAGES)) if is_said else found == 0, key


def test_a_relay_serves_no_page_unless_it_is_told_to() -> None:
    with start("127.0.0.1") as running:
        assert get(running.url)[0] == 404
        assert get(running.url + "page.js")[0] == 404


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
