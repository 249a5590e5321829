"""The store that several nodes share: a Redis, or a server that speaks as it does.

Long because each command to the store stands beside the function that runs there.

Each room lies under one key, and is changed by a function on the server that compares before
it writes and sends the notices in the same breath: every node hears the changes of a room in
the order in which they happened.  The time is the server's, so that all nodes agree on it.

Nothing waits for ever: a server that is away or slow becomes `StoreAway` after `COMMAND_S`.
"""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any, Final, Protocol, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, OutOfMemoryError, RedisError

from certrelay.frozen import frozen
from certrelay.wire.ids import LobbyDigits, RoomId
from relay.clock import Clock, monotonic, wall
from relay.store_figures import StoreFigures
from relay.store_words import StoreWords, kind_of

COMMAND_S: Final = 4.0
"""Seconds for one command, the way to the server included."""

BEAT_S: Final = 1.0
"""Seconds between a node's signs of life."""

SILENT_S: Final = 6.0
"""Seconds without a sign after which a node counts as gone, and the line to it as broken."""

CONNECTIONS: Final = 32
"""Connections of one node; what needs more waits."""

Channel = tuple[str, bytes]
"""A node, and a message for it."""

_RECORDS: Final = "certrelay:records"
"""The key with the version of the records, kept as long as a relay that writes them lives."""

_LOOK: Final = "return {redis.call('GET', KEYS[1]), redis.call('TIME')}"

# KEYS: the room.  ARGV: what lies there, what shall lie there, for how many ms, then pairs of
# channel and message.  1: done, 0: another was faster.
_SWAP: Final = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
    redis.call('DEL', KEYS[1])
elseif ARGV[2] ~= ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
for at = 4, #ARGV, 2 do redis.call('PUBLISH', ARGV[at], ARGV[at + 1]) end
return 1
"""

# KEYS: the room.  ARGV: what a node believes to lie there, for how many ms.
# 1: it does, now at least; 0: it does not.
_RESTORE: Final = """
local found = redis.call('GET', KEYS[1])
if found then return found == ARGV[1] and 1 or 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""


# KEYS: the lobby.  Gives what lay there, which is gone then: who comes first has it.
_TAKE: Final = """
local found = redis.call('GET', KEYS[1])
if found then redis.call('DEL', KEYS[1]) end
return found
"""


class _Connection(Protocol):
    """What is used of redis-py's own connection: its subscriptions reconnect in silence, and a
    node must know when it has missed something."""

    async def connect(self) -> None: ...
    async def disconnect(self) -> None: ...
    async def send_command(self, *words: str) -> None: ...
    async def read_response(self) -> Any: ...


class StoreAway(Exception):
    """The server did not do it, or did not say so in time."""


class StoreUncertain(StoreAway):
    """The server may have done it, or not."""


class StoreFull(StoreAway):
    """The server has no memory left for it."""


class StoreForeign(StoreAway):
    """What lies there is no relay's of this version: it is left alone."""


@frozen
class Found:
    """What lies under a room's key, and when that was."""

    raw: bytes
    now: float
    """Seconds on the server's clock."""


