from pathlib import Path, PureWindowsPath

import pytest

from client_pc import places

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
            ["C:\\Program Files\\NPKI", "C:\\Program Files (x86)\\NPKI", "D:\\NPKI", "Z:\\NPKI"],
        ),
        (
            "darwin",
            "/home/hong/Library/Preferences/NPKI",
            ["/home/hong/Documents/NPKI", "/home/hong/NPKI", "/Volumes/*/NPKI"],
        ),
        (
            "linux",
            "/home/hong/NPKI",
            ["/home/hong/PKI/NPKI", "/media/*/*/NPKI", "/run/media/*/*/NPKI"],
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
    assert all(PureWindowsPath(place).name == "NPKI" for place in found)
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
