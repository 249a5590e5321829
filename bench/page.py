"""What the phone's page weighs, and how soon it can be used on a slow phone.

    python -m bench.page [--rounds N]

Starts a relay with the page, opens it in headless Chromium with an empty cache in each round,
and prints median, least and most.  "first screen" is the time from the navigation's start until
the page's own first screen stands, all modules run: from then on a tap is answered.  "opening"
is the computation of m1 and of everything after m2; "password" is one check of a key file under
PBES2 with SEED and 2,048 rounds.  The processor and the network are slowed by the
browser itself.
"""

import argparse
import shutil
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from certrelay.testkit.ca import Authority, Owner, new_key
from relay.embedded import EMBEDDED, reserve
from relay.page import page_files, page_routes
from tests.web_phone.modules import MODULES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WEATHER = ((1, 0), (4, 0), (4, 20), (4, 100))
"""How often the processor is slowed, and what the network adds to each round trip, in ms: none, a
Wi-Fi, a bad one."""
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
PASSWORD = "Bench-pw1928!"

_WATCH = """new MutationObserver((_, observer) => {
  if (document.querySelector("main h1") === null) return;
  observer.disconnect();
  window.firstScreen = performance.now();
}).observe(document, {childList: true, subtree: true});"""

_COMPUTE = """async ({certificate, key, password}) => {
  const at = (path) => import("/web_phone/" + path);
  const [Q, E, H, C, P, V] = await Promise.all(["core/qr.js", "core/endpoint.js",
    "core/handshake.js", "pki/certificate.js", "pki/private_key.js", "vendor/crypto.js"].map(at));
  const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  const random = (size) => crypto.getRandomValues(new Uint8Array(size));
  const pkg = V.x25519.getPublicKey(random(32));
  const qr = {pkg, seed: random(32), info: random(40), direction: "toPC"};
  let started = performance.now();
  const scanned = new H.Scanned(H.freshSecrets(random), qr, new Uint8Array(512));
  const opening = performance.now() - started;
  const parsed = C.parseCertificate(bytes(certificate));
  started = performance.now();
  await P.checkPassword(parsed, bytes(key), password);
  return {opening, password: performance.now() - started};
}"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args(argv).rounds
    files = page_files().values()
    whole = sum(len(file.content) for file in files)
    packed = sum(len(file.packed or file.content) for file in files)
    print(f"all files: {len(files)}, {whole:,} bytes, {packed:,} bytes packed")
    chromium = shutil.which("chromium")
    if chromium is None:
        print("cannot run the rest: there is no chromium")
        return 1
    from playwright.sync_api import sync_playwright

    served = reserve("127.0.0.1").serve(EMBEDDED, [MODULES, *page_routes()])
    with served as relay, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        _measure(browser, relay.url, rounds)
        browser.close()
    return 0


def _measure(browser: "Browser", url: str, rounds: int) -> None:
    given = _key_files()
    for slowdown, latency in WEATHER:
        found = [_once(browser, url, slowdown, latency, given) for _ in range(rounds)]
        if (slowdown, latency) == WEATHER[0]:
            print(f"requests: {found[0]['requests']}, {found[0]['bytes']:,} bytes over the network")
        print(
            f"processor slowed {slowdown} times, round trip {latency} ms, {rounds} rounds, in ms:"
        )
        for name in ("first screen", "opening", "password"):
            _print(name, (each[name] for each in found))


def _print(name: str, values: Iterable[float]) -> None:
    figures = sorted(values)
    middle = statistics.median(figures)
    print(f"  {name:13} {middle:7.1f}  ({figures[0]:.1f} to {figures[-1]:.1f})")


def first_screen(browser: "Browser", url: str, slowdown: int, latency: int) -> float:
    """Open the page in a new browser profile: milliseconds until its first screen stands."""
    return float(_once(browser, url, slowdown, latency, None)["first screen"])


def _once(
    browser: "Browser", url: str, slowdown: int, latency: int, given: dict[str, str] | None
) -> dict[str, Any]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="ko-KR")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    weather = {"offline": False, "latency": latency}
    speed = {"downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", weather | speed)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    sizes: list[float] = []
    note: Callable[[Any], None] = lambda event: sizes.append(event["encodedDataLength"])  # noqa: E731
    session.on("Network.loadingFinished", note)
    page.add_init_script(_WATCH)
    page.goto(url)
    page.wait_for_function("() => window.firstScreen !== undefined")
    first = page.evaluate("window.firstScreen")
    page.wait_for_load_state("networkidle")
    visit = {"requests": len(sizes), "bytes": int(sum(sizes))}
    found: dict[str, Any] = {} if given is None else page.evaluate(_COMPUTE, given)
    context.close()
    return found | visit | {"first screen": first}


def _key_files() -> dict[str, str]:
    now = datetime.now(UTC)
    issued = Authority(now, key=new_key()).issue(Owner(), now, now + timedelta(days=365))
    item = issued.npki(PASSWORD)
    certificate, key = item.get("signCert"), item.get("signPri")
    assert certificate is not None
    assert key is not None
    return {"certificate": certificate.hex(), "key": key.hex(), "password": PASSWORD}


if __name__ == "__main__":
    sys.exit(main())
