"""The commands of `tests.simulation`."""

import argparse
import sys
import time
from collections import Counter

from tests.simulation.campaign import run_seeds
from tests.simulation.plan import plan_of
from tests.simulation.world import run

_TOLD_EVERY = 10_000


def main() -> int:
    """Run worlds; the status is 1 if a rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--worlds", type=int, default=2000, metavar="N", help="how many (2000)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed (0)")
    parser.add_argument("--processes", type=int, metavar="N", help="how many at once")
    parser.add_argument("--seed", type=int, metavar="SEED", help="this one, told step by step")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        return replay(arguments.seed)
    return campaign(range(arguments.first, arguments.first + arguments.worlds), arguments.processes)


def replay(seed: int) -> int:
    """Run one world and tell everything."""
    plan = plan_of(seed)
    print(plan)
    outcome = run(plan, traced=True)
    print("\n".join(outcome.trace))
    print(outcome.problem or f"every rule holds: {outcome.ends}")
    return 1 if outcome.problem else 0


def campaign(seeds: range, processes: int | None) -> int:
    """Run many worlds; tell what was found, how they ended and how fast it went."""
    began = time.monotonic()
    ends: Counter[str] = Counter()
    broken = messages = 0
    seconds = 0.0
    for done, outcome in enumerate(run_seeds(seeds, processes), 1):
        if done % _TOLD_EVERY == 0:
            print(f"{done} worlds, {broken} with a broken rule", flush=True)
        ends.update(f"{who} {end}" for who, end in outcome.ends.items())
        messages += outcome.messages
        seconds += outcome.seconds
        if outcome.problem is not None:
            broken += 1
            print(f"--seed {outcome.seed}: {outcome.problem}", flush=True)
    took = time.monotonic() - began
    print("last programs ended:")
    for end, count in sorted(ends.items(), key=lambda each: -each[1]):
        print(f"  {count:7} {end}")
    print(
        f"{len(seeds)} worlds, {broken} with a broken rule, in {took:.0f} s: "
        f"{len(seeds) / took:.1f} worlds a second, {messages} messages, "
        f"{seconds / 3600:.0f} hours of their time"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
