"""The pinned bytes of CRP/1, and one fault each: docs/protocol.md and tests/vectors."""

import json
from pathlib import Path
from typing import Any

import pytest

from certrelay.bundle import File, Item
from certrelay.e2e import bodies, frame, hpke
from certrelay.e2e.channel import Delivery
from certrelay.e2e.handshake import Scanned, ScanSecrets, SessionKeys, Showing, ShowSecrets
from certrelay.e2e.manifest import Manifest
from certrelay.e2e.qr import Direction, QrCode
from certrelay.e2e.transfer import Receiver, Sender, hand_to
from certrelay.endpoint.opening import OpeningStep, ScanOpening, ShowOpening
from certrelay.endpoint.outcome import of_results
from certrelay.errors import CertRelayError
from certrelay.wire.ids import Token

FOLDER = Path(__file__).parents[1] / "vectors"
Vector = dict[str, Any]


def load(name: str) -> list[Vector]:
    vectors: list[Vector] = json.loads((FOLDER / name).read_text("utf-8"))
    return vectors


EXCHANGES = load("crp1.json")
FAULTS = load("crp1-negative.json")
WHOLE = [vector for vector in EXCHANGES if "messages" in vector]
SHORT = [vector for vector in EXCHANGES if "frames_s2g" in vector]


def raw(vector: Vector, key: str) -> bytes:
    return bytes.fromhex(vector[key])


def faults(layer: str) -> list[Any]:
    return [pytest.param(v, id=v["name"]) for v in FAULTS if v["layer"] == layer]


def named(vectors: list[Vector]) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in vectors]


def scan_secrets(vector: Vector) -> ScanSecrets:
    token = raw(vector, "token_s") if "token_s" in vector else bytes(16)
    return ScanSecrets(raw(vector, "skE"), raw(vector, "nS"), Token(token))


def show_secrets(vector: Vector) -> ShowSecrets:
    seed = QrCode.from_url(vector["url"]).payload.seed
    return ShowSecrets(raw(vector, "skG"), seed, raw(vector, "nG"), Token(bytes(16)))


def session(vector: Vector) -> tuple[Scanned, SessionKeys, SessionKeys]:
    """Run the handshake; the keys as S and as G have them."""
    qr = QrCode.from_url(vector["url"])
    scanned = Scanned(scan_secrets(vector), qr, vector["hello"].encode())
    answered = Showing(show_secrets(vector), qr).accept(scanned.m1, vector["hello_g"].encode())
    m3, keys_s, _ = scanned.finish(answered.m2)
    return scanned, keys_s, answered.finish(m3)


def test_the_vectors_are_all_there() -> None:
    assert (len(EXCHANGES), len(WHOLE), len(SHORT), len(FAULTS)) == (5, 2, 3, 246)


@pytest.mark.parametrize("vector", named(EXCHANGES))
def test_the_handshake_gives_the_pinned_bytes(vector: Vector) -> None:
    qr = QrCode.from_url(vector["url"])
    assert (qr.url, qr.origin.text) == (vector["url"], vector["origin"])
    secrets = show_secrets(vector)
    assert secrets.payload(qr.payload.direction, lan=qr.payload.lan) == qr.payload
    assert secrets.seed == raw(vector, "seed")
    showing = Showing(secrets, qr)
    scanned = Scanned(scan_secrets(vector), qr, vector["hello"].encode())
    assert scanned.join.hex == vector["join"]
    assert showing.room.hex == scanned.room.hex == vector["room"]
    assert scanned.m1 == raw(vector, "m1")
    answered = showing.accept(scanned.m1, vector["hello_g"].encode())
    assert answered.peer_hello.decode() == vector["hello"]
    assert answered.m2 == raw(vector, "m2")
    m3, keys_s, hello_g = scanned.finish(answered.m2)
    keys_g = answered.finish(m3)
    assert m3 == raw(vector, "m3")
    assert hello_g.decode() == vector["hello_g"]
    assert keys_s.th == keys_g.th == raw(vector, "th")
    assert keys_s.send == keys_g.receive == raw(vector, "s2g")
    assert keys_g.send == keys_s.receive == raw(vector, "g2s")
    assert keys_s.number == keys_g.number == vector["sas"]


@pytest.mark.parametrize("vector", named(WHOLE))
def test_what_is_derived_is_pinned_too(vector: Vector) -> None:
    qr = QrCode.from_url(vector["url"])
    assert qr.info == raw(vector, "info")
    assert qr.payload.direction is (
        Direction.TO_PC if vector["direction"] == "toPC" else Direction.TO_PHONE
    )
    assert Token(raw(vector, "token_s")).hashed.hex == vector["token_hash_s"]
    assert Token(raw(vector, "token_g")).hashed.hex == vector["token_hash_g"]


