"""The outbox: performing an action here, and what waits for the centre or for a person.

Every function works inside the transaction of the connection that it is given; the cache's writer owns it.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from erp_desktop import failpoints
from erp_desktop.actions.base import Action, Context, MalformedAction, action_args, read_action
from erp_desktop.actions.performing import perform_action
from erp_desktop.actions.refusals import Problem, Refused
from erp_desktop.actions.tied import warehouses_of
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import child_id, new_id, next_id
from erp_desktop.models.sync import OutboxAction, UndoStep
from erp_desktop.sync import kept, undo
from erp_desktop.sync.cache import get_state, set_state
from erp_desktop.sync.signing_in import SignedIn
from erp_desktop.wire import Ack, PushedAction

log = logging.getLogger(__name__)

PENDING, REFUSED, HELD, FAILED, DROPPED = "pending", "refused", "held", "failed", "dropped"
ATTENTION = (REFUSED, FAILED, HELD)

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_DERIVED_VERSION = 8  # ids.derived_id: rows that everybody shares, such as a balance; they make no dependence
_MOST_DEPENDENCES = 1_000  # that the wire takes; the queue's own order sees to the rest
_CHILDREN_LOOKED_FOR = 2_000

_outbox = OutboxAction.__table__
_OFFERED_AGAIN = select(_outbox.c.seq).where(_outbox.c.status == PENDING, _outbox.c.again_since.is_not(None)).limit(1)


class UnknownHere(Refused):
    code = "unknown_here"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "This version of the program does not know {name} any more. Enter it again; what you typed is kept."
    )


class FailedHere(Refused):
    code = "failed_here"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This could not be done again on the newest data ({detail}). Look at it and send it again, or drop it.",
    )


class CauseLost(Refused):
    code = "cause_lost"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This builds on a change that was not carried out and that this computer does not hold any more. Look at it and "
        "send it again, or drop it; nothing else was lost.",
    )


class SettledAlready(Refused):
    code = "settled_already"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This was settled in Needs attention meanwhile, so nothing was sent. Close this form; if it is still to be done, enter it "
        "anew.",
    )


@dataclass(frozen=True)
class Waiting:
    """How many actions wait: for the centre, and for a person."""

    pending: int
    attention: int


def perform(connection: Connection, who: SignedIn, action: Action, *, action_id: UUID | None = None) -> frozenset[str]:
    """Run `action` and put it in the outbox, both or neither. Raises Refused. Answers the tables that changed."""
    row: dict[str, Any] = {
        "seq": _next_seq(connection),
        "id": action_id or new_id(),
        "company_id": who.company_id,
        "actor_id": who.user_id,
        "name": type(action).__name__,
        "version": action.version,
        "args": action_args(action),
        "issued_at": datetime.now(UTC),
        "base_tick": int(get_state(connection, "tick") or 0),
        "depends_on": [],
        "status": PENDING,
        "tries": 0,
    }
    _run(connection, who, row, action, _warehouses(connection, who))
    failpoints.reach(failpoints.PERFORM)
    row["depends_on"] = _dependences(connection, row["seq"], row["args"])
    connection.execute(insert(OutboxAction), row)
    failpoints.reach(failpoints.OUTBOX)
    return undo.touched_tables(connection, row["seq"])


def replay(connection: Connection, who: SignedIn) -> frozenset[str]:
    """Run what is pending again, oldest first, on the rows as they are now. Answers the tables that changed.

    An action that does not work any more gets status failed and its reason; what depends on it is held. One that the
    centre may have in hand already stays pending: the centre has the last word on it.
    """
    blocked = {
        row.id: row.status
        for row in connection.execute(select(_outbox.c.id, _outbox.c.status).where(_outbox.c.status.in_(ATTENTION)))
    }
    pending = connection.execute(select(_outbox).where(_outbox.c.status == PENDING).order_by(_outbox.c.seq)).all()
    warehouses = _warehouses(connection, who) if pending else frozenset()
    for found in pending:
        row = found._asdict()
        stops = [UUID(needed) for needed in row["depends_on"] if UUID(needed) in blocked]
        offered = row["tries"] > 0
        if stops and (not offered or any(blocked[needed] in (REFUSED, HELD) for needed in stops)):
            blocked[row["id"]] = HELD
            _set_status(connection, row["seq"], HELD, None)
            continue
        try:
            with connection.begin_nested():
                action = read_action(row["name"], row["version"], row["args"])
                _run(connection, who, row, action, warehouses)
        except OperationalError:
            raise  # the disk's trouble, not the action's
        except Exception as error:
            problem = _problem(error, row["name"])
            if not offered:
                blocked[row["id"]] = FAILED
            _set_status(connection, row["seq"], PENDING if offered else FAILED, problem)
        else:
            if row["problem"] is not None:
                _set_status(connection, row["seq"], PENDING, None)
    return undo.touched_tables(connection)


def settle(connection: Connection, ack: Ack) -> bool:
    """The centre's final word, as a pull brought it: applied actions go, refused ones wait for a person. False where it is about
    nothing in this outbox: a copy of the cache has sent it (copies.py)."""
    this = _outbox.c.id == ack.id
    if ack.issued_at is not None:
        this &= _outbox.c.issued_at == ack.issued_at
    if ack.outcome == "applied":
        kept.keep(connection, this)
        return connection.execute(delete(OutboxAction).where(this)).rowcount > 0
    refused = (
        update(OutboxAction)
        .where(this, _outbox.c.status != DROPPED)
        .values(status=REFUSED, problem=ack.problem or Refused().problem.as_dict())
    )
    return connection.execute(refused).rowcount > 0


def batch_to_push(connection: Connection, answered: Iterable[UUID], count: int, size: int) -> list[PushedAction]:
    """The oldest pending actions that the centre has not answered yet, up to `count` and about `size` bytes. Marks them
    as tried before they leave, so that what may have arrived is never taken for something that only we know.

    As long as some are offered again to a restored centre, only those: what was done since builds on them.
    """
    skip = set(answered)
    chosen: list[PushedAction] = []
    used = 0
    is_offering_again = connection.scalar(_OFFERED_AGAIN) is not None
    for row in connection.execute(select(_outbox).where(_outbox.c.status == PENDING).order_by(_outbox.c.seq)):
        if row.id in skip or (is_offering_again and row.again_since is None):
            continue
        used += len(row.args.encode()) + 400  # what stands around the arguments
        if chosen and (used > size or len(chosen) == count):
            break
        chosen.append(_pushed(row))
    if chosen:
        connection.execute(
            update(OutboxAction)
            .where(_outbox.c.seq.in_([action.seq for action in chosen]))
            .values(tries=_outbox.c.tries + 1)
        )
    return chosen


def reject(connection: Connection, who: SignedIn, action_id: UUID, problem: Problem) -> frozenset[str]:
    """The centre will never take this action as it is (too large, malformed): it waits for a person. Answers the tables
    that changed.
    """
    connection.execute(
        update(OutboxAction)
        .where(_outbox.c.id == action_id, _outbox.c.status == PENDING)
        .values(status=REFUSED, problem=problem.as_dict())
    )
    return run_again(connection, who)


def knows_any(session: Session, action_ids: Iterable[UUID]) -> bool:
    """Whether one of these actions is in the outbox, waiting for whomever."""
    return session.scalar(select(_outbox.c.id).where(_outbox.c.id.in_(list(action_ids))).limit(1)) is not None


def waiting(connection: Connection | Session) -> Waiting:
    """Counts for the sync pill. What is held follows from its cause and is not counted apart."""
    found = connection.execute(select(_outbox.c.status, func.count().label("actions")).group_by(_outbox.c.status))
    by_status = {row.status: row.actions for row in found}
    return Waiting(by_status.get(PENDING, 0), by_status.get(REFUSED, 0) + by_status.get(FAILED, 0))


@dataclass(frozen=True)
class Decided:
    """What came of a person's decision: the tables that changed, and whether what was held waits to be run again."""

    tables: frozenset[str] = frozenset()
    releases: bool = False


