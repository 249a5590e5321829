"""Bad input: one clear sentence, a hint, its own exit status, no traceback; in both languages."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.e2e.handshake import ShowSecrets
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.errors import ExitStatus
from client_pc.qr_screen import draw, png
from tests.certificates import PASSWORD, person, stranger
from tests.flows.conftest import files_below, fill
from tests.flows.programs import ROOT, environment
from tests.patience import PATIENCE_S

HANGUL = re.compile("[가-힣]")


def run(module: str, *arguments: str | Path, given: str = "") -> tuple[int, str, str]:
    done = subprocess.run(  # the exit status is what is tested
        [sys.executable, "-m", module, *map(str, arguments)],
        input=given,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        cwd=ROOT,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def url_of_nobody(port: int) -> str:
    secrets = ShowSecrets.fresh(lambda size: bytes(range(1, size + 1)))
    origin = Origin.of("http", "127.0.0.1", port)
    return QrCode(origin, secrets.payload(Direction.TO_PC, lan=True)).url


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


Case = tuple[list[str | Path], str]
"""Arguments after the module, and what is given on standard input."""


def scan(tmp_path: Path, picture: bytes) -> Case:
    (tmp_path / "picture.png").write_bytes(picture)
    return ["client_mobile_sim", "scan", tmp_path / "picture.png", "--keystore", tmp_path], ""


def blank_picture(tmp_path: Path) -> Case:
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (300, 300), "white").save(file, "PNG")
    return scan(tmp_path, file.getvalue())


def foreign_qr(tmp_path: Path) -> Case:
    return scan(tmp_path, png(draw("https://www.example.com/menu")))


def no_picture(tmp_path: Path) -> Case:
    return scan(tmp_path, b"this is no picture")


def missing_picture(tmp_path: Path) -> Case:
    return ["client_mobile_sim", "scan", tmp_path / "none.png", "--keystore", tmp_path], ""


def cut_off_url(tmp_path: Path) -> Case:
    url = url_of_nobody(9)[:-5]
    return ["client_mobile_sim", "scan", "-", "--keystore", tmp_path], f"{url}\n"


def empty_input(tmp_path: Path) -> Case:
    return ["client_mobile_sim", "scan", "-", "--keystore", tmp_path], ""


def absent_relay_of_the_phone(tmp_path: Path) -> Case:
    url = url_of_nobody(unused_port())
    return ["client_mobile_sim", "scan", "-", "--keystore", tmp_path], f"{url}\n"


def absent_relay_of_the_pc(tmp_path: Path) -> Case:
    relay = f"http://127.0.0.1:{unused_port()}/"
    return ["client_pc", "import", "--store", tmp_path, "--relay", relay], ""


def relay_without_https(tmp_path: Path) -> Case:
    return ["client_pc", "import", "--store", tmp_path, "--relay", "http://relay.example.kr"], ""


def no_url_for_a_relay(tmp_path: Path) -> Case:
    return ["client_pc", "import", "--store", tmp_path, "--relay", "relay..example.kr"], ""


def listen_in_public(tmp_path: Path) -> Case:
    return ["client_pc", "import", "--store", tmp_path, "--listen", "0.0.0.0"], ""


def folder_without_key(tmp_path: Path) -> Case:
    (folder,) = fill(tmp_path / "store", person().npki(PASSWORD))
    (folder / "signPri.key").unlink()
    return ["client_pc", "export", "1", "--store", tmp_path / "store"], ""


def key_of_another(tmp_path: Path) -> Case:
    own, other = person().npki(PASSWORD), stranger().npki(PASSWORD)
    mixed = {"signCert": own.get("signCert") or b"", "signPri": other.get("signPri") or b""}
    fill(tmp_path / "store", Item.of("npki", mixed))
    return ["client_pc", "export", "1", "--store", tmp_path / "store"], f"{PASSWORD}\n"


def nothing_to_export(tmp_path: Path) -> Case:
    (tmp_path / "empty").mkdir()
    return ["client_pc", "export", "1", "--store", tmp_path / "empty"], ""


def store_that_is_not_there(tmp_path: Path) -> Case:
    return ["client_pc", "export", "1", "--store", tmp_path / "none"], ""


def unknown_selector(tmp_path: Path) -> Case:
    fill(tmp_path / "store", person().npki(PASSWORD))
    return ["client_pc", "show", "nobody", "--store", tmp_path / "store"], ""


def ambiguous_selector(tmp_path: Path) -> Case:
    fill(tmp_path / "store", person().npki(PASSWORD), stranger().npki(PASSWORD))
    return ["client_pc", "export", "0099041", "--store", tmp_path / "store"], ""


def unknown_option(tmp_path: Path) -> Case:
    return ["client_pc", "import", "--fast"], ""


def used_keystore(tmp_path: Path) -> Case:
    (tmp_path / "keystore").mkdir()
    (tmp_path / "keystore" / "mine").write_text("x")
    return ["client_mobile_sim", "init", tmp_path / "keystore"], ""


def picture_into_nowhere(tmp_path: Path) -> Case:
    where: list[str | Path] = [
        "--listen",
        "127.0.0.1",
        "--qr-png",
        tmp_path / "no folder" / "qr.png",
    ]
    return ["client_pc", "import", "--store", tmp_path, *where], ""


def address_of_another(tmp_path: Path) -> Case:
    return ["client_pc", "import", "--store", tmp_path, "--listen", "10.99.98.97"], ""


def store_that_is_a_file(tmp_path: Path) -> Case:
    (tmp_path / "NPKI").write_text("x")
    return ["client_pc", "import", "--store", tmp_path / "NPKI" / "x", "--listen", "127.0.0.1"], ""


def demo_into_a_file(tmp_path: Path) -> Case:
    (tmp_path / "file").write_text("x")
    return ["client_pc", "demo", "--keep", tmp_path / "file" / "x"], ""


def demo_into_a_used_folder(tmp_path: Path) -> Case:
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep" / "mine").write_text("x")
    return ["client_pc", "demo", "--keep", tmp_path / "keep"], ""


def unknown_command(tmp_path: Path) -> Case:
    return ["client_pc", "improt", "--store", tmp_path], ""


CASES: list[tuple[Callable[[Path], Case], ExitStatus]] = [
    (blank_picture, ExitStatus.QR),
    (foreign_qr, ExitStatus.QR),
    (no_picture, ExitStatus.QR),
    (missing_picture, ExitStatus.QR),
    (cut_off_url, ExitStatus.QR),
    (empty_input, ExitStatus.USAGE),
    (absent_relay_of_the_phone, ExitStatus.UNREACHABLE),
    (absent_relay_of_the_pc, ExitStatus.UNREACHABLE),
    (relay_without_https, ExitStatus.USAGE),
    (no_url_for_a_relay, ExitStatus.USAGE),
    (listen_in_public, ExitStatus.USAGE),
    (folder_without_key, ExitStatus.CERTIFICATE),
    (key_of_another, ExitStatus.CERTIFICATE),
    (nothing_to_export, ExitStatus.CERTIFICATE),
    (store_that_is_not_there, ExitStatus.STORAGE),
    (unknown_selector, ExitStatus.USAGE),
    (ambiguous_selector, ExitStatus.USAGE),
    (unknown_option, ExitStatus.USAGE),
    (used_keystore, ExitStatus.USAGE),
    (picture_into_nowhere, ExitStatus.STORAGE),
    (address_of_another, ExitStatus.USAGE),
    (store_that_is_a_file, ExitStatus.STORAGE),
    (demo_into_a_file, ExitStatus.STORAGE),
    (demo_into_a_used_folder, ExitStatus.USAGE),
    (unknown_command, ExitStatus.USAGE),
]


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(("make", "expected"), CASES, ids=[make.__name__ for make, _ in CASES])
def test_one_sentence_a_hint_and_its_exit_status(
    tmp_path: Path, make: Callable[[Path], Case], expected: ExitStatus, language: str
) -> None:
    (module, *arguments), given = make(tmp_path)
    before = files_below(tmp_path)
    status, out, err = run(str(module), *arguments, "--lang", language, given=given)
    assert status == expected, err
    assert out == ""
    assert "Traceback" not in err
    last_two = err.rstrip("\n").splitlines()[-2:]
    assert re.search(r"certrelay(-phone)?: \S", last_two[0]), err
    assert last_two[1].startswith("  → "), err
    for line in last_two:
        assert bool(HANGUL.search(line)) == (language == "ko"), line
    assert files_below(tmp_path) == before


def test_a_wrong_argument_is_named_and_a_secret_in_it_is_not_asked_for() -> None:
    status, _, err = run("client_pc", "import", "--fast", "--lang", "en")
    assert status == ExitStatus.USAGE
    assert "--help" in err
