"""Test certificates, made once per test run: RSA of 1024 bits, since only speed matters."""

from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from certrelay.testkit import ca
from certrelay.testkit.ca import Authority, Issued, Owner

NOW = datetime(2026, 6, 1, tzinfo=UTC)
START = datetime(2025, 12, 31, 15, 0, 0, tzinfo=UTC)
END = datetime(2027, 1, 1, 14, 59, 59, tzinfo=UTC)
PASSWORD = "Test-pw1234!"
KOREAN_PASSWORD = "비밀번호12!a"


@cache
def key(number: int = 0) -> RSAPrivateKey:
    """One of a few RSA keys."""
    return ca.new_key(1024)


@cache
def root() -> Authority:
    return Authority(NOW, "KISA", key=key(98))


@cache
def authority() -> Authority:
    return Authority(NOW, key=key(99), above=root())


@cache
def person(number: int = 1, name: str = "홍길동") -> Issued:
    """A person with a sign pair and a km pair."""
    return authority().issue(
        Owner(name, number), START, END, sign_key=key(number), km_key=key(number + 50)
    )


@cache
def stranger() -> Issued:
    """Somebody else."""
    return person(7, "성춘향")
