"""A small company, written straight into the tables: the queries' tests need rows, not the rules that make them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from erp_desktop.actions.cost_events import balance_row, month_ends
from erp_desktop.actions.standing import layer_id
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.company import Company
from erp_desktop.models.costing import CostBalance, CostBook, CostEdge, CostLayer, CostPool, MoveCost
from erp_desktop.models.ledger import Account, AccountPurpose, JournalEntry, JournalLine, LedgerBalance, Period
from erp_desktop.models.party import Party
from erp_desktop.models.product import Category, Product, Unit
from erp_desktop.models.purchasing import GoodsReceipt, GoodsReceiptLine, PurchaseOrder, PurchaseOrderLine
from erp_desktop.models.sales import (
    Allocation,
    Channel,
    SalesInvoice,
    SalesInvoiceLine,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
)
from erp_desktop.models.stock import Bin, StockBalance, StockMove, Warehouse
from erp_desktop.numbers import ZERO

JANUARY = date(2026, 1, 15)
ACCOUNTS = {
    "inventory": ("1405", "Inventory", "asset"),
    "goods_received_not_invoiced": ("2202", "Goods received not invoiced", "liability"),
    "receivable": ("1122", "Receivable", "asset"),
    "revenue": ("5001", "Revenue", "income"),
    "cost_of_sales": ("5401", "Cost of sales", "expense"),
}


class Books:
    """A company in one database, with one warehouse and a first-in-first-out cost book. Money has two places."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.first_id = new_id().int >> 32 << 32
        self.ids_given = 0
        self.company_id = self.new_id()
        self.numbers: dict[str, int] = {}
        self.pools: dict[UUID, CostPool] = {}
        self.company = self.add(
            Company, id=self.company_id, code="ACME", name="Acme", currency="CNY", time_zone="Asia/Shanghai", chart="x"
        )
        self.category = self.add(Category, code="GENERAL", name="General")
        self.unit = self.add(Unit, code="PC", name="Piece")
        self.warehouse = self.add(Warehouse, code="MAIN", name="Main warehouse", name_zh="主仓库")
        self.bin = self.add(Bin, warehouse_id=self.warehouse.id, code="STOCK")
        self.channel = self.add(Channel, code="DIRECT", name="Direct")
        self.supplier = self.add(Party, code="S1", name="Hangzhou Plastics", name_zh="杭州塑料", is_supplier=True)
        self.customer = self.add(Party, code="C1", name="Zhang Min", name_zh="张敏", is_consumer=True)
        self.book = self.add(CostBook, code="main", name="Main", method="fifo", posts_to_ledger=True)
        self.period = self.add(Period, starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 31))
        self.accounts = {
            purpose: self.add(Account, code=code, name=name, type=kind)
            for purpose, (code, name, kind) in ACCOUNTS.items()
        }
        for purpose, account in self.accounts.items():
            self.add(AccountPurpose, purpose=purpose, category_id=None, account_id=account.id)
        session.flush()

    def new_id(self) -> UUID:
        """Ids in the order in which rows are made, also within a millisecond."""
        self.ids_given += 1
        return UUID(int=self.first_id + self.ids_given)

    def add(self, model: Any, **values: Any) -> Any:
        row = model(company_id=self.company_id, **{"id": self.new_id(), "tick": 1, **values})
        self.session.add(row)
        return row

    def ask(self, query: Any) -> Any:
        self.session.flush()
        return query.run(self.session, self.company_id)

    def next_number(self, prefix: str) -> str:
        self.numbers[prefix] = self.numbers.get(prefix, 0) + 1
        return f"{prefix}-2026-{self.numbers[prefix]:05}"

    def product(self, code: str, name: str = "", name_zh: str = "", **values: Any) -> Product:
        row: Product = self.add(
            Product,
            code=code,
            name=name or code,
            name_zh=name_zh,
            category_id=self.category.id,
            unit_id=self.unit.id,
            **values,
        )
        return row

    def purchase_order(
        self, *lines: tuple[Product, int, str], on: date = JANUARY, status: str = "confirmed", **values: Any
    ) -> PurchaseOrder:
        amounts = [qty * Decimal(price) for _, qty, price in lines]
        number = None if status == "draft" else self.next_number("PO")
        header = {"supplier_id": self.supplier.id, "reference": "", "currency": "CNY", "number": number, **values}
        order = self.add(
            PurchaseOrder,
            warehouse_id=self.warehouse.id,
            ordered_on=on,
            due_on=on,
            status=status,
            total=sum(amounts, ZERO),
            **header,
        )
        self.session.flush()
        for line_no, (product, qty, price) in enumerate(lines, start=1):
            self.add(
                PurchaseOrderLine,
                order_id=order.id,
                line_no=line_no,
                product_id=product.id,
                qty=Decimal(qty),
                unit_price=Decimal(price),
                amount=qty * Decimal(price),
                received_qty=ZERO,
            )
        self.session.flush()
        made: PurchaseOrder = order
        return made

    def receive(self, order: PurchaseOrder, on: date = JANUARY) -> GoodsReceipt:
        """All of the order arrives at its price; valued and posted as the centre does it."""
        receipt = self.add(
            GoodsReceipt,
            currency="CNY",
            number=self.next_number("GR"),
            order_id=order.id,
            supplier_id=order.supplier_id,
            warehouse_id=self.warehouse.id,
            received_on=on,
            status="posted",
        )
        self.session.flush()
        lines = self.session.query(PurchaseOrderLine).filter_by(company_id=self.company_id, order_id=order.id).all()
        for line in sorted(lines, key=lambda line: line.line_no):
            receipt_line = self.add(
                GoodsReceiptLine,
                receipt_id=receipt.id,
                line_no=line.line_no,
                order_line_id=line.id,
                product_id=line.product_id,
                bin_id=self.bin.id,
                qty=line.qty,
            )
            line.received_qty = line.qty
            move = self.move(receipt_line, "goods_receipt", receipt.id, "receipt", line.qty, on)
            pool = self.pool(line.product_id)
            layer_seq = self.session.query(CostLayer).filter_by(pool_id=pool.id).count() + 1
            self.add(
                CostLayer,
                id=layer_id(pool.id, move.id, 0),
                pool_id=pool.id,
                dated_on=on,
                seq=layer_seq,
                move_id=move.id,
                qty_in=line.qty,
                value_in=line.amount,
                qty_left=line.qty,
                value_left=line.amount,
            )
            self.cost(pool, move, line.qty, line.amount, stated=line.amount)
            self.post(
                "goods_receipt",
                receipt.id,
                on,
                "inventory",
                "goods_received_not_invoiced",
                line.amount,
                line.product_id,
            )
        order.status = "received"
        self.session.flush()
        made: GoodsReceipt = receipt
        return made

    def sales_order(
        self, *lines: tuple[Product, int, str], on: date = JANUARY, status: str = "confirmed", **values: Any
    ) -> SalesOrder:
        order = self.add(
            SalesOrder,
            number=None if status == "draft" else self.next_number("SO"),
            channel_id=self.channel.id,
            warehouse_id=self.warehouse.id,
            ordered_on=on,
            due_on=on,
            status=status,
            total=sum((qty * Decimal(price) for _, qty, price in lines), ZERO),
            **{"customer_id": self.customer.id, "freight": ZERO, "currency": "CNY", **values},
        )
        self.session.flush()
        for line_no, (product, qty, price) in enumerate(lines, start=1):
            self.add(
                SalesOrderLine,
                order_id=order.id,
                line_no=line_no,
                product_id=product.id,
                qty=Decimal(qty),
                unit_price=Decimal(price),
                discount=ZERO,
                amount=qty * Decimal(price),
                allocated_qty=ZERO,
                shipped_qty=ZERO,
                invoiced_qty=ZERO,
            )
        self.session.flush()
        made: SalesOrder = order
        return made

    def order_lines(self, order: SalesOrder) -> list[SalesOrderLine]:
        lines = self.session.query(SalesOrderLine).filter_by(company_id=self.company_id, order_id=order.id).all()
        return sorted(lines, key=lambda line: line.line_no)

    def allocate(self, order: SalesOrder) -> None:
        for line in self.order_lines(order):
            self.add(
                Allocation,
                order_id=order.id,
                order_line_id=line.id,
                product_id=line.product_id,
                warehouse_id=self.warehouse.id,
                bin_id=self.bin.id,
                qty=line.qty,
            )
            line.allocated_qty = line.qty
            self.balance(line.product_id).allocated += line.qty
        order.status = "allocated"
        self.session.flush()

    def ship(self, order: SalesOrder, on: date = JANUARY) -> Shipment:
        """All of the order leaves, first in first out, with cost of sales and an invoice."""
        shipment = self.add(
            Shipment,
            number=self.next_number("SH"),
            order_id=order.id,
            customer_id=order.customer_id,
            warehouse_id=self.warehouse.id,
            shipped_on=on,
            status="posted",
        )
        invoice = self.add(
            SalesInvoice,
            number=self.next_number("SI"),
            order_id=order.id,
            customer_id=order.customer_id,
            invoiced_on=on,
            due_on=on,
            total=order.total,
            status="posted",
        )
        self.session.flush()
        for line in self.order_lines(order):
            shipment_line = self.add(
                ShipmentLine,
                shipment_id=shipment.id,
                line_no=line.line_no,
                order_line_id=line.id,
                product_id=line.product_id,
                bin_id=self.bin.id,
                qty=line.qty,
                returned_qty=ZERO,
            )
            self.add(
                SalesInvoiceLine,
                invoice_id=invoice.id,
                line_no=line.line_no,
                order_line_id=line.id,
                product_id=line.product_id,
                qty=line.qty,
                amount=line.amount,
            )
            line.shipped_qty, line.invoiced_qty = line.qty, line.qty
            move = self.move(shipment_line, "shipment", shipment.id, "shipment", -line.qty, on)
            cost = self.take(self.pool(line.product_id), move, line.qty)
            self.post("shipment", shipment.id, on, "cost_of_sales", "inventory", cost, line.product_id)
        self.post("sales_invoice", invoice.id, on, "receivable", "revenue", order.total, None)
        order.status = "shipped"
        self.session.flush()
        made: Shipment = shipment
        return made

    # --- what moves, what it costs, what is posted ---------------------------------------------------------------

    def balance(self, product_id: UUID) -> StockBalance:
        id = derived_id("stock_balance", product_id, self.bin.id)
        found = self.session.get(StockBalance, (self.company_id, id))
        if found is None:
            found = self.add(
                StockBalance,
                id=id,
                product_id=product_id,
                warehouse_id=self.warehouse.id,
                bin_id=self.bin.id,
                on_hand=ZERO,
                allocated=ZERO,
            )
            self.session.flush()
        return found

    def move(self, line: Any, kind: str, document_id: UUID, why: str, qty: Decimal, on: date) -> StockMove:
        place, bin_id = self.warehouse.id, self.bin.id
        comes = qty > 0
        move = self.add(
            StockMove,
            product_id=line.product_id,
            kind=why,
            moved_on=on,
            qty=abs(qty),
            from_warehouse_id=None if comes else place,
            from_bin_id=None if comes else bin_id,
            to_warehouse_id=place if comes else None,
            to_bin_id=bin_id if comes else None,
            document_kind=kind,
            document_id=document_id,
            line_id=line.id,
            line_no=line.line_no,
            returns_move_id=None,
        )
        self.balance(line.product_id).on_hand += qty
        self.session.flush()
        made: StockMove = move
        return made

    def pool(self, product_id: UUID) -> CostPool:
        if product_id not in self.pools:
            self.pools[product_id] = self.add(
                CostPool,
                book_id=self.book.id,
                product_id=product_id,
                warehouse_id=None,
                method="fifo",
                first_method="fifo",
                on_hand=ZERO,
                value=ZERO,
            )
            self.session.flush()
        return self.pools[product_id]

    def cost(self, pool: CostPool, move: StockMove, qty: Decimal, cost: Decimal, stated: Decimal | None = None) -> None:
        seq = self.session.query(MoveCost).filter_by(pool_id=pool.id).count() + 1
        self.add(
            MoveCost,
            pool_id=pool.id,
            product_id=pool.product_id,
            move_id=move.id,
            kind=move.kind,
            dated_on=move.moved_on,
            seq=seq,
            qty=qty,
            stated=stated,
            cost=cost,
        )
        for ends_on in month_ends(pool.last_moved_on, move.moved_on) if pool.last_moved_on else ():
            self.add(CostBalance, **balance_row(pool.id, ends_on, pool.on_hand, pool.value))
        pool.last_moved_on = max(pool.last_moved_on or move.moved_on, move.moved_on)
        pool.on_hand += qty
        pool.value += cost
        self.session.flush()

    def take(self, pool: CostPool, move: StockMove, qty: Decimal) -> Decimal:
        """The cost of `qty` from the oldest layers, with its consumption edges."""
        cost, left = ZERO, qty
        for layer in self.session.query(CostLayer).filter_by(pool_id=pool.id).order_by(CostLayer.seq):
            taken = min(left, layer.qty_left)
            if taken:
                value = (layer.value_left * taken / layer.qty_left).quantize(Decimal("0.01"))
                self.add(
                    CostEdge,
                    pool_id=pool.id,
                    issue_move_id=move.id,
                    layer_id=layer.id,
                    dated_on=move.moved_on,
                    qty=taken,
                    value=value,
                )
                layer.qty_left, layer.value_left = layer.qty_left - taken, layer.value_left - value
                cost, left = cost + value, left - taken
        self.cost(pool, move, -qty, -cost)
        return cost

    def post(
        self, kind: str, document_id: UUID, on: date, debit: str, credit: str, amount: Decimal, product_id: UUID | None
    ) -> JournalEntry:
        self.numbers["voucher"] = self.numbers.get("voucher", 0) + 1
        entry = self.add(
            JournalEntry,
            number=self.numbers["voucher"],
            period_id=self.period.id,
            dated_on=on,
            posted_at=datetime(2026, 1, 15, 8, tzinfo=UTC),
            posted_by=self.new_id(),
            event=kind,
            document_kind=kind,
            document_id=document_id,
            action_id=self.new_id(),
        )
        self.session.flush()
        for line_no, (purpose, in_debit) in enumerate([(debit, True), (credit, False)], start=1):
            account = self.accounts[purpose]
            self.add(
                JournalLine,
                entry_id=entry.id,
                line_no=line_no,
                account_id=account.id,
                dated_on=on,
                debit=amount if in_debit else ZERO,
                credit=ZERO if in_debit else amount,
                product_id=product_id,
            )
            id = derived_id("ledger_balance", account.id, self.period.id, None)
            balance = self.session.get(LedgerBalance, (self.company_id, id))
            if balance is None:
                balance = self.add(
                    LedgerBalance,
                    id=id,
                    account_id=account.id,
                    period_id=self.period.id,
                    cost_centre_id=None,
                    debit=ZERO,
                    credit=ZERO,
                )
            if in_debit:
                balance.debit += amount
            else:
                balance.credit += amount
        self.session.flush()
        made: JournalEntry = entry
        return made


@pytest.fixture(scope="session")
def make_books() -> type[Books]:
    """For tests that open their own session."""
    return Books


@pytest.fixture
def books(engine: Engine) -> Iterator[Books]:
    """A company of the test's own, on SQLite and on PostgreSQL."""
    with Session(engine) as session:
        yield Books(session)
