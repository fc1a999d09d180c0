"""One company as it is at one moment, for all the desks that ask at that moment: what several of them need is read once.

Here: the clock, the log's hashes and answers. Not here: rows (changes.py), who may see what (people.py).
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from erp_desktop.database import filled_up
from erp_desktop.models.company import ClockDay, Company
from erp_desktop.models.sync import ActionLog, CompanyClock
from erp_desktop.wire import Ack

_CLOCK = select(
    CompanyClock.tick,
    CompanyClock.epoch,
    select(Company.window_months)
    .where(Company.company_id == bindparam("company"))
    .scalar_subquery()
    .label("window_months"),
    select(func.max(ClockDay.day))
    .where(ClockDay.company_id == bindparam("company"))
    .scalar_subquery()
    .label("last_day"),
).where(CompanyClock.company_id == bindparam("company"))

_HASHES = select(ActionLog.tick, ActionLog.chain_hash).where(
    ActionLog.company_id == bindparam("company"), ActionLog.tick.in_(bindparam("ticks", expanding=True))
)

Pusher = tuple[UUID | None, UUID]  # device and user


class SeenUpTo(msgspec.Struct, frozen=True, array_like=True):
    """How much somebody has seen of a company's log: up to a tick, whose entry had a hash with this `nonce`."""

    epoch: UUID
    tick: int
    nonce: str


def nonce_of(chain_hash: bytes | None) -> str:
    """What a cursor tells of the log's hash at its tick; empty where the log has no such tick. It differs after a restore."""
    return bytes(chain_hash)[:8].hex() if chain_hash is not None else ""


class CursorGone(ValueError):
    """The desk must fill its cache anew: another timeline (a restored backup), other permissions, or no cursor of ours."""


class Moment:
    """Belongs to one transaction that reads, and to one thread."""

    def __init__(self, connection: Connection, company_id: UUID) -> None:
        """Raises CursorGone for a company that is not kept here."""
        self.connection = connection
        self.company_id = company_id
        clock = connection.execute(_CLOCK, {"company": company_id}).one_or_none()
        if clock is None:
            raise CursorGone("this company is not kept here")
        self.tick: int = clock.tick
        self.epoch: UUID = clock.epoch
        self.window_months: int = clock.window_months or 0
        self.last_day: date | None = clock.last_day
        self._nonces: dict[int, str] = {}
        self._acks: dict[Pusher, list[Ack]] = {}
        self._has_acks_after = self.tick

    def nonce(self, tick: int) -> str:
        """Of the log's hash at `tick`."""
        if tick not in self._nonces:
            self.read_nonces([tick])
        return self._nonces[tick]

    def read_nonces(self, ticks: Iterable[int]) -> None:
        """Read at once what `nonce` will be asked for."""
        wanted = sorted(set(ticks) - self._nonces.keys())
        rows = self.connection.execute(_HASHES, {"company": self.company_id, "ticks": filled_up(wanted)})
        found = {row.tick: row.chain_hash for row in rows}
        self._nonces.update({tick: nonce_of(found.get(tick)) for tick in wanted})

    def acks(self, pusher: Pusher, after: int, upto: int) -> list[Ack]:
        """The centre's answers to what this user pushed from this device, after `after` up to `upto`."""
        if after >= self._has_acks_after:
            return [ack for ack in self._acks.get(pusher, []) if after < ack.tick <= upto]
        device_id, user_id = pusher
        theirs = (ActionLog.device_id == device_id) & (ActionLog.actor_id == user_id)
        return [ack for _, ack in self._answers(after, upto, theirs)]

    def read_acks(self, after: int) -> None:
        """Read at once the answers to everybody after `after`."""
        self._acks = {}
        for pusher, ack in self._answers(after, self.tick):
            self._acks.setdefault(pusher, []).append(ack)
        self._has_acks_after = after

    def _answers(self, after: int, upto: int, *which: ColumnElement[bool]) -> list[tuple[Pusher, Ack]]:
        if after >= upto:
            return []
        rows = self.connection.execute(
            select(
                ActionLog.device_id,
                ActionLog.actor_id,
                ActionLog.action_id,
                ActionLog.outcome,
                ActionLog.tick,
                ActionLog.problem,
                ActionLog.issued_at,
            )
            .where(ActionLog.company_id == self.company_id, ActionLog.tick > after, ActionLog.tick <= upto, *which)
            .order_by(ActionLog.tick)
        )
        return [
            (
                (row.device_id, row.actor_id),
                Ack(
                    id=row.action_id,
                    outcome=row.outcome,
                    tick=row.tick,
                    problem=row.problem,
                    issued_at=row.issued_at,
                ),
            )
            for row in rows
        ]
