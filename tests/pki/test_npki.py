import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from certrelay.errors import CertificateError, PasswordError
from certrelay.pki import der, npki, oids, pbe
from certrelay.pki.der import DerError
from certrelay.pki.private_key import PrivateKey
from certrelay.testkit import ca
from tests.certificates import END, PASSWORD, START, authority, person, stranger

ISSUED = person()
SIGN = ISSUED.sign.certificate
FILE = ISSUED.npki(PASSWORD).get("signPri") or b""


def fixed(size: int) -> bytes:
    return bytes(range(size))


def test_the_right_password_opens_the_key_with_its_vid_random() -> None:
    key = npki.check_password(SIGN, FILE, PASSWORD)
    assert key.der == ISSUED.sign.key.der
    assert len(key.vid_random or b"") == 20


def test_a_km_key_has_no_vid_random_and_fits_its_own_certificate() -> None:
    km = ISSUED.km
    assert km
    content = ISSUED.npki(PASSWORD).get("kmPri") or b""
    assert npki.check_password(km.certificate, content, PASSWORD).vid_random is None


def test_a_key_of_another_certificate_is_a_mismatch_once_its_password_is_right() -> None:
    other = stranger().npki(PASSWORD).get("signPri") or b""
    with pytest.raises(CertificateError) as caught:
        npki.check_password(SIGN, other, PASSWORD)
    assert caught.value.code == "key_mismatch"
    with pytest.raises(PasswordError) as refused:
        npki.check_password(SIGN, other, "wrong")
    assert refused.value.code == "wrong_password"


def test_a_wrong_password_with_right_padding_is_a_wrong_password() -> None:
    # Few rounds, so that thousands of passwords are quick: about one in 256 pads rightly.
    encrypted = pbe.encrypt(pbe.seed_pbes1(fixed(8), 1), ISSUED.sign.key.der, PASSWORD)
    chances = 0
    for number in range(2000):
        password = f"wrong{number}"
        chances += len(list(pbe.openings(encrypted, password)))
        with pytest.raises(PasswordError) as caught:
            npki.check_password(SIGN, encrypted, password)
        assert caught.value.code == "wrong_password"
    assert chances > 0, "chance padding must have been among them"


def test_a_sealed_content_that_is_no_private_key_is_a_wrong_password() -> None:
    for content in (b"", b"hello", SIGN.der, der.sequence(der.integer(0))):
        encrypted = pbe.encrypt(pbe.seed_pbes2(fixed(8), fixed(16)), content, PASSWORD)
        with pytest.raises(PasswordError):
            npki.open_key(encrypted, PASSWORD)


@pytest.mark.attack(31)
def test_a_modulus_with_a_foreign_private_part_is_a_mismatch() -> None:
    own, other = ISSUED.sign.key.der, stranger().sign.key.der
    numbers = [field.encoded for field in rsa_fields(own)]
    numbers[3:6] = [field.encoded for field in rsa_fields(other)][3:6]
    forged = der.sequence(
        der.integer(0),
        der.sequence(der.oid(oids.RSA), der.null()),
        der.octets(der.sequence(*numbers)),
    )
    assert PrivateKey.parse(forged).fits(SIGN.public_key_info) is False


def rsa_fields(key: bytes) -> list[der.Element]:
    octets = der.Element.parse(key).children()[2].octets()
    return der.Element.parse(octets).children()


def test_an_elliptic_key_is_compared_too() -> None:
    one, other = ec.generate_private_key(ec.SECP256R1()), ca.new_key(1024)
    issued = authority().issue(ca.Owner(), START, END, km=False, sign_key=one)
    assert issued.sign.key.fits(issued.sign.certificate.public_key_info) is True
    assert issued.sign.key.fits(SIGN.public_key_info) is False
    assert ca.private_key(other, None).fits(issued.sign.certificate.public_key_info) is False


def test_a_kind_of_key_that_no_library_knows_passes_as_not_comparable() -> None:
    algorithm = der.sequence(der.oid("1.2.410.200004.1.1"), der.sequence(der.integer(7)))
    key = PrivateKey.parse(der.sequence(der.integer(0), algorithm, der.octets(b"\x02\x01\x05")))
    public = der.sequence(algorithm, der.bits(b"\x02\x01\x05"))
    assert key.fits(public) is None


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        der.sequence(),
        der.sequence(der.integer(9), der.sequence(der.oid(oids.RSA)), der.octets(b"")),
        der.sequence(der.integer(0), der.sequence(), der.octets(b"")),
        ISSUED.sign.key.der + b"\0",
    ],
)
def test_what_is_no_private_key_is_refused(junk: bytes) -> None:
    with pytest.raises((DerError, ValueError)):
        PrivateKey.parse(junk)


def test_broken_attributes_count_as_no_vid() -> None:
    fields = [field.encoded for field in der.Element.parse(ISSUED.sign.key.der).children()[:3]]
    for attributes in (der.null(), der.sequence(der.oid(oids.VID_RANDOM)), der.sequence()):
        key = PrivateKey.parse(der.sequence(*fields, der.explicit(0, attributes)))
        assert key.vid_random is None
        assert key.fits(SIGN.public_key_info)


def test_a_key_never_shows_itself() -> None:
    key = ISSUED.sign.key
    assert repr(key) == f"PrivateKey({oids.RSA})"
    assert key.vid_random is not None
    assert key.vid_random.hex() not in repr(ISSUED)
    assert repr(key.vid_random) not in repr(ISSUED)
