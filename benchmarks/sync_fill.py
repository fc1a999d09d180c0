"""The first fill of a desk, in a process of its own so that its memory is its own."""

import json
import subprocess
import sys
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from sqlalchemy import func, select

from benchmarks.business import LOGIN, PASSWORD
from benchmarks.figures import peak_memory_mb, tell
from benchmarks.sync_office import Office
from erp_desktop.actions.masters import SaveMasters
from erp_desktop.models import replicated_tables

PARTIES_A_BATCH = 1_000
SHARE_OF_DOCUMENTS = 4  # of so many rows one belongs to documents, the others are master data


def first_fill(one: Office, rows: int) -> None:
    """`rows` and more come to a new desk; tells rows a second, the memory that it took, and bytes a row on the wire."""
    while _rows(one) < rows // SHARE_OF_DOCUMENTS:
        one.business.perform(*(action for _ in range(15) for action in one.document()))
    while _rows(one) < rows:
        one.business.perform(SaveMasters(parties=tuple(one.customer() for _ in range(PARTIES_A_BATCH))))
    one.database.analyse()
    command = [sys.executable, "-m", "benchmarks.sync_fill", one.url, one.business.code, str(one.folder / "filling")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    tell("first fill", told["rows"] / told["seconds"], "rows/s", 20_000, rows=told["rows"], seconds=told["seconds"])
    tell("first fill, bytes a row on the wire", told["bytes"] / told["rows"], "B", 60)
    tell("first fill, memory above the start", told["memory"], "MB", peak=told["peak"])


def _rows(one: Office) -> int:
    with one.database.engine.connect() as connection:
        return sum(
            connection.scalar(
                select(func.count()).select_from(table).where(table.company_id == one.business.company_id)
            )
            or 0
            for table in replicated_tables().values()
        )


def _fill_here(url: str, code: str, folder: Path) -> None:
    from erp_desktop.desk import Desk
    from erp_desktop.sync import transport
    from erp_desktop.sync.secrets import Secrets

    app = QCoreApplication([])
    received = 0
    body = transport._body

    def counted(response: object) -> bytes:
        nonlocal received
        raw = body(response)  # type: ignore[arg-type]
        received += len(raw)
        return raw

    transport._body = counted
    folder.mkdir()
    before = peak_memory_mb()
    began = time.perf_counter()
    desk = Desk.open(
        folder / "cache.db", url, code, LOGIN, PASSWORD, secrets=Secrets(folder, use_keyring=False), fill_timeout=3600
    )
    seconds = time.perf_counter() - began

    def count(session: object) -> int:
        return sum(
            session.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[attr-defined]
            for table in replicated_tables().values()
        )

    rows = desk._cache.read_here(count)
    told = {"rows": rows, "seconds": round(seconds, 2), "bytes": received}
    told |= {"memory": round(peak_memory_mb() - before, 1), "peak": round(peak_memory_mb())}
    print(json.dumps(told))
    desk.close()
    del app


if __name__ == "__main__":
    _fill_here(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
