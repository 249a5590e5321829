"""``certrelay-relay probe``: a whole copy through a relay, in a process of its own.

The relay's own program cannot load what is sealed (docs/architecture.md, "The rooms").
"""

import argparse
import subprocess
import sys

MODULE = "certrelay.testkit.probe"


def probe(arguments: argparse.Namespace) -> int:
    """Run the probe; give its exit status."""
    command = [sys.executable, "-m", MODULE, arguments.relay]
    command += ["--metrics"] * arguments.metrics
    command += [] if arguments.lang is None else ["--lang", arguments.lang]
    return subprocess.run(command, check=False).returncode
