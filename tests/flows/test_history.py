"""What real copies leave in the history."""

from pathlib import Path

from certrelay.errors import ExitStatus
from certrelay.pki.check import inspect
from client_pc.history import History
from tests.certificates import PASSWORD, person
from tests.flows.conftest import fill
from tests.flows.programs import Bench
from tests.homes import one_home


@one_home
def test_both_directions_are_remembered_and_a_refusal_too(desk: Bench, tmp_path: Path) -> None:
    item = person().npki(PASSWORD)
    fill(desk.phone_store, item)
    own = {"CERTRELAY_DATA": str(tmp_path / "data")}
    pc = desk.pc("import", "--yes", **own)
    pc.expect("waiting")
    phone = desk.phone("--send", "1", "--name", "거실 휴대폰")
    phone.expect("password_wanted")
    phone.answer(PASSWORD)
    phone.answer(pc.expect("number")["number"])
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)

    pc = desk.pc("export", "1", **own)
    pc.answer(PASSWORD)
    pc.expect("waiting")
    phone = desk.phone("--platform", "ios", "--app", "I5.0", "--os", "17.1")
    pc.answer(phone.expect("number")["number"])
    phone.expect("save_wanted")
    phone.answer("n")
    assert phone.finish() == pc.finish() == ExitStatus.NOT_CONFIRMED

    came, went = History(tmp_path / "data").read()
    assert (came.direction, came.device, came.platform) == ("import", "거실 휴대폰", "android")
    assert (went.direction, went.platform, went.error) == ("export", "ios", "declined")
    certificate = inspect(item).certificate
    assert certificate is not None
    for copy, status in ((came, "stored"), (went, "declined")):
        (kept,) = copy.items
        assert (kept.status, kept.fingerprint) == (status, certificate.fingerprint)
        assert kept.cn == certificate.cn
