"""Attacks on the opening: rows 1, 2, 5, 6, 20, 21, 22, 43 and 45 of docs/security.md."""

import hashlib
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from certrelay.e2e import derive, hpke
from certrelay.e2e.handshake import Answered, Scanned, ScanSecrets, Showing, ShowSecrets
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, Payload, QrCode, to_digits
from certrelay.endpoint import events
from certrelay.errors import CertRelayError, QrError, TrustError
from certrelay.frozen import replace
from certrelay.testkit.hostile_pc import HostilePc
from certrelay.testkit.hostile_phone import HostilePhone
from certrelay.testkit.pair import ORIGIN, PHONE_HELLO
from certrelay.testkit.tampering import Altering, Recording, Tampering, flip
from certrelay.testkit.victim import Victim
from certrelay.wire.ids import LABEL, Role, Token
from tests.attacks.people import BOTH, copy, opened_pc, pair_item, seeded

M1_BYTES, M2_BYTES, M3_BYTES = 592, 560, 48


def showing(seed: int = 1) -> tuple[Showing, QrCode]:
    secrets = ShowSecrets.fresh(seeded(seed))
    qr = QrCode(ORIGIN, secrets.payload(Direction.TO_PC, lan=False))
    return Showing(secrets, qr), qr


def scan(qr: QrCode, seed: int = 2) -> Scanned:
    hello = replace(PHONE_HELLO, token_hash=Token(bytes(16)).hashed)
    return Scanned(ScanSecrets.fresh(seeded(seed)), qr, hello.to_bytes())


def outcome(pair_codes: tuple[str | None, str | None]) -> None:
    g, s = pair_codes
    assert g not in (None, "done")
    assert s not in (None, "done")


# --- row 1 ---


@pytest.mark.attack(1)
@pytest.mark.parametrize(("carrier", "size"), [(1, M1_BYTES), (2, M2_BYTES), (3, M3_BYTES)])
def test_a_changed_byte_at_any_place_of_the_opening_ends_both_sides(
    carrier: int, size: int
) -> None:
    for position in range(1, size + 1):
        pair = copy(Direction.TO_PC, Altering(carrier, flip(position)), random=seeded(position))
        outcome((pair.code(Role.G), pair.code(Role.S)))
        assert pair.number is None, "nobody was shown a number to compare"


@pytest.mark.attack(1)
@pytest.mark.parametrize("carrier", [1, 2, 3])
def test_an_opening_message_of_another_length_ends_both_sides(carrier: int) -> None:
    for change in (lambda m: m[:1], lambda m: m[:-1], lambda m: m + b"\0", lambda m: m + m[1:]):
        pair = copy(Direction.TO_PHONE, Altering(carrier, change))
        outcome((pair.code(Role.G), pair.code(Role.S)))


@pytest.mark.attack(1)
def test_a_relay_that_knows_all_but_the_seed_can_make_no_m1() -> None:
    """pkG, room and join are given to it; only the light carried the seed."""
    victim, qr = showing()
    stolen = Payload(Direction.TO_PC, False, qr.payload.pkg, os.urandom(32))
    with pytest.raises(TrustError, match="m1_open"):
        victim.accept(scan(QrCode(ORIGIN, stolen)).m1, b"")
    enc, context = hpke.setup_sender(
        qr.payload.pkg, qr.info, bytes(32), victim.room.raw, os.urandom(32)
    )
    with pytest.raises(TrustError, match="m1_open"):
        victim.accept(enc + context.seal(bytes(544), LABEL + b"m1"), b"")


@pytest.mark.attack(1)
def test_a_relay_that_plays_both_ends_with_keys_of_its_own_gets_in_nowhere() -> None:
    """The classic exchange of keys: without the QR code it cannot even begin."""
    victim = Victim.pc(Direction.TO_PC, os.urandom)
    own = HostilePc(ORIGIN.text, Direction.TO_PC, os.urandom)
    victim.meet()
    for _ in range(3):
        victim.take(HostilePhone(own.url, os.urandom).m1)
    assert victim.ended == "m1_tries"
    phone = Victim.phone(victim.url, os.urandom, [pair_item()])
    (m1,) = phone.meet()
    with pytest.raises(TrustError, match="m1_open"):
        own.answer(m1)


