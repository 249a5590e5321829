"""deploy/Containerfile, read and carried out.

    python -m tests.deploy.containerfile replay FOLDER    its steps, without a container
    python -m tests.deploy.containerfile image FOLDER     a real image (root, Debian, buildah)

``replay`` does what each COPY and RUN says in a folder of its own, then starts the program with
the image's environment and asks for its health by the image's own command.  ``image`` builds on
a base of Debian's packages in place of the named one, and runs the result read-only, as the
image's user, without rights.
"""

import argparse
import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.deploy.copying import copy_once
from tests.deploy.fronts import free_port
from tests.sources import ROOT

FILE: Final = ROOT / "deploy" / "Containerfile"
IGNORED: Final = ROOT / ".dockerignore"
PREFIX: Final = "/opt"
"""Where the steps put what they make."""

ADMIN: Final = "/run/certrelay"
"""Where the operator's socket lies in a container: a file system in memory."""


@dataclass(frozen=True)
class Step:
    """One instruction: its word, and the rest with continued lines joined."""

    word: str
    rest: str


def steps() -> list[Step]:
    """Read the file."""
    lines = [line for line in FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [Step(word, rest) for word, rest in found]


def rest_of(word: str) -> str:
    """The rest of the last instruction with that word."""
    return [step.rest for step in steps() if step.word == word][-1]


def environment() -> dict[str, str]:
    """What ENV sets."""
    return dict(pair.split("=", 1) for pair in shlex.split(rest_of("ENV")))


def program() -> list[str]:
    """What the image starts."""
    entry: list[str] = json.loads(rest_of("ENTRYPOINT"))
    more: list[str] = json.loads(rest_of("CMD"))
    return entry + more


def health_command() -> list[str]:
    """What HEALTHCHECK runs."""
    words: list[str] = json.loads(rest_of("HEALTHCHECK").partition("CMD ")[2])
    return words


def context() -> list[str]:
    """The files of the repository that a build may see: .dockerignore, last match counts."""
    patterns = [
        line for line in IGNORED.read_text("utf-8").splitlines() if line[:1] not in ("", "#")
    ]
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )

    def seen(path: str) -> bool:
        kept = True
        for pattern in patterns:
            bare = pattern.removeprefix("!")
            parents = [path, *(str(each) for each in Path(path).parents)]
            if any(fnmatch.fnmatchcase(each, bare) for each in parents):
                kept = pattern[0] == "!"
        return kept

    return [path for path in listed.stdout.split("\0") if path and seen(path)]


def replay(folder: Path) -> None:
    """Carry out the COPY and RUN steps below ``folder``.

    Raises:
        CalledProcessError: If one fails.
    """
    source, prefix = folder / "src", folder / "opt"
    for place in (source, prefix):
        place.mkdir(parents=True)
    for step in steps():
        match step.word, step.rest:
            case "COPY", rest if rest.startswith("--from=build "):
                assert rest.split()[1:] == [f"{PREFIX}/certrelay"] * 2
                shutil.rmtree(source)  # the second stage has none of it
                shutil.rmtree(prefix / "builder")
            case "COPY", rest:
                wanted = rest.split()[0]
                for path in context():
                    if wanted == "." or path.startswith(f"{wanted}/"):
                        (source / path).parent.mkdir(parents=True, exist_ok=True)
                        shutil.copy(ROOT / path, source / path)
            case "RUN", rest:
                print(f"RUN {rest}", flush=True)
                command = rest.replace(f"{PREFIX}/", f"{prefix}/")
                own = {**os.environ, "PIP_QUIET": "1"}
                subprocess.run(["sh", "-ec", command], cwd=source, env=own, check=True)
    with running(environment()["PATH"].replace(PREFIX, str(prefix)), folder):
        pass


@contextmanager
def running(path: str, admin: str | Path, before: Sequence[str] = ()) -> Iterator[int]:
    """Start the image's program in its environment: it must become healthy, answer its operator,
    and end at SIGTERM.

    Args:
        path: The search path for programs.
        admin: The folder of the operator's socket, as the program sees it.
        before: Words in front of the program and of the commands, such as ``chroot``.

    Yields:
        The port.
    """
    port = free_port()
    own = environment() | {"PATH": path.replace("$PATH", os.environ["PATH"])}
    own |= {"CERTRELAY_RELAY_PORT": str(port), "CERTRELAY_RELAY_ADMIN": f"{admin}/admin.sock"}
    words = ["/usr/bin/env", *program()]  # which finds it by the environment's own path
    healthy = [*before, "/usr/bin/env", *health_command()]
    process = subprocess.Popen([*before, *words], env=own, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        print(process.stdout.readline(), end="", flush=True)
        subprocess.run(healthy, env=own, check=True)
        # What `docker compose exec` and `kubectl exec` run, in the same environment.
        asked = [*before, "/usr/bin/env", program()[0], "admin", "status"]
        subprocess.run(asked, env=own, check=True)
        yield port
        process.terminate()
        assert process.wait(30) == 0, "SIGTERM is a good end"
        absent = subprocess.run(healthy, env=own, check=False, stderr=subprocess.DEVNULL)
        assert absent.returncode != 0, "the health command must see that nothing is there"
    finally:
        process.kill()
        process.communicate()


def image(folder: Path) -> None:
    """Build a real image with buildah, and run it read-only, without rights.

    The base that the file names comes from a registry; here it is made of Debian's packages.
    """
    folder.mkdir(parents=True)
    base = folder / "base"
    packages = "--include=python3,python3-venv,ca-certificates"
    subprocess.run(["debootstrap", "--variant=minbase", packages, "bookworm", base], check=True)
    own = ("--storage-driver", "vfs", "--root", folder / "store", "--runroot", folder / "run")

    def buildah(*words: str | Path) -> str:
        done = subprocess.run(
            ["buildah", *own, *words], check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""

    made = buildah("from", "scratch")
    subprocess.run(["cp", "-a", f"{base}/.", buildah("mount", made)], check=True)
    buildah("commit", "--format", "docker", made, "base:local")
    trusted = [f"--volume={each}:{each}:ro" for each in ("/etc/ssl", "/usr/local/share")]
    buildah(
        *("bud", "--isolation", "chroot", "--network", "host", "--format", "docker", *trusted),
        *("--build-arg", "PYTHON_IMAGE=localhost/base:local"),
        *("-f", FILE, "-t", "certrelay-relay", "."),
    )
    root = buildah("mount", buildah("from", "localhost/certrelay-relay"))
    # A mount of our own, read-only as `podman run --read-only` makes it; gone with the process.
    subprocess.run(["mount", "--bind", root, root], check=True)
    admin = Path(ADMIN)
    inside_root = Path(root) / admin.relative_to("/")
    inside_root.mkdir(exist_ok=True)  # a runtime makes the place of a mount
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", inside_root], check=True
        )
        subprocess.run(["mount", "-o", "remount,bind,ro", root], check=True)
        user, _, group = rest_of("USER").partition(":")
        rights = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
        who = ["--reuid", user, "--regid", group, "--clear-groups"]
        inside = [shutil.which("chroot") or "", root, "setpriv", *who, *rights, "--"]
        path = environment()["PATH"].replace("$PATH", "/usr/bin:/bin")
        with running(path, admin, inside) as port, TemporaryDirectory() as scratch:
            copy_once(Path(scratch), f"http://127.0.0.1:{port}/")
            print("a copy went through it", flush=True)
    finally:
        subprocess.run(["umount", "--recursive", root], check=True)


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("command", choices=["replay", "image"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    (replay if arguments.command == "replay" else image)(arguments.folder.resolve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
