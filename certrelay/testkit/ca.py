"""A certificate authority of our own, for tests, the demo and the simulated phone.

Long because it issues all that Korean authorities issue, from one set of fields.

It issues what Korean authorities issue, in the field's form: names like
``홍길동()0099041202601010000001``, a sign pair and a km pair, policy identifiers, the VID in
certificate and key.  Nobody's real data is in it, and every name says that it is a test.

Nothing here reads a clock.  Keys are new each time unless they are passed in; all other
randomness comes from the function that is passed in.
"""

import os
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from certrelay.bundle import Item
from certrelay.frozen import frozen
from certrelay.pki import der, oids, pbe, pkcs12_writing, vid
from certrelay.pki.certificate import Certificate
from certrelay.pki.pbe import Scheme
from certrelay.pki.pkcs12 import KeyPair
from certrelay.pki.private_key import PrivateKey

IssuedKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Random = Callable[[int], bytes]
SchemeMaker = Callable[[Random], Scheme]
"""Makes a key file's scheme of fresh randomness."""

CRL_POINT: Final = "ldap://ca.invalid:389/ou=dp1p1,ou=AccreditedCA,o=test,c=kr"
"""Where issued certificates say that their part of the revocation list is."""


@frozen
class Addresses:
    """Where an issued certificate says that its status can be asked."""

    crl: str = CRL_POINT
    ocsp: str | None = None
    issuer: str | None = None


PERSONAL_BANK: Final = "1.2.410.200005.1.1.4"
CORPORATE_GENERAL: Final = "1.2.410.200005.1.1.5"
TEST_IDN: Final = "1234567890"
"""A number that is nobody's: too short for a resident number."""

SCHEMES: Final[dict[str, SchemeMaker]] = {
    "seed-pbes2": lambda random: pbe.seed_pbes2(random(8), random(16)),
    "seed-pbes1": lambda random: pbe.seed_pbes1(random(8)),
    "seed-fixed-iv": lambda random: pbe.seed_pbes1(random(8), fixed_iv=True),
    "aes256": lambda random: pbe.aes256_pbes2(random(16), random(16), 2048),
    "aria256": lambda random: pbe.aria_pbes2(random(16), random(16)),
    "3des-pkcs12": lambda random: pbe.triple_des_pkcs12(random(8)),
}
"""Forms of key files by name; the first is what banks write today."""


@frozen
class Owner:
    """Whom a certificate is for, and what kind it is."""

    name: str = "홍길동"
    number: int = 1
    """Makes serial number and name unique."""
    policy: str = PERSONAL_BANK
    units: tuple[str, ...] = ("TEST", "personal4IB")
    """Organisational units, leaf first."""
    idn: str = TEST_IDN
    addresses: Addresses = Addresses()

    @classmethod
    def corporate(cls, name: str = "(주)시험상사", number: int = 2) -> "Owner":
        """A company with a general-purpose certificate."""
        return cls(name, number, CORPORATE_GENERAL, ("TEST", "corporation4EC"))


@frozen
class Issued:
    """What one person got: certificates with opened keys."""

    sign: KeyPair
    km: KeyPair | None
    authority: Certificate

    def npki(
        self,
        password: str,
        scheme: str = "seed-pbes2",
        random: Random = os.urandom,
        *,
        ca_pubs: bool = False,
    ) -> Item:
        """The files of an NPKI folder."""
        files = {"signCert": self.sign.certificate.der}
        files["signPri"] = pbe.encrypt(SCHEMES[scheme](random), self.sign.key.der, password)
        if self.km:
            files["kmCert"] = self.km.certificate.der
            files["kmPri"] = pbe.encrypt(SCHEMES[scheme](random), self.km.key.der, password)
        if ca_pubs:
            files["caPubs"] = der.sequence(self.authority.der)
        return Item.of("npki", files)

    def pkcs12(
        self,
        password: str,
        style: pkcs12_writing.Style = "field",
        random: Random = os.urandom,
        *,
        chain: bool = False,
        km: bool = False,
    ) -> Item:
        """A PKCS#12 file of the sign pair."""
        pairs = [self.sign, self.km] if km and self.km else [self.sign]
        above = [self.authority] if chain else []
        content = pkcs12_writing.write(pairs, above, password, random, style)
        return Item.of("pkcs12", {"pkcs12": content})


