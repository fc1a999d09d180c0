"""`python -m benchmarks.sync [--short] [--only PART ...]`: desks and centre in step, at the goals of the design.

One centre with two workers on PostgreSQL with fsync on, all as real processes on loopback. Parts: perform, pull, visible,
active, storm, fill, apply, idle. The crowd speaks the real wire (sync_crowd.py); what a single desk does is measured with
the desk of the program and its cache. Everything shares the machine's cores, the crowd too.
"""

import argparse
import asyncio
import itertools
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.synchronize import Event
from typing import Any
from uuid import UUID

from PySide6.QtCore import QCoreApplication, Qt

from benchmarks.business import LOGIN, PASSWORD
from benchmarks.figures import arguments, tell
from benchmarks.sync_crowd import CrowdDesk, signed_in
from benchmarks.sync_fill import first_fill
from benchmarks.sync_office import Office, office, served
from erp_desktop import wire
from erp_desktop.actions.masters import SaveMasters
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.sync import applying
from erp_desktop.sync.transport import NoAnswer, Transport

WORKERS = 2
DESKS = 100
IDLE_DESKS = 1_000
ACTIONS_A_SECOND = 50
QUEUED = 50  # actions of each desk of the storm


def perform(one: Office, short: bool) -> None:
    """A purchase order of five lines written down at a real desk, until it is safe in the outbox."""
    desk = one.desk("performing")
    desk.go_offline()
    times = []
    for _ in range(50 if short else 300):
        action = one.document()[0]
        began = time.perf_counter()
        desk.perform_and_wait(action)
        times.append(time.perf_counter() - began)
    desk.close()
    tell("perform on the desk, p95", _percentile(times, 0.95), "ms", 50, p50=_percentile(times, 0.5), n=len(times))


def pull(one: Office, short: bool) -> None:
    """A pull that brings nothing, over the transport of the program."""
    transport = Transport(lambda: one.url)
    device = new_id()
    login = wire.LoginRequest(
        company=one.business.code, login=LOGIN, password=PASSWORD, device_id=device, device_name="benchmark"
    )
    token = transport.post("/v1/auth/login", login, wire.Session).access_token
    cursor: str | None = None

    def ask() -> wire.PullReply:
        request = wire.PullRequest(device_id=device, schema_revision=wire.SCHEMA_REVISION, cursor=cursor)
        return transport.post("/v1/sync/pull", request, wire.PullReply, token)

    while not (reply := ask()).complete:
        cursor = reply.cursor
    cursor = reply.cursor
    times = []
    for _ in range(100 if short else 500):
        began = time.perf_counter()
        assert not ask().pages
        times.append(time.perf_counter() - began)
    transport.close()
    tell("empty pull, p95", _percentile(times, 0.95), "ms", 20, p50=_percentile(times, 0.5), n=len(times))


def visible(one: Office, short: bool) -> None:
    """From a person's act at one real desk until another real desk shows it, while 98 more wait for the same news."""
    app = QCoreApplication.instance() or QCoreApplication([])
    crowd = _Crowd(one, DESKS - 2)
    acting, looking = one.desk("acting"), one.desk("looking")
    seen = []
    looking.changed.connect(seen.append, Qt.ConnectionType.DirectConnection)
    times, began_at = [], {}
    for number in range(10 if short else 60):
        acting.wait_until_synced()
        looking.wait_until_synced()
        _events(app, 0.1 + number % 7 * 0.05)
        seen.clear()
        began = began_at[one.tick() + 1] = time.perf_counter()
        acting.perform(one.customer())
        while not any("party" in tables for tables in seen):
            _events(app, 0.0)
            if time.perf_counter() - began > 60:
                raise RuntimeError("the other desk never saw it")
        times.append(time.perf_counter() - began)
    _events(app, 1.0)
    acting.close()
    looking.close()
    in_crowd = [at - began for tick, began in began_at.items() for at in crowd.when_each_had(tick)]
    missed = (DESKS - 2) * len(began_at) - len(in_crowd)
    tell("change visible on another desk, p50", _percentile(times, 0.5), "ms", 150, desks=DESKS, n=len(times))
    tell("change visible on another desk, p95", _percentile(times, 0.95), "ms", 500, most=_percentile(times, 1.0))
    tell("change received by the other 98, p95", _percentile(in_crowd, 0.95), "ms", 500, missed=missed)


def active(one: Office, short: bool) -> None:
    """100 desks that listen, and send one action every two seconds each, each desk at another step of its day."""
    seconds = 10 if short else 40
    asyncio.run(_active(one, seconds))


