from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certrelay.errors import CertificateError, PasswordError
from certrelay.limits import MAX_KDF_ITERATIONS, MAX_SCRYPT_BYTES
from certrelay.pki import der, kdf, npki, oids, pbe
from certrelay.pki.pbe import Scheme
from certrelay.testkit.ca import SCHEMES
from tests.certificates import KOREAN_PASSWORD, PASSWORD, person
from tests.openssl import LEGACY, openssl

PLAIN = person().sign.key.der


def fixed(size: int) -> bytes:
    return bytes(range(size))


@pytest.mark.parametrize("form", SCHEMES)
@pytest.mark.parametrize("password", [PASSWORD, KOREAN_PASSWORD, "", "🔑", "a" * 64])
def test_every_form_opens_to_the_same_bytes(form: str, password: str) -> None:
    encrypted = pbe.encrypt(SCHEMES[form](fixed), PLAIN, password)
    assert npki.open_key(encrypted, password).der == PLAIN
    with pytest.raises(PasswordError):
        npki.open_key(encrypted, password + "x")


@pytest.mark.parametrize("form", SCHEMES)
def test_a_scheme_is_written_as_it_was_read(form: str) -> None:
    encrypted = pbe.encrypt(SCHEMES[form](fixed), PLAIN, PASSWORD)
    algorithm, _ = pbe.parse(encrypted)
    assert Scheme.parse(algorithm).encode() == algorithm.encoded
    assert Scheme.parse(algorithm) == SCHEMES[form](fixed)


def test_the_older_korean_form_gives_the_bytes_it_always_gave() -> None:
    # Worked out with sha1sum: SHA-1 over password and salt, 3 rounds.
    scheme = pbe.seed_pbes1(bytes.fromhex("0102030405060708"), 3)
    key, iv = scheme.key_and_iv(b"password")
    assert (key.hex(), iv.hex()) == (
        "dfcba56b39f1cbadca0874724d50b5ac",
        "f72d39aa543a9ecbcbbda28a18363b90",
    )


def test_a_password_written_in_cp949_opens() -> None:
    scheme = pbe.seed_pbes1(fixed(8))
    key, iv = scheme.key_and_iv(KOREAN_PASSWORD.encode("cp949"))
    sealed = scheme.cipher.encrypt(key, iv, PLAIN)
    encrypted = der.sequence(scheme.encode(), der.octets(sealed))
    assert npki.open_key(encrypted, KOREAN_PASSWORD).der == PLAIN


@pytest.mark.parametrize("prf", oids.PRFS)
@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("key_length", [None, 16])
def test_every_prf_and_a_written_key_length_are_honoured(
    prf: str, written: bool, key_length: int | None
) -> None:
    scheme = Scheme(
        "pbkdf2",
        oids.SEED_CBC,
        fixed(8),
        100,
        fixed(16),
        prf=prf,
        prf_written=written or prf != oids.HMAC_SHA1,
        key_length=key_length,
    )
    encrypted = pbe.encrypt(scheme, PLAIN, PASSWORD)
    assert Scheme.parse(pbe.parse(encrypted)[0]) == scheme
    assert npki.open_key(encrypted, PASSWORD).der == PLAIN


def test_lengths_that_do_not_belong_to_the_cipher_are_refused() -> None:
    for size, length in ((15, None), (16, 24), (8, None)):
        scheme = Scheme("pbkdf2", oids.SEED_CBC, fixed(8), 9, fixed(size), key_length=length)
        with pytest.raises(CertificateError) as caught:
            Scheme.parse(der.Element.parse(scheme.encode()))
        assert caught.value.code == "bad_key_file"


def test_scrypt_opens() -> None:
    scheme = Scheme("scrypt", oids.AES256_CBC, fixed(8), 1024, fixed(16))
    encrypted = pbe.encrypt(scheme, PLAIN, PASSWORD)
    assert Scheme.parse(pbe.parse(encrypted)[0]) == scheme
    assert npki.open_key(encrypted, PASSWORD).der == PLAIN


@pytest.mark.attack(76)
@pytest.mark.parametrize("form", SCHEMES)
def test_endless_iterations_are_refused_before_they_start(form: str) -> None:
    scheme = SCHEMES[form](fixed)
    for rounds in (MAX_KDF_ITERATIONS + 1, 2**31, 2**2000):
        endless = Scheme(scheme.kdf, scheme.oid, scheme.salt, rounds, scheme.iv, prf=scheme.prf)
        encrypted = der.sequence(endless.encode(), der.octets(bytes(32)))
        with pytest.raises(CertificateError) as caught:
            npki.open_key(encrypted, PASSWORD)
        assert caught.value.code == "too_many_iterations"


