"""What a person picks on the phone becomes certificates, half sets, and reasons."""

import random
from pathlib import PurePosixPath
from typing import Any

import pytest

from certrelay.bundle import Item
from certrelay.pki import der, oids, pbe, pkcs12_writing
from certrelay.pki.pkcs12 import KeyPair
from tests.certificates import PASSWORD, authority, person
from tests.pki.test_pkcs12 import bag, certificate_bag, wrapped
from tests.web_phone.conftest import ROLES
from tests.web_phone.node import evaluate
from tests.web_phone.test_zip import packed

OTHER_PASSWORD = "Other-pw99!x"
RUN = """(async () => {
  const drawn = [];
  const selection = new m.Selection(() => drawn.push(selection.isReading));
  const file = ([path, raw]) => {
    const content = bytes(raw);
    return {
      name: path.split("/").pop(), size: content.length,
      webkitRelativePath: path.includes("/") ? path : "",
      arrayBuffer: async () => {
        if (path.endsWith("cloud.p12")) throw new Error("NotReadableError");
        return content.buffer;
      },
    };
  };
  const show = () => ({
    chosen: selection.chosen.map(({name, summary, state, why, note, triesLeft}) => ({
      name, state, why, note, triesLeft, cn: summary.certificate && summary.certificate.cn,
      roles: summary.item.files.map(({role}) => role).join(" "),
      files: Object.fromEntries(
        summary.item.files.map(({role, content}) => [role, hex(content)])),
    })),
    halves: selection.halves.map(({parts}) => parts.map(({role, file}) => [role, file])),
    leftOut: selection.leftOut.map(({reason, names, more}) => [reason, names, more]),
    isReady: selection.isReady,
  });
  const seen = [];
  for (const step of data) {
    if (step.picks !== undefined) {
      await Promise.all(step.picks.map((pick) => selection.add(pick.map(file))));
    }
    if (step.check !== undefined) {
      await selection.check(selection.chosen[step.check], step.password);
    }
    if (step.remove !== undefined) selection.remove(selection.chosen[step.remove]);
    if (step.removeHalf !== undefined) selection.remove(selection.halves[step.removeHalf]);
    seen.push(show());
  }
  return seen;
})()"""

Files = dict[str, bytes]

ONE, TWO = person(1), person(2, "성춘향")
PAIR, OTHER = ONE.npki(PASSWORD), TWO.npki(OTHER_PASSWORD)


def named(item: Item, folder: str = "", form: str = "{}") -> Files:
    """The files of an item as a phone has them; ``form`` changes each name's stem."""
    found = {}
    for file in item.files:
        path = PurePosixPath(ROLES.get(file.role, "CaPubs" if file.role == "caPubs" else "x.p12"))
        found[folder + form.format(path.stem) + path.suffix] = file.content
    return found


def sign_of(item: Item, **named_by: str) -> Files:
    return {n: c for n, c in named(item, **named_by).items() if "km" not in n.lower()}


def picks(*files: Files) -> dict[str, Any]:
    return {"picks": [[[path, raw.hex()] for path, raw in each.items()] for each in files]}


def checked(which: int, password: str) -> dict[str, Any]:
    return {"check": which, "password": password}


def run(*steps: dict[str, Any]) -> list[Any]:
    found: list[Any] = evaluate({"m": "ui/selection.js"}, RUN, list(steps))
    return found


def picked(*files: Files) -> Any:
    """What is there after these picks, one after the other."""
    return run(*[picks(each) for each in files])[-1]


def chosen(seen: Any) -> list[tuple[str, str]]:
    return [(each["cn"][:3], each["roles"]) for each in seen["chosen"]]


BOTH = "signCert signPri kmCert kmPri"
SIGN = "signCert signPri"


