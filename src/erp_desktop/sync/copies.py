"""What a copy of this cache has sent: what it settled is settled here too, and nothing of it is sent a second time.

What stood in Needs attention when a cache was copied stands there twice. Sent again it has the same id on either copy
(`ids.next_id`), so the centre takes one of the two. Every function works inside the transaction of the connection that it is given.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, delete, select, update

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import next_id
from erp_desktop.models.sync import OutboxAction
from erp_desktop.sync import outbox
from erp_desktop.wire import Ack

_TIMES_SENT_AGAIN = 20  # that are looked for: each was refused before the next

_outbox = OutboxAction.__table__


class SentByACopy(Refused):
    code = "id_reused"  # as the centre calls it
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This was sent again from a copy of this computer's data too, so it was not carried out a second time. Look at what came "
        "of that, then drop this or send it again; what you typed is kept.",
    )


def settle(connection: Connection, acks: Sequence[Ack]) -> None:
    """What the centre answered to actions that are not in this outbox. Run before what is pending runs again."""
    told = {ack.id for ack in acks}
    applied = {ack.id for ack in acks if ack.outcome == "applied"}
    waiting = select(_outbox.c.id, _outbox.c.status).where(_outbox.c.status.in_((outbox.PENDING, *outbox.ATTENTION)))
    for row in connection.execute(waiting.order_by(_outbox.c.seq)).all():
        if row.id in told:
            problem = SentByACopy().problem.as_dict()
            connection.execute(
                update(OutboxAction).where(_outbox.c.id == row.id).values(status=outbox.REFUSED, problem=problem)
            )
        elif row.status in (outbox.REFUSED, outbox.FAILED) and (done := _sent_again(row.id, applied)) is not None:
            held = outbox.held_by(connection, row.id)
            connection.execute(delete(OutboxAction).where(_outbox.c.id == row.id))
            for dependant in held:
                outbox.release(connection, dependant, {row.id: done})


def _sent_again(item_id: UUID, applied: set[UUID]) -> UUID | None:
    """Under which id it was carried out after all."""
    for _ in range(_TIMES_SENT_AGAIN):
        item_id = next_id(item_id)
        if item_id in applied:
            return item_id
    return None
