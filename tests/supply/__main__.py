"""Locks, licences, and tables of Unicode.

python -m tests.supply lock         makes locks/*.txt anew (needs uv: pip install uv)
python -m tests.supply licences     writes docs/licences.md from the installed packages
python -m tests.supply unicode DIR  writes the tables of characters from the standard's files
"""

import argparse
import sys
from pathlib import Path

from tests.supply import licences, locks, unicode


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("command", choices=["lock", "licences", "unicode"])
    parser.add_argument("folder", nargs="?", type=Path, help="of the standard's files")
    arguments = parser.parse_args()
    if arguments.command == "lock":
        locks.write()
    elif arguments.command == "unicode":
        if arguments.folder is None:
            parser.error("where are the standard's files?")
        unicode.write(arguments.folder)
    else:
        licences.PAGE.write_text(licences.page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
