"""`python -m benchmarks.all`: every benchmark, one after the other, each in a process of its own."""

import subprocess
import sys

NAMES = ("workload", "costing", "window", "importing", "sample", "sync")


def main() -> int:
    worst = 0
    for name in NAMES:
        print(f"== {name}", file=sys.stderr, flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
