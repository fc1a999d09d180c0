"""What an action would change: performed under the company's clock as any other, looked at, and taken back.

Nothing of it is ever committed: no row, no number, no tick, no line of the log. It has a session of its own, so that what the
centre remembers of the company (turn.py) stays as it is, and it gives up soon, because others wait for the clock meanwhile.
Here: who may ask, the transaction, how long. Not here: what an effect is made of (effects.py), HTTP.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, MalformedAction, UnknownAction, read_action
from erp_desktop.actions.performing import check_references_now, perform_action
from erp_desktop.actions.refusals import EffectTakesTooLong, NotPermitted, Problem, Refused, UnknownActionRefused
from erp_desktop.actions.remembering import let_remember, remember
from erp_desktop.central.effects import Written
from erp_desktop.central.people import permissions_of
from erp_desktop.central.performing import Centre
from erp_desktop.central.turn import take_clock
from erp_desktop.database import BUSY_TIMEOUT_SECONDS, writer
from erp_desktop.ids import new_id
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.base import TICK_IN_CONNECTION_INFO, set_tick
from erp_desktop.wire import Effect

log = logging.getLogger(__name__)

SECONDS_TO_BEGIN = 3.0  # until the clock is ours
SECONDS_TO_WORK_OUT = 3.0
PERMISSION = "cost.read"
LEDGER_PERMISSION = "ledger.read"
# PostgreSQL's statement timeout and lock timeout; what SQLite says when it was told to stop, or somebody else writes
_CUT_SHORT = frozenset({"57014", "55P03", "SQLITE_INTERRUPT", "SQLITE_BUSY"})
_STEPS_BETWEEN_LOOKS = 50_000  # of SQLite's machine, about a millisecond


@dataclass(frozen=True)
class Wanted:
    """An action as it came from outside, and who would perform it."""

    company_id: UUID
    actor_id: UUID
    name: str
    version: int
    args: dict[str, Any]


class Previews:
    """Works out effects at one centre, from any thread."""

    def __init__(
        self,
        centre: Centre,
        *,
        seconds_to_begin: float | None = None,
        seconds_to_work_out: float | None = None,
    ) -> None:
        self._centre = centre
        self._writer = writer(centre.engine)
        self._seconds_to_begin = SECONDS_TO_BEGIN if seconds_to_begin is None else seconds_to_begin
        self._seconds_to_work_out = SECONDS_TO_WORK_OUT if seconds_to_work_out is None else seconds_to_work_out

    def effect(self, wanted: Wanted) -> Effect:
        """What `wanted` would change now, or why it would be refused. Raises UnknownCompany, and what the database raises."""
        try:
            action = read_action(wanted.name, wanted.version, wanted.args)
            return self._under_clock(wanted, action)
        except UnknownAction:
            problem = UnknownActionRefused(name=f"{wanted.name}@{wanted.version}").problem
        except MalformedAction as error:
            problem = Problem("malformed", {"detail": str(error)[:500]})
        except Refused as refused:
            problem = refused.problem
        return Effect(problem=problem.as_dict())

    def _under_clock(self, wanted: Wanted, action: Action) -> Effect:
        with self._centre.nobody_else_performs(wanted.company_id, self._seconds_to_begin) as is_ours:
            if not is_ours:
                raise EffectTakesTooLong()
            with self._writer.connect() as connection, _limited(connection, self._seconds_to_begin) as limit:
                try:
                    with Session(connection, expire_on_commit=False) as session:
                        _wait_for_locks(session, self._seconds_to_begin)
                        tick = take_clock(session.connection(), wanted.company_id).tick
                        limit.seconds_from_now(self._seconds_to_work_out)
                        return self._work_out(session, wanted, action, tick + 1)
                except DBAPIError as error:
                    if _was_cut_short(error):
                        raise EffectTakesTooLong() from error
                    raise
                finally:
                    connection.rollback()
                    connection.info.pop(TICK_IN_CONNECTION_INFO, None)

    def _work_out(self, session: Session, wanted: Wanted, action: Action, tick: int) -> Effect:
        connection = session.connection()
        permissions = permissions_of(connection, wanted.company_id, wanted.actor_id) or frozenset()
        if PERMISSION not in permissions:
            raise NotPermitted(permission=PERMISSION)
        context = Context(
            company_id=wanted.company_id,
            action_id=new_id(),
            actor_id=wanted.actor_id,
            issued_at=datetime.now(UTC),
            at_centre=True,
            permissions=permissions,
        )
        set_tick(connection, tick)
        let_remember(session)
        remember(session)
        performed = session.begin_nested()
        try:
            perform_action(session, context, action)
            check_references_now(session)
        except (Refused, DBAPIError, MalformedAction):
            raise
        except Exception as error:  # our bug, as it would be if it were performed
            log.error("%s@%s failed in a preview", wanted.name, wanted.version, exc_info=error)
            return Effect(problem=Problem("fault", {"action": wanted.name}).as_dict())
        written = Written(session, wanted.company_id, tick)
        products = written.product_ids()
        after, cost_of_sales = written.holdings(products), written.cost_of_sales()
        price_variance = written.posted(Purpose.PURCHASE_PRICE_VARIANCE)
        exchange_difference = written.posted(Purpose.EXCHANGE_DIFFERENCE)
        goods_dispatched = written.posted(Purpose.GOODS_DISPATCHED)
        written_down, allowance = written.write_downs()
        corrections, correction_count = written.corrections()
        entries, entry_count = written.entries() if LEDGER_PERMISSION in permissions else (None, 0)
        performed.rollback()
        return written.effect(
            written.holdings(products),
            after,
            cost_of_sales=cost_of_sales,
            price_variance=price_variance,
            exchange_difference=exchange_difference,
            goods_dispatched=goods_dispatched,
            written_down=written_down,
            allowance=allowance,
            corrections=corrections,
            correction_count=correction_count,
            entries=entries,
            entry_count=entry_count,
        )


class _Limit:
    """The moment at which work on a connection is broken off."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def seconds_from_now(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._ends_at


@contextmanager
def _limited(connection: Connection, seconds_to_begin: float) -> Iterator[_Limit]:
    """In this block no statement begins, and on SQLite none goes on, once the limit is over."""
    limit = _Limit(seconds_to_begin)

    def look(*_: Any) -> None:
        if limit.is_over:
            raise EffectTakesTooLong()

    event.listen(connection, "before_cursor_execute", look)
    driver: Any = connection.connection.driver_connection
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        driver.execute(f"PRAGMA busy_timeout={int(seconds_to_begin * 1000)}")
        driver.set_progress_handler(lambda: limit.is_over, _STEPS_BETWEEN_LOOKS)
    try:
        yield limit
    finally:
        event.remove(connection, "before_cursor_execute", look)
        if is_sqlite:
            driver.set_progress_handler(None, 0)
            driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")


def _was_cut_short(error: DBAPIError) -> bool:
    orig = error.orig
    return bool({getattr(orig, "sqlstate", None), getattr(orig, "sqlite_errorname", None)} & _CUT_SHORT)


def _wait_for_locks(session: Session, seconds: float) -> None:
    """On PostgreSQL: how long to wait for the clock's row, and for any single answer."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        milliseconds = int(seconds * 1000)
        connection.exec_driver_sql(
            f"SET LOCAL lock_timeout = {milliseconds}; SET LOCAL statement_timeout = {milliseconds}"
        )