@pytest.mark.parametrize("vector", named(SHORT))
def test_frames_and_acknowledgements_give_the_pinned_bytes(vector: Vector) -> None:
    s2g, g2s = raw(vector, "s2g"), raw(vector, "g2s")
    for key, plain, sealed in (
        (s2g, vector["plain_s2g"], vector["frames_s2g"]),
        (g2s, vector["plain_g2s"], vector["frames_g2s"]),
    ):
        for seq, (fields, wire) in enumerate(zip(plain, sealed, strict=True)):
            body = bytes.fromhex(fields["body"])
            made = frame.seal_frame(key, seq, fields["kind"], fields["ack"], body)
            assert made.hex() == wire
            opened = frame.open_frame(key, made)
            assert (opened.kind, opened.ack) == (fields["kind"], fields["ack"])
            assert frame.unpad(opened.kind, opened.payload) == body
    for key, nexts, sealed in (
        (g2s, vector["next_g2s"], vector["acks_g2s"]),
        (s2g, vector["next_s2g"], vector["acks_s2g"]),
    ):
        for n, (next_seq, wire) in enumerate(zip(nexts, sealed, strict=True)):
            assert frame.seal_ack(key, n, next_seq).hex() == wire
            assert frame.open_ack(key, bytes.fromhex(wire)) == next_seq


def item_of(fields: Vector) -> Item:
    files = (File(f["role"], bytes.fromhex(f["content"])) for f in fields["files"])
    return Item(fields["kind"], tuple(files))


@pytest.mark.parametrize("vector", named(WHOLE))
def test_a_whole_copy_sends_the_pinned_messages_in_their_order(vector: Vector) -> None:
    """Two channels, driven as the vector says; every message they make must be the pinned one."""
    _, keys_s, keys_g = session(vector)
    ends = {"s2g": Delivery(keys_s.send, keys_s.receive)}
    ends["g2s"] = Delivery(keys_g.send, keys_g.receive)
    sender_dir = "s2g" if vector["direction"] == "toPC" else "g2s"
    sender, receiver = Sender(), Receiver()
    offer = sender.offer([item_of(item) for item in vector["items"]])
    assert offer.manifest.decode() == vector["manifest"]
    waiting: dict[str, list[bytes]] = {"s2g": [], "g2s": []}
    ends["g2s"].acknowledge()  # of m3
    for message in vector["messages"][3:]:
        direction = message["dir"]
        end = ends[direction]
        if message["what"] in ("PROGRESS", "CLOSE"):
            end.send(bodies.decode(message["kind"], message["text"].encode()))
        elif message["what"] == "OFFER":
            end.send(offer)
        elif message["what"] == "RECEIPT":
            results = tuple(bodies.ItemResult(status, why) for status, why in vector["statuses"])
            end.send(receiver.receipt(results))
        if not waiting[direction]:
            waiting[direction] = end.take(0.0)
        sent = waiting[direction].pop(0)
        assert sent.hex() == message["wire"], message["what"]
        other_dir = "g2s" if direction == "s2g" else "s2g"
        body = ends[other_dir].receive(sent, 0.0)
        if body is None or isinstance(body, bodies.Progress | bodies.Close):
            continue
        machine = receiver if direction == sender_dir else sender
        for answer in hand_to(machine, body):
            ends[other_dir].send(answer)
        while content := sender.next_body():
            ends[sender_dir].send(content)
    assert waiting == {"s2g": [], "g2s": []}
    assert [item for item in receiver.items if item] == [item_of(i) for i in vector["items"]]
    assert sender.results is not None
    everything_kept = all(result.is_kept for result in sender.results)
    assert vector["result"] == ("success" if everything_kept else "partial")
    assert ends["g2s"].is_settled
    assert ends["s2g"].is_settled


# --- one fault each ---


@pytest.mark.parametrize("vector", faults("qr"))
def test_a_damaged_qr_code_is_refused_by_its_own_word(vector: Vector) -> None:
    secrets = ScanSecrets(bytes(31) + b"\1", bytes(32), Token(bytes(16)))
    with pytest.raises(CertRelayError) as caught:
        Scanned(secrets, QrCode.from_url(vector["url"]), b"")
    assert caught.value.code == vector["expect"]


@pytest.mark.parametrize("vector", faults("handshake"))
def test_a_faulty_opening_message(vector: Vector) -> None:
    qr = QrCode.from_url(vector["url"])
    opening: ShowOpening | ScanOpening
    if vector["end"] == "g":
        opening = ShowOpening(Showing(show_secrets(vector), qr), vector["hello_g"].encode())
    else:
        opening = ScanOpening(Scanned(scan_secrets(vector), qr, vector["hello"].encode()))
    heard = []
    for message in vector["messages"]:
        try:
            step = opening.receive(bytes.fromhex(message["wire"]))
            heard.append("dropped" if step == OpeningStep() else "ok")
        except CertRelayError as error:
            heard.append(error.code)
    assert heard == [message["expect"] for message in vector["messages"]]
    assert heard[-1] == vector["expect"]