def send_again(connection: Connection, who: SignedIn, item_id: UUID, amended: Action | None = None) -> frozenset[str]:
    """Perform an item of Needs attention anew, as it is or `amended`; what it held goes on after it. Raises Refused,
    and then nothing has changed.
    """
    return _with_what_was_held(connection, who, put_back(connection, who, item_id, amended))


def put_back(connection: Connection, who: SignedIn, item_id: UUID, amended: Action | None = None) -> Decided:
    """As `send_again`, leaving what it held to the next `run_again`.

    It goes under another id, because the centre's answer to the old one is final: under the same one wherever that is done, so
    that of two copies of a cache only one is heard.
    """
    row = _attention_row(connection, item_id)
    held = held_by(connection, item_id)
    connection.execute(delete(OutboxAction).where(_outbox.c.id == item_id))
    again = next_id(item_id)
    try:
        action = amended or read_action(row["name"], row["version"], row["args"])
        tables = perform(connection, who, action, action_id=again)
    except (Refused, OperationalError):
        raise  # a sentence already, or the disk's trouble
    except Exception as error:
        raise Problem.from_dict(_problem(error, row["name"])).as_refusal() from error
    renamed: dict[UUID, UUID | None] = {item_id: again}
    for dependant in held:
        release(connection, dependant, renamed)
    return Decided(tables, bool(held))


