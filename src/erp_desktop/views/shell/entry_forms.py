"""In which form a refused action was entered, and how it is opened there again."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from erp_desktop.actions.base import Action
from erp_desktop.actions.masters import SaveMasters
from erp_desktop.actions.refusals import Problem
from erp_desktop.actions.saving import Save
from erp_desktop.models.base import Replicated
from erp_desktop.models.company import User
from erp_desktop.models.purchasing import PurchaseOrder
from erp_desktop.models.sales import SalesOrder
from erp_desktop.queries.entry_names import EntryNames, EntryRecords
from erp_desktop.views.documents.entries import RefusedEntry, named_in
from erp_desktop.views.documents.page import DocumentPage

if TYPE_CHECKING:
    from erp_desktop.desk import AttentionItem
    from erp_desktop.views.shell.main_window import MainWindow

_NEVER_TYPED_ANEW = frozenset({"wrong_state"})  # its document has gone on: its form does not take it any more


@dataclass(frozen=True)
class _Form:
    """A screen, and the argument of the action that names what it is opened for: a document, or the one that comes of it."""

    screen: str
    id: str
    more: Callable[[Any], dict[str, Any]] = lambda _action: {}  # what else the screen is told
    record: type[Replicated] | None = None  # what it makes or changes, where its form shows both


_FORMS = {
    "CloseTransferShort": _Form("close_transfer", "transfer_id"),
    "ConfirmDelivery": _Form(
        "confirm_delivery", "shipment_ids", more=lambda action: {"shipments": action.shipment_ids}
    ),
    "CorrectReceiptPrices": _Form("correct_price", "receipt_id"),
    "CountStock": _Form("count_stock", "count_id"),
    "DispatchTransfer": _Form("dispatch_transfer", "transfer_id"),
    "EnterLandedCost": _Form("enter_landed_cost", "landed_cost_id"),
    "MoveStock": _Form("move_stock", "move_id"),
    "PostJournalEntry": _Form("post_journal_entry", "entry_id"),
    "ReceiveGoods": _Form("receive_goods", "purchase_order_id"),
    "ReceiveTransfer": _Form("receive_transfer", "transfer_id"),
    "ReturnToSupplier": _Form("return_to_supplier", "receipt_id"),
    "RevalueStock": _Form("revalue_stock", "revaluation_id"),
    "SavePurchaseOrder": _Form("purchase_order", "order_id", record=PurchaseOrder),
    "SaveSalesOrder": _Form("sales_order", "order_id", record=SalesOrder),
    "SaveUser": _Form("user", "user_id", record=User),
    "ScrapStock": _Form("scrap_stock", "scrap_id"),
    "SetStandardCost": _Form("set_standard_cost", "change_id"),
    "ShipOrder": _Form("ship_order", "order_id"),
    "TakeInReturn": _Form("take_in_return", "shipment_id", more=lambda action: {"announced": action.announced_id}),
    "TakeInReturnWithoutShipment": _Form("return_without_shipment", "return_id"),
    "WriteDownStock": _Form("write_stock_down", "write_down_id"),
}
_WITH_ITS_PRODUCT = frozenset({"products", "product_units", "barcodes", "prices"})


def has_form(shell: "MainWindow", item: "AttentionItem") -> bool:
    """Whether the item can be opened in the form that it was entered in."""
    form = _form_of(item.action)
    return form is not None and item.code not in _NEVER_TYPED_ANEW and shell.has_screen(form.screen)


def question_about(action: Action) -> EntryNames:
    """What has to be known before the form opens."""
    form = _form_of(action)
    if form is None or form.record is None:
        return EntryNames(named_in(action))
    return EntryNames(named_in(action), form.record, getattr(_saved(action), form.id))


def open_form(shell: "MainWindow", item: "AttentionItem", records: EntryRecords) -> None:
    """Opens the item in its form, with what was typed and the refusal where it belongs."""
    action, form = item.action, _form_of(item.action)
    if action is None or form is None:
        return
    named = getattr(_saved(action), form.id)
    args = form.more(action)
    if form.record is not None:
        args["is_new"] = not records.is_known
    page = shell.open_screen(form.screen, id=named[0] if isinstance(named, tuple) else named, **args)
    if isinstance(page, DocumentPage):
        page.take_up(RefusedEntry(item.id, action, Problem(item.code, item.fields), records.called))


def _form_of(action: Action | None) -> _Form | None:
    saved = _saved(action)
    if isinstance(saved, Save):
        return _Form(saved.model.__tablename__, "row_id", record=saved.model)
    return _FORMS.get(type(action).__name__)


def _saved(action: Any) -> Any:
    """The record that an action saves; of a product with its units, barcodes and prices the product."""
    if isinstance(action, SaveMasters) and len(action.products) == 1:
        used = {one.name for one in fields(action) if getattr(action, one.name)}
        return action.products[0] if used <= _WITH_ITS_PRODUCT else action
    return action
