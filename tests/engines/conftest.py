from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certrelay.testkit.ca import Authority, Issued, Owner, new_key
from tests.engines.bench import Bench
from tests.engines.chromium import Chromium
from tests.engines.firefox import Firefox
from tests.engines.network import Network
from tests.engines.tab import Browser
from tests.engines.webkit import WebKit
from tests.web_phone import components

ENGINES: dict[str, Callable[[Network, Path], Browser]] = {
    "Chromium": Chromium,
    "Firefox": Firefox,
    "WebKitGTK": WebKit,
}


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    components.page_is_built()
    with Network() as network:
        yield network


@pytest.fixture(scope="package", params=ENGINES)
def browser(
    request: pytest.FixtureRequest, network: Network, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """Start an engine, once."""
    browser = ENGINES[request.param](network, tmp_path_factory.mktemp(request.param))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def people() -> list[Issued]:
    now = datetime.now(UTC).replace(microsecond=0)
    authority = Authority(now, key=new_key(1024))
    end = now + timedelta(days=365)
    return [
        authority.issue(owner, now, end, sign_key=new_key(1024), km_key=new_key(1024))
        for owner in (Owner("홍길동", 7), Owner("김철수", 8))
    ]


@pytest.fixture
def new_bench(
    network: Network, browser: Browser, people: list[Issued], tmp_path: Path
) -> Iterator[Callable[[str], Bench]]:
    """Make the surroundings of one copy, on an address."""
    made: list[Bench] = []

    def new(host: str) -> Bench:
        made.append(Bench(network, browser, host, tmp_path, people))
        return made[-1]

    yield new
    for bench in made:
        bench.close()
