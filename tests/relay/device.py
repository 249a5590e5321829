"""A device as the relay sees it: a real WebSocket with short sentences."""

import os
from collections.abc import Callable
from typing import Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from certrelay.frozen import replace
from certrelay.wire.ids import JoinSecret, Role, Token
from certrelay.wire.messages import (
    Create,
    Created,
    FromDevice,
    FromRelay,
    Join,
    Paired,
    Resume,
    decode_from_relay,
    encode,
)
from tests.patience import PATIENCE_S

Heard = FromRelay | bytes | int
"""A control message, a sealed message, or the close code."""


class Device:
    """One socket of a test."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket: Final = socket

    def say(self, message: FromDevice | str | bytes) -> None:
        """Send a message; a text or bytes go as they are."""
        self.socket.send(message if isinstance(message, str | bytes) else encode(message))

    def hear(self) -> Heard:
        """Wait for what comes next."""
        try:
            heard = self.socket.recv(PATIENCE_S)
        except ConnectionClosed as closed:
            return 1006 if closed.rcvd is None else closed.rcvd.code
        return heard if isinstance(heard, bytes) else decode_from_relay(heard)

    def ask(self, message: FromDevice | str | bytes) -> Heard:
        """Send a message and wait for what comes next."""
        self.say(message)
        return self.hear()

    def hear_all(self) -> list[Heard]:
        """Wait for everything up to the close code."""
        heard = [self.hear()]
        while not isinstance(heard[-1], int):
            heard.append(self.hear())
        return heard

    def lose(self) -> None:
        """Go away without a word, as a phone in a tunnel does."""
        self.socket.socket.close()


class Pair:
    """The secrets of one room's two devices."""

    def __init__(self) -> None:
        self.secret: Final = JoinSecret(os.urandom(16))
        self.g_token: Final = Token(os.urandom(16))
        self.s_token: Final = Token(os.urandom(16))

    @property
    def create(self) -> Create:
        return Create(self.secret.room, self.g_token.hashed)

    @property
    def create_with_peer(self) -> Create:
        return Create(self.secret.room, self.g_token.hashed, self.s_token.hashed, self.g_token)

    @property
    def create_again(self) -> Create:
        """`create` as each time but the first: with the token."""
        return replace(self.create, token=self.g_token)

    @property
    def join_again(self) -> Join:
        """`join` as each time but the first: with the token."""
        return replace(self.join, token=self.s_token)

    @property
    def join(self) -> Join:
        return self.join_as("android", "G5.0", "14")

    @property
    def resume_g(self) -> Resume:
        return Resume(self.secret.room, Role.G, self.g_token)

    @property
    def resume_s(self) -> Resume:
        return Resume(self.secret.room, Role.S, self.s_token)

    def join_as(self, platform: str, app: str, system: str) -> Join:
        return Join(self.secret, self.s_token.hashed, platform, app, system)

    def stranger(self) -> Join:
        """The right secret with a token of another device."""
        other = Token(os.urandom(16))
        return Join(self.secret, other.hashed, "android", "G5.0", "14")

    def meet(self, connect: Callable[[], Device]) -> tuple[Device, Device]:
        """Create and join; G and S as they are once both are paired."""
        g, s = connect(), connect()
        assert isinstance(g.ask(self.create), Created)
        assert isinstance(s.ask(self.join), Paired)
        assert isinstance(g.hear(), Paired)
        return g, s


def knock(connect: Callable[[], Device]) -> tuple[Pair, Device, Heard]:
    """Join a room whose G is gone: the secrets, S, and what it is answered.

    A loss takes the relay a moment to note, and who joins before that is paired: again then.
    """
    while True:
        pair, g = Pair(), connect()
        assert isinstance(g.ask(pair.create), Created)
        g.socket.close()
        s = connect()
        answer = s.ask(pair.join)
        if not isinstance(answer, Paired):
            return pair, s, answer
