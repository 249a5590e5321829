"""The management commands, run as a script runs them: verify, passwd, convert, delete, list."""

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certrelay.bundle import Item
from certrelay.client.json_events import violations
from certrelay.client.store.reading import read_item
from certrelay.client.store.store import Store
from certrelay.errors import ExitStatus
from certrelay.pki import npki, pbe, pkcs12, rewrap
from certrelay.pki.certificate import Certificate, parse_chain
from certrelay.pki.check import inspect
from certrelay.pki.validity import last_day
from certrelay.testkit.ca import TEST_IDN, Authority, Owner
from certrelay.texts import Texts
from tests.certificates import PASSWORD, key
from tests.flows.programs import ROOT, environment
from tests.patience import PATIENCE_S
from tests.pki.make_files import pem
from tests.pki.test_unprotected import file_of

NEW = "Newpw!8274xz"


def run(*arguments: str | Path, given: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "client_pc", *map(str, arguments)],
        input=given,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        cwd=ROOT,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def events(*arguments: str | Path, given: str = "") -> tuple[int, list[dict[str, Any]]]:
    status, out, _ = run(*arguments, "--json", given=given)
    told = [json.loads(line) for line in out.splitlines()]
    assert [fault for event in told for fault in violations(event)] == []
    return status, told


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "NPKI"


def now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def issued(days_left: int = 200, name: str = "홍길동", number: int = 1) -> Item:
    """A certificate that is good, or over, on the day on which the test runs."""
    today = now()
    authority = Authority(today - timedelta(days=400), key=key(99))
    end = today + timedelta(days=days_left)
    made = authority.issue(
        Owner(name, number), end - timedelta(days=365), end, sign_key=key(1), km_key=key(51)
    )
    return made.npki(PASSWORD, ca_pubs=True)


def put(store: Path, item: Item) -> Path:
    return Store(store).save(item, inspect(item).place).path


# --- verify ---


def test_a_sound_certificate_holds_in_every_point(store: Path) -> None:
    put(store, issued())
    status, told = events("verify", "1", "--store", store, "--idn", given=f"{PASSWORD}\n{TEST_IDN}")
    assert status == ExitStatus.OK
    answers = {event["question"]: event["answer"] for event in told if event["event"] == "finding"}
    assert set(answers) >= {"structure", "password", "key", "km", "vid", "identity", "validity"}
    assert {answer for question, answer in answers.items() if question != "revocation"} == {"holds"}
    assert told[-1]["event"] == "verified"
    assert told[-1]["holds"] is True


def test_an_expired_certificate_that_is_sound_otherwise_says_exactly_that(store: Path) -> None:
    put(store, issued(days_left=-3))
    status, told = events("verify", "1", "--store", store, given=PASSWORD)
    assert status == ExitStatus.CERTIFICATE
    assert told[-2]["only_expired"] is True
    assert told[-1]["code"] == "expired_but_sound"


@pytest.mark.parametrize(
    ("given", "code", "status"),
    [
        ("wrong", "wrong_password", ExitStatus.PASSWORD),
        ("", "no_password", ExitStatus.PASSWORD),
        (f"{PASSWORD}\n9999999999", "not_sound", ExitStatus.CERTIFICATE),
    ],
)
def test_what_does_not_hold_is_no_success(
    store: Path, given: str, code: str, status: ExitStatus
) -> None:
    put(store, issued())
    ended, told = events("verify", "1", "--store", store, "--idn", given=given + "\n\n")
    assert (ended, told[-1]["code"]) == (status, code)


def test_without_a_password_a_fault_is_still_named_first(store: Path) -> None:
    put(store, issued(days_left=-3))
    status, told = events("verify", "1", "--store", store, given="\n")
    assert (status, told[-1]["code"]) == (ExitStatus.CERTIFICATE, "expired_but_sound")


