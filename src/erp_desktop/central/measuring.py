"""What a centre counts of itself, for `/status` and `/metrics`: each worker its own, and any of them tells all.

A scrape reaches one worker of several, whichever it is. So each keeps its figures in a small file of the folder that the
parent made for them, written anew every second, and whoever is asked reads the others'. Figures of a worker begin at nothing
when it is started again, as Prometheus expects of counters.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from erp_desktop.wire import PushResult

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
MOST_CODES = 200  # of refusals; what comes after is counted as "other"
SECONDS_BETWEEN_SHARES = 1.0


class Histogram(msgspec.Struct):
    """How many took up to each of BOUNDS, and longer."""

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


class Figures(msgspec.Struct, kw_only=True):
    """One worker's, since it was started; those of this moment come last."""

    worker: int
    actions: dict[str, int] = {}  # by outcome
    refusals: dict[str, int] = {}  # by code: of actions, and of requests as a whole
    push: Histogram = msgspec.field(default_factory=Histogram)
    pull: Histogram = msgspec.field(default_factory=Histogram)
    transactions: int = 0
    retries: int = 0
    wake_ups: int = 0  # desks that were told of news while they waited
    messages_sent: int = 0  # to other workers
    messages_received: int = 0
    waiting: int = 0
    connected: int = 0
    queued: int = 0  # pushes that wait for their company's turn
    connections: int = 0  # to the database, in use
    seen: dict[str, int] = {}  # by device, as hex: the tick that it has, as far as the database does not know it yet


class Measures:
    """Counts for one worker. Safe to use from many threads, and quick."""

    def __init__(self, worker: int = 1, folder: Path | None = None) -> None:
        self.worker = worker
        self._folder = folder
        self._guard = threading.Lock()
        self._actions: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._push, self._pull = Histogram(), Histogram()

    def pushed(self, seconds: float, results: Iterable[PushResult]) -> None:
        with self._guard:
            self._push.add(seconds)
            for result in results:
                self._actions[result.outcome] += 1
                if result.outcome == "refused":
                    self._refuse(str((result.problem or {}).get("code", "")))

    def pulled(self, seconds: float) -> None:
        """The time that it took to find out what is new, without waiting for it."""
        with self._guard:
            self._pull.add(seconds)

    def refused(self, code: str) -> None:
        """A whole request was not answered as it was asked."""
        with self._guard:
            self._refuse(code)

    def figures(self, seen: dict[str, int] | None = None, **now: int) -> Figures:
        """What was counted so far, and what is `now`."""
        with self._guard:
            return Figures(
                worker=self.worker,
                actions=dict(self._actions),
                refusals=dict(self._refusals),
                push=Histogram(list(self._push.counts), self._push.seconds),
                pull=Histogram(list(self._pull.counts), self._pull.seconds),
                seen=seen or {},
                **now,
            )

    def share(self, mine: Figures) -> None:
        """Leave `mine` where the other workers find them."""
        if self._folder is not None:
            part = self._folder / f"{self.worker}.part"
            with suppress(OSError):  # a full disk must not stop who pushes
                part.write_bytes(msgspec.msgpack.encode(mine))
                part.replace(self._folder / f"{self.worker}.figures")

    def of_all(self, mine: Figures) -> list[Figures]:
        """`mine` and the other workers', by their numbers; theirs are a second old at most."""
        found = {mine.worker: mine}
        for file in sorted(self._folder.glob("*.figures")) if self._folder is not None else ():
            with suppress(OSError, msgspec.MsgspecError):
                other = msgspec.msgpack.decode(file.read_bytes(), type=Figures)
                found.setdefault(other.worker, other)
        return [found[worker] for worker in sorted(found)]

    def _refuse(self, code: str) -> None:
        self._refusals[code if code in self._refusals or len(self._refusals) < MOST_CODES else "other"] += 1


