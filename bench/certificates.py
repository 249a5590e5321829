"""Reading certificates against OpenSSL's command line, both cold, turn by turn.

    python -m bench.certificates [--certificates N] [--rounds N]

``list``: one `certrelay list --json` of a store against one `openssl x509` per certificate,
which is what a script would run.  ``key``: a process that opens one key and compares it with
its certificate, against `openssl pkcs8` on the same file (which compares nothing).  ``key,
warm``: the same inside a running process.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from certrelay.client.store.reading import FILE_NAMES, read_item
from certrelay.pki.check import inspect, inspect_with_password
from certrelay.testkit.ca import Authority, Owner, new_key

PASSWORD = "Bench-pw1928!"
_OPEN = """
import sys
from pathlib import Path
from certrelay.pki.certificate import Certificate
from certrelay.pki.npki import check_password
folder = Path(sys.argv[1])
certificate = Certificate.parse((folder / "signCert.der").read_bytes())
check_password(certificate, (folder / "signPri.key").read_bytes(), sys.stdin.read())
"""
LOOP = 'for f; do openssl x509 -inform DER -noout -subject -issuer -serial -dates -in "$f"; done'


def make_store(root: Path, count: int) -> list[Path]:
    """Fill a store; one key serves all, since only its size matters."""
    now = datetime.now(UTC)
    authority, key = Authority(now, key=new_key()), new_key()
    start, end = now.replace(year=now.year - 1), now.replace(year=now.year + 1)
    paths = []
    for number in range(count):
        owner = Owner("홍길동", number)
        issued = authority.issue(owner, start, end, km=False, sign_key=key)
        item = issued.npki(PASSWORD, "seed-pbes2")
        path = root.joinpath(*inspect(item).place)
        path.mkdir(parents=True)
        for file in item.files:
            (path / FILE_NAMES[file.role]).write_bytes(file.content)
        paths.append(path)
    return paths


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


def process(*command: str, secret: str = "") -> None:
    subprocess.run(command, input=secret.encode(), stdout=subprocess.DEVNULL, check=True)


def compare(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], rounds: int
) -> None:
    """Run both turn by turn, ours first and theirs first in alternation, and print a line."""
    pairs = []
    for number in range(rounds):
        if number % 2:
            other, own = timed(theirs), timed(ours)
        else:
            own, other = timed(ours), timed(theirs)
        pairs.append((own, other))
    mine, others = (spread([pair[side] for pair in pairs]) for side in (0, 1))
    ratio = statistics.median(own / other for own, other in pairs)
    print(f"{name:<12}{mine:>28}{others:>28}{ratio:>9.2f}")


def dearest_imports(folder: Path) -> str:
    """Name what a cold process that opens one key spends its time on: three imports."""
    command = (sys.executable, "-X", "importtime", "-c", _OPEN, str(folder))
    done = subprocess.run(command, input=PASSWORD.encode(), capture_output=True, check=True)
    lines = [line.split("|") for line in done.stderr.decode().splitlines()[1:] if "|" in line]
    ranked = sorted(lines, key=lambda parts: -int(parts[0].rpartition(":")[2]))
    return ", ".join(
        f"{parts[2].strip()} {int(parts[0].rpartition(':')[2]) / 1e3:.0f}" for parts in ranked[:3]
    )


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def main() -> int:
    """Print median (lowest-highest) in milliseconds of each side, and the median ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--certificates", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    openssl = shutil.which("openssl")
    if openssl is None:
        print("not run: no openssl command here")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "NPKI"
        paths = make_store(root, arguments.certificates)
        files = [str(path / "signCert.der") for path in paths]
        first, key = paths[0], str(paths[0] / "signPri.key")
        item = read_item(first)
        providers = ("-provider", "default", "-provider", "legacy")
        program = (sys.executable, "-m", "client_pc", "list", "--json", "--store", str(root))
        listed = subprocess.run(program, capture_output=True, check=True).stdout.splitlines()
        assert len(listed) == len(paths), "what is timed must do the work"
        print(f"{os.cpu_count()} cores, {arguments.certificates} certificates, ms")
        print(f"{'':<12}{'certrelay':>28}{'openssl':>28}{'ratio':>9}")
        compare(
            "list",
            lambda: process(*program),
            lambda: process("sh", "-c", LOOP, "sh", *files),
            arguments.rounds,
        )
        pkcs8 = (openssl, "pkcs8", "-inform", "DER", "-in", key, "-passin", "stdin", *providers)
        compare(
            "key",
            lambda: process(sys.executable, "-c", _OPEN, str(first), secret=PASSWORD),
            lambda: process(*pkcs8, secret=PASSWORD),
            4 * arguments.rounds,
        )
        print(f"{'':<12}  its dearest imports, ms: {dearest_imports(first)}")
        compare(
            "key, warm",
            lambda: inspect_with_password(item, PASSWORD),
            lambda: process(*pkcs8, secret=PASSWORD),
            4 * arguments.rounds,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