class Authority:
    """An authority that issues certificates.

    Args:
        now: When it is looked at, in UTC; it lasts for nine years more, and began one before.
        organisation: The issuer's organisation, which names the CA folder.
        key: Its key; a new one if there is none.
        above: The authority that issued its certificate; ``None`` makes it a root.
    """

    def __init__(
        self,
        now: datetime,
        organisation: str = "yessign",
        key: IssuedKey | None = None,
        above: "Authority | None" = None,
    ):
        self._key: Final = key or new_key()
        self._organisation: Final = organisation
        cn = "certrelay Test CA" if above else "certrelay Test Root CA"
        self._name: Final = _name(cn, ("AccreditedCA", "TEST"), organisation)
        start = now - timedelta(days=365)
        builder = _builder(self._name, 1, start, start + timedelta(days=3650), self._key)
        builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
        self.certificate: Final = (above or self)._sign(builder)

    def _sign(self, builder: x509.CertificateBuilder) -> Certificate:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        named = builder.issuer_name(self._name).add_extension(issuer, critical=False)
        built = named.sign(self._key, hashes.SHA256())
        return Certificate.parse(built.public_bytes(serialization.Encoding.DER))

    def issue(
        self,
        owner: Owner,
        not_before: datetime,
        not_after: datetime,
        *,
        km: bool = True,
        sign_key: IssuedKey | None = None,
        km_key: IssuedKey | None = None,
        random: Random = os.urandom,
    ) -> Issued:
        """Issue a sign pair, and a km pair beside it.

        Args:
            owner: For whom.
            not_before: In UTC.
            not_after: In UTC; the field's certificates end at 14:59:59Z.
            km: Whether to issue a km pair.
            sign_key: The person's key; a new one if there is none.
            km_key: The same for the km pair.
            random: For the VID.
        """
        day = f"{not_before + timedelta(hours=9):%Y%m%d}"
        cn = f"{owner.name}()0099041{day}{owner.number:07}"
        subject = _name(cn, owner.units, self._organisation)
        vid_random = random(20)
        when = (not_before, not_after)
        key = sign_key or new_key()
        sign = self._certificate(subject, owner, when, key, vid_random)
        pair = KeyPair(sign, private_key(key, vid_random), owner.name)
        if not km:
            return Issued(pair, None, self.certificate)
        other = km_key or new_key()
        km_certificate = self._certificate(subject, owner, when, other, None)
        km_pair = KeyPair(km_certificate, private_key(other, None), owner.name)
        return Issued(pair, km_pair, self.certificate)

    def revocations(
        self,
        serials: Iterable[int],
        now: datetime,
        *,
        suspended: Iterable[int] = (),
        point: str | None = None,
    ) -> bytes:
        """A revocation list (CRL) in DER, good for a week.

        Args:
            serials: Certificates that are revoked.
            now: When it is made.
            suspended: Certificates that are on hold.
            point: The address of the part that it covers; ``None`` covers all.
        """
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        builder = builder.last_update(now).next_update(now + timedelta(days=7))
        reasons = dict.fromkeys(serials, x509.ReasonFlags.unspecified)
        reasons |= dict.fromkeys(suspended, x509.ReasonFlags.certificate_hold)
        for serial, reason in reasons.items():
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
            one = one.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(one.build())
        if point:
            name = [x509.UniformResourceIdentifier(point)]
            part = x509.IssuingDistributionPoint(name, None, True, False, None, False, False)
            builder = builder.add_extension(part, critical=True)
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.DER)

    def _certificate(
        self,
        subject: x509.Name,
        owner: Owner,
        when: tuple[datetime, datetime],
        key: IssuedKey,
        vid_random: bytes | None,
    ) -> Certificate:
        serial = 2 * owner.number + (vid_random is None) + 1_000_000
        builder = _builder(subject, serial, *when, key)
        signs = vid_random is not None
        builder = builder.add_extension(_key_usage(signs=signs), critical=True)
        notice = x509.UserNotice(None, "시험용 인증서입니다")
        policy = x509.PolicyInformation(x509.ObjectIdentifier(owner.policy), [notice])
        builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=True)
        addresses = owner.addresses
        where = [x509.UniformResourceIdentifier(addresses.crl)]
        points = x509.CRLDistributionPoints([x509.DistributionPoint(where, None, None, None)])
        builder = builder.add_extension(points, critical=False)
        methods = {
            AuthorityInformationAccessOID.OCSP: addresses.ocsp,
            AuthorityInformationAccessOID.CA_ISSUERS: addresses.issuer,
        }
        access = [
            x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
            for method, url in methods.items()
            if url is not None
        ]
        if access:
            builder = builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)
        if vid_random is not None:
            data = vid.alternative_name(owner.name, vid.value(owner.idn, vid_random))
            other = x509.OtherName(x509.ObjectIdentifier(oids.IDENTIFY_DATA), data)
            builder = builder.add_extension(x509.SubjectAlternativeName([other]), critical=False)
        return self._sign(builder)


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Make an RSA key; 1024 bits are quick, and enough for tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def private_key(key: IssuedKey, vid_random: bytes | None) -> PrivateKey:
    """Write a key as PrivateKeyInfo, with the VID random where there is one."""
    plain = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    if vid_random is None:
        return PrivateKey.parse(plain)
    values = der.set_of([der.bits(vid_random)])
    attribute = der.sequence(der.oid(oids.VID_RANDOM), values)
    fields = [field.encoded for field in der.Element.parse(plain).children()]
    return PrivateKey.parse(der.sequence(*fields, der.explicit(0, attribute)))


def _name(cn: str, units: tuple[str, ...], organisation: str) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, "kr")]
    attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    for unit in reversed(units):
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, cn))
    return x509.Name(attributes)


def _builder(
    subject: x509.Name, serial: int, start: datetime, end: datetime, key: IssuedKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(end)
        .public_key(key.public_key())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=signs,
        key_encipherment=not signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
