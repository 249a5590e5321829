"""NPKI pairs: what is inside ``signPri.key`` and ``kmPri.key``, and whether it fits.

A wrong password gives right padding once in 256 times, so a password counts as right only
when what comes out is a private key; only then can the key be a stranger's.
"""

from certrelay.errors import CertificateError, PasswordError
from certrelay.pki import der, pbe
from certrelay.pki.certificate import Certificate
from certrelay.pki.encodings import PLAIN_KEY_LABELS, unwrap
from certrelay.pki.private_key import PrivateKey


def plain_key(encoded: bytes) -> PrivateKey | None:
    """Read a key file that no password protects; ``None`` if it is none of that kind."""
    try:
        return PrivateKey.parse(unwrap(encoded, PLAIN_KEY_LABELS).der)
    except der.FAULTS:
        return None


def open_key(encoded: bytes, password: str, *, plain_keys: bool = False) -> PrivateKey:
    """Open a key file.

    Args:
        encoded: The file.
        password: Of the file.
        plain_keys: Take a key that lies in the open too, whatever the password: only a change
            that encrypts it may ask for that.

    Raises:
        PasswordError: ``wrong_password``.
        CertificateError: ``bad_key_file``, ``unsupported_algorithm``,
            ``too_many_iterations``.
    """
    if plain_keys and (key := plain_key(encoded)) is not None:
        return key
    for plain in pbe.openings(encoded, password):
        try:
            return PrivateKey.parse(plain)
        except der.FAULTS:
            continue
    raise PasswordError("wrong_password")


def check_password(
    certificate: Certificate, encoded: bytes, password: str, *, plain_keys: bool = False
) -> PrivateKey:
    """Open a key file and see that the key is the certificate's.

    A kind of key that cannot be compared here passes: it can still be moved.

    Raises:
        PasswordError: ``wrong_password``.
        CertificateError: ``key_mismatch`` if the password opened another certificate's key;
            and as `open_key`.
    """
    key = open_key(encoded, password, plain_keys=plain_keys)
    if key.fits(certificate.public_key_info) is False:
        raise CertificateError("key_mismatch")
    return key
