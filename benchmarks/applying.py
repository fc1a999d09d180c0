"""What applying a pull takes at a desk: `python -m benchmarks.applying`.

A desk of the workload's company has 100 actions waiting (purchase orders raised, confirmed and received); meanwhile the centre
performed others that changed 1,000 rows. Told: how long the transaction takes that undoes, writes and replays, and for how long
the window's thread stood still at the most while it ran (it looks at the clock every millisecond).
"""

import tempfile
import time
from pathlib import Path

from benchmarks.business import LOGIN, PASSWORD, Business
from benchmarks.databases import sqlite
from benchmarks.figures import tell
from erp_desktop.actions.base import Action
from erp_desktop.central.performing import Centre
from erp_desktop.central.serving import served
from erp_desktop.sync import applying, outbox
from erp_desktop.sync.cache import Cache
from erp_desktop.sync.engine import Engine
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.signing_in import Credentials
from erp_desktop.sync.transport import Transport
from erp_desktop.wire import SCHEMA_REVISION, PullReply, PullRequest

PENDING, PULLED_ROWS = 100, 1_000
TICK_SECONDS = 0.001
TIMES = 5


def applying_a_pull() -> None:
    """Fill a desk over HTTP, make both sides go on apart, and time what brings them together. Best of five pulls."""
    with sqlite() as database, tempfile.TemporaryDirectory(prefix="erp-bench.") as folder:
        business = Business(Centre(database.engine), 500)
        secrets = Secrets(Path(folder), use_keyring=False)
        cache = Cache(Path(folder) / "cache.db", secrets)
        try:
            with served(database.engine) as server:
                _measure(business, cache, Credentials(cache, secrets), server.url)
        finally:
            cache.close()


def _measure(business: Business, cache: Cache, credentials: Credentials, address: str) -> None:
    transport = Transport(lambda: address)
    credentials.sign_in(transport, "BENCH", LOGIN, PASSWORD)
    engine = Engine(cache, credentials, lambda: address, lambda _tables: None, lambda _state: None)
    engine._round(transport)
    who = credentials.who
    assert who is not None
    mine: list[Action] = []
    for number in range(1_000_000, 1_000_000 + PENDING // 3 + 1):
        mine += [*business.w1(number), *business.w2(number)]
    for action in mine[:PENDING]:
        cache.write(lambda connection, action=action: outbox.perform(connection, who, action)).result()

    others, times, stood = 0, [], []
    for _ in range(TIMES):
        count = 0
        while True:
            before = cache.read_here(lambda session: applying.position(session.connection()))
            request = PullRequest(
                device_id=credentials.device_id, schema_revision=SCHEMA_REVISION, cursor=before.cursor
            )
            reply = transport.post("/v1/sync/pull", request, PullReply, credentials.token(transport))
            count = sum(len(page.values[0]) for page in reply.pages if page.values)
            if count >= PULLED_ROWS:
                break
            business.perform(*business.w1(others), *business.w2(others))
            others += 1
        began = time.perf_counter()
        applied = cache.write(lambda connection, reply=reply: applying.apply_staged(connection, who, reply))
        longest, last = 0.0, time.perf_counter()
        while not applied.done():
            time.sleep(TICK_SECONDS)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
        applied.result()
        times.append(time.perf_counter() - began)
        stood.append(longest)
    waiting = cache.read_here(outbox.waiting)
    transport.close()
    tell("100 pending actions and 1,000 pulled rows", min(times), "s", 1.0, all=[round(one, 2) for one in times])
    tell("the window's thread stands still", min(stood) * 1000, "ms", 16.0, all=[round(one * 1000) for one in stood])
    assert waiting.pending == PENDING, waiting


if __name__ == "__main__":
    applying_a_pull()
