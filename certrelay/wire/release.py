"""App releases and the policy that admits them: "안드로이드 G5.0 이상, iOS I5.0 이상".

A release is a letter and dotted numbers, compared as numbers: G5.10 is newer than G5.9,
and G5.0 is G5.0.0.  The letter names the kind of app and goes with the platform.

Source: docs/protocol.md §4 and §5.
"""

import re
from collections.abc import Collection, Mapping
from functools import total_ordering
from types import MappingProxyType
from typing import Any, Final, Self

from certrelay.errors import ReleaseRefused, UsageError
from certrelay.frozen import frozen

LETTERS: Final[Mapping[str, str]] = MappingProxyType(
    {"android": "G", "ios": "I", "web": "W", "windows": "P", "macos": "P", "linux": "P"}
)
"""The letter of the releases of each platform; the keys are all the platforms there are."""

PCS: Final = tuple(platform for platform, letter in LETTERS.items() if letter == "P")
"""The platforms that are PCs; a policy may name them all at once, as ``pc``."""

# [0-9] and not \d, \Z and not $: other scripts' digits and a line feed at the end must fail.
_VERSION = re.compile(r"([GIWP]?)([0-9]{1,5}(?:\.[0-9]{1,5}){0,3})\Z")


class VersionUnreadable(ValueError):
    """A text that is no version."""


@total_ordering
@frozen
class Version:
    """An app release ("G5.0") or, without a letter, an operating system's ("14.1")."""

    letter: str
    numbers: tuple[int, ...]
    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version.

        Raises:
            VersionUnreadable: If it is not one to four numbers of at most five digits,
                with or without one of the letters G, I, W, P in front.
        """
        found = _VERSION.match(text)
        if found is None:
            raise VersionUnreadable("no version")
        numbers = tuple(int(part) for part in found[2].split("."))
        return cls(found[1], numbers, text)

    @classmethod
    def parse_app(cls, text: str) -> Self:
        """Read an app release: a version with a letter."""
        version = cls.parse(text)
        if not version.letter:
            raise VersionUnreadable("an app release begins with a letter")
        return version

    @classmethod
    def parse_os(cls, text: str) -> Self:
        """Read an operating system's version: one without a letter."""
        version = cls.parse(text)
        if version.letter:
            raise VersionUnreadable("an operating system's version has no letter")
        return version

    @property
    def _key(self) -> tuple[int, ...]:
        return self.numbers + (0,) * (4 - len(self.numbers))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        return (self.letter, self._key) == (other.letter, other._key)

    def __lt__(self, other: "Version") -> bool:
        if self.letter != other.letter:
            raise ValueError("releases of different apps have no order")
        return self._key < other._key

    def __hash__(self) -> int:
        return hash((self.letter, self._key))

    def __str__(self) -> str:
        return self.text


@frozen
class PlatformRule:
    """What one platform must fulfil."""

    app: Version
    """The lowest app release admitted."""

    os: Version | None = None
    """The lowest operating system admitted; ``None`` admits all."""

    blocked: frozenset[Version] = frozenset()
    """App releases refused although they are high enough."""


@frozen
class ReleasePolicy:
    """The platforms admitted, each with its rule.  A platform without one is refused."""

    rules: Mapping[str, PlatformRule]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Build a policy from a parsed TOML file.

        Args:
            table: One table per platform: ``app`` (needed, "G5.0"), ``os`` ("8"),
                ``blocked`` (a list of releases).  ``pc`` stands for the three systems of PCs,
                and has no ``os``; a table of one of them wins over it.

        Raises:
            UsageError: ``bad_policy`` with ``where``, the key that is wrong.
        """
        rules = {name: _rule(name, rule) for name, rule in table.items() if name != "pc"}
        if "pc" in table:
            rules = {**dict.fromkeys(PCS, _rule("pc", table["pc"])), **rules}
        if not rules:
            raise UsageError("bad_policy", where="[android]")
        return cls(MappingProxyType(rules))

    def without(self, platforms: Collection[str]) -> Self:
        """The same policy, which refuses these platforms."""
        rules = {name: rule for name, rule in self.rules.items() if name not in platforms}
        return type(self)(MappingProxyType(rules))

    def check(self, platform: str, app_version: str, os_version: str) -> None:
        """Admit a device, or say why not.

        Args:
            platform: A word of `LETTERS`, as the device gave it.
            app_version: Its release, as it gave it.
            os_version: Its operating system's version, as it gave it.

        Raises:
            ReleaseRefused: With ``platform``, and ``found`` and ``needed`` where they are
                known and well formed.
        """
        if platform not in LETTERS:
            raise ReleaseRefused("version_unreadable", platform="")
        rule = self.rules.get(platform)
        needed = {} if rule is None else {"needed": str(rule.app)}
        try:
            app, system = Version.parse_app(app_version), Version.parse_os(os_version)
        except VersionUnreadable:
            raise ReleaseRefused("version_unreadable", platform=platform, **needed) from None
        shown: dict[str, str] = {"platform": platform, "found": str(app), **needed}
        if rule is None or app.letter != LETTERS[platform]:
            raise ReleaseRefused("platform_mismatch", **shown)
        if app in rule.blocked:
            raise ReleaseRefused("version_blocked", platform=platform, found=str(app))
        if app < rule.app:
            raise ReleaseRefused("version_too_low", **shown)
        if rule.os is not None and system < rule.os:
            raise ReleaseRefused(
                "os_too_low", platform=platform, found=str(system), needed=str(rule.os)
            )


def _rule(platform: str, rule: Any) -> PlatformRule:
    if platform not in (*LETTERS, "pc") or not isinstance(rule, Mapping):
        raise UsageError("bad_policy", where=f"[{platform}]")
    for key in rule:
        # The three systems' numbers mean three things.
        if key not in ("app", "os", "blocked") or (platform, key) == ("pc", "os"):
            raise UsageError("bad_policy", where=f"[{platform}] {key}")
    blocked = rule.get("blocked", [])
    if not isinstance(blocked, list):
        raise UsageError("bad_policy", where=f"[{platform}] blocked")
    lowest_os = rule.get("os")
    return PlatformRule(
        app=_app_release(platform, "app", rule.get("app")),
        os=None if lowest_os is None else _os_version(platform, lowest_os),
        blocked=frozenset(_app_release(platform, "blocked", each) for each in blocked),
    )


def _app_release(platform: str, key: str, value: Any) -> Version:
    try:
        version = Version.parse_app(value)
    except (VersionUnreadable, TypeError):
        raise UsageError("bad_policy", where=f"[{platform}] {key}") from None
    if version.letter != LETTERS.get(platform, "P"):
        raise UsageError("bad_policy", where=f"[{platform}] {key}")
    return version


def _os_version(platform: str, value: Any) -> Version:
    try:
        return Version.parse_os(value)
    except (VersionUnreadable, TypeError):
        raise UsageError("bad_policy", where=f"[{platform}] os") from None


PHONE_POLICY: Final = ReleasePolicy.from_table(
    {
        "android": {"app": "G5.0", "os": "8"},
        "ios": {"app": "I5.0", "os": "13"},
        "web": {"app": "W1.0"},
        "pc": {"app": "P0.1"},
    }
)
"""The default for phones, and for a PC that types a code as a phone does, at relay and PC."""

PC_POLICY: Final = ReleasePolicy.from_table(
    {"windows": {"app": "P0"}, "macos": {"app": "P0"}, "linux": {"app": "P0"}}
)
"""What a phone asks of a PC: any release of the PC client."""
