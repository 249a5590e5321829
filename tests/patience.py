"""How long a test waits for what must come: it is used up only where something is broken.

It is no measure of speed.  A machine with many times more to do than it has cores stays below it.
"""

from typing import Final

PATIENCE_S: Final = 120.0
"""Seconds to wait for one event, answer or end of a process."""
