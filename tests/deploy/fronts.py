"""nginx and Caddy in front of a relay, as processes of their own, by the very files of deploy/.

What a test must change (ports, certificate, times) is exchanged in the file's text, and each
exchange must find its place: a test of another configuration would prove nothing.
"""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.component import program
from tests.flows.programs import ROOT, environment
from tests.patience import PATIENCE_S
from tests.relay.tls import Certificate

DEPLOY: Final = ROOT / "deploy"

_NGINX_MAIN: Final = """
worker_processes 2;
worker_shutdown_timeout 15m;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include {included};
}}
"""


def free_port() -> int:
    """A port that nobody has right now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def exchange(text: str, *pairs: tuple[str, str]) -> str:
    """Exchange what a test must change; each must stand there."""
    for old, new in pairs:
        assert old in text, f"{old!r} does not stand in the file"
        text = text.replace(old, new)
    return text


class Front:
    """A proxy between devices and a relay: ends TLS on loopback, speaks http to the relay."""

    name: str

    def __init__(
        self, folder: Path, certificate: Certificate, *relay_ports: int, header: str = "10s"
    ) -> None:
        self.header: Final = header
        """How long a request's head may take; the shipped files say 10 s."""
        self.folder: Final = folder
        self.port: Final = free_port()
        self.certificate: Final = certificate
        self._config: Final = self._write(relay_ports)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/"

    def _write(self, relay_ports: Sequence[int]) -> Path:
        raise NotImplementedError

    def _command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "words.txt").open("ab") as words:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                stdout=words,
                stderr=words,
                start_new_session=True,
                env={**os.environ, "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder)},
            )
        end = time.monotonic() + PATIENCE_S
        while not self._answers():
            said = (self.folder / "words.txt").read_text("utf-8", "replace")
            assert self._process.poll() is None, said
            assert time.monotonic() < end, said
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            raw = socket.create_connection(("127.0.0.1", self.port), timeout=5)
            with self.certificate.trusting().wrap_socket(raw, server_hostname="127.0.0.1"):
                return True
        except ssl.SSLCertVerificationError:
            return True  # it answers; whether anybody should believe it is for a test
        except OSError:
            return False

    def freeze(self) -> None:
        """Let it take no byte and pass none on."""
        self._signal(signal.SIGSTOP)

    def kill(self) -> None:
        """Take it away without a word, workers and all."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def reload(self) -> None:
        """Let it read its configuration anew."""
        raise NotImplementedError

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)


class Nginx(Front):
    name = "nginx"

    def _write(self, relay_ports: Sequence[int]) -> Path:
        first, *others = relay_ports
        second = "# server 127.0.0.1:8766 max_fails=0;"
        listed = [f"server 127.0.0.1:{port} max_fails=0;" for port in others]
        site = self.folder / "certrelay.conf"
        text = (DEPLOY / "nginx.conf").read_text("utf-8")
        letsencrypt = "/etc/letsencrypt/live/relay.example.kr"
        site.write_text(
            exchange(
                text,
                ("server 127.0.0.1:8765 max_fails=0;", f"server 127.0.0.1:{first} max_fails=0;"),
                (second, "\n".join(listed) or second),
                ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
                ("listen [::]:443 ssl;", f"listen [::1]:{self.port} ssl;"),
                (f"{letsencrypt}/fullchain.pem", str(self.certificate.chain)),
                (f"{letsencrypt}/privkey.pem", str(self.certificate.key)),
                ("client_header_timeout 10s;", f"client_header_timeout {self.header};"),
            )
        )
        main = self.folder / "nginx.conf"
        main.write_text(_NGINX_MAIN.format(included=site))
        return main

    def _command(self) -> list[str]:
        own = ["-p", str(self.folder), "-c", str(self._config), "-g", "daemon off;"]
        return [program("nginx"), *own]

    def reload(self) -> None:
        """Start new workers, and wait until an old one says that it is leaving."""
        assert self._process is not None
        before = self._workers()
        self._process.send_signal(signal.SIGHUP)
        end = time.monotonic() + PATIENCE_S
        while not self._workers() - before:
            assert time.monotonic() < end
            time.sleep(0.02)

    def _workers(self) -> set[int]:
        assert self._process is not None
        pid = self._process.pid
        return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


class Caddy(Front):
    name = "Caddy"

    def _write(self, relay_ports: Sequence[int]) -> Path:
        relays = " ".join(f"127.0.0.1:{port}" for port in relay_ports)
        config = self.folder / "Caddyfile"
        text = (DEPLOY / "Caddyfile").read_text("utf-8")
        chain, key = self.certificate.files
        config.write_text(
            exchange(
                text,
                ("{\n\tservers", "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers"),
                (
                    "relay.example.kr {\n",
                    f"https://127.0.0.1:{self.port} {{\n\ttls {chain} {key}\n",
                ),
                ("reverse_proxy 127.0.0.1:8765", f"reverse_proxy {relays}"),
                ("read_header 10s", f"read_header {self.header}"),
            )
        )
        return config

    def _command(self) -> list[str]:
        return [program("caddy"), "run", "--config", str(self._config), "--adapter", "caddyfile"]


@contextmanager
def relay_behind(front_port: int, port: int, *arguments: str) -> Iterator[None]:
    """Run `certrelay-relay serve` as an operator does who has a proxy in front."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "relay", "serve", "--port", str(port), "--page"),
            *("--public-url", f"https://127.0.0.1:{front_port}/", "--trust-proxy", "127.0.0.1"),
            *arguments,
        ],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"https://127.0.0.1:{front_port}/\n"
        yield
    finally:
        process.kill()
        process.communicate()


def talk_halfway(port: int, certificate: Certificate, sent: bytes, source: str) -> bytes:
    """Send a part of a request over TLS; give what is answered until the other side hangs up."""
    raw = socket.create_connection(("127.0.0.1", port), 30, source_address=(source, 0))
    with certificate.trusting().wrap_socket(raw, server_hostname="127.0.0.1") as stream:
        stream.sendall(sent)
        heard = b""
        try:
            while data := stream.recv(4096):
                heard += data
        except (ConnectionResetError, ssl.SSLError):
            pass
        return heard
