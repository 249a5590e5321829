"""Secrets that must lie nowhere: rows 32, 33 and 46 of docs/security.md, on real programs."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from certrelay.e2e import derive
from certrelay.e2e.qr import QrCode
from certrelay.endpoint import events
from certrelay.errors import ExitStatus
from certrelay.testkit.hostile_relay import HostileRelay
from certrelay.testkit.tampering import Recording
from certrelay.wire.ids import Role
from tests.attacks.people import BOTH, copy, opened_pc, pair_item
from tests.attacks.watching import Watch, forms
from tests.certificates import PASSWORD, person
from tests.flows.conftest import fill
from tests.flows.programs import ROOT, Bench, Client, bench, environment

HISTORY = "history.jsonl"
SHOWN = "shown"
"""The folder with a digest of the list that was on the screen."""


def records(written: Iterable[Path]) -> dict[Path, bytes]:
    """What a program has written for itself: the person's own records, and what they hold now."""
    own = {path for path in written if path.name == HISTORY and path.exists()}
    own |= {file for path in written if path.parent.name == SHOWN for file in path.parent.iterdir()}
    return {path: path.read_bytes() for path in own}


CN = person().sign.certificate.cn or ""


@contextmanager
def relay_program(watch: Watch) -> Iterator[tuple[str, "subprocess.Popen[str]", list[str]]]:
    """``certrelay-relay serve --log-level debug``: its URL, its process, what it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "relay", "serve", "--port", "0", "--log-level", "debug"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(**watch.environment),
        cwd=ROOT,
    )
    printed: list[str] = []
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url
        yield url, process, printed
    finally:
        process.terminate()
        printed += process.communicate()


def proc_texts(client: Client) -> dict[str, bytes]:
    """What any user of the machine, or its owner, can read of a running program."""
    folder = Path("/proc") / str(client.process.pid)
    return {name: (folder / name).read_bytes() for name in ("cmdline", "environ")}


@pytest.mark.attack(32, 33, 46)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("command", ["import", "export"])
def test_a_copy_at_debug_leaves_no_secret_in_any_stream_log_file_or_process_table(
    tmp_path: Path, command: str
) -> None:
    watches = {name: Watch(tmp_path, name) for name in ("relay", "pc", "phone")}
    record = Recording()
    streams: dict[str, bytes] = {}
    seen: dict[str, bytes] = {}
    with ExitStack() as stack:
        honest, _, printed = stack.enter_context(relay_program(watches["relay"]))
        relay = stack.enter_context(HostileRelay(honest, record))
        desk = stack.enter_context(bench(tmp_path, relay.url))
        source = desk.phone_store if command == "import" else desk.pc_store
        fill(source, person().npki(PASSWORD))
        pc = desk.pc(command, *(["1"] if command == "export" else []), **watches["pc"].environment)
        if command == "export":
            pc.expect("password_wanted")
            pc.answer(PASSWORD)
        url = pc.expect("waiting")["url"]
        phone = start_phone(desk, watches["phone"])
        sender, receiver = (phone, pc) if command == "import" else (pc, phone)
        if command == "import":
            sender.expect("password_wanted")
            sender.answer(PASSWORD)
        number = receiver.expect("number")["number"]
        sender.expect("number_wanted")
        for role, client in ((Role.G, pc), (Role.S, phone)):
            relay.cut(role)  # so that it shows its token to come back
            client.expect("connection_back")
        for name, client in (("pc", pc), ("phone", phone)):
            seen |= {f"{name} {what}": text for what, text in proc_texts(client).items()}
        assert not desk.picture.exists(), "the picture is gone before the number is asked"
        assert not desk.url_file.exists()
        sender.answer(number)
        receiver.expect("save_wanted")
        receiver.answer("y")
        assert (pc.finish(), phone.finish()) == (ExitStatus.OK, ExitStatus.OK)
        for name, client in (("pc", pc), ("phone", phone)):
            streams[f"{name} stderr"] = client.stderr.encode()
            told = [e for e in client.events if e["event"] not in ("waiting", "number")]
            streams[f"{name} events"] = json.dumps(told, ensure_ascii=False).encode()
    streams["relay streams"] = "".join(filter(None, printed)).encode()
    for name, watch in watches.items():
        streams[f"{name} log"] = watch.log
        streams |= {f"{name} {path.name}": text for path, text in records(watch.written).items()}
        assert watch.left_behind() == [], name
    payload = QrCode.from_url(url).payload
    secrets = {
        "the seed": forms(payload.seed),
        "the psk": forms(derive.psk(payload.seed)),
        "pkG": forms(payload.pkg),
        "the seed as digits": (url.partition("#")[2].encode()[51:85],),
        "the join secret": forms(derive.join_secret(payload.seed).raw),
        "the password": (PASSWORD.encode(),),
        "the sign key": tuple(forms(person().sign.key.der[60:92])),
        "the key file": tuple(forms(person().npki(PASSWORD).files[1].content[40:72])),
        "the number": (number.encode(), f"{number[:3]} {number[3:]}".encode()),
        **{
            f"a token's hash {at}": (h.encode(),) for at, h in enumerate(said(record, "token_hash"))
        },
        **{f"a token {at}": forms(bytes.fromhex(t)) for at, t in enumerate(said(record, "token"))},
    }
    assert len(secrets) == 9 + 2 + 2, "both ends have shown their tokens"
    for place, text in {**streams, **seen}.items():
        for name, written in secrets.items():
            for form in written:
                assert not found(form, text), f"{name} in {place}"
    for place in ("relay streams", "relay log", "pc log", "phone log"):
        assert CN.encode() not in streams[place]
        assert "홍길동".encode() not in streams[place]
    assert streams["relay log"], "the watch sees logs: asyncio tells at DEBUG which loop it uses"
    stores = (desk.pc_store, desk.phone_store, desk.picture.parent)
    for name in ("pc", "phone"):
        for path in watches[name].written:
            if path.name in (HISTORY, f".{HISTORY}.lock") or path.parent.name == SHOWN:
                continue  # the person's own record, searched above, and its lock, which is empty
            inside = any(root in path.parents for root in stores)
            # Relative paths are those that the store opens below a folder of its own.
            assert inside or not path.is_absolute(), f"{name} wrote {path}"


def start_phone(desk: Bench, watch: Watch) -> Client:
    arguments: list[str | Path] = [
        "scan",
        desk.picture,
        "--keystore",
        desk.phone_store,
        "--send",
        "1",
    ]
    phone = Client("client_mobile_sim", *arguments, **watch.environment)
    desk.clients.append(phone)
    return phone


def said(record: Recording, field: str) -> set[str]:
    """Every value that a field of the talk with the relay had."""
    texts = [text for _, text in record.passed if isinstance(text, str)]
    found_in = [json.loads(text).get(field) for text in texts]
    return {each for each in found_in if each}


def found(secret: bytes, text: bytes) -> bool:
    if secret.isdigit() and len(secret) == 6:
        return re.search(rb"(?<![0-9a-f.])" + secret + rb"(?![0-9a-f])", text) is not None
    return secret in text


@pytest.mark.attack(56, 66)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("wished", [True, False])
def test_a_typed_code_stands_nowhere_but_on_the_screen_and_only_on_a_wish(
    tmp_path: Path, wished: bool
) -> None:
    """Two PCs, everything at DEBUG, over a relay that writes down what it is told."""
    watches = {name: Watch(tmp_path, name) for name in ("relay", "new", "old")}
    record = Recording()
    with ExitStack() as stack:
        honest, _, printed = stack.enter_context(relay_program(watches["relay"]))
        relay = stack.enter_context(HostileRelay(honest, record))
        fill(tmp_path / "old", person().npki(PASSWORD))
        picture = tmp_path / "qr.png"

        def start(name: str, *arguments: str | Path) -> Client:
            store: list[str | Path] = ["--store", tmp_path / name]
            client = Client("client_pc", *arguments, *store, **watches[name].environment)
            stack.callback(client.close)
            return client

        new = start("new", "import", "--relay", relay.url, "--yes", "--qr-png", picture)
        new.expect("waiting")
        shown = ""
        if wished:
            new.answer("code")
            shown = str(new.expect("code")["code"])
            old = start("old", "join", relay.url, "--send", "1", "--yes")
            old.expect("code_wanted")
            old.answer(shown)
        else:
            old = start("old", "join", "--picture", picture, "--send", "1", "--yes")
        old.expect("password_wanted")
        seen = {
            f"{name} {what}": text
            for name, client in (("new", new), ("old", old))
            for what, text in proc_texts(client).items()
        }
        old.answer(PASSWORD)
        number = new.expect("number")["number"]
        old.expect("number_wanted")
        old.answer(number)
        assert (old.finish(), new.finish()) == (ExitStatus.OK, ExitStatus.OK)
        for name, client in (("new", new), ("old", old)):
            told = [e for e in client.events if e["event"] not in ("waiting", "code")]
            seen[f"{name} streams"] = json.dumps(told).encode() + client.stderr.encode()
    seen["relay streams"] = "".join(filter(None, printed)).encode()
    for name, watch in watches.items():
        seen[f"{name} log"] = watch.log
        seen |= {f"{name} {path.name}": text for path, text in records(watch.written).items()}
    talk = "".join(text for _, text in record.passed if isinstance(text, str))
    assert ("publish" in talk) == wished
    if wished:
        digits = shown.replace(" ", "")
        secret = digits[-8:]
        assert secret not in talk, "the secret never travels"
        for place, text in seen.items():
            for form in (shown, digits, secret, f"{secret[:4]} {secret[4:]}"):
                assert not found(form.encode(), text), f"the code in {place}"


@pytest.mark.attack(46)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_program_may_leave_a_core_dump(tmp_path: Path) -> None:
    serving = relay_program(Watch(tmp_path, "relay"))
    with serving as (_, relay, _), bench(tmp_path) as desk:
        fill(desk.phone_store, person().npki(PASSWORD))
        pc = desk.pc("import")
        pc.expect("waiting")
        phone = desk.phone("--send", "1")
        phone.expect("password_wanted")
        for process in (relay, pc.process, phone.process):
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            (line,) = [line for line in limits.splitlines() if line.startswith("Max core file")]
            assert line.split()[4:6] == ["0", "0"]


@pytest.mark.attack(46)
@pytest.mark.parametrize("module", ["client_pc", "client_mobile_sim"])
def test_no_option_takes_a_secret(module: str) -> None:
    """Who reads the process table reads arguments; so there is nothing to put there."""
    names = []
    for command in ("import", "export", "join") if module == "client_pc" else ("scan", "init"):
        done = subprocess.run(
            [sys.executable, "-m", module, command, "--help", "--lang", "en"],
            capture_output=True,
            text=True,
            env=environment(),
            cwd=ROOT,
            check=True,
        )
        names += re.findall(r"--[a-z-]+", done.stdout)
    places = {
        "--keystore",
        "--access-key-file",
        "--password-fd",
    }  # where a secret lies, not what it is
    for word in ("password", "number", "secret", "seed", "key", "token", "pin"):
        assert not [n for n in names if word in n and n not in places], word


@pytest.mark.attack(33)
@pytest.mark.parametrize("direction", BOTH)
def test_no_object_tells_a_secret_when_it_is_printed(direction: object) -> None:
    """Whatever a debugger's line, an assertion or a log prints of an object is harmless."""
    from certrelay.e2e.qr import Direction

    assert isinstance(direction, Direction)
    item = pair_item()
    victim, phone = opened_pc(direction, [item] if direction is Direction.TO_PHONE else ())
    pair = copy(direction)
    told = [n for heard in pair.heard.values() for n in heard]
    objects = reachable([victim.endpoint, phone, pair.ends, told])
    objects += [events.SendText(phone.join()), events.SendBinary(phone.m1)]
    payload = phone.qr.payload
    secrets = (payload.seed, payload.pkg, phone.token.raw, phone.channel._keys.send)
    number = phone.channel.number
    assert len(objects) > 60, "the search finds the machines"
    for each in objects:
        shown = repr(each)
        for secret in secrets:
            for form in forms(secret[:12]):
                assert form.decode("latin-1") not in shown, type(each)
        assert not re.search(rf"\b{number}\b", shown), type(each)
        assert item.files[0].content[:8].hex() not in shown