def test_a_file_that_is_not_there_is_no_name_of_a_certificate(store: Path) -> None:
    put(store, issued())
    status, _, err = run("show", "none.p12", "--store", store, "--lang", "en")
    assert status == ExitStatus.CERTIFICATE
    assert "none.p12" in err
    assert "cannot be read" in err


def test_a_folder_and_a_file_can_be_named_by_their_path(store: Path) -> None:
    folder = put(store, issued())
    for target in (folder, folder / "signCert.der"):
        status, _, _ = run("verify", target, given=f"{PASSWORD}\n")
        assert status == ExitStatus.OK


def test_a_km_file_without_its_other_half_is_named_and_stops_nothing(store: Path) -> None:
    folder = put(store, issued())
    (folder / "kmPri.key").unlink()
    status, out, err = run("verify", folder, "--lang", "en", given=f"{PASSWORD}\n")
    assert status == ExitStatus.OK, out + err
    assert "kmCert.der" in err


def test_a_km_key_under_another_password_is_told_from_a_wrong_password(
    store: Path, other_km: Path
) -> None:
    command = ("verify", other_km, "--lang", "en")
    for given in (f"{PASSWORD}\n", f"{PASSWORD}\n\n"):
        status, out, err = run(*command, given=given)
        assert status == ExitStatus.OK, err
        assert "another password than the signing key" in out
        assert "signing certificate is fine" in err
    status, out, err = run(*command, given=f"{PASSWORD}\nOther-pw99!x\n")
    assert status == ExitStatus.OK, err
    assert "pair: holds" in out
    status, out, err = run(*command, given=f"{PASSWORD}\nanother-1!\n")
    assert status == ExitStatus.PASSWORD
    assert "that was typed does not open it" in out
    assert "Enter" in err


def test_a_certificate_before_its_first_day_is_no_reason_for_a_reissue(store: Path) -> None:
    folder = put(store, issued(days_left=400))
    begins = Certificate.read((folder / "signCert.der").read_bytes()).not_before
    assert begins is not None
    first_day = last_day(begins)
    status, out, err = run("verify", folder, "--lang", "en", given=f"{PASSWORD}\n")
    assert status == ExitStatus.CERTIFICATE
    assert f"Validity: FAILS (from {first_day} on)" in out
    assert f"used from {first_day} on" in err
    assert "need not be issued again" in err


def test_a_file_that_holds_no_authority_is_named(store: Path, tmp_path: Path) -> None:
    folder = put(store, issued())
    wrong = tmp_path / "root.p12"
    wrong.write_bytes(file_of(mac=True).files[0].content)
    status, _, err = run("verify", folder, "--ca", wrong, "--lang", "en", given=f"{PASSWORD}\n")
    assert status == ExitStatus.CERTIFICATE
    assert "root.p12" in err
    assert "signCert.der" not in err


@pytest.mark.parametrize("form", ["pem", "der"])
def test_authorities_and_pairs_in_pem_are_read(store: Path, tmp_path: Path, form: str) -> None:
    folder = put(store, issued())
    above = parse_chain((folder / "CaPubs").read_bytes())[0].der
    (tmp_path / "ca").write_bytes(pem("CERTIFICATE", above) if form == "pem" else above + b"\n")
    certificate, sealed = folder / "signCert.der", folder / "signPri.key"
    certificate.write_bytes(pem("CERTIFICATE", certificate.read_bytes()))
    sealed.write_bytes(pem("ENCRYPTED PRIVATE KEY", sealed.read_bytes()))
    command = ("verify", folder, "--ca", tmp_path / "ca", "--lang", "en")
    status, out, err = run(*command, given=f"{PASSWORD}\n")
    assert status == ExitStatus.OK, out + err
    assert "by the authority given" in out


