"""The page's modules as they stand in the repository, beside the page that was built from them:
for what a test looks at one by one inside a browser."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.web_phone.components import PAGE


async def _module(request: Request) -> Response:
    path = (PAGE / request.path_params["path"]).resolve()
    if not path.is_relative_to(PAGE) or path.suffix != ".js":
        return Response(status_code=404)
    return Response(path.read_bytes(), media_type="text/javascript; charset=utf-8")


MODULES = Route("/web_phone/{path:path}", _module)
"""Serves ``/web_phone/ui/app.js`` and all the others."""
