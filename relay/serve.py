"""``certrelay-relay serve``: from arguments to a relay that answers, and to its end."""

import argparse
import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import TextIO

from certrelay import __version__
from certrelay.errors import ExitStatus, UsageError
from certrelay.frozen import replace
from relay import core_dumps, journal, open_files
from relay.address import bind, edges_of, url_of
from relay.apps import read_app_links
from relay.ending import Ending
from relay.gc_tuning import calm, collect_when_quiet
from relay.journal import JsonFormatter
from relay.lookout import Lookout
from relay.operating import OperatorPages, bind_operator, word
from relay.page import page_routes
from relay.prepare import address_file, settings_of, tls_of
from relay.reload import Reload
from relay.server import Server, loop_factory
from relay.settings import AppLinks, Front
from relay.usage import Usage


def serve(arguments: argparse.Namespace, out: TextIO) -> int:
    """Serve until SIGTERM has come and paired devices have finished (status 0), or Ctrl-C (130).

    Args:
        arguments: As `relay.__main__` parses them.
        out: Gets one line, the relay's URL, once it answers.

    Raises:
        CertRelayError: If it cannot start.
    """
    if hasattr(signal, "SIGHUP"):
        # Until it can be heeded.  Handled and not ignored: what is ignored is inherited.
        signal.signal(signal.SIGHUP, lambda *_: None)
    settings, tls = settings_of(arguments), tls_of(arguments)
    usage = _usage(arguments.usage)
    listener = bind(arguments.host, arguments.port, shared=arguments.share_port)
    operator = None
    if arguments.operate is not None:
        operator = bind_operator(arguments.operate)
        if operator is None:
            raise UsageError("bad_metrics")
    admin = None if arguments.admin is None else _bind_admin(arguments.admin)

    open_files.raise_limit()
    core_dumps.forbid()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    if arguments.log_format == "json":
        logging.getLogger().handlers[0].setFormatter(JsonFormatter())
    logging.getLogger("relay").setLevel(arguments.log_level.upper())
    url = arguments.public_url or url_of(listener, tls is not None)
    if not arguments.public_url:
        edges = edges_of(listener, tls is not None, settings.edges)
        settings = replace(settings, edges=edges)

    apps = AppLinks() if arguments.app_links is None else read_app_links(arguments.app_links)
    settings = replace(settings, front=Front(_path(url), arguments.page_elsewhere, apps))

    async def run() -> int:
        pages = [
            route
            for path in sorted({"/", settings.front.path})
            if arguments.page
            for route in page_routes(path)
        ]
        server = Server(settings, tls, pages)
        ending = Ending(server)
        chain_and_key = None if tls is None else (arguments.tls_cert, arguments.tls_key, tls)
        address = address_file(arguments.redis)
        reload = Reload(server, arguments.policy, chain_and_key, address)
        _reload_on_hangup(reload)
        watch = Lookout(server.limiter)
        calm()
        beside = (collect_when_quiet(lambda: len(server.sockets)), watch.keep_watching())
        tasks = [asyncio.create_task(each) for each in beside]
        names = _operator_names(arguments)
        pages_of = _operator_pages(server, operator, names, reload, watch)
        admin_of = _admin_socket(server, reload, ending, admin)
        async with pages_of, admin_of, _usage_written(usage):
            await server.run(listener, lambda: _announce(url, out, server, reload))
        for task in tasks:
            task.cancel()
        journal.write_notice("stopped")
        ending.ignore_more()
        return ExitStatus.INTERRUPTED if ending.first == signal.SIGINT else ExitStatus.OK

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(run())


def _path(url: str) -> str:
    """The path of an origin, ending in "/"."""
    return "/" + url.split("/", 3)[3]


def _announce(url: str, out: TextIO, server: Server, reload: Reload) -> None:
    journal.write_notice(
        "started",
        version=__version__,
        connections=server.limiter.most,
        rooms=server.rooms_limit,
        files=open_files.limit(),
        store="memory" if server.hub.store_figures is None else "redis",
        policy=reload.policy_hash or "built_in",
    )
    out.write(f"{url}\n")
    out.flush()


def _reload_on_hangup(reload: Reload) -> None:
    """Read anew at SIGHUP, which ends a program that does not listen for it."""
    if hasattr(signal, "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)


@contextlib.asynccontextmanager
async def _operator_pages(
    server: Server,
    listener: socket.socket | None,
    names: Iterable[str],
    reload: Reload,
    watch: Lookout,
) -> AsyncIterator[None]:
    """Answer the operator, on an address of its own, while the relay runs."""
    if listener is None:
        yield
        return
    pages = {"/healthz": word(lambda: ""), "/readyz": word(server.unready)}
    with contextlib.ExitStack() as stack:
        try:
            from relay.metrics import CONTENT_TYPE, Metrics
        except ImportError:
            journal.write_warning("no_prometheus_client")
        else:
            metrics = Metrics(server, reload, watch)
            stack.callback(metrics.close)
            pages["/metrics"] = lambda: (HTTPStatus.OK, CONTENT_TYPE, metrics.text())
        answering = await OperatorPages(pages, names).serve(listener)
        try:
            yield
        finally:
            answering.close()


def _bind_admin(path: Path) -> socket.socket:
    """Reserve the operator's socket.

    Raises:
        UsageError: ``bad_admin``; ``no_admin`` on a system that has none.
    """
    if sys.platform == "linux":
        from relay.admin import bind_admin

        return bind_admin(path)
    raise UsageError("no_admin")


@contextlib.asynccontextmanager
async def _admin_socket(
    server: Server, reload: Reload, ending: Ending, listener: socket.socket | None
) -> AsyncIterator[None]:
    """Answer on the operator's socket while the relay runs, and take it away at the end."""
    with contextlib.ExitStack() as stack:
        if sys.platform == "linux" and listener is not None:
            from relay.admin import AdminSocket

            path = Path(listener.getsockname())
            answering = await AdminSocket(server, reload, ending).serve(listener)
            stack.callback(path.unlink, missing_ok=True)
            stack.callback(answering.close)
        yield


def _operator_names(arguments: argparse.Namespace) -> list[str]:
    """The names under which the operator's pages are asked for."""
    own = [socket.gethostname(), (arguments.operate or "").rpartition(":")[0]]
    return [name.lower() for name in (*own, *arguments.operate_name)]


def _usage(path: Path | None) -> Usage | None:
    """Begin the usage history.

    Raises:
        UsageError: ``bad_usage_file``.
    """
    try:
        return None if path is None else Usage(path)
    except OSError as error:
        raise UsageError("bad_usage_file", where=f"{path}: {error.strerror}") from None


@contextlib.asynccontextmanager
async def _usage_written(usage: Usage | None) -> AsyncIterator[None]:
    """Write the usage history while the relay runs, and its rest at the end."""
    if usage is None:
        yield
        return
    writing = asyncio.create_task(usage.keep_writing())
    try:
        yield
    finally:
        writing.cancel()
        usage.close()
