"""What goes in one copy: each certificate as it was named, and what has become of it.

Each is opened by itself.  Where the others go on, one that cannot be sent stays here and has a
result like theirs.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from certrelay.bundle import Item
from certrelay.client.flow.choosing import Candidate, check_amount
from certrelay.client.flow.dialogue import Dialogue
from certrelay.client.flow.passwords import Opened, Passwords
from certrelay.client.manage.stores import Stores
from certrelay.client.path_text import path_text
from certrelay.client.store.reading import Entry
from certrelay.client.terminal.report import Report, details_of
from certrelay.e2e.bodies import ItemResult
from certrelay.endpoint.events import Ended
from certrelay.errors import CertificateError, CertRelayError, PasswordError
from certrelay.frozen import frozen, replace
from certrelay.pki.naming import owner_name
from client_pc.batch_list import Wanted
from client_pc.results import Results


@frozen(repr=False)
class Piece:
    """One certificate of the copy."""

    target: str
    """As it was named."""

    candidate: Candidate | None = None
    opened: Opened | None = None
    item: Item | None = None
    """What is sent of it; ``None`` if it stays here."""

    is_whole: bool = True
    """Whether that is all of it."""

    fault: CertRelayError | None = None
    """Why it stays here."""

    def __repr__(self) -> str:
        return f"Piece({self.target!r})"


ParcelForm = Callable[[Opened], tuple[Item, bool]]
"""Gives what is sent of a certificate, and whether that is all of it."""


def named_pieces(
    stores: Stores, entries: Sequence[Entry], wanted: Sequence[Wanted], *, keep_going: bool
) -> Iterator[tuple[Piece, str | None]]:
    """Find what a list names, each once, with the password that belongs to it.

    Raises:
        CertRelayError: As `Stores.pick`, unless the others go on.
    """
    seen = set()
    for each in wanted:
        try:
            candidate = stores.pick(each.target, entries=entries)
        except CertRelayError as error:
            if not keep_going:
                raise
            yield Piece(each.target, fault=error), None
            continue
        if candidate.path not in seen:
            seen.add(candidate.path)
            yield Piece(each.target, candidate), each.answers.get("password")


def open_pieces(
    pieces: Sequence[tuple[Piece, str | None]],
    passwords: Passwords,
    form: ParcelForm,
    report: Report,
    *,
    keep_going: bool,
) -> Dialogue[tuple[Piece, ...]]:
    """Open each and bring it into its form.

    Raises:
        CertRelayError: Why one cannot be sent, unless the others go on; ``too_many_selected``.
    """
    check_amount([piece.candidate for piece, _ in pieces if piece.candidate is not None])
    done = []
    for named, own in pieces:
        piece = named
        if named.candidate is not None:
            try:
                opened = yield from passwords.open(named.candidate, own)
                item, is_whole = form(opened)
                piece = replace(named, opened=opened, item=item, is_whole=is_whole)
            except (CertificateError, PasswordError) as error:
                if not keep_going or len(pieces) == 1:
                    raise
                piece = replace(named, fault=error)
        if piece.fault is not None:
            text = f"{piece.target}: {report.texts.error(piece.fault)}"
            report.event("failed", text, **_place(piece), code=piece.fault.code)
        done.append(piece)
    return tuple(done)


def tell_results(
    pieces: Sequence[Piece], ended: Ended | None, report: Report
) -> CertRelayError | None:
    """Tell what became of each; for a person only where there are several.

    Args:
        pieces: All of them; none where the copy ended before any was chosen.
        ended: How the copy ended; ``None`` where there was none.
        report: Where it is told.

    Returns:
        The error of the copy; ``some_failed`` if one or more stayed here.
    """
    results = Results(report, dry_run=ended is None)
    fates = iter(() if ended is None else ended.results or ())
    for piece in pieces:
        fate = None if piece.item is None else next(fates, None)
        status, code, details = _outcome(piece, fate, ended)
        fields = {
            "target": piece.target,
            **_place(piece),
            "status": status,
            "code": code,
            "details": details,
            "to": None,
        }
        name = _owner(piece)
        more = code if code is not None and piece.fault is None else str(fields["path"])
        if piece.fault is not None:
            more = report.texts.error(piece.fault)
        results.tell(fields, name, more, line=len(pieces) > 1)
    failed = results.sum_up() if len(pieces) > 1 else next((p.fault for p in pieces), None)
    return failed if ended is None or ended.error is None else ended.error


def _outcome(
    piece: Piece, fate: ItemResult | None, ended: Ended | None
) -> tuple[str, str | None, dict[str, Any]]:
    """The status of one, with the code and the details of what went wrong."""
    if piece.fault is not None:
        return "failed", piece.fault.code, details_of(piece.fault)
    if ended is None:
        return "done", None, {}
    if fate is not None and fate.is_kept:
        return ("skipped" if fate.status == "duplicate" else "done"), None, {}
    if fate is not None:
        return "failed", fate.reason or fate.status, {}
    return "failed", "not_confirmed" if ended.error is None else ended.error.code, {}


def _place(piece: Piece) -> dict[str, Any]:
    candidate = piece.candidate
    return {
        "path": piece.target if candidate is None else path_text(candidate.path.absolute()),
        "fingerprint": None if candidate is None else candidate.fingerprint,
    }


def _owner(piece: Piece) -> str:
    if piece.candidate is None:
        return piece.target
    return owner_name(piece.candidate.summary.cn or "") or piece.candidate.path.name
