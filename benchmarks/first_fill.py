"""How fast a new desk is filled: `python -m benchmarks.first_fill [--rows 1000000] [--database sqlite|postgres] [--killed]`.

A company with `rows` stock moves and journal lines (five to a document, spread over two years) at a real central service in a
process of its own; a desk on the same machine signs in and is filled over HTTP, with the desk's own code. Told: rows a second
from the sign-in until the company is there, bytes a row on the wire, the most memory that both took, and how fast all of it is checked
against the centre afterwards (nothing may differ).
"""

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update

from benchmarks.business import LOGIN, PASSWORD, Business
from benchmarks.databases import DATABASES, Database
from benchmarks.figures import peak_memory_mb, tell
from erp_desktop.central.performing import Centre
from erp_desktop.ids import child_id, new_id
from erp_desktop.models import replicated_tables
from erp_desktop.models.ledger import JournalEntry, JournalLine
from erp_desktop.models.stock import StockMove
from erp_desktop.models.sync import ActionLog, CompanyClock
from erp_desktop.sync import transport
from erp_desktop.sync.cache import Cache
from erp_desktop.sync.checking import Checker
from erp_desktop.sync.engine import Engine
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.signing_in import Credentials
from erp_desktop.sync.state import SyncState

LINES = 5  # of a document
ROWS_AT_ONCE = 20_000
SECONDS_INTO_WRITING = 1.0
GOAL_ROWS_A_SECOND, GOAL_BYTES_A_ROW = 20_000, 60


def first_fill(database: Database, rows: int, *, is_killed: bool = False) -> None:
    """Fill one desk with a company of about `rows` rows, and tell how long it took. `is_killed`: it is killed ten times on the
    way, and only that nothing is missing is told.
    """
    business = Business(Centre(database.engine), 500)
    _furnish(database, business, rows)
    database.analyse()
    with database.engine.connect() as connection:
        count = sum(
            connection.scalar(select(func.count()).select_from(cls.__table__)) or 0
            for cls in replicated_tables().values()
        )
    kind = database.kind
    with _served(database) as (address, service), tempfile.TemporaryDirectory(prefix="erp-bench.") as folder:
        for tenth in range(1, 11) if is_killed else ():
            assert _desk(folder, address, "--die-at", str(tenth / 10)).returncode == -signal.SIGKILL
        filled = json.loads(_desk(folder, address).stdout)
        assert filled["differing"] == 0
        if is_killed:
            tell(f"{kind} fill killed ten times, rows that differ", filled["differing"], "rows", 0, rows=count)
            return
        tell(f"{kind} first fill", count / filled["seconds"], "rows/s", GOAL_ROWS_A_SECOND, rows=count)
        tell(f"{kind} first fill, of it fetching", filled["fetched"], "s", desk_cpu=filled["cpu"])
        tell(f"{kind} first fill, on the wire", filled["bytes"] / count, "B", GOAL_BYTES_A_ROW)
        tell(f"{kind} first fill, memory of the desk", filled["memory"], "MB", before=filled["memory_before"])
        tell(f"{kind} first fill, memory of the centre", _peak_mb(service), "MB")
        tell(f"{kind} checking all of it", count / filled["checked"], "rows/s")


def _desk(folder: str, address: str, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "benchmarks.first_fill", "--desk", folder, "--centre", address, *more]
    return subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)


