"""Takes one defence away and sees that its row turns red: ``python -m tests.attacks.mutations``.

    python -m tests.attacks.mutations            every one
    python -m tests.attacks.mutations 3 27       those of these rows

Each change is made in a copy of the tree; the tests of the row run there until the first
fails.  A change that leaves them green means that the row is not proved: the status is 1.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MARK = re.compile(r"attack\(([0-9, ]+)\)")


@dataclass(frozen=True)
class Mutation:
    """One defence that is taken away."""

    row: int
    what: str
    file: str
    old: str
    new: str
    tests: str = "tests"
    """Where to look for the row's tests, a folder or a file: the ones without a process, where
    there are any."""

    rebuilds: bool = False
    """Whether the page is built anew, so that what was changed runs at all."""


MUTATIONS = (
    Mutation(
        1,
        "the pre-shared key is no secret",
        "certrelay/e2e/derive.py",
        'return hkdf_expand(_prk(seed), LABEL + b"psk", 32)',
        "return bytes(32)",
    ),
    Mutation(
        2,
        "half of the seed is the join secret",
        "certrelay/e2e/derive.py",
        'return JoinSecret(hkdf_expand(_prk(seed), LABEL + b"join", 16))',
        "return JoinSecret(seed[:16])",
        "tests/flows",
    ),
    Mutation(
        3,
        "any number matches",
        "certrelay/e2e/channel.py",
        "if digits.isascii() and hmac.compare_digest(digits, self.number):",
        "if digits:",
    ),
    Mutation(
        3,
        "a second scan is not minded",
        "certrelay/endpoint/driver.py",
        "        if not isinstance(self._channel, Confirmed):\n"
        '            self._close("second_scan"',
        '        if not self.phase:\n            self._close("second_scan"',
        "tests/attacks",
    ),
    Mutation(
        4,
        "what arrives is stored unasked",
        "certrelay/client/flow/receiving.py",
        "if says_yes(answer):",
        "if answer is not None:",
        "tests/attacks",
    ),
    Mutation(
        5,
        "G keeps its secret key",
        "certrelay/e2e/handshake.py",
        "        self._secrets = None\n        opened, exporter = context\n",
        "        opened, exporter = context\n",
    ),
    Mutation(
        6,
        "the commitment is not checked",
        "certrelay/e2e/handshake.py",
        "if not hmac.compare_digest(derive.commitment(ns), self._commitment):",
        "if not ns and not hmac.compare_digest(derive.commitment(ns), self._commitment):",
    ),
    Mutation(
        7,
        "nobody says that a certificate leaves",
        "certrelay/client/flow/sending.py",
        '        session.say("leaving", f"story.leaving.{session.names.own}")\n',
        "",
        "tests/attacks",
    ),
    Mutation(
        8,
        "the relay forgets used rooms at once",
        "relay/dead_rooms.py",
        "self._words[room] = (word, now + self._keep_s)",
        "self._words.pop(room, None)",
        "tests/relay",
    ),
    Mutation(
        8,
        "a code has no end on the PC",
        "certrelay/endpoint/driver.py",
        "            self._timers.start(Timer.UNCLAIMED, now + life + self._times.slack)\n",
        "",
        "tests/attacks",
    ),
    Mutation(
        9,
        "a claimed room can be joined",
        "certrelay/wire/room.py",
        "    if room.s is not None and room.s.token_hash != event.token_hash:\n"
        "        return _second_scan(room)\n",
        "    if room.s is not None and room.s.token_hash != event.token_hash:\n"
        "        room = replace(room, s=Place(event.token_hash))\n",
    ),
    Mutation(
        10,
        "the room's name joins it",
        "certrelay/wire/ids.py",
        'return RoomId(hashlib.sha256(LABEL + b"room" + self.raw).digest())',
        "return RoomId(self.raw + bytes(16))",
        "tests/attacks",
    ),
    Mutation(
        10,
        "secrets are compared byte by byte",
        "certrelay/wire/ids.py",
        "hmac.compare_digest(self.raw, other.raw)",
        "self.raw == other.raw",
        "tests/wire",
    ),
    Mutation(
        11,
        "any token resumes",
        "certrelay/wire/room.py",
        "if place is None or place.token_hash != event.token.hashed:",
        "if place is None:",
    ),
    Mutation(
        12,
        "half a request may stay",
        "relay/http_connection.py",
        "self.loop.call_later(self._gate.limits.request_s, self._give_up)",
        "self.loop.call_later(9999.0, self._give_up)",
        "tests/relay/test_websocket.py",
    ),
    Mutation(
        12,
        "an answer need not be read",
        "relay/http_connection.py",
        " or self._is_last_call:",
        ":",
        "tests/relay/test_websocket.py",
    ),
    Mutation(
        12,
        "a TLS handshake may stay",
        "relay/server.py",
        "self._settings.socket.request_s if self._tls else None",
        "9999.0 if self._tls else None",
        "tests/relay/test_websocket.py",
    ),
    Mutation(
        13,
        "a socket need not speak",
        "relay/session.py",
        "else limits.first_message_s\n",
        "else 9999.0\n",
        "tests/relay/test_time.py",
    ),
    Mutation(
        13,
        "every IPv6 address is one of its own",
        "relay/admission.py",
        "_IPV6_NETWORKS: Final = ((64, 1), ",
        "_IPV6_NETWORKS: Final = ((128, 1), ",
        "tests/relay/test_admission.py",
    ),
    Mutation(
        13,
        "a network of 48 bits is not counted",
        "relay/admission.py",
        ", (48, 4))",
        ")",
        "tests/relay/test_admission.py",
    ),
    Mutation(
        13,
        "a network of 56 bits is not counted",
        "relay/admission.py",
        "(56, 2), ",
        "",
        "tests/relay/test_admission.py",
    ),
    Mutation(
        13,
        "a ping need not be answered",
        "relay/websocket.py",
        "if self._unanswered * self._limits.ping_s >= self._limits.ping_timeout_s:",
        "if self._unanswered < 0:",
        "tests/relay/test_time.py",
    ),
    Mutation(
        13,
        "any number of connections may come",
        "relay/admission.py",
        "        if self._all > self._most:\n",
        "        if self._all < 0:\n",
        "tests/relay/test_admission.py",
    ),
    Mutation(
        13,
        "one address may have every connection",
        "relay/admission.py",
        "return has_room and not self._connects.take(host)",
        "return not self._connects.take(host)",
        "tests/relay/test_admission.py",
    ),
    Mutation(
        13,
        "one address may have every socket",
        "relay/admission.py",
        "        self._sockets.add(address)\n        return has_room\n",
        "        self._sockets.add(address)\n        return True\n",
        "tests/relay/test_admission.py",
    ),
    Mutation(
        13,
        "one address may have every room",
        "relay/hub_memory.py",
        "        if not self._rooms_of.has_room(line.address):\n",
        "        if len(self._rooms_of) < 0:\n",
        "tests/relay/test_admission.py",
    ),
    Mutation(
        13,
        "an unclaimed room stands for ever",
        "certrelay/wire/room.py",
        "ends_at = now + (limits.unclaimed_s if s is None",
        "ends_at = now + (99999.0 if s is None",
        "tests/relay/test_time.py",
    ),
    Mutation(
        13,
        "there is always room for one more",
        "relay/hub_memory.py",
        "if len(self._homes) >= admission.rooms:",
        "if len(self._homes) < 0:",
        "tests/relay/test_admission.py",
    ),
    Mutation(
        14,
        "messages may be larger",
        "relay/websocket.py",
        "max_size=MAX_MESSAGE_BYTES",
        "max_size=2 * MAX_MESSAGE_BYTES",
        "tests/relay/test_parser.py",
    ),
    Mutation(
        14,
        "a message may have any number of fragments",
        "relay/websocket.py",
        "if len(self._fragments) > MAX_FRAGMENTS:",
        "if len(self._fragments) < 0:",
        "tests/relay/test_websocket.py",
    ),
    Mutation(
        14,
        "a text may be as large as a message",
        "certrelay/wire/messages.py",
        "if len(text) > MAX_CONTROL_BYTES or len(text.encode()) > MAX_CONTROL_BYTES:",
        "if len(text) < 0:",
        "tests/wire",
    ),
    Mutation(
        15,
        "the relay compresses",
        "relay/websocket.py",
        "            select_subprotocol=_select,\n",
        "            select_subprotocol=(_select),\n"
        '            extensions=__import__("websockets.extensions", fromlist=["_"])'
        ".permessage_deflate.enable_server_permessage_deflate(None),\n",
        "tests/relay/test_rules.py",
    ),
    Mutation(
        16,
        "a room may carry any number of bytes",
        "certrelay/wire/room.py",
        "        carried.carried_bytes > limits.budget_bytes\n",
        "        carried.carried_bytes < 0\n",
        "tests/wire",
    ),
    Mutation(
        16,
        "a slow reader is not waited for",
        "relay/outbox.py",
        "            if self._items is not None and not self._has_room():\n",
        "            if self._items is not None and not self._limits:\n",
        "tests/relay/test_websocket.py",
    ),
    Mutation(
        16,
        "a slow reader may be slow for ever",
        "relay/outbox.py",
        "        if waiting > self._new_bytes:\n",
        "        if waiting < 0:\n",
        "tests/relay/test_websocket.py",
    ),
    Mutation(
        16,
        "a room may carry any number of messages",
        "certrelay/wire/room.py",
        "        or carried.carried_messages > limits.budget_messages\n",
        "        or carried.carried_messages < 0\n",
        "tests/wire",
    ),
    Mutation(
        17,
        "names keep every character",
        "certrelay/pki/naming.py",
        'clean = "".join(c if c in _ASCII or _is_letter(c) else "_" for c in clean)',
        'clean = "".join(c for c in clean if c in _ASCII or c or _is_letter(c))',
        "tests/pki",
    ),
    Mutation(
        17,
        "Windows' device names pass",
        "certrelay/pki/naming.py",
        "if _RESERVED.fullmatch(clean):",
        "if _RESERVED.fullmatch(clean) and not clean:",
        "tests/pki",
    ),
    Mutation(
        17,
        "others may read what is stored",
        "certrelay/client/store/system.py",
        "descriptor = os.open(name, _CREATE, 0o600, **inside)",
        "descriptor = os.open(name, _CREATE, 0o644, **inside)",
        "tests/client/store",
    ),
    Mutation(
        17,
        "others may look into a new folder",
        "certrelay/client/store/system.py",
        "os.mkdir(name, 0o700, **inside)",
        "os.mkdir(name, 0o755, **inside)",
        "tests/client/store",
    ),
    Mutation(
        18,
        "what is there already is stored again",
        "certrelay/client/store/store.py",
        "            if _holds(path, item):\n",
        "            if not item.files:\n",
        "tests/client/store",
    ),
    Mutation(
        19,
        "a manifest has no limits",
        "certrelay/e2e/manifest.py",
        '            raise ProtocolError("too_large")\n',
        "            pass\n",
    ),
    Mutation(
        20,
        "the first byte is not bound",
        "certrelay/e2e/qr.py",
        'head = b"certrelay/1 info" + bytes([self.payload.byte0])',
        'head = b"certrelay/1 info" + bytes([16])',
    ),
    Mutation(
        21,
        "the direction is not bound",
        "certrelay/e2e/qr.py",
        'head = b"certrelay/1 info" + bytes([self.payload.byte0])',
        'head = b"certrelay/1 info" + bytes([self.payload.byte0 & 0xF7])',
        "tests/attacks",
    ),
    Mutation(
        22,
        "the origin is not bound",
        "certrelay/e2e/qr.py",
        'return head + len(origin).to_bytes(2, "big") + origin',
        'return head + len(origin).to_bytes(2, "big")[:0]',
    ),
    Mutation(
        23,
        "both directions share one key",
        "certrelay/e2e/handshake.py",
        "        _export(context, sends, th),\n        _export(context, receives, th),\n",
        '        _export(context, b"s2g", th),\n        _export(context, b"s2g", th),\n',
    ),
    Mutation(
        24,
        "every session has the same keys",
        "certrelay/e2e/handshake.py",
        "        _export(context, sends, th),\n        _export(context, receives, th),\n",
        "        derive.hkdf_expand(LABEL, sends, 32),\n"
        "        derive.hkdf_expand(LABEL, receives, 32),\n",
        "tests/attacks",
    ),
    Mutation(
        25,
        "a lost receipt counts as success",
        "certrelay/endpoint/driver.py",
        'self._error = error if refused else NotConfirmed("not_confirmed")',
        "self._error = error if refused else None",
    ),
    Mutation(
        25,
        "a receipt is given before the files last",
        "certrelay/client/store/system.py",
        "            file.flush()\n            os.fsync(file.fileno())\n",
        "            file.flush()\n",
        "tests/client/store",
    ),
    Mutation(
        25,
        "a receipt is given before the names last",
        "certrelay/client/store/store.py",
        "            self._sync_names(target.parent, made)\n",
        "",
        "tests/client/store",
    ),
    Mutation(
        26,
        "a frame may come early",
        "certrelay/e2e/channel.py",
        "        if seq != self._expected:\n",
        "        if seq < self._expected:\n",
    ),
    Mutation(
        27,
        "a repeated frame is read again",
        "certrelay/e2e/channel.py",
        "        if seq != self._expected:\n",
        "        if seq > self._expected:\n",
        "tests/attacks",
    ),
    Mutation(
        28,
        "acknowledgements do not count",
        "certrelay/e2e/channel.py",
        "            self._next_n += 1\n",
        "            self._next_n += 0\n",
    ),
    Mutation(
        29,
        "any acknowledgement is believed",
        "certrelay/e2e/channel.py",
        '            raise ProtocolError("bad_ack")\n',
        "            next_seq = self._next_seq\n",
    ),
    Mutation(
        30,
        "G brings nobody along to a relay that forgot",
        "certrelay/endpoint/sides.py",
        "Create(self.room, self._token.hashed, self._peer_token_hash, token)",
        "Create(self.room, self._token.hashed, None, token)",
        "tests/attacks",
    ),
    Mutation(
        31,
        "any key fits",
        "certrelay/pki/npki.py",
        "    if key.fits(certificate.public_key_info) is False:\n",
        '    if key.fits(certificate.public_key_info) == "never":\n',
        "tests/pki",
    ),
    Mutation(
        32,
        "passwords may be tried without end",
        "certrelay/client/flow/choosing.py",
        "            tries_left -= 1\n",
        "            tries_left -= 0\n",
        "tests/flows",
    ),
    Mutation(
        33,
        "a token prints itself",
        "certrelay/wire/ids.py",
        'return f"{type(self).__name__}(…)"',
        'return f"{type(self).__name__}({self.raw.hex()})"',
    ),
    Mutation(
        34,
        "the secret stays in the address bar",
        "web_phone/boot.js",
        'history.replaceState(MARK, "", location.pathname + location.search);',
        'history.replaceState(MARK, "", location.href);',
        "tests/web_phone",
        rebuilds=True,
    ),
    Mutation(
        35,
        "the page runs any script",
        "relay/page.py",
        "f\"script-src 'self' 'sha256-{digest}'\"",
        "\"script-src * data: 'unsafe-inline' 'unsafe-eval'\"",
        "tests/web_phone",
    ),
    Mutation(
        36,
        "a text may become markup",
        "relay/page.py",
        "            \"require-trusted-types-for 'script'\",\n",
        "",
        "tests/web_phone",
    ),
    Mutation(
        37,
        "nothing is made printable",
        "certrelay/safe_text.py",
        "        if is_hidden(character):\n            marks",
        "        if not character:\n            marks",
    ),
    Mutation(
        39,
        "every page may connect",
        "relay/app.py",
        '    if not known.issuperset(headers.getlist("origin")):\n',
        "    if not known.issuperset(()):\n",
        "tests/relay/test_edges.py",
    ),
    Mutation(
        39,
        "the subprotocol need not be asked for",
        "relay/socket.py",
        "        if not transport.speaks:\n",
        "        if not transport:\n",
        "tests/relay/test_rules.py",
    ),
    Mutation(
        40,
        "the operator's pages answer every host",
        "relay/operating.py",
        "        if not self._is_own(_hosts(head)):\n",
        '        if head == b"":\n',
        "tests/relay/test_operating.py",
    ),
    Mutation(
        40,
        "every host is answered",
        "relay/app.py",
        "    known = edges.hosts is None or hosts[0] in edges.hosts\n",
        "    known = edges.hosts is None or bool(hosts[0])\n",
        "tests/relay/test_edges.py",
    ),
    Mutation(
        41,
        "a forwarded address is always believed",
        "relay/admission.py",
        "    while hops and _within(client, trusted):\n",
        "    while hops and _parsed(client):\n",
        "tests/relay/test_admission.py",
    ),
    Mutation(
        42,
        "a person may be led here",
        "relay/app.py",
        'if headers.get("sec-fetch-mode") == "navigate":',
        'if headers.get("sec-fetch-mode") == "never":',
        "tests/relay/test_edges.py",
    ),
    Mutation(
        44,
        "a key may come twice",
        "certrelay/strict_json.py",
        "    if len(fields) != len(pairs):\n",
        "    if len(fields) > len(pairs):\n",
    ),
    Mutation(
        45,
        "the first garbage burns the code",
        "certrelay/limits.py",
        "M1_TRIES: Final = 3\n",
        "M1_TRIES: Final = 1\n",
    ),
    Mutation(
        46,
        "a crash may dump memory",
        "certrelay/client/terminal/program.py",
        "        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n",
        "        resource.getrlimit(resource.RLIMIT_CORE)\n",
        "tests/attacks",
    ),
    Mutation(
        46,
        "a closed window leaves the code's files",
        "certrelay/client/terminal/interrupts.py",
        '"SIGTERM", "SIGHUP", ',
        '"SIGTERM", ',
        "tests/flows",
    ),
    Mutation(
        49,
        "a short chunk is a short frame",
        "certrelay/e2e/frame.py",
        "large = kind == Kind.CHUNK or body_bytes > _SMALL_BODY_BYTES",
        "large = body_bytes > _SMALL_BODY_BYTES or kind > 255",
    ),
    Mutation(
        51,
        "the page's ticket is good twice",
        "client_pc/browser/page_session.py",
        "                self._next_ticket = _secret()\n",
        "",
        "tests/client_pc",
    ),
    Mutation(
        51,
        "any token opens the page's story",
        "client_pc/browser/page_session.py",
        "admitted = is_right and bool(self._spent)",
        "admitted = bool(self._spent)",
        "tests/web_phone",
    ),
    Mutation(
        51,
        "the page answers under any name",
        "client_pc/browser/server.py",
        'if self.headers.get_all("host") != [own]:',
        'if not self.headers.get_all("host"):',
        "tests/web_phone",
    ),
    Mutation(
        51,
        "the page answers other sites",
        "client_pc/browser/server.py",
        'if origin == f"http://{own}" and site in ("same-origin", "none"):',
        "if origin and site:",
        "tests/web_phone",
    ),
    Mutation(
        51,
        "another user's program may ask",
        "client_pc/browser/peer_uid.py",
        "inode != _NONE and int(user) in (own, _ROOT)",
        "inode != _NONE",
        "tests/client_pc",
    ),
    Mutation(
        52,
        "a second knock is answered",
        "certrelay/endpoint/code_display.py",
        "        code, self._out = self._out, None\n        if code",
        "        code = self._out\n        if code",
        "tests/endpoint",
    ),
    Mutation(
        52,
        "codes are never used up",
        "certrelay/endpoint/code_display.py",
        "        self._left -= 1\n",
        "",
        "tests/endpoint",
    ),
    Mutation(
        54,
        "codes are entered without an allowance",
        "relay/session.py",
        "            keeper.admission.enter_after_ms(line.address),\n",
        "",
        "tests/relay",
    ),
    Mutation(
        55,
        "a code leads on after it was entered",
        "certrelay/wire/lobby.py",
        "return Lobby(None, waiter), (Release(digits), TellKnock(sid, share))",
        "return Lobby(digits, waiter), (TellKnock(sid, share),)",
        "tests/relay",
    ),
    Mutation(
        65,
        "a code of a claimed room stands",
        "relay/hub_memory.py",
        "            self._lobbies.claim(showing)\n",
        "            pass\n",
        "tests/relay",
    ),
    Mutation(
        53,
        "a code is answered again",
        "certrelay/e2e/code.py",
        "        code, self._code = self._code, None\n",
        "        code = self._code\n",
        "tests/e2e",
    ),
    Mutation(
        57,
        "the payload of a typed code may name any place",
        "certrelay/e2e/code.py",
        "        return QrCode.at(self._origin, payload)\n",
        "        return QrCode(self._origin, payload)\n",
        "tests/e2e",
    ),
    Mutation(
        58,
        "the sid is not part of the key",
        "certrelay/e2e/cpace.py",
        "prefixed(filling, inputs.channel, inputs.sid)",
        "prefixed(filling, inputs.channel)",
        "tests/e2e",
    ),
    Mutation(
        59,
        "the order of the shares is not part of the key",
        "certrelay/e2e/cpace.py",
        "shares = (own, other_share) if self._initiates else (other_share, own)",
        "shares = sorted((own, other_share))",
        "tests/e2e",
    ),
    Mutation(
        60,
        "the origin is not part of the generator",
        "certrelay/e2e/code.py",
        "+ place + code.lobby",
        "+ code.lobby",
        "tests/e2e",
    ),
    Mutation(
        61,
        "a result of zeros is a key",
        "certrelay/e2e/cpace.py",
        '        raise TrustError("low_order") from None\n',
        "        return bytes(32)\n",
        "tests/e2e",
    ),
    Mutation(
        62,
        "the powers are not blinded",
        "certrelay/e2e/cpace.py",
        "% (_P - 1) + 1\n",
        "* 0 + 1\n",
        "tests/e2e",
    ),
    Mutation(
        67,
        "the hash alone is proof of having been there",
        "certrelay/wire/room.py",
        "return place.token_hash == event.token_hash and event.token is not None",
        "return place.token_hash == event.token_hash",
        "tests/wire",
    ),
    Mutation(
        67,
        "any token goes with any hash",
        "certrelay/wire/messages.py",
        "if token is not None and token.hashed != token_hash:",
        "if token is not None and token.raw == token_hash.raw:",
        "tests/wire",
    ),
    Mutation(
        68,
        "a page calls stored what nobody has seen",
        "certrelay/endpoint/driver.py",
        'return ItemResult("unconfirmed") if result.status == "stored" else result',
        "return result",
        "tests/endpoint",
    ),
    Mutation(
        68,
        "an unconfirmed item is a success",
        "certrelay/endpoint/outcome.py",
        'return NotConfirmed("unconfirmed")',
        "return None",
        "tests/endpoint",
    ),
    Mutation(
        68,
        "the sender deletes on a page's word",
        "client_pc/send.py",
        "if result.is_kept and not is_page:",
        "if result.is_kept:",
        "tests/flows",
    ),
    Mutation(
        68,
        "the sender deletes what is unconfirmed",
        "certrelay/e2e/bodies.py",
        'KEPT: Final = ("stored", "duplicate")',
        'KEPT: Final = ("stored", "duplicate", "unconfirmed")',
        "tests/endpoint",
    ),
    Mutation(
        69,
        "saving is said after a yes only",
        "certrelay/endpoint/driver.py",
        "        self.saving()\n        self._timers.stop(Timer.SEEN)",
        "        self._timers.stop(Timer.SAVE, Timer.SEEN)",
        "tests/endpoint",
    ),
    Mutation(
        70,
        "control frames cost nothing",
        "relay/websocket.py",
        "if self._controls > CONTROL_FRAMES:",
        "if self._controls < 0:",
        "tests/relay/test_floods.py",
    ),
    Mutation(
        70,
        "a socket has all turns",
        "relay/websocket.py",
        "if frames < TURN_FRAMES and self._at < until and self._turns.has_left(address):",
        "if frames >= 0:",
        "tests/relay/test_floods.py",
    ),
    Mutation(
        70,
        "the sockets of one address have all turns",
        "relay/turns.py",
        "        return self._used.get(address, 0) < TURN_COST\n",
        "        return self._used.get(address, 0) >= 0\n",
        "tests/relay/test_floods.py",
    ),
    Mutation(
        70,
        "all bytes are parsed at once",
        "relay/websocket.py",
        "_FIRST_PORTION: Final = 512",
        "_FIRST_PORTION: Final = 65_536",
        "tests/relay/test_floods.py",
    ),
    Mutation(
        70,
        "fragments cost nothing",
        "relay/websocket.py",
        "if len(self._fragments) > MAX_FRAGMENTS:",
        "if len(self._fragments) < 0:",
        "tests/relay/test_floods.py",
    ),
    Mutation(
        70,
        "requests may come as fast as they like",
        "relay/admission.py",
        "        return self._requests.owe(host)\n",
        "        return 0.0\n",
        "tests/relay/test_floods.py",
    ),
    Mutation(
        70,
        "connections may come as fast as they like",
        "relay/admission.py",
        "return has_room and not self._connects.take(host)",
        "return has_room",
        "tests/relay/test_floods.py",
    ),
    Mutation(
        71,
        "a relay may ping without end",
        "certrelay/client/link.py",
        "self._breaks_rules = self._control_frames > MAX_CONTROL_FRAMES",
        "self._breaks_rules = self._control_frames < 0",
        "tests/client",
    ),
    Mutation(
        71,
        "all that a relay sends is taken at once",
        "certrelay/client/link.py",
        "while left > 0 and len(messages) < MAX_TAKEN:",
        "while True:",
        "tests/client",
    ),
    Mutation(
        71,
        "a silent relay is waited for",
        "certrelay/client/dialling.py",
        '        threading.Thread(target=self._dial, daemon=True, name="dialling").start()\n',
        "        self._dial()\n",
        "tests/attacks",
    ),
    Mutation(
        71,
        "the code's files wait for the loop",
        "client_pc/showing.py",
        "            self._timer.start()\n",
        "",
        "tests/client_pc",
    ),
    Mutation(
        71,
        "the page's code waits for the loop",
        "client_pc/browser/page_session.py",
        "        if now > self._expires_at + CODE_GRACE_S:\n            self.burn_code()\n",
        "",
        "tests/client_pc",
    ),
    Mutation(
        72,
        "somebody else reads the bytes too",
        "relay/websocket.py",
        "            protocol.receive_data(portion)\n",
        '            if portion[:1] == b"\\x82" and len(portion) - 6 == portion[1] & 127:\n'
        "                keys = portion[2:6] * 40\n"
        "                pairs = zip(portion[6:], keys, strict=False)\n"
        "                session.receive(bytes(a ^ b for a, b in pairs))\n"
        "                continue\n"
        "            protocol.receive_data(bytes(portion))\n",
        "tests/relay/test_parser.py",
    ),
    Mutation(
        73,
        "what is said before the end is dropped",
        "relay/session.py",
        "        if self.pending is None:\n            self._end()\n\n    def _go_on",
        "        self._inbox, is_free = None, self.pending is None\n"
        "        if is_free:\n            self._end()\n\n    def _go_on",
        "tests/relay/test_session.py",
    ),
    Mutation(
        73,
        "the end counts before what came before it",
        "relay/websocket.py",
        "        self._is_eof = self._is_gone = True\n",
        '        self._is_gone = self._is_eof = True\n        self._data = b""\n',
        "tests/relay/test_parser.py",
    ),
    Mutation(
        74,
        "all together may hold anything",
        "relay/ledger.py",
        "        elif size > 0 and self.total > self._most:\n",
        "        elif size > 0 and self.total < 0:\n",
        "tests/relay/test_outbox.py",
    ),
    Mutation(
        74,
        "one address may hold anything",
        "relay/ledger.py",
        "        if size > 0 and own > self._most_per_address:\n",
        "        if size > 0 and own < 0:\n",
        "tests/relay/test_outbox.py",
    ),
    Mutation(
        74,
        "newcomers are admitted to a full relay",
        "relay/ledger.py",
        "        return self.level(address) < _NEWCOMERS\n",
        "        return self.level(address) < 9\n",
        "tests/relay/test_outbox.py",
    ),
    Mutation(
        74,
        "a full relay still reads for the slow",
        "relay/outbox.py",
        "return self._bytes < self._limits.outbox_bytes and not self._account.is_crowded",
        "return self._bytes < self._limits.outbox_bytes",
        "tests/relay/test_outbox.py",
    ),
    Mutation(
        74,
        "a trickle of reading is enough",
        "relay/outbox.py",
        "        if waiting > self._new_bytes:\n",
        "        if waiting > self._new_bytes + 65_536:\n",
        "tests/relay/test_outbox.py",
    ),
    Mutation(
        75,
        "one address may leave any number of rooms",
        "relay/half_rooms.py",
        "        if len(own) > self._most_per_address:\n",
        "        if len(own) < 0:\n",
        "tests/relay/test_half_rooms.py",
    ),
    Mutation(
        75,
        "any number of rooms may be left",
        "relay/half_rooms.py",
        "        if len(self._rooms) > self._most:\n",
        "        if len(self._rooms) < 0:\n",
        "tests/relay/test_half_rooms.py",
    ),
    Mutation(
        75,
        "a room that was claimed is thrown out too",
        "relay/half_rooms.py",
        "    return room.s is None and not room.g.here",
        "    return not room.g.here",
        "tests/relay/test_half_rooms.py",
    ),
    Mutation(
        75,
        "a room that nobody claimed has a long grace",
        "certrelay/wire/room.py",
        "    grace_s = limits.grace_s if room.claimed else limits.unclaimed_grace_s\n",
        "    grace_s = limits.grace_s\n",
        "tests/relay/test_half_rooms.py",
    ),
    Mutation(
        75,
        "a network of 56 bits is not counted",
        "relay/admission.py",
        "(56, 2), ",
        "",
        "tests/relay/test_admission.py",
    ),
    Mutation(
        75,
        "a network of 48 bits is not counted",
        "relay/admission.py",
        ", (48, 4))",
        ")",
        "tests/relay/test_admission.py",
    ),
    Mutation(
        76,
        "scrypt's own blocks are not reckoned",
        "certrelay/pki/kdf.py",
        "    return 128 * r * (n + p + 2)\n",
        "    return 128 * r * (n + 0 * p)\n",
        "tests/pki",
    ),
    Mutation(
        76,
        "only rounds are counted, not the work",
        "certrelay/pki/kdf.py",
        "    if derivation.work > MAX_KDF_WORK:\n",
        "    if derivation.work < 0:\n",
        "tests/pki",
    ),
    Mutation(
        76,
        "each part of a file may ask for the most",
        "certrelay/pki/pkcs12.py",
        "    if sum(work) > MAX_KDF_WORK:\n",
        "    if max(work, default=0) > MAX_KDF_WORK:\n",
        "tests/pki",
    ),
    Mutation(
        76,
        "Ctrl-C waits for a derivation",
        "certrelay/client/terminal/derivation.py",
        "                check()\n",
        "",
        "tests/client/terminal",
    ),
    Mutation(
        76,
        "a derivation has no end",
        "certrelay/client/terminal/derivation.py",
        "                if time.monotonic() >= end:\n",
        "                if end < 0:\n",
        "tests/client/terminal",
    ),
    Mutation(
        76,
        "a derivation may take all memory",
        "certrelay/client/terminal/derivation.py",
        "    _limit_memory()\n",
        "",
        "tests/client/terminal",
    ),
    Mutation(
        76,
        "long derivations run in the program itself",
        "certrelay/client/terminal/interrupts.py",
        "        token = kdf.elsewhere.set(self._derive)\n",
        "        token = kdf.elsewhere.set(kdf.Derivation.compute)\n",
        "tests/client/terminal",
    ),
    Mutation(
        77,
        "a closed connection is root's",
        "client_pc/browser/peer_uid.py",
        "state == _ESTABLISHED and inode != _NONE and int(user)",
        "int(user)",
        "tests/client_pc",
    ),
    Mutation(
        51,
        "a reload's ticket is good twice",
        "client_pc/browser/page_session.py",
        "                if ticket in self._spent:\n",
        "                if ticket == self.ticket:\n",
        "tests/client_pc",
    ),
    Mutation(
        51,
        "the token before a reload stays good",
        "client_pc/browser/page_session.py",
        "            self._token, self._is_token_used = _secret(), False\n",
        "            self._is_token_used = False\n",
        "tests/client_pc",
    ),
    Mutation(
        78,
        "only what acts is hidden, not what is unseen",
        "certrelay/safe_text.py",
        "    return _is_in(HIDDEN, character)\n",
        "    return _is_in((0, 0x20, 0x7F, 0xA0, 0x200B, 0x2010, 0x202A, 0x202F), character)\n",
        "tests",
    ),
    Mutation(
        78,
        "marks pile up",
        "certrelay/safe_text.py",
        "            if marks <= MAX_STACKED_MARKS:\n",
        "            if character:\n",
        "tests",
    ),
    Mutation(
        78,
        "marks pile up on the page",
        "web_phone/core/safe_text.js",
        "    else if (marks <= MAX_STACKED_MARKS) kept += character;\n",
        "    else kept += character;\n",
        "tests/web_phone",
    ),
    Mutation(
        79,
        "what breaks HTTP raises",
        "relay/http_connection.py",
        "        except LocalProtocolError:\n"
        '            journal.write("refused", code="http")\n'
        "            self.transport.abort()\n"
        "        except Exception as fault:",
        "        except ZeroDivisionError as fault:",
        "tests/relay/test_websocket.py",
    ),
    Mutation(
        79,
        "an answer is answered again",
        "relay/http_connection.py",
        "        if self.conn.our_state is IDLE:\n",
        "        if self.conn:\n"
        "            super().send_400_response(msg)\n"
        "        elif self.conn:\n",
        "tests/relay/test_websocket.py",
    ),
    Mutation(
        80,
        "names are reached by path",
        "certrelay/client/store/system.py",
        "        if self.root is None or not _BY_DESCRIPTOR or self.root not in path.parents:\n",
        "        if path:\n",
        "tests/client/store",
    ),
    Mutation(
        80,
        "links on the way are followed",
        "certrelay/client/store/system.py",
        "                inner = os.open(each, _THROUGH, dir_fd=folder)\n",
        "                inner = os.open(each, os.O_RDONLY, dir_fd=folder)\n",
        "tests/client/store",
    ),
)


def main() -> int:
    """Apply the changes one by one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("rows", nargs="*", type=int)
    arguments = parser.parse_args()
    chosen = [m for m in MUTATIONS if not arguments.rows or m.row in arguments.rows]
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = copy_tree(Path(folder) / "tree")
        sound = {key: is_green(tree, *key) for key in {(m.row, m.tests) for m in chosen}}
        for mutation in chosen:
            if not sound[mutation.row, mutation.tests]:
                survived += 1
                print(f"{mutation.row:3}  red before anything was taken away", flush=True)
                continue
            began = time.monotonic()
            red, test = try_one(tree, mutation)
            survived += not red
            took = time.monotonic() - began
            word = "red  " if red else "GREEN"
            print(f"{mutation.row:3}  {word} {mutation.what} ({took:.0f} s)", flush=True)
            print(f"       {test}", flush=True)
    print(f"\n{len(chosen) - survived} of {len(chosen)} turned their row red.")
    return 1 if survived else 0


