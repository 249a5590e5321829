"""``python -m tests.attacks.mutations``: see `tests.attacks.mutations.tool`."""

import sys

from tests.attacks.mutations.tool import main

sys.exit(main())