def reachable(roots: list[object]) -> list[object]:
    """Every object of ours that hangs on these."""
    seen: dict[int, object] = {}
    waiting = list(roots)
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        if isinstance(each, list | tuple | set | frozenset):
            waiting += each
            continue
        if isinstance(each, dict):
            waiting += each.values()
            continue
        if not type(each).__module__.startswith("certrelay"):
            continue
        seen[id(each)] = each
        names = {n for kind in type(each).__mro__ for n in getattr(kind, "__slots__", ())}
        names |= set(getattr(each, "__dict__", {}))
        waiting += [getattr(each, name, None) for name in names]
    return list(seen.values())


@pytest.mark.attack(33)
def test_an_error_holds_no_text_that_a_peer_chose() -> None:
    """Every error that a session ends with is a word and safe details."""
    from certrelay.e2e import bodies
    from certrelay.e2e.qr import Direction

    victim, phone = opened_pc(Direction.TO_PC)
    victim.take(
        phone.channel.frame(bodies.BodyKind.CLOSE, b'{"reason":"call 02-123-4567 \\u001b[2J"}')
    )
    victim.wait(60)
    ended = victim.heard[-1]
    assert isinstance(ended, events.Ended)
    assert "02-123" not in repr(ended.error)
    assert "\x1b" not in str(ended.error)


