"""What documents are called and how they hang together: the words behind a link, and the chain in both directions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, cast, literal, null, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.types import String as PlainString

from erp_desktop.models.base import Base
from erp_desktop.models.costing import CostBook
from erp_desktop.models.ledger import Account, JournalEntry, JournalLine, Period
from erp_desktop.models.party import Employee, Party
from erp_desktop.models.product import Category, Product
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    LandedCostShare,
    PriceCorrection,
    PriceCorrectionLine,
    PurchaseOrder,
    PurchaseOrderLine,
    SupplierReturn,
    SupplierReturnLine,
)
from erp_desktop.models.sales import (
    CustomerReturn,
    CustomerReturnLine,
    SalesInvoice,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
)
from erp_desktop.models.stock import GoodsTransfer, GoodsTransferLine, StockCount, StockScrap, StockScrapLine, Warehouse
from erp_desktop.models.types import MoneyType, QtyType
from erp_desktop.models.valuation import (
    StandardCostChange,
    StandardCostLine,
    StockRevaluation,
    StockRevaluationLine,
    WriteDown,
    WriteDownLine,
)
from erp_desktop.queries.base import NotHere
from erp_desktop.queries.list_shape import TableAlias, sum_of, table_of

_NO_QTY = cast(null(), QtyType())
_NO_AMOUNT = cast(null(), MoneyType())


@dataclass(frozen=True)
class RelatedDocument:
    """A document as a link shows it. `kind` is its table; `qty` in stock units, `amount` in its currency, where it has them."""

    kind: str
    id: UUID
    number: str | None  # None until the centre has numbered it
    dated_on: date
    status: str
    qty: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True)
class _Kind:
    """Where a kind of document keeps what a link shows."""

    table: TableAlias
    dated_on: str
    qty: ColumnElement[Any] = _NO_QTY
    amount: ColumnElement[Any] = _NO_AMOUNT
    party: str = ""  # column that names the party it is with


def _lines(model: type[Base], column: str, key: str, document: TableAlias) -> ColumnElement[Any]:
    line = table_of(model)
    return sum_of(line.c[column], document, line.c[key])


_purchase_order = table_of(PurchaseOrder)
_receipt = table_of(GoodsReceipt)
_supplier_return = table_of(SupplierReturn)
_landed_cost = table_of(LandedCost)
_correction = table_of(PriceCorrection)
_sales_order = table_of(SalesOrder)
_shipment = table_of(Shipment)
_invoice = table_of(SalesInvoice)
_return = table_of(CustomerReturn)
_count = table_of(StockCount)
_transfer = table_of(GoodsTransfer)
_scrap = table_of(StockScrap)
_revaluation = table_of(StockRevaluation)
_write_down = table_of(WriteDown)
_standard_change = table_of(StandardCostChange)
_entry = table_of(JournalEntry)
_receipt_line = table_of(GoodsReceiptLine)
_share = table_of(LandedCostShare)

_KINDS = {
    "purchase_order": _Kind(
        _purchase_order,
        "ordered_on",
        _lines(PurchaseOrderLine, "qty", "order_id", _purchase_order),
        _purchase_order.c.total,
        "supplier_id",
    ),
    "goods_receipt": _Kind(
        _receipt, "received_on", _lines(GoodsReceiptLine, "qty", "receipt_id", _receipt), party="supplier_id"
    ),
    "supplier_return": _Kind(
        _supplier_return,
        "returned_on",
        _lines(SupplierReturnLine, "qty", "return_id", _supplier_return),
        _supplier_return.c.total,
        "supplier_id",
    ),
    "price_correction": _Kind(
        _correction,
        "dated_on",
        amount=_lines(PriceCorrectionLine, "difference", "correction_id", _correction),
        party="supplier_id",
    ),
    "landed_cost": _Kind(_landed_cost, "dated_on", amount=_landed_cost.c.amount, party="supplier_id"),
    "sales_order": _Kind(
        _sales_order,
        "ordered_on",
        _lines(SalesOrderLine, "qty", "order_id", _sales_order),
        _sales_order.c.total,
        "customer_id",
    ),
    "shipment": _Kind(
        _shipment, "shipped_on", _lines(ShipmentLine, "qty", "shipment_id", _shipment), party="customer_id"
    ),
    "sales_invoice": _Kind(_invoice, "invoiced_on", amount=_invoice.c.total, party="customer_id"),
    "customer_return": _Kind(
        _return,
        "returned_on",
        _lines(CustomerReturnLine, "qty", "return_id", _return),
        _return.c.total,
        "customer_id",
    ),
    "stock_count": _Kind(_count, "counted_on"),
    "goods_transfer": _Kind(
        _transfer, "dispatched_on", _lines(GoodsTransferLine, "qty", "transfer_id", _transfer), party="carrier_id"
    ),
    "stock_scrap": _Kind(_scrap, "scrapped_on", _lines(StockScrapLine, "qty", "scrap_id", _scrap)),
    "stock_revaluation": _Kind(
        _revaluation, "dated_on", amount=_lines(StockRevaluationLine, "change", "revaluation_id", _revaluation)
    ),
    "write_down": _Kind(
        _write_down, "dated_on", amount=_lines(WriteDownLine, "written_down", "write_down_id", _write_down)
    ),
    "standard_cost_change": _Kind(
        _standard_change, "effective_on", amount=_lines(StandardCostLine, "change", "change_id", _standard_change)
    ),
    "journal_entry": _Kind(_entry, "dated_on", amount=_lines(JournalLine, "debit", "entry_id", _entry)),
}

_MASTERS: dict[str, type[Base]] = {
    "product": Product,
    "party": Party,
    "warehouse": Warehouse,
    "category": Category,
    "account": Account,
    "employee": Employee,
    "cost_book": CostBook,
}


def _number(kind: str, table: TableAlias) -> ColumnElement[Any]:
    return cast(table.c.number, PlainString()) if kind == "journal_entry" else table.c.number


def _status(kind: str, table: TableAlias) -> ColumnElement[Any]:
    return literal("posted") if kind == "journal_entry" else table.c.status


LATEST = 50


def documents(
    session: Session, company_id: UUID, kind: str, *criteria: ColumnElement[bool], latest: int | None = None
) -> tuple[RelatedDocument, ...]:
    """The documents of `kind` that meet `criteria`, oldest first, or only the `latest`, newest first."""
    of = _KINDS[kind]
    table = of.table
    statement = select(
        literal(kind), table.c.id, _number(kind, table), table.c[of.dated_on], _status(kind, table), of.qty, of.amount
    )
    statement = statement.where(table.c.company_id == company_id, *criteria)
    if latest is None:
        statement = statement.order_by(table.c[of.dated_on], table.c.id)
    else:
        statement = statement.order_by(table.c[of.dated_on].desc(), table.c.id.desc()).limit(latest)
    return tuple(RelatedDocument(*row) for row in session.execute(statement))


def documents_with(session: Session, company_id: UUID, party_id: UUID) -> tuple[RelatedDocument, ...]:
    """The latest documents with a party, of every kind, newest first."""
    found = [
        document
        for kind, of in _KINDS.items()
        if of.party
        for document in documents(session, company_id, kind, of.table.c[of.party] == party_id, latest=LATEST)
    ]
    return tuple(sorted(found, key=lambda document: (document.dated_on, document.id), reverse=True)[:LATEST])


@dataclass(frozen=True)
class Address:
    """What a link says: the document's number or the record's code, and whom or what it is about."""

    kind: str
    id: UUID
    number: str | None
    title: str
    title_zh: str


@dataclass(frozen=True)
class DocumentAddress:
    """The words for a link to the record `id` of `kind` (its table), or for a line's document ("goods_receipt_line").

    Raises NotHere, also for a kind without a page.
    """

    tables: ClassVar[frozenset[str]] = frozenset([*_KINDS, *_MASTERS, "period"])

    kind: str
    id: UUID

    def run(self, session: Session, company_id: UUID) -> Address:
        if self.kind == "goods_receipt_line":
            receipt = select(_receipt_line.c.receipt_id)
            receipt = receipt.where(_receipt_line.c.company_id == company_id, _receipt_line.c.id == self.id)
            receipt_id = session.execute(receipt).scalar_one_or_none()
            if receipt_id is None:
                raise NotHere(self.kind, self.id)
            return DocumentAddress("goods_receipt", receipt_id).run(session, company_id)
        if self.kind == "period":  # called by its month
            period = session.get(Period, (company_id, self.id))
            if period is None:
                raise NotHere(self.kind, self.id)
            return Address(self.kind, self.id, f"{period.starts_on:%Y-%m}", "", "")
        statement: Select[Any]
        if self.kind in _MASTERS:
            record = table_of(_MASTERS[self.kind])
            name_zh = record.c.name_zh if "name_zh" in record.c else record.c.name
            statement = select(record.c.code, record.c.name, name_zh)
        elif self.kind in _KINDS:
            of = _KINDS[self.kind]
            record = of.table
            party = table_of(Party)
            number = _number(self.kind, record)
            if of.party:
                with_party = (party.c.company_id == record.c.company_id) & (party.c.id == record.c[of.party])
                statement = select(number, party.c.name, party.c.name_zh)
                statement = statement.select_from(record.outerjoin(party, with_party))
            else:
                statement = select(number, literal(""), literal(""))
        else:
            raise NotHere(self.kind, self.id)
        found = session.execute(statement.where(record.c.company_id == company_id, record.c.id == self.id)).first()
        if found is None:
            raise NotHere(self.kind, self.id)
        return Address(self.kind, self.id, found[0], found[1] or "", found[2] or "")


_Chain = Callable[[Session, UUID, UUID], list[tuple[RelatedDocument, ...]]]


def _landed_costs_of(receipt_ids: Select[Any]) -> ColumnElement[bool]:
    """The landed costs that are shared over lines of those receipts."""
    same = (_share.c.company_id == _receipt_line.c.company_id) & (_share.c.receipt_line_id == _receipt_line.c.id)
    shares = select(_share.c.landed_cost_id).select_from(_share.join(_receipt_line, same))
    shared: ColumnElement[bool] = _landed_cost.c.id.in_(shares.where(_receipt_line.c.receipt_id.in_(receipt_ids)))
    return shared


def _of_purchase_order(session: Session, company: UUID, id: UUID) -> list[tuple[RelatedDocument, ...]]:
    receipts = select(_receipt.c.id).where(_receipt.c.company_id == company, _receipt.c.order_id == id)
    return [
        documents(session, company, "goods_receipt", _receipt.c.order_id == id),
        documents(session, company, "supplier_return", _supplier_return.c.receipt_id.in_(receipts)),
        documents(session, company, "price_correction", _correction.c.receipt_id.in_(receipts)),
        documents(session, company, "landed_cost", _landed_costs_of(receipts)),
    ]


def _of_goods_receipt(session: Session, company: UUID, id: UUID) -> list[tuple[RelatedDocument, ...]]:
    order = select(_receipt.c.order_id).where(_receipt.c.company_id == company, _receipt.c.id == id)
    return [
        documents(session, company, "purchase_order", _purchase_order.c.id.in_(order)),
        documents(session, company, "supplier_return", _supplier_return.c.receipt_id == id),
        documents(session, company, "price_correction", _correction.c.receipt_id == id),
        documents(session, company, "landed_cost", _landed_costs_of(select(literal(id, _receipt.c.id.type)))),
    ]


def _of_receipt_named_by(table: TableAlias) -> _Chain:
    """The chain of a document that is about one goods receipt, which `table` names in `receipt_id`."""

    def around(session: Session, company: UUID, id: UUID) -> list[tuple[RelatedDocument, ...]]:
        receipt_id = session.scalar(select(table.c.receipt_id).where(table.c.company_id == company, table.c.id == id))
        if receipt_id is None:
            return []
        return [
            documents(session, company, "goods_receipt", _receipt.c.id == receipt_id),
            *_of_goods_receipt(session, company, receipt_id),
        ]

    return around


def _of_landed_cost(session: Session, company: UUID, id: UUID) -> list[tuple[RelatedDocument, ...]]:
    same = (_share.c.company_id == _receipt_line.c.company_id) & (_share.c.receipt_line_id == _receipt_line.c.id)
    receipts = select(_receipt_line.c.receipt_id).select_from(_share.join(_receipt_line, same))
    receipts = receipts.where(_share.c.company_id == company, _share.c.landed_cost_id == id)
    orders = select(_receipt.c.order_id).where(_receipt.c.company_id == company, _receipt.c.id.in_(receipts))
    credited = select(_landed_cost.c.credits_id).where(_landed_cost.c.company_id == company, _landed_cost.c.id == id)
    return [
        documents(session, company, "purchase_order", _purchase_order.c.id.in_(orders)),
        documents(session, company, "goods_receipt", _receipt.c.id.in_(receipts)),
        documents(
            session, company, "landed_cost", or_(_landed_cost.c.id.in_(credited), _landed_cost.c.credits_id == id)
        ),
    ]


def _after_sales_order(session: Session, company: UUID, order: Any) -> list[tuple[RelatedDocument, ...]]:
    shipments = select(_shipment.c.id).where(_shipment.c.company_id == company, _shipment.c.order_id.in_(order))
    return [
        documents(session, company, "shipment", _shipment.c.order_id.in_(order)),
        documents(session, company, "sales_invoice", _invoice.c.order_id.in_(order)),
        documents(session, company, "customer_return", _return.c.shipment_id.in_(shipments)),
    ]


def _of_sales_order(session: Session, company: UUID, id: UUID) -> list[tuple[RelatedDocument, ...]]:
    return _after_sales_order(session, company, [id])


def _around(order: Select[Any], session: Session, company: UUID) -> list[tuple[RelatedDocument, ...]]:
    return [
        documents(session, company, "sales_order", _sales_order.c.id.in_(order)),
        *_after_sales_order(session, company, order),
    ]


def _of_shipment(session: Session, company: UUID, id: UUID) -> list[tuple[RelatedDocument, ...]]:
    order = select(_shipment.c.order_id).where(_shipment.c.company_id == company, _shipment.c.id == id)
    return _around(order, session, company)


def _of_invoice(session: Session, company: UUID, id: UUID) -> list[tuple[RelatedDocument, ...]]:
    order = select(_invoice.c.order_id).where(_invoice.c.company_id == company, _invoice.c.id == id)
    return _around(order, session, company)


def _of_return(session: Session, company: UUID, id: UUID) -> list[tuple[RelatedDocument, ...]]:
    """With the announced return before the posted one, or the posted one after the announced one."""
    is_meant = or_(_return.c.id == id, _return.c.announced_id == id)
    shipment = select(_return.c.shipment_id).where(_return.c.company_id == company, is_meant)
    order = select(_shipment.c.order_id).where(_shipment.c.company_id == company, _shipment.c.id.in_(shipment))
    announced = select(_return.c.announced_id).where(_return.c.company_id == company, _return.c.id == id)
    around = _around(order, session, company)
    told = {document.id for group in around for document in group}
    other = documents(
        session, company, "customer_return", or_(_return.c.id.in_(announced), _return.c.announced_id == id)
    )
    return [*around, tuple(document for document in other if document.id not in told)]


_CHAINS: dict[str, _Chain] = {
    "purchase_order": _of_purchase_order,
    "goods_receipt": _of_goods_receipt,
    "supplier_return": _of_receipt_named_by(_supplier_return),
    "price_correction": _of_receipt_named_by(_correction),
    "landed_cost": _of_landed_cost,
    "sales_order": _of_sales_order,
    "shipment": _of_shipment,
    "sales_invoice": _of_invoice,
    "customer_return": _of_return,
}


@dataclass(frozen=True)
class RelatedDocuments:
    """Everything before and after a document in its chain, and the journal entries that it caused."""

    tables: ClassVar[frozenset[str]] = frozenset([*_KINDS, "goods_receipt_line", "landed_cost_share"])

    kind: str
    id: UUID

    def run(self, session: Session, company_id: UUID) -> tuple[RelatedDocument, ...]:
        chain = _CHAINS.get(self.kind)
        found = chain(session, company_id, self.id) if chain else []
        found.append(documents(session, company_id, "journal_entry", _entry.c.document_id == self.id))
        return tuple(document for group in found for document in group if document.id != self.id)