def test_a_sealed_file_says_so_and_shows_all_with_its_password(store: Path, tmp_path: Path) -> None:
    folder = put(store, issued())
    made = rewrap.to_pkcs12(read_item(folder), PASSWORD, PASSWORD, os.urandom, "modern")
    sealed = tmp_path / "a.p12"
    sealed.write_bytes(made.files[0].content)
    certificate = Certificate.parse((folder / "signCert.der").read_bytes())
    status, out, err = run("show", sealed, "--lang", "en")
    assert status == ExitStatus.OK, err
    assert "--open" in err
    assert certificate.cn in out, "what the file calls its key can be read"
    assert "AES-256, PBKDF2 SHA-256, 100000" in out
    assert "certrelay Test Root CA" not in out
    status, out, err = run("show", sealed, "--open", "--lang", "en", given=f"{PASSWORD}\n")
    assert status == ExitStatus.OK, err
    for shown in (certificate.fingerprint, "certrelay Test Root CA", "RSA 1024", "RSA SHA-256"):
        assert shown in out, shown
    status, out, err = run("verify", sealed, "--lang", "en", given=f"{PASSWORD}\n")
    assert status == ExitStatus.OK, out + err
    for shown in (certificate.cn, "certrelay Test Root CA", "banking, card, insurance"):
        assert shown in out, shown
    (store / "PKCS12").mkdir()
    (store / "PKCS12" / "0123456789abcdef.p12").write_bytes(made.files[0].content)
    _, out, _ = run("list", "--store", store)
    assert out.count("홍길동") == 2


def test_show_tells_everything_of_a_pair(store: Path) -> None:
    folder = put(store, issued())
    (folder / "signPri.key").write_bytes((folder / "signPri.key").read_bytes() + bytes(46))
    certificate = folder / "signCert.der"
    certificate.write_bytes(pem("CERTIFICATE", certificate.read_bytes()))
    _, (told, *_) = events("show", folder)
    for name in ("not_before", "not_after", "policies", "km_serial", "key", "signature"):
        assert told[name], name
    assert told["encryption"] == ["SEED, PBKDF2 SHA-1, 2048"]
    assert told["protected"] is True
    status, out, err = run("show", folder, "--lang", "en")
    assert status == ExitStatus.OK
    assert "46 bytes" in err
    assert "PEM" in err
    for shown in ("Valid from", "Key management", "SEED, PBKDF2 SHA-1, 2048", "RSA 1024"):
        assert shown in out, shown


@pytest.mark.parametrize("named", ["", "NPKI/yessign", "NPKI/yessign/USER"])
def test_a_store_one_level_off_is_read_and_written_and_said(tmp_path: Path, named: str) -> None:
    stick = tmp_path / "usb"
    put(stick / "NPKI", issued())
    status, out, err = run("list", "--store", stick / named, "--lang", "en")
    assert status == ExitStatus.OK
    assert "홍길동" in out
    assert f"NPKI folder: {stick / 'NPKI'}" in err
    command = ("convert", "1", "--store", stick / named, "--to", "p12")
    status, out, err = run(*command, given=f"{PASSWORD}\n")
    assert status == ExitStatus.OK, err
    assert Path(out.strip()).parent == stick / "NPKI" / "PKCS12"


# --- passwd ---


def test_a_new_password_keeps_certificate_key_and_vid(store: Path) -> None:
    folder = put(store, issued())
    before = read_item(folder)
    status, _, err = run("passwd", "1", "--store", store, given=f"{PASSWORD}\n{NEW}\n{NEW}\n")
    assert status == ExitStatus.OK, err
    after = read_item(folder)
    for certificate, sealed in (("signCert", "signPri"), ("kmCert", "kmPri")):
        assert after.get(certificate) == before.get(certificate)
        parsed = Certificate.parse(before.get(certificate) or b"")
        old = npki.check_password(parsed, before.get(sealed) or b"", PASSWORD)
        new = npki.check_password(parsed, after.get(sealed) or b"", NEW)
        assert old.der == new.der
    assert sorted(path.name for path in store.iterdir()) == ["yessign"], "nothing is left over"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (f"{PASSWORD}\nshort\n", "weak_password"),
        (f"{PASSWORD}\n{NEW}\n{NEW}x\n", "passwords_differ"),
        ("wrong\n", "wrong_password"),
        (f"wrong\n{PASSWORD}\n{NEW}\n{NEW}\n", "wrong_password"),  # the rest is not for it
    ],
)
def test_a_password_that_cannot_be_taken_changes_nothing(
    store: Path, given: str, code: str
) -> None:
    folder = put(store, issued())
    before = read_item(folder)
    status, told = events("passwd", "1", "--store", store, given=given)
    assert (status, told[-1]["code"]) == (ExitStatus.PASSWORD, code)
    assert read_item(folder) == before


