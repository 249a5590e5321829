"""What can be said of keys, signatures and encryption in the field's own terms.

These words are the same in every language: ``RSA 2048``, ``ECDSA SHA-256``,
``SEED, PBKDF2 SHA-1, 2048``.
"""

from typing import Final

from certrelay.errors import CertificateError
from certrelay.pki import der, oids, pbe, pkcs12
from certrelay.pki.certificate import Certificate
from certrelay.pki.der import Element
from certrelay.pki.encodings import Unwrapped, unwrap
from certrelay.pki.pbe import Scheme
from certrelay.pki.pkcs12_writing import Style

_KEYS: Final = {
    oids.RSA: "RSA",
    oids.RSA_PSS: "RSA-PSS",
    oids.ED25519: "Ed25519",
    oids.ED448: "Ed448",
    "1.2.410.200004.1.1": "KCDSA",
    "1.2.410.200004.1.21": "KCDSA",
    "1.2.840.10040.4.1": "DSA",
}
_CURVES: Final = {
    "1.2.840.10045.3.1.7": "P-256",
    "1.3.132.0.34": "P-384",
    "1.3.132.0.35": "P-521",
    "1.3.132.0.10": "secp256k1",
}
_SIGNATURES: Final = {
    oids.RSA_PSS: "RSA-PSS",
    oids.ED25519: "Ed25519",
    oids.ED448: "Ed448",
    "1.2.410.200004.1.8": "KCDSA SHA-1",
    "1.2.410.200004.1.9": "KCDSA HAS-160",
}


def key_kind(certificate: Certificate) -> str:
    """The kind and size of a certificate's key; its identifier where it is not known."""
    try:
        algorithm, public = Element.parse(certificate.public_key_info).children(der.SEQUENCE)
        oid, *parameters = algorithm.children(der.SEQUENCE)
        name = oid.oid()
        if name in (oids.RSA, oids.RSA_PSS):
            modulus = Element.parse(public.bits()).children(der.SEQUENCE)[0].integer()
            return f"{_KEYS[name]} {modulus.bit_length()}"
        if name == oids.EC:
            curve = parameters[0].oid()
            return f"EC {_CURVES.get(curve, curve)}"
    except der.FAULTS:
        return "?"
    return _KEYS.get(name, name)


def signature_kind(certificate: Certificate) -> str:
    """How a certificate is signed; the identifier where it is not known."""
    oid = certificate.signature_oid
    if (digest := oids.RSA_SIGNATURES.get(oid)) is not None:
        return f"RSA {_dashed(digest)}"
    if (digest := oids.EC_SIGNATURES.get(oid)) is not None:
        return f"ECDSA {_dashed(digest)}"
    return _SIGNATURES.get(oid, oid)


def key_file_protection(content: bytes) -> str:
    """How a key file is encrypted: cipher, derivation, rounds.

    Raises:
        CertificateError: ``bad_key_file``.
    """
    return _protection(pbe.parse(content)[0])


def pkcs12_protection(content: bytes) -> tuple[tuple[str, ...], Style]:
    """How the parts of a PKCS#12 file are encrypted, each way once, and whose style that is.

    Raises:
        CertificateError: ``bad_pkcs12``.
    """
    try:
        algorithms = pkcs12.algorithms(content)
    except der.FAULTS:
        raise CertificateError("bad_pkcs12") from None
    ways = dict.fromkeys(map(_protection, algorithms))
    old = all(each.children()[0].oid() in pbe.PKCS12_FORMS for each in algorithms)
    return tuple(ways), "field" if old else "modern"


def outer_form(content: bytes) -> Unwrapped | None:
    """How a file is written: `certrelay.pki.encodings`; ``None`` if it is nothing known."""
    try:
        return unwrap(content)
    except der.FAULTS:
        return None


def _protection(algorithm: Element) -> str:
    try:
        scheme = Scheme.parse(algorithm)
    except CertificateError as error:
        return str(error.details.get("oid", "?"))
    size = f"-{8 * scheme.cipher.key_bytes}" if scheme.cipher.name in ("AES", "ARIA") else ""
    name = {"TripleDES": "3DES"}.get(scheme.cipher.name, scheme.cipher.name)
    derivation = {
        "pbkdf1": "PBKDF1 SHA-1",
        "pbkdf2": f"PBKDF2 {_dashed(oids.PRFS.get(scheme.prf, '?').upper())}",
        "scrypt": "scrypt",
        "pkcs12": "PKCS#12 SHA-1",
    }[scheme.kdf]
    return f"{name}{size}, {derivation}, {scheme.iterations}"


def _dashed(digest: str) -> str:
    """Write SHA256 as people do."""
    return digest.replace("SHA", "SHA-")
