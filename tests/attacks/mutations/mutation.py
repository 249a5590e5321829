"""What one mutation is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One defence that is taken away."""

    row: int
    what: str
    file: str
    old: str
    new: str
    tests: str = "tests"
    """Where to look for the row's tests, a folder or a file: the ones without a process, where
    there are any."""

    rebuilds: bool = False
    """Whether the page is built anew, so that what was changed runs at all."""
