"""Typed codes over many nodes: the store says to whose socket a lobby's digits lead.

Who takes digits out of the store is the one who has entered the code.  The knock goes to the
node of G's socket, the answer back to the node of S's; a letter that is lost costs a code.

Source: docs/protocol.md §10.2.
"""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from certrelay.wire.ids import LobbyDigits
from certrelay.wire.lobby import Enter as LobbyEnter
from certrelay.wire.messages import Enter, KnockAnswer, Refused
from relay import records
from relay.hub import Line
from relay.lobbies import Lobbies
from relay.records import KnockLetter, Name, ReplyLetter, node_of
from relay.store import RoomStore, StoreAway
from relay.views import View, Views

_DRAWS: Final = 12
"""Digits that are tried before there is no code to be had."""

Spawn = Callable[[Coroutine[Any, Any, None]], Any]


class SharedLobbies:
    """The typed codes of one of many nodes.

    Args:
        node: This node's name.
        store: Common to all nodes.
        views: This node's sockets by name.
        spawn: Runs what nobody waits for.
    """

    def __init__(self, node: str, store: RoomStore, views: Views, spawn: Spawn) -> None:
        self._node: Final = node
        self._store: Final = store
        self._views: Final = views
        self._spawn: Final = spawn
        self._names: Final[dict[LobbyDigits, Name]] = {}
        """Whose digits of this node lie in the store."""

        self._local: Final = Lobbies(store.now, self._release, self._tell_far)

    async def publish(self, line: Line, find: Callable[[Line], View | None]) -> None:
        """Give G's socket a lobby; passed over once the room is claimed or gone."""
        view = find(line)
        if view is None or view.record.room.claimed:
            return
        name = self._views.name(line)
        digits = None
        with suppress(StoreAway):
            digits = await self._reserve(name, view.record.room.ends_at - self._store.now())
        if digits is not None:
            self._names[digits] = name
        view = find(line)
        if view is None or view.record.room.claimed or line.is_closed:
            if digits is not None:
                self._release(digits)
            return
        self._local.publish(line, digits)

    async def _reserve(self, name: Name, left_s: float) -> LobbyDigits | None:
        for _ in range(_DRAWS):
            digits = self._local.draw()
            if digits is None or await self._store.reserve_lobby(digits, name, left_s):
                return digits
        return None

    async def enter(self, line: Line, message: Enter) -> None:
        """Let a socket knock at the lobby that its person has typed."""
        waiter = self._views.name(line)
        self._local.wait(line, waiter)
        try:
            name = await self._store.take_lobby(message.lobby)
        except StoreAway:
            self._local.tell(waiter, Refused("try_later"))
            return
        if name is None:
            self._local.miss(waiter)
            return
        knock = KnockLetter(name, waiter, message.lobby, message.sid, message.share)
        if node_of(name) == self._node:
            self.take_knock(knock)
        else:
            await self._store.post(node_of(name), records.pack(knock))

    def take_knock(self, letter: KnockLetter) -> None:
        """Take a knock for a G of this node."""
        line = self._views.line(letter.name)
        if line is None or line.is_closed:
            self._tell(letter.waiter, None)
            return
        event = LobbyEnter(letter.waiter, letter.digits, letter.sid, letter.share)
        self._local.enter(line, event)

    def take_reply(self, letter: ReplyLetter) -> None:
        """Take the answer for an S of this node."""
        self._local.tell(letter.name, letter.answer or Refused("no_such_code"))

    def answer(self, line: Line, message: KnockAnswer) -> None:
        """Pass on what G answers."""
        self._local.answer(line, message)

    def claim(self, line: Line) -> None:
        """Note that the room of a G is claimed."""
        self._local.claim(line)

    def close(self, line: Line) -> None:
        """Note that a socket is gone, or its room."""
        self._local.close(line)

    def _tell(self, waiter: Name, answer: KnockAnswer | None) -> None:
        if node_of(waiter) == self._node:
            self._local.tell(waiter, answer or Refused("no_such_code"))
        else:
            self._tell_far(waiter, answer)

    def _tell_far(self, waiter: Name, answer: KnockAnswer | None) -> None:
        if node_of(waiter) != self._node:
            self._store.post(node_of(waiter), records.pack(ReplyLetter(waiter, answer)))

    def _release(self, digits: LobbyDigits) -> None:
        name = self._names.pop(digits, None)
        if name is not None:
            self._spawn(self._release_in_store(digits, name))

    async def _release_in_store(self, digits: LobbyDigits, name: Name) -> None:
        with suppress(StoreAway):  # then it ends by its own time
            await self._store.release_lobby(digits, name)
