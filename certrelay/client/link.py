"""One WebSocket to a relay, as messages in and out.

Long because a socket is opened, read, kept alive and given up by one state.

The protocol is the sans-I/O half of ``websockets``; the socket is a plain one that never
blocks, so that a single loop can wait for it, for the person and for the clock at once.

Source: docs/protocol.md §4; RFC 6455.
"""

import contextlib
import logging
import socket
import sys
import time
from typing import Any, Final

from certrelay.client.websocket import (
    ClientProtocol,
    Frame,
    InvalidHandshake,
    Opcode,
    ProtocolError,
    Response,
    State,
    Subprotocol,
    WebSocketException,
    WebSocketURI,
    parse_uri,
)
from certrelay.errors import RelayUnreachable
from certrelay.limits import ANSWER_PING_S, KIB, MAX_FRAGMENTS, MAX_MESSAGE_BYTES, QUIET_S
from certrelay.wire.ids import AccessKey
from certrelay.wire.messages import NO_PAGE, SOCKET_PATH, SUBPROTOCOL

CONNECT_S: Final = 10.0
"""Seconds to reach the relay, TLS and upgrade included."""

MAX_TAKEN: Final = 256
"""Messages taken at once: a relay that sends faster than we read must not hold up the person
or the clock.  An honest end has at most 8 frames under way."""

MAX_TAKEN_BYTES: Final = 64 * KIB
"""Bytes taken at once, for the same reason: three of the largest sealed frames."""

MAX_CONTROL_FRAMES: Final = 32
"""Pings and pongs that a relay may send in `CONTROL_S`: an honest one sends one in 20 s, and
one for each of our own pings."""

CONTROL_S: Final = 10.0
"""Seconds over which control frames are counted."""

MAX_UNSENT_BYTES: Final = 1024 * 1024
"""Bytes that wait for a relay that does not read: answers to its pings pile up without end."""

_RECEIVE_BYTES: Final = 65_536

_SLICE_BYTES: Final = 2 * KIB
"""Bytes parsed between two looks at the limits: at most 1,024 empty frames, some milliseconds."""

# The library's own messages would hold nothing secret, but nobody reads them either.
_QUIET: Final = logging.getLogger("certrelay.client")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


class ConnectionLostError(Exception):
    """The socket is gone; a new one may be tried."""