def copy_tree(target: Path) -> Path:
    """Copy the tree as it lies, without what was made from it."""
    ignored = shutil.ignore_patterns(
        "__pycache__", "node_modules", ".git", ".venv*", ".*_cache", ".hypothesis", "dist", "site"
    )
    shutil.copytree(ROOT, target, ignore=ignored)
    tools = Path("web_phone") / "tools" / "node_modules"  # what the page is built with
    (target / tools).symlink_to(ROOT / tools)
    return target


def files_of(row: int, where: Path) -> list[Path]:
    """The test files that are marked with a row: to collect all would take longest."""
    if where.is_file():
        return [where]
    found = []
    for path in sorted(where.rglob("test_*.py")):
        marks = _MARK.findall(path.read_text("utf-8"))
        if any(str(row) in re.findall("[0-9]+", mark) for mark in marks):
            found.append(path)
    return found


def try_one(tree: Path, mutation: Mutation) -> tuple[bool, str]:
    """Run the row's tests on the changed tree; tell whether one failed, and which."""
    path = tree / mutation.file
    before = path.read_text("utf-8")
    if before.count(mutation.old) != 1:
        return False, f"{mutation.file} has the text {before.count(mutation.old)} times"
    path.write_text(before.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        _rebuild(tree, mutation)
        return run_tests(tree, mutation)
    finally:
        path.write_text(before, encoding="utf-8")
        _rebuild(tree, mutation)


def _rebuild(tree: Path, mutation: Mutation) -> None:
    if mutation.rebuilds:
        tool = tree / "web_phone" / "tools" / "page.mjs"
        subprocess.run(["node", tool], check=True, capture_output=True)


def is_green(tree: Path, row: int, tests: str) -> bool:
    """Tell whether a row's tests pass on the tree as it is: else a red one proves nothing."""
    return _pytest(tree, row, tests).returncode == 0


def run_tests(tree: Path, mutation: Mutation) -> tuple[bool, str]:
    """Run until the first failure."""
    done = _pytest(tree, mutation.row, mutation.tests)
    # An error is what a fixture found at the end of a test: see tests/web_phone/phone.py.
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if done.returncode == 1 and failed:
        return True, failed[0].partition(" ")[2].partition(" - ")[0]
    return False, f"pytest ended with {done.returncode}: {done.stdout.splitlines()[-1:]}"


def _pytest(tree: Path, row: int, tests: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, f"--attack={row}", *files_of(row, tree / tests)],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