def _furnish(database: Database, business: Business, rows: int) -> None:
    """Straight into the tables, as so many actions would have left them (not timed)."""
    pick = random.Random(7)
    with database.engine.begin() as connection:
        company_id = business.company_id
        accounts = list(connection.scalars(select(replicated_tables()["account"].__table__.c.id)))
        parties = list(connection.scalars(select(replicated_tables()["party"].__table__.c.id)))
        period = connection.scalar(select(replicated_tables()["period"].__table__.c.id).limit(1))
        tick = connection.scalar(select(CompanyClock.tick).where(CompanyClock.company_id == company_id)) or 0
        like = connection.execute(select(ActionLog.__table__).limit(1)).mappings().one()
        moves: list[dict[str, Any]] = []
        lines: list[dict[str, Any]] = []
        entries: list[dict[str, Any]] = []
        for number in range(rows // LINES // 2):
            tick += 1
            day = business.today - timedelta(days=700 - number * 700 // max(1, rows // LINES // 2))
            document, entry = new_id(), new_id()
            entries.append(
                {
                    "company_id": company_id,
                    "id": entry,
                    "tick": tick,
                    "number": number + 1,
                    "period_id": period,
                    "dated_on": day,
                    "posted_at": datetime.combine(day, datetime.min.time(), UTC) + timedelta(seconds=number % 86_400),
                    "posted_by": business.owner_id,
                    "event": "goods_receipt",
                    "document_kind": "goods_receipt",
                    "document_id": document,
                    "action_id": new_id(),
                }
            )
            for line in range(LINES):
                product = business.id("product", pick.randrange(500))
                line_id = child_id(document, line)
                cents = pick.randrange(100, 100_000) * 100
                common: dict[str, Any] = {"company_id": company_id, "tick": tick, "line_id": line_id}
                moves.append(
                    {
                        **common,
                        "id": child_id(document, 100 + line),
                        "product_id": product,
                        "kind": "receipt",
                        "moved_on": day,
                        "qty": pick.randrange(1, 90),
                        "to_warehouse_id": business.warehouse,
                        "to_bin_id": business.bin,
                        "document_kind": "goods_receipt",
                        "document_id": document,
                        "line_no": line + 1,
                    }
                )
                lines.append(
                    {
                        **common,
                        "id": child_id(entry, line),
                        "entry_id": entry,
                        "line_no": line + 1,
                        "account_id": accounts[line],
                        "dated_on": day,
                        "debit": Decimal(cents) / 10_000,
                        "credit": 0,
                        "party_id": parties[number % len(parties)],
                        "product_id": product,
                        "warehouse_id": business.warehouse,
                    }
                )
            if len(moves) >= ROWS_AT_ONCE or number == rows // LINES // 2 - 1:
                connection.execute(insert(JournalEntry.__table__), entries)
                connection.execute(insert(StockMove.__table__), moves)
                connection.execute(insert(JournalLine.__table__), lines)
                moves, lines, entries = [], [], []
        connection.execute(
            insert(ActionLog.__table__), {**like, "tick": tick, "action_id": new_id()}
        )  # the cursor's nonce is that of its tick
        connection.execute(update(CompanyClock).where(CompanyClock.company_id == company_id).values(tick=tick))


@contextmanager
def _served(database: Database) -> Iterator[tuple[str, int]]:
    command = [sys.executable, "-m", "erp_desktop.central.cli", "serve", "--database", database.url, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as service:
        assert service.stdout is not None
        address: dict[str, Any] = json.loads(service.stdout.readline())
        try:
            yield address["listening"], service.pid
        finally:
            service.terminate()


def _peak_mb(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def fill_a_desk(folder: Path, centre: str, die_at: float | None = None) -> None:
    """In a process of its own: sign in, be filled, and print what it took as JSON. With `die_at` it kills itself once that
    share of the rows is here, at 1 while they are being written.
    """
    received, fetched_after = 0, 0.0
    read_body = transport._body

    def counted(response: Any) -> bytes:
        nonlocal received
        body = read_body(response)
        received += len(body)
        return body

    def watch(state: SyncState) -> None:
        nonlocal fetched_after
        if state.to_fetch and state.fetched == state.to_fetch:
            fetched_after = time.perf_counter() - began
        if die_at is not None and state.to_fetch and state.fetched >= die_at * state.to_fetch:
            time.sleep(SECONDS_INTO_WRITING if die_at == 1 else 0)
            os.kill(os.getpid(), signal.SIGKILL)

    transport._body = counted
    secrets = Secrets(folder, use_keyring=False)
    cache = Cache(folder / "cache.db", secrets)
    credentials = Credentials(cache, secrets)
    asking = transport.Transport(lambda: centre)
    credentials.sign_in(asking, "BENCH", LOGIN, PASSWORD)
    before = peak_memory_mb()
    engine = Engine(cache, credentials, lambda: centre, lambda _tables: None, watch)
    began = time.perf_counter()
    engine.start()
    while not engine.is_filled():
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    memory, received_then = peak_memory_mb(), received
    checked = time.perf_counter()
    differing = Checker(cache, credentials, asking, pull=lambda: None).check_all().count
    checked = time.perf_counter() - checked
    engine.close()
    cache.close()
    figures = {
        "seconds": seconds,
        "fetched": fetched_after,
        "bytes": received_then,
        "cpu": round(used.ru_utime + used.ru_stime, 1),
        "memory": memory,
        "memory_before": round(before),
        "checked": checked,
        "differing": differing,
    }
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=sorted(DATABASES), default="postgres")
    parser.add_argument(
        "--killed", action="store_true", help="the desk is killed after every tenth and while it writes"
    )
    parser.add_argument("--desk", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--centre", help=argparse.SUPPRESS)
    parser.add_argument("--die-at", type=float, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.desk is not None:
        fill_a_desk(chosen.desk, chosen.centre, chosen.die_at)
        return
    with DATABASES[chosen.database]() as database:
        first_fill(database, chosen.rows, is_killed=chosen.killed)


if __name__ == "__main__":
    main()
