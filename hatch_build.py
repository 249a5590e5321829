"""Puts manual pages and completions into the wheel, written from the parsers themselves.

They lie where an environment's `man` and shells look (share/man, share/bash-completion,
share/zsh); the parsers need nothing but the standard library.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Shipping(BuildHookInterface):  # type: ignore[type-arg,misc,unused-ignore]
    """Called by hatchling."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the files and name them; an editable install goes without."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from certrelay.client.terminal import completion, manual
        from certrelay.texts import LANGUAGES, Texts
        from client_pc.shell_integration import grammars

        folder = Path(self.directory) / "share"
        for language in LANGUAGES:
            texts = Texts(language)
            below = "" if language == "en" else f"{language}/"
            for name, grammar in grammars(texts).items():
                self._add(f"man/{below}man1/{name}.1", manual.page(grammar, texts), folder)
        programs = tuple(grammars(Texts("en")).values())
        bash, fish = (completion.script(shell, programs) for shell in ("bash", "fish"))
        for name in grammars(Texts("en")):
            self._add(f"bash-completion/completions/{name}", bash, folder)
            self._add(f"fish/vendor_completions.d/{name}.fish", fish, folder)
        zsh = completion.script("zsh", programs)
        self._add("zsh/site-functions/_certrelay", zsh, folder)
        build_data["shared_data"].update(
            (str(path), f"share/{path.relative_to(folder).as_posix()}")
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        )

    @staticmethod
    def _add(path: str, text: str, folder: Path) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