# --- row 2 ---


@pytest.mark.attack(2)
@pytest.mark.parametrize("direction", BOTH)
def test_what_passes_the_relay_holds_nothing_that_the_seed_gives(direction: Direction) -> None:
    random = seeded(7)
    record = Recording()
    item = pair_item(20_000)
    pair = copy(direction, record, [item], random)
    secrets = ShowSecrets.fresh(seeded(7))
    payload = secrets.payload(direction, lan=False)
    assert (pair.code(Role.G), pair.code(Role.S)) == ("done", "done")
    passed = [m.encode() if isinstance(m, str) else m for _, m in record.passed]
    everything = b"\n".join(passed)
    digits = to_digits(payload.to_bytes())
    wanted = {
        "seed": secrets.seed,
        "psk": derive.psk(secrets.seed),
        "pkG": payload.pkg,
        "skG": secrets.skg,
        "prk": derive._prk(secrets.seed),
        "a device's name": PHONE_HELLO.name.encode(),
        **{f"file {at}": item.files[0].content[at : at + 16] for at in range(0, 20_000, 997)},
    }
    for name, secret in wanted.items():
        assert secret not in everything, name
        assert secret.hex().encode() not in everything.lower(), f"{name} in hex"
    for at in range(0, len(digits) - 17, 17):
        assert digits[at : at + 17].encode() not in everything
    assert pair.number is not None
    assert pair.number.encode() not in b"".join(p for p in passed if p[:1] == b"{")


# --- row 5 ---


@pytest.mark.attack(5)
def test_the_qr_code_and_a_whole_record_open_nothing() -> None:
    """A photograph and a passive record: every key is tried that the two give."""
    record = Recording()
    random = seeded(11)
    pair = copy(Direction.TO_PC, record, random=random)
    assert pair.code(Role.S) == "done"
    secrets = ShowSecrets.fresh(seeded(11))
    qr = QrCode(ORIGIN, secrets.payload(Direction.TO_PC, lan=False))
    m1 = record.of(Role.S)[0][1:]
    psk, room = derive.psk(secrets.seed), derive.join_secret(secrets.seed).room.raw
    guesses = [secrets.seed, psk, qr.payload.pkg, derive._prk(secrets.seed), m1[:32], bytes(32)]
    for guess in guesses:
        context = hpke.setup_recipient(m1[:32], guess, qr.info, psk, room)
        with pytest.raises(hpke.HpkeError):
            context.open(m1[32:], LABEL + b"m1")
        for sealed in record.of(Role.S)[1:] + record.of(Role.G):
            if sealed[0] in (0x10, 0x11):
                with pytest.raises(CertRelayError):
                    open_any(guess, sealed)


def open_any(key: bytes, sealed: bytes) -> None:
    from certrelay.e2e import frame

    (frame.open_ack if sealed[0] == 0x11 else frame.open_frame)(key, sealed)


@pytest.mark.attack(5)
def test_two_scans_of_one_qr_code_share_no_key() -> None:
    """The keys come from fresh exponents: with all of the rest equal they still differ."""
    _, qr = showing()
    keys = []
    for seed in (2, 3):
        victim, _ = showing()
        scanned = scan(qr, seed)
        answered = victim.accept(scanned.m1, b" " * 512)
        keys.append(scanned.finish(answered.m2)[1])
    assert keys[0].send != keys[1].send
    assert keys[0].receive != keys[1].receive


@pytest.mark.attack(5)
def test_the_secret_key_is_gone_once_m1_opened() -> None:
    victim, qr = showing()
    victim.accept(scan(qr).m1, b"")
    assert victim._secrets is None


# --- row 6 ---


@pytest.mark.attack(6)
def test_an_adversary_between_swapped_codes_cannot_choose_the_number() -> None:
    """He holds all of G's keys and the phone's m1, and must send nG before he sees nS.

    In each of 2,000 trials he wants one number and tries two to ten nG, each with a guess at
    nS, for the one that seems to give it.  What he gets is one number in a million, as anybody.
    """
    assert [trial for trial in range(2_000) if ground_number(trial) == f"{trial:06}"] == []


