"""Performing at the desk: at once, safely, in order, and never lost."""

from datetime import date
from decimal import Decimal

import pytest
from furnished_cache import ADA, CATEGORY_ID, COMPANY_ID, UNIT_ID, WAREHOUSE_ID, everything
from sqlalchemy import Connection, delete, select, update

from erp_desktop.actions.base import Action
from erp_desktop.actions.masters import SaveParty, SaveProduct
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.refusals import CodeTaken, NotFound, NotPermitted, Refused
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.purchasing import PurchaseOrder
from erp_desktop.models.sync import OutboxAction
from erp_desktop.sync import outbox, undo
from erp_desktop.sync.cache import Cache, CacheFull
from erp_desktop.wire import Ack

TODAY = date(2026, 3, 2)


def supplier(code: str = "S-1", **more: object) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=f"Supplier {code}", is_supplier=True, **more)  # type: ignore[arg-type]


def product(code: str = "BX-204") -> SaveProduct:
    return SaveProduct(product_id=new_id(), code=code, name=code, category_id=CATEGORY_ID, unit_id=UNIT_ID)


def order(of: SaveParty, what: SaveProduct, qty: int = 10) -> SavePurchaseOrder:
    line = PurchaseLine(new_id(), what.product_id, Decimal(qty), Decimal("2.50"))
    return SavePurchaseOrder(new_id(), of.party_id, WAREHOUSE_ID, TODAY, TODAY, (line,))


def perform(cache: Cache, *actions: Action) -> None:
    for action in actions:
        cache.write(lambda connection, action=action: outbox.perform(connection, ADA, action)).result()


def queue(cache: Cache) -> list[tuple[str, str]]:
    def read(connection: Connection) -> list[tuple[str, str]]:
        found = connection.execute(select(OutboxAction.name, OutboxAction.status).order_by(OutboxAction.seq))
        return [(row.name, row.status) for row in found]

    return cache.write(read).result()


def ids(cache: Cache) -> list[tuple[object, list[str]]]:
    return cache.write(
        lambda connection: [
            (row.id, row.depends_on)
            for row in connection.execute(select(OutboxAction.id, OutboxAction.depends_on).order_by(OutboxAction.seq))
        ]
    ).result()


def run_again(cache: Cache, *before: object) -> None:
    """As after a pull: undo, the centre's rows, replay."""

    def job(connection: Connection) -> None:
        undo.undo_all(connection)
        for change in before:
            connection.execute(change)  # type: ignore[call-overload]
        outbox.replay(connection, ADA)

    cache.write(job).result()


def test_an_action_and_its_outbox_row_are_saved_together(cache: Cache) -> None:
    perform(cache, supplier())
    assert queue(cache) == [("SaveParty", "pending")]
    assert [row[1] for row in cache.write(lambda c: c.execute(select(Party.id, Party.code)).all()).result()] == ["S-1"]


def test_a_refused_action_leaves_nothing_behind(cache: Cache) -> None:
    perform(cache, supplier("S-1"))
    before = cache.write(everything).result()
    with pytest.raises(CodeTaken):
        perform(cache, supplier("S-1"))
    assert cache.write(everything).result() == before
    assert queue(cache) == [("SaveParty", "pending")]


def test_without_the_permission_nothing_is_performed(cache: Cache) -> None:
    import msgspec

    clerk = msgspec.structs.replace(ADA, permissions=frozenset({"master.read"}))
    with pytest.raises(NotPermitted):
        cache.write(lambda connection: outbox.perform(connection, clerk, supplier())).result()
    assert queue(cache) == []


def test_an_action_depends_on_the_pending_ones_whose_rows_it_names_or_changes(cache: Cache) -> None:
    by, other, what = supplier("S-1"), supplier("S-2"), product()
    bought = order(by, what)
    perform(cache, by, other, what, bought, ConfirmPurchaseOrder(bought.order_id))
    (by_id, _), (_, other_needs), (what_id, _), (bought_id, bought_needs), (_, confirm_needs) = ids(cache)
    assert other_needs == []
    assert bought_needs == sorted([str(by_id), str(what_id)])
    assert str(bought_id) in confirm_needs


def test_undoing_and_replaying_makes_the_same_rows(cache: Cache) -> None:
    by, what = supplier(), product()
    bought = order(by, what)
    perform(cache, by, what, bought, ConfirmPurchaseOrder(bought.order_id))
    before = cache.write(everything).result()
    run_again(cache)
    assert cache.write(everything).result() == before


def test_what_no_longer_works_waits_with_its_reason_and_holds_what_depends_on_it(cache: Cache) -> None:
    by, what = supplier("S-1"), product()
    perform(cache, by, what)
    # both reach the centre, and come back as its rows
    run_again(cache)
    bought, stranger = order(by, what), supplier("S-9")
    perform(cache, bought, ConfirmPurchaseOrder(bought.order_id), stranger)
    cache.write(lambda connection: connection.execute(delete(OutboxAction).where(OutboxAction.seq <= 2))).result()

    run_again(cache)  # supplier and product are not there: nothing to buy, nothing to confirm
    assert queue(cache) == [
        ("SavePurchaseOrder", "failed"),
        ("ConfirmPurchaseOrder", "held"),
        ("SaveParty", "pending"),
    ]
    assert cache.write(lambda c: c.execute(select(PurchaseOrder.id)).all()).result() == []
    assert cache.read(outbox.waiting).result() == outbox.Waiting(pending=1, attention=1)


