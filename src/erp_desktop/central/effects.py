"""What one action has changed in stock, cost of sales and ledger, read from the rows that carry its tick.

Here: adding up moves, adjustments and journal lines. Not here: performing the action and taking it back (previewing.py).
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.company import Company
from erp_desktop.models.costing import CostAdjustment, CostBook, CostLayer, CostPool, MoveCost
from erp_desktop.models.ledger import Account, AccountPurpose, JournalEntry, JournalLine
from erp_desktop.models.product import Product, Unit
from erp_desktop.models.sales import CustomerReturn, Shipment
from erp_desktop.models.stock import MoveKind, StockMove
from erp_desktop.models.types import MoneyType, QtyType
from erp_desktop.models.valuation import WriteDownLine
from erp_desktop.numbers import ZERO
from erp_desktop.queries.cost_of_sales import NEVER_SOLD, moves_of_shipments, posts_at_delivery
from erp_desktop.reports.figures import document_numbers
from erp_desktop.wire import MOST_ROWS_OF_AN_EFFECT, BookEffect, CorrectionEffect, Effect, EntryEffect, StockEffect

_IDS_AT_A_TIME = 500
_SALES = (MoveKind.SHIPMENT, MoveKind.CUSTOMER_RETURN)

# Quantity and value by book and product.
Holdings = dict[tuple[UUID, UUID], tuple[Decimal, Decimal]]


class _Named(NamedTuple):
    code: str
    name: str
    name_zh: str
    unit: str
    unit_zh: str


class Written:
    """The rows of one tick that are written and not committed. Asked first for what is there, then for what was before."""

    def __init__(self, session: Session, company_id: UUID, tick: int) -> None:
        self._session = session
        self._company_id = company_id
        self._tick = tick
        self._company = session.get_one(Company, (company_id, company_id))
        self.books = list(
            session.execute(
                select(CostBook.id, CostBook.code, CostBook.name, CostBook.name_zh, CostBook.posts_to_ledger)
                .where(CostBook.company_id == company_id)
                .order_by(CostBook.posts_to_ledger.desc(), CostBook.code)
            )
        )

    def product_ids(self) -> list[UUID]:
        """The products of which something moved or changed its value, in any book."""
        found: set[UUID] = set()
        for table in (MoveCost, CostAdjustment):
            found.update(
                self._session.scalars(
                    select(table.product_id)
                    .where(table.company_id == self._company_id, table.tick == self._tick)
                    .distinct()
                )
            )
        return sorted(found)

    def holdings(self, product_ids: list[UUID]) -> Holdings:
        """What the books hold of these products now."""
        held: Holdings = {}
        for ids in _parts(product_ids):
            rows = self._session.execute(
                select(
                    CostPool.book_id,
                    CostPool.product_id,
                    func.sum(CostPool.on_hand, type_=QtyType()),
                    func.sum(CostPool.value, type_=MoneyType()),
                )
                .where(CostPool.company_id == self._company_id, CostPool.product_id.in_(ids))
                .group_by(CostPool.book_id, CostPool.product_id)
            )
            held.update({(book_id, product_id): (qty, value) for book_id, product_id, qty, value in rows})
        return held

    def entries(self) -> tuple[list[EntryEffect], int]:
        """Debits and credits by day, event and account, the first of them, and how many there are."""
        grouped = (
            select(
                JournalEntry.dated_on.label("dated_on"),
                JournalEntry.event.label("event"),
                Account.code.label("code"),
                Account.name.label("name"),
                Account.name_zh.label("name_zh"),
                func.sum(JournalLine.debit, type_=MoneyType()).label("debit"),
                func.sum(JournalLine.credit, type_=MoneyType()).label("credit"),
            )
            .join(
                JournalEntry,
                (JournalEntry.company_id == JournalLine.company_id) & (JournalEntry.id == JournalLine.entry_id),
            )
            .join(Account, (Account.company_id == JournalLine.company_id) & (Account.id == JournalLine.account_id))
            .where(JournalLine.company_id == self._company_id, JournalLine.tick == self._tick)
            .group_by(JournalEntry.dated_on, JournalEntry.event, Account.code, Account.name, Account.name_zh)
        ).subquery()
        order = (grouped.c.dated_on, grouped.c.event, grouped.c.debit == ZERO, grouped.c.code)  # debits first
        rows = self._session.execute(select(grouped).order_by(*order).limit(MOST_ROWS_OF_AN_EFFECT)).all()
        found = [
            EntryEffect(
                dated_on=row.dated_on,
                event=row.event,
                account=row.code,
                name=row.name,
                name_zh=row.name_zh,
                debit=row.debit,
                credit=row.credit,
            )
            for row in rows
        ]
        return found, self._count(grouped, len(found))

    def corrections(self) -> tuple[list[CorrectionEffect], int]:
        """What changes in documents that were posted before, in the book that posts; by document, product, day and reason."""
        moved, named = aliased(StockMove), aliased(StockMove)  # what an adjustment corrects; what its event names
        corrected = func.coalesce(CostAdjustment.move_id, CostLayer.move_id, CostAdjustment.event_id)
        grouped = (
            select(
                CostAdjustment.kind.label("kind"),
                CostAdjustment.dated_on.label("dated_on"),
                func.coalesce(moved.document_kind, named.document_kind).label("document_kind"),
                func.coalesce(moved.document_id, named.document_id).label("document_id"),
                CostAdjustment.product_id.label("product_id"),
                func.sum(CostAdjustment.to_inventory, type_=MoneyType()).label("to_inventory"),
                func.sum(CostAdjustment.to_cost_of_sales, type_=MoneyType()).label("to_cost_of_sales"),
            )
            .join(CostPool, _same(CostPool, CostAdjustment.pool_id))
            .join(CostBook, _same(CostBook, CostPool.book_id, of=CostPool))
            .outerjoin(CostLayer, _same(CostLayer, CostAdjustment.layer_id))
            .outerjoin(moved, _same(moved, corrected))
            .outerjoin(
                MoveCost,
                (MoveCost.company_id == CostAdjustment.company_id)
                & (MoveCost.move_id == CostAdjustment.event_id)
                & (MoveCost.pool_id == CostAdjustment.pool_id),
            )
            .outerjoin(named, _same(named, MoveCost.of_id, of=MoveCost))
            .where(
                CostAdjustment.company_id == self._company_id,
                CostAdjustment.tick == self._tick,
                CostBook.posts_to_ledger,
                func.coalesce(moved.tick, named.tick) < self._tick,
            )
            .group_by(
                CostAdjustment.kind,
                CostAdjustment.dated_on,
                func.coalesce(moved.document_kind, named.document_kind),
                func.coalesce(moved.document_id, named.document_id),
                CostAdjustment.product_id,
            )
            .having(or_(func.sum(CostAdjustment.to_inventory) != 0, func.sum(CostAdjustment.to_cost_of_sales) != 0))
        ).subquery()
        order = (grouped.c.dated_on, grouped.c.document_kind, grouped.c.document_id, grouped.c.product_id)
        rows = self._session.execute(
            select(grouped).order_by(*order, grouped.c.kind).limit(MOST_ROWS_OF_AN_EFFECT)
        ).all()
        names = self.products(row.product_id for row in rows)
        numbers = document_numbers(
            self._session, self._company_id, ((row.document_kind, row.document_id) for row in rows)
        )
        found = [
            CorrectionEffect(
                kind=row.kind,
                dated_on=row.dated_on,
                document_kind=row.document_kind,
                document_id=row.document_id,
                number=numbers.get(row.document_id, ""),
                product_id=row.product_id,
                code=names[row.product_id].code,
                name=names[row.product_id].name,
                name_zh=names[row.product_id].name_zh,
                to_inventory=row.to_inventory,
                to_cost_of_sales=row.to_cost_of_sales,
            )
            for row in rows
        ]
        return found, self._count(grouped, len(found))

    def cost_of_sales(self) -> dict[UUID, Decimal]:
        """By book: how much more its sales cost. The book that posts says it as the ledger does."""
        by_book: dict[UUID, Decimal] = {}
        of_moves = (
            select(CostPool.book_id, func.sum(-MoveCost.cost, type_=MoneyType()))
            .join(CostPool, _same(CostPool, MoveCost.pool_id, of=MoveCost))
            .join(StockMove, _same(StockMove, MoveCost.move_id, of=MoveCost))
            .where(MoveCost.company_id == self._company_id, MoveCost.kind.in_(_SALES))
            .group_by(CostPool.book_id)
        )
        of_corrections = (
            select(CostPool.book_id, func.sum(CostAdjustment.to_cost_of_sales, type_=MoneyType()))
            .join(CostPool, _same(CostPool, CostAdjustment.pool_id))
            .join(StockMove, _same(StockMove, CostAdjustment.move_id))
            .where(
                CostAdjustment.company_id == self._company_id,
                # a share of late value or a true-up goes there; a move that is costed anew where its cost had gone
                or_(CostAdjustment.move_id != CostAdjustment.event_id, StockMove.kind.in_(_SALES)),
                StockMove.kind.not_in(NEVER_SOLD),  # what went back is a price variance, what was scrapped a loss
            )
            .group_by(CostPool.book_id)
        )
        for statement, table in ((of_moves, MoveCost), (of_corrections, CostAdjustment)):
            for counting in self._counting_now(statement, table):
                for book_id, amount in self._session.execute(counting):
                    by_book[book_id] = by_book.get(book_id, ZERO) + amount
        posted = self.posted(Purpose.COST_OF_SALES)
        by_book.update({book.id: posted for book in self.books if book.posts_to_ledger})
        return by_book

    def _counting_now(self, statement: Any, table: type[MoveCost | CostAdjustment]) -> list[Any]:
        """What is written now, as far as it is sold; and what is sold now because its delivery is confirmed."""
        written = statement.where(table.tick == self._tick)
        if not posts_at_delivery(self._session, self._company_id):
            return [written]
        shipment_id = func.coalesce(CustomerReturn.shipment_id, StockMove.document_id)
        sold = (
            written.outerjoin(CustomerReturn, _same(CustomerReturn, StockMove.document_id, of=StockMove))
            .outerjoin(Shipment, _same(Shipment, shipment_id, of=StockMove))
            .where(or_(Shipment.id.is_(None), Shipment.under_way_until.is_not(None)))
        )
        delivered = select(Shipment.id).where(
            Shipment.company_id == self._company_id, Shipment.tick == self._tick, Shipment.under_way_until.is_not(None)
        )
        of_them = moves_of_shipments(self._company_id, delivered)
        return [sold, statement.where(table.tick < self._tick, table.move_id.in_(of_them))]

    def posted(self, purpose: Purpose) -> Decimal:
        """What the ledger is debited, less what it is credited, on the accounts of a purpose."""
        accounts = select(AccountPurpose.account_id).where(
            AccountPurpose.company_id == self._company_id, AccountPurpose.purpose == purpose.value
        )
        balance = select(func.sum(JournalLine.debit - JournalLine.credit, type_=MoneyType())).where(
            JournalLine.company_id == self._company_id,
            JournalLine.tick == self._tick,
            JournalLine.account_id.in_(accounts),
        )
        return self._session.scalar(balance) or ZERO

    def write_downs(self) -> tuple[Decimal, Decimal]:
        """The expense of what was written down (a reversal is negative), and the change of the allowance that it left."""
        line = WriteDownLine
        down, released = self._session.execute(
            select(func.sum(line.written_down, type_=MoneyType()), func.sum(line.released, type_=MoneyType())).where(
                line.company_id == self._company_id, line.tick == self._tick
            )
        ).one()
        return down or ZERO, (down or ZERO) - (released or ZERO)

    def products(self, ids: Iterable[UUID]) -> dict[UUID, _Named]:
        found: dict[UUID, _Named] = {}
        for part in _parts(sorted(set(ids))):
            rows = self._session.execute(
                select(Product.id, Product.code, Product.name, Product.name_zh, Unit.code, Unit.name_zh)
                .join(Unit, (Unit.company_id == Product.company_id) & (Unit.id == Product.unit_id))
                .where(Product.company_id == self._company_id, Product.id.in_(part))
            )
            found.update({product_id: _Named(*names) for product_id, *names in rows})
        return found

    def effect(self, before: Holdings, after: Holdings, **read: Any) -> Effect:
        """All of it: `before` and `after` as `holdings` gave them, `read` what the other questions answered."""
        posting = {book.id for book in self.books if book.posts_to_ledger}
        nothing = (ZERO, ZERO)
        moved = [
            key[1]
            for key in sorted({*before, *after})
            if key[0] in posting and before.get(key, nothing) != after.get(key, nothing)
        ]
        names = self.products(moved)
        moved.sort(key=lambda product_id: names[product_id].code)
        stock = [
            self._stock(product_id, names[product_id], before, after, posting)
            for product_id in moved[:MOST_ROWS_OF_AN_EFFECT]
        ]
        cost_of_sales: dict[UUID, Decimal] = read.pop("cost_of_sales")
        books = [
            BookEffect(
                code=book.code,
                name=book.name,
                name_zh=book.name_zh,
                posts_to_ledger=book.posts_to_ledger,
                inventory=_value(after, book.id) - _value(before, book.id),
                cost_of_sales=cost_of_sales.get(book.id, ZERO),
            )
            for book in self.books
        ]
        return Effect(
            currency=self._company.currency,
            currency_places=self._company.currency_places,
            stock=stock,
            stock_count=len(moved),
            books=books,
            **read,
        )

    def _stock(
        self, product_id: UUID, named: _Named, before: Holdings, after: Holdings, posting: set[UUID]
    ) -> StockEffect:
        (book_id,) = posting
        nothing = (ZERO, ZERO)
        was, will_be = before.get((book_id, product_id), nothing), after.get((book_id, product_id), nothing)
        return StockEffect(
            product_id=product_id,
            code=named.code,
            name=named.name,
            name_zh=named.name_zh,
            unit=named.unit,
            unit_zh=named.unit_zh,
            qty_before=was[0],
            qty_after=will_be[0],
            value_before=was[1],
            value_after=will_be[1],
        )

    def _count(self, rows: Any, shown: int) -> int:
        if shown < MOST_ROWS_OF_AN_EFFECT:
            return shown
        return self._session.scalar(select(func.count()).select_from(rows)) or 0


def _same(table: Any, id_column: Any, of: Any = CostAdjustment) -> Any:
    """The row of `table` that `id_column` names, in the same company."""
    return (table.company_id == of.company_id) & (table.id == id_column)


def _value(held: Holdings, book_id: UUID) -> Decimal:
    return sum((value for (book, _), (_, value) in held.items() if book == book_id), ZERO)


def _parts(ids: list[UUID]) -> Iterable[list[UUID]]:
    return (ids[start : start + _IDS_AT_A_TIME] for start in range(0, len(ids), _IDS_AT_A_TIME))