def test_a_byte_order_mark_in_front_of_a_password_is_none_of_it(store: Path) -> None:
    put(store, issued())
    given = f"\ufeff{PASSWORD}\r\n{NEW}\r\n{NEW}\r\n"
    status, _, err = run("passwd", "1", "--store", store, given=given)
    assert status == ExitStatus.OK, err


# --- convert ---


@pytest.mark.parametrize("style", ["modern", "field"])
def test_there_and_back_gives_the_same_plain_keys(store: Path, tmp_path: Path, style: str) -> None:
    before = read_item(put(store, issued()))
    arguments = ("convert", "1", "--store", store, "--to", "p12", "--style", style)
    status, out, err = run(*arguments, given=f"{PASSWORD}\n")
    assert status == ExitStatus.OK, err
    file = Path(out.strip())
    assert file.parent == store / "PKCS12"
    other = tmp_path / "other"
    status, out, err = run("convert", file, "--store", other, "--to", "npki", given=PASSWORD)
    assert status == ExitStatus.OK, err
    after = read_item(Path(out.strip()))
    for certificate, sealed in (("signCert", "signPri"), ("kmCert", "kmPri")):
        assert after.get(certificate) == before.get(certificate)
        old = npki.open_key(before.get(sealed) or b"", PASSWORD)
        assert npki.open_key(after.get(sealed) or b"", PASSWORD).der == old.der
    opened = pkcs12.open_file(file.read_bytes(), PASSWORD)
    assert opened.pairs[0].key.vid_random is not None


@pytest.mark.parametrize(("km", "pairs"), [((), 2), (("--km", "without"), 1)])
def test_a_converted_file_is_in_the_fields_style_and_says_so(
    store: Path, km: tuple[str, ...], pairs: int
) -> None:
    put(store, issued())
    command: tuple[str | Path, ...] = ("convert", "1", "--store", store, "--to", "p12", *km)
    status, out, err = run(*command, given=f"{PASSWORD}\n")
    assert status == ExitStatus.OK, err
    assert "3DES" in err
    content = Path(out.strip()).read_bytes()
    assert not pkcs12.outline(content).certificates_sealed
    assert len(pkcs12.open_file(content, PASSWORD).pairs) == pairs


@pytest.fixture
def other_km(store: Path) -> Path:
    """A pair whose km key has another password."""
    folder = put(store, issued())
    path = folder / "kmPri.key"
    plain = npki.open_key(path.read_bytes(), PASSWORD).der
    path.write_bytes(pbe.encrypt(pbe.seed_pbes1(bytes(8)), plain, "Other-pw99!x"))
    return folder


@pytest.mark.parametrize(("answer", "pairs"), [("Other-pw99!x", 2), ("", 1)])
def test_a_km_key_under_another_password_is_asked_for_or_left_out(
    store: Path, other_km: Path, answer: str, pairs: int
) -> None:
    command: tuple[str | Path, ...] = (
        "convert",
        other_km,
        "--store",
        store,
        "--to",
        "p12",
        "--lang",
        "en",
    )
    status, out, err = run(*command, given=f"{PASSWORD}\n{answer}\n")
    assert status == ExitStatus.OK, err
    assert "key management" in err
    assert len(pkcs12.open_file(Path(out.strip()).read_bytes(), PASSWORD).pairs) == pairs


