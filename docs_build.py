"""Pages and files of the documentation that lie outside docs/, for mkdocs.

In the repository a link must work where its page lies, and so it must on the site, where
everything lies below one root: links out of docs/ and into it are written anew.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parent
OUTSIDE = (
    "README.md",
    "README.ko.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    "deploy/*",
    "examples/*.py",
    "tests/vectors/*",
)
"""What the pages link to, as patterns below the project's root."""


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add what lies outside docs/."""
    from mkdocs.structure.files import File

    for pattern in OUTSIDE:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            files.append(File(name, str(ROOT), config.site_dir, config.use_directory_urls))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links lead over the border of docs/, and draw the boxes of check lists."""
    if page.file.src_uri.count("/"):  # deeper in the project: out of where it lies
        markdown = re.sub(r"\]\((?:\.\./)+docs/", "](../../", markdown)
    markdown = markdown.replace("](docs/", "](").replace("](../", "](")
    return markdown.replace("- [ ] ", "- ☐ ")
