"""Every state that the page can show, made by its own functions from given values."""

import json
import time
from importlib.resources import files
from typing import Any

from certrelay import errors
from certrelay.bundle import Item

PEER = "홍길동의 아주 긴 이름을 가진 사무실 데스크톱 컴퓨터"

_ENDED = sorted(
    {
        *errors.RoomEnded.codes,
        *errors.ReleaseRefused.codes,
        *errors.NotConfirmed.codes,
        *("relay_unreachable", "connection_lost", "protocol", "bad_message"),
        *("unsupported_protocol", "number_mismatch", "tampered", "disk", "no_answer"),
        *("qr_version", "qr_length", "qr_origin", "qr_key", "bad_certificate", "internal"),
    }
    - {"peer_not_ready", "partial", "renewals_used_up"}
)
"""The codes with which a session can end on this page."""

_LEFT_OUT = (
    *("already", "authority", "bad_pkcs12", "bad_zip", "empty_file", "other_file", "plain_key"),
    *("too_large_file", "too_many_files", "too_many_selected", "unreadable_file", "zip_damaged"),
    *("zip_encrypted", "zip_in_zip", "zip_method"),
)
"""Why the page leaves a picked file out."""

STATES = {
    "start": "S.start(t)",
    "reloaded": "S.reloaded(t)",
    "connecting": "S.connecting(t, act)",
    "choose nothing yet": "C.choose(t, {...who, ...none}, act)",
    "choose with a password to type": "choose('locked', '')",
    "choose with a wrong password": "choose('locked', 'wrong_password')",
    "choose while checking": "choose('checking', '')",
    "choose when ready": "choose('ready', 'checked')",
    "choose what cannot be checked": "choose('ready', 'uncheckable')",
    "choose after five wrong passwords": "choose('failed', 'password_tries')",
    "choose with another certificate's key": "choose('failed', 'key_mismatch')",
    "choose a PKCS#12 file": "choose('locked', '', sealed, {name: 'my certificate.p12'})",
    "choose what no password protects": "choose('ready', 'plain', sealed, {name: 'a.p12'})",
    **{
        f"choose with a note on {note}": f"choose('ready', 'checked', pair, {{note: '{note}'}})"
        for note in ("km_incomplete", "km_other_password", "km_mismatch")
    },
    "choose with half a set": "C.choose(t, {...who, ...none, halves: [{id: 1, parts: ["
    "{role: 'signCert', file: 'signCert (2).der'}, {role: 'signPri', file: ''}]}]}, act)",
    "choose with files left out": "C.choose(t, {...who, ...none, leftOut: ["
    + ",".join(f"{{reason: '{reason}', names: ['a.p12'], more: 7}}" for reason in _LEFT_OUT)
    + "]}, act)",
    "number": "C.typeNumber(t, {...who, wrongLeft: null}, act)",
    "number after a wrong one": "C.typeNumber(t, {...who, wrongLeft: 1}, act)",
    "moving": "S.moving(t, {bytes: 16384, total: 42000}, act)",
    "sent": "sent([{status: 'stored'}, {status: 'duplicate'}])",
    "sent in part": "sent([{status: 'stored'}, {status: 'rejected', reason: 'name_taken'}])",
    "sent in vain": "sent([{status: 'rejected', reason: 'declined'},"
    " {status: 'rejected', reason: 'disk'}])",
    "receive the number": "R.showNumber(t, {...who, number: '637081'}, act)",
    "asked about one": "R.ask(t, {...who, arrived: [{summary: pair, isWanted: true}]}, act)",
    "asked about several": "R.ask(t, {...who, arrived: [{summary: pair, isWanted: true},"
    " {summary: sealed, isWanted: false}, {summary: null, isWanted: false}]}, act)",
    "saved as a zip": "R.saved(t, {file: 'NPKI.zip', kept: [pair], ...who}, act)",
    "saved as a PKCS#12 file": "R.saved(t, {file: '홍길동_yessign_2027-01-01.p12',"
    " kept: [sealed], ...who}, act)",
    **{
        f"banner {why}": f"(layout.connection(t.say('page.waiting.{why}')), S.connecting(t, act))"
        for why in ("peer_not_ready", "busy", "lost", "peer_gone", "back")
    },
    "banner second scan": "(layout.connection(t.say('page.second_scan')),"
    " S.moving(t, {bytes: 1, total: 2}, act))",
    **{
        f"step {step}": f"(layout.peer(t.say('page.step.{step}')), S.moving(t, {{bytes: 1,"
        " total: 2}, act))"
        for step in ("choosing", "typing", "asking", "saving", "other")
    },
    **{
        f"ended {code}": f"S.ended(t, {{code: '{code}', details: {{platform: 'web', found:"
        " 'W1.0', needed: 'W2.0'}, byPeer: true})"
        for code in _ENDED
    },
}

SHOW = """async ({state, language, sentences, files, today, peer}) => {
  const at = (path) => import("/web_phone/" + path);
  const [L, T, S, C, R, I, B] = await Promise.all(["ui/layout.js", "ui/texts.js",
    "ui/screens.js", "ui/screens_send.js", "ui/screens_receive.js", "pki/inspect.js",
    "core/bundle.js"].map(at));
  const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  const item = ({kind, contents}) => B.makeItem(kind,
    Object.fromEntries(Object.entries(contents).map(([role, raw]) => [role, bytes(raw)])));
  const [pair, sealed] = files.map((file) => I.inspect(item(file)));
  const t = new T.Texts(language, sentences);
  const layout = new L.Layout(document.getElementById("page"), () => undefined);
  layout.speak(t);
  const act = new Proxy({}, {get: () => () => undefined});
  const who = {peer, today};
  const none = {chosen: [], halves: [], leftOut: [], isReady: false};
  const choose = (state, why, summary = pair, more = {}) => C.choose(t, {...who, ...none,
    isReady: state === "ready",
    chosen: [{id: 1, name: "", note: "", summary, state, why, triesLeft: 3, ...more}]}, act);
  const sent = (results) => S.sent(t, {...who, items: [pair, sealed], results});
  const screen = {STATE};
  layout.show(screen, true);
}"""


def script(state: str) -> str:
    """The program that shows a state in an open page."""
    return SHOW.replace("{STATE}", STATES[state])


def values(state: str, language: str, pair: Item, sealed: Item) -> dict[str, Any]:
    """What that program is given."""
    contents = [
        {"kind": item.kind, "contents": {file.role: file.content.hex() for file in item.files}}
        for item in (pair, sealed)
    ]
    return {
        "state": state,
        "language": language,
        "sentences": json.loads((files("certrelay.texts") / f"{language}.json").read_text("utf-8")),
        "files": contents,
        "today": int(time.time() * 1000),
        "peer": PEER,
    }
