"""`python -m benchmarks.sample`: making the sample company, a year of trade, on an embedded centre (goal: 60 s)."""

import sys
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from benchmarks.databases import sqlite
from benchmarks.figures import tell, timed
from erp_desktop.central.performing import Centre
from erp_desktop.demo.company import make_sample_company
from erp_desktop.queries.doctor import examine


def main() -> None:
    with sqlite() as database:
        with timed() as timing:
            made = make_sample_company(Centre(database.engine), datetime.now(UTC).date(), "sample password")
        tell(
            "sample company made",
            timing.wall,
            "s",
            60.0,
            cpu_s=round(timing.cpu, 1),
            other=round(timing.other, 2),
            actions=made.actions,
            sales_orders=made.sales_orders,
            purchase_orders=made.purchase_orders,
        )
        with Session(database.engine) as session, timed() as timing:
            differences = examine(session, made.company_id)
        tell("doctor over the sample company", timing.wall, "s", differences=len(differences))
        tell("sample company database", database.size_mb(), "MB")


if __name__ == "__main__":
    sys.exit(main())