def test_without_an_answer_the_error_names_both_ways_out(store: Path, other_km: Path) -> None:
    command: tuple[str | Path, ...] = (
        "convert",
        other_km,
        "--store",
        store,
        "--to",
        "p12",
        "--lang",
        "en",
    )
    status, _, err = run(*command, given=f"{PASSWORD}\n")
    assert status == ExitStatus.PASSWORD
    assert "signing certificate is fine" in err
    assert "--km without" in err
    status, out, err = run(*command, "--km", "without", given=f"{PASSWORD}\n")
    assert status == ExitStatus.OK, err
    assert len(pkcs12.open_file(Path(out.strip()).read_bytes(), PASSWORD).pairs) == 1


@pytest.mark.parametrize(("answer", "opens_with"), [("Other-pw99!x", NEW), ("", "Other-pw99!x")])
def test_passwd_changes_the_km_key_too_or_leaves_it(
    store: Path, other_km: Path, answer: str, opens_with: str
) -> None:
    given = f"{PASSWORD}\n{answer}\n{NEW}\n{NEW}\n"
    status, _, err = run("passwd", other_km, "--store", store, given=given)
    assert status == ExitStatus.OK, err
    npki.open_key((other_km / "signPri.key").read_bytes(), NEW)
    npki.open_key((other_km / "kmPri.key").read_bytes(), opens_with)


