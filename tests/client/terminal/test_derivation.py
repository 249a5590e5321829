"""A long derivation runs in a child process: Ctrl-C and the clock end it, memory bounds it."""

import os
import subprocess
from typing import Any

import pytest

from certrelay.client.terminal.derivation import derive
from certrelay.client.terminal.interrupts import Interrupts
from certrelay.errors import CertificateError, Interrupted
from certrelay.limits import QUICK_KDF_WORK
from certrelay.pki import kdf
from certrelay.pki.kdf import Derivation

SALT = bytes(range(8))
LONG = Derivation("pkcs12", b"\0x\0\0", SALT, (5_000_000,), 24, purpose=1)
"""Minutes on a slow PC."""


def nobody_minds() -> None:
    """Nothing ends it."""


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> "list[subprocess.Popen[bytes]]":
    """Every process that is started."""
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def watched(*arguments: Any, **named: Any) -> "subprocess.Popen[bytes]":
        started.append(real(*arguments, **named))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", watched)
    return started


@pytest.mark.parametrize(
    "derivation",
    [
        Derivation("pbkdf1", b"x", SALT, (3,), 20),
        Derivation("pbkdf2", "비밀".encode(), SALT, (1000,), 32, "sha256"),
        Derivation("scrypt", b"x", SALT, (1024, 8, 2), 32),
        Derivation("pkcs12", b"\0x\0\0", SALT, (1000,), 24, "sha256", 3),
    ],
    ids=lambda each: each.function,
)
def test_a_child_derives_the_same_key(derivation: Derivation) -> None:
    assert derive(derivation, nobody_minds) == derivation.compute()


@pytest.mark.attack(76)
def test_ctrl_c_ends_any_derivation(children: "list[subprocess.Popen[bytes]]") -> None:
    interrupts = Interrupts()
    interrupts.ask()
    with pytest.raises(Interrupted):
        derive(LONG, interrupts.check)
    assert [child.returncode is None for child in children] == [False]


@pytest.mark.attack(76)
def test_time_ends_any_derivation(children: "list[subprocess.Popen[bytes]]") -> None:
    with pytest.raises(CertificateError) as caught:
        derive(LONG, nobody_minds, limit_s=0.0)
    assert caught.value.code == "too_many_iterations"
    assert [child.returncode is None for child in children] == [False]


@pytest.mark.attack(76)
@pytest.mark.skipif(os.name != "posix", reason="limits of memory are POSIX's")
def test_a_child_that_wants_more_memory_than_it_may_have_fails_alone() -> None:
    with pytest.raises(CertificateError) as caught:
        derive(Derivation("scrypt", b"x", SALT, (2, 800_000, 16), 32), nobody_minds)
    assert caught.value.code == "bad_key_file"


@pytest.mark.attack(46)
def test_the_password_is_no_argument(children: "list[subprocess.Popen[bytes]]") -> None:
    secret = b"to be found nowhere"
    derive(Derivation("pbkdf2", secret, SALT, (1,), 32), nobody_minds)
    (child,) = children
    shown = repr(child.args)
    assert secret.decode() not in shown
    assert secret.hex() not in shown


@pytest.mark.attack(76)
def test_a_program_that_hears_its_person_derives_in_a_child_what_takes_long(
    children: "list[subprocess.Popen[bytes]]",
) -> None:
    with Interrupts().watched(nobody_minds):
        quick = kdf.pbkdf2("sha256", b"x", SALT, QUICK_KDF_WORK, 32)
        assert not children
        long = kdf.pbkdf2("sha256", b"x", SALT, QUICK_KDF_WORK + 1, 32)
        assert len(children) == 1
    assert quick != long == kdf.pbkdf2("sha256", b"x", SALT, QUICK_KDF_WORK + 1, 32)
    assert len(children) == 1, "afterwards it is as before"
