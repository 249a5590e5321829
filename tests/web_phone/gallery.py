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
    - {"peer_not_ready", "partial", "renewals_used_up", "not_deleted", "unwell"}
)
"""The codes with which a session can end on this page."""

_LEFT_OUT = (
    *("already", "authority", "bad_pkcs12", "bad_zip", "empty_file", "other_file", "plain_key"),
    *("too_large_file", "too_many_files", "too_many_selected", "unreadable_file", "zip_damaged"),
    *("zip_encrypted", "zip_in_zip", "zip_method"),
)
"""Why the page leaves a picked file out."""

_CODES = (
    *("code_shape", "no_such_code", "code_open", "code_unanswered", "codes_unsupported"),
    *("rate_limited", "suspended", "try_later", "relay_unreachable", "bad_message"),
)
"""What can be wrong with a typed code."""

STATES = {
    "start": "code([])",
    **{
        f"start after {error}": f"code(S.whyAndHint(t, {{code: '{error}', pc: ''}}))"
        for error in _CODES
    },
    **{
        f"code that leads {direction}": f"K.confirmDirection(t, {{direction: '{direction}'}}, act)"
        for direction in ("toPC", "toPhone")
    },
    "scan again": "S.scanAgain(t, act)",
    "finished": "S.finished(t)",
    "connecting": "S.connecting(t, act)",
    **{
        f"in an app, {app} on {system}": f"E.inAppScreen(t, {{inApp: {{app: '{app}',"
        f" system: '{system}'}}, link: {link}}}, {{{stay}}})"
        for app, system, link, stay in (
            ("kakaotalk", "android", "'#'", "stay: nothing"),
            ("naver", "ios", "null", "stay: nothing"),
            ("webview", "android", "'#'", ""),
        )
    },
    "open elsewhere": "E.openElsewhere(t)",
    "choose nothing yet": "choose([])",
    "choose with a password to type": "choose([one('locked', '')])",
    "choose with a wrong password": "choose([one('locked', 'wrong_password')])",
    "choose while checking": "choose([one('checking', '')])",
    "choose when ready": "choose([one('ready', 'checked')])",
    "choose several": "choose([expired('locked', ''), one('ready', 'checked', soon),"
    " one('locked', '')])",
    "choose what cannot be checked": "choose([one('ready', 'uncheckable')])",
    "choose after five wrong passwords": "choose([one('failed', 'password_tries')])",
    "choose with another certificate's key": "choose([one('failed', 'key_mismatch')])",
    "choose a PKCS#12 file": "choose([{...one('locked', '', sealed), name: P12}])",
    "choose what no password protects": "choose([{...one('ready', 'plain'), name: P12}])",
    **{
        f"choose with a note on {note}": f"choose([{{...one('ready', 'checked'), note: '{note}'}}])"
        for note in ("km_incomplete", "km_other_password", "km_mismatch")
    },
    "choose while reading": "choose([], [], [], true)",
    "choose half of a set": "choose([], [half('signCert.der', '')])",
    "choose half of a set beside another": "choose([one('ready', 'checked')],"
    " [half('', 'signPri (1).key')])",
    "choose with files left out": "choose([], [], ["
    + ",".join(f"{{reason: '{reason}', names: ['a.p12'], more: 7}}" for reason in _LEFT_OUT)
    + "])",
    "confirm what has expired": "C.confirmExpired(t, {...who,"
    " chosen: [expired('ready', 'checked')]}, act)",
    "number": "C.typeNumber(t, {...who, wrongLeft: null}, act)",
    "number after a wrong one": "C.typeNumber(t, {...who, wrongLeft: 1}, act)",
    "sending": "moving(true, '')",
    "the PC asks": "moving(true, 'asking')",
    "the PC saves": "moving(true, 'saving')",
    "receiving": "moving(false, '')",
    "sent": "sent([{status: 'stored'}, {status: 'duplicate'}])",
    "sent in part": "sent([{status: 'stored'}, {status: 'rejected', reason: 'name_taken'}])",
    "sent, not confirmed": "sent([{status: 'unconfirmed'}, {status: 'unconfirmed'}])",
    "sent in vain": "sent([{status: 'rejected', reason: 'declined'},"
    " {status: 'rejected', reason: 'disk'}])",
    "sent, but declined": "sent([{status: 'rejected', reason: 'declined'},"
    " {status: 'rejected', reason: 'declined'}])",
    "receive the number": "R.showNumber(t, {...who, number: '637081'}, act)",
    **{
        f"asked about one, {way}": f"ask([{{summary: pair, isWanted: true}}], '{way}')"
        for way in ("keep", "picker", "ios", "plain")
    },
    "asked about several": "ask([{summary: pair, isWanted: true},"
    " {summary: sealed, isWanted: false}, {summary: null, isWanted: false}], 'keep')",
    "seen, may be blocked": "R.seen(t, {file: ZIP, system: 'android', mayBeBlocked: true}, act)",
    **{
        f"seen on {system}": f"R.seen(t, {{file: ZIP, system: '{system}',"
        " mayBeBlocked: false}, act)"
        for system in ("ios", "other")
    },
    "unseen": "R.unseen(t, {system: 'android'}, {...act, share: null})",
    "unseen, with a share sheet": "R.unseen(t, {system: 'ios'}, act)",
    "saved as a zip": "R.saved(t, {file: ZIP, kept: [pair], ...who}, act)",
    "saved as a PKCS#12 file": "R.saved(t, {file: P12, kept: [sealed], ...who}, act)",
    **{
        f"banner {why}": f"(layout.connection(t.say('page.waiting.{why}')), S.connecting(t, act))"
        for why in ("peer_not_ready", "busy", "lost", "peer_gone")
    },
    "banner back": "{...moving(true, ''),"
    " later: () => layout.connection(t.say('page.waiting.back'), 'good')}",
    "banner second scan": "(layout.connection(t.say('page.second_scan')), moving(true, ''))",
    **{
        f"step {step}": f"(layout.peer(t.say('page.step.{step}')),"
        " R.showNumber(t, {...who, number: '637081'}, act))"
        for step in ("choosing", "typing", "other")
    },
    "clock": "(clock(92, true), C.typeNumber(t, {...who, wrongLeft: null}, act))",
    "clock that ends": "(clock(17, false), R.showNumber(t, {...who, number: '637081'}, act))",
    **{
        f"ended {code}": f"S.ended(t, {{...end, code: '{code}', byPeer: true}}, act)"
        for code in _ENDED
    },
    "ended, own cancel": "S.ended(t, {...end, code: 'cancelled', byPeer: false}, act)",
    "ended, PC out of reach": "S.ended(t, {...end, code: 'relay_unreachable', byPeer: false,"
    " pc: '192.168.0.5', canRetry: true}, act)",
}

