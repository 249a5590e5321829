"""How far a reader walks: which of our files a copy enters, and how often it goes between them.

    python -m bench.walk [TREE]

`certrelay demo` copies a certificate from a phone to a PC and on to another phone, with the three
programs that people run; each counts its calls of functions of ours: not those at import, nor the
methods that all value classes share.  A change of file is a call from one of our files into
another.  A sealed frame's way through the relay is what one arrival of bytes calls there, the most
frequent of them.  With TREE another checkout is measured by the same rule.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = {"import": "PC, import", "export": "PC, export", "scan": "phone, scan", "serve": "relay"}


def run(tree: Path, folder: Path) -> list[dict]:
    """Run the demo of a checkout; gives what each program has written down."""
    env = {
        **os.environ,
        "PYTHONPATH": f"{HERE}{os.pathsep}{tree}",
        "CERTRELAY_WALK": str(folder),
        "CERTRELAY_WALK_ROOT": str(tree),
    }
    demo = [sys.executable, "-m", "client_pc", "demo", "--keep", str(folder / "kept")]
    subprocess.run(demo, cwd=tree, env=env, check=True, capture_output=True)
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def main() -> None:
    """Measure and print."""
    tree = Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parents[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        found = run(tree, Path(folder))
    files: set[str] = set()
    total = 0
    frames: Counter[str] = Counter()
    for each in found:
        word = next((word for word in PROGRAMS if word in each["argv"]), None)
        if word is None:  # the demo itself, the maker of its certificates
            continue
        changes = sum(each["changes"].values())
        print(f"{PROGRAMS[word]:12} {len(each['entered']):4} files {changes:6} changes of file")
        if word == "serve":
            frames.update(each["frames"])
        else:
            files |= set(each["entered"])
            total += changes
    print(f"{'both ends':12} {len(files):4} files {total:6} changes of file, there and back")
    if frames:
        steps = frames.most_common(1)[0][0].split()
        places = {step.partition(":")[0] for step in steps}
        print(f"a sealed frame through the relay: {len(steps)} calls over {len(places)} files")
        for step in steps:
            print(f"    {step}")


if __name__ == "__main__":
    main()
