"""`python -m benchmarks.importing [--lines N]`: half a million real order lines taken in.

Through the real `erp-desktop import online-retail` of somebody alone on a computer: read, judged, and performed in batches at
the embedded centre's database. Without the data the benchmark says so and measures nothing.
"""

import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.figures import arguments, tell
from erp_desktop import embedded
from erp_desktop.actions.opening import OpenCompany
from erp_desktop.cli import main as erp_desktop
from erp_desktop.ids import new_id
from erp_desktop.models.sales import SalesOrder

DATA = Path(os.environ.get("ERP_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "online_retail_2009_2010"
FILE = DATA / "online_retail_II_2009-2010.csv.gz"


def main() -> int:
    if not FILE.is_file():
        print(f"{FILE} is not here: nothing measured", file=sys.stderr)
        return 0

    wanted = int(arguments()[1]) if arguments()[:1] == ["--lines"] else None
    with tempfile.TemporaryDirectory(prefix="erp-bench.") as folder:
        path, lines = _slice(Path(folder), wanted)
        embedded.open_company(_shop(), Path(folder))
        start = time.perf_counter()
        status = erp_desktop(["--data-dir", folder, "import", "online-retail", str(path)])
        seconds = time.perf_counter() - start
        taken = _orders_taken(Path(folder))
        if not taken:
            raise SystemExit("nothing was taken in, so there is nothing to tell")
        tell(
            "online retail order lines taken in",
            lines / seconds,
            "lines/s",
            lines=lines,
            seconds=round(seconds, 1),
            orders=taken,
        )
    return status


def _shop() -> OpenCompany:
    return OpenCompany(
        code="SHOP",
        name="Online retailer",
        currency="GBP",
        time_zone="Europe/London",
        chart="ifrs-trading",
        first_period_on=date(2009, 12, 1),
        owner_id=new_id(),
        owner_login="owner",
        owner_name="Owner",
    )


def _orders_taken(folder: Path) -> int:
    engine = embedded.open_books(folder)
    with Session(engine) as session:
        count = session.scalar(select(func.count()).select_from(SalesOrder)) or 0
    engine.dispose()
    return count


def _slice(folder: Path, wanted: int | None) -> tuple[Path, int]:
    import gzip

    path = folder / "lines.csv"
    count = -1
    with gzip.open(FILE, "rt", encoding="utf-8") as source, path.open("w", encoding="utf-8") as target:
        for line in source:
            target.write(line)
            count += 1
            if count == wanted:
                break
    return path, count


if __name__ == "__main__":
    sys.exit(main())