async def _active(one: Office, seconds: int) -> None:
    times: list[float] = []
    desks = one.crowd(DESKS)
    await signed_in(desks)
    listeners = _Crowd(one, DESKS, [(desk.device_id, desk.token, desk.cursor) for desk in desks])
    between = DESKS / ACTIONS_A_SECOND
    all_at_work = time.perf_counter() + len(one.document()) * between
    end = all_at_work + seconds

    def pushed(_desk: CrowdDesk, took: float) -> None:
        if time.perf_counter() >= all_at_work:
            times.append(took)

    async def work(number: int, desk: CrowdDesk) -> None:
        waiting = itertools.chain.from_iterable(one.document() for _ in itertools.count())
        await asyncio.sleep((all_at_work - time.perf_counter()) * number / DESKS)
        while time.perf_counter() < end:
            at = time.perf_counter()
            action = one.pushed(next(waiting), next(desk.seqs))
            desk.outbox[action.id] = action
            await desk.push([action])
            await asyncio.sleep(max(0.0, at + between - time.perf_counter()))

    for desk in desks:
        desk.on_push = pushed
    await asyncio.gather(*(work(number, desk) for number, desk in enumerate(desks)))
    pulls = listeners.pulls()
    for desk in desks:
        while not (await desk.pull(0)).complete:
            pass
    errors = {
        "tries_again": sum(desk.tries_again for desk in desks),
        "refused": sum(len(desk.refused) for desk in desks),
        "never_acknowledged": sum(len(desk.outbox) for desk in desks),
    }
    for desk in desks:
        desk.close()
    rate = len(times) / seconds
    tell(
        "push at 50 actions/s, p95", _percentile(times, 0.95), "ms", 100, p50=_percentile(times, 0.5), rate=round(rate)
    )
    tell("errors meanwhile", sum(errors.values()), "errors", 0, pulls=pulls, **errors)


def storm(one: Office, short: bool) -> None:
    """100 desks come back at once, each with 50 actions."""
    asyncio.run(_storm(one, 20 if short else DESKS))


async def _storm(one: Office, count: int) -> None:
    desks = one.crowd(count)
    await signed_in(desks)
    for desk in desks:
        actions = itertools.chain.from_iterable(one.document() for _ in itertools.count())
        for action in itertools.islice(actions, QUEUED):
            pushed = one.pushed(action, next(desk.seqs))
            desk.outbox[pushed.id] = pushed
    began = time.perf_counter()
    drained: list[float] = []

    async def one_desk(desk: CrowdDesk) -> None:
        await desk.drain()
        drained.append(time.perf_counter() - began)

    await asyncio.gather(*(one_desk(desk) for desk in desks))
    refused = sum(len(desk.refused) for desk in desks)
    for desk in desks:
        desk.close()
    tell(
        f"storm: {count} desks x {QUEUED} actions drained",
        max(drained),
        "s",
        60 * count / DESKS,
        half=round(statistics.median(drained), 1),
        rows_sent=sum(desk.rows for desk in desks),
        refused=refused,
        tries_again=sum(desk.tries_again for desk in desks),
    )


def fill(one: Office, short: bool) -> None:
    """A real desk fills its cache from nothing, in a process of its own."""
    first_fill(one, 20_000 if short else 120_000)


def apply(one: Office, short: bool) -> None:
    """1,000 rows come to a desk on which 100 changes wait; the window's thread looks around meanwhile."""
    app = QCoreApplication.instance() or QCoreApplication([])
    desk = one.desk("applying")
    desk.go_offline()
    times, longest = [], []
    for _ in range(2 if short else 5):
        for _ in range(20 if times else 100):
            desk.perform_and_wait(one.customer())
        one.business.perform(SaveMasters(parties=tuple(one.customer() for _ in range(1_000))))
        reply = _next_reply(one, desk)
        who = desk._who()
        began = last = time.perf_counter()
        done = desk._cache.write(lambda connection, reply=reply, who=who: applying.apply_staged(connection, who, reply))
        most = 0.0
        while not done.done():
            app.processEvents()
            time.sleep(0.0005)
            now = time.perf_counter()
            most, last = max(most, now - last), now
        done.result()
        times.append(time.perf_counter() - began)
        longest.append(most)
    desk.close()
    tell("100 pending + 1,000 pulled rows", max(times), "s", 1, median=round(statistics.median(times), 3))
    tell("the window's thread waits meanwhile at most", max(longest) * 1000, "ms", 16)


def _next_reply(one: Office, desk: Desk) -> wire.PullReply:
    transport = Transport(lambda: one.url)
    credentials = desk._credentials
    cursor = desk._cache.read_here(lambda session: applying.position(session.connection())).next_cursor
    request = wire.PullRequest(
        device_id=credentials.device_id, schema_revision=wire.SCHEMA_REVISION, cursor=cursor, max_rows=5_000
    )
    reply = transport.post("/v1/sync/pull", request, wire.PullReply, credentials.token(transport))
    transport.close()
    assert reply.complete
    return reply


def idle(one: Office, short: bool) -> None:
    """1,000 desks that only listen, all at one worker; what they hear of is committed at another."""
    with served(one.database, 1) as url:
        asyncio.run(_idle(one, url, 3 if short else 8))


