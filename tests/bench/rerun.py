"""How many times faster an unchanged run of the sample dump is than the first: `python -m tests.bench.rerun`.

Both in processes of their own, start of Python and imports included. Exit code 1 below the bar of 20.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import ROOT, sample_arguments

BAR = 20
REPEATS = 5


def seconds(store: Path) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-m", "analyzer", *sample_arguments(store)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        first = seconds(Path(folder) / "store")
        again = statistics.median(seconds(Path(folder) / "store") for _ in range(REPEATS))
    print(f"first {first:.2f} s, unchanged {again:.3f} s (median of {REPEATS}): {first / again:.0f} times faster")
    return int(first / again < BAR)


if __name__ == "__main__":
    sys.exit(main())