def test_a_second_certificate_is_another_one_and_replaces_nothing() -> None:
    seen = picked(named(PAIR), named(OTHER))
    assert chosen(seen) == [("홍길동", BOTH), ("성춘향", BOTH)]
    assert seen["chosen"][0]["files"] == {f.role: f.content.hex() for f in PAIR.files}
    assert seen["chosen"][1]["files"] == {f.role: f.content.hex() for f in OTHER.files}
    assert seen["halves"] == seen["leftOut"] == []


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1)])
def test_four_files_picked_one_by_one_are_one_certificate(order: tuple[int, ...]) -> None:
    files = list(named(PAIR).items())
    seen = run(*[picks(dict([files[at]])) for at in order])
    assert chosen(seen[-1]) == [("홍길동", BOTH)]
    assert seen[-1]["halves"] == []
    assert all(each["leftOut"] == [] for each in seen)


def test_two_certificates_picked_file_by_file() -> None:
    files = [dict([each]) for item in (PAIR, OTHER) for each in sign_of(item).items()]
    seen = picked(*files)
    assert chosen(seen) == [("홍길동", SIGN), ("성춘향", SIGN)]


def test_half_a_set_is_a_checklist() -> None:
    seen = picked({"signCert (2).der": PAIR.files[0].content})
    assert seen["halves"] == [[["signCert", "signCert (2).der"], ["signPri", ""]]]
    assert not seen["isReady"]
    seen = picked({"kmCert.der": PAIR.files[2].content})
    missing = [["signCert", ""], ["signPri", ""], ["kmCert", "kmCert.der"], ["kmPri", ""]]
    assert seen["halves"] == [missing]


def test_a_whole_set_takes_nothing_from_a_half_one() -> None:
    half = {"signCert.der": OTHER.files[0].content}
    seen = picked(half, sign_of(PAIR))
    assert chosen(seen) == [("홍길동", SIGN)]
    assert len(seen["halves"]) == 1


NAMES: dict[str, Files] = {
    "second downloads": sign_of(PAIR, form="{} (2)") | sign_of(OTHER),
    "iOS's copies": sign_of(PAIR, form="{} 2") | sign_of(OTHER),
    "Korean copies": sign_of(PAIR, form="{} - 복사본") | sign_of(OTHER),
    "folders": sign_of(PAIR, folder="NPKI/a/") | sign_of(OTHER, folder="NPKI/b/"),
    "one folder, all upper case": {
        n.upper(): c for n, c in (sign_of(PAIR) | sign_of(OTHER, form="{}(1)")).items()
    },
    "other endings": {
        "signCert.der.bin": PAIR.files[0].content,
        "signPri.key.bin": PAIR.files[1].content,
        "signCert (1).crt": OTHER.files[0].content,
        "signPri (1).key.txt": OTHER.files[1].content,
    },
    "GPKI's names": {
        "001홍길동_sig.cer": PAIR.files[0].content,
        "001홍길동_sig.key": PAIR.files[1].content,
        "002성춘향_sig.cer": OTHER.files[0].content,
        "002성춘향_sig.key": OTHER.files[1].content,
    },
}


@pytest.mark.parametrize("names", NAMES)
def test_names_say_what_belongs_together(names: str) -> None:
    seen = run(picks(NAMES[names]), checked(0, PASSWORD), checked(1, OTHER_PASSWORD))
    assert sorted(chosen(seen[0])) == [("성춘향", SIGN), ("홍길동", SIGN)]
    if seen[0]["chosen"][0]["cn"].startswith("성"):
        seen = run(picks(NAMES[names]), checked(1, PASSWORD), checked(0, OTHER_PASSWORD))
    assert [each["why"] for each in seen[-1]["chosen"]] == ["checked", "checked"]


def test_names_that_say_nothing_are_paired_by_what_is_missing() -> None:
    a, b, c, d = (file.content for file in PAIR.files)
    seen = run(picks({"1": a, "2": b, "3": c, "4": d}), checked(0, PASSWORD))
    assert chosen(seen[0]) == [("홍길동", BOTH)]
    assert (seen[1]["chosen"][0]["why"], seen[1]["chosen"][0]["note"]) == ("checked", "")
    assert seen[1]["chosen"][0]["files"] == {f.role: f.content.hex() for f in PAIR.files}