class Link:
    """An open WebSocket.

    ``receive`` when the socket is readable or ``has_to_read``, ``flush`` when it is writable
    and there is something left to write, ``keep_alive`` when its time has come.  Each raises
    `ConnectionLostError` when the connection is gone.
    """

    def __init__(
        self,
        stream: socket.socket,
        protocol: ClientProtocol,
        now: float,
        *,
        has_page: bool = True,
    ) -> None:
        self.has_page: Final = has_page
        """Whether the phone's camera opens a page at this relay, as far as it says."""

        self._stream: Final = stream
        self._protocol: Final = protocol
        self._outgoing = bytearray()
        self._unparsed = b""
        self._has_more = False
        self._breaks_rules = False
        self._control_frames = 0
        self._control_since = now
        self._parts: list[bytes] = []
        self._text = False
        self._heard_at = now
        self._asked_at: float | None = None

    def fileno(self) -> int:
        """The socket's file number, for ``select``."""
        return self._stream.fileno()

    @property
    def has_to_write(self) -> bool:
        """Whether bytes wait for the socket to take them."""
        return bool(self._outgoing)

    @property
    def has_to_read(self) -> bool:
        """Whether something is left to `receive`, of which ``select`` may know nothing."""
        return self._has_more

    def send_text(self, text: str) -> None:
        """Send a message to the relay."""
        if self._is_open:
            self._protocol.send_text(text.encode())
            self.flush()

    def send_binary(self, message: bytes) -> None:
        """Send a sealed message to the other device."""
        if self._is_open:
            self._protocol.send_binary(message)
            self.flush()

    @property
    def _is_open(self) -> bool:
        # What is sent after the relay's close is lost; that it closed shows at `receive`,
        # behind the messages that came before.
        return self._protocol.state is State.OPEN

    @property
    def _has_failed(self) -> bool:
        # We closed, because the relay broke the rules: what it says then is not waited for.
        is_closing = self._protocol.state is State.CLOSING and self._protocol.close_rcvd is None
        return is_closing or self._breaks_rules

    def flush(self) -> None:
        """Give the socket as much as it takes now."""
        self._outgoing += b"".join(self._protocol.data_to_send())
        while self._outgoing:
            try:
                taken = self._stream.send(self._outgoing)
            except _must_wait():
                if len(self._outgoing) > MAX_UNSENT_BYTES:
                    raise ConnectionLostError from None
                return
            except OSError:
                raise ConnectionLostError from None
            del self._outgoing[:taken]

    def receive(self, now: float) -> list[str | bytes]:
        """Take what the socket has: whole messages, in order; maybe none.

        At most about `MAX_TAKEN` messages and `MAX_TAKEN_BYTES`: a call takes some 10 ms
        whatever the relay sends.  If ``has_to_read`` then, the rest comes at the next call.

        Raises:
            ConnectionLostError: If the connection has ended, or the relay has broken the
                rules or its budget of control frames.
        """
        if self._breaks_rules:
            raise ConnectionLostError
        messages: list[str | bytes] = []
        self._has_more = True
        left = MAX_TAKEN_BYTES
        while left > 0 and len(messages) < MAX_TAKEN:
            if not self._unparsed and not self._read(now):
                self._has_more = False
                return messages
            piece, self._unparsed = self._unparsed[:_SLICE_BYTES], self._unparsed[_SLICE_BYTES:]
            left -= len(piece)
            if piece:
                self._protocol.receive_data(piece)
            else:
                self._protocol.receive_eof()
            messages += self._messages(now)
            is_lost = not piece or self._protocol.state is State.CLOSED or self._has_failed
            try:
                self.flush()  # pongs, and the answer to a close
            except ConnectionLostError:
                is_lost = True
            if is_lost:
                if messages:
                    return messages  # the end shows again at the next call
                raise ConnectionLostError
        return messages

    def _read(self, now: float) -> bool:
        """Read from the socket; false if it has nothing now.  At its end nothing is unparsed."""
        try:
            self._unparsed = self._stream.recv(_RECEIVE_BYTES)
        except _must_wait():
            return False
        except OSError:
            self._unparsed = b""
        if self._unparsed:
            self._heard(now)
        return True

    def _messages(self, now: float) -> list[str | bytes]:
        messages: list[str | bytes] = []
        for event in self._protocol.events_received():
            if not isinstance(event, Frame):
                continue
            if event.opcode not in _DATA:
                self._count_control_frame(now)
                if self._breaks_rules:
                    break
                continue
            if event.opcode is not Opcode.CONT:
                self._text = event.opcode is Opcode.TEXT
            self._parts.append(bytes(event.data))
            if len(self._parts) > MAX_FRAGMENTS:
                self._breaks_rules = True
                break
            if event.fin:
                whole = b"".join(self._parts)
                self._parts.clear()
                # Bad UTF-8 becomes a text that no control message is: the driver refuses it.
                messages.append(whole.decode("utf-8", "replace") if self._text else whole)
        return messages

    def _count_control_frame(self, now: float) -> None:
        if now - self._control_since >= CONTROL_S:
            self._control_since, self._control_frames = now, 0
        self._control_frames += 1
        self._breaks_rules = self._control_frames > MAX_CONTROL_FRAMES

    def _heard(self, now: float) -> None:
        self._heard_at = now
        self._asked_at = None

    def deadline(self) -> float:
        """The time at which ``keep_alive`` is due."""
        if self._asked_at is not None:
            return self._asked_at + ANSWER_PING_S
        return self._heard_at + QUIET_S

    def keep_alive(self, now: float) -> None:
        """Ask whether the relay is there if nothing was heard of it; give up without an answer.

        Call it after ``receive``: a program that was stopped for a while has heard by then
        what came meanwhile.
        """
        if now < self.deadline():
            return
        if self._asked_at is not None:
            raise ConnectionLostError
        self._asked_at = now
        if self._is_open:
            self._protocol.send_ping(b"")
            self.flush()

    def close(self) -> None:
        """Close the socket at once, politely if it takes the bytes."""
        with contextlib.suppress(ConnectionLostError, WebSocketException):
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(1000)
            self.flush()
        self._stream.close()


_DATA: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


