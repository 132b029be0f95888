"""Kills a batch run at random, lets it go on, and compares its output with an unbroken run's, byte for byte.

::

    python -m tests.batch.five_kills INPUT.jsonl -- --to ar --num-beams 1 --workers 2

What stands after ``--`` goes to ``summarize batch``. Not a test: with the bundled model and 2,000 documents it takes
tens of minutes; ``test_kill.py`` does the same with an engine that is made up.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def _start(source: Path, out: Path, options: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "summarize", "batch", str(source), str(out), "-q", *options]
    return subprocess.Popen(command, start_new_session=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seconds", type=float, nargs=2, default=(25.0, 60.0), help="between two kills, at random")
    parser.add_argument("--seed", type=int, default=0)
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given, options = parser.parse_args(sys.argv[1:at]), sys.argv[at + 1 :]
    rnd = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        whole, cut = Path(name) / "whole.jsonl", Path(name) / "cut.jsonl"
        began = time.monotonic()
        code = _start(given.input, whole, options).wait()
        lines = whole.read_bytes().splitlines()
        errors = sum(b'"error": null' not in line for line in lines)
        print(
            f"unbroken: exit code {code}, {len(lines)} lines, {errors} errors, {time.monotonic() - began:.0f} s",
            flush=True,
        )
        kills = 0
        while True:
            process = _start(given.input, cut, options)
            try:
                again = process.wait(rnd.uniform(*given.seconds) if kills < given.kills else None)
                break
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                kills += 1
                written = cut.read_bytes().count(b"\n") if cut.exists() else 0
                print(f"kill {kills} at {written} lines", flush=True)
        same = whole.read_bytes() == cut.read_bytes()
        print(f"after {kills} kills: exit code {again}, {'the same bytes' if same else 'DIFFERENT'}")
        return 0 if same and again == code and kills == given.kills else 1


if __name__ == "__main__":
    sys.exit(main())
