"""A pull is applied as a whole or not at all, and what is pending stands on top of it."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from furnished_cache import ADA, CATEGORY_ID, COMPANY_ID, UNIT_ID, everything
from sqlalchemy import insert, select, text

from erp_desktop import wire
from erp_desktop.actions.masters import SaveParty
from erp_desktop.ids import new_id
from erp_desktop.models.product import Product
from erp_desktop.models.stock import StockMove
from erp_desktop.models.sync import OutboxAction, StagedPage
from erp_desktop.sync import applying, outbox
from erp_desktop.sync.cache import Cache
from erp_desktop.sync.rows import StrangePage

A, B = new_id(), new_id()


def products(*rows: tuple[object, str, int], gone: tuple[object, ...] = ()) -> wire.TablePage:
    """A page of products: id, code, tick."""
    always = {
        "company_id": COMPANY_ID.hex,
        "category_id": CATEGORY_ID.hex,
        "unit_id": UNIT_ID.hex,
        "name": "Box 箱",
        "name_zh": "",
        "tracking": "none",
        "is_stocked": True,
        "is_active": True,
    }
    if not rows:
        return wire.TablePage(table="product", columns=[], values=[], gone=list(gone))  # type: ignore[arg-type]
    ids, codes, ticks = zip(*rows, strict=True)
    columns = ["id", "code", "tick", *always]
    values = [[one.hex for one in ids], list(codes), list(ticks), *([value] * len(rows) for value in always.values())]
    return wire.TablePage(table="product", columns=columns, values=values, gone=list(gone))  # type: ignore[arg-type]


def reply(
    *pages: wire.TablePage, tick: int, complete: bool = True, acks: list[wire.Ack] | None = None
) -> wire.PullReply:
    return wire.PullReply(pages=list(pages), acks=acks or [], cursor=f"cursor {tick}", tick=tick, complete=complete)


def apply(cache: Cache, last: wire.PullReply) -> applying.Applied:
    return cache.write(lambda connection: applying.apply_staged(connection, ADA, last)).result()


def stage(cache: Cache, one: wire.PullReply) -> None:
    cache.write(lambda connection: applying.stage(connection, one, staged_cursor=one.cursor)).result()


def codes(cache: Cache) -> list[tuple[str, int]]:
    found = cache.write(lambda c: c.execute(select(Product.code, Product.tick).order_by(Product.code)).all()).result()
    return [(row.code, row.tick) for row in found]


def test_codes_may_change_hands_inside_one_pull(cache: Cache) -> None:
    apply(cache, reply(products((A, "X", 2), (B, "Y", 2)), tick=2))
    apply(cache, reply(products((A, "Y", 3), (B, "X", 4)), tick=4))
    assert codes(cache) == [("X", 4), ("Y", 3)]


def test_a_row_that_comes_early_and_goes_later_in_one_pull_is_gone(cache: Cache) -> None:
    stage(cache, reply(products((A, "X", 2), (B, "Y", 3)), tick=9, complete=False))
    stage(cache, reply(products((B, "X", 5)), products(gone=(A,)), tick=9, complete=False))
    assert codes(cache) == []  # nobody sees half of it
    applied = apply(cache, reply(products((B, "Z", 9)), tick=9))
    assert codes(cache) == [("Z", 9)]
    assert applied.tables == {"product"}


def test_what_is_staged_is_there_after_a_restart(cache: Cache, path: Path) -> None:
    stage(cache, reply(products((A, "X", 2)), tick=9, complete=False))
    cache.close()
    again = Cache(path)
    position = again.read(lambda session: applying.position(session.connection())).result()
    assert position.is_under_way
    assert position.next_cursor == "cursor 9"
    apply(again, reply(products((B, "Y", 9)), tick=9))
    assert codes(again) == [("X", 2), ("Y", 9)]
    assert again.write(lambda c: c.execute(select(StagedPage.id)).all()).result() == []
    assert not again.read(lambda session: applying.position(session.connection())).result().is_under_way
    again.close()


def test_a_cache_is_counted_when_it_is_closed_so_that_one_products_moves_are_found_by_the_product(
    cache: Cache, path: Path
) -> None:
    ids = [new_id() for _ in range(20)]
    apply(cache, reply(products(*((one, str(one), 2) for one in ids)), tick=2))
    always = {"company_id": COMPANY_ID, "kind": "count_gain", "qty": 1, "document_kind": "stock_count", "line_no": 1}
    moves = [
        {
            **always,
            "id": new_id(),
            "product_id": ids[place % 20],
            "moved_on": date(2026, 1, 1) + timedelta(days=place % 300),
            "document_id": new_id(),
            "line_id": new_id(),
        }
        for place in range(5000)
    ]
    cache.write(lambda connection: connection.execute(insert(StockMove), moves)).result()
    cache.close()
    again = Cache(path)
    newest = text(
        "EXPLAIN QUERY PLAN SELECT id FROM stock_move WHERE company_id = :company AND product_id IN (:product) "
        "ORDER BY moved_on DESC, id DESC LIMIT 200"
    )
    which = {"company": COMPANY_ID.bytes, "product": ids[0].bytes}
    plan = again.read(lambda session: session.execute(newest, which).all()).result()
    again.close()
    assert "product_id=?" in plan[0].detail


def test_a_pull_that_cannot_be_applied_changes_nothing(cache: Cache) -> None:
    mine = SaveParty(party_id=new_id(), code="S-1", name="S", is_supplier=True)
    cache.write(lambda connection: outbox.perform(connection, ADA, mine)).result()
    before = cache.write(everything).result()
    strange = wire.TablePage(table="product", columns=["id", "colour"], values=[[A.hex], ["red"]])
    with pytest.raises(StrangePage):
        apply(cache, reply(products((A, "X", 2)), strange, tick=2))
    assert cache.write(everything).result() == before
    assert cache.read(outbox.waiting).result().pending == 1


def test_pending_work_stands_on_top_of_the_new_rows_until_its_answer_comes(cache: Cache) -> None:
    mine = SaveParty(party_id=new_id(), code="S-1", name="S", is_supplier=True)
    cache.write(lambda connection: outbox.perform(connection, ADA, mine)).result()
    action_id = cache.write(lambda c: c.scalar(select(OutboxAction.id))).result()
    assert action_id is not None
    apply(cache, reply(products((A, "X", 2)), tick=2))
    party = everything_of(cache, "party")
    assert len(party) == 1
    assert cache.read(outbox.waiting).result().pending == 1

    apply(cache, reply(tick=3, acks=[wire.Ack(id=action_id, outcome="applied", tick=3)]))
    assert cache.read(outbox.waiting).result().pending == 0


def everything_of(cache: Cache, table: str) -> list[tuple[object, ...]]:
    return cache.write(everything).result()[table]


def test_a_refill_replaces_everything_at_once_and_keeps_the_outbox(cache: Cache) -> None:
    apply(cache, reply(products((A, "X", 2), (B, "Y", 2)), tick=2))
    mine = SaveParty(party_id=new_id(), code="S-1", name="S", is_supplier=True)
    cache.write(lambda connection: outbox.perform(connection, ADA, mine)).result()
    cache.write(applying.start_refill).result()
    snapshot = wire.SnapshotReply(page=products((B, "X", 1)), cursor="cursor 1", complete=True)
    cache.write(
        lambda connection: applying.stage(connection, snapshot, fill_table="product", fill_cursor="cursor 1")
    ).result()
    assert codes(cache) == [("X", 2), ("Y", 2)]  # still in sight
    apply(cache, reply(tick=1))
    assert codes(cache) == [("X", 1)]
    assert everything_of(cache, "company") == []
    assert cache.read(outbox.waiting).result().pending == 1