class RoomStore:
    """One node's way to the server.

    Args:
        url: ``redis://[user:password@]host[:port][/db]``, ``rediss://`` or ``unix://``.
        node: This node's name.
        records: The version of what it writes there; all nodes of one store have the same.
        clock: Between two looks at the server's clock this one is read.
    """

    def __init__(self, url: str, node: str, records: int, clock: Clock = monotonic) -> None:
        self.node: Final = node
        self.joined: Final = asyncio.Event()
        """Set while the node hears what is sent to it."""

        self.full = False
        """Whether the server had no memory left when it was last asked."""

        self.is_foreign = False
        """Whether relays that write another version of records have it: they were there first."""

        self.found_records = ""
        """The version of those."""

        self.figures: Final = StoreFigures()
        self._records: Final = records
        self._clock: Final = clock
        self._offset = 0.0
        self._words: Final = StoreWords(clock)
        self._redis, self._ears = _pools(url)
        self._leaving: Final[set[asyncio.Task[None]]] = set()
        self._scripts: Final[dict[str, str]] = {}
        self._outgoing: list[tuple[Channel, asyncio.Future[None]]] = []
        self._posting: asyncio.Task[None] | None = None
        self._heard_at = 0.0
        self._line: _Connection | None = None

    @property
    def listening(self) -> bool:
        """Whether the node hears what is sent to it."""
        return self.joined.is_set()

    @property
    def away_for(self) -> str:
        """What keeps the server away, in one word; empty while it is there."""
        return self._words.away_for

    def now(self) -> float:
        """Seconds on the server's clock, as far as this node knows."""
        return self._clock() + self._offset

    def use(self, url: str) -> None:
        """Go to the server by another address or password; what is under way ends as it began.

        A node that already listens at that place goes on to: its connection holds until it breaks.

        Raises:
            ValueError: If it is no address.
        """
        old_redis, old_ears = self._redis, self._ears
        self._redis, self._ears = _pools(url)
        if _place_of(old_ears) != _place_of(self._ears) and self._line is not None:
            self._spawn_leaving(self._line.disconnect())
        self._spawn_leaving(_leave(old_redis))

    def _spawn_leaving(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    # --- rooms ---

    async def look(self, room: RoomId) -> Found:
        """Read a room's key and the time."""
        raw, (seconds, micros) = await self._run(_LOOK, _key(room))
        now = int(seconds) + int(micros) / 1e6
        self._offset = now - self._clock()
        self._words.time(self._offset)
        self.figures.skew_s = now - wall()
        return Found(raw or b"", now)

    async def swap(
        self, room: RoomId, old: bytes, new: bytes, keep_s: float, send: Iterable[Channel] = ()
    ) -> bool:
        """Replace ``old`` by ``new`` and send, at once; ``False`` if ``old`` is not there."""
        flat = [part for node, message in send for part in (_channel(node), message)]
        keep_ms = max(1, math.ceil(keep_s * 1000))
        return bool(await self._run(_SWAP, _key(room), old, new, keep_ms, *flat))

    async def restore(self, rooms: Sequence[tuple[RoomId, bytes, float]]) -> list[bool]:
        """Say of each room, given what a node believes of it, whether that lies there.

        What the server has lost is put back, for so many seconds.
        """
        calls = (
            self._run(_RESTORE, _key(room), raw, max(1, math.ceil(keep_s * 1000)))
            for room, raw, keep_s in rooms
        )
        return [bool(same) for same in await asyncio.gather(*calls)]

    async def reserve_lobby(self, digits: LobbyDigits, name: str, keep_s: float) -> bool:
        """Let a lobby's digits lead to a socket; ``False`` if they lead elsewhere."""
        keep_ms = max(1, math.ceil(keep_s * 1000))
        return bool(await self._run(_SWAP, _lobby(digits), b"", name, keep_ms))

    async def take_lobby(self, digits: LobbyDigits) -> str | None:
        """Take a lobby's digits away; give the socket that they led to."""
        found = await self._run(_TAKE, _lobby(digits))
        return None if found is None else bytes(found).decode()

    async def release_lobby(self, digits: LobbyDigits, name: str) -> None:
        """Take a lobby's digits away if they still lead to this socket."""
        await self._run(_SWAP, _lobby(digits), name, b"", 1)

    async def _run(self, script: str, key: str, *arguments: bytes | str | int) -> Any:
        began = self._clock()
        try:
            return await self._run_uncounted(script, key, *arguments)
        except StoreAway as away:
            self.figures.failures[kind_of(away)] += 1
            raise
        finally:
            self.figures.took(self._clock() - began)

    async def _run_uncounted(self, script: str, key: str, *arguments: bytes | str | int) -> Any:
        with _away():
            if script not in self._scripts:
                self._scripts[script] = await self._redis.script_load(script)
            try:
                return await self._evaluate(script, key, arguments)
            except NoScriptError:  # the server was started anew
                await self._redis.script_load(script)
                return await self._evaluate(script, key, arguments)

    def _evaluate(self, script: str, key: str, arguments: Sequence[Any]) -> Awaitable[Any]:
        return self._redis.evalsha(self._scripts[script], 1, key, *arguments)

    # --- between nodes ---

    def post(self, node: str, message: bytes) -> asyncio.Future[None]:
        """Send a message to a node; several that wait at the same time go together.

        What cannot be sent is lost, as on any network.
        """
        posted = asyncio.get_running_loop().create_future()
        self._outgoing.append(((node, message), posted))
        if self._posting is None:
            self._posting = asyncio.create_task(self._post_all())
        return posted

    async def _post_all(self) -> None:
        while self._outgoing:
            batch, self._outgoing = self._outgoing, []
            with contextlib.suppress(StoreAway), _away():
                pipeline = self._redis.pipeline(transaction=False)
                for (node, message), _ in batch:
                    pipeline.publish(_channel(node), message)
                await pipeline.execute()
            for _, posted in batch:
                if not posted.done():
                    posted.set_result(None)
        self._posting = None

    async def alive(self, nodes: Sequence[str]) -> list[bool]:
        """Say of each node whether it has given a sign of life lately."""
        with _away():
            pipeline = self._redis.pipeline(transaction=False)
            for node in nodes:
                pipeline.exists(_channel(node))
            return [bool(found) for found in await pipeline.execute()]

    async def listen(
        self, hear: Callable[[bytes], None], joined: Callable[[], Awaitable[None]]
    ) -> None:
        """Hear what is sent to this node, for ever.

        Args:
            hear: Takes each message.
            joined: Called whenever the node begins to hear, before the first message: what
                was sent before that is lost.
        """
        while True:
            connection = cast(_Connection, self._ears.make_connection())  # type: ignore[no-untyped-call]
            try:
                self._line = connection
                with _away():
                    await self._listen(connection, hear, joined)
            except StoreAway as away:
                self._words.away(away)
            finally:
                self._line = None
                self.joined.clear()
                with contextlib.suppress(RedisError, OSError):
                    await connection.disconnect()
            await asyncio.sleep(BEAT_S / 4)

    async def _listen(
        self,
        connection: _Connection,
        hear: Callable[[bytes], None],
        joined: Callable[[], Awaitable[None]],
    ) -> None:
        async with asyncio.timeout(COMMAND_S):
            await connection.connect()
            await connection.send_command("SUBSCRIBE", _channel(self.node))
            await connection.read_response()
        await self.show_sign()  # whose store it is must be known before anybody is taken
        await joined()
        self._heard_at = self._clock()
        self.joined.set()
        self._words.joined()
        silence: list[Exception] = []
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(self._beat(connection, silence))
            try:
                while True:
                    _, _, message = cast(list[bytes], await connection.read_response())
                    self._heard_at = self._clock()
                    if message:
                        hear(message)
            except (RedisError, OSError) as error:
                # Of a line that we have cut, what counts is why.
                raise StoreAway from (silence[0] if silence else error)
            finally:
                beating.cancel()

    async def _beat(self, connection: _Connection, silence: list[Exception]) -> None:
        """Show that this node lives, to the others and, by an empty message, to itself.

        ``silence`` gets why it ends, before it does.
        """
        refused: Exception | None = None
        while self._clock() - self._heard_at < SILENT_S:
            refused = await self.show_sign()
            await asyncio.sleep(BEAT_S)
        silence.append(refused or TimeoutError())
        await connection.disconnect()
        raise StoreAway from silence[0]

    async def show_sign(self) -> Exception | None:
        """Give a sign of life, and look whose store it is; give what was refused."""
        keep_ms = int(SILENT_S * 1000)
        own = str(self._records).encode()
        try:
            pipeline = self._redis.pipeline(transaction=False)
            # A server without memory refuses to write, yet still lets a key live longer.
            pipeline.pexpire(_channel(self.node), keep_ms)
            pipeline.set(_channel(self.node), b"", px=keep_ms)
            pipeline.publish(_channel(self.node), b"")
            if not self.is_foreign:
                pipeline.pexpire(_RECORDS, keep_ms)
            pipeline.set(_RECORDS, own, px=keep_ms, nx=True)
            pipeline.get(_RECORDS)
            answers = await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError, TimeoutError) as error:
            return error
        self.full = isinstance(answers[1], OutOfMemoryError)
        self._words.full(self.full)
        found = answers[-1]
        if found is None or isinstance(found, bytes):
            self.is_foreign = found not in (None, own)
            self.found_records = (found or b"").decode("ascii", "replace")
            self._words.foreign(self.is_foreign, self._records)
        return next((each for each in answers if isinstance(each, Exception)), None)

    async def close(self) -> None:
        """Say goodbye and close all connections."""
        for task in self._leaving:
            task.cancel()
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            await self._redis.delete(_channel(self.node))
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            await self._redis.aclose()
            await self._redis.connection_pool.disconnect()


