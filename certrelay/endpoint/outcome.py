"""How a session ended, from the words of the relay and of the other end.

Source: docs/protocol.md §4, §7.
"""

from collections.abc import Sequence

from certrelay.e2e.bodies import REFUSALS, Close, ItemResult
from certrelay.e2e.hello import Hello
from certrelay.errors import (
    CertRelayError,
    NotConfirmed,
    ProtocolError,
    ReleaseRefused,
    RoomEnded,
    TrustError,
)
from certrelay.wire.messages import Refused

_RELEASE = ("version_too_low", "version_blocked", "version_unreadable", "platform_mismatch")


def of_results(results: Sequence[ItemResult]) -> CertRelayError | None:
    """Judge the items' fates: ``None`` if the receiver has them all."""
    kept = sum(result.is_kept for result in results)
    unconfirmed = sum(result.status == "unconfirmed" for result in results)
    if kept == len(results):
        return None
    if kept + unconfirmed == len(results):
        return NotConfirmed("unconfirmed")
    if kept or unconfirmed:
        return NotConfirmed("partial", kept=kept, total=len(results))
    reasons = {result.reason for result in results}
    if reasons == {"declined"}:
        return NotConfirmed("declined")
    return NotConfirmed("rejected", reason=reasons.pop() or "other")


def of_refusal(refused: Refused, own: Hello) -> CertRelayError:
    """What the relay's ``error`` means; its words are stable, its versions well formed."""
    if refused.code in (*_RELEASE, "os_too_low"):
        versions = {"found": refused.found, "needed": refused.needed}
        known = {name: str(version) for name, version in versions.items() if version is not None}
        return ReleaseRefused(refused.code, platform=own.platform, **known)
    if refused.code in ("bad_message", "unsupported_protocol"):
        return ProtocolError(refused.code)
    if refused.code == "suspended" and refused.retry_in_ms is not None:
        hours, minutes = divmod(-(-refused.retry_in_ms // 60_000), 60)
        return RoomEnded("out_of_hours", hours=hours, minutes=minutes)
    return RoomEnded(refused.code)


def of_refusal_of_code(refused: Refused) -> CertRelayError:
    """What the relay's ``error`` means to who has entered a typed code."""
    if refused.code == "bad_message":
        return RoomEnded("codes_unsupported")
    if refused.code in ("no_such_code", "rate_limited", "suspended", "try_later"):
        return RoomEnded(refused.code)
    return ProtocolError("bad_message")


def of_close(close: Close, own: Hello) -> CertRelayError:
    """What the other end's CLOSE means; ``own`` is what this end had said of itself."""
    reason = close.reason
    if reason in REFUSALS:
        said = own.os_version if reason == "os_too_low" else own.app_version
        needed = {} if close.needed is None else {"needed": close.needed}
        return ReleaseRefused(reason, platform=own.platform, found=close.found or said, **needed)
    match reason:
        case "cancelled":
            return NotConfirmed("cancelled")
        case "number_mismatch":
            return TrustError("number_mismatch")
        case "second_scan" | "timeout" | "page_closed":
            return RoomEnded(reason)
        case _:
            return ProtocolError("protocol")