def test_a_wrong_guess_is_mended_by_the_password() -> None:
    files = {
        "a": PAIR.files[0].content,
        "b": OTHER.files[0].content,
        "c": OTHER.files[1].content,
        "d": PAIR.files[1].content,
    }
    for first, second in ((PASSWORD, OTHER_PASSWORD), (OTHER_PASSWORD, PASSWORD)):
        at = 0 if first == PASSWORD else 1
        seen = run(picks(files), checked(at, first), checked(1 - at, second))
        assert [each["why"] for each in seen[-1]["chosen"]] == ["checked", "checked"]
        for found, item in zip(seen[-1]["chosen"], (PAIR, OTHER), strict=True):
            assert found["files"]["signPri"] == item.files[1].content.hex()
            assert found["triesLeft"] == 5


def test_keys_of_the_two_pairs_that_were_mixed_up_are_exchanged() -> None:
    a, b, c, d = (file.content for file in PAIR.files)
    seen = run(picks({"1": a}), picks({"2": d}), picks({"3": c}), picks({"4": b}))
    assert chosen(seen[-1]) == [("홍길동", BOTH)]
    last = run(
        picks({"1": a}), picks({"2": d}), picks({"3": c}), picks({"4": b}), checked(0, PASSWORD)
    )[-1]["chosen"][0]
    assert (last["why"], last["note"]) == ("checked", "")
    assert last["files"] == {f.role: f.content.hex() for f in PAIR.files}


def test_another_certificates_key_is_told_when_the_password_opens_it() -> None:
    files = {"signCert.der": PAIR.files[0].content, "signPri.key": OTHER.files[1].content}
    seen = run(picks(files), checked(0, PASSWORD), checked(0, OTHER_PASSWORD))
    assert [each["why"] for each in seen[1]["chosen"]] == ["wrong_password"]
    assert [(e["state"], e["why"]) for e in seen[2]["chosen"]] == [("failed", "key_mismatch")]


def test_the_same_files_again_are_said_to_be_there() -> None:
    seen = picked(named(PAIR), named(PAIR, form="{} (1)"))
    assert chosen(seen) == [("홍길동", BOTH)]
    assert seen["leftOut"][0][0] == "already"
    assert len(seen["leftOut"][0][1]) == 4


def test_one_certificate_under_two_passwords_is_two() -> None:
    seen = picked(sign_of(PAIR, folder="a/") | sign_of(ONE.npki(OTHER_PASSWORD), folder="b/"))
    assert chosen(seen) == [("홍길동", SIGN)] * 2


def test_a_whole_set_takes_the_place_of_its_own_half() -> None:
    seen = picked({"signCert.der": PAIR.files[0].content}, sign_of(PAIR, form="{} (1)"))
    assert chosen(seen) == [("홍길동", SIGN)]
    assert seen["halves"] == []


def test_a_lone_km_file_is_left_behind_and_noted() -> None:
    for lone in ("kmCert.der", "kmPri.key"):
        files = {n: c for n, c in named(PAIR).items() if n != lone}
        seen = picked(files)
        assert chosen(seen) == [("홍길동", SIGN)]
        assert seen["chosen"][0]["note"] == "km_incomplete"
        seen = picked(files, {lone: named(PAIR)[lone]})
        assert chosen(seen) == [("홍길동", BOTH)]
        assert seen["chosen"][0]["note"] == ""


