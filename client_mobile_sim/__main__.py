"""``python -m client_mobile_sim``: the simulated phone where its script is not on the path."""

from client_mobile_sim.cli import start

start()
