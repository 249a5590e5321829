"""Real protocol sessions by the thousand, from a process of their own: `python -m bench.load`."""
