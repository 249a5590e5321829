"""The strict wrapper: the library's three silent fallbacks are refused, a context ends once."""

import pytest
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from certrelay.e2e import hpke

SECRET = bytes(range(1, 33))
EPHEMERAL = bytes(range(2, 34))
PSK = b"p" * 32
ID = b"id"


def both(psk: bytes = PSK, psk_id: bytes = ID) -> tuple[hpke.Context, hpke.Context]:
    enc, sender = hpke.setup_sender(hpke.public_key(SECRET), b"info", psk, psk_id, EPHEMERAL)
    return sender, hpke.setup_recipient(enc, SECRET, b"info", psk, psk_id)


@pytest.mark.parametrize(("psk", "psk_id"), [(b"p" * 31, ID), (PSK, b""), (b"", ID), (b"", b"")])
def test_a_short_psk_or_a_missing_id_is_refused_and_never_base_mode(
    psk: bytes, psk_id: bytes
) -> None:
    with pytest.raises(hpke.HpkeError):
        hpke.setup_sender(hpke.public_key(SECRET), b"info", psk, psk_id, EPHEMERAL)
    with pytest.raises(hpke.HpkeError):
        hpke.setup_recipient(hpke.public_key(EPHEMERAL), SECRET, b"info", psk, psk_id)


@pytest.mark.attack(43)
@pytest.mark.parametrize("point", [bytes(32), b"\1" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"])
def test_a_point_of_low_order_is_refused_on_both_sides(point: bytes) -> None:
    with pytest.raises(hpke.HpkeError):
        hpke.setup_sender(point, b"info", PSK, ID, EPHEMERAL)
    with pytest.raises(hpke.HpkeError):
        hpke.setup_recipient(point, SECRET, b"info", PSK, ID)


def test_a_failed_open_is_the_end_of_the_context() -> None:
    sender, recipient = both()
    sealed = sender.seal(b"text", b"aad")
    with pytest.raises(hpke.HpkeError):
        recipient.open(sealed, b"other aad")
    with pytest.raises(hpke.HpkeError):
        recipient.open(sealed, b"aad")
    with pytest.raises(hpke.HpkeError):
        recipient.export(b"label", 32)


def test_a_context_carries_one_message() -> None:
    sender, recipient = both()
    sealed = sender.seal(b"text", b"aad")
    assert recipient.open(sealed, b"aad") == b"text"
    with pytest.raises(hpke.HpkeError):
        sender.seal(b"text", b"aad")
    with pytest.raises(hpke.HpkeError):
        recipient.open(sealed, b"aad")


def test_what_opens_depends_on_psk_id_and_info() -> None:
    enc, sender = hpke.setup_sender(hpke.public_key(SECRET), b"info", PSK, ID, EPHEMERAL)
    sealed = sender.seal(b"text", b"")
    for info, psk, psk_id in (
        (b"infx", PSK, ID),
        (b"info", b"q" * 32, ID),
        (b"info", PSK, b"ie"),
    ):
        recipient = hpke.setup_recipient(enc, SECRET, info, psk, psk_id)
        with pytest.raises(hpke.HpkeError):
            recipient.open(sealed, b"")


def test_base_mode_of_another_library_does_not_open_ours() -> None:
    """Cross-check: the same suite without the PSK is another key schedule."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    key = X25519PrivateKey.from_private_bytes(SECRET)
    sealed = suite.encrypt(b"text", key.public_key(), b"info")
    recipient = hpke.setup_recipient(sealed[:32], SECRET, b"info", PSK, ID)
    with pytest.raises(hpke.HpkeError):
        recipient.open(sealed[32:], b"")
