"""Ciphers that the library may drop: no fault of the file, and never a crash."""

import pytest
from cryptography.hazmat.decrepit.ciphers import algorithms

from certrelay.errors import CertificateError
from certrelay.pki import npki, pbe
from certrelay.pki.ciphers import CIPHERS
from certrelay.testkit.ca import SCHEMES
from tests.certificates import PASSWORD, person

PLAIN = person().sign.key.der


def test_every_cipher_opens_what_it_sealed() -> None:
    for oid, cipher in CIPHERS.items():
        key, iv = bytes(range(cipher.key_bytes)), bytes(cipher.block_bytes)
        sealed = cipher.encrypt(key, iv, PLAIN)
        assert sealed != PLAIN
        assert cipher.decrypt(key, iv, sealed) == PLAIN, oid


@pytest.mark.parametrize(
    ("form", "cipher"),
    [
        *((form, "SEED") for form in ("seed-pbes2", "seed-pbes1", "seed-fixed-iv")),
        ("3des-pkcs12", "TripleDES"),
    ],
)
def test_a_cipher_that_the_library_no_longer_has_is_unsupported(
    form: str, cipher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = pbe.encrypt(SCHEMES[form](bytes), PLAIN, PASSWORD)
    assert npki.open_key(sealed, PASSWORD).der == PLAIN
    monkeypatch.delattr(algorithms, cipher)
    with pytest.raises(CertificateError) as caught:
        npki.open_key(sealed, PASSWORD)
    assert caught.value.code == "unsupported_algorithm"
    assert caught.value.details["oid"] == cipher