ACTS = (
    *("cancel", "pick", "checkPassword", "remove", "next", "leaveOut", "send", "back", "retry"),
    *("restart", "done", "want", "save", "decline", "yes", "again", "no", "share", "giveUp"),
    *("typeCode", "goOn"),
)

SHOW = """async ({language, sentences, files, today, peer, ACTS}) => {
  const at = (path) => import("/web_phone/" + path);
  const [L, T, S, K, C, R, E, I, B] = await Promise.all(["ui/layout.js", "ui/texts.js",
    "ui/screens.js", "ui/screens_code.js", "ui/screens_send.js", "ui/screens_receive.js",
    "ui/screens_in_app.js", "pki/inspect.js", "core/bundle.js"].map(at));
  const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  const item = ({kind, contents}) => B.makeItem(kind,
    Object.fromEntries(Object.entries(contents).map(([role, raw]) => [role, bytes(raw)])));
  const [pair, sealed] = files.map((file) => I.inspect(item(file)));
  const t = new T.Texts(language, sentences);
  const layout = new L.Layout(document.getElementById("page"), () => undefined);
  layout.speak(t);
  const ZIP = "홍길동_yessign_2027-11-28.zip", P12 = "홍길동_yessign_2027-11-28.p12";
  const nothing = () => undefined;
  const act = Object.fromEntries(ACTS.map((name) => [name, nothing]));
  const who = {peer, today};
  const day = 24 * 60 * 60 * 1000;
  const until = (days) =>
    ({...pair, certificate: {...pair.certificate, notAfter: today + days * day}});
  const soon = until(12);
  let id = 0;
  const one = (state, why, summary = pair) =>
    ({id: ++id, summary, state, why, triesLeft: why === "" ? 5 : 3, name: "", note: ""});
  const expired = (state, why) => one(state, why, until(-40));
  const half = (signCert, signPri) => ({id: ++id, parts: [{role: "signCert", file: signCert},
    {role: "signPri", file: signPri}]});
  const choose = (chosen, halves = [], leftOut = [], isReading = false) =>
    C.choose(t, {...who, chosen, halves, leftOut, isReading}, act);
  const moving = (isSender, peerStep) =>
    S.moving(t, {bytes: 16384, total: 42000, isSender, peer, peerStep}, act);
  const sent = (results) => S.sent(t, {...who, items: [pair, sealed], results}, act);
  const code = (wrong) =>
    K.typeCode(t, {wrong: wrong.filter((each) => each !== ""), address: "relay.example.kr"}, act);
  const ask = (arrived, way) => R.ask(t, {...who, arrived, before: `page.before.${way}`}, act);
  const end = {details: {platform: "web", found: "W1.0", needed: "W2.0", hours: 3, minutes: 20},
    pc: "", canRetry: false};
  const clock = (left, canProlong) => layout.clock({left, prolong: canProlong ? nothing : null});
  const screen = {STATE};
  layout.show(screen, true);
  if (screen.later) screen.later(); // good news goes with the next screen
}"""


def script(state: str) -> str:
    """The program that shows a state in an open page."""
    return SHOW.replace("{STATE}", STATES[state])


def values(language: str, pair: Item, sealed: Item) -> dict[str, Any]:
    """What that program is given."""
    contents = [
        {"kind": item.kind, "contents": {file.role: file.content.hex() for file in item.files}}
        for item in (pair, sealed)
    ]
    return {
        "language": language,
        "sentences": json.loads((files("certrelay.texts") / f"{language}.json").read_text("utf-8")),
        "files": contents,
        "today": int(time.time() * 1000),
        "peer": PEER,
        "ACTS": ACTS,
    }
