"""``certrelay-relay check``: looks whether a relay could start, and serves nothing."""

import argparse
import asyncio
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from certrelay.errors import ExitStatus, UsageError
from certrelay.texts import Texts
from certrelay.wire.ids import RoomId
from relay import open_files, records
from relay.apps import read_app_links
from relay.clock import wall
from relay.prepare import settings_of, tls_of
from relay.reload import fingerprint
from relay.tls_files import not_after

DAY_S = 86_400


def check(arguments: argparse.Namespace, texts: Texts, out: TextIO) -> int:
    """Tell, line by line, what a relay with these options would have.

    Args:
        arguments: As for `relay.serve.serve`.
        texts: The person's language.
        out: Gets the lines.

    Returns:
        `ExitStatus.OK`, or what keeps it from serving.

    Raises:
        UsageError: An option or a file that cannot be used.
    """

    def tell(word: str, **values: str | int) -> None:
        out.write(texts.say(f"relay.checked.{word}", **values) + "\n")

    status = ExitStatus.OK
    settings = settings_of(arguments)
    has_tls = tls_of(arguments) is not None
    if arguments.app_links is not None:
        read_app_links(arguments.app_links)
    if arguments.usage is not None and not os.access(arguments.usage.parent, os.W_OK):
        raise UsageError("bad_usage_file", where=str(arguments.usage))
    if arguments.admin is not None and not os.access(arguments.admin.parent, os.W_OK):
        raise UsageError("bad_admin", where=str(arguments.admin))
    tell("files")
    if arguments.policy is not None:
        tell("policy", sha256=fingerprint(arguments.policy))
    proxies = settings.edges.trusted_proxies
    tell("proxies", networks=", ".join(map(str, proxies)) or "–")
    if has_tls:
        days = int((not_after(arguments.tls_cert) - wall()) // DAY_S)
        if days < 0:
            tell("certificate_over")
            status = ExitStatus.USAGE
        else:
            tell("certificate", days=days)
    open_files.raise_limit()
    count = open_files.connections_possible(settings.admission.connections)
    tell("connections", count=count, files=open_files.limit() or "–")
    if settings.redis_url is not None:
        with _quiet(logging.getLogger("relay")):
            word, values = asyncio.run(_ask_store(settings.redis_url))
        tell(word, **values)
        if word != "store":
            status = ExitStatus.UNREACHABLE
    return status


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep a logger silent: what it would say is told in a sentence."""
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


async def _ask_store(url: str) -> tuple[str, dict[str, str | int]]:
    """Do all that a node does with the store; give the word for what came of it."""
    try:
        from relay.store import COMMAND_S, RoomStore, StoreAway
        from relay.store_words import kind_of
    except ImportError:
        raise UsageError("no_redis") from None
    try:
        store = RoomStore(url, os.urandom(8).hex(), records.VERSION)
    except ValueError:
        raise UsageError("bad_redis_url") from None

    async def joined() -> None:
        pass

    began = time.monotonic()
    listening = asyncio.create_task(store.listen(lambda _message: None, joined))
    try:
        with suppress(TimeoutError, StoreAway):
            async with asyncio.timeout(COMMAND_S + 1):
                await store.joined.wait()
                took = round(1000 * (time.monotonic() - began))
                if store.is_foreign:
                    return "store_foreign", {"found": store.found_records}
                if (refused := await store.show_sign()) is not None:
                    return "store_away", {"why": kind_of(refused)}
                found = await store.look(RoomId(os.urandom(RoomId.SIZE)))
                await store.swap(RoomId(os.urandom(RoomId.SIZE)), b"", b"{}", 1)
                return "store", {"milliseconds": took, "skew": round(found.now - wall())}
        return "store_away", {"why": store.away_for or "permission"}
    finally:
        # Again and again: a cancellation that comes just as an answer does is lost in the client
        # library (Python 3.11's `asyncio.wait_for`).
        while not listening.done():
            listening.cancel()
            await asyncio.wait([listening], timeout=0.1)
        await store.close()