def drop(
    connection: Connection, who: SignedIn, item_id: UUID, reason: str, *, with_held: bool = False
) -> frozenset[str]:
    """A person gives an item up. It is kept with the reason; what it held is tried on its own, or given up `with_held`."""
    return _with_what_was_held(connection, who, give_up(connection, item_id, reason, with_held=with_held))


def give_up(connection: Connection, item_id: UUID, reason: str, *, with_held: bool = False) -> Decided:
    """As `drop`, leaving what it held to the next `run_again`."""
    row = _attention_row(connection, item_id)
    held = held_by(connection, item_id)
    for given_up in (row, *held) if with_held else (row,):
        dropped = {**(given_up["problem"] or {}), "reason": reason, "dropped_at": datetime.now(UTC).isoformat()}
        _set_status(connection, given_up["seq"], DROPPED, dropped)
    if with_held:
        return Decided()
    for dependant in held:
        release(connection, dependant, {item_id: None})
    return Decided(releases=bool(held))


def _with_what_was_held(connection: Connection, who: SignedIn, decided: Decided) -> frozenset[str]:
    return decided.tables | run_again(connection, who) if decided.releases else decided.tables


def run_again(connection: Connection, who: SignedIn) -> frozenset[str]:
    """Take all that is pending back and run it again, so that the order stays the outbox's."""
    return undo.undo_all(connection) | replay(connection, who)


def _run(
    connection: Connection, who: SignedIn, row: dict[str, Any], action: Action, warehouses: frozenset[UUID]
) -> None:
    ctx = Context(
        company_id=who.company_id,
        action_id=row["id"],
        actor_id=row["actor_id"],
        issued_at=row["issued_at"],
        at_centre=False,
        permissions=who.permissions,
        warehouses=warehouses,
    )
    with (
        undo.journalled(connection, row["seq"]),
        Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session,
    ):
        perform_action(session, ctx, action)
        session.commit()


def _warehouses(connection: Connection, who: SignedIn) -> frozenset[UUID]:
    return warehouses_of(connection, who.company_id, who.user_id, who.permissions)


