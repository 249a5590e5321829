"""What a test may do with a browser's tab: the one set of words that three drivers know."""

from pathlib import Path
from typing import Any, Protocol


class Tab(Protocol):
    """One tab of phone size.  A ``function`` is the text of a JavaScript function."""

    complaints: list[str]
    """What the page's console said in anger, where the driver hears it."""

    def open(self, url: str) -> None:
        """Do what a camera app does: open an address."""

    def evaluate(self, function: str, *arguments: Any) -> Any:
        """Call a function in the page, wait for its promise, give what it returns."""

    def tap(self, function: str, *arguments: Any) -> None:
        """Tap the element that a function returns, as a finger does."""

    def type(self, text: str, function: str, *arguments: Any) -> None:
        """Type into the empty field that a function returns, key by key."""

    def pick(self, files: list[Path], function: str, *arguments: Any) -> None:
        """Give files to the file input that a function returns."""

    def reload(self) -> None:
        """Load the page again."""

    def back(self) -> None:
        """Go back in the tab's history, or to an empty page where there is nothing."""

    def forward(self) -> None:
        """Go forward again."""

    def resize(self, width: int, height: int) -> None:
        """Give the page another size, in CSS pixels."""

    def picture(self) -> bytes:
        """The screen as a PNG."""

    def close(self) -> None:
        """Close the tab without a question."""


class Browser(Protocol):
    """One running engine."""

    name: str
    downloads: Path
    """The folder that downloads arrive in."""

    def new_tab(self, beside: Any = None) -> Tab:
        """Open a tab that shares nothing with those of before, as far as the engine can; or one
        more beside a tab, of the same person."""

    def close(self) -> None:
        """End it."""