def _pools(url: str) -> tuple[Redis, BlockingConnectionPool]:
    """Make the ways to a server: one for commands, one for what is sent to the node.

    Raises:
        ValueError: If it is no address.
    """
    common: dict[str, Any] = {
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_connect_timeout": COMMAND_S,
    }
    pool = BlockingConnectionPool.from_url(
        url, max_connections=CONNECTIONS, timeout=COMMAND_S, socket_timeout=COMMAND_S, **common
    )
    # What is sent may come after any time: no time-out on this one, but `_beat` watches.
    ears = BlockingConnectionPool.from_url(url, max_connections=1, socket_timeout=None, **common)
    return Redis.from_pool(pool), ears


def _place_of(pool: BlockingConnectionPool) -> tuple[Any, ...]:
    """Where a pool leads, whoever asks."""
    told = pool.connection_kwargs
    return (pool.connection_class, *(told.get(name) for name in ("host", "port", "path", "db")))


async def _leave(redis: Redis) -> None:
    """Close a way to the server once nothing is under way on it."""
    await asyncio.sleep(COMMAND_S)
    with contextlib.suppress(RedisError, OSError, TimeoutError):
        await redis.aclose()
        await redis.connection_pool.disconnect()


def _key(room: RoomId) -> str:
    # The braces make the room the part by which a cluster chooses the server.
    return f"certrelay:{{{room.hex}}}"


def _lobby(digits: LobbyDigits) -> str:
    return f"certrelay:lobby:{digits.text}"


def _channel(node: str) -> str:
    return f"certrelay:node:{node}"


@contextlib.contextmanager
def _away() -> Iterator[None]:
    """Turn whatever the client library raises into ours."""
    try:
        yield
    except OutOfMemoryError as error:
        raise StoreFull from error
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreAway from error
    except BaseExceptionGroup as errors:
        if errors.split((RedisError, OSError, TimeoutError, StoreAway))[1] is None:
            raise StoreAway from errors
        raise
