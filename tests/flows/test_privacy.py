"""A record of every byte that passes the relay holds nothing that matters."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certrelay.e2e import derive
from certrelay.e2e.qr import QrCode
from certrelay.errors import ExitStatus
from certrelay.frozen import replace
from relay.embedded import EMBEDDED, start
from relay.settings import Edges
from tests.certificates import PASSWORD
from tests.flows.conftest import files_below, fill, three_items
from tests.flows.programs import bench
from tests.splice import Splice

RUN_BYTES = 12
"""So many bytes of a file in a row would be a leak; by chance they never appear.  Fewer would
find the subprotocol's "certrelay" in the name of the test authority."""


class Recorder(Splice):
    """A TCP splice in front of the relay that keeps every byte, unmasked where it was masked."""

    def __init__(self) -> None:
        super().__init__()
        self.streams: list[bytearray] = []

    def opened(self) -> bytearray:
        self.streams.append(bytearray())
        return self.streams[-1]

    def record(self) -> bytes:
        """Everything as it passed, and again as the relay reads it."""
        return b"".join(bytes(stream) + b"|" + unmasked(bytes(stream)) for stream in self.streams)


def unmasked(stream: bytes) -> bytes:
    """The payloads of a stream's WebSocket frames, masks taken off (RFC 6455 §5.2)."""
    at, payloads = stream.find(b"\r\n\r\n") + 4, b""
    while at + 2 <= len(stream):
        masked, length = stream[at + 1] >> 7, stream[at + 1] & 0x7F
        at += 2
        if length == 126:
            length = int.from_bytes(stream[at : at + 2], "big")
            at += 2
        mask = stream[at : at + 4] if masked else bytes(4)
        at += 4 * masked
        data = stream[at : at + length]
        payloads += bytes(byte ^ mask[index % 4] for index, byte in enumerate(data)) + b"|"
        at += length
    return payloads


@contextmanager
def recorded() -> Iterator[Recorder]:
    """A relay behind a recorder, which is the address that the relay answers to."""
    recorder = Recorder()
    edges = Edges(hosts=frozenset({f"127.0.0.1:{recorder.port}"}))
    try:
        with start("127.0.0.1", settings=replace(EMBEDDED, edges=edges)) as relay:
            recorder.begin([("127.0.0.1", relay.port)])
            yield recorder
    finally:
        recorder.close()


@pytest.mark.attack(2)
@pytest.mark.parametrize("command", ["import", "export"])
def test_the_relay_sees_nothing_that_matters(tmp_path: Path, command: str) -> None:
    with recorded() as recorder, bench(tmp_path, f"http://127.0.0.1:{recorder.port}/") as desk:
        source = desk.phone_store if command == "import" else desk.pc_store
        fill(source, *three_items())
        three = ["1", "2", "3"]
        pc = desk.pc(
            command, *(three if command == "export" else ["--yes"]), "--name", "내 비밀 PC"
        )
        if command == "export":
            pc.expect("password_wanted")
            pc.answer(PASSWORD)
        url = pc.expect("waiting")["url"]
        phone = desk.phone("--yes", "--name", "내 비밀 전화", *(f"--send={n}" for n in three))
        sender, receiver = (phone, pc) if command == "import" else (pc, phone)
        if command == "import":
            sender.expect("password_wanted")
            sender.answer(PASSWORD)
        number = receiver.expect("number")["number"]
        sender.expect("number_wanted")
        sender.answer(number)
        assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
        record = recorder.record()
        payload = QrCode.from_url(url).payload
        secrets: dict[str, bytes] = {
            "seed": payload.seed,
            "psk": derive.psk(payload.seed),
            "pkG": payload.pkg,
            "digits": url.partition("#")[2].encode()[:34],
            "password": PASSWORD.encode(),
            "PC's name": "내 비밀 PC".encode(),
            "phone's name": "내 비밀 전화".encode(),
            "number as text": f'"{number}"'.encode(),
            "number as shown": f"{number[:3]} {number[3:]}".encode(),
        }
        for person in ("홍길동", "성춘향", "이몽룡", "yessign"):
            secrets[person] = person.encode()
        join = derive.join_secret(payload.seed)
        assert join.hex.encode() in record, "the record is read rightly: join is in it"
        for name in ("seed", "psk", "pkG"):
            for at in range(32 - RUN_BYTES + 1):
                piece = secrets[name][at : at + RUN_BYTES]
                assert piece not in record, name
                assert piece.hex().encode() not in record, name
        for name, secret in secrets.items():
            assert secret not in record, name
            assert secret.hex().encode() not in record, name
        windows = {record[at : at + RUN_BYTES] for at in range(len(record) - RUN_BYTES)}
        for name, content in files_below(source).items():
            for at in range(len(content) - RUN_BYTES):
                assert content[at : at + RUN_BYTES] not in windows, name
