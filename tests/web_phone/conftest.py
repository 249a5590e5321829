import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from certrelay.bundle import Item
from certrelay.frozen import replace
from certrelay.testkit.ca import Authority, Issued, Owner, new_key
from relay.embedded import EMBEDDED, Running, reserve
from relay.page import page_routes
from relay.settings import Edges
from tests.patience import PATIENCE_S
from tests.web_phone import components
from tests.web_phone.cable import Cable
from tests.web_phone.modules import MODULES
from tests.web_phone.pc import FAR, Pc
from tests.web_phone.phone import ANDROID, Phone

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PASSWORD = "비밀번호 12!a"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {FAR} 127.0.0.1",
]
ROLES = {
    "signCert": "signCert.der",
    "signPri": "signPri.key",
    "kmCert": "kmCert.der",
    "kmPri": "kmPri.key",
}


@pytest.fixture(scope="package")  # while it is open, no test can run a loop of its own
def browser() -> Iterator["Browser"]:
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        components.missing("playwright")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=components.chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_phone(browser: "Browser") -> Iterator[Callable[..., Phone]]:
    """Make phones; each is checked at the end of the test."""
    phones: list[Phone] = []

    def new(**options: Any) -> Phone:
        given: dict[str, Any] = {
            "locale": "ko-KR",
            "viewport": {"width": 360, "height": 740},
            "device_scale_factor": 3,
            "user_agent": ANDROID,
            "is_mobile": True,
            "has_touch": True,
        }
        phones.append(Phone(browser.new_context(**(given | options))))
        phones[-1].page.set_default_timeout(1000 * PATIENCE_S)
        return phones[-1]

    yield new
    for phone in phones:
        phone.check()
        phone.context.close()


@pytest.fixture
def phone(new_phone: Callable[..., Phone]) -> Phone:
    return new_phone()


@pytest.fixture
def cable() -> Iterator[Cable]:
    with Cable() as cable:
        yield cable


@pytest.fixture
def start_relay(cable: Cable) -> Iterator[Callable[..., str]]:
    """Start a relay behind the cable; give its origin."""
    with ExitStack() as stack:

        def start(host: str = "127.0.0.1", **changes: Any) -> str:
            components.page_is_built()
            edges = Edges(hosts=frozenset({f"{host}:{cable.port}"}))
            settings = replace(EMBEDDED, edges=edges, **changes)
            running: Running = reserve("127.0.0.1").serve(settings, [MODULES, *page_routes()])
            stack.enter_context(running)
            cable.plug_into(running.port)
            return f"http://{host}:{cable.port}/"

        yield start


@pytest.fixture
def origin(start_relay: Callable[..., str]) -> str:
    return start_relay()


@pytest.fixture
def start_pc(tmp_path: Path) -> Iterator[Callable[..., tuple[Pc, str]]]:
    """Start a PC; give it and the address in its QR code."""
    with ExitStack() as stack:

        def start(
            command: str, origin: str | None, *arguments: str | Path, say: tuple[str, ...] = ()
        ) -> tuple[Pc, str]:
            """Use the relay at ``origin``; with ``None`` the PC relays by itself."""
            components.page_is_built()
            relay = ("--listen", "127.0.0.1") if origin is None else ("--relay", origin)
            store = ("--store", tmp_path / "NPKI")
            pc = Pc(command, *arguments, *relay, *store, home=tmp_path / "home", say=say)
            stack.callback(pc.stop)
            url: str = pc.wait_for("waiting")["url"]
            return pc, url

        yield start


@pytest.fixture(scope="session")
def issued() -> Issued:
    now = datetime.now(UTC).replace(microsecond=0)
    authority = Authority(now, key=new_key(1024))
    owner = Owner("홍길동<b onclick=x>\u202e", 7)
    end = now + timedelta(days=365)
    return authority.issue(owner, now, end, sign_key=new_key(1024), km_key=new_key(1024))


def write_files(item: Item, folder: Path) -> list[Path]:
    """Write an item as a person has it on a phone."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for file in item.files:
        name = ROLES.get(file.role, "My certificate.p12")
        (folder / name).write_bytes(file.content)
        paths.append(folder / name)
    return paths


def files_below(root: Path) -> dict[str, bytes]:
    """Every file below a folder, by its name."""
    return {
        name: (Path(folder) / name).read_bytes()
        for folder, _, names in os.walk(root)
        for name in names
    }
