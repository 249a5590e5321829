"""What a certificate is for: told by its policy's identifier.

The table is data: one line per identifier, the longest matching prefix counts.  Where the
sources disagree an entry is marked, and the identifier itself is shown beside the label; an
unknown identifier is normal.
"""

from collections.abc import Callable
from typing import Final, Literal

from certrelay.frozen import frozen, replace
from certrelay.pki.certificate import Certificate

Holder = Literal["personal", "corporate"]
Use = Literal[
    "general",
    "bank",
    "bank_insurance",
    "bank_card_insurance",
    "securities",
    "securities_insurance",
    "card",
    "etax",
    "km",
    "server",
    "institution",
    "civil_servant",
    "limited",
    "unknown",
]


@frozen
class Kind:
    """What a certificate is for, and for whom."""

    authority: str
    """The folder's name of the authority whose identifier it is; empty if unknown."""
    holder: Holder | None
    use: Use
    disputed: bool = False
    """Whether the sources disagree, so that the identifier must be shown too."""
    oid: str | None = None


_ROWS: Final[tuple[tuple[str, str, Holder | None, Use], ...]] = (
    ("200005.1.1", "yessign", None, "unknown"),
    ("200005.1.1.1", "yessign", "personal", "general"),
    ("200005.1.1.2", "yessign", "corporate", "bank"),
    ("200005.1.1.4", "yessign", "personal", "bank_card_insurance"),
    ("200005.1.1.5", "yessign", "corporate", "general"),
    ("200005.1.1.6.1", "yessign", "corporate", "bank"),
    ("200005.1.1.6.2", "yessign", None, "card"),
    ("200005.1.1.6.8", "yessign", None, "etax"),
    ("200004.5.1.1", "SignKorea", None, "unknown"),
    ("200004.5.1.1.5", "SignKorea", "personal", "general"),
    ("200004.5.1.1.7", "SignKorea", "corporate", "general"),
    ("200004.5.1.1.9", "SignKorea", None, "securities_insurance"),
    ("200004.5.1.1.9.2", "SignKorea", None, "card"),
    ("200004.5.1.1.11", "SignKorea", None, "limited"),
    ("200004.5.1.1.12", "SignKorea", None, "limited"),
    ("200004.5.1.1.13", "SignKorea", None, "km"),
    ("200004.5.2.1", "KICA", None, "unknown"),
    ("200004.5.2.1.1", "KICA", "corporate", "general"),
    ("200004.5.2.1.2", "KICA", "personal", "general"),
    ("200004.5.2.1.6.257", "KICA", None, "etax"),
    ("200004.5.2.1.7.1", "KICA", None, "bank_insurance"),
    ("200004.5.2.1.7.2", "KICA", None, "securities_insurance"),
    ("200004.5.2.1.7.3", "KICA", None, "card"),
    ("200004.5.3.1", "NCASign", None, "unknown"),
    ("200004.5.3.1.1", "NCASign", None, "institution"),
    ("200004.5.3.1.2", "NCASign", "corporate", "general"),
    ("200004.5.3.1.9", "NCASign", "personal", "general"),
    ("200004.5.4.1", "CrossCert", None, "unknown"),
    ("200004.5.4.1.1", "CrossCert", "personal", "general"),
    ("200004.5.4.1.2", "CrossCert", "corporate", "general"),
    ("200004.5.4.1.3", "CrossCert", None, "server"),
    ("200004.5.4.1.101", "CrossCert", None, "bank"),
    ("200004.5.4.1.102", "CrossCert", None, "securities"),
    ("200004.5.4.1.103", "CrossCert", None, "limited"),
    ("200004.5.4.1.104", "CrossCert", None, "limited"),
    ("200004.5.5.1", "INIPASS", None, "unknown"),
    ("200004.5.5.1.1", "INIPASS", None, "general"),
    ("200004.5.5.1.2", "INIPASS", None, "general"),
    ("200012.1.1", "TradeSign", None, "unknown"),
    ("200012.1.1.1", "TradeSign", "personal", "general"),
    ("200012.1.1.2", "TradeSign", None, "km"),
    ("200012.1.1.3", "TradeSign", "corporate", "general"),
    ("200012.1.1.4", "TradeSign", None, "km"),
    ("200012.1.1.101", "TradeSign", None, "bank_insurance"),
    ("200012.1.1.103", "TradeSign", None, "securities_insurance"),
    ("200012.1.1.105", "TradeSign", None, "card"),
    ("100001.2", "GPKI", None, "unknown"),
    ("100001.2.2.2.1", "GPKI", None, "civil_servant"),
)
"""Identifier after ``1.2.410.``, authority, holder, use."""

_DISPUTED: Final = frozenset(
    {
        "200004.5.1.1.11",
        "200004.5.1.1.12",
        "200004.5.4.1.103",
        "200004.5.4.1.104",
        "200004.5.5.1.1",
        "200004.5.5.1.2",
    }
)
"""Those about which the sources disagree."""

_KINDS: Final = {
    f"1.2.410.{row[0]}": Kind(row[1], row[2], row[3], row[0] in _DISPUTED) for row in _ROWS
}


def kind_of_policy(oid: str | None) -> Kind:
    """Look an identifier up; the longest prefix of whole numbers counts."""
    prefix = oid or ""
    while prefix:
        if (kind := _KINDS.get(prefix)) is not None:
            return replace(kind, oid=oid)
        prefix = prefix.rpartition(".")[0]
    return Kind("", None, "unknown", oid=oid)


def kind_of(certificate: Certificate) -> Kind:
    """Tell what a certificate is for; one whose key may not sign is a km certificate."""
    kind = kind_of_policy(certificate.policy_oid)
    return kind if certificate.signs else replace(kind, use="km")


def label(kind: Kind, say: Callable[[str], str]) -> str:
    """Write a kind for a person.

    Args:
        kind: What to write.
        say: Gives the sentence of a key, as `certrelay.texts.Texts.say` does.

    Returns:
        The use, the holder in brackets, and the identifier where it is unknown or disputed.
    """
    text = say(f"use.{kind.use}")
    notes = [say(f"holder.{kind.holder}")] if kind.holder else []
    if kind.oid and (kind.disputed or kind.use in ("unknown", "limited")):
        notes.append(kind.oid)
    return f"{text} ({', '.join(notes)})" if notes else text
