"""NPKI pairs: what is inside ``signPri.key`` and ``kmPri.key``, and whether it fits.

A wrong password gives right padding once in 256 times, so a password counts as right only
when what comes out is a private key; only then can the key be a stranger's.
"""

from certrelay.errors import CertificateError, PasswordError
from certrelay.pki import der, pbe
from certrelay.pki.certificate import Certificate
from certrelay.pki.private_key import PrivateKey


def open_key(encoded: bytes, password: str) -> PrivateKey:
    """Open a key file.

    Raises:
        PasswordError: ``wrong_password``.
        CertificateError: ``bad_key_file``, ``unsupported_algorithm``,
            ``too_many_iterations``.
    """
    for plain in pbe.openings(encoded, password):
        try:
            return PrivateKey.parse(plain)
        except der.FAULTS:
            continue
    raise PasswordError("wrong_password")


def check_password(certificate: Certificate, encoded: bytes, password: str) -> PrivateKey:
    """Open a key file and see that the key is the certificate's.

    A kind of key that cannot be compared here passes: it can still be moved.

    Raises:
        PasswordError: ``wrong_password``.
        CertificateError: ``key_mismatch`` if the password opened another certificate's key;
            and as `open_key`.
    """
    key = open_key(encoded, password)
    if key.fits(certificate.public_key_info) is False:
        raise CertificateError("key_mismatch")
    return key