@pytest.mark.attack(32)
def test_no_word_of_the_protocol_is_about_a_password() -> None:
    """After a wrong password on one side the other hears nothing: there is no such message."""
    from certrelay.e2e import bodies as words
    from certrelay.wire import messages

    texts = [*words.STEPS, *words.STATUSES, *words.REASONS, *words.CLOSE_REASONS]
    texts += [kind.name.lower() for kind in words.BodyKind]
    texts += Path(messages.__file__).read_text("utf-8").split('"')[1::2]
    assert len(texts) > 60
    assert not [
        text for text in texts if re.search(r"\bpass|password|pw|unlock", text) and len(text) < 40
    ]


@pytest.mark.attack(32)
def test_a_wrong_password_is_heard_of_by_nobody_else(tmp_path: Path) -> None:
    from relay.embedded import start

    with ExitStack() as stack:
        record = Recording()
        honest = stack.enter_context(start("127.0.0.1"))
        relay = stack.enter_context(HostileRelay(honest.url, record))
        desk = stack.enter_context(bench(tmp_path, relay.url))
        fill(desk.phone_store, person().npki(PASSWORD))
        pc = desk.pc("import")
        pc.expect("waiting")
        phone = desk.phone("--send", "1")
        phone.expect("password_wanted")
        pc.expect("peer_step")
        phone.answer("wrong-password-1")
        phone.expect("password_wrong")
        frames = [m for m in record.of(Role.S) if m[0] == 0x10]
        phone.answer("wrong-password-2")
        phone.expect("password_wrong")
        assert [m for m in record.of(Role.S) if m[0] == 0x10] == frames
        assert not {"error", "number_wrong"} & set(pc.names())
        passed = b"".join(m.encode() if isinstance(m, str) else m for _, m in record.passed)
        assert b"wrong-password" not in passed
