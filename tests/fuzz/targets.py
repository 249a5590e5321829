"""What is fuzzed: every parser of foreign certificate files, each with seeds to start from.

The protocol's own targets are in `tests.fuzz.protocol`, those of the programs' edges in
`tests.fuzz.edges`; `TARGETS` has them all.
"""

import contextlib
import json

from certrelay.bundle import Item
from certrelay.client.flow.describing import fields_of, line_of
from certrelay.pki import check, npki, pbe, pkcs12, rewrap
from certrelay.pki.certificate import Certificate, parse_chain
from certrelay.pki.der import FAULTS, Element
from certrelay.pki.kinds import kind_of
from certrelay.pki.private_key import PrivateKey
from certrelay.pki.revocation import RevocationList
from certrelay.pki.verification import Evidence, verify_item
from certrelay.safe_text import is_hidden
from certrelay.testkit.ca import CRL_POINT, SCHEMES
from certrelay.texts import Texts
from tests.certificates import NOW, PASSWORD, authority, person
from tests.fuzz.edges import EDGES
from tests.fuzz.protocol import PROTOCOL
from tests.fuzz.target import Target, ours

MAX_ITERATIONS = 20_000
"""Rounds that a target still computes: more is honest work and would only slow the search."""


def read_element(data: bytes) -> None:
    """The reader below everything: what it reads is made of the bytes it was given."""
    with contextlib.suppress(*FAULTS):
        element = Element.parse(data)
        assert element.encoded == data
        for child in element.children():
            assert child.encoded in data
            for read in (child.integer, child.oid, child.octets, child.bits, child.time):
                with contextlib.suppress(*FAULTS):
                    read()
            child.text()


def read_certificate(data: bytes) -> None:
    """A certificate: everything that a list or a question shows of it."""
    with ours():
        certificate = Certificate.parse(data)
        assert certificate.der == data
        kind_of(certificate)
        item = Item.of("npki", {"signCert": data, "signPri": _KEYS[0]})
        summary = check.inspect(item)
        assert len(summary.place) == 3
        json.dumps(fields_of(summary, NOW))
        assert not any(map(is_hidden, line_of(summary, Texts("ko"), NOW)))
        verify_item(item, PASSWORD, Evidence(NOW, "1234567890", (authority().certificate,)))


def read_chain(data: bytes) -> None:
    """A CaPubs file."""
    with ours():
        parse_chain(data)


def read_key_file(data: bytes) -> None:
    """An encrypted key: read, opened, put under a new password."""
    with ours():
        algorithm, _ = pbe.parse(data)
        if pbe.Scheme.parse(algorithm).iterations <= MAX_ITERATIONS:
            npki.check_password(person().sign.certificate, data, PASSWORD)
            item = Item.of("npki", {"signCert": person().sign.certificate.der, "signPri": data})
            changed = rewrap.change_password(item, PASSWORD, "another", bytes)
            npki.check_password(person().sign.certificate, changed.get("signPri") or b"", "another")


def read_private_key(data: bytes) -> None:
    """What a password has opened."""
    with contextlib.suppress(*FAULTS):
        key = PrivateKey.parse(data)
        assert key.fits(person().sign.certificate.public_key_info) in (True, False, None)


def read_pkcs12(data: bytes) -> None:
    """A PKCS#12 file: its outline, then opened, then put under a new password."""
    with ours():
        pkcs12.outline(data)
        if _rounds_are_few(data):
            pkcs12.open_file(data, PASSWORD)
            item = Item.of("pkcs12", {"pkcs12": data})
            rewrap.change_password(item, PASSWORD, "another", bytes)


def read_revocations(data: bytes) -> None:
    """A revocation list."""
    with ours():
        RevocationList.parse(data)


def _rounds_are_few(data: bytes) -> bool:
    """See that no INTEGER of a file asks for long work: every one between a hundred thousand
    and the limit counts, whatever it is for."""
    for at in range(len(data) - 4):
        if data[at] == 2 and data[at + 1] in (3, 4):
            value = int.from_bytes(data[at + 2 : at + 2 + data[at + 1]])
            if MAX_ITERATIONS < value < 2**24:
                return False
    return True


def _seeds_of_pkcs12() -> tuple[bytes, ...]:
    issued = person()
    field = [issued.pkcs12(PASSWORD, "field", bytes, chain=True, km=km) for km in (False, True)]
    return tuple(item.files[0].content for item in field)


_ISSUED = person()
_KEYS = tuple(
    _ISSUED.npki(PASSWORD, scheme, bytes).get("signPri") or b"" for scheme in sorted(SCHEMES)
)

TARGETS = {
    **PROTOCOL,
    **EDGES,
    "element": Target(read_element, (_ISSUED.sign.certificate.der, _ISSUED.sign.key.der)),
    "certificate": Target(
        read_certificate, (_ISSUED.sign.certificate.der, authority().certificate.der)
    ),
    "chain": Target(read_chain, (_ISSUED.npki(PASSWORD, ca_pubs=True).get("caPubs") or b"",)),
    "key_file": Target(read_key_file, _KEYS),
    "private_key": Target(read_private_key, (_ISSUED.sign.key.der,)),
    "pkcs12": Target(read_pkcs12, _seeds_of_pkcs12()),
    "revocations": Target(
        read_revocations,
        (authority().revocations([1, 2], NOW, suspended=[3], point=CRL_POINT),),
    ),
}