def test_a_km_key_under_another_password_is_noted_and_the_pair_goes() -> None:
    assert ONE.km is not None
    files = named(PAIR)
    files["kmPri.key"] = pbe.encrypt(
        pbe.seed_pbes2(bytes(8), bytes(16)), ONE.km.key.der, OTHER_PASSWORD
    )
    seen = run(picks(files), checked(0, PASSWORD))[-1]["chosen"][0]
    assert (seen["state"], seen["why"], seen["note"]) == ("ready", "checked", "km_other_password")
    files["kmPri.key"] = ONE.npki(PASSWORD).files[1].content
    seen = run(picks(files), checked(0, PASSWORD))[-1]["chosen"][0]
    assert (seen["why"], seen["note"]) == ("checked", "km_mismatch")


FIELD, MODERN = ONE.pkcs12(PASSWORD, "field"), TWO.pkcs12(OTHER_PASSWORD, "modern")


def test_a_pkcs12_file_has_its_name_and_shows_its_owner_when_it_is_open() -> None:
    files = {"my cert.pfx": FIELD.files[0].content, "b.p12.bin": MODERN.files[0].content}
    seen = run(picks(files), checked(0, "wrong"), checked(0, PASSWORD), checked(1, OTHER_PASSWORD))
    first = seen[0]["chosen"]
    assert [(e["name"], e["state"]) for e in first] == [
        ("my cert.pfx", "locked"),
        ("b.p12.bin", "locked"),
    ]
    assert [each["cn"] is None for each in first] == [False, True]
    assert seen[1]["chosen"][0]["triesLeft"] == 4
    assert [each["why"] for each in seen[3]["chosen"]] == ["checked", "checked"]
    assert seen[3]["chosen"][1]["cn"].startswith("성춘향")
    assert seen[3]["isReady"]


def test_one_password_opens_all_that_it_fits() -> None:
    files = {"a.p12": FIELD.files[0].content} | named(PAIR) | {"b.p12": MODERN.files[0].content}
    seen = run(picks(files), checked(1, PASSWORD))[-1]
    states = {each["name"]: (each["state"], each["triesLeft"]) for each in seen["chosen"]}
    assert states == {"": ("ready", 5), "a.p12": ("ready", 5), "b.p12": ("locked", 5)}


def test_five_wrong_passwords_end_it() -> None:
    seen = run(picks(named(PAIR)), *[checked(0, f"wrong {at}") for at in range(6)])
    lefts = [each["chosen"][0]["triesLeft"] for each in seen]
    assert lefts == [5, 4, 3, 2, 1, 0, 0]
    assert (seen[-1]["chosen"][0]["state"], seen[-1]["chosen"][0]["why"]) == (
        "failed",
        "password_tries",
    )


def test_a_key_that_no_password_protects_is_said_to() -> None:
    inner = der.sequence(
        certificate_bag(ONE.sign.certificate.der), bag(oids.KEY_BAG, ONE.sign.key.der)
    )
    seen = picked({"open.p12": wrapped(bag(oids.SAFE_CONTENTS_BAG, inner))})
    assert [(e["state"], e["why"]) for e in seen["chosen"]] == [("ready", "plain")]


def test_its_own_zip_and_any_other_is_opened() -> None:
    own = evaluate(
        {"zip": "core/zip.js"},
        "hex(zip.writeZip(data.map(([p, r]) => ({path: p.split('/'), content: bytes(r)}))))",
        [
            [path, raw.hex()]
            for path, raw in (
                named(PAIR, "NPKI/yessign/USER/cn=a/") | named(OTHER, "NPKI/yessign/USER/cn=b/")
            ).items()
        ],
    )
    seen = picked({"NPKI.zip": bytes.fromhex(own)})
    assert chosen(seen) == [("홍길동", BOTH), ("성춘향", BOTH)]
    flat = packed(named(PAIR) | {"readme.txt": b"hello", "a.p12": FIELD.files[0].content})
    seen = picked({"flat.zip": flat, "b.p12": MODERN.files[0].content})
    assert sorted(each["roles"] for each in seen["chosen"]) == ["pkcs12", "pkcs12", BOTH]
    assert seen["leftOut"] == [["other_file", ["readme.txt"], 0]]


