"""Certificates that are the same bytes in every process: from a fixed key and a seed."""

import random
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from certrelay.bundle import File, Item
from certrelay.testkit.ca import Authority, Owner

TODAY = datetime(2026, 6, 1, tzinfo=UTC)
_START = datetime(2025, 12, 31, 15, 0, 0, tzinfo=UTC)
_END = datetime(2027, 1, 1, 14, 59, 59, tzinfo=UTC)
_PASSWORD = "Test-pw1234!"
_P = int(
    "f8e2e8ab410a78d62656108114d1ea31e94f28dca563664eef6e9b70f3adc616"
    "985ec74c7f00b3ba39de1aadbdd8809ecaf67425b128743b13ca12424804e90d",
    16,
)
_Q = int(
    "d95f16ad07d660613d383de9efa05b7e26f6029b38cc67a686af06288ca006e8"
    "6a42345763ef7a259c413ffa290acdcd8cb9d3345689a674e5f014ba473ca465",
    16,
)


@cache
def small() -> tuple[Item, ...]:
    """Three certificates of one CHUNK or less: a pair, two pairs, a PKCS#12 file."""
    draw = random.Random("items").randbytes
    key = _key()
    authority = Authority(TODAY, key=key)
    first, second, third = (
        authority.issue(Owner(name, number), _START, _END, sign_key=key, km_key=key, random=draw)
        for number, name in enumerate(("홍길동", "성춘향", "이몽룡"), 1)
    )
    pair = first.npki(_PASSWORD, random=draw)
    return (
        Item("npki", pair.files[:2]),
        second.npki(_PASSWORD, random=draw, ca_pubs=True),
        third.pkcs12(_PASSWORD, random=draw),
    )


@cache
def large(number: int) -> Item:
    """A certificate with a huge chain beside it: several CHUNKs, up to 64 KiB in one file."""
    draw = random.Random(f"large {number}")
    issued = Authority(TODAY, key=_key()).issue(
        Owner("변학도", 100 + number),
        _START,
        _END,
        km=False,
        sign_key=_key(),
        random=draw.randbytes,
    )
    files = issued.npki(_PASSWORD, random=draw.randbytes).files
    chain = draw.randbytes(draw.randrange(30_000, 65_537))
    return Item("npki", (*files, File("caPubs", chain)))


def of(number: int) -> Item:
    """The certificate that a plan means: below 3 a small one, above a large one."""
    return small()[number] if number < 3 else large(number)


@cache
def namesake(item: Item) -> Item:
    """Another item that a store keeps under the same name: its last file differs."""
    *files, last = item.files
    if item.kind == "pkcs12":
        draw = random.Random("namesake").randbytes
        issued = Authority(TODAY, key=_key()).issue(
            Owner("이몽룡", 3), _START, _END, sign_key=_key(), km_key=_key(), random=draw
        )
        return issued.pkcs12(_PASSWORD, random=draw)
    other = File(last.role, last.content[:-1] + bytes([last.content[-1] ^ 1]))
    return Item("npki", (*files, other))


@cache
def _key() -> rsa.RSAPrivateKey:
    e = 65537
    d = pow(e, -1, (_P - 1) * (_Q - 1))
    public = rsa.RSAPublicNumbers(e, _P * _Q)
    exponents = (rsa.rsa_crt_dmp1(d, _P), rsa.rsa_crt_dmq1(d, _Q), rsa.rsa_crt_iqmp(_P, _Q))
    return rsa.RSAPrivateNumbers(_P, _Q, d, *exponents, public).private_key()
