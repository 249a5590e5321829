"""``python -m tests.flows.hasty``: `certrelay` with the waits of typed codes cut short."""

from certrelay import limits

limits.CODE_UNUSED_S = 0.5  # type: ignore[misc]
limits.CODE_FRESH_S = 0.5  # type: ignore[misc]

from client_pc.cli import start  # noqa: E402 - the limits are read when its modules are loaded

if __name__ == "__main__":
    start()
