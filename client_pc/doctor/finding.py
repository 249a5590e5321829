"""What one check found."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from certrelay.errors import CertRelayError
from certrelay.frozen import frozen

CheckState = Literal["good", "note", "bad"]
"""Good; something to know; something to put right."""


@frozen
class CheckResult:
    """One check's answer.  Its sentences are ``doctor.<check>.<says>`` and, if there is
    something to do, ``remedy.<check>.<says>``."""

    check: str
    state: CheckState
    says: str = ""
    """A word for what was found; the state where there is nothing more to say."""

    values: Mapping[str, str | int] = MappingProxyType({})
    """For the placeholders of both sentences."""

    error: CertRelayError | None = None
    """Tells in place of the sentences what is wrong, where an error says it already."""

    @classmethod
    def of_error(cls, check: str, error: CertRelayError) -> "CheckResult":
        """Something is wrong that has an error of its own."""
        return cls(check, "bad", error=error)

    @property
    def key(self) -> str:
        """The last two words of its sentences' keys."""
        return f"{self.check}.{self.says or self.state}"
