"""What a relay says to phones about apps: which ones its codes open, and that it has no page.

Phones ask for two files by their names before a link of this host opens an app: Android for
``assetlinks.json``, Apple's for ``apple-app-site-association``.  Where the app is not installed
the browser opens the link: the relay's page, or these few words with the way to the store.

Source: developer.android.com, "Statement lists" of Digital Asset Links;
developer.apple.com, "Supporting associated domains".
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certrelay.errors import UsageError
from certrelay.texts import Texts
from certrelay.wire.messages import NO_PAGE
from relay.settings import AppLinks, Front, MobileApp, read_toml

_PACKAGE: Final = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+\Z", re.ASCII)
_FINGERPRINT: Final = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2}){31}\Z")
_APP_ID: Final = re.compile(r"[A-Z0-9]{10}\.[A-Za-z0-9.-]+\Z")

_STYLE: Final = (
    "body{font:1.25rem/1.6 sans-serif;max-width:32rem;margin:3rem auto;padding:0 1.5rem}"
    "a{display:inline-block;padding:.6rem 0}"
)
_STORES: Final = {"android": "Google Play", "ios": "App Store"}


def read_app_links(path: Path) -> AppLinks:
    """Read the file that ``--app-links`` names: TOML, ``[android]`` and ``[ios]``.

    ``[android]`` has ``package``, ``fingerprints`` (SHA-256 of the signing certificates, as
    ``keytool`` prints them) and ``store``; ``[ios]`` has ``app_id`` and ``store``.  The store's
    links may be missing.

    Raises:
        UsageError: ``bad_app_links`` with ``where``: the file, the line or the key.
    """
    table = read_toml(path, "bad_app_links")
    for name in table:
        if name not in ("android", "ios"):
            raise UsageError("bad_app_links", where=f"{path}: [{name}]")
    android, ios = (_table(path, table, name) for name in ("android", "ios"))
    return AppLinks(
        None if android is None else _android(path, android),
        None if ios is None else _ios(path, ios),
    )


def _table(path: Path, table: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    found = table.get(name)
    if found is not None and not isinstance(found, dict):
        raise UsageError("bad_app_links", where=f"{path}: [{name}]")
    return found


def _android(path: Path, table: Mapping[str, Any]) -> MobileApp:
    prints = table.get("fingerprints")
    if not (isinstance(prints, list) and prints and all(_fits(_FINGERPRINT, p) for p in prints)):
        raise UsageError("bad_app_links", where=f"{path}: [android] fingerprints")
    rest = {key: value for key, value in table.items() if key != "fingerprints"}
    name, store = _app(f"{path}: [android]", rest, "package", _PACKAGE)
    return MobileApp(name, tuple(prints), store)


def _ios(path: Path, table: Mapping[str, Any]) -> MobileApp:
    name, store = _app(f"{path}: [ios]", table, "app_id", _APP_ID)
    return MobileApp(name, (), store)


def _app(where: str, table: Mapping[str, Any], key: str, form: re.Pattern[str]) -> tuple[str, str]:
    """Read an app's name, of that form, and its store's link."""
    for other in table:
        if other not in (key, "store"):
            raise UsageError("bad_app_links", where=f"{where} {other}")
    name, store = table.get(key), table.get("store", "")
    if not isinstance(name, str) or not form.match(name):
        raise UsageError("bad_app_links", where=f"{where} {key}")
    if not isinstance(store, str) or (store and urlsplit(store).scheme != "https"):
        raise UsageError("bad_app_links", where=f"{where} store")
    return name, store


def _fits(form: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and form.match(value) is not None


def app_routes(front: Front, headers: Mapping[str, str], *, has_page: bool) -> list[Route]:
    """Make the routes of the two files, and of the words where no page is.

    Args:
        front: What the operator has set.
        headers: Of every answer.
        has_page: Whether the relay serves the phone's page itself.
    """
    found = []
    if front.apps.android is not None:
        found.append(_file("assetlinks.json", _assetlinks(front.apps.android), headers))
    if front.apps.ios is not None:
        content = _association(front.apps.ios, front.path)
        found.append(_file("apple-app-site-association", content, headers))
    if not (has_page or front.page_elsewhere):
        found += [_words(path, front.apps, headers) for path in {"/", front.path}]
    return found


def _file(name: str, content: Any, headers: Mapping[str, str]) -> Route:
    body = json.dumps(content, indent=1).encode()

    async def answer(_request: Request) -> Response:
        return Response(body, headers=dict(headers), media_type="application/json")

    return Route(f"/.well-known/{name}", answer)


def _assetlinks(app: MobileApp) -> Any:
    target = {
        "namespace": "android_app",
        "package_name": app.identity,
        "sha256_cert_fingerprints": list(app.fingerprints),
    }
    return [{"relation": ["delegate_permission/common.handle_all_urls"], "target": target}]


def _association(app: MobileApp, path: str) -> Any:
    details = {"appIDs": [app.identity], "components": [{"/": path}]}
    return {"applinks": {"details": [details]}}


def _words(path: str, apps: AppLinks, headers: Mapping[str, str]) -> Route:
    body = apps_only_page(apps).encode()
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    told = {**headers, "content-security-policy": policy, NO_PAGE[0]: NO_PAGE[1]}

    async def answer(_request: Request) -> Response:
        return Response(body, HTTPStatus.NOT_FOUND, told, "text/html; charset=utf-8")

    return Route(path, answer)


def apps_only_page(apps: AppLinks) -> str:
    """Write the words in both languages, with the ways to the stores that are known."""
    stores = [
        f'<p><a href="{html.escape(app.store)}" rel="noreferrer">{_STORES[name]}</a></p>'
        for name, app in (("android", apps.android), ("ios", apps.ios))
        if app is not None and app.store
    ]
    parts = []
    for language in ("ko", "en"):
        texts = Texts(language)
        title, text = texts.say("relay.apps_only_title"), texts.say("relay.apps_only")
        parts.append(
            f'<section lang="{language}"><h1>{html.escape(title)}</h1>'
            f"<p>{html.escape(text)}</p></section>"
        )
    return (
        '<!doctype html><html lang="ko"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>certrelay</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}{''.join(stores)}</body></html>\n"
    )