def _dependences(connection: Connection, seq: int, args: str) -> list[str]:
    """Pending actions that wrote a row which this one names or changed. Shared balances make no dependence: the centre
    checks those again anyway, and one refused shipment must not hold every later one of the same product.
    """
    steps = UndoStep.__table__
    mine = connection.execute(select(steps.c.row_id).where(steps.c.outbox_seq == seq)).scalars()
    rows = {UUID(found) for found in _UUID.findall(args)} | set(mine)
    wanted = [row for row in rows if row.version != _DERIVED_VERSION]
    needed: dict[UUID, int] = {}
    for start in range(0, len(wanted), 500):
        query = (
            select(_outbox.c.id, _outbox.c.seq)
            .distinct()
            .join(steps, steps.c.outbox_seq == _outbox.c.seq)
            .where(steps.c.row_id.in_(wanted[start : start + 500]), _outbox.c.status == PENDING)
        )
        needed |= {row.id: row.seq for row in connection.execute(query)}
    newest = sorted(needed, key=needed.__getitem__)[-_MOST_DEPENDENCES:]
    return [str(action_id) for action_id in newest]


def _next_seq(connection: Connection) -> int:
    """Numbers are given once: the outbox runs empty, but the centre remembers the last one it saw."""
    seq = int(get_state(connection, "next_seq") or 1)
    set_state(connection, next_seq=seq + 1)
    return seq


def _attention_row(connection: Connection, item_id: UUID) -> dict[str, Any]:
    row = connection.execute(select(_outbox).where(_outbox.c.id == item_id, _outbox.c.status.in_(ATTENTION))).first()
    if row is None:
        raise SettledAlready()
    return row._asdict()


def held_by(connection: Connection, item_id: UUID) -> list[dict[str, Any]]:
    """What is held because of `item_id`, directly or through others, oldest first."""
    causes = {str(item_id)}
    found = []
    for row in connection.execute(select(_outbox).where(_outbox.c.status == HELD).order_by(_outbox.c.seq)):
        if causes.intersection(row.depends_on):
            causes.add(str(row.id))
            found.append(row._asdict())
    return found


def release(connection: Connection, row: dict[str, Any], renamed: dict[UUID, UUID | None]) -> None:
    """Back into the queue after its cause, whose new id, and the ids of rows that come from it, replace the old ones."""
    depends_on = [str(renamed.get(UUID(needed), UUID(needed)) or "") for needed in row["depends_on"]]
    args: str = row["args"]
    for old, new in renamed.items():
        if new is not None:
            args = _with_new_children(args, old, new)
    connection.execute(
        update(OutboxAction)
        .where(_outbox.c.seq == row["seq"])
        .values(
            seq=_next_seq(connection),
            status=PENDING,
            problem=None,
            args=args,
            depends_on=[needed for needed in depends_on if needed],
        )
    )


def _with_new_children(args: str, old: UUID, new: UUID) -> str:
    named = set(_UUID.findall(args))
    if not named:
        return args
    for counter in range(1, _CHILDREN_LOOKED_FOR):
        child = str(child_id(old, counter))
        if child in named:
            args = args.replace(child, str(child_id(new, counter)))
    return args


def _set_status(connection: Connection, seq: int, status: str, problem: dict[str, Any] | None) -> None:
    connection.execute(update(OutboxAction).where(_outbox.c.seq == seq).values(status=status, problem=problem))


def _problem(error: Exception, name: str) -> dict[str, Any]:
    if isinstance(error, Refused):
        return error.problem.as_dict()
    if isinstance(error, MalformedAction):
        return UnknownHere(name=name).problem.as_dict()
    log.exception("replay of %s failed", name)
    return FailedHere(detail=type(error).__name__).problem.as_dict()


def _pushed(row: Any) -> PushedAction:
    return PushedAction(
        id=row.id,
        seq=row.seq,
        name=row.name,
        version=row.version,
        args=msgspec.json.decode(row.args),
        depends_on=[UUID(needed) for needed in row.depends_on],
        actor_id=row.actor_id,
        issued_at=row.issued_at,
        base_tick=row.base_tick,
        again=kept.is_for_others_sake(row.again_since),
    )
