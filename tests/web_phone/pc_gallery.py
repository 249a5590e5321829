"""Every state of a copy that the PC's page can show, as the events that lead to it."""

from typing import Any, Final

from certrelay import errors
from certrelay.e2e import bodies
from certrelay.endpoint import outcome
from client_pc.qr_screen import draw

Event = dict[str, Any]

PEER: Final = "홍길동의 아주 긴 이름을 가진 갤럭시 <b>S26</b> 울트라 휴대폰"
URL: Final = f"http://192.168.100.100:47800/#{'0123456789' * 15}01234567"
_ROWS: Final = ["".join("01"[dark] for dark in row) for row in draw(URL).modules]
PAIR: Final = {
    "kind": "npki",
    "number": 1,
    "cn": "홍길동(HONGGILDONG)0099041202612310000123456<img src=x>",
    "issuer": "yessignCA-Test Class 4",
    "serial": "123456789012345678901234567890",
    "not_after": "2027-12-31T14:59:59+00:00",
    "state": "valid",
    "verified": False,
}
EXPIRED: Final = {**PAIR, "number": 2, "cn": "주식회사 아주긴이름의회사", "state": "expired"}
SEALED: Final = {
    "kind": "pkcs12",
    "number": 3,
    "cn": None,
    "issuer": None,
    "serial": None,
    "not_after": None,
    "state": "unknown",
    "verified": False,
    "file": "내 인증서 (1).p12",
}
PLACE: Final = f"/home/hong/NPKI/yessign/USER/cn={'홍길동()' * 6},ou=personal,o=yessign,c=kr"


def described(error: errors.CertRelayError) -> Event:
    """An error as the page has it: its code, and its sentence's key and values."""
    details = {name: str(value) for name, value in error.details.items() if name != "what"}
    return {"code": error.code, "key": error.text_key, "details": details}


def _event(name: str, **fields: Any) -> Event:
    return {"event": name, **fields}


def _begin(command: str) -> list[Event]:
    return [_event("begin", command=command)]


def _asks(*events: Event) -> list[Event]:
    return [*events, _event("ask", question=1)]


def _scan(
    command: str, *before: Event, is_local: bool = True, after: Event | None = None
) -> list[Event]:
    waiting = _event("waiting", rows=_ROWS, is_local=is_local, left_ms=107_000)
    return [*_begin(command), *before, waiting, *([] if after is None else [after])]


def _paired(command: str, platform: str = "android") -> list[Event]:
    return [*_begin(command), _event("paired", peer=PEER, platform=platform)]


def _ended(
    command: str,
    error: errors.CertRelayError | None,
    *events: Event,
    platform: str = "android",
) -> list[Event]:
    fields = {} if error is None else described(error)
    return [*_paired(command, platform), *events, _event("end", **fields)]


_CODE = _event("code", code="048217 7301 9460", address="192.168.100.100:47800", renewed=False)
_NUMBER = _event("number", number="637081")
_OFFER = _event("offer", items=[PAIR, {**SEALED, "name_taken": True}, {"refused": "bad_digest"}])
_SAVED = [
    _event("saved", status="stored", path=PLACE),
    _event("saved", status="duplicate", path=PLACE),
]
_CHECKING = [_event("checking", **PAIR), _event("checking", **SEALED)]
_LOOPBACK = _event("loopback", text="주의: 이 PC에서 로컬 네트워크 주소를 찾지 못했습니다.")


def _codes() -> dict[str, errors.CertRelayError]:
    """Errors that can end a copy, of each kind, with all that their sentences want."""
    details: Any = {
        "path": PLACE,
        "platform": "web",
        "found": "W1.0",
        "needed": "W2.0",
        "left": 1,
        "count": 2,
        "seconds": 3,
    }
    whole = (errors.StorageError, errors.NotConfirmed)
    first = (
        errors.RoomEnded,
        errors.RelayUnreachable,
        errors.ProtocolError,
        errors.TrustError,
        errors.ReleaseRefused,
        errors.CertificateError,
        errors.PasswordError,
        errors.Interrupted,
    )
    found: list[errors.CertRelayError]
    elsewhere = ("not_deleted", "unwell", "output_file", "output_failed")
    codes = [(kind, code) for kind in whole for code in kind.codes if code not in elsewhere]
    found = [kind(code, **details) for kind, code in codes]
    found += [kind(next(iter(kind.codes)), **details) for kind in first]
    return {f"ended {error.code}": error for error in [*found, errors.StateError("what")]}