def test_what_is_left_out_is_named_with_its_reason() -> None:
    plain = ONE.sign.key.der
    broken = bytearray(packed({"a.der": PAIR.files[0].content}))
    broken[60] ^= 255
    files = {
        "holiday.jpg": b"\xff\xd8" + bytes(300),
        "large.p12": bytes(65_537),
        "film.mp4": bytes(70_000),
        "empty.der": b"",
        "key.pem": plain,
        "root.cer": authority().certificate.der,
        "cloud.p12": b"x",
        "no.zip": b"PK\x03\x04",
        "damaged.zip": bytes(broken),
        "nested.zip": packed({"inner.zip": packed({"a.der": b"x"})}),
        ".DS_Store": b"x",
        "cut.p12": FIELD.files[0].content[:-1],
        "none.p12": wrapped(certificate_bag(ONE.sign.certificate.der)),
    }
    left = {reason: names for reason, names, _ in picked(files)["leftOut"]}
    assert left == {
        "other_file": ["cut.p12", "holiday.jpg", "film.mp4"],
        "too_large_file": ["large.p12"],
        "empty_file": ["empty.der"],
        "plain_key": ["key.pem"],
        "authority": ["root.cer"],
        "unreadable_file": ["cloud.p12"],
        "bad_zip": ["no.zip"],
        "zip_damaged": ["a.der"],
        "zip_in_zip": ["inner.zip"],
        "bad_pkcs12": ["none.p12"],
    }


def test_a_bomb_in_a_zip_is_not_inflated() -> None:
    bomb = packed({"signCert.der": bytes(20_000_000), "a.p12": FIELD.files[0].content})
    seen = picked({"bomb.zip": bomb})
    assert [each["name"] for each in seen["chosen"]] == ["a.p12"]
    assert seen["leftOut"] == [["too_large_file", ["signCert.der"], 0]]
    many = packed({f"{at}.txt": bytes(60_000) for at in range(300)})
    reasons = {
        reason: len(names) + more for reason, names, more in picked({"z.zip": many})["leftOut"]
    }
    assert set(reasons) == {"other_file", "too_many_files"}
    assert reasons["other_file"] < 150


def test_of_a_folder_with_thousands_the_likely_ones_are_read() -> None:
    junk = {f"DCIM/{at}.jpg": b"\xff\xd8\xff" for at in range(2000)}
    seen = picked(junk | named(PAIR, "NPKI/yessign/USER/cn=x/"))
    assert chosen(seen) == [("홍길동", BOTH)]
    left = {reason: (len(names), more) for reason, names, more in seen["leftOut"]}
    assert left["other_file"] == (5, 491)
    assert left["too_many_files"] == (5, 1499)


def test_of_a_zip_with_thousands_the_likely_ones_are_read() -> None:
    junk = {f"DCIM/{at}.jpg": b"x" for at in range(3000)}
    seen = picked({"all.zip": packed(junk | named(PAIR, "NPKI/yessign/USER/cn=x/"))})
    assert chosen(seen) == [("홍길동", BOTH)]
    left = {reason: (len(names), more) for reason, names, more in seen["leftOut"]}
    # The ZIP file itself counts, too.
    assert left == {"other_file": (5, 490), "too_many_files": (5, 2500)}


