from pathlib import Path, PureWindowsPath

import pytest

from client_pc import places
from client_pc.places import default_root, npki_folder

WINDOWS = {
    "USERPROFILE": "C:\\Users\\hong",
    "ProgramFiles": "C:\\Program Files",
    "ProgramFiles(x86)": "C:\\Program Files (x86)",
}
HOME = Path("/home/hong")


@pytest.mark.parametrize(
    ("platform", "first", "others"),
    [
        (
            "win32",
            "C:\\Users\\hong\\AppData\\LocalLow\\NPKI",
            [
                *(
                    "C:\\Program Files\\NPKI",
                    "C:\\Program Files (x86)\\NPKI",
                    "D:\\NPKI",
                    "Z:\\NPKI",
                ),
                *("C:\\GPKI", "C:\\EPKI", "E:\\GPKI", "C:\\Users\\hong\\AppData\\LocalLow\\GPKI"),
            ],
        ),
        (
            "darwin",
            "/home/hong/Library/Preferences/NPKI",
            ["/home/hong/Documents/NPKI", "/home/hong/NPKI", "/Volumes/*/NPKI", "/Volumes/*/GPKI"],
        ),
        (
            "linux",
            "/home/hong/NPKI",
            ["/home/hong/PKI/NPKI", "/media/*/*/NPKI", "/run/media/*/*/NPKI", "/home/hong/GPKI"],
        ),
    ],
)
def test_each_system_has_its_places_and_a_default(
    platform: str, first: str, others: list[str]
) -> None:
    found = places.patterns(platform, HOME, WINDOWS)
    assert found[0] == first
    assert set(others) < set(found)
    assert str(places.default_root(platform, HOME, WINDOWS)) == first


def test_windows_has_its_places_without_an_environment_too() -> None:
    found = places.patterns("win32", HOME, {})
    assert found[0] == f"{HOME}\\AppData\\LocalLow\\NPKI"
    assert {PureWindowsPath(place).name for place in found} == {"NPKI", "GPKI", "EPKI"}
    assert not any(place.startswith(("A:", "B:")) for place in found), "no floppy drive is woken"


def test_places_that_are_there_are_found_once_and_without_case(tmp_path: Path) -> None:
    for folder in ("home/NPKI", "media/hong/STICK/npki", "media/hong/OTHER", "media/kim/X/NPKI"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "media/file").write_bytes(b"")
    asked = (
        f"{tmp_path}/home/NPKI",
        f"{tmp_path}/nothing/NPKI",
        f"{tmp_path}/media/*/*/NPKI",
        f"{tmp_path}/home/../home/NPKI",
    )
    assert [str(path.relative_to(tmp_path)) for path in places.found(asked)] == [
        "home/NPKI",
        "media/hong/STICK/npki",
        "media/kim/X/NPKI",
    ]


def test_a_second_name_of_a_place_is_not_a_second_place(tmp_path: Path) -> None:
    (tmp_path / "NPKI").mkdir()
    try:
        (tmp_path / "link").symlink_to(tmp_path / "NPKI")
    except OSError:
        pytest.skip("links are not permitted here")
    assert places.found((f"{tmp_path}/NPKI", f"{tmp_path}/link")) == (tmp_path / "NPKI",)


def test_the_places_of_this_very_computer_can_be_looked_at() -> None:
    assert all(path.is_dir() for path in places.found())


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A USB stick with a certificate in ``npki/yessign/USER/cn=hong``."""
    (tmp_path / "usb" / "npki" / "yessign" / "USER" / "cn=hong").mkdir(parents=True)
    return tmp_path / "usb"


@pytest.mark.parametrize("named", ["", "npki", "npki/yessign", "npki/yessign/USER"])
def test_a_store_that_is_named_one_level_off_is_found(stick: Path, named: str) -> None:
    assert npki_folder(stick / named) == stick / "npki"
    assert npki_folder(stick / named, reading=True) == stick / "npki"


def test_a_certificates_own_folder_is_read_as_it_is_and_written_beside(stick: Path) -> None:
    own = stick / "npki" / "yessign" / "USER" / "cn=hong"
    assert npki_folder(own, reading=True) == own
    assert npki_folder(own) == stick / "npki"


@pytest.mark.parametrize("named", ["NPKI", "NPKI/KICA", "NPKI/KICA/USER", "NPKI/PKCS12"])
def test_folders_that_are_not_there_yet_lead_to_npki_by_their_names(
    tmp_path: Path, named: str
) -> None:
    assert npki_folder(tmp_path / named) == tmp_path / "NPKI"


def test_a_folder_of_another_name_that_holds_authorities_is_a_store(tmp_path: Path) -> None:
    (tmp_path / "backup" / "yessign" / "User" / "cn=hong").mkdir(parents=True)
    store = tmp_path / "backup"
    for named in (store, store / "yessign", store / "yessign" / "User"):
        assert npki_folder(named) == store
    assert npki_folder(tmp_path / "NPKI" / "old") == tmp_path / "NPKI"
    assert npki_folder(tmp_path / "new") == tmp_path / "new"


def test_on_a_drive_without_one_npki_is_the_folder_to_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) == tmp_path)
    assert npki_folder(tmp_path) == tmp_path / "NPKI"


def test_the_default_folder_is_the_one_that_is_there_whatever_its_case(tmp_path: Path) -> None:
    assert default_root("linux", tmp_path) == tmp_path / "NPKI"
    (tmp_path / "npki").mkdir()
    assert default_root("linux", tmp_path).samefile(tmp_path / "npki")


@pytest.mark.parametrize("named", ["home/user", "home/user/certs", "home", "data/user/x"])
def test_a_home_that_is_called_user_is_nobodys_npki_folder(tmp_path: Path, named: str) -> None:
    (tmp_path / named / "cn=hong").mkdir(parents=True)
    assert npki_folder(tmp_path / named) == tmp_path / named
