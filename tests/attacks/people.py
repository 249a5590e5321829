"""Certificates and people for the attacks: small, made up, and recognisable in any record."""

import hashlib
import os
import random as pseudo
from collections.abc import Sequence

from certrelay.bundle import Item
from certrelay.e2e.handshake import Random
from certrelay.e2e.qr import Direction
from certrelay.endpoint import events
from certrelay.testkit.hostile_phone import HostilePhone
from certrelay.testkit.pair import Pair
from certrelay.testkit.tampering import Tampering
from certrelay.testkit.victim import Victim
from certrelay.wire.ids import Role

BOTH = (Direction.TO_PC, Direction.TO_PHONE)


def seeded(seed: int) -> Random:
    """Random bytes that are the same in every run."""
    return pseudo.Random(seed).randbytes


def pair_item(size: int = 1500, seed: int = 0) -> Item:
    """An NPKI pair of bytes that nothing else contains."""
    source = pseudo.Random(1000 + seed)
    contents = {"signCert": source.randbytes(size), "signPri": source.randbytes(size)}
    return Item.of("npki", contents)


def copy(
    direction: Direction,
    tampering: Tampering | None = None,
    items: Sequence[Item] | None = None,
    random: Random = os.urandom,
) -> Pair:
    """Run a whole copy through a relay that does this."""
    items = [pair_item()] if items is None else items
    return Pair.of(direction, items, random=random, tampering=tampering).run()


def sender_of(direction: Direction) -> Role:
    return Role.S if direction is Direction.TO_PC else Role.G


def arrived(pair: Pair) -> list[Item]:
    """What the receivers were asked to save."""
    told = [n for heard in pair.heard.values() for n in heard]
    return [
        item
        for event in told
        if isinstance(event, events.ItemsArrived)
        for item in event.items
        if item is not None
    ]


def opened_pc(direction: Direction, items: Sequence[Item] = ()) -> tuple[Victim, HostilePhone]:
    """An honest PC whose channel stands with a hostile phone."""
    victim = Victim.pc(direction, os.urandom, items)
    phone = HostilePhone(victim.url, os.urandom)
    victim.meet()
    (m2,) = victim.take(phone.m1)
    for sealed in victim.take(phone.answer(m2)):
        phone.channel.read(sealed)
    return victim, phone


def digest(item: Item) -> str:
    return hashlib.sha256(b"".join(file.content for file in item.files)).hexdigest()
