"""Every vector of the page's core in every engine: the handshake's, and those of a typed code."""

from tests.engines.network import LOOPBACK, Network
from tests.engines.tab import Browser
from tests.web_phone.in_browser import A_PAGE, FAILED_VECTORS, serving


def test_the_vectors_hold_in_every_engine(network: Network, browser: Browser) -> None:
    with serving(network.listen(LOOPBACK)) as address:
        tab = browser.new_tab()
        tab.open(f"{address}{A_PAGE}")
        assert tab.evaluate(FAILED_VECTORS) == []
        tab.close()
