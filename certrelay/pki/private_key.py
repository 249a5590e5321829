"""An opened private key: PrivateKeyInfo, the VID random in it, and whose it is.

The bytes stay as they are, attributes included: a key that loses its VID random can no
longer prove its owner's identity (본인확인) anywhere.

Source: RFC 5208, RFC 5958; KISA's identification profile.
"""

from certrelay.frozen import frozen
from certrelay.pki import der, oids
from certrelay.pki.der import DerError, Element


@frozen(repr=False)
class PrivateKey:
    """A private key that is open.  It never shows itself in a log."""

    der: bytes
    """The PrivateKeyInfo, byte for byte as the file held it."""
    algorithm_oid: str
    vid_random: bytes | None
    """The random of the identity value, 20 bytes as a rule; km keys often have none."""

    @classmethod
    def parse(cls, encoded: bytes) -> "PrivateKey":
        """Read a PrivateKeyInfo.

        Raises:
            DerError: If it is none; of a wrong password's output this is how one tells.
        """
        version, algorithm, key, *more = Element.parse(encoded).children(der.SEQUENCE)
        if version.integer() not in (0, 1):
            raise DerError("version")
        (oid, *_) = algorithm.children(der.SEQUENCE)
        key.octets()
        attributes = next((field for field in more if field.tag == der.context(0)), None)
        return cls(encoded, oid.oid(), _vid_random(attributes))

    def fits(self, public_key_info: bytes) -> bool | None:
        """Tell whether this key belongs to a certificate's public key.

        Returns:
            ``None`` if that kind of key cannot be checked here (KCDSA, say).
        """
        try:
            algorithm, public = Element.parse(public_key_info).children(der.SEQUENCE)
            oid = algorithm.children(der.SEQUENCE)[0].oid()
            if self.algorithm_oid == oids.RSA:
                return oid == oids.RSA and self._rsa_fits(public.bits())
        except der.FAULTS:
            return None
        return self._other_fits(public_key_info)

    def _rsa_fits(self, public: bytes) -> bool:
        key = Element.parse(self.der).children()[2].octets()
        numbers = [field.integer() for field in Element.parse(key).children(der.SEQUENCE)[:6]]
        _, modulus, exponent, private, p, q = numbers
        stated = [field.integer() for field in Element.parse(public).children(der.SEQUENCE)]
        # The numbers must also belong together, or a file could carry the right modulus
        # with a private part that signs nothing.
        return (
            stated == [modulus, exponent]
            and p > 1
            and q > 1
            and p * q == modulus
            and exponent * private % (p - 1) == 1
            and exponent * private % (q - 1) == 1
        )

    def _other_fits(self, public_key_info: bytes) -> bool | None:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization

        encoding, form = serialization.Encoding.DER, serialization.PublicFormat
        try:
            own = serialization.load_der_private_key(self.der, None).public_key()
            theirs = serialization.load_der_public_key(public_key_info)
        except (UnsupportedAlgorithm, ValueError, TypeError):
            return None
        info = form.SubjectPublicKeyInfo
        return own.public_bytes(encoding, info) == theirs.public_bytes(encoding, info)

    def __repr__(self) -> str:
        return f"PrivateKey({self.algorithm_oid})"


def _vid_random(attributes: Element | None) -> bytes | None:
    """Find the VID random among PKCS#8 attributes; broken ones count as none."""
    if attributes is None:
        return None
    try:
        for attribute in attributes.children():
            oid, values = attribute.children(der.SEQUENCE)
            if oid.oid() == oids.VID_RANDOM:
                return values.children(der.SET)[0].bits()
    except der.FAULTS:
        return None
    return None