async def _idle(one: Office, url: str, changes: int) -> None:
    desks = one.crowd(IDLE_DESKS, url)
    await desks[0].sign_in()
    await desks[0].fill()
    heard: dict[CrowdDesk, dict[int, float]] = {}

    def pulled(desk: CrowdDesk, reply: wire.PullReply, _took: float) -> None:
        heard[id(desk)].setdefault(reply.tick, time.perf_counter())  # type: ignore[index]

    for desk in desks:  # one computer with many connections: a thousand passwords would take minutes to check
        desk.device_id, desk.token, desk.on_pull = desks[0].device_id, desks[0].token, pulled
        heard[id(desk)] = {}  # type: ignore[index]
        await desk.begin_at(desks[0])
    listening = [asyncio.create_task(desk.listen()) for desk in desks]
    await asyncio.sleep(5)
    delays: list[float] = []
    missed = 0
    for _ in range(changes):
        began = time.perf_counter()
        await asyncio.to_thread(one.business.perform, one.customer())
        tick = one.tick()
        while time.perf_counter() - began < wire.LONGEST_WAIT_SECONDS - 5 and any(d.tick < tick for d in desks):
            await asyncio.sleep(0.02)
        for desk in desks:
            at = min((at for got, at in heard[id(desk)].items() if got >= tick), default=None)  # type: ignore[index]
            if at is None:
                missed += 1
            else:
                delays.append(at - began)
    again = sum(desk.tries_again for desk in desks)
    await _end(listening, desks)
    tell("wake-ups missed by 1,000 idle desks on one worker", missed, "missed", 0, changes=changes, tries_again=again)
    tell("an idle desk hears of a change, p95", _percentile(delays, 0.95), "ms", p50=_percentile(delays, 0.5))


async def _end(tasks: Sequence["asyncio.Task[None]"], desks: Sequence[CrowdDesk]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for desk in desks:
        desk.close()


class _Crowd:
    """Desks that listen in a process of their own: each of `known` with its device, token and cursor, or new ones."""

    def __init__(self, one: Office, count: int, known: Sequence[tuple[UUID, str, str | None]] = ()) -> None:
        context = multiprocessing.get_context("spawn")
        self._stop, ready, self._got = context.Event(), context.Event(), context.Queue()
        self._process = context.Process(
            target=_listen_in_a_crowd, args=(one.url, one.business.code, count, known, ready, self._stop, self._got)
        )
        self._process.start()
        if not ready.wait(300):
            raise RuntimeError("the crowd did not begin to listen")
        self._arrivals: list[dict[int, float]] | None = None

    def when_each_had(self, tick: int) -> list[float]:
        """Of each desk that has heard of it, when it had got as far as `tick`."""
        firsts = (min((at for got, at in one.items() if got >= tick), default=None) for one in self._ended())
        return [at for at in firsts if at is not None]

    def pulls(self) -> int:
        """How many brought something."""
        return sum(len(one) for one in self._ended())

    def _ended(self) -> list[dict[int, float]]:
        if self._arrivals is None:
            self._stop.set()
            self._arrivals = self._got.get(timeout=60)
            self._process.join()
        return self._arrivals


def _listen_in_a_crowd(
    url: str,
    code: str,
    count: int,
    known: Sequence[tuple[UUID, str, str | None]],
    ready: Event,
    stop: Event,
    got: Any,
) -> None:
    async def run() -> list[dict[int, float]]:
        desks = [CrowdDesk(url, code, LOGIN, PASSWORD) for _ in range(count)]
        arrivals: dict[int, dict[int, float]] = {id(desk): {} for desk in desks}
        if known:
            for desk, session in zip(desks, known, strict=True):
                desk.device_id, desk.token, desk.cursor = session
        else:
            await signed_in(desks)

        def pulled(desk: CrowdDesk, reply: wire.PullReply, _took: float) -> None:
            arrivals[id(desk)].setdefault(reply.tick, time.perf_counter())

        for desk in desks:
            desk.on_pull = pulled
        listening = [asyncio.create_task(desk.listen()) for desk in desks]
        await asyncio.sleep(1)
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.05)
        await _end(listening, desks)
        return list(arrivals.values())

    got.put(asyncio.run(run()))


def _events(app: QCoreApplication, seconds: float) -> None:
    until = time.perf_counter() + seconds
    while True:
        app.processEvents()
        time.sleep(0.001)
        if time.perf_counter() >= until:
            return


def _percentile(times: Sequence[float], share: float) -> float:
    """Milliseconds that `share` of `times` (in seconds) stay under."""
    ordered = sorted(times)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1) if ordered else float("nan")


PARTS: dict[str, Callable[[Office, bool], None]] = {
    part.__name__: part for part in (perform, pull, visible, active, storm, fill, apply, idle)
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sync", description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer repetitions, smaller data")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="may be given again")
    chosen = parser.parse_args(arguments())
    app = QCoreApplication([])
    for name in chosen.only or PARTS:
        with office(WORKERS) as one:
            try:
                PARTS[name](one, chosen.short)
            except NoAnswer as error:
                print(f"{name}: {error}", file=sys.stderr)
                return 1
    del app
    return 0


if __name__ == "__main__":
    sys.exit(main())
