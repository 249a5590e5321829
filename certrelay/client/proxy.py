"""The way out of a company's network: an HTTP proxy that the system or the environment names.

A relay on the internet is reached through the proxy's CONNECT, so that TLS still ends at the
relay and the proxy carries bytes that it cannot read.  ``HTTPS_PROXY`` and ``NO_PROXY`` count,
and what Windows and macOS are set to.  Nothing in the local network goes through a proxy.

A company's own certificate authority is trusted by ``SSL_CERT_FILE``, which OpenSSL reads.

Source: RFC 9110 §9.3.6.
"""

import base64
import ipaddress
import socket
import time
from typing import Final
from urllib.parse import unquote, urlsplit

from certrelay.errors import RelayUnreachable
from certrelay.frozen import frozen

MAX_ANSWER_BYTES: Final = 16_384
"""Bytes of a proxy's answer to CONNECT: real ones are below 1 KiB."""

DEFAULT_PORT: Final = 80


@frozen(repr=False)
class Proxy:
    """An HTTP proxy, perhaps with credentials."""

    host: str
    port: int
    authorization: str | None = None
    """The value of ``Proxy-Authorization``: a secret."""

    @classmethod
    def parse(cls, url: str) -> "Proxy":
        """Read ``http://[user:password@]host[:port]``; the scheme may be missing.

        Raises:
            RelayUnreachable: ``proxy_refused``, if it is another kind of proxy or no address.
        """
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            port = parts.port or DEFAULT_PORT
            (parts.hostname or "").encode("idna")  # as `socket` will: labels have a length
        except ValueError:
            raise RelayUnreachable("proxy_refused") from None
        if parts.scheme != "http" or not parts.hostname:
            raise RelayUnreachable("proxy_refused")
        authorization = None
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return cls(parts.hostname, port, authorization)

    def __repr__(self) -> str:
        return f"Proxy({self.host}:{self.port})"


def proxy_for(host: str, port: int) -> Proxy | None:
    """Find the proxy that leads to a relay over https; ``None`` if the way is direct.

    Raises:
        RelayUnreachable: ``proxy_refused``, if one is named that cannot be used.
    """
    try:
        if not ipaddress.ip_address(host).is_global:
            return None
    except ValueError:
        pass  # a name
    # Imported here: only a relay on the internet needs it, and it takes 20 ms.
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    url = proxies.get("https") or proxies.get("all")
    if not url or proxy_bypass(f"{host}:{port}"):
        return None
    return Proxy.parse(url)


def open_tunnel(proxy: Proxy, host: str, port: int, timeout_s: float) -> socket.socket:
    """Connect to a host through a proxy.

    Args:
        proxy: From `proxy_for`.
        host: The relay's name or address.
        port: Its port.
        timeout_s: Seconds until the tunnel must stand.

    Raises:
        OSError: If the proxy cannot be reached, or says nothing in time.
        RelayUnreachable: ``proxy_refused`` with ``status``, its answer.
    """
    end = time.monotonic() + timeout_s
    stream = socket.create_connection((proxy.host, proxy.port), timeout=timeout_s)
    try:
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if proxy.authorization is not None:
            lines.append(f"Proxy-Authorization: {proxy.authorization}")
        stream.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        status = read_status(stream, end)
        if not 200 <= status < 300:
            raise RelayUnreachable("proxy_refused", status=status)
    except BaseException:
        stream.close()
        raise
    stream.settimeout(timeout_s)
    return stream


def read_status(stream: socket.socket, end: float) -> int:
    """Read a proxy's answer to CONNECT; after its head nothing comes before we have spoken.

    Args:
        stream: The connection to it.
        end: The monotonic clock's time by which the head is there, in seconds.

    Returns:
        The status, 0 if that is no HTTP.

    Raises:
        OSError: If it says nothing in time.
        RelayUnreachable: ``proxy_refused`` with ``status`` 0, if the head never ends.
    """
    return _status(_answer(stream, end))


def _answer(stream: socket.socket, end: float) -> bytes:
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        stream.settimeout(max(0.001, end - time.monotonic()))
        data = stream.recv(4096)
        answer += data
        if not data or len(answer) > MAX_ANSWER_BYTES or b"\r\n\r\n" in answer[:-4]:
            raise RelayUnreachable("proxy_refused", status=0)
    return answer


def _status(answer: bytes) -> int:
    words = answer.split(b"\r\n", 1)[0].split(b" ")
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        return 0
    return int(words[1][:3])
