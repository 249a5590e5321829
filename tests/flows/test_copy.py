"""The main job with three real programs: what arrives is what was sent, byte for byte."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.errors import ExitStatus
from certrelay.pki import npki, pkcs12
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill, three_items
from tests.flows.programs import ROOT, Bench, Client, bench, environment, receipt_of
from tests.homes import one_home
from tests.patience import PATIENCE_S


def test_three_certificates_come_from_the_phone_in_one_pairing(desk: Bench) -> None:
    fill(desk.phone_store, *three_items())
    pc = desk.pc("import")
    pc.expect("waiting")
    phone = desk.phone("--send", "1", "--send", "2", "--send", "3")
    phone.expect("password_wanted")
    phone.answer(PASSWORD)
    number = pc.expect("number")["number"]
    phone.expect("number_wanted")
    phone.answer(f"{number[:3]} {number[3:]}")
    offer = pc.expect("offer")
    pc.expect("save_wanted")
    assert not files_below(desk.pc_store), "nothing is written before the person said yes"
    pc.answer("y")
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
    assert files_below(desk.pc_store) == files_below(desk.phone_store)
    assert len(files_below(desk.pc_store)) == 4 + 5 + 1
    assert [item["kind"] for item in offer["items"]] == ["npki", "npki", "pkcs12"]
    assert offer["items"][0]["not_after"] == "2027-01-01T14:59:59+00:00"
    assert [i["status"] for i in phone.last("receipt")["items"]] == ["stored"] * 3
    assert pc.names()[-1] == phone.names()[-1] == "done"
    assert not desk.picture.exists()
    assert not desk.url_file.exists()


@one_home
def test_the_saved_event_tells_the_path_and_every_digest(desk: Bench) -> None:
    fill(desk.phone_store, person().npki(PASSWORD))
    copy_to_pc(desk, "--send", "홍길동")
    saved = desk.clients[0].last("saved")
    folder = Path(saved["path"])
    assert folder.parent == desk.pc_store / "yessign" / "USER"
    for name, digest in saved["sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.attack(18)
def test_the_same_certificate_again_is_already_there(desk: Bench) -> None:
    fill(desk.phone_store, person().npki(PASSWORD))
    copy_to_pc(desk, "--send", "1")
    before = files_below(desk.pc_store)
    copy_to_pc(desk, "--send", "1")
    assert desk.clients[2].last("saved")["status"] == "duplicate"
    assert desk.clients[3].last("receipt")["items"][0]["status"] == "duplicate"
    assert files_below(desk.pc_store) == before


@one_home
@pytest.mark.attack(18)
def test_another_certificate_of_the_same_name_is_put_beside_the_old_one(desk: Bench) -> None:
    (first,) = fill(desk.pc_store, person().npki(PASSWORD))
    before = files_below(first)
    fill(desk.phone_store, person().npki("another password"))
    copy_to_pc(desk, "--send", "1", "--yes", password="another password")
    pc = desk.clients[0]
    assert pc.last("offer")["items"][0]["name_taken"] is True
    assert Path(pc.last("saved")["path"]).name.endswith(" (2)")
    assert files_below(first) == before


def test_a_certificate_goes_to_the_phone(desk: Bench) -> None:
    fill(desk.pc_store, *three_items())
    pc = desk.pc("export", "홍길동", "이몽룡")
    pc.expect("password_wanted")
    pc.answer(PASSWORD)
    pc.expect("waiting")
    phone = desk.phone("--platform", "ios", "--app", "I5.0", "--os", "17.1")
    number = phone.expect("number")["number"]
    pc.expect("number_wanted")
    pc.answer(number)
    phone.expect("save_wanted")
    phone.answer("y")
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
    arrived, sent = files_below(desk.phone_store), files_below(desk.pc_store)
    assert arrived.items() < sent.items()
    assert len(arrived) == 4 + 1
    assert pc.last("paired")["platform"] == "ios"
    assert receipt_of(pc) == [("stored", None)] * 2


def test_the_pc_relays_by_itself_where_no_relay_is_named(tmp_path: Path) -> None:
    with bench(tmp_path) as desk:
        fill(desk.phone_store, person().npki(PASSWORD))
        copy_to_pc(desk, "--send", "1")
        assert files_below(desk.pc_store) == files_below(desk.phone_store)


@one_home
def test_the_answers_may_be_written_ahead(desk: Bench) -> None:
    fill(desk.phone_store, person().npki(PASSWORD))
    pc = desk.pc("import")
    pc.answer("y")
    url = pc.expect("waiting")["url"]
    assert desk.url_file.read_text("utf-8").strip() == url
    phone = desk.phone_with_url(url, "--send", "1")
    phone.answer(PASSWORD)
    phone.answer(pc.expect("number")["number"])
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)


@one_home
@pytest.mark.parametrize("language", ["ko", "en"])
def test_without_json_results_are_on_stdout_and_words_on_stderr(desk: Bench, language: str) -> None:
    fill(desk.phone_store, person().npki(PASSWORD))
    options = {
        "--relay": desk.relay,
        "--lang": language,
        "--store": desk.pc_store,
        "--qr-png": desk.picture,
    }
    words = [str(word) for option in options.items() for word in option]
    pc = subprocess.Popen(
        [sys.executable, "-m", "client_pc", "import", "--yes", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
        cwd=ROOT,
    )
    assert pc.stderr is not None
    said = ""
    with pc:
        while "남은 시간" not in said and "Time left" not in said:
            said += pc.stderr.readline()
        phone = desk.phone("--send", "1")
        phone.expect("password_wanted")
        phone.answer(PASSWORD)
        phone.expect("number_wanted")
        number = ""
        while not number:
            line = pc.stderr.readline()
            said += line
            if line.strip().startswith(("인증번호", "Number")):
                number = "".join(character for character in line if character.isdigit())
        phone.answer(number)
        phone.finish()
        out, err = pc.communicate(timeout=PATIENCE_S)
    said += err
    assert pc.returncode == ExitStatus.OK
    (folder,) = (desk.pc_store / "yessign" / "USER").iterdir()
    assert out == f"{folder}\n"
    assert ("저장되었습니다" if language == "ko" else "Stored") in said
    assert "\x1b" not in said, "no terminal, no escape sequences"


def copy_to_pc(desk: Bench, *arguments: str, password: str = PASSWORD) -> tuple[Client, Client]:
    """Run one import with the answers given at once; both must succeed."""
    pc = desk.pc("import", "--yes")
    pc.expect("waiting")
    phone = desk.phone(*(argument for argument in arguments if argument != "--yes"))
    phone.expect("password_wanted")
    phone.answer(password)
    number = pc.expect("number")["number"]
    phone.expect("number_wanted")
    phone.answer(number)
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
    return pc, phone


def export(desk: Bench, *arguments: str, answer: str = "y") -> tuple[Client, Client]:
    pc = desk.pc("export", "1", *arguments)
    pc.expect("password_wanted")
    pc.answer(PASSWORD)
    pc.expect("waiting")
    phone = desk.phone()
    number = phone.expect("number")["number"]
    pc.expect("number_wanted")
    pc.answer(number)
    phone.expect("save_wanted")
    phone.answer(answer)
    phone.finish()
    pc.finish()
    return pc, phone


@one_home
@pytest.mark.parametrize("style", ["modern", "field"])
def test_a_pair_can_go_as_one_pkcs12_file_with_the_same_key(desk: Bench, style: str) -> None:
    item = person().npki(PASSWORD)
    fill(desk.pc_store, item)
    pc, phone = export(desk, "--as", "p12", "--style", style)
    assert pc.names()[-1] == phone.names()[-1] == "done"
    ((name, content),) = files_below(desk.phone_store).items()
    assert name.startswith("PKCS12/")
    opened = pkcs12.open_file(content, PASSWORD)
    plain = npki.open_key(item.get("signPri") or b"", PASSWORD)
    assert opened.pairs[0].key.der == plain.der
    assert opened.pairs[0].certificate.der == item.get("signCert")


@one_home
def test_what_went_without_its_km_pair_is_not_deleted(desk: Bench) -> None:
    item = person().npki(PASSWORD)
    fill(desk.pc_store, item)
    before = files_below(desk.pc_store)
    pc, _ = export(desk, "--also-delete", "--km", "without")
    assert pc.last("done")
    assert {name.split("/")[-1] for name in files_below(desk.phone_store)} == {
        "signCert.der",
        "signPri.key",
    }
    assert files_below(desk.pc_store) == before
    assert pc.last("note")["code"] == "km_stays"


@one_home
def test_a_km_key_under_another_password_is_named_before_it_is_sent(desk: Bench) -> None:
    files = {file.role: file.content for file in person().npki(PASSWORD).files}
    files["kmPri"] = person().npki("Other-pw99!x").get("kmPri") or b""
    (folder,) = fill(desk.pc_store, Item.of("npki", files))
    pc = desk.pc("export", "1", "--as", "p12", "--km", "with")
    pc.expect("password_wanted")
    pc.answer(PASSWORD)
    pc.expect("km_password_wanted")
    pc.answer("Other-pw99!x")
    pc.expect("waiting")
    pc, _ = export(desk)
    assert pc.last("note")["code"] == "km_password"
    assert (folder / "kmPri.key").read_bytes() == files["kmPri"]


@one_home
def test_the_source_is_deleted_only_after_the_receipt_and_only_on_wish(desk: Bench) -> None:
    (folder,) = fill(desk.pc_store, person().npki(PASSWORD))
    before = files_below(desk.pc_store)
    pc, _ = export(desk, "--also-delete", answer="n")
    assert pc.last("error")["code"] == "declined"
    assert files_below(desk.pc_store) == before
    export(desk)
    assert files_below(desk.pc_store) == before == files_below(desk.phone_store)
    pc, phone = export(desk, "--also-delete")
    assert phone.last("saved")["status"] == "duplicate"
    assert pc.last("deleted")["path"] == str(folder)
    assert not folder.exists()
    assert all(path.startswith(".certrelay-trash/") for path in files_below(desk.pc_store))
