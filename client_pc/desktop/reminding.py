"""What all systems' daily tasks have in common."""

from typing import Final

NAME: Final = "certrelay-remind"
"""The task's name where the system wants one."""

AT: Final = "10:00:00"
"""When, in local time: most people sit at their PC by then, and banks are open."""

REMINDING: Final = ("remind", "--all-places", "--not-expired", "--notice", "--quiet")
"""The command that is run."""
