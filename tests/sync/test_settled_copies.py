"""What a copy of the cache has sent under the id that ours has, or would have: settled here too, or told, never lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from furnished_cache import ADA
from sqlalchemy import Connection, select

from erp_desktop.actions.masters import SaveParty
from erp_desktop.ids import new_id, next_id
from erp_desktop.models.sync import OutboxAction
from erp_desktop.sync import copies, outbox, undo
from erp_desktop.sync.cache import Cache
from erp_desktop.wire import Ack

MINE = SaveParty(new_id(), "S-1", "Ningbo Film", is_supplier=True)
PHONED = replace(MINE, phone="139 0000 0000").changing(MINE)
THEN = datetime(2026, 3, 2, 8, tzinfo=UTC)


def waiting(cache: Cache) -> list[Any]:
    return cache.write(
        lambda connection: connection.execute(select(OutboxAction.__table__).order_by(OutboxAction.seq)).all()
    ).result()


def answered(cache: Cache, *acks: Ack) -> None:
    """As a pull brings it."""

    def apply(connection: Connection) -> None:
        undo.undo_all(connection)
        of_copies: Sequence[Ack] = [ack for ack in acks if not outbox.settle(connection, ack)]
        copies.settle(connection, of_copies)
        outbox.replay(connection, ADA)

    cache.write(apply).result()


@pytest.fixture
def refused_id(cache: Cache) -> UUID:
    """MINE was refused; PHONED is held behind it."""
    for action in (MINE, PHONED):
        cache.write(lambda connection, action=action: outbox.perform(connection, ADA, action)).result()
    first: UUID = waiting(cache)[0].id
    answered(cache, Ack(id=first, outcome="refused", tick=1, issued_at=waiting(cache)[0].issued_at))
    assert [row.status for row in waiting(cache)] == ["refused", "held"]
    return first


@pytest.mark.parametrize("times", [1, 2, 5])
def test_what_a_copy_had_carried_out_in_the_end_leaves_and_what_was_held_follows(
    cache: Cache, refused_id: UUID, times: int
) -> None:
    done = refused_id
    for _ in range(times):
        done = next_id(done)
    answered(cache, Ack(id=done, outcome="refused", tick=2, issued_at=THEN))
    assert [row.status for row in waiting(cache)] == ["refused", "held"]
    answered(cache, Ack(id=done, outcome="applied", tick=3, issued_at=THEN))
    (held,) = waiting(cache)
    assert held.name == "SaveParty"
    assert held.depends_on == [str(done)]


@pytest.mark.parametrize("outcome", ["applied", "refused"])
def test_what_was_put_right_here_in_another_way_stays_with_the_reason(
    cache: Cache, refused_id: UUID, outcome: str
) -> None:
    mended = replace(MINE, code="S-3")
    cache.write(lambda connection: outbox.send_again(connection, ADA, refused_id, mended)).result()
    mine = waiting(cache)[0]
    assert (mine.id, mine.status) == (next_id(refused_id), "pending")
    answered(cache, Ack(id=mine.id, outcome=outcome, tick=2, issued_at=mine.issued_at - timedelta(microseconds=1)))
    kept = waiting(cache)[0]
    assert (kept.status, kept.problem["code"], "S-3" in kept.args) == ("refused", "id_reused", True)


def test_the_answer_to_ones_own_is_taken_as_such(cache: Cache, refused_id: UUID) -> None:
    cache.write(lambda connection: outbox.send_again(connection, ADA, refused_id, replace(MINE, code="S-3"))).result()
    mine = waiting(cache)[0]
    answered(cache, Ack(id=mine.id, outcome="applied", tick=2, issued_at=mine.issued_at))
    assert [row.id for row in waiting(cache) if row.id == mine.id] == []