@pytest.mark.attack(76)
@pytest.mark.parametrize(
    ("n", "r", "p"),
    [
        *((2**30, 8, 1), (1024, 2**20, 1), (1024, 8, 2**20)),
        *((2, 800_000, 16), (2, 2**20, 1), (2, 2**19, 1)),  # blocks of r, not N, take the memory
        (2**16, 10, 16),  # little memory, much work
    ],
)
def test_scrypt_that_asks_for_too_much_is_refused(n: int, r: int, p: int) -> None:
    scheme = Scheme("scrypt", oids.AES256_CBC, fixed(8), n, fixed(16), scrypt_r=r, scrypt_p=p)
    encrypted = der.sequence(scheme.encode(), der.octets(bytes(640)))
    with pytest.raises(CertificateError, match="too_many_iterations"):
        npki.open_key(encrypted, PASSWORD)


def test_scrypt_with_what_is_usual_or_more_is_done() -> None:
    for costs in ((2**15, 8, 1), (2**14, 8, 4), (2**17, 8, 1)):
        assert kdf.scrypt_bytes(costs) <= MAX_SCRYPT_BYTES
        assert len(kdf.scrypt(b"x", fixed(8), costs, 32)) == 32


@pytest.mark.parametrize(
    ("n", "r", "p"), [(3, 8, 1), (1, 8, 1), (2, 0, 1), (2, 8, 0), (2**16, 1, 1)]
)
def test_scrypt_with_what_the_standard_forbids_is_a_bad_file(n: int, r: int, p: int) -> None:
    with pytest.raises(CertificateError, match="bad_key_file"):
        kdf.scrypt(b"", fixed(8), (n, r, p), 16)


@pytest.mark.attack(76)
def test_rounds_that_are_allowed_may_still_be_too_much_for_a_long_key() -> None:
    with pytest.raises(CertificateError, match="too_many_iterations"):
        kdf.pbkdf2("sha1", b"", fixed(8), MAX_KDF_ITERATIONS, 128)


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\x30\x00",
        PLAIN,
        der.sequence(der.sequence(der.oid(oids.SEED_CBC_WITH_SHA1))),
        der.sequence(der.sequence(der.oid(oids.SEED_CBC_WITH_SHA1)), der.octets(b"")),
        der.sequence(der.null(), der.octets(b"1")),
    ],
)
def test_what_is_no_key_file_is_refused(junk: bytes) -> None:
    with pytest.raises(CertificateError) as caught:
        pbe.parse(junk)
    assert caught.value.code == "bad_key_file"


@pytest.mark.parametrize(
    "parameters",
    [
        b"",
        der.null(),
        der.sequence(),
        der.sequence(der.octets(b"12345678")),
        der.sequence(der.octets(b"12345678"), der.integer(0)),
        der.sequence(der.octets(b"12345678"), der.integer(-1)),
        der.sequence(der.octets(b"12345678"), der.integer(1), der.null()),
    ],
)
def test_parameters_that_make_no_sense_are_refused(parameters: bytes) -> None:
    algorithm = der.sequence(der.oid(oids.SEED_CBC_WITH_SHA1), parameters)
    with pytest.raises(CertificateError) as caught:
        npki.open_key(der.sequence(algorithm, der.octets(bytes(32))), PASSWORD)
    assert caught.value.code == "bad_key_file"


def test_an_unknown_algorithm_is_named_and_not_called_broken() -> None:
    algorithm = der.sequence(der.oid("1.2.410.200004.1.99"), der.null())
    encrypted = der.sequence(algorithm, der.octets(bytes(32)))
    pbe.parse(encrypted)
    with pytest.raises(CertificateError) as caught:
        npki.open_key(encrypted, PASSWORD)
    assert caught.value.code == "unsupported_algorithm"
    assert caught.value.details["oid"] == "1.2.410.200004.1.99"


@given(st.data())
@settings(max_examples=300)
def test_a_changed_byte_gives_a_key_or_our_error(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(sorted(SCHEMES)))
    encrypted = pbe.encrypt(SCHEMES[form](fixed), PLAIN, PASSWORD)
    at = data.draw(st.integers(0, 120))
    byte = data.draw(st.integers(0, 255))
    # A changed count of iterations may be large and honest: it would only take time.
    changed = encrypted[:at] + bytes([byte]) + encrypted[at + 1 :]
    try:
        if Scheme.parse(pbe.parse(changed)[0]).iterations < 100_000:
            npki.open_key(changed, PASSWORD)
    except (CertificateError, PasswordError):
        pass


@pytest.mark.parametrize("form", ["seed-pbes2", "aes256", "3des-pkcs12"])
def test_openssl_opens_what_is_written(form: str, tmp_path: Path) -> None:
    path = tmp_path / "signPri.key"
    path.write_bytes(pbe.encrypt(SCHEMES[form](fixed), PLAIN, PASSWORD))
    form_of = ("-inform", "DER", "-outform", "DER", "-passin", "stdin")
    opened = openssl("pkcs8", "-in", path, *form_of, *LEGACY, secret=PASSWORD)
    # OpenSSL writes the key without the attributes it does not know.
    assert opened[10:500] in PLAIN