def test_passwd_and_convert_encrypt_a_key_that_no_password_protects(
    store: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain.p12"
    plain.write_bytes(file_of(mac=True).files[0].content)
    command: tuple[str | Path, ...] = (
        "convert",
        plain,
        "--store",
        store,
        "--to",
        "npki",
        "--lang",
        "en",
    )
    status, out, err = run(*command, given=f"{NEW}\n{NEW}\n")
    assert status == ExitStatus.OK, err
    assert "No password protects" in err
    npki.open_key((Path(out.strip()) / "signPri.key").read_bytes(), NEW)
    status, _, err = run("passwd", plain, given=f"{NEW}\n{NEW}\n")
    assert status == ExitStatus.OK, err
    assert pkcs12.outline(plain.read_bytes()).protected
    pkcs12.open_file(plain.read_bytes(), NEW)


def test_a_pair_with_a_plain_key_is_listed_and_gets_a_password(store: Path, tmp_path: Path) -> None:
    folder = put(store, issued())
    for name in ("signPri.key", "kmPri.key"):
        path = folder / name
        path.write_bytes(npki.open_key(path.read_bytes(), PASSWORD).der)
    status, _, err = run("list", "--store", store, "--lang", "en")
    assert status == ExitStatus.OK
    assert "No password protects" in err
    status, out, err = run("show", folder, "--open", "--lang", "en")
    assert status == ExitStatus.OK, err
    assert "none (no password protects it)" in out
    status, told = events("verify", folder)
    assert (status, told[-1]["code"]) == (ExitStatus.CERTIFICATE, "key_not_encrypted")
    status, told = events("export", "1", "--store", store, "--listen", "127.0.0.1")
    assert (status, told[-1]["code"]) == (ExitStatus.CERTIFICATE, "key_not_encrypted")
    assert "password_wanted" not in [event["event"] for event in told], "no password helps"
    made = ("convert", folder, "--store", tmp_path / "other", "--to", "p12", "--lang", "en")
    status, out, err = run(*made, given=f"{NEW}\n{NEW}\n")
    assert status == ExitStatus.OK, err
    assert "The source stays as it is" in err
    assert len(pkcs12.open_file(Path(out.strip()).read_bytes(), NEW).pairs) == 2
    status, _, err = run("passwd", folder, "--lang", "en", given=f"{NEW}\n{NEW}\n")
    assert status == ExitStatus.OK, err
    assert "has a password now" in err
    for name in ("signPri.key", "kmPri.key"):
        npki.open_key((folder / name).read_bytes(), NEW)


def test_converting_to_what_it_is_already_says_so(store: Path) -> None:
    put(store, issued())
    status, told = events("convert", "1", "--store", store, "--to", "npki", given=PASSWORD)
    assert (status, told[-1]["code"]) == (ExitStatus.USAGE, "same_kind")


# --- delete ---


def test_delete_names_what_goes_and_asks(store: Path) -> None:
    folder = put(store, issued())
    status, out, err = run("delete", "1", "--store", store, "--lang", "en", given="\n")
    assert (status, out) == (ExitStatus.NOT_CONFIRMED, "")
    for name in ("signCert.der", "signPri.key", "kmCert.der", "kmPri.key", str(folder)):
        assert name in err
    assert folder.exists()
    status, _, _ = run("delete", "1", "--store", store, given="y\n")
    assert status == ExitStatus.OK
    assert not folder.exists()


# --- list and show ---


def test_list_tells_kind_owner_issuer_end_and_state(store: Path) -> None:
    put(store, issued())
    put(store, issued(days_left=-2, name="이몽룡", number=2))
    status, out, _ = run("list", "--store", store, "--lang", "ko")
    assert status == ExitStatus.OK
    head, *rows = out.splitlines()
    assert head.split()[1:] == ["구분", "사용자", "발급자", "만료일", "상태"]
    assert [row.rsplit(maxsplit=1)[-1] for row in rows] == ["만료", "정상"]
    assert all(Texts("ko").say("holder.personal") in row for row in rows)


def test_a_broken_certificate_is_listed_with_what_is_wrong(store: Path) -> None:
    folder = put(store, issued())
    (folder / "signPri.key").unlink()
    status, told = events("list", "--store", store)
    assert status == ExitStatus.OK
    assert told[0]["error"] == "missing_sign_key"
    _, _, err = run("list", "--store", store, "--lang", "en")
    assert "signPri.key" in err


def test_gpki_folders_are_among_all_places(tmp_path: Path) -> None:
    folder = tmp_path / "GPKI" / "Certificate" / "class2"
    folder.mkdir(parents=True)
    for role, end in {"signCert": "sig.cer", "signPri": "sig.key"}.items():
        (folder / f"085hong001_{end}").write_bytes(issued().get(role) or b"")
    done = subprocess.run(
        [sys.executable, "-m", "client_pc", "list", "--all-places", "--json"],
        capture_output=True,
        encoding="utf-8",
        env=environment(HOME=str(tmp_path), USERPROFILE=str(tmp_path)),
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    (told,) = [event for event in events if event["event"] == "certificate"]
    assert told["path"] == str(folder / "085hong001_sig.cer")


def test_the_same_certificate_in_two_places_is_told(store: Path) -> None:
    folder = put(store, issued())
    shutil.copytree(folder, folder.with_name("a copy"))
    _, told = events("list", "--store", store)
    entries = [event for event in told if event["event"] == "certificate"]
    assert [entry["same_as"] for entry in entries] == [None, entries[0]["path"]]


def test_show_takes_a_serial_and_a_part_of_the_name(store: Path) -> None:
    item = issued()
    put(store, item)
    serial = Certificate.parse(item.get("signCert") or b"").serial
    for target in (str(serial), hex(serial), "길동"):
        status, told = events("show", target, "--store", store)
        assert status == ExitStatus.OK
        assert told[0]["serial"] == str(serial)
        assert told[0]["faults"] == []


def test_a_name_with_escape_sequences_never_reaches_the_terminal(store: Path) -> None:
    put(store, issued(name="\x1b[2J\u202e\x07홍"))
    for command in (("list",), ("show", "1")):
        for form in ((), ("--json",)):
            _, out, err = run(*command, "--store", store, *form)
            assert not set("\x1b\u202e\x07") & set(out + err)
