"""Telling figures: one JSON object a line on stdout, a table for people on stderr."""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def tell(name: str, value: float, unit: str, goal: float | None = None, **explained: Any) -> None:
    """Prints a figure. `goal` is the most that it should be (with a unit per second: the least)."""
    is_rate = unit.endswith("/s")
    ok = None if goal is None else (value >= goal if is_rate else value <= goal)
    figure = {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "ok": ok, **explained}
    print(json.dumps(figure), flush=True)
    mark = {None: "", True: "ok", False: "MISSED"}[ok]
    goal_text = "" if goal is None else f"goal {goal:g}"
    more = " ".join(f"{key}={value}" for key, value in explained.items())
    print(f"{name:<52} {value:>12.3f} {unit:<8} {goal_text:<10} {mark:<7} {more}", file=sys.stderr, flush=True)


@dataclass
class Timing:
    """Wall and CPU seconds of a stretch, and how much of the machine others used meanwhile (in cores)."""

    wall: float = 0.0
    cpu: float = 0.0
    other: float = 0.0
    each: list[float] = field(default_factory=list)

    def per(self, count: int) -> float:
        """Wall milliseconds for one of `count`."""
        return self.wall * 1000 / count

    def percentile(self, share: float) -> float:
        """Milliseconds that `share` (0.95) of the single measurements stay under."""
        ordered = sorted(self.each)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


@contextmanager
def timed(server_cpu: Callable[[], float] = lambda: 0.0) -> Iterator[Timing]:
    """Times the block; `server_cpu` gives the CPU seconds that a database server has used so far."""
    timing = Timing()
    busy, server, cpu, wall = _busy_seconds(), server_cpu(), time.process_time(), time.perf_counter()
    yield timing
    timing.wall = time.perf_counter() - wall
    timing.cpu = time.process_time() - cpu + server_cpu() - server
    timing.other = max(0.0, (_busy_seconds() - busy - timing.cpu) / timing.wall) if timing.wall else 0.0


def _busy_seconds() -> float:
    """CPU seconds that all processes of this machine have used since it started."""
    ticks = [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    idle = ticks[3] + ticks[4]
    return (sum(ticks) - idle) / 100


def best_of(calls: int, call: Callable[[], Any]) -> tuple[float, float, float]:
    """Milliseconds of `call`: the first time, the median and the best of `calls`."""
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return times[0], statistics.median(times), min(times)


def peak_memory_mb() -> float:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def arguments() -> Sequence[str]:
    return sys.argv[1:]
