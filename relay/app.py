"""What the relay answers by HTTP: two pages of health, and who may open a WebSocket.

Source: docs/protocol.md §2 and §4.
"""

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from h11 import LocalProtocolError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from certrelay.wire.ids import AccessKey, AccessKeyHash
from certrelay.wire.messages import SOCKET_PATH
from relay import journal
from relay.apps import app_routes
from relay.client_address import allowance_key, client_address
from relay.clock import http_date
from relay.settings import Edges, Front

HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}
"""Of every answer that is no page."""

_IP_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::[0-9]+)?\Z")


NO_FRONT: Final = Front()


def build_app(
    edges: Edges,
    front: Front = NO_FRONT,
    pages: Sequence[BaseRoute] = (),
    unready: Callable[[], str] = lambda: "",
) -> Starlette:
    """Build the application.

    Args:
        edges: Which browsers and proxies are believed.
        front: What phones find beside the socket; its path and "/" are the same place.
        pages: Further routes, such as the phone's page.
        unready: Says why newcomers should not be sent here; empty if they should.
    """

    async def not_a_socket(request: Request) -> Response:
        status = refusal(request, edges) or HTTPStatus.UPGRADE_REQUIRED
        answer = _answer(status)
        answer.headers["date"] = http_date()  # certrelay doctor compares its clock
        return answer

    async def health(_request: Request) -> Response:
        return _answer(HTTPStatus.OK)

    async def readiness(_request: Request) -> Response:
        why = unready()
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, why) if why else _answer(HTTPStatus.OK)

    async def refused(_request: Request, error: Exception) -> Response:
        """Answer what no page answers: 404 and 405, with the headers of the others."""
        assert isinstance(error, HTTPException)
        answer = _answer(HTTPStatus(error.status_code))
        answer.headers.update(error.headers or {})
        return answer

    paths = sorted({"/", front.path})
    app = Starlette(
        routes=[
            Route(f"/{SOCKET_PATH}", not_a_socket),
            Route(f"/{{path:path}}/{SOCKET_PATH}", not_a_socket),
            *(Route(f"{path}healthz", health) for path in paths),
            *(Route(f"{path}readyz", readiness) for path in paths),
            *pages,
            *app_routes(front, HEADERS, has_page=bool(pages)),
        ],
        middleware=[Middleware(_Guard, edges=edges)],
        exception_handlers={HTTPException: refused},
    )
    app.router.redirect_slashes = False
    return app


class _Guard:
    """Stands before every page."""

    def __init__(self, app: ASGIApp, edges: Edges) -> None:
        self._app: Final = app
        self._edges: Final = edges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            status = _wrong_host(HTTPConnection(scope), self._edges)
            if status is not None:
                await _answer(status)(scope, receive, send)
                return
        try:
            await self._app(scope, receive, send)
        except LocalProtocolError:
            raise  # a stranger broke HTTP while being answered: no fault of ours
        except Exception as error:
            journal.write_fault(error)
            raise


def upgrade_refusal(connection: HTTPConnection, edges: Edges) -> HTTPStatus | None:
    """Say with which status an upgrade is refused: as `refusal`, or 404; ``None`` admits it."""
    path = connection.scope["path"]
    if not (path.startswith("/") and path.endswith(f"/{SOCKET_PATH}")):
        return HTTPStatus.NOT_FOUND
    return refusal(connection, edges)


def refusal(connection: HTTPConnection, edges: Edges) -> HTTPStatus | None:
    """Say with which status a request for the socket is refused; ``None`` admits it.

    421 if it is for another host (a page that rebinds its name to this machine), 403 if it
    comes from a foreign page or is a navigation.
    """
    if (status := _wrong_host(connection, edges)) is not None:
        return status
    headers = connection.headers
    if headers.get("sec-fetch-mode") == "navigate":
        return HTTPStatus.FORBIDDEN
    known = edges.origins
    if edges.hosts is not None:  # else anybody's name may stand in front of this relay
        known |= {f"{_scheme(connection)}://{headers['host']}".lower()}
    if not known.issuperset(headers.getlist("origin")):
        return HTTPStatus.FORBIDDEN
    return None


def _wrong_host(connection: HTTPConnection, edges: Edges) -> HTTPStatus | None:
    hosts = [host.lower() for host in connection.headers.getlist("host")]
    if len(hosts) != 1:
        return HTTPStatus.BAD_REQUEST
    known = edges.hosts is None or hosts[0] in edges.hosts
    if known or (edges.ip_hosts and _is_ip(hosts[0])):
        return None
    return HTTPStatus.MISDIRECTED_REQUEST


def _is_ip(host: str) -> bool:
    found = _IP_HOST.match(host)
    try:
        return found is not None and bool(ip_address(found[1] or found[2]))
    except ValueError:
        return False


def _scheme(connection: HTTPConnection) -> str:
    return "https" if connection.scope["scheme"] in ("wss", "https") else "http"


def address_of(connection: HTTPConnection, edges: Edges) -> str:
    """Say whose allowance a connection uses."""
    client = connection.client
    peer = "" if client is None else client.host
    forwarded = connection.headers.getlist("x-forwarded-for")
    return allowance_key(client_address(peer, forwarded, edges.trusted_proxies))


def access_key_of(connection: HTTPConnection) -> AccessKeyHash | None:
    """Give the hash of the operator's key that an upgrade shows; the key itself is not kept."""
    shown = connection.headers.getlist("authorization")
    key = AccessKey.from_header(shown[0]) if len(shown) == 1 else None
    return None if key is None else key.hashed


def _answer(status: HTTPStatus, why: str = "") -> Response:
    body = "ok" if status is HTTPStatus.OK else why or status.phrase
    return PlainTextResponse(f"{body}\n", status, HEADERS)
