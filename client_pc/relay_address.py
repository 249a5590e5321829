"""A relay's address as people write it, made into the one spelling that the QR code can carry.

``Relay.Example.KR`` and ``https://한국.kr`` name a relay as well as ``https://relay.example.kr/``
does; what is left out is completed, what is no address stays one that is refused.

Source: docs/protocol.md §2.
"""

import ipaddress
from urllib.parse import urlsplit

from certrelay.e2e.origin import Origin
from certrelay.errors import CertRelayError, UsageError

_DEFAULT_PORTS = {"http": 80, "https": 443}


def complete(text: str) -> str:
    """Give the address its one spelling.

    A missing scheme is ``https``, for an address of the local network ``http``; the host is in
    lower case and, if it is not ASCII, in the form of IDNA; a path ends in a slash.

    Raises:
        UsageError: ``bad_relay_url``.
    """
    try:
        return _spelled(text.strip())
    except (ValueError, CertRelayError):  # a ValueError also for a port, for IDNA, for brackets
        raise UsageError("bad_relay_url") from None


def _spelled(text: str) -> str:
    parts = urlsplit(text if "://" in text else f"//{text}")
    host, port = parts.hostname or "", parts.port
    if parts.username is not None or parts.query or parts.fragment or "#" in text or "?" in text:
        raise ValueError(text)
    is_number = _is_number(host)
    scheme = parts.scheme or ("http" if is_number and _is_local(host) else "https")
    if not is_number:
        host = host.encode("idna").decode("ascii")
    if not parts.scheme and "." not in host and ":" not in host:
        raise ValueError(text)  # a single word is a slip of the tongue, not a relay
    shown = f"[{host}]" if ":" in host else host
    suffix = "" if port is None or port == _DEFAULT_PORTS.get(scheme) else f":{port}"
    path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
    return Origin.parse(f"{scheme}://{shown}{suffix}{path}").text


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_local(host: str) -> bool:
    return Origin.of("http", host, 1).is_local
