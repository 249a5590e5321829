"""A node as its operator has it, and the runbook's own lines carried out on it.

There is no systemd where the tests run: `systemctl` and `journalctl` are small programs of the
test's that do to the real process what the runbook means. All else is the real thing.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.component import program
from tests.deploy.fronts import DEPLOY, Front, free_port
from tests.nodes import ROOT, readiness
from tests.patience import PATIENCE_S
from tests.relay.test_operating import get

RUNBOOK: Final = (ROOT / "docs" / "runbook.md").read_text("utf-8")
SECTIONS: Final = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", RUNBOOK, re.M | re.S))

ELSEWHERE: Final = ("certbot", "chronyc", "nginx -T", "systemctl reload nginx", "/var/log/nginx")
"""Lines that are about other programs' things: these the test does not have."""

_SYSTEMCTL: Final = """#!/bin/sh
case "$*" in
  *MainPID*) echo $(cat {folder}/pid) ;;
  *LimitNOFILE*) grep 'open files' /proc/$(cat {folder}/pid)/limits ;;
  reload*) kill -HUP $(cat {folder}/pid) ;;
  kill*|stop*) kill -TERM $(cat {folder}/pid) ;;
  restart*) touch {folder}/restart ;;
  *) exit 1 ;;
esac
"""

Series = dict[str, str]

_COUNTED: Final = re.compile(r"\w+_(total|bucket|count|sum)\{")
"""Series that only ever go up."""


class Standing:
    """One node, its log in a file, its operator's port and socket.

    Args:
        folder: For all that is its own.
        arguments: Of ``serve``.
        under: What a shell says before its command line, such as ``ulimit -n 200; exec``.
        code: Python that runs it, in the place of the program: a relay that differs in one thing.
        redis: The address of its store.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str | Path,
        under: str = "exec",
        code: str = "",
        redis: str = "",
    ) -> None:
        self.folder: Final = folder
        folder.mkdir(exist_ok=True)
        self.port: Final = free_port()
        self.operator: Final = free_port()
        self.admin: Final = folder / "admin.sock"
        self.log: Final = folder / "log"
        self.redis: Final = redis
        told: list[str | Path] = ["--port", str(self.port), "--admin", self.admin]
        told += ["--operate", f"127.0.0.1:{self.operator}", "--log-level", "info", *arguments]
        self._told: Final = [*map(str, told), *(["--redis", redis] if redis else [])]
        self._under: Final = under
        self._program: Final = ["-c", code] if code else ["-m", "relay"]
        self.front: Front | None = None
        """What stands in front, if anything does."""

        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> None:
        """Start it; return once it answers."""
        command = shlex.join([sys.executable, *self._program, "serve", *self._told])
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", f"{self._under} {command}"],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, self.log.read_text()
        (self.folder / "pid").write_text(str(self._process.pid))

    def stand_behind(self, front: Front) -> None:
        """Let a proxy be its public address, from its start on."""
        self.front = front
        self._told.extend(("--public-url", front.url))

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def wait(self) -> int:
        """Wait for its end; give its status."""
        assert self._process is not None
        process, self._process = self._process, None
        process.communicate(timeout=PATIENCE_S)
        return process.returncode

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def logged(self, words: str, after: int = 0) -> str:
        """Wait for a line with these words; give it."""
        end = time.monotonic() + PATIENCE_S
        while True:
            for line in self.log.read_text()[after:].splitlines():
                if words in line:
                    return line
            assert time.monotonic() < end, f"{words}: {self.log.read_text()}"
            time.sleep(0.02)

    def becomes(self, status: int, word: str) -> None:
        """Wait until it says of itself that it is so, on its operator's port."""
        end = time.monotonic() + PATIENCE_S
        while (found := readiness(self.operator)) != (status, word):
            assert time.monotonic() < end, found
            time.sleep(0.02)

    def scrape(self, instance: str = "a") -> Series:
        """All figures, as Prometheus labels them."""
        _, text = get(self.operator, "/metrics")
        found: Series = {}
        for name, labels, told in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.M):
            own = f'{labels}{"," if labels else ""}instance="{instance}",job="certrelay"'
            found[f"{name}{{{own}}}"] = told
        found = promtools(found)
        found[f'up{{instance="{instance}",job="certrelay"}}'] = "1"
        return found

    # --- the runbook ---

    def carry_out(self, section: str) -> str:
        """Carry out a section's lines, each as it stands; give all that they print.

        Where a line of the book names a place or an address, this node's stands in its stead.
        """
        found = re.search(r"^```\n(.*?)^```", SECTIONS[section], re.M | re.S)
        assert found is not None
        printed = ""
        for line in found[1].splitlines():
            if not any(word in line for word in ELSEWHERE):
                printed += self.carry_out_line(line)
        if (self.folder / "restart").exists():
            (self.folder / "restart").unlink()
            self.stop()
            self.start()
        return printed

    def carry_out_line(self, line: str) -> str:
        """Carry out one line; give it and what it prints."""
        line = line.replace("http://a/", f"http://127.0.0.1:{self.operator}/")
        line = line.replace("https://relay.example.kr/", self.url)
        if self.front is not None:
            line = line.replace("relay.example.kr:443", f"127.0.0.1:{self.front.port}")
            line = line.replace("-servername relay.example.kr", "-noservername")
        line = line.replace(":8765", f":{self.port}").replace("/etc/certrelay", str(self.folder))
        line = line.replace("/var/lib/certrelay", str(self.folder / "usage"))
        done = subprocess.run(
            ["sh", "-c", line],
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=PATIENCE_S,
            env={**os.environ, **self._tools()},
        )
        assert "not found" not in done.stderr, (line, done.stderr)
        return f"$ {line}\n{done.stdout}{done.stderr}"

    def _tools(self) -> dict[str, str]:
        """An environment in which the runbook's programs are found and speak to this node."""
        tools = self.folder / "tools"
        if not tools.exists():
            tools.mkdir()
            own = {
                "systemctl": _SYSTEMCTL.format(folder=self.folder),
                "journalctl": f"#!/bin/sh\ncat {self.log}\n",
                "certrelay-relay": f'#!/bin/sh\nexec {sys.executable} -m relay "$@" --lang en\n',
            }
            if self.redis:
                (self.folder / "redis.url").write_text(self.redis)
                asking = program("redis-cli")
                own["redis-cli"] = f'#!/bin/sh\nexec {asking} -u {self.redis} "$@"\n'
            for name, text in own.items():
                (tools / name).write_text(text)
                (tools / name).chmod(0o755)
        return {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "CERTRELAY_RELAY_ADMIN": str(self.admin),
            "CERTRELAY_RELAY_OPERATE": f"127.0.0.1:{self.operator}",
        }