def ground_number(trial: int) -> str:
    """The number that a trial ends with on the phone."""
    random = seeded(trial)
    shown = ShowSecrets.fresh(random)
    qr = QrCode(ORIGIN, shown.payload(Direction.TO_PC, lan=False))
    phone = scan(qr, seed=trial + 1_000_000)
    answers = [
        Showing(replace(shown, ng=random(32)), qr).accept(phone.m1, b" " * 512)
        for _ in range(2 if trial % 100 else 10)
    ]
    best = min(answers, key=lambda answered: guessed(answered, random(32), f"{trial:06}"))
    return phone.finish(best.m2)[1].number


def guessed(answered: Answered, ns: bytes, target: str) -> int:
    """How far from ``target`` the number would be if the phone's value were ``ns``."""
    context = answered._context
    assert context is not None
    key = context.export(LABEL + b"m3" + derive.hash_items(answered.m1, answered.m2), 32)
    m3 = ChaCha20Poly1305(key).encrypt(bytes(12), ns, LABEL + b"m3")
    th = derive.hash_items(answered.m1, answered.m2, m3)
    number = int.from_bytes(context.export(LABEL + b"sas" + th, 16), "big") % 10**6
    return abs(number - int(target))


@pytest.mark.attack(6)
def test_a_phone_takes_one_answer_only_so_that_there_is_one_guess_for_a_code() -> None:
    own = HostilePc(ORIGIN.text, Direction.TO_PC, os.urandom)
    victim = Victim.phone(own.url, os.urandom, [pair_item()])
    (m1,) = victim.meet()
    m2 = own.answer(m1)
    (m3,) = victim.take(m2)
    own.finish(m3)
    number = victim.endpoint._channel.number  # type: ignore[union-attr]
    assert victim.take(m2) == [], "a second answer is dropped"
    assert victim.endpoint._channel.number == number  # type: ignore[union-attr]


@pytest.mark.attack(6)
def test_commit_enforced() -> None:
    """A phone that opens another value than it committed to: it could have ground the number."""
    victim = Victim.pc(Direction.TO_PC, os.urandom)
    phone = HostilePhone(victim.url, os.urandom, opened=os.urandom(32))
    victim.meet()
    (m2,) = victim.take(phone.m1)
    assert victim.take(phone.answer(m2)) == []
    assert victim.ended == "commitment"
    assert not victim.heard_of(events.NumberShown)


@pytest.mark.attack(6)
def test_an_opened_value_of_another_length_is_no_opening() -> None:
    for size in (0, 31, 33):
        victim = Victim.pc(Direction.TO_PC, os.urandom)
        phone = HostilePhone(victim.url, os.urandom, opened=bytes(size))
        victim.meet()
        (m2,) = victim.take(phone.m1)
        victim.take(phone.answer(m2))
        assert victim.ended == "commitment"


@pytest.mark.attack(6)
def test_the_number_hangs_on_every_byte_that_was_exchanged() -> None:
    """Were nG or nS left out of it, one side could choose it alone."""
    victim, qr = showing()
    scanned = scan(qr)
    answered = victim.accept(scanned.m1, b" " * 512)
    m3, keys, _ = scanned.finish(answered.m2)
    messages = (scanned.m1, answered.m2, m3)
    assert keys.th == derive.hash_items(*messages)
    for number in range(3):
        changed = list(messages)
        changed[number] = flip(5)(changed[number])
        assert derive.hash_items(*changed) != keys.th


# --- rows 20, 21, 22 ---


@pytest.mark.attack(20, 21)
@pytest.mark.parametrize("bit", [0b1000, 0b0100, 0b0010, 0b0001, 0x20, 0x40, 0x80])
def test_a_flipped_bit_of_version_or_direction_opens_nothing(bit: int) -> None:
    """Whoever changes the first byte on the way to the phone's eye is refused or not understood."""
    victim, qr = showing()
    raw = bytearray(qr.payload.to_bytes())
    raw[0] ^= bit
    url = f"{ORIGIN.text}#{to_digits(bytes(raw))}"
    if bit not in (0b1000, 0b0100):
        with pytest.raises(QrError, match=r"qr_version|qr_reserved"):
            QrCode.from_url(url)
        return
    changed = QrCode.from_url(url)
    assert changed.info != qr.info
    with pytest.raises(TrustError, match="m1_open"):
        victim.accept(scan(changed).m1, b"")