def connect(
    origin: str, now: float, *, timeout_s: float = CONNECT_S, key: AccessKey | None = None
) -> Link:
    """Open a WebSocket to the relay at an origin.

    Args:
        origin: ``http[s]://host[:port]/[path/]``, as `certrelay.e2e.origin` spells it.
        now: The monotonic clock's time, in seconds.
        timeout_s: Seconds for each of three steps: to connect, to greet by TLS, to upgrade.
            A loop uses `certrelay.client.dialling`, which bounds them together.
        key: What the relay's operator has given to PCs that may open rooms; G alone has one.

    Raises:
        RelayUnreachable: ``relay_unreachable``, ``tls_failed`` or ``not_a_relay``, with
            ``relay``, the origin; ``proxy_refused``.
    """
    uri = parse_uri(f"ws{origin.removeprefix('http')}{SOCKET_PATH}")
    try:
        stream = _open(uri.host, uri.port, timeout_s, secure=uri.secure)
    except OSError as error:
        code = "tls_failed" if _is_tls(error) else "relay_unreachable"
        raise RelayUnreachable(code, relay=origin) from None
    protocol = new_protocol(uri)
    try:
        has_page = _upgrade(stream, protocol, timeout_s, key)
    except TimeoutError:
        stream.close()
        raise RelayUnreachable("relay_unreachable", relay=origin) from None
    except (OSError, EOFError, InvalidHandshake, ProtocolError):
        stream.close()
        raise RelayUnreachable("not_a_relay", relay=origin) from None
    stream.setblocking(False)
    return Link(stream, protocol, now, has_page=has_page)


def new_protocol(uri: WebSocketURI) -> ClientProtocol:
    """The protocol of one connection: our subprotocol, our largest message, no compression."""
    return ClientProtocol(
        uri, subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=MAX_MESSAGE_BYTES, logger=_QUIET
    )


def _open(host: str, port: int, timeout_s: float, *, secure: bool) -> socket.socket:
    if not secure:
        # As bytes, since it is ASCII: for a text Python loads its tables of IDNA, 3 ms.
        address: tuple[Any, int] = (host.encode("ascii"), port)
        stream = socket.create_connection(address, timeout=timeout_s)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream
    import ssl

    from certrelay.client.proxy import open_tunnel, proxy_for

    proxy = proxy_for(host, port)
    if proxy is None:
        stream = socket.create_connection((host, port), timeout=timeout_s)
    else:
        stream = open_tunnel(proxy, host, port, timeout_s)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    try:
        return ssl.create_default_context().wrap_socket(stream, server_hostname=host)
    except OSError:
        stream.close()
        raise


def _upgrade(
    stream: socket.socket, protocol: ClientProtocol, timeout_s: float, key: AccessKey | None
) -> bool:
    """Ask for the WebSocket; tells whether the relay has a page, as far as its answer says."""
    end = time.monotonic() + timeout_s
    request = protocol.connect()
    if key is not None:
        name, value = key.header
        request.headers[name] = value
    protocol.send_request(request)
    stream.sendall(b"".join(protocol.data_to_send()))
    while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
        # For the whole answer: one that trickles in would come in time at each byte.
        stream.settimeout(max(0.001, end - time.monotonic()))
        data = stream.recv(_RECEIVE_BYTES)
        if not data:
            raise EOFError
        protocol.receive_data(data)
    if protocol.handshake_exc is not None:
        raise protocol.handshake_exc
    if protocol.subprotocol != SUBPROTOCOL:
        raise InvalidHandshake("no subprotocol")
    # What came behind the answer stays with the protocol, for `Link.receive`.
    answers = [event for event in protocol.events if isinstance(event, Response)]
    return not any(answer.headers.get(NO_PAGE[0]) == NO_PAGE[1] for answer in answers)


def _is_tls(error: OSError) -> bool:
    # ssl is loaded only where https is spoken: it takes 25 ms.
    module = sys.modules.get("ssl")
    return module is not None and isinstance(error, module.SSLError)


def _must_wait() -> tuple[type[OSError], ...]:
    """What a socket raises that has nothing to give or no room to take right now."""
    module = sys.modules.get("ssl")
    if module is None:
        return (BlockingIOError,)
    return (BlockingIOError, module.SSLWantReadError, module.SSLWantWriteError)