@contextmanager
def standing(folder: Path, *arguments: str | Path, **more: str) -> Iterator[Standing]:
    """A node that answers; it is gone at the end."""
    with ExitStack() as stack:
        made = Standing(folder, *arguments, **more)
        stack.callback(made.stop)
        made.start()
        yield made


def promtools(series: Series) -> Series:
    """Figures on promtool's clock, which begins at 0."""
    moment = re.compile(r"\w+_timestamp_seconds\{")
    now = time.time()
    return {
        name: str(float(value) - now) if moment.match(name) else value
        for name, value in series.items()
    }


def rings(
    folder: Path,
    before: Series,
    during: Series,
    alarm: str,
    *,
    minutes: int = 4,
    goes_on: bool = False,
) -> bool:
    """Whether figures that stay so for some minutes set an alarm off.

    Args:
        folder: For promtool's files.
        before: The figures at first.
        during: Those a minute later.
        alarm: Its name.
        minutes: After how many it is asked.
        goes_on: Whether what was counted in that minute is counted in each one that follows.
    """
    series = ""
    for name, value in during.items():
        begin = before.get(name, "0")
        steps = f"{begin} {value}x{minutes + 5}"
        if goes_on and _COUNTED.match(name):
            steps = f"{begin}+{float(value) - float(begin)}x{minutes + 5}"
        series += f"      - {{series: '{name}', values: '{steps}'}}\n"
    expression = f'count(ALERTS{{alertname="{alarm}",alertstate="firing"}}) or vector(0)'
    (folder / "alerts.yml").write_text((DEPLOY / "alerts.yml").read_text("utf-8"))
    (folder / "drill.yml").write_text(
        f"rule_files: [alerts.yml]\nevaluation_interval: 1m\ntests:\n"
        f"  - interval: 1m\n    input_series:\n{series}    promql_expr_test:\n"
        f"      - expr: '{expression}'\n        eval_time: {minutes}m\n"
        f"        exp_samples: [{{labels: '{{}}', value: 0}}]\n"
    )
    command = [program("promtool"), "test", "rules", str(folder / "drill.yml")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0 or "got:" in done.stdout + done.stderr, done.stdout + done.stderr
    return done.returncode != 0
