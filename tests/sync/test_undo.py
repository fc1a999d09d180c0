"""Whatever wrote it and however: undoing takes back every byte."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from furnished_cache import COMPANY_ID, everything, furnish, product_row
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.orm import Session

from erp_desktop.ids import new_id
from erp_desktop.models.company import Role
from erp_desktop.models.product import Product
from erp_desktop.sync import undo
from erp_desktop.sync.cache import Cache

PRODUCTS = [new_id() for _ in range(6)]


def stock_the_shelves(connection: Connection) -> None:
    connection.execute(
        insert(Product), [product_row(one, f"P-{n}", list_price=n) for n, one in enumerate(PRODUCTS[:4])]
    )


def journal(connection: Connection, seq: int, *writes: Callable[[Connection], Any]) -> None:
    with undo.journalled(connection, seq):
        for write in writes:
            write(connection)


def by_orm(connection: Connection) -> None:
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        session.get_one(Product, (COMPANY_ID, PRODUCTS[0])).name = "it's “new” 新"
        session.add(Product(**product_row(PRODUCTS[5], "P-5")))
        session.delete(session.get_one(Product, (COMPANY_ID, PRODUCTS[1])))
        session.add(Role(company_id=COMPANY_ID, id=new_id(), code="r", name="'; --", permissions=["a", "漢"]))
        session.commit()


def test_changes_by_the_orm_are_taken_back_to_the_byte(cache: Cache) -> None:
    cache.write(stock_the_shelves).result()
    before = cache.write(everything).result()

    cache.write(lambda connection: journal(connection, 1, by_orm)).result()
    assert cache.write(everything).result() != before
    assert cache.write(undo.undo_all).result() == {"product", "role"}
    assert cache.write(everything).result() == before


def test_bulk_statements_are_taken_back_to_the_byte(cache: Cache) -> None:
    cache.write(stock_the_shelves).result()
    before = cache.write(everything).result()

    def in_bulk(connection: Connection) -> None:
        connection.execute(update(Product).values(name=Product.code + "!", is_active=False))
        connection.execute(delete(Product).where(Product.list_price > 1))
        connection.execute(insert(Product), [product_row(one, f"N-{n}") for n, one in enumerate(PRODUCTS[3:])])
        connection.exec_driver_sql("INSERT OR REPLACE INTO product SELECT * FROM product WHERE code = 'N-0'")

    cache.write(lambda connection: journal(connection, 1, in_bulk)).result()
    assert cache.write(everything).result() != before
    cache.write(undo.undo_all).result()
    assert cache.write(everything).result() == before


def test_what_the_centre_writes_is_not_journalled(cache: Cache) -> None:
    cache.write(stock_the_shelves).result()
    assert cache.write(undo.touched_tables).result() == frozenset()


texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
rows = st.sampled_from(PRODUCTS)
writes = st.one_of(
    st.tuples(st.just("put"), rows, texts, st.integers(0, 10**12)),
    st.tuples(st.just("rename all"), texts),
    st.tuples(st.just("price"), st.integers(0, 10**12), st.integers(0, 10**12)),
    st.tuples(st.just("remove"), rows),
    st.tuples(st.just("remove dearer"), st.integers(0, 10**12)),
    st.tuples(st.just("shift"), rows, rows),
)


def apply(connection: Connection, write: tuple[Any, ...]) -> None:
    match write:
        case ("put", row, text, price):
            values = product_row(row, str(row)[-6:], name=text, list_price=Decimal(price).scaleb(-6))
            connection.execute(insert(Product).prefix_with("OR REPLACE"), values)
        case ("rename all", text):
            connection.execute(update(Product).values(name_zh=text))
        case ("price", low, price):
            connection.execute(update(Product).where(Product.list_price >= low).values(list_price=price))
        case ("remove", row):
            connection.execute(delete(Product).where(Product.id == row))
        case ("remove dearer", price):
            connection.execute(delete(Product).where(Product.list_price > price))
        case ("shift", row, other):
            # one row takes the code of another, which REPLACE pushes out
            connection.exec_driver_sql(
                "UPDATE OR REPLACE product SET code = (SELECT code FROM product WHERE id = ?) WHERE id = ?"
                " AND EXISTS (SELECT 1 FROM product WHERE id = ?)",
                (other.bytes, row.bytes, other.bytes),
            )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(writes, max_size=6), max_size=4))
def test_undoing_any_actions_gives_back_what_was_there(actions: list[list[tuple[Any, ...]]]) -> None:
    with TemporaryDirectory() as directory:
        cache = Cache(Path(directory) / "cache.db")
        try:
            cache.write(furnish).result()
            cache.write(stock_the_shelves).result()
            before = cache.write(everything).result()
            for seq, steps in enumerate(actions, start=1):
                cache.write(
                    lambda connection, seq=seq, steps=steps: journal(
                        connection, seq, *(lambda c, step=step: apply(c, step) for step in steps)
                    )
                ).result()
            cache.write(undo.undo_all).result()
            assert cache.write(everything).result() == before
        finally:
            cache.close()