@pytest.mark.attack(20)
def test_a_code_of_a_newer_protocol_asks_for_a_newer_app() -> None:
    _, qr = showing()
    raw = qr.payload.to_bytes()
    newer = bytes([0x20 | raw[0] & 0x0F]) + raw[1:]
    with pytest.raises(QrError) as refused:
        QrCode.from_url(f"{ORIGIN.text}#{to_digits(newer)}")
    assert refused.value.code == "qr_version"


@pytest.mark.attack(21)
def test_direction_flip_bound() -> None:
    """Both ends take who sends from the bit that is bound into the keys, and from nowhere else."""
    victim = Victim.pc(Direction.TO_PC, os.urandom)
    qr = QrCode.from_url(victim.url)
    turned = QrCode(qr.origin, replace(qr.payload, direction=Direction.TO_PHONE))
    confused = Victim.phone(turned.url, os.urandom)
    victim.meet()
    for message in confused.meet() * 3:
        assert victim.take(message) == []
    assert victim.ended == "m1_tries"


@pytest.mark.attack(22)
@pytest.mark.parametrize(
    "other",
    [
        "https://relay.example.net/",
        "https://relay.example.com:8443/",
        "https://relay.example.com/other/",
        "https://evil.relay.example.com/",
    ],
)
def test_origin_bound(other: str) -> None:
    """A phone that was led to another relay cannot make the PC understand it."""
    victim, qr = showing()
    led_astray = QrCode(Origin.parse(other), qr.payload)
    with pytest.raises(TrustError, match="m1_open"):
        victim.accept(scan(led_astray).m1, b"")
    assert victim.accept(scan(qr).m1, b"").m2


# --- row 43 ---

LOW_ORDER = (
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
)
"""The points of small order, and their other spellings: RFC 7748 §6.1 tells to refuse them."""


@pytest.mark.attack(43)
@pytest.mark.parametrize("point", LOW_ORDER)
@pytest.mark.parametrize("top_bit", [0, 0x80])
def test_a_point_of_low_order_is_no_key(point: str, top_bit: int) -> None:
    raw = bytearray.fromhex(point)
    raw[31] |= top_bit
    victim, qr = showing()
    with pytest.raises(QrError, match="qr_key"):
        scan(QrCode(ORIGIN, replace(qr.payload, pkg=bytes(raw))))
    with pytest.raises(TrustError, match="m1_open"):
        victim.accept(bytes(raw) + bytes(M1_BYTES - 32), b"")


# --- row 45 ---


@pytest.mark.attack(45)
def test_garbage_joins_do_not_burn_the_code_until_the_third() -> None:
    victim = Victim.pc(Direction.TO_PC, os.urandom)
    phone = HostilePhone(victim.url, os.urandom)
    victim.meet()
    assert victim.take(phone.bad_m1(), phone.bad_m1()) == []
    assert victim.ended is None
    assert not victim.heard_of(events.PeerIntroduced), "the code stays on the screen"
    (m2,) = victim.take(phone.m1)
    assert phone.answer(m2)


@pytest.mark.attack(45)
def test_the_third_garbage_join_burns_the_code() -> None:
    victim = Victim.pc(Direction.TO_PC, os.urandom)
    phone = HostilePhone(victim.url, os.urandom)
    victim.meet()
    victim.take(*(phone.bad_m1() for _ in range(3)))
    assert victim.ended == "m1_tries"
    assert victim.take(phone.m1) == []


@pytest.mark.attack(45)
def test_garbage_after_the_right_m1_changes_nothing() -> None:
    victim, phone = opened_pc(Direction.TO_PC)
    before = repr(victim.endpoint)
    assert victim.take(phone.bad_m1(), phone.bad_m1(), phone.bad_m1(), phone.bad_m1()) == []
    assert repr(victim.endpoint) == before
    assert victim.ended is None


def test_an_honest_relay_lets_a_copy_through() -> None:
    """What every attack above is measured against."""
    for direction in BOTH:
        pair = copy(direction, Tampering())
        assert (pair.code(Role.G), pair.code(Role.S)) == ("done", "done")


def test_the_commitment_is_the_pinned_hash() -> None:
    assert derive.commitment(b"x") == hashlib.sha256(b"certrelay/1 commit" + b"x").digest()
