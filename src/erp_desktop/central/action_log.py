"""The action log: how a row is chained to the one before it, and how the chain is checked.

`chain_hash` is SHA-256 over the previous row's hash and everything in this row, so that a row edited, removed or slipped in
afterwards breaks every hash from there on. Whoever writes all of them anew is found out by what was known of the log before.
Here: reading and checking. Not here: performing (performing.py), what is known from earlier checks (log_checks.py).
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, Row, select

from erp_desktop.actions.opening import OpenCompany
from erp_desktop.database import reader
from erp_desktop.models.sync import ActionLog, CompanyClock
from erp_desktop.wire import PushedAction

BEFORE_THE_FIRST = bytes(32)
ROWS_AT_A_TIME = 1_000


def canonical(value: Any) -> bytes:
    """JSON with its keys in order: the same bytes for the same content, wherever it was written."""
    return msgspec.json.encode(value, order="deterministic")


def content_digest(name: str, version: int, args: dict[str, Any], actor_id: UUID, issued_at: datetime) -> bytes:
    """What makes two pushes of one id the same: what is done, with which arguments, by whom, when."""
    return hashlib.sha256(canonical([name, version, args, actor_id, issued_at.astimezone(UTC)])).digest()


def digest_of(pushed: PushedAction) -> bytes:
    return content_digest(pushed.name, pushed.version, pushed.args, pushed.actor_id, pushed.issued_at)


def chained(previous: bytes, row: dict[str, Any]) -> bytes:
    """The hash of a log row, given by column without `chain_hash`; instants in UTC."""
    content = [
        row["company_id"],
        row["tick"],
        row["action_id"],
        row["device_id"],
        row["seq"],
        row["actor_id"],
        row["name"],
        row["version"],
        row["args_digest"].hex(),
        row["outcome"],
        row["problem"],
        row["issued_at"],
        row["at"],
    ]
    return hashlib.sha256(previous + canonical(content)).digest()


@dataclass(frozen=True)
class LogPoint:
    """An entry of a log, by its hash, which covers all entries up to it. Tick 0: before the first."""

    tick: int = 0
    chain_hash: bytes = BEFORE_THE_FIRST


BEGINNING = LogPoint()


@dataclass(frozen=True)
class LogCheck:
    """What checking a company's log found: how many rows are sound, and at which tick it first is not."""

    sound_rows: int
    broken_at: int | None = None
    reason: str = ""
    entries: int = 0  # that the log should have
    chain_hash: bytes = BEFORE_THE_FIRST  # of the last sound row
    is_rewritten: bool = False  # each row follows from the one before, and they are not the rows that were known before


def verify_log(
    engine: Engine, company_id: UUID, *known: LogPoint, after: LogPoint = BEGINNING, most: int | None = None
) -> LogCheck:
    """Recompute the chain from the first action, or `after` what was found sound just now, to the clock's tick; `most` rows.

    What is `known` from before must still be in it.
    """
    with reader(engine).connect() as connection:
        return check_log(connection, company_id, *known, after=after, most=most)


def check_log(
    connection: Connection, company_id: UUID, *known: LogPoint, after: LogPoint = BEGINNING, most: int | None = None
) -> LogCheck:
    """`verify_log` in the caller's transaction."""
    tick, previous = after.tick, after.chain_hash
    expected = {point.tick: point.chain_hash for point in known}
    clock = connection.scalar(select(CompanyClock.tick).where(CompanyClock.company_id == company_id)) or 0
    if after.tick and _hash_at(connection, company_id, after.tick) != after.chain_hash:
        return _rewritten(after.tick, clock)
    statement = select(ActionLog.__table__).where(ActionLog.company_id == company_id).order_by(ActionLog.tick)
    statement = statement.where(ActionLog.tick > after.tick).limit(most).execution_options(yield_per=ROWS_AT_A_TIME)
    with connection.execute(statement) as rows:
        for row in rows:
            reason = _wrong_with(row, tick + 1, previous)
            if reason:
                return LogCheck(tick, tick + 1, reason, clock, previous)
            tick, previous = row.tick, bytes(row.chain_hash)
            if expected.get(tick, previous) != previous:
                return _rewritten(tick, clock)
    if most is None or tick < after.tick + most:
        if tick != clock:
            reason = f"the log ends at tick {tick}, the clock stands at {clock}"
            return LogCheck(tick, tick + 1, reason, clock, previous)
        if tick < max(expected, default=0):
            reason = f"the log ends at tick {tick}, and reached {max(expected)} when it was checked before"
            return LogCheck(tick, tick + 1, reason, max(expected), previous)
    return LogCheck(tick, entries=clock, chain_hash=previous)


def _rewritten(at: int, clock: int) -> LogCheck:
    reason = f"the entries up to tick {at} are others than those that were checked before"
    return LogCheck(0, at, reason, clock, is_rewritten=True)


def _hash_at(connection: Connection, company_id: UUID, tick: int) -> bytes | None:
    statement = select(ActionLog.chain_hash).where(ActionLog.company_id == company_id, ActionLog.tick == tick)
    stored = connection.scalar(statement)
    return None if stored is None else bytes(stored)


def _wrong_with(row: Row[Any], expected_tick: int, previous: bytes) -> str:
    if row.tick != expected_tick:
        return f"tick {expected_tick} is missing"
    if row.tick == 1 and row.name != OpenCompany.__name__:
        return "the log does not begin with the opening of the company"
    try:
        digest = content_digest(row.name, row.version, msgspec.json.decode(row.args), row.actor_id, row.issued_at)
    except msgspec.DecodeError:
        digest = b""
    if digest != bytes(row.args_digest):
        return "the arguments are not those that were performed"
    if chained(previous, dict(row._mapping)) != bytes(row.chain_hash):
        return "the row does not follow from the one before it"
    return ""