class CompanyFigures(msgspec.Struct, kw_only=True):
    """A company as the database has it."""

    code: str
    tick: int
    epoch: str
    lag: int  # ticks that the slowest of the devices seen lately lacks


def metrics_text(workers: Sequence[Figures], companies: Sequence[CompanyFigures]) -> str:
    """Everything in Prometheus' text format, version 0.0.4."""
    lines: list[str] = []

    def tell(name: str, kind: str, help: str, samples: Iterable[tuple[dict[str, object], float]]) -> None:
        lines.append(f"# HELP erp_{name} {help}")
        lines.append(f"# TYPE erp_{name} {kind}")
        lines.extend(f"erp_{name}{_labels(labels)} {_figure(value)}" for labels, value in samples)

    def of_each(field: str) -> list[tuple[dict[str, object], float]]:
        return [({"worker": one.worker}, getattr(one, field)) for one in workers]

    tell("company_tick", "gauge", "The clock of a company.", [({"company": c.code}, c.tick) for c in companies])
    tell("company_info", "gauge", "The timeline of a company's clock.",
         [({"company": c.code, "epoch": c.epoch}, 1) for c in companies])  # fmt: skip
    tell("company_lag_ticks", "gauge", "What the slowest device of the last ten minutes lacks.",
         [({"company": c.code}, c.lag) for c in companies])  # fmt: skip
    tell("clients_waiting", "gauge", "Desks that wait for news.", of_each("waiting"))
    tell("clients_connected", "gauge", "Open connections.", of_each("connected"))
    tell("actions_total", "counter", "Actions answered, by outcome.",
         [({"worker": one.worker, "outcome": name}, n) for one in workers for name, n in sorted(one.actions.items())])  # fmt: skip
    tell("refusals_total", "counter", "Refusals of actions and of requests, by code.",
         [({"worker": one.worker, "code": name}, n) for one in workers for name, n in sorted(one.refusals.items())])  # fmt: skip
    for name, help in (("push", "Time to answer a push."), ("pull", "Time to read what is new, without waiting.")):
        lines += [f"# HELP erp_{name}_seconds {help}", f"# TYPE erp_{name}_seconds histogram"]
        for one in workers:
            lines += _histogram(f"erp_{name}_seconds", one.worker, getattr(one, name))
    tell("queue_length", "gauge", "Pushes that wait for their company's turn.", of_each("queued"))
    tell("transactions_total", "counter", "Transactions of actions that were committed.", of_each("transactions"))
    tell("transaction_retries_total", "counter", "Transactions begun again after a conflict.", of_each("retries"))
    tell("wake_ups_total", "counter", "Waiting desks that were told of news.", of_each("wake_ups"))
    tell("messages_sent_total", "counter", "Messages to other workers.", of_each("messages_sent"))
    tell("messages_received_total", "counter", "Messages from other workers.", of_each("messages_received"))
    tell("database_connections", "gauge", "Connections to the database in use.", of_each("connections"))
    return "\n".join(lines) + "\n"


def _histogram(name: str, worker: int, histogram: Histogram) -> list[str]:
    lines, total = [], 0
    for bound, count in zip((*BOUNDS, float("inf")), histogram.counts, strict=True):
        total += count
        le = "+Inf" if bound == float("inf") else f"{bound:g}"
        lines.append(f'{name}_bucket{{worker="{worker}",le="{le}"}} {total}')
    return [
        *lines,
        f'{name}_sum{{worker="{worker}"}} {_figure(histogram.seconds)}',
        f'{name}_count{{worker="{worker}"}} {total}',
    ]


def _figure(value: float) -> str:
    """All its digits: a clock of a million ticks goes on ticking."""
    return str(value) if isinstance(value, int) else repr(round(value, 6))


def _labels(labels: dict[str, object]) -> str:
    def quoted(value: object) -> str:
        return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    return "{" + ",".join(f'{name}="{quoted(value)}"' for name, value in labels.items()) + "}"
