"""Locks and licences.

python -m tests.supply lock         makes locks/*.txt anew (needs uv: pip install uv)
python -m tests.supply licences     writes docs/licences.md from the installed packages
"""

import argparse
import sys

from tests.supply import licences, locks


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("command", choices=["lock", "licences"])
    if parser.parse_args().command == "lock":
        locks.write()
    else:
        licences.PAGE.write_text(licences.page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
