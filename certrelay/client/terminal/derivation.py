"""Derives keys in a child process, so that Ctrl-C and the clock can end what a file asks for.

The request goes through the child's standard input, the key comes back through its standard
output: neither is seen by another user of the computer.

Source: docs/security.md, attack 76.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import certrelay
from certrelay.errors import CertificateError
from certrelay.limits import KDF_S, MAX_KDF_WORK, MAX_SCRYPT_BYTES, MIB
from certrelay.pki.kdf import Derivation

_LOOK_S: Final = 0.1
"""Seconds between two looks at Ctrl-C."""

_MAX_CHILD_BYTES: Final = MAX_SCRYPT_BYTES + 256 * MIB
"""Address space of the child: the largest table, and Python with its libraries."""

_CHILD: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from certrelay.client.terminal.derivation import be_child; be_child()"
)


def derive(derivation: Derivation, check: Callable[[], None], limit_s: float = KDF_S) -> bytes:
    """Compute in a child process, whose end is certain.

    Args:
        derivation: What to compute.
        check: Raises what shall end it; called about ten times a second.
        limit_s: Seconds after which it is given up.

    Raises:
        CertificateError: ``too_many_iterations`` after ``limit_s``; ``bad_key_file`` if the
            child failed: it had too little memory, or the numbers are impossible.
        CertRelayError: What ``check`` raises.
    """
    root = str(Path(certrelay.__file__).parents[1])
    child = subprocess.Popen(
        # -I: no file of the folder in which the program was started is taken for a library.
        [sys.executable, "-I", "-c", _CHILD, root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    assert child.stdin is not None
    assert child.stdout is not None
    end = time.monotonic() + limit_s
    with child.stdin, child.stdout:
        try:
            with contextlib.suppress(OSError):  # a child that is gone says so by its status
                child.stdin.write(_request(derivation))
                child.stdin.close()
            while not _has_ended(child):
                check()
                if time.monotonic() >= end:
                    raise CertificateError("too_many_iterations", limit=MAX_KDF_WORK)
            key = child.stdout.read()
        finally:
            child.kill()
            child.wait()
    if child.returncode or len(key) != derivation.size:
        raise CertificateError("bad_key_file")
    return key


def _has_ended(child: "subprocess.Popen[bytes]") -> bool:
    try:
        child.wait(_LOOK_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _request(it: Derivation) -> bytes:
    password, salt = it.password.hex(), it.salt.hex()
    return json.dumps(
        [it.function, password, salt, it.costs, it.size, it.digest, it.purpose]
    ).encode()


def be_child() -> None:
    """Compute one derivation, read from standard input; the child's whole life."""
    import signal

    # Ctrl-C goes to every process of the terminal; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    function, password, salt, costs, *rest = json.load(sys.stdin.buffer)
    derivation = Derivation(
        function, bytes.fromhex(password), bytes.fromhex(salt), tuple(costs), *rest
    )
    sys.stdout.buffer.write(derivation.compute())


def _limit_memory() -> None:
    if sys.platform == "win32":  # it has no such limits
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_MAX_CHILD_BYTES, _MAX_CHILD_BYTES))
