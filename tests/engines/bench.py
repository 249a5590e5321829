"""One copy's surroundings: a relay behind a cable, a PC beside it, a phone, and certificates."""

import os
import shutil
import socket
from contextlib import ExitStack, suppress
from functools import cached_property
from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from certrelay.bundle import Item
from certrelay.frozen import replace
from certrelay.testkit.ca import Issued
from certrelay.testkit.hostile_phone import HostilePhone
from certrelay.wire.messages import SOCKET_PATH, SUBPROTOCOL
from relay.embedded import EMBEDDED, reserve
from relay.page import page_routes
from relay.settings import Edges
from tests.engines.handset import Handset
from tests.engines.network import Network
from tests.engines.tab import Browser
from tests.web_phone.cable import Cable
from tests.web_phone.conftest import PASSWORD, write_files
from tests.web_phone.pc import Pc


class Bench:
    """All that a flow needs; made anew for each."""

    def __init__(
        self, network: Network, browser: Browser, host: str, folder: Path, people: list[Issued]
    ) -> None:
        self.browser = browser
        self.folder = folder
        self.store = folder / "NPKI"
        self._network = network
        self._host = host
        self._people = people
        self._open = ExitStack()
        self._phones: list[Handset] = []
        self.origin = ""
        self._port = 0
        self.cable = self._open.enter_context(Cable(network.listen(host)))

    def relay(self, **rooms: float) -> str:
        """Start the relay that serves the page, its rooms' times changed; give its origin."""
        edges = Edges(hosts=frozenset({f"{self._host}:{self.cable.port}"}))
        settings = replace(EMBEDDED, edges=edges, room=replace(EMBEDDED.room, **rooms))
        running = reserve("127.0.0.1").serve(settings, page_routes())
        self._open.enter_context(running)
        self._port = running.port
        self.cable.plug_into(running.port)
        self.origin = f"http://{self._host}:{self.cable.port}/"
        return self.origin

    def pc(self, *arguments: str | Path, say: tuple[str, ...] = ()) -> tuple[Pc, str]:
        """Start a PC; give it and the address in its QR code."""
        if not self.origin:
            self.relay()
        pc = Pc(
            *arguments,
            *("--relay", self.origin, "--store", self.store),
            home=self.folder / "home",
            say=say,
            prefix=self._network.command(),
        )
        self._open.callback(pc.stop)
        return pc, str(pc.wait_for("waiting")["url"])

    def phone(self, beside: Handset | None = None) -> Handset:
        """Take a phone in the hand; or open one more tab on one that is there."""
        tab = self.browser.new_tab(None if beside is None else beside.tab)
        self._phones.append(Handset(tab))
        return self._phones[-1]

    def close_tab(self, phone: Handset) -> None:
        """Close a phone's tab, as a person does in the middle of something."""
        self._phones.remove(phone)
        phone.tab.close()

    def stranger_scans(self, url: str) -> None:
        """Join with a code from another device."""
        stranger = HostilePhone(url, os.urandom)
        address = url.partition("#")[0].replace("http", "ws", 1) + SOCKET_PATH
        stream = socket.create_connection(("127.0.0.1", self._port))
        asked = [Subprotocol(SUBPROTOCOL)]
        with suppress(ConnectionClosed), connect(address, sock=stream, subprotocols=asked) as line:
            line.send(stranger.join())
            line.recv(30)  # it is refused

    def item(self, person: int = 0, *, with_km: bool = True) -> Item:
        """A person's certificate as it lies in NPKI."""
        whole = self._people[person].npki(PASSWORD)
        kept = [file for file in whole.files if with_km or not file.role.startswith("km")]
        return Item(whole.kind, tuple(kept))

    @cached_property
    def pkcs12(self) -> Item:
        """A certificate as a .p12 file."""
        return self._people[0].pkcs12(PASSWORD)

    def on_phone(self, item: Item, where: str = "phone") -> list[Path]:
        """Put a certificate's files on the phone."""
        return write_files(item, self.folder / where)

    def on_pc(self, item: Item) -> None:
        """Put a certificate into the PC's store."""
        place = ("PKCS12",) if item.kind == "pkcs12" else ("yessign", "USER", "cn=x")
        write_files(item, self.store.joinpath(*place))

    def empty_store(self) -> None:
        """Take every certificate from the PC."""
        shutil.rmtree(self.store)

    @property
    def stored(self) -> list[bytes]:
        """The content of every file that the PC has, in order of its bytes."""
        return sorted(path.read_bytes() for path in self.store.rglob("*") if path.is_file())

    def downloaded(self) -> Path:
        """The one file that the phone's browser has stored by now; it is moved away."""
        whole = [path for path in self.browser.downloads.iterdir() if path.suffix != ".part"]
        assert len(whole) == 1, whole
        target = self.folder / whole[0].name
        shutil.move(whole[0], target)
        return target

    def close(self) -> None:
        """See that each phone kept to the rules, and put everything away."""
        for phone in self._phones:
            phone.check()
            phone.tab.close()
        for left in self.browser.downloads.iterdir():  # a flow that failed spoils no other
            left.unlink(missing_ok=True)
        self._open.close()


def contents(*items: Item) -> list[bytes]:
    """The content of every file of some items, in order of its bytes."""
    return sorted(file.content for item in items for file in item.files)
