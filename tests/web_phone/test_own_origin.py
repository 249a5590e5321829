"""The page on an origin of its own, by the very lines of docs/operations.md: nginx serves the
exported files and passes the socket on; the relay serves no page."""

import getpass
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from certrelay.testkit.ca import Issued
from relay.page import HEADERS, policy
from tests.component import program
from tests.deploy.fronts import exchange, free_port
from tests.nodes import Node
from tests.sources import ROOT
from tests.web_phone.conftest import PASSWORD, files_below, write_files
from tests.web_phone.pc import Pc
from tests.web_phone.phone import Phone, say
from tests.web_phone.test_flows import contents, give

if TYPE_CHECKING:
    from playwright.sync_api import Response

OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
_MAIN = """
user {user};
pid nginx.pid;
error_log error.log;
events {{ worker_connections 256; }}
http {{
    types {{ text/html html; text/javascript js; text/css css; application/json json;
             image/svg+xml svg; text/plain txt; }}
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    upstream certrelay {{ server 127.0.0.1:{relay}; }}
    map $http_upgrade $certrelay_connection {{ default upgrade; '' close; }}
    server {{
        listen 127.0.0.1:{port};
        {lines}
    }}
}}
"""


def documented(kind: str) -> str:
    """The block of the page's section that is marked with a word."""
    section = OPERATIONS.partition("## The phone's page from an origin")[2].partition("\n## ")[0]
    found = re.search(rf"^```{kind}\n(.*?)^```", section, re.M | re.S)
    assert found is not None
    return found[1]


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def own_origin(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    origin = f"http://127.0.0.1:{port}/"
    page = tmp_path / "page"
    export, sed, _serve = re.split(r"\n(?=\w)", documented("").strip())
    subprocess.run(
        [
            sys.executable,
            "-m",
            "relay",
            *exchange(export, ("certrelay-relay ", ""), ("/srv/certrelay-page", str(page))).split(),
        ],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    subprocess.run(["sh", "-c", exchange(sed, ("/srv/certrelay-page", str(page)))], check=True)
    lines = exchange(documented("nginx"), ("/srv/certrelay-page", str(page)))
    relay_port = free_port()
    relay = Node("--public-url", origin, port=relay_port)
    with ExitStack() as stack:
        relay.start()
        stack.callback(relay.kill)
        config = tmp_path / "nginx.conf"
        config.write_text(
            _MAIN.format(user=getpass.getuser(), relay=relay_port, port=port, lines=lines)
        )
        command = [program("nginx"), "-p", str(tmp_path), "-c", str(config)]
        nginx = subprocess.Popen([*command, "-g", "daemon off;"], start_new_session=True)
        stack.callback(nginx.wait)
        stack.callback(nginx.terminate)
        end = time.monotonic() + 30
        while not is_open(port):
            assert nginx.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        yield origin


def test_a_copy_from_the_exported_page(
    own_origin: str,
    phone: Phone,
    start_pc: Callable[..., tuple[Pc, str]],
    issued: Issued,
    tmp_path: Path,
) -> None:
    item = issued.npki(PASSWORD)
    pc, url = start_pc("import", own_origin, "--yes")
    assert url.startswith(own_origin)
    answers: list[Response] = []

    def note(answer: "Response") -> None:
        answers.append(answer)

    phone.page.on("response", note)
    phone.scan(url)
    give(phone, write_files(item, tmp_path / "phone"))
    phone.type_number(pc.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0
    assert files_below(tmp_path / "NPKI") == contents(item)
    assert {urlsplit(answer.url).path for answer in answers} >= {"/", "/page.js", "/style.css"}
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, answer.url
        assert answer.headers["content-security-policy"] == policy()
