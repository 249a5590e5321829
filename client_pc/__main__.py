"""``python -m client_pc``: the PC client where its script is not on the path."""

import sys

from client_pc.cli import main

sys.exit(main())
