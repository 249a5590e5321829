"""Checks a folder of outside sample certificates: ``python -m tests.samples PATH``.

The suite itself needs no outside file.  This command holds the program against files that
others made: each opens with its password to the facts that the folder's README lists, and
is refused with thousands of wrong ones (1 in 256 pads rightly by chance).
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from certrelay.bundle import Item
from certrelay.errors import CertificateError, PasswordError
from certrelay.pki import check, npki, pkcs12, vid
from certrelay.pki.certificate import Certificate
from certrelay.pki.private_key import PrivateKey

MADE = "Test-pw1234!"
MADE_KOREAN = "비밀번호12!a"
YESSIGN = "WTuA8Ev0lWXVFSiI!"
YESSIGN_VID = "7858b4328390805129f01c97fe6ca4a520cbd479"
MADE_VID = "011d107092ba8ea6143581344bbc83836912ecca"
MADE_IDN = "1234567890"


@dataclass(frozen=True)
class Sample:
    """One file under a password, with the certificate that its key must fit."""

    path: Path
    password: str
    certificate: Certificate
    vid_random: str | None
    plain: bytes | None = None

    def open(self, password: str) -> PrivateKey:
        content = self.path.read_bytes()
        if self.path.suffix == ".key":
            return npki.check_password(self.certificate, content, password)
        pair = pkcs12.open_file(content, password).pairs[0]
        assert pair.certificate.der == self.certificate.der, "another certificate"
        return pair.key


def samples(root: Path) -> Iterator[Sample]:
    """Every file of the folder that has a password."""
    yessign, made = root / "yessign-test", root / "made"
    certificate = Certificate.parse((yessign / "signCert.der").read_bytes())
    for name in ("signPri.key", "signCert.pfx"):
        yield Sample(yessign / name, YESSIGN, certificate, YESSIGN_VID)
    sign = Certificate.parse((made / "signCert.der").read_bytes())
    km = Certificate.parse((made / "kmCert.der").read_bytes())
    plain = (made / "plain-pkcs8-with-vid.der").read_bytes()
    for path in sorted(made.glob("*.key")):
        password = MADE_KOREAN if "korean" in path.name else MADE
        if path.name.startswith("km"):
            yield Sample(path, password, km, None)
        else:
            yield Sample(path, password, sign, MADE_VID, plain)
    for path in sorted(made.glob("*.pfx")):
        yield Sample(path, MADE, sign, None)


def check_facts(root: Path) -> None:
    """What the README says of the certificates."""
    found = Certificate.parse((root / "yessign-test" / "signCert.der").read_bytes())
    facts = (found.cn, found.issuer_cn, found.serial, found.policy_oid, found.ca)
    assert facts == (
        "HKD(KILDONG.HONG)009104120200225191000030",
        "yessignCA-Test Class 4",
        4562037,
        "1.2.410.200005.1.1.4",
        "yessign",
    )
    assert found.not_before is not None
    assert found.not_after is not None
    assert found.not_before.isoformat() == "2020-02-24T15:00:00+00:00"
    assert found.not_after.isoformat() == "2020-03-25T14:59:59+00:00"
    made = Certificate.parse((root / "made" / "signCert.der").read_bytes())
    assert (made.cn, made.serial) == ("홍길동()0099041202601010000001", 1000001)
    assert made.subject == "cn=홍길동()0099041202601010000001,ou=TEST,ou=personal4IB,o=yessign,c=kr"
    assert made.not_after is not None
    assert made.not_after.isoformat() == "2027-01-01T14:59:59+00:00"
    assert vid.matches(made, MADE_IDN, bytes.fromhex(MADE_VID)) is True
    assert vid.matches(made, "1234567891", bytes.fromhex(MADE_VID)) is False
    field = Item.of("pkcs12", {"pkcs12": (root / "yessign-test/signCert.pfx").read_bytes()})
    assert check.inspect(field).certificate == found, "readable without the password"


def check_sample(sample: Sample, wrong: int) -> None:
    """Open with the right password, and be refused with ``wrong`` others."""
    key = sample.open(sample.password)
    if sample.vid_random:
        assert key.vid_random is not None
        assert key.vid_random.hex() == sample.vid_random
    if sample.plain:
        assert key.der == sample.plain, "not byte for byte"
    assert key.fits(sample.certificate.public_key_info) is True
    for number in range(wrong):
        expect_wrong(sample, f"wrong-{number}")
    for near in (sample.password + " ", sample.password[:-1], sample.password.swapcase(), ""):
        expect_wrong(sample, near)


def expect_wrong(sample: Sample, password: str) -> None:
    outcome = "opened"
    try:
        sample.open(password)
    except (PasswordError, CertificateError) as error:
        outcome = error.code
    assert outcome == "wrong_password", f"{sample.path.name}: {outcome} for {password!r}"


def check_random_key(root: Path, wrong: int) -> None:
    """A key file over random bytes: it parses, and no password opens it."""
    certificate = Certificate.parse((root / "yessign-test" / "signCert.der").read_bytes())
    path = root / "yessign-test" / "pbes2-seed-random.key"
    for number in range(wrong):
        expect_wrong(Sample(path, "", certificate, None), f"any-{number}")


def main() -> int:
    """Check the folder; print a line per file and what fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wrong", type=int, default=2000, help="wrong passwords per file")
    arguments = parser.parse_args()
    check_facts(arguments.folder)
    print("facts: as the README lists them")
    for sample in samples(arguments.folder):
        started = time.perf_counter()
        check_sample(sample, arguments.wrong)
        took = time.perf_counter() - started
        print(f"{sample.path.name}: opens, {arguments.wrong} wrong refused ({took:.1f} s)")
    check_random_key(arguments.folder, arguments.wrong)
    print(f"pbes2-seed-random.key: parses, {arguments.wrong} passwords refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
