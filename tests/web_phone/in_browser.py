"""The page's core inside a browser: the project's own files over http, and the vectors there."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from tests.web_phone.components import ROOT

A_PAGE = "tests/vectors/README.md"
"""What a tab opens first, to be at the place where the modules are."""

FAILED_VECTORS = """async () => {
  const {allChecks, FILES} = await import("/tests/web_phone/js/vector_checks.mjs");
  const read = async (name) => [name, await (await fetch("/tests/vectors/" + name)).json()];
  const checks = allChecks(Object.fromEntries(await Promise.all(FILES.map(read))));
  const failed = checks.length === 368 ? [] : ["there are " + checks.length];
  for (const [name, check] of checks) {
    try { check(); } catch (error) { failed.push(name + ": " + error.message); }
  }
  return failed;
}"""
"""A function that gives the vectors which do not hold."""


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(listening: socket.socket) -> Iterator[str]:
    """Serve the project's files at a socket that listens; give the address, ending in "/"."""
    handler = partial(_Quiet, directory=str(ROOT))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler, bind_and_activate=False) as server:
        server.socket.close()
        server.socket = listening
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        host, port = listening.getsockname()[:2]
        yield f"http://{host}:{port}/"
        server.shutdown()
        thread.join()
