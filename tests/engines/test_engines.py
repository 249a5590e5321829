"""The table of docs/browsers.md: every flow in every engine, on both kinds of address."""

from collections.abc import Callable

import pytest

from tests.engines.bench import Bench
from tests.engines.flows import FLOWS
from tests.engines.network import LOOPBACK, PRIVATE
from tests.engines.table import CANNOT, parts, table


@pytest.mark.parametrize("host", [LOOPBACK, PRIVATE])
@pytest.mark.parametrize("name", FLOWS)
def test_flow(new_bench: Callable[[str], Bench], host: str, name: str) -> None:
    bench = new_bench(host)
    if (name, bench.browser.name, host) not in CANNOT:
        FLOWS[name](bench)


def test_the_table_of_the_page_is_what_runs_here() -> None:
    _, found, _ = parts()
    assert found == table(), "run: python -m tests.engines.table"
