"""Frozen classes keep what frozen dataclasses promise, and a type checker sees them so."""

import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from certrelay.frozen import frozen, replace


@frozen
class Point:
    x: int
    y: int = 0
    ORIGIN: ClassVar[str] = "0,0"

    @property
    def sum(self) -> int:
        return self.x + self.y


@frozen
class Twin:
    x: int
    y: int = 0


@frozen
class Empty:
    pass


@frozen(repr=False)
class Secret:
    key: str


@frozen
class Even:
    number: int

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError("odd")


class Four(Even):
    __slots__ = ()


def test_fields_are_given_by_place_by_name_or_by_default() -> None:
    assert Point(1, 2) == Point(1, y=2) == Point(y=2, x=1)
    assert (Point(3).x, Point(3).y, Point(3).sum, Point.ORIGIN) == (3, 0, 3, "0,0")


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((1, 2, 3), {}), ((1,), {"z": 2}), ((1,), {"x": 1}), ((), {"y": 1})],
    ids=["none", "too many", "unknown", "twice", "one is missing"],
)
def test_other_arguments_are_refused(values: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(TypeError, match="Point"):
        Point(*values, **named)


def test_only_values_of_one_class_are_equal() -> None:
    other_classes: list[object] = [Twin(1, 2), Empty(), Four(4), (1, 2)]
    assert all(other != same for other in other_classes for same in (Point(1, 2), Even(4)))
    assert Point(1, 2) != Point(1, 3)
    assert Empty() == Empty()
    assert {Point(1): "a", Twin(1): "b", Empty(): "c"}[Point(1)] == "a"
    assert len({Point(1), Point(1, 0), Twin(1)}) == 2


def test_nothing_changes() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match=r"Point\.x never changes"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="never changes"):
        del point.x
    with pytest.raises(AttributeError):
        point.z = 2  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")
    assert replace(point, y=5) == Point(1, 5)
    assert point == Point(1, 0)
    with pytest.raises(TypeError, match="Point"):
        replace(point, z=1)


def test_what_is_secret_is_not_shown() -> None:
    assert repr(Point(1, 2)) == "Point(x=1, y=2)"
    assert "hunter2" not in repr(Secret("hunter2"))


def test_a_class_may_refuse_its_fields() -> None:
    assert Four(4).number == 4
    with pytest.raises(ValueError, match="odd"):
        Four(number=3)
    with pytest.raises(ValueError, match="odd"):
        replace(Even(2), number=1)


def test_match_takes_it_apart() -> None:
    match Point(1, 2):
        case Twin():
            pytest.fail("another class")
        case Point(x, y):
            assert (x, y) == (1, 2)


WRONG = """
from tests.test_frozen import Point
Point(1, 2, 3)
Point("1")
Point(z=1)
Point(1).x = 2
"""


def test_a_type_checker_knows_the_fields(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path, tmp_path / "wrong.py"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line]
    assert found == ["3", "4", "5", "6"], done.stdout
