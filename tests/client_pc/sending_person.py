"""The person of the cookbook who sends: certrelay at the PC, a phone in the hand, six digits.

A program for tests: what stands behind its name is handed to ``certrelay``; the simulated phone
keeps what it gets in the folder ``휴대폰``.
"""

import os
import sys
from contextlib import closing
from pathlib import Path

from tests.flows.programs import Client


def main() -> int:
    """Send, as the command line says; give the status with which it ended."""
    here = Path.cwd()
    url_file = here / "url.txt"
    arguments = [*sys.argv[1:], "--listen", "127.0.0.1", "--url-file", str(url_file)]
    # The descriptor of the password goes to the program as a shell hands it on.
    under = ("bash", "-c", 'cd "$0" && exec "$@" 3< 공통비밀번호', str(here))
    with closing(Client("client_pc", *arguments, under=under)) as pc:
        pc.expect("waiting")
        keystore = ("--keystore", here / "휴대폰", "--yes")
        with closing(Client("client_mobile_sim", "scan", "-", *keystore)) as phone:
            phone.answer(url_file.read_text("utf-8").strip())
            pc.answer(phone.expect("number")["number"])
            phone.finish()
        status = pc.finish()
        print(*(event["status"] for event in pc.events if event["event"] == "result"))
    return status


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C.UTF-8"
    sys.exit(main())
