"""What a certificate is for: told by the identifiers of its policies.

The table is data: one line per identifier with its sources; of a certificate's policies the
one counts that a line knows most exactly.  Where the sources disagree an entry is marked, and
the identifier itself is shown beside the label; an unknown identifier is normal.

The authorities changed their certificates' keys and names since the law of December 2020
(yessignCA Class 3 and 4, signGATE CA6 and CA7, SignKorea CA4 and CA5, CrossCertCA4 and CA5,
TradeSignCA4 and CA5; KISA RootCA 4 above them) and kept the organisation (``o=``) and these
identifiers.  A 금융인증서 stays in the cloud, and the certificates of banks and apps
(Naver, Kakao, Toss, PASS) stay in those apps: none of them is ever a file here.

Sources of the lines:
    A  XWC KeySharp, the browser key store of a bank supplier: its table of usages.
    B  jCastle, a public library: its Korean identifiers.
    C  A certificate dialog of a scraping service (CODEF): its table of usages.
    D  nxCR, a certificate copier's list of accepted policies with comments, 2022.
    E  A log-in sample of KICA's server toolkit, with comments.
    F  A second table of usages in a public page library.
"""

from collections.abc import Callable
from typing import Final, Literal

from certrelay.frozen import frozen, replace
from certrelay.pki.certificate import Certificate

Holder = Literal["personal", "corporate", "institution"]
Use = Literal[
    "general",
    "bank",
    "bank_insurance",
    "bank_card_insurance",
    "securities",
    "securities_insurance",
    "card",
    "etax",
    "civil_petition",
    "trade",
    "km",
    "server",
    "institution",
    "official_seal",
    "computer",
    "civil_servant",
    "public_body",
    "education",
    "defence",
    "special",
    "limited",
    "unknown",
]


@frozen
class PolicyKind:
    """What a certificate is for, and for whom."""

    authority: str
    """The folder's name of the authority whose identifier it is; empty if unknown."""
    holder: Holder | None
    use: Use
    disputed: bool = False
    """Whether the sources disagree, so that the identifier must be shown too."""
    oid: str | None = None
    sources: str = ""
    """The letters of the module's sources; empty for the prefix of an authority."""


_DISPUTED: Final = "?"
"""Beside the letters where the sources disagree."""

