"""A whole world in one process: PC, phone, relay nodes, network, disks, people and a clock.

The code that runs is the real one: `certrelay.client.flow` with its loop, the driver, the sealed
channel, the relay's sockets, hub and rules, and the store.  Only what is outside is made up
(`network`, `disk`, `people`), by a seed: the same seed makes the same world in every run.

    python -m tests.simulation --worlds 100000     many worlds, and their rate
    python -m tests.simulation --seed 7            one world again, told step by step
    python -m tests.simulation.faults              planted faults, each found again
"""
