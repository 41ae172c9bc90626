"""What every published interval and rate is worth, in worlds whose truth is known.

    python -m tests.bench.honesty [--part NAME] [--worlds N] [--seed S]

Exit code 1 if a bar is missed. Each part is a file with a function (worlds, seed) → lines.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from typing import Final

from tests.bench.honesty.lines import Line, as_table

# part: (module, function (worlds, seed) → lines)
PARTS: Final[dict[str, tuple[str, str]]] = {
    "worlds": ("tests.bench.honesty.worlds", "worlds"),
    "whole": ("tests.bench.honesty.whole", "whole"),
    "journey": ("tests.bench.honesty.journey", "journey"),
    "bias": ("tests.bench.honesty.bias", "bias"),
    "charts": ("tests.bench.honesty.charts", "charts"),
    "units": ("tests.bench.honesty.units", "units"),
    "audit": ("tests.bench.honesty.audit", "audit"),
    "audited agents": ("tests.bench.honesty.audit", "audited_agents"),
    "weights": ("tests.bench.honesty.weights", "weights"),
    "gaps": ("tests.bench.honesty.gaps", "gaps"),
    "loyalty": ("tests.bench.honesty.loyalty", "loyalty"),
    "risk": ("tests.bench.honesty.loyalty", "risk"),
    "drivers": ("tests.bench.honesty.drivers", "drivers"),
    "hypotheses": ("tests.bench.honesty.hypotheses", "hypotheses"),
    "dynamics": ("tests.bench.honesty.dynamics", "dynamics"),
}
WORLDS: Final = 2000


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.honesty", description=__doc__.partition("\n")[0])
    parser.add_argument("--part", action="append", choices=sorted(PARTS), help="only this part; may be given again")
    parser.add_argument("--worlds", type=int, default=WORLDS, help="worlds a measure; costly parts take fewer")
    parser.add_argument("--seed", type=int, default=5)
    asked = parser.parse_args(arguments)
    missed = False
    for name in asked.part or PARTS:
        started = time.monotonic()
        lines = run(name, asked.worlds, asked.seed)
        print(f"{name} ({time.monotonic() - started:.0f} s)\n{as_table(lines)}\n", flush=True)
        missed |= any(line.met is False for line in lines)
    return int(missed)


def run(part: str, worlds: int, seed: int) -> list[Line]:
    module, function = PARTS[part]
    measure: Callable[[int, int], list[Line]] = getattr(importlib.import_module(module), function)
    return measure(worlds, seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
