"""Settling what needs attention: many at once, each as a person decided, those that cannot be stay as they are.

Every function works inside the transaction of the connection that it is given; the cache's writer owns it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from erp_desktop.actions.base import Action
from erp_desktop.actions.refusals import Problem, Refused
from erp_desktop.sync import outbox
from erp_desktop.sync.signing_in import SignedIn


@dataclass(frozen=True)
class Decision:
    """What a person decided about one item: sent again (as `amended`, or as it is), or given up with a `reason`."""

    item_id: UUID
    amended: Action | None = None
    reason: str | None = None  # a text: it is given up, and kept with it
    with_held: bool = False  # what it held is given up with it, not tried on its own


@dataclass(frozen=True)
class Unsettled:
    """An item that stays where it is, and why."""

    item_id: UUID
    problem: Problem


@dataclass(frozen=True)
class Settled:
    """What came of several decisions: the tables that changed, and the items that stay."""

    tables: frozenset[str]
    left: tuple[Unsettled, ...]


def settle(connection: Connection, who: SignedIn, decisions: Sequence[Decision]) -> Settled:
    """Carry the `decisions` out in their order, then run once what they release. One that is refused changes nothing and
    leaves its item as it was.
    """
    tables: frozenset[str] = frozenset()
    releases = False
    left = []
    for decision in decisions:
        try:
            with connection.begin_nested():
                decided = _carry_out(connection, who, decision)
        except outbox.SettledAlready:
            continue  # with what held it
        except Refused as refused:
            left.append(Unsettled(decision.item_id, refused.problem))
        else:
            tables |= decided.tables
            releases |= decided.releases
    if releases:
        tables |= outbox.run_again(connection, who)
    return Settled(tables, tuple(left))


def _carry_out(connection: Connection, who: SignedIn, decision: Decision) -> outbox.Decided:
    if decision.reason is None:
        return outbox.put_back(connection, who, decision.item_id, decision.amended)
    return outbox.give_up(connection, decision.item_id, decision.reason, with_held=decision.with_held)