_ROWS: Final[tuple[tuple[str, str, Holder | None, Use, str], ...]] = (
    ("200005.1.1", "yessign", None, "unknown", ""),
    ("200005.1.1.1", "yessign", "personal", "general", "ACDEF"),
    ("200005.1.1.2", "yessign", "corporate", "bank", "ABCDF"),
    ("200005.1.1.3", "yessign", "corporate", "server", "A"),
    ("200005.1.1.4", "yessign", "personal", "bank_card_insurance", "ABCDEF"),
    ("200005.1.1.5", "yessign", "corporate", "general", "ABCDF"),
    ("200005.1.1.6", "yessign", None, "limited", "AC"),
    ("200005.1.1.6.1", "yessign", "corporate", "bank", "CDF"),
    ("200005.1.1.6.2", "yessign", None, "card", "CEF"),
    ("200005.1.1.6.8", "yessign", None, "etax", "ADF"),
    ("200004.5.1.1", "SignKorea", None, "unknown", ""),
    ("200004.5.1.1.1", "SignKorea", "personal", "special", "BC"),
    ("200004.5.1.1.2", "SignKorea", "personal", "server", "BC"),
    ("200004.5.1.1.3", "SignKorea", "corporate", "special", "BC"),
    ("200004.5.1.1.4", "SignKorea", None, "server", "BC"),
    ("200004.5.1.1.5", "SignKorea", "personal", "general", "ABCDEF"),
    ("200004.5.1.1.6", "SignKorea", "personal", "server", "BC"),
    ("200004.5.1.1.7", "SignKorea", "corporate", "general", "ABCDF"),
    ("200004.5.1.1.8", "SignKorea", None, "server", "BC"),
    ("200004.5.1.1.9", "SignKorea", None, "securities_insurance", "ACDEF"),
    ("200004.5.1.1.9.1", "SignKorea", "personal", "bank_insurance", "F"),
    ("200004.5.1.1.9.2", "SignKorea", None, "card", "CEF"),
    ("200004.5.1.1.10", "SignKorea", None, "limited", "BCF?"),
    ("200004.5.1.1.11", "SignKorea", None, "limited", "BC?"),
    ("200004.5.1.1.12", "SignKorea", None, "limited", "BC?"),
    ("200004.5.1.1.13", "SignKorea", None, "km", ""),
    ("200004.5.2.1", "KICA", None, "unknown", ""),
    ("200004.5.2.1.1", "KICA", "corporate", "general", "ABCDF"),
    ("200004.5.2.1.2", "KICA", "personal", "general", "ABCDEF"),
    ("200004.5.2.1.3", "KICA", None, "special", "BC"),
    ("200004.5.2.1.4", "KICA", None, "server", "BC"),
    ("200004.5.2.1.5", "KICA", "corporate", "special", "BC"),
    ("200004.5.2.1.5.141", "KICA", "personal", "limited", "D"),
    ("200004.5.2.1.6", "KICA", "corporate", "limited", "D"),
    ("200004.5.2.1.6.257", "KICA", None, "etax", ""),
    ("200004.5.2.1.7.1", "KICA", None, "bank_insurance", "ACDEF"),
    ("200004.5.2.1.7.2", "KICA", None, "securities_insurance", "ACE"),
    ("200004.5.2.1.7.3", "KICA", None, "card", "CEF"),
    ("200004.5.3.1", "NCASign", None, "unknown", ""),
    ("200004.5.3.1.1", "NCASign", None, "institution", "ABC"),
    ("200004.5.3.1.2", "NCASign", "corporate", "general", "ABCD"),
    ("200004.5.3.1.3", "NCASign", None, "server", "BC"),
    ("200004.5.3.1.5", "NCASign", "institution", "special", "BC"),
    ("200004.5.3.1.6", "NCASign", "corporate", "special", "BC"),
    ("200004.5.3.1.7", "NCASign", None, "server", "BC"),
    ("200004.5.3.1.8", "NCASign", "personal", "special", "BC"),
    ("200004.5.3.1.9", "NCASign", "personal", "general", "ABCD"),
    ("200004.5.4.1", "CrossCert", None, "unknown", ""),
    ("200004.5.4.1.1", "CrossCert", "personal", "general", "ABCDEF"),
    ("200004.5.4.1.2", "CrossCert", "corporate", "general", "ABCDF"),
    ("200004.5.4.1.3", "CrossCert", None, "server", "BC"),
    ("200004.5.4.1.4", "CrossCert", "personal", "special", "BC"),
    ("200004.5.4.1.5", "CrossCert", "corporate", "special", "BC"),
    ("200004.5.4.1.101", "CrossCert", None, "bank", "ACDE"),
    ("200004.5.4.1.102", "CrossCert", None, "securities", "CE"),
    ("200004.5.4.1.103", "CrossCert", None, "card", "ACE?"),
    ("200004.5.4.1.104", "CrossCert", None, "civil_petition", "ACE?"),
    ("200004.5.5.1", "INIPASS", None, "unknown", ""),
    ("200004.5.5.1.1", "INIPASS", None, "general", "AD?"),
    ("200004.5.5.1.2", "INIPASS", None, "general", "AD?"),
    ("200004.5.5.1.3.1", "INIPASS", "personal", "limited", "AD"),
    ("200004.5.5.1.4.1", "INIPASS", "corporate", "limited", "AD"),
    ("200004.5.5.1.4.2", "INIPASS", "corporate", "etax", "AD"),
    ("200012.1.1", "TradeSign", None, "unknown", ""),
    ("200012.1.1.1", "TradeSign", "personal", "general", "ACDEF"),
    ("200012.1.1.2", "TradeSign", None, "km", "BC"),
    ("200012.1.1.3", "TradeSign", "corporate", "general", "ACDF"),
    ("200012.1.1.4", "TradeSign", None, "km", "BC"),
    ("200012.1.1.5", "TradeSign", None, "server", "BC"),
    ("200012.1.1.6", "TradeSign", None, "km", "BC"),
    ("200012.1.1.7", "TradeSign", "personal", "trade", "BC"),
    ("200012.1.1.8", "TradeSign", None, "km", "BC"),
    ("200012.1.1.9", "TradeSign", "corporate", "trade", "BC"),
    ("200012.1.1.10", "TradeSign", None, "km", "BC"),
    ("200012.1.1.11", "TradeSign", None, "server", "BC"),
    ("200012.1.1.12", "TradeSign", None, "km", "BC"),
    ("200012.1.1.101", "TradeSign", None, "bank_insurance", "ACDEF"),
    ("200012.1.1.103", "TradeSign", None, "securities_insurance", "AC"),
    ("200012.1.1.105", "TradeSign", None, "card", "CF"),
    ("100001.2", "GPKI", None, "unknown", ""),
    ("100001.2.1.1", "GPKI", "institution", "official_seal", "AB"),
    ("100001.2.1.2", "GPKI", "institution", "computer", "AB"),
    ("100001.2.1.3", "GPKI", "institution", "special", "AB"),
    ("100001.2.1.4", "GPKI", "institution", "official_seal", "AB"),
    ("100001.2.1.5", "GPKI", "institution", "computer", "AB"),
    ("100001.2.1.6", "GPKI", "institution", "special", "AB"),
    ("100001.2.2.1", "GPKI", None, "civil_servant", "AB"),
    ("100001.2.2.2", "GPKI", "personal", "public_body", "AB"),
    ("100001.5.3.1.3", "EPKI", "personal", "education", "AB"),
    ("300001.2.2.2", "MPKI", "personal", "defence", "A"),
)
"""Identifier after ``1.2.410.``, authority, holder, use, sources.  A line with a use and no
letter is from certificates that were seen, not from a table."""

_KINDS: Final = {
    f"1.2.410.{row[0]}": PolicyKind(
        row[1], row[2], row[3], row[4].endswith(_DISPUTED), sources=row[4].rstrip(_DISPUTED)
    )
    for row in _ROWS
}


def kind_of(certificate: Certificate) -> PolicyKind:
    """Tell what a certificate is for; one whose key may not sign is a km certificate.

    A certificate may have several policies, the authorities' common one first: the one that
    is known most exactly counts.
    """
    found = [_look_up(oid) for oid in certificate.extensions.policies]
    known = max(found, key=lambda each: (each[1].use != "unknown", each[0]), default=None)
    kind = _look_up(None)[1] if known is None else known[1]
    return kind if certificate.signs else replace(kind, use="km")


def _look_up(oid: str | None) -> tuple[int, PolicyKind]:
    """The numbers of the line that knows an identifier, 0 for none, and what it says.

    The longest prefix of whole numbers counts.
    """
    prefix = oid or ""
    while prefix:
        if (kind := _KINDS.get(prefix)) is not None:
            return prefix.count(".") + 1, replace(kind, oid=oid)
        prefix = prefix.rpartition(".")[0]
    return 0, PolicyKind("", None, "unknown", oid=oid)


def label(kind: PolicyKind, say: Callable[[str], str]) -> str:
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
