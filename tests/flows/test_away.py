"""A device goes away in the middle: both people hear what happens and how long is waited."""

from pathlib import Path

import pytest

from certrelay.frozen import replace
from certrelay.limits import GRACE_S
from certrelay.testkit.proxy import FaultProxy
from certrelay.texts import Texts
from certrelay.wire.ids import Role
from relay.embedded import EMBEDDED, start
from relay.settings import Edges
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import bench


@pytest.mark.parametrize("role", list(Role))
def test_both_screens_say_that_one_is_away_and_for_how_long(role: Role, tmp_path: Path) -> None:
    settings = replace(EMBEDDED, edges=Edges(hosts=frozenset(), ip_hosts=True))
    with (
        start("127.0.0.1", settings=settings) as relay,
        FaultProxy("127.0.0.1", relay.port) as proxy,
        bench(tmp_path, proxy.url) as desk,
    ):
        fill(desk.phone_store, person().npki(PASSWORD))
        pc = desk.pc("import", "--lang", "en")
        phone = desk.phone_with_url(pc.expect("waiting")["url"], "--send", "1", "--lang", "en")
        phone.expect("password_wanted")
        phone.answer(PASSWORD)
        number = pc.expect("number")["number"]
        phone.expect("number_wanted")
        away, other = (pc, phone) if role is Role.G else (phone, pc)

        proxy.take_away(role)
        for client, name in ((away, "connection_lost"), (other, "peer_lost")):
            assert client.expect(name)["seconds"] == GRACE_S

        proxy.bring_back()
        away.expect("connection_back")
        other.expect("peer_back")
        phone.answer(number)
        pc.expect("save_wanted")
        pc.answer("y")
        assert (phone.finish(), pc.finish()) == (0, 0)
        assert files_below(desk.pc_store) == files_below(desk.phone_store)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_sentences_have_the_seconds_in_them(language: str) -> None:
    for key in ("connection_lost", "peer_lost.pc", "peer_lost.phone"):
        assert "60" in Texts(language).say(f"story.{key}", seconds=60)


@pytest.mark.attack(67)
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("moment", ["before m1", "before the number", "in mid-transfer"])
def test_an_end_that_is_put_out_of_its_seat_takes_it_back(
    role: Role, moment: str, tmp_path: Path
) -> None:
    """4000 out of the blue is a loss like any other."""
    settings = replace(EMBEDDED, edges=Edges(hosts=frozenset(), ip_hosts=True))
    with (
        start("127.0.0.1", settings=settings) as relay,
        FaultProxy("127.0.0.1", relay.port) as proxy,
        bench(tmp_path, proxy.url) as desk,
    ):
        fill(desk.phone_store, person().npki(PASSWORD))
        pc = desk.pc("import", "--yes")
        url = pc.expect("waiting")["url"]
        strikes = [role]

        def strike(_count: int, _role: Role, is_sealed: bool) -> None:
            if is_sealed and strikes:
                proxy.close_with(4000, strikes.pop())

        if moment == "before m1":
            proxy.watch = strike
        phone = desk.phone_with_url(url, "--send", "1")
        phone.expect("password_wanted")
        phone.answer(PASSWORD)
        number = pc.expect("number")["number"]
        phone.expect("number_wanted")
        if moment == "before the number":
            proxy.close_with(4000, strikes.pop())
            pc.expect("peer_lost" if role is Role.S else "connection_lost")
        if moment == "in mid-transfer":
            proxy.watch = strike
        phone.answer(number)
        assert (phone.finish(), pc.finish()) == (0, 0)
        assert not strikes
        assert files_below(desk.pc_store) == files_below(desk.phone_store)
