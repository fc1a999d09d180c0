"""While a company is young, PostgreSQL learns of its tables' growth from the centre: an import is as quick at its end as at
its beginning."""

import time
from itertools import count

from sqlalchemy import Engine, text

from company_fixtures import open_small_company
from erp_desktop.actions.masters import SaveParty
from erp_desktop.central.statistics import TICKS_BETWEEN_LOOKS
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id

PATIENCE_SECONDS = 60


def rows_that_postgres_knows_of(engine: Engine, table: str) -> float:
    with engine.connect() as connection:
        return float(connection.scalar(text("SELECT reltuples FROM pg_class WHERE relname = :name"), {"name": table}))


def test_a_table_that_has_grown_is_analysed_without_waiting_for_the_server(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    try:
        company = open_small_company(engine)
        numbers = count()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (
            rows_that_postgres_knows_of(engine, "party") < TICKS_BETWEEN_LOOKS
        ):  # it counts a second late: work goes on
            assert time.monotonic() < deadline
            codes = [f"S-{next(numbers)}" for _ in range(TICKS_BETWEEN_LOOKS)]
            company.perform(*(SaveParty(new_id(), code, "Supplier", is_supplier=True) for code in codes))
    finally:
        engine.dispose()
