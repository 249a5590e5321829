"""What two devices say to a server, as cheaply as it can be said: ours, and the peers' own."""

import asyncio
import json
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from bench.load.raw import Raw
from certrelay.wire.ids import JoinSecret, Token
from certrelay.wire.messages import SOCKET_PATH, SUBPROTOCOL, Create, Join, Leave, encode

SESSION: Final = (610, 580, 50, 1050, 25, 1050, 25, 16_680, 25, 1050, 25, 1050, 25, 1050, 25, 25)
"""Bytes of the sealed messages of a copy of one certificate, in their order, both ways in turn."""

Exchange = Callable[[Sequence[int], Callable[[], None]], Awaitable[None]]
"""Runs one exchange over these ports, and calls back once the two have met.

It raises `bench.load.raw.Unwanted` or OSError where the server does not do its part.
"""


def address() -> str:
    """An address that nobody else has, more or less."""
    return ".".join(str(random.randint(1, 254)) for _ in range(4))


def device(port: int) -> Raw:
    """A device of ours, not yet connected."""
    return Raw(port, f"/{SOCKET_PATH}", SUBPROTOCOL, address())


async def _converse(g: Raw, s: Raw) -> None:
    ends = (s, g)
    for at, size in enumerate(SESSION):
        ends[at % 2].zeros(size)
        await ends[(at + 1) % 2].hear_bytes(size)


async def copy_of_ours(ports: Sequence[int], met: Callable[[], None]) -> None:
    """A whole copy as the relay sees it: create, join, 16 sealed messages, leave, closed."""
    secret = JoinSecret(os.urandom(16))
    tokens = [Token(os.urandom(16)).hashed for _ in range(2)]
    g, s = device(ports[0]), device(ports[-1])
    try:
        await g.open()
        g.text(encode(Create(secret.room, tokens[0])))
        await g.hear('"created"')
        await s.open()
        s.text(encode(Join(secret, tokens[1], "android", "G5.0", "14")))
        await asyncio.gather(g.hear('"paired"'), s.hear('"paired"'))
        met()
        await _converse(g, s)
        s.text(encode(Leave()))
        await g.hear('"closed"')
    finally:
        g.close()
        s.close()


async def copy_of_bare(ports: Sequence[int], met: Callable[[], None]) -> None:
    """The same through `bench.bare`, which checks nothing: two equal words, 16 messages."""
    room = os.urandom(16).hex()
    g, s = device(ports[0]), device(ports[-1])
    try:
        for each in (g, s):
            await each.open()
            each.text(room)
        await asyncio.gather(g.hear("paired"), s.hear("paired"))
        met()
        await _converse(g, s)
    finally:
        g.close()
        s.close()


async def copy_of_mailbox(ports: Sequence[int], met: Callable[[], None]) -> None:
    """What `wormhole send --text` needs of a mailbox server, and no more.

    Both bind, claim, open and release; PAKE and version go both ways, then 3.2 KB and an answer.
    They have met when each has the other's PAKE.
    """
    nameplate = str(random.getrandbits(60))
    ends = [(Raw(port, "/v1"), os.urandom(5).hex()) for port in (ports[0], ports[-1])]

    def say(wire: Raw, kind: str, **more: str) -> None:
        wire.text(json.dumps({"type": kind, **more}))

    async def both(phase: str, body: str) -> None:
        for wire, _ in ends:
            say(wire, "add", phase=phase, body=body)
        for at in (0, 1):  # each hears its own message too
            await ends[at][0].hear(f'"side": "{ends[1 - at][1]}"')

    try:
        for wire, side in ends:
            await wire.open()
            say(wire, "bind", appid="lothar.com/wormhole/text-or-file-xfer", side=side)
            say(wire, "claim", nameplate=nameplate)
            mailbox = json.loads(await wire.hear('"claimed"'))["mailbox"]
            say(wire, "open", mailbox=mailbox)
        await both("pake", os.urandom(60).hex())
        met()
        for wire, _ in ends:
            say(wire, "release", nameplate=nameplate)
        await both("version", os.urandom(60).hex())
        for at, size in ((0, 3300), (1, 70)):
            say(ends[at][0], "add", phase=str(at), body=os.urandom(size).hex())
            await ends[1 - at][0].hear(f'"side": "{ends[at][1]}"')
        for wire, _ in ends:
            say(wire, "close", mood="happy")
            await wire.hear('"closed"')
    finally:
        for wire, _ in ends:
            wire.close()