def delivery_before_the_fault(vector: Vector) -> Delivery:
    receive_key, send_key = raw(vector, "recv_key"), raw(vector, "send_key")
    delivery = Delivery(send_key, receive_key)
    for _ in range(vector["sent"]):
        delivery.send(bodies.Progress("typing"))
    delivery.take(0.0)
    for seq in range(vector["next"]):
        sealed = frame.seal_frame(
            receive_key, seq, bodies.BodyKind.PROGRESS, 0, b'{"step":"typing"}'
        )
        delivery.receive(sealed, 0.0)
    delivery.take(0.0)
    return delivery


@pytest.mark.parametrize("vector", faults("frame"))
def test_a_faulty_frame(vector: Vector) -> None:
    delivery = delivery_before_the_fault(vector)
    before = repr(delivery)
    message = raw(vector, "wire")
    try:
        body = delivery.receive(message, 0.0)
        answers = delivery.take(0.0)
        assert body is None
        heard = "again" if answers else "dropped"
        assert [answer[0] for answer in answers] in ([], [frame.Carrier.ACK])
    except CertRelayError as error:
        heard = error.code
    assert heard == vector["expect"]
    assert repr(delivery) == before, "no counter moves"
    assert delivery.is_dead == (vector["outcome"] == "end")


@pytest.mark.parametrize("vector", faults("payload"))
def test_a_faulty_payload_closes_and_counts_as_taken(vector: Vector) -> None:
    payload = raw(vector, "payload").ljust(vector["zeros_to"], b"\0")
    with pytest.raises(CertRelayError) as caught:
        frame.unpad(vector["kind"], payload)
    assert caught.value.code == vector["expect"]


@pytest.mark.parametrize("vector", faults("control"))
def test_a_faulty_turn(vector: Vector) -> None:
    machine: Sender | Receiver = Sender() if vector["end"] == "sender" else Receiver()
    owed: list[bodies.Body] = []
    if isinstance(machine, Sender):
        items = [item_of(item) for item in vector["items"]]
        owed = [machine.offer(items)] if vector["steps"][0]["from"] == "sender" else []
    heard = ""
    for step in vector["steps"]:
        content = step["text"].encode() if "text" in step else bytes.fromhex(step["hex"])
        content = content.ljust(step.get("zeros_to", 0), b"\0")
        if step["from"] == vector["end"]:
            if not owed and isinstance(machine, Sender):
                owed += filter(None, [machine.next_body()])
            assert bodies.encode(owed.pop(0)) == (step["kind"], content)
            continue
        try:
            body = bodies.decode(step["kind"], content)
            if not isinstance(body, bodies.Progress | bodies.Close):
                owed += hand_to(machine, body)
            heard = "ok"
            if vector["outcome"] == "result" and isinstance(body, bodies.Receipt):
                error = of_results(body.items)
                heard = "success" if error is None else error.code
        except CertRelayError as error:
            heard = error.code
        if isinstance(machine, Receiver):
            if owed and isinstance(owed[0], bodies.Reject):
                heard = owed.pop(0).reason  # type: ignore[union-attr]
            elif machine.items and None in machine.items and heard == "ok":
                heard = "bad_digest"
        assert heard == step["expect"]
    assert heard == vector["expect"]


def test_a_manifest_over_a_limit_is_not_offered_either() -> None:
    item = Item("pkcs12", (File("pkcs12", bytes(65_537)),))
    with pytest.raises(CertRelayError, match="too_large"):
        Manifest.of([item])


# --- RFC 9180 ---

RFC = load("rfc9180-psk-x25519-sha256-chacha20poly1305.json")
RFC_VECTOR: Vector = RFC[0] if isinstance(RFC, list) else RFC


def test_the_rfc_vector_opens_and_exports_as_published() -> None:
    vector = RFC_VECTOR
    enc, sender = hpke.setup_sender(
        raw(vector, "pkRm"),
        raw(vector, "info"),
        raw(vector, "psk"),
        raw(vector, "psk_id"),
        raw(vector, "skEm"),
    )
    assert enc == raw(vector, "enc")
    recipient = hpke.setup_recipient(
        enc, raw(vector, "skRm"), raw(vector, "info"), raw(vector, "psk"), raw(vector, "psk_id")
    )
    first = vector["encryptions"][0]
    sealed = sender.seal(raw(first, "pt"), raw(first, "aad"))
    assert sealed == raw(first, "ct")
    assert recipient.open(sealed, raw(first, "aad")) == raw(first, "pt")
    for export in vector["exports"]:
        for context in (sender, recipient):
            exported = context.export(raw(export, "exporter_context"), export["L"])
            assert exported == raw(export, "exported_value")
