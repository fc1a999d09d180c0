"""Telling PostgreSQL how its tables have grown, while they are small.

PostgreSQL keeps the plan of a statement that comes again and again, foreign key checks included. One that was made while a
table held a few rows may read a company's whole index to find one row, and it stays until the table is analysed, which the
server does by itself only some minutes later. By then an import has written thousands of documents.
"""

import logging
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

TICKS_BETWEEN_LOOKS = 100
_OUTGROWN = text(
    """
    SELECT quote_ident(counted.schemaname) || '.' || quote_ident(counted.relname)
    FROM pg_stat_user_tables AS counted JOIN pg_class ON pg_class.oid = counted.relid
    WHERE counted.schemaname = current_schema() AND counted.n_live_tup > 2 * greatest(pg_class.reltuples, 5)
      AND pg_class.reltuples < 10000  -- from there on the server's own rhythm is enough
    """
)


class GrowingStatistics:
    """Analyses the tables that have doubled since they were analysed last; looks once in TICKS_BETWEEN_LOOKS actions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._looked: dict[UUID, int] = {}

    def after_commit(self, company_id: UUID, tick: int) -> None:
        """Called by the centre with the tick that a commit has reached."""
        if tick - self._looked.setdefault(company_id, tick) < TICKS_BETWEEN_LOOKS:
            return
        self._looked[company_id] = tick
        try:
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                outgrown = connection.scalars(_OUTGROWN).all()
                if outgrown:
                    connection.exec_driver_sql("ANALYZE " + ", ".join(outgrown))
        except DBAPIError as error:  # what was performed stands; the server will analyse by itself
            log.warning("the tables could not be analysed: %s", error.orig)
