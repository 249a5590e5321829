import os
import stat
import sys
from pathlib import Path

import pytest

from certrelay.errors import StorageError
from client_pc.secret_file import SecretFile

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and links")


def test_what_is_written_is_there_and_nothing_beside_it(tmp_path: Path) -> None:
    file = SecretFile(tmp_path / "qr.png")
    file.write(b"one")
    file.write(b"two")
    assert (tmp_path / "qr.png").read_bytes() == b"two"
    assert [each.name for each in tmp_path.iterdir()] == ["qr.png"]


@posix
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "url"
    path.write_bytes(b"old and open")
    path.chmod(0o644)
    SecretFile(path).write(b"secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_gone_after_removal(tmp_path: Path) -> None:
    file = SecretFile(tmp_path / "qr.png")
    file.write(b"one")
    file.remove()
    file.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_somebody_else_put_there_since_stays(tmp_path: Path) -> None:
    path = tmp_path / "qr.png"
    file = SecretFile(path)
    file.write(b"ours")
    other = tmp_path / "other"
    other.write_bytes(b"theirs")
    other.replace(path)
    file.remove()
    assert path.read_bytes() == b"theirs"


def test_a_file_that_was_never_written_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "qr.png"
    path.write_bytes(b"theirs")
    SecretFile(path).remove()
    assert path.exists()


@posix
def test_a_link_is_neither_followed_nor_replaced(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"untouched")
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(StorageError) as caught:
        SecretFile(link).write(b"secret")
    assert (caught.value.code, caught.value.details["path"]) == ("output_file", str(link))
    assert target.read_bytes() == b"untouched"
    assert link.is_symlink()


@posix
def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(StorageError):
        SecretFile(pipe).write(b"secret")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", ["missing/qr.png", "folder", "x" * 300, "a\0b"])
def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError) as caught:
        SecretFile(tmp_path / name).write(b"secret")
    assert caught.value.code == "output_file"
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]
