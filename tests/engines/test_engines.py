"""The table of docs/browsers.md: every flow in every engine, on both kinds of address."""

from collections.abc import Callable

import pytest

from tests.engines.bench import Bench
from tests.engines.flows import FLOWS
from tests.engines.network import LOOPBACK, PRIVATE


@pytest.mark.parametrize("host", [LOOPBACK, PRIVATE])
@pytest.mark.parametrize("name", FLOWS)
def test_flow(new_bench: Callable[[str], Bench], host: str, name: str) -> None:
    FLOWS[name](new_bench(host))
