"""The identity value (VID) of a Korean certificate: 본인확인 without showing the number.

    VID = h(h(SEQUENCE { PrintableString idn, BIT STRING R }))

``idn`` is the resident or business number, ``R`` the random that lies beside the private
key.  Whoever knows the number and holds the key can show that the certificate is theirs.

Source: KISA's identification profile (RFC 4683 has the same idea).
"""

import hashlib
import hmac

from certrelay.pki import der, oids
from certrelay.pki.certificate import Certificate

_DIGESTS_BY_NAME = {name: oid for oid, name in oids.DIGESTS.items()}


def value(idn: str, random: bytes, digest: str = "sha256") -> bytes:
    """Compute the identity value.

    Args:
        idn: The number, digits only as a rule; must be ASCII.
        random: The 20 bytes of `certrelay.pki.private_key.PrivateKey.vid_random`.
        digest: The hash's name.

    Raises:
        ValueError: If the number is not ASCII.
    """
    inner = der.sequence(der.printable(idn), der.bits(random))
    once = hashlib.new(digest, inner, usedforsecurity=False).digest()
    return hashlib.new(digest, once, usedforsecurity=False).digest()


def matches(certificate: Certificate, idn: str, random: bytes) -> bool | None:
    """Tell whether the number is the one of the certificate's owner.

    Returns:
        ``None`` if the certificate has no identity value, or one of an unknown hash.
    """
    vid = certificate.extensions.vid
    digest = oids.DIGESTS.get(vid.digest_oid) if vid else None
    if vid is None or digest is None:
        return None
    try:
        return hmac.compare_digest(value(idn, random, digest), vid.value)
    except UnicodeEncodeError:
        return False


def alternative_name(real_name: str, vid: bytes, digest: str = "sha256") -> bytes:
    """Write KISA's IdentifyData, the value of an otherName in subjectAltName."""
    algorithm = der.sequence(der.oid(_DIGESTS_BY_NAME[digest]), der.null())
    content = der.sequence(algorithm, der.explicit(0, der.octets(vid)))
    info = der.sequence(der.sequence(der.oid(oids.VID), content))
    return der.sequence(der.utf8(real_name), info)