STATES: Final[dict[str, list[Event]]] = {
    "preparing": _begin("import"),
    "choose": [*_begin("export"), *_asks(_event("choose", items=[PAIR, EXPIRED, SEALED]))],
    "password": [*_begin("export"), *_asks(*_CHECKING[:1], _event("password_wanted"))],
    "password of a file": [*_begin("export"), *_asks(_CHECKING[1], _event("password_wanted"))],
    "password after a wrong one": [
        *_begin("export"),
        *_asks(*_CHECKING[:1], _event("password_wanted"), _event("password_wrong", tries_left=4)),
    ],
    "scan to receive": _scan("import", _LOOPBACK),
    "scan to send": _scan("export", is_local=False),
    "scan to receive in an app": _scan("import", _event("apps_only"), is_local=False),
    "scan to send in an app": _scan("export", _event("apps_only"), is_local=False),
    **{
        f"scan renewed {why}": _scan("import", _event("renewed", reason=why))
        for why in ("code", "expired", "second_scan", "m1_tries", "page_closed", "left", "grace")
    },
    "scan with a code": _scan("import", after=_CODE),
    "scan with a second code": _scan("export", after={**_CODE, "renewed": True}, is_local=False),
    "scan, code typed": _scan("import", after=_event("code_withdrawn", why="entered")),
    **{
        f"scan, no code {why}": _scan("import", after=_event("code_unavailable", why=why))
        for why in ("unsupported", "none", "used_up")
    },
    "working": [*_scan("import"), _event("burnt")],
    "paired to receive": _paired("import"),
    "paired to send": _paired("export"),
    "number": [*_paired("import"), _NUMBER],
    "paired to receive from a PC": _paired("import", "linux"),
    "paired to send to a PC": _paired("export", "windows"),
    "number for a PC": [*_paired("import", "macos"), _NUMBER, _event("peer_lost", seconds=55)],
    "typing a PC's number": [*_paired("export", "linux"), *_asks(_event("number_wanted"))],
    "ask, from a PC": [*_paired("import", "linux"), _OFFER, *_asks(_event("save_wanted"))],
    "sent to a PC": _ended(
        "export",
        None,
        *_CHECKING,
        _event("receipt", items=[{"status": "stored"}, {"status": "duplicate"}]),
        platform="linux",
    ),
    **{
        f"number, phone {step}": [*_paired("import"), _NUMBER, _event("peer_step", step=step)]
        for step in bodies.STEPS
    },
    **{
        f"number, {news}": [*_paired("import"), _NUMBER, _event(news, seconds=55)]
        for news in ("connection_lost", "connection_back", "peer_lost", "peer_back", "second_scan")
    },
    "typing": [*_paired("export"), *_asks(_event("number_wanted"))],
    "typing after a wrong one": [
        *_paired("export"),
        *_asks(_event("number_wrong", tries_left=1), _event("number_wanted")),
    ],
    "moving": [*_paired("export"), _event("progress", done=16_384, total=42_000)],
    **{
        f"moving, {platform} {step}": [
            *_paired("export", platform),
            _event("progress", done=42_000, total=42_000),
            _event("peer_step", step=step),
        ]
        for step in ("asking", "saving")
        for platform in ("android", "windows")
    },
    "ask": [*_paired("import"), _OFFER, *_asks(_event("save_wanted"))],
    "saved": _ended("import", None, _OFFER, *_SAVED, _event("renewed_since", text="홍길동: 새 것")),
    "saved in part": _ended(
        "import",
        errors.NotConfirmed("partial"),
        _OFFER,
        _SAVED[0],
        _event("problem", **described(errors.StorageError("disk", path=PLACE))),
    ),
    "sent": _ended(
        "export",
        None,
        *_CHECKING,
        _event("receipt", items=[{"status": "stored"}, {"status": "duplicate"}]),
    ),
    "sent, not confirmed": _ended(
        "export",
        errors.NotConfirmed("unconfirmed"),
        *_CHECKING,
        _event("receipt", items=[{"status": "unconfirmed"}, {"status": "unconfirmed"}]),
        _event("delete_later", text="이 PC에서는 아무것도 삭제하지 않았습니다."),
    ),
    "number, taken back": [
        *_paired("import"),
        _NUMBER,
        _event("peer_step", step="choosing"),
    ],
    **{
        f"sent in vain {reason}": _ended(
            "export",
            outcome.of_results([bodies.ItemResult("rejected", reason)]),
            *_CHECKING[:1],
            _event("receipt", items=[{"status": "rejected", "reason": reason}]),
        )
        for reason in (*bodies.REASONS, "")
    },
    **{name: _ended("import", error) for name, error in _codes().items()},
}
WITHOUT: Final = ("elsewhere", "shut", "gone", "closed")

SHOW: Final = """async ({events, why, language}) => {
  const [L, T, S, Y, A] = await Promise.all(["/web_phone/ui/layout.js", "/web_phone/ui/texts.js",
    "/client_pc/centre/page/screens.js", "/client_pc/centre/page/story.js",
    "/client_pc/centre/page/app.js"]
    .map((path) => import(path)));
  const root = document.getElementById("page");
  const sentences = await (await fetch(`/texts/${language}.json`)).json();
  const texts = new T.Texts(language, sentences);
  const layout = new L.Layout(root, () => undefined);
  layout.speak(texts);
  const act = {answer: () => undefined, code: () => undefined, stop: () => undefined,
    farewell: () => []};
  const fold = (story, event) => Y.after(story, event, performance.now());
  const story = events.reduce(fold, Y.beginning());
  root.className = story.place === "scan" ? "wide" : "";
  layout.show(why ? A.without(texts, why) : S.screenOf(texts, story, act), true);
  const peer = story.isPc ? "other_pc" : "phone";
  if (story.step && !Y.isAsked(story)) layout.peer(texts.say(`story.step.${story.step}.${peer}`));
  const {connection} = story;
  if (connection) layout.connection(texts.say(connection.key, connection.values), connection.kind);
  const left = document.getElementById(S.TIME_LEFT);
  if (left) left.textContent = texts.say("browser.scan.left", {left: "1:47"});
}"""
