"""A lobby's life: where a typed code leads, and every rule of it.

A lobby belongs to the socket that speaks for G and lives with it.  It is a value: :func:`step`
takes it and one event, and gives the next value with the effects that the caller carries out,
in order.  There is no socket, store or clock here.  The first `Enter` that names the lobby's
digits uses them up, whoever sends it; from then on one S waits for G's answer.

::

    Lobby()  ──Publish──▶  digits stand  ──Enter──▶  an S waits  ──Answer, its end──▶  Lobby()
                               └──Close, Claim──▶ Lobby()

Source: docs/protocol.md §10.2.
"""

from typing import Final, assert_never

from certrelay.frozen import frozen
from certrelay.wire.ids import LobbyDigits, SealedPayload, Share, Sid

MAX_LOBBIES: Final = 100_000
"""Beyond so many there is no code to be had: a guess would meet one too often."""


def digits_for(count: int) -> int | None:
    """Give the length of a new lobby's digits, or ``None`` if there can be none.

    Args:
        count: The lobbies that stand, and the `Enter`s of the last 120 s that met none.  A
            mistyped lobby meets a stranger's in one of a hundred cases at most.
    """
    if count > MAX_LOBBIES:
        return None
    if count <= 100:
        return 4
    return 5 if count <= 1000 else 6


Waiter = str
"""The name of the socket of an S that waits, as the relay names it."""


# --- the value ---


@frozen
class Lobby:
    """What a socket of G's has: digits that stand, an S that waits, or neither."""

    digits: LobbyDigits | None = None
    waiter: Waiter | None = None


# --- what happens ---


@frozen
class Publish:
    """G asks for a code; ``digits`` were drawn for it, ``None`` if none are to be had."""

    digits: LobbyDigits | None


@frozen
class Enter:
    """An S names these digits."""

    waiter: Waiter
    digits: LobbyDigits
    sid: Sid
    share: Share


@frozen
class AnswerKnock:
    """G answers the knock."""

    share: Share
    sealed: SealedPayload


@frozen
class Claim:
    """An S has joined the room: the digits end, an answer on its way is still passed on."""


@frozen
class CloseLobby:
    """G's socket ends, or the room does."""


@frozen
class WaiterGone:
    """The socket of an S that waits has ended."""

    waiter: Waiter


LobbyEvent = Publish | Enter | AnswerKnock | Claim | CloseLobby | WaiterGone


# --- what is to be done ---


@frozen
class Release:
    """The digits are free again."""

    digits: LobbyDigits


@frozen
class TellPublished:
    """Tell G its digits."""

    digits: LobbyDigits | None


@frozen
class TellKnock:
    """Tell G that somebody has typed the code."""

    sid: Sid
    share: Share


@frozen
class PassAnswer:
    """Pass G's answer on to the S that waits; its socket is new again."""

    waiter: Waiter
    share: Share
    sealed: SealedPayload


@frozen
class Refuse:
    """Tell an S that there is no such code."""

    waiter: Waiter


Effect = Release | TellPublished | TellKnock | PassAnswer | Refuse


def step(lobby: Lobby, event: LobbyEvent) -> tuple[Lobby, tuple[Effect, ...]]:
    """Apply an event; nothing raises, and what has no place here changes nothing."""
    match event:
        case Publish(digits):
            return Lobby(digits), (*_end(lobby), TellPublished(digits))
        case Enter(waiter, digits, sid, share):
            if lobby.digits != digits:
                return lobby, (Refuse(waiter),)
            return Lobby(None, waiter), (Release(digits), TellKnock(sid, share))
        case AnswerKnock(share, sealed):
            if lobby.waiter is None:
                return lobby, ()
            return Lobby(lobby.digits), (PassAnswer(lobby.waiter, share, sealed),)
        case Claim():
            return Lobby(None, lobby.waiter), _released(lobby)
        case CloseLobby():
            return Lobby(), _end(lobby)
        case WaiterGone(waiter):
            return (Lobby(lobby.digits) if waiter == lobby.waiter else lobby), ()
        case _:
            assert_never(event)


def _released(lobby: Lobby) -> tuple[Effect, ...]:
    return () if lobby.digits is None else (Release(lobby.digits),)


def _end(lobby: Lobby) -> tuple[Effect, ...]:
    refused = () if lobby.waiter is None else (Refuse(lobby.waiter),)
    return (*_released(lobby), *refused)
