"""What waits here, as a person is shown it: for the centre, and for a decision (Needs attention)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, MalformedAction, read_action
from erp_desktop.actions.refusals import Problem
from erp_desktop.models.sync import OutboxAction
from erp_desktop.sync import outbox


@dataclass(frozen=True)
class AttentionItem:
    """An action that waits for a person: what it was, why it did not happen, and what waits because of it."""

    id: UUID
    name: str  # class name of the action
    since: datetime  # UTC, when the person acted
    sentence: str  # why, in the program's language; empty for what is held only because of `depends`
    fields: dict[str, str]  # what fills the sentence
    status: str  # refused (by the centre), failed (not possible on the newest data), held (its cause is)
    depends: tuple[UUID, ...]  # ids of items that must be settled first
    action: Action | None  # with what the person entered; None where this program does not know it any more
    code: str = ""  # of the refusal; empty for what is held


@dataclass(frozen=True)
class WaitingChange:
    """An action that goes to the centre by itself."""

    id: UUID
    name: str  # class name of the action
    since: datetime  # UTC, when the person acted
    action: Action | None  # with what the person entered
    tries: int  # how often it was sent without a final answer


def attention_items(session: Session) -> tuple[AttentionItem, ...]:
    found = session.scalars(
        select(OutboxAction).where(OutboxAction.status.in_(outbox.ATTENTION)).order_by(OutboxAction.seq)
    )
    return tuple(_item(row) for row in found)


def waiting_changes(session: Session) -> tuple[WaitingChange, ...]:
    found = session.scalars(
        select(OutboxAction).where(OutboxAction.status == outbox.PENDING).order_by(OutboxAction.seq)
    )
    return tuple(WaitingChange(row.id, row.name, row.issued_at, _action(row), row.tries) for row in found)


def _action(row: OutboxAction) -> Action | None:
    try:
        return read_action(row.name, row.version, row.args)
    except MalformedAction:
        return None


def _item(row: OutboxAction) -> AttentionItem:
    problem = Problem.from_dict(row.problem) if row.problem else None
    return AttentionItem(
        id=row.id,
        name=row.name,
        since=row.issued_at,
        sentence=problem.sentence if problem else "",
        fields=problem.fields if problem else {},
        status=row.status,
        depends=tuple(UUID(needed) for needed in row.depends_on),
        action=_action(row),
        code=problem.code if problem else "",
    )
