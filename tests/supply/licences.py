"""The licences of what is shipped with, read from the installed packages themselves."""

from email.message import Message
from importlib import metadata
from typing import cast

from tests.supply.locks import ROOT, read

PAGE = ROOT / "docs" / "licences.md"

_HEAD = """# Licences

certrelay is under the Apache License 2.0 (see LICENSE). What it runs on, with the versions of
`locks/run.txt`, is listed here by `python -m tests.supply licences`; nothing of it is changed, and
nothing but the page's bundle is part of this repository. What only the tests need is not listed.

| Package | Version | Licence |
|---|---|---|
"""

_TAIL = """
The phone's page carries one bundle of cryptographic JavaScript, `web_phone/vendor/crypto.js`; the
licences of its parts stand in `web_phone/vendor/LICENSES.txt`.
"""

_NAMES = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
}

_ELSEWHERE = {"async-timeout": "Apache-2.0", "colorama": "BSD-3-Clause"}
"""Packages that only another system or an older Python installs."""


def licence_of(name: str) -> str:
    """What a package says of its licence: the expression, or the classifiers."""
    try:
        about = cast(Message, metadata.metadata(name))
    except metadata.PackageNotFoundError:
        return _ELSEWHERE[name]
    if expression := about.get("License-Expression"):
        return str(expression)
    classifiers = about.get_all("Classifier") or []
    found = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License ::")]
    named = [_NAMES.get(each, each) for each in found if each != "OSI Approved"]
    return " / ".join(named) or str(about.get("License") or "?").splitlines()[0]


def page() -> str:
    """Make the page."""
    rows = []
    for package in read("run"):
        where = f" ({package.marker})" if package.marker else ""
        rows.append(f"| {package.name}{where} | {package.version} | {licence_of(package.name)} |")
    return _HEAD + "\n".join(rows) + "\n" + _TAIL
