"""Where a relay has its rooms: what it does is the same everywhere."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import pytest

from certrelay.frozen import replace
from relay.embedded import Running, start
from relay.settings import Settings

HOMES: Final = ("memory", "redis", "two nodes")

one_home = pytest.mark.parametrize("home", HOMES[:1], indirect=True)
"""For what only the two programs decide: once is enough, the relay passes it on unread."""


@contextmanager
def relays(
    home: str, settings: Settings, redis_url: str | None, **options: Any
) -> Iterator[list[Running]]:
    """The relays of one home, one or two; ``redis_url`` is used where the home has a Redis."""
    if home != "memory":
        settings = replace(settings, redis_url=redis_url)
    with ExitStack() as stack:
        yield [
            stack.enter_context(start(settings=settings, **options))
            for _ in range(2 if home == "two nodes" else 1)
        ]
