"""Which records an action is about: what it makes or changes first, then what that builds on.

Read from the arguments as the log and the wire hold them, so that a long log is gone through without making actions of it.
Here: one line for each action that does not save records of its own kind. Not here: what records are called (queries/naming.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_args, get_type_hints
from uuid import UUID

from erp_desktop.actions.base import Action, action_classes
from erp_desktop.actions.channel_orders import channel_order_id, channel_return_id
from erp_desktop.actions.saving import Save, columns_of

COMPANY = "company"

_ABOUT: dict[str, tuple[tuple[str, str], ...]] = {  # the record's table, and the argument that names it
    "AllocateCostToServe": (("cost_to_serve_run", "run_id"), ("period", "period_id")),
    "AllocateSalesOrder": (("sales_order", "order_id"),),
    "CancelPurchaseOrder": (("purchase_order", "order_id"),),
    "CancelSalesOrder": (("sales_order", "order_id"),),
    "ChangeCostMethod": (("cost_book", "book_id"), ("category", "category_id")),
    "CloseAnnouncedReturn": (("customer_return", "return_id"),),
    "CloseCostBook": (("cost_book", "book_id"),),
    "ClosePeriod": (("period", "period_id"),),
    "CloseTransferShort": (("goods_transfer", "transfer_id"),),
    "ConfirmDelivery": (("shipment", "shipment_ids"),),
    "ConfirmPurchaseOrder": (("purchase_order", "order_id"),),
    "ConfirmSalesOrder": (("sales_order", "order_id"),),
    "CorrectReceiptPrice": (("price_correction", "correction_id"), ("goods_receipt_line", "receipt_line_id")),
    "CorrectReceiptPrices": (("price_correction", "correction_id"), ("goods_receipt", "receipt_id")),
    "CountStock": (("stock_count", "count_id"),),
    "DispatchTransfer": (("goods_transfer", "transfer_id"),),
    "EnterLandedCost": (
        ("landed_cost", "landed_cost_id"),
        ("goods_receipt", "receipt_ids"),
        ("landed_cost", "credits_id"),
    ),
    "MoveStock": (("stock_move", "move_id"), ("product", "product_id")),
    "OpenCostBook": (("cost_book", "book_id"),),
    "PostJournalEntry": (("journal_entry", "entry_id"),),
    "PostSalesInvoice": (("sales_invoice", "invoice_id"), ("sales_order", "order_id")),
    "ReceiveGoods": (("goods_receipt", "receipt_id"), ("purchase_order", "purchase_order_id")),
    "ReceiveTransfer": (("goods_transfer", "transfer_id"),),
    "ReleaseAllocation": (("sales_order", "order_id"),),
    "RemoveAttachment": (("attachment", "attachment_id"),),
    "RenameCostBook": (("cost_book", "book_id"),),
    "ReopenPeriod": (("period", "period_id"),),
    "ReturnToSupplier": (("supplier_return", "return_id"), ("goods_receipt", "receipt_id")),
    "RevalueStock": (("stock_revaluation", "revaluation_id"),),
    "SaveBudget": (("budget_version", "version_id"),),
    "SavePurchaseOrder": (("purchase_order", "order_id"),),
    "SaveSalesOrder": (("sales_order", "order_id"),),
    "SaveUser": (("app_user", "user_id"),),
    "ScrapStock": (("stock_scrap", "scrap_id"),),
    "SetAccountPurpose": (("account", "account_id"), ("category", "category_id")),
    "SetStandardCost": (("standard_cost_change", "change_id"),),
    "ShipOrder": (("shipment", "shipment_id"), ("sales_order", "order_id")),
    "TakeInReturn": (
        ("customer_return", "return_id"),
        ("shipment", "shipment_id"),
        ("customer_return", "announced_id"),
    ),
    "TakeInReturnWithoutShipment": (("customer_return", "return_id"), ("customer_return", "announced_id")),
    "WriteDownStock": (("write_down", "write_down_id"),),
}
_OF_A_CHANNEL, _OF_A_FILE = "TakeInChannelOrders", "AttachFile"
_ABOUT_THE_COMPANY = frozenset({"OpenCompany", "OpenPeriods", "SetWindow"})


@dataclass(frozen=True)
class Subject:
    """A record by its table and id."""

    kind: str
    id: UUID


def subjects_in(name: str, args: Mapping[str, Any], company_id: UUID) -> tuple[Subject, ...]:
    """What the action `name` with these arguments is about, in JSON's terms as they are sent; each record once.

    Arguments that name nothing that can be a record (somebody made them up) are left out.
    """
    return tuple(dict.fromkeys(_found(name, args, company_id)))


def is_known(name: str) -> bool:
    """Whether it is known what actions of this name are about."""
    is_listed = name in _ABOUT or name in _ABOUT_THE_COMPANY or name in (_OF_A_CHANNEL, _OF_A_FILE)
    return is_listed or _saved(name) is not None or bool(_batches(name))


def kinds_of(name: str) -> frozenset[str]:
    """The tables of the records that actions of this name can be about, as far as their name tells."""
    kinds = {kind for kind, _ in _ABOUT.get(name, ())} | {kind for _, kind, _ in _batches(name)}
    saved = _saved(name)
    if name == _OF_A_CHANNEL:
        kinds |= {"sales_order", "customer_return", "channel"}
    return frozenset(kinds | ({saved[0]} if saved else set()) | ({COMPANY} if name in _ABOUT_THE_COMPANY else set()))


def _found(name: str, args: Mapping[str, Any], company_id: UUID) -> Iterator[Subject]:
    if name in _ABOUT_THE_COMPANY:
        yield Subject(COMPANY, company_id)
    for kind, argument in _ABOUT.get(name, ()):
        named = args.get(argument)
        yield from _subjects(kind, named if isinstance(named, list) else [named])
    saved = _saved(name)
    if saved is not None:
        yield from _subjects(saved[0], [args.get(saved[1])])
    for argument, kind, id_argument in _batches(name):
        yield from _subjects(kind, [row.get(id_argument) for row in _rows(args, argument)])
    if name == _OF_A_CHANNEL:
        yield from _of_a_channel(args)
    if name == _OF_A_FILE:
        yield from _subjects(str(args.get("document_kind")), [args.get("document_id")])


def _of_a_channel(args: Mapping[str, Any]) -> Iterator[Subject]:
    channels = list(_subjects("channel", [args.get("channel_id")]))
    for channel in channels:
        for argument, kind, id_of in (
            ("orders", "sales_order", channel_order_id),
            ("returns", "customer_return", channel_return_id),
        ):
            for row in _rows(args, argument):
                yield Subject(kind, id_of(channel.id, str(row.get("external_number"))))
    yield from channels


def _rows(args: Mapping[str, Any], argument: str) -> list[dict[str, Any]]:
    rows = args.get(argument)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _subjects(kind: str, named: list[Any]) -> Iterator[Subject]:
    for one in named:
        if isinstance(one, str):
            try:
                yield Subject(kind, UUID(one))
            except ValueError:
                continue


@cache
def _saved(name: str) -> tuple[str, str] | None:
    """The table and the argument with the id, of an action that saves one record."""
    cls = action_classes().get(name)
    return _of_save(cls) if cls is not None and issubclass(cls, Save) else None


@cache
def _batches(name: str) -> tuple[tuple[str, str, str], ...]:
    """The arguments of an action that hold records to be saved: argument, table, and the argument with the id in each."""
    cls: Any = action_classes().get(name)
    if cls is None:
        return ()
    hints = get_type_hints(cls)
    inner = ((one.name, next(iter(get_args(hints[one.name])), None)) for one in fields(cls))
    return tuple(
        (argument, *_of_save(kind)) for argument, kind in inner if isinstance(kind, type) and issubclass(kind, Save)
    )


def _of_save(cls: type[Any]) -> tuple[str, str]:
    return str(cls.model.__tablename__), columns_of(cls)[0].name


def row_saved(performed: Action, record_id: UUID) -> Any:
    """The part of an action that writes the fields of this record: a draft order, a saved record, or one of a batch."""
    if isinstance(performed, Save):
        return performed if performed.row_id == record_id else None
    if hasattr(performed, "before"):
        return performed
    for argument, _, _ in _batches(type(performed).__name__):
        for row in getattr(performed, argument):
            if row.row_id == record_id:
                return row
    return None