def test_text_forms_are_read_and_become_der() -> None:
    import base64

    cert, key = PAIR.files[0].content, PAIR.files[1].content

    def pem(label: str, raw: bytes) -> bytes:
        body = base64.encodebytes(raw).decode()
        return f"-----BEGIN {label}-----\n{body}-----END {label}-----\n".encode()

    both = pem("CERTIFICATE", cert) + pem("ENCRYPTED PRIVATE KEY", key)
    forms: list[Files] = [
        {
            "signCert.pem": pem("CERTIFICATE", cert),
            "signPri.pem": pem("ENCRYPTED PRIVATE KEY", key),
        },
        {"hong.pem": both},
        {"signCert.cer": base64.b64encode(cert), "signPri.key": key},
        {"signCert.cer": b"\xef\xbb\xbf" + pem("CERTIFICATE", cert), "signPri.key": key},
    ]
    for form in forms:
        seen = run(picks(form), checked(0, PASSWORD))[-1]
        assert chosen(seen) == [("홍길동", SIGN)]
        assert seen["chosen"][0]["files"] == {"signCert": cert.hex(), "signPri": key.hex()}
        assert seen["chosen"][0]["why"] == "checked"


def test_bytes_after_the_files_are_kept() -> None:
    files = {n: c + b"\r\n" + bytes(44) for n, c in sign_of(PAIR).items()}
    seen = run(picks(files), checked(0, PASSWORD))[-1]["chosen"][0]
    assert seen["why"] == "checked"
    assert list(seen["files"].values()) == [content.hex() for content in files.values()]


def test_ca_pubs_goes_along_with_each_of_its_folder() -> None:
    item = ONE.npki(PASSWORD, ca_pubs=True)
    seen = picked(named(item, "NPKI/yessign/USER/cn=x/"))
    assert chosen(seen) == [("홍길동", f"{BOTH} caPubs")]


def test_no_more_than_twenty_are_chosen() -> None:
    files = {f"{at}.p12": pkcs12_of(at) for at in range(23)}
    seen = picked(files)
    assert len(seen["chosen"]) == 20
    assert seen["leftOut"] == [["too_many_selected", ["20.p12", "21.p12", "22.p12"], 0]]


def pkcs12_of(number: int) -> bytes:
    pair = KeyPair(ONE.sign.certificate, ONE.sign.key, f"{number}")
    return pkcs12_writing.write([pair], [], PASSWORD, random.Random(number).randbytes, "field")


def test_removing_makes_room_and_a_removed_one_can_be_picked_again() -> None:
    seen = run(
        picks(named(PAIR)),
        picks({"signCert.der": OTHER.files[0].content}),
        {"removeHalf": 0},
        {"remove": 0},
        picks(named(PAIR)),
    )
    assert [len(each["chosen"]) for each in seen] == [1, 1, 1, 0, 1]
    assert [len(each["halves"]) for each in seen] == [0, 1, 0, 0, 0]
    assert seen[-1]["leftOut"] == []


def test_what_was_checked_stays_checked_when_more_is_picked() -> None:
    seen = run(picks(sign_of(PAIR)), checked(0, PASSWORD), picks(named(OTHER)))
    assert [each["state"] for each in seen[-1]["chosen"]] == ["ready", "locked"]
    assert not seen[-1]["isReady"]


def test_picks_that_come_at_once_are_taken_one_after_the_other() -> None:
    halves = [dict([each]) for each in sign_of(PAIR).items()]
    assert chosen(run(picks(*halves, {}))[-1]) == [("홍길동", SIGN)]


def test_strange_names_and_contents_never_break_it() -> None:
    dice = random.Random(4)
    pieces = [file.content for item in (PAIR, OTHER, FIELD, MODERN) for file in item.files]
    names = [
        "../../x",
        "\u202ecod.exe",
        "a" * 300,
        "_sig.cer",
        "signCert",
        "km",
        ".p12",
        "NUL",
        "%00",
    ]
    files = {}
    for at in range(150):
        content = bytearray(dice.choice(pieces))
        for _ in range(dice.randint(0, 2)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        cut = dice.choice([len(content), dice.randrange(len(content))])
        files[f"{dice.choice(names)}{at if dice.random() < 0.7 else ''}"] = bytes(content[:cut])
    seen = run(picks(files), *[checked(at, PASSWORD) for at in range(3)])
    assert all(each["state"] != "checking" for each in seen[-1]["chosen"])
