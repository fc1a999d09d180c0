"""What an action is about, in words, where no document in the books can say it: what was typed when it was entered."""

from decimal import Decimal

from erp_desktop.actions.accounting import PostJournalEntry
from erp_desktop.actions.attaching import AttachFile
from erp_desktop.actions.base import Action
from erp_desktop.actions.cost_books import ChangeCostMethod, OpenCostBook
from erp_desktop.actions.landed_costs import EnterLandedCost
from erp_desktop.actions.periods import ReopenPeriod
from erp_desktop.actions.price_corrections import CorrectReceiptPrice, CorrectReceiptPrices
from erp_desktop.actions.returning import TakeInReturnWithoutShipment
from erp_desktop.actions.revaluing import RevalueStock, SetStandardCost
from erp_desktop.actions.saving import Save
from erp_desktop.actions.scrapping import ScrapStock
from erp_desktop.actions.stock import CountStock, MoveStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier
from erp_desktop.actions.transferring import CloseTransferShort, DispatchTransfer, ReceiveTransfer
from erp_desktop.actions.writing_down import WriteDownStock
from erp_desktop.i18n import translate
from erp_desktop.numbers import ZERO
from erp_desktop.views.ledger.words_of_costing import method_text
from erp_desktop.views.purchasing.words import kind_of_cost_text
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown, shown_number


def about(action: Action | None, currency: str = "", places: int = 2) -> str:
    """Its own text, its date, its amount; empty where nothing was typed that a person would know it by."""

    def money(amount: Decimal) -> str:
        return f"{currency} {shown(amount, CellKind.MONEY, places)}".strip()

    parts: tuple[str, ...]
    match action:
        case PostJournalEntry():
            debit = sum((line.debit for line in action.lines), ZERO)
            parts = (action.text, action.dated_on.isoformat(), money(debit))
        case EnterLandedCost():
            parts = (
                kind_of_cost_text(action.kind),
                action.reference,
                action.dated_on.isoformat(),
                money(action.amount),
            )
        case CorrectReceiptPrice():
            price = translate("NeedsAttention", "new price {price}").format(
                price=shown(action.unit_price, CellKind.UNIT_COST)
            )
            parts = (action.reference, action.dated_on.isoformat(), price)
        case CorrectReceiptPrices():
            lines = translate("NeedsAttention", "lines: {count}").format(count=len(action.lines))
            parts = (action.invoice_number, action.dated_on.isoformat(), lines)
        case ReturnToSupplier():
            quantity = translate("NeedsAttention", "quantity {qty}").format(
                qty=shown_number(sum((line.qty for line in action.lines), ZERO))
            )
            parts = (action.reference, action.returned_on.isoformat(), quantity)
        case ScrapStock():
            quantity = translate("NeedsAttention", "quantity {qty}").format(
                qty=shown_number(sum((line.qty for line in action.lines), ZERO))
            )
            parts = (action.reason, action.scrapped_on.isoformat(), quantity)
        case TakeInReturnWithoutShipment():
            quantity = translate("NeedsAttention", "quantity {qty}").format(
                qty=shown_number(sum((line.qty for line in action.lines), ZERO))
            )
            parts = (action.reason, action.returned_on.isoformat(), quantity)
        case CountStock():
            lines = translate("NeedsAttention", "lines: {count}").format(count=len(action.lines))
            parts = (action.reason, action.counted_on.isoformat(), lines)
        case RevalueStock() | WriteDownStock() | SetStandardCost():
            day = action.effective_on if isinstance(action, SetStandardCost) else action.dated_on
            lines = translate("NeedsAttention", "lines: {count}").format(count=len(action.lines))
            parts = (action.reason, day.isoformat(), lines)
        case DispatchTransfer() | ReceiveTransfer():
            day = action.dispatched_on if isinstance(action, DispatchTransfer) else action.received_on
            parts = (day.isoformat(), translate("NeedsAttention", "lines: {count}").format(count=len(action.lines)))
        case CloseTransferShort():
            parts = (action.reason, action.closed_on.isoformat())
        case MoveStock():
            quantity = translate("NeedsAttention", "quantity {qty}").format(qty=shown_number(action.qty))
            parts = (action.moved_on.isoformat(), quantity)
        case ReopenPeriod():
            parts = (action.reason,)
        case OpenCostBook():
            parts = (action.code, action.name, method_text(action.method))
        case ChangeCostMethod():
            parts = (method_text(action.method) if action.method else "", action.from_on.isoformat())
        case AttachFile():
            parts = (action.name,)
        case Save():
            names = (getattr(action, "code", ""), cell_value(action, "name") if hasattr(action, "name") else "")
            parts = tuple(dict.fromkeys(str(name) for name in names))
        case _:
            parts = ()
    return " · ".join(part for part in parts if part)
