"""``python -m client_pc``: the PC client where its script is not on the path."""

from client_pc.cli import start

start()
