"""One command on many certificates: each by itself as if it were the only one, by all cores.

A worker runs the very function that a single certificate is given to; what it tells is recorded
and told again here, in the order of the list.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from certrelay.bundle import Kind
from certrelay.client.flow.session import Shell
from certrelay.client.manage.stores import Stores, named_path
from certrelay.client.manage.workers import Task, perform
from certrelay.client.path_text import path_of, path_text
from certrelay.client.store.reading import Entry
from certrelay.client.terminal.json_report import JsonReport
from certrelay.client.terminal.report import Report, details_of, plain
from certrelay.errors import CertRelayError, StateError, UsageError
from certrelay.frozen import frozen
from certrelay.safe_text import wrap
from certrelay.texts import Texts
from client_pc.batch_list import Wanted
from client_pc.results import Results

BatchCommand = Literal["verify", "passwd", "convert", "unlock"]


@frozen
class Batch:
    """What the command line says of a command on many."""

    command: BatchCommand
    options: Mapping[str, Any]
    keep_going: bool
    dry_run: bool = False
    verbose: bool = False
    """Whether a person sees of each what is told where it is the only one."""


def run(
    batch: Batch, wanted: Sequence[Wanted], stores: Stores, shell: Shell
) -> CertRelayError | None:
    """Do the command on each, and tell what became of each and of all.

    Returns:
        ``some_failed`` if one or more could not be done.
    """
    report = shell.report
    entries = stores.entries()
    by_print = _by_fingerprint(entries)
    tasks: list[Task] = []
    for each in wanted:
        task: Task = {
            "command": batch.command,
            "options": {**batch.options, "dry_run": batch.dry_run},
            "roots": [path_text(root.absolute()) for root in stores.roots],
            "memory": None if stores.memory is None else path_text(stores.memory),
            "language": report.texts.language,
            "answers": dict(each.answers),
        }
        try:
            path = by_print.get(each.target) or _path(each.target, stores, entries, batch)
            task["path"] = path_text(path.absolute())
        except CertRelayError as error:
            task |= {"path": each.target, "fault": _described(error, report.texts)}
        tasks.append(task)
    results = Results(report, dry_run=batch.dry_run)
    done = perform("client_pc.batch:work", tasks, shell.lines.interrupts.check)
    for at, (each, task, result) in enumerate(zip(wanted, tasks, done, strict=False)):
        _tell(each, task, result, report, results)
        if batch.verbose or result["status"] == "failed":
            for line in result.get("lines", ()):
                report.result(wrap(f"    {' '.join(line.split())}", report.columns))
        if results.has_failed and not batch.keep_going:
            results.leave(len(tasks) - at - 1)
            break
    return results.sum_up()


def _by_fingerprint(entries: Sequence[Entry]) -> dict[str, Path]:
    """The first file of each certificate, by its whole fingerprint."""
    found: dict[str, Path] = {}
    for entry in entries:
        if entry.summary is not None and entry.summary.certificate is not None:
            found.setdefault(entry.summary.certificate.fingerprint, entry.path)
    return found


def _path(target: str, stores: Stores, entries: Sequence[Entry], batch: Batch) -> Path:
    path = named_path(target)
    if path is not None:
        return path
    to = batch.options.get("to")
    prefer: Kind | None = None if to is None else "npki" if to == "p12" else "pkcs12"
    is_changed = batch.command == "passwd"
    return stores.pick(target, prefer, one_file=is_changed, entries=entries).path


def _tell(wanted: Wanted, task: Task, result: Task, report: Report, results: Results) -> None:
    """Tell a script everything, and a person one line."""
    if isinstance(report, JsonReport) or not isinstance(getattr(report, "columns", None), int):
        for name, fields in result["events"]:
            report.event(name, **fields)
    fault = result.get("fault") or {}
    fields = {
        "target": wanted.target,
        "path": task["path"],
        "fingerprint": result.get("fingerprint"),
        "status": result["status"],
        "code": fault.get("code"),
        "details": fault.get("details", {}),
        "to": result.get("to"),
    }
    name = str(result.get("owner") or Path(task["path"]).name)
    results.tell(fields, name, str(fault.get("message") or result.get("to") or task["path"]))


# --- what a worker does ---


class Recorder:
    """A report that keeps what it is told."""

    def __init__(self, texts: Texts) -> None:
        self.texts: Final = texts
        self.columns: Final = 0
        self.events: Final[list[tuple[str, dict[str, Any]]]] = []
        self.lines: Final[list[str]] = []

    def event(self, name: str, text: str = "", **fields: Any) -> None:
        """Keep the event."""
        del text
        self.events.append((name, fields))

    def result(self, text: str) -> None:
        """Keep what a person would read."""
        self.lines.append(text)

    def can_draw(self, *_: Any) -> bool:
        """Nothing is drawn."""
        return False

    def painted(self, text: str, style: str) -> str:
        """Nothing is painted."""
        del style
        return text

    def __getattr__(self, _name: str) -> Any:
        return lambda *_, **__: None


class Scripted:
    """Answers that are known beforehand, in place of a person."""

    is_terminal: Final = False
    password_tries: Final = 1

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers: Final = answers

    def wait(self, question: str = "") -> str:
        """Give the answer to a question.

        Raises:
            UsageError: ``input_ended`` if there is none.
        """
        answer = self._answers.get(question.removesuffix("_again"))
        if answer is None:
            raise UsageError("input_ended")
        return answer

    def forget_early_ones(self) -> None:
        """Nothing was typed."""

    def hidden(self) -> Any:
        """Nothing is shown."""
        from contextlib import nullcontext

        return nullcontext()


def work(task: Task) -> Task:
    """Do one task: the command on the certificate at a path."""
    texts = Texts(task["language"])
    if "fault" in task:
        return {"status": "failed", "events": [], "fault": task["fault"]}
    recorder: Any = Recorder(texts)
    lines: Any = Scripted(task["answers"])
    shell = Shell(recorder, lines, lambda low, _high: low)
    roots = tuple(path_of(root) for root in task["roots"])
    memory = None if task["memory"] is None else path_of(task["memory"])
    stores = Stores(roots, (), memory)
    error: CertRelayError | None
    try:
        error = _do(task, stores, shell)
    except CertRelayError as raised:
        error = raised
    except Exception as unexpected:  # a fault of ours on one certificate stops no other
        error = StateError(type(unexpected).__name__)
    result: Task = {"status": "done" if error is None else "failed"}
    if error is not None:
        result["fault"] = _described(error, texts)
    for name, fields in recorder.events:
        if fields.get("fingerprint"):
            result["fingerprint"] = fields["fingerprint"]
        if fields.get("owner"):
            result["owner"] = fields["owner"]
        if name in ("saved", "would_save"):
            result["to"] = fields["path"]
            if fields.get("status") == "duplicate":
                result["status"] = "skipped"
    result |= {"events": recorder.events, "lines": recorder.lines}
    made: Task = json.loads(json.dumps(result, default=plain))
    return made


def _do(task: Task, stores: Stores, shell: Shell) -> CertRelayError | None:
    options, target = task["options"], task["path"]
    match task["command"]:
        case "verify":
            from client_pc.verify import Asked, verify

            authorities = [path_of(each) for each in options["authorities"]]
            crl = None if options["crl"] is None else path_of(options["crl"])
            asked = Asked(options["idn"], authorities, crl, options["online"])
            return verify(stores, target, asked, shell)
        case "passwd":
            from client_pc.change import passwd

            passwd(stores, target, shell, better=options["better"], dry_run=options["dry_run"])
        case "convert":
            from client_pc.change import Conversion, convert

            convert(stores, target, Conversion(**options), shell)
        case "unlock":
            from client_pc.change import unlock

            unlock(stores, target, shell)
    return None


def _described(error: CertRelayError, texts: Texts) -> Task:
    return {"code": error.code, "details": details_of(error), "message": texts.error(error)}
