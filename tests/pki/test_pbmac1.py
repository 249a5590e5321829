"""RFC 9579's own PKCS#12 files with a MAC over PBKDF2: three that are right, three that are not."""

import base64
import re

import pytest

from certrelay.errors import CertificateError, PasswordError
from certrelay.pki import der, pkcs12
from tests.sources import ROOT

TEXT = (ROOT / "tests" / "vectors" / "rfc9579-pbmac1.txt").read_text("ascii")
BLOCKS = {
    name: base64.b64decode(body)
    for name, body in re.findall(r"^(A\.[1-6])[^\n]*\n(.*?)(?=^A\.|\Z)", TEXT, re.M | re.S)
}
PASSWORD = "1234"


def with_mac(mac: bytes) -> bytes:
    """The file of A.1 with another MacData: so A.4 to A.6 are made."""
    version, content, _ = der.Element.parse(BLOCKS["A.1"]).children()
    return der.sequence(version.encoded, content.encoded, mac)


@pytest.mark.parametrize("name", ["A.1", "A.2", "A.3"])
def test_the_right_files_open(name: str) -> None:
    opened = pkcs12.open_file(BLOCKS[name], PASSWORD)
    assert opened.pairs[0].key.fits(opened.pairs[0].certificate.public_key_info)
    with pytest.raises(PasswordError):
        pkcs12.open_file(BLOCKS[name], "12345")


@pytest.mark.parametrize("name", ["A.4", "A.5", "A.6"])
def test_the_wrong_files_are_refused(name: str) -> None:
    """A wrong count of rounds, a wrong salt, a missing length of the key."""
    encoded = with_mac(BLOCKS[name])
    with pytest.raises((PasswordError, CertificateError)):
        pkcs12.open_file(encoded, PASSWORD)
