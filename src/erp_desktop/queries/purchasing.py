"""Lists of buying: purchase orders, goods receipts, landed costs."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from erp_desktop.models.party import Party
from erp_desktop.models.purchasing import GoodsReceipt, GoodsReceiptLine, LandedCost, PurchaseOrder, PurchaseOrderLine
from erp_desktop.models.stock import Warehouse
from erp_desktop.queries.list_shape import (
    Join,
    ListColumn,
    ListShape,
    is_pending,
    named,
    plain,
    searched,
    sum_of,
    table_of,
)
from erp_desktop.queries.listing import ListQuery

_order = table_of(PurchaseOrder)
_order_line = table_of(PurchaseOrderLine)
_receipt = table_of(GoodsReceipt)
_receipt_line = table_of(GoodsReceiptLine)
_landed = table_of(LandedCost)
_supplier = table_of(Party, "supplier")
_warehouse = table_of(Warehouse)


@dataclass(frozen=True)
class PurchaseOrderRow:
    """`qty` and `received_qty` are sums over the lines, in stock units; `total` is in `currency`, None for who may not see
    what goods cost."""

    id: UUID
    number: str | None
    supplier_id: UUID
    supplier_code: str
    supplier_name: str
    supplier_name_zh: str
    warehouse_id: UUID
    warehouse_code: str
    warehouse_name: str
    warehouse_name_zh: str
    ordered_on: date
    due_on: date
    currency: str
    reference: str
    status: str
    total: Decimal | None
    qty: Decimal
    received_qty: Decimal
    is_pending: bool


@dataclass(frozen=True)
class PurchaseOrders(ListQuery[PurchaseOrderRow]):
    """Purchase orders, newest first. Searches number, the supplier's reference, and the supplier."""

    shape = ListShape(
        PurchaseOrderRow,
        _order,
        [
            *plain(_order, "id"),
            *searched(_order, "number"),
            *plain(_order, "supplier_id"),
            *named(_supplier, "code", "name", "name_zh"),
            *plain(_order, "warehouse_id"),
            ListColumn("warehouse_code", _warehouse.c.code),
            ListColumn("warehouse_name", _warehouse.c.name),
            ListColumn("warehouse_name_zh", _warehouse.c.name_zh),
            *plain(_order, "ordered_on", "due_on", "currency"),
            *searched(_order, "reference"),
            *plain(_order, "status"),
            ListColumn("total", _order.c.total, is_total=True, is_amount=True),
            ListColumn("qty", sum_of(_order_line.c.qty, _order, _order_line.c.order_id)),
            ListColumn("received_qty", sum_of(_order_line.c.received_qty, _order, _order_line.c.order_id)),
            is_pending(_order),
        ],
        [Join(_supplier, _order.c.supplier_id), Join(_warehouse, _order.c.warehouse_id)],
        [("ordered_on", True)],
    )


@dataclass(frozen=True)
class GoodsReceiptRow:
    """`qty` is the sum over the lines, in stock units; `rate` what one unit of the order's `currency` was worth."""

    id: UUID
    number: str | None
    order_id: UUID
    order_number: str | None
    supplier_id: UUID
    supplier_code: str
    supplier_name: str
    supplier_name_zh: str
    warehouse_id: UUID
    warehouse_code: str
    warehouse_name: str
    warehouse_name_zh: str
    received_on: date
    delivery_note: str
    currency: str
    rate: Decimal
    status: str
    qty: Decimal
    is_pending: bool


@dataclass(frozen=True)
class GoodsReceipts(ListQuery[GoodsReceiptRow]):
    """Goods receipts, newest first. Searches number, delivery note, order number and supplier."""

    shape = ListShape(
        GoodsReceiptRow,
        _receipt,
        [
            *plain(_receipt, "id"),
            *searched(_receipt, "number"),
            *plain(_receipt, "order_id"),
            ListColumn("order_number", _order.c.number, is_searched=True),
            *plain(_receipt, "supplier_id"),
            *named(_supplier, "code", "name", "name_zh"),
            *plain(_receipt, "warehouse_id"),
            ListColumn("warehouse_code", _warehouse.c.code),
            ListColumn("warehouse_name", _warehouse.c.name),
            ListColumn("warehouse_name_zh", _warehouse.c.name_zh),
            *plain(_receipt, "received_on"),
            *searched(_receipt, "delivery_note"),
            *plain(_receipt, "currency", "rate", "status"),
            ListColumn("qty", sum_of(_receipt_line.c.qty, _receipt, _receipt_line.c.receipt_id)),
            is_pending(_receipt),
        ],
        [
            Join(_order, _receipt.c.order_id),
            Join(_supplier, _receipt.c.supplier_id),
            Join(_warehouse, _receipt.c.warehouse_id),
        ],
        [("received_on", True)],
    )


@dataclass(frozen=True)
class LandedCostRow:
    """`amount` is in company currency, `amount_in_currency` as it is billed, in `currency` at `rate`; `kind` is freight, duty, insurance or handling. A credit note is below zero and names
    in `credits_id` the landed cost that it takes back."""

    id: UUID
    number: str | None
    kind: str
    supplier_id: UUID | None
    supplier_code: str | None
    supplier_name: str | None
    supplier_name_zh: str | None
    dated_on: date
    amount: Decimal
    currency: str
    rate: Decimal
    amount_in_currency: Decimal
    basis: str
    credits_id: UUID | None
    reference: str
    status: str
    is_pending: bool


@dataclass(frozen=True)
class LandedCosts(ListQuery[LandedCostRow]):
    """Landed costs, newest first. Searches number, reference and supplier."""

    shape = ListShape(
        LandedCostRow,
        _landed,
        [
            *plain(_landed, "id"),
            *searched(_landed, "number"),
            *plain(_landed, "kind", "supplier_id"),
            *named(_supplier, "code", "name", "name_zh"),
            *plain(_landed, "dated_on"),
            ListColumn("amount", _landed.c.amount, is_total=True),
            *plain(_landed, "currency", "rate", "amount_in_currency", "basis", "credits_id"),
            *searched(_landed, "reference"),
            *plain(_landed, "status"),
            is_pending(_landed),
        ],
        [Join(_supplier, _landed.c.supplier_id)],
        [("dated_on", True)],
    )
