"""A relay under cProfile: ``python -m bench.load.profiled FILE -m relay serve ...``.

Counted is the time for which its thread ran, not that for which it waited, and not its start.
"""

import cProfile
import sys
import time

import redis.asyncio  # noqa: F401
import uvloop  # noqa: F401

from relay import __main__, hub_redis, serve, server  # noqa: F401


def main() -> int:
    file, sys.argv = sys.argv[1], sys.argv[3:]
    profile = cProfile.Profile(time.thread_time)
    try:
        return profile.runcall(__main__.main, sys.argv[1:])
    finally:
        profile.dump_stats(file)


if __name__ == "__main__":
    sys.exit(main())
