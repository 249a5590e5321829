"""docs/cookbook.md does what it says, on 204 certificates in four stores."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from certrelay.client.manage.trash import Trash
from certrelay.client.store.reading import find
from tests.certificates import PASSWORD
from tests.client_pc.many_clients import make
from tests.flows.programs import ROOT, environment

NEW = "Newpw!8274xz"


@pytest.mark.skipif(os.name == "nt", reason="the cookbook is for bash")
def test_the_day_of_the_cookbook(tmp_path: Path) -> None:
    stores = make(tmp_path)
    chosen = [entry for entry in find(stores[0]) if entry.kind == "npki"][:20]
    lines = [
        {
            "fingerprint": entry.summary.certificate.fingerprint,  # type: ignore[union-attr]
            "password": PASSWORD if number != 7 else "wrong",
            "new": NEW,
        }
        for number, entry in enumerate(chosen)
    ]
    (tmp_path / "비밀번호.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    (tmp_path / "공통비밀번호").write_text(PASSWORD, "utf-8")
    page = (ROOT / "docs" / "cookbook.md").read_text("utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", page, re.S)
    python = shlex.quote(sys.executable)
    # Whoever sends has a phone in the hand; all else is the program as it is.
    person = f"""certrelay() {{
        if [[ $1 = send && " $* " != *" --dry-run "* ]]; then
            {python} -m tests.client_pc.sending_person "$@"
        else
            {python} -m client_pc "$@"
        fi
    }}"""
    script = "\n".join(["set -e", person, "export PYTHONPATH", *blocks])
    variables = {
        "PYTHONPATH": str(ROOT),
        "CERTRELAY_DATA": str(tmp_path / "data"),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    table = (tmp_path / "인증서.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbf")
    assert table.count(b"\r\n") == 1 + 204 + 3 + 2
    ending = [json.loads(line) for line in (tmp_path / "만료예정.jsonl").read_text().splitlines()]
    assert {event["days_left"] for event in ending} <= set(range(31))
    assert len(ending) == 19
    results = [json.loads(line) for line in (tmp_path / "결과.jsonl").read_text().splitlines()]
    statuses = [event["status"] for event in results if event["event"] == "result"]
    assert (statuses.count("done"), statuses.count("failed")) == (19, 1)
    assert "(주)한빛상사0" in done.stdout
    left = sum(len(find(store)) for store in stores)
    assert left == 204 + 3 - 3 + 1, "two copies and three superseded ones went, one came back"
    assert sum(len(Trash(store).deleted()) for store in stores) == 4
    assert "49 done, 1 skipped, 0 failed" in done.stderr, "one of the fifty is a copy of another"
    assert len(list((tmp_path / "보낼파일").glob("*.p12"))) == 49
    assert len(find(tmp_path / "휴대폰")) == 20
    assert f"{' '.join(['done'] * 20)}\n" in done.stdout