def test_what_the_centre_may_have_in_hand_stays_pending_though_it_no_longer_works_here(cache: Cache) -> None:
    perform(cache, supplier("S-1"))
    cache.write(lambda connection: outbox.batch_to_push(connection, (), 100, 500_000)).result()
    taken = Party.__table__.insert().values(
        company_id=COMPANY_ID, id=new_id(), code="S-1", name="Theirs", payment_days=30
    )
    run_again(cache, taken)
    assert queue(cache) == [("SaveParty", "pending")]


def test_a_refused_action_sent_again_gets_a_new_id_and_frees_what_it_held(cache: Cache) -> None:
    by, what = supplier("S-1"), product()
    bought = order(by, what)
    perform(cache, by, what, bought, ConfirmPurchaseOrder(bought.order_id))
    (by_id, _), *_ = ids(cache)

    def refuse(connection: Connection) -> None:
        undo.undo_all(connection)
        taken = CodeTaken(code="S-1").problem.as_dict()
        outbox.settle(connection, Ack(id=by_id, outcome="refused", tick=1, problem=taken))  # type: ignore[arg-type]
        outbox.replay(connection, ADA)

    cache.write(refuse).result()
    assert queue(cache) == [
        ("SaveParty", "refused"),
        ("SaveProduct", "pending"),
        ("SavePurchaseOrder", "held"),
        ("ConfirmPurchaseOrder", "held"),
    ]

    mended = SaveParty(party_id=by.party_id, code="S-1a", name=by.name, is_supplier=True)
    cache.write(lambda connection: outbox.send_again(connection, ADA, by_id, mended)).result()  # type: ignore[arg-type]
    assert queue(cache) == [
        ("SaveProduct", "pending"),
        ("SaveParty", "pending"),
        ("SavePurchaseOrder", "pending"),
        ("ConfirmPurchaseOrder", "pending"),
    ]
    assert by_id not in [one for one, _ in ids(cache)]
    status = cache.write(lambda c: c.scalar(select(PurchaseOrder.status))).result()
    assert status == "confirmed"


def test_sending_again_what_still_does_not_work_leaves_it_where_it_is(cache: Cache) -> None:
    perform(cache, supplier("S-1"), supplier("S-2"))
    (first, _), _ = ids(cache)
    cache.write(lambda connection: outbox.reject(connection, ADA, first, Refused().problem)).result()  # type: ignore[arg-type]
    with pytest.raises(CodeTaken):
        cache.write(
            lambda connection: outbox.send_again(connection, ADA, first, supplier("S-2"))  # type: ignore[arg-type]
        ).result()
    assert queue(cache) == [("SaveParty", "refused"), ("SaveParty", "pending")]


def test_a_dropped_action_is_kept_out_of_sight_and_what_it_held_is_tried_on_its_own(cache: Cache) -> None:
    by, what = supplier(), product()
    perform(cache, by, what, order(by, what))
    (by_id, _), *_ = ids(cache)
    cache.write(lambda connection: outbox.reject(connection, ADA, by_id, Refused().problem)).result()  # type: ignore[arg-type]
    cache.write(lambda connection: outbox.drop(connection, ADA, by_id, "entered twice")).result()  # type: ignore[arg-type]
    assert queue(cache) == [("SaveParty", "dropped"), ("SaveProduct", "pending"), ("SavePurchaseOrder", "failed")]
    problem = cache.write(
        lambda c: c.scalar(select(OutboxAction.problem).where(OutboxAction.status == "failed"))
    ).result()
    assert problem is not None
    assert problem["code"] == NotFound.code


def test_sequence_numbers_are_not_given_twice_when_the_outbox_runs_empty(cache: Cache) -> None:
    perform(cache, supplier("S-1"))
    cache.write(lambda connection: connection.execute(delete(OutboxAction))).result()
    perform(cache, supplier("S-2"))
    assert cache.write(lambda c: c.scalar(select(OutboxAction.seq))).result() == 2


def test_a_full_disk_refuses_the_action_before_it_is_confirmed(cache: Cache) -> None:
    before = cache.write(everything).result()

    def leave_no_room(connection: Connection) -> None:
        connection.exec_driver_sql(
            f"PRAGMA max_page_count = {connection.exec_driver_sql('PRAGMA page_count').scalar()}"
        )

    cache.write(leave_no_room).result()
    many = [supplier(f"S-{n}", address="x" * 390) for n in range(500)]
    with pytest.raises(CacheFull, match="disk is full"):
        perform(cache, *many)
    performed = len(queue(cache))
    cache.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1000000")).result()
    assert len(cache.write(everything).result()["party"]) == performed
    perform(cache, supplier("S-next"))
    cache.write(undo.undo_all).result()
    assert cache.write(everything).result() == before


def test_batches_are_cut_by_count_and_size_and_skip_what_was_answered(cache: Cache) -> None:
    perform(cache, *(supplier(f"S-{n}", address="x" * 300) for n in range(5)))

    def batch(answered: tuple[object, ...], count: int, size: int) -> int:
        return len(cache.write(lambda c: outbox.batch_to_push(c, answered, count, size)).result())  # type: ignore[arg-type]

    assert batch((), 100, 500_000) == 5
    assert batch((), 3, 500_000) == 3
    assert batch((), 100, 10) == 1
    assert batch((ids(cache)[0][0],), 100, 500_000) == 4
    assert cache.write(lambda c: c.execute(update(OutboxAction).values(tries=0)).rowcount).result() == 5
